"""Both configuration directories: compared, copied, and restarted in stages."""
