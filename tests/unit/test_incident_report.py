"""The report as Markdown: honest about what is not known, and deaf to what strangers wrote into the logs."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dhcptui.assess.history.post_mortem import (
    Act,
    ActionRun,
    Incident,
    PoolLow,
    ServerPart,
    coverage,
    lowest,
    relevant_rows,
)
from dhcptui.assess.history.service import Span
from dhcptui.assess.history.timeline import from_line, merge
from dhcptui.engine.post_mortem_report import as_json, as_markdown, duration, escape, fenced, stamp
from dhcptui.logs.lines import parse
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role

T = 1_795_000_000.0
P, Q = Role.PRIMARY, Role.SECONDARY


def line(after: float, text: str) -> LogLine:
    """One line of dhcpd's log."""
    return parse(f"{T + after:.6f} dhcp1 dhcpd[26]: {text}", T)


LINES = [
    line(0.9, "failover peer foo: I move from normal to communications-interrupted"),
    *(
        line(5 * n, "Failover CONNECT to foo rejected: Connection rejected, time mismatch too great.")
        for n in range(1, 9)
    ),
    line(50, "DHCPDISCOVER from 02:00:00:00:00:01 (```|<img src=x>) via eth0: not responding (recovering)"),
    line(51, "DHCPACK on 10.0.0.9 to 02:00:00:00:00:01 via eth0"),
]


def incident(**changes: object) -> Incident:
    """Something that happened."""
    rows, left_out = relevant_rows(LINES, T - 10)
    one = ServerPart("dhcp1", P, "normal", 0.01, rows, left_out, T - 900)
    two = ServerPart("dhcp2", Q, "dhcpd not running", None, (), 0, None)
    made = Incident(
        "office", "foo", T - 10, T + 100, "warning", "dhcp1 serves | alone", "Start it.", (one, two),
        merge([note for each in LINES if (note := from_line(P, each, "foo"))], {}),
        (ActionRun(T, "alice", "partner-down", "dhcp1", "declare", (Act(T, "dhcp1", "set `x` | y", "", None),), "", None),),
        (Span(T - 10, T, True, True), Span(T, T + 0.2, False, False), Span(T + 0.2, T + 100, True, None)),
        (PoolLow("10.0.0.0/24", "dhcp1", 101, 3, 4, T, "OMAPI, now"),),
        ("a note",),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_report_tells_all_parts() -> None:
    """Headline, who served, timeline, actions, pools, log lines, how it was obtained."""
    text = as_markdown(incident())
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert heads == [
        "Now", "Who served clients", "Timeline", "Actions", "Pools: the fewest addresses left", "Log lines",
        "How this was obtained",
    ]  # fmt: skip
    assert "**WARNING: dhcp1 serves \\| alone**" in text
    assert "| nobody | <1 s |".replace("<", "\\<") in text
    assert "not known: dhcp1 served, dhcp2 unknown" in text
    assert "it never came to its end" in text
    assert "| 10.0.0.0/24 | dhcp1 | 7 of 101 | 3 | 4 |" in text
    assert "1 time of less than a second is left out" in text
    assert "(8 times, until" in text
    assert f"| {stamp(T)} | dhcp1 | moves from normal to communications-interrupted | log |" in text


def test_a_strangers_text_stays_in_its_block() -> None:
    """Backticks in a host name do not end the block, and markup stands nowhere else."""
    text = as_markdown(incident())
    outside = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert "<img" not in outside
    assert "<img src=x>" in text
    assert "DHCPACK" not in text


@given(st.text(max_size=60))
def test_nothing_ends_a_block_or_a_cell(text: str) -> None:
    """Whatever it is: one line inside its fence, one cell in its row."""
    body = text.replace("\n", "").replace("\r", "")
    first, *_, last = fenced([body])
    assert last == first.removesuffix("text")
    assert last not in re.findall("`+", body)
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<>`\[]", escape(body))


def test_json_is_complete_and_names_no_time_of_its_own() -> None:
    """What scripts get."""
    document = json.loads(json.dumps(as_json(incident())))
    assert document["served_seconds"] == {"both": 10.0, "one": 0, "nobody": 0.2, "unknown": 99.8}
    assert document["timeline"][0]["state"] == "communications-interrupted"
    assert document["actions"][0]["ok"] is None


def test_low_water_and_coverage() -> None:
    """The lowest balance line counts; a log that begins late is named, and so is a missing one."""
    lines = [
        line(0, "balancing pool 55d0c8a7b0a0 10.0.0.0/24  total 100  free 30  backup 28  lts 2  max-own (+/-)10"),
        line(60, "balanced pool 55d0c8a7b0a0 10.0.0.0/24  total 100  free 9  backup 8  lts 0  max-misbal 15"),
        line(90, "balanced pool 55d0c8a7b0a0 10.0.0.0/24  total 100  free 50  backup 50  lts 0  max-misbal 15"),
    ]
    (low,) = lowest("dhcp1", lines, T - 1)
    assert (low.free, low.backup, low.at) == (9, 8, T + 60)
    assert lowest("dhcp1", lines, T + 100) == ()
    one, two = incident().servers
    said = coverage((replace(one, log_begins=T + 50), two), T - 10, {})
    assert "dhcp1 begins later" in said[0]
    assert "No log line of dhcp2" in said[1]


def test_words_for_times() -> None:
    """Cut like log lines, never rounded up."""
    assert stamp(1_795_000_000.999) == stamp(1_795_000_000.0)
    assert [duration(each) for each in (0.4, 1, 59.6, 185, 7440)] == [
        "<1 s",
        "1 s",
        "1 min 00 s",
        "3 min 05 s",
        "2 h 04 min",
    ]


def test_an_unread_log_stands_in_the_first_line() -> None:
    """And in the document for scripts; nowhere does it say that all was well."""
    text = as_markdown(incident(unread=(("dhcp2", "No such | file"),), spans=(Span(T - 10, T + 100, None, None),)))
    first = text.splitlines()[0]
    assert first.startswith("# Incident report: office - NOT KNOWN: the log of dhcp2 was not read (No such \\| file).")
    assert "| not known | 1 min 50 s |" in text
    assert "served all the time" not in text
    document = as_json(incident(unread=(("dhcp2", "why"),)))
    assert document["unread"] == [{"server": "dhcp2", "why": "why"}]
    assert as_json(incident())["unread"] == []
    assert as_markdown(incident()).splitlines()[0] == "# Incident report: office"
