"""What wheel and sdist hold, and what Makefile, workflow and lock promise."""
