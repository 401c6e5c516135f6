"""What the lint rules look at, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property

from dhcptui.conf.compare import Compared, Difference, differences
from dhcptui.conf.failover import Peer, Range, is_address, peers, ranges
from dhcptui.conf.files import absent
from dhcptui.conf.lint.generated import Writer, writer
from dhcptui.conf.overlay import Stretch, overlay
from dhcptui.conf.reader import Fault, Node
from dhcptui.conf.spelling import Spelling, is_ldap, spelling
from dhcptui.model.role import Role
from dhcptui.model.sentence import Sentence


class Severity(Enum):
    """How bad: an error breaks the pair or hurts clients, a warning will, an info is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Expected:
    """What dhcptui's own configuration says of a server. The secret is base64 text, kept out of every repr."""

    omapi_port: int
    key_name: str = ""
    key_algorithm: str = ""
    key_secret: str = field(default="", repr=False)
    dhcpd_conf: str = ""
    leases: str = ""


@dataclass(frozen=True)
class Subject:
    """One server: its configuration, and what else is known of it. What is not known has its default."""

    name: str
    configuration: Node
    version: str = ""
    test: str = ""
    """What `dhcpd -t` said; empty: it found nothing, or was not run."""
    modes: Mapping[str, int] = field(default_factory=dict)
    """Permissions by file."""
    changed: Mapping[str, int] = field(default_factory=dict)
    """Seconds since 1970, by the server's clock, by file."""
    started: int | None = None
    """When the running dhcpd was started, by the same clock."""
    running_conf: str = ""
    """The file the running dhcpd was started with."""
    running_leases: str = ""
    expected: Expected | None = None
    platform: str = ""
    """As in dhcptui's configuration: where a GUI writes the files, nobody edits them."""
    chroot: str = ""
    """The directory that the running dhcpd takes for `/`; empty: none, or not known. All paths here are seen from outside."""

    @cached_property
    def absent(self) -> tuple[Node, ...]:
        """Includes of files that do not exist."""
        return absent(self.configuration)

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """Where a brace or a quotation mark is missing: what stands behind the first of them is guessed."""
        return tuple(fault for node in self.configuration.walk() for fault in node.faults)

    @cached_property
    def directory(self) -> Node | None:
        """The first statement that says: the rest stands in an LDAP directory."""
        return next(filter(is_ldap, self.configuration.children or ()), None)

    def writer(self, file: str) -> Writer | None:
        """The program that writes one of its files; None: nobody is known to."""
        return self._writers.get(file)

    @cached_property
    def _writers(self) -> dict[str, Writer | None]:
        files = {self.configuration.file, *(file for file, _ in self.configuration.heads)}
        return {file: writer(self.configuration, file, self.platform) for file in files}

    @property
    def is_whole(self) -> bool:
        """Whether all of its configuration was read: what is missing in one that was not is not known to be missing."""
        return not self.absent and not self.directory and not self.faults

    @cached_property
    def spelling(self) -> Spelling:
        """Its configuration as it was meant, and what is misspelt or unknown in it."""
        return spelling(self.configuration)

    @cached_property
    def peers(self) -> list[Peer]:
        """Its peer declarations."""
        return peers(self.configuration)

    @cached_property
    def ranges(self) -> list[Range]:
        """Its ranges."""
        return ranges(self.configuration)


def _is_between(one: Peer, two: Peer) -> bool:
    """Whether two declarations of one name mean each other: not where both name a third server as their partner."""
    ends = (one.text("address"), one.text("peer address"), two.text("address"), two.text("peer address"))
    return not all(map(is_address, ends)) or ends[1] in ends[2:] or ends[3] in ends[:2]


@dataclass(frozen=True)
class Pair:
    """Both servers, and the relationship that counts."""

    peer: str
    primary: Subject
    secondary: Subject
    drift: str = ""
    """How the shared directories differ; empty: they do not, or it is not known."""
    notes: tuple[str, ...] = ()
    """What to know of the files that were read: which one dhcpd reads, and which one `dhcpd -t` tests."""

    @cached_property
    def meant(self) -> Pair:
        """The same pair, its configurations read as they were meant: nothing is missing where it is misspelt."""
        one, two = (replace(each, configuration=each.spelling.meant) for each in (self.primary, self.secondary))
        return replace(self, primary=one, secondary=two)

    @cached_property
    def differences(self) -> list[Difference]:
        """What the two configurations say differently."""
        one, two = (
            Compared(each.configuration, each.ranges, each.peers, self.third_partners(role), each.is_whole)
            for role, each in ((Role.PRIMARY, self.primary), (Role.SECONDARY, self.secondary))
        )
        return differences(one, two, self.stretches)

    @cached_property
    def stretches(self) -> list[Stretch]:
        """Both servers' ranges, laid over each other."""
        return overlay(self.primary.ranges, self.secondary.ranges)

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """The relationships to compare: ours, and those that both declare with each other, not each with a third server."""
        other = {each.name: each for each in self.secondary.peers}
        names = [each.name for each in self.primary.peers if each.name in other and _is_between(each, other[each.name])]
        return tuple(dict.fromkeys([*([self.peer] if self.peer else []), *names]))

    def third_partners(self, role: Role) -> frozenset[str]:
        """The relationships that a server has with others than its partner."""
        partner = {each.text("address") for each in self[role.other].peers} - {""}
        return frozenset(
            each.name
            for each in self[role].peers
            if each.name not in self.shared and partner and each.text("peer address") not in partner
        )

    def __getitem__(self, role: Role) -> Subject:
        return self.primary if role is Role.PRIMARY else self.secondary

    def declared(self, role: Role) -> Peer | None:
        """The relationship's declaration on a server; the last one of that name."""
        return next((each for each in reversed(self[role].peers) if each.name == self.peer), None)

    def both(self) -> tuple[Peer, Peer] | None:
        """Both declarations, where there are both."""
        one, two = self.declared(Role.PRIMARY), self.declared(Role.SECONDARY)
        return (one, two) if one and two else None

    def each(self) -> Iterator[tuple[Role, Subject, Peer]]:
        """Every server that has the declaration."""
        for role in Role:
            if declared := self.declared(role):
                yield role, self[role], declared


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule found. `role` None: the pair as a whole. `node` None: it stands in no file."""

    role: Role | None
    node: Node | None
    sentence: str
    fix: str | Sentence
    file: str = ""
    """Where the problem is a file, not a line in it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. Its check's docstring says what it looks for."""

    id: str
    severity: Severity
    check: Callable[[Pair], Iterator[Problem]]
    source: str

    @property
    def title(self) -> str:
        """What it looks for, one sentence."""
        return (self.check.__doc__ or "").strip().splitlines()[0]


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its rule; every text is sanitised."""

    id: str
    severity: Severity
    role: Role | None
    server: str
    """The server's label; empty: the pair."""
    file: str
    line: int
    """0 where there is none."""
    sentence: str
    fix: Sentence
    refused: bool = False
    """Whether dhcpd itself refuses it, and does not start."""
