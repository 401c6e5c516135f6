"""config.toml -> frozen settings, each with its source."""
