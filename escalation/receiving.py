"""Does what an intake took: opens, joins and posts. The same payload again changes nothing.

    report = await take_in(client, take("facebook", intake, payload))

For services and gateways. A payload that could not be dealt with to its end is handed in again as a whole.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, Protocol

from escalation.errors import DomainError, RequestRefused, TooLarge
from escalation.intake.recordings import as_link
from escalation.intake.taken import Opening, PassedOver, Posting, Taken, Wrong
from escalation.model.commands import Act, Answer, PostEntry
from escalation.model.ids import QUEUE
from escalation.model.request import Receipt, Request
from escalation.model.state import Escalation
from escalation.model.timeline import EntryKind
from escalation.values import Record

MOST_OF_A_QUEUE: Final = 100
"""An update for a queue with more open escalations than this is refused: it is no update of a case any more."""
_AT_ONCE: Final = 8


class Client(Protocol):
    """What is needed of ``EscalationClient``."""

    async def open(self, request: Request) -> Receipt:
        """Open or join."""
        ...

    async def send(self, escalation: str, command: Act) -> Answer:
        """Send a command."""
        ...

    async def state(self, escalation: str) -> Escalation:
        """Ask for everything."""
        ...

    def list(self, query: str, limit: int) -> AsyncIterator[str]:
        """Yield ids by a visibility query."""
        ...


class Done(Record):
    """What became of one part."""

    where: str
    escalation: str
    outcome: str
    """Of a request that of its receipt; ``posted`` of an entry."""
    says: str = ""


class Report(Record):
    """What became of a payload."""

    done: tuple[Done, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    wrong: tuple[Wrong, ...] = ()


async def take_in(client: Client, taken: Taken) -> Report:
    """Do what is to be done, several parts at a time, those of one conversation in their order.

    What a rule refuses is named in the report and keeps nothing else back.

    Raises:
        Unreachable: no server, or no worker, answered in time. Handing in the same payload again is safe.
    """
    lanes: dict[str, list[Opening | Posting]] = {}
    for step in taken.steps:
        lanes.setdefault(_lane(step), []).append(step)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def in_order(steps: list[Opening | Posting]) -> list[Done | Wrong]:
        async with gate:
            return [outcome for step in steps for outcome in await _do(client, step)]

    results = [each for lane in await asyncio.gather(*map(in_order, lanes.values())) for each in lane]
    return Report(
        done=tuple(each for each in results if isinstance(each, Done)),
        passed_over=taken.passed_over,
        wrong=(*taken.wrong, *(each for each in results if isinstance(each, Wrong))),
    )


def _lane(step: Opening | Posting) -> str:
    return f"{step.request.source} {step.request.dedup_key}" if isinstance(step, Opening) else step.to


async def _do(client: Client, step: Opening | Posting) -> list[Done | Wrong]:
    try:
        if isinstance(step, Posting):
            return await _post(client, step)
        receipt = await client.open(step.request)
    except RequestRefused as refused:
        return [Wrong(where=step.where, problems=tuple(refused.problems))]
    except DomainError as error:
        return [Wrong(where=step.where, problems=(("", str(error)),))]
    return [Done(where=step.where, escalation=receipt.escalation_id, outcome=receipt.outcome, says=receipt.because)]


async def _post(client: Client, step: Posting) -> list[Done | Wrong]:
    if step.to.startswith(QUEUE):
        queue = await _queue(client, step.to)
        return [await _posted(client, step.where, escalation, step.entry) for escalation in queue]
    if not step.linked and not step.items:
        return [await _posted(client, step.where, step.to, step.entry)]
    state = await client.state(step.to)
    others = [other for other, link in state.links.items() if link.relation in step.linked and not link.lost]
    items = [each for each in step.items if each.partition(":")[2] in state.items]
    belongs = (*(f"escalation:{other}" for other in others), *items)[:20]
    first = await _posted(client, step.where, step.to, step.entry.changed({"links": belongs}))
    others = [other for other in others if not state.links[other].ended]
    return [first, *[await _posted(client, step.where, other, step.entry) for other in others]]


async def _posted(client: Client, where: str, escalation: str, entry: PostEntry) -> Done | Wrong:
    try:
        try:
            answer = await client.send(escalation, entry)
        except TooLarge:
            if entry.kind is not EntryKind.RECORDING:
                raise
            answer = await client.send(escalation, as_link(entry))
    except (DomainError, RequestRefused) as error:
        return Wrong(where=where, problems=((escalation, str(error)),))
    return Done(where=where, escalation=escalation, outcome="posted", says=answer.ref or answer.message)


async def _queue(client: Client, queue: str) -> list[str]:
    """Return the open escalations of a queue: those whose team was called last.

    Raises:
        RequestRefused: there are none, or too many.
    """
    team = queue.removeprefix(QUEUE)
    if not team.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise RequestRefused([(queue, "is no queue; expected team:NAME")])
    query = f"ExecutionStatus = 'Running' AND EscalationTeam = '{team}'"
    found = [each async for each in client.list(query, MOST_OF_A_QUEUE + 1)]
    if not found:
        raise RequestRefused([(queue, "has no open escalation; expected a team whose escalations are open")])
    if len(found) > MOST_OF_A_QUEUE:
        raise RequestRefused([(queue, f"has over {MOST_OF_A_QUEUE} open escalations: name those that are meant")])
    return found
