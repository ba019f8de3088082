"""The whole trail of an escalation: permanent references, search, what each event changed, proof that nothing was.

Works on events wherever they come from: the state has the latest, the ledger all of them.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from escalation.errors import Unknown
from escalation.lifecycle.readers import is_ai
from escalation.model import events as e
from escalation.values import Actor, Record

_EVENT: TypeAdapter[e.Event] = TypeAdapter(e.Event)
_REFERENCE = re.compile(r"(.*)#([0-9]{1,9})")
FORMAT = "escalation-trail"


def parse_reference(typed: str) -> tuple[str, int | None]:
    """Split ``escalation-web-7#12`` into its escalation and its number; the number is None where there is none."""
    match = _REFERENCE.fullmatch(typed)
    return (match.group(1), int(match.group(2))) if match is not None else (typed, None)


def read(bodies: Iterable[Mapping[str, Any]]) -> list[e.Event]:
    """Read events as the ledger has them."""
    return [_EVENT.validate_json(json.dumps(body)) for body in bodies]


def merged(recorded: Iterable[e.Event], latest: Iterable[e.Event]) -> list[e.Event]:
    """Put what is recorded and the latest events together; where both have one, the latest are what is true."""
    together = {event.seq: event for event in (*recorded, *latest)}
    return [together[seq] for seq in sorted(together)]


# --- one entry --------------------------------------------------------------------------------------------------------


class Proof(Record):
    """What a permanent reference stands for."""

    ref: str
    event: e.Event
    hash: str
    """Of the event, as the next one carries it."""
    unaltered: bool | None
    """Whether it is what the next event followed; None: the next one is not at hand."""
    edits: tuple[e.EntryEdited, ...] = ()
    """Later versions of its words, the oldest first."""
    thread: tuple[e.Event, ...] = ()
    """Comments on it, and its answer."""
    related: tuple[e.Event, ...] = ()
    """Entries and action items that it is linked with, in either direction: what was decided, what is to be done."""


def proof(escalation: str, events: Sequence[e.Event], seq: int, last_hash: str = "") -> Proof:
    """Find an entry by its number, and prove by the chain of hashes that it is what was recorded.

    ``last_hash`` is that of the latest event, as the state keeps it.

    Raises:
        Unknown: these events do not have that number.
    """
    place = next((index for index, event in enumerate(events) if event.seq == seq), None)
    if place is None:
        have = f"#{events[0].seq} to #{events[-1].seq}" if events else "none"
        raise Unknown(f"{escalation}#{seq} is not among the events at hand: {have}")
    event, following = events[place], events[place + 1 : place + 2]
    expected = following[0].prev if following and following[0].seq == seq + 1 else ("" if following else last_hash)
    digest = e.hash_of(event)
    return Proof(
        ref=f"{escalation}#{seq}",
        event=event,
        hash=digest,
        unaltered=None if not expected or isinstance(event, e.UnknownEvent) else digest == expected,
        edits=tuple(each for each in events if isinstance(each, e.EntryEdited) and each.entry == seq),
        thread=tuple(each for each in events if isinstance(each, _THREAD) and each.entry == seq),
        related=tuple(_related(events, seq)),
    )


def _related(events: Sequence[e.Event], seq: int) -> Iterator[e.Event]:
    links: dict[int, set[str]] = {}
    for event in events:
        if isinstance(event, e.EntryPosted | e.EntryLinked):
            links.setdefault(event.entry if isinstance(event, e.EntryLinked) else event.seq, set()).update(event.links)
    mine, me = links.get(seq, set()), f"entry:{seq}"
    for event in events:
        item = isinstance(event, e.ItemAdded) and f"item:{event.item}" in mine
        if item or f"entry:{event.seq}" in mine or me in links.get(event.seq, ()):
            yield event


_THREAD = (e.Commented, e.EntryClosed, e.EntryAccepted, e.EntryLinked, e.EntryReleased)


# --- search -----------------------------------------------------------------------------------------------------------


class Hit(Record):
    """Something that was found on a timeline."""

    ref: str
    kind: str
    """Kind of the entry, or of the event."""
    by: Actor
    at: AwareDatetime
    snippet: str
    ai: bool = False


_AROUND = 60
_BARE = frozenset({"prev", "sent_as", "type", "by", "at", "seq", "words", "mentions"})
_SPACE = re.compile(r"\s+")


def kind_of_entry(event: e.Event) -> str:
    """Return what people look for: the kind of an entry, and of everything else the kind of its event."""
    return str(event.kind) if isinstance(event, e.EntryPosted) else event.type


def author_of(event: e.Event) -> Actor:
    """Return whose words an event holds."""
    return event.writer if isinstance(event, e.EntryPosted) else event.by


def search(
    escalation: str,
    events: Iterable[e.Event],
    words: str = "",
    *,
    kind: str = "",
    by: str = "",
    since: datetime | None = None,
) -> list[Hit]:
    """Return the events that hold all of the words, in any case and any language, the newest first.

    ``kind`` is that of an entry (``blocker``) or of an event (``note_added``); ``by`` its author.
    """
    wanted = words.casefold().split()
    found = []
    for event in events:
        if (kind and kind != kind_of_entry(event)) or (by and by != author_of(event)):
            continue
        if since is not None and event.at < since:
            continue
        text = _SPACE.sub(" ", " · ".join(texts(event)))
        folded = text.casefold()
        if all(word in folded for word in wanted):
            found.append(
                Hit(
                    ref=f"{escalation}#{event.seq}",
                    kind=kind_of_entry(event),
                    by=author_of(event),
                    at=event.at,
                    snippet=_snippet(text, wanted),
                    ai=ai_output(event),
                )
            )
    return found[::-1]


def ai_output(event: e.Event) -> bool:
    """Tell whether the words of an event are those of an AI or a service."""
    if isinstance(event, e.EntryPosted | e.Commented):
        return event.ai
    return isinstance(event, e.NoteAdded) and is_ai(event.by)


def texts(event: e.Event) -> Iterator[str]:
    """Yield every text that an event holds."""
    body = event.model_dump(mode="json", exclude_defaults=True)
    yield from _texts({name: value for name, value in body.items() if name not in _BARE})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _snippet(text: str, wanted: Sequence[str]) -> str:
    lowered = text.lower()
    at = next((place for word in wanted if (place := lowered.find(word)) >= 0), 0)
    start, end = max(0, at - _AROUND), at + 2 * _AROUND
    return ("..." if start else "") + text[start:end].strip() + ("..." if end < len(text) else "")


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
        return _EVENT.validate_json(json.dumps(line["event"]))
    except (KeyError, TypeError, ValidationError):
        return None
