"""The panes of the main screen: servers, logs, prompt."""
