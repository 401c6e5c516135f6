"""The incident catalogue, and the signs by which each incident is recognised. Pure."""
