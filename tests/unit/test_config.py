"""config.toml: what it means, and what is said when it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhcptui.config.loading import Config, ConfigError, default_path, load
from dhcptui.config.show import show
from dhcptui.model.role import Role

MINIMAL = """
[pairs.office.primary]
host = "10.0.0.10"
[pairs.office.secondary]
host = "10.0.0.20"
"""
FULL = """
[pairs.office]
peer = "foo"
shared_dir = "/etc/dhcp/shared"
sync_from = "secondary"
restart_order = ["primary", "secondary"]
read_only = true
probe_address = ["10.0.0.100"]
mirror = true
group = "hq"
production = true
[pairs.office.primary]
name = "dhcp1"
host = "10.0.0.10"
port = 2222
user = "root"
identity = "~/.ssh/id_ed25519"
known_hosts = "~/.ssh/known_hosts"
sudo = true
omapi_port = 7912
omapi_transport = "direct"
omapi_key = { name = "omapi", algorithm = "hmac-sha256", secret_file = "~/omapi.key" }
dhcpd_conf = "/usr/local/etc/dhcpd.conf"
leases = "/var/db/dhcpd.leases"
log = "journal:isc-dhcp-server"
restart = "service isc-dhcpd 'restart'"
[pairs.office.secondary]
name = "dhcp2"
host = "10.0.0.20"
shared_dir = "/usr/local/etc/shared"
"""


def read(tmp_path: Path, text: str) -> Config:
    """Write and load."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    return load(path)


def test_defaults(tmp_path: Path) -> None:
    """Two hosts are enough; the rest follows the contract."""
    pair = read(tmp_path, MINIMAL).pair(None)
    assert (pair.name, pair.peer, pair.sync_from) == ("office", "office", Role.PRIMARY)
    assert pair.restart_order == (Role.SECONDARY, Role.PRIMARY)
    assert (pair.primary.name, pair.primary.omapi_port, pair.primary.omapi_transport) == ("10.0.0.10", 7911, "ssh")
    assert pair.primary.restart == ("systemctl", "restart", "isc-dhcp-server")
    assert not pair.read_only
    assert not pair.mirror
    assert pair.primary.omapi_key is None


def test_every_key(tmp_path: Path) -> None:
    """Every key of the contract is read."""
    pair = read(tmp_path, FULL).pair("office")
    one = pair.primary
    assert (pair.peer, pair.sync_from, pair.read_only) == ("foo", Role.SECONDARY, True)
    assert (one.name, one.port, one.user, one.sudo, one.omapi_port) == ("dhcp1", 2222, "root", True, 7912)
    assert one.identity == Path.home() / ".ssh/id_ed25519"
    assert one.omapi_key is not None
    assert one.omapi_key.algorithm == "hmac-sha256"
    assert one.restart == ("service", "isc-dhcpd", "restart")
    assert (one.shared_dir, pair.secondary.shared_dir) == ("/etc/dhcp/shared", "/usr/local/etc/shared")
    assert pair.probe_address == ("10.0.0.100",)
    assert pair.mirror


def test_show_is_the_same_configuration(tmp_path: Path) -> None:
    """What `config show` prints means what was read, and is valid itself."""
    first = read(tmp_path, FULL)
    again = tmp_path / "again.toml"
    again.write_text(show(first))
    assert load(again).pairs == first.pairs


SHARED = """
[servers.fw1]
host = "10.0.0.10"
platform = "opnsense"
login_timeout = 60
[servers.fw2]
name = "gate"
host = "10.0.0.20"
shared_dir = "/srv/shared"
omapi_key = { name = "omapi", secret_file = "/etc/omapi.key" }
[servers.spare]
host = "10.0.0.30"
[pairs.lan]
peer = "dhcp_lan"
primary = "fw1"
secondary = "fw2"
[pairs.opt1]
primary = "fw2"
secondary = "fw1"
shared_dir = "/etc/opt1"
[pairs.lone]
primary = "fw1"
[pairs.lone.secondary]
host = "10.0.0.40"
"""
"""Machines that several relationships share, in mixed roles, one of them beside a server with a table of its own."""


def test_a_machine_is_written_once(tmp_path: Path) -> None:
    """Pairs name it; its label is its name where none is given, and each key is as in a pair's own table."""
    config = read(tmp_path, SHARED)
    lan, opt1, lone = (config.pair(name) for name in ("lan", "opt1", "lone"))
    assert (lan.primary.name, lan.secondary.name) == ("fw1", "gate")
    assert (opt1.primary.name, opt1.secondary.name) == ("gate", "fw1")
    assert lone.secondary.name == "10.0.0.40"
    assert lan.primary.login_timeout == opt1.secondary.login_timeout == lone.primary.login_timeout == 60
    assert lan.primary.leases == "/var/dhcpd/var/db/dhcpd.leases"
    assert [opt1.primary.role, opt1.secondary.role] == [Role.PRIMARY, Role.SECONDARY]
    assert (opt1.primary.shared_dir, opt1.secondary.shared_dir) == ("/srv/shared", "/etc/opt1")
    assert (lan.primary.machine, lan.secondary.machine, lone.secondary.machine) == ("fw1", "fw2", "")
    assert list(config.servers) == ["fw1", "fw2", "spare"]


def test_shared_machines_are_shown_as_they_are_read(tmp_path: Path) -> None:
    """`config show` writes each machine once, also one that no pair names."""
    first = read(tmp_path, SHARED)
    again = tmp_path / "again.toml"
    again.write_text(show(first))
    assert show(first).count('host = "10.0.0.10"') == 1
    assert load(again).pairs == first.pairs
    assert list(load(again).servers) == list(first.servers)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('primary = "fw2"', 'primary = "fw22"'), ["[pairs.opt1] primary", "no server 'fw22'", "did you mean 'fw2'"]),
        (('primary = "fw2"', "primary = 2"), ["[pairs.opt1] primary", "[servers.NAME]"]),
        (('primary = "fw2"', 'primary = "fw1"'), ["[pairs.opt1]", "server 'fw1'", "one server, not a pair"]),
        (('host = "10.0.0.30"', 'hots = "x"'), ["[servers.spare] hots", "unknown key", "did you mean 'host'"]),
        (('host = "10.0.0.30"', ""), ["[servers.spare] host", "missing"]),
        (('primary = "fw2"', 'primry = "fw2"'), ["[pairs.opt1] primry", "unknown key", "did you mean 'primary'"]),
        (
            ('primary = "fw2"', ""),
            ["[pairs.opt1] primary", "missing; name a table [servers.NAME]", "or add a table [pairs.opt1.primary]"],
        ),
        (("login_timeout", "login_timout"), ["[servers.fw1] login_timout", "did you mean 'login_timeout'"]),
        (('name = "gate"', 'name = "fw1"'), ["[pairs.lan]", "both servers are called 'fw1'"]),
        (("[servers.spare]", '["servers"."\\u001b[2J"]'), ["name of a server", "printable"]),
    ],
)
def test_errors_of_shared_machines(tmp_path: Path, change: tuple[str, str], words: list[str]) -> None:
    """The table that is wrong is named: the machine's, or the pair's that names it."""
    assert change[0] in SHARED
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, SHARED.replace(*change))
    assert all(word in str(caught.value) for word in ["config.toml", *words]), str(caught.value)


def test_one_relationship_is_one_pair(tmp_path: Path) -> None:
    """Copied and not changed: two pairs would act on the same peer; whichever way round, and in either form."""
    text = """
[servers.fw1]
host = "10.0.0.10"
[servers.fw2]
host = "10.0.0.20"
[pairs.lan]
peer = "dhcp_lan"
primary = "fw1"
secondary = "fw2"
[pairs.opt1]
peer = "dhcp_opt1"
primary = "fw2"
[pairs.opt1.secondary]
host = "10.0.0.10"
"""
    assert list(read(tmp_path, text).pairs) == ["lan", "opt1"]
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text.replace("dhcp_opt1", "dhcp_lan"))
    assert "config.toml: [pairs.opt1] peer: 'dhcp_lan' between these two servers is pair 'lan' already" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("host = ", "hots = "), ["[pairs.office.primary] hots", "unknown key", "did you mean 'host'"]),
        (('host = "10.0.0.10"', ""), ["[pairs.office.primary] host", "missing"]),
        (("[pairs.office.secondary]", "[pairs.office.secundary]"), ["[pairs.office] secundary", "'secondary'"]),
        (
            ("omapi_port = 7912", "omapi_prot = 7912"),
            ["[pairs.office.primary] omapi_prot", "unknown key", "omapi_port"],
        ),
        (("port = 2222", "port = 99999"), ["port", "between 1 and 65535"]),
        (("port = 2222", 'port = "22"'), ["port", "whole number"]),
        (("sudo = true", "sudo = 1"), ["sudo", "true or false"]),
        (('"direct"', '"tunnel"'), ["omapi_transport", "'tunnel'", "ssh, direct"]),
        (("hmac-sha256", "hmac-sha3"), ["omapi_key", "algorithm", "hmac-sha512"]),
        (('log = "journal:', 'log = "syslog:'), ["log", "file:/absolute/path"]),
        (('"/var/db/dhcpd.leases"', '"dhcpd.leases"'), ["leases", "absolute"]),
        (('["primary", "secondary"]', '["primary", "primary"]'), ["restart_order", "both servers once"]),
        (('["10.0.0.100"]', '["10.0.0.1000"]'), ["probe_address", "10.0.0.1000", "IPv4"]),
        (("'restart'\"", "'restart\""), ["restart", "cannot be split"]),
        (('name = "dhcp2"', 'name = "dhcp1"'), ["name", "both servers"]),
        (("pairs.office", "pairs.status"), ["status", "that is a command"]),
        (("pairs.office", "pairs.lab"), ["lab", "that is kept for a command"]),
        (("[pairs.office]", "[pairz.x]\n[pairs.office]"), ["pairz", "pairs"]),
        (("peer =", "peer"), ["TOML", "line"]),
        (('peer = "foo"', 'peer = "f\\u001b[2J"'), ["peer", "printable"]),
    ],
)
def test_errors_name_table_key_and_way_out(tmp_path: Path, change: tuple[str, str], words: list[str]) -> None:
    """Each mistake is named with its file, table and key, and with what would be right."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, FULL.replace(*change))
    assert all(word in str(caught.value) for word in ["config.toml", *words]), str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    """A missing file says where it was looked for and what to do."""
    with pytest.raises(ConfigError, match=r"no configuration at .*nowhere\.toml.*--config"):
        load(tmp_path / "nowhere.toml")


def test_unreadable_files(tmp_path: Path) -> None:
    """A directory or binary in the place of the file is an error that names it."""
    with pytest.raises(ConfigError, match="directory"):
        load(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(tmp_path / "binary")


def test_choosing_a_pair(tmp_path: Path) -> None:
    """Several pairs want a name, and a wrong name is answered with the nearest one."""
    config = read(tmp_path, MINIMAL + MINIMAL.replace("office", "branch"))
    with pytest.raises(ConfigError, match="office, branch"):
        config.pair(None)
    with pytest.raises(ConfigError, match="did you mean 'office'"):
        config.pair("ofice")
    with pytest.raises(ConfigError, match="no pair is configured"):
        read(tmp_path, "").pair(None)


def test_secret_file(tmp_path: Path) -> None:
    """The secret is read only when asked for, and a bad file is named without showing its content."""
    key = read(tmp_path, FULL.replace("~/omapi.key", str(tmp_path / "omapi.key"))).pair(None).primary.omapi_key
    assert key is not None
    with pytest.raises(ConfigError, match=r"omapi\.key.*No such file"):
        key.read_secret()
    key.secret_file.write_text("c2VjcmV0\n")
    assert key.read_secret() == b"c2VjcmV0"
    key.secret_file.write_text('secret "c2VjcmV0";')
    with pytest.raises(ConfigError, match="base64") as caught:
        key.read_secret()
    assert "c2VjcmV0" not in str(caught.value)


def test_default_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CONFIG_HOME, unless DHCPTUI_CONFIG names a file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", "/x")
    assert default_path() == Path("/x/dhcptui/config.toml")
    monkeypatch.setenv("DHCPTUI_CONFIG", "/y.toml")
    assert default_path() == Path("/y.toml")


@pytest.mark.parametrize(
    ("platform", "leases", "restart"),
    [
        ("debian", "/var/lib/dhcp/dhcpd.leases", ("systemctl", "restart", "isc-dhcp-server")),
        ("rhel", "/var/lib/dhcpd/dhcpd.leases", ("systemctl", "restart", "dhcpd")),
        ("freebsd", "/var/db/dhcpd/dhcpd.leases", ("service", "isc-dhcpd", "restart")),
        (
            "pfsense",
            "/var/dhcpd/var/db/dhcpd.leases",
            ("/usr/local/sbin/pfSsh.php", "playback", "svc", "restart", "dhcpd"),
        ),
        ("opnsense", "/var/dhcpd/var/db/dhcpd.leases", ("configctl", "dhcpd", "restart")),
        ("alpine", "/var/lib/dhcp/dhcpd.leases", ("rc-service", "dhcpd", "restart")),
    ],
)
def test_platforms(tmp_path: Path, platform: str, leases: str, restart: tuple[str, ...]) -> None:
    """A platform's word gives its places; a key that is given wins."""
    text = MINIMAL.replace('host = "10.0.0.10"', f'host = "10.0.0.10"\nplatform = "{platform}"')
    one = read(tmp_path, text).pair(None).primary
    assert (one.leases, one.restart) == (leases, restart)
    given = read(tmp_path, text.replace("platform =", 'leases = "/x"\nplatform =')).pair(None).primary
    assert given.leases == "/x"


def test_a_platform_that_is_not_known(tmp_path: Path) -> None:
    """The error names the file, the key, every valid word and the nearest."""
    text = MINIMAL.replace('host = "10.0.0.10"', 'host = "10.0.0.10"\nplatform = "OpnSense24"')
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    said = str(caught.value)
    assert "platform: 'OpnSense24' is not one of debian, rhel, freebsd, pfsense, opnsense, alpine" in said
    assert said.endswith("did you mean 'opnsense'?")


def test_the_platform_is_kept(tmp_path: Path) -> None:
    """Only where it was given: what is not known is not "debian"; `config show` says it and loads again."""
    assert read(tmp_path, MINIMAL).pair(None).primary.platform is None
    config = read(tmp_path, MINIMAL.replace('host = "10.0.0.10"', 'host = "10.0.0.10"\nplatform = "pfsense"'))
    assert config.pair(None).primary.platform == "pfsense"
    again = tmp_path / "again.toml"
    again.write_text(show(config))
    assert load(again).pair(None).primary == config.pair(None).primary


def test_console_and_keys(tmp_path: Path) -> None:
    """How it looks, and other keys: with and without quotes, one or a list."""
    looks = '[console]\ntheme = "dhcptui-contrast"\nascii = true\n'
    keys = '[keys]\n"act.shutdown" = "f5"\nlook.pause = [" ", "Ctrl+S"]\nlook.audit = "S"\n'
    config = read(tmp_path, MINIMAL + looks + keys)
    assert (config.console.theme, config.console.ascii) == ("dhcptui-contrast", True)
    assert config.console.keys == {"act.shutdown": ("f5",), "look.pause": ("space", "ctrl+s"), "look.audit": ("S",)}
    again = tmp_path / "again.toml"
    again.write_text(show(config))
    assert load(again).console == config.console
    assert read(tmp_path, MINIMAL).console.keys == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[console]\ntheme = "dark"', ["[console] theme", "'dark'", "dhcptui, dhcptui-16, dhcptui-contrast"]),
        ("[console]\nascii = 1", ["[console] ascii", "true or false"]),
        ("[console]\nasci = true", ["[console] asci", "did you mean 'ascii'"]),
        ('[keys]\n"act.shutdwon" = "f5"', ["[keys] act.shutdwon", "did you mean 'act.shutdown'"]),
        ('[keys]\n"act.shutdown" = "pageupp"', ["[keys] act.shutdown", "unknown key 'pageupp'", "'pageup'"]),
        ('[keys]\n"act.shutdown" = 5', ["[keys] act.shutdown", "must be a key"]),
        ('[keys]\n"act.shutdown" = []', ["[keys] act.shutdown", "must be a key"]),
        ('[keys]\n"act.shutdown" = "ctrl+m"', ["[keys] act.shutdown", "reaches a program as 'enter'"]),
        ('[keys]\n"act.shutdown" = "q"', ["[keys] act.shutdown", "'q' already belongs to 'quit'"]),
        ('[keys]\n"act.shutdown" = "f5"\nquit = "f5"', ["[keys]", "'f5' already belongs to"]),
    ],
)
def test_errors_in_console_and_keys(tmp_path: Path, text: str, words: list[str]) -> None:
    """File, table and key are named, with the nearest valid one."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, MINIMAL + text)
    assert all(word in str(caught.value) for word in ["config.toml", *words]), str(caught.value)


def test_keys_may_be_swapped(tmp_path: Path) -> None:
    """A key is free when its owner was given another one."""
    config = read(tmp_path, MINIMAL + '[keys]\n"act.shutdown" = "P"\n"act.partner-down" = "S"')
    assert config.console.keys == {"act.shutdown": ("P",), "act.partner-down": ("S",)}
