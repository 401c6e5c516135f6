"""From how many places a server was met with silence: the console and its partner may be one. Pure."""

from __future__ import annotations

from dhcptui.model.snapshot import ServerView


def one_place(survivor: ServerView, silent: ServerView) -> str:
    """Why the console's own view of `silent` is the survivor's view of it; empty: they are two."""
    way = survivor.way
    if way.peer and way.local == way.peer and not way.hops:
        return f"the console runs on {survivor.name}"
    if {way.peer, survivor.host} & set(silent.way.hops):
        return f"the console reaches {silent.name} through {survivor.name}"
    return ""
