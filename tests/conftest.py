"""What all tests share: a clean environment, and the real pair where it can run."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.pair import requirements

LONG = (
    *(f"test_truth_{number}" for number in range(1, 5)),
    *(f"test_cells_{number}" for number in range(1, 7)),
    "test_soak",
    "test_incidents",
    "test_harm",
    "test_sync_restart",
    "test_matrix",
    "test_guards",
    "test_look_alikes",
    "test_rescuing",
    "test_stopping",
    "test_bytes",
    "test_drills",
    "test_pictures",
    "test_booted_commands",
    "test_booted_watching",
    "test_quiet_guest",
)
"""Files that take minutes: they begin first, so that no worker is left alone with one at the end."""
KINDS = ("passed", "failed", "error", "rerun", "skipped", "xfailed", "xpassed")
_homes = itertools.count()
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def pytest_configure() -> None:
    """A run in the background, or under nohup, ignores these signals, and so would every program that a test starts."""
    for number, usual in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
        (signal.SIGQUIT, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip lab tests where two real dhcpd cannot run, with the reason; in CI that is a failure, not a skip.

    A test that is marked `second_try("reason")` is held to a real deadline on a machine that others use too: where it fails it
    is tried once more, and named with the reason at the end. No other test has a second try: it would hide a true fault.
    """
    items.sort(key=lambda item: item.path.stem not in LONG)
    for item in items:
        if mark := item.get_closest_marker("second_try"):
            (reason,) = mark.args
            item.user_properties.append(("second try", reason))
            item.add_marker(pytest.mark.flaky(reruns=1))
    lacking = requirements()
    if not lacking or IN_CI:
        return
    for item in items:
        if item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.skip(reason="no real pair here: " + "; ".join(lacking)))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI a skipped lab test is a failed one."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if IN_CI and report.skipped and item.get_closest_marker("lab") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"a lab test was skipped in CI: {report.longrepr}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write down for the end of `make test` what failed and what was rerun, by name; only once, not in each worker."""
    path = os.environ.get("DHCPTUI_TEST_SUMMARY")
    if not path or hasattr(config, "workerinput"):
        return
    reports = terminalreporter.stats
    names = [f"{kind}: {report.nodeid}" for kind in ("failed", "error") for report in reports.get(kind, ())]
    for report in reports.get("rerun", ()):
        names.append(f"rerun: {report.nodeid} ({dict(report.user_properties).get('second try', 'no reason given')})")
    counts = ", ".join(f"{len(reports[kind])} {kind}" for kind in KINDS if reports.get(kind))
    with Path(path).open("a") as summary:
        summary.writelines(f"  {line}\n" for line in (*names, counts or "no test ran"))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes the configuration, keys or state of whoever runs it."""
    # mktemp would look through thousands of them for the next number.
    home = tmp_path_factory.getbasetemp() / f"home-{next(_homes)}"
    home.mkdir(mode=0o700)
    for name in list(os.environ):
        if name.startswith(("TEXTUAL", "XDG_", "DHCPTUI", "SSH_")) or name in {"NO_COLOR", "COLORTERM"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
