"""A real pair to play with: `make lab`, or `python -m tests.lab [--mclt N] [--key ALGORITHM|none]` as root."""

from __future__ import annotations

import argparse
import os
import selectors
import shlex
import signal
import sys
from contextlib import suppress
from pathlib import Path

from .pair import Lab, requirements

HELP = """
the pair       {states}; mclt {mclt} s, {key}
the console    sudo {console}

a server       sudo {primary}      (dhcp2: {second})
  in it        pkill -KILL dhcpd | pkill -STOP dhcpd | /etc/dhcp/restart-dhcpd [stop] | tail -f /var/log/dhcpd.log
over ssh       sudo {ssh}
no failover    sudo {cut}
  again        sudo {heal}
a DHCP client  sudo {client}
files          {directory}/primary, {directory}/secondary
"""


def main() -> int:
    """Bring a pair up, say how to use it, take it down on Ctrl-C, SIGTERM or end of input."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("--mclt", type=int, default=60, metavar="SECONDS")
    parser.add_argument("--key", default="hmac-sha256", metavar="ALGORITHM", help="hmac-md5, hmac-sha256, ... or none")
    given = parser.parse_args()
    if missing := requirements():
        print("no lab here:", *missing, sep="\n  ", file=sys.stderr)
        return 1
    wake = _on_signals()  # before the lab: from here on a signal takes it down in order
    with Lab(mclt=given.mclt, key_algorithm=None if given.key == "none" else given.key) as lab:
        lab.wait_states()
        print(describe(lab), flush=True)
        print("Ctrl-C takes it all down.", flush=True)
        _wait(wake)
    return 0


def describe(lab: Lab) -> str:
    """The commands for a second terminal."""
    console = lab.operator_argv(str(Path(sys.prefix) / "bin/dhcptui"), "--config", str(lab.write_config()))
    netns = ["ip", "netns", "exec", lab.secondary.space, "iptables"]
    drop = [
        *netns,
        "-A",
        "INPUT",
        "-p",
        "tcp",
        "-m",
        "multiport",
        "--ports",
        str(lab.settings.failover_port),
        "-j",
        "DROP",
    ]
    client = ["ip", "netns", "exec", f"{lab.name}-client", "dhclient", "-1", "-d", "-sf", "/bin/true"]
    client += ["-lf", f"{lab.dir}/dhclient.leases", "-pf", f"{lab.dir}/dhclient.pid", "eth0"]
    return HELP.format(
        states=" and ".join(lab.states().values()),
        mclt=lab.settings.mclt,
        key=f"omapi-key {lab.key.algorithm}" if lab.key else "no omapi-key",
        console=shlex.join(console),
        primary=shlex.join(lab.primary.inside_argv("bash")),
        second=shlex.join(lab.secondary.inside_argv("bash")[:3]),
        ssh=shlex.join(lab.ssh_argv("primary")),
        cut=shlex.join(drop),
        heal=shlex.join([*netns, "-F"]),
        client=shlex.join(client),
        directory=lab.dir,
    )


def _on_signals() -> int:
    """A pipe that becomes readable on SIGINT or SIGTERM: nothing is interrupted half-way."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(write)
    return read


def _wait(wake: int) -> None:
    """Until a signal, or the end of standard input."""
    with selectors.DefaultSelector() as selector:
        selector.register(wake, selectors.EVENT_READ)
        with suppress(OSError):  # epoll refuses a plain file or /dev/null as input: then only a signal ends it
            selector.register(0, selectors.EVENT_READ)
        while not any(key.fd == wake or not os.read(0, 4096) for key, _ in selector.select()):
            pass


if __name__ == "__main__":
    sys.exit(main())
