"""lint and init on servers that take long: `--wait` and the second try of a slow login."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhcptui.config.loading import load
from dhcptui.servers.ssh.connect import Patience
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.setup.discover import discover
from dhcptui.setup.logged_in import logged_in
from dhcptui.setup.read import LintError, over_ssh
from dhcptui.watch import survey
from tests.remote.ssh_server import Server, running_server

CONF = """failover peer "foo" {{ {role}; address 127.0.0.1; peer address 127.0.0.2; }}
subnet 10.0.0.0 netmask 255.255.255.0 {{ pool {{ failover peer "foo"; range 10.0.0.100 10.0.0.200; }} }}
"""


def _config(server: Server, tmp_path: Path, login_timeout: int = 20) -> Path:
    """A pair whose two servers are that one, each with a dhcpd.conf of its own."""
    known = server.known_hosts.read_text()
    server.known_hosts.write_text(known + known.replace("[127.0.0.1]", "[localhost]"))
    text = "[pairs.office]\npeer = 'foo'\n"
    for role, host in (("primary", "127.0.0.1"), ("secondary", "localhost")):
        conf = tmp_path / f"{role}.conf"
        conf.write_text(CONF.format(role=role))
        text += f"[pairs.office.{role}]\nname = '{role}'\nhost = '{host}'\nport = {server.port}\n"
        text += f"identity = '{server.identity}'\nknown_hosts = '{server.known_hosts}'\n"
        text += f"dhcpd_conf = '{conf}'\nlogin_timeout = {login_timeout}\n"
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


async def test_lint_waits_as_long_as_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command takes longer than is usual: `--wait` gives it the time, and a short one ends it, and says so."""
    monkeypatch.setattr(survey, "LOOK_SECONDS", 0.5)
    async with running_server(tmp_path, monkeypatch, shell_seconds=0.8) as server:
        pair = load(_config(server, tmp_path)).pair(None)
        with pytest.raises(LintError, match=r"within 0\.5 s"):
            await over_ssh(pair)
        with pytest.raises(LintError, match=r"was not read within 1 s.*--wait"):
            await over_ssh(pair, 1)
        read = await over_ssh(pair, 60)
    assert [len(list(read[role].configuration.named("failover"))) for role in (pair.primary.role, pair.secondary.role)]


async def test_lint_tries_a_slow_login_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the console does: a host that answers has earned more time."""
    async with running_server(tmp_path, monkeypatch, login_seconds=3) as server:
        pair = load(_config(server, tmp_path, login_timeout=2)).pair(None)
        assert await over_ssh(pair)


async def test_init_tries_a_slow_login_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no login_timeout yet: the second try has more time, and it is said."""
    told: list[str] = []
    async with running_server(tmp_path, monkeypatch, login_seconds=2) as server:
        async with logged_in(server.target(login_seconds=1.5), tell=told.append) as way:
            assert 2 <= way.login_seconds < 20
        assert told == ["login takes long there (PAM, DNS?): a second try may take 6 s"]


async def test_init_waits_as_long_as_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--wait` is a limit for all that follows the login."""
    async with running_server(tmp_path, monkeypatch, shell_seconds=0.8) as server:
        with pytest.raises(RemoteError, match="was not read within 1 s"):
            await discover(server.target(), wait=1)


def test_connect_timeout_of_ssh_config_is_the_login_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ConnectTimeout that is longer than login_timeout counts, in every try; `ssh` would wait as long."""
    assert Patience(None, 20).limits(60) == (60, 60)
    assert Patience(None, 40).limits(30) == (30, 40)
    assert Patience(None, 20).limits(None) == (5, 20)
