"""docs/lint.md: the rules of `dhcptui lint`, as it uses them."""

from __future__ import annotations

from dhcptui.conf.lint.findings import Severity
from dhcptui.conf.lint.rules import REFUSED, RULES
from dhcptui.engine.lint_report import SHOWN

HEADS = {
    "L0": "The two `failover peer` declarations",
    "L1": "",
    "L2": "Pools",
    "L3": "What both must answer alike, and lease times",
    "L4": "OMAPI and secrets",
    "L5": "What runs on the servers (over SSH only)",
    "L6": "The text itself",
    "L7": "All relationships of a server",
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
        "Compared is what a client gets, not the text: comments, white space, order and include files do not count, nor whether",
        "a statement stands in the subnet or in a block around it. Every relationship that the two servers share is looked at; one",
        "that a server has with a third one is only looked at for what keeps dhcpd from starting, and named at the end. What stands in LDAP,",
        "or in a file that is not there, is *not known*: nothing is said to be missing, and the report says what was not seen.",
        "",
        f"Errors stand first, then warnings, then info; what is equal but for numbers is one line with its first places. {SHOWN} such",
        "lines are printed, and the rest is counted; `--all` prints every finding by itself, `--json` always does. Exit",
        "status: 0 nothing or only info, 1 warnings, 2 errors, 3 a server or a file could not be read (what could be is judged).",
        "",
        "Where a program writes dhcpd.conf (the firewalls pfSense and OPNsense, by `platform` or by what stands in the file; any other by the",
        "comment that the file begins with) no edit of it is proposed: a fix says where it is set there, as far as that is known.",
        "",
        "A rule that does not matter on a pair is silenced by its name, with the reason, in `config.toml`:",
        "",
        "```toml",
        "[pairs.office.lint]",
        'silence = { L38 = "each site has name servers of its own", L27 = "the firewall writes it" }',
        "```",
        "",
        f"What it finds is counted at the end and changes no exit status. What dhcpd itself refuses ({', '.join(sorted(REFUSED))})",
        "is told all the same: it does not start with that.",
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
