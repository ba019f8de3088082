"""What the events of opening change: the request, its receipt, what was missing, facts and severity."""

from escalation.lifecycle.case.needs import CONCERNS, concerned
from escalation.lifecycle.changes.common import Change, Changes, latest, new, with_
from escalation.lifecycle.targets import being_called
from escalation.model import events as e
from escalation.model.parts import InputRequest, Lowering
from escalation.model.request import Outcome, Receipt
from escalation.model.state import Escalation
from escalation.playbook.facts import FactValue
from escalation.playbook.schema import ContextPart


def _opened(state: Escalation, event: e.Opened) -> Changes:
    return {
        "opened_at": event.at,
        "source": event.source,
        "dedup_key": event.dedup_key,
        "case": event.case,
        "customer": event.customer,
        "initiation": event.initiation,
        "timing": event.timing,
        "requested_by": event.requested_by,
        "reason": event.reason,
        "repeat_of": event.repeat_of,
        "occurrences": 1,
        "facts": event.facts,
        "context": event.context,
        "words": event.words,
        "missing": event.missing,
        "exception": event.exception,
        "severity": event.severity,
        "reasons": event.reasons,
        "first_level": event.level,
        "due_at": event.due_at,
        "facts_since": event.facts_since,
    }


def _declined(state: Escalation, event: e.Declined) -> Changes:
    return {
        "opened_at": event.at,
        "closed_at": event.at,
        "source": event.source,
        "dedup_key": event.dedup_key,
        "case": event.case,
        "initiation": event.initiation,
        "timing": event.timing,
        "requested_by": event.requested_by,
        "facts": event.facts,
        "severity": event.severity,
        "outcome": "declined",
        "outcome_because": event.because,
    }


def _joined(state: Escalation, event: e.Joined) -> Changes:
    changes: Changes = {
        "occurrences": state.occurrences + 1,
        "facts": {**state.facts, **event.facts},
        "words": _with_words(state, event.words),
    }
    if event.conversation:
        both = (*state.context.conversation, *event.conversation)
        changes["context"] = with_(state.context, conversation=both)
    return changes


def _with_words(state: Escalation, fresh: e.Words) -> e.Words:
    return {
        name: tuple(dict.fromkeys((*state.words.get(name, ()), *fresh.get(name, ())))) for name in state.words | fresh
    }


def _note_added(state: Escalation, event: e.NoteAdded) -> Changes:
    return {"words": _with_words(state, event.words)} if event.words else {}


def _receipted(state: Escalation, event: e.Receipted) -> Changes:
    receipt = new(
        Receipt,
        outcome=event.outcome,
        escalation_id=state.id,
        request_id=event.request_id,
        reasons=state.reasons,
        severity=state.severity,
        severity_rank=state.severity_rank if state.severity else None,
        level=state.level.id if state.level else state.first_level,
        owner="" if event.outcome is Outcome.DECLINED else state.accountable,
        called=being_called(state),
        missing=state.missing,
        because=event.because,
        occurrences=state.occurrences,
        playbook=state.playbook.playbook,
        playbook_digest=state.playbook_digest,
        at=event.at,
        holder=state.holder,
        request_digest=event.request_digest,
    )
    return {"answers": latest(state.answers, event.request_id, receipt)}


def _reasons_added(state: Escalation, event: e.ReasonsAdded) -> Changes:
    return {"reasons": (*state.reasons, *event.reasons)}


def _input_requested(state: Escalation, event: e.InputRequested) -> Changes:
    return {"input_request": InputRequest(parts=event.parts, of=event.of, due=event.due)}


def _input_provided(state: Escalation, event: e.InputProvided) -> Changes:
    given = {
        name: getattr(event, name)
        for name in ("summary", "impact", "constraints", "help_needed")
        if getattr(event, name)
    }
    if event.attempted_solutions:
        given["attempted_solutions"] = (*state.context.attempted_solutions, *event.attempted_solutions)
    if event.conversation:
        given["conversation"] = (*state.context.conversation, *event.conversation)
    if event.attachments:
        given["attachments"] = (*state.context.attachments, *event.attachments)
    return {
        "context": with_(state.context, **given),
        "customer": state.customer or event.customer,
        "words": _with_words(state, event.words),
        **_stated(state, event.facts),
        "missing": event.still_missing,
        "input_request": None if event.answered else _still_asked(state, event),
        "exception": "" if event.answered else state.exception,
    }


def _still_asked(state: Escalation, event: e.InputProvided) -> InputRequest | None:
    asked = state.input_request
    if asked is None:
        return None
    return with_(asked, parts=tuple(part for part in event.still_missing if part != ContextPart.CRM_SNAPSHOT))


def _exception_used(state: Escalation, event: e.ExceptionUsed) -> Changes:
    exception = {"exception": event.because, "exception_grounds": event.grounds}
    return {**exception, "missing": event.missing, "input_request": None}


def _facts_changed(state: Escalation, event: e.FactsChanged) -> Changes:
    changes = _stated(state, event.facts)
    if event.cannot is not None and event.cannot not in state.declined:
        changes["declined"] = (*state.declined, event.cannot)
    return changes


def _stated(state: Escalation, facts: dict[str, FactValue]) -> Changes:
    changes: Changes = {"facts": {**state.facts, **facts}}
    if CONCERNS in facts:
        left = set(concerned(state)) - set(concerned(state.changed(changes)))
        changes["once_concerned"] = tuple(dict.fromkeys((*state.once_concerned, *sorted(left))))
    return changes


def _concerned_unknown(state: Escalation, event: e.ConcernedUnknown) -> Changes:
    return {"unknown_concerned": (*state.unknown_concerned, *event.people)}


def _severity_changed(state: Escalation, event: e.SeverityChanged) -> Changes:
    return {"severity": event.severity}


def _lowering_asked(state: Escalation, event: e.SeverityLoweringAsked) -> Changes:
    return {"lowering": Lowering(by=event.by, severity=event.severity, because=event.because, at=event.at)}


def _lowering_ended(state: Escalation, event: e.SeverityLoweringEnded) -> Changes:
    return {"lowering": None}


def _due_changed(state: Escalation, event: e.DueChanged) -> Changes:
    return {"due_at": event.due_at}


CHANGES: dict[type[e.EventBase], Change] = {
    e.Opened: _opened,
    e.Declined: _declined,
    e.Joined: _joined,
    e.Receipted: _receipted,
    e.ReasonsAdded: _reasons_added,
    e.InputRequested: _input_requested,
    e.InputProvided: _input_provided,
    e.ExceptionUsed: _exception_used,
    e.FactsChanged: _facts_changed,
    e.ConcernedUnknown: _concerned_unknown,
    e.SeverityChanged: _severity_changed,
    e.SeverityLoweringAsked: _lowering_asked,
    e.SeverityLoweringEnded: _lowering_ended,
    e.DueChanged: _due_changed,
    e.NoteAdded: _note_added,
}
