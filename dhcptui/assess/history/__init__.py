"""What happened: service intervals, timeline and post-mortem. Pure."""
