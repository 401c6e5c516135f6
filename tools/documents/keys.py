"""docs/keys.md: every key from the registry that the console itself uses."""

from __future__ import annotations

from dhcptui.model.commands import COMMANDS, FIXED, shown

PLACES = {
    "screen": "Everywhere",
    "fleet": "In the fleet (several pairs, none named)",
    "neighbour": "In the console of a pair that was opened from the fleet",
    "log": "In a log",
    "page": "On the network and configuration pages",
    "prompt": "In the prompt of an action",
    "drill": "On the practice pair (`dhcptui demo`)",
}


def keys() -> str:
    """The whole document."""
    lines = [
        "# Keys",
        "",
        "<!-- written by `make docs` from dhcptui/model/commands.py -->",
        "",
        "Capitals act, lower-case letters look. In a read-only console, and in the fleet, the acting keys do not exist.",
        "Each key can be changed by its name, in the table `[keys]` of the [configuration](configuration.md).",
    ]
    for where, title in PLACES.items():
        lines += ["", f"## {title}", "", "| key | name | does |", "|---|---|---|"]
        for each in COMMANDS:
            if each.where == where:
                pressed = " ".join(f"`{key}`" for key in each.shown_keys.split()) or "in the palette"
                lines.append(f"| {pressed} | `{each.name}` | {each.help} |")
    lines += ["", "## Keys that cannot be changed", "", "| where | key | does |", "|---|---|---|"]
    for fixed in FIXED:
        pressed = " ".join(f"`{shown(key)}`" for key in (*fixed.keys, *fixed.also))
        lines.append(f"| {fixed.where} | {pressed} | {fixed.help} |")
    return "\n".join(lines) + "\n"
