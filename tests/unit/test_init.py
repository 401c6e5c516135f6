"""`dhcptui init`: from what was found to config.toml; what was there is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dhcptui.cli.arguments import build_parser
from dhcptui.cli.init import next_commands
from dhcptui.cli.main import main
from dhcptui.conf.reader import parse
from dhcptui.conf.scaffold import Key, Scaffold
from dhcptui.config.loading import ConfigError, load
from dhcptui.model.role import Role
from dhcptui.servers.ssh.sudo import refusal
from dhcptui.servers.ssh.target import SshTarget
from dhcptui.setup.discover import Discovered, Told
from dhcptui.setup.init_pair import Draft, InitError, draft, target, targets
from dhcptui.setup.init_write import write

BASE64 = "c2VjcmV0IHNlY3JldCBzZWNyZXQ="
OTHER = """# mine
[pairs.branch]          # keep this comment
peer = "b"
[pairs.branch.primary]
host = "192.0.2.1"
[pairs.branch.secondary]
host = "192.0.2.2"
"""


def server(role: str, algorithm: str = "hmac-sha256", secret: str = BASE64, **texts: str) -> Discovered:
    """One server of a scaffold, as it would be found."""
    ranges = ("10.0.0.100", "10.0.0.200")
    scaffold = Scaffold("foo", "10.0.0.10", "10.0.0.20", "10.0.0.0/24", ranges, key=Key("omapi", algorithm, secret))
    text = scaffold.dhcpd_conf(role).partition("\ninclude")[0] + "\n" + scaffold.key_conf()
    text += scaffold.master_conf().replace('include "/etc/dhcp/shared/omapi-key.conf";', "")
    for old, new in texts.items():
        text = text.replace(old, new)
    return Discovered(
        SshTarget("10.0.0.10" if role == "primary" else "10.0.0.20", None, "root"),
        Told("dhcp1" if role == "primary" else "dhcp2", "uname -n"),
        Told("/etc/dhcp/dhcpd.conf", "-cf"),
        Told("/var/lib/dhcp/dhcpd.leases", "-lf"),
        Told("journal:isc-dhcp-server", "x"),
        Told("systemctl restart isc-dhcp-server", "x", True),
        parse(text, f"/{role}.conf"),
    )


def made(directory: Path, **how: str) -> Draft:
    """The draft of a good pair."""
    return draft((server("primary", **how), server("secondary", **how)), "office", None, directory)


def yes(question: str) -> bool:
    """Whoever asks is told to go on."""
    return True


def no(question: str) -> bool:
    """Whoever asks is told to stop."""
    return False


@pytest.mark.parametrize("swap", [False, True])
def test_the_primary_is_recognised(tmp_path: Path, swap: bool) -> None:
    """Whatever the order of the hosts, the file says who is the primary; what is written loads, and holds no secret."""
    found = (server("primary"), server("secondary"))
    one = draft(found[::-1] if swap else found, None, None, tmp_path)
    path = tmp_path / "config.toml"
    write(one, path, no)
    pair = load(path).pair("foo")
    assert (pair.primary.host, pair.secondary.host, pair.peer) == ("10.0.0.10", "10.0.0.20", "foo")
    assert pair.probe_address == ("10.0.0.100",)
    assert pair.primary.log == "journal:isc-dhcp-server"
    key = pair.primary.omapi_key
    assert key
    assert key.read_secret().decode() == BASE64
    assert {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {
        "config.toml": 0o600,
        "foo.omapi.key": 0o600,
    }
    assert BASE64 not in path.read_text() + "\n".join(one.report) + repr(one)
    assert any("guessed" in line and "restart" in line for line in one.report)


def test_two_secrets_are_two_files(tmp_path: Path) -> None:
    """Each server may have a key of its own."""
    found = (server("primary"), server("secondary", "hmac-sha512", "b3RoZXI="))
    write(draft(found, "office", None, tmp_path), tmp_path / "config.toml", no)
    pair = load(tmp_path / "config.toml").pair("office")
    got = [(key.algorithm, key.read_secret()) for role in Role if (key := pair[role].omapi_key)]
    assert got == [("hmac-sha256", BASE64.encode()), ("hmac-sha512", b"b3RoZXI=")]


@pytest.mark.parametrize(
    ("found", "peer", "words"),
    [
        ((server("primary"), server("primary")), None, "both servers are primary"),
        ((server("primary"), server("secondary", foo="bar")), None, "no failover peer of the same name"),
        ((server("primary"), server("secondary")), "bar", "'bar' is not declared on both"),
    ],
)
def test_what_is_no_pair_is_refused(
    found: tuple[Discovered, Discovered], peer: str | None, words: str, tmp_path: Path
) -> None:
    """With the reason."""
    with pytest.raises(InitError, match=words):
        draft(found, None, peer, tmp_path)


def test_other_pairs_are_kept(tmp_path: Path) -> None:
    """What was there stays byte for byte; the pair's own tables are replaced only when asked."""
    path = tmp_path / "config.toml"
    path.write_text(OTHER)
    write(made(tmp_path), path, no)
    assert path.read_text().startswith(OTHER)
    assert set(load(path).pairs) == {"branch", "office"}
    first = path.read_text()
    with pytest.raises(InitError, match="left as it is"):
        write(made(tmp_path), path, no)
    assert path.read_text() == first
    changed = first.replace('name = "dhcp1"', 'name = "old"') + "\n[console]\n"
    path.write_text(changed)
    write(made(tmp_path), path, yes)
    assert load(path).pair("office").primary.name == "dhcp1"
    assert path.read_text().startswith(OTHER)
    assert "[console]" in path.read_text()


def firewall(number: int, roles: dict[str, str], secret: str = BASE64) -> Discovered:
    """One of two servers with a relationship per interface; `roles`: its role in each."""
    here, other = (f"10.0.0.{each}0" for each in (number, 3 - number))
    declared = [
        f'failover peer "{name}" {{ {role}; address {here}; port 647; peer address {other}; peer port 647; }}\n'
        f'subnet 10.{index}.0.0 netmask 255.255.255.0 {{ pool {{ failover peer "{name}"; range 10.{index}.0.10 10.{index}.0.20; }} }}\n'
        for index, (name, role) in enumerate(roles.items(), 1)
    ]
    key = f'key omapi {{ algorithm hmac-sha256; secret "{secret}"; }}\nomapi-port 7911;\nomapi-key omapi;\n'
    return Discovered(
        SshTarget(here, None, "root"),
        Told(f"fw{number}", "uname -n"),
        Told("/etc/dhcp/dhcpd.conf", "-cf"),
        Told("/var/lib/dhcp/dhcpd.leases", "-lf"),
        Told("file:/var/log/dhcpd.log", "x"),
        Told("service isc-dhcpd restart", "x", True),
        parse(key + "".join(declared), f"/fw{number}.conf"),
    )


ROLES = {"lan": "primary", "opt1": "secondary", "status": "primary"}
"""Of the first firewall; the third is called like a command."""


def firewalls(roles: dict[str, str], **changed: str) -> tuple[Discovered, Discovered]:
    """Two servers that share these; `changed`: the second one's role where it does not answer the first one's."""
    answers = {name: "secondary" if role == "primary" else "primary" for name, role in roles.items()}
    return firewall(1, roles), firewall(2, {**answers, **changed})


def test_every_relationship_becomes_a_pair(tmp_path: Path) -> None:
    """Each machine is written once, with one secret; roles may be mixed."""
    path = tmp_path / "config.toml"
    path.write_text(OTHER)
    one = draft(firewalls(ROLES), None, None, tmp_path, load(path))
    told = write(one, path, no)
    config = load(path)
    assert path.read_text().startswith(OTHER)
    assert list(config.pairs) == ["branch", "lan", "opt1", "status-fw1-fw2"]
    assert {name: server.host for name, server in config.servers.items()} == {"fw1": "10.0.0.10", "fw2": "10.0.0.20"}
    primaries = [config.pairs[name].primary.name for name in one.names]
    assert primaries == ["fw1", "fw2", "fw1"]
    assert config.pair("opt1").probe_address == ("10.2.0.10",)
    assert config.pair("status-fw1-fw2").peer == "status"
    assert [each.name for each in tmp_path.glob("*.key")] == ["fw1-fw2.omapi.key"]
    assert "pairs lan and opt1 and status-fw1-fw2" in told[-1]
    assert BASE64 not in path.read_text() + "\n".join(one.report) + repr(one)


def test_again_adds_what_is_new(tmp_path: Path) -> None:
    """A pair that is there stays as it was made, and so do the machines; with nothing new nothing is written."""
    path = tmp_path / "config.toml"
    write(draft(firewalls({"lan": "primary", "opt1": "secondary"}), None, None, tmp_path), path, no)
    edited = path.read_text().replace('peer = "lan"', 'peer = "lan"\ngroup = "hq"')
    path.write_text(edited)
    write(draft(firewalls(ROLES), None, None, tmp_path, load(path)), path, no)
    assert path.read_text().startswith(edited.rstrip())
    assert path.read_text().count("[servers.") == 2
    assert load(path).pair("lan").group == "hq"
    with pytest.raises(InitError, match=r"pair lan of the configuration is left as it is(.|\n)*nothing new"):
        draft(firewalls(ROLES), None, None, tmp_path, load(path))


def test_one_of_several(tmp_path: Path) -> None:
    """--peer narrows; a machine of the configuration is named."""
    path = tmp_path / "config.toml"
    path.write_text('[servers.edge]\nhost = "10.0.0.10"\n')
    write(draft(firewalls(ROLES), None, "opt1", tmp_path, load(path)), path, no)
    pair = load(path).pair("opt1")
    assert (pair.primary.name, pair.secondary.machine) == ("fw2", "edge")
    assert list(load(path).pairs) == ["opt1"]


def test_a_relationship_that_is_none_is_left_out(tmp_path: Path) -> None:
    """Both primary of one of three: that one is told with its reason, the others are written."""
    one = draft(firewalls(ROLES, lan="primary"), "site", None, tmp_path)
    assert one.names == ("site-opt1", "site-status")
    assert any("lan: left out: both servers are primary" in line for line in one.report)


def test_names_that_are_taken(tmp_path: Path) -> None:
    """By another site's firewalls, with the same names as everywhere."""
    path = tmp_path / "config.toml"
    path.write_text(OTHER.replace("branch", "lan"))
    assert draft(firewalls(ROLES), None, None, tmp_path, load(path)).names[0] == "lan-fw1-fw2"


def test_a_read_only_pair_is_not_replaced(tmp_path: Path) -> None:
    """Whoever made it read_only meant it."""
    path = tmp_path / "config.toml"
    write(made(tmp_path), path, no)
    text = path.read_text().replace('peer = "foo"\n', 'peer = "foo"\nread_only = true\n')
    path.write_text(text)
    with pytest.raises(InitError, match="read_only"):
        write(made(tmp_path), path, yes)
    assert path.read_text() == text


def test_a_broken_file_is_not_touched(tmp_path: Path) -> None:
    """It is told, and left."""
    path = tmp_path / "config.toml"
    path.write_text("[pairs.office\n")
    with pytest.raises(InitError, match="Correct that first"):
        write(made(tmp_path), path, yes)
    assert path.read_text() == "[pairs.office\n"


def test_another_secret_is_asked_for(tmp_path: Path) -> None:
    """A secret that would be lost is asked for; without a yes nothing is written."""
    place = tmp_path / "office.omapi.key"
    place.write_text("b3RoZXI=\n")
    with pytest.raises(InitError, match="left as it is"):
        write(made(tmp_path), tmp_path / "config.toml", no)
    assert place.read_text() == "b3RoZXI=\n"
    assert not (tmp_path / "config.toml").exists()


def test_two_hosts_that_fail(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each on a line of its own; a line end that comes from outside stays harmless."""
    argv = ["--config", str(tmp_path / "c.toml"), "init", "127.0.0.1:1", "127.0.0.1:2", "--known-hosts", "/dev/null"]
    assert main(argv) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2, lines
    assert "127.0.0.1:1" in lines[0]
    assert "127.0.0.1:2" in lines[1]
    assert "\\x0a" not in "".join(lines)
    assert str(ConfigError("a\nb", "c")) == "a\\x0ab\nc"


def test_name_and_pair_are_one_option() -> None:
    """`--name` says what the pair is called; `--pair` stays."""
    for option in ("--name", "--pair"):
        assert build_parser().parse_args(["init", "a", "b", option, "hq"]).pair == "hq"


@pytest.mark.parametrize(
    ("config", "name", "commands"),
    [
        (None, "hq", "Now: dhcptui status hq, dhcptui lint hq, dhcptui hq"),
        (
            Path("/tmp/a b.toml"),
            "my pair",
            "Now: dhcptui --config '/tmp/a b.toml' status 'my pair', dhcptui --config '/tmp/a b.toml' lint 'my pair',"
            " dhcptui --config '/tmp/a b.toml' 'my pair'",
        ),
    ],
)
def test_what_is_next(config: Path | None, name: str, commands: str) -> None:
    """The commands as they must be typed: with the configuration that was written, and quoted."""
    assert next_commands(config, (name,)) == commands


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"omapi-key omapi": "omapi-key other"}, "omapi-key names other (/primary.conf:"),
        ({"omapi-key omapi": "omapi-key other"}, "no key of that name with a secret is declared (there is omapi)"),
        ({"hmac-sha256": "hmac-sha3"}, "its algorithm is hmac-sha3; valid are hmac-md5,"),
        ({"algorithm hmac-sha256;": ""}, "it has no algorithm; valid are"),
    ],
)
def test_why_a_key_cannot_be_used(tmp_path: Path, texts: dict[str, str], words: str) -> None:
    """A key that is not there is told from one whose algorithm is none."""
    (note, *_) = [each for each in made(tmp_path, **texts).report if "omapi_key" in each]
    assert words in note


@pytest.mark.parametrize(("seconds", "timeout"), [(0.2, 20), (9.0, 20), (14.0, 30), (31.0, 70), (900.0, 600)])
def test_a_slow_login_is_written_down(tmp_path: Path, seconds: float, timeout: int) -> None:
    """The console then gives that server the time that init has seen it need."""
    slow = replace(server("primary"), login_seconds=seconds)
    pair = draft((slow, server("secondary")), "office", None, tmp_path)
    assert ("login_timeout" in pair.text) is (timeout != 20)
    write(pair, tmp_path / "config.toml", yes)
    settings = load(tmp_path / "config.toml").pair("office")
    assert (settings.primary.login_timeout, settings.secondary.login_timeout) == (timeout, 20)


def test_the_platform_is_written(tmp_path: Path) -> None:
    """Where it was found: for R, and for whoever reads the file; what was not found is not written."""
    found = tuple(
        replace(server(role), platform=Told("opnsense", "/usr/local/opnsense is there"))
        for role in ("primary", "secondary")
    )
    one = draft((found[0], found[1]), "office", None, tmp_path)
    write(one, tmp_path / "config.toml", no)
    assert load(tmp_path / "config.toml").pair("office").secondary.platform == "opnsense"
    assert "  platform: opnsense (/usr/local/opnsense is there)" in one.report
    assert "platform = " not in made(tmp_path).text


@pytest.mark.parametrize(
    ("stderr", "words"),
    [
        (b"sudo: a password is required\n", "sudo asks it for a password"),
        (b"sudo: a terminal is required to read the password; ...\nsudo: a password is required\n", "for a password"),
        (b"sh: 1: exec: sudo: not found\n", "there is no sudo"),
        (b"", "there is no sudo"),
        (b"ops is not in the sudoers file.\n", "(ops is not in the sudoers file.)"),
        (b"\x1b[31mno\n", "(\\x1b[31mno)"),
    ],
)
def test_why_sudo_does_not_work(stderr: bytes, words: str) -> None:
    """Its real reason, and no other."""
    assert words in refusal(stderr)


def test_targets() -> None:
    """As ssh takes them; --user is for those that name nobody."""
    assert target("admin@dhcp1:2222", "root", None, None) == SshTarget("dhcp1", 2222, "admin")
    assert target("dhcp1", "root", None, None) == SshTarget("dhcp1", None, "root")
    with pytest.raises(InitError):
        target("dhcp1:ssh", None, None, None)


@pytest.mark.parametrize(
    "hosts", [("localhost", "localhost"), ("localhost", "127.0.0.1"), ("dhcp1", "ops@dhcp1"), ("a:2201", "a:2201")]
)
def test_one_machine_twice_is_no_pair(hosts: tuple[str, str]) -> None:
    """It is said before either is asked, and not as a failover peer that is missing."""
    with pytest.raises(InitError, match=rf"^{hosts[0]} and {hosts[1]} are one machine: name both servers of the pair$"):
        targets(hosts, None, None, None)


@pytest.mark.parametrize("hosts", [("localhost", "dhcp2"), ("a:2201", "a:2202"), ("a", "a:2202")])
def test_two_machines_are_a_pair(hosts: tuple[str, str]) -> None:
    """Behind one address, too: by their ports."""
    assert tuple(map(str, targets(hosts, None, None, None))) == hosts
