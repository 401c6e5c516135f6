"""The fault matrix: what breaks around the console, what it says then, and that it comes back by itself."""
