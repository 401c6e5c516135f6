"""The house rules that a linter does not hold: in which direction files import each other, and who reads whose words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import dhcptui

PACKAGE = Path(dhcptui.__file__).parent
MODULES = sorted(
    "dhcptui." + str(path.relative_to(PACKAGE).with_suffix("")).replace("/", ".").removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path.stem != "__main__"
)


def source_of(name: str) -> str:
    """The text of a module."""
    path = PACKAGE.parent.joinpath(*name.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()


def test_one_table_says_how_long_a_value_is_fresh() -> None:
    """What counts as the present is the same for every judgement."""
    named = re.compile(r"^(\w*(?:FRESH|STALE)\w*) *[:=]", re.MULTILINE)
    rooms = [name for name in MODULES if name.startswith("dhcptui.assess.") and not name.endswith(".freshness")]
    assert not {name: found for name in rooms if (found := named.findall(source_of(name)))}
    assert named.findall(source_of("dhcptui.assess.freshness"))


CUTS = frozenset(
    {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "rsplit", "replace",
     "find", "index", "count", "match", "search", "compile", "fullmatch", "sub"}
)  # fmt: skip
SENTENCES = frozenset(
    {"text", "observed", "what", "words", "detail", "headline", "sentence", "advice", "note", "meaning", "reason"}
)
READERS = ("dhcptui.logs.", "dhcptui.conf.", "dhcptui.servers.", "dhcptui.practice.")
"""Rooms that read what others write: dhcpd's log and its words, dhcpd.conf, what commands on a server print."""
FOREIGN = {
    "dhcptui.act.sync.copy": "how cp and tar tell of a full disk",
    "dhcptui.assess.delayed_start": "a plan's variant, as locks and the audit log keep it",
    "dhcptui.model.log_line": "what the C library says of a full disk",
    "dhcptui.ui.render.plan": "the signs of a unified diff",
    "dhcptui.watch.probe": "what dhcpd says of its version",
    "dhcptui.watch.log": "what tail says of its file",
    "dhcptui.watch.survey": "what dhcpd says of its version, and what a command of ours prints",
}
"""Module -> whose words it reads: not our own sentences."""


def looked_for(source: str) -> Iterator[str]:
    """Words that a module looks for in a text: several of them anywhere, a single one in what bears a sentence's name."""
    tree = ast.parse(source)
    named = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            words, into = node.left, node.comparators[0]
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CUTS and node.args
        ):
            words, into = node.args[0], node.func.value
        else:
            continue
        ours = isinstance(into, ast.Attribute) and into.attr in SENTENCES
        for text in texts_of(words, named):
            if (" " in text and text.strip()) or (ours and text.strip().isalpha()):
                yield text


def texts_of(node: ast.expr, named: dict[str, str]) -> Iterator[str]:
    """The texts that an expression stands for."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in named:
        yield named[node.id]
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for each in node.elts:
            yield from texts_of(each, named)


def test_no_room_reads_our_own_sentences() -> None:
    """What one part of the program tells another is a value; only who reads what others write looks for words in it."""
    ours = [name for name in MODULES if not name.startswith(READERS) and name not in FOREIGN]
    assert not {name: found for name in ours if (found := list(looked_for(source_of(name))))}
    assert all(list(looked_for(source_of(name))) for name in FOREIGN)


@pytest.mark.parametrize(
    "source",
    [
        'said.partition(" (")',
        'line.startswith("I move from startup to ")',
        'FAILED = "a start failed: "\ndef f(text: str) -> str:\n    return text.removeprefix(FAILED)',
        '"answers" not in wait.what',
        'note.startswith(("too few", "failed"))',
        're.search("failover peer .*: I move", text)',
    ],
)
def test_a_sentence_that_is_read_is_found(source: str) -> None:
    """By whatever means; a key, a path or a letter is no sentence."""
    assert list(looked_for(source))
    assert not list(looked_for('key in found\n"/" in path\ntext.split(",")\n"started" in names'))


def imported(source: str, modules: set[str]) -> Iterator[str]:
    """The modules that a file imports anywhere in it: for type checking only and inside functions, too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module in modules:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules else node.module


def circle(sources: dict[str, str]) -> list[str]:
    """Modules of which each is imported by the next one, and the first by the last; empty without such a circle."""
    graph = {name: set(imported(source, set(sources))) - {name} for name, source in sources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_imports_of_files_make_no_circle() -> None:
    """Whoever reads a file need not know the ones that use it."""
    found = circle({name: source_of(name) for name in MODULES})
    assert not found, " <- ".join(found)


@pytest.mark.parametrize(
    "source",
    ["import a", "from a import A", "if TYPE_CHECKING:\n    from a import A", "def f() -> None:\n    from a import A"],
)
def test_a_circle_is_found(source: str) -> None:
    """Wherever in a file the import stands that closes it."""
    assert set(circle({"a": "import b", "b": "import c", "c": source})) == {"a", "b", "c"}
    assert circle({"a": "import b", "b": "import c", "c": "import d"}) == []
