"""Live sessions: opened with a link to join, closed with what came of them, asked about when they stay open."""

from escalation.errors import Incomplete, NotAllowed, NotNow, Unknown
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.timeline.mentions import mentioned
from escalation.lifecycle.timeline.readers import of
from escalation.lifecycle.work import work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.model.timeline import MOST_SESSIONS, EntryKind, Session
from escalation.values import ENGINE


def open_session(draft: Draft, command: c.OpenSession) -> None:
    """Open a session and invite people."""
    state = draft.state
    permissions.require_person(command.by, "open_session")
    permissions.require_member(state, command.by)
    timeline = of(state)
    if len(timeline.sessions) >= MOST_SESSIONS:
        raise NotNow(f"{len(timeline.sessions)} sessions of {state.id} are open: close one of them first")
    for person in command.participants:
        permissions.require_person(person, "taking part in a session")
        permissions.refuse_concerned(state, person)
    draft.record(
        e.SessionOpened,
        session=f"m{timeline.sessions_opened + 1}",
        join_url=command.join_url,
        title=command.title,
        participants=tuple(dict.fromkeys(command.participants)),
        due=draft.now + state.playbook.timeline.session_at_most,
    )


def close_session(draft: Draft, command: c.CloseSession) -> None:
    """Close a session: its decisions become entries, its items action items."""
    permissions.require_person(command.by, "close_session")
    permissions.require_member(draft.state, command.by)
    session = _session(draft.state, command.session)
    for part, given in (("decisions", command.decisions), ("items", command.items)):
        if not given and part not in command.none:
            raise Incomplete(
                f"session {session.id} is closed with its {part}, or with none: {part} when there were none"
            )
        if given and part in command.none:
            raise NotAllowed(f"session {session.id} has {part} and says none: {part}; leave out one of the two")
    before = draft.state.seq
    for text in command.decisions:
        draft.record(e.EntryPosted, kind=EntryKind.DECISION, text=text, session=session.id, mentions=mentioned(text))
    decisions = tuple(range(before + 1, draft.state.seq + 1))
    known = set(draft.state.items)
    for item in command.items:
        work_items.add(draft, item.title, item.owner, item.due)
    items = tuple(each for each in draft.state.items if each not in known)
    draft.record(e.SessionClosed, session=session.id, decisions=decisions, items=items)


def _session(state: Escalation, identifier: str | None) -> Session:
    sessions = of(state).sessions
    if identifier is None and len(sessions) == 1:
        return next(iter(sessions.values()))
    found = sessions.get(identifier or "")
    if found is None:
        which = f"no open session {identifier}" if identifier else "no single open session"
        raise Unknown(f"{state.id} has {which}; open are: {', '.join(sessions) or 'none'}")
    return found


def overdue(draft: Draft, identifier: str) -> None:
    """A session was not closed: whoever opened it is asked what came of it."""
    session = of(draft.state).sessions[identifier]
    again = draft.now + draft.state.playbook.timeline.session_at_most
    draft.record(e.SessionChased, by=ENGINE, session=session.id, times=session.chased + 1, next_due=again)
