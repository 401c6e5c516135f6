"""The marks beside a lease file: what is read of them, and the scripts that change them, run in a real shell."""

from __future__ import annotations

import os
import pwd
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from dhcptui.model.snapshot import Lock, LockFiles, Lockout
from dhcptui.servers.host import Completed
from dhcptui.servers.ssh import commands, lock_files
from dhcptui.servers.ssh.commands import Command

TOKEN = "0123456789abcdef" * 2


def sh(command: Command) -> Completed:
    """Run a command here."""
    done = subprocess.run(command.argv, capture_output=True, check=False, timeout=30)
    return Completed(done.stdout, done.stderr, done.returncode)


async def ask(command: Command) -> Completed:
    """The same as a server's `quick`."""
    return sh(command)


def seen(directory: Path) -> LockFiles:
    """What a probe reads."""
    return lock_files.parse_marks(sh(commands.read_marks(str(directory))).stdout.decode().splitlines())


def claim(owner: str = "alice") -> lock_files.LockRequest:
    """A claim with a token of its own."""
    return lock_files.LockRequest(lock_files.new_token(), owner, 'ws"1', "office", "shutdown")


async def test_take_renew_release(tmp_path: Path) -> None:
    """Taken once; the second is told by whom; renewed with the next step; released by its owner only."""
    place = str(tmp_path)
    mine, other = claim(), claim("bob")
    assert await lock_files.take_lock(ask, place, mine, "1 of 2: hand over") is None
    holder = await lock_files.take_lock(ask, place, other, "1 of 1: x")
    assert holder is not None
    assert (holder.owner, holder.host, holder.action, holder.step) == (
        "alice",
        'ws"1',
        "shutdown",
        "1 of 2: hand over",
    )
    assert await lock_files.renew_lock(ask, place, mine, 'stop "it": {"expires":5}', 60) is None
    lock = seen(tmp_path).lock
    assert lock is not None
    assert lock.step == 'stop "it": {"expires":5}'
    assert 50 < lock.expires - time.time() <= 61
    assert await lock_files.renew_lock(ask, place, other, "x", 60) is not None
    assert not await lock_files.release_lock(ask, place, other.token)
    assert await lock_files.release_lock(ask, place, mine.token)
    assert not list(tmp_path.iterdir())


async def test_an_expired_lock_gives_way(tmp_path: Path) -> None:
    """Left expired it can still be read; the next one takes it, and the old owner notices."""
    mine, other = claim(), claim("bob")
    await lock_files.take_lock(ask, str(tmp_path), mine, "1 of 2")
    assert await lock_files.renew_lock(ask, str(tmp_path), mine, "Interrupted after step 1 of 2.", 0) is None
    lock = seen(tmp_path).lock
    assert lock is not None
    assert lock.step == "Interrupted after step 1 of 2."
    assert lock.expires <= time.time()
    assert await lock_files.take_lock(ask, str(tmp_path), other, "1 of 1") is None
    lost = await lock_files.renew_lock(ask, str(tmp_path), mine, "2 of 2", 60)
    assert lost is not None
    assert lost.owner == "bob"


@pytest.mark.parametrize("found", ["nothing", "an expired lock"])
def test_only_one_of_many_gets_it(tmp_path: Path, found: str) -> None:
    """Eight at once, several times: exactly one has it, whether there was none or an expired one."""
    for _ in range(5):
        lock = tmp_path / commands.LOCK
        lock.unlink(missing_ok=True)
        if found != "nothing":
            lock.write_text(f'{{"token":"{TOKEN}","since":1,"expires":2}}\n')
        takes = [
            commands.take_lock(str(tmp_path), each.token, each.body("x"), 60) for each in (claim() for _ in range(8))
        ]
        with ThreadPoolExecutor(8) as pool:
            assert sorted(done.exit_status for done in pool.map(sh, takes)) == [0] + [1] * 7
    assert [each.name for each in tmp_path.iterdir()] == [commands.LOCK]


@pytest.mark.parametrize(
    "text", ["", "garbage", "[]", '{"token":"x"}', "{" * 3000, f'{{"token":"{TOKEN}","expires":"soon"}}']
)
async def test_a_lock_that_cannot_be_read_is_a_lock_until_it_is_old(tmp_path: Path, text: str) -> None:
    """It counts as held by unknown for a minute after its last change; it can be broken without a token."""
    lock = tmp_path / commands.LOCK
    lock.write_text(text)
    held = seen(tmp_path).lock
    assert held is not None
    assert (held.owner, held.token) == ("unknown", "")
    assert 50 < held.expires - time.time() <= 61
    assert await lock_files.take_lock(ask, str(tmp_path), claim(), "x") is not None
    os.utime(lock, (time.time() - 61,) * 2)
    assert await lock_files.take_lock(ask, str(tmp_path), claim(), "x") is None
    lock.write_text(text)
    assert await lock_files.release_lock(ask, str(tmp_path), "", lock.stat().st_mtime)


async def test_lockout(tmp_path: Path) -> None:
    """Written, read, and removed only if it is the one that was seen."""
    sh(lock_files.put_lockout(str(tmp_path), "dhcp2", "alice on ws1", "partner-down was declared"))
    lockout = seen(tmp_path).lockout
    assert lockout is not None
    assert lockout == Lockout("dhcp2", "alice on ws1", lockout.since, "partner-down was declared")
    sh(commands.clear_lockout(str(tmp_path), int(lockout.since) - 1))
    assert seen(tmp_path).lockout == lockout
    sh(commands.clear_lockout(str(tmp_path), int(lockout.since)))
    assert not list(tmp_path.iterdir())


def test_a_strange_lockout_is_not_known(tmp_path: Path) -> None:
    """Garbage may be one, which is not the same as none; a huge or endless file is not read to its end."""
    assert seen(tmp_path) == LockFiles()
    unread = LockFiles(unread="there is a .dhcptui-lockout, and it cannot be read")
    (tmp_path / commands.LOCKOUT).write_text("x" * 100_000)
    assert seen(tmp_path) == unread
    (tmp_path / commands.LOCKOUT).unlink()
    os.mkfifo(tmp_path / commands.LOCKOUT)
    assert seen(tmp_path) == unread


def test_no_answer_is_no_absence() -> None:
    """Nothing was read: whether there is a lock-out is not known."""
    assert lock_files.parse_marks([]).unread


def test_texts_in_marks_are_cleaned() -> None:
    """Whoever may write there may not write to our screen; numbers must be numbers."""
    text = f'{{"token":"{TOKEN}","owner":"a\\u001b[2Jb","host":"h","pair":"p","action":"x","step":"s","since":1,"expires":%s}}'
    lock = lock_files.parse_lock(text % "2")
    assert isinstance(lock, Lock)
    assert "\x1b" not in lock.owner
    for wrong in ("NaN", "Infinity", '"2"x', "true", "1e300", "null"):
        assert lock_files.parse_lock(text % wrong) is None


def test_no_directory_no_marks(tmp_path: Path) -> None:
    """A server without that directory has no marks; taking a lock there says why not."""
    assert sh(commands.read_marks(str(tmp_path / "none"))).exit_status == 9
    done = sh(commands.take_lock(str(tmp_path / "none"), TOKEN, claim().body("x"), 60))
    assert done.exit_status == 9
    assert b"none" in done.stderr


def test_a_dead_shell_does_not_block_for_ever(tmp_path: Path) -> None:
    """The directory that guards the lock is removed when it is older than a minute."""
    busy = tmp_path / f"{commands.LOCK}.busy"
    busy.mkdir()
    os.utime(busy, (time.time() - 130,) * 2)
    assert sh(commands.take_lock(str(tmp_path), TOKEN, claim().body("x"), 60)).exit_status == 0
    assert not busy.exists()


@pytest.mark.parametrize("leads_to", ["", "there", "file"])
def test_a_planted_link_at_the_name_of_what_is_held_while_a_lock_changes(tmp_path: Path, leads_to: str) -> None:
    """A local user's link, or a file, is taken away, not waited for: else a lock could not even be given back."""
    (tmp_path / "there").mkdir()
    busy = tmp_path / f"{commands.LOCK}.busy"

    def plant() -> None:
        busy.touch() if leads_to == "file" else busy.symlink_to(tmp_path / (leads_to or "nowhere"))

    mine = claim()
    plant()
    assert sh(commands.take_lock(str(tmp_path), mine.token, mine.body("x"), 60)).exit_status == 0
    plant()
    assert sh(commands.release_lock(str(tmp_path), mine.token)).exit_status == 0
    assert [each.name for each in tmp_path.iterdir()] == ["there"]
    assert list((tmp_path / "there").iterdir()) == []


def test_nobody_can_guess_where_a_mark_is_made(tmp_path: Path) -> None:
    """Links at every name that the clock and the process numbers allow: the marker is written all the same."""
    now, pid = int(time.time()), os.getpid()
    newest = int(Path("/proc/loadavg").read_text().split()[-1]) if Path("/proc/loadavg").exists() else pid
    for ahead in range(2000):
        for second in range(now, now + 4):
            (tmp_path / f".dhcptui-{newest + ahead}-{second}").symlink_to("/nonexistent")
    done = sh(commands.put_lockout(str(tmp_path), '{"server":"dhcp1"'))
    assert done.exit_status == 0, done
    assert '"server":"dhcp1"' in (tmp_path / commands.LOCKOUT).read_text()


async def test_a_notice_of_another_relationship_is_put_aside(tmp_path: Path) -> None:
    """Two relationships in one directory: an expired lock of the other one stays to be read, and can be taken away."""
    theirs = replace(claim("bob"), told=lock_files.Told(peer="bar", run="r1"))
    mine = replace(claim(), told=lock_files.Told(peer="foo"))
    await lock_files.take_lock(ask, str(tmp_path), theirs, "1 of 2")
    await lock_files.renew_lock(ask, str(tmp_path), theirs, "Interrupted after step 1 of 2.", 0)
    before = seen(tmp_path).lock
    assert before is not None
    assert await lock_files.take_lock(ask, str(tmp_path), mine, "1 of 1") is None
    found = seen(tmp_path)
    assert (found.lock and found.lock.owner, [each.peer for each in found.left]) == ("alice", ["bar"])
    assert replace(found.left[0], changed=before.changed) == before
    await lock_files.renew_lock(ask, str(tmp_path), mine, "Interrupted.", 0)
    again = replace(claim("carl"), told=lock_files.Told(peer="foo"))
    assert (
        await lock_files.take_lock(ask, str(tmp_path), again, "1 of 1") is None
    )  # of its own relationship: it gives way
    assert [each.owner for each in seen(tmp_path).left] == ["bob"]
    assert await lock_files.release_lock(ask, str(tmp_path), again.token)
    assert await lock_files.release_lock(ask, str(tmp_path), theirs.token)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", ["link", "dangling link", "directory"])
async def test_what_was_planted_in_the_place_of_a_lock_keeps_nobody_out(tmp_path: Path, what: str) -> None:
    """However new it is; who owns it is told. A file that nobody can read is a lock for a minute, with its owner."""
    lock, there, me = tmp_path / commands.LOCK, tmp_path / "there", pwd.getpwuid(os.geteuid()).pw_name
    there.write_text("kept")
    lock.mkdir() if what == "directory" else lock.symlink_to(there if what == "link" else tmp_path / "nowhere")
    found = seen(tmp_path)
    assert (found.lock, found.planted) == (
        None,
        f"{'symbolic ' * ('link' in what)}{what.rsplit(maxsplit=1)[-1]} of {me}",
    )
    assert await lock_files.take_lock(ask, str(tmp_path), claim(), "x") is None
    assert (seen(tmp_path).planted, there.read_text()) == ("", "kept")
    lock.write_text("garbage")
    unread = seen(tmp_path).lock
    assert unread is not None
    assert f"a file of {me}, {commands.LOCK} beside the lease file" in unread.step


async def test_a_lock_that_became_a_link_is_ours_again(tmp_path: Path) -> None:
    """Else whoever may write there could stop every run between two steps."""
    mine, lock = claim(), tmp_path / commands.LOCK
    await lock_files.take_lock(ask, str(tmp_path), mine, "1 of 2")
    lock.unlink()
    lock.symlink_to("/etc/passwd")
    assert await lock_files.renew_lock(ask, str(tmp_path), mine, "2 of 2", 60) is None
    again = seen(tmp_path).lock
    assert again is not None
    assert (again.token, again.step) == (mine.token, "2 of 2")


def test_a_lock_that_goes_while_it_is_read(tmp_path: Path) -> None:
    """It was somebody's a moment ago and is nobody's now: no lock, and none that cannot be read."""
    tools, place = tmp_path / "tools", tmp_path / "place"
    tools.mkdir()
    place.mkdir()
    (place / commands.LOCK).write_text("{}")
    head = tools / "head"  # the look has seen the file when it asks for its text
    head.write_text(f'#!/bin/sh\nrm -f "{place}/{commands.LOCK}"\n')
    head.chmod(0o755)
    argv = commands.read_marks(str(place)).argv
    path = f"{tools}:{os.environ['PATH']}"
    done = subprocess.run(argv, capture_output=True, timeout=30, check=True, env={"PATH": path})
    assert not (place / commands.LOCK).exists()
    assert lock_files.parse_marks(done.stdout.decode().splitlines()).lock is None
