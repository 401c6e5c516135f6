"""docs/lint.md: the rules of `dhcptui lint`, as it uses them."""

from __future__ import annotations

from dhcptui.conf.lint.findings import Severity
from dhcptui.conf.lint.rules import RULES

HEADS = {
    "L0": "The two `failover peer` declarations",
    "L1": "",
    "L2": "Pools",
    "L3": "What both must answer alike, and lease times",
    "L4": "OMAPI and secrets",
    "L5": "What runs on the servers (over SSH only)",
    "L6": "The text itself",
}


def lint() -> str:
    """docs/lint.md: every rule with its severity and why it is one."""
    lines = [
        "# Lint",
        "",
        "<!-- written by `make docs` from dhcptui/conf/lint/rules.py -->",
        "",
        "`dhcptui lint PAIR` reads both servers' dhcpd.conf with its includes over SSH and says what is wrong between them,",
        "with server, file, line and the way out. It changes nothing. `dhcptui lint --files PRIMARY SECONDARY` does the same",
        "with two files of this machine. dhcpd itself never looks at its partner's file, and `dhcpd -t` sees only one.",
        "",
        "Compared is what dhcpd reads, not the text: comments, white space, order and include files do not count. Exit",
        "status: 0 nothing or only info, 1 warnings, 2 errors, 3 a server or a file could not be read.",
        "",
        "What holds where nothing is found:",
    ]
    head = ""
    for rule in RULES:
        new = HEADS[rule.id[:2]]
        if new and new != head:
            head = new
            lines += ["", f"## {head}", "", "| rule | severity | holds | source |", "|---|---|---|---|"]
        cells = (rule.id, rule.severity.value, rule.title, rule.source)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    words = ", ".join(f"{sum(rule.severity is each for rule in RULES)} {each.value}" for each in Severity)
    return "\n".join([*lines, "", f"{len(RULES)} rules: {words}."]) + "\n"
