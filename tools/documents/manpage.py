"""share/man/man1/dhcptui.1, from the parser and the registry of keys."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from dhcptui import __version__
from dhcptui.model.commands import COMMANDS
from tools.documents.command_line import Argument, Command, program

DESCRIPTION = """\
asks both servers of an ISC DHCP failover pair, over OMAPI and SSH, and shows what each says of itself and of its
partner, how long every wait still takes, the pools, and both logs side by side. The actions that matter are a key away,
each as a plan with its evidence, a typed confirmation and steps that are verified on both servers. Nothing is installed
on the servers."""
GLOBALS = ("--config", "--read-only", "--help")
FILES = (
    ("~/.config/dhcptui/config.toml", "The configuration. $XDG_CONFIG_HOME is honoured."),
    (
        "~/.local/state/dhcptui/audit.jsonl",
        "Everything done to a server: the intent before the act, the outcome after it. Older files beside it end in .1 to .5.",
    ),
    ("~/.local/state/dhcptui/fault.log", "Where a fault of the program itself is kept."),
)
ENVIRONMENT = (
    ("DHCPTUI_CONFIG", "The configuration file, unless --config names one."),
    ("NO_COLOR", "If set and not empty, no colour is used; words and glyphs tell the states apart."),
    ("TEXTUAL_THEME", "The theme, unless --theme names one."),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME", "Where configuration and state are, instead of ~/.config and ~/.local/state."),
)
EXAMPLES = (
    ("Learn it on a practice pair:", "dhcptui demo"),
    ("Open the console on a pair and bind no acting key:", "dhcptui office --read-only"),
    ("Say in a script whether a pair is healthy:", "dhcptui status office --json"),
    ("See what a clean stop of dhcp1 would do, then do it:", "dhcptui plan shutdown office --server dhcp1"),
    ("", "dhcptui do shutdown office --server dhcp1 --confirm dhcp1"),
)


def escaped(text: str) -> str:
    """Plain text for roff: no escape, no request at the start of a line, and hyphens that can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = "\n".join(textwrap.wrap(text, 78, break_on_hyphens=False, break_long_words=False))
    return "\n".join(f"\\&{line}" if line[:1] in {".", "'"} else line for line in text.splitlines())


def usage(command: Command) -> str:
    """A command's synopsis: positional arguments first, options in brackets where they may be left out."""
    words = [f".B dhcptui {command.name}"]
    for each in command.positionals:
        words.append(f".I {each.value}" if each.required else f".RI [ {each.value} ]")
    for each in command.options:
        if each.long in GLOBALS:
            continue
        value = f' "\\ {escaped(each.value)}"' if each.value else ""
        words.append(f".BI {escaped(each.long)}{value}" if each.required else f".RB [ {_bold(each)} ]")
    return "\n".join(words)


def _bold(each: Argument) -> str:
    return f'"{escaped(each.long)}' + (f" \\fI{escaped(each.value)}\\fP" if each.value else "") + '"'


def _entries(arguments: tuple[Argument, ...]) -> Iterator[str]:
    for each in arguments:
        yield ".TP"
        if each.flags:
            flags = ", ".join(f"\\fB{escaped(flag)}\\fR" for flag in each.flags)
            yield flags + (f" \\fI{escaped(each.value)}\\fR" if each.value else "")
        else:
            yield f"\\fI{each.value}\\fR"
        text = each.help if not each.words or all(word in each.help for word in each.words) else _with_words(each)
        yield escaped(text if each.words else f"{text[:1].upper()}{text[1:]}.")


def _with_words(each: Argument) -> str:
    return f"{each.help}: {', '.join(each.words)}" if len(each.words) > 1 else each.help


def _command(command: Command) -> Iterator[str]:
    yield f".SS {command.name}"
    yield usage(command)
    yield ".PP"
    yield escaped(f"{command.description} Exit status: {command.exits}.")
    yield from _entries(tuple(each for each in command.arguments if not each.flags or each.long not in GLOBALS))


def _pairs(entries: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for name, text in entries:
        yield f".TP\n.B {escaped(name)}\n{escaped(text)}"


def manpage() -> str:
    """The whole page."""
    own, commands = program()
    lines = [
        '.\\" written by `make docs` from the parser of the command line',
        f'.TH DHCPTUI 1 "" "dhcptui {escaped(__version__)}" "User Commands"',
        ".SH NAME",
        "dhcptui \\- terminal console for an ISC DHCP failover pair",
        ".SH SYNOPSIS",
        '.B dhcptui\n.RB [ \\-\\-config "\\ FILE" ]\n.RB [ \\-\\-read\\-only ]\n.RI [ PAIR ]',
        ".br",
        ".B dhcptui\n.I COMMAND\n.RI [ ARGUMENT ...]",
        ".SH DESCRIPTION",
        ".B dhcptui",
        escaped(DESCRIPTION),
        ".SH OPTIONS",
        "\\-\\-config and \\-\\-read\\-only may stand before or after the command.",
        *_entries(own.options),
        ".SH COMMANDS",
    ]
    for command in commands:
        lines += _command(command)
    lines += [".SH KEYS", "Capitals act, lower\\-case letters look.\nEvery key can be changed in the configuration."]
    console = [each for each in COMMANDS if each.keys and each.where != "fleet"]
    fleet = [each for each in COMMANDS if each.keys and each.where == "fleet"]
    lines += _pairs(tuple((each.shown_keys, each.help) for each in console))
    lines += [".SS In the fleet", "Where the configuration has several pairs."]
    lines += _pairs(tuple((each.shown_keys, each.help) for each in fleet))
    lines += [".SH EXIT STATUS", "The exit status of each command is given with it. Besides:"]
    lines += _pairs((("64", "The command line could not be understood."), ("130", "Interrupted from the keyboard.")))
    lines += [".SH ENVIRONMENT", *_pairs(ENVIRONMENT), ".SH FILES", *_pairs(FILES), ".SH EXAMPLES"]
    for words, line in EXAMPLES:
        lines += [*([".PP", escaped(words)] if words else []), ".PP", ".nf", ".RS", escaped(line), ".RE", ".fi"]
    text = "\n".join(lines).replace(".SH EXAMPLES\n.PP", ".SH EXAMPLES")
    lines = [text, ".SH SEE ALSO", ".BR dhcpd (8),", ".BR dhcpd.conf (5),", ".BR omshell (1),", ".BR ssh_config (5)"]
    return "\n".join(lines) + "\n"
