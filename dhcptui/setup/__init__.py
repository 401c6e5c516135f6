"""From two hosts to a configuration: discovery, init, scaffold, and both configurations read for lint."""
