"""Ownership as people read it: who speaks to the customer, who has which part, the open hand-off, how it moved."""

from pydantic import AwareDatetime

from escalation.lifecycle.ladder import remaining
from escalation.lifecycle.ownership import assistance, roles
from escalation.model.ladder import Handoff, Refusal
from escalation.model.state import Escalation
from escalation.values import Actor, Record


class HandoffView(Record):
    """An open offer of responsibility."""

    id: str
    to: str
    shift: bool
    """Opened by itself, because the owner's shift ends."""
    giver: str
    """Who stays responsible until somebody accepts."""
    because: str
    expectation: str
    """What is expected; of a shift what remains to be done."""
    remains: str = ""
    """What remains to be done, where a person's offer counts as the hand-over of a period."""
    reason: str
    packet_version: int
    task: str
    due: AwareDatetime
    people: tuple[Actor, ...]
    """Who is still asked."""
    declined: tuple[Refusal, ...] = ()
    """Who declined so far."""
    claimed_by: str = ""
    """The team for which it was accepted, while nobody of it has claimed it."""


class OwnershipView(Record):
    """Who has which part in it."""

    holder: str
    """Who speaks to the customer: ``ai``, ``human`` or ``none``."""
    hops: int
    """How often it passed from one owner to another, changes of shift apart."""
    packet_version: int
    handoff: HandoffView | None = None
    communicator: Actor | None = None
    commander: Actor | None = None
    responsibilities: tuple[str, ...] = ()
    audience: tuple[Actor, ...] = ()
    """Who is told and does not act."""
    consulted: tuple[Actor, ...] = ()
    drafts: tuple[str, ...] = ()
    """What was drafted and waits for a person."""
    undocumented: tuple[str, ...] = ()
    """What has to be documented before work may start."""
    executes: str = ""
    approves: str = ""
    shift_ends: AwareDatetime | None = None
    """When the owner's shift ends, where it is handed over to the next."""


def _expected(state: Escalation, offer: Handoff) -> str:
    """Say what remains as it is now, not as it was when it was offered; unless somebody wrote it."""
    if offer.edited or not (offer.shift or offer.period):
        return offer.expectation
    return str.__str__(remaining.remains(state, offer.period + 1 if offer.period else 0))


def ownership_view(state: Escalation) -> OwnershipView:
    """Return who has which part in it now."""
    parts, policy, offer = state.ownership, state.playbook.before_work, state.handoff
    stated = parts.documented
    return OwnershipView(
        holder=state.holder,
        hops=state.hops,
        packet_version=state.packet_version,
        handoff=HandoffView(
            id=offer.id,
            to=offer.to,
            shift=offer.shift,
            giver=offer.giver or state.accountable,
            because=offer.because,
            expectation=_expected(state, offer),
            remains=remaining.beside(state, offer),
            reason=offer.reason,
            packet_version=offer.packet_version,
            task=offer.task,
            due=offer.due,
            people=offer.asked,
            declined=offer.declined,
            claimed_by=offer.to if offer.team_by is not None else "",
        )
        if offer is not None
        else None,
        communicator=parts.communicator,
        commander=parts.commander,
        responsibilities=tuple(f"{each.who}: {each.what}" for each in parts.responsibilities),
        audience=roles.audience(state),
        consulted=parts.consulted,
        drafts=tuple(f"{each.id} of {each.activity} by {each.by}" for each in parts.drafts.values()),
        undocumented=assistance.undocumented(state) if policy is not None and state.opened else (),
        executes=(policy.executes if policy else None) or (stated.executes if stated else ""),
        approves=(policy.approves if policy else None) or (stated.approves if stated else ""),
        shift_ends=parts.shift.ends if parts.shift is not None else None,
    )
