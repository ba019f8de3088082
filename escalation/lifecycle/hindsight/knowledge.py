"""What a resolved escalation teaches, for a knowledge base: problem, cause, resolution, lessons, and nothing of whom.

The customer's name, company and id, the ticket's id, the conversation, addresses and long numbers are left out; in
what people wrote they are replaced.
"""

import re
from collections.abc import Callable, Iterable

from pydantic import AwareDatetime

from escalation.model import events as e
from escalation.values import Record, digest_of


class Knowledge(Record):
    """One entry of a knowledge base."""

    key: str
    """The same for the same escalation, so that it is not entered twice; it leads back to nobody."""
    title: str
    playbook: str
    triggers: tuple[str, ...] = ()
    severity: str = ""
    problem: str
    impact: str = ""
    tried: tuple[str, ...] = ()
    cause: str = ""
    resolution: str = ""
    lessons: tuple[str, ...] = ()
    closed_at: AwareDatetime


def knowledge(instance: str, events: Iterable[e.Event]) -> Knowledge | None:
    """Read one escalation's events; None unless it was closed with a review."""
    opened: e.Opened | None = None
    review: e.ReviewSubmitted | None = None
    closed: e.Closed | None = None
    for event in events:
        if isinstance(event, e.Opened):
            opened = event
        elif isinstance(event, e.ReviewSubmitted):
            review = event
        elif isinstance(event, e.Closed) and not event.returned:
            closed = event
    if opened is None or review is None or closed is None:
        return None
    hide = _hiding(opened)
    problem = hide(opened.context.summary)
    return Knowledge(
        key=digest_of(instance),
        title=(problem.splitlines() or [""])[0][:120] or f"{opened.playbook}: {opened.reasons[0].trigger}",
        playbook=opened.playbook,
        triggers=tuple(reason.trigger for reason in opened.reasons),
        severity=opened.severity,
        problem=problem,
        impact=hide(review.impact),
        tried=tuple(hide(f"{each.what}: {each.result}") for each in opened.context.attempted_solutions),
        cause=hide(review.cause),
        resolution=hide(review.resolution),
        lessons=tuple(hide(lesson) for lesson in review.lessons),
        closed_at=closed.at,
    )


_ADDRESS = re.compile(r"[\w.+\-]+@[\w\-]+(\.[\w\-]+)+")
_NUMBER = re.compile(r"\+?\d[\d \-/]{5,}\d")
_WORD = re.compile(r"\w{3,}")


def _hiding(opened: e.Opened) -> Callable[[str], str]:
    customer = opened.customer
    said = [opened.case.id, opened.case.url]
    if customer is not None:
        said += [customer.name, customer.company, customer.id, *_WORD.findall(customer.name)]
    hidden = sorted({each for each in said if each}, key=len, reverse=True)
    of_customer = re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in hidden), re.IGNORECASE)

    def hide(text: str) -> str:
        text = of_customer.sub("[customer]", text) if hidden else text
        return _NUMBER.sub("[number]", _ADDRESS.sub("[address]", text))

    return hide


def markdown(entries: Iterable[Knowledge]) -> str:
    """Write entries as Markdown, one after the other."""
    return "\n".join(map(_entry, entries))


def _entry(entry: Knowledge) -> str:
    parts = [f"## {_line(entry.title)}", f"Key {entry.key} · {entry.playbook} · {', '.join(entry.triggers)}"]
    sections = (("Problem", entry.problem), ("Impact", entry.impact), ("Cause", entry.cause))
    parts += [f"**{title}.** {text}" for title, text in (*sections, ("Resolution", entry.resolution)) if text]
    for title, lines in (("Tried before", entry.tried), ("Lessons", entry.lessons)):
        if lines:
            parts.append("\n".join((f"**{title}**", "", *(f"- {_line(line)}" for line in lines))))
    return "\n\n".join(parts) + "\n"


def _line(text: str) -> str:
    return " ".join(text.split())
