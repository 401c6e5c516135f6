"""How long the pools last, asked of the engine now and then: working out rates on every frame would cost too much."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.assess.forecast import PoolForecast, PoolMismatch
from dhcptui.assess.history.post_mortem import PoolLow
from dhcptui.assess.verdict import Verdict
from dhcptui.engine.api import Console
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role

ASK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Prospects:
    """What the engine said last."""

    forecasts: tuple[PoolForecast, ...] = ()
    mismatches: tuple[PoolMismatch, ...] = ()
    lows: tuple[PoolLow, ...] = ()

    def alone(self, role: Role) -> tuple[PoolForecast, ...]:
        """The forecasts of a server that serves by itself; none where both share the pools, or it does not serve."""
        return tuple(each for each in self.forecasts if each.servers == (role,))


class ForecastCache:
    """Asks again after a few seconds, and at once where a server serves otherwise than before."""

    def __init__(self, engine: Console) -> None:
        self._engine = engine
        self._asked: tuple[float, object] | None = None
        self.prospects = Prospects()

    def look(self, verdict: Verdict, now: Moment) -> Prospects:
        """The prospects, at most a few seconds old."""
        how = tuple((verdict[role].state, verdict[role].serving, verdict[role].view.pools is None) for role in Role)
        if self._asked is None or self._asked[1] != how or not 0 <= now.mono - self._asked[0] < ASK_SECONDS:
            self._asked = (now.mono, how)
            self.prospects = Prospects(self._engine.forecasts(), self._engine.mismatches(), self._engine.low_waters())
        return self.prospects
