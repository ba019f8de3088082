"""What becomes known while it is open: facts, missing input, severity, notes, attachments.

Whatever changes a fact has the triggers evaluated again: a decision is never a one-off at intake.
"""

from typing import Any

from escalation.errors import NotAllowed, NotNow, Unknown
from escalation.lifecycle import facts, permissions, resolution, triggers
from escalation.lifecycle.approvals import lowering
from escalation.lifecycle.case import needs, packet, severity
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.ladder import paths, powers
from escalation.lifecycle.timeline.mentions import mentioned
from escalation.lifecycle.timing import clocks
from escalation.lifecycle.work import action_lines
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.request import Context, Turn
from escalation.values import Actor, ActorKind, kind_of


def change_facts(draft: Draft, command: c.ChangeFacts) -> None:
    """State facts anew."""
    permissions.require_member_or_requester(draft.state, command.by)
    facts.check_stated(draft.state, command.facts)
    if "reason" in command.facts:  # why it is handed up is said by whoever may
        powers.require(draft.state, command.by, str(command.facts["reason"]), paths.following(draft.state))
    stated = needs.as_stated_by(draft.state, command.by, command.facts)
    draft.record(e.FactsChanged, facts=stated, because=command.because)
    packet.catch_up(draft, Context(), None)
    triggers.settle(draft, packet.FACTS | command.facts.keys())


def provide_input(draft: Draft, command: c.ProvideInput) -> None:
    """Supply parts of the packet; when nothing is missing any more, it goes on at once."""
    state = draft.state
    if command.by != state.requested_by:  # who was asked for it may answer, whomever it is about
        permissions.require_member_or_requester(state, command.by)
    facts.check_stated(state, command.facts)
    given: dict[str, Any] = {
        "summary": command.summary,
        "impact": command.impact,
        "constraints": command.constraints,
        "help_needed": command.help_needed,
        "attempted_solutions": command.attempted_solutions,
        "conversation": command.conversation,
        "customer": command.customer if state.customer is None else None,
        "attachments": command.attachments,
        "facts": needs.as_stated_by(state, command.by, command.facts),
    }
    if not any(given.values()):
        raise NotNow(f"nothing was supplied; still missing: {', '.join(state.missing) or 'nothing'}")
    packet.supply(draft, given, source=command.source)
    triggers.settle(draft, packet.FACTS | command.facts.keys())


def change_severity(draft: Draft, command: c.ChangeSeverity) -> None:
    """Set another severity; clocks are computed again and rules that read it are evaluated.

    A milder one waits for its approval where the playbook wants one.
    """
    permissions.require_person(command.by, "change_severity")
    state = draft.state
    permissions.require_member(state, command.by)
    level = state.playbook.severity.find(command.severity)
    if level is None:
        names = ", ".join(known.name for known in state.playbook.severity.scale)
        raise Unknown(f"severity {command.severity} is not on the scale of {state.playbook.playbook}: {names}")
    if level.name == state.severity:
        raise NotNow(f"the severity of {state.id} is {level.name} already")
    if lowering.needs_approval(state, level.name):
        lowering.ask(draft, level.name, command.because)
        return
    severity.change(draft, level.name, command.because)
    triggers.settle(draft, severity.FACTS)


def change_due(draft: Draft, command: c.ChangeDue) -> None:
    """Set another due date, or take it away; the clocks that run to it are computed again."""
    state = draft.state
    permissions.require_member_or_requester(state, command.by)
    if command.due_at == state.due_at:
        raise NotNow(
            f"{state.id} {f'is due {state.due_at:%Y-%m-%d %H:%M %Z}' if state.due_at else 'has no due date'} already"
        )
    if command.due_at is not None and command.due_at <= draft.now:
        raise NotAllowed(f"the due date has passed already: {command.due_at:%Y-%m-%d %H:%M %Z}")
    if command.due_at is not None and (problem := facts.due_problem(command.due_at, draft.now)):
        raise NotAllowed(f"due_at {problem}")
    draft.record(e.DueChanged, previous=state.due_at, due_at=command.due_at, because=command.because)
    clocks.due_date_moved(draft)


def note(draft: Draft, command: c.Note) -> None:
    """Write on the timeline. What a customer writes is searched for keywords, and speaks against a proposed resolution.

    Whatever they write: who is content confirms, and whether "thanks, but ..." is a no is not for the engine to tell.
    """
    permissions.require_involved(draft.state, command.by)
    state = draft.state
    if kind_of(command.by) is not ActorKind.CUSTOMER:
        # Before mentions were known, a name in a note told nobody, and what was recorded has to stay so.
        draft.record(e.NoteAdded, text=command.text, mentions=mentioned(command.text) if state.rules >= 1 else ())
        action_lines.follow(draft, command.text)
        return
    customer_wrote(draft, command.by, command.text)


def customer_wrote(draft: Draft, by: Actor, text: str) -> None:
    """Take what the customer wrote; ``by`` is the service that passed it on where nobody knows which customer it is."""
    state = draft.state
    said = facts.heard(state.playbook, [Turn(author="customer", text=text)], state.customer)
    passed_on = kind_of(by) is not ActorKind.CUSTOMER
    draft.record(e.NoteAdded, by=by, text=text, words=said, from_customer=passed_on)
    resolution.contradicted(draft, by, "the customer wrote while the resolution waited to be confirmed")
    triggers.settle(draft, {"keywords"})


def attach(draft: Draft, command: c.Attach) -> None:
    """Attach a reference to outside material."""
    permissions.require_involved(draft.state, command.by)
    draft.record(e.Attached, attachment=command.attachment)
