"""The trail as an auditor has it: what each event changed, an export, and proof that an export is unaltered."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from escalation.lifecycle.timeline.trail import ai_output, author_of, kind_of_entry
from escalation.model import events as e

FORMAT = "escalation-trail"

# --- what changed -----------------------------------------------------------------------------------------------------


class Changed(NamedTuple):
    """A value that an event changed."""

    what: str
    before: Any
    after: Any


def changes(events: Iterable[e.Event]) -> Iterator[tuple[e.Event, tuple[Changed, ...]]]:
    """Yield each event with the values it changed, before and after, told from the events alone."""
    known: dict[str, Any] = {}
    for event in events:
        tell = _VALUES.get(type(event))
        values = dict(tell(event)) if tell is not None else {}
        yield (
            event,
            tuple(Changed(what, known.get(what), value) for what, value in values.items() if known.get(what) != value),
        )
        known |= values


def _facts(event: Any) -> Iterator[tuple[str, Any]]:
    for name, value in event.facts.items():
        yield f"facts.{name}", list(value) if isinstance(value, tuple) else value


def _opened(event: e.Opened) -> Iterator[tuple[str, Any]]:
    yield "severity", event.severity
    if event.due_at is not None:
        yield "due_at", event.due_at.isoformat()
    yield from _written(event.context)
    yield from _facts(event)


def _written(context: Any) -> Iterator[tuple[str, Any]]:
    for name in ("summary", "impact", "constraints", "help_needed"):
        if getattr(context, name):
            yield name, getattr(context, name)


def _provided(event: e.InputProvided) -> Iterator[tuple[str, Any]]:
    yield from _written(event)
    yield from _facts(event)


def _clock(event: e.ClockStarted) -> Iterator[tuple[str, Any]]:
    yield f"clock.{event.clock}.due", event.due.isoformat()


def _edited(event: e.EntryEdited) -> Iterator[tuple[str, Any]]:
    yield f"entry.{event.entry}.text", event.text


def _posted(event: e.EntryPosted) -> Iterator[tuple[str, Any]]:
    yield f"entry.{event.seq}.text", event.text


def _added(event: e.ItemAdded) -> Iterator[tuple[str, Any]]:
    yield f"item.{event.item}.owner", event.owner
    yield f"item.{event.item}.state", "open"


def _single(what: str, value: Callable[[Any], Any]) -> Callable[[Any], Iterator[tuple[str, Any]]]:
    def tell(event: Any) -> Iterator[tuple[str, Any]]:
        yield what.format(event=event), value(event)

    return tell


_VALUES: dict[type[e.EventBase], Callable[[Any], Iterator[tuple[str, Any]]]] = {
    e.Opened: _opened,
    e.Joined: _facts,
    e.FactsChanged: _facts,
    e.InputProvided: _provided,
    e.SeverityChanged: _single("severity", lambda event: event.severity),
    e.OwnerChanged: _single("owner", lambda event: event.owner),
    e.DueChanged: _single("due_at", lambda event: event.due_at.isoformat() if event.due_at else None),
    e.LevelEntered: _single("level", lambda event: event.level),
    e.PathTaken: _single("path", lambda event: event.path),
    e.StatusSet: _single("status", lambda event: event.status),
    e.HoldStarted: _single("hold", lambda event: event.until.isoformat()),
    e.HoldEnded: _single("hold", lambda _: None),
    e.ClockStarted: _clock,
    e.GateOpened: _single("approval.{event.gate}", lambda _: "pending"),
    e.GateClosed: _single("approval.{event.gate}", lambda event: event.state),
    e.ItemAdded: _added,
    e.ItemGivenBack: _single("item.{event.item}.owner", lambda event: event.owner),
    e.ItemCompleted: _single("item.{event.item}.state", lambda _: "done"),
    e.ResolutionProposed: _single("resolution", lambda _: "proposed"),
    e.ResolutionConfirmed: _single("resolution", lambda _: "confirmed"),
    e.ResolutionRejected: _single("resolution", lambda _: "rejected"),
    e.EntryPosted: _posted,
    e.EntryEdited: _edited,
    e.EntryAccepted: _single("entry.{event.entry}.author", lambda event: event.by),
    e.EntryClosed: _single("entry.{event.entry}.state", lambda _: "closed"),
    e.LegalHoldPlaced: _single("legal_hold.{event.reference}", lambda _: "placed"),
    e.LegalHoldReleased: _single("legal_hold.{event.reference}", lambda _: "released"),
    e.Closed: _single("outcome", lambda event: "returned" if event.returned else "closed"),
    e.Cancelled: _single("outcome", lambda _: "cancelled"),
}


# --- export and proof -------------------------------------------------------------------------------------------------


def lines(escalation: str, events: Sequence[e.Event]) -> Iterator[str]:
    """Yield a trail as lines of JSON: what it is, then each event with its hash and what it changed."""
    last = e.hash_of(events[-1]) if events else ""
    head = {"format": FORMAT, "version": 1, "escalation": escalation, "events": len(events), "last_hash": last}
    yield json.dumps(head, ensure_ascii=False)
    for event, changed in changes(events):
        line = {
            "ref": f"{escalation}#{event.seq}",
            "at": event.at.isoformat(),
            "actor": author_of(event),
            "kind": kind_of_entry(event),
            "ai_output": ai_output(event),
            "changed": [each._asdict() for each in changed],
            "hash": e.hash_of(event),
            "event": event.model_dump(mode="json"),
        }
        yield json.dumps(line, ensure_ascii=False)


class Fault(NamedTuple):
    """A line of an export that is not what was recorded."""

    line: int
    what: str


def verify(exported: Iterable[str]) -> list[Fault]:
    """Return every line that was altered, left out, added or moved; none when the trail is whole.

    Whoever alters a line and every hash after it is found out by the last hash: compare that of the first line with
    the one that the escalation itself, or an earlier export, has.
    """
    numbered = [(number, text) for number, text in enumerate(exported, 1) if text.strip()]
    faults: list[Fault] = []
    if not numbered:
        return [Fault(1, "the file is empty; expected the lines of an export")]
    head = _json(numbered[0][1])
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        return [Fault(1, f"is not the first line of an export (format {FORMAT})")]
    previous, expected, told = "", 1, None
    known: list[e.Event] = []
    for number, text in numbered[1:]:
        line = _json(text)
        event = _event(line)
        if event is None:
            faults.append(Fault(number, "is no event, or one with a part that is missing or malformed"))
            previous, expected = "", expected + 1
            continue
        faults += [Fault(number, what) for what in _wrong(line, event, previous, expected)]
        previous, expected, told = str(line.get("hash", "")), event.seq + 1, number
        known.append(event)
    if told is None or previous != head.get("last_hash") or len(numbered) - 1 != head.get("events"):
        faults.append(
            Fault(numbered[-1][0], "the trail does not end as its first line says: lines are missing or added")
        )
    return faults + _wrong_words(head, numbered, known)


def _wrong(line: Mapping[str, Any], event: e.Event, previous: str, expected: int) -> Iterator[str]:
    if event.seq != expected:
        yield f"is event {event.seq} where {expected} was expected: something is missing, added or moved"
    elif previous and event.prev != previous:
        yield "does not follow from the line before"
    if not isinstance(event, e.UnknownEvent) and line.get("hash") != e.hash_of(event):
        yield "was altered: its hash is another"


def _wrong_words(head: Mapping[str, Any], numbered: Sequence[tuple[int, str]], known: Sequence[e.Event]) -> list[Fault]:
    """What stands beside the events is told from them, so it is compared with what it should be."""
    if len(known) != len(numbered) - 1:
        return []
    should = list(lines(str(head.get("escalation", "")), known))[1:]
    return [
        Fault(number, "what it says beside the event (ref, actor, changed ...) is not what the event says")
        for (number, text), right in zip(numbered[1:], should, strict=True)
        if _beside(_json(text)) != _beside(_json(right))
    ]


def _beside(line: Any) -> Any:
    return {name: value for name, value in line.items() if name not in ("hash", "event")}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _event(line: Any) -> e.Event | None:
    try:
        return e.READER.validate_json(json.dumps(line["event"]))
    except (KeyError, TypeError, ValidationError):
        return None
