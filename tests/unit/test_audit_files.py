"""The audit log over many files: nothing is lost, whoever writes or reads at the moment of a rotation."""

from __future__ import annotations

import multiprocessing
import stat
import threading
from pathlib import Path

import pytest

from dhcptui.act import audit_files
from dhcptui.act.audit import AuditLog
from dhcptui.act.interrupted_runs import look_back
from dhcptui.cli.main import main
from tests.unit.test_audit import begun, run_log

SMALL = 2000
WRITERS, EACH = 4, 150


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditLog:
    """A log whose files are full after some lines, with room for very many files."""
    monkeypatch.setattr(audit_files, "MOST_BYTES", SMALL)
    monkeypatch.setattr(audit_files, "KEPT", 2000)
    return AuditLog(tmp_path / "audit.jsonl")


def texts(log: AuditLog) -> list[str]:
    """What the readers read, in order."""
    return [record["text"] for record in log.records()]


def write(log: AuditLog, name: str, count: int) -> None:
    """Numbered lines."""
    hand = run_log(log)
    for number in range(count):
        hand.outcome("dhcp1", f"{name} {number}", True)


def test_a_full_file_is_renamed_and_read_on(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, each file private and not much larger than a full one; the oldest go."""
    write(log, "line", 60)
    assert texts(log) == [f"line {number}" for number in range(60)]
    files = list(log.path.parent.iterdir())
    assert len(files) > 5
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert max(file.stat().st_size for file in files) < SMALL + 500
    monkeypatch.setattr(audit_files, "KEPT", 3)
    for file in files:
        if file != log.path:
            file.unlink()
    write(log, "more", 200)
    assert sorted(file.name for file in log.path.parent.iterdir()) == [
        "audit.jsonl",
        *(f"audit.jsonl.{n}" for n in (1, 2, 3)),
    ]
    left = texts(log)
    assert left == [f"more {number}" for number in range(200)][-len(left) :]
    assert len(left) > 20


def test_consoles_that_write_at_once_lose_nothing(log: AuditLog) -> None:
    """Each line of each of them stands in the files exactly once, and each one's own lines are in its order."""
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write, args=(log, f"w{number}", EACH)) for number in range(WRITERS)]
    for each in writers:
        each.start()
    for each in writers:
        each.join(120)
        assert each.exitcode == 0
    kept = texts(log)
    assert sorted(kept) == sorted(f"w{number} {line}" for number in range(WRITERS) for line in range(EACH))
    # It was renamed in the midst, how often is chance: who meets another one renaming writes on, into a larger file.
    assert len(list(log.path.parent.iterdir())) > 2


def test_a_reader_in_the_midst_of_it_misses_nothing(log: AuditLog) -> None:
    """Whatever it reads is a beginning without a gap, at least as long as what was written before it began."""
    ended = threading.Event()

    def writing() -> None:
        write(log, "line", 300)
        ended.set()

    thread = threading.Thread(target=writing)
    thread.start()
    known = 0
    while not ended.is_set():
        read = texts(log)
        assert read == [f"line {number}" for number in range(len(read))]
        assert len(read) >= known
        known = len(read)
    thread.join()
    assert len(texts(log)) == 300


def test_the_end_is_read_over_files(log: AuditLog) -> None:
    """So many bytes from the end, whole lines only, from as many files as it takes."""
    write(log, "line", 60)
    found = list(audit_files.lines(log.path, 3 * SMALL, 2000))
    whole = list(audit_files.lines(log.path, None, 2000))
    assert found == whole[-len(found) :]
    assert 3 * SMALL - 400 < sum(map(len, found)) <= 3 * SMALL


def test_an_interrupted_run_is_found_over_a_rotation(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its beginning stands in an older file than what came last."""
    monkeypatch.setattr(audit_files, "MOST_BYTES", 100_000)
    run = begun(log, gone=True)
    monkeypatch.setattr(audit_files, "MOST_BYTES", SMALL)
    write(log, "other", 30)
    assert "other 29" in log.path.read_text()
    assert run.run not in log.path.read_text()
    found = look_back(log, "office")[0]
    assert found is not None
    assert found.run == run.run


def test_what_cannot_be_renamed_grows(log: AuditLog) -> None:
    """A link, which somebody has put there, stays one; nothing is lost."""
    log.path.symlink_to(log.path.parent / "elsewhere")
    write(log, "line", 60)
    assert log.path.is_symlink()
    assert len(texts(log)) == 60


def test_the_command_line_reads_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`dhcptui audit` prints what stands in the older files too."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(audit_files, "MOST_BYTES", SMALL)
    write(AuditLog(), "line", 30)
    assert len(list((tmp_path / "dhcptui").iterdir())) > 2
    assert main(["audit"]) == 0
    assert capsys.readouterr().out.count("line ") == 30
