"""What people write on the timeline, with all of its words: nothing else keeps them."""

from datetime import timedelta
from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.model.timeline import EntryKind, Mark, Recorded, RecordingKind, Source
from escalation.values import Actor


class EntryPosted(EventBase):
    """A typed entry."""

    type: Literal["entry_posted"] = "entry_posted"
    kind: EntryKind
    text: str = ""
    source: Source | None = None
    author: Actor | None = None
    """Who wrote it, where a service brought it along."""
    external_id: str = ""
    external_url: str = ""
    audio_url: str = ""
    draft: bool = False
    ai: bool = False
    """Written by an AI or a service."""
    provider: str = ""
    model: str = ""
    mentions: tuple[str, ...] = ()
    title: str = ""
    url: str = ""
    about: RecordingKind | None = None
    length: timedelta | None = None
    transcript: str = ""
    transcript_url: str = ""
    summary: str = ""
    recorded: Recorded | None = None
    baseline: bool = False
    links: tuple[str, ...] = ()
    session: str = ""
    """The live session that it came of."""

    @property
    def writer(self) -> Actor:
        """Whose words they are."""
        return self.author or self.by


class EntryEdited(EventBase):
    """The words of a draft, or of something that came from elsewhere, are others now; this is the next version."""

    type: Literal["entry_edited"] = "entry_edited"
    entry: int
    version: int
    text: str
    mentions: tuple[str, ...] = ()
    """Who is mentioned now and was not before."""
    dropped: tuple[str, ...] = ()
    """Of a draft: who is mentioned no more."""


class EntryReleased(EventBase):
    """A draft is one no more."""

    type: Literal["entry_released"] = "entry_released"
    entry: int
    mentions: tuple[str, ...] = ()


class EntryAccepted(EventBase):
    """A person made what an AI wrote their own."""

    type: Literal["entry_accepted"] = "entry_accepted"
    entry: int
    written_by: Actor
    mentions: tuple[str, ...] = ()
    """Of a draft: it is released by that."""


class EntryLinked(EventBase):
    """An entry belongs to more than it did."""

    type: Literal["entry_linked"] = "entry_linked"
    entry: int
    links: tuple[str, ...]


class EntryClosed(EventBase):
    """A question was answered, or a blocker resolved."""

    type: Literal["entry_closed"] = "entry_closed"
    entry: int
    kind: EntryKind
    asked_by: Actor
    text: str
    mentions: tuple[str, ...] = ()


class Commented(EventBase):
    """A comment in the thread of an entry."""

    type: Literal["commented"] = "commented"
    entry: int
    """The entry whose thread it is."""
    reply_to: int = 0
    """The comment that it answers; 0: the entry itself."""
    text: str
    ai: bool = False
    provider: str = ""
    model: str = ""
    mentions: tuple[str, ...] = ()


class Marked(EventBase):
    """Somebody reacted to an entry, or took that back."""

    type: Literal["marked"] = "marked"
    entry: int
    mark: Mark
    off: bool = False


class SeenUpTo(EventBase):
    """Somebody has read up to here."""

    type: Literal["seen_up_to"] = "seen_up_to"
    up_to: int


class SessionOpened(EventBase):
    """A live session began."""

    type: Literal["session_opened"] = "session_opened"
    session: str
    join_url: str
    title: str = ""
    participants: tuple[Actor, ...] = ()
    due: AwareDatetime


class SessionChased(EventBase):
    """A live session is still open; somebody was asked what came of it."""

    type: Literal["session_chased"] = "session_chased"
    session: str
    times: int
    next_due: AwareDatetime


class SessionClosed(EventBase):
    """A live session is over, and what came of it is recorded."""

    type: Literal["session_closed"] = "session_closed"
    session: str
    decisions: tuple[int, ...] = ()
    """Entries."""
    items: tuple[str, ...] = ()


class UnfinishedAwaited(EventBase):
    """Nothing else keeps it open: it is closed when these blockers are resolved and live sessions are closed."""

    type: Literal["unfinished_awaited"] = "unfinished_awaited"
    waits: tuple[str, ...]
    next_due: AwareDatetime
