"""Wheel and sdist, built and installed for the tests."""
