"""What people write on the timeline: typed entries, comments, reactions, live sessions."""

from typing import Annotated, Literal

from pydantic import Field

from escalation.model.commands.base import Act
from escalation.model.commands.work import ItemDraft
from escalation.model.request import Key
from escalation.model.timeline import (
    EntryKind,
    Mark,
    Recorded,
    RecordingKind,
    Related,
    Source,
    Url,
)
from escalation.values import Actor, Duration, Text, Words

Entry = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(max_length=200)]


class PostEntry(Act):
    """Put a typed entry on the timeline: an assessment, a decision, a blocker, a question, a recording ..."""

    kind: EntryKind
    text: Words = ""
    source: Source | None = None
    """Where it was written first; without it, here."""
    author: Actor | None = None
    """Who wrote it there, when a service brings it along."""
    external_id: Key | None = None
    """Its id there: the same id again is the same entry."""
    external_url: Url | None = None
    audio_url: Url | None = None
    """Of a dictation: where it can be heard."""
    draft: bool | None = None
    """May still be edited, and nobody is told of it before it is released; a dictation is one unless said otherwise."""
    provider: Name = ""
    """Of AI output: whose model it is."""
    model: Name = ""
    """Of AI output: which model wrote it."""
    title: Name = ""
    url: Url | None = None
    """Of a recording or a link."""
    about: RecordingKind | None = None
    """Of a recording: what it tells."""
    length: Duration | None = None
    """Of a recording, such as 2m 30s."""
    transcript: Words = ""
    """Of a recording; a longer one by its URL."""
    transcript_url: Url | None = None
    summary: Words = ""
    recorded: Recorded | None = None
    """Of a recording: that everybody in it was told so, or that nobody is in it."""
    baseline: bool = False
    """Of a recording: it is what everybody who joins should watch first; no report_baseline, which is an incident's."""
    links: Annotated[tuple[Related, ...], Field(max_length=20)] = ()
    """What it belongs to: case, item:i1, entry:12, escalation:ID; may be repeated."""


class EditEntry(Act):
    """Change the words of your own draft; what it said before stays in the ledger."""

    entry: Entry
    text: Text


class ReleaseEntry(Act):
    """Release your own draft: it is not edited any more, and those it mentions are told."""

    entry: Entry


class AcceptEntry(Act):
    """Make what an AI wrote your own."""

    entry: Entry


class LinkEntry(Act):
    """Link an entry with the case, with action items, other entries or other escalations."""

    entry: Entry
    links: Annotated[tuple[Related, ...], Field(min_length=1, max_length=20)]
    """case, item:i1, entry:12, escalation:ID; may be repeated."""


class AnswerEntry(Act):
    """Answer a question that is open."""

    entry: Entry
    text: Text


class ResolveEntry(Act):
    """Say that a blocker is out of the way, and how."""

    entry: Entry
    text: Text


class Comment(Act):
    """Comment on an entry, or answer a comment in its thread."""

    entry: Entry
    text: Text
    provider: Name = ""
    """Of AI output: whose model it is."""
    model: Name = ""
    """Of AI output: which model wrote it."""


class ReactEntry(Act):
    """React to an entry, or take a reaction back."""

    entry: Entry
    mark: Mark
    off: bool = False
    """Take it back."""


class MarkSeen(Act):
    """Say that you have read the timeline up to an entry."""

    up_to: Entry | None = None
    """Without it, up to the latest."""


class OpenSession(Act):
    """Open a live session, such as a call, on this escalation."""

    join_url: Url
    title: Name = ""
    participants: Annotated[tuple[Actor, ...], Field(max_length=50)] = ()
    """Who is invited; may be repeated."""


class CloseSession(Act):
    """Close a live session with what came of it: decisions, and action items with owners."""

    session: Annotated[str, Field(pattern=r"^m[0-9]{1,6}$")] | None = None
    """Its id, such as m1; without it, the one that is open."""
    decisions: Annotated[tuple[Text, ...], Field(max_length=20)] = ()
    """A decision that was taken; may be repeated."""
    items: Annotated[tuple[ItemDraft, ...], Field(max_length=20)] = ()
    none: tuple[Literal["decisions", "items"], ...] = ()
    """Which of the two did not come of it; may be repeated."""


COMMANDS: dict[str, type[Act]] = {
    "post_entry": PostEntry,
    "edit_entry": EditEntry,
    "release_entry": ReleaseEntry,
    "accept_entry": AcceptEntry,
    "link_entry": LinkEntry,
    "answer_entry": AnswerEntry,
    "resolve_entry": ResolveEntry,
    "comment": Comment,
    "react_entry": ReactEntry,
    "mark_seen": MarkSeen,
    "open_session": OpenSession,
    "close_session": CloseSession,
}
