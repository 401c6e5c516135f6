"""Every remote command line under every login shell: the server gets the very words, whatever shell its account has."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dhcptui.servers.ssh
from dhcptui.servers.ssh import commands, lease_record_commands, lock_files, rescue_commands
from dhcptui.servers.ssh.commands import BEGIN_LINE, OWN_PREFIX, Command

SHELLS = {
    "sh": ["/bin/sh"],
    "dash": ["dash"],
    "bash": ["bash"],
    "busybox": ["busybox", "sh"],
    "mksh": ["mksh"],
    "zsh": ["zsh"],
    "fish": ["fish"],
    "tcsh": ["tcsh"],
    "csh": ["bsd-csh"],
}
HOSTILE = "it's \"two  words\" $HOME `id` $(id) !! !1 wow! 100%s \\n \\\\ \\' {a,b} *[a-z]? ~ =ls ^a^b; # <x>|&\n\tüml\udce4ut\n"
"""Everything that some shell takes for syntax, a byte that is no UTF-8, and a newline at the end."""
DIRECTORY = f"/nowhere/{HOSTILE.rstrip()}"


def builders() -> Iterator[tuple[str, Callable[..., Command]]]:
    """Every public function of servers/ssh that returns a command: a new one is found by itself."""
    package = dhcptui.servers.ssh
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            made_here = function.__module__ == module.name and not name.startswith("_")
            if made_here and function.__annotations__.get("return") == "Command":
                yield f"{module.name.rpartition('.')[2]}.{name}", function


OWN = {"staging", "backup", "backups", "rejected", "record"}
"""Parameters that must be a path of our own, beside what else a builder takes."""
PLAIN = {"words": "systemctl restart 'it is!'", "system": "Linux", "before": "12 34"}


def argument(builder: str, parameter: inspect.Parameter) -> object:
    """A hostile value for one parameter, of the kind it takes."""
    name = parameter.name
    if parameter.annotation in {"Iterable[int]", "int"}:
        return [7911, 520] if parameter.annotation == "Iterable[int]" else 4242
    if parameter.annotation == "bool":
        return True
    if parameter.annotation in {"Sequence[str]", "Iterable[str]"}:
        return [HOSTILE, "plain", ""]
    if builder.endswith((".remove_tree", ".write_own")) or name in OWN:
        return f"{DIRECTORY}/{OWN_PREFIX}{name} it's!"
    if name in {"leases", "directory", "target"}:
        return f"{DIRECTORY}/{name}"
    return PLAIN.get(name, HOSTILE) if parameter.annotation == "str" else parameter.default


def made(builder: str, function: Callable[..., Command]) -> Command:
    """The command that a builder makes of hostile arguments."""
    parameters = inspect.signature(function).parameters.values()
    words = [argument(builder, each) for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    named = {each.name: argument(builder, each) for each in parameters if each.kind is each.KEYWORD_ONLY}
    return function(*words, **named)


COMMANDS = {name: made(name, function) for name, function in builders()}


@pytest.fixture(params=SHELLS)
def login_shell(request: pytest.FixtureRequest) -> list[str]:
    """A login shell as sshd calls it, before `-c`."""
    words = SHELLS[request.param]
    if not shutil.which(words[0]):
        if os.environ.get("CI"):
            pytest.fail(f"{words[0]} is missing: `make test` installs it")
        pytest.skip(f"{words[0]} is missing")
    return words


def run(shell: list[str], command: Command, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What sshd does with a command line. At home: a shell that misreads it writes files."""
    argv, home = [*shell, "-c", command.wire], os.environ["HOME"]
    return subprocess.run(argv, input=stdin, capture_output=True, timeout=20, check=False, cwd=home)


def test_builders_are_found() -> None:
    """Those of every module with command lines."""
    modules = {name.partition(".")[0] for name in COMMANDS}
    assert {"commands", "delayed_commands", "holder_commands", "rescue_commands", "sync_commands"} <= modules
    assert len(COMMANDS) > 60


def test_every_builder_under_every_login_shell(login_shell: list[str]) -> None:
    """Its words arrive as they are, nothing else is said, and the exit status is the program's own."""
    wrong = []
    for name, command in COMMANDS.items():
        words = command.argv
        done = run(login_shell, Command(("printf", "%s\\0", *words)))
        wanted = BEGIN_LINE + b"".join(os.fsencode(word) + b"\0" for word in words)
        if (done.stdout, done.stderr, done.returncode) != (wanted, b"", 0):
            wrong.append(f"{name}: exit {done.returncode}, {done.stdout[-80:]!r}, {done.stderr[-200:]!r}")
    assert not wrong, f"{len(wrong)} of {len(COMMANDS)} are misread:\n" + "\n".join(wrong)


@pytest.mark.parametrize("sh", [words for name, words in SHELLS.items() if name not in {"sh", "fish", "tcsh", "csh"}])
def test_every_builder_with_every_system_shell(sh: list[str]) -> None:
    """What decodes them is the server's own /bin/sh: dash, bash, busybox, mksh; FreeBSD's is near to dash."""
    if not shutil.which(sh[0]):
        pytest.skip(f"{sh[0]} is missing")
    for name, command in COMMANDS.items():
        line = Command(("printf", "%s\\0", *command.argv)).wire
        assert line.startswith("exec /bin/sh -c ")
        line = line.replace("/bin/sh", " ".join(sh), 1)
        done = subprocess.run(
            ["/bin/sh", "-c", line], capture_output=True, timeout=20, check=False, cwd=os.environ["HOME"]
        )
        assert done.stdout == BEGIN_LINE + b"".join(os.fsencode(word) + b"\0" for word in command.argv), name
        assert (done.stderr, done.returncode) == (b"", 0), name


def test_scripts_do_what_they_do_under_sh(login_shell: list[str], tmp_path: Path) -> None:
    """Locks, the lease file's records, a lease by name, lists of files, an appended record: in a directory of an odd name."""
    place = tmp_path / 'it\'s a "dir"! $HOME\n\\ü %s'
    place.mkdir()
    leases = place / "dhcpd.leases"
    leases.write_text(
        'lease 10.0.0.7 {\n  client-hostname "it\'s!";\n}\n'
        'failover peer "foo" state {\n  my state normal at 1 2026/11/28 01:15:27;\n}\n'
    )
    statement, peer = 'client-hostname "it\'s!";', "foo"
    token = "0" * 32
    mine = lock_files.LockRequest(token, "it's me!", "console", "office", "start")
    path, directory = str(leases), str(place)

    def answer(command: Command, stdin: bytes = b"") -> list[str]:
        done = run(login_shell, command, stdin)
        assert (done.stderr, done.returncode) == (b"", 0), command.line
        return done.stdout.removeprefix(BEGIN_LINE).decode().splitlines()

    assert answer(lease_record_commands.leases_with(path, statement, 5)) == ["10.0.0.7"]
    assert "  my state normal at 1 2026/11/28 01:15:27;" in answer(lease_record_commands.last_records(path, peer))
    files = answer(commands.list_glob(directory.replace("\\", "?") + "/*.leases"))
    assert "\n".join(files) == f"{leases}\0"
    assert answer(commands.take_lock(directory, token, mine.body("it's the first step!"), 60)) == []
    marks = lock_files.parse_marks(answer(commands.read_marks(directory)))
    assert marks.lock is not None
    assert (marks.lock.token, marks.lock.owner) == (token, "it's me!")
    assert answer(commands.release_lock(directory, token)) == []
    assert run(login_shell, commands.release_lock(directory, token)).returncode == 1
    assert answer(lock_files.put_lockout(directory, "dhcp1", "it's me!", "why\nnot", peer)) == []
    found = lock_files.parse_marks(answer(commands.read_marks(directory, peer=peer))).lockout
    assert found is not None
    assert found.by == "it's me!"
    assert answer(rescue_commands.append_record(path), b"# it's the end!\n") == []
    assert leases.read_text().endswith("# it's the end!\n")


def test_how_it_ended_is_told(login_shell: list[str]) -> None:
    """Its exit status, and the signal that ended it: no login shell stands in between."""
    assert run(login_shell, commands.script("exit 37")).returncode == 37
    assert run(login_shell, commands.script("kill -TERM $$")).returncode == -signal.SIGTERM
    assert run(login_shell, commands.script("cat; echo it is! >&2"), b"all\0of it").stdout == BEGIN_LINE + b"all\0of it"


def test_what_is_sent() -> None:
    """Letters that every shell takes as they are within quotes, in words that csh can hold; `ps` and sudo see plain words."""
    for command in COMMANDS.values():
        assert not set(command.wire) & set("!\n")
        assert command.wire.isascii()
        assert max(len(word) for word in command.wire.split("'")) < 1000
    restart = commands.restart("systemctl restart isc-dhcp-server").as_root()
    assert restart.wire.endswith(" sh 'sudo -n systemctl restart isc-dhcp-server'")
