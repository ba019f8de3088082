"""What is written into the timeline, in words: notes, entries, comments, live sessions."""

from collections.abc import Callable
from typing import Any

from escalation.lifecycle.timeline.trail import ai_output
from escalation.model import events as e
from escalation.model.timeline import EntryKind
from escalation.values import format_duration
from starter.line import Line, Weight, name, names


def _ai(event: e.Event) -> str:
    if not ai_output(event):
        return ""
    made = " ".join(filter(None, (getattr(event, "provider", ""), getattr(event, "model", ""))))
    accepted = ", accepted by nobody" if isinstance(event, e.EntryPosted) else ""
    return f"AI output{f' ({made})' if made else ''}{accepted}: "


def _entry(event: e.EntryPosted) -> Line:
    parts = [event.title, event.text or event.summary, event.url]
    marked = f"{'draft ' if event.draft else ''}{event.kind}"
    told = (
        f" ({event.about.replace('_', ' ')}, {format_duration(event.length)})" if event.about and event.length else ""
    )
    where = [
        f"from {event.source}{f' {event.external_id}' if event.external_id else ''}" if event.source else "",
        f"brought by {name(event.by)} for {name(event.author)}" if event.author else "",
        f"of live session {event.session}" if event.session else "",
        f"belongs to {', '.join(event.links)}" if event.links else "",
        f"audio: {event.audio_url}" if event.audio_url else "",
    ]
    return Line(f"{_ai(event)}{marked}{told}: {': '.join(filter(None, parts))}", "; ".join(filter(None, where)))


TIMELINE: dict[type, Callable[[Any], Line]] = {
    e.NoteAdded: lambda v: Line(f"{f'automation {v.automation}' if v.automation else f'{_ai(v)}note'}: {v.text}"),
    e.EntryPosted: _entry,
    e.EntryEdited: lambda v: Line(f"#{v.entry} reads now (version {v.version}): {v.text}"),
    e.EntryReleased: lambda v: Line(f"#{v.entry} is released"),
    e.EntryAccepted: lambda v: Line(f"#{v.entry}, AI output of {name(v.written_by)}, is {name(v.by)}'s own now"),
    e.EntryLinked: lambda v: Line(f"#{v.entry} belongs to {', '.join(v.links)}"),
    e.EntryClosed: lambda v: Line(
        f"{v.kind} #{v.entry} {'answered' if v.kind is EntryKind.QUESTION else 'resolved'}: {v.text}"
    ),
    e.Commented: lambda v: Line(f"{_ai(v)}comment on #{v.reply_to or v.entry}: {v.text}"),
    e.Marked: lambda v: Line(f"{'takes back' if v.off else 'reacts to'} #{v.entry}: {v.mark}", "", Weight.DETAIL),
    e.SeenUpTo: lambda v: Line(f"has read up to #{v.up_to}", "", Weight.DETAIL),
    e.SessionOpened: lambda v: Line(
        f"live session {v.session} opened{f' ({v.title})' if v.title else ''}: {v.join_url}",
        f"invited: {names(v.participants)}" if v.participants else "",
    ),
    e.SessionChased: lambda v: Line(f"live session {v.session} is still open: ask what came of it"),
    e.SessionClosed: lambda v: Line(
        f"live session {v.session} closed",
        f"decisions: {', '.join(f'#{each}' for each in v.decisions) or 'none'}; "
        f"action items: {', '.join(v.items) or 'none'}",
    ),
    e.Attached: lambda v: Line(f"attached: {v.attachment.title}", v.attachment.url),
}
