"""Over SSH: sessions, commands for each platform, and what their output says."""
