"""Servers whose roles are not the configured ones: what is mixed up, as far as it can be told. Pure."""

from __future__ import annotations

from enum import Enum

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.role import Role


class RoleMismatch(Enum):
    """What is mixed up."""

    SWAPPED = "our configuration has the two servers swapped"
    ONE_SERVER = "our configuration names one server twice"
    ALIKE = "both servers have the same role in dhcpd.conf"
    UNCLEAR = "one server has the other role, and the other one does not say its own"


def role_mismatch(pair: Assessment) -> RoleMismatch | None:
    """None while every server that tells its role has the configured one."""
    wrong = [each for each in pair.servers if (role := role_said(each)) is not None and role is not each.role]
    if not wrong:
        return None
    if len(wrong) == 2:
        return RoleMismatch.SWAPPED
    if any(role_said(each) is None for each in pair.servers):
        return RoleMismatch.UNCLEAR
    return RoleMismatch.ONE_SERVER if _one_and_the_same(*pair.servers) else RoleMismatch.ALIKE


def role_said(each: ServerAssessment) -> Role | None:
    """The role a server tells now; None unless it answers."""
    return each.status.role if each.live and each.status else None


def _one_and_the_same(a: ServerAssessment, b: ServerAssessment) -> bool:
    """Two witnesses with the same story, down to the second of every change and the process."""
    one, two = a.view.process, b.view.process
    if a.status != b.status:
        return False
    return one is None or two is None or one.value.pids == two.value.pids
