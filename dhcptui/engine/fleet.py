"""Several pairs on one engine: one thread and loop for all, one wish to leave, each with a console of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import wait

from dhcptui.act.leaving import Departure
from dhcptui.act.plan import Progress
from dhcptui.config.loading import PairSettings
from dhcptui.engine.api import FleetListener, Listener
from dhcptui.engine.faults import keep
from dhcptui.engine.loop import STOP_SECONDS, EngineLoop
from dhcptui.engine.pair_console import PairConsole
from dhcptui.model.audit import AuditEntry
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot


class _Named:
    """The listener of one pair, who tells the fleet's whose news it is."""

    def __init__(self, pair: str, listener: FleetListener) -> None:
        self._pair, self._listener = pair, listener

    def on_snapshot(self, snapshot: PairSnapshot) -> None:
        """Something about a server changed."""
        self._listener.on_snapshot(self._pair, snapshot)

    def on_log(self, role: Role, lines: Sequence[LogLine]) -> None:
        """New log lines of one server."""
        self._listener.on_log(self._pair, role, lines)

    def on_progress(self, progress: Progress) -> None:
        """An action moved on or ended."""
        self._listener.on_progress(self._pair, progress)

    def on_audit(self, entry: AuditEntry) -> None:
        """A line was written to the audit log."""
        self._listener.on_audit(self._pair, entry)


def named(pair: str, listener: FleetListener) -> Listener:
    """The listener of one pair for the fleet's."""
    return _Named(pair, listener)


class FleetEngine:
    """The engine of several pairs. One action at a time per pair."""

    def __init__(self, pairs: Iterable[PairSettings]) -> None:
        self._home = EngineLoop()
        self._departure = Departure()
        self._consoles = {each.name: PairConsole(each, self._home, departure=self._departure) for each in pairs}

    @property
    def consoles(self) -> Mapping[str, PairConsole]:
        """Each pair's own console by its name, in the configuration's order."""
        return self._consoles

    @property
    def failure(self) -> BaseException | None:
        """What ended the loop of all pairs; what ended one pair's watching is that console's failure."""
        return self._home.failure

    @property
    def departure(self) -> Departure:
        """The wish to leave, shared by all pairs."""
        return self._departure

    def start(self, listener: FleetListener) -> None:
        """Begin watching all of them."""
        for name, console in self._consoles.items():
            console.start(named(name, listener))

    def leave(self, reason: str) -> None:
        """No further step begins on any pair."""
        self._departure.leave(reason)

    @property
    def acting(self) -> Progress | None:
        """The action under way, the first pair's where there are several; None: none is."""
        return self._first(console.acting for console in self._consoles.values())

    @property
    def cut_short(self) -> Progress | None:
        """The result of an action that ended early because somebody left; None where none did."""
        return self._first(console.cut_short for console in self._consoles.values())

    @property
    def ended_leaving(self) -> tuple[Progress, ...]:
        """The results of all actions that ended, well or not, after somebody had asked to leave."""
        return tuple(result for console in self._consoles.values() for result in console.ended_leaving)

    @staticmethod
    def _first(results: Iterable[Progress | None]) -> Progress | None:
        return next((each for each in results if each is not None), None)

    def stop(self) -> None:
        """End watching after the steps under way; closes every connection and the thread."""
        self.leave("the console was closed")
        wait([each for console in self._consoles.values() if (each := console.finish())], STOP_SECONDS)
        for console in self._consoles.values():
            if console.failure is not None:
                keep(console.failure)
        self._home.stop()
