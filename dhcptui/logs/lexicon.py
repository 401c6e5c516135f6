"""dhcpd's failover lines: what each one means and how heavy it is. One table, one dispatch.

Formats, classes and incidents are those of log-lexicon.md (dhcpd 4.4.3-P1: `F:` server/failover.c, `CP:`
server/confpars.c, `D:` server/dhcpd.c, `O:` server/omapi.c). dhcpd's own syslog levels are a poor guide and not used.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from dhcptui.logs.complaints import FAREWELL
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import LineKind
from dhcptui.model.messages import MessageId
from dhcptui.model.states import FailoverState

R, S, L, W, E, F = (
    LineKind.ROUTINE, LineKind.STATE, LineKind.LINK, LineKind.WARNING, LineKind.ERROR, LineKind.FATAL,
)  # fmt: skip
M, _I = MessageId, IncidentId

_TYPES = {
    "n": r"-?\d+",
    "x": r"[0-9a-f]+",
    "ip": r"\d+\.\d+\.\d+\.\d+",
    "state": r"[a-z-]+",
    "any": r".+",
    "host": r"[\w.-]+",
    "word": r"\S+",
    # At the end of a client's line: no parenthesis but dhcpd's own, for the client's name stands in one.
    "name": r"[^()]+",
    "why": r"(?: \([^()]+\))?",
}
_SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")


@cache
def _compiled(format_: str) -> re.Pattern[str]:
    """`{name}` or `{name:type}` stands where dhcpd has a conversion; the slot `each` is what varies within a fold.

    Compiled when a line first looks like it: most of dhcpd's lines are never seen, and the console's start waits for none.
    """
    parts = _SLOT.split(format_)
    source = re.escape(parts[0])
    for name, type_, literal in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        source += f"(?P<{name}>{_TYPES.get(type_, '.+?')})" + re.escape(literal)
    return re.compile(source)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the table: a line dhcpd can write.

    `message` is what everybody but the readers of logs knows it by, `source` is where dhcpd writes it, `format` its format string with slots, `incident` the usual entry of the incident
    catalogue, `meaning` what to tell a person.
    """

    message: MessageId
    source: str
    format: str
    kind: LineKind
    incident: IncidentId | None
    meaning: str
    weighed: bool = False
    """The reason text decides the kind as well as the incident."""
    remedy: str = ""
    """Of a start that failed: what to do about it."""

    @property
    def pattern(self) -> re.Pattern[str]:
        """The format as a regular expression, for `fullmatch`."""
        return _compiled(self.format)

    @property
    def words(self) -> str:
        """Meaning and remedy."""
        return f"{self.meaning}: {self.remedy}" if self.remedy else self.meaning


# fmt: off
# What a server says when it does not serve (table 2.3); a plain statement that clients get nothing from it.
_SILENT = (
    (" (startup)", _I.RESTARTED_TOGETHER, "it has just started and listens for its partner, 15 s at most"),
    (" (recovering)", _I.MCLT_WAIT, "it is fetching the leases from its partner"),
    (" (recover wait)", _I.MCLT_WAIT, "it waits until every lease it might have given out has run out"),
    (" (recover done)", _I.MCLT_WAIT, "its recovery is complete, it waits for its partner"),
    (" (resolving conflicts)", _I.CONFLICT, "both servers are settling a conflict"),
    (" (shut down)", _I.STOPPED_SERVING, "it was told to stop serving"),
    (" (paused)", _I.STOPPED_SERVING, "it is paused and stays so until someone acts"),
    (" (my state unknown)", _I.STOPPED_SERVING, "it does not know its own state"),
    (" (peer demands: recovering)", _I.ALONE_AND_SILENT, "it recorded its partner as partner-down and waits for it, alive or not"),
    (" (peer demands: resolving conflicts)", _I.CONFLICT, "it recorded its partner as resolving conflicts"),
)

LEXICON: tuple[Entry, ...] = (
    # 1.1 link and handshake
    Entry(M.CONNECT_FAILED, "F:118, 3149, 3201", "failover peer {peer}: {result}", L, _I.LINK_BLOCKED, "no link to the partner; next try in 90 s"),
    Entry(M.NO_LOCAL_ADDRESS, "F:277", "failover peer {peer}: no local address.", F, _I.CONFIGURATIONS_MISFIT, "no usable address of its own"),
    Entry(M.ADDRESS_NOT_RESOLVED, "F:282", "failover peer {peer}: 'address' parameter fails to resolve to an IPv4 address", E, _I.NAME_AS_ADDRESS,
          "the name in `address` gives no single IPv4 address"),
    *(
        Entry(M.HOST_NOT_FOUND, "tree.c, do_host_lookup", "{name:host}: " + text, E, _I.NAME_AS_ADDRESS, "a host name in the configuration is not found")
        for text in ("host unknown.", "temporary name server failure", "name server failed")
    ),
    Entry(M.CONNECT_NOT_SENT, "F:329", "dhcp_failover_send_connect: {result}", L, _I.LINK_BLOCKED, "sending CONNECT failed, link dropped"),
    Entry(M.CONNECTACK_NOT_SENT, "F:1351", "dhcp_failover_send_connectack: {result}", L, _I.LINK_BLOCKED, "sending CONNECTACK failed, link dropped"),
    Entry(M.CONNECT_REFUSED, "F:567", "Failover CONNECT from {peer}: {reason}", E, _I.CONFIGURATIONS_MISFIT, "the secondary refuses the connection"),
    Entry(M.CLOSED_AFTER_REFUSAL, "F:572", "failover: disconnect: {reason}", L, _I.CONFIGURATIONS_MISFIT, "closed after refusing the connection"),
    Entry(M.CONNECT_WITHOUT_RELATIONSHIP, "F:616", "failover: connect: no matching state.", E, _I.CONFIGURATIONS_MISFIT, "a connection that belongs to no relationship"),
    Entry(M.PARTNER_IS_3_0, "F:857", "WARNING: failover as of versions 3.1.0 and on are not reverse compatible with versions 3.0.x.",
          E, _I.VERSIONS_DIFFER, "the partner is a 3.0.x server"),
    Entry(M.CONNECT_FROM_STRANGER, "F:1137", "failover: listener: no matching state", W, _I.CONFIGURATIONS_MISFIT,
          "a connection from an address that is no partner: a scan, NAT, or a wrong `peer address`"),
    Entry(M.LISTENER_FAILED, "F:1153", "failover: listener: picayune failure.", E, None, "internal failure, connection dropped"),
    Entry(M.CONNECT_REJECTED, "F:1383", "Failover CONNECT to {peer} rejected: {reason}", E, _I.CONFIGURATIONS_MISFIT, "the partner refuses the connection", True),
    Entry(M.CONNECTACK_REFUSED, "F:1402", "Failover CONNECTACK from {peer}: {reason}", E, _I.CONFIGURATIONS_MISFIT, "the primary refuses the connection"),
    Entry(M.DISCONNECT_RECEIVED, "F:1471", "Failover DISCONNECT from {peer}: {reason}", L, _I.CONFIGURATIONS_MISFIT, "the partner closed the link and said why"),
    Entry(M.DISCONNECTED, "F:1538", "peer {peer}: disconnected", L, _I.ALONE_ON_HALF, "the link to the partner is lost"),
    Entry(M.HANDSHAKE_TIMEOUT, "F:3184", "failover: link startup timeout", L, _I.LINK_BLOCKED, "TCP is up, but no handshake within 15 s"),
    Entry(M.LINK_WRITE_FAILED, "F:4357", "dhcp_failover_put_message: something went wrong.", L, _I.LINK_BLOCKED, "writing failed, link dropped"),
    Entry(M.PARTNER_TIMEOUT, "F:4379", "timeout waiting for failover peer {peer}", L, _I.ALONE_ON_HALF,
          "the partner was silent for longer than max-response-delay; link dropped"),
    # 1.2 state
    Entry(M.I_MOVE, "F:1854", "failover peer {peer}: I move from {from_state:state} to {to_state:state}", S, None,
          "this server changes its state"),
    Entry(M.PEER_MOVES, "F:2078", "failover peer {peer}: peer moves from {from_state:state} to {to_state:state}", S, None,
          "this server hears that its partner changes its state"),
    Entry(M.BOTH_NORMAL, "F:1860, 2085", "failover peer {peer}: Both servers normal", S, _I.RESTARTED_TOGETHER, "healthy again"),
    Entry(M.INVALID_PARTNER_STATE, "F:2115", "failover peer {peer}: Invalid state: {n:n}", F, _I.STOPPED_SERVING,
          "the partner sent an unknown state; this server shuts down its service"),
    Entry(M.INVALID_TRANSITION, "F:2144", "Peer {peer}: Invalid state transition {old} to {new}.", F, _I.STOPPED_SERVING,
          "the partner made an impossible move; this server shuts down its service and stays so"),
    Entry(M.FULL_UPDATE_REQUESTED, "F:2172", "failover peer {peer}: requesting full update from peer", S, _I.DATABASE_LOST, "both recover: all leases asked for"),
    Entry(M.PEER_NORMAL_IN_CONFLICT, "F:2227", "Peer {peer} moves to normal during conflict resolution - panic, shutting down.", F, _I.STOPPED_SERVING,
          "the partner left the script; this server shuts down its service"),
    Entry(M.UNEXPECTED_CONFLICT_DONE, "F:2237", "Peer {peer}: Unexpected move to conflict-done.", E, _I.CONFLICT, "conflict resolution left the script"),
    Entry(M.INVALID_MOVE_IN_CONFLICT_DONE, "F:2283", "Peer {peer}: Invalid attempt to move from {old} to {new} while local state is conflict-done.",
          F, _I.STOPPED_SERVING, "dhcpd exits"),
    Entry(M.BOTH_RECOVER_DONE, "F:2392", "Both servers have entered recover-done!", R, _I.FIRST_START, "harmless at the first start of a pair"),
    Entry(M.SECONDARY_IN_CONFLICT_DONE, "F:5833", "Secondary is in conflict_done state after conflict resolution, this is illegal.", F, _I.STOPPED_SERVING,
          "the primary shuts down its service"),
    Entry(M.STATE_NOT_RECORDED, "F:1847, 2091", "Unable to record current failover state for {peer}", E, _I.LEASE_FILE_UNWRITABLE,
          "the lease file cannot be written; the state change is not stored"),
    # 1.4 synchronisation
    Entry(M.SENDING_UPDATES, "F:1914", "Sending updates to {peer}.", R, None, "what piled up goes to the partner"),
    Entry(M.UPDATE_REQUEST_SENT, "F:4996", "Sent update request message to {peer}", S, _I.CONFLICT, "asks the partner for its changes"),
    Entry(M.UPDATE_REQUEST_ALL_SENT, "F:5046", "Sent update request all message to {peer}", S, _I.DATABASE_LOST, "asks the partner for all leases"),
    Entry(M.UPDATE_REQUEST_NOT_SENT, "F:4998, 5048", "Failed to send update request all message to {peer}: {result}", E, _I.DATABASE_LOST,
          "the request for leases could not be sent"),
    Entry(M.UPDATE_DONE_SENT, "F:5090", "Sent update done message to {peer}", S, _I.DATABASE_LOST, "everything asked for has been sent"),
    Entry(M.UPDATE_REQUEST_REPLACED, "F:5741, 5776", "Received update request while old update still flying!  Silently discarding old request.",
          R, _I.DATABASE_LOST, "a second request replaces the first"),
    Entry(M.UPDATE_REQUEST_TAKEN, "F:5758", "Update request from {peer}: sending update", S, _I.CONFLICT, "the partner asked, changes are sent"),
    Entry(M.UPDATE_REQUEST_TAKEN, "F:5764", "Update request from {peer}: nothing pending", S, _I.CONFLICT, "the partner asked, nothing to send"),
    Entry(M.UPDATE_REQUEST_ALL_TAKEN, "F:5790", "Update request all from {peer}: sending update", S, _I.DATABASE_LOST, "the partner asked, all leases are sent"),
    Entry(M.UPDATE_REQUEST_ALL_TAKEN, "F:5796", "Update request all from {peer}: nothing pending", S, _I.DATABASE_LOST, "the partner asked, but no lease is known"),
    Entry(M.PEER_UPDATE_COMPLETED, "F:5809", "failover peer {peer}: peer update completed.", S, _I.DATABASE_LOST, "this server's copy is complete"),
    Entry(M.SPURIOUS_UPDATE_DONE, "F:5842, 5848", "Spurious update-done message.", W, _I.CONFLICT, "out of order, ignored"),
    # 1.5 pools and bind updates
    Entry(M.POOL_RESPONSE, "F:1494", "pool response: {n:n} leases", R, _I.POOLS_UNBALANCED, "the partner's answer to a request for addresses"),
    Entry(M.POOL_REQUEST_REFUSED, "F:2501", "peer {peer}: Got POOLREQ, answering negatively!  Peer may be out of leases or database inconsistent.",
          W, _I.POOLS_UNBALANCED, "the partner needs addresses and there are none to give"),
    Entry(M.BALANCING_POOL, "F:2588", "balancing pool {pool:x} {net}  total {total:n}  free {free:n}  backup {backup:n}  lts {lts:n}"
          "  max-own (+/-){own:n}", R, _I.NOISE, "pool counters before a balancing run"),
    Entry(M.REBALANCE_REQUESTED, "F:2588", "balancing pool {pool:x} {net}  total {total:n}  free {free:n}  backup {backup:n}  lts {lts:n}"
          "  max-own (+/-){own:n}  (requesting peer rebalance!)", W, _I.POOLS_UNBALANCED, "too few addresses here, the partner is asked"),
    Entry(M.BALANCED_POOL, "F:2682", "balanced pool {pool:x} {net}  total {total:n}  free {free:n}  backup {backup:n}  lts {lts:n}"
          "  max-misbal {misbal:n}", R, _I.NOISE, "pool counters after a balancing run"),
    Entry(M.IMBALANCED_POOL, "F:2682", "IMBALANCED pool {pool:x} {net}  total {total:n}  free {free:n}  backup {backup:n}  lts {lts:n}"
          "  max-misbal {misbal:n}", W, _I.POOLS_UNBALANCED, "uneven even after the balancing run"),
    Entry(M.UNKNOWN_IP_FLAGS, "F:5397", "Unknown IP-flags set in BNDUPD (0x{flags:x}).", W, _I.VERSIONS_DIFFER, "the partner is another version"),
    Entry(M.UPDATE_REJECTED, "F:5550", "bind update on {each:ip} from {peer} rejected: {reason}", E, _I.UPDATES_REJECTED,
          "the partner rejects this server's update", True),
    Entry(M.ACK_WITHOUT_UPDATE, "F:5684", "bind update on {each:ip} got ack from {peer}: {reason}.", W, _I.UPDATES_REJECTED,
          "an acknowledgement that fits no update"),
    Entry(M.LEASE_NOT_COMMITTED, "F:2656", "can't commit lease {each:ip} on giveaway", E, _I.LEASE_FILE_UNWRITABLE, "the lease file cannot be written"),
    Entry(M.LEASE_NOT_COMMITTED, "F:5487", "can't commit lease {each:ip} for mac addr affinity", E, _I.LEASE_FILE_UNWRITABLE, "the lease file cannot be written"),
    Entry(M.LEASE_NOT_COMMITTED, "F:5668", "can't commit lease {each:ip} for client affinity", E, _I.LEASE_FILE_UNWRITABLE, "the lease file cannot be written"),
    # 1.6 malformed messages: the other end is no dhcpd, or another version
    *(
        Entry(M.MALFORMED_MESSAGE, source, format_, E, _I.VERSIONS_DIFFER, "malformed message: the partner is another version, or no dhcpd at all")
        for source, format_ in (
            ("F:440", "message length wait: {result}"),
            ("F:657", "FAILOVER: message overflow at option code."),
            ("F:662", "FAILOVER: invalid message type: {n:n}"),
            ("F:672", "FAILOVER: message overflow at length."),
            ("F:681", "FAILOVER: message overflow at data."),
            ("F:703", "FAILOVER: digest not at end of message"),
            ("F:717", "FAILOVER: duplicate option {option}"),
            ("F:749", "FAILOVER: option size ({n:n}:{m:n}), option {option}"),
            ("F:785", "FAILOVER: no memory getting{option}({n:n})"),
            ("F:820", "FAILOVER: no memory getting {option} ({n:n})"),
            ("F:806", "FAILOVER: option_len {n:n} not {option}{m:n}"),
            ("F:884", "FAILOVER: option {option}: bad type {n:n}"),
            ("F:4134", "IP addrlen={n:n}, should be 4."),
        )
    ),
    # 1.7 internal failures
    *(
        Entry(M.INTERNAL_FAILURE, source, format_, F, _I.DIED, "internal failure: dhcpd ends")
        for source, format_ in (
            ("F:639, 1590, 1618, 1648, 1716, 2070, 6099..6437", "Impossible case at {file}:{n:n}."),
            ("F:2425, 5162, 5165", "Impossible condition at {file}:{n:n}."),
            ("F:4000", "{function}: vsnprintf would truncate"),
            ("F:4081", "bogus type in failover_make_option: {n:n}"),
            ("F:4111, 4190", "dhcp_failover_make_option: tbuf overflow"),
            ("F:5434", "{function}: impossible outbuf overflow"),
            ("F:2861", "ack_queue_tail: lp -> next_pending"),
            ("F:1780", "next pending on ack queue tail."),
            ("F:2907", "next pending on update queue lease."),
            ("F:3039", "state -> ack_queue_tail"),
        )
    ),
    # 1.8 configuration and start
    Entry(M.NO_REFERRING_POOLS, "F:74", "ERROR: Failover peer, {peer}, has no referring pools. You must refer to each peer in at least one pool"
          " declaration.", F, _I.CONFIGURATIONS_MISFIT, "no pool names this failover peer; dhcpd does not start"),
    Entry(M.NO_LOAD_BALANCING, "F:82", "WARNING: load balancing will be disabled for failover peer, {peer}, because its load balance max secs"
          " is 0", W, None, "both servers will answer every client"),
    Entry(M.SANITY_CHECK_FAILED, "F:90", "Failover configuration sanity check failed", F, _I.CONFIGURATIONS_MISFIT, "dhcpd does not start"),
    *(
        Entry(M.OUT_OF_MEMORY, "O", format_, F, None, "out of memory; dhcpd does not start")
        for format_ in (
            "Can't register failover state object type: {result}",
            "Can't register failover link object type: {result}",
            "Can't register failover listener object type: {result}",
            "Can't allocate failover peer {peer}: {result}",
        )
    ),
    Entry(M.LEASE_FILE_CORRUPT, "CP:315", "Corrupt lease file - possible data loss!", E, _I.DATABASE_LOST, "look at the lease file before any resync"),
    Entry(M.OMAPI_PORT_TAKEN, "D:141", "Can't start OMAPI protocol: {result}", W, None, "the OMAPI port is taken; next try in 5 s"),
    Entry(M.ALREADY_RUNNING, "D:881", "There's already a DHCP server running.", F, _I.CANNOT_START, "dhcpd does not start", remedy="its pid file names a process; if that is no dhcpd, remove the file"),
    Entry(M.SERVER_STARTING, "D:1058", "Server starting service.", S, _I.RESTARTED_TOGETHER, "dhcpd has started"),
    Entry(M.OMAPI_KEY_UNKNOWN, "D:1201", "OMAPI key {key}: {result}", F, None, "omapi-key names a key that is not declared"),
    Entry(M.SIGNAL_RECEIVED, "D:1784", "Received signal {n:n}, initiating shutdown.", S, None, "stopped by a signal"),
    # 1.9 clients and leases
    Entry(M.PEER_HOLDS_ALL_FREE_LEASES, "dhcp.c:399", "{each:any}: peer holds all free leases", W, _I.ALONE_ON_HALF, "no address left here, the partner has some"),
    Entry(M.NO_FREE_LEASES, "dhcp.c:402", "{each:any}: network {net}: no free leases", E, _I.POOL_EXHAUSTED,
          "no address is left for this client"),
    *(
        Entry(M.NOT_RESPONDING, "dhcp.c:414, 567; bootp.c:135", "{each:any}: not responding" + why, W, incident, f"serves nobody: {meaning}")
        for why, incident, meaning in _SILENT
    ),
    Entry(M.NOT_RESPONDING, "dhcp.c:414, 567; bootp.c:135", "{each:any}: not responding{why:why}", W, None, "this server serves nobody"),
    *(
        Entry(M.IGNORED, "dhcp.c:905, 1040", "{each:any}: ignored" + why, W, incident, f"RELEASE or DECLINE dropped: {meaning}")
        for why, incident, meaning in _SILENT
    ),
    Entry(M.LOAD_BALANCED, "dhcp.c:425", "{client:any}: load balance to peer {peer:name}", R, _I.NOISE, "the other server answers this client"),
    Entry(M.LOAD_BALANCE_CANCELLED, "dhcp.c:429", "{client:any}: cancel load balance to peer {peer} - no free leases", R, _I.NOISE,
          "the partner has no address left, so this server answers"),
    Entry(M.LEASE_OWNED_BY_PEER, "dhcp.c:593", "{client:any}: lease owned by peer", R, _I.ALONE_ON_HALF, "without a link: a sign that addresses run short"),
    Entry(M.LEASE_IN_TRANSITION, "dhcp.c:607", "{client:any}: lease in transition state {binding:state}", R, _I.NOISE, "waits for the partner's word"),
    Entry(M.DUPLICATE_UID_LEASE, "dhcp.c:4775", "uid lease {lease:ip} for client {client} is duplicate on {net}", R, _I.NOISE,
          "both servers answered this client; harmless"),
    Entry(M.LEASE_CONFLICT, "mdb.c:1201", "Lease conflict at {each:ip}", W, _I.DECLARED_DOWN, "two clients hold one address"),
    Entry(M.ADDRESS_ABANDONED, "mdb.c:1855", "Abandoning IP address {each:ip}: {result}", W, None, "somebody uses this address without a lease"),
    Entry(M.LEASES_WRITTEN, "mdb.c:2427", "Wrote {n:n} leases to leases file.", R, None, "the lease file was rewritten"),
    Entry(M.FAILOVER_STATE_NOT_WRITTEN, "db.c:810", "write_failover_state: unable to write state {peer}", E, _I.LEASE_FILE_UNWRITABLE, "the lease file cannot be written"),
    Entry(M.LEASES_NOT_WRITTEN, "db.c:1037", "commit_leases: unable to commit, fflush(): {error}", E, _I.LEASE_FILE_UNWRITABLE, "the lease file cannot be written"),
    Entry(M.LEASES_NOT_WRITTEN, "db.c:1042", "commit_leases: unable to commit, fsync(): {error}", E, _I.LEASE_FILE_UNWRITABLE, "the lease file cannot be written"),
    Entry(M.LEASE_FILE_NOT_CREATED, "db.c:1159", "Can't create new lease file: {error}", E, _I.LEASE_FILE_UNWRITABLE, "full disk, rights or AppArmor"),
    Entry(M.LEASE_FILE_NOT_INSTALLED, "db.c:1265", "Can't install new lease database {new} to {old}: {error}", E, _I.LEASE_FILE_UNWRITABLE, "full disk, rights or AppArmor"),
    *(
        Entry(M.LEASE_CHANGED_OVER_OMAPI, source, format_, W, None, "somebody changed a lease over OMAPI")
        for source, format_ in (
            ("O:233", "lease {lease} state changed from {old} to {new}"),
            ("O:237", "lease {lease} state change from {old} to {new} failed."),
            ("O:266", "lease {lease} end changed from {old:n} to {new:n}"),
            ("O:270", "lease {lease} end change from {old:n} to {new:n} failed"),
        )
    ),
    # What stands before everything, and behind the reason for its end
    Entry(M.BANNER, "D", "Internet Systems Consortium DHCP {version:any}", R, None, "dhcpd begins, or is only tested"),
    *(
        Entry(M.FAREWELL, "omapip/errwarn.c", begin + "{rest:any}", R, None, "dhcpd ends; the lines above say why")
        for begin in FAREWELL
    ),
    Entry(M.CONFIGURATION_ERROR, "parse.c", "{file:word} line {line:n}: {what:any}", E, _I.CONFIGURATIONS_MISFIT, "error in the configuration"),
    # Rule 0 (a fatal line ends in `exiting.`) and what a refused start says
    Entry(M.EXITING, "omapip/errwarn.c", "exiting.", F, None, "dhcpd ends; the lines above say why"),
    Entry(M.CONFIGURATION_ERRORS, "D", "Configuration file errors encountered -- exiting", F, _I.CONFIGURATIONS_MISFIT, "dhcpd does not start"),
    *(
        Entry(message, source, format_, F, incident, "dhcpd does not start", remedy=remedy)
        for message, source, format_, incident, remedy in (
            (M.LEASE_FILE_NOT_OPENED, "db.c", "Can't open lease database {path}: {error:any}", _I.CANNOT_START, "make the lease file, or mend its rights, AppArmor or SELinux"),
            (M.PORT_TAKEN, "D", "Can't bind to dhcp address: {error:any}", _I.CANNOT_START, "another DHCP server has the port; see who holds UDP port 67"),
            (M.FILE_NOT_OPENED, "D", "Can't open {path}: {error:any}", _I.CANNOT_START, "it may not read that file, or there is none; mend path, rights, AppArmor or SELinux"),
            (M.NO_RAW_SOCKET, "lpf.c", "Open a socket for LPF: {error:any}", _I.CANNOT_START, "it has no right to raw sockets; start it as root, or with CAP_NET_RAW"),
            (M.NO_INTERFACES, "discover.c", "Not configured to listen on any interfaces!", _I.CANNOT_START, "no interface that it is given has a subnet declaration"),
            (M.SEVERAL_SHARED_NETWORKS, "discover.c", "Interface {interface} matches multiple shared networks", _I.CONFIGURATIONS_MISFIT, "two shared networks have addresses of that interface"),
        )
    ),
    Entry(M.PACKET_NOT_SENT, "dhcp.c", "send_packet: {error:any}", E, None, "an answer could not be sent: firewall, route or interface of this server"),
    Entry(M.NO_SUBNET_DECLARATION, "discover.c", "No subnet declaration for {interface} ({address}).", W, None, "clients at that interface are ignored: declare the network, or do not give dhcpd the interface"),
)
"""Every line of the lexicon's section 1. More than one entry may fit a line: the one with more fixed text wins."""

REMEDIES = {entry.message: entry.remedy for entry in LEXICON if entry.remedy}
"""What to do about a start that failed with this message."""

# 1.3: the incident of a transition, by the state it leads to.
TARGET_INCIDENT = {
    FailoverState.COMMUNICATIONS_INTERRUPTED: _I.ALONE_ON_HALF,
    FailoverState.PARTNER_DOWN: _I.DECLARED_DOWN,
    FailoverState.POTENTIAL_CONFLICT: _I.CONFLICT,
    FailoverState.CONFLICT_DONE: _I.CONFLICT,
    FailoverState.RESOLUTION_INTERRUPTED: _I.CONFLICT,
    FailoverState.RECOVER: _I.DATABASE_LOST,
    FailoverState.RECOVER_WAIT: _I.MCLT_WAIT,
    FailoverState.SHUTDOWN: _I.STOPPED_SERVING,
    FailoverState.PAUSED: _I.STOPPED_SERVING,
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason text of tables 2.1 and 2.2."""

    format: str
    kind: LineKind
    incident: IncidentId | None
    meaning: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """The format as a regular expression, for `fullmatch`."""
        return _compiled(self.format)


REASONS: tuple[Reason, ...] = (
    # 2.1 reject reasons
    Reason("Illegal IP address (not part of any address pool).", E, _I.UPDATES_REJECTED, "the address ranges differ"),
    Reason("Fatal conflict exists: address in use by other client.", E, _I.UPDATES_REJECTED, "trace of a time when both served alone"),
    Reason("Missing binding information.", W, _I.UPDATES_REJECTED, "fault in the exchange; watch it"),
    Reason("Outdated binding information.", W, _I.UPDATES_REJECTED, "fault in the exchange; watch it"),
    Reason("Less critical binding information.", R, _I.UPDATES_REJECTED, "both sent at once; harmless"),
    Reason("Connection rejected, time mismatch too great.", E, _I.CLOCKS_DISAGREE, "the clocks differ by more than 60 s"),
    Reason("Connection rejected, invalid MCLT.", E, _I.CONFIGURATIONS_MISFIT, "the primary offers no mclt"),
    Reason("Connection rejected, invalid failover partner.", E, _I.CONFIGURATIONS_MISFIT, "the relationship's name differs"),
    Reason("Connection rejected, duplicate connection.", R, None, "both connected at once; harmless at start"),
    Reason("Connection rejected, unknown reason.", E, None, "no reason given"),
    Reason("Unknown Error.", E, None, "no reason given"),
    Reason("Reason code out of range.", E, None, "no reason known here"),
    Reason("Undefined-{n:n}: This reason code is not defined in the protocol standard.", E, None, "no reason known here"),
    Reason("Hash bucket assignment conflict.", E, _I.CONFIGURATIONS_MISFIT, "split or hba is wrong"),
    Reason("IP not reserved on this server.", E, _I.UPDATES_REJECTED, "the reservations differ"),
    Reason("No traffic within sufficient time.", L, _I.LINK_BLOCKED, "the link fell silent"),
    Reason("Protocol version mismatch.", E, _I.VERSIONS_DIFFER, "the versions differ"),
    *(
        Reason(text, E, _I.VERSIONS_DIFFER, "the other end is no dhcpd of this kind")
        for text in (
            "TLS not supported.",
            "TLS supported but not configured.",
            "TLS required but not supported by partner.",
            "Message digest not supported.",
            "Message digest not configured.",
            "Message digest failed to compare.",
            "Missing message digest.",
        )
    ),
    # 1.1 (F:567, F:1402), what either side writes in its own log when it refuses
    Reason("time offset too large", E, _I.CLOCKS_DISAGREE, "the clocks differ by more than 60 s"),
    Reason("missing relationship-name", E, _I.CONFIGURATIONS_MISFIT, "the partner names no relationship"),
    Reason("unknown failover relationship name", E, _I.CONFIGURATIONS_MISFIT, "the relationship's name differs"),
    Reason("remote failover relationship name {their_name} does not match", E, _I.CONFIGURATIONS_MISFIT, "the relationship's name differs"),
    Reason("invalid HBA", E, _I.CONFIGURATIONS_MISFIT, "split or hba is wrong"),
    Reason("already connected", E, None, "both connected at once; harmless at start"),
    # 2.2 what the partner says about an update
    Reason("incoming update is less critical than outgoing update", R, _I.UPDATES_REJECTED, "both sent at once; harmless"),
    Reason("unknown IP address", E, _I.UPDATES_REJECTED, "the address ranges differ"),
    Reason("IP address is covered by a different failover relationship state", E, _I.UPDATES_REJECTED, "the pools name different peers"),
    Reason("{lease}: invalid state transition: {old} to {new}", E, _I.UPDATES_REJECTED, "trace of a time when both served alone, or clocks"),
    Reason("Address is not reserved.", E, _I.UPDATES_REJECTED, "the reservations differ"),
    Reason("Address is not allocated to BOOTP.", E, _I.UPDATES_REJECTED, "the reservations differ"),
    *(
        Reason(text, E, _I.VERSIONS_DIFFER, "protocol fault; are the versions equal?")
        for text in (
            "BNDUPD without CHADDR",
            "BNDUPD to ABANDONED with a CHADDR",
            "BNDUPD to ABANDONED with client-id",
            "chaddr too long",
            "binding update lacks required options",
        )
    ),
    Reason("database update failed", E, _I.LEASE_FILE_UNWRITABLE, "the partner cannot write its lease file"),
    Reason("no memory", E, None, "the partner is out of memory"),
    # 1.5 (F:5684), why an acknowledgement fits nothing
    Reason("xid mismatch", W, _I.UPDATES_REJECTED, "the update was sent again meanwhile; harmless"),
    Reason("no such lease", E, _I.UPDATES_REJECTED, "the two configurations differ"),
)
# fmt: on


@lru_cache(maxsize=256)
def look_up_reason(text: str) -> tuple[Reason, re.Match[str]] | None:
    """What stands behind "rejected: <text>", with its match; None where dhcpd never writes that text itself."""
    found = ((reason, reason.pattern.fullmatch(text)) for reason in REASONS)
    return next(((reason, match) for reason, match in found if match), None)


@dataclass(frozen=True, slots=True)
class _Index:
    """The rows by the word that finds them, those with the most fixed text first."""

    by_head: Mapping[str, Sequence[Entry]]
    """By their first word."""
    by_tail: Mapping[str, Sequence[Entry]]
    """Those which begin with a name and a colon, by the word behind it."""
    by_second: Mapping[str, Sequence[Entry]]
    """Those which begin with a name alone, by the word behind it."""
    tail: re.Pattern[str]
    """Finds the word behind a name and a colon."""


def _index() -> _Index:
    by_head, by_tail, by_second = (defaultdict[str, list[Entry]](list) for _ in range(3))
    for entry in sorted(LEXICON, key=lambda entry: -len(_SLOT.sub("", entry.format))):
        if tail := re.match(r"\{[^}]*\}: (\w+)", entry.format):
            by_tail[tail[1]].append(entry)
        elif second := re.match(r"\{[^}]*\} (\w+)", entry.format):
            by_second[second[1]].append(entry)
        else:
            by_head[entry.format.partition(" ")[0]].append(entry)
    # Greedy: the last such word counts. What a client calls itself stands before it and cannot imitate it.
    tail_word = re.compile(rf".*: ({'|'.join(sorted(by_tail))})\b")
    return _Index(dict(by_head), dict(by_tail), dict(by_second), tail_word)


_INDEX = _index()


def look_up(text: str) -> tuple[Entry, re.Match[str]] | None:
    """The entry that fits dhcpd's message `text` (no prefix), with its match; None for a line the lexicon does not know."""
    head, _, rest = text.partition(" ")
    if found := _fitting(_INDEX.by_head.get(head, ()), text):
        return found
    if (tail := _INDEX.tail.match(text)) and (found := _fitting(_INDEX.by_tail[tail[1]], text)):
        return found
    return _fitting(_INDEX.by_second.get(rest.partition(" ")[0], ()), text)


def _fitting(entries: Sequence[Entry], text: str) -> tuple[Entry, re.Match[str]] | None:
    """The first of these entries that fits."""
    for entry in entries:
        if match := entry.pattern.fullmatch(text):
            return entry, match
    return None
