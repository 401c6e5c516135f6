"""dhcptui: a full-screen terminal console for an ISC DHCP failover pair."""

__version__ = "0.1.0.dev0"
