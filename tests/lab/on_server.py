"""The program on one of the lab's servers: in its namespaces, with its files, its processes and nothing of the operator's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from tests.lab.pair import Lab
from tests.lab.server import OWN, Server, plain_python

ROOT = Path(__file__).parents[2]
HOME = "/run/console"
LOCAL = {"host": "localhost", "port": None, "user": None, "identity": None, "known_hosts": None}


class PlainServer(Server):
    """Where the console runs there is the machine's own /root, in which the interpreter may lie."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if self.role == "primary":
            self.own = tuple(path for path in OWN if path != "/root")


class PlainLab(Lab):
    """Two of them; a cut link is noticed within seconds."""

    server_class = PlainServer

    def __init__(self, **more: Any) -> None:
        super().__init__(**{"mclt": 10, "max_response_delay": 3, "key_algorithm": "hmac-sha256", **more})


class Console:
    """dhcptui on the primary, which it calls localhost; it reaches the secondary over SSH."""

    def __init__(self, lab: Lab, account: str = "root", **overrides: Any) -> None:
        self.lab, self.server, self.account = lab, lab.primary, account
        self.home = lab.primary.root / HOME.lstrip("/")
        self.home.mkdir(mode=0o700)
        for name in ("id_ed25519", "known_hosts", "omapi.key"):
            shutil.copy(lab.dir / name, self.home / name)
        key = {
            "name": lab.settings.key_name,
            "algorithm": lab.settings.key_algorithm,
            "secret_file": f"{HOME}/omapi.key",
        }
        login = {"identity": f"{HOME}/id_ed25519", "known_hosts": f"{HOME}/known_hosts"}
        secondary = login | overrides.pop("secondary", {})
        lab.write_config(self.home / "config.toml", omapi_key=key, primary=LOCAL, secondary=secondary, **overrides)
        for path in (self.home, *self.home.iterdir()):
            shutil.chown(path, account)

    def argv(self, *words: str) -> list[str]:
        """The command line of the program there, from outside."""
        python, become, path = sys.executable, list[str](), str(ROOT)
        if self.account != "root":  # it may not look into /root
            python = plain_python()
            become = ["setpriv", f"--reuid={self.account}", "--clear-groups"]
            path += f":{sysconfig.get_path('purelib')}"
        env = ["env", f"HOME={HOME}", f"XDG_STATE_HOME={HOME}/state", f"PYTHONPATH={path}"]
        program = [python, "-W", "error", "-m", "dhcptui", "--config", f"{HOME}/config.toml"]
        return self.server.inside_argv(*become, *env, *program, *words)

    def run(self, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run it to its end; there is never a traceback."""
        done = subprocess.run(self.argv(*words), capture_output=True, text=True, timeout=timeout, check=False)
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return done

    def json(self, *words: str) -> Any:
        """What it prints with --json."""
        done = self.run(*words, "--json")
        return json.loads(done.stdout)

    def verified(self, action: str, *words: str) -> str:
        """`dhcptui do`, verified; returns what it printed."""
        done = self.run("do", action, "office", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def processes(self) -> dict[int, str]:
        """What runs on the server beside dhcpd, sshd and the first process: pid and arguments."""
        lines = self.server.run("ps", "-A", "-ww", "-o", "pid=,args=").stdout.splitlines()
        found = {int(line.split()[0]): line.split(None, 1)[1] for line in lines}
        others = ("ps -A -ww", "sshd:", "/usr/sbin/sshd", "/usr/sbin/dhcpd", "bash ")
        return {pid: args for pid, args in found.items() if not args.startswith(others) and "stamper.py" not in args}
