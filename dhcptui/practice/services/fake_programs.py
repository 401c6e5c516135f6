"""Programs in a practice server's `bin` that are answered by the practice pair, without starting an interpreter.

Each is the same small shell script. It writes its directory and its words to a file, its number to a named pipe, and
runs the one line of shell that comes back on a pipe of its own. No socket, so a long path of the directory is no limit.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_READER_SECONDS = 5.0
"""A program that does not come to read its answer in this time has been killed."""
_POLL_SECONDS = 0.002

_SCRIPT = """#!/bin/sh
# Answered by the practice pair.
f={run}/$$
mkfifo -m 600 "$f" 2>/dev/null || {{ rm -f "$f"; mkfifo -m 600 "$f"; }} || exit 71
{{ printf '%s\\0' "$PWD"; for w in "$@"; do printf '%s\\0' "$w"; done; }} >"$f.words"
echo "$$ {name}" >{run}/ask
IFS= read -r answer <"$f"
eval "$answer"
"""
_PLAIN = frozenset(b' !"#$&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~')


@dataclass(frozen=True, slots=True)
class Question:
    """A program that was called: its name, the directory it was called in, its words."""

    program: str
    directory: Path
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the program prints, and how it ends. With `run` it becomes that shell command instead (`"$@"`: its words)."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0
    run: str = ""

    def line(self) -> bytes:
        """As one line of shell that needs no program at all."""
        if self.run:
            return self.run.encode() + b"\n"
        parts = [f"printf {_escaped(self.stdout)}"] if self.stdout else []
        parts += [f"printf {_escaped(self.stderr)} >&2"] if self.stderr else []
        return ("; ".join([*parts, f"exit {self.status}"]) + "\n").encode()


def _escaped(text: str) -> str:
    """A format of printf, on one line: what is not plain ASCII as octal digits."""
    data = text.encode("utf-8", "surrogateescape")
    return "'" + "".join(chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in data) + "'"


Answering = Callable[[Question], Awaitable[Answer | None]]
"""Answers a program; None: it hears nothing, for ever."""


class Shims:
    """The programs of one server. They lie in `bin`, their pipes in `run`."""

    def __init__(self, directory: Path, answering: Answering) -> None:
        self.bin, self._run = directory / "bin", directory / "run"
        self._answering = answering
        self._ask = self._keep = -1
        self._heard = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def install(self, names: Iterable[str], also: Iterable[Path] = ()) -> None:
        """Write the programs, in `bin` and at the paths `also`, and listen for them. Runs on the event loop."""
        self.bin.mkdir(parents=True, exist_ok=True)
        self._run.mkdir(parents=True, exist_ok=True)
        for path in (*(self.bin / name for name in names), *also):
            path.write_text(_SCRIPT.format(run=shlex.quote(str(self._run)), name=path.name))
            path.chmod(0o755)
        pipe = self._run / "ask"
        os.mkfifo(pipe, 0o600)
        self._ask = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._keep = os.open(pipe, os.O_WRONLY | os.O_CLOEXEC)  # with a writer of our own there is never an end of file
        asyncio.get_running_loop().add_reader(self._ask, self._readable)

    async def close(self) -> None:
        """Answer nobody any more; what still waits for an answer ends."""
        if self._ask < 0:
            return
        asyncio.get_running_loop().remove_reader(self._ask)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        release(self._run)
        for handle in (self._ask, self._keep):
            os.close(handle)
        self._ask = -1

    def _readable(self) -> None:
        with suppress(BlockingIOError):
            self._heard += os.read(self._ask, 65536)
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            number, _, program = line.decode("ascii", "replace").partition(" ")
            task = asyncio.create_task(self._serve(self._run / number, program))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, pipe: Path, program: str) -> None:
        words = pipe.with_name(pipe.name + ".words")
        try:
            directory, *rest = words.read_bytes().decode("utf-8", "surrogateescape").split("\0")[:-1]
            words.unlink()
        except (OSError, ValueError):  # it was killed, and its files are gone
            return
        try:
            answer = await self._answering(Question(program, Path(directory), tuple(rest)))
        except Exception as error:  # a program that fails says so and ends; its caller must not wait for ever
            answer = Answer(stderr=f"{program}: {error!r}\n", status=70)
        if answer is not None:
            await _tell(pipe, answer.line())


async def _tell(pipe: Path, line: bytes) -> None:
    """Write into a program's own pipe once it reads there."""
    deadline = asyncio.get_running_loop().time() + _READER_SECONDS
    handle = -1
    try:
        while line:
            try:
                if handle < 0:
                    handle = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                line = line[os.write(handle, line) :]
            except FileNotFoundError:
                return
            except OSError:  # nobody reads yet (ENXIO), or the pipe is full
                if asyncio.get_running_loop().time() > deadline:
                    return
                await asyncio.sleep(_POLL_SECONDS)
    finally:
        if handle >= 0:
            os.close(handle)
        with suppress(OSError):
            os.unlink(pipe)  # noqa: PTH108 - a pathlib call would be taken for one that blocks


def release(run: Path) -> None:
    """End every program that waits at a pipe below `run`: one that asks is hung up on, one that listens hears the end."""
    with suppress(OSError):
        for pipe in run.iterdir():
            if pipe.is_fifo():
                ours = os.O_RDONLY if pipe.name == "ask" else os.O_WRONLY
                with suppress(OSError):  # nobody waits there
                    os.close(os.open(pipe, ours | os.O_NONBLOCK))
                if pipe.name != "ask":
                    pipe.unlink(missing_ok=True)
