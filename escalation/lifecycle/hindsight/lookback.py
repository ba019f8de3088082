"""Looking back on ended escalations by their events: right or not, late or not, how well prepared, what to change.

Over-escalation and late escalation are both reported, so that neither speed nor judgement is judged alone.
"""

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, median
from typing import Any

from escalation.model import events as e
from escalation.values import Actor, Record


class Lookback(Record):
    """What one escalation says, looking back."""

    escalation_id: str
    playbook: str
    source: str
    requested_by: Actor
    could_have_stayed: bool = False
    """It was returned before anybody was told, or people of its review say that it was not warranted."""
    late: bool | None = None
    """As people of its review say; else true where a trigger is known to have been true before the hand-over."""
    late_by: float | None = None
    """Seconds; None: not known."""
    late_because: str = ""
    ai_would_have_been_right: bool | None = None
    scores: tuple[int, ...] = ()
    preparation: tuple[int, ...] = ()
    documentation: tuple[int, ...] = ()
    satisfaction: int | None = None
    """The customer's."""
    opinions: tuple[int, ...] = ()
    """Of everybody who took part."""
    improvements: tuple[str, ...] = ()
    """What is said to be better next time, customers' words included, and guidance for whoever escalated."""


def look_back(escalation_id: str, events: Iterable[e.Event]) -> Lookback | None:
    """Read one escalation's events, oldest first; None where it was never opened."""
    found: Lookback | None = None
    for event in events:
        if isinstance(event, e.Opened):
            found = Lookback(
                escalation_id=escalation_id,
                playbook=event.playbook,
                source=event.source,
                requested_by=event.requested_by,
            )
        elif found is not None and (read := _READ.get(type(event))) is not None:
            found = found.changed(read(found, event))
    return found


def _labelled(_: Lookback, event: e.Labelled | e.ReviewSubmitted) -> dict[str, object]:
    changes: dict[str, object] = {}
    if event.warranted is not None:
        changes["could_have_stayed"] = not event.warranted
    if event.late is not None:
        changes["late"] = event.late
    if event.ai_would_have_been_right is not None:
        changes["ai_would_have_been_right"] = event.ai_would_have_been_right
    return changes


def _reviewed(found: Lookback, event: e.ReviewSubmitted) -> dict[str, object]:
    changes = _labelled(found, event)
    if event.late_by is not None:
        changes |= {"late_by": event.late_by, "late_because": event.late_because}
        if found.late is None:
            changes.setdefault("late", True)
    return changes


def _rated(found: Lookback, event: e.Rated) -> dict[str, object]:
    return {
        "scores": (*found.scores, event.score),
        "preparation": (*found.preparation, *_given(event.preparation)),
        "documentation": (*found.documentation, *_given(event.documentation)),
    }


def _given(score: int | None) -> tuple[int, ...]:
    return (score,) if score is not None else ()


def _said(found: Lookback, event: e.FeedbackGiven | e.ParticipantFeedbackGiven) -> dict[str, object]:
    is_customer = isinstance(event, e.FeedbackGiven) or event.took_part_as == "customer"
    score = {"satisfaction": event.score} if is_customer else {"opinions": (*found.opinions, event.score)}
    better = (event.improvement,) if event.improvement else ()
    return {**score, "improvements": (*found.improvements, *better)}


def _advised(found: Lookback, event: e.AdviceGiven) -> dict[str, object]:
    return {"improvements": (*found.improvements, event.text)}


def _closed(_: Lookback, event: e.Closed) -> dict[str, object]:
    return {"could_have_stayed": True} if event.returned else {}


_READ: dict[type[e.EventBase], Callable[[Lookback, Any], dict[str, object]]] = {
    e.Labelled: _labelled,
    e.ReviewSubmitted: _reviewed,
    e.Rated: _rated,
    e.FeedbackGiven: _said,
    e.ParticipantFeedbackGiven: _said,
    e.AdviceGiven: _advised,
    e.Closed: _closed,
}


class Ratings(Record):
    """What several escalations say together."""

    of: str
    """The playbook, source or requester they have in common."""
    escalations: int
    could_have_stayed: int
    late: int
    median_delay: float | None = None
    """Seconds, of those whose delay is known."""
    ai_would_have_been_right: int
    score: float | None = None
    preparation: float | None = None
    documentation: float | None = None
    satisfaction: float | None = None
    opinion: float | None = None


GROUPS: dict[str, Callable[[Lookback], str]] = {
    "playbook": lambda each: each.playbook,
    "source": lambda each: each.source,
    "requester": lambda each: each.requested_by,
}
"""What escalations may be reported by."""


def ratings(found: Sequence[Lookback], by: str) -> list[Ratings]:
    """Report by playbook, source or requester; those with the most escalations first."""
    groups: dict[str, list[Lookback]] = {}
    for each in found:
        groups.setdefault(GROUPS[by](each), []).append(each)
    return [_together(of, group) for of, group in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))]


def _together(of: str, group: list[Lookback]) -> Ratings:
    delays = [each.late_by for each in group if each.late_by is not None and each.late is not False]
    return Ratings(
        of=of,
        escalations=len(group),
        could_have_stayed=sum(each.could_have_stayed for each in group),
        late=sum(each.late is True for each in group),
        median_delay=median(delays) if delays else None,
        ai_would_have_been_right=sum(each.ai_would_have_been_right is True for each in group),
        score=_mean(score for each in group for score in each.scores),
        preparation=_mean(score for each in group for score in each.preparation),
        documentation=_mean(score for each in group for score in each.documentation),
        satisfaction=_mean(each.satisfaction for each in group if each.satisfaction is not None),
        opinion=_mean(score for each in group for score in each.opinions),
    )


def _mean(scores: Iterable[int]) -> float | None:
    known = list(scores)
    return round(fmean(known), 2) if known else None
