"""The practice pair's SSH service, and the programs that it runs there."""
