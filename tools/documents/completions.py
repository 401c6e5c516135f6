"""Completions for bash, zsh and fish, from the parser. Names of pairs and servers come from `dhcptui config names`."""

from __future__ import annotations

from tools.documents.command_line import Argument, Command, program

NOTE = "# Completion of dhcptui; written by `make docs` from the parser of the command line."

BASH_NAMES = """\
# The names in the configuration, one a line; which: pairs or servers.
_dhcptui_names() {
    local which=$1 one two pair config=() i
    for ((i = 1; i < COMP_CWORD - 1; i++)); do
        [[ ${COMP_WORDS[i]} == --config ]] && config=(--config "${COMP_WORDS[i + 1]/#\\~/$HOME}")
    done
    while IFS=$'\\t' read -r pair one two; do
        case $which in
            pairs) printf '%s\\n' "$pair" ;;
            servers) printf '%s\\n' "$one" "$two" ;;
        esac
    done < <("${COMP_WORDS[0]/#\\~/$HOME}" config names "${config[@]}" 2>/dev/null </dev/null)
}

# Offers the lines of standard input that begin with what is typed; a name with a space is quoted.
_dhcptui_offer() {
    local line typed=${COMP_WORDS[COMP_CWORD]}
    while IFS= read -r line; do
        [[ $line == "$typed"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
    done
}
"""

ZSH_NAMES = """\
# The names in the configuration; which: pairs or servers. $program and $every are those of _dhcptui.
_dhcptui_names() {
  local -a names config parts
  local line at=${every[(I)--config]}
  (( at && at < $#every )) && config=(--config ${every[at+1]/#\\~/$HOME})
  for line in ${(f)"$($program config names $config 2>/dev/null </dev/null)"}; do
    parts=("${(@ps:\\t:)line}")
    case $1 in
      pairs) names+=("$parts[1]") ;;
      servers) names+=("$parts[2]" "$parts[3]") ;;
    esac
  done
  compadd -a names
}
"""

FISH_NAMES = """\
function __dhcptui_names --argument-names which
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l config
    if set -l at (contains --index -- --config $words)
        set config --config (string replace --regex '^~' $HOME -- $words[(math $at + 1)])
    end
    for line in ($words[1] config names $config 2>/dev/null)
        set -l names (string split \\t -- $line)
        switch $which
            case pairs
                echo $names[1]
            case servers
                printf '%s\\n' $names[2..3]
        end
    end
end

# The words before the cursor that are neither options nor their values: the command, then its arguments.
function __dhcptui_words
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l skip 0
    for word in $words[2..]
        if test $skip -gt 0
            set skip (math $skip - 1)
{counts}
        else if not string match --quiet -- '-*' $word
            echo $word
        end
    end
end

# Whether these are the options of this command; a pair's name in the command's place stands for the console.
function __dhcptui_in --argument-names command
    set -l words (__dhcptui_words)
    test (count $words) -gt 0; or return 1
    contains -- $words[1] {names}; or set words[1] console
    test $words[1] = $command
end

# Whether the next word is the positional argument of this command with so many before it.
function __dhcptui_at --argument-names command count
    set -l words (__dhcptui_words)
    test (count $words) = (math $count + 1); and test $words[1] = $command
end

# Whether the next word is the second value of this option.
function __dhcptui_second --argument-names option
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    test "$words[-2]" = $option
end

function __dhcptui_first
    test (count (__dhcptui_words)) = 0
end
"""


def _counts(own: Command, commands: list[Command]) -> dict[int, list[str]]:
    """The options that take a value, by how many they take."""
    found: dict[int, set[str]] = {}
    for each in (each for one in (own, *commands) for each in one.options if each.values):
        found.setdefault(len(each.values), set()).update(each.flags)
    return {count: sorted(flags) for count, flags in sorted(found.items())}


def _in_order(command: Command) -> list[Argument]:
    """Its positional arguments, each as often as it is wanted."""
    return [each for each in command.positionals for _ in each.values]


def _kind(each: Argument) -> str:
    """What an argument is completed with: words, pairs, servers, file or nothing."""
    if each.words:
        return "words"
    return "file" if each.is_path else {"pair": "pairs", "server": "servers"}.get(each.dest, "")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# -- bash ------------------------------------------------------------------------------------------------------------


def bash() -> str:
    """share/bash-completion/completions/dhcptui; needs bash 4 and nothing else."""
    own, commands = program()
    names = " ".join(each.name for each in commands)
    quotes = "''"
    lines = [NOTE, "", *BASH_NAMES.splitlines(), "", "_dhcptui() {"]
    lines += [
        "    local typed=${COMP_WORDS[COMP_CWORD]} command='' option='' left=0 count=0 i",
        "    COMPREPLY=()",
        "    for ((i = 1; i < COMP_CWORD; i++)); do",
        "        if ((left)); then ((left--)); continue; fi",
        "        case ${COMP_WORDS[i]} in",
    ]
    for count, flags in _counts(own, commands).items():
        lines.append(f"            {'|'.join(flags)}) option=${{COMP_WORDS[i]}} left={count} ;;")
    lines += [
        "            -*) ;;",
        "            *) if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else ((++count)); fi ;;",
        "        esac",
        "    done",
        "    if ((left)); then",
        "        case $option in",
    ]
    options = {flag: each for one in (own, *commands) for each in one.options for flag in each.flags}
    lines += [f"            {flag}) {_bash(each)} ;;" for flag, each in sorted(options.items()) if _kind(each)]
    lines += ["        esac", "        return", "    fi"]
    lines += ["    if [[ $typed == -* ]]; then", "        case $command in"]
    named = {one.name: one for one in (own, *commands)}
    console = named.pop("console")  # what a pair's name in the command's place stands for
    lines += [f"            {name or quotes}) {_bash_flags(one)} ;;" for name, one in named.items()]
    lines += [f"            *) {_bash_flags(console)} ;;", "        esac", "        return", "    fi"]
    lines += ["    case $command:$count in"]
    lines.append(f"        :0) _dhcptui_offer < <(printf '%s\\n' {names}; _dhcptui_names pairs) ;;")
    for one in commands:
        for at, each in enumerate(_in_order(one)):
            if _kind(each):
                lines.append(f"        {one.name}:{at}) {_bash(each)} ;;")
    lines += ["    esac", "}", "complete -F _dhcptui dhcptui"]
    return "\n".join(lines) + "\n"


def _bash_flags(command: Command) -> str:
    return f"_dhcptui_offer < <(printf '%s\\n' {' '.join(each.long for each in command.options)})"


def _bash(each: Argument) -> str:
    match _kind(each):
        case "words":
            return f"_dhcptui_offer < <(printf '%s\\n' {' '.join(each.words)})"
        case "file":
            return 'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$typed")'
        case "pairs" | "servers" as which:
            return f"_dhcptui_offer < <(_dhcptui_names {which})"
        case _:
            return ":"


# -- zsh -------------------------------------------------------------------------------------------------------------


def _zsh(each: Argument) -> str:
    """The action of `_arguments` for a value."""
    match _kind(each):
        case "words":
            return f"({' '.join(each.words)})"
        case "file":
            return "_files"
        case "pairs" | "servers" as which:
            return f"{{_dhcptui_names {which}}}"
        case _:
            return " "


def _zsh_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def _zsh_arguments(command: Command, indent: str) -> list[str]:
    lines = []
    for each in command.options:
        value = "".join(f":{value.lower()}:{_zsh(each)}" for value in each.values)
        for flag in each.flags:
            lines.append(indent + _quoted(f"{flag}[{_zsh_text(each.help)}]{value}"))
    for each in command.positionals:
        colon = ":" if each.required else "::"
        lines += [indent + _quoted(f"{colon}{value.lower()}:{_zsh(each)}") for value in each.values]
    return lines


def zsh() -> str:
    """share/zsh/site-functions/_dhcptui."""
    own, commands = program()
    commands.sort(key=lambda each: each.name == "console")  # its case catches what is no command: last
    lines = [
        "#compdef dhcptui",
        NOTE,
        "",
        *ZSH_NAMES.splitlines(),
        "",
        "_dhcptui_commands() {",
        "  local -a commands=(",
    ]
    lines += [f"    {_quoted(each.name + ':' + _zsh_text(each.summary))}" for each in commands]
    lines += ["  )", "  _describe -t commands command commands", "  _dhcptui_names pairs", "}", "", "_dhcptui() {"]
    lines += ["  local context state line program=${words[1]/#\\~/$HOME}", '  local -a every=("$words[@]")']
    lines += ["  typeset -A opt_args", "  _arguments -C -S \\"]
    lines += [f"{text} \\" for text in _zsh_arguments(own, "    ")]
    lines += ["    '1: :_dhcptui_commands' \\", "    '*:: :->rest' && return 0", "  [[ $state == rest ]] || return 1"]
    lines += ["  case $words[1] in"]
    for each in commands:
        arguments = _zsh_arguments(each, "        ")
        # A pair's name in the command's place stands for the console.
        name = "*" if each.name == "console" else each.name
        lines += [f"    {name})", "      _arguments -S \\", *[f"{text} \\" for text in arguments[:-1]]]
        lines += [arguments[-1], "      ;;"]
    lines += ["  esac", "}", "", '_dhcptui "$@"']
    return "\n".join(lines) + "\n"


# -- fish ------------------------------------------------------------------------------------------------------------


def _fish_values(each: Argument) -> str:
    match _kind(each):
        case "words":
            return f" -a {_quoted(' '.join(each.words))}"
        case "pairs" | "servers" as which:
            return f" -a '(__dhcptui_names {which})'"
        case _:
            return ""


def fish() -> str:
    """share/fish/vendor_completions.d/dhcptui.fish."""
    own, commands = program()
    names = " ".join(each.name for each in commands)
    counts = "\n".join(
        f"        else if contains -- $word {' '.join(flags)}\n            set skip {count}"
        for count, flags in _counts(own, commands).items()
    )
    helpers = FISH_NAMES.replace("{counts}", counts).replace("{names}", names)
    lines = [NOTE, "", *helpers.splitlines(), "", "complete -c dhcptui -f"]

    def complete(condition: str, rest: str) -> None:
        lines.append(f"complete -c dhcptui -n {_quoted(condition)} {rest}")

    for one in commands:
        complete("__dhcptui_first", f"-a {one.name} -d {_quoted(one.summary)}")
    complete("__dhcptui_first", "-a '(__dhcptui_names pairs)' -d pair")
    for one in (own, *commands):
        for each in one.options:
            flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in each.flags)
            takes = (" -r -F" if each.is_path else " -x") if each.values else ""
            condition = f"__dhcptui_in {one.name}" if one.name else "__dhcptui_first"
            complete(condition, f"{flags}{takes}{_fish_values(each)} -d {_quoted(each.help)}")
            if each.is_path and len(each.values) > 1:
                complete(f"__dhcptui_second {each.long}", "-F")
        for at, each in enumerate(_in_order(one)):
            if _kind(each):
                complete(f"__dhcptui_at {one.name} {at}", _fish_values(each).strip())
    return "\n".join(lines) + "\n"
