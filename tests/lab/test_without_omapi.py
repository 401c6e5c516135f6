"""OMAPI off, refused or hung: the state that the server wrote down, with source and age, and never as the present."""

from __future__ import annotations

import time

import pytest

from dhcptui.model.leases import Outcome
from dhcptui.model.role import Role
from dhcptui.model.snapshot import RecordedState, ServerView
from dhcptui.model.states import FailoverState
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab
from tests.lab.test_past import dhcptui

pytestmark = [pytest.mark.lab, pytest.mark.second_try("a state that was written down must be shown within seconds")]
P, Q = Role.PRIMARY, Role.SECONDARY
S = FailoverState


def recorded(driver: Driver, role: Role) -> RecordedState:
    """What is recorded now."""
    seen = driver.engine.snapshot()[role].recorded
    assert seen is not None
    return seen.value


def has(view: ServerView, state: FailoverState) -> bool:
    """Whether this state is on record, read lately."""
    return view.recorded is not None and view.recorded.value.state is state


def drop_omapi(lab: Lab, role: Role) -> None:
    """Take omapi-port out of a server's configuration and restart it."""
    server = lab.servers[role.value]
    conf = server.etc / "shared/master.conf"
    conf.write_text("".join(line for line in conf.read_text().splitlines(True) if not line.startswith("omapi-port")))
    server.restart()


def test_no_omapi_port() -> None:
    """The state follows the lease file and the log; JSON keeps saying null."""
    with Lab(mclt=20, key_algorithm="hmac-sha256") as lab:
        lab.wait_settled()
        drop_omapi(lab, Q)
        lab.wait_states("normal", None)
        with driving(lab) as driver:
            driver.until(lambda: has(driver.engine.snapshot().secondary, S.NORMAL), 10, "recorded: normal")
            found = recorded(driver, Q)
            assert found.partner_state is S.NORMAL
            assert found.source in {"lease file", "log"}
            assert found.written
            assert abs(found.written - time.time()) < 60
            assert driver.engine.snapshot().primary.recorded is None
            lab.primary.kill()
            driver.until(
                lambda: has(driver.engine.snapshot().secondary, S.COMMUNICATIONS_INTERRUPTED), 10, "the change is seen"
            )
            answer = driver.engine.look_up("10.0.0.150").result(10)
            assert answer.outcome is Outcome.NO_ANSWER
            lab.primary.start()
            driver.until(lambda: driver.word(P) == "normal", 30, "the pair is healthy again")
        done = dhcptui(lab, "status", "--config", str(lab.write_config()))
        assert "said normal since" in done.stdout
        assert '"state": null' in dhcptui(lab, "status", "--json", "--config", str(lab.write_config())).stdout


def test_wrong_key(lab: Lab) -> None:
    """A wrong secret: the record is read, and `status` stays fast."""
    lab.wait_settled()
    wrong = lab.dir / "wrong.key"
    wrong.write_text("d3JvbmcgLSB3cm9uZyAtIHdyb25nIC0gd3Jvbmc=\n")
    key = {"name": "omapi", "algorithm": "hmac-sha256", "secret_file": str(wrong)}
    config = str(lab.write_config(omapi_key=key))
    began = time.monotonic()
    done = dhcptui(lab, "status", "--config", config)
    assert time.monotonic() - began < 5
    assert done.returncode == 3
    assert done.stdout.count("its lease file said normal since") == 2
    assert done.stdout.count("(<1 min ago)") == 2


def test_a_hung_dhcpd() -> None:
    """SIGSTOP: nothing is answered; the last record stands, as the past."""
    with Lab(mclt=20, key_algorithm="hmac-sha256") as lab:
        lab.wait_settled()
        with driving(lab) as driver:
            driver.settled()
            assert driver.engine.snapshot().secondary.recorded is None
            lab.secondary.pause()
            try:
                driver.until(lambda: has(driver.engine.snapshot().secondary, S.NORMAL), 12, "recorded: normal")
                assert driver.word(Q) == "does not answer"
                done = dhcptui(lab, "status", "--config", str(lab.write_config()))
                assert done.returncode == 1
                assert "said normal since" in done.stdout
            finally:
                lab.secondary.resume()


def test_a_firewalled_port_and_an_unreadable_lease_file(lab: Lab) -> None:
    """Direct transport, port dropped, and no lease file where it is said to be: the log tells, and why is told."""
    lab.wait_settled()
    lab.cut("operator", "secondary", port=7911)
    with driving(lab, omapi_transport="direct", secondary={"leases": "/var/lib/dhcp/elsewhere"}) as driver:
        driver.until(lambda: has(driver.engine.snapshot().secondary, S.NORMAL), 20, "recorded: normal")
        assert recorded(driver, Q).source == "log"
        assert driver.word(P) == "normal"


def test_a_big_lease_file_is_not_read_again_and_again() -> None:
    """40 MB of leases behind the last record: found, and then only what is new is read."""
    with Lab(mclt=20, key_algorithm="hmac-sha256") as lab:
        lab.wait_settled()
        lab.secondary.kill()
        filler = b"lease 10.0.0.250 {\n  starts 4 2026/08/20 11:52:11;\n  binding state free;\n}\n"
        with lab.secondary.leases.open("ab") as file:
            file.write(filler * (40 * 1024 * 1024 // len(filler)))
        with driving(lab) as driver:
            took = driver.until(lambda: has(driver.engine.snapshot().secondary, S.NORMAL), 15, "recorded: normal")
            assert took < 6
            first = driver.engine.snapshot().secondary.recorded
            driver.until(lambda: driver.engine.snapshot().secondary.recorded is not first, 10, "read again")
            assert has(driver.engine.snapshot().secondary, S.NORMAL)
