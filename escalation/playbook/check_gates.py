"""Checks of what a playbook says about approvals: how many, of whom, choices, silence, emergencies, actions.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from escalation.documents import Document
from escalation.errors import ConditionError, Finding
from escalation.explain import Location
from escalation.playbook.approval_facts import ACTION, APPROVAL, argument_fact, choice_fact
from escalation.playbook.check_words import CONDITIONS, items, mapping, one_of
from escalation.playbook.conditions import FactTypes, compile_condition, usable
from escalation.playbook.facts import FactType

_LONGEST_ID = 50
"""The id of an approval before an action is followed by a number for each action."""


def check_gates(document: Document, types: FactTypes) -> Iterator[Finding]:
    """Yield what is wrong with the approvals and the actions of a playbook."""
    for index, gate in enumerate(items(document, "gates")):
        path = ("gates", index)
        yield from _quorum(document, path, gate)
        yield from _choices(document, path, gate)
        yield from _silence(document, path, gate)
        yield from _action_gate(document, path, gate, types)
        yield from _emergency(document, path, gate)
    yield from _instances(document)
    yield from _actions(document)
    yield from _action_facts(document, types)
    for name in mapping(document, "fields"):
        if str(name).startswith((ACTION, APPROVAL)):
            yield document.finding(
                ("fields", name), "comes with an approval; a field of the playbook needs another name"
            )


def _listed(gate: Mapping[str, Any], key: str) -> list[Any]:
    value = gate.get(key)
    return value if isinstance(value, list) else []


def _quorum(document: Document, path: Location, gate: dict[str, Any]) -> Iterator[Finding]:
    shares, approvers = _listed(gate, "quorum"), [str(each) for each in _listed(gate, "approvers")]
    named = [str(share.get("of")) for share in shares if isinstance(share, dict)]
    if shares and "need" in gate:
        yield document.finding((*path, "need"), "is said by quorum already, for each target; keep one of them")
    for at, target in enumerate(named):
        place = (*path, "quorum", at, "of")
        if named.index(target) != at:
            yield document.finding(place, f"'{target}' has its share already")
        elif target.startswith("raci:"):
            yield document.finding(place, f"'{target}' is somebody else in each stage; name a person, team or role")
        elif target not in approvers:
            yield document.finding(place, f"'{target}' is not asked; expected one of approvers: {one_of(approvers)}")
        need = shares[at].get("need", 1) if isinstance(shares[at], dict) else 1
        if target.startswith("person:") and isinstance(need, int) and need > 1:
            yield document.finding((*path, "quorum", at, "need"), f"{need} of one person must approve, and only 1 can")
    for at, target in enumerate(approvers):
        if named and target not in named:
            yield document.finding(
                (*path, "approvers", at), f"'{target}' is asked and counts for nothing; give it a share in quorum"
            )


def _choices(document: Document, path: Location, gate: dict[str, Any]) -> Iterator[Finding]:
    choices = [str(each.get("id")) for each in _listed(gate, "choices") if isinstance(each, dict)]
    if not choices:
        return
    if len(choices) == 1:
        yield document.finding((*path, "choices"), "leaves nothing to choose: name at least two, or leave it out")
    for at, name in enumerate(choices):
        if choices.index(name) != at:
            yield document.finding((*path, "choices", at), f"choice '{name}' is used twice")
    if gate.get("before") == "lowering":
        yield document.finding((*path, "choices"), "a milder severity is approved or not; there is nothing to choose")
    elif gate.get("before") != "action" and isinstance(gate.get("id"), str) and not usable(choice_fact(gate["id"])):
        yield document.finding(
            (*path, "id"),
            f"conditions read what was chosen as {choice_fact('ID')}: expected lower-case letters, digits and _",
        )
    if gate.get("on_expiry") == "approve":
        yield document.finding((*path, "on_expiry"), "silence chooses nothing: expected any other than approve")


def _silence(document: Document, path: Location, gate: dict[str, Any]) -> Iterator[Finding]:
    before, expiry = gate.get("before", "resolution"), gate.get("on_expiry")
    if expiry == "keep" and before in ("assignment", "review"):
        yield document.finding(
            (*path, "on_expiry"),
            f"before the {before} everything waits for it, and nobody would ever be reminded; expected halt, deny, "
            "next_deputy or approve",
        )
    elif expiry == "keep" and before == "lowering":
        yield document.finding(
            (*path, "on_expiry"), "holds up nothing that could be kept; expected deny, next_deputy or approve"
        )


def _action_gate(document: Document, path: Location, gate: dict[str, Any], types: FactTypes) -> Iterator[Finding]:
    if gate.get("before") != "action":
        if gate.get("valid_for") is not None:
            yield document.finding(
                (*path, "valid_for"), "only an approval before an action is used up (before: action)"
            )
        return
    if gate.get("valid_for") is None:
        yield document.finding(path, "does not say how long after it was given the action may be done: valid_for: 30m")
    if len(str(gate.get("id"))) > _LONGEST_ID:
        yield document.finding((*path, "id"), f"is longer than {_LONGEST_ID} characters: each action adds its number")
    actions = mapping(document, "actions")
    if not actions:
        yield document.finding(
            (*path, "before"), "there is no action that could be asked for; declare it under actions"
        )
    when = gate.get("when")
    if not isinstance(when, str):
        return
    try:
        reads = compile_condition(when, types).reads
    except ConditionError:
        return  # said where all conditions are checked
    optional = {
        argument_fact(str(name))
        for action in actions.values()
        for name, each in (mapping_of(action, "arguments")).items()
        if isinstance(each, dict) and each.get("optional") is True
    }
    for name in sorted(reads & optional):
        yield document.finding(
            (*path, "when"),
            f"reads {name}, which may be left out: then nobody would be asked; take optional away from it",
        )


_INSTANCE = re.compile(r"(?P<gate>.+)\.a\d+")


def _instances(document: Document) -> Iterator[Finding]:
    """An approval before an action is asked once for each action, as ``refund.a1``: no other may be called so."""
    gates = items(document, "gates")
    asked = {str(gate.get("id")) for gate in gates if gate.get("before") == "action"}
    for index, gate in enumerate(gates):
        named = _INSTANCE.fullmatch(str(gate.get("id")))
        if named is not None and named["gate"] in asked:
            yield document.finding(
                ("gates", index, "id"),
                f"is what approval {named['gate']} is called for one of its actions; give this approval another id",
            )


def _emergency(document: Document, path: Location, gate: dict[str, Any]) -> Iterator[Finding]:
    emergency = gate.get("emergency")
    if isinstance(emergency, dict) and gate.get("before") == "lowering":
        yield document.finding((*path, "emergency"), "that a severity becomes milder is no emergency; take it away")


def mapping_of(data: object, key: str) -> dict[Any, Any]:
    """Return a part that should be a mapping; an empty one when it is not."""
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}


def _actions(document: Document) -> Iterator[Finding]:
    known: dict[str, tuple[object, str]] = {}
    for action, policy in mapping(document, "actions").items():
        for name, each in mapping_of(policy, "arguments").items():
            path = ("actions", action, "arguments", name)
            declared = each.get("type", "text") if isinstance(each, dict) else "text"
            if not usable(argument_fact(str(name))) or name == "name":
                yield document.finding(
                    path, f"conditions read it as {argument_fact(str(name))}: expected lower-case letters, digits and _"
                )
            other, where = known.setdefault(str(name), (declared, str(action)))
            if other != declared:
                yield document.finding(
                    path, f"is a {other} in action {where} and a {declared} here; name one otherwise"
                )
            if isinstance(each, dict) and each.get("values") and declared not in (FactType.TEXT, FactType.LIST):
                yield document.finding((*path, "values"), f"only a text or a list has allowed values, not a {declared}")


def _action_facts(document: Document, types: FactTypes) -> Iterator[Finding]:
    """What is known of an action, only the condition of an approval before it can read."""
    gates = items(document, "gates")
    for pattern in CONDITIONS:
        for path, text in document.each(pattern):
            if path[0] == "gates" and isinstance(path[1], int) and gates[path[1]].get("before") == "action":
                continue
            try:
                reads = compile_condition(text, types).reads if isinstance(text, str) and text else frozenset[str]()
            except ConditionError:
                continue
            for name in sorted(reads):
                if name.startswith(ACTION):
                    yield document.finding(path, f"reads {name}, which only an approval before an action knows")
