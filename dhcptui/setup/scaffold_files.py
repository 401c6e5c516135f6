"""`dhcptui scaffold`: write the files of a new pair, check them with dhcpd where there is one, say what is next."""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import secrets
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from dhcptui.conf.lint.findings import Severity
from dhcptui.conf.lint.rules import lint
from dhcptui.conf.scaffold import CONF_DIRECTORY, ROLES, SHARED_DIRECTORY, Key, Scaffold, ScaffoldError
from dhcptui.logs.complaints import complaint, is_kept_out
from dhcptui.model.sanitize import clean
from dhcptui.setup.read import from_files

TEST_SECONDS = 10
SECRET_BYTES = 32


def from_arguments(args: argparse.Namespace) -> Scaffold:
    """What the command line asks for, with a new secret. Raises ScaffoldError."""
    first, _, last = args.range.partition("-")
    secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")
    return Scaffold(
        args.peer,
        args.primary,
        args.secondary,
        args.subnet,
        (first.strip(), last.strip() or first.strip()),
        mclt=args.mclt,
        split=args.split,
        port=args.port,
        omapi_port=args.omapi_port,
        key=Key("omapi", args.key_algorithm, secret),
        routers=tuple(args.router),
        dns=tuple(args.dns),
    )


def write(scaffold: Scaffold, directory: Path, force: bool = False) -> list[str]:
    """Write every file; returns what to tell. Raises ScaffoldError: something is there already, or cannot be written."""
    files = scaffold.files()
    there = [name for name in files if (directory / name).exists() or (directory / name).is_symlink()]
    if there and not force:
        raise ScaffoldError(f"{directory} already has {', '.join(there)}; --force writes them anew")
    try:
        for name, (text, mode) in files.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            write_file(directory / name, text, mode)
    except OSError as error:
        raise ScaffoldError(f"cannot write {error.filename}: {error.strerror}") from error
    return [f"wrote {directory / name} ({mode:04o})" for name, (_, mode) in files.items()]


def write_file(path: Path, text: str, mode: int) -> None:
    """Put a file in place at once, with this mode from its first byte on. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def check(scaffold: Scaffold, directory: Path) -> tuple[bool, list[str]]:
    """Whether lint and dhcpd -t take what lies in `directory`, and what to tell."""
    pair = asyncio.run(from_files(directory / "primary/dhcpd.conf", directory / "secondary/dhcpd.conf", scaffold.peer))
    wrong = [each for each in lint(pair) if each.severity is not Severity.INFO]
    lines = [f"lint: {each.id} {each.file}:{each.line}: {each.sentence}" for each in wrong] or ["lint: nothing found"]
    good = not wrong
    dhcpd = shutil.which("dhcpd", path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")
    if not dhcpd:
        return good, [*lines, "dhcpd -t: not run, there is no dhcpd on this machine"]
    for role in ROLES:
        trouble = _test(dhcpd, scaffold, role)
        if is_kept_out(trouble):
            lines.append(
                f"dhcpd -t: not run for the {role}: dhcpd may not read here. AppArmor lets it read {CONF_DIRECTORY} only;"
                f" run dhcpd -t -cf {CONF_DIRECTORY}/dhcpd.conf on the server once the files are there"
            )
        else:
            good = good and not trouble
            lines.append(f"dhcpd -t: the {role}'s configuration {'is refused: ' + trouble if trouble else 'is good'}")
    return good, lines


def _test(dhcpd: str, scaffold: Scaffold, role: str) -> str:
    """What `dhcpd -t` finds wrong; includes in place, because the files are not where they name each other yet."""
    text = scaffold.dhcpd_conf(role)
    for name, (content, _) in scaffold.files().items():
        text = text.replace(f'include "{SHARED_DIRECTORY}/{Path(name).name}";\n', content)
    # The key's file is named in the shared one, which is in place only now.
    text = text.replace(f'include "{SHARED_DIRECTORY}/omapi-key.conf";\n', scaffold.key_conf())
    with tempfile.TemporaryDirectory(prefix="dhcptui-") as place:
        path = Path(place) / "dhcpd.conf"
        write_file(path, text, 0o600)
        try:
            done = subprocess.run(
                [dhcpd, "-t", "-4", "-cf", str(path)], capture_output=True, timeout=TEST_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return clean(str(error), 200)
    return complaint(done.stderr.decode("utf-8", "replace")) if done.returncode else ""


def next_steps(scaffold: Scaffold, directory: Path) -> list[str]:
    """What a person does with the files."""
    lines = [
        "Next:",
        f"  1. On both servers: {directory}/shared -> {SHARED_DIRECTORY}, with its modes (omapi-key.conf stays 0600;"
        if scaffold.key
        else f"  1. On both servers: {directory}/shared -> {SHARED_DIRECTORY}",
    ]
    if scaffold.key:
        lines.append("     where dhcpd runs under an account of its own: 0640, with that account's group).")
    lines += [
        f"  2. {directory}/primary/dhcpd.conf -> {CONF_DIRECTORY} on {scaffold.primary},"
        f" {directory}/secondary/dhcpd.conf -> {CONF_DIRECTORY} on {scaffold.secondary}",
        f"  3. Open TCP {scaffold.port} between the two, both ways; keep {scaffold.omapi_port} closed.",
        "  4. dhcpd -t, then start dhcpd on both.",
        f"  5. dhcptui init {scaffold.primary} {scaffold.secondary}",
    ]
    return lines
