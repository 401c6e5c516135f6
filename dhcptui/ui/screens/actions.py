"""What the acting keys do: open the prompt of an action, and say that an interrupted run has been dealt with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from textual.timer import Timer

from dhcptui.assess.assessment import assess_pair
from dhcptui.model.action import Action
from dhcptui.model.audit import Answer
from dhcptui.model.commands import DISMISS
from dhcptui.model.sanitize import clean
from dhcptui.ui.acting import candidates, meant
from dhcptui.ui.line import Line, say
from dhcptui.ui.panes.prompt import Prompt
from dhcptui.ui.session import Session
from dhcptui.ui.style import PLAIN, WARNING
from dhcptui.ui.views.view import ViewHost

ASKED_SECONDS = 15.0
"""For so long a second press says yes."""


class ActionController:
    """In read-only mode no key and no command leads to it."""

    def __init__(self, session: Session, prompt: Prompt, host: ViewHost, *, note: Callable[[Line], None]) -> None:
        self.session, self._prompt, self._host, self._note = session, prompt, host, note
        self._run_timer: Timer | None = None
        self._asked = ("", 0.0)
        """The interrupted run that was asked about, and until when (monotonic seconds) the answer counts."""

    def busy(self) -> str:
        """Why no action can begin; empty: one can."""
        return "an action is under way" if self._prompt.busy else ""

    def no_interrupted_run(self) -> str:
        """Why there is nothing to dismiss; empty: there is."""
        return "" if self.session.engine.interrupted() else "There is no interrupted run."

    def act(self, wanted: Action) -> None:
        """Open the prompt of an action."""
        session, pair = self.session, assess_pair(self.session.snapshot, self.session.now())
        action = meant(wanted, pair)
        looking_at, sync_from = session.looking_at, session.setup.sync_from
        roles = candidates(action, pair, looking_at=looking_at, sync_from=sync_from)
        self._prompt.open(action, roles)
        self._host.close_view()

    def pace(self) -> None:
        """Tenths of seconds count only while an action runs."""
        running = self._prompt.busy
        if running and self._run_timer is None:
            self._run_timer = self._prompt.set_interval(0.25, self._prompt.tick)
        elif not running and self._run_timer is not None:
            self._run_timer.stop()
            self._run_timer = None

    def dealt_with(self) -> None:
        """Say that the interrupted run has been dealt with; asked twice, since nobody is told of it afterwards."""
        run, asked, now = self.session.engine.interrupted(), self._asked, self.session.now().mono
        self._asked = ("", 0.0)
        if run is None:
            return
        if asked[0] == run.run and now < asked[1]:
            self._host.when_done(self.session.engine.dismiss_interrupted(), self._dismissed)
        else:
            self._asked = (run.run, now + ASKED_SECONDS)
            key = self.session.commands.key(DISMISS) or "the same command"
            what = f"{run.action} on {run.acting} ({run.by}) stopped after step {run.step} of {run.steps}."
            self._note(say((f"{what} ", WARNING), f"Dealt with? {key} again says so, in the audit log too."))

    def _dismissed(self, future: Future[Answer]) -> None:
        answer = future.result()
        self._note(say((clean(answer.text), PLAIN if answer.done else WARNING)))
        self._host.refresh_view()
