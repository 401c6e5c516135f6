"""What the screen and its views are made of: servers, logs, prompt, lists, sheets to read, a line to type in."""
