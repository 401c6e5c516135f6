"""What a terminal is sent, counted in bytes: the budgets of the screen, on the real program in a pseudo-terminal."""
