"""Whether dhcpd.conf is people's to change: a web interface that writes it anew undoes what sync + restart would do. Pure."""

from __future__ import annotations

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.evidence import Finding
from dhcptui.model.snapshot import ServerView

ASKED = "no web interface writes dhcpd.conf anew"


def written_by_people(each: Assessment) -> Finding:
    """No sign of a web interface on either server: what a web interface generates cannot be copied, and is not copied into."""
    views = (each.me.view, each.partner.view)
    for view in views:
        if view.conf_writer is not None and view.conf_writer.by:
            return _generated(view)
    unread = [view for view in views if view.conf_writer is None]
    if not unread:
        return Finding(ASKED, "neither shows a sign of one", True, _known_by(views))
    names = " and ".join(view.name for view in unread)
    failed = all(view.configuration_note for view in unread)
    sentence = "cannot be read: dhcpd -t tries it first" if failed else "has not been read yet"
    observed = f"who writes dhcpd.conf on {names} is not known: it {sentence}"
    return Finding(ASKED, observed, False, "console", pending=not failed, seen=False, matters=not failed)


def _generated(view: ServerView) -> Finding:
    writer = view.conf_writer
    assert writer is not None  # noqa: S101 - asked by the caller
    observed = (
        f"{view.name}'s dhcpd.conf is written by {writer.by}: a copy would be overwritten, and each firewall's addresses"
        f" are its own. The platform's way: {writer.own_way}"
    )
    return Finding(ASKED, observed, False, f"{view.name}: {writer.known_by}")


def _known_by(views: tuple[ServerView, ...]) -> str:
    known_by = {view.name: view.conf_writer.known_by for view in views if view.conf_writer}
    if len(set(known_by.values())) == 1:
        return f"both: {next(iter(known_by.values()))}"
    return "; ".join(f"{name}: {words}" for name, words in known_by.items())
