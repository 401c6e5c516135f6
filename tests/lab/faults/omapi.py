"""Faults of OMAPI: spoiled answers, keys that do not fit, a port that is not there."""

from __future__ import annotations

import base64
import shutil
import time
from pathlib import Path

from tests.lab.faults.row import Deed, Fault, Group
from tests.lab.faults.scene import Scene
from tests.lab.net import LabError
from tests.lab.server import plain_python

PROXY_PORT = 7912
TAMPER = "/etc/dhcp/lab/tamper.py"
MODE = "/etc/dhcp/lab/mode"
OTHER = base64.b64encode(b"not the key of this pair").decode() + "\n"


def _proxy(scene: Scene) -> None:
    """dhcp2's OMAPI passes through the proxy."""
    server = scene.secondary
    shutil.copy(Path(__file__).with_name("tamper.py"), server.etc / "lab/tamper.py")
    (server.etc / "lab/mode").write_text("pass")
    command = f"setsid {plain_python()} -I -S {TAMPER} {PROXY_PORT} 7911 {MODE} </dev/null >/dev/null 2>&1 &"
    server.run("sh", "-c", command)
    deadline = time.monotonic() + 5
    while not server.run("ss", "-Htln", f"sport = :{PROXY_PORT}").stdout:
        if time.monotonic() > deadline:
            raise LabError("the proxy does not listen")
        time.sleep(0.05)


def _mode(mode: str) -> Deed:
    def deed(scene: Scene) -> None:
        fresh = scene.secondary.etc / "lab/mode.new"
        fresh.write_text(mode)
        fresh.replace(scene.secondary.etc / "lab/mode")

    return deed


def _spoiled(name: str, mode: str, said: str, within: float) -> Fault:
    says = (
        r"^warning: dhcp1 serves; dhcp2 ",
        "^dhcp2 is does not answer$",
        f"^dhcp2 omapi failed .*{said}",
        "^dhcp2 ssh ok",
    )
    return Fault(name, _mode(mode), _mode("pass"), says, within, ("dhcp2 omapi",), hold=4, back=25)


SPOILED = Group(
    "omapi",
    (
        _spoiled("half a frame, then silence", "half", "no answer over OMAPI", 5),
        _spoiled("garbage on the OMAPI port", "garbage", "does not speak OMAPI|no answer over OMAPI|greeting", 5),
        _spoiled("an answer for another request", "other", "no answer over OMAPI", 5),
        _spoiled("a very large frame", "huge", "does not speak OMAPI", 5),
        _spoiled("the OMAPI connection closed again and again", "close", "closed", 5),
    ),
    console={"secondary": {"omapi_port": PROXY_PORT}},
    prepare=_proxy,
)  # fmt: skip


def _conf(scene: Scene) -> Path:
    return scene.secondary.etc / "shared/master.conf"


def _without(*words: str) -> Deed:
    """dhcpd of dhcp2 started again without the lines that begin with these words."""

    def deed(scene: Scene) -> None:
        scene.kept["master.conf"] = text = _conf(scene).read_text()
        _conf(scene).write_text("".join(line for line in text.splitlines(True) if not line.startswith(words)))
        scene.secondary.restart()

    return deed


def _key_unknown(scene: Scene) -> None:
    """The key has another name on the server."""
    scene.kept["master.conf"] = text = _conf(scene).read_text()
    _conf(scene).write_text(text.replace("key omapi ", "key other ").replace("omapi-key omapi;", "omapi-key other;"))
    scene.secondary.restart()


def _other_key(scene: Scene) -> None:
    scene.kept["master.conf"] = text = _conf(scene).read_text()
    assert scene.lab.key is not None
    _conf(scene).write_text(text.replace(scene.lab.key.secret, OTHER.strip()))
    scene.secondary.restart()


def _conf_as_before(scene: Scene) -> None:
    _conf(scene).write_text(scene.kept.pop("master.conf"))
    scene.secondary.restart()


def _secret(text: str | None) -> Deed:
    """Another text in the console's file of the secret, or no file. Only a new connection asks for it: dhcp2's."""

    def deed(scene: Scene) -> None:
        path = scene.lab.dir / "omapi.key"
        scene.kept["secret"] = path.read_text()
        if text is None:
            path.unlink()
        else:
            path.write_text(text)
        scene.secondary.restart()

    return deed


def _secret_again(scene: Scene) -> None:
    path = scene.lab.dir / "omapi.key"
    path.touch(0o600)
    path.write_text(scene.kept.pop("secret"))


NO_STATE = ("^dhcp2 is does not answer$", "^dhcp2 ssh ok", "^dhcp2 process 1$", "^dhcp2 recorded ")

KEYS = Group(
    "keys",
    (
        Fault("OMAPI port removed", _without("omapi-port"), _conf_as_before,
              (*NO_STATE, "^dhcp2 omapi failed nothing listens on .*omapi-port"), 10, ("dhcp2 omapi",)),
        Fault("OMAPI key removed", _key_unknown, _conf_as_before,
              (*NO_STATE, "^dhcp2 omapi failed dhcpd has no key called 'omapi'"), 10, ("dhcp2 omapi",)),
        Fault("OMAPI key changed on the server", _other_key, _conf_as_before,
              (*NO_STATE, "^dhcp2 omapi failed key 'omapi' has another secret in dhcpd; .*compare secret_file"), 10, ("dhcp2 omapi",)),
        Fault("OMAPI wrong key", _secret(OTHER), _secret_again,
              (*NO_STATE, "^dhcp2 omapi failed key 'omapi' has another secret in dhcpd; .*compare secret_file"), 10, ("dhcp2 omapi",)),
        Fault("OMAPI secret file gone", _secret(None), _secret_again,
              (*NO_STATE, "^dhcp2 omapi failed .*omapi.key"), 10, ("dhcp2 omapi",)),
    ),
)  # fmt: skip
