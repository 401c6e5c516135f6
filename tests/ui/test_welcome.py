"""The first screen without a usable configuration: in a fake terminal, and the real program in a real one."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from textual.geometry import Size

from dhcptui.cli.main import main
from dhcptui.config.loading import load
from dhcptui.ui.panes.row import Row
from dhcptui.ui.welcome import DEMO, EXAMPLE, Welcome, write_example
from tests.terminal import Terminal

ROOT = Path(__file__).parents[2]
SIZES = [(80, 24), (120, 40), (200, 60)]
MISSING = "there is no configuration at /x"


def picture(app: Welcome) -> str:
    """Every cell on screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips(Size(*app.size)))


def test_the_example_is_a_valid_configuration(tmp_path: Path) -> None:
    """As it stands, and with its commented parts taken in; its hosts are nobody's."""
    pair = load(EXAMPLE).pair(None)
    assert {pair.primary.host, pair.secondary.host} == {"dhcp1.example.com", "dhcp2.example.com"}
    lines = EXAMPLE.read_text().splitlines()
    # "# [table]" and "# key = value" are settings that are off; all other comments are sentences.
    taken = [line[2:] if line.startswith(("# [", '# "', "# theme", "# ascii", "# omapi")) else line for line in lines]
    whole = tmp_path / "config.toml"
    whole.write_text("\n".join(taken))
    config = load(whole)
    assert config.console.keys == {"act.partner-down": ("f5",)}
    assert config.console.theme == "dhcptui-contrast"
    assert config.pair(None).primary.omapi_key is not None
    assert set(tomllib.loads("\n".join(taken))) == {"pairs", "console", "keys"}


def test_the_example_never_overwrites(tmp_path: Path) -> None:
    """For the owner's eyes only; a file or a link that is there stays as it is."""
    path = tmp_path / "new" / "config.toml"
    write_example(path)
    assert path.read_text() == EXAMPLE.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("mine")
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    for there in (path, link):
        with pytest.raises(FileExistsError):
            write_example(there)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_it_says_what_was_looked_for(tmp_path: Path, size: tuple[int, int], ascii_only: bool) -> None:
    """Place, choices, example; d leads to the practice pair."""
    path = tmp_path / "config.toml"
    app = Welcome(path, MISSING, theme="dhcptui", ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = picture(app)
        assert "There is no configuration yet." in shown
        assert "--config FILE" in shown
        assert "d  try the practice pair right now" in shown
        assert "An example" in shown
        assert shown.isascii() == ascii_only
        for _ in range(6):
            await pilot.press("pagedown")
        assert '"act.partner-down" = "f5"' in picture(app)
        await pilot.press("d")
    assert app.return_value == DEMO


async def test_the_example_is_written_after_asking(tmp_path: Path) -> None:
    """w asks, n writes nothing, y writes; then the screen says what to do next."""
    path = tmp_path / "dhcptui" / "config.toml"
    app = Welcome(path, MISSING, theme="dhcptui")
    async with app.run_test(size=(200, 40)) as pilot:
        await pilot.press("y")
        assert not path.exists()
        await pilot.press("w")
        assert "Write the example to" in app.query_one("#answer", Row).shown
        await pilot.press("n")
        assert not path.exists()
        assert app.query_one("#answer", Row).shown == "Nothing was written."
        await pilot.press("enter", "y")
        assert path.read_text() == EXAMPLE.read_text()
        assert "Written. Edit it" in app.query_one("#answer", Row).shown
        await pilot.press("q")
    assert app.return_value is None


async def test_somebody_else_was_quicker(tmp_path: Path) -> None:
    """A file that came meanwhile is not overwritten, and it is said."""
    path = tmp_path / "config.toml"
    app = Welcome(path, MISSING, theme="dhcptui")
    async with app.run_test(size=(200, 40)) as pilot:
        await pilot.press("w")
        path.write_text("mine")
        await pilot.press("y")
        assert "Not written: File exists" in app.query_one("#answer", Row).shown
    assert path.read_text() == "mine"


async def test_a_broken_configuration_is_told_in_full(tmp_path: Path) -> None:
    """The whole error, as text: no markup in it, no control character; nothing is offered to be written."""
    path = tmp_path / "config.toml"
    path.write_text("x")
    problem = f"{path}: [pairs.office] [b]pear[/b]\x1b[2J: unknown key; did you mean 'peer'?"
    app = Welcome(path, problem, theme="dhcptui")
    async with app.run_test(size=(200, 40)) as pilot:
        await pilot.pause()
        shown = picture(app)
        assert "[b]pear[/b]\\x1b[2J: unknown key; did you mean 'peer'?" in shown
        assert "write the example" not in shown
        await pilot.press("w", "y", "enter")
        assert path.read_text() == "x"


# -- the program


def program(tmp_path: Path, *argv: str, **env: str) -> Terminal:
    """`dhcptui` in a terminal of 80x24 with a home of its own."""
    home = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    command = [sys.executable, "-m", "dhcptui", *argv]
    return Terminal(command, columns=80, rows=24, env={**home, "XDG_STATE_HOME": str(tmp_path / "state"), **env})


def test_first_start_in_a_terminal(tmp_path: Path) -> None:
    """No file: the screen, the example, and at the next start the console on it."""
    with program(tmp_path) as terminal:
        terminal.until(r"There is no configuration yet")
        terminal.send("w")
        terminal.until(r"Write the example to")
        terminal.send("y")
        terminal.until(r"Written")
        terminal.send("q")
        assert terminal.exit_code() == 1
        assert b"Traceback" not in terminal.received
    written = tmp_path / "config" / "dhcptui" / "config.toml"
    assert written.stat().st_mode & 0o777 == 0o600
    with program(tmp_path) as terminal:
        terminal.until(r"dhcp1 · primary · dhcp1\.ex")
        terminal.send("q")
        assert terminal.exit_code() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no pair is configured"),
        ("[pairs.office]\npeer = 1\n", "missing"),
        ("[console]\ntheme = 'x'", "no theme 'x'"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, words: str) -> None:
    """Empty or wrong: the error on the screen, exit code 1, no traceback; on no terminal one sentence."""
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with program(tmp_path, "--config", str(path)) as terminal:
        terminal.until(lambda: words in terminal.text().replace("\n", " "))
        terminal.send("q")
        assert terminal.exit_code() == 1
        assert b"Traceback" not in terminal.received


def test_not_on_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence that names the way out, the practice pair among them."""
    assert main(["--config", str(tmp_path / "none.toml")]) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "`dhcptui demo`" in said


@pytest.mark.parametrize("colour", [{"NO_COLOR": "1"}, {"TERM": "xterm"}])
def test_ascii_in_a_terminal(tmp_path: Path, colour: dict[str, str]) -> None:
    """--ascii: after the switches of the terminal not one byte above 0x7f is written, in the welcome and the console."""
    for argv in (["--ascii"], ["--ascii", "--config", str(EXAMPLE)]):
        with program(tmp_path, *argv, **colour) as terminal:
            terminal.until(r"PgDn|\? help")
            terminal.send("?")
            terminal.until(r"PgDn")
            terminal.send("qq")  # in one read: the help is left by the first one, the console by the second
            terminal.exit_code()
            assert max(terminal.received) < 0x80


def test_the_title_is_set_and_given_back(tmp_path: Path) -> None:
    """Saved first, then set by OSC 2 with words of the verdict, restored last."""
    with program(tmp_path, "--config", str(EXAMPLE)) as terminal:
        terminal.until(r"\? help")
        terminal.until(lambda: b"\x1b]2;" in terminal.received)
        terminal.send("q")
        terminal.exit_code()
        terminal.until(lambda: b"\x1b[23;2t" in terminal.received)
        data = bytes(terminal.received)
    assert data.index(b"\x1b[22;2t") < data.index(b"\x1b]2;") < data.index(b"\x1b[23;2t")
    assert b"\x1b]2;? office: not known" in data


def test_an_unknown_theme_is_an_error(tmp_path: Path) -> None:
    """It names those there are, before anything is drawn."""
    with program(tmp_path, "--config", str(EXAMPLE), "--theme", "dark") as terminal:
        assert terminal.exit_code() == 1
        terminal.until(lambda: "dhcptui-contrast" in terminal.text().replace("\n", ""))
        assert b"\x1b[?1049h" not in terminal.received
