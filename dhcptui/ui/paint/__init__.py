"""Pure painters: a value of the model in, styled text out. No widget, no clock, no terminal."""
