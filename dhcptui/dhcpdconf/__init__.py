"""dhcpd.conf: grammar and what the console reads out of it."""
