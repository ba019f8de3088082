"""Two things at the same instant: one wins, nothing is lost, and whoever was second is told who was first."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest
from temporalio.client import Client

from escalation.errors import AlreadyDone, DomainError
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.approval import HOW
from tests.support.sink import FaultSink, open_fault_sink
from tests.workflows.world import ANN, BEN, DAN, EVE, World, open_world

T = TypeVar("T")

MANY = pytest.mark.parametrize("tries", [20, pytest.param(200, id="many", marks=pytest.mark.chaos)])
AT_ONCE = 8
"""How many races are run at a time: enough to keep the machine busy, few enough for the instants to meet."""


class Answered(NamedTuple):
    """An accepted acknowledgement, and the event loop's time when its answer was there."""

    identifier: str
    at: float


class Aim:
    """When to acknowledge so that the level expires at the same instant, in seconds after it is due.

    How late a timer's work is done depends on the machine, so the aim follows the outcomes: it stays where too early
    and too late are equally frequent. On a starved machine that is far away, so each miss to the same side moves it
    further than the one before.
    """

    STEP = 0.005

    def __init__(self) -> None:
        self.offset = 0.02
        self._step = self.STEP
        self._was_in_time = True
        self._random = random.Random(20261121)

    def next(self) -> float:
        return self.offset + self._random.uniform(-0.01, 0.01)

    def learn(self, *, in_time: bool) -> None:
        self._step = 1.2 * self._step if in_time == self._was_in_time else self.STEP
        self._was_in_time = in_time
        self.offset += self._step if in_time else -self._step


@pytest.fixture
async def sink() -> AsyncIterator[FaultSink]:
    async with open_fault_sink() as opened:
        yield opened


@pytest.fixture
async def paged(temporal: Client, tmp_path: Path, sink: FaultSink) -> AsyncIterator[World]:
    """A crowded world in which ann's and ben's pages are HTTP calls into this process: one clock for all instants."""
    contacts = {"ann": sink.address("ann"), "ben": sink.address("ben")}
    async with open_world(temporal, tmp_path, cached=2000, contacts=contacts) as opened:
        yield opened


async def some_at_once(count: int, one: Callable[[int], Awaitable[T]]) -> list[T]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def in_turn(number: int) -> T:
        async with gate:
            return await one(number)

    return await asyncio.gather(*(in_turn(number) for number in range(count)))


@pytest.mark.parametrize("tries", [100, pytest.param(1_000, id="many", marks=pytest.mark.chaos)])
async def test_no_page_of_a_round_arrives_after_the_answer_to_its_acknowledgement_even_when_the_level_expires_then(
    paged: World, sink: FaultSink, tries: int
) -> None:
    aim = Aim()

    async def race(number: int) -> Answered:
        receipt = await paged.open(f"race{number}", playbook="hasty")
        assert receipt.at is not None
        expiry = receipt.at + timedelta(seconds=0.3)
        await asyncio.sleep((expiry - datetime.now(UTC)).total_seconds() + aim.next())
        answer = await paged.send(receipt.escalation_id, c.Acknowledge(by=ANN))
        answered = Answered(receipt.escalation_id, asyncio.get_running_loop().time())
        aim.learn(in_time=" at L1," in answer.message)
        return answered

    answers = await some_at_once(tries, race)
    await asyncio.sleep(1)  # what may not come has had its chance
    taken = Counter[str]()
    for answered in answers:
        state = await paged.client.state(answered.identifier)
        assert (state.owner and state.owner.actor) == ANN
        assert state.taken is not None
        taken[state.taken.rung] += 1
        pages = [hit for hit in sink.journal if hit.kind == "page" and hit.key.startswith(f"{state.instance}/")]
        assert [page for page in pages if page.at > answered.at] == []
        if state.taken.rung == "L1/1":
            assert BEN not in {page.to for page in pages}
    # Both outcomes of the race were seen, or nothing was raced.
    assert min(taken["L1/1"], taken["L2/2"]) >= tries // 50, taken


@MANY
async def test_a_decision_sent_in_the_same_instant_as_the_receipt_is_kept_until_it_can_count(
    crowded: World, tries: int
) -> None:
    async def race(number: int) -> None:
        receipt = await crowded.open(f"race{number}", facts={"ai_limit": True, "amount": 500.0})
        answer = await crowded.send(receipt.escalation_id, c.Approve(by=DAN, gate="credit", because="known"))
        assert answer.accepted
        assert answer.message.startswith("approve is kept")
        await crowded.send(receipt.escalation_id, c.Acknowledge(by=ANN))
        state = await crowded.until(receipt.escalation_id, lambda state: state.gates and not state.pending_gates)
        assert [(vote.by, vote.decision) for vote in state.gates["credit"].votes] == [(DAN, "approved")]
        assert state.gates["credit"].state == "passed"

    await some_at_once(tries, race)


@MANY
async def test_an_acknowledgement_sent_in_the_same_instant_as_the_receipt_counts(crowded: World, tries: int) -> None:
    async def race(number: int) -> None:
        receipt = await crowded.open(f"race{number}")
        assert (await crowded.send(receipt.escalation_id, c.Acknowledge(by=ANN))).accepted
        state = await crowded.until(receipt.escalation_id, lambda state: state.owner)
        assert state.owner is not None
        assert state.owner.actor == ANN

    await some_at_once(tries, race)


@MANY
async def test_of_an_approval_and_a_rejection_at_once_one_counts_and_the_other_is_told_by_whom_and_when(
    crowded: World, tries: int
) -> None:
    async def race(number: int) -> str:
        receipt = await crowded.open(f"race{number}", facts={"ai_limit": True, "amount": 500.0})
        identifier = receipt.escalation_id
        await crowded.send(identifier, c.Acknowledge(by=ANN))
        await crowded.until(identifier, lambda state: any(gate.resolved for gate in state.pending_gates))
        both = [c.Approve(by=DAN, gate="credit"), c.Reject(by=EVE, gate="credit", because="too much")]
        if number % 2:
            both.reverse()
        answers = await asyncio.gather(*(crowded.send(identifier, act) for act in both), return_exceptions=True)
        won, lost = sorted(answers, key=lambda answer: isinstance(answer, Exception))
        assert isinstance(won, c.Answer)
        assert isinstance(lost, AlreadyDone)
        gate = (await crowded.client.state(identifier)).gates["credit"]
        assert [vote.by for vote in gate.votes] == [gate.closed_by]
        assert gate.closed_at is not None
        assert f"{HOW[gate.state]} by {gate.closed_by} at {gate.closed_at:%Y-%m-%d %H:%M:%S}" in str(lost)
        return gate.state

    outcomes = Counter(await some_at_once(tries, race))
    assert set(outcomes) == {"passed", "rejected"}
    assert outcomes.total() == tries


@MANY
async def test_of_two_acknowledgements_at_once_one_counts_and_the_other_is_told_by_whom_and_when(
    crowded: World, tries: int
) -> None:
    async def race(number: int) -> None:
        identifier = (await crowded.open(f"race{number}", playbook="pair")).escalation_id
        await crowded.until(identifier, lambda state: state.rung and state.rung.resolved)
        answers = await asyncio.gather(
            *(crowded.send(identifier, c.Acknowledge(by=person)) for person in (ANN, BEN)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, DomainError)]
        owner = (await crowded.client.state(identifier)).owner
        assert owner is not None
        assert len(refused) == 1
        assert re.search(rf"already taken by {owner.actor} at {owner.since:%Y-%m-%d %H:%M:%S}", str(refused[0]))

    await some_at_once(tries, race)


async def test_a_second_or_late_answer_is_told_who_decided_and_when(world: World) -> None:
    identifier = await world.opened_id("door", facts={"ai_limit": True, "amount": 500.0})
    await world.send(identifier, c.Acknowledge(by=ANN))
    with pytest.raises(AlreadyDone, match=r"you own .* already, since \d{4}-"):
        await world.send(identifier, c.Acknowledge(by=ANN))
    with pytest.raises(AlreadyDone, match=rf"already taken by {ANN} at \d{{4}}-"):
        await world.send(identifier, c.Acknowledge(by=BEN))
    await world.until(identifier, lambda state: any(gate.resolved for gate in state.pending_gates))
    await world.send(identifier, c.Approve(by=DAN))
    for late in (c.Approve(by=DAN), c.Approve(by=EVE), c.Reject(by=EVE, because="late")):
        with pytest.raises(AlreadyDone, match=rf"approved by {DAN} at \d{{4}}-"):
            await world.send(identifier, late)
    # None of this left a trace: refusals are answered, and cost nothing.
    decided = [event for event in await world.timeline(identifier) if isinstance(event, e.GateDecided)]
    assert len(decided) == 1
    await world.finish(identifier)
