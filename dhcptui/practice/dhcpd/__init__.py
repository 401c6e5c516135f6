"""The practice pair's dhcpd: failover, link, updates, leases, balance, serving, OMAPI."""
