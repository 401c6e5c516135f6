"""Files of the operator's that others could have written: not used, and it is said why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dhcptui.config.loading import ConfigError, load
from dhcptui.config.ownership import distrust
from dhcptui.config.settings import OmapiKey
from dhcptui.servers.ssh.errors import SshSetupError
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.target import SshTarget

CONFIG = '[pairs.office.primary]\nhost = "a"\n[pairs.office.secondary]\nhost = "b"\n'
STRANGER = 65534


def made(path: Path, text: str, mode: int) -> Path:
    """A file."""
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o666, 0o646, 0o602])
def test_a_configuration_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    """It names commands that run as root on two servers."""
    path = made(tmp_path / "config.toml", CONFIG, mode)
    with pytest.raises(ConfigError, match=r"others may write it \(mode 0\d{3}\): chmod go-w"):
        load(path)
    path.chmod(0o644)
    assert load(path).pairs


def test_a_secret_that_others_may_write(tmp_path: Path) -> None:
    """Whoever may write it could keep us out, or sign with it."""
    secret = made(tmp_path / "omapi.key", "c2VjcmV0\n", 0o646)
    with pytest.raises(ConfigError, match="others may write it"):
        OmapiKey("omapi", "hmac-sha256", secret).read_secret()
    secret.chmod(0o600)
    assert OmapiKey("omapi", "hmac-sha256", secret).read_secret() == b"c2VjcmV0"


async def test_an_identity_that_others_may_read_logs_in_nowhere(tmp_path: Path) -> None:
    """As with ssh: it says so before it connects."""
    key = made(tmp_path / "id", "not looked at", 0o644)
    with pytest.raises(SshSetupError, match="others may read it"):
        await SshSession.connect(SshTarget("127.0.0.1", 9, "x", key))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_somebody_elses_file(tmp_path: Path) -> None:
    """Whoever owns a file may write it, whatever its mode says."""
    path = made(tmp_path / "config.toml", CONFIG, 0o600)
    os.chown(path, STRANGER, STRANGER)
    with pytest.raises(ConfigError, match="belongs to another account"):
        load(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_group_of_one_account_is_no_stranger(tmp_path: Path) -> None:
    """A umask of 002 is usual where each account has a group of its own; a shared group is somebody else."""
    path = made(tmp_path / "f", "", 0o664)
    assert not distrust(path)  # root's own group
    os.chown(path, 0, 12)
    assert "others may write it" in distrust(path)
    assert not distrust(tmp_path / "not there")
