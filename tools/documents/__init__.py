"""The documents that follow from the code, one maker a file."""
