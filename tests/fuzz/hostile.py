"""Text that wants to be more than text, and the judge of what a terminal was sent."""

from __future__ import annotations

import base64
import random
import re
import unicodedata
from collections.abc import Iterator

MARK = "666"
"""Stands in every hostile control sequence as a number, and in none of the program's own."""
ATTACKS = (
    b"\x1b[38;5;666m", b"\x1b[666;666H", b"\x1b[666J", b"\x1b[?666h", b"\x1b[666n", b"\x1b]2;666 title\x07",
    b"\x1b]0;666\x1b\\", b"\x1b]52;c;NjY2\x07", b"\x1b]8;;http://666/\x1b\\link", b"\x1bP666$q\x1b\\", b"\x1b_666\x1b\\",
    b"\x1b^666\x1b\\", b"\x1b#8666", b"\x1bc666", b"\x1b(0666", b"\x9b666m", b"\xc2\x9b666m", b"\xc2\x9d2;666\xc2\x9c",
    b"\xc2\x90666\xc2\x9c", b"\x07\x08\x08666", b"\r666\r", b"\x0b\x0c666", b"\x0e666\x0f", b"\x00\x7f666", b"\x1b666",
    "\u202e666\u202c".encode(), "\u2066666\u2069".encode(), "6\u200b6\u200d6\ufeff".encode(), "\u2028666\u2029".encode(),
    "\U000e0001666".encode(), b"e" + "\u0301".encode() * 40 + b"666", "\u0489\u20dd666".encode(), "\ufe0f666".encode(),
    b"\xff\xfe666", b"\xc0\xaf666", b"\xed\xa0\x80666", b"\xf4\x90\x80\x80666", b"\xe2\x82", "漢字666".encode(), b"\t666",
    b"[bold red]666[/]", b"[@click=app.quit]666[/]", b"[/666]", b"[link=http://666]x[/link]", b"\\[666]", b"%n%s666{0}",
    b"`666` | **x** <script>", b"</textarea>666", b"$(reboot 666)", b"'; rm -rf 666 #",
)  # fmt: skip
"""One of each kind: C0, C1 as a byte and in UTF-8, CSI, OSC, DCS, APC, charsets, bidi, nothing to see, marks, invalid
UTF-8, width, markup of Rich and Markdown, formats, shells."""
WAYS = (
    b"DHCPACK on 10.0.0.103 to 02:00:5e:10:00:01 (%b) via eth0",
    b"DHCPDISCOVER from 02:00:5e:10:00:01 (%b) via eth0: peer holds all free leases",
    b"client %b: Unable to update",
    b"failover peer foo: %b",
    b"bind update on 10.0.0.103 from foo rejected: %b",
    b"%b",
)
"""Lines that carry it."""


def lines(count: int, seed: str) -> Iterator[bytes]:
    """Log lines without their newline, each with its number at the end, so that no two are folded."""
    rng = random.Random(seed)  # noqa: S311 - the same lines every time
    for number in range(count):
        attack = b"".join(rng.choice(ATTACKS) for _ in range(rng.randint(1, 3)))
        said = rng.choice(WAYS) % attack
        yield b"2026-11-22T11:33:05.%06d+00:00 dhcp1 dhcpd[77]: %b #%d" % (number, said, number)


_PRINTED = re.compile(
    r"\x1b\[(?P<sgr>[0-9;]*)m"
    r"|\x1b\[(?P<row>\d+)(?:;(?P<column>\d+))?H"
    r"|\x1b\[\?(?:1049|25|1004|2004|2026|2048|1000|1003|1015|1006|7|12)[hl]"
    r"|\x1b\[\?(?:2026|2048)\$p"  # which modes do you know?
    r"|\x1b\[(?:>\d{1,2}|<)u"  # kitty's keyboard protocol
    r"|\x1b\]22;(?:default|pointer|text)\x07"  # the shape of the mouse pointer
    r"|\x1b\[2[23];2t|\x1b\[[HJ]|\x1b\[2J|\x1b\[6n|\x1b\[c|\x1b\[0 q|\x1b\[>c"
    r"|\x1b\]52;c;(?P<copied>[A-Za-z0-9+/=]+)\x07"  # the plan as a script, into the clipboard
    r"|\x1b\]2;(?P<title>[^\x00-\x1f\x7f-\x9f]*)\x07"
    r"|\x1b\[\d*[ABCDGKX]"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|[\r\n]"
)
_HARMFUL = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}


def _is_script(copied: str) -> bool:
    """Whether a copy is a plan of ours, every line of it fit for a terminal."""
    text = base64.b64decode(copied).decode("utf-8", "surrogateescape")
    return text.startswith("# dhcptui: ") and all(line.isprintable() for line in text.split("\n"))


def foreign(received: bytes, columns: int, rows: int) -> list[str]:
    """What a terminal was sent that the program does not write of its own: every entry is a finding."""
    found = []
    text = received.decode("utf-8", "surrogateescape")
    at = 0
    while at < len(text):
        match = _PRINTED.match(text, at)
        if match is None:
            found.append(f"at {at}: {text[at : at + 60]!r}")
            at += 1
            continue
        at = match.end()
        said = match.groupdict()
        if said["sgr"] and any(int(number or 0) > 255 for number in said["sgr"].split(";")):
            found.append(f"at {match.start()}: colours {match[0]!r}")
        if said["row"] and not (int(said["row"]) <= rows and int(said["column"] or 1) <= columns):
            found.append(f"at {match.start()}: a place off the screen {match[0]!r}")
        shown = (said["text"] or "") + (said["title"] or "")
        if bad := [char for char in shown if unicodedata.category(char) in _HARMFUL]:
            found.append(f"at {match.start()}: {bad!r} in {shown[:60]!r}")
        if said["copied"] and not _is_script(said["copied"]):
            found.append(f"into the clipboard: {match[0]!r}")
        if MARK in (said["title"] or ""):
            found.append(f"a title of a stranger's: {said['title']!r}")
    return found
