"""Network, pools and configuration: what stands on them, at 80 and 120 columns, with and without line drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from dhcptui.assess.forecast import PoolSample
from dhcptui.assess.history.post_mortem import PoolLow
from dhcptui.conf.lint.findings import Finding, Severity
from dhcptui.conf.lint.grouping import Silenced
from dhcptui.model.action import Action
from dhcptui.model.failover import FailoverPlace
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import (
    Channel,
    ClockOffset,
    FailoverSockets,
    Link,
    PairSnapshot,
    PartnerReach,
    ProcessSighting,
    Reach,
    RecordedState,
    ServerView,
    TimeSync,
)
from dhcptui.model.states import FailoverState
from dhcptui.setup.configuration_check import ConfigurationCheck
from dhcptui.ui.app import DhcptuiApp
from tests.ui.feed import MONO, WALL, both_unreachable, down, healthy, one_down, pair, server, unreachable
from tests.ui.test_main_screen import P, Q, panel, picture, row, screen

S = FailoverState
SIZES = [(80, 24), (120, 40)]
EVERYWHERE = pytest.mark.parametrize(
    ("size", "ascii_only"), [(size, plain) for size in SIZES for plain in (False, True)]
)
PLACES = {
    P: FailoverPlace("10.0.0.10", 647, "10.0.0.20", 647),
    Q: FailoverPlace("10.0.0.20", 647, "10.0.0.10", 647),
}
UP = FailoverSockets("ss", listening=True, established=True)
LOST = FailoverSockets("ss", listening=True, established=False)


def looked(view: ServerView, sockets: FailoverSockets, reach: PartnerReach | None = None) -> ServerView:
    """The same server with its socket table, read 2 s ago, and what it met when it tried its partner."""
    return replace(
        view,
        place=PLACES[view.role],
        sockets=Seen(sockets, MONO - 2),
        reach=Seen(reach, MONO - 7) if reach else None,
        time_sync=Seen(TimeSync("chrony", True, True, "stratum 3"), MONO - 30),
    )


def green() -> PairSnapshot:
    """Every way open."""
    return pair(*(looked(view, UP) for view in healthy().servers))


def blocked() -> PairSnapshot:
    """A firewall drops what dhcp1 sends to the failover port of dhcp2."""
    silent = PartnerReach("10.0.0.20", Reach.OPEN, Reach.SILENT, Reach.OPEN)
    fine = PartnerReach("10.0.0.10", Reach.OPEN, Reach.OPEN, Reach.OPEN)
    apart = S.COMMUNICATIONS_INTERRUPTED
    return pair(
        looked(server(P, apart, S.NORMAL, since=30), LOST, silent),
        looked(server(Q, apart, S.NORMAL, since=30), LOST, fine),
    )


def is_open(app: DhcptuiApp) -> bool:
    """Whether a page stands there."""
    return app.main.reading.display


def page(app: DhcptuiApp) -> str:
    """All of the page that is open, in one line."""
    return " ".join(app.main.reading.shown.split())


@EVERYWHERE
async def test_the_network_page_names_the_broken_way(size: tuple[int, int], ascii_only: bool) -> None:
    """One way of six is closed: which, since when it was seen so, by whom, and what that means; the panels stay."""
    async with screen(blocked(), size, ascii_only=ascii_only) as (app, pilot, _console):
        await pilot.press("n")
        shown = picture(app)
        assert "network" in shown
        assert "communications-interrupted" in shown
        assert "What now" in shown
        assert shown.isascii() is ascii_only
        assert all(len(each.rstrip()) <= size[0] for each in shown.splitlines())
        said = page(app)
        arrow = "->" if ascii_only else "→"
        closed, opened = ("x", "+") if ascii_only else ("✗", "✓")
        assert "Connections from dhcp1 to dhcp2 at 10.0.0.20:647 meet silence although dhcp2 listens" in said
        assert "Look at the firewalls from dhcp1 to dhcp2." in said
        assert f"dhcp1 {arrow} dhcp2 port 647 {closed} no answer 5 s ago dhcp1 over SSH: at 10.0.0.20" in said
        assert f"dhcp2 {arrow} dhcp1 port 647 {opened} open 5 s ago dhcp2 over SSH" in said
        assert f"console {arrow} dhcp1 OMAPI {opened} open now console" in said
        assert f"failover connection {closed} none now sockets of dhcp1 (ss) and dhcp2 (ss)" in said
        assert f"dhcp2 listens port 647 {opened} yes" in said
        assert "time: chrony, in sync (stratum 3), asked 30 s ago" in said


@pytest.mark.parametrize("size", SIZES)
async def test_the_row_on_the_main_screen(size: tuple[int, int]) -> None:
    """It says what is broken and which key tells more; with every way open there is none, and the logs stay put."""
    async with screen(green(), size) as (app, pilot, console):
        logs = app.screen.query_one("#logs").region
        assert row(app, "countdown").strip() == ""
        console.show(blocked())
        await pilot.pause()
        said = row(app, "countdown")
        assert "n network" in said
        assert app.screen.query_one("#logs").region == logs
        console.show(green())
        await pilot.pause()
        assert row(app, "countdown").strip() == ""


async def test_the_row_tells_both_directions_where_there_is_room() -> None:
    """200 columns hold the incident and the ways."""
    async with screen(blocked(), (200, 60)) as (app, _, _console):
        assert "dhcp1 → dhcp2 no answer, dhcp2 → dhcp1 open" in row(app, "countdown")


async def test_what_is_not_known_is_no_alarm() -> None:
    """Before the first look at a socket table nothing is said to be broken."""
    async with screen(healthy()) as (app, pilot, _console):
        assert row(app, "countdown").strip() == ""
        await pilot.press("n")
        assert "? not tested" in page(app)
        assert "not known yet" in page(app)


async def test_every_way_open_reads_so() -> None:
    """The healthy pair: one sentence, and every line with its mark."""
    async with screen(green()) as (app, pilot, _console):
        await pilot.press("n")
        assert "? The failover connection is established as far as both know" in page(app)
        assert page(app).count("? open?") == 2, "inferred, and not tried"
        assert page(app).count("✗") == 0


@pytest.mark.parametrize("both", [both_unreachable(), pair(server(P), unreachable(Q)), pair(down(P), down(Q))])
async def test_the_network_page_takes_any_pair(both: PairSnapshot) -> None:
    """Nothing that can be missing makes it fail, at any size."""
    async with screen(both, (60, 15)) as (app, pilot, _console):
        for size in ((60, 15), (80, 24), (200, 60)):
            await pilot.resize_terminal(*size)
            for key in "npc":
                await pilot.press(key)
                await pilot.pause()
                assert app.main.reading.display
                await pilot.press("escape")


async def test_a_page_follows_what_happens() -> None:
    """It stays open, and its text is that of the newest snapshot; the same key closes it, and so do escape and q."""
    async with screen(green(), (80, 24)) as (app, pilot, console):
        before = app.screen.focused
        await pilot.press("n")
        console.show(blocked())
        await pilot.pause()
        assert "meet silence" in page(app)
        for key in ("n", "escape", "q"):
            assert is_open(app)
            await pilot.press(key)
            assert not is_open(app)
            assert app.screen.focused is before
            await pilot.press("n")


async def test_a_quiet_second_on_a_page_changes_no_word() -> None:
    """Ages go by steps: a page that stands open costs nothing while nothing happens."""
    async with screen(green()) as (app, pilot, console):
        await pilot.press("n")
        words = app.main.reading.shown
        console.clock.forward(1)
        views = (replace(looked(server(role, at=MONO + 1), UP), sockets=Seen(UP, MONO - 2)) for role in Role)
        console.show(pair(*views))
        await pilot.pause()
        assert app.main.reading.shown == words


# -- clocks


@pytest.mark.parametrize(
    ("offset", "panel_says", "page_says"),
    [
        (2.0, "clock +2.0 s ", "✓ The clocks agree within 2.0 s."),
        (7.0, "clock +7.0 s ▲", "▲ dhcp2's clock is 7.0 s (±0.0 s) ahead of dhcp1's."),
        (40.0, "clock +40.0 s ✗ far from dhcp1's", "✗ dhcp2's clock is 40.0 s"),
        (-90.0, "clock -90.0 s ✗ above 60 s: dhcpd will refuse the link", "✗ dhcp1's clock is 90.0 s"),
    ],
)
async def test_clocks(offset: float, panel_says: str, page_says: str) -> None:
    """5, 30 and 60 s: in words as well as in colour, on the panel of the clock that is off, and not on the other."""
    apart = pair(server(P, offset=0.0), server(Q, offset=offset))
    async with screen(apart) as (app, pilot, console):
        assert panel_says in panel(app, Q)
        assert "clock +0.0 s " in panel(app, P)
        assert not {"▲", "✗"} & set(panel(app, P))
        await pilot.press("n")
        assert page_says in page(app)
        assert f"dhcp2 {offset:+.1f} s ±0.0 s" in page(app)
        unsure = replace(apart.secondary, clock=Seen(ClockOffset(offset, 1.5), MONO))
        console.show(replace(apart, secondary=unsure))
        await pilot.pause()
        assert f"dhcp2 {offset:+.1f} s ±1.5 s" in page(app)


async def test_a_console_with_a_wrong_clock_is_not_the_servers_fault() -> None:
    """Both are 40 s from the console and agree: a warning, and no word of a link that would be refused."""
    async with screen(pair(server(P, offset=40.0), server(Q, offset=40.1))) as (app, pilot, _console):
        assert "clock +40.0 s ▲" in panel(app, P)
        assert "refuse" not in panel(app, P) + panel(app, Q)
        await pilot.press("n")
        assert "both are 40 s or more from the console's" in page(app)


async def test_a_clock_far_off_is_said_in_a_compact_panel_too() -> None:
    """It takes the pool's row there; 5 s do not."""
    async with screen(pair(server(P), server(Q, offset=-90.0)), (80, 24)) as (app, pilot, console):
        assert "clock -90.0 s ✗" in panel(app, Q)
        console.show(pair(server(P), server(Q, offset=-7.0)))
        await pilot.pause()
        assert "backup" in panel(app, Q)


# -- pools


LATER = MONO + 6
"""When the engine is asked again."""


def samples(left: Sequence[int], *, every: float = 10.0, state: S = S.COMMUNICATIONS_INTERRUPTED) -> list[PoolSample]:
    """Readings of dhcp1's pool; the last one is now."""
    begin = LATER - every * (len(left) - 1)
    return [
        PoolSample(begin + every * at, state, (PoolCounters("10.0.0.0/24", 101, free, 50),))
        for at, free in enumerate(left)
    ]


def alone(free: int, state: S = S.COMMUNICATIONS_INTERRUPTED, *, at: float = LATER) -> PairSnapshot:
    """dhcp1 serves alone with `free` addresses of its own; dhcp2's dhcpd has died."""
    pools = (PoolCounters("10.0.0.0/24", 101, free, 50),)
    return pair(server(P, state, S.NORMAL, since=300, pools=pools, mclt=1030, at=at), down(Q, at=at))


@EVERYWHERE
async def test_a_server_that_serves_alone_says_how_long_it_can(size: tuple[int, int], ascii_only: bool) -> None:
    """31 of 51 addresses went in five minutes: 20 more, gone in about three. In the panel and on the page."""
    async with screen(alone(20, at=MONO), size, ascii_only=ascii_only) as (app, pilot, console):
        console.samples = {P: samples(list(range(50, 19, -1)))}
        console.clock.forward(6)
        console.show(alone(20))
        await pilot.pause()
        assert "20 more" in panel(app, P)
        assert "dry not before" in panel(app, P)
        assert "more" not in panel(app, Q)
        await pilot.press("p")
        assert "dhcp1 alone: 20 addresses left; at 6 a minute they are gone in about 3 min" in page(app)
        assert "rate: 6 a minute (" in page(app)
        assert "dhcp2's half (50 addresses) cannot be used before partner-down + mclt" in page(app)
        assert picture(app).isascii() is ascii_only


async def test_too_slow_to_tell() -> None:
    """Two addresses in five minutes are no rate, and no time is invented."""
    async with screen(alone(49, at=MONO)) as (app, pilot, console):
        console.samples = {P: samples([51] * 15 + [50] * 10 + [49] * 6)}
        console.clock.forward(6)
        console.show(alone(49))
        await pilot.pause()
        assert "dhcp1 can give 49 more; too slow to tell" in panel(app, P)
        await pilot.press("p")
        assert "too few were given out" in page(app)
        assert "gone in" not in page(app)


async def test_nothing_left() -> None:
    """An empty half is said at once, without any rate."""
    async with screen(alone(0, at=MONO)) as (app, _, _console):
        assert "dhcp1 has no address left to give out" in panel(app, P)


async def test_the_partners_half_becomes_usable() -> None:
    """In partner-down: when, counted down by the server's own clock, and what it adds."""
    async with screen(alone(20, S.PARTNER_DOWN, at=MONO)) as (app, pilot, console):
        console.samples = {P: samples(list(range(50, 19, -1)), state=S.PARTNER_DOWN)}
        console.clock.forward(6)
        console.show(alone(20, S.PARTNER_DOWN))
        await pilot.pause()
        assert "dhcp2's half in 12:04" in panel(app, P)
        await pilot.press("p")
        assert "dhcp2's half becomes usable in 12:04, at 11:11:12 (dhcp1's clock): 50 addresses" in page(app)
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        assert "dry not before 2 min; dhcp2's half becomes usable in 12:04" in panel(app, P)


async def test_servers_that_disagree() -> None:
    """Both normal, and three readings in which they count differently: each panel tells what the other has."""
    mine, theirs = PoolCounters("10.0.0.0/24", 101, 51, 50), PoolCounters("10.0.0.0/24", 101, 40, 41)
    async with screen(pair(server(P), server(Q, pools=(theirs,)))) as (app, pilot, console):
        console.samples = {
            role: [PoolSample(LATER - 3 + at, S.NORMAL, (pool,)) for at in range(3)]
            for role, pool in ((P, mine), (Q, theirs))
        }
        console.clock.forward(6)
        console.show(pair(server(P, at=LATER), server(Q, pools=(theirs,), at=LATER)))
        await pilot.pause()
        assert "✗ the servers disagree: dhcp2 has free 40 backup 41" in panel(app, P)
        assert "✗ the servers disagree: dhcp1 has free 51 backup 50" in panel(app, Q)
        await pilot.press("p")
        assert "dhcp1 counts free 51, backup 50, total 101 and dhcp2 counts free 40, backup 41" in page(app)


async def test_low_water_and_many_pools() -> None:
    """Every pool is on the page, whatever the panels have room for; the fewest that were left, and when."""
    pools = tuple(PoolCounters(f"10.{at}.0.0/24", 100, 40 - at, 50) for at in range(12))
    async with screen(pair(server(P, pools=pools), server(Q, pools=pools)), (80, 24)) as (app, pilot, console):
        console.lows = (PoolLow("10.3.0.0/24", "dhcp1", 100, 2, 5, WALL - 600, "OMAPI"),)
        console.clock.forward(6)
        await pilot.press("p")
        assert all(f"10.{at}.0.0/24 100 addresses" in page(app) for at in range(12))
        assert "fewest left on dhcp1 since this console looks: 7 of 100 (free 2, backup 5), at 10:49:02" in page(app)
        assert "more below" in picture(app)
        assert "│ 10.0.0.0/24 " not in picture(app), "the one that has most left stands last"
        await pilot.press("end")
        await pilot.pause()
        assert "│ 10.0.0.0/24 " in picture(app)


async def test_rates_are_not_worked_out_on_every_frame() -> None:
    """Asked of the engine once in some seconds, and at once when a server serves otherwise than before."""
    async with screen(healthy()) as (_, pilot, console):
        asked: list[int] = []
        real = console.forecasts
        console.forecasts = lambda: (asked.append(1), real())[1]  # type: ignore[method-assign,func-returns-value]
        for second in range(1, 4):
            console.clock.forward(1)
            console.show(healthy(MONO + second))
            await pilot.pause()
        assert asked == []
        console.show(one_down(MONO + 3))
        await pilot.pause()
        assert len(asked) == 1


# -- without OMAPI


def mute(written: float | None = 180, *, source: str = "lease file") -> ServerView:
    """dhcpd runs on dhcp2, but OMAPI was never there; the state is on record."""
    past = RecordedState(S.NORMAL, WALL - 4000, S.NORMAL, source, None if written is None else WALL - written)
    return ServerView(
        Q, "dhcp2", "10.0.0.20",
        omapi=Channel(Link.FAILED, "connection refused on 127.0.0.1:7911", "start dhcpd, or check omapi-port"),
        ssh=Channel(Link.OK), log=Channel(Link.OK),
        process=Seen(ProcessSighting((655,)), MONO),
        clock=Seen(ClockOffset(0.0, 0.01), MONO),
        recorded=Seen(past, MONO),
    )  # fmt: skip


@EVERYWHERE
async def test_a_state_on_record_is_told_as_the_past(size: tuple[int, int], ascii_only: bool) -> None:
    """With its source and its age; it is never the state row, and what needs OMAPI says so."""
    async with screen(pair(server(P), mute()), size, ascii_only=ascii_only) as (app, pilot, _console):
        shown = panel(app, Q)
        assert "was normal (lease file, 3 min ago)" in shown
        assert "● normal" not in shown
        assert "* normal" not in shown
        assert "no OMAPI" in shown or "OMAPI does not answer" in shown
        await pilot.press("p")
        assert "dhcp2: the counters need OMAPI: connection refused on 127.0.0.1:7911" in page(app)
        assert picture(app).isascii() is ascii_only


async def test_what_was_read_later_wins_over_the_record() -> None:
    """A record from before the last answer tells nothing new; one from after it does."""
    frozen = replace(server(Q, at=MONO - 40), omapi=Channel(Link.FAILED, "no answer"), recorded=mute(180).recorded)
    async with screen(pair(server(P), frozen)) as (app, pilot, console):
        assert "was normal, read 40 s ago" in panel(app, Q)
        newer = RecordedState(S.COMMUNICATIONS_INTERRUPTED, WALL - 10, S.NORMAL, "log", WALL - 10)
        console.show(pair(server(P), replace(frozen, recorded=Seen(newer, MONO))))
        await pilot.pause()
        assert "was communications-interrupted (log, <1 min ago)" in panel(app, Q)


async def test_a_server_that_answers_shows_no_record() -> None:
    """The record is kept after OMAPI came back, and means nothing then."""
    async with screen(pair(server(P), replace(server(Q), recorded=mute().recorded))) as (app, _, _console):
        assert "lease file" not in panel(app, Q)
        assert "● normal" in panel(app, Q)


# -- configuration


FOUND = (
    Finding("L13", Severity.ERROR, P, "dhcp1", "/etc/dhcp/dhcpd.conf", 7, "peer port 647, but dhcp2 has port 847.", ("Cross them.",)),
    Finding("L53", Severity.WARNING, Q, "dhcp2", "/etc/dhcp/shared/master.conf", 0, "It is newer than the process.", (Action.SYNC_RESTART, " restarts it.")),
    Finding("L27", Severity.INFO, None, "", "/etc/dhcp/shared/master.conf", 3, "deny dynamic bootp clients is needless.", ()),
)  # fmt: skip


@EVERYWHERE
async def test_the_configuration_page(size: tuple[int, int], ascii_only: bool) -> None:
    """Asked in the background, shown when it comes: by severity, with server, place, sentence and fix; counted."""
    async with screen(healthy(), size, ascii_only=ascii_only) as (app, pilot, console):
        await pilot.press("c")
        assert "reading both servers' dhcpd.conf" in page(app)
        console.checks[0].set_result(ConfigurationCheck(MONO, FOUND))
        await pilot.pause()
        said = page(app)
        dot = "·" if not ascii_only else "-"
        assert said.startswith("1 error, 1 warning, 1 info read now r read again")
        assert "restart needed on dhcp2" in said
        assert f"L13 dhcp1 {dot} /etc/dhcp/dhcpd.conf:7 peer port 647, but dhcp2 has port 847. fix: Cross them." in said
        assert said.index("errors") < said.index("L13") < said.index("warnings") < said.index("L53") < said.index("L27")
        assert f"L27 both {dot} /etc/dhcp/shared/master.conf:3" in said
        assert "fix: R restarts it." in said
        assert "1 error" in picture(app)
        assert picture(app).isascii() is ascii_only


async def test_equal_findings_are_one_on_the_page() -> None:
    """Hundreds of them are one, with the first places; what is silenced is counted with its reason, also where nothing is left."""
    many = tuple(replace(FOUND[2], line=line, role=P, server="dhcp1") for line in range(10, 310))
    quiet = (Silenced("L38", "each site has its own", 3),)
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("c")
        console.checks[0].set_result(ConfigurationCheck(MONO, (*many, *FOUND[:1]), quiet))
        await pilot.pause()
        said = page(app)
        assert said.startswith("1 error, 0 warnings, 300 info")
        assert said.index("L13") < said.index("L27")
        assert said.count("L27") == 1
        assert "/etc/dhcp/shared/master.conf:10, 11, 12 and 297 more" in said
        assert said.endswith("silenced in the configuration: L38 3 times (each site has its own)")
        await pilot.press("r")
        console.checks[1].set_result(ConfigurationCheck(MONO, (), quiet))
        await pilot.pause()
        assert "Nothing was found." in page(app)
        assert "L38 3 times" in page(app)


async def test_r_reads_it_again() -> None:
    """The old findings stay until the new ones come; a second r meanwhile asks nothing more."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("c")
        console.checks[0].set_result(ConfigurationCheck(MONO, FOUND))
        await pilot.pause()
        await pilot.press("r", "r")
        assert len(console.checks) == 2
        assert "reading again" in page(app)
        assert "L13" in page(app)
        console.checks[1].set_result(ConfigurationCheck(MONO))
        await pilot.pause()
        assert "Nothing was found." in page(app)
        assert "L13" not in page(app)


async def test_a_reading_is_kept_for_a_minute() -> None:
    """Opened again it stands there with its age; later it is read again."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("c")
        console.checks[0].set_result(ConfigurationCheck(MONO, FOUND))
        await pilot.press("c", "c")
        assert len(console.checks) == 1
        console.clock.forward(30)
        await pilot.press("c", "c")
        assert "read 30 s ago" in page(app)
        console.clock.forward(40)
        await pilot.press("c", "c")
        assert len(console.checks) == 2


async def test_a_configuration_that_cannot_be_read_says_why() -> None:
    """In the words of the engine; no findings are not the same as none found."""
    async with screen(one_down()) as (app, pilot, console):
        await pilot.press("c")
        console.checks[0].set_result(ConfigurationCheck(MONO, troubles=("dhcp2: no route to 10.0.0.20",)))
        await pilot.pause()
        assert "The configuration could not be read." in page(app)
        assert "dhcp2: no route to 10.0.0.20" in page(app)
        assert "Nothing was found" not in page(app)


async def test_an_answer_that_comes_late_hurts_nobody() -> None:
    """The page is closed, or the console is left, when the engine is done."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("c", "escape")
        console.checks[0].set_result(ConfigurationCheck(MONO, FOUND))
        await pilot.pause()
        assert not app.main.reading.display
        await pilot.press("c")
        assert "L13" in page(app)
        await pilot.press("r", "q", "q")
        await pilot.pause()
    console.checks[1].set_result(ConfigurationCheck(MONO))
    assert app.return_code == 0
