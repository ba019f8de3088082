"""What people's entries change: what is open, the registers, who reads along, and the packet's version."""

from collections.abc import Mapping
from typing import Any, TypeVar

from escalation.lifecycle.changes.common import Change, Changes, new, with_
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.model.timeline import (
    KEPT_ENTRIES,
    KEPT_MENTIONS,
    KEPT_READERS,
    KEPT_RECORDINGS,
    KEPT_STEPS,
    KEPT_THREADS,
    SHORT,
    EntryKind,
    EntryRef,
    OpenEntry,
    Recording,
    Session,
    StepTaken,
    Timeline,
)
from escalation.values import Actor, digest_of

K = TypeVar("K")
V = TypeVar("V")


def _timeline(state: Escalation) -> Timeline:
    return state.timeline or Timeline()


def _kept(state: Escalation, **changes: Any) -> Changes:
    return {"timeline": with_(_timeline(state), **changes)}


def _latest(mapping: Mapping[K, V], most: int, more: Mapping[K, V]) -> dict[K, V]:
    kept = {**mapping, **more}
    for oldest in list(kept)[: max(0, len(kept) - most)]:
        del kept[oldest]
    return kept


def _entry_posted(state: Escalation, event: e.EntryPosted) -> Changes:
    timeline, writer = _timeline(state), event.writer
    ref = new(
        EntryRef,
        kind=event.kind,
        by=writer,
        ai=event.ai,
        draft=event.draft,
        external=f"{event.source or ''} {event.external_id}".strip() if event.external_id else "",
        digest=digest_of(event.text),
        mentions=event.mentions,
        links=tuple(dict.fromkeys(event.links)),
    )
    changes: dict[str, Any] = {
        "kinds": {**timeline.kinds, event.kind: timeline.kinds.get(event.kind, 0) + 1},
        "refs": _latest(timeline.refs, KEPT_ENTRIES, {event.seq: ref}),
    }
    if event.kind in (EntryKind.BLOCKER, EntryKind.QUESTION):
        waits = new(
            OpenEntry, seq=event.seq, kind=event.kind, at=event.at, by=writer, text=event.text[:SHORT], ai=event.ai
        )
        changes["open"] = {**timeline.open, event.seq: waits}
    if event.kind is EntryKind.EXECUTION:
        changes["steps"] = (*timeline.steps, _step(event, writer, event.text, ai=event.ai))[-KEPT_STEPS:]
    if event.kind is EntryKind.RECORDING:
        changes["recordings"] = _latest(timeline.recordings, KEPT_RECORDINGS, {event.seq: _recording(event, writer)})
        if event.baseline:
            changes["baseline"] = event.seq
    return _kept(state, **changes)


def _recording(event: e.EntryPosted, writer: Actor) -> Recording:
    return new(
        Recording,
        seq=event.seq,
        at=event.at,
        by=writer,
        about=event.about,
        url=event.url,
        title=event.title,
        length=event.length,
        summary=(event.summary or event.text)[:SHORT],
        transcript=bool(event.transcript),
        transcript_url=event.transcript_url,
        ai=event.ai,
    )


def _step(event: e.EventBase, by: Actor, text: str, url: str = "", *, ai: bool = False) -> StepTaken:
    return new(StepTaken, seq=event.seq, at=event.at, by=by, text=text[:SHORT], url=url, ai=ai)


def _ref(state: Escalation, seq: int, **changes: Any) -> Changes:
    refs = _timeline(state).refs
    return _kept(state, refs={**refs, seq: with_(refs[seq], **changes)}) if seq in refs else {}


def _entry_edited(state: Escalation, event: e.EntryEdited) -> Changes:
    timeline = _timeline(state)
    ref = timeline.refs.get(event.entry)
    if ref is None:
        return {}
    mentions = (*(each for each in ref.mentions if each not in event.dropped), *event.mentions)
    mentions = mentions[-KEPT_MENTIONS:] if state.rules >= 2 else mentions
    ref = with_(ref, version=event.version, digest=digest_of(event.text), mentions=mentions)
    changes: dict[str, Any] = {"refs": {**timeline.refs, event.entry: ref}}
    if event.entry in timeline.open:
        changes["open"] = {**timeline.open, event.entry: with_(timeline.open[event.entry], text=event.text[:SHORT])}
    changes["steps"] = tuple(
        with_(step, text=event.text[:SHORT]) if step.seq == event.entry else step for step in timeline.steps
    )
    return _kept(state, **changes)


def _entry_accepted(state: Escalation, event: e.EntryAccepted) -> Changes:
    timeline = _timeline(state)
    own: dict[str, Any] = {"by": event.by, "ai": False}
    changes: dict[str, Any] = {
        "steps": tuple(with_(step, **own) if step.seq == event.entry else step for step in timeline.steps)
    }
    if event.entry in timeline.refs:
        changes["refs"] = {**timeline.refs, event.entry: with_(timeline.refs[event.entry], **own, draft=False)}
    if event.entry in timeline.open:
        changes["open"] = {**timeline.open, event.entry: with_(timeline.open[event.entry], **own)}
    if event.entry in timeline.recordings:
        changes["recordings"] = {**timeline.recordings, event.entry: with_(timeline.recordings[event.entry], **own)}
    return _kept(state, **changes)


def _entry_linked(state: Escalation, event: e.EntryLinked) -> Changes:
    ref = _timeline(state).refs.get(event.entry)
    return _ref(state, event.entry, links=(*ref.links, *event.links)) if ref is not None else {}


def _entry_closed(state: Escalation, event: e.EntryClosed) -> Changes:
    waiting = _timeline(state).open
    open_still = {seq: each for seq, each in waiting.items() if seq != event.entry}
    return _kept(state, open=open_still, threads=_threads(state, event))


def _threads(state: Escalation, event: e.EntryClosed | e.Commented) -> dict[int, int]:
    return _latest(_timeline(state).threads, KEPT_THREADS, {event.seq: event.entry})


def _commented(state: Escalation, event: e.Commented) -> Changes:
    timeline = _timeline(state)
    changes: dict[str, Any] = {"comments": timeline.comments + 1, "threads": _threads(state, event)}
    ref = timeline.refs.get(event.entry)
    if ref is not None:
        changes["refs"] = {**timeline.refs, event.entry: with_(ref, comments=ref.comments + 1)}
    return _kept(state, **changes)


def _marked(state: Escalation, event: e.Marked) -> Changes:
    ref = _timeline(state).refs.get(event.entry)
    if ref is None:
        return {}
    others = tuple(actor for actor in ref.marks.get(event.mark, ()) if actor != event.by)
    marks = {**ref.marks, event.mark: others if event.off else (*others, event.by)}
    return _ref(state, event.entry, marks={mark: actors for mark, actors in marks.items() if actors})


def _seen_up_to(state: Escalation, event: e.SeenUpTo) -> Changes:
    return _kept(state, seen={**_timeline(state).seen, event.by: event.up_to})


def _session_opened(state: Escalation, event: e.SessionOpened) -> Changes:
    timeline = _timeline(state)
    session = new(
        Session,
        id=event.session,
        join_url=event.join_url,
        title=event.title,
        by=event.by,
        opened_at=event.at,
        participants=event.participants,
        next_due=event.due,
    )
    return _kept(
        state,
        sessions={**timeline.sessions, event.session: session},
        sessions_opened=timeline.sessions_opened + 1,
        readers=_latest(timeline.readers, KEPT_READERS, dict.fromkeys(event.participants, event.seq)),
    )


def _session_chased(state: Escalation, event: e.SessionChased) -> Changes:
    sessions = _timeline(state).sessions
    session = with_(sessions[event.session], chased=event.times, next_due=event.next_due)
    return _kept(state, sessions={**sessions, event.session: session})


def _session_closed(state: Escalation, event: e.SessionClosed) -> Changes:
    sessions = _timeline(state).sessions
    return _kept(state, sessions={name: each for name, each in sessions.items() if name != event.session})


def _attached(state: Escalation, event: e.Attached) -> Changes:
    step = _step(event, event.by, event.attachment.title, event.attachment.url)
    return _kept(state, attachments=(*_timeline(state).attachments, step)[-KEPT_STEPS:])


def people_found(state: Escalation, event: e.PeopleResolved, reference: str) -> Changes:
    """Whoever is mentioned may read along; by that they are no part of the working group."""
    found = [each.person for each in event.found.people if each.person not in state.people]
    return _kept(state, readers=_latest(_timeline(state).readers, KEPT_READERS, dict.fromkeys(found, int(reference))))


CHANGES: dict[type[e.EventBase], Change] = {
    e.EntryPosted: _entry_posted,
    e.EntryEdited: _entry_edited,
    e.EntryReleased: lambda state, event: _ref(state, event.entry, draft=False),
    e.EntryAccepted: _entry_accepted,
    e.EntryLinked: _entry_linked,
    e.EntryClosed: _entry_closed,
    e.Commented: _commented,
    e.Marked: _marked,
    e.SeenUpTo: _seen_up_to,
    e.SessionOpened: _session_opened,
    e.SessionChased: _session_chased,
    e.SessionClosed: _session_closed,
    e.Attached: _attached,
    e.UnfinishedAwaited: lambda _, event: {"unfinished_due": event.next_due},
}
