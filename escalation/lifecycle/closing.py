"""Ends that are not the review's: cancelling, and what people say of how it went."""

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle import approval, permissions
from escalation.lifecycle.case import links
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.hindsight import feedback
from escalation.lifecycle.incident.mode import require_stood_down
from escalation.lifecycle.statements import summaries
from escalation.lifecycle.timeline.unfinished import unfinished
from escalation.lifecycle.work import work_items
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
    if kind is not ActorKind.SYSTEM and state.approval_reviews:
        review = state.approval_reviews[0]
        raise NotNow(f"approval {review.gate} is to be looked at and nobody has yet; {state.id} is ended after that")
    work_items.settle_before_end(draft, command)
    summaries.missed(draft, "it was cancelled")
    draft.record(e.Cancelled, because=command.because)


def close(draft: Draft, command: c.Close) -> None:
    """Close without waiting for more opinions; refused with everything else that is open, and whose it is."""
    permissions.require_person(command.by, "close")
    state = draft.state
    permissions.require_member(state, command.by)
    points = open_points(state)
    if points:
        raise NotNow(f"{state.id} cannot be closed yet; open: {'; '.join(points)}")
    # What is open besides is that somebody says how it went: without it the escalation closes by itself.
    feedback.end(draft, f"closed by {command.by} without waiting for more answers")


def open_points(state: Escalation) -> list[str]:
    """Name everything that has to be done before it closes, and whose it is."""
    points = []
    for gate in approval.blocking(state, "assignment", "resolution", "review"):
        whose = ", ".join(gate.people) or "its approvers"
        points.append(f"approval {gate.id} is {gate.state} ({whose if gate.state == 'pending' else gate.because})")
    review = state.review
    if review is None:
        who = f"customer:{state.customer.id}" if state.customer_confirms and state.customer else state.requested_by
        how = f"confirmed by {who}" if state.resolution_state == "proposed" else f"found by {state.accountable}"
        points.append(f"the resolution is to be {how}")
    elif review.submitted_by is None:
        points.append(f"the review is to be submitted by {state.accountable}, due {review.next_due:%Y-%m-%d %H:%M %Z}")
    for item in state.open_items:
        of = f" (change of lesson {item.lesson})" if item.lesson else ""
        points.append(f"{item.kind} item {item.id} of {item.owner}{of}, due {item.due:%Y-%m-%d %H:%M %Z}")
    points += [
        f"the use of the exception procedure by {used.by} is to be looked at"
        for used in state.unreviewed
        if all(item.bypass != used.id for item in state.open_items)
    ]
    points += [
        f"the owner of an action item of automation {task.automation} is being looked up"
        for task in state.automation_tasks.values()
        if task.due is not None
    ]
    points += [
        f"approval {given.gate} is to be looked at, and by whom is being looked up" for given in state.reviews_to_assign
    ]
    points += [f"{other} below it is open" for other in links.open_children(state)]
    points += [f"{each} is not over" for each in unfinished(state)]
    talk = state.communication
    unfiled = talk.unfiled if talk is not None else ()
    points += [
        f"follow-up {each.id} to the customer, due {each.next_due:%Y-%m-%d %H:%M %Z}"
        for each in (talk.follow_ups.values() if talk is not None else ())
        if each.next_due is not None
    ]
    points += [f"summary {summary.id} is to be filed by {state.accountable}" for summary in unfiled]
    return points


def rate(draft: Draft, command: c.Rate) -> None:
    """Rate how well it was prepared and documented: each hand-off once, by its receiver."""
    permissions.require_person(command.by, "rate")
    permissions.require_member(draft.state, command.by)
    handoff, giver = _rated(draft.state, command)
    if any((score.by, score.handoff) == (command.by, handoff) for score in draft.state.ratings):
        raise AlreadyDone(
            f"{command.by} has rated {f'hand-off {handoff} of ' if handoff else ''}{draft.state.id} already"
        )
    draft.record(
        e.Rated,
        score=command.score,
        comment=command.comment,
        preparation=command.preparation,
        documentation=command.documentation,
        handoff=handoff,
        giver=giver,
    )
    if command.advice:
        feedback.advise(draft, command.advice)


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
    draft.record(
        e.FeedbackGiven,
        score=command.score,
        comment=command.comment,
        improvement=command.improvement,
        via=command.via or "",
    )
