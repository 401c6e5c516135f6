"""What dhcpd and those that start it can say in a log: an id for each message, whatever its wording. Pure."""

from __future__ import annotations

from enum import StrEnum, auto


class MessageId(StrEnum):
    """A message of a log. The wording stands in the lexicon alone: everybody else asks for the id.

    Several rows of the lexicon bear one id where they say the same and nobody asks which of them it was.
    """

    # Link and handshake. REFUSED: by the server that logs; REJECTED: by its partner.
    CONNECT_FAILED = auto()
    NO_LOCAL_ADDRESS = auto()
    ADDRESS_NOT_RESOLVED = auto()
    HOST_NOT_FOUND = auto()
    CONNECT_NOT_SENT = auto()
    CONNECTACK_NOT_SENT = auto()
    CONNECT_REFUSED = auto()
    CLOSED_AFTER_REFUSAL = auto()
    CONNECT_WITHOUT_RELATIONSHIP = auto()
    PARTNER_IS_3_0 = auto()
    CONNECT_FROM_STRANGER = auto()
    LISTENER_FAILED = auto()
    CONNECT_REJECTED = auto()
    CONNECTACK_REFUSED = auto()
    DISCONNECT_RECEIVED = auto()
    DISCONNECTED = auto()
    HANDSHAKE_TIMEOUT = auto()
    LINK_WRITE_FAILED = auto()
    PARTNER_TIMEOUT = auto()
    # States
    I_MOVE = auto()
    PEER_MOVES = auto()
    BOTH_NORMAL = auto()
    INVALID_PARTNER_STATE = auto()
    INVALID_TRANSITION = auto()
    FULL_UPDATE_REQUESTED = auto()
    PEER_NORMAL_IN_CONFLICT = auto()
    UNEXPECTED_CONFLICT_DONE = auto()
    INVALID_MOVE_IN_CONFLICT_DONE = auto()
    BOTH_RECOVER_DONE = auto()
    SECONDARY_IN_CONFLICT_DONE = auto()
    STATE_NOT_RECORDED = auto()
    # Synchronisation
    SENDING_UPDATES = auto()
    UPDATE_REQUEST_SENT = auto()
    UPDATE_REQUEST_ALL_SENT = auto()
    UPDATE_REQUEST_NOT_SENT = auto()
    UPDATE_DONE_SENT = auto()
    UPDATE_REQUEST_REPLACED = auto()
    UPDATE_REQUEST_TAKEN = auto()
    UPDATE_REQUEST_ALL_TAKEN = auto()
    PEER_UPDATE_COMPLETED = auto()
    SPURIOUS_UPDATE_DONE = auto()
    # Pools and bind updates
    POOL_RESPONSE = auto()
    POOL_REQUEST_REFUSED = auto()
    BALANCING_POOL = auto()
    REBALANCE_REQUESTED = auto()
    BALANCED_POOL = auto()
    IMBALANCED_POOL = auto()
    UNKNOWN_IP_FLAGS = auto()
    UPDATE_REJECTED = auto()
    ACK_WITHOUT_UPDATE = auto()
    LEASE_NOT_COMMITTED = auto()
    # Malformed messages, internal failures
    MALFORMED_MESSAGE = auto()
    INTERNAL_FAILURE = auto()
    # Configuration and start
    BANNER = auto()
    """The first line that dhcpd writes, of a start or of a test of its configuration."""
    CONFIGURATION_ERROR = auto()
    """Names a file and a line in it."""
    CONFIGURATION_ERRORS = auto()
    """There were some."""
    NO_REFERRING_POOLS = auto()
    NO_LOAD_BALANCING = auto()
    SANITY_CHECK_FAILED = auto()
    OUT_OF_MEMORY = auto()
    LEASE_FILE_CORRUPT = auto()
    LEASE_FILE_NOT_OPENED = auto()
    FILE_NOT_OPENED = auto()
    PORT_TAKEN = auto()
    OMAPI_PORT_TAKEN = auto()
    OMAPI_KEY_UNKNOWN = auto()
    NO_RAW_SOCKET = auto()
    NO_INTERFACES = auto()
    SEVERAL_SHARED_NETWORKS = auto()
    NO_SUBNET_DECLARATION = auto()
    ALREADY_RUNNING = auto()
    SERVER_STARTING = auto()
    SIGNAL_RECEIVED = auto()
    FAREWELL = auto()
    """How to report a bug, between the reason of an end and EXITING."""
    EXITING = auto()
    # Clients and leases
    DHCPDISCOVER = auto()
    DHCPOFFER = auto()
    DHCPREQUEST = auto()
    DHCPACK = auto()
    DHCPNAK = auto()
    DHCPDECLINE = auto()
    DHCPRELEASE = auto()
    DHCPINFORM = auto()
    DHCPLEASEQUERY = auto()
    BOOTREQUEST = auto()
    BOOTREPLY = auto()
    LEASE_REUSED = auto()
    PEER_HOLDS_ALL_FREE_LEASES = auto()
    NO_FREE_LEASES = auto()
    NOT_RESPONDING = auto()
    IGNORED = auto()
    LOAD_BALANCED = auto()
    LOAD_BALANCE_CANCELLED = auto()
    LEASE_OWNED_BY_PEER = auto()
    LEASE_IN_TRANSITION = auto()
    DUPLICATE_UID_LEASE = auto()
    LEASE_CONFLICT = auto()
    ADDRESS_ABANDONED = auto()
    LEASE_CHANGED_OVER_OMAPI = auto()
    PACKET_NOT_SENT = auto()
    # The lease file
    LEASES_WRITTEN = auto()
    LEASES_NOT_WRITTEN = auto()
    FAILOVER_STATE_NOT_WRITTEN = auto()
    LEASE_FILE_NOT_CREATED = auto()
    LEASE_FILE_NOT_INSTALLED = auto()
    # Of the kernel, systemd and init scripts
    APPARMOR_DENIED = auto()
    SELINUX_DENIED = auto()
    CRASHED = auto()
    KILLED_FOR_MEMORY = auto()
    KILLED = auto()
    ENDED_WITH_ERROR = auto()
    START_GIVEN_UP = auto()
    START_FAILED = auto()
    SELF_TEST_FAILED = auto()


NEVER_THE_REASON = frozenset({MessageId.FAREWELL, MessageId.EXITING})
"""What dhcpd says behind the reason for its end."""
POOL_COUNTS = frozenset(
    {MessageId.BALANCING_POOL, MessageId.REBALANCE_REQUESTED, MessageId.BALANCED_POOL, MessageId.IMBALANCED_POOL}
)
"""What names a pool with its counters: the slots net, total, free and backup."""
