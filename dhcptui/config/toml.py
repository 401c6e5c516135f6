"""Names and values as TOML writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import Enum


def toml_key(name: str) -> str:
    """A key, or a part of a table's name."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml(name)


def toml(value: object) -> str:
    """A value: a number, a sequence, a mapping (an inline table), an enum's value, or the text of anything else."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case Enum():
            return toml(value.value)
        case tuple() | list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case Mapping():
            return "{ " + ", ".join(f"{toml_key(name)} = {toml(each)}" for name, each in value.items()) + " }"
        case _:
            return json.dumps(str(value), ensure_ascii=False)  # a TOML basic string escapes as JSON does
