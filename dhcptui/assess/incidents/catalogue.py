"""The incidents a failover pair is known to meet: one table, for the explanation on screen, the verdict and the documents.

Gathered from ISC's knowledge base, the mailing lists and a real pair of 4.4.3-P1. What says that one of them happens
now stands in incident_signs.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from dhcptui.model.action import Action
from dhcptui.model.incident_ids import IncidentId


class Weight(IntEnum):
    """How much a probable incident deserves the eye; higher is worse."""

    NOTE = 1
    """Explains what is seen; nothing is wrong, or it mends itself."""
    WARNING = 2
    """Clients are served, but something must be mended."""
    CRITICAL = 3
    """Clients are not served, or will soon not be, or addresses may be given out twice."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. All texts are whole sentences, fit for a screen and a document."""

    id: IncidentId
    title: str
    sees: str
    """What one notices."""
    means: str
    """What is behind it."""
    do: str
    """What helps."""
    avoid: str
    """What makes it worse."""
    look: tuple[str, ...]
    """Where to look, each a phrase."""
    action: Action | None = None
    """The action that helps most often; whether it may be run now is for the guards to say."""


_A, _I = Action, IncidentId

# fmt: off
INCIDENTS: tuple[Incident, ...] = (
    Incident(
        _I.ALONE_ON_HALF, "One server alone, on its own half of the addresses",
        "New clients get nothing, although the pool still has addresses.",
        "Without its partner a server gives out only its own half. The other half, and leases that have run out, stay"
        " locked until the partner speaks or is declared down.",
        "Bring the partner back. Only if it is truly dead, declare it down: its addresses become usable one MCLT later.",
        "Do not declare a partner down that still runs behind a broken network.",
        ("free and backup addresses on the survivor", "whether dhcpd runs on the other server", "time in communications-interrupted"),
        _A.START,
    ),
    Incident(
        _I.POOLS_UNBALANCED, "The pools do not balance",
        "One server has no address left, the other has plenty, and both are normal.",
        "The servers stopped moving addresses between them: a missed balancing run, permit lists that differ from pool"
        " to pool, or roles that are set up wrong.",
        "Check that both say normal. Then restart one server after the other, and wait for a balanced pool in between.",
        "Do not restart both at once.",
        ("pool counters of both servers", "the last balancing line in each log", "pool declarations on both servers"),
        _A.SYNC_RESTART,
    ),
    Incident(
        _I.CONFLICT, "Partner-down, and the partner lives",
        "For a moment nobody is served. Both servers read potential-conflict.",
        "Both may have given out the same addresses while they were apart. They compare everything before they serve"
        " again; on an idle pair that takes a few seconds.",
        "Wait while it moves on. It ends in normal by itself.",
        "Write no state and restart nothing meanwhile: a server in conflict-done exits over it.",
        ("state changes in both logs", "update request and update done lines", "rejected updates afterwards"),
    ),
    Incident(
        _I.MCLT_WAIT, "A returning server waits out the MCLT",
        "A server has fetched all leases and still answers nobody.",
        "It waits until every lease it may have promised before its crash has run out: until the start of its last state"
        " plus mclt, by its own clock. A clock that is set back makes the wait longer; set right, it ends in time.",
        "Nothing, while its partner serves for both. A clean shutdown next time avoids the wait.",
        "Do not delete lease files and do not set recover again: both start the wait anew.",
        ("the countdown", "whether the partner is in partner-down and serves"),
    ),
    Incident(
        _I.CLOCKS_DISAGREE, "The clocks disagree",
        "The link does not come up, or not after a reboot. Both servers serve, each from its own half.",
        "dhcpd refuses a partner whose clock differs by more than 60 s when they connect. It tries again every 5 s.",
        "Set the clock, best by NTP. The link comes back by itself.",
        "Do not declare anybody down: when the clocks agree again, both would go through potential-conflict.",
        ("clock offset of each server", "time synchronisation on both hosts"),
    ),
    Incident(
        _I.CONFIGURATIONS_MISFIT, "The two configurations do not fit",
        "The link is refused for ever, or dhcpd does not start.",
        "Name, role, addresses, ports, mclt or split of the failover peer differ between the two files, or a file has an"
        " error.",
        "One primary and one secondary, the same peer name, addresses and ports crossed, mclt and split on the primary"
        " only. Test with dhcpd -t, then restart.",
        "Do not restart a server that still serves before dhcpd -t accepts its file.",
        ("the failover peer block on both servers", "dhcpd -t on both", "the reason in the refusing line"),
    ),
    Incident(
        _I.LINK_BLOCKED, "The failover link is blocked",
        "Both servers run and serve, each from its own half, and do not hear each other.",
        "A firewall, a router or a cut cable between them; perhaps one way only. Or nothing listens on the failover port.",
        "Mend the way between the two servers, in both directions. The link comes back by itself within 90 s.",
        "Do not declare anybody down: both live, and both would give out the same addresses.",
        ("the failover port from each server to the other", "firewalls on both hosts and between them", "address and peer address"),
    ),
    Incident(
        _I.DATABASE_LOST, "A lease database is lost or damaged",
        "A server starts in recover without a reason, or rejected updates and duplicates grow.",
        "Its lease file is missing, cut short or restored from a backup. It fetches everything from its partner and then"
        " waits one full MCLT.",
        "Let it fetch from the good side and wait. If it must be forced: stop dhcpd on the bad side only, move its lease"
        " file away, create an empty one, start it.",
        "Never empty both lease files: then both serve at once and know no lease.",
        ("the lease file and its backup on the recovering server", "free space on its disk", "whether the partner serves"),
    ),
    Incident(
        _I.UPDATES_REJECTED, "Lease updates are rejected",
        "Error lines in bulk: bind update rejected.",
        "Less critical: both wrote at once, harmless. Unknown address, or another relationship: the pools differ."
        " Invalid transition: both once served the same addresses, or the clocks drift.",
        "Where the pools differ, make them equal and restart one server after the other. Where conflicts grow, resynchronise"
        " the bad side.",
        "Do not ignore a reason that comes back for the same addresses.",
        ("the reason in the line", "which addresses", "range and pool declarations on both servers"),
        _A.SYNC_RESTART,
    ),
    Incident(
        _I.RESTARTED_TOGETHER, "Both servers were restarted at once",
        "For up to 15 seconds nobody answers.",
        "A starting server listens for its partner first. When both start together, nobody serves meanwhile.",
        "Wait. Restart one after the other next time, and wait for normal in between.",
        "Do not restart again before both are normal.",
        ("start lines in both logs", "who restarted them"),
    ),
    Incident(
        _I.SHORT_LEASES, "Leases are short",
        "Clients hold leases of MCLT length, although the configuration says longer.",
        "A server that does not hear its partner promises no client more than the MCLT. Renewals, and so the load, grow.",
        "Restore the link. Lease times go back to normal with the next renewals.",
        "Do not change default-lease-time because of it.",
        ("mclt", "why the two do not hear each other"),
    ),
    Incident(
        _I.STOPPED_SERVING, "A server has stopped serving and stays so",
        "Its dhcpd runs, reads shutdown or paused and answers nobody; or it ended during conflict resolution.",
        "Somebody set the state, or the partner made a move that dhcpd takes for impossible. The state is kept over"
        " restarts.",
        "Take its clients back; where neither serves, the same key brings both back. Without its partner, start that one"
        " first. If dhcpd ended, start it. Compare the versions.",
        "Do not restart it in the hope that the state goes away: it is stored in the lease file.",
        ("the line before the change in its log", "the command log: was it a hand-over", "versions of both dhcpd"),
        _A.TAKE_BACK,
    ),
    Incident(
        _I.LEASE_FILE_UNWRITABLE, "The lease file cannot be written",
        "State changes are refused with an I/O error; leases are not stored.",
        "The disk is full, rights are wrong, or AppArmor forbids it.",
        "Free space or mend the rights, then restart that dhcpd.",
        "Do not restart before there is space: dhcpd rewrites the whole file when it starts.",
        ("free space below the lease file", "owner and mode of its directory", "AppArmor messages in the kernel log"),
    ),
    Incident(
        _I.LEASE_FILE_EDITED, "The lease file was edited by hand",
        "A server starts from a state it did not stop in.",
        "Somebody stopped dhcpd and wrote another state into its lease file. The last block of a peer counts.",
        "Find out who did it and why. Check that the other server agrees with the state.",
        "Do not edit a lease file while dhcpd runs: what is written is lost.",
        ("the last failover block in the lease file", "the command log: a rescue edits it too"),
    ),
    Incident(
        _I.NOISE, "Harmless noise",
        "Lines about balancing, duplicate uids, load balance and leases in transition.",
        "Two servers that share their clients say this in normal operation.",
        "Nothing.",
        "Do not chase these lines.",
        ("nothing",),
    ),
    Incident(
        _I.VERSIONS_DIFFER, "The two servers run different versions",
        "The link is refused, or messages are called malformed.",
        "Servers of 3.0.x cannot speak with 4.x, and other differences lead to states that nobody expects.",
        "Run the same version on both.",
        "Do not run a mixed pair for longer than an upgrade takes.",
        ("version of both dhcpd", "what else may speak on the failover port"),
    ),
    Incident(
        _I.NAME_AS_ADDRESS, "A host name stands in address or peer address",
        "Clients get nothing for seconds at a time, or the link cannot be set up.",
        "dhcpd looks the name up again and again and does nothing else meanwhile. A name with several addresses, or none,"
        " is no partner to it.",
        "Write addresses instead of names.",
        "Do not wait for the name server: dhcpd waits with you.",
        ("address and peer address in both files", "other names in the configuration", "the name server"),
    ),
    Incident(
        _I.DIED, "dhcpd died right after a state change",
        "The last line is a state change, then nothing; or dhcpd says that something impossible happened.",
        "A fault in dhcpd. It was seen mostly on small boards.",
        "Start it again. Keep the last lines and report them; update dhcpd.",
        "Do not let a service manager restart it in a tight loop.",
        ("last lines of its log", "kernel log", "core dump, if there is one"),
        _A.START,
    ),
    Incident(
        _I.FIRST_START, "First start of a new pair",
        "Many rejected updates, one for each address, and a first synchronisation.",
        "Two servers without a history meet. Each offers every address at once; the rejections are harmless.",
        "Wait until both are normal.",
        "Do not copy a lease file across, and never empty both files of a pair that was in use.",
        ("Both servers normal, in both logs",),
    ),
    Incident(
        _I.DECLARED_DOWN, "A server was declared down and must not start alone",
        "Clients get addresses that others hold.",
        "One server was in partner-down and knows the leases. If it is gone when the other one starts, the other one"
        " knows nothing of what happened and gives addresses out again.",
        "Start the server that was in partner-down first. The other one resynchronises from it.",
        "Do not start the server that was declared down while its partner is away.",
        ("which server was declared down, and by whom", "last state of both in their logs"),
        _A.START,
    ),
    Incident(
        _I.ALONE_AND_SILENT, "Alone and silent",
        "The only living server reads partner-down, or recover, and answers nobody.",
        "It has recorded that its partner serves for both, and only the partner can take that back. No state written over"
        " OMAPI helps, nor does a restart.",
        "Bring the partner back. If it cannot come back, rescue this server: its lease file is corrected with dhcpd stopped.",
        "Do not trust the word partner-down here, and do not rescue while the partner may still run.",
        ("what this server recorded of its partner", "not responding lines in its log", "whether the partner can be started"),
        _A.RESCUE,
    ),
    Incident(
        _I.ACTION_INTERRUPTED, "An action stopped half-way",
        "A server is down, or has handed over and still runs, and nobody is at work on it.",
        "A console was killed or cut off in the midst of an action. The lock it left beside the lease file, the record of a"
        " sync + restart and its audit log say how far it came.",
        "Go on with the same action: it takes up from there. A sync + restart can be rolled back instead.",
        "Do not look for a fault of dhcpd first, and do not begin another action before this one has ended.",
        ("the lock and its step", "what both servers read now", "the audit log of the console that stopped"),
    ),
    Incident(
        _I.POOL_EXHAUSTED, "A pool is used up",
        "New clients get no address, although both servers are normal and serve.",
        "More clients hold leases than the range has addresses, leases are longer than the clients stay, or one client takes"
        " many: both halves are empty. Or all that is free is on offer: an offer that nobody takes holds an address for two"
        " minutes.",
        "Enlarge the range on both servers, or shorten the leases, and deploy that. Look first at who holds the addresses:"
        " one device or one maker may have taken most of them.",
        "Do not restart for it, and declare nobody down: neither frees an address. Delete no lease that a client still uses.",
        ("free and backup of both servers together", "no free leases and peer holds all free leases in both logs", "lease times", "who holds the addresses"),
        _A.SYNC_RESTART,
    ),
    Incident(
        _I.RECOVERY_STUCK, "A recovery stands still",
        "One server reads recover, the other one recover-done, nobody serves, and nothing moves.",
        "The one in recover has asked for its partner's leases once, in vain, or its partner's queue of updates stands full."
        " It does not ask again by itself. Seen where both were started or restarted within seconds.",
        "Restart the dhcpd of the server in recover, and only that one: it asks anew, and both go on to normal.",
        "Do not restart both, do not empty a lease file, and declare nobody down: the leases are safe on the one that is done.",
        ("unacknowledged updates of both", "whether the lease files grow", "update request lines in both logs"),
    ),
    Incident(
        _I.BOTH_STOPPED, "Both servers are stopped",
        "Nobody is served, and no dhcpd runs on either server.",
        "Both were stopped, or died: a power cut, an upgrade, a configuration that neither accepts. What the last one of them"
        " gave out, the other one does not know.",
        "Start the one that served last, wait until it serves, then start the other one: it resynchronises from the first.",
        "Do not start both at once if one of them was declared down, and empty no lease file.",
        ("the last lines of both logs", "which server wrote its lease file last", "dhcpd -t on both"),
        _A.START,
    ),
    Incident(
        _I.BOTH_DATABASES_LOST, "Both lease files were lost",
        "Both started for the first time and are normal within seconds, although their clients hold leases.",
        "Both began without leases. dhcpd 4.4.3 does not wait the MCLT then: both serve at once, and know none of the clients"
        " that hold addresses. An address in use can be given to somebody else.",
        "Each client is known again when it renews. Until the longest lease has run out, watch for addresses in use twice;"
        " leave ping-check on. What the old files knew may be in dhcpd.leases~ beside them, or in a backup.",
        "Do not take this for the first start of a new pair, and do not empty a lease file to mend it.",
        ("who emptied or moved the files", "dhcpd.leases~ and backups", "Abandoning lines in both logs", "used addresses of both"),
    ),
    Incident(
        _I.NAMES_CROSSED, "Names are crossed between the servers",
        "The link never comes up, and each refusal in the logs names another relationship than its own.",
        "Two relationships have the same names on both servers, but exchanged: what is opt1 on one is opt2 on the other. On"
        " firewalls it comes from interfaces that were assigned in another order.",
        "Exchange the two on one server only: the interfaces there, or the names in its dhcpd.conf. Then restart its dhcpd.",
        "Do not correct both servers: that crosses them again. Do not look for NAT or a firewall, and do not wait.",
        ("address and peer address of each relationship on both", "interface order on both", "dhcptui lint", "names in the refusals"),
    ),
    Incident(
        _I.CANNOT_START, "dhcpd does not start, or was killed",
        "Its dhcpd does not run, and starting it again changes nothing.",
        "Something outside its configuration is in the way: the lease file or dhcpd.conf cannot be opened (rights, AppArmor,"
        " SELinux), another program has port 67, no interface fits, the memory was used up. dhcpd, the init script, systemd or"
        " the kernel says which.",
        "Mend what the first complaint names, then start dhcpd. The lines behind it only say that it ends.",
        "Do not start it again and again, and do not empty its lease file: neither mends the reason.",
        ("the first complaint in its log", "kernel log for AppArmor and SELinux", "who holds UDP port 67", "owner and mode of the lease file"),
        _A.START,
    ),
)
# fmt: on

BY_ID: dict[IncidentId, Incident] = {incident.id: incident for incident in INCIDENTS}
