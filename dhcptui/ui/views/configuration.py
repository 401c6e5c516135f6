"""The view of what lint found in both servers' dhcpd.conf: errors first, each with its place, what is wrong, and the fix."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from textual.content import Content

from dhcptui.model.moments import Moment
from dhcptui.model.sentence import in_keys
from dhcptui.setup.configuration_check import ConfigurationCheck
from dhcptui.ui.keymap import Commands
from dhcptui.ui.render.ages import ago
from dhcptui.ui.style import ACCENT, CRITICAL, GOOD, MUTED, WARNING, Glyphs, Paragraph, text
from dhcptui.ui.views.view import Page, ViewHost

if TYPE_CHECKING:
    from dhcptui.conf.lint.findings import Finding
    from dhcptui.conf.lint.grouping import Group

SEVERITIES = {
    "error": ("errors", "break the pair or hurt clients", CRITICAL),
    "warning": ("warnings", "will, sooner or later", WARNING),
    "info": ("info", "worth knowing", ACCENT),
}
"""By the word of a severity, worst first: heading, what it means, style."""
NEWS = {"L53": "restart needed", "L55": "the shared directories differ"}
"""Findings that belong on top: what is in the file is not what runs, or not what the partner has."""
_BLANK = Paragraph(text(""))
OLD_SECONDS = 60.0
"""A reading that is older is read again when the view is opened."""


def configuration_page(
    check: ConfigurationCheck | None, *, reading: bool, now: Moment, glyphs: Glyphs, commands: Commands
) -> list[Paragraph]:
    """The last reading, or that there is none yet."""
    from dhcptui.conf.lint.grouping import grouped, silenced_words  # noqa: PLC0415 - what only this page needs

    if check is None:
        return [Paragraph(text((f"{glyphs.wait} reading both servers' dhcpd.conf", ACCENT)))]
    paragraphs = [Paragraph(_count(check, glyphs, reading=reading, now=now, again=commands.key("page.again"))), _BLANK]
    if check.troubles:
        paragraphs += [Paragraph(text((f"{glyphs.bad} ", CRITICAL), each), 2, 2) for each in check.troubles]
        return [
            *paragraphs,
            Paragraph(text(("Nothing can be said of the configuration before both can be read.", MUTED)), 2),
        ]
    quiet = [Paragraph(text((words, MUTED)), 2, 2) for words in silenced_words(check.silenced)]
    if not check.findings:
        return [*paragraphs, Paragraph(text((f"{glyphs.ok} Nothing was found.", GOOD))), *quiet]
    paragraphs += [Paragraph(text((f"{glyphs.warn} ", WARNING), words)) for words in _news(check.findings)]
    for severity, (words, meaning, style) in SEVERITIES.items():
        if own := grouped(each for each in check.findings if each.severity.value == severity):
            paragraphs.append(Paragraph(text((words, f"bold {style}"), (f" {glyphs.dot} {meaning}", MUTED))))
            paragraphs += [line for each in own for line in _finding(each, style, glyphs, commands)]
            paragraphs.append(_BLANK)
    return [*paragraphs, *quiet] if quiet else paragraphs[:-1]


def _count(check: ConfigurationCheck, glyphs: Glyphs, *, reading: bool, now: Moment, again: str) -> Content:
    when = f"{glyphs.wait} reading again" if reading else f"read {ago(now.mono - check.at)}"
    tail = text((f"   {when}", ACCENT if reading else MUTED), (f"   {again}", f"bold {ACCENT}"), (" read again", MUTED))
    if check.troubles:
        return text(("The configuration could not be read.", "bold"), tail)
    counts = []
    for severity, (words, _, style) in SEVERITIES.items():
        number = sum(each.severity.value == severity for each in check.findings)
        word = severity if number == 1 else words
        counts.append(text((f"{number} {word}", f"bold {style}" if number else MUTED)))
    return text(Content(", ").join(counts), tail)


def _news(findings: Sequence[Finding]) -> list[str]:
    """What must not be missed: "restart needed on dhcp1 and dhcp2"."""
    paragraphs = []
    for rule, words in NEWS.items():
        own = [each for each in findings if each.id == rule]
        where = " and ".join(dict.fromkeys(each.server for each in own if each.server))
        if own:
            paragraphs.append(f"{words} on {where}" if where else words)
    return paragraphs


def _finding(group: Group, style: str, glyphs: Glyphs, commands: Commands) -> list[Paragraph]:
    found = group.first
    head = text(
        (f"{found.id} ", f"bold {style}"),
        (found.server or "both", "bold"),
        (f" {glyphs.dot} {group.place}" if group.place else "", MUTED),
    )
    fix = [Paragraph(text(("fix: ", ACCENT), in_keys(found.fix, commands.acting_key)), 4)] if found.fix else []
    return [Paragraph(head, 2), Paragraph(text(group.sentence), 4), *fix]


class ConfigurationView(Page):
    """The last reading, whether or not the view was open when it came."""

    command, title, again = "look.configuration", "configuration", "read again"

    def __init__(self, host: ViewHost) -> None:
        super().__init__(host)
        self._check: ConfigurationCheck | None = None
        self._reading = False

    def open(self) -> None:
        """What was read last; read again where that is old."""
        if self._check is None or self.session.now().mono - self._check.at > OLD_SECONDS:
            self.look_again()
        super().open()

    def paragraphs(self) -> list[Paragraph]:
        """The findings, or that they are being read."""
        now, glyphs, commands = self.session.now(), self.session.glyphs, self.session.commands
        return configuration_page(self._check, reading=self._reading, now=now, glyphs=glyphs, commands=commands)

    def look_again(self) -> None:
        """Read both servers' files, in the background."""
        if not self._reading:
            self._reading = True
            self.host.when_done(self.session.engine.check_configuration(), self._read)
            self.host.refresh_view()

    def _read(self, future: Future[ConfigurationCheck]) -> None:
        self._reading = False
        if not future.cancelled():
            self._check = future.result()
        self.host.refresh_view()
