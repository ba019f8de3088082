"""What messages say, as values: the same facts for every language. ``playbook.messages`` documents them.

Everything is plain JSON and bounded; what is not known is empty, never absent.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.lifecycle.targets import being_called
from escalation.model.actions import Said
from escalation.model.request import Reason
from escalation.model.state import Escalation
from escalation.people.found import People

MOST_LISTED: Final = 20
"""So many entries of a list a message has; the packet and the timeline have all."""
LONG: Final = 2_000
"""Longest text of a packet within a message."""
MOST: Final = 20_000
"""Longest text of any value."""


class Text(NamedTuple):
    """A message in plain English, and what it says as values; without a template it goes out as it stands."""

    subject: str
    body: str
    template: str = ""
    values: dict[str, Any] = {}


Words = Text
"""Subject and body, and what they say as values."""


class Sentence(str):
    """One sentence in plain English that knows what it says."""

    __slots__ = ("said",)
    said: Said

    @classmethod
    def of(cls, what: str, english: str, values: Mapping[str, Any]) -> "Sentence":
        """Make the sentence ``what`` of its values."""
        text = english.format_map({name: _shown(value) for name, value in values.items()})
        return cls.again(text, Said(template=f"news.{what}", values=plain(values)))

    @classmethod
    def again(cls, text: str, said: Said) -> "Sentence":
        """Put together what was said, and its plain English."""
        sentence = cls(text)
        sentence.said = said
        return sentence


def instant(at: datetime) -> str:
    """Write an instant where nobody's language and zone are known: ``2026-11-21 14:05 UTC``."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def shown(value: object) -> str:
    """Write a fact's value."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def short(text: str, most: int = LONG) -> str:
    """Keep a message readable, and small enough for every channel; the packet has all of it."""
    return text if len(text) <= most else f"{text[:most]} ... (shortened; escalate show has the whole packet)"


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Write values as bounded JSON."""
    return {name: _plain(value) for name, value in values.items()}


def common(state: Escalation) -> dict[str, Any]:
    """Return what messages to those who work on it all have."""
    return {"id": state.id, "severity": state.severity, "about": about(state)}


def about(state: Escalation) -> str:
    """Say in one line what it is about."""
    text = (state.context.summary or (f"{state.case.system} {state.case.id}" if state.case else state.id)).strip()
    return text.splitlines()[0][:120] if text else state.id


def found(people: People | None) -> dict[str, Any]:
    """Say whether somebody is told only because nobody else could be found."""
    return {"fell_back": people is not None and people.fell_back, "notes": _plain(people.notes if people else ())}


def packet(state: Escalation) -> dict[str, Any]:
    """Return the context packet."""
    context = state.context
    last = context.conversation[-1] if context.conversation else None
    return {
        "packet": plain(
            {
                "help_needed": _cut(context.help_needed, LONG),
                "reasons": [_reason(reason) for reason in state.reasons],
                "summary": _cut(context.summary, LONG),
                "impact": _cut(context.impact, LONG),
                "constraints": _cut(context.constraints, LONG),
                "brought": [{"name": name, "value": _cut(value, LONG)} for name, value in brought_along(state)],
                "tried": [
                    {"what": _cut(attempt.what, 300), "result": _cut(attempt.result, 300)}
                    for attempt in context.attempted_solutions[-10:]
                ],
                "turns": len(context.conversation),
                "last_by": last.author if last is not None else "",
                "last_text": last.text[:300] if last is not None else "",
                "due": state.due_at,
                "missing": state.missing,
                "exception": state.exception,
                "incident": _incident(state),
                "repeat": state.repeat_of is not None,
            }
        )
    }


def _incident(state: Escalation) -> dict[str, Any]:
    incident = state.incident
    if incident is None or not incident.declared:
        return {}
    period, known, first = incident.period, incident.baseline, incident.priorities
    return {
        "since": incident.declared_at,
        "because": incident.because[:300],
        "period": period.number if period is not None else 0,
        "period_ends": period.ends_at if period is not None else "",
        "number": known.number if known is not None else 0,
        "at": known.at if known is not None else "",
        "by": known.by if known is not None else "",
        "happened": known.what_happened if known is not None else "",
        "affected": known.who_is_affected if known is not None else "",
        "urgent": known.why_urgent if known is not None else "",
        "recording": known.recording if known is not None else "",
        "first": first.items if first is not None else (),
        "first_by": first.by if first is not None else "",
    }


def _reason(reason: Reason) -> dict[str, Any]:
    facts = [f"{name}={shown(value)}" for name, value in reason.facts.items() if name != "keywords"]
    return {"trigger": reason.trigger, "because": reason.because, "facts": facts, "words": reason.words}


def brought_along(state: Escalation) -> Iterator[tuple[str, str]]:
    """Yield the facts that a case of this kind must bring along: what was asked for is there for whoever is called."""
    asked = {name: policy.required_when for name, policy in state.playbook.fields.items() if policy.required_when}
    facts = derive(basis_of(state)) if asked else {}
    for name, when in asked.items():
        if name in facts and condition(state.playbook, when).true(facts):
            value = facts[name]
            yield name, ", ".join(value) if isinstance(value, tuple | list) else shown(value)


def where(state: Escalation) -> dict[str, Any]:
    """Return where it stands."""
    declared = state.incident is not None and state.incident.declared
    return {
        "where": plain(
            {
                "status": state.status,
                "level": state.level.id if state.level else "",
                "accountable": state.accountable,
                "called": being_called(state),
                "lowering": state.lowering.severity if state.lowering is not None else "",
                "incident": state.incident.declared_at if declared and state.incident is not None else "",
                "ended": state.ended,
                "outcome": state.outcome,
                "because": state.outcome_because,
                "stage": state.stage,
                "waiting_on": state.waiting_on,
            }
        )
    }


def _plain(value: Any) -> Any:
    # No match statement: Temporal's sandbox, in which recorded lives are replayed too, has another `datetime`.
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return _cut(value, MOST)
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value][:MOST_LISTED] if isinstance(value, Iterable) else _cut(str(value), MOST)


def _cut(text: str, most: int) -> str:
    return str(text) if len(text) <= most else f"{text[:most]} …"


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return instant(value)
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
