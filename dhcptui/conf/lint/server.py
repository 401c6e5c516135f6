"""Lint rules on OMAPI, secrets, and on what runs on the servers."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from dhcptui.conf.failover import keys, omapi_key, omapi_port
from dhcptui.conf.lint.findings import Pair, Problem, Subject
from dhcptui.conf.lint.generated import RESTART
from dhcptui.model.action import Action
from dhcptui.model.role import Role

WORLD_READABLE = 0o004
CLOCK_GRAIN_SECONDS = 1
"""A process's start and a file's change are known to the second."""


def no_omapi_port(pair: Pair) -> Iterator[Problem]:
    """`omapi-port` is there: without it nobody can ask dhcpd for its state, or tell it what to do."""
    for role in Role:
        configuration = pair[role].configuration
        if pair[role].is_whole and not omapi_port(configuration):
            sentence = "omapi-port is missing: dhcptui cannot ask this server for its state"
            yield Problem(role, None, sentence, "Add `omapi-port 7911;`, and an omapi-key.", configuration.file)


def other_omapi_port(pair: Pair) -> Iterator[Problem]:
    """`omapi-port` is the one in dhcptui's configuration."""
    for role in Role:
        subject = pair[role]
        found = omapi_port(subject.configuration)
        if found and subject.expected and found[0] != subject.expected.omapi_port:
            sentence = f"omapi-port is {found[0]}; dhcptui's configuration says {subject.expected.omapi_port}"
            yield Problem(role, found[1], sentence, f"Set `omapi_port = {found[0]}` in dhcptui's configuration.")


def no_omapi_key(pair: Pair) -> Iterator[Problem]:
    """`omapi-port` comes with `omapi-key`: otherwise whoever reaches the port commands dhcpd."""
    for role in Role:
        found = omapi_port(pair[role].configuration)
        if pair[role].is_whole and found and not omapi_key(pair[role].configuration):
            sentence = "omapi-port without omapi-key: whoever reaches the port can change this server's state"
            yield Problem(role, found[1], sentence, "Define a `key` and add `omapi-key NAME;`; keep the port closed.")


def unknown_omapi_key(pair: Pair) -> Iterator[Problem]:
    """`omapi-key` names a key that is defined."""
    for role in Role:
        found = omapi_key(pair[role].configuration)
        if pair[role].is_whole and found and found[0] not in keys(pair[role].configuration):
            sentence = f"omapi-key names {found[0]!r}, and no such key is defined; dhcpd does not start"
            yield Problem(role, found[1], sentence, "Define it: key NAME { algorithm hmac-sha256; secret ...; }")


def key_without_algorithm(pair: Pair) -> Iterator[Problem]:
    """Every `key` has an `algorithm`: without one dhcpd dies while it reads its configuration, and says nothing."""
    for role in Role:
        for name, key in keys(pair[role].configuration).items():
            if not key.algorithm:
                sentence = f"key {name!r} has no algorithm; dhcpd ends with a segmentation fault, without a word"
                yield Problem(role, key.node, sentence, "Add `algorithm hmac-sha256;` before its secret.")


def omapi_keys_differ(pair: Pair) -> Iterator[Problem]:
    """Both servers have the same OMAPI key; another one on each is possible, but one more thing to keep."""
    used = []
    for role in Role:
        found = omapi_key(pair[role].configuration)
        used.append(keys(pair[role].configuration).get(found[0]) if found else None)
    one, two = used
    if one and two and (one.name, one.algorithm, one.secret) != (two.name, two.algorithm, two.secret):
        parts = [
            what
            for what, a, b in (
                ("name", one.name, two.name),
                ("algorithm", one.algorithm, two.algorithm),
                ("secret", one.secret, two.secret),
            )
            if a != b
        ]
        sentence = f"the OMAPI keys of the two servers differ ({', '.join(parts)})"
        yield Problem(
            Role.SECONDARY, two.node, sentence, "Use one key, or give each server its own omapi_key in dhcptui."
        )


def other_omapi_key(pair: Pair) -> Iterator[Problem]:
    """The OMAPI key is the one in dhcptui's configuration: name, algorithm and secret."""
    for role in Role:
        subject = pair[role]
        found, expected = omapi_key(subject.configuration), subject.expected
        key = keys(subject.configuration).get(found[0]) if found else None
        if not found or not expected:
            continue
        if not expected.key_name:
            sentence = f"dhcpd wants OMAPI key {found[0]!r}; dhcptui's configuration has none"
            yield Problem(role, found[1], sentence, f"Set omapi_key for {subject.name}; `dhcptui init` writes it.")
        elif key:
            wrong = [
                what
                for what, here, there in (
                    ("name", key.name, expected.key_name),
                    ("algorithm", key.algorithm, expected.key_algorithm),
                    ("secret", key.secret.rstrip("="), expected.key_secret.rstrip("=")),
                )
                if there and here != there
            ]
            if wrong:
                sentence = f"the OMAPI key here has another {' and '.join(wrong)} than dhcptui's configuration"
                yield Problem(role, key.node, sentence, f"Correct omapi_key of {subject.name}, or its secret_file.")


def weak_key(pair: Pair) -> Iterator[Problem]:
    """The OMAPI key is not hmac-md5, which was all that dhcpd 3.0 knew."""
    for role in Role:
        found = omapi_key(pair[role].configuration)
        key = keys(pair[role].configuration).get(found[0]) if found else None
        if key and key.algorithm == "hmac-md5":
            yield Problem(role, key.node, "the OMAPI key uses hmac-md5", "dhcpd 4.4 takes hmac-sha256 as well.")


def readable_secret(pair: Pair) -> Iterator[Problem]:
    """A file with a secret in it is not readable for everybody on the server."""
    for role in Role:
        subject = pair[role]
        files = set()
        for key in keys(subject.configuration).values():
            file = key.secret_node.file
            if subject.modes.get(file, 0) & WORLD_READABLE and file not in files:
                files.add(file)
                sentence = f"the secret of key {key.name!r} stands in a file that everybody may read"
                fix = f"chmod o-rwx {file}; dhcpd's own account must still be able to read it."
                yield Problem(role, key.secret_node, sentence, fix)


def old_relic(pair: Pair) -> Iterator[Problem]:
    """No habit of dhcpd 3.0 that 4.4 refuses: `ddns-update-style ad-hoc`."""
    for role in Role:
        for node in pair[role].configuration.named("ddns-update-style", "ad-hoc"):
            sentence = "ddns-update-style ad-hoc is no longer supported; dhcpd does not start"
            yield Problem(role, node, sentence, "Write `ddns-update-style none;`, or standard.")


def test_failed(pair: Pair) -> Iterator[Problem]:
    """`dhcpd -t` takes the configuration."""
    for role in Role:
        subject = pair[role]
        if subject.test:
            sentence = f"dhcpd -t refuses the configuration: {subject.test}"
            fix = "Correct it before anything restarts dhcpd."
            if subject.directory and f"line {subject.directory.line}:" in subject.test:
                word = subject.directory.words[0]
                fix = f"Only a dhcpd that was built with LDAP reads `{word}` (Debian: isc-dhcp-server-ldap), and this one was not."
            yield Problem(role, None, sentence, fix, subject.configuration.file)


def versions_differ(pair: Pair) -> Iterator[Problem]:
    """Both servers run the same dhcpd."""
    one, two = pair.primary.version, pair.secondary.version
    if one and two and one != two:
        sentence = f"{pair.primary.name} has dhcpd {one}, {pair.secondary.name} has {two}"
        yield Problem(None, None, sentence, "Bring both to the same version; the secondary first.")


def too_old(pair: Pair) -> Iterator[Problem]:
    """dhcpd is 4.x: 3.0.x numbers its failover states differently, and does not speak with later ones."""
    for role in Role:
        version = pair[role].version
        if version and not version.startswith("4."):
            yield Problem(role, None, f"this is dhcpd {version}", "Bring both servers to 4.4.")


def restart_needed(pair: Pair) -> Iterator[Problem]:
    """No configuration file is newer than the running dhcpd: it reads them only when it starts."""
    for role in Role:
        subject = pair[role]
        if subject.started is None or not subject.changed:
            continue
        file, changed = max(subject.changed.items(), key=lambda item: item[1])
        if changed > subject.started + CLOCK_GRAIN_SECONDS:
            seconds = changed - subject.started
            sentence = f"changed {seconds} s after dhcpd was started: the running dhcpd does not know it"
            # What lint says of the file itself, dhcpd finds out when it is too late.
            fix = (
                "First correct what `dhcpd -t` refuses: a dhcpd that is restarted now does not start."
                if subject.test
                else RESTART
            )
            yield Problem(role, None, sentence, fix, file)


def other_file(pair: Pair) -> Iterator[Problem]:
    """The running dhcpd uses the files that dhcptui's configuration names."""
    for role in Role:
        subject = pair[role]
        expected = subject.expected
        if not expected:
            continue
        yield from _other_file(
            role, subject, "configuration", subject.running_conf, ("dhcpd_conf", expected.dhcpd_conf)
        )
        leases = ("leases", expected.leases)
        if subject.running_leases:
            yield from _other_file(role, subject, "lease file", subject.running_leases, leases)
        else:
            yield from _lease_file_name(role, subject, leases)


def _other_file(role: Role, subject: Subject, what: str, file: str, expected: tuple[str, str]) -> Iterator[Problem]:
    key, configured = expected
    if file and configured and file != configured:
        sentence = (
            f"the {what} of the running dhcpd is {file}{_in_chroot(subject)}; dhcptui's configuration says {configured}"
        )
        yield Problem(role, None, sentence, f'Set `{key} = "{file}"` in dhcptui\'s configuration.')


def _lease_file_name(role: Role, subject: Subject, expected: tuple[str, str]) -> Iterator[Problem]:
    """What the file itself says; it counts where dhcpd was started without -lf, and is meant inside of a chroot."""
    key, configured = expected
    nodes = [node for node in subject.configuration.named("lease-file-name") if len(node.words) == 2]
    if not nodes or not nodes[-1].words[1].startswith("/"):
        return
    file = posixpath.join(subject.chroot or "/", nodes[-1].words[1].lstrip("/"))
    if configured and file != configured:
        sentence = f"lease-file-name is {file}{_in_chroot(subject)}; dhcptui's configuration says {configured}"
        yield Problem(role, nodes[-1], sentence, f'Set `{key} = "{file}"` in dhcptui\'s configuration.')


def _in_chroot(subject: Subject) -> str:
    return f" (in the chroot {subject.chroot})" if subject.chroot else ""


def drift(pair: Pair) -> Iterator[Problem]:
    """The shared directories are the same."""
    if pair.drift:
        sentence = f"the shared directories differ: {pair.drift}"
        yield Problem(
            None, None, sentence, (Action.SYNC_RESTART, " (sync + restart) shows the difference and copies it.")
        )
