"""The practice pair's SSH side, its programs and `dhcptui demo`."""
