"""Ask both servers for one lease, side by side.

dhcpd finds a lease by address or by hardware address. The latter it refuses with "several objects match" as soon as a
second address was only offered to the client (usual where both servers answered), and a host name it does not look up at
all: then the lease file tells the addresses, and each server is asked by address. Every lease asked for holds a handle in dhcpd for ever,
so a question asks for one, or for three at most where a client has several.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from dhcptui.config.loading import PairSettings
from dhcptui.engine.read_once import LOOK_SECONDS, looking
from dhcptui.model.leases import (
    Asked,
    LeaseAnswer,
    LookUp,
    Outcome,
    Question,
    differences,
    parse_question,
)
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.servers.omapi.errors import OmapiAmbiguous, OmapiError, OmapiNotFound
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.lease_records import lease_addresses
from dhcptui.watch.pair import PairEngine

DEADLINE_SECONDS = 4.0
MOST_ASKED = 3
NOT_A_QUESTION = "write an IPv4 address, a hardware address such as 02:00:5e:10:00:01, or a host name"
_ORDER = ("active", "expired", "released", "abandoned", "reset")


async def look_up(engine: PairEngine, text: str) -> LookUp:
    """The lease of an address, hardware address or host name on both servers. Never raises for what a server does."""
    question = parse_question(text)
    if question is None:
        nothing = LeaseAnswer(Outcome.NOT_FOUND, note=NOT_A_QUESTION)
        return LookUp(clean(text, 120), time.time(), dict.fromkeys(Role, nothing), note=NOT_A_QUESTION)
    asked = f"{question.asked.value} {question.text}"
    if question.asked is Asked.ADDRESS:
        return await _by_address(engine, asked, question.text, ())
    found = await asyncio.gather(*(_addresses(engine, role, question) for role in Role))
    addresses = list(dict.fromkeys(address for each, _ in found for address in each))
    notes = dict(zip(Role, (note for _, note in found), strict=True))
    if not addresses:
        failed = {role: note for role, note in notes.items() if note}
        answers = {
            role: LeaseAnswer(Outcome.NO_ANSWER if role in failed else Outcome.NOT_FOUND, note=failed.get(role, ""))
            for role in Role
        }
        return LookUp(asked, time.time(), answers)
    tried = [
        await _by_address(engine, asked, address, [each for each in addresses if each != address])
        for address in addresses[:MOST_ASKED]
    ]
    return min(tried, key=_rank)


async def look_up_once(settings: PairSettings, text: str, seconds: float = LOOK_SECONDS) -> tuple[LookUp, PairSnapshot]:
    """The same without a console: look at the pair, `seconds` at most, ask, and leave."""
    async with looking(settings, seconds) as engine:
        return await look_up(engine, text), engine.snapshot


def no_look_up(text: str, why: str) -> LookUp:
    """The answer where nobody could be asked."""
    return LookUp(
        clean(text, 120), time.time(), dict.fromkeys(Role, LeaseAnswer(Outcome.NO_ANSWER, note=why)), note=why
    )


def _rank(answer: LookUp) -> tuple[int, int]:
    """The lease in use first, then the newest."""
    leases = [each.lease for each in answer.answers.values() if each.lease]
    states = [_ORDER.index(lease.binding_state) for lease in leases if lease.binding_state in _ORDER]
    return min(states, default=len(_ORDER)), -max((lease.starts or 0 for lease in leases), default=0)


async def _addresses(engine: PairEngine, role: Role, question: Question) -> tuple[tuple[str, ...], str]:
    """Addresses that one server has for a client; a note where nothing could be learned."""
    watcher = engine.watchers[role]
    trouble = ""
    if question.asked is Asked.HARDWARE:
        try:
            lease = await watcher.client.lease_of(question.text, deadline=DEADLINE_SECONDS)
            return (lease.view.address,), ""
        except OmapiNotFound:
            return (), ""
        except OmapiAmbiguous:
            trouble = "dhcpd says that several leases match"
        except OmapiError as error:
            trouble = str(error)
        statement = f"hardware ethernet {question.text};"
    else:
        statement = f'client-hostname "{question.text}";'
    try:
        return await lease_addresses(watcher.session, watcher.settings.leases, statement), ""
    except RemoteError as error:
        return (), clean("; ".join(filter(None, (trouble, str(error)))), 300)


async def _by_address(engine: PairEngine, asked: str, address: str, also: Iterable[str]) -> LookUp:
    answers = dict(zip(Role, await asyncio.gather(*(_ask(engine, role, address) for role in Role)), strict=True))
    one, two = (answers[role].lease for role in Role)
    found = differences(one, two) if one and two else ()
    return LookUp(asked, time.time(), answers, found, tuple(also))


async def _ask(engine: PairEngine, role: Role, address: str) -> LeaseAnswer:
    try:
        lease = await engine.watchers[role].client.lease(address, deadline=DEADLINE_SECONDS)
    except OmapiNotFound:
        return LeaseAnswer(Outcome.NOT_FOUND, note=f"{address} lies in no pool of this server")
    except OmapiError as error:
        return LeaseAnswer(Outcome.NO_ANSWER, note=clean(f"needs OMAPI: {error}", 300))
    return LeaseAnswer(Outcome.FOUND, lease.view)
