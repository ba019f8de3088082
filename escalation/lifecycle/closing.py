"""Ends that are not the review's: cancelling, and what people say of how it went."""

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle import permissions, summaries
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.incident.mode import require_stood_down
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.values import ActorKind, kind_of


def cancel(draft: Draft, command: c.Cancel) -> None:
    """End it without a resolution; everybody who was told hears of it and the ticket is closed."""
    state, kind = draft.state, kind_of(command.by)
    if kind is not ActorKind.SYSTEM:
        permissions.require_member_or_requester(state, command.by)
    if kind is ActorKind.AGENT and state.owner is not None:
        raise NotAllowed(
            f"{state.owner.actor} owns {state.id}, and an AI does not end what a person works on; tell them"
        )
    if kind is not ActorKind.SYSTEM:
        require_stood_down(state, "cancelled")
    if kind is not ActorKind.SYSTEM and state.unreviewed:
        used = state.unreviewed[0]
        raise NotNow(
            f"{used.by} used the exception procedure ({used.skipped} skipped) and nobody has looked at it yet; "
            f"{state.id} is ended after that"
        )
    summaries.missed(draft, "it was cancelled")
    draft.record(e.Cancelled, because=command.because)


def rate(draft: Draft, command: c.Rate) -> None:
    """Rate how well it was prepared and documented: each hand-off once, by its receiver."""
    permissions.require_person(command.by, "rate")
    permissions.require_member(draft.state, command.by)
    handoff, giver = _rated(draft.state, command)
    if any((score.by, score.handoff) == (command.by, handoff) for score in draft.state.ratings):
        raise AlreadyDone(
            f"{command.by} has rated {f'hand-off {handoff} of ' if handoff else ''}{draft.state.id} already"
        )
    draft.record(e.Rated, score=command.score, comment=command.comment, handoff=handoff, giver=giver)


def _rated(state: Escalation, command: c.Rate) -> tuple[str, str]:
    """Return which hand-off is rated, and who prepared it; none: how it was opened, by whoever asked for it."""
    received = {each.id: each for each in state.ownership.passed if each.receiver == command.by}
    if command.handoff is None:
        latest = next(reversed(received.values()), None)
        return (latest.id, latest.giver) if latest is not None else ("", state.requested_by)
    passed = received.get(command.handoff)
    if passed is None:
        mine = ", ".join(received) or "none"
        raise NotAllowed(f"a hand-off is rated by its receiver: {command.by} received {mine}, not {command.handoff}")
    return passed.id, passed.giver


def submit_feedback(draft: Draft, command: c.SubmitFeedback) -> None:
    """Record the customer's satisfaction; once."""
    state = draft.state
    if not permissions.is_customer(state, command.by) and command.by != state.requested_by:
        raise NotAllowed(f"only the customer of {state.id}, or {state.requested_by} on their behalf, can give feedback")
    if state.feedback is not None:
        raise AlreadyDone(f"feedback on {state.id} was given already by {state.feedback.by}")
    draft.record(e.FeedbackGiven, score=command.score, comment=command.comment)
