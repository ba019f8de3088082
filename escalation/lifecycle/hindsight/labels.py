"""Labels: whether it was right to escalate, as people of the review say, and how late it came, as far as is known.

It came late when a trigger was true before the hand-over. That is known of what the customer said, where the
conversation has its instants, and of facts whose source says since when they have been so (``facts_since``).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from escalation.errors import Incomplete, NotNow
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive, heard
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation


class Late(NamedTuple):
    """A trigger that was true before the hand-over."""

    trigger: str
    since: datetime
    delay: timedelta


def label(draft: Draft, command: c.Label) -> None:
    """Say whether it was warranted, late, and whether the AI would have been right; the last word on each counts."""
    permissions.require_person(command.by, "label")
    state = draft.state
    permissions.require_member(state, command.by)
    if state.review is None and state.review_draft is None:
        raise NotNow(f"{state.id} is not in review yet; it is waiting on {state.waiting_on}")
    said = (command.warranted, command.late, command.ai_would_have_been_right)
    if all(one is None for one in said):
        raise Incomplete("label says nothing: name at least one of warranted, late, ai_would_have_been_right")
    draft.record(
        e.Labelled,
        warranted=command.warranted,
        late=command.late,
        ai_would_have_been_right=command.ai_would_have_been_right,
        because=command.because,
    )


def lateness(state: Escalation) -> Late | None:
    """Return the trigger that was true the longest before the hand-over; None: not known that one was."""
    opened = state.opened_at
    if opened is None:
        return None
    known = [*_by_facts(state), *_by_words(state)]
    trigger, since = min(known, key=lambda each: each[1], default=("", opened))
    return Late(trigger, since, opened - since) if since < opened else None


def _by_facts(state: Escalation) -> Iterator[tuple[str, datetime]]:
    """Yield reasons of which every stated fact is known to have been so from some instant on."""
    if not state.facts_since:
        return
    for reason in state.reasons:
        stated = [name for name in reason.facts if name in state.facts]
        if stated and all(name in state.facts_since for name in stated):
            yield reason.trigger, max(state.facts_since[name] for name in stated)


def _by_words(state: Escalation) -> Iterator[tuple[str, datetime]]:
    """Yield reasons that what the customer had said until some instant made true."""
    opened, playbook = state.opened_at, state.playbook
    turns = [turn for turn in state.context.conversation if turn.author == "customer" and turn.at is not None]
    early = [(turn.at, turn) for turn in turns if turn.at is not None and opened is not None and turn.at < opened]
    if not early:
        return
    recorded = {reason.trigger for reason in state.reasons if reason.words}
    conditions = {each.id: condition(playbook, each.when) for each in playbook.triggers if each.id in recorded}
    basis = basis_of(state)
    silent = derive(basis._replace(words={}))
    for at, _ in early:
        said = [turn for instant, turn in early if instant <= at]
        facts = derive(basis._replace(words=heard(playbook, said, state.customer)))
        for trigger, compiled in conditions.items():
            if compiled.true(facts) and not compiled.true(silent):
                yield trigger, at


def said(late: Late | None) -> str:
    """Say in words how late it came; empty where that is not known."""
    return f"trigger {late.trigger} was true since {late.since:%Y-%m-%d %H:%M %Z}" if late is not None else ""
