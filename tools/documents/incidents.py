"""docs/incidents.md: the catalogue that the console itself names incidents from, with the log lines that belong to each."""

from __future__ import annotations

import re

from dhcptui.assess.incidents.catalogue import BY_ID, INCIDENTS, Incident
from dhcptui.assess.incidents.signs import STRONGER
from dhcptui.logs.lexicon import LEXICON, REASONS
from dhcptui.model.commands import key_of
from dhcptui.model.log_line import LineKind

_QUIET = frozenset({LineKind.ROUTINE, LineKind.CLIENT})
MOST_LINES = 12


def heading(incident: Incident) -> str:
    """The heading of one incident."""
    return f"{incident.id} {incident.title}"


def anchor(incident: Incident) -> str:
    """What a link to it ends in."""
    return re.sub(r"[^\w\- ]", "", heading(incident).lower()).replace(" ", "-")


def lines(incident: Incident) -> list[str]:
    """What dhcpd writes then: formats of the lexicon and reasons, without what is only routine; all of it for noise."""
    found = [
        *(each.format for each in LEXICON if each.incident == incident.id and _tells(incident, each.kind)),
        *(each.format for each in REASONS if each.incident == incident.id and _tells(incident, each.kind)),
    ]
    return list(dict.fromkeys(re.sub(r"\{(\w+?)(?::\w+)?\}", "…", each) for each in found))


def _tells(incident: Incident, kind: LineKind) -> bool:
    return incident.id in {"I-15", "I-19"} or kind not in _QUIET


def incidents() -> str:
    """docs/incidents.md: every incident with what one sees, what it means, what to do and not to do, and where to look."""
    page = [
        "# Incidents",
        "",
        "<!-- written by `make docs` from dhcptui/assess/incidents/catalogue.py and signs.py, and dhcptui/logs/lexicon.py -->",
        "",
        f"{len(INCIDENTS)} things that happen to failover pairs. The console names one when its signs are there, and shows the evidence",
        "beside it. An action is offered only while the [guards](guards.md) allow it. Which of them were provoked on two",
        "real dhcpd stands in [testing.md](testing.md).",
        "",
        *(f"- [{heading(each)}](#{anchor(each)})" for each in INCIDENTS),
    ]
    for each in INCIDENTS:
        key = f" The key that helps most often is `{key_of(each.action)}` ({each.action.value})." if each.action else ""
        page += [
            "",
            f"## {heading(each)}",
            "",
            f"- **You see:** {each.sees}",
            f"- **It means:** {each.means}",
            f"- **Do:** {each.do}{key}",
            f"- **Take care:** {each.avoid}",
            f"- **Look at:** {'; '.join(each.look)}.",
        ]
        weaker = [id_ for id_, stronger in STRONGER.items() if each.id in stronger]
        if weaker:
            links = ", ".join(f"[{id_}](#{anchor(BY_ID[id_])})" for id_ in weaker)
            page.append(
                f"- **Explains more than:** {links}, which {'is' if len(weaker) == 1 else 'are'} not named beside it."
            )
        if told := lines(each):
            more = [f"- and {len(told) - MOST_LINES} more"] if len(told) > MOST_LINES else []
            page += [
                "",
                "Lines in the log (… stands for what varies):",
                "",
                *(f"- `{text}`" for text in told[:MOST_LINES]),
                *more,
            ]
    return "\n".join(page) + "\n"


def index() -> list[str]:
    """The list of all for the guide: title, what one sees, and the way to the rest."""
    rows = ["| incident | you see |", "|---|---|"]
    rows += [f"| [{heading(each)}](incidents.md#{anchor(each)}) | {each.sees} |" for each in INCIDENTS]
    return rows
