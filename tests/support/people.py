"""Scripted people: they look at an escalation as it stands, and whoever is to act next does the obvious thing."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from escalation.client import EscalationClient
from escalation.errors import DomainError, Unreachable
from escalation.model import commands as c
from escalation.model.request import Attempt
from escalation.model.state import Escalation

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds that scripted people go on trying while server or worker are away."""


async def see_through(
    client: EscalationClient,
    escalation: str,
    *,
    until: Callable[[Escalation], bool] = lambda state: state.ended,
    within: float = PATIENCE,
) -> Escalation:
    """Let everybody do their part until the condition holds, by default until it has ended; return the state then."""
    limit = time.monotonic() + within
    while True:
        state = await insist(lambda: client.state(escalation), limit)
        if until(state):
            return state
        if time.monotonic() > limit:
            raise AssertionError(f"{escalation} is still in {state.stage}, waiting on {state.waiting_on}")
        command = next_act(state)
        if command is None:
            await asyncio.sleep(0.05)
            continue
        try:
            await insist(lambda: client.send(escalation, command), limit)  # noqa: B023 - awaited in this turn
        except DomainError:
            now = await insist(lambda: client.state(escalation), limit)
            if now.seq == state.seq:  # it has not moved on since we looked, so the refusal is about the act
                raise


async def insist(ask: Callable[[], Awaitable[T]], limit: float) -> T:
    """Ask again while nobody can be reached; commands carry an id, so that asking again is safe."""
    while True:
        try:
            return await ask()
        except Unreachable:
            if time.monotonic() > limit:
                raise
            await asyncio.sleep(0.1)


def next_act(state: Escalation) -> c.Act | None:
    """Return what is to be done next and by whom; None while it waits for time, or for messages on their way.

    Nobody answers before everybody who is paged has the page, so that the same messages leave in every run.
    """
    once = f"after-{state.seq}"
    if state.input_request is not None:
        return c.ProvideInput(
            by=state.input_request.of,
            command_id=once,
            summary="The invoice is wrong",
            impact="one customer",
            constraints="before the month ends",
            help_needed="decide which amount is right",
            attempted_solutions=(Attempt(what="explained the invoice", result="not what was asked"),),
        )
    if state.handoff is not None:
        asked = next((person for person in state.handoff.people if person in state.told), None)
        return c.AcceptHandoff(by=asked, command_id=once) if asked else None
    for gate in state.pending_gates:
        decided = {vote.by for vote in gate.votes}
        for person in gate.people:
            if person not in decided and person in state.told:
                return c.Approve(by=person, gate=gate.id, digest=gate.digest, command_id=once)
        return None
    rung = state.rung
    if rung is not None:
        everybody = rung.resolved and set(rung.people) <= set(state.told)
        return c.Acknowledge(by=rung.people[0], command_id=once) if everybody else None
    if state.owner is None:
        return None
    owner = state.owner.actor
    if state.hold is not None:
        return c.Resume(by=owner, command_id=once)
    if state.review is not None:
        if state.review.submitted_at is None:
            return c.SubmitReview(
                by=owner, impact="small", lessons=("look at it earlier",), warranted=True, command_id=once
            )
        item = state.open_items[0]
        return c.CompleteItem(by=item.owner, item=item.id, command_id=once)
    if state.resolution_state == "proposed":
        asked = f"customer:{state.customer.id}" if state.customer_confirms and state.customer else state.requested_by
        return c.ConfirmResolution(by=asked, command_id=once)
    return c.Resolve(by=owner, resolution="corrected and explained", cause="a wrong rate", command_id=once)
