"""What only the practice pair has: it leaves nothing behind, can be faster, keeps a record of service, has clients."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd.server import Dhcpd
from dhcptui.practice.pair import PracticeError
from tests.contract.subject import CI, Subject
from tests.practice.pair import WatchedPair

pytestmark = pytest.mark.second_try("the practice pair's timers are held against a clock")

HANDLES = Path("/proc/self/fd")


def wait_for(holds: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether it holds within that time."""
    deadline = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return held


@pytest.mark.skipif(not HANDLES.exists(), reason="needs /proc")
def test_nothing_is_left() -> None:
    """No thread, no open file or socket, no directory; stop() twice is fine."""
    with WatchedPair() as first:
        first.wait_settled()
    threads, handles = threading.active_count(), len(list(HANDLES.iterdir()))
    pair = WatchedPair()
    pair.start()
    pair.wait_settled()
    pair.clients.surge(5)
    Subject(pair, 1.0).state("primary")
    pair.secondary.kill()
    pair.secondary.start()
    pair.stop()
    pair.stop()
    assert threading.active_count() == threads
    assert wait_for(lambda: len(list(HANDLES.iterdir())) == handles)
    assert not pair.dir.exists()
    with pytest.raises(PracticeError):
        pair.primary.state()


def test_a_directory_that_is_given_stays(tmp_path: Path) -> None:
    """And the files in it."""
    with WatchedPair(tmp_path / "pair") as pair:
        pair.primary.wait_log("Both servers normal")
    assert "Both servers normal" in pair.primary.log_text()
    assert (tmp_path / "pair/primary/etc/dhcp/shared/master.conf").read_bytes() == (
        tmp_path / "pair/secondary/etc/dhcp/shared/master.conf"
    ).read_bytes()


def test_speed_divides_fixed_timers_only() -> None:
    """15 s of startup take a fifth at speed 5; the MCLT wait takes as long as ever."""
    with WatchedPair(mclt=5, speed=5) as pair:
        pair.wait_settled()
        pair.primary.kill()
        pair.secondary.kill()
        began = time.monotonic()
        pair.primary.start()
        pair.wait_states(CI, None, timeout=10)
        assert time.monotonic() - began == pytest.approx(3, abs=0.8)
        pair.secondary.leases.write_text("")
        began = time.monotonic()
        pair.secondary.start()
        pair.wait_states(timeout=15)
        assert time.monotonic() - began == pytest.approx(5, abs=1.3)


def test_record_of_service() -> None:
    """Who answers clients from when on: both, then the survivor alone, nobody, and the survivor again."""
    with WatchedPair(speed=10) as pair:
        pair.wait_settled()
        began = len(pair.service)
        assert pair.service[-1][1] == {"primary", "secondary"}
        pair.secondary.kill()
        pair.primary.pause()
        pair.primary.resume()
        pair.primary.kill()
        pair.primary.start()
        pair.wait_states(CI, None, timeout=10)
        who = [roles for _, roles in pair.service[began:]]
        assert who == [{"primary"}, set(), {"primary"}, set(), {"primary"}]
        moments = [moment for moment, _ in pair.service]
        assert moments == sorted(moments)
        assert moments[-1] - moments[-2] == pytest.approx(1.5, abs=0.4)


def test_a_broken_configuration_does_not_start() -> None:
    """The error carries dhcpd's words, and the server stays down until it is mended."""
    with WatchedPair() as pair:
        pair.wait_settled()
        conf = pair.primary.etc / "dhcpd.conf"
        good = conf.read_text()
        conf.write_text(good.replace("port 520;", "prt 520;", 1))
        with pytest.raises(PracticeError, match="invalid statement in peer declaration"):
            pair.primary.restart()
        assert not pair.primary.is_running()
        assert "Configuration file errors encountered -- exiting" in pair.primary.log_text()
        conf.write_text(good)
        pair.primary.start()
        pair.wait_states(timeout=5)
        pair.primary.kill()
        pair.primary.leases.unlink()
        with pytest.raises(PracticeError, match="Can't open lease database"):
            pair.primary.start()


def test_population() -> None:
    """A surge takes leases from both halves; the counters on both servers agree."""
    with WatchedPair() as pair:
        pair.wait_settled()
        pair.clients.surge(12)
        assert wait_for(lambda: pair.primary.leases.read_text().count("binding state active") >= 12, 20)
        assert "DHCPACK" in pair.primary.log_text()
        assert "DHCPACK" in pair.secondary.log_text()
        pair.clients.rate_per_minute = 600
        count = pair.primary.log_text().count("DHCPDISCOVER")
        assert wait_for(lambda: pair.primary.log_text().count("DHCPDISCOVER") > count + 3)
        assert pair.clients.rate_per_minute == 600


def test_reset() -> None:
    """Clock, cables, files and both servers as on the first day."""
    with WatchedPair(speed=5) as pair:
        pair.wait_settled()
        assert pair.is_untouched()
        pair.cut("primary", "secondary")
        pair.secondary.start(skew_seconds=90)
        assert not pair.is_untouched()
        assert pair.secondary.now() - time.time() == pytest.approx(90, abs=1)
        pair.reset()
        assert pair.is_untouched()
        pair.wait_states(timeout=5)


def test_a_lease_file_that_cannot_be_written() -> None:
    """The move is refused with 26, logged, and taken back."""
    with WatchedPair() as pair:
        pair.wait_settled()
        subject = Subject(pair, 1.0)
        mark = subject.mark()
        dhcpd = pair.machines[Role.PRIMARY].dhcpd
        assert isinstance(dhcpd, Dhcpd)
        pair.run(dhcpd.lease_file.close)
        with pytest.raises(Exception, match="0x1a"):
            subject.write("primary", "shutdown")
        assert subject.words() == ("normal", "normal")
        assert "Unable to record current failover state for foo" in subject.story("primary", mark)
