"""Two themes: calm and dark where there are colours, the terminal's own sixteen where there are not."""

from __future__ import annotations

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
        "text-muted": "#878c94",
        "text-disabled": "#5c6168",
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
