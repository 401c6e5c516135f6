"""Everything that happens on a server: SSH, tunnel, log follow, clock, commands."""
