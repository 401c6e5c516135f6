"""Faults of dhcpd itself: killed, ended, held, restarted again and again."""

from __future__ import annotations

import threading

from tests.lab.faults.row import Deed, Fault, Group
from tests.lab.faults.scene import Scene


def _both(action: str) -> Deed:
    def deed(scene: Scene) -> None:
        for server in (scene.secondary, scene.primary):
            getattr(server, action)()

    return deed


def _crash(scene: Scene) -> None:
    """dhcpd comes up and dies again, until it is cured."""
    stop = threading.Event()

    def loop() -> None:
        while not stop.is_set():
            scene.secondary.kill()
            stop.wait(1.0)
            scene.secondary.restart()
            stop.wait(1.0)

    thread = threading.Thread(target=loop, name="crash loop")
    thread.start()
    scene.kept["crash"] = stop, thread
    scene.kept["dies"] = scene.secondary.log_text().count("Server starting service")


def _crash_ends(scene: Scene) -> None:
    stop, thread = scene.kept.pop("crash")
    stop.set()
    thread.join()


def _pause_for_three_seconds(scene: Scene) -> None:
    scene.secondary.pause()
    timer = threading.Timer(3.0, scene.secondary.resume)
    timer.name = "goes on"
    timer.start()
    scene.kept["timer"] = timer


DOWN = ("^dhcp2 is dhcpd not running$", "^dhcp2 process 0$", "^dhcp2 was normal$")
ALONE = (r"^warning: dhcp1 serves from its own half, short leases; dhcp2 is down", "^dhcp1 is communications-interr")

GROUP = Group(
    "dhcpd",
    (
        Fault("dhcpd killed", lambda s: s.secondary.kill(), lambda s: s.secondary.start(),
              (*DOWN, *ALONE, "^dhcp2 omapi failed"), 5, ("dhcp2 omapi",), hold=3),
        Fault("dhcpd ended", lambda s: s.secondary.terminate(), lambda s: s.secondary.start(),
              (*DOWN, *ALONE), 5, ("dhcp2 omapi",)),
        Fault("dhcpd held", lambda s: s.secondary.pause(), lambda s: s.secondary.resume(),
              ("^warning: dhcp1 serves.*dhcp2 is stopped", "^dhcp2 is does not answer$", "^dhcp2 process 1 stopped$"),
              6, ("dhcp2 omapi",), hold=6),
        Fault("dhcpd slow for three seconds", _pause_for_three_seconds, lambda s: s.kept.pop("timer").join(),
              ("^dhcp2 is does not answer$", "^dhcp2 was normal$"), 2.9),
        Fault("crash loop", _crash, _crash_ends, (*DOWN, *ALONE), 6, hold=6),
        Fault("both killed", _both("kill"), _both("start"),
              ("^critical: nobody serves: dhcp1 is down.* and dhcp2 is down",
               "^dhcp1 is dhcpd not running$", "^dhcp2 is dhcpd not running$"),
              5, ("dhcp1 omapi", "dhcp2 omapi")),
    ),
)  # fmt: skip
