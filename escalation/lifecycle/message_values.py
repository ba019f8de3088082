"""What messages say, as values: the same facts for every language. ``playbook.messages`` documents them.

Everything is plain JSON and bounded; what is not known is empty, never absent.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

from escalation.lifecycle.case.lacks import lacks
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.lifecycle.grounds import again, cut, plain
from escalation.lifecycle.targets import being_called
from escalation.model.request import Reason
from escalation.model.said import Said
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.playbook.messages.ids import MessageId, NewsId, NewsTemplate, SettledTemplate

LONG: Final = 2_000
"""Longest text of a packet within a message."""
_NAMED: Final = 80
"""How much of a title stands in a sentence."""


class Text(NamedTuple):
    """A message in plain English, and what it says as values; without a template it goes out as it stands."""

    subject: str
    body: str
    template: MessageId | NewsTemplate | SettledTemplate | Literal[""] = ""
    values: dict[str, Any] = {}


Words = Text
"""Subject and body, and what they say as values."""


class Sentence(str):
    """One sentence in plain English that knows what it says."""

    __slots__ = ("said",)
    said: Said

    @classmethod
    def of(cls, what: NewsId, english: str, values: Mapping[str, Any]) -> "Sentence":
        """Make the sentence ``what`` of its values."""
        text = english.format_map({name: _shown(value) for name, value in values.items()})
        return cls.again(text, Said.made({"template": f"news.{what}", "values": plain(values)}))

    @classmethod
    def again(cls, text: str, said: Said | None) -> "Sentence":
        """Put together what was said, and its plain English; None: it waited since before messages had ids."""
        sentence = cls(text)
        sentence.said = said if said is not None else Said(template="")
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


def common(state: Escalation) -> dict[str, Any]:
    """Return what messages to those who work on it all have."""
    return {"id": state.id, "severity": state.severity, "about": about(state)}


def short_line(text: str) -> str:
    """Write the beginning of a text in one line, to name a thing in a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= _NAMED else f"{line[: _NAMED - 4]} ..."


def about(state: Escalation) -> str:
    """Say in one line what it is about."""
    text = (state.context.summary or (f"{state.case.system} {state.case.id}" if state.case else state.id)).strip()
    return text.splitlines()[0][:120] if text else state.id


def found(people: People | None) -> dict[str, Any]:
    """Say whether somebody is told only because nobody else could be found."""
    return {"fell_back": people is not None and people.fell_back, **plain({"notes": people.notes if people else ()})}


def packet(state: Escalation) -> dict[str, Any]:
    """Return the context packet."""
    context = state.context
    last = context.conversation[-1] if context.conversation else None
    missing, because = lacks(state)
    return {
        "packet": plain(
            {
                "help_needed": cut(context.help_needed, LONG),
                "customer": _customer(state),
                "case": _case(state),
                "ticket": _ticket(state),
                "reasons": [_reason(state, reason) for reason in state.reasons],
                "summary": cut(context.summary, LONG),
                "impact": cut(context.impact, LONG),
                "constraints": cut(context.constraints, LONG),
                "brought": [
                    {"name": name, "about": state.playbook.fields[name].about, "value": cut(value, LONG)}
                    for name, value in brought_along(state)
                ],
                "tried": [
                    {"what": cut(attempt.what, 300), "result": cut(attempt.result, 300)}
                    for attempt in context.attempted_solutions[-10:]
                ],
                "turns": len(context.conversation),
                "last_by": last.author if last is not None else "",
                "last_text": last.text[:300] if last is not None else "",
                "due": state.due_at,
                "crm": crm(state),
                "missing": missing,
                "exception": because,
                "incident": _incident(state),
                "repeat": state.repeat_of is not None,
            }
        )
    }


def crm(state: Escalation) -> dict[str, Any]:
    """Return what the CRM knew of the customer when it was asked; empty while it has not told."""
    known = state.case_link.snapshot if state.case_link is not None else None
    if known is None:
        return {}
    return {
        "tier": short_line(known.tier),
        "company": short_line(known.company),
        "open_tickets": known.open_tickets,
        "at": known.fetched_at,
    }


def _customer(state: Escalation) -> dict[str, str]:
    customer, link = state.customer, state.case_link
    if customer is None:
        return {}
    known = link.snapshot.tier if link is not None and link.snapshot is not None else ""
    return {"name": cut(customer.name or customer.id, 200), "tier": customer.tier or known}


def _case(state: Escalation) -> dict[str, str]:
    case = state.case
    return {"system": case.system, "id": case.id, "url": case.url} if case is not None else {}


def _ticket(state: Escalation) -> dict[str, str]:
    link, case = state.case_link, state.case
    if link is None or (case is not None and link.ticket == case.id and (case.url or not link.url)):
        return {}
    return {"number": link.ticket, "url": link.url}


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


def _reason(state: Escalation, reason: Reason) -> dict[str, Any]:
    facts = [f"{name}={shown(value)}" for name, value in reason.facts.items() if name != "keywords"]
    policy = next((each for each in state.playbook.triggers if each.id == reason.trigger), None)
    own = policy is None or bool(policy.about)
    return {
        "trigger": reason.trigger,
        "because": reason.because,
        "in_words": reason.because if own else "",
        "facts": facts,
        "words": reason.words,
    }


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
                "because": again(state.outcome_because, state.outcome_grounds),
                "stage": state.stage,
                "waiting_on": state.waiting_on,
            }
        )
    }


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return instant(value)
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
