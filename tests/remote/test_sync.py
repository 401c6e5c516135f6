"""The scripts of sync-restart, run by a real shell: staged trees, swaps there and back, delayed restarts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from dhcptui.act.sync.compare import Place
from dhcptui.act.sync.tree import (
    Entry,
    Kind,
    pack,
    read_tree,
)
from dhcptui.model.snapshot import DelayedStart
from dhcptui.model.sync_record import SyncRecord
from dhcptui.servers.ssh import commands, delayed_commands, sync_commands
from dhcptui.servers.ssh.commands import START, Command
from dhcptui.servers.ssh.lock_files import parse_start, start_body
from tests.unit.test_sync import STAMP, tree


def sh(command: Command, input_: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command as the remote shell would."""
    return subprocess.run(
        command.argv, input=input_, capture_output=True, check=False, env={"PATH": os.environ["PATH"], **env}
    )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A shared directory with one file, and a staged one."""
    (tmp_path / "sha red").mkdir()
    (tmp_path / "sha red/a").write_text("old")
    found = Place(str(tmp_path / "sha red"))
    (Path(found.staging) / "tree").mkdir(parents=True)
    Path(found.staging).chmod(0o700)
    (Path(found.staging) / "tree/a").write_text("new")
    return found


def swap(place: Place) -> subprocess.CompletedProcess[bytes]:
    """Swap the staged directory in."""
    command = sync_commands.swap_in(place.staging, place.directory, place.backups, place.record)
    return sh(command, (SyncRecord("r1", "abc", "me@here").without_stamp() + "\n").encode())


def test_swap_and_back(place: Place) -> None:
    """The backup holds the old files, the record names it, and the way back leaves what was refused."""
    done = swap(place)
    assert done.returncode == 0, done.stderr
    stamp = done.stdout.decode().strip()
    assert (Path(place.directory) / "a").read_text() == "new"
    assert (Path(place.backup(stamp)) / "a").read_text() == "old"
    assert SyncRecord.from_json(Path(place.record).read_bytes()) == SyncRecord("r1", "abc", "me@here", stamp)
    back = sync_commands.swap_back(place.directory, place.rejected, place.backup(stamp))
    assert sh(back).returncode == 0
    assert (Path(place.directory) / "a").read_text() == "old"
    assert (Path(place.rejected) / "a").read_text() == "new"
    assert sh(back).returncode == 1
    assert (Path(place.directory) / "a").read_text() == "old"


def test_swap_that_fails_is_undone(place: Place) -> None:
    """No staged directory: the first rename is undone, no record is left."""
    shutil.rmtree(place.staging)
    assert swap(place).returncode == 1
    assert (Path(place.directory) / "a").read_text() == "old"
    assert sorted(path.name for path in Path(place.directory).parent.iterdir()) == ["sha red"]


def test_swap_without_a_target(place: Place) -> None:
    """Nothing to back up: an empty stamp, and the way back leaves no directory again."""
    shutil.rmtree(place.directory)
    done = swap(place)
    assert (done.returncode, done.stdout) == (0, b"\n")
    assert json.loads(Path(place.record).read_text())["stamp"] == ""
    assert sh(sync_commands.swap_back(place.directory, place.rejected, "")).returncode == 0
    assert not Path(place.directory).exists()


def test_swap_back_after_a_crash_between_the_renames(place: Place) -> None:
    """The target is missing and only its backup there: it is put back."""
    Path(place.directory).rename(place.backup(STAMP))
    back = sync_commands.swap_back(place.directory, place.rejected, place.backup(STAMP))
    assert sh(back).returncode == 0
    assert (Path(place.directory) / "a").read_text() == "old"


def test_swap_back_again(place: Place) -> None:
    """Tried once more, it does what was not done yet, and leaves alone what was; a backup that is just lost is told."""
    stamp = swap(place).stdout.decode().strip()
    back = sync_commands.swap_back(place.directory, place.rejected, place.backup(stamp), again=True)
    lost = sync_commands.swap_back(place.directory, place.rejected, place.backup(STAMP), again=True)
    assert sh(lost).returncode == 1
    for _ in range(2):
        done = sh(back)
        assert done.returncode == 0, done.stderr
        assert (Path(place.directory) / "a").read_text() == "old"
        assert (Path(place.rejected) / "a").read_text() == "new"


def test_swap_back_to_nothing_again(place: Place) -> None:
    """There was no directory before: tried once more, there is none again, and what was rejected is still there."""
    shutil.rmtree(place.directory)
    swap(place)
    back = sync_commands.swap_back(place.directory, place.rejected, "", again=True)
    for _ in range(2):
        assert sh(back).returncode == 0
        assert not Path(place.directory).exists()
        assert (Path(place.rejected) / "a").read_text() == "new"


def test_what_an_earlier_run_rejected_proves_nothing_and_is_kept(place: Place) -> None:
    """It is no sign that the way back was gone already; and the next thing rejected does not take its place for good."""
    Path(place.rejected).mkdir()
    (Path(place.rejected) / "mine").write_text("only here")
    stamp = swap(place).stdout.decode().strip()
    backup = Path(place.backup(stamp))
    away = backup.rename(backup.with_name("moved by somebody"))
    back = sync_commands.swap_back(place.directory, place.rejected, str(backup), again=True)
    done = sh(back)
    assert (done.returncode, b"is missing" in done.stderr) == (1, True)
    assert (Path(place.directory) / "a").read_text() == "new"
    assert (Path(place.rejected) / "mine").read_text() == "only here"
    away.rename(backup)
    for _ in range(2):
        assert sh(back).returncode == 0
        assert (Path(place.directory) / "a").read_text() == "old"
        assert (Path(place.rejected) / "a").read_text() == "new"
        [kept] = Path(place.directory).parent.glob(".dhcptui-rejected-*Z")
        assert (kept / "mine").read_text() == "only here"
    assert sh(sync_commands.tidy(place.record, place.backups, 5)).returncode == 0
    names = sorted(path.name for path in Path(place.directory).parent.iterdir())
    assert names == [".dhcptui-rejected-sha red", kept.name, "sha red"]


def test_what_was_rejected_survives_a_crash_between_the_renames_back(place: Place) -> None:
    """The new directory was moved aside, the host died: tried again, the old one comes back and the new one is kept."""
    stamp = swap(place).stdout.decode().strip()
    Path(place.directory).rename(place.rejected)
    assert sh(sync_commands.swap_back(place.directory, place.rejected, place.backup(stamp), again=True)).returncode == 0
    assert (Path(place.directory) / "a").read_text() == "old"
    assert (Path(place.rejected) / "a").read_text() == "new"


def test_stage_and_merge(place: Place) -> None:
    """The copy loses exactly the names given, whatever they are called; an older staging room is gone."""
    for name in ("-rf", "new\nline", "b c"):
        (Path(place.directory) / name).write_text(name)
    done = sh(sync_commands.stage(place.directory, place.staging))
    assert done.returncode == 0, done.stderr
    tree_ = Path(place.staging) / "tree"
    assert sorted(path.name for path in tree_.iterdir()) == ["-rf", "a", "b c", "new\nline"]
    new = {**tree(a="newer"), "d": Entry("d", Kind.DIRECTORY, 0o750, "root", "root")}
    new["d/e"] = Entry("d/e", Kind.FILE, 0o644, "root", "root", data=b"1")
    assert sh(sync_commands.unpack(place.staging), pack(new.values())).returncode == 0
    words = sync_commands.merge_words(("-rf", "new\nline", "a"), ("a", "d"), ((".", 0o711),))
    merged = sh(sync_commands.merge(place.staging), words)
    assert merged.returncode == 0, merged.stderr
    assert sorted(path.name for path in tree_.iterdir()) == ["a", "b c", "d"]
    assert ((tree_ / "a").read_text(), (tree_ / "d/e").read_text()) == ("newer", "1")
    assert tree_.stat().st_mode & 0o7777 == 0o711
    assert sorted(path.name for path in Path(place.staging).iterdir()) == ["tree"]
    assert len(list(Path(place.directory).iterdir())) == 4
    assert sh(sync_commands.unstage(place.staging)).returncode == 0
    assert not Path(place.staging).exists()


def test_read_tree_tells_missing_from_broken(place: Place) -> None:
    """Exit 4 only where there is nothing; a link is refused."""
    assert sh(sync_commands.read_tree(place.directory + "x")).returncode == sync_commands.MISSING
    link = Path(place.directory).with_name("link")
    link.symlink_to("sha red")
    refused = sh(sync_commands.read_tree(str(link)))
    assert refused.returncode == 3
    assert b"symbolic link" in refused.stderr
    assert set(read_tree(sh(sync_commands.read_tree(place.directory)).stdout)) == {".", "a"}


def test_own_file_is_replaced_at_once(place: Place) -> None:
    """A record is written beside and renamed; tidy removes it and keeps the newest backups."""
    assert sh(sync_commands.write_own(place.record), b'{"x": "$(id)"}\n').returncode == 0
    assert Path(place.record).read_text() == '{"x": "$(id)"}\n'
    for day in range(1, 8):
        Path(place.backup(f"2026010{day}T000000Z")).mkdir()
    Path(f"{place.backups}-mine").mkdir()
    assert sh(sync_commands.tidy(place.record, place.backups, 5)).returncode == 0
    left = sorted(path.name[-16:] for path in Path(place.directory).parent.glob(".dhcptui-backup*"))
    assert not Path(place.record).exists()
    assert [name for name in left if name.endswith("Z")] == [f"2026010{day}T000000Z" for day in range(3, 8)]
    assert Path(f"{place.backups}-mine").exists()


# --- a delayed restart ---


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A private PATH with what the script needs, and nothing else.

    Scripts that call the real programs, never links to them: as root a write through a link would hit the real one.
    """
    for name in ("uname", "tail", "cat", "date", "sed", "rm", "grep", "id", "awk", "head", "tr", "ls"):
        fake(tmp_path, name, f'exec {shutil.which(name)} "$@"')
    return tmp_path


def fake(tools: Path, name: str, script: str) -> None:
    """A program on the private PATH."""
    place = tools / name
    assert not place.is_symlink()
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)


def later(tools: Path, seconds: int, systemd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Schedule `restart 'it now'`."""
    command = delayed_commands.start_later(
        str(tools),
        start_body("anna@ws1"),
        ("restart", "it now"),
        seconds,
        systemd=str(systemd or tools / "nowhere"),
        crontabs=f"{tools}/nothing {tools}/crontab*",
    )
    return sh(command, PATH=str(tools))


def test_systemd_run_is_preferred(tools: Path) -> None:
    """Where systemd runs, a transient timer with the exact words."""
    fake(tools, "systemd-run", f"printf '%s|' \"$@\" >{tools}/said; echo Running timer >&2")
    fake(tools, "at", "exit 9")
    done = later(tools, 300, tools)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"systemd dhcptui-start-")
    said = (tools / "said").read_text().split("|")
    assert said[0] == "--on-active=300"
    assert said[1] == "--timer-property=AccuracySec=1s"
    assert said[2].startswith("--unit=dhcptui-start-")
    assert said[3:6] == ["--", "/bin/sh", "-c"]
    assert said[8:] == [f"{tools}/{START}", "restart", "it now", ""]
    found = scheduled_there(tools)
    assert found.latest - found.earliest <= 2
    assert found.earliest - found.since == 300


@pytest.mark.parametrize(
    "times", [(1200, 60, 1), (1201, 60, 2), (1259, 60, 2), (1259, 61, 2), (1200, 61, 2), (1205, 55, 1), (1205, 56, 2)]
)
@pytest.mark.parametrize(("system", "window"), [("Linux", 60), ("FreeBSD", 300)])
def test_at_is_never_early(tools: Path, times: tuple[int, int, int], system: str, window: int) -> None:
    """`at` cuts the seconds of now: the next whole minute is taken; what its daemon keeps is said, and no more."""
    now, seconds, minutes = times
    fake(tools, "systemd-run", "exit 9")
    fake(tools, "pgrep", "exit 0")
    fake(tools, "date", f"echo {now}")
    (tools / "crontab").write_text("*/5 * * * * root /usr/libexec/atrun\n")
    fake(tools, "uname", f"echo {system}")
    fake(tools, "at", f"echo \"$@\" >{tools}/said; cat >>{tools}/said; echo 'job 7 at noon' >&2")
    done = later(tools, seconds)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"at 7\n"
    assert (tools / "said").read_text() == f"now + {minutes} minutes\nrm -f -- {tools}/{START}; restart 'it now'\n"
    found = scheduled_there(tools)
    assert found.earliest == now - now % 60 + 60 * minutes
    assert now + seconds <= found.earliest < now + seconds + 60
    assert found.latest == found.earliest + window
    assert (found.by, found.job) == ("anna@ws1", "at 7")


def scheduled_there(tools: Path) -> DelayedStart:
    """What the file beside the lease file says."""
    found = parse_start((tools / START).read_text())
    assert found is not None
    return found


def test_a_second_start_is_not_scheduled_over_the_first(tools: Path) -> None:
    """The file is made and never replaced, and no job is made without it."""
    fake(tools, "pgrep", "exit 0")
    fake(tools, "at", f"cat >/dev/null; echo job >>{tools}/said; echo 'job 7 at noon' >&2")
    assert later(tools, 60).returncode == 0
    again = later(tools, 60)
    assert (again.returncode, again.stderr) == (1, b"a start is scheduled there already\n")
    assert (tools / "said").read_text() == "job\n"


def test_a_start_is_cancelled_only_by_its_own_job(tools: Path) -> None:
    """A file that names somebody else's job takes nothing off."""
    fake(tools, "pgrep", "exit 0")
    fake(tools, "at", "if [ $1 = -c ]; then echo 'rm -rf /'; else cat >/dev/null; echo 'job 7 at noon' >&2; fi")
    fake(tools, "atq", "printf '7\\tnoon a root\\n'")
    fake(tools, "atrm", f"echo $1 >{tools}/removed")
    assert later(tools, 60).returncode == 0
    done = sh(delayed_commands.cancel_start(str(tools)), PATH=str(tools))
    assert (done.returncode, done.stderr) == (1, b"job 7 is not ours\n")
    assert not (tools / "removed").exists()
    assert (tools / START).exists()


BSD_ATQ = "printf 'Date\\t\\t\\t\\tOwner\\t\\tQueue\\tJob#\\nSat Nov 28 19:05:00 UTC 2026\\troot            c\\t7\\n'"
"""FreeBSD's atq: the number stands last."""


def test_a_job_of_freebsd_is_taken_off(tools: Path) -> None:
    """Its atq tells the number last: the job is there, and is removed before its file is."""
    freebsd(tools, "*/5 * * * * root /usr/libexec/atrun")
    fake(tools, "at", f"[ $1 != -c ] || exec cat {tools}/job; cat >{tools}/job; echo 'Job 7 will be executed' >&2")
    fake(tools, "atq", f"[ ! -e {tools}/job ] || {BSD_ATQ}")
    assert later(tools, 60).returncode == 0
    assert _job_there(tools) == "there"
    fake(tools, "atrm", "exit 0")
    done = sh(delayed_commands.cancel_start(str(tools)), PATH=str(tools))
    assert (done.returncode, done.stderr) == (1, b"job 7 is still there\n")
    fake(tools, "atrm", f"rm {tools}/job")
    done = sh(delayed_commands.cancel_start(str(tools)), PATH=str(tools))
    assert (done.returncode, done.stdout) == (0, b"at 7\n"), done.stderr
    assert not (tools / START).exists()


def _job_there(tools: Path) -> str:
    """What the look at our files says of the job: there, gone, or nothing."""
    done = sh(commands.read_marks(str(tools)), PATH=str(tools))
    line = next(line for line in done.stdout.decode().splitlines() if line.startswith(START))
    return "".join(line.split()[2:])


def freebsd(tools: Path, crontab: str) -> None:
    """A FreeBSD, with that line in cron's files."""
    fake(tools, "uname", "echo FreeBSD")
    (tools / "crontab").write_text(f"# /usr/libexec/atrun is told of here\n{crontab}\n")


@pytest.mark.parametrize("crontab", ["", "#*/5 * * * * root /usr/libexec/atrun"])
def test_at_of_bsd_without_atrun(tools: Path, crontab: str) -> None:
    """cron runs the jobs of a BSD's `at`: where its files name no atrun, as pfSense's, none would ever begin."""
    freebsd(tools, crontab)
    fake(tools, "at", f"cat >{tools}/job; echo 'Job 7 will be executed' >&2")
    done = later(tools, 300)
    assert done.returncode == 1
    assert b"nothing runs its jobs: cron's files name no atrun" in done.stderr
    assert not (tools / "job").exists()


def test_at_without_its_daemon(tools: Path) -> None:
    """A job that nothing would ever run is refused."""
    fake(tools, "at", "exit 0")
    fake(tools, "pgrep", "exit 1")
    done = later(tools, 300)
    assert done.returncode == 1
    assert b"atd does not run" in done.stderr


def test_neither_is_there(tools: Path) -> None:
    """An error that names both."""
    done = later(tools, 300)
    assert done.returncode == 1
    assert b"neither systemd-run" in done.stderr


def test_a_failing_tool_is_an_error(tools: Path) -> None:
    """What the tool says comes through."""
    fake(tools, "systemd-run", "echo Access denied >&2; exit 1")
    done = later(tools, 300, tools)
    assert (done.returncode, done.stderr) == (1, b"Access denied\n")


def test_an_ordinary_account_falls_back_to_at(tools: Path) -> None:
    """Where systemd lets only root make timers, `at` takes the job."""
    fake(tools, "systemd-run", "echo Access denied >&2; exit 1")
    fake(tools, "pgrep", "exit 0")
    fake(tools, "at", "cat >/dev/null; echo 'job 7 at noon' >&2")
    done = later(tools, 60, tools)
    assert (done.returncode, done.stdout) == (0, b"at 7\n")
