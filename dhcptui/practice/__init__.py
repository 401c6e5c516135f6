"""The practice pair: two servers on loopback that speak OMAPI and SSH and behave as dhcpd 4.4.3 does."""
