"""Typed entries: what each kind needs, drafts, AI output that a person may accept, blockers and questions."""

from collections.abc import Iterator

from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow, TooLarge, Unknown
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.timeline.mentions import mentioned
from escalation.lifecycle.timeline.readers import is_ai, of, require_writer
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.model.timeline import MOST_LINKS, MOST_OPEN, EntryKind, EntryRef, Source
from escalation.values import Actor, ActorKind, digest_of, format_duration, kind_of

OPEN_KINDS = (EntryKind.BLOCKER, EntryKind.QUESTION)
"""Kinds that stay open until somebody closes them."""

_RECORDING = frozenset({"about", "length", "transcript", "transcript_url", "summary", "recorded", "baseline"})
_NEEDED = {EntryKind.RECORDING: ("url", "about", "length", "recorded"), EntryKind.LINK: ("url",)}
_TAKEN = {EntryKind.RECORDING: _RECORDING | {"url", "title"}, EntryKind.LINK: frozenset({"url", "title"})}
_SOME = _RECORDING | {"url", "title"}


def post(draft: Draft, command: c.PostEntry) -> None:
    """Put an entry on the timeline; the same one from elsewhere again is the same entry."""
    state = draft.state
    _require_right(state, command)
    _require_fields(state, command)
    if known := _known(state, command):
        _comes_again(draft, command, *known)
        return
    if command.kind in OPEN_KINDS and len(of(state).open) >= MOST_OPEN:
        raise NotNow(f"{MOST_OPEN} blockers and questions of {state.id} are open: answer or resolve some of them first")
    _require_linkable(state, command.links)
    ai = is_ai(command.by, command.author)
    stated = {name: getattr(command, name) for name in _SAID if getattr(command, name)}
    draft.record(
        e.EntryPosted,
        **stated,
        kind=command.kind,
        draft=command.source is Source.DICTATION if command.draft is None else command.draft,
        ai=ai,
        mentions=mentioned(f"{command.text} {command.summary}"),
    )


_SAID = (
    "text",
    "source",
    "author",
    "external_id",
    "external_url",
    "audio_url",
    "provider",
    "model",
    "title",
    "url",
    "about",
    "length",
    "transcript",
    "transcript_url",
    "summary",
    "recorded",
    "baseline",
    "links",
)


def _require_right(state: Escalation, command: c.PostEntry) -> None:
    if command.author is None:
        require_writer(state, command.by)
        return
    if kind_of(command.by) is not ActorKind.SERVICE:
        raise NotAllowed(
            f"{command.by} writes in their own name: only a service states an author, for whom it brings it along"
        )
    if kind_of(command.author) is not ActorKind.PERSON:
        raise NotAllowed(f"author is {command.author}: expected person:ID; what a customer says is recorded with note")
    if command.source is None or command.external_id is None:
        raise Incomplete("what a service brings along for a person needs its source and its external_id there")
    permissions.refuse_concerned(state, command.author)


def _require_fields(state: Escalation, command: c.PostEntry) -> None:
    kind = command.kind
    needed = _NEEDED.get(kind, ("text",))
    missing = [name for name in needed if not getattr(command, name)]
    if missing == ["recorded"]:
        raise Incomplete(
            "a recording needs recorded: told, when everybody who is heard or seen in it was told so; nobody, when "
            "only a screen is recorded"
        )
    if missing:
        raise Incomplete(f"an entry of kind {kind} needs {', '.join(missing)}")
    if surplus := [name for name in sorted(_SOME - _TAKEN.get(kind, frozenset())) if getattr(command, name)]:
        raise NotAllowed(f"an entry of kind {kind} takes no {', '.join(surplus)}")
    most = state.playbook.timeline.recording_at_most
    if command.length is not None and command.length > most:
        raise TooLarge(
            f"the recording is {format_duration(command.length)} long and {state.playbook.playbook} allows "
            f"{format_duration(most)}; tell it in parts, or post a link with its summary"
        )


def _known(state: Escalation, command: c.PostEntry) -> tuple[int, EntryRef] | None:
    if command.external_id is None:
        return None
    external = origin(command.source, command.external_id)
    return next(((seq, ref) for seq, ref in of(state).refs.items() if ref.external == external), None)


def origin(source: Source | None, external_id: str) -> str:
    """Return where an entry comes from, and its id there; empty for what was written here."""
    return f"{source or ''} {external_id}".strip() if external_id else ""


def _comes_again(draft: Draft, command: c.PostEntry, seq: int, ref: EntryRef) -> None:
    """Nothing new, or its words were changed where it was written: then it has a further version."""
    if ref.digest == digest_of(command.text):
        return
    if ref.by != (command.author or command.by):
        raise NotAllowed(
            f"{origin(command.source, command.external_id or '')} is {draft.state.id}#{seq} already, by {ref.by}"
        )
    _edit(draft, seq, ref, command.text)


def edit(draft: Draft, command: c.EditEntry) -> None:
    """Change the words of a draft."""
    ref = _own_draft(draft.state, command.entry, command.by)
    if ref.digest == digest_of(command.text):
        raise NotNow(f"{draft.state.id}#{command.entry} says that already")
    _edit(draft, command.entry, ref, command.text)


def _edit(draft: Draft, seq: int, ref: EntryRef, text: str) -> None:
    now = mentioned(text)
    fresh = tuple(each for each in now if each not in ref.mentions)
    # Of a recording the summary may mention somebody too, and stays as it is.
    in_words = draft.state.rules >= 2 and ref.draft and ref.kind is not EntryKind.RECORDING
    dropped = tuple(each for each in ref.mentions if each not in now) if in_words else ()
    draft.record(e.EntryEdited, entry=seq, version=ref.version + 1, text=text, mentions=fresh, dropped=dropped)


def release(draft: Draft, command: c.ReleaseEntry) -> None:
    """Make a draft final; whom it mentions is told now."""
    ref = _own_draft(draft.state, command.entry, command.by)
    draft.record(e.EntryReleased, entry=command.entry, mentions=ref.mentions)


def _own_draft(state: Escalation, seq: int, by: Actor) -> EntryRef:
    ref = ref_of(state, seq)
    permissions.refuse_concerned(state, by)
    if ref.by != by:
        raise NotAllowed(f"{state.id}#{seq} was written by {ref.by}, not by {by}: comment on it instead")
    if not ref.draft:
        raise NotNow(f"{state.id}#{seq} was released and stays as it is: comment on it, or post what is true now")
    return ref


def accept(draft: Draft, command: c.AcceptEntry) -> None:
    """Take over what an AI wrote: from then on it is this person's."""
    state = draft.state
    permissions.require_person(command.by, "accept_entry")
    permissions.require_member(state, command.by)
    ref = ref_of(state, command.entry)
    if not ref.ai:
        raise AlreadyDone(f"{state.id}#{command.entry} is no AI output that waits to be accepted: it is by {ref.by}")
    mentions = ref.mentions if ref.draft else ()
    draft.record(e.EntryAccepted, entry=command.entry, written_by=ref.by, mentions=mentions)


def link(draft: Draft, command: c.LinkEntry) -> None:
    """Link an entry with what it belongs to."""
    state = draft.state
    require_writer(state, command.by)
    ref = ref_of(state, command.entry)
    _require_linkable(state, command.links)
    links = tuple(each for each in dict.fromkeys(command.links) if each not in ref.links)
    if not links:
        raise AlreadyDone(f"{state.id}#{command.entry} is linked with {', '.join(command.links)} already")
    if len(ref.links) + len(links) > MOST_LINKS:
        raise TooLarge(f"{state.id}#{command.entry} would have {len(ref.links) + len(links)} links of {MOST_LINKS}")
    draft.record(e.EntryLinked, entry=command.entry, links=links)


def _require_linkable(state: Escalation, links: tuple[str, ...]) -> None:
    for each in links:
        kind, _, name = each.partition(":")
        if kind == "item" and name not in state.items:
            raise Unknown(f"{state.id} has no action item {name}; it has {', '.join(state.items) or 'none'}")
        if kind == "case" and state.case is None:
            raise Unknown(f"{state.id} has no case to link with")
        if kind == "entry" and not 0 < int(name) <= state.seq:
            raise Unknown(f"{state.id} has no entry {name}; the latest is {state.seq}")


def answer(draft: Draft, command: c.AnswerEntry) -> None:
    """Answer a question."""
    _close(draft, command, EntryKind.QUESTION, "answer_entry")


def resolve(draft: Draft, command: c.ResolveEntry) -> None:
    """Say that a blocker is out of the way."""
    _close(draft, command, EntryKind.BLOCKER, "resolve_entry")


def _close(draft: Draft, command: c.AnswerEntry | c.ResolveEntry, kind: EntryKind, act: str) -> None:
    state = draft.state
    permissions.require_person(command.by, act)
    if command.by not in of(state).readers:
        require_writer(state, command.by)
    permissions.refuse_concerned(state, command.by)
    entry = of(state).open.get(command.entry)
    if entry is None or entry.kind is not kind:
        raise Unknown(f"{state.id}#{command.entry} is no open {kind}; {_said(state, kind)}")
    draft.record(
        e.EntryClosed,
        entry=entry.seq,
        kind=kind,
        asked_by=entry.by,
        text=command.text,
        mentions=mentioned(command.text),
    )


def _said(state: Escalation, kind: EntryKind) -> str:
    numbers = [f"#{seq}" for seq, each in of(state).open.items() if each.kind is kind]
    return f"open {kind}s: {', '.join(numbers[:10]) or 'none'}"


def ref_of(state: Escalation, seq: int) -> EntryRef:
    """Return what is known of an entry.

    Raises:
        Unknown: that number is no entry, or one of long ago.
    """
    refs = of(state).refs
    ref = refs.get(seq)
    if ref is not None:
        return ref
    recent = ", ".join(f"#{number}" for number in _latest(refs)) or "none"
    raise Unknown(f"{state.id}#{seq} is none of the latest entries that people or AIs wrote; those are {recent}")


def _latest(refs: dict[int, EntryRef]) -> Iterator[int]:
    yield from list(refs)[-8:]
