"""Trees and directories of somebody who means harm: nothing is ever written outside, whatever shell the server has.

The real tar, the real scripts, run by dash and by busybox's shell with busybox's own programs.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dhcptui.act.sync.compare import Place, Trees, of_trees
from dhcptui.act.sync.tree import (
    MAX_BYTES,
    Entry,
    Kind,
    TreeError,
    change,
    digest,
    pack,
    read_tree,
    result,
)
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.model.role import Role
from dhcptui.model.sync_record import SyncRecord
from dhcptui.servers.ssh import commands, lock_files, sync_commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandFailed

OFFICE = PairSettings(
    "office", "foo", ServerSettings(Role.PRIMARY, "dhcp1", "10.0.0.10"), ServerSettings(Role.SECONDARY, "dhcp2", "10.0.0.20")
)  # fmt: skip
SHELLS = ["dash", "busybox"]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    """What `/bin/sh` is on the server."""
    name = str(request.param)
    if not shutil.which(name):
        if os.environ.get("CI"):
            pytest.fail(f"{name} is missing")
        pytest.skip(f"{name} is missing")
    return name


@pytest.fixture(scope="session")
def applets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PATH with busybox's programs only."""
    place = tmp_path_factory.mktemp("applets")
    if shutil.which("busybox"):
        subprocess.run(["busybox", "--install", "-s", place], check=True)
    return place


class Host:
    """Runs commands as a server with that shell would."""

    def __init__(self, shell: str, applets: Path) -> None:
        self.shell, self.path = shell, str(applets) if shell == "busybox" else os.environ["PATH"]

    def run(self, command: Command, input_: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """One command to its end."""
        program, *words = command.argv
        argv = ["busybox", "sh", *words] if self.shell == "busybox" else ["dash", *words]
        assert program == "/bin/sh"
        executable = shutil.which(argv[0])
        assert executable
        return subprocess.run(
            argv, executable=executable, input=input_, capture_output=True, check=False, timeout=60,
            env={"PATH": self.path},
        )  # fmt: skip


@pytest.fixture
def host(shell: str, applets: Path) -> Host:
    """That server."""
    return Host(shell, applets)


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A tar stream of members as they are."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def member(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", data: bytes = b""
) -> tuple[tarfile.TarInfo, bytes]:
    """One tar member and its content."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o755 if kind == tarfile.DIRTYPE else 0o644
    return info, data


DIR, LINK, HARD = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE

# --- what is no tree ---


@pytest.mark.parametrize(
    "members",
    [
        (member("x", LINK, "sub"), member("x/evil")),
        (member("sub", DIR), member("x", LINK, "sub"), member("x/evil")),
        (member("x"), member("x/evil")),
        (member("x/evil"),),
        (member("d", DIR), member("d", LINK, "."), member("d/evil")),
        (member("d/a"), member("d", DIR)),
        (member("a"), member("./a")),
        (member(".", LINK, "/etc"), member("evil")),
        (member("."),),
    ],
)
def test_every_parent_is_a_directory_of_the_tree(members: tuple[tuple[tarfile.TarInfo, bytes], ...]) -> None:
    """Below a link, below a file, below nothing, twice: no tar of a directory holds that."""
    with pytest.raises(TreeError):
        read_tree(archive(*members))


@pytest.mark.parametrize(
    ("target", "links", "inside"),
    [
        ("x/x/x/../../../etc", {"x": "."}, False),
        ("x/..", {"x": "."}, False),
        ("d/up/etc", {"d/up": "../.."}, False),
        ("d/up", {"d/up": ".."}, True),
        ("d/up/up2/etc", {"d/up": "..", "up2": ".."}, False),
        ("y", {"y": "/etc"}, False),
        ("y/passwd", {"y": "z", "z": "/etc"}, False),
        ("a", {}, False),
        ("b", {"b": "a"}, False),
        ("missing/../..", {}, False),
        ("missing/..", {}, True),
        ("d/f", {}, True),
        ("x/d/f", {"x": "."}, True),
    ],
)
def test_links_are_followed_through_the_tree(target: str, links: dict[str, str], inside: bool) -> None:
    """Link through link, as the kernel would; one that never ends, or begins at the root, is outside."""
    members = [member("d", DIR), member("d/f"), *(member(name, LINK, link) for name, link in links.items())]
    found = read_tree(archive(*members, member("a", LINK, target)))
    assert (found["a"].trouble == "") is inside, found["a"]


def test_links_through_what_only_the_target_has() -> None:
    """Inside on the source, outside through a link of the target's own: refused."""
    source = read_tree(archive(member("a", LINK, "only/passwd")))
    target = read_tree(archive(member("only", LINK, "/etc")))
    assert source["a"].trouble == ""
    found = of_trees(Trees(source, target), OFFICE, 0.0)
    assert "a leads outside the directory" in found.error
    kept = read_tree(archive(member("d", DIR), member("d/e", DIR), member("t", LINK, "d/e/../../etc")))
    turned = read_tree(archive(member("d", LINK, ".")))
    assert "t leads outside" in of_trees(Trees(turned, kept), replace(OFFICE, mirror=False), 0.0).error


def test_hard_links_are_counted() -> None:
    """A few bytes of the stream each, a whole file in a copy: bounded like the stream."""
    with pytest.raises(TreeError, match="64 MiB"):
        read_tree(archive(member("a", data=b"x" * (MAX_BYTES // 8)), *(member(f"b{n}", HARD, "a") for n in range(9))))


# --- random trees ---

NAMES = st.sampled_from(["a", "b", "d", "d/a", "d/d", "d/d/a", "b/a", "x", "x/a", "."])
TARGETS = st.sampled_from(
    [".", "..", "a", "d", "x", "d/..", "../..", "/", "x/../..", "d/d/../../..", "../outside", "/tmp"]
)
MEMBERS = st.one_of(
    NAMES.map(lambda name: member(name, DIR)),
    st.tuples(NAMES, st.binary(max_size=3)).map(lambda each: member(each[0], data=each[1])),
    st.tuples(NAMES, TARGETS).map(lambda each: member(each[0], LINK, each[1])),
    st.tuples(NAMES, NAMES).map(lambda each: member(each[0], HARD, each[1])),
)


@st.composite
def plausible(draw: st.DrawFn) -> list[tuple[tarfile.TarInfo, bytes]]:
    """A tree that may well be one: directories before what is in them; links to anywhere."""
    found, directories = [], {""}
    for name in ("a", "b", "d", "d/a", "d/d", "d/d/a", "x", "x/a"):
        if name.rpartition("/")[0] not in directories or not draw(st.booleans()):
            continue
        kind = draw(
            st.sampled_from(["directory", "file", "link"] if "/" in name else ["directory", "directory", "file"])
        )
        if kind == "directory":
            directories.add(name)
            found.append(member(name, DIR))
        elif kind == "file":
            found.append(member(name, data=draw(st.binary(max_size=2))))
        else:
            found.append(member(name, LINK, draw(st.sampled_from(["a", "..", "../a", ".", "../x"]))))
    return found


LISTS = st.one_of(st.lists(MEMBERS, max_size=8), plausible(), plausible(), plausible())


@pytest.fixture
def hosts(applets: Path) -> list[Host]:
    """Every kind of server there is here."""
    return [Host(name, applets) for name in SHELLS if shutil.which(name)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LISTS, LISTS, st.booleans(), st.integers(0, 1))
def test_no_tree_is_written_outside(
    hosts: list[Host],
    sent: list[tuple[tarfile.TarInfo, bytes]],
    there: list[tuple[tarfile.TarInfo, bytes]],
    mirror: bool,
    which: int,
) -> None:
    """Whatever a source sends: it is refused, or the target has the result, and nothing beside it was touched."""
    host = hosts[which % len(hosts)]
    try:
        source, target = (read_tree(archive(member(".", DIR), *members)) for members in (sent, there))
        made = change(source, target, mirror)
        if of_trees(Trees(source, target), replace(OFFICE, mirror=mirror), 0.0).error:
            return
    except TreeError:
        return
    with tempfile.TemporaryDirectory() as name:
        around = Path(name)
        (around / "outside").mkdir()
        (around / "outside/a").write_text("untouched")
        place = Place(str(around / "parent/shared"))
        Path(place.directory).mkdir(parents=True)
        _unpacked(Path(place.directory), target)
        assert host.run(sync_commands.stage(place.directory, place.staging)).returncode == 0
        done = host.run(sync_commands.unpack(place.staging), pack(made.packed))
        assert done.returncode == 0, done.stderr
        words = sync_commands.merge_words(made.removed, made.moved, ((each.name, each.mode) for each in made.entered))
        done = host.run(sync_commands.merge(place.staging), words)
        assert done.returncode == 0, done.stderr
        staged = read_tree(host.run(sync_commands.read_tree(sync_commands.staged(place.staging))).stdout)
        wanted = result(source, target, mirror)
        assert {key: each.content for key, each in staged.items()} == {
            key: each.content for key, each in wanted.items()
        }
        assert sorted(path.name for path in around.iterdir()) == ["outside", "parent"]
        assert sorted(path.name for path in (around / "parent").iterdir()) == [".dhcptui-new-shared", "shared"]
        assert [path.read_text() for path in (around / "outside").iterdir()] == ["untouched"]


def _unpacked(place: Path, tree: dict[str, Entry]) -> None:
    """A tree on the disk, made without any tar."""
    for each in sorted(tree.values(), key=lambda entry: entry.name.split("/")):
        here = place / each.name
        if each.kind is Kind.DIRECTORY:
            here.mkdir(exist_ok=True)
        elif each.kind is Kind.LINK:
            here.symlink_to(each.data.decode())
        else:
            here.write_bytes(each.data)


# --- a parent that somebody else may write ---


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A shared directory, and a place beside it that must stay as it is."""
    (tmp_path / "parent/shared").mkdir(parents=True)
    (tmp_path / "parent/shared/a").write_text("old")
    (tmp_path / "outside").mkdir()
    return Place(str(tmp_path / "parent/shared"))


def outside(place: Place) -> Path:
    """Where nothing may ever be written."""
    return Path(place.directory).parents[1] / "outside"


def stage_new(host: Host, place: Place) -> None:
    """Stage the directory with another content."""
    assert host.run(sync_commands.stage(place.directory, place.staging)).returncode == 0
    (Path(sync_commands.staged(place.staging)) / "a").write_text("new")


REST = (SyncRecord("r1", "abc", "me@here").without_stamp() + "\n").encode()


def swapped(host: Host, place: Place) -> subprocess.CompletedProcess[bytes]:
    """Swap what is staged in."""
    return host.run(sync_commands.swap_in(place.staging, place.directory, place.backups, place.record), REST)


def test_staging_is_closed_and_new(host: Host, place: Place) -> None:
    """Mode 0700; a link, a file or an open directory of that name is refused, never entered, never removed."""
    assert host.run(sync_commands.stage(place.directory, place.staging)).returncode == 0
    assert Path(place.staging).stat().st_mode & 0o777 == 0o700
    assert host.run(sync_commands.stage(place.directory, place.staging)).returncode == 0
    shutil.rmtree(place.staging)
    (outside(place) / "tree").mkdir()
    for linked in (True, False):
        if linked:
            Path(place.staging).symlink_to(outside(place))
        else:
            Path(place.staging).mkdir(0o755)
        for command in (
            sync_commands.stage(place.directory, place.staging), sync_commands.unstage(place.staging),
            sync_commands.unpack(place.staging), sync_commands.merge(place.staging),
            sync_commands.swap_in(place.staging, place.directory, place.backups, place.record),
        ):  # fmt: skip
            done = host.run(command, REST)
            assert done.returncode != 0, command.line
            assert b"not a closed directory of our own" in done.stderr
        assert [path.name for path in outside(place).iterdir()] == ["tree"]
        assert (Path(place.directory) / "a").read_text() == "old"
        if linked:
            Path(place.staging).unlink()


def test_a_linked_directory_is_not_copied_through(host: Host, place: Place) -> None:
    """The shared directory became a link since it was read: nothing is staged."""
    shutil.rmtree(place.directory)
    Path(place.directory).symlink_to(outside(place))
    assert host.run(sync_commands.stage(place.directory, place.staging)).returncode != 0
    assert not os.path.lexists(place.staging)


@pytest.mark.parametrize("what", ["file", "directory", "dangling"])
def test_own_files_are_never_written_through_a_link(host: Host, place: Place, what: str) -> None:
    """The record's name is a link: to a file, to a directory, to nothing. It is replaced; where it led stays as it is."""
    victim = outside(place) / "victim"
    if what == "file":
        victim.write_text("precious")
    elif what == "directory":
        victim.mkdir()
    before = sorted(outside(place).rglob("*"))
    Path(place.record).symlink_to(victim)
    assert host.run(sync_commands.read_if_there(place.record)).stdout == b""
    done = host.run(sync_commands.write_own(place.record), b'{"x": 1}\n')
    assert done.returncode == 0, done.stderr
    assert not Path(place.record).is_symlink()
    assert Path(place.record).read_text() == '{"x": 1}\n'
    Path(place.record).unlink()
    Path(place.record).symlink_to(victim)
    stage_new(host, place)
    done = swapped(host, place)
    assert done.returncode == 0, done.stderr
    assert SyncRecord.from_json(Path(place.record).read_bytes()) == SyncRecord(
        "r1", "abc", "me@here", done.stdout.decode().strip()
    )
    assert sorted(outside(place).rglob("*")) == before
    assert what != "file" or victim.read_text() == "precious"


def test_rejected_and_backups_are_not_followed(host: Host, place: Place) -> None:
    """Links at the names that are removed or renamed over: the link goes, not what it leads to."""
    (outside(place) / "kept").write_text("kept")
    stage_new(host, place)
    stamp = swapped(host, place).stdout.decode().strip()
    Path(place.rejected).symlink_to(outside(place))
    done = host.run(sync_commands.swap_back(place.directory, place.rejected, place.backup(stamp)))
    assert done.returncode == 0, done.stderr
    assert (Path(place.rejected) / "a").read_text() == "new"
    assert not Path(place.rejected).is_symlink()
    assert host.run(sync_commands.swap_back(place.directory, place.rejected, place.backup(stamp))).returncode == 1
    Path(place.backup("20200101T000000Z")).symlink_to(outside(place))
    assert host.run(
        sync_commands.swap_back(place.directory, place.rejected, place.backup("20200101T000000Z"))
    ).returncode
    for day in range(1, 7):
        Path(place.backup(f"2026010{day}T000000Z")).mkdir()
    assert host.run(sync_commands.tidy(place.record, place.backups, 5)).returncode == 0
    assert not os.path.lexists(place.backup("20200101T000000Z"))
    assert [path.name for path in outside(place).iterdir()] == ["kept"]
    left = sorted(path.name for path in Path(place.directory).parent.iterdir() if "backup" not in path.name)
    assert left == [".dhcptui-rejected-shared", "shared"]


TOKEN = "0123456789abcdef" * 2


@pytest.mark.parametrize("what", ["file", "directory", "dangling"])
def test_marks_are_never_written_through_a_link(host: Host, tmp_path: Path, what: str) -> None:
    """A lock or a marker that is a link: what it leads to stays, the marker is a file of ours and is read back."""
    (tmp_path / "leases").mkdir()
    (tmp_path / "outside").mkdir()
    victim = tmp_path / "outside/victim"
    if what == "file":
        victim.write_text(f'{{"token":"{TOKEN}","since":1,"expires":2}}\n')
    elif what == "directory":
        victim.mkdir()
    before = [
        (path, path.read_bytes() if path.is_file() else b"") for path in sorted((tmp_path / "outside").rglob("*"))
    ]
    here = str(tmp_path / "leases")
    lock, lockout = (tmp_path / "leases" / name for name in (commands.LOCK, commands.LOCKOUT))
    lock.symlink_to(victim)
    lockout.symlink_to(victim)
    body = lock_files.LockRequest(TOKEN, "alice", "ws1", "office", "shutdown").body("x")
    assert host.run(commands.release_lock(here, TOKEN)).returncode == 1
    assert host.run(lock_files.put_lockout(here, "dhcp2", "alice on ws1", "because")).returncode == 0
    seen = lock_files.parse_marks(host.run(commands.read_marks(here)).stdout.decode().splitlines())
    assert seen.lockout is not None
    assert (seen.lockout.server, seen.lock) == ("dhcp2", None)
    assert seen.planted.startswith("symbolic link of ")
    assert not lockout.is_symlink()
    for command in (commands.take_lock, commands.renew_lock):  # nobody's lock is a link: it keeps nobody out
        assert host.run(command(here, TOKEN, body, 60)).returncode == 0
        assert not lock.is_symlink()
        lock.unlink()
        lock.symlink_to(victim)
    assert host.run(commands.take_lock(here, TOKEN, body, 60)).returncode == 0
    after = [(path, path.read_bytes() if path.is_file() else b"") for path in sorted((tmp_path / "outside").rglob("*"))]
    assert after == before
    assert sorted(path.name for path in (tmp_path / "leases").iterdir()) == [commands.LOCK, commands.LOCKOUT]


def test_a_marker_that_cannot_be_there_is_an_error(host: Host, tmp_path: Path) -> None:
    """A directory has its name: the script says so, and nothing was put into it."""
    (tmp_path / commands.LOCKOUT).mkdir()
    done = host.run(lock_files.put_lockout(str(tmp_path), "dhcp2", "alice on ws1", "because"))
    assert done.returncode == 9
    assert done.stderr
    assert not list((tmp_path / commands.LOCKOUT).iterdir())
    assert [path.name for path in tmp_path.iterdir()] == [commands.LOCKOUT]


class Toggling:
    """Somebody who flips names between links into another place and what was there, as fast as a machine can."""

    def __init__(self, *pairs: tuple[Path, Path]) -> None:
        flips = "\n".join(
            f"    try: os.symlink({str(to)!r}, {str(at)!r} + '.t'); os.rename({str(at)!r} + '.t', {str(at)!r})\n"
            f"    except OSError: pass\n    try: os.unlink({str(at)!r})\n    except OSError: pass"
            for at, to in pairs
        )
        self.code = f"import os, sys\nprint('on', flush=True)\nwhile os.getppid() == {os.getpid()}:\n{flips}\n"

    def __enter__(self) -> None:
        self.process = subprocess.Popen(["python3", "-c", self.code], stdout=subprocess.PIPE)
        assert self.process.stdout
        self.process.stdout.readline()

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdout
        self.process.stdout.close()


def test_toggled_links(host: Host, place: Place) -> None:
    """Names that flip while we write: it may fail, and never leads outside."""
    precious = outside(place) / "precious"
    precious.write_text("precious")
    parent = Path(place.directory).parent
    body = lock_files.LockRequest(TOKEN, "alice", "ws1", "office", "shutdown").body("x")
    with Toggling(
        (Path(place.record), precious), (Path(place.record), outside(place)),
        (parent / commands.LOCK, precious), (parent / commands.LOCK, outside(place)),
        (parent / commands.LOCKOUT, outside(place)), (Path(place.rejected), outside(place)),
    ):  # fmt: skip
        for _ in range(15):
            host.run(sync_commands.write_own(place.record), b'{"x": 1}\n')
            host.run(commands.take_lock(str(parent), TOKEN, body, 60))
            host.run(commands.renew_lock(str(parent), TOKEN, body, 60))
            host.run(lock_files.put_lockout(str(parent), "dhcp2", "alice on ws1", "because"))
    assert precious.read_text() == "precious"
    assert [path.name for path in outside(place).iterdir()] == ["precious"]


# --- access control lists and extended attributes ---


def extended(path: Path, name: str = "user.note", value: bytes = b"kept") -> None:
    """Give a file an attribute; in CI the file system must have them."""
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{path} can have no {name}: {error}")


ACL = bytes.fromhex("0200000001000600ffffffff02000600e903000004000400ffffffff10000600ffffffff20000400ffffffff")
"""user::rw-, user:1001:rw-, group::r--, mask::rw-, other::r-- as the kernel keeps it: `ls` shows a writing group."""


def trees(host: Host, place: Place, other: Path) -> Trees:
    """Both directories as a server's own tar tells them."""
    found = [host.run(sync_commands.read_tree(str(path))) for path in (other, place.directory)]
    assert all(each.returncode == 0 for each in found), found
    blind = tuple(
        name for name, each in zip(("dhcp1", "dhcp2"), found, strict=True) if sync_commands.BLIND in each.stderr
    )
    return Trees(read_tree(found[0].stdout), read_tree(found[1].stdout), blind=blind)


@pytest.mark.parametrize("what", ["user.note", "system.posix_acl_access"])
@pytest.mark.parametrize("where", ["source", "target"])
@pytest.mark.parametrize("changed", [True, False])
def test_an_acl_is_not_dropped(place: Place, applets: Path, what: str, where: str, changed: bool) -> None:
    """On either side of what is sent, and of what is alike but for it: refused, with the file's name."""
    host = Host("dash", applets)
    source = Path(place.directory).with_name("source")
    shutil.copytree(place.directory, source)
    if changed:
        (source / "a").write_text("new")
    assert not of_trees(trees(host, place, source), OFFICE, 0.0).error
    file = (source if where == "source" else Path(place.directory)) / "a"
    extended(file, what, ACL if "acl" in what else b"kept")
    other = (source if where != "source" else Path(place.directory)) / "a"
    other.chmod(file.stat().st_mode & 0o7777)  # the mask shows as the group's right: the modes are alike
    found = of_trees(trees(host, place, source), OFFICE, 0.0)
    assert found.error.startswith("a has "), found.words
    assert f"on {'dhcp1' if where == 'source' else 'dhcp2'}" in found.error
    assert ("acl.access" if "acl" in what else "user.note") in found.error


def test_an_acl_that_both_have_is_kept(place: Place, applets: Path) -> None:
    """Alike on both sides and not sent: the copy beside keeps it."""
    host = Host("dash", applets)
    source = Path(place.directory).with_name("source")
    for directory in (source, Path(place.directory)):
        directory.mkdir(exist_ok=True)
        (directory / "b").write_text("same")
        extended(directory / "b")
        extended(directory / "b", "system.posix_acl_access", ACL)
    (source / "a").write_text("new")
    both = trees(host, place, source)
    found = of_trees(both, OFFICE, 0.0)
    assert (found.error, found.changed) == ("", ("a",))
    assert host.run(sync_commands.stage(place.directory, place.staging)).returncode == 0
    staged = read_tree(host.run(sync_commands.read_tree(sync_commands.staged(place.staging))).stdout)
    assert both.target is not None
    assert digest(staged) == digest(both.target)


def test_a_tar_that_tells_no_acl_is_said_to(place: Place, applets: Path) -> None:
    """Not looked at is not the same as not there."""
    if not shutil.which("busybox"):
        pytest.skip("busybox is missing")
    source = Path(place.directory).with_name("source")
    shutil.copytree(place.directory, source)
    found = of_trees(trees(Host("busybox", applets), place, source), OFFICE, 0.0)
    assert "access control lists not looked at on dhcp1 and dhcp2" in found.words
    assert not found.error


def test_bsdtar_tells_acls(place: Place, applets: Path, tmp_path: Path) -> None:
    """FreeBSD's tar, where it is called tar."""
    bsdtar = shutil.which("bsdtar")
    if bsdtar is None:
        pytest.skip("bsdtar is missing")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/tar").symlink_to(bsdtar)
    host = Host("dash", applets)
    host.path = f"{tmp_path / 'bin'}:{host.path}"
    source = Path(place.directory).with_name("source")
    shutil.copytree(place.directory, source)
    assert not of_trees(trees(host, place, source), OFFICE, 0.0).error
    extended(source / "a", "system.posix_acl_access", ACL)
    found = of_trees(trees(host, place, source), OFFICE, 0.0)
    assert found.error.startswith("a has acl.access"), found.words


def test_what_a_script_could_not_do_is_said_without_it() -> None:
    """An error's text is no shell script."""
    command = sync_commands.read_tree("/etc/dhcp/shared").as_root()
    error = commands_failed(command)
    assert "sh -c" not in str(error)
    assert "exit status 2" in str(error)
    assert "No space left" in str(error)
    assert command.line[:20] in error.line


def commands_failed(command: Command) -> CommandFailed:
    """The error of a command that ended with 2."""
    return CommandFailed(command.line, 2, "No space left on device")
