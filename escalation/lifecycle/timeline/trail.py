"""The whole trail of an escalation: permanent references, search, and proof that an entry is unaltered.

Works on events wherever they come from: the state has the latest, the ledger all of them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime

from escalation.errors import Unknown
from escalation.lifecycle.timeline.readers import is_ai
from escalation.model import events as e
from escalation.values import Actor, Record

_REFERENCE = re.compile(r"(.*)#([0-9]{1,9})")


def parse_reference(typed: str) -> tuple[str, int | None]:
    """Split ``escalation-web-7#12`` into its escalation and its number; the number is None where there is none."""
    match = _REFERENCE.fullmatch(typed)
    return (match.group(1), int(match.group(2))) if match is not None else (typed, None)


def read(bodies: Iterable[Mapping[str, Any]]) -> list[e.Event]:
    """Read events as the ledger has them."""
    return [e.READER.validate_json(json.dumps(body)) for body in bodies]


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
