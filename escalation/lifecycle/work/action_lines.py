"""Action lines: ``-> @eva.novak restart the sync -> 2h`` in a note or an update becomes a work item.

A line is read as one when it begins with an arrow, ``->`` or ``→``, after blanks. Behind it stand the next step and,
after another arrow, by when: a duration (``30m``, ``2h``, ``1d``) from now, or an instant (``2026-11-24 14:00``, in
UTC unless it says another offset). ``@name`` before the step says who does it, ``@team:name`` whose people are
offered it; without one, whoever wrote the line does. What looks like an action line and cannot be read as one stays in
the text, and is answered with a hint.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from escalation.errors import DomainError
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.work import item_powers, work_items
from escalation.model import events as e
from escalation.values import LONGEST, Actor, ActorKind, Holder, kind_of, parse_duration

MOST_LINES = 20
"""How many action lines one text may have."""

LONGEST_STEP = 300
"""How long the next step may be, in characters."""

_ARROW = re.compile(r"->|→")
_BEGINS = re.compile(r"\s*(->|→)")
_WHO = re.compile(r"@(?:(person|team|role|oncall):)?([A-Za-z0-9](?:[A-Za-z0-9_.\-]{0,62}[A-Za-z0-9_\-])?)(?=\s|$)")
_EXPECTED = "expected `-> [@who] next step -> when`, such as `-> @eva.novak restart the sync -> 2h`"


class ActionLine(NamedTuple):
    """A line that could be read."""

    line: int
    who: Holder | None
    """None: whoever wrote it."""
    step: str
    due: datetime


class Unread(NamedTuple):
    """A line that looks like an action line and could not be read."""

    line: int
    hint: str


def parse(text: str, now: datetime) -> Iterator[ActionLine | Unread]:
    """Yield each action line of a text, read or with a hint; every other line is left alone."""
    seen = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not _BEGINS.match(line):
            continue
        seen += 1
        if seen > MOST_LINES:
            yield Unread(number, f"a text may have {MOST_LINES} action lines; write the rest in another one")
            return
        yield _read(number, line, now)


def _read(number: int, line: str, now: datetime) -> ActionLine | Unread:
    parts = [part.strip() for part in _ARROW.split(line)][1:]
    if len(parts) != 2:
        lacks = "has no second arrow and no time" if len(parts) < 2 else "has more than two arrows"
        return Unread(number, f"{lacks}; {_EXPECTED}")
    step, when = parts
    who: Holder | None = None
    if step.startswith("@"):
        named = _WHO.match(step)
        if named is None:
            return Unread(number, f"`@` is not followed by a name; {_EXPECTED}")
        who = f"{named[1] or 'person'}:{named[2]}"
        step = step[named.end() :].strip()
    if not step:
        return Unread(number, f"does not say what is to be done; {_EXPECTED}")
    if len(step) > LONGEST_STEP:
        return Unread(number, f"says in {len(step)} characters what is to be done; expected {LONGEST_STEP} at most")
    due = _when(when, now)
    if due is None:
        return Unread(number, "says no time that can be read; expected `30m`, `2h`, `1d` or `2026-11-24 14:00` (UTC)")
    if due <= now:
        return Unread(number, "says a time that has passed")
    return ActionLine(number, who, step, due)


def _when(text: str, now: datetime) -> datetime | None:
    duration = parse_duration(text)
    if isinstance(duration, timedelta):
        return now + duration if timedelta(0) < duration <= LONGEST else None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return at if at - now <= LONGEST else None


def follow(draft: Draft, text: str, author: Actor | None = None) -> None:
    """Make work items of the action lines of what was just written; nothing of it is refused for a line.

    ``author``: who wrote it, where that is not whoever sent the command.
    """
    state = draft.state
    if state.rules < 1 or ("->" not in text and "→" not in text) or kind_of(draft.by) is ActorKind.CUSTOMER:
        return
    for found in parse(text, draft.now):
        if isinstance(found, Unread):
            draft.record(e.ActionLineUnread, line=found.line, hint=found.hint)
            continue
        hint = _add(draft, found, author or draft.by)
        if hint:
            draft.record(e.ActionLineUnread, line=found.line, hint=hint)


def _add(draft: Draft, line: ActionLine, author: Actor) -> str:
    """Add the item; return why that is not possible, else nothing."""
    who: Holder | None = line.who
    if who is None and item_powers.is_person(author):
        who = author
    if who is None:
        who = draft.state.owner.actor if draft.state.owner is not None else "raci:accountable"
    try:
        work_items.add(draft, line.step, who, line.due)
    except DomainError as refusal:
        return str(refusal)
    return ""
