"""One failover relationship as one dhcpd lives it: states, stos, who serves (server/failover.c of 4.4.3-P1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dhcptui.model.role import Role
from dhcptui.model.states import CONFLICT, FailoverState
from dhcptui.practice.dhcpd import balance
from dhcptui.practice.dhcpd import lease_file as leasefile
from dhcptui.practice.dhcpd.configuration import PeerConf
from dhcptui.practice.dhcpd.daemon import Daemon
from dhcptui.practice.dhcpd.lease_file import Record
from dhcptui.practice.dhcpd.leases import Lease
from dhcptui.practice.dhcpd.link import Link, connect
from dhcptui.practice.dhcpd.reactions import FATAL_WHILE_CONFLICT_DONE, NOT_RESPONDING, REACTIONS, REPEATS_COUNT
from dhcptui.practice.dhcpd.store import Store
from dhcptui.practice.dhcpd.updates import Updates
from dhcptui.practice.dhcpd.wire import Message

S = FailoverState
STARTUP_SECONDS, RECONNECT_SECONDS = 15, 5


class Failover:
    """Times are whole seconds of this server's own clock, as in dhcpd; `by_name` are all relationships of the dhcpd."""

    def __init__(
        self, dhcpd: Daemon, store: Store, conf: PeerConf, record: Record | None, by_name: Mapping[str, Failover]
    ) -> None:
        self.dhcpd, self.store, self.conf, self.name, self.by_name = dhcpd, store, conf, conf.name, by_name
        now = dhcpd.cur_time
        self.state, self.stos = (record.state, record.stos) if record else (S.RECOVER, now)
        self.partner_state, self.partner_stos = (
            (record.partner_state, record.partner_stos) if record else (S.UNKNOWN, now)
        )
        self.saved_state = self.state
        self.mclt = conf.mclt
        if conf.role is Role.SECONDARY and record and record.mclt is not None:
            self.mclt = record.mclt
        self.hba = conf.hba
        self.link: Link | None = None
        """The connection in use, after a handshake that both accepted."""
        self.partner_max_unacked = self.partner_max_response_delay = 0
        self.serves_as: S | None = None
        """The state by whose rules clients are answered; None: it does not respond."""
        self.reason = ""
        """Why it does not respond, as it stands in dhcpd's log."""
        self.updates = Updates(self)
        self.next_balance = self.last_balance = 0
        self.set_service_state()

    # -- what dhcpd writes -----------------------------------------------------------------------------------------

    def log(self, text: str) -> None:
        """A line that begins with the relationship's name."""
        self.dhcpd.log(f"failover peer {self.name}: {text}")

    @property
    def known_state(self) -> S:
        """The state that partner and lease file learn: in startup the one from before."""
        return self.saved_state if self.state is S.STARTUP else self.state

    def record(self) -> str:
        """What the lease file is told."""
        mclt = self.mclt if self.conf.role is Role.SECONDARY else None
        mine, partner = (self.known_state, self.stos), (self.partner_state, self.partner_stos)
        return leasefile.state_text(self.name, mine, partner, mclt)

    def _write(self) -> bool:
        if self.dhcpd.lease_file.append(self.record()):
            return True
        self.dhcpd.log(f"write_failover_state: unable to write state {self.name}")
        self.dhcpd.log(f"Unable to record current failover state for {self.name}")
        return False

    # -- timers ----------------------------------------------------------------------------------------------------

    def after(self, name: str, seconds: float, call: Callable[[], object]) -> None:
        """Set one of dhcpd's fixed timers."""
        self.dhcpd.after((self.name, name), seconds, call)

    def cancel(self, *names: str) -> None:
        """Cancel timers."""
        for name in names:
            self.dhcpd.timers.cancel((self.name, name))

    # -- link events -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Into startup, and look for the partner."""
        self.set_state(S.STARTUP)
        connect(self)

    def schedule_reconnect(self) -> None:
        """dhcpd tries again after 5 s, unless a link has come up meanwhile."""
        self.after("reconnect", RECONNECT_SECONDS, self._reconnect)

    def _reconnect(self) -> None:
        if self.link is None:
            connect(self)

    def disconnected(self) -> None:
        """The link is lost, or startup ended without one (failover.c, state_transition "disconnect")."""
        if self.link is not None:
            self.dhcpd.log(f"peer {self.name}: disconnected")
            self.link.failover = None
            self.link = None
        self.cancel("contact", "timeout", "startup")
        known = self.known_state
        if known is S.CONFLICT_DONE:
            self.updates.rescind()
        if known in {S.POTENTIAL_CONFLICT, S.UNKNOWN}:
            self.set_state(S.RESOLUTION_INTERRUPTED)
        elif known is S.NORMAL:
            self.set_state(S.COMMUNICATIONS_INTERRUPTED)
        elif self.state is S.STARTUP:
            self.set_state(self.saved_state)

    def send(self, kind: str, xid: int | None = None, **says: object) -> None:
        """A message to the partner, if there is a link."""
        if self.link is not None:
            self.link.send(kind, xid, **says)

    def send_state(self) -> None:
        """Tell the partner the state; in startup the one from before, with a flag."""
        self.send("STATE", state=self.known_state, startup=self.serves_as is S.STARTUP)

    def queue_update(self, lease: Lease) -> None:
        """The partner is to learn of a lease."""
        self.updates.queue(lease)

    def send_updates(self) -> None:
        """Tell the partner as much as may be under way at once."""
        self.updates.send()

    def schedule_balance(self) -> None:
        """Plan the next balancing: leases have come to or left the free ones."""
        balance.schedule(self)

    def heard(self, message: Message) -> None:
        """A message on the accepted link, other than those of the handshake."""
        if message.kind == "STATE":
            self._partner_says(message.says["state"], bool(message.says["startup"]))
        elif message.kind == "POOLREQ":
            balance.on_request(self)
        elif message.kind == "POOLRESP":
            self.dhcpd.log(f"pool response: {message.says['leases']} leases")
        else:
            self.updates.heard(message)

    # -- states ----------------------------------------------------------------------------------------------------

    def set_state(self, new: S) -> bool:
        """Move, write it down, tell the partner. False where the lease file cannot be written: nothing has moved then."""
        old, old_stos, now = self.state, self.stos, self.dhcpd.cur_time
        if old in {S.NORMAL, S.POTENTIAL_CONFLICT, S.PARTNER_DOWN}:
            self.updates.rescind()
        if new not in {S.RECOVER_WAIT, S.STARTUP} and old is not S.STARTUP:
            self.stos = now
        if (new, old, self.partner_state) == (S.RECOVER, S.SHUTDOWN, S.PARTNER_DOWN) and self.updates.idle:
            self.stos = now - self.mclt
        self.state = new
        if new is S.STARTUP and old is not S.STARTUP:
            self.saved_state = old
        if not self._write():
            self.state, self.stos = old, old_stos
            return False
        self.log(f"I move from {old.word} to {new.word}")
        self._log_both_normal()
        if old is S.STARTUP and new is not S.STARTUP:
            self.cancel("startup")
        self.cancel("auto-partner-down")
        self.set_service_state()
        self.send_state()
        self._entered(new)
        return True

    def _entered(self, new: S) -> None:
        if new is S.STARTUP:
            self.after("startup", STARTUP_SECONDS, self.disconnected)
        elif new is S.NORMAL:
            balance.on_entering_normal(self)
            self.updates.generate(everything=False)
            if self.updates.waiting:
                self.updates.send()
                self.dhcpd.log(f"Sending updates to {self.name}.")
        elif new is S.COMMUNICATIONS_INTERRUPTED and self.conf.auto_partner_down:
            self.after("auto-partner-down", self.conf.auto_partner_down, lambda: self.set_state(S.PARTNER_DOWN))
        elif new is S.POTENTIAL_CONFLICT:
            if self.conf.role is Role.PRIMARY or self.partner_state is S.CONFLICT_DONE:
                self.updates.request(everything=False)
        elif new is S.RECOVER_WAIT:
            self._wait_for_recover_done()
        elif new is S.RECOVER:
            self.updates.request(everything=True)
        elif new is S.PARTNER_DOWN:
            self.store.partner_went_down(self)

    def recover_wait_ends(self) -> int:
        """By this server's clock."""
        return self.stos + self.mclt

    def _wait_for_recover_done(self) -> None:
        """Nothing cancels this timer: a partner-down set meanwhile is undone by it, as on 4.4.3."""
        if self.recover_wait_ends() > self.dhcpd.cur_time:
            self.dhcpd.at((self.name, "recover-done"), self.recover_wait_ends(), self._recover_done)
        else:
            self._recover_done()

    def _recover_done(self) -> None:
        self.set_state(S.RECOVER_DONE)

    def _log_both_normal(self) -> None:
        if self.state is S.NORMAL and self.partner_state is S.NORMAL:
            self.log("Both servers normal")

    def set_service_state(self) -> None:
        """By the rules of which state clients are answered, if at all (failover.c:1655-1744)."""
        self.reason = NOT_RESPONDING.get(self.state, "")
        self.serves_as = None if self.reason and self.state is not S.STARTUP else self.state
        if self.serves_as is not None and self.partner_state in CONFLICT | {S.PARTNER_DOWN}:
            self.serves_as = None
            down = self.partner_state is S.PARTNER_DOWN
            self.reason = f" (peer demands: {'recovering' if down else 'resolving conflicts'})"
        self.dhcpd.tell_service()

    @property
    def responds(self) -> bool:
        """Whether clients get an answer."""
        return self.serves_as not in {None, S.STARTUP}

    def update_completed(self) -> None:
        """The partner has sent all that was asked for (failover.c, process_update_done)."""
        self.log("peer update completed.")
        if self.state is S.POTENTIAL_CONFLICT:
            primary, done = self.conf.role is Role.PRIMARY, self.partner_state is S.CONFLICT_DONE
            if done and primary:
                self.dhcpd.log("Secondary is in conflict_done state after conflict resolution, this is illegal.")
                self.set_state(S.SHUTDOWN)
            elif done:
                self.set_state(S.NORMAL)
            elif primary:
                self.set_state(S.CONFLICT_DONE)
            else:
                self.dhcpd.log("Spurious update-done message.")
        elif self.state is S.CONFLICT_DONE:
            self.dhcpd.log("Spurious update-done message.")
        elif self.state is S.RECOVER:
            waits = self.recover_wait_ends() > self.dhcpd.cur_time
            if waits and self.partner_state not in {S.RECOVER, S.RECOVER_DONE}:
                self.set_state(S.RECOVER_WAIT)
            else:
                self._recover_done()

    def _partner_says(self, new: S, startup: bool) -> None:
        """failover.c, peer_state_changed."""
        old = self.partner_state
        if old is new and self.state is not S.UNKNOWN:
            if self.state is S.STARTUP:
                saved = self.saved_state
                self.set_state(S.POTENTIAL_CONFLICT if saved is S.RESOLUTION_INTERRUPTED else saved)
                return
            if self.state not in REPEATS_COUNT:
                return
        self.partner_state, self.partner_stos = new, self.dhcpd.cur_time
        self.log(f"peer moves from {old.word} to {new.word}")
        self._log_both_normal()
        self._write()
        self._react(old, new, startup)
        if self.state is S.STARTUP and self.saved_state is not S.STARTUP:
            self.set_state(self.saved_state)
        self.set_service_state()

    def _react(self, old: S, new: S, startup: bool) -> None:
        me, starting = self.known_state, self.state is S.STARTUP
        if me is S.PARTNER_DOWN and startup:
            return
        if me is S.CONFLICT_DONE and new in FATAL_WHILE_CONFLICT_DONE:
            self.dhcpd.fatal(
                f"Peer {self.name}: Invalid attempt to move from {old.word} to {new.word} "
                "while local state is conflict-done."
            )
            return
        if me is S.NORMAL and new is S.NORMAL:
            balance.schedule(self)
        elif me is S.NORMAL and new in CONFLICT:
            self.dhcpd.log(f"Peer {self.name}: Invalid state transition {old.word} to {new.word}.")
        elif me is S.NORMAL and new is S.PARTNER_DOWN and starting:
            self.set_state(S.RECOVER)
            return
        elif me is S.RECOVER:
            self._react_in_recover(new, starting)
        elif me is S.POTENTIAL_CONFLICT:
            self._react_in_conflict(old, new)
        elif me is S.COMMUNICATIONS_INTERRUPTED and REACTIONS[me].get(new) is S.NORMAL:
            self.updates.send()
        elif me is S.RECOVER_DONE and new is S.RECOVER_DONE:
            self.dhcpd.log("Both servers have entered recover-done!")
        if (to := REACTIONS.get(me, {}).get(new)) is not None:
            self.set_state(to)

    def _react_in_recover(self, new: S, starting: bool) -> None:
        if new is S.RECOVER:
            self.log("requesting full update from peer")
        if new in {S.RECOVER, S.PARTNER_DOWN, S.COMMUNICATIONS_INTERRUPTED} and not starting:
            self.updates.request(everything=True)

    def _react_in_conflict(self, old: S, new: S) -> None:
        if new is S.NORMAL:
            self.dhcpd.log(f"Peer {self.name} moves to normal during conflict resolution - panic, shutting down.")
        elif new is S.CONFLICT_DONE and old is S.POTENTIAL_CONFLICT:
            self.updates.request(everything=False)
        elif new is S.CONFLICT_DONE:
            self.dhcpd.log(f"Peer {self.name}: Unexpected move to conflict-done.")
