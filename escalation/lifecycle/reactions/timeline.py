"""What follows from entries: who is mentioned is told once, with a permanent link; who wrote is told who was not."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle.message_values import Sentence
from escalation.lifecycle.reactions.common import Reaction, find, notify, owner_of, tell_owner
from escalation.lifecycle.sentences import sentence, told
from escalation.lifecycle.timeline.mentions import MENTION, split
from escalation.lifecycle.timeline.readers import reads
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation
from escalation.model.timeline import EntryKind
from escalation.values import Actor, ActorKind, kind_of

Mentioning = (
    e.NoteAdded | e.EntryPosted | e.EntryEdited | e.EntryReleased | e.EntryAccepted | e.EntryClosed | e.Commented
)


def permalink(state: Escalation, seq: int) -> str:
    """Return the permanent reference of an entry."""
    return f"{state.id}#{seq}"


def mentions(state: Escalation, event: Mentioning) -> Iterator[Action]:
    """Look up who is mentioned; say to the writer whom it may not be told to."""
    if not event.mentions or (isinstance(event, e.EntryEdited) and _is_draft(state, event.entry)):
        return
    whom, barred = split(state, event.mentions)
    if barred:
        what = sentence("mention_barred", people=barred, link=permalink(state, about(event)))
        yield from _tell_writer(state, event, what, "barred")
    if whom:
        summary = f"find who is mentioned in #{about(event)}"
        yield find(state, event, f"{MENTION}:{event.seq}", whom, summary, fallback=None)


def _is_draft(state: Escalation, seq: int) -> bool:
    refs = state.timeline.refs if state.timeline is not None else {}
    return seq in refs and refs[seq].draft


def about(event: e.Event) -> int:
    """Return the entry that people are pointed to because of an event."""
    return event.entry if isinstance(event, e.EntryEdited | e.EntryReleased | e.EntryAccepted) else event.seq


def found(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    """Tell who was found for a mention, and the writer who was not."""
    by_seq = {each.seq: each for each in state.tail}
    cause = by_seq.get(int(reference))
    if not isinstance(cause, Mentioning):
        return
    said = by_seq.get(about(cause), cause)
    versions = [each.text for each in state.tail if isinstance(each, e.EntryEdited) and each.entry == about(cause)]
    text = getattr(cause, "text", "") or (versions or [getattr(said, "text", "")])[-1]
    writer = _writer(said)
    ai = "AI output; " if getattr(said, "ai", False) and not isinstance(cause, e.EntryAccepted) else ""
    link = permalink(state, about(cause))
    for each in event.found.people:
        if each.person in (writer, cause.by):
            continue
        english = f"{ai}{writer} mentions you ({each.via}) in {link}: {text}"
        mentioned = told("mentioned", english, by=writer, via=each.via, link=link, text=text, ai=bool(ai))
        message = words.news(state, mentioned)
        yield notify(state, event, each.person, MessageKind.NEWS, message, summary=f"tell {each.person}: mentioned")
    reached = {target for each in event.found.people for target in (each.via, *each.also_via)}
    unknown = [target for target in split(state, cause.mentions)[0] if target not in reached]
    if unknown:
        why = f" {' '.join(event.found.notes)}" if event.found.notes else ""
        what = f"nobody could be told for {', '.join(unknown)}, mentioned in {link}.{why} The text stands as it is."
        nobody = told("mention_unknown", what, targets=unknown, link=link, notes=event.found.notes)
        yield from _tell_writer(state, event, nobody, "unknown", writer)


def _writer(event: e.Event) -> Actor:
    return event.writer if isinstance(event, e.EntryPosted) else event.by


def _tell_writer(
    state: Escalation, event: e.Event, what: Sentence, key: str, writer: Actor | None = None
) -> Iterator[Action]:
    to = writer or _writer(event)
    if kind_of(to) in (ActorKind.PERSON, ActorKind.AGENT, ActorKind.SERVICE) and reads(state, to):
        text = words.news(state, what)
        yield notify(state, event, to, MessageKind.WARNING, text, summary=f"tell {to}: {key} mention", what=key)


def _entry_posted(state: Escalation, event: e.EntryPosted) -> Iterator[Action]:
    if event.draft:
        return
    yield from mentions(state, event)
    yield from _blocked(state, event, event.seq)


def _released(state: Escalation, event: e.EntryReleased | e.EntryAccepted) -> Iterator[Action]:
    yield from mentions(state, event)
    if isinstance(event, e.EntryReleased):
        yield from _blocked(state, event, event.entry)


def _blocked(state: Escalation, event: e.Event, seq: int) -> Iterator[Action]:
    waiting = state.timeline.open.get(seq) if state.timeline is not None else None
    if waiting is None or waiting.kind is not EntryKind.BLOCKER:
        return
    for owner in owner_of(state):
        if owner != waiting.by:
            what = (
                f"{'AI output: ' if waiting.ai else ''}blocker {permalink(state, seq)} by {waiting.by}: {waiting.text}"
            )
            link = permalink(state, seq)
            said = told("blocker", what, by=waiting.by, link=link, text=waiting.text, ai=waiting.ai)
            text = words.news(state, said)
            yield notify(state, event, owner, MessageKind.WARNING, text, summary=f"tell {owner}: a blocker")


def _entry_closed(state: Escalation, event: e.EntryClosed) -> Iterator[Action]:
    how = "answered" if event.kind is EntryKind.QUESTION else "resolved"
    what = f"{event.kind} {permalink(state, event.entry)} was {how} by {event.by}: {event.text}"
    link = permalink(state, event.entry)
    said = told("entry_closed", what, kind=event.kind, by=event.by, link=link, text=event.text)
    yield from _tell_author(state, event, event.asked_by, said)
    yield from mentions(state, event)


def _commented(state: Escalation, event: e.Commented) -> Iterator[Action]:
    refs = state.timeline.refs if state.timeline is not None else {}
    if event.entry in refs:
        ai = "AI output of " if event.ai else ""
        what = f"comment {permalink(state, event.seq)} on #{event.entry} by {ai}{event.by}: {event.text}"
        said = told(
            "commented",
            what,
            by=event.by,
            link=permalink(state, event.seq),
            entry=event.entry,
            text=event.text,
            ai=event.ai,
        )
        yield from _tell_author(state, event, refs[event.entry].by, said)
    yield from mentions(state, event)


def _tell_author(state: Escalation, event: e.Event, author: Actor, what: Sentence) -> Iterator[Action]:
    if author != event.by and kind_of(author) is ActorKind.PERSON and reads(state, author):
        text = words.news(state, what)
        yield notify(
            state, event, author, MessageKind.NEWS, text, summary=f"tell {author}: {event.type}", what="author"
        )


def _session_opened(state: Escalation, event: e.SessionOpened) -> Iterator[Action]:
    title = f" ({event.title})" if event.title else ""
    what = f"{event.by} invites you to live session {event.session}{title}: {event.join_url}"
    url = event.join_url
    said = told("session_invite", what, by=event.by, session=event.session, title=event.title, url=url)
    for person in event.participants:
        if person != event.by:
            text = words.news(state, said)
            yield notify(state, event, person, MessageKind.NEWS, text, summary=f"invite {person} to {event.session}")


def _session_chased(state: Escalation, event: e.SessionChased) -> Iterator[Action]:
    session = state.timeline.sessions.get(event.session) if state.timeline is not None else None
    if session is None:
        return
    what = (
        f"live session {session.id} is still open, since {words.instant(session.opened_at)}; what was decided, and who "
        f"does what? escalate close_session {state.id} --session {session.id} --by {session.by} --decision '...' "
        "--item 'TITLE | OWNER | DUE', or --none decisions --none items"
    )
    plain = words.plainly(state, what)
    text = words.text(
        state, "session_open", plain.subject, plain.body, session=session.id, since=session.opened_at, by=session.by
    )
    # Whoever opened it may have left.
    opener = (session.by,) if state.rules < 2 or session.by in {*state.people, state.requested_by} else ()
    for person in dict.fromkeys((*opener, *owner_of(state))) or state.people:
        yield notify(state, event, person, MessageKind.WARNING, text, summary=f"ask {person}: {session.id} is open")


def _unfinished_awaited(state: Escalation, event: e.UnfinishedAwaited) -> Iterator[Action]:
    text = sentence("unfinished_awaited", waits=event.waits)
    yield from tell_owner(state, event, text, summary=text, kind=MessageKind.ITEM)


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.EntryPosted: _entry_posted,
    e.EntryEdited: mentions,
    e.EntryReleased: _released,
    e.EntryAccepted: _released,
    e.EntryClosed: _entry_closed,
    e.Commented: _commented,
    e.SessionOpened: _session_opened,
    e.SessionChased: _session_chased,
    e.UnfinishedAwaited: _unfinished_awaited,
}
