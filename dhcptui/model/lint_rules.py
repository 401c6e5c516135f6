"""The ids of lint's rules, for who names one without reading dhcpd.conf. The table is conf/lint/rules.py. Pure."""

from __future__ import annotations

RULE_IDS = (
    *(f"L{number:02}" for number in range(1, 20)),
    *(f"L{number}" for number in range(20, 30)),
    *(f"L{number}" for number in range(30, 39)),
    *(f"L{number}" for number in range(40, 50)),
    *(f"L{number}" for number in range(50, 56)),
    *(f"L{number}" for number in range(60, 70)),
    "L70",
)
