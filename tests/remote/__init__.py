"""What goes to a server: command lines run by real shells and programs, and SSH to a real server."""
