"""One pair with an engine of its own: what a console of one pair, `plan` and `do` run."""

from __future__ import annotations

from dhcptui.config.loading import PairSettings
from dhcptui.engine.loop import EngineLoop
from dhcptui.engine.pair_console import PairConsole


class EngineThread(PairConsole):
    """A pair on its own thread and event loop: a terminal that stalls never stalls a step that is under way."""

    def __init__(
        self, settings: PairSettings, *, tidy: bool = True, patience: float = 0.0, home: EngineLoop | None = None
    ) -> None:
        """As PairConsole. `home`: a loop that nobody else uses."""
        super().__init__(settings, home or EngineLoop(), tidy=tidy, patience=patience)

    def stop(self) -> None:
        """End watching after the step under way, and start no further one; closes every connection and the thread."""
        super().stop()
        self._home.stop()
