"""The wheel and the sdist: what is in them, and the test suite against the installed wheel."""
