"""What everybody who took part says of how it went: asked once, reminded once, never waited for too long."""

from collections.abc import Iterator

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle import permissions
from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.review import Participant
from escalation.values import ENGINE, Actor, ActorKind, kind_of

MOST = 50
"""Whoever took part beyond so many is not asked."""


def follow(draft: Draft) -> None:
    """Ask everybody once, as soon as the resolution stands."""
    state = draft.state
    policy = state.playbook.review.feedback
    if policy is None or state.review is None or state.feedback_round is not None or state.ended:
        return
    wanted: dict[Actor, Participant] = {}
    for actor, took_part_as in _participants(state):
        if took_part_as in policy.of:
            wanted.setdefault(actor, took_part_as)
    barred = concerned(state)
    asked = {actor: role for actor, role in wanted.items() if actor not in barred and not _has_said(state, actor)}
    remind = draft.now + policy.remind if policy.remind is not None and policy.remind < policy.within else None
    due = draft.now + policy.within
    if asked:
        draft.record(e.FeedbackRequested, by=ENGINE, asked=dict(list(asked.items())[:MOST]), remind_due=remind, due=due)


def _participants(state: Escalation) -> Iterator[tuple[Actor, Participant]]:
    if state.customer is not None:
        yield f"customer:{state.customer.id}", Participant.CUSTOMER
    is_customer = kind_of(state.requested_by) is ActorKind.CUSTOMER
    if kind_of(state.requested_by) is not ActorKind.SYSTEM:
        yield state.requested_by, Participant.CUSTOMER if is_customer else Participant.ESCALATOR
    if state.owner is not None:
        yield state.owner.actor, Participant.RECIPIENTS
    if state.taken is not None:
        yield state.taken.by, Participant.RECIPIENTS
    for actor in _owners(state):
        yield actor, Participant.RECIPIENTS
    for gate in state.gates.values():
        for vote in gate.votes:
            yield vote.by, Participant.APPROVERS


def _owners(state: Escalation) -> tuple[Actor, ...]:
    """Return everybody who has owned it; one that was begun with older rules knows them as far as its latest events."""
    if state.rules >= 2:
        return state.ownership.owners
    return tuple(event.owner for event in state.tail if isinstance(event, e.OwnerChanged))


def _has_said(state: Escalation, actor: Actor) -> bool:
    if state.feedback is not None and permissions.is_customer(state, actor):
        return True
    return any(score.by == actor for score in state.ratings)


def submit(draft: Draft, command: c.SubmitParticipantFeedback) -> None:
    """Record what somebody says who was asked."""
    state, asked = draft.state, draft.state.feedback_round
    if asked is None:
        why = (
            f"playbook {state.playbook.playbook} asks nobody (review.feedback)"
            if state.playbook.review.feedback is None
            else "the resolution does not stand yet"
        )
        raise NotNow(f"nobody was asked how {state.id} went: {why}; rate and submit_feedback are there at any time")
    if command.by not in asked.asked:
        raise NotAllowed(f"{command.by} was not asked how {state.id} went; these were: {', '.join(asked.asked)}")
    if command.by in asked.answered:
        raise AlreadyDone(f"{command.by} has said already how {state.id} went")
    draft.record(
        e.ParticipantFeedbackGiven,
        score=command.score,
        took_part_as=asked.asked[command.by],
        comment=command.comment,
        improvement=command.improvement,
    )


def due(draft: Draft) -> None:
    """Whoever has not answered is reminded; after the declared time nobody waits for them."""
    asked = draft.state.feedback_round
    if asked is None or not asked.open:
        return
    if asked.remind_due is not None:
        draft.record(e.FeedbackReminded, by=ENGINE, to=asked.unanswered)
    else:
        end(draft, "the time for it is over", by=ENGINE)


def end(draft: Draft, because: str, by: Actor | None = None) -> None:
    """Wait for no more answers."""
    asked = draft.state.feedback_round
    if asked is not None and asked.open:
        draft.record(e.FeedbackEnded, by=by, unanswered=asked.unanswered, because=because)


def advise_requester(draft: Draft, command: c.AdviseRequester) -> None:
    """Send whoever escalated guidance; it stands on the timeline and goes to them."""
    permissions.require_person(command.by, "advise_requester")
    permissions.require_member(draft.state, command.by)
    advise(draft, command.text)


def advise(draft: Draft, text: str) -> None:
    """Record advice for whoever escalated."""
    state = draft.state
    if kind_of(state.requested_by) in (ActorKind.CUSTOMER, ActorKind.SYSTEM) or state.requested_by == draft.by:
        raise NotAllowed(
            f"{state.requested_by} asked for {state.id}: guidance is for a colleague, an AI or a service that escalated"
        )
    draft.record(e.AdviceGiven, to=state.requested_by, text=text)
