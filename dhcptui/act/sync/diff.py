"""sync-restart: the unified diff of two trees, for people: every line sanitised, secrets masked, length bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import islice

from dhcptui.act.sync.tree import ROOT, Difference, Entry, Kind, Tree
from dhcptui.model.sanitize import clean

MAX_LINES = 2000
LINE_LIMIT = 300
CONTEXT = 3
MAX_WORK = 4_000_000
"""Lines that differ on one side times those on the other: beyond this a diff takes seconds and nobody reads it."""

_COMMENT = rb"#[^\n]*(?:\n|\Z)|//[^\n]*(?:\n|\Z)|/\*.*?\*/"
_SECRET = re.compile(
    rb"(\b(?:secret|ldap-password)\b)((?:\s|" + _COMMENT + rb')*)("[^"\n]*"?|[^\s;"#]+)?', re.IGNORECASE | re.DOTALL
)
"""The word, what may stand between (a comment may hold the secret itself, where the statement is commented out), the secret."""
_IN_COMMENT = re.compile(rb'"[^"\n]*"?|[A-Za-z0-9+/]{16,}={0,2}')
_PRIVATE_KEY = re.compile(
    rb"^(\W*(?:Key|PrivateKey|PrivateExponent|Prime[12]|Exponent[12]|Coefficient|Private_value\(x\)):\s*)\S+",
    re.MULTILINE,
)
_DNS_KEY = re.compile(
    rb"^(\W*\S+\s+(?:\d+\s+)?(?:IN\s+)?(?:DNS)?KEY\s+\d+\s+\d+\s+\d+\s+)[^\n]+", re.MULTILINE | re.IGNORECASE
)
"""BIND's K*.key: with an HMAC the record holds the very secret."""
_BARE = re.compile(rb"^\s*[A-Za-z0-9+/]{16,}={0,2}\s*$", re.MULTILINE)
_KEY_FILES = (".key", ".private", ".secret")
NO_NEWLINE = "\\ No newline at end of file"


def masked(name: str, data: bytes) -> bytes:
    """A file with its secrets as `***`; the number of its lines stays."""
    data = _SECRET.sub(_hidden, data)
    data = _PRIVATE_KEY.sub(rb"\1***", data)
    data = _DNS_KEY.sub(rb"\1***", data)
    if name.endswith(_KEY_FILES):
        data = b"\n".join(b"***" if _BARE.match(line) else line for line in data.split(b"\n"))
    return data


def _hidden(found: re.Match[bytes]) -> bytes:
    word, gap, secret = found.groups()
    if secret is not None and not gap and not secret.startswith(b'"'):
        return bytes(found[0])  # "secrets", "secret-key": another word
    return bytes(word + _IN_COMMENT.sub(b"***", gap) + (b"***" if secret is not None else b""))


def diff(source: Tree, target: Tree, difference: Difference, names: tuple[str, str], mirror: bool) -> tuple[str, ...]:
    """What a copy would change on the target, bounded. `names`: of the source and the target server."""
    lines = list(islice(_all(source, target, difference, names, mirror), MAX_LINES + 1))
    if len(lines) > MAX_LINES:
        lines[MAX_LINES:] = [f"… cut here: more than {MAX_LINES} lines differ"]
    return tuple(clean(line, LINE_LIMIT) for line in lines)


def _all(
    source: Tree, target: Tree, difference: Difference, names: tuple[str, str], mirror: bool
) -> Iterator[str | bytes]:
    for name in difference.only_on_target:
        yield f"only on {names[1]}, {'will be removed' if mirror else 'kept'}: {target[name].shown}"
    for name in difference.modes:
        yield f"{_shown(source[name])}: {_ownership(target[name])} -> {_ownership(source[name])}"
    for name in sorted((*difference.new, *difference.changed)):
        yield from _one(source[name], target.get(name), names)


def _shown(entry: Entry) -> str:
    return "the directory itself" if entry.name == ROOT else entry.shown


def _ownership(entry: Entry) -> str:
    return clean(f"{entry.mode:04o} {entry.user or entry.uid}:{entry.group or entry.gid}", 100)


def _one(new: Entry, old: Entry | None, names: tuple[str, str]) -> Iterator[str | bytes]:
    """One name that is new or has another content."""
    if new.kind is not Kind.FILE or (old is not None and old.kind is not Kind.FILE):
        was = f"{_what(old)} -> " if old else "new: "
        yield f"{_shown(new)}: {was}{_what(new)}"
        return
    before = old.data if old else b""
    if b"\0" in before or b"\0" in new.data:
        yield f"Binary file {new.shown} differs ({len(new.data)} bytes)"
        return
    yield f"--- {names[1]}: {new.shown}" if old else "--- /dev/null"
    yield f"+++ {names[0]}: {new.shown}" + ("" if old else f" ({_ownership(new)}, {len(new.data)} bytes)")
    yield from _unified(_lines(before), _lines(new.data), _lines(masked(new.name, before)), _masked_lines(new))


def _masked_lines(entry: Entry) -> list[bytes]:
    return _lines(masked(entry.name, entry.data))


def _what(entry: Entry) -> str:
    if entry.kind is Kind.LINK:
        return f"symbolic link to {clean(entry.data, 100)}"
    return f"{entry.kind.value} {_ownership(entry)}"


def _lines(data: bytes) -> list[bytes]:
    """Split at line feeds only, which stay at the ends: masked and raw text have the same number of lines."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _unified(old: list[bytes], new: list[bytes], old_shown: list[bytes], new_shown: list[bytes]) -> Iterator[str]:
    """Hunks, found in the raw lines and shown with the masked ones: a changed secret shows as a changed line."""
    start = _common_start(old, new)
    end = _common_start(old[start:][::-1], new[start:][::-1])
    if (len(old) - start - end) * (len(new) - start - end) > MAX_WORK:
        yield f"@@ too much differs to show: {len(old)} lines become {len(new)} @@"
        return
    # Equal ends are cut off first: the usual edit of a long file is found at once.
    shift = max(0, start - CONTEXT)
    tail = max(0, end - CONTEXT)
    a, b = old[shift : len(old) - tail], new[shift : len(new) - tail]
    for group in SequenceMatcher(None, a, b, autojunk=False).get_grouped_opcodes(CONTEXT):
        yield f"@@ -{_range(group[0][1] + shift, group[-1][2] + shift)} +{_range(group[0][3] + shift, group[-1][4] + shift)} @@"
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from _marked(" ", old_shown[i1 + shift : i2 + shift])
                continue
            yield from _marked("-", old_shown[i1 + shift : i2 + shift])
            yield from _marked("+", new_shown[j1 + shift : j2 + shift])


def _common_start(old: list[bytes], new: list[bytes]) -> int:
    count = 0
    for one, two in zip(old, new, strict=False):
        if one != two:
            break
        count += 1
    return count


def _marked(mark: str, lines: list[bytes]) -> Iterator[str]:
    for line in lines:
        yield mark + clean(line, LINE_LIMIT)
        if not line.endswith(b"\n"):
            yield NO_NEWLINE


def _range(start: int, stop: int) -> str:
    """As in diff -u: one line has no length, an empty range begins one earlier."""
    length = stop - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"
