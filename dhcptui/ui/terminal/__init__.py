"""What reaches the terminal: only cells that have changed, and never more than the line takes."""
