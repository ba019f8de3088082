"""Checks of what a playbook says about statements: audiences, announcements, milestones, follow-ups.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import Location, did_you_mean
from escalation.playbook.audiences import CUSTOMER, FOR_CUSTOMERS, PLACEHOLDERS
from escalation.playbook.check_communication import STAKEHOLDERS
from escalation.playbook.check_words import mapping, one_of
from escalation.values import format_duration, parse_duration

_ROOT = "communication"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def check_statements(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with audiences, announcements, milestones and follow-ups."""
    talk = mapping(document, _ROOT)
    if not talk:
        return
    for section in ("audiences", "announcements", "milestones"):
        seen: set[str] = set()
        for index, each in _each(talk, section):
            name = each.get("id")
            if isinstance(name, str) and name in seen:
                yield document.finding((_ROOT, section, index), f"id '{name}' is used twice under {section}")
            elif isinstance(name, str):
                seen.add(name)
    yield from _audiences(document, talk)
    yield from _announcements(document, talk)
    yield from _milestones(document, talk)
    yield from _follow_up(document, talk)


def _each(talk: dict[str, Any], section: str) -> Iterator[tuple[int, dict[str, Any]]]:
    listed = talk.get(section)
    for index, each in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(each, dict):
            yield index, each


def _customers(talk: dict[str, Any]) -> set[str]:
    return {str(each.get("id")) for _, each in _each(talk, "audiences") if each.get("reads") == "customer"}


def _stakeholders(document: Document) -> Iterator[tuple[Location, dict[str, Any]]]:
    for pattern in STAKEHOLDERS:
        for path, each in document.each(pattern):
            if isinstance(each, dict):
                yield path, each


def _audiences(document: Document, talk: dict[str, Any]) -> Iterator[Finding]:
    customers = _customers(talk)
    for path, each in _stakeholders(document):
        if each.get("target") == CUSTOMER and str(each.get("audience")) not in customers:
            yield document.finding(
                (*path, "target"),
                f"is the customer, and audience '{each.get('audience')}' reads the internal text: declare it under "
                "audiences with reads: customer",
            )
    for index, each in _each(talk, "audiences"):
        path = (_ROOT, "audiences", index, "receipt")
        receipt = each.get("receipt")
        if receipt is not None and each.get("reads") == "customer":
            yield document.finding(path, "means nothing here: customers confirm nothing; only internal audiences do")
        if isinstance(receipt, dict):
            yield from _chase(document, path, receipt, "within")


def _chase(document: Document, path: Location, said: dict[str, Any], key: str) -> Iterator[Finding]:
    within, chase = parse_duration(said.get(key)), parse_duration(said.get("chase"))
    if isinstance(within, timedelta) and isinstance(chase, timedelta) and chase > within:
        message = f"is longer than {key} ({format_duration(within)}): who is late would get more time than at first"
        yield document.finding((*path, "chase"), message)


def _announcements(document: Document, talk: dict[str, Any]) -> Iterator[Finding]:
    known = list(dict.fromkeys(str(each.get("audience")) for _, each in _stakeholders(document)))
    customers = _customers(talk)
    for index, each in _each(talk, "announcements"):
        path, audience = (_ROOT, "announcements", index), str(each.get("audience"))
        if each.get("audience") is not None and audience not in known:
            hint = did_you_mean(audience, known) or f"; expected {one_of(known) if known else 'a stakeholder first'}"
            yield document.finding((*path, "audience"), f"no stakeholder is in audience '{audience}'{hint}")
        if not each.get("stages") and not each.get("on"):
            message = "is never sent: expected stages (as one of them begins), on (as it happens), or both"
            yield document.finding(path, message)
        text = each.get("text")
        allowed = FOR_CUSTOMERS if audience in customers else tuple(PLACEHOLDERS)
        for name in _PLACEHOLDER.findall(text) if isinstance(text, str) else ():
            if name not in allowed:
                whom = " in what customers read" if audience in customers else ""
                message = f"{{{name}}} stands for nothing{whom}; expected {one_of(allowed)}"
                yield document.finding((*path, "text"), message)


def _milestones(document: Document, talk: dict[str, Any]) -> Iterator[Finding]:
    for index, each in _each(talk, "milestones"):
        yield from _chase(document, (_ROOT, "milestones", index), each, "update_within")


def _follow_up(document: Document, talk: dict[str, Any]) -> Iterator[Finding]:
    for index, each in _each(talk, "follow_up"):
        path = (_ROOT, "follow_up", index)
        if each.get("ask") is None and not each.get("text"):
            yield document.finding(path, "sends nothing: expected text, or ask: satisfaction")
        if each.get("ask") is not None and each.get("answer_within") is None:
            message = "lacks answer_within: after it the customer is asked once more, then nobody waits any longer"
            yield document.finding(path, message)
        if each.get("ask") is None and each.get("answer_within") is not None:
            yield document.finding((*path, "answer_within"), "means nothing here: nothing is asked (ask: satisfaction)")
        text = each.get("text")
        for name in _PLACEHOLDER.findall(text) if isinstance(text, str) else ():
            yield document.finding((*path, "text"), f"{{{name}}} stands for nothing here: write it out")
