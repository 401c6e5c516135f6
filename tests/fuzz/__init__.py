"""What strangers can send us: mutated traffic, broken files, hostile text."""
