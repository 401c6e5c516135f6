"""dhcpd.conf: its reader, the failover relationships in it, comparison and scaffold. Pure."""
