"""Failover records of a lease file, in every spelling dhcpd knows."""

from __future__ import annotations

import pytest

from dhcptui.logs.lease_file import parse_date, parse_records
from dhcptui.model.states import FailoverState

S = FailoverState
AT = 1787226731.0
RECORD = """failover peer "foo" state {
  my state normal at 4 2026/08/20 11:52:11;
  partner state partner-down at 4 2026/08/20 11:52:12;
  mclt 1800;
}
"""


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("4 2026/08/20 11:52:11", AT),
        ("epoch 1787226731; # Thu Aug 20 11:52:11 2026", AT),
        ("epoch 1787226731", AT),
        ("4 2026/08/20 13:52:11 7200", AT),
        ("never", None),
        ("", None),
        ("4 2026/13/40 11:52:11", None),
    ],
)
def test_dates(text: str, at: float | None) -> None:
    """UTC, epoch with its remark, an offset, never, none at all, nonsense."""
    assert parse_date(text) == at


def test_a_record() -> None:
    """States, times, mclt; `written` is the newest time in it."""
    (found,) = parse_records(RECORD, "foo")
    assert (found.my_state, found.my_since) == (S.NORMAL, AT)
    assert (found.partner_state, found.partner_since) == (S.PARTNER_DOWN, AT + 1)
    assert (found.mclt_seconds, found.written) == (1800, AT + 1)


def test_epoch_records_and_records_without_dates() -> None:
    """db-time-format local, and a state that somebody wrote by hand."""
    text = (
        'failover peer "foo" state {\n  my state partner-down;\n  partner state normal at epoch 1787226731; # Thu\n}\n'
    )
    (found,) = parse_records(text, "foo")
    assert (found.my_state, found.my_since, found.partner_since) == (S.PARTNER_DOWN, None, AT)


def test_other_peers_and_torn_records_are_left_out() -> None:
    """The last whole record of this peer counts."""
    torn = RECORD.replace("normal", "recover")[:-20]
    text = RECORD.replace("foo", "foo2") + RECORD + "lease 10.0.0.9 {\n  binding state free;\n}\n" + torn
    assert [each.my_state for each in parse_records(text, "foo")] == [S.NORMAL]
    assert parse_records(torn, "foo") == ()
