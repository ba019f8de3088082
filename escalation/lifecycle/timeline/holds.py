"""How long the records are kept, and the legal holds that keep them longer."""

from datetime import datetime

from escalation.errors import AlreadyDone, NotAllowed, TooLarge, Unknown
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.records import MOST_HOLDS
from escalation.model.state import Escalation
from escalation.values import Actor, format_duration

ALLOWED = "hold"
"""Purpose of the look-up of those whom the playbook lets place and release holds."""


def place(draft: Draft, command: c.PlaceLegalHold) -> None:
    """Keep the records for a matter, for as long as that lasts."""
    state = draft.state
    _require_allowed(state, command.by)
    if any(hold.reference == command.reference for hold in state.legal_holds):
        raise AlreadyDone(f"{state.id} is on legal hold for {command.reference} already")
    if len(state.legal_holds) >= MOST_HOLDS:
        raise TooLarge(f"{state.id} is on {MOST_HOLDS} legal holds, the most there may be; release one that is over")
    draft.record(e.LegalHoldPlaced, reference=command.reference, because=command.because)


def release(draft: Draft, command: c.ReleaseLegalHold) -> None:
    """Let the declared period count again, as far as this matter goes."""
    state = draft.state
    _require_allowed(state, command.by)
    known = [hold.reference for hold in state.legal_holds]
    if command.reference not in known:
        there = f"; it is held for {', '.join(known)}" if known else "; it is on no legal hold"
        raise Unknown(f"{state.id} is not on legal hold for {command.reference}{there}")
    draft.record(e.LegalHoldReleased, reference=command.reference, because=command.because)


def keep_until(state: Escalation) -> datetime | None:
    """Return until when the records are kept; None while it is open, and where they are kept for ever."""
    policy = state.playbook.retention
    if policy is None or policy.keep is None or state.closed_at is None:
        return None
    return state.closed_at + policy.keep


def said(state: Escalation) -> str:
    """Say how long the records are kept; empty where the playbook declares no period."""
    policy = state.playbook.retention
    if policy is None or policy.keep is None:
        return ""
    until = keep_until(state)
    return f"kept until {until:%Y-%m-%d}" if until else f"kept for {format_duration(policy.keep)} after the end"


def _require_allowed(state: Escalation, actor: Actor) -> None:
    permissions.require_person(actor, "a legal hold")
    permissions.refuse_concerned(state, actor)
    policy = state.playbook.retention
    named = policy.hold_by if policy is not None else ()
    if actor != state.accountable and not (named and actor in state.may_hold):
        raise NotAllowed(
            f"{actor} may not place or release a legal hold on {state.id}; "
            f"{', '.join(dict.fromkeys((state.accountable, *named)))} may (retention.hold_by of the playbook)"
        )
