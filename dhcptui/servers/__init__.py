"""How a server is reached: over SSH and over OMAPI."""
