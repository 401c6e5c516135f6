"""The rules that two dhcpd.conf are held against, by subject."""
