"""What a new user does, by the README's own words."""
