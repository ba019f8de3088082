"""Comments in the thread of an entry, reactions, and how far each has read."""

from escalation.errors import AlreadyDone, NotNow, Unknown
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.timeline.entries import ref_of
from escalation.lifecycle.timeline.mentions import mentioned
from escalation.lifecycle.timeline.readers import is_ai, of, require_reader
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation


def comment(draft: Draft, command: c.Comment) -> None:
    """Comment on anything that stands on the timeline; a comment on a comment joins its thread."""
    state = draft.state
    require_reader(state, command.by)
    if command.entry > state.seq:
        raise Unknown(f"{state.id} has no entry {command.entry}; the latest is {state.seq}")
    thread = _thread_of(state, command.entry)
    draft.record(
        e.Commented,
        entry=thread,
        reply_to=command.entry if thread != command.entry else 0,
        text=command.text,
        ai=is_ai(command.by),
        provider=command.provider,
        model=command.model,
        mentions=mentioned(command.text),
    )


def _thread_of(state: Escalation, seq: int) -> int:
    """Return the entry whose thread a comment is in; with older rules as far back as the latest events go."""
    if state.rules >= 2:
        return of(state).threads.get(seq, seq)
    found = next((event for event in reversed(state.tail) if event.seq == seq), None)
    return found.entry if isinstance(found, e.Commented | e.EntryClosed) else seq


def react(draft: Draft, command: c.ReactEntry) -> None:
    """React to an entry, once with each mark, or take it back."""
    state = draft.state
    require_reader(state, command.by)
    ref = ref_of(state, command.entry)
    there = command.by in ref.marks.get(command.mark, ())
    if there is not command.off:
        done = "did not react" if command.off else "reacted"
        raise AlreadyDone(f"{command.by} {done} to {state.id}#{command.entry} with {command.mark}")
    draft.record(e.Marked, entry=command.entry, mark=command.mark, off=command.off)


def mark_seen(draft: Draft, command: c.MarkSeen) -> None:
    """Note how far somebody has read; it never goes back."""
    state = draft.state
    require_reader(state, command.by)
    up_to = command.up_to or state.seq
    if up_to > state.seq:
        raise Unknown(f"{state.id} has no entry {up_to}; the latest is {state.seq}")
    if up_to <= of(state).seen.get(command.by, 0):
        raise NotNow(f"{command.by} has read {state.id} up to #{of(state).seen[command.by]} already")
    draft.record(e.SeenUpTo, up_to=up_to)
