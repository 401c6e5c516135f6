"""Faults of the network: cuts between the console and a server, and between the two servers."""

from __future__ import annotations

from tests.lab.faults.row import Deed, Fault, Group
from tests.lab.faults.scene import Scene


def _cut(a: str, b: str, port: int | None = None, one_way: bool = False) -> Deed:
    return lambda scene: scene.lab.cut(a, b, port, one_way)


def _heal(scene: Scene) -> None:
    scene.lab.heal()


def _off(scene: Scene) -> None:
    """The console's own network is gone."""
    scene.lab.cut("operator", "primary")
    scene.lab.cut("operator", "secondary")


SILENT = ("^dhcp2 is (does not answer|unreachable)$", "^dhcp2 was normal$", "^warning: dhcp1 serves.*dhcp2 ")
GONE = ("^dhcp2 is unreachable$", "^dhcp2 was normal$", "^dhcp2 ssh failed", "^dhcp2 log failed")
MUTE = ("dhcp2 omapi", "dhcp2 ssh", "dhcp2 log")

LINK = Group(
    "network",
    (
        Fault("cut both ways for a moment", _cut("operator", "secondary"), _heal, SILENT, 4, MUTE, hold=4),
        Fault("cut one way, from the server", _cut("secondary", "operator", one_way=True), _heal, SILENT, 4, MUTE),
        Fault("cut one way, to the server", _cut("operator", "secondary", one_way=True), _heal, SILENT, 4, MUTE),
        Fault("SSH port cut", _cut("operator", "secondary", port=22), _heal, SILENT, 4, MUTE, hold=9),
        Fault("the console's own network cut", _off, _heal,
              ("^(critical|unknown): .*dhcp1.*dhcp2", "^dhcp1 was normal$", "^dhcp2 was normal$"), 4,
              ("dhcp1 omapi", "dhcp1 ssh", "dhcp1 log", *MUTE), hold=9),
    ),
)  # fmt: skip

LOST = Group(
    "lost",
    (
        Fault("cut both ways until the session is lost", _cut("operator", "secondary"), _heal,
              (*GONE, "^dhcp2 ssh failed .*(was lost|did not answer within)"), 32, MUTE, back=30),
    ),
)  # fmt: skip

DIRECT = Group(
    "direct",
    (
        Fault("OMAPI port cut", _cut("operator", "secondary", port=7911), _heal,
              ("^warning: dhcp1 serves; dhcp2 does not tell its state", "^dhcp2 omapi failed no answer", "^dhcp2 ssh ok", "^dhcp2 process 1$"),
              6, ("dhcp2 omapi",), hold=3, back=30),
    ),
    console={"omapi_transport": "direct"},
)  # fmt: skip

FAILOVER = Group(
    "failover",
    (
        Fault("failover port cut", _cut("primary", "secondary", port=520), _heal,
              ("^warning: both servers serve, but out of contact", "^dhcp1 is communications-interrupted$",
               "^dhcp2 is communications-interrupted$", "^incident I-7$"), 20, back=60),
    ),
    lab={"max_response_delay": 3},
)  # fmt: skip
