"""sync-restart: a directory as a value. Read from a tar stream, checked, compared by digest, packed again.

A tar stream over one SSH command and not SFTP: it goes through `sudo -n` as well, keeps owner and mode, and is one
round trip for any number of files. What is sent on is packed anew from what was checked here, never passed through.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import stat
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from dhcptui.model.sanitize import clean

MAX_BYTES = 64 * 1024 * 1024
"""Of a shared directory as a tar stream; more is not read."""
ROOT = "."
"""The name of the directory itself."""


class TreeError(Exception):
    """A directory that cannot be copied; the text names the file."""


class Kind(Enum):
    """What stands behind a name."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "symbolic link"
    ODD = "special file"
    """A device, fifo or the like; or setuid, or a link that leads outside: left alone where it is, never copied."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of a tree, relative to its root. Owners by name where they have one: numbers differ between hosts."""

    name: str
    kind: Kind
    mode: int
    user: str
    group: str
    uid: int = 0
    gid: int = 0
    data: bytes = b""
    """A file's content, a link's target."""
    mtime: int = 0
    trouble: str = ""
    """Why it may not be copied; empty: it may."""

    @property
    def shown(self) -> str:
        """The name for people."""
        return clean(self.name, 200)

    @property
    def content(self) -> tuple[Kind, bytes]:
        """What it holds, apart from owner and mode."""
        return self.kind, self.data

    def owned_as(self, other: Entry) -> bool:
        """Same mode and owner; a link has no mode of its own."""
        same_mode = self.kind is Kind.LINK or self.mode == other.mode
        return same_mode and _same(self.user, self.uid, other.user, other.uid) and _same(
            self.group, self.gid, other.group, other.gid
        )  # fmt: skip


def _same(name: str, number: int, other_name: str, other_number: int) -> bool:
    return number == other_number or bool(name and name == other_name)


Tree = Mapping[str, Entry]


def read_tree(archive: bytes) -> dict[str, Entry]:
    """Every entry of a tar stream by name. Raises TreeError for what no tar of a directory may hold."""
    found: dict[str, Entry] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:", errors="surrogateescape") as tar:
            for member in tar:
                entry = _entry(tar, member, found)
                found[entry.name] = entry
    except (tarfile.TarError, EOFError, ValueError, OverflowError, OSError) as error:
        raise TreeError(f"the archive cannot be read: {clean(str(error), 200)}") from error
    return found


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo, found: dict[str, Entry]) -> Entry:
    name = _name(member.name)
    mode = stat.S_IMODE(member.mode)
    owner = (member.uname, member.gname, member.uid, member.gid)
    mtime = max(0, int(member.mtime))
    if member.isdir():
        # A setgid directory is a common way to share a group, and harmless: nothing runs from it.
        return Entry(name, Kind.DIRECTORY, mode, *owner, mtime=mtime)
    if member.issym():
        target = member.linkname.encode("utf-8", "surrogateescape")
        trouble = "" if _stays_inside(name, member.linkname) else f"leads outside the directory ({clean(target, 100)})"
        return Entry(name, Kind.LINK, mode, *owner, target, mtime, trouble)
    if member.islnk():
        first = found.get(_name(member.linkname))
        if first is None or first.kind is not Kind.FILE:
            raise TreeError(f"{clean(name, 200)} is a hard link to something outside the directory")
        return Entry(name, Kind.FILE, mode, *owner, first.data, mtime, first.trouble)
    if member.isreg():
        # The stream itself is bounded; a sparse file could still unpack to any size.
        if member.issparse() or member.size > MAX_BYTES:
            raise TreeError(f"{clean(name, 200)} is a sparse file, or too large to be one of these")
        data = tar.extractfile(member)
        trouble = "is setuid or setgid" if mode & (stat.S_ISUID | stat.S_ISGID) else ""
        return Entry(name, Kind.FILE, mode, *owner, data.read() if data else b"", mtime, trouble)
    return Entry(name, Kind.ODD, mode, *owner, mtime=mtime, trouble="is a device, a fifo or another special file")


def _name(raw: str) -> str:
    """The name without `./`; it must stay below the directory."""
    parts = [part for part in raw.split("/") if part not in {"", "."}]
    if raw.startswith("/") or ".." in parts:
        raise TreeError(f"the archive holds a name outside the directory: {clean(raw, 200)}")
    return "/".join(parts) or ROOT


def _stays_inside(name: str, target: str) -> bool:
    """Whether a relative link ends inside the tree. `..` may go up as far as the root, not beyond, at any point."""
    if not target or target.startswith("/"):
        return False
    depth = name.count("/")
    for part in target.split("/"):
        depth += -1 if part == ".." else 0 if part in {"", "."} else 1
        if depth < 0:
            return False
    return True


def digest(tree: Tree) -> str:
    """One number for all that counts: names, kinds, contents, modes, owners; not times."""
    sha = hashlib.sha256()
    for name in sorted(tree):
        each = tree[name]
        words = (name, each.kind.value, f"{each.mode:o}", each.user or str(each.uid), each.group or str(each.gid))
        for part in (*(word.encode("utf-8", "surrogateescape") for word in words), each.data):
            sha.update(len(part).to_bytes(8, "big") + part)
    return sha.hexdigest()


@dataclass(frozen=True, slots=True)
class Difference:
    """What a copy from a source to a target would change; names, sorted."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    modes: tuple[str, ...]
    """Same content, another mode or owner."""
    only_on_target: tuple[str, ...]

    @property
    def to_send(self) -> tuple[str, ...]:
        """Everything that goes over."""
        return tuple(sorted((*self.new, *self.changed, *self.modes)))


def differ(source: Tree, target: Tree) -> Difference:
    """Compare two trees. Raises TreeError when the source holds what may not be copied."""
    for each in source.values():
        if each.trouble and not _there_already(each, target.get(each.name)):
            raise TreeError(f"{each.shown} {each.trouble}")
    common = sorted(set(source) & set(target))
    changed = [name for name in common if source[name].content != target[name].content]
    modes = [name for name in common if name not in set(changed) and not source[name].owned_as(target[name])]
    return Difference(
        tuple(sorted(set(source) - set(target))),
        tuple(changed),
        tuple(modes),
        tuple(sorted(set(target) - set(source))),
    )


def _there_already(each: Entry, there: Entry | None) -> bool:
    """A link that leads outside and stands on the target just so needs no copy, and so no refusal."""
    return each.kind is Kind.LINK and there is not None and there.content == each.content


def blocked(source: Tree, target: Tree) -> str:
    """A name that is a directory only on the target: a copy would delete what is in it. Empty: none."""
    for name, each in source.items():
        there = target.get(name)
        if there is not None and there.kind is Kind.DIRECTORY and each.kind is not Kind.DIRECTORY:
            return clean(name, 200)
    return ""


def result(source: Tree, target: Tree, mirror: bool) -> dict[str, Entry]:
    """The target as it is after the copy."""
    return dict(source) if mirror else {**target, **source}


def to_remove(difference: Difference, mirror: bool) -> tuple[str, ...]:
    """Names to take away before unpacking: tar would write through a link that stands in a file's place."""
    gone = set(difference.changed) | (set(difference.only_on_target) if mirror else set())
    return tuple(sorted(gone - {ROOT}))


def pack(entries: Iterable[Entry]) -> bytes:
    """A tar stream of entries, directories before what is in them; GNU's format, which every tar reads."""
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for each in sorted(entries, key=lambda entry: (entry.name != ROOT, entry.name.split("/"))):
            info = tarfile.TarInfo(ROOT if each.name == ROOT else posixpath.join(".", each.name))
            info.mode, info.mtime = each.mode, each.mtime
            info.uid, info.gid, info.uname, info.gname = each.uid, each.gid, each.user, each.group
            if each.kind is Kind.DIRECTORY:
                info.type = tarfile.DIRTYPE
            elif each.kind is Kind.LINK:
                info.type, info.linkname = tarfile.SYMTYPE, each.data.decode("utf-8", "surrogateescape")
            else:
                info.size = len(each.data)
            tar.addfile(info, io.BytesIO(each.data) if info.isreg() else None)
    return out.getvalue()
