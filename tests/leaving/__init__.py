"""However it is left, an action ends in a known place: every action, every way of leaving, each step's three moments."""
