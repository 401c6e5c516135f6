"""The pictures of the console: drawn by a script, and compared in the tests by what can be read in them."""
