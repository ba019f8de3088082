"""``decide(state, command, now)``: what a command causes. All rules are reached from the one table here.

A rule records events or raises a ``DomainError``. What follows from events, whoever caused them, is done afterwards in
one place: leaving triage, opening and voiding gates, applying decisions that came early, stopping clocks, starting the
review, closing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from escalation.errors import AlreadyDone, DomainError, NotNow, TooLarge
from escalation.lifecycle import (
    agenda,
    approval,
    assignment,
    automations,
    bypass,
    clocks,
    closing,
    critical,
    dwell,
    handoff,
    hours,
    information,
    links,
    lowering,
    packet,
    permissions,
    recovery,
    recusal,
    replies,
    resolution,
    review,
    silence,
    summaries,
    triage,
    triggers,
    updates,
    work_items,
)
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import Facts, basis_of, derive, problems, reads
from escalation.lifecycle.needs import concerned
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.parts import Remembered
from escalation.model.state import Escalation
from escalation.playbook.schema import GatePolicy
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
        if accepted_before(state, command) is not None:
            return state, []
        if not isinstance(command, c.Cancel):
            # The engine itself cancels when the run is cancelled in Temporal; the shell refuses that from outside.
            permissions.refuse_engine(command.by)
        require_open(state)
    elif state.ended and not _counts_after_the_end(command):
        return state, []
    draft = Draft(state, command.by, now, _identity(command) if isinstance(command, c.Act) else "")
    if isinstance(command, c.Act) and must_wait(state, command):
        _keep(draft, command)
        return draft.state, draft.events
    _RULES[type(command)](draft, command)
    if draft.events:
        _follow_up(draft, command)
    if isinstance(command, _GROWS):
        _require_room(draft, command)
    return draft.state, draft.events


MOST_BYTES = 1_200_000
"""How large a state may become, as JSON, without its latest events: continue-as-new has to carry it (2 MiB)."""

_GROWS = (c.ProvideInput, c.AddItem, c.SubmitReview, c.ChangeFacts, c.PutOnHold, c.PostUpdate)
"""Commands whose words stay in the state for good."""


_LARGE, _EVERY = 4_000, 16
"""A command over so many bytes is measured at once; smaller ones only every so many events, since measuring is slow."""


def _require_room(draft: Draft, command: c.Act) -> None:
    state = draft.state
    if len(command.model_dump_json()) < _LARGE and state.seq // _EVERY == draft.before.seq // _EVERY:
        return
    size = len(state.model_dump_json(exclude={"tail", "playbook"}).encode())
    if size > MOST_BYTES:
        raise TooLarge(
            f"with this {state.id} would hold {size:,} bytes and the limit is {MOST_BYTES:,}; store large material "
            "elsewhere and attach its URL"
        )


def accepted_before(state: Escalation, command: c.Act) -> Remembered | None:
    """Return when the same command of the same actor with the same id was accepted; None when it was not."""
    identity = _identity(command)
    return next((known for known in state.remembered if identity and known.command == identity), None)


def _identity(command: c.Act) -> str:
    # Bound to who and what: an id that two people, or two kinds of command, happen to share hides nothing.
    return f"{_NAMES[type(command)]}/{command.by}/{command.command_id}" if command.command_id else ""


def require_open(state: Escalation) -> None:
    """Refuse what is said to one that has ended, or was never opened.

    Raises:
        NotNow: saying which.
    """
    if state.ended:
        raise NotNow(f"{state.id} has ended: {state.outcome} at {state.closed_at:%Y-%m-%d %H:%M:%S %Z}")
    if state.opened_at is None:
        raise NotNow(f"{state.id} has not been opened yet")


# --- decisions that arrive before what they are about -----------------------------------------------------------------


def must_wait(state: Escalation, command: c.Act) -> bool:
    """Tell whether a person's decision came before the round or gate it is about knows who may decide."""
    if kind_of(command.by) is not ActorKind.PERSON:
        return False
    if isinstance(command, _TAKING):
        if state.rung is None or state.rung.resolved:
            return False
        return isinstance(command, c.Decline) or command.by not in state.people
    if isinstance(command, _DECIDING):
        return _gate_to_come(state, command.gate) is not None
    return False


_TAKING = (c.Acknowledge, c.Claim, c.Decline)
_DECIDING = (c.Approve, c.Reject, c.RequestChanges)


def _gate_to_come(state: Escalation, gate_id: str | None) -> GatePolicy | None:
    """Return the gate that a decision is about, while it is not open yet or does not know its approvers."""
    if gate_id is None:
        pending = state.pending_gates
        if len(pending) > 1 or (not pending and len(state.playbook.gates) != 1):
            return None
        gate_id = pending[0].id if pending else state.playbook.gates[0].id
    policy, gate = state.playbook.gate(gate_id), state.gates.get(gate_id)
    if policy is None or (gate is None and (state.review is not None or _is_past(state, policy))):
        return None
    return policy if gate is None or (gate.state == "pending" and not gate.resolved) else None


def _is_past(state: Escalation, policy: GatePolicy) -> bool:
    if policy.before == "lowering":
        return state.lowering is None
    return policy.before == "assignment" and state.level is not None


def _as_seen(state: Escalation, command: c.Act) -> c.Act:
    """Bind an early approval or rejection to what it would decide on now: it must not count for anything else."""
    if not isinstance(command, c.Approve | c.Reject) or command.digest is not None:
        return command
    policy = _gate_to_come(state, command.gate)
    if policy is None:
        return command
    return command.changed({"digest": approval.subject_digest(state, policy, derive(basis_of(state)))})


MOST_HELD = 100
"""How many early decisions are kept at once: there are never so many people who may decide."""


def _keep(draft: Draft, command: c.Act) -> None:
    name, content = _NAMES[type(command)], _as_seen(draft.state, command).model_dump_json(exclude={"command_id"})
    if any((held.command, held.content) == (name, content) for held in draft.state.held):
        raise AlreadyDone(f"your {name} came early and is kept already; it is applied as soon as it can be")
    if len(draft.state.held) >= MOST_HELD:
        raise NotNow(f"{draft.state.id} keeps {MOST_HELD} early decisions already; send yours again when you are asked")
    draft.record(e.CommandHeld, command=name, content=content)


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
            require_open(draft.state)
            _RULES[type(command)](trial, command)
        except DomainError as error:
            refused = str(error)
        draft.record(e.HeldReleased, by=command.by, position=position, command=held.command, refused=refused)
        if not refused:
            author, draft.by = draft.by, command.by
            _RULES[type(command)](draft, command)
            draft.by = author


_AFTER_THE_END = (c.Open, c.Delivered, c.NotDelivered, c.CaseOpened, c.CaseNotOpened, c.CaseNotUpdated, c.SignalRefused)


def _counts_after_the_end(command: c.Command) -> bool:
    """A repeat; the last messages, who is to have them and what became of them; signals that came too late."""
    if isinstance(command, c.PeopleFound):
        return command.purpose.startswith(("tell:", "automation:"))
    return isinstance(command, _AFTER_THE_END)


# --- what follows, whoever caused it ----------------------------------------------------------------------------------

_BEARS_ON_GATES = {
    e.Opened,
    e.Joined,
    e.InputProvided,
    e.ExceptionUsed,
    e.FactsChanged,
    e.SeverityChanged,
    e.SeverityLoweringAsked,
    e.LevelEntered,
    e.OwnerChanged,
    e.ResolutionProposed,
    e.ResolutionConfirmed,
    e.ResolutionRejected,
}


def _follow_up(draft: Draft, command: c.Command) -> None:
    packet.let_through(draft)
    silence.broken(draft, command)
    _reconcile_since(draft, 0)
    if draft.state.held:
        seen = len(draft.events)
        _release_held(draft)
        _reconcile_since(draft, seen)
    if draft.state.lowering is not None:
        seen = len(draft.events)
        lowering.settle(draft)
        _reconcile_since(draft, seen)
    if draft.state.opened and draft.state.level is None:
        triage.proceed(draft)
    recovery.follow(draft)
    recusal.follow(draft)
    _settle_level(draft)
    review.begin_when_confirmed(draft)
    critical.follow(draft)
    _automate(draft)
    clocks.follow(draft, command)
    updates.follow(draft)
    closing_from = len(draft.events)
    review.close_when_done(draft)
    automations.follow(draft, closing_from)
    dwell.follow(draft)
    if draft.state.ended and draft.state.held:
        _release_held(draft)
    links.follow(draft)


def _automate(draft: Draft) -> None:
    """Let the automations run for what has happened, and see to what follows from that; it starts no others."""
    if not draft.state.playbook.automations:
        return
    seen, level = len(draft.events), draft.state.level
    automations.follow(draft)
    if len(draft.events) == seen:
        return
    packet.let_through(draft)
    _reconcile_since(draft, seen)
    if draft.state.opened and draft.state.level is None:
        triage.proceed(draft)
    recovery.follow(draft)
    if draft.state.level != level:
        _settle_level(draft)
    review.begin_when_confirmed(draft)
    critical.follow(draft)


def _reconcile_since(draft: Draft, seen: int) -> None:
    if not _BEARS_ON_GATES.isdisjoint(map(type, draft.events[seen:])):
        approval.reconcile(draft)


def _settle_level(draft: Draft) -> None:
    """The level is a fact too: what reads it is evaluated again, at each level that this leads to."""
    if "level" not in reads(draft.state.playbook):
        return
    known = draft.before.level
    while (level := draft.state.level) is not None and (known is None or level.id != known.id):
        known = level
        seen = len(draft.events)
        triggers.settle(draft, {"level"})
        _reconcile_since(draft, seen)


# --- results of actions -----------------------------------------------------------------------------------------------


def _people_found(draft: Draft, command: c.PeopleFound) -> None:
    rung, found = draft.state.rung, command.found
    kind, _, reference = command.purpose.partition(":")
    calls = rung is not None and rung.id == reference and kind in ("rung", "hours")
    if calls and kind == "hours":
        found = hours.fresh(draft.state, found)
    task = draft.state.automation_tasks.get(reference) if kind == "automation" else None
    draft.record(e.PeopleResolved, purpose=command.purpose, found=found)
    if task is not None:
        automations.found(draft, task, found)
    if found.unknown:
        recusal.unknown(draft, found.unknown)
    if calls:
        if kind == "rung":  # once for each round: who is found at the release is told, whatever their own hours
            hours.hold(draft, found)
        assignment.over_when_nobody_is_left(draft)
    elif kind == "gate" and concerned(draft.state):
        approval.reconcile(draft)  # whom it is about may have become known while they were looked up
    elif kind == bypass.ALLOWED and reference:
        bypass.to_review(draft, reference, found)


def _delivered(draft: Draft, command: c.Delivered) -> None:
    draft.record(e.MessageDelivered, key=command.key, to=command.to, rung=command.rung, receipt=command.receipt)


def _case_opened(draft: Draft, command: c.CaseOpened) -> None:
    draft.record(e.CaseLinked, link=command.link)
    state, snapshot = draft.state, command.link.snapshot
    known = state.facts.get("customer.tier") or (state.customer is not None and state.customer.tier)
    if snapshot is None or not snapshot.tier or known or state.ended:
        return
    # The CRM knows the tier that the requester did not: a new fact like any other.
    tier: Facts = {"customer.tier": snapshot.tier}
    wrong = problems(state.playbook, tier)
    if wrong:
        draft.record(e.NoteAdded, text=f"The tier that {snapshot.system} names is not used: {wrong[0][1]}.")
        return
    draft.record(e.FactsChanged, facts=tier, because=f"{snapshot.system} says so")
    triggers.settle(draft, tier.keys())


def _case_not_opened(draft: Draft, command: c.CaseNotOpened) -> None:
    draft.record(e.CaseFailed, error=command.error)


def _case_updated(draft: Draft, command: c.CaseUpdated) -> None:
    """Only the question to the customer bears on what comes; that the rest was mirrored would only fill the history."""
    proposed = draft.state.resolution
    if proposed is not None and proposed.asked_at is None and command.public and draft.state.is_question(command.key):
        draft.record(e.QuestionPublished, key=command.key)


def _case_not_updated(draft: Draft, command: c.CaseNotUpdated) -> None:
    draft.record(e.CaseUpdateFailed, key=command.key, error=command.error)


def _signal_refused(draft: Draft, command: c.SignalRefused) -> None:
    draft.record(e.CommandRefused, by=ENGINE, command=command.name, because=command.error, sender=command.sender)


_NAMES: dict[type, str] = {command: name for name, command in c.COMMANDS.items()}

_RULES: dict[type, Callable[[Draft, Any], None]] = {
    c.Open: triage.open_or_join,
    c.TimePassed: lambda draft, _: agenda.pass_time(draft),
    c.PeopleFound: _people_found,
    c.Delivered: _delivered,
    c.NotDelivered: assignment.undelivered,
    c.CaseOpened: _case_opened,
    c.CaseNotOpened: _case_not_opened,
    c.CaseUpdated: _case_updated,
    c.CaseNotUpdated: _case_not_updated,
    c.RecoveryRan: recovery.ended,
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
    c.ChangeDue: information.change_due,
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
    c.Bypass: bypass.use,
    c.PostUpdate: updates.post,
    c.PostponeUpdate: updates.postpone,
    c.Reply: replies.reply,
    c.FileSummary: summaries.file,
    c.Link: links.link,
    c.Unlink: links.unlink,
    c.LinkHeard: links.heard,
    c.LinkTold: lambda *_: None,
    c.LinkNotTold: links.not_told,
}
