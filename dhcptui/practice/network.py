"""The cables of the practice pair: what is cut between the operator and the two servers."""

from __future__ import annotations

from collections.abc import Callable

OPERATOR, PRIMARY, SECONDARY = "operator", "primary", "secondary"


class Network:
    """What passes. A cut drops silently, as a firewall's DROP or a pulled cable does."""

    def __init__(self) -> None:
        self._cuts: list[tuple[str, str, int | None]] = []
        self._told: list[Callable[[], None]] = []

    @property
    def whole(self) -> bool:
        """Whether nothing is cut."""
        return not self._cuts

    def passes(self, source: str, target: str, port: int | None = None) -> bool:
        """Whether a packet from source reaches target on a TCP port (None: any traffic at all, as ping sees it)."""
        return not any(
            (source, target) == (cut_source, cut_target) and cut_port in {None, port}
            for cut_source, cut_target, cut_port in self._cuts
        )

    def both_ways(self, a: str, b: str, port: int | None = None) -> bool:
        """Whether a TCP connection between the two can exchange anything: it needs both directions."""
        return self.passes(a, b, port) and self.passes(b, a, port)

    def cut(self, a: str, b: str, port: int | None = None, one_way: bool = False) -> None:
        """Drop what a sends to b, and unless one_way the reverse; with port only TCP of that port."""
        self._cuts += [(a, b, port)] if one_way else [(a, b, port), (b, a, port)]
        self._tell()

    def heal(self) -> None:
        """Remove every cut."""
        self._cuts.clear()
        self._tell()

    def on_change(self, tell: Callable[[], None]) -> None:
        """Call `tell` after every change."""
        self._told.append(tell)

    def _tell(self) -> None:
        for tell in self._told:
            tell()
