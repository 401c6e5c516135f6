"""The log of a real server is rotated while the console has lost it: nothing of it is lost, or what may be is said."""

from __future__ import annotations

import pytest

from dhcptui.model.log_line import LineKind
from dhcptui.model.role import Role
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab

pytestmark = [pytest.mark.lab, pytest.mark.second_try("the console must be back within its deadline")]
P = Role.PRIMARY
INTERRUPTED = "I move from normal to communications-interrupted"
BACK = "I move from communications-interrupted to normal"


def told(driver: Driver, words: str) -> list[str]:
    """The primary's lines with these words, as the log pane gets them."""
    return [line.text for line in driver.logs[P] if words in line.text]


@pytest.mark.parametrize("kept", [True, False], ids=["renamed", "emptied"])
def test_rotated_while_away(lab: Lab, kept: bool) -> None:
    """The partner crashes and returns while nobody looks; the log is rotated in between."""
    log = lab.primary.log_file
    with driving(lab) as driver:
        driver.settled()
        driver.until(lambda: bool(told(driver, "Both servers normal")), 10, "the log of before")
        lab.primary.stop_sshd()
        lab.secondary.kill()
        lab.wait_states(primary="communications-interrupted", secondary=None, timeout=10)
        driver.until(lambda: INTERRUPTED in lab.primary.log_text(), 10, "the line that is lost")
        if kept:
            log.rename(log.with_suffix(".log.1"))
            log.touch()
        else:
            log.write_bytes(b"")
        lab.secondary.start()
        lab.wait_states(timeout=30)
        lab.primary.start_sshd()
        driver.until(lambda: bool(told(driver, BACK)), 40, "what was logged after the rotation")
        gaps = [line for line in driver.logs[P] if "may be missing" in line.text]
        assert len(told(driver, INTERRUPTED)) == (1 if kept else 0)
        assert [line.kind for line in gaps] == ([] if kept else [LineKind.WARNING])
        if gaps:
            texts = [line.text for line in driver.logs[P]]
            assert texts.index(gaps[0].text) < texts.index(told(driver, BACK)[0])
            assert "lines between " in gaps[0].text
