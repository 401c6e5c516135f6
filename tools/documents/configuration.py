"""docs/configuration.md: every key from the settings classes, every error as the reader of config.toml says it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from dhcptui.config.command_names import COMMAND_NAMES, NO_PAIR_NAMES
from dhcptui.config.console import ConsoleSettings
from dhcptui.config.loading import load
from dhcptui.config.platforms import PLATFORMS
from dhcptui.config.settings import (
    SHARED_DIR,
    ConfigError,
    OmapiKey,
    PairSettings,
    ServerSettings,
)
from dhcptui.config.toml import toml

EXAMPLE = """\
[pairs.office]
peer = "foo"
shared_dir = "/etc/dhcp/shared"

[pairs.office.primary]
name = "dhcp1"
host = "10.0.0.10"
user = "root"
omapi_key = { name = "omapi", algorithm = "hmac-sha256", secret_file = "~/.config/dhcptui/omapi.key" }
log = "journal:isc-dhcp-server"

[pairs.office.secondary]
name = "dhcp2"
host = "10.0.0.20"
user = "root"
omapi_key = { name = "omapi", algorithm = "hmac-sha256", secret_file = "~/.config/dhcptui/omapi.key" }
log = "journal:isc-dhcp-server"
"""
"""A whole file; the README shows the same."""

MISTAKES = (
    ("a key that is not known", 'name = "dhcp1"', 'nmae = "dhcp1"'),
    ("a key that is missing", 'host = "10.0.0.10"\n', ""),
    ("a value of the wrong type", 'user = "root"', "user = 0"),
    ("a number out of range", 'user = "root"', "omapi_port = 79110"),
    ("a word that is not one of a few", "hmac-sha256", "hmac-sha3"),
    ("a platform that is not known", 'user = "root"', 'platform = "freeBSD14"'),
    ("a relative path on a server", 'user = "root"', 'leases = "dhcpd.leases"'),
    ("a log that is neither file nor journal", "journal:isc-dhcp-server", "/var/log/dhcpd.log"),
    ("one server twice", "10.0.0.20", "10.0.0.10"),
    ("one name twice", "dhcp2", "dhcp1"),
    (
        "one relationship twice",
        "[pairs.office]\npeer",
        '[servers.fw1]\nhost = "10.0.0.1"\n[servers.fw2]\nhost = "10.0.0.2"\n'
        '[pairs.lan]\npeer = "x"\nprimary = "fw1"\nsecondary = "fw2"\n'
        '[pairs.opt1]\npeer = "x"\nprimary = "fw2"\nsecondary = "fw1"\n[pairs.office]\npeer',
    ),
    (
        "a server that is not there",
        "[pairs.office]\npeer",
        '[servers.fw1]\nhost = "10.0.0.1"\n[pairs.lan]\nprimary = "fw11"\nsecondary = "fw1"\n[pairs.office]\npeer',
    ),
    ("a file that differs per server, in what is copied", '"/etc/dhcp/shared"', '"/etc/dhcp"'),
    ("a pair with the name of a command", "pairs.office", "pairs.status"),
    ("a key that no terminal sends", "[pairs.office]\npeer", '[keys]\n"look.pause" = "f15"\n[pairs.office]\npeer'),
    ("a key that means two things", "[pairs.office]\npeer", '[keys]\n"look.pause" = "q"\n[pairs.office]\npeer'),
    (
        "a rule of lint that there is not",
        "[pairs.office]\npeer",
        '[pairs.office.lint]\nsilence = { L83 = "x" }\n[pairs.office]\npeer',
    ),
    (
        "a rule silenced without a reason",
        "[pairs.office]\npeer",
        '[pairs.office.lint]\nsilence = { L38 = " " }\n[pairs.office]\npeer',
    ),
    ("not TOML", 'peer = "foo"', "peer = foo"),
)
"""What is wrong, and the change to the example that makes it so (everywhere it matches)."""

HEAD = """\
# Configuration

<!-- written by `make docs` from dhcptui/config/settings.py -->

dhcptui reads one file, in [TOML](https://toml.io/): `--config FILE`, else the file that `DHCPTUI_CONFIG` names, else
`$XDG_CONFIG_HOME/dhcptui/config.toml` (`~/.config/dhcptui/config.toml`). `dhcptui config path` prints its name,
`dhcptui config validate` checks it, `dhcptui config show` prints it with every default filled in. No secret is ever
printed.

```toml
{example}```
"""


MACHINES = """\
## A machine of several pairs: `[servers.NAME]`

Two servers may share several relationships, as firewalls do with one per interface, and a server may have a partner per
branch. Such a machine is written once, with the keys of a server's table, and the pairs name it:

```toml
[servers.fw1]
host = "10.0.0.10"
platform = "opnsense"

[servers.fw2]
host = "10.0.0.20"
platform = "opnsense"

[pairs.lan]
peer = "dhcp_lan"
primary = "fw1"
secondary = "fw2"

[pairs.opt1]
peer = "dhcp_opt1"
primary = "fw2"
secondary = "fw1"
```

Its label on screen is its NAME where it has no `name`. A `shared_dir` of the machine wins over the pair's. One file may
have both forms, and one pair may: `primary = "fw1"` beside a table `[pairs.lan.secondary]`.
"""


KEYS = """\
## Keys: `[keys]`

Every command has a name; the [list of keys](keys.md) has them all. A command gets another key, or a list of keys:

```toml
[keys]
"act.partner-down" = "f5"
"look.pause" = ["space", "z"]
```

A key is a character, `ctrl+LETTER`, `f1` to `f12`, or one of enter, tab, shift+tab, escape, space, backspace, delete,
insert, home, end, pageup, pagedown, up, down, left, right. No key may mean two things.
"""


def described(cls: type) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The keys that a settings class documents, each with its description and its default in words."""
    for each in fields(cls):
        if each.metadata:
            yield each.name, {"default": _default(each), **each.metadata}


def _default(each: Field[Any]) -> str:
    if each.default is MISSING:
        return "required"
    return f"`{toml(each.default)}`"


def pair_keys() -> dict[str, Mapping[str, str]]:
    """Every key of a pair's table."""
    found = dict(described(PairSettings))
    return {"peer": found.pop("peer"), "shared_dir": SHARED_DIR, **found}


def server_keys() -> dict[str, Mapping[str, str]]:
    """Every key of a server's table."""
    return dict(described(ServerSettings))


PLATFORM_KEYS = ("dhcpd_conf", "leases", "log", "restart")
"""The keys whose defaults a platform chooses."""


def platforms() -> list[str]:
    """What each platform's word stands for."""
    lines = ["| platform | what it is | " + " | ".join(f"`{key}`" for key in PLATFORM_KEYS) + " |"]
    lines += ["|---" * (2 + len(PLATFORM_KEYS)) + "|"]
    for name, row in PLATFORMS.items():
        values = " | ".join(f"`{getattr(row, key)}`" for key in PLATFORM_KEYS)
        lines.append(f'| `"{name}"` | {row.title} | {values} |')
    lines += ["", "`dhcptui init` finds out which one it is, and writes what it found.", ""]
    for row in PLATFORMS.values():
        if row.written_by:
            lines.append(
                f"- {row.title}: dhcpd.conf is written by {row.written_by}. Sync + restart is refused. The platform's way: {row.own_way}."
            )
        elif row.copies_files:
            lines.append(
                f"- {row.title}: with a chroot ({row.chroot}) its start script copies `dhcpd_conf` into it; `dhcpd -t` tests the"
                " original, dhcpd reads the copy. `leases` is then "
                f"`{row.chrooted_leases}`."
            )
    return lines


def table(keys: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The keys as a table."""
    rows = ["| key | type | default | what it is | example |", "|---|---|---|---|---|"]
    rows += [
        f"| `{name}` | {key['type']} | {key['default']} | {key['what']} | `{name} = {key['example']}` |"
        for name, key in keys.items()
    ]
    return rows


def said(text: str) -> str:
    """What is said about a configuration file with this text, without the name of the file."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "config.toml")
        path.write_text(text)
        try:
            load(path)
        except ConfigError as error:
            return str(error).replace(f"{directory}/", "")
    raise AssertionError(f"this is no mistake:\n{text}")


def configuration() -> str:
    """The whole document."""
    lines = HEAD.format(example=EXAMPLE).splitlines()
    kept = ", ".join(f"`{name}`" for name in sorted(NO_PAIR_NAMES - set(COMMAND_NAMES)))
    lines += ["", "## A pair: `[pairs.NAME]`", ""]
    lines += [
        "NAME is what you call the pair on the command line. It may not be a command's name, nor one that is kept for a"
        f" command: {kept}.",
        "",
    ]
    lines += table(pair_keys())
    lines += ["", "## A server: `[pairs.NAME.primary]` and `[pairs.NAME.secondary]`", ""]
    lines += ["Both tables have the same keys.", "", *table(server_keys())]
    lines += ["", "`omapi_key` is a table of its own:", "", *table(dict(described(OmapiKey)))]
    lines += ["", *MACHINES.splitlines()]
    lines += ["", "## Platforms", "", *platforms()]
    lines += [
        "",
        "## The screen: `[console]`",
        "",
        "The same for every pair.",
        "",
        *table(dict(described(ConsoleSettings))),
    ]
    lines += ["", *KEYS.splitlines()]
    lines += ["", "## What is refused", ""]
    lines += ["A mistake is answered with one sentence: file, table, key, and what would be right.", ""]
    lines += ["| mistake | what is said |", "|---|---|"]
    for what, old, new in MISTAKES:
        message = said(EXAMPLE.replace(old, new)).replace("|", "\\|")
        lines.append(f"| {what} | `{message}` |")
    return "\n".join(lines) + "\n"
