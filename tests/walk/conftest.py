"""The lab's fixture, for the last steps of the walk."""

from tests.lab.conftest import lab

__all__ = ["lab"]
