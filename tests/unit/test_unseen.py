"""Each check of the guard table has three outcomes: seen and fine, seen and not, not seen. A check without a row fails."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from dhcptui.act.plan import Plan
from dhcptui.assess import evidence as ev
from dhcptui.assess import peer_guards as pg
from dhcptui.assess import resumed
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.evidence import Finding
from dhcptui.assess.guards import RESUMED, RULES, rule
from dhcptui.assess.not_seen import UNSEEN, Meaning
from dhcptui.assess.space import lease_file, lease_space, partner_lease_space, partner_records
from dhcptui.assess.verdict import Level, derive
from dhcptui.assess.written_files import written_by_people
from dhcptui.config.platforms import writer
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import (
    Channel,
    ClockOffset,
    Holding,
    LeaseSpace,
    Link,
    Lock,
    LockFiles,
    Lockout,
    PairSnapshot,
    PartnerReach,
    ProcessSighting,
    Reach,
    Resource,
    ServerView,
)
from dhcptui.model.states import FailoverState
from dhcptui.model.sync_record import SyncRecord
from dhcptui.servers.ssh.space import parse_space
from dhcptui.ui.render.plan import evidence as drawn
from dhcptui.ui.render.plan import top
from dhcptui.ui.style import UNICODE
from tests.unit.making import NOW, down, gone, hung, live, never, pair, status
from tests.unit.test_peers import bar, with_peers

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
REFUSED, SENTENCE, NO_MATTER = Meaning.REFUSED, Meaning.SENTENCE, Meaning.NO_MATTER
_SILENT = PartnerReach("10.0.0.20", Reach.SILENT, Reach.SILENT, Reach.SILENT)
OLD = NOW.mono - 60


def marked(view: ServerView, **lock_files: object) -> ServerView:
    """With these marks beside its lease file."""
    return replace(view, lock_files=Seen(LockFiles(**lock_files), NOW.mono - 1))  # type: ignore[arg-type]


def impersonated(view: ServerView) -> ServerView:
    """Somebody else answers on its OMAPI port."""
    look = ProcessSighting((812,), holds=(Holding(Resource.OMAPI_PORT, 7911),), lone="pid 812 (nc)", refuted=True)
    return replace(view, process=Seen(look, NOW.mono - 1))


def restarting(server: ServerView, other: ServerView) -> PairSnapshot:
    """A sync-restart stopped while it restarted `server`, the secondary."""
    record = SyncRecord("r1", "0", "bob@ws9", "20261128T031500Z", ("copied", "restarting dhcp2"), NOW.wall - 30)
    return pair(marked(other), marked(server, sync=record))


def rescued(*, left: bool | None) -> PairSnapshot:
    """The secondary was stopped by a rescue; or was not; or nobody looked (None)."""
    lock = Lock(
        "t", "bob", "ws9", "office", "rescue", "s", NOW.wall - 60, NOW.wall - 30, "foo", acting="secondary", done=2
    )
    me = replace(down(Q), lock_files=None) if left is None else marked(down(Q), lock=lock if left else None)
    return pair(gone(P), me)


def declared(server: ServerView) -> PairSnapshot:
    """A partner-down stopped before it left its marker, as its lock tells."""
    lock = Lock(
        "t",
        "bob",
        "ws9",
        "office",
        "partner-down",
        "s",
        NOW.wall - 60,
        NOW.wall - 30,
        "foo",
        acting="primary",
        done=2,
        steps=3,
    )
    return pair(marked(server, lock=lock), down(Q))


HELD = Lockout("dhcp1", "anna", NOW.wall - 600, "crash")
UNREAD = Channel(Link.CONNECTING)
COMM = live(P, S.COMMUNICATIONS_INTERRUPTED)
SWORN = replace(COMM, reach=Seen(_SILENT, NOW.mono - 1))
NOT_ALL = ProcessSighting((), unseen=("80 processes may not be looked into",))


@dataclass(frozen=True)
class Three:
    """What makes each outcome, judged for `acting`. `unseen`: by what follows."""

    fine: PairSnapshot | None
    """None: that this is fine is not said."""
    bad: PairSnapshot | None
    """None: nothing can be wrong with it."""
    unseen: dict[Meaning, PairSnapshot]
    acting: Role = P


def far(view: ServerView) -> ServerView:
    """A clock far away."""
    return replace(view, clock=Seen(ClockOffset(90, 0), NOW.mono - 1))


CLOCKS = Three(
    pair(live(P), live(Q)), pair(live(P), far(live(Q))), {REFUSED: pair(live(P), replace(live(Q), clock=None))}
)
SSH = {REFUSED: pair(replace(live(P), ssh=UNREAD), replace(live(Q), ssh=UNREAD))}
QUEUES = pair(*(replace(live(role, unacked=3), queue_moved=NOW.mono - 20) for role in Role))
NOT_ASKED = replace(gone(Q), omapi=Channel(Link.FAILED, "no SSH", untried=True))
PEERS_UNREAD = {
    REFUSED: pair(replace(live(P), other_peers=None), live(Q)),
    SENTENCE: pair(replace(live(P), other_peers=None, configuration_note="no such file"), live(Q)),
}
ALONE_IN_BAR = pair(with_peers(live(P), bar(P, S.PARTNER_DOWN)), with_peers(live(Q), bar(Q, S.RECOVER)))

TIGHT = [replace(live(role), space=Seen(LeaseSpace(90_000, 40_000), NOW.mono - 1)) for role in Role]
SPACE = Three(
    pair(live(P), live(Q)), pair(*TIGHT), {NO_MATTER: pair(*(replace(live(role), space=None) for role in Role))}
)

TABLE: dict[Callable[..., object], Three] = {
    ev.partner_silent: Three(
        pair(COMM, down(Q)), pair(COMM, live(Q)), {REFUSED: pair(COMM, never(Q)), NO_MATTER: pair(COMM, NOT_ASKED)}
    ),
    ev.partner_gone: Three(
        pair(COMM, down(Q)),
        pair(COMM, hung(Q)),
        {
            REFUSED: pair(COMM, replace(down(Q), process=None)),
            SENTENCE: pair(SWORN, gone(Q)),
        },
    ),
    ev.would_answer: Three(
        pair(COMM, down(Q)), pair(live(P, S.SHUTDOWN, S.PARTNER_DOWN), down(Q)), {REFUSED: pair(down(P), down(Q))}
    ),
    ev.clocks_if_known: replace(CLOCKS, unseen={**CLOCKS.unseen, NO_MATTER: pair(live(P), gone(Q))}),
    ev.clocks: CLOCKS,
    ev.clocks_close: CLOCKS,
    ev.queue_empty: Three(pair(live(P), live(Q)), QUEUES, {REFUSED: pair(gone(P), live(Q))}),
    ev.partner_queue_empty: Three(pair(live(P), live(Q)), QUEUES, {REFUSED: pair(live(P), gone(Q))}),
    ev.ssh: Three(pair(live(P), live(Q)), pair(gone(P), live(Q)), SSH),
    ev.partner_ssh: Three(pair(live(P), live(Q)), pair(live(P), gone(Q)), SSH),
    ev.hear_each_other: Three(
        pair(live(P, S.SHUTDOWN, S.PARTNER_DOWN), live(Q, S.PARTNER_DOWN, S.SHUTDOWN)),
        pair(live(P, S.PAUSED, S.NORMAL), live(Q, S.COMMUNICATIONS_INTERRUPTED, S.PAUSED)),
        {REFUSED: pair(live(P, S.SHUTDOWN), gone(Q))},
    ),
    ev.process_gone: Three(
        pair(down(P), live(Q)),
        pair(hung(P), live(Q)),
        {
            REFUSED: pair(gone(P), live(Q)),
            SENTENCE: pair(replace(down(P), process=Seen(NOT_ALL, NOW.mono - 1)), live(Q)),
        },
    ),
    ev.start_order: Three(
        pair(down(P), down(Q)),
        pair(down(P), marked(down(Q), lockout=HELD)),
        {
            REFUSED: pair(down(P), replace(down(Q), lock_files=None)),
            SENTENCE: pair(down(P), gone(Q)),
            NO_MATTER: pair(down(P), replace(live(Q), lock_files=None)),
        },
    ),
    ev.recorded_partner_down: Three(
        pair(live(P, S.SHUTDOWN, S.PARTNER_DOWN), down(Q)), pair(COMM, down(Q)), {REFUSED: pair(gone(P), down(Q))}
    ),
    resumed.handed_over_or_healthy: Three(
        pair(live(P), live(Q)), pair(live(P), live(Q, S.PARTNER_DOWN)), {REFUSED: pair(COMM, gone(Q))}
    ),
    resumed.one_serves: Three(
        restarting(down(Q), COMM),
        restarting(replace(live(Q), status=Seen(status(Q), NOW.mono - 7)), live(P, S.RECOVER)),
        {REFUSED: restarting(down(Q), gone(P))},
    ),
    resumed.left_unmarked: Three(
        declared(live(P, S.PARTNER_DOWN)),
        declared(live(P, S.COMMUNICATIONS_INTERRUPTED)),
        {REFUSED: declared(replace(live(P, S.PARTNER_DOWN), omapi=gone(P).omapi, status=None))},
    ),
    resumed.left_stopped: Three(rescued(left=True), rescued(left=False), {REFUSED: rescued(left=None)}, Q),
    lease_file: Three(
        pair(live(P), live(Q)),
        pair(*(replace(live(role), space=Seen(LeaseSpace(10**9, 0, missing=True), NOW.mono - 1)) for role in Role)),
        {NO_MATTER: pair(*(replace(live(role), space=None) for role in Role))},
    ),
    partner_records: Three(
        pair(live(P), live(Q)),
        pair(*(replace(live(role), space=Seen(LeaseSpace(10**9, 0, missing=True), NOW.mono - 1)) for role in Role)),
        {NO_MATTER: pair(*(replace(live(role), space=None) for role in Role))},
    ),
    written_by_people: Three(
        pair(live(P), live(Q)),
        pair(live(P), replace(live(Q), conf_writer=writer("opnsense", ""))),
        {
            REFUSED: pair(live(P), replace(live(Q), conf_writer=None)),
            NO_MATTER: pair(live(P), replace(live(Q), conf_writer=None, configuration_note="denied")),
        },
    ),
    lease_space: SPACE,
    partner_lease_space: SPACE,
    pg.untouched: Three(None, None, {}),
    pg.when_started: Three(None, None, {}),
    pg.when_stopped: Three(pair(live(P), live(Q)), ALONE_IN_BAR, PEERS_UNREAD),
    pg.when_restarted: Three(
        pair(with_peers(live(P), bar(P, S.NORMAL)), with_peers(live(Q), bar(Q, S.NORMAL))), ALONE_IN_BAR, PEERS_UNREAD
    ),
    pg.when_restarted_in_turn: Three(
        pair(with_peers(live(P), bar(P, S.NORMAL)), with_peers(live(Q), bar(Q, S.NORMAL))), ALONE_IN_BAR, PEERS_UNREAD
    ),
    ev.version_known: Three(
        None,
        pair(replace(live(P), version="3.0.7"), live(Q)),
        {NO_MATTER: pair(replace(live(P), ssh=gone(P).ssh), live(Q))},
    ),
    ev.role_as_configured: Three(None, pair(replace(live(Q), role=P, name="dhcp1"), live(Q)), {}),
    ev.answers_itself: Three(None, pair(impersonated(live(P)), live(Q)), {}),
    ev.nobody_else_acts: Three(
        None,
        pair(marked(live(P), lock=Lock("t", "a", "h", "o", "start", "1", NOW.wall, NOW.wall + 30)), live(Q)),
        {NO_MATTER: pair(gone(P), live(Q))},
    ),
}
CHECKS = {
    *(check for row in (*RULES.values(), *RESUMED.values()) for check in (*row.checks, row.others)),
    *ev.ALWAYS,
}


def findings(check: Callable[..., object], snapshot: PairSnapshot, acting: Role) -> tuple[Finding, ...]:
    """What a check says, whatever its form."""
    each = assess_pair(snapshot, NOW).seen_from(acting)
    said = check(each.me, each) if check in ev.ALWAYS else check(each)
    return (said,) if isinstance(said, Finding) else tuple(said)  # type: ignore[arg-type]


def meaning(found: Finding) -> Meaning:
    """What follows from one that was not seen."""
    return NO_MATTER if found.holds else SENTENCE if found.sentence else REFUSED


def test_every_check_has_its_rows() -> None:
    """Decided, written down and tried."""
    assert set(UNSEEN) == CHECKS
    assert set(TABLE) == CHECKS


@pytest.mark.parametrize("check", TABLE, ids=lambda check: check.__name__)
def test_three_outcomes(check: Callable[..., object]) -> None:
    """Fine is a tick; not is none; what was not seen is neither, and means what is written down."""
    row = TABLE[check]
    if row.fine is not None:
        found = findings(check, row.fine, row.acting)
        assert found
        assert all(each.ok and each.seen and each.holds for each in found), found
    if row.bad is not None:
        found = findings(check, row.bad, row.acting)
        assert any(each.seen and not each.ok and not each.holds for each in found), found
    for means, snapshot in row.unseen.items():
        unseen = [each for each in findings(check, snapshot, row.acting) if not each.seen]
        assert {meaning(each) for each in unseen} == {means}, (means, unseen)
    if row.unseen:
        assert tuple(row.unseen) == UNSEEN[check].meanings


VIEWS: list[Callable[[Role], ServerView]] = [
    live, down, hung, gone, never,
    lambda role: replace(down(role), lock_files=None),
    lambda role: replace(live(role, S.COMMUNICATIONS_INTERRUPTED), ssh=gone(role).ssh),
    lambda role: replace(down(role), process=Seen(NOT_ALL, NOW.mono - 1)),
    lambda role: replace(gone(role), omapi=NOT_ASKED.omapi),
]  # fmt: skip


@pytest.mark.parametrize("action", Action)
def test_what_was_not_seen_is_never_a_tick(action: Action) -> None:
    """In the prompt, in text and in JSON: its own sign, whatever follows from it."""
    for one, two in itertools.product(VIEWS, VIEWS):
        ruling = rule(action, P, pair(one(P), two(Q)), NOW)
        plan = Plan(action, "office", P, "dhcp1", "dhcp2", "", (), ruling, "dhcp1")
        lines = [paragraph.content.plain for paragraph in drawn(plan, UNICODE)[1:]]
        for found, sign in zip(ruling.findings, (line[0] for line in lines[::2]), strict=True):
            assert (sign == UNICODE.ok) is found.ok
            assert found.ok <= found.seen
            assert not (sign == UNICODE.unknown and found.seen)
            if not found.seen and not found.pending:
                assert sign == UNICODE.unknown
        if ruling.allowed:
            said = " ".join(paragraph.content.plain for paragraph in top(plan, UNICODE))
            assert all(found.observed in said for found in ruling.findings if not found.seen)


def test_a_start_beside_a_partner_out_of_reach() -> None:
    """Seen in the field: "no lock-out for dhcp2 on dhcp1" while dhcp1 could not be reached and its lock-out lay there."""
    for partner in (gone(P), replace(gone(P), lock_files=None), replace(gone(P), lock_files=Seen(LockFiles(), OLD))):
        ruling = rule(Action.START, Q, pair(partner, down(Q)), NOW)
        assert ruling.sentence == "I know that dhcp2 was not declared down"
        assert not any("no lock-out" in found.observed for found in ruling.findings)
    unread = marked(down(P), unread="there is a .dhcptui-lockout, and it cannot be read")
    assert rule(Action.START, Q, pair(unread, down(Q)), NOW).sentence == "I know that dhcp2 was not declared down"
    # What was read once stays known: nobody else takes it away unseen but the one who can reach it.
    known = replace(gone(P), lock_files=Seen(LockFiles(lockout=replace(HELD, server="dhcp2")), OLD))
    assert not rule(Action.START, Q, pair(known, down(Q)), NOW).allowed


def test_a_dhcpd_that_says_no_is_not_silent() -> None:
    """No such peer, a wrong key: somebody answers. A way that was not there proves no silence either."""
    says_no = replace(gone(Q), omapi=Channel(Link.FAILED, "invalid key", answered=True))
    ruling = rule(Action.PARTNER_DOWN, P, pair(SWORN, says_no), NOW)
    assert "dhcp2 answers: invalid key" in ruling.reasons
    assert rule(Action.PARTNER_DOWN, P, pair(SWORN, NOT_ASKED), NOW).sentence == "I know that dhcp2 is off"


def test_it_cannot_be_fine_unseen() -> None:
    """The two do not go together."""
    with pytest.raises(ValueError, match="not seen"):
        Finding("a", "b", True, "c", seen=False)
    assert status(P).local_state is S.NORMAL


@pytest.mark.parametrize(
    ("lines", "free", "size"),
    [
        (
            [
                "Filesystem     1024-blocks  Used Available Capacity Mounted on",
                "tmpfs                   64    60         4      94% /var/lib/dhcp",
                "-rw-r--r-- 1 0 0 2048 Nov 28 04:00 /var/lib/dhcp/dhcpd.leases",
            ],
            4096,
            2048,
        ),
        (["/dev/ada0p2 100 110 -8 108% /"], 0, 0),
        (["df: not found"], None, 0),
        ([], None, 0),
    ],
)
def test_free_space(lines: list[str], free: int | None, size: int) -> None:
    """As df and ls of Linux, busybox and FreeBSD tell it; what they do not tell is not known."""
    assert parse_space(lines) == (LeaseSpace(free, size) if free is not None else None)


def test_a_full_disk_is_told() -> None:
    """Both answer their clients, and what one gives out is not recorded."""
    full = replace(live(Q), space=Seen(LeaseSpace(0, 40_000), NOW.mono - 1))
    verdict = derive(pair(live(P), full), NOW)
    assert (verdict.level, verdict.headline) == (
        Level.WARNING,
        "both servers serve; dhcp2 has no disk space left: what it gives out is not recorded",
    )
    assert "Free space below dhcp2's lease file" in verdict.advice
    down_and_full = replace(down(Q), space=full.space)
    assert not rule(Action.START, Q, pair(live(P), down_and_full), NOW).allowed
    assert not rule(Action.SYNC_RESTART, P, pair(live(P), full), NOW).allowed


GONE_FILE = Seen(LeaseSpace(10**9, 0, missing=True), NOW.mono - 1)


def test_a_lease_file_that_is_gone_is_told() -> None:
    """Deleted under a running dhcpd: it serves on, and cannot be started again. Seen on a real pair: OK, and S allowed."""
    lost = replace(live(Q), space=GONE_FILE)
    verdict = derive(pair(live(P), lost), NOW)
    assert verdict.level is Level.WARNING
    assert verdict.headline == "both servers serve; dhcp2 has no lease file in its place"
    assert verdict.advice.startswith("Do not stop dhcp2's dhcpd: no file at `leases`.")
    refused = ((Action.SHUTDOWN, Q), (Action.SHUTDOWN, P), (Action.HAND_OVER, P), (Action.SYNC_RESTART, P))
    for action, role in (*refused, (Action.SYNC_RESTART, Q)):
        ruling = rule(action, role, pair(live(P), lost), NOW)
        assert not ruling.allowed
        assert any("dhcp2 has no lease file" in reason for reason in ruling.reasons)
    assert rule(Action.HAND_OVER, Q, pair(live(P), lost), NOW).allowed  # dhcp1 records what it gives out


def test_nobody_is_left_alone_with_a_full_disk() -> None:
    """What it gave out as the only one would be recorded by nobody."""
    for free, allowed in ((100, False), (10**9, True)):
        survivor = replace(live(Q), space=Seen(LeaseSpace(free, 40_000), NOW.mono - 1))
        for action in (Action.SHUTDOWN, Action.HAND_OVER):
            assert rule(action, P, pair(live(P), survivor), NOW).allowed is allowed


def test_nothing_starts_without_a_lease_file() -> None:
    """dhcpd ends at once with "Can't open lease database"."""
    dead = replace(down(Q), space=GONE_FILE)
    assert not rule(Action.START, Q, pair(live(P), dead), NOW).allowed
    assert derive(pair(live(P, S.COMMUNICATIONS_INTERRUPTED), dead), NOW).advice.startswith(
        "Put back the lease file of dhcp2, and start it."
    )
    silent = replace(live(P, S.SHUTDOWN, S.PARTNER_DOWN), space=GONE_FILE)
    assert not rule(Action.RESCUE, P, pair(silent, down(Q)), NOW).allowed


@pytest.mark.parametrize(("note", "awaited"), [("", True), ("ps: not found", False)])
def test_a_look_that_is_still_to_come_is_awaited(note: str, awaited: bool) -> None:
    """On a slow server `--wait` waits for the processes of the server that acts, and not for what cannot be looked at."""
    view = replace(down(P), process=None, process_note=note)
    finding = ev.process_gone(assess_pair(pair(view, live(Q)), NOW).seen_from(P))
    assert (finding.ok, finding.seen, finding.pending) == (False, False, awaited), finding
