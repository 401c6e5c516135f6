"""The themes: calm and dark where there are colours, the terminal's own sixteen where there are not, and high contrast."""

from __future__ import annotations

import os
from typing import Any

from textual.app import App
from textual.theme import Theme

DHCPTUI = Theme(
    name="dhcptui",
    # Each colour sits on (or next to) a slot of the 256-colour cube: most SSH sessions do not carry COLORTERM.
    primary="#5fafd7",
    accent="#5fafd7",
    secondary="#87afaf",
    success="#87d787",
    warning="#ffd75f",
    error="#ff5f5f",
    foreground="#d6d9dd",
    background="#121417",
    surface="#181a1e",
    panel="#1c1e22",
    dark=True,
    variables={
        "text-muted": "#9298a1",
        "edge": "#9298a1",
        "text-disabled": "#848991",
        "border": "#5fafd7",
        "border-blurred": "#3e434b",
        "scrollbar": "#3e434b",
        "scrollbar-background": "#121417",
        "scrollbar-corner-color": "#121417",
        "input-cursor-background": "#5fafd7",
        "input-cursor-foreground": "#121417",
        "block-cursor-text-style": "none",
    },
)

SIXTEEN = Theme(
    name="dhcptui-16",
    ansi=True,
    primary="ansi_cyan",
    accent="ansi_cyan",
    secondary="ansi_cyan",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_bright_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        "ansi-background": "ansi_black",  # Textual's own stylesheet wants these two
        "ansi-foreground": "ansi_white",
        "text-muted": "ansi_bright_black",
        "edge": "ansi_bright_black",
        "text-disabled": "ansi_bright_black",
        "border": "ansi_cyan",
        "border-blurred": "ansi_bright_black",
        "scrollbar": "ansi_bright_black",
        "scrollbar-background": "ansi_default",
        "input-cursor-background": "ansi_white",
        "input-cursor-foreground": "ansi_black",
        "input-cursor-text-style": "none",
    },
)

CONTRAST = Theme(
    name="dhcptui-contrast",
    # Every text has 7:1 or more on black and on the panel (WCAG AAA); a test computes it.
    primary="#5fd7ff",
    accent="#5fd7ff",
    secondary="#afd7d7",
    success="#87ff87",
    warning="#ffd75f",
    error="#ff8787",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    dark=True,
    variables={
        "text-muted": "#c6c6c6",
        "edge": "#ffffff",
        "text-disabled": "#b2b2b2",
        "border": "#5fd7ff",
        "border-blurred": "#8a8a8a",
        "scrollbar": "#8a8a8a",
        "scrollbar-background": "#000000",
        "scrollbar-corner-color": "#000000",
        "input-cursor-background": "#5fd7ff",
        "input-cursor-foreground": "#000000",
        "block-cursor-text-style": "none",
    },
)

ELSEWHERE = {"edge": "#9298a1"}
"""Our own names, for the themes that do not know them (TEXTUAL_THEME). A border cannot be "auto 60%", as their muted text is."""

THEMES = {theme.name: theme for theme in (DHCPTUI, SIXTEEN, CONTRAST)}


def fitting(app: App[Any]) -> str:
    """The terminal's own colours where it has sixteen or none; TEXTUAL_THEME has the last word."""
    if wanted := os.environ.get("TEXTUAL_THEME"):
        return wanted if app.get_theme(wanted) else DHCPTUI.name
    poor = app.no_color or app.console.color_system in {None, "standard"}
    return SIXTEEN.name if poor else DHCPTUI.name
