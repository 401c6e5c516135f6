"""The themes: enough contrast, chosen by name, and states told apart without any colour."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from textual.color import Color

from dhcptui.assess.verdict import Level
from dhcptui.config.console import THEMES, ConsoleSettings
from dhcptui.config.loading import ConfigError
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.ui import theme
from dhcptui.ui.run import chosen_theme
from dhcptui.ui.style import ASCII, UNICODE, Glyphs
from tests.ui.feed import LINES, both_stopped, both_unreachable, first_frame, healthy, one_down, pair, server
from tests.ui.test_main_screen import P, Q, panel, picture, screen
from tests.ui.waiting import lines_shown


def luminance(colour: str) -> float:
    """WCAG 2.1, relative luminance."""
    parts = [part / 255 for part in Color.parse(colour).rgb]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, two: str) -> float:
    """WCAG 2.1, contrast ratio."""
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def texts(name: str) -> dict[str, str]:
    """Every colour in which a text stands."""
    chosen = theme.THEMES[name]
    own = {word: getattr(chosen, word) for word in ("foreground", "accent", "secondary", "success", "warning", "error")}
    faint = {word: chosen.variables[word] for word in ("text-muted", "text-disabled")}
    # log-pane--routine stands in 80 % of the foreground
    mixed = Color.parse(chosen.background or "").blend(Color.parse(chosen.foreground or ""), 0.8).hex
    return {**own, **faint, "routine": mixed}


def test_the_ratio_is_the_one_of_wcag() -> None:
    """Black on white is 21, the well-known grey #767676 on white 4.54."""
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(("name", "least"), [("dhcptui", 4.5), ("dhcptui-contrast", 7.0)])
def test_contrast(name: str, least: float) -> None:
    """Each text on each ground it stands on; a reversed badge has the same ratio."""
    chosen = theme.THEMES[name]
    for ground in (chosen.background, chosen.surface, chosen.panel):
        for word, colour in texts(name).items():
            assert ratio(colour, ground or "") >= least, f"{word} {colour} on {ground}"


def test_every_theme_exists_under_its_name() -> None:
    """What the configuration may name is what is registered."""
    assert list(theme.THEMES) == list(THEMES)


def test_who_chooses_the_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line, then TEXTUAL_THEME and NO_COLOR, then the configuration."""
    looks = ConsoleSettings(theme="dhcptui-contrast")
    assert chosen_theme("dhcptui-16", looks) == "dhcptui-16"
    assert chosen_theme(None, looks) == "dhcptui-contrast"
    with pytest.raises(ConfigError, match=r"--theme: .*'dark'.*dhcptui, dhcptui-16, dhcptui-contrast"):
        chosen_theme("dark", looks)
    monkeypatch.setenv("NO_COLOR", "1")
    assert chosen_theme(None, looks) is None
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TEXTUAL_THEME", "nord")
    assert chosen_theme(None, looks) is None


async def test_textual_theme_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """A theme of Textual's own by its variable; an unknown one is no reason to fail."""
    for wanted, found in (("nord", "nord"), ("nonsense", "dhcptui")):
        monkeypatch.setenv("TEXTUAL_THEME", wanted)
        async with screen(healthy(), theme=None) as (app, _, _console):
            assert app.theme == found


# -- without colour

LEVELS: dict[Level, PairSnapshot] = {
    Level.OK: healthy(),
    Level.WARNING: one_down(),
    Level.CRITICAL: both_stopped(),
    Level.UNKNOWN: first_frame(),
}


def colours(exported: str) -> set[str]:
    """The colours of the text in a picture."""
    found = set(re.findall(r"fill: (#[0-9a-f]{6})", exported))
    assert found
    return found


def is_grey(colour: str) -> bool:
    """The text's own colour and shades of it, as the drawing library has them."""
    parts = Color.parse(colour).rgb
    return max(parts) - min(parts) <= 4


@pytest.fixture(params=["no-colour", "sixteen"])
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A terminal without colour, and one with sixteen."""
    if request.param == "no-colour":
        monkeypatch.setenv("NO_COLOR", "1")
    return str(request.param)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("state", FailoverState)
async def test_each_state_without_colour(state: FailoverState, glyphs: Glyphs, terminal: str) -> None:
    """At 80x24: glyph and word, in the panel and in the picture that is exported."""
    snapshot = pair(server(P, state), server(Q))
    async with screen(snapshot, (80, 24), theme="dhcptui-16", ascii_only=glyphs.ascii) as (app, _, _console):
        first = panel(app, P).splitlines()[0]
        assert first.startswith(f"{glyphs.state(state)} {state.word}")
        assert f"{glyphs.state(state)} {state.word}" in picture(app)
        if terminal == "no-colour":
            assert all(is_grey(each) for each in colours(app.export_screenshot(simplify=True)))


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("level", Level)
async def test_each_level_without_colour(level: Level, glyphs: Glyphs, terminal: str) -> None:
    """At 80x24: glyph and word on the badge, the glyph in the terminal's title; every level has its own."""
    assert len({glyphs.level(each) for each in Level}) == len(Level)
    async with screen(LEVELS[level], (80, 24), theme="dhcptui-16", ascii_only=glyphs.ascii) as (app, _, _console):
        assert app.main.session.verdict.level is level
        assert f" {glyphs.level(level)} {level.value.upper()} " in picture(app)
        assert app.told_title.startswith(f"{glyphs.level(level)} office: ")


@pytest.mark.parametrize("keys", [[], ["?"], [":"], ["/", "p"], ["P"], ["a"], ["S"]], ids="".join)
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_ascii_means_ascii(keys: list[str], size: tuple[int, int]) -> None:
    """Whatever is open and whatever the servers are called: no character beyond ASCII, borders and title included."""
    snapshot = one_down()
    odd = replace(snapshot.primary, name="dhçp1·東")
    async with screen(replace(snapshot, primary=odd), size, ascii_only=True) as (app, pilot, console):
        console.log(P, *LINES[P], "Nov 22 10:12:01 dhcp1 dhcpd[8]: café ─ 東京")
        await lines_shown(app, pilot)
        await pilot.press(*keys)
        await pilot.pause()
        shown = picture(app)
        assert shown.isascii()
        assert all(len(line) == size[0] for line in shown.splitlines())
        assert app.told_title.isascii()
        assert "+-" in shown


async def test_both_unreachable_reads_without_colour(terminal: str) -> None:
    """The reasons stand there in words."""
    async with screen(both_unreachable(), (80, 24), theme="dhcptui-16") as (app, _, _console):
        assert picture(app).count("✗ unreachable") == 2
        assert terminal in {"no-colour", "sixteen"}
