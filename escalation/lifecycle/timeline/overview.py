"""The overview of what people wrote: discussion, blockers, unanswered questions, sessions, recordings."""

from pydantic import AwareDatetime

from escalation.lifecycle.reactions.timeline import permalink
from escalation.lifecycle.timeline.readers import of
from escalation.model.state import Escalation
from escalation.model.timeline import EntryKind, Mark, OpenEntry, Session, Timeline
from escalation.values import Actor, Record, format_duration

LATEST = 10


class OpenView(Record):
    """A blocker or a question that waits."""

    ref: str
    at: AwareDatetime
    by: Actor
    text: str
    ai: bool = False
    comments: int = 0


class Discussed(Record):
    """An entry that was written lately."""

    ref: str
    kind: EntryKind
    by: Actor
    ai: bool = False
    draft: bool = False
    version: int = 1
    comments: int = 0
    marks: dict[Mark, int] = {}
    links: tuple[str, ...] = ()


class RecordingView(Record):
    """A recording of the register."""

    ref: str
    at: AwareDatetime
    by: Actor
    about: str
    title: str
    url: str
    length: str
    summary: str = ""
    transcript: str = ""
    """``here``: its entry holds it; else its URL; empty: there is none."""
    links: tuple[str, ...] = ()
    ai: bool = False
    baseline: bool = False
    """The present account, for everybody who joins."""


class SessionView(Record):
    """A live session that is open."""

    id: str
    title: str
    join_url: str
    by: Actor
    opened_at: AwareDatetime
    participants: tuple[Actor, ...]


class Overview(Record):
    """What was discussed, and what of it is open."""

    id: str
    blockers: tuple[OpenView, ...] = ()
    questions: tuple[OpenView, ...] = ()
    sessions: tuple[SessionView, ...] = ()
    counts: dict[EntryKind, int] = {}
    """How many entries there were of each kind."""
    comments: int = 0
    latest: tuple[Discussed, ...] = ()
    """The latest entries, the newest first; their words by their reference."""
    recordings: tuple[RecordingView, ...] = ()
    """The register, the newest first."""
    earlier_recordings: int = 0
    """How many more there were; the ledger has them."""
    seen: dict[Actor, int] = {}
    """Up to which entry each has read."""


def overview(state: Escalation) -> Overview:
    """Return what people wrote, as far as it is kept beside its events."""
    timeline = of(state)
    counts = timeline.kinds
    return Overview(
        id=state.id,
        blockers=waiting(state, EntryKind.BLOCKER),
        questions=waiting(state, EntryKind.QUESTION),
        sessions=tuple(_session(each) for each in timeline.sessions.values()),
        counts=counts,
        comments=timeline.comments,
        latest=tuple(_discussed(state, timeline, seq) for seq in reversed(list(timeline.refs)[-LATEST:])),
        recordings=recordings(state),
        earlier_recordings=counts.get(EntryKind.RECORDING, 0) - len(timeline.recordings),
        seen=timeline.seen,
    )


def waiting(state: Escalation, kind: EntryKind) -> tuple[OpenView, ...]:
    """Return the blockers, or the questions, that are open, the oldest first."""
    timeline = of(state)
    return tuple(_open(state, timeline, each) for each in timeline.open.values() if each.kind is kind)


def linked_with(state: Escalation, related: str) -> tuple[str, ...]:
    """Return the latest entries that are linked with something (``item:i1``), each as its number and kind."""
    return tuple(f"#{seq} {ref.kind}" for seq, ref in of(state).refs.items() if related in ref.links)


def _open(state: Escalation, timeline: Timeline, entry: OpenEntry) -> OpenView:
    ref = timeline.refs.get(entry.seq)
    return OpenView(
        ref=permalink(state, entry.seq),
        at=entry.at,
        by=entry.by,
        text=entry.text,
        ai=entry.ai,
        comments=ref.comments if ref is not None else 0,
    )


def _discussed(state: Escalation, timeline: Timeline, seq: int) -> Discussed:
    ref = timeline.refs[seq]
    return Discussed(
        ref=permalink(state, seq),
        kind=ref.kind,
        by=ref.by,
        ai=ref.ai,
        draft=ref.draft,
        version=ref.version,
        comments=ref.comments,
        marks={mark: len(actors) for mark, actors in ref.marks.items()},
        links=ref.links,
    )


def _session(session: Session) -> SessionView:
    return SessionView(
        id=session.id,
        title=session.title,
        join_url=session.join_url,
        by=session.by,
        opened_at=session.opened_at,
        participants=session.participants,
    )


def recordings(state: Escalation) -> tuple[RecordingView, ...]:
    """Return the register of recordings, the newest first, each with what it is linked with."""
    timeline = of(state)
    return tuple(
        RecordingView(
            ref=permalink(state, each.seq),
            at=each.at,
            by=each.by,
            about=each.about,
            title=each.title,
            url=each.url,
            length=format_duration(each.length),
            summary=each.summary,
            transcript="here" if each.transcript else each.transcript_url,
            links=timeline.refs[each.seq].links if each.seq in timeline.refs else (),
            ai=each.ai,
            baseline=each.seq == timeline.baseline,
        )
        for each in reversed(timeline.recordings.values())
    )
