"""sync-restart: a directory as a value. Read from a tar stream, checked, compared by digest, packed again.

A tar stream over one SSH command and not SFTP: it goes through `sudo -n` as well, keeps owner and mode, and is one
round trip for any number of files. What is sent on is packed anew from what was checked here, never passed through.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
import stat
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from dhcptui.model.sanitize import clean

MAX_BYTES = 64 * 1024 * 1024
"""Of a shared directory as a tar stream; more is not read."""
LIMIT_WORDS = f"sync + restart copies at most {MAX_BYTES // 1024 // 1024} MiB"
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
    extras: tuple[str, ...] = ()
    """Access control lists and extended attributes, as "acl.access=user:bob:rw-": no copy keeps them."""

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
    left = MAX_BYTES
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:", errors="surrogateescape") as tar:
            for member in tar:
                entry = _entry(tar, member, found)
                _has_place(entry, found)
                found[entry.name] = entry
                left -= len(entry.data)
                if left < 0:  # hard links: a few bytes of the stream each, and a whole file in a copy
                    raise TreeError(f"it would unpack to more than that: {LIMIT_WORDS}")
    except (tarfile.TarError, EOFError, ValueError, OverflowError, OSError) as error:
        raise TreeError(f"the archive cannot be read: {clean(str(error), 200)}") from error
    return links_resolved(found)


def _has_place(entry: Entry, found: Mapping[str, Entry]) -> None:
    """No tar of a directory names anything twice, or below what is no directory: whoever unpacked it wrote elsewhere."""
    if entry.name in found:
        raise TreeError(f"the archive holds {entry.shown} twice")
    if entry.name == ROOT:
        if entry.kind is not Kind.DIRECTORY:
            raise TreeError("the archive is not one of a directory")
        return
    parent = posixpath.dirname(entry.name) or ROOT
    above = found.get(parent)
    if (above is None and parent != ROOT) or (above is not None and above.kind is not Kind.DIRECTORY):
        raise TreeError(f"the archive holds {entry.shown} below something that is no directory of it")


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo, found: dict[str, Entry]) -> Entry:
    name = _name(member.name)
    mode = stat.S_IMODE(member.mode)
    owner = (member.uname, member.gname, member.uid, member.gid)
    mtime = max(0, int(member.mtime))
    extras = _extras(member.pax_headers)
    if member.isdir():
        # A setgid directory is a common way to share a group, and harmless: nothing runs from it.
        return Entry(name, Kind.DIRECTORY, mode, *owner, mtime=mtime, extras=extras)
    if member.issym():
        return Entry(name, Kind.LINK, mode, *owner, member.linkname.encode("utf-8", "surrogateescape"), mtime)
    if member.islnk():
        first = found.get(_name(member.linkname))
        if first is None or first.kind is not Kind.FILE:
            raise TreeError(f"{clean(name, 200)} is a hard link to something outside the directory")
        return Entry(name, Kind.FILE, mode, *owner, first.data, mtime, first.trouble, first.extras)
    if member.isreg():
        # The stream itself is bounded; a sparse file could still unpack to any size.
        if member.issparse() or member.size > MAX_BYTES:
            raise TreeError(f"{clean(name, 200)} is a sparse file, or too large to be one of these")
        data = tar.extractfile(member)
        trouble = "is setuid or setgid" if mode & (stat.S_ISUID | stat.S_ISGID) else ""
        return Entry(name, Kind.FILE, mode, *owner, data.read() if data else b"", mtime, trouble, extras)
    return Entry(name, Kind.ODD, mode, *owner, mtime=mtime, trouble="is a device, a fifo or another special file")


_ACL, _ATTRIBUTES = "SCHILY.acl.", ("SCHILY.xattr.", "LIBARCHIVE.xattr.")
_GIVEN_BY_THE_SYSTEM = (
    "security.selinux", "security.SMACK64", "security.apparmor", "security.ima", "security.evm", "system.",
    "trusted.overlay.",
)  # fmt: skip
"""What a file gets by where it lies: not of the file's own, and not to be carried to another host."""
_PLAIN = re.compile(r"(user::[-rwx]*|group::[-rwx]*|other::[-rwx]*)(#.*)?")


def _extras(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Access control lists and extended attributes, in the words of the pax format that every tar uses for them."""
    found = []
    for key, value in headers.items():
        if key.startswith(_ACL):
            entries = [each.strip() for each in re.split(r"[,\n]", value) if each.strip()]
            if key.endswith(".default") or not all(_PLAIN.fullmatch(each) for each in entries):
                found.append(f"acl.{key.removeprefix(_ACL)}={','.join(sorted(entries))}")
        for prefix in _ATTRIBUTES:
            name = key.removeprefix(prefix)
            if name != key and not name.startswith(_GIVEN_BY_THE_SYSTEM):
                found.append(f"{name}={value}")
    return tuple(sorted(found))


def _name(raw: str) -> str:
    """The name without `./`; it must stay below the directory."""
    parts = [part for part in raw.split("/") if part not in {"", "."}]
    if raw.startswith("/") or ".." in parts:
        raise TreeError(f"the archive holds a name outside the directory: {clean(raw, 200)}")
    return "/".join(parts) or ROOT


_MOST_STEPS = 400
"""Names looked at for one link; the kernel follows 40 links."""


def links_resolved(tree: Tree) -> dict[str, Entry]:
    """The tree with a trouble at each link that leads outside it, link through link."""
    return {
        name: each if each.kind is not Kind.LINK else replace(each, trouble=_link_trouble(tree, each))
        for name, each in tree.items()
    }


def _link_trouble(tree: Tree, link: Entry) -> str:
    target = clean(link.data, 100)
    return "" if stays_inside(tree, link) else f"leads outside the directory ({target})"


def stays_inside(tree: Tree, link: Entry) -> bool:
    """Whether the way of a link never leaves the tree. A name that is not there counts as a directory: it may come."""
    at = link.name.split("/")[:-1]
    text = link.data.decode("utf-8", "surrogateescape")
    if not text or text.startswith("/"):
        return False
    left = text.split("/")[::-1]
    for _ in range(_MOST_STEPS):
        if not left:
            return True
        part = left.pop()
        if part == "..":
            if not at:
                return False
            at.pop()
        elif part not in {"", "."}:
            here = tree.get("/".join((*at, part)))
            if here is None or here.kind is not Kind.LINK:
                at.append(part)
                continue
            text = here.data.decode("utf-8", "surrogateescape")
            if text.startswith("/"):
                return False
            left += text.split("/")[::-1]
    return False


def digest(tree: Tree) -> str:
    """One number for all that counts: names, kinds, contents, modes, owners; not times."""
    sha = hashlib.sha256()
    for name in sorted(tree):
        each = tree[name]
        words = (name, each.kind.value, f"{each.mode:o}", each.user or str(each.uid), each.group or str(each.gid))
        for part in (*(word.encode("utf-8", "surrogateescape") for word in (*words, *each.extras)), each.data):
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
    difference = Difference(
        tuple(sorted(set(source) - set(target))),
        tuple(changed),
        tuple(modes),
        tuple(sorted(set(target) - set(source))),
    )
    _keeps_links_inside(source, target)
    return difference


def _keeps_links_inside(source: Tree, target: Tree) -> None:
    """A link may stay inside the source, and lead outside through a link that only the target has; or the reverse."""
    for name, each in links_resolved(result(source, target, mirror=False)).items():
        before = target.get(name)
        if (
            each.trouble
            and each.kind is Kind.LINK
            and not (before and before.trouble and before.content == each.content)
        ):
            raise TreeError(f"{each.shown} {each.trouble}")


def unkept(source: Tree, target: Tree, difference: Difference) -> Entry | None:
    """What has an access control list or extended attributes that a copy would lose, or would have to make."""
    sent = set(difference.to_send)
    for name, each in source.items():
        there = target.get(name)
        others = there.extras if there else ()
        if (name in sent and (each.extras or others)) or (there is not None and each.extras != others):
            return each if each.extras else there
    return None


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
    """Names to take away before anything is put in their place."""
    gone = set(difference.changed) | (set(difference.only_on_target) if mirror else set())
    return tuple(sorted(gone - {ROOT}))


@dataclass(frozen=True, slots=True)
class Change:
    """How a copy of the target becomes the result: what is packed, and what is then done with it, name by name."""

    packed: tuple[Entry, ...]
    removed: tuple[str, ...]
    moved: tuple[str, ...]
    """From where it was unpacked, with all that is in it; nothing has these names by then."""
    entered: tuple[Entry, ...]
    """Directories that stay, with a mode or an owner of their own."""


def change(source: Tree, target: Tree, mirror: bool) -> Change:
    """What makes the target's tree the result. Raises TreeError."""
    difference = differ(source, target)
    stays = {
        name
        for name in difference.to_send
        if source[name].kind is Kind.DIRECTORY and (name == ROOT or _is_directory(target.get(name)))
    }
    loose = set(difference.to_send) - stays
    removed = set(to_remove(difference, mirror)) | (loose & set(target))
    moved = {name for name in loose if posixpath.dirname(name) not in loose}
    packed = {name: source[name] for name in difference.to_send}
    on_the_way = {above for name in difference.to_send for above in _above(name)}
    for above in on_the_way & set(source) - set(packed):
        # Only there to be walked through; the target's own stays.
        packed[above] = replace(source[above], mode=source[above].mode | stat.S_IRWXU)
    return Change(
        tuple(packed.values()),
        tuple(sorted(removed)),
        tuple(sorted(moved)),
        tuple(source[name] for name in sorted(stays)),
    )


def _above(name: str) -> tuple[str, ...]:
    """Every directory on the way to a name."""
    parts = name.split("/")[:-1]
    return (ROOT, *("/".join(parts[: end + 1]) for end in range(len(parts))))


def _is_directory(entry: Entry | None) -> bool:
    return entry is not None and entry.kind is Kind.DIRECTORY


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
