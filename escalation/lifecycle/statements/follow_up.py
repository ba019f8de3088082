"""After the solution: what is agreed is sent to those who take part, and the customer is told and asked.

The customer is sent what the playbook declares so long after the review began. A question is asked twice at most and
ends with the answer. The escalation is closed when nothing of it is left, so that the answer still finds it: at the
latest after the longest ``after`` and twice its ``answer_within``.
"""

from escalation.errors import NotNow
from escalation.lifecycle import grounds, permissions
from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.statements.stakeholders import of
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.model.statements import FollowUp
from escalation.playbook.communication import CommunicationPolicy
from escalation.values import ENGINE, ActorKind, kind_of

TWICE = 2
"""How often the customer is asked."""

_COLLEAGUES = (ActorKind.PERSON, ActorKind.AGENT)


def send_next_steps(draft: Draft, command: c.SendFollowUp) -> None:
    """Send the open action items, with owner and due time, to everybody who takes part."""
    state = draft.state
    permissions.require_person(command.by, "send_follow_up")
    permissions.require_member(state, command.by)
    if not state.open_items:
        raise NotNow(f"{state.id} has no open action items: agree on them first (add_item)")
    barred = concerned(state)
    owners = (actor for item in state.open_items for actor in item.holders if kind_of(actor) in _COLLEAGUES)
    people = dict.fromkeys((*owners, *(actor for actor in state.people if kind_of(actor) is ActorKind.PERSON)))
    draft.record(
        e.NextStepsSent,
        items=tuple(item.id for item in state.open_items),
        to=tuple(actor for actor in people if actor not in barred),
        text=command.text,
    )


# --- the customer -----------------------------------------------------------------------------------------------------


def follow(draft: Draft, policy: CommunicationPolicy) -> None:
    """Plan what the customer is sent once the solution stands; an answer ends what they are asked."""
    state = draft.state
    if not policy.follow_up or state.customer is None:
        return
    if any(isinstance(event, e.ReviewStarted) for event in draft.events):
        for number, step in enumerate(policy.follow_up, start=1):
            due = draft.now + step.after
            draft.record(e.FollowUpPlanned, by=ENGINE, follow_up=f"f{number}", asks=step.ask is not None, due=due)
    if state.feedback is not None:
        for each in _pending(draft.state):
            if each.asks:
                draft.record(
                    e.FollowUpEnded,
                    by=ENGINE,
                    follow_up=each.id,
                    because=grounds.of("customer_answered", "the customer has answered"),
                )


def due(draft: Draft, identifier: str) -> None:
    """Send it; a question that was asked twice is given up."""
    state, known = draft.state, of(draft.state).follow_ups[identifier]
    policy = state.playbook.communication
    step = policy.step(identifier) if policy is not None else None
    if step is None:
        return
    if known.sent >= TWICE:
        draft.record(
            e.FollowUpEnded,
            by=ENGINE,
            follow_up=identifier,
            because=grounds.of("asked_twice", "asked twice, and no answer came"),
        )
        return
    again = draft.now + step.answer_within if step.ask is not None and step.answer_within is not None else None
    draft.record(
        e.FollowUpSent,
        by=ENGINE,
        follow_up=identifier,
        times=known.sent + 1,
        text=step.text or "",
        next_due=again,
    )


def _pending(state: Escalation) -> tuple[FollowUp, ...]:
    talk = state.communication
    return tuple(each for each in talk.follow_ups.values() if each.next_due is not None) if talk is not None else ()


def over(state: Escalation) -> bool:
    """Tell whether nothing is left that the customer is to be sent or asked."""
    return not _pending(state)
