"""Checks of what a playbook says about incidents.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import did_you_mean
from escalation.playbook.check_words import items, mapping, one_of
from escalation.values import format_duration, parse_duration

_ROOT = "incident"


def check_incident(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with incident mode, and with approvals that only it asks for."""
    policy = mapping(document, _ROOT)
    yield from _gate(document, policy)
    if (
        policy.get("automatic") is True
        and not policy.get("declare_when")
        and not mapping(document, "critical_incident")
    ):
        yield document.finding(
            (_ROOT, "automatic"),
            "nothing says when: name a condition in declare_when, or say under critical_incident what one is",
        )
    periods = policy.get("periods")
    if isinstance(periods, dict):
        length, before = parse_duration(periods.get("length")), parse_duration(periods.get("hand_over_before"))
        if isinstance(length, timedelta) and isinstance(before, timedelta) and before >= length:
            yield document.finding(
                (_ROOT, "periods", "hand_over_before"),
                f"is not shorter than a period ({format_duration(length)}): it would be handed over before it began",
            )
    after = _section(policy, "stand_down").get("after")
    for index, before_it in enumerate(after if isinstance(after, list) else []):
        path = (_ROOT, "stand_down", "after", index)
        if before_it == "first_update" and not policy.get("first_update"):
            yield document.finding(
                path, "no first update is demanded: say within what time under incident.first_update"
            )
        if before_it == "hand_over" and not periods:
            yield document.finding(path, "there are no periods to hand over: name them under incident.periods")


def _gate(document: Document, policy: dict[str, Any]) -> Iterator[Finding]:
    named = _section(policy, "stand_down").get("gate")
    gates = {gate["id"]: gate.get("before") for gate in items(document, "gates") if isinstance(gate.get("id"), str)}
    path = (_ROOT, "stand_down", "gate")
    if isinstance(named, str) and named not in gates:
        hint = did_you_mean(named, list(gates)) or f"; expected {one_of(list(gates)) if gates else 'one under gates'}"
        yield document.finding(path, f"there is no gate '{named}'{hint}")
    elif isinstance(named, str) and gates[named] != "stand_down":
        yield document.finding(path, f"'{named}' is asked otherwise; give it before: stand_down")
    for index, gate in enumerate(items(document, "gates")):
        if gate.get("before") != "stand_down":
            continue
        if gate.get("id") != named:
            yield document.finding(
                ("gates", index, "before"), "it would never be asked; name it in incident: {stand_down: {gate: ...}}"
            )
        if gate.get("on_expiry") == "escalate":
            yield document.finding(
                ("gates", index, "on_expiry"),
                "who asks to stand down would have it go up a level; expected deny, next_deputy or approve",
            )


def _section(policy: dict[str, Any], name: str) -> dict[str, Any]:
    section = policy.get(name)
    return section if isinstance(section, dict) else {}
