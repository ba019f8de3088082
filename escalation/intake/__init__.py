"""How what happens in an outside system comes in: a payload, read by what an intake says, becomes what is to be done.

    taken = take("facebook", intake, payload)      # pure: nothing is sent, nothing asked
    report = await take_in(client, taken)          # escalation.receiving: opens, joins, posts; the same twice is once

This is the one way for all of it: the command line has the payload from a file, a gateway will have it from a request
whose signature it has verified before, with ``intake`` from the same connections file.
"""

from collections.abc import Callable, Mapping
from typing import Any

from escalation.errors import RequestRefused
from escalation.intake import meta, recordings, requests, rows, social, updates, x
from escalation.intake.config import (
    AnyIntake,
    JsonIntake,
    MatrixIntake,
    RecordingIntake,
    RowsIntake,
    SocialIntake,
    UpdateIntake,
)
from escalation.intake.payloads import key_of
from escalation.intake.taken import Finding, Found, Opening, PassedOver, Posting, Taken, Wrong
from escalation.model.commands import PostEntry
from escalation.places import at
from escalation.values import Actor, digest_of

__all__ = ["AnyIntake", "Opening", "PassedOver", "Posting", "Taken", "Wrong", "take"]

Who = Callable[[str], str | None]
"""Finds the person (``eva.novak``) of an address on the intake's channel; None where nobody has it."""


def take(name: str, intake: AnyIntake, payload: Any, *, who: Who = lambda _: None, to: str = "") -> Taken:
    """Say what is to be done for a payload. Parts that are wrong are named and keep none of the others back.

    Args:
        name: of the intake: the source of its requests, and the service in whose name it posts.
        intake: what to read, and what to make of it.
        payload: JSON data; for ``rows`` a ``Table``; for ``email`` the bytes of the message.
        who: finds the authors of what is posted.
        to: the escalation, where the payload need not name it.

    Raises:
        RequestRefused: the payload as a whole cannot be read; each path that is wrong, without its value.
    """
    if isinstance(intake, RowsIntake):
        own = {"source": name, "case": {"system": name}, "requested_by": f"service:{name}"}
        return _requests(rows.found(payload, intake), requests.laid_over(rows.MAPPING, own), intake.request, "column")
    if isinstance(intake, JsonIntake):
        own = {"source": name, "requested_by": f"service:{name}"}
        return _requests(_events(payload, intake), own, intake.request, "place")
    if isinstance(intake, SocialIntake):
        read = meta.found if intake.reads == "meta" else x.found
        return _requests(read(payload), social.MAPPING, intake.request, "field")
    if isinstance(intake, MatrixIntake):
        raise RequestRefused([(name, "reads a matrix: escalate playbook matrix PLAYBOOK --from " + name)])
    return _postings(name, intake, payload, who, to)


def _requests(found: Found, base: Mapping[str, Any], own: Mapping[str, Any], called: str) -> Taken:
    template = requests.laid_over(base, own)
    made = [requests.opening(template, record, where, called) for where, record in found.records]
    return Taken(
        steps=tuple(each for each in made if isinstance(each, Opening)),
        passed_over=found.passed_over,
        wrong=(*found.wrong, *(each for each in made if isinstance(each, Wrong))),
    )


def _events(payload: Any, intake: JsonIntake) -> Found:
    gathered = Finding()
    events = [payload] if intake.each is None else at(payload, intake.each)
    if not isinstance(events, list):
        raise RequestRefused([(intake.each or "", "expected a list of events")])
    for number, event in enumerate(events):
        where = f"{intake.each}.{number}" if intake.each else "event"
        if not isinstance(event, Mapping):
            gathered.refuse(where, ("", "expected a JSON object"))
        elif other := next(
            (place for place, fit in intake.only.items() if not rows.is_one_of(at(event, place), fit)), ""
        ):
            gathered.pass_over(where, f"{other} says something else")
        else:
            gathered.take(where, {"whole": payload, **event})
    return gathered.found


def _postings(name: str, intake: RecordingIntake | UpdateIntake, payload: Any, who: Who, to: str) -> Taken:
    found = _found(intake, payload)
    steps: list[Posting] = []
    wrong = list(found.wrong)
    for where, record in found.records:
        try:
            steps.append(_posting(name, intake, record, where, who, to))
        except RequestRefused as refused:
            wrong.append(Wrong(where=where, problems=tuple(refused.problems)))
    return Taken(steps=tuple(steps), passed_over=found.passed_over, wrong=tuple(wrong))


def _found(intake: RecordingIntake | UpdateIntake, payload: Any) -> Found:
    match intake.reads:
        case "zoom":
            return recordings.zoom(payload)
        case "teams":
            return recordings.teams(payload)
        case "recording":
            return recordings.other(payload, intake.fields)
        case "chat":
            return updates.chat(payload)
        case "email":
            return updates.email(payload)
        case _:
            return updates.record(payload, intake.fields)


def _posting(  # noqa: PLR0917 - what it is made of
    name: str, intake: RecordingIntake | UpdateIntake, record: dict[str, Any], where: str, who: Who, to: str
) -> Posting:
    service = f"service:{name}"
    if isinstance(intake, RecordingIntake):
        recording = recordings.Recording.model_validate(record)
        author = _author(intake, recording.host, who, "host")
        entry, there, items = recordings.entry(
            recording, intake, service=service, author=author, to=to, system=intake.reads
        )
        return Posting(where=where, to=there, entry=_once(entry), linked=intake.linked, items=items)
    update = updates.Update.model_validate(record)
    entry = PostEntry(
        by=service,
        author=_author(intake, update.by, who, "by"),
        kind=update.kind or intake.kind,
        text=update.text,
        source=updates.SOURCES[intake.reads],
        external_id=key_of(f"{name}:{update.id}"),
        external_url=update.link if update.link.startswith("https://") else None,
    )
    return Posting(where=where, to=to or update.escalation, entry=_once(entry))


def _author(intake: RecordingIntake | UpdateIntake, stated: str, who: Who, field: str) -> Actor:
    """Return who wrote or recorded it, by the directory or the intake's people; an ``update`` may say ``person:ID``."""
    person = intake.people.get(stated) or intake.people.get(stated.lower()) or who(stated)
    if person is None and intake.reads == "update" and stated.startswith("person:"):
        return stated
    if person is None:
        raise RequestRefused(
            [
                (
                    field,
                    "is nobody whom the directory knows by that address on this channel, nor among the intake's people",
                )
            ]
        )
    return f"person:{person}"


def _once(entry: PostEntry) -> PostEntry:
    """Give it the id under which it may be sent again: the same words from the same place."""
    return entry.changed({"command_id": digest_of(f"{entry.source} {entry.external_id} {entry.text} {entry.url}")})
