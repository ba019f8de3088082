"""How it ends and what is learnt, in words: the ticket, resolution, review, lessons, opinions, links, migration."""

from collections.abc import Callable
from typing import Any

from escalation.model import events as e
from starter.line import Line, Weight, joined, name, names
from starter.when import show


def _confirmed(event: e.ResolutionConfirmed) -> Line:
    how = {"silence": "nobody objected in time", "not_asked": "the playbook asks nobody"}.get(event.how, "")
    return Line("resolution confirmed", event.comment or how, Weight.TURN)


def _linked(event: e.CaseLinked) -> Line:
    if event.completed:
        return Line(f"what {event.link.system or 'the help desk'} knows of the customer", event.link.gap, Weight.DETAIL)
    return Line(f"ticket {event.link.ticket} linked", event.link.url)


def _scored(event: e.Rated | e.FeedbackGiven) -> Line:
    about = "the hand-over" if isinstance(event, e.Rated) else "the service"
    giver = f", prepared by {name(event.giver)}" if isinstance(event, e.Rated) and event.giver else ""
    return Line(f"rated {about} {event.score} of 5{giver}", event.comment)


def _labelled(event: e.Labelled) -> Line:
    said = {"warranted": event.warranted, "late": event.late, "the AI right": event.ai_would_have_been_right}
    words = (f"{what}: {'yes' if is_so else 'no'}" for what, is_so in said.items() if is_so is not None)
    return Line(f"looking back, {', '.join(words)}", event.because)


ENDING: dict[type, Callable[[Any], Line]] = {
    e.CaseLinked: _linked,
    e.CaseFailed: lambda v: Line("the ticket could not be opened", v.error),
    e.QuestionPublished: lambda _: Line("the ticket asks whether it is solved", weight=Weight.DETAIL),
    e.CaseUpdateFailed: lambda v: Line("the ticket could not be updated", v.error),
    e.ResolutionProposed: lambda v: Line(
        f"resolution proposed: {v.resolution}",
        joined(v.although, f"cause: {v.cause}" if v.cause else ""),
        Weight.TURN,
    ),
    e.ResolutionConfirmed: _confirmed,
    e.ResolutionUnanswered: lambda _: Line("nobody confirmed the resolution in time; the owner asks again"),
    e.ResolutionRejected: lambda v: Line("resolution rejected", v.because, Weight.TURN),
    e.ReviewStarted: lambda v: Line(f"review due {show(v.due)}", "", Weight.TURN),
    e.ReviewSubmitted: lambda v: Line("review submitted", "lessons: " + "; ".join(v.lessons) if v.lessons else ""),
    e.ReviewChased: lambda v: Line(f"review late: reminder {v.times}"),
    e.Rated: _scored,
    e.FeedbackGiven: _scored,
    e.Closed: lambda v: Line(
        "returned with guidance" if v.returned else "closed",
        joined(v.guidance, v.because) if v.guidance else v.because,
        Weight.TURN,
    ),
    e.Cancelled: lambda v: Line("cancelled", v.because, Weight.TURN),
    e.LinkAdded: lambda v: Line(f"linked with {v.other} ({v.relation})", v.because),
    e.LinkRemoved: lambda v: Line(f"not linked with {v.other} any more", v.because),
    e.LinkLost: lambda v: Line(f"{v.other} cannot be told any more", v.because),
    e.StatusTold: lambda v: Line(f"linked escalations are told: {v.status}", "", Weight.DETAIL),
    e.AncestryHeard: lambda v: Line(f"above {v.other}: {', '.join(v.above) or 'nothing'}", "", Weight.DETAIL),
    e.AncestryTold: lambda v: Line(f"now above this one: {', '.join(v.above) or 'nothing'}", "", Weight.DETAIL),
    e.StatusHeard: lambda v: Line(f"{v.other} is now: {v.status}"),
    e.ReviewDraftOpened: lambda v: Line("the review may be begun", v.because),
    e.ReviewPartDrafted: lambda v: Line(f"review, {v.part}{' (written by an AI)' if v.by_ai else ''}: {v.text}"),
    e.LessonAdded: lambda v: Line(
        f"lesson {v.lesson}: {v.what}", f"leads to a change ({v.change}), action item {v.item}" if v.item else ""
    ),
    e.ChangeClaimed: lambda v: Line(f"lesson {v.lesson}: said to be live as {v.live_as}, it is looked up"),
    e.ChangeLive: lambda v: Line(
        f"lesson {v.lesson}: its change is live{f' as {v.live_as}' if v.live_as else ''}",
        "looked up" if v.verified else "",
        Weight.TURN,
    ),
    e.ChangeNotLive: lambda v: Line(f"lesson {v.lesson}: not live as {v.live_as}", v.because),
    e.Labelled: _labelled,
    e.FeedbackRequested: lambda v: Line(
        f"asked how it went: {', '.join(f'{name(actor)} ({role})' for actor, role in v.asked.items())}",
        f"waits until {show(v.due)} at most",
    ),
    e.FeedbackReminded: lambda v: Line(f"asked again how it went: {names(v.to)}"),
    e.FeedbackEnded: lambda v: Line(f"nobody waits any longer for what {names(v.unanswered)} would say", v.because),
    e.ParticipantFeedbackGiven: lambda v: Line(
        f"says it went {v.score} of 5",
        joined(v.comment, f"better next time: {v.improvement}" if v.improvement else ""),
    ),
    e.AdviceGiven: lambda v: Line(f"guidance for {name(v.to)}: {v.text}"),
    e.MigrationAsked: lambda v: Line(f"asks to go on by version {v.to} of the playbook", v.because),
    e.MigrationRefused: lambda v: Line(f"stays with its version of the playbook, not {v.to}", v.because, Weight.TURN),
    e.Migrated: lambda v: Line(
        f"goes on by v{v.to_version} of the playbook ({v.to_digest}), before v{v.version} ({v.digest})",
        "; ".join((v.because, *v.effects, *v.differences)),
        Weight.TURN,
    ),
    e.ChildrenAwaited: lambda v: Line(
        f"waits for those below it: {', '.join(v.children)}", f"again {show(v.next_due)}"
    ),
    e.UnfinishedAwaited: lambda v: Line(f"not closed over {', '.join(v.waits)}", f"again {show(v.next_due)}"),
}
