"""Servers as people have them: booted Debian, and look-alikes of other systems."""
