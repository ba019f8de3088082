"""``decide(state, command, now)``: what a command causes. All rules are reached from the one table here.

A rule records events or raises a ``DomainError``. What follows from events, whoever caused them, is done afterwards in
one place: leaving triage, opening and voiding gates, applying decisions that came early, stopping clocks, starting the
review, closing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from escalation.errors import DomainError, NotNow
from escalation.lifecycle import (
    agenda,
    approval,
    assignment,
    clocks,
    closing,
    handoff,
    information,
    permissions,
    resolution,
    review,
    triage,
    work_items,
)
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.values import ENGINE, ActorKind, kind_of


def decide(state: Escalation, command: c.Command, now: datetime) -> list[e.Event]:
    """Return what a command causes, as events in order; empty when it changes nothing. See ``advance``."""
    return advance(state, command, now)[1]


def advance(state: Escalation, command: c.Command, now: datetime) -> tuple[Escalation, list[e.Event]]:
    """Decide and evolve at once: the state after a command, and the events that lead there.

    The rules see the state that each of their events makes, so it is there already; ``reduce(evolve, events, state)``
    is the same state.

    Pure: the same state, command and instant give the same events.

    Args:
        state: as the events so far have made it.
        command: of a person, a service, time, or an action's result.
        now: the present instant, with a time zone.

    Raises:
        DomainError: a rule refuses the command; the message says why and what would be possible.
        RequestRefused: a request to open does not fit its playbook.
    """
    if isinstance(command, c.Act):
        if command.command_id and was_accepted(state, command.command_id):
            return state, []
        if not isinstance(command, c.Cancel):
            # The engine itself cancels when the run is cancelled in Temporal; the shell refuses that from outside.
            permissions.refuse_engine(command.by)
        _require_open(state)
    elif state.ended and not isinstance(command, _AFTER_THE_END):
        return state, []
    draft = Draft(state, command.by, now, (command.command_id or "") if isinstance(command, c.Act) else "")
    if isinstance(command, c.Act) and must_wait(state, command):
        draft.record(e.CommandHeld, command=_NAMES[type(command)], content=command.model_dump_json())
        return draft.state, draft.events
    _RULES[type(command)](draft, command)
    if draft.events:
        _follow_up(draft, command)
    return draft.state, draft.events


def was_accepted(state: Escalation, command_id: str) -> bool:
    """Tell whether a command with this id was accepted before."""
    return any(remembered.command_id == command_id for remembered in state.remembered)


def _require_open(state: Escalation) -> None:
    if state.ended:
        raise NotNow(f"{state.id} has ended: {state.outcome} at {state.closed_at:%Y-%m-%d %H:%M:%S %Z}")
    if state.opened_at is None:
        raise NotNow(f"{state.id} has not been opened yet")


# --- decisions that arrive before what they are about -----------------------------------------------------------------


def must_wait(state: Escalation, command: c.Act) -> bool:
    """Tell whether a person's decision came before the round or gate it is about knows who may decide."""
    if kind_of(command.by) is not ActorKind.PERSON:
        return False
    if isinstance(command, c.Acknowledge | c.Claim | c.Decline):
        return state.rung is not None and not state.rung.resolved and command.by not in state.people
    if isinstance(command, c.Approve | c.Reject | c.RequestChanges):
        return _gate_to_come(state, command.gate)
    return False


def _gate_to_come(state: Escalation, gate_id: str | None) -> bool:
    if gate_id is None:
        if state.pending_gates or len(state.playbook.gates) != 1:
            return any(not gate.resolved for gate in state.pending_gates[:1]) and len(state.pending_gates) == 1
        gate_id = state.playbook.gates[0].id
    if state.playbook.gate(gate_id) is None:
        return False
    gate = state.gates.get(gate_id)
    if gate is None:
        return state.review is None
    return gate.state == "pending" and not gate.resolved


def _release_held(draft: Draft) -> None:
    position = 0
    while position < len(draft.state.held):
        held = draft.state.held[position]
        command = c.COMMANDS[held.command].model_validate_json(held.content, extra="ignore")
        if not draft.state.ended and must_wait(draft.state, command):
            position += 1
            continue
        refused = ""
        trial = Draft(draft.state, command.by, draft.now)
        try:
            _require_open(draft.state)
            _RULES[type(command)](trial, command)
        except DomainError as error:
            refused = str(error)
        draft.record(e.HeldReleased, by=command.by, position=position, command=held.command, refused=refused)
        if not refused:
            author, draft.by = draft.by, command.by
            _RULES[type(command)](draft, command)
            draft.by = author


_AFTER_THE_END = (c.Open, c.Delivered, c.NotDelivered, c.CaseOpened, c.CaseNotOpened, c.SignalRefused)
"""A repeat; what became of the last messages, and signals that came too late: they are recorded however late."""

# --- what follows, whoever caused it ----------------------------------------------------------------------------------

_BEARS_ON_GATES = (
    e.Opened,
    e.Joined,
    e.InputProvided,
    e.ExceptionUsed,
    e.FactsChanged,
    e.SeverityChanged,
    e.LevelEntered,
    e.OwnerChanged,
    e.ResolutionProposed,
    e.ResolutionConfirmed,
    e.ResolutionRejected,
)


def _follow_up(draft: Draft, command: c.Command) -> None:
    if any(isinstance(event, _BEARS_ON_GATES) for event in draft.events):
        approval.reconcile(draft)
    if draft.state.held:
        _release_held(draft)
    if draft.state.opened and draft.state.level is None:
        triage.proceed(draft)
    review.begin_when_confirmed(draft)
    clocks.follow(draft, command)
    review.close_when_done(draft)
    if draft.state.ended and draft.state.held:
        _release_held(draft)


# --- results of actions -----------------------------------------------------------------------------------------------


def _people_found(draft: Draft, command: c.PeopleFound) -> None:
    draft.record(e.PeopleResolved, purpose=command.purpose, found=command.found)
    rung = draft.state.rung
    if rung is not None and command.purpose == f"rung:{rung.id}":
        assignment.over_when_nobody_is_left(draft)


def _delivered(draft: Draft, command: c.Delivered) -> None:
    draft.record(e.MessageDelivered, key=command.key, to=command.to, rung=command.rung, receipt=command.receipt)


def _case_opened(draft: Draft, command: c.CaseOpened) -> None:
    draft.record(e.CaseLinked, link=command.link)
    snapshot = command.link.snapshot
    customer = draft.state.customer
    if snapshot is not None and snapshot.tier and customer is not None and not customer.tier:
        # The CRM knows the tier that the requester did not: a new fact like any other.
        change = c.ChangeFacts(by=draft.state.requested_by, facts={"customer.tier": snapshot.tier})
        information.change_facts(draft, change)


def _case_not_opened(draft: Draft, command: c.CaseNotOpened) -> None:
    draft.record(e.CaseFailed, error=command.error)


def _signal_refused(draft: Draft, command: c.SignalRefused) -> None:
    draft.record(e.CommandRefused, by=ENGINE, command=command.name, because=command.error)


_NAMES: dict[type, str] = {command: name for name, command in c.COMMANDS.items()}

_RULES: dict[type, Callable[[Draft, Any], None]] = {
    c.Open: triage.open_or_join,
    c.TimePassed: lambda draft, _: agenda.pass_time(draft),
    c.PeopleFound: _people_found,
    c.Delivered: _delivered,
    c.NotDelivered: assignment.undelivered,
    c.CaseOpened: _case_opened,
    c.CaseNotOpened: _case_not_opened,
    c.SignalRefused: _signal_refused,
    c.Acknowledge: assignment.acknowledge,
    c.Claim: assignment.claim,
    c.Decline: assignment.decline,
    c.Reassign: handoff.reassign,
    c.OfferHandoff: handoff.offer,
    c.AcceptHandoff: handoff.accept,
    c.DeclineHandoff: handoff.decline,
    c.Escalate: handoff.escalate,
    c.ChangeSeverity: information.change_severity,
    c.ChangeFacts: information.change_facts,
    c.Note: information.note,
    c.Attach: information.attach,
    c.ProvideInput: information.provide_input,
    c.PutOnHold: resolution.hold,
    c.Resume: resolution.resume,
    c.Approve: approval.approve,
    c.Reject: approval.reject,
    c.RequestChanges: approval.request_changes,
    c.Resolve: resolution.resolve,
    c.ConfirmResolution: resolution.confirm,
    c.RejectResolution: resolution.reject,
    c.AddItem: work_items.add_item,
    c.CompleteItem: work_items.complete,
    c.SubmitReview: review.submit,
    c.Rate: closing.rate,
    c.SubmitFeedback: closing.submit_feedback,
    c.Cancel: closing.cancel,
}
