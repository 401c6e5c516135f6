"""What a configuration says, as frozen settings: every key with its default, its meaning and an example.

The description of a key stands at its field and nowhere else: `docs/configuration.md` is written from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from dhcptui.config.local import is_local
from dhcptui.config.ownership import distrust
from dhcptui.config.platforms import DEFAULT
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean

ALGORITHMS = ("hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")


class ConfigError(Exception):
    """The configuration cannot be used. The text is for the user: it names file, table and key, and the way out.

    Several lines where there are several reasons; a line end within one of them is shown, not obeyed.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(map(clean, lines)))


def about(what: str, example: str, kind: str = "string", default: str | None = None) -> dict[str, str]:
    """The description of a key: what it is, an example as TOML, its type, and its default where that is not plain."""
    description = {"what": what, "example": example, "type": kind}
    return description if default is None else {**description, "default": default}


@dataclass(frozen=True, slots=True)
class OmapiKey:
    """An `omapi-key` of dhcpd.conf. The secret stays in its file until a connection needs it."""

    name: str = field(metadata=about("The name of the key in dhcpd.conf: `key NAME { ... }`.", '"omapi"'))
    algorithm: str = field(
        metadata=about(f"Its algorithm: {', '.join(ALGORITHMS)}.", '"hmac-sha256"', default='`"hmac-md5"`')
    )
    secret_file: Path = field(
        metadata=about(
            "A file on the console's machine with the base64 secret and nothing else. Keep it at mode 0600.",
            '"~/.config/dhcptui/omapi.key"',
            "path",
        )
    )

    def read_secret(self) -> bytes:
        """The base64 text of the secret. Raises ConfigError that names the file."""
        if unsafe := distrust(self.secret_file):
            raise ConfigError(f"the OMAPI secret in {self.secret_file} is not used: {unsafe}")
        try:
            text = self.secret_file.read_text(encoding="ascii", errors="strict").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not base64 text"
            raise ConfigError(f"cannot read the OMAPI secret in {self.secret_file}: {reason}") from error
        if not re.fullmatch(r"[A-Za-z0-9+/=\s]+", text):
            raise ConfigError(
                f"{self.secret_file} must hold the base64 secret of OMAPI key {self.name!r} and nothing else"
            )
        return "".join(text.split()).encode("ascii")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """One server's table."""

    role: Role
    name: str = field(
        metadata=about("The label on screen, and what a confirmation asks for.", '"dhcp1"', default="`host`")
    )
    host: str = field(
        metadata=about(
            "Where SSH connects to. A name of `~/.ssh/config` works, ProxyJump included. `localhost`, `127.0.0.1` and `::1`"
            " are the console's own machine and are asked without SSH, unless `port`, `identity`, `known_hosts` or a `user`"
            " other than the console's own account says how to log in there.",
            '"10.0.0.10"',
        )
    )
    port: int | None = field(
        default=None, metadata=about("The SSH port.", "22", "whole number", "as `ssh` would, else 22")
    )
    user: str | None = field(default=None, metadata=about("The login.", '"root"', default="as `ssh` would"))
    identity: Path | None = field(
        default=None,
        metadata=about("The private key to log in with.", '"~/.ssh/id_ed25519"', "path", "as `ssh` would"),
    )
    known_hosts: Path | None = field(
        default=None,
        metadata=about(
            "Where the server's host key stands. An unknown or changed one is refused, always.",
            '"~/.ssh/known_hosts"',
            "path",
            "as `ssh` would",
        ),
    )
    login_timeout: int = field(
        default=20,
        metadata=about(
            "Seconds until the login must have succeeded; that the server is an SSH server at all must be known within"
            " 5, or ConnectTimeout of `~/.ssh/config`. A login that was too slow is given twice the time at the next try.",
            "60",
            "whole number",
        ),
    )
    sudo: bool = field(default=False, metadata=about("Run every remote command through `sudo -n`.", "true", "boolean"))
    omapi_port: int = field(default=7911, metadata=about("The `omapi-port` of dhcpd.conf.", "7911", "whole number"))
    omapi_transport: str = field(
        default="ssh",
        metadata=about(
            '`"ssh"`: through the SSH session to 127.0.0.1 on the server, without one where the console runs there.'
            ' `"direct"`: to host:omapi_port, for labs.',
            '"ssh"',
        ),
    )
    omapi_key: OmapiKey | None = field(
        default=None,
        metadata=about(
            "The `omapi-key` of dhcpd.conf, if it has one; its own keys are below.",
            '{ name = "omapi", algorithm = "hmac-sha256", secret_file = "~/.config/dhcptui/omapi.key" }',
            "table",
            "none",
        ),
    )
    platform: str | None = field(
        default=None,
        metadata=about(
            "Where the server keeps things: the defaults of `dhcpd_conf`, `leases`, `log` and `restart`, as in the table below,"
            " and what makes no sense there.",
            '"rhel"',
            default=f'as for `"{DEFAULT.name}"`',
        ),
    )
    dhcpd_conf: str = field(
        default=DEFAULT.dhcpd_conf,
        metadata=about("dhcpd's configuration file on the server.", '"/etc/dhcp/dhcpd.conf"', "path", "`platform`"),
    )
    leases: str = field(
        default=DEFAULT.leases,
        metadata=about("dhcpd's lease file on the server.", '"/var/lib/dhcp/dhcpd.leases"', "path", "`platform`"),
    )
    log: str = field(
        default=DEFAULT.log,
        metadata=about(
            "Where dhcpd's log lines go: `file:/PATH` or `journal:UNIT`.",
            '"journal:isc-dhcp-server"',
            default="`platform`",
        ),
    )
    restart: tuple[str, ...] = field(
        default=tuple(DEFAULT.restart.split()),
        metadata=about(
            "The command that starts or restarts dhcpd. It is split into words; no shell runs it.",
            '"systemctl restart isc-dhcp-server"',
            default="`platform`",
        ),
    )
    shared_dir: str = field(
        default="/etc/dhcp/shared",
        metadata=about(
            "The pair's `shared_dir`, where its path differs on this server.",
            '"/usr/local/etc/dhcp/shared"',
            "path",
            "the pair's",
        ),
    )
    machine: str = ""
    """NAME of the table [servers.NAME] this was read from; empty where the pair has a table of its own for it."""

    @property
    def local(self) -> bool:
        """Whether the console runs on it, and asks it without SSH."""
        return is_local(self.host, self.port, self.user, self.identity, self.known_hosts)


@dataclass(frozen=True, slots=True)
class LintSettings:
    """What `lint` is told of one pair."""

    silence: tuple[tuple[str, str], ...] = ()
    """Rules that are not told, each with the reason."""

    @property
    def reasons(self) -> dict[str, str]:
        """The reason by rule."""
        return dict(self.silence)


@dataclass(frozen=True, slots=True)
class PairSettings:
    """One pair's table."""

    name: str
    peer: str = field(
        metadata=about(
            'dhcpd\'s name of the relationship: `failover peer "NAME" { ... }`.', '"foo"', default="the pair's name"
        )
    )
    primary: ServerSettings
    secondary: ServerSettings
    sync_from: Role = field(
        default=Role.PRIMARY,
        metadata=about("The server whose files sync + restart copies to the other one.", '"primary"'),
    )
    restart_order: tuple[Role, ...] = field(
        default=(Role.SECONDARY, Role.PRIMARY),
        metadata=about("Which server sync + restart restarts first.", '["secondary", "primary"]', "list of strings"),
    )
    group: str = field(
        default="",
        metadata=about("The heading under which the pair stands where several are shown.", '"hq"', default="none"),
    )
    production: bool = field(
        default=False,
        metadata=about(
            "The header says so in a strong colour, and every confirmation begins with the pair's name: `office dhcp2`.",
            "true",
            "boolean",
        ),
    )
    read_only: bool = field(default=False, metadata=about("Bind no acting key, run no action.", "true", "boolean"))
    probe_address: tuple[str, ...] = field(
        default=(),
        metadata=about(
            "One address of each pool, for the pool counters.",
            '["10.0.0.100"]',
            "list of IPv4 addresses",
            "read from dhcpd.conf",
        ),
    )
    mirror: bool = field(
        default=False,
        metadata=about("sync + restart removes files that exist only on its target.", "true", "boolean"),
    )
    lint: LintSettings = field(
        default=LintSettings(),
        metadata=about(
            "Its one key is `silence`: rules of [lint](lint.md) that are not told, each with the reason; they are counted"
            " at the end. What dhcpd itself refuses is told all the same.",
            '{ silence = { L38 = "each site has name servers of its own" } }',
            "table",
            "none",
        ),
    )

    def __getitem__(self, role: Role) -> ServerSettings:
        return self.primary if role is Role.PRIMARY else self.secondary


SHARED_DIRECTORY = "/etc/dhcp/shared"
SHARED_DIR = about(
    "What sync + restart copies. It may not hold what differs between the servers: dhcpd.conf, the lease file.",
    '"/etc/dhcp/shared"',
    "path",
    '`"/etc/dhcp/shared"`',
)
"""The key `shared_dir` of a pair's table: the default of both servers' own."""
