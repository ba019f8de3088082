"""Audits: a sample that anybody can draw again, and one escalation's events held against the service standards.

For the standards only what had happened by the end of the period counts, so that the same audit gives the same findings
later. Patterns take labels as they are known: most come with the review, after the period.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from escalation.lifecycle.hindsight.lookback import look_back
from escalation.lifecycle.hindsight.patterns import READ, Case, patterns
from escalation.lifecycle.timeline.trail import read
from escalation.model import events as e
from escalation.model.audit import (
    Audited,
    AuditReport,
    Book,
    Check,
    Every,
    Finding,
    Period,
    RunAudit,
    Standards,
    Teams,
)
from escalation.values import ActorKind, digest_of, format_duration

_AT_ONCE = 200
"""Escalations whose events are read at once."""


def period_before(every: Every, at: datetime) -> Period:
    """Return the last whole week, from Monday on, or calendar month before an instant, in its zone."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if every is Every.WEEK:
        end = midnight - timedelta(days=midnight.weekday())
        return Period(start=end - timedelta(days=7), end=end)
    end = midnight.replace(day=1)
    return Period(start=(end - timedelta(days=1)).replace(day=1), end=end)


def sample(instances: Collection[str], size: int, period: Period) -> tuple[str, ...]:
    """Draw ``size`` instances: by a digest of each with the period, so that it is neither chosen nor by their order."""
    drawn = sorted(set(instances), key=lambda each: (digest_of(f"{period.key} {each}"), each))
    return tuple(drawn[:size])


def examine(ask: RunAudit, book: Book, teams: Teams) -> AuditReport:
    """Audit a period: a sample of what was open in it, and the patterns of what was opened in it."""
    period = ask.period
    lived = {each.instance: each for each in book.lived(period.start, period.end)}
    audited = []
    for some in _portions(sample(lived, ask.sample, period)):
        found = book.events_of(some)
        for one in some:
            events = [event for event in read(found.get(one, [])) if event.at < period.end]
            findings = audit(events, ask.standards, period.end)
            audited.append(Audited(escalation_id=lived[one].escalation_id, instance=one, findings=findings))
    cases: list[Case] = []
    for some in _portions([one for one, each in lived.items() if each.opened_at >= period.start]):
        recorded = book.events_of(some, READ)
        for one in some:
            events = read(recorded.get(one, []))
            opened = next((event for event in events if isinstance(event, e.Opened)), None)
            seen = look_back(lived[one].escalation_id, events)
            if opened is not None and seen is not None:
                triggers = tuple(reason.trigger for reason in opened.reasons)
                cases.append(Case(seen, triggers, tuple(teams(opened.requested_by))))
    review = patterns(cases, ask.standards.usual)
    return AuditReport(period=period, of=len(lived), audited=tuple(audited), review=review)


def _portions(instances: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(instances), _AT_ONCE):
        yield instances[first : first + _AT_ONCE]


def audit(events: Iterable[e.Event], standards: Standards, until: datetime) -> tuple[Finding, ...]:
    """Hold one escalation's events, oldest first, against the standards, as it stood at an instant."""
    known = list(events)
    return tuple(
        Finding(check=check, says=says)
        for check in standards.checks
        for says in _CHECKS[check](known, standards, until)
    )


def _acknowledged(events: list[e.Event], standards: Standards, until: datetime) -> Iterator[str]:
    """Judge the time from the first page; whoever was never called cannot have been late."""
    called = next((event for event in events if isinstance(event, e.RungOpened)), None)
    if called is None:
        return
    severity = next((event.severity for event in events if isinstance(event, e.Opened)), "")
    limit = standards.severities.get(severity, standards.acknowledged_within)
    taken = next((event for event in events if isinstance(event, e.OwnerChanged)), None)
    took = (taken.at if taken is not None else _ended(events) or until) - called.at
    if took > limit:
        what = "acknowledged after" if taken is not None else "nobody acknowledged it within"
        said = f"{severity} is to be acknowledged within {format_duration(limit)}"
        yield f"{what} {format_duration(took)}; {said}"


def _owned(events: list[e.Event], standards: Standards, until: datetime) -> Iterator[str]:
    """Find lapses of the owner's acknowledgement that lasted, and what was resolved without an owner."""
    owned = False
    for place, event in enumerate(events):
        if isinstance(event, e.OwnerChanged):
            owned = True
        elif isinstance(event, e.ResolutionProposed) and not owned:
            yield f"a resolution was proposed at {event.at:%Y-%m-%d %H:%M %Z}, and nobody had owned it"
            owned = True
        elif isinstance(event, e.AcknowledgementLapsed):
            later = events[place + 1 :]
            heard = next(
                (each.at for each in later if isinstance(each, e.OwnerChanged) or each.by == event.owner), None
            )
            lasted = (heard or _ended(later) or until) - event.at
            if lasted > standards.lapse_at_most:
                limit = format_duration(standards.lapse_at_most)
                yield (
                    f"from {event.at:%Y-%m-%d %H:%M %Z} on nothing was heard of its owner for "
                    f"{format_duration(lasted)} more; a lapse may last {limit}"
                )


def _packet(events: list[e.Event], _: Standards, __: datetime) -> Iterator[str]:
    """Find parts that were missing when people were called, without an exception that says why."""
    missing: tuple[str, ...] = ()
    excused = False
    for event in events:
        if isinstance(event, e.Opened):
            missing, excused = event.missing, bool(event.exception)
        elif isinstance(event, e.InputProvided):
            missing = event.still_missing
        elif isinstance(event, e.ExceptionUsed):
            excused = True
        elif isinstance(event, e.RungOpened):
            if missing and not excused:
                yield f"people were called although {', '.join(missing)} was missing, and no exception says why"
            return


def _decisions(events: list[e.Event], _: Standards, __: datetime) -> Iterator[str]:
    """Find decisions of approvals that give no reason."""
    for event in events:
        if isinstance(event, e.GateDecided) and not event.because.strip():
            what = event.decision.replace("_", " ")
            yield f"approval {event.gate}, round {event.round}: {what} by {event.by} without a reason"


def _reviewed(events: list[e.Event], standards: Standards, until: datetime) -> Iterator[str]:
    """Judge the time from the beginning of the review."""
    begun = next((event for event in events if isinstance(event, e.ReviewStarted)), None)
    if begun is None:
        return
    submitted = next((event for event in events if isinstance(event, e.ReviewSubmitted)), None)
    took = (submitted.at if submitted is not None else _ended(events) or until) - begun.at
    if took > standards.reviewed_within:
        what = "the review was handed in after" if submitted is not None else "the review is not handed in after"
        yield f"{what} {format_duration(took)}; it is due within {format_duration(standards.reviewed_within)}"


def _items(events: list[e.Event], _: Standards, __: datetime) -> Iterator[str]:
    """Find action items that nobody has: only offered to the people of a target."""
    holders: dict[str, str] = {}
    for event in events:
        match event:
            case e.ItemAdded() | e.ItemReassigned() | e.ItemGivenBack():
                holders[event.item] = event.owner
            case e.ItemClaimed():
                holders[event.item] = event.by
            case e.ItemCompleted() | e.ItemDropped():
                holders.pop(event.item, None)
            case _:
                pass
    for item, holder in holders.items():
        if holder.partition(":")[0] not in _ACTORS:
            yield f"action item {item} is not done and has no owner: it is offered to {holder}"


_ACTORS = frozenset(map(str, ActorKind)) - {str(ActorKind.GROUP)}


def _ended(events: Iterable[e.Event]) -> datetime | None:
    return next((event.at for event in events if isinstance(event, e.Closed | e.Cancelled)), None)


_CHECKS: dict[Check, Callable[[list[e.Event], Standards, datetime], Iterator[str]]] = {
    Check.ACKNOWLEDGED: _acknowledged,
    Check.OWNED: _owned,
    Check.PACKET: _packet,
    Check.DECISIONS: _decisions,
    Check.REVIEWED: _reviewed,
    Check.ITEMS: _items,
}
