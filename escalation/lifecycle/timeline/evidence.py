"""Rows of an evidence pack, told from events alone: what AIs decided, who acted and was told, by which rules.

No row holds a text that somebody wrote: those stand in the trail, under the reference that each row has.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from escalation.lifecycle.timeline.trail import ai_output, author_of, kind_of_entry
from escalation.model import events as e
from escalation.values import ActorKind, kind_of

Row = dict[str, Any]

_MEASURES = ("ai_confidence", "confidence.threshold", "task_risk")
"""Facts that say how sure an AI was, and below what it had to ask."""


# --- what AIs decided -------------------------------------------------------------------------------------------------


def ai_decisions(escalation: str, events: Sequence[e.Event]) -> Iterator[Row]:
    """Yield every decision and output of an AI, with who accepted it and whether it was right as people said since."""
    accepted = _accepted(events)
    labels = _labels(events)
    for event in events:
        if not _of_ai(event):
            continue
        yield {
            "ref": f"{escalation}#{event.seq}",
            "at": event.at.isoformat(),
            "ai": _who(event),
            "what": kind_of_entry(event),
            **_measured(event),
            **{name: getattr(event, name) for name in ("provider", "model", "activity") if getattr(event, name, "")},
            "accepted_by": accepted.get(event.seq, ""),
            **(labels if isinstance(event, e.Opened) else {}),
        }


def _of_ai(event: e.Event) -> bool:
    return ai_output(event) or any(
        kind_of(actor) is ActorKind.AGENT for actor in (event.by, getattr(event, "requested_by", event.by))
    )


def _who(event: e.Event) -> str:
    return str(getattr(event, "requested_by", "") or author_of(event))


def _measured(event: e.Event) -> Row:
    """Tell how sure it was and which thresholds counted; an opening names the triggers that were true."""
    stated = getattr(event, "facts", None) or {}
    measured = {name: stated[name] for name in _MEASURES if name in stated}
    reasons = getattr(event, "reasons", ())
    for reason in reasons:
        measured |= {name: reason.facts[name] for name in _MEASURES if name in reason.facts}
    return {**measured, **({"triggers": [reason.trigger for reason in reasons]} if reasons else {})}


def _accepted(events: Sequence[e.Event]) -> dict[int, str]:
    """Return who made an AI's output their own, by the number of that output."""
    drafts = {event.draft: event.seq for event in events if isinstance(event, e.WorkDrafted)}
    found = {event.entry: event.by for event in events if isinstance(event, e.EntryAccepted)}
    return found | {
        drafts[event.draft]: event.by for event in events if isinstance(event, e.ActivityDone) and event.draft in drafts
    }


def _labels(events: Sequence[e.Event]) -> Row:
    """Return what people say of the decision to escalate; the last word on each counts."""
    said: Row = {}
    for event in events:
        if isinstance(event, e.Labelled | e.ReviewSubmitted):
            for name in ("warranted", "late", "ai_would_have_been_right"):
                if getattr(event, name, None) is not None:
                    said |= {name: getattr(event, name), "labelled_by": event.by}
    return said


# --- who acted, who was told ------------------------------------------------------------------------------------------


def access(escalation: str, events: Sequence[e.Event]) -> Iterator[Row]:
    """Yield who acted, who was told and by which channel, and how far somebody said to have read."""
    for event in events:
        row = {"ref": f"{escalation}#{event.seq}", "at": event.at.isoformat()}
        if isinstance(event, e.MessageDelivered):
            yield {**row, "who": event.to, "did": "was told", "channel": event.receipt.channel}
        elif isinstance(event, e.SeenUpTo):
            yield {**row, "who": event.by, "did": "read", "up_to": f"{escalation}#{event.up_to}"}
        elif isinstance(event, e.ReadConfirmed):
            yield {**row, "who": event.by, "did": "confirmed to have read"}
        elif kind_of(event.by) is not ActorKind.SYSTEM:
            yield {**row, "who": author_of(event), "did": event.type}


# --- by which rules ---------------------------------------------------------------------------------------------------


def playbook_changes(escalation: str, events: Sequence[e.Event]) -> Iterator[Row]:
    """Yield which version of the playbook decided from when on, and the lessons that became changes."""
    lessons = {event.lesson: event for event in events if isinstance(event, e.LessonAdded)}
    for event in events:
        row = {"ref": f"{escalation}#{event.seq}", "at": event.at.isoformat(), "by": event.by}
        if isinstance(event, e.Opened | e.Declined):
            yield {**row, "what": "decided by", "playbook": event.playbook, "digest": event.playbook_digest}
        elif isinstance(event, e.Migrated):
            yield {
                **row,
                "what": "moved",
                "playbook": event.playbook.playbook,
                "from_version": event.version,
                "from_digest": event.digest,
                "version": event.to_version,
                "digest": event.to_digest,
            }
        elif isinstance(event, e.ChangeLive):
            lesson = lessons.get(event.lesson)
            yield {
                **row,
                "what": "a lesson is live",
                "lesson": event.lesson,
                "change": str(lesson.change) if lesson is not None else "",
                "live_as": event.live_as,
                "verified": event.verified,
            }


# --- what stays out ---------------------------------------------------------------------------------------------------


def holds_packet(event: e.Event) -> bool:
    """Tell what holds the customer's conversation, or what a customer wrote: it is exported only when asked for."""
    if isinstance(event, e.Opened):
        return True
    spoken = getattr(event, "from_customer", False) or bool(getattr(event, "conversation", ()))
    customers = any(kind_of(who) is ActorKind.CUSTOMER for who in (event.by, author_of(event)))
    return spoken or customers or isinstance(event, e.Joined | e.InputProvided | e.ReplyRecorded | e.CaseLinked)


def trail(escalation: str, events: Sequence[e.Event]) -> Iterator[Row]:
    """Yield each event with its hash and that of the one before, and without what holds a customer's words."""
    for event in events:
        row = {"ref": f"{escalation}#{event.seq}", "at": event.at.isoformat(), "by": event.by, "kind": event.type}
        proof = {"prev": event.prev, "hash": e.hash_of(event)}
        left_out = holds_packet(event)
        yield {**row, **proof, **({"left_out": True} if left_out else {"event": event.model_dump(mode="json")})}


def broken_at(events: Sequence[e.Event]) -> int | None:
    """Return the number of the first event that is missing, or does not follow from the one before; else None."""
    previous = ""
    for expected, event in enumerate(events, 1):
        if event.seq != expected or (previous and event.prev != previous):
            return expected
        previous = "" if isinstance(event, e.UnknownEvent) else e.hash_of(event)
    return None if events else 1
