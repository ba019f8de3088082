"""Checks of a playbook's words: its conditions and what they compare with, fields, scale, thresholds, keyword lists.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from escalation.documents import Document
from escalation.errors import ConditionError, Finding
from escalation.playbook.approval_facts import argument_fact, choice_fact
from escalation.playbook.conditions import FactTypes, compile_condition, usable
from escalation.playbook.facts import FACTS, FactType
from escalation.playbook.keywords import LANGUAGES, parts_of
from escalation.playbook.schema import Initiation, Timing

CONDITIONS = (
    "fields.*.required_when",
    "severity.rules.*.when",
    "triggers.*.when",
    "context.incomplete_allowed",
    "levels.*.up_when",
    "routing.*.when",
    "gates.*.when",
    "paths.*.when",
    "matrix.*.when",
    "bypass.when",
    "recoveries.*.when",
    "clocks.*.when",
    "category.rules.*.when",
    "communication.key_people.*.when",
    "communication.summaries.when",
    "critical_incident.when",
    "incident.declare_when",
    "automations.*.when",
    "review.stable_when",
    "before_work.when",
    "work.*.when",
    "work.*.check",
)
"""Where conditions stand in a playbook."""

_PYTHON: dict[FactType, type | tuple[type, ...]] = {
    FactType.TEXT: str,
    FactType.NUMBER: (int, float),
    FactType.FLAG: bool,
    FactType.LIST: list,
}
_NAME = r"[a-z_][\w.]*"
_COMPARED = re.compile(rf"(?<![\w.])({_NAME})\s*[!=]=\s*\"([^\"]*)\"")
_COMPARED_BACKWARDS = re.compile(rf"\"([^\"]*)\"\s*(?:[!=]=|in)\s*({_NAME})")
_AMONG = re.compile(rf"(?<![\w.])({_NAME})\s+in\s+\[([^\]]*)\]")
_QUOTED = re.compile(r"\"([^\"]*)\"")


def mapping(document: Document, key: str) -> dict[str, Any]:
    """Return a section that should be a mapping; an empty one when it is not."""
    value = document.data.get(key) if isinstance(document.data, dict) else None
    return value if isinstance(value, dict) else {}


def items(document: Document, key: str) -> list[dict[str, Any]]:
    """Return a section's items; what is not a mapping counts as an empty one, so that positions stay."""
    value = document.data.get(key) if isinstance(document.data, dict) else None
    return [item if isinstance(item, dict) else {} for item in value] if isinstance(value, list) else []


def one_of(words: Iterable[str]) -> str:
    """List words for a message."""
    return ", ".join(words) or "none"


def ids(document: Document, section: str) -> list[str]:
    """Return the ids of a section's items, in order."""
    return [item["id"] for item in items(document, section) if isinstance(item.get("id"), str)]


def check_words(document: Document, types: FactTypes) -> Iterator[Finding]:
    """Yield what is wrong with conditions, fields, defaults, severity scale, thresholds and keyword lists."""
    yield from _conditions(document, types)
    yield from _words_in_conditions(document, types)
    yield from _fields(document)
    yield from _defaults(document, types)
    yield from _severity(document)
    yield from _confidence(document)
    yield from _keywords(document)


def types_of(document: Document) -> FactTypes:
    """Return every name the document's conditions may read."""
    own = {}
    for name, policy in mapping(document, "fields").items():
        declared = policy.get("type", "text") if isinstance(policy, dict) else "text"
        if usable(name) and declared in list(FactType):
            own[name] = FactType(declared)
    return FactTypes({**own, **_of_approvals(document), **{name: fact.type for name, fact in FACTS.items()}})


def _of_approvals(document: Document) -> dict[str, FactType]:
    """Return the facts that approvals bring: what is chosen, and the arguments of actions."""
    found = {
        choice_fact(gate["id"]): FactType.TEXT
        for gate in items(document, "gates")
        if isinstance(gate.get("id"), str) and gate.get("choices") and gate.get("before") != "action"
    }
    for action in mapping(document, "actions").values():
        arguments = action.get("arguments") if isinstance(action, dict) else None
        for name, each in arguments.items() if isinstance(arguments, dict) else ():
            declared = each.get("type", "text") if isinstance(each, dict) else "text"
            if declared in list(FactType):
                found[argument_fact(str(name))] = FactType(declared)
    return {name: kind for name, kind in found.items() if usable(name)}


def _conditions(document: Document, types: FactTypes) -> Iterator[Finding]:
    for pattern in CONDITIONS:
        for path, text in document.each(pattern):
            if not isinstance(text, str) or not text:
                continue
            try:
                reads = compile_condition(text, types).reads
            except ConditionError as error:
                yield from (document.finding(path, problem) for problem in error.problems)
                continue
            chosen = next((what for what in _NOT_YET if pattern.startswith(what)), "")
            circular = sorted(reads & _NOT_YET[chosen]) if chosen else ()
            if circular:
                yield document.finding(path, f"reads {circular[0]}, which is not known while the {chosen} is chosen")
            if pattern.startswith("paths") and "level" in reads:
                yield document.finding(path, "reads level, which follows from the path: it could change over for ever")


_NOT_YET = {
    "severity": {"severity", "severity.rank", "level"},
    "category": {"category", "severity", "severity.rank", "level"},
}
"""What is chosen by rules, and the facts that are not known while it is."""


def _words_in_conditions(document: Document, types: FactTypes) -> Iterator[Finding]:
    """A condition that compares with a word that never occurs is a condition that is never (or always) true."""
    known = _vocabularies(document)
    for pattern in CONDITIONS:
        for path, text in document.each(pattern):
            for name, word in _compared_words(text) if isinstance(text, str) else ():
                words = known.get(name)
                if name in types and words and word not in words:
                    yield document.finding(path, f"'{name}' is never '{word}' here; it is one of {one_of(words)}")


def _compared_words(text: str) -> Iterator[tuple[str, str]]:
    for name, word in _COMPARED.findall(text):
        yield name, word
    for word, name in _COMPARED_BACKWARDS.findall(text):
        yield name, word
    for name, words in _AMONG.findall(text):
        for word in _QUOTED.findall(words):
            yield name, word


def _vocabularies(document: Document) -> dict[str, list[str]]:
    """Return the facts that can only hold certain words, with those words."""
    words: dict[str, list[str]] = {
        name: [str(word) for word in policy["values"]]
        for name, policy in mapping(document, "fields").items()
        if isinstance(policy, dict) and isinstance(policy.get("values"), list)
    }
    words["initiation"] = [str(initiation) for initiation in Initiation]
    words["audience"] = ["internal", "external"]
    words["timing"] = [str(timing) for timing in Timing]
    words["severity"] = severity_names(document)
    words["level"] = ids(document, "levels")
    words["action.name"] = list(map(str, mapping(document, "actions"))) or ["(no action is declared under actions)"]
    for gate in items(document, "gates"):
        choices = gate.get("choices")
        if isinstance(choices, list) and isinstance(gate.get("id"), str):
            words[choice_fact(gate["id"])] = [str(each.get("id")) for each in choices if isinstance(each, dict)]
    words["keywords"] = list(mapping(document, "keywords")) or ["(no list is declared under keywords)"]
    return words


def _fields(document: Document) -> Iterator[Finding]:
    for name, policy in mapping(document, "fields").items():
        path = ("fields", name)
        known = FACTS.get(name)
        declared = policy.get("type", "text") if isinstance(policy, dict) else "text"
        if not usable(name):
            yield document.finding(
                path, "is not a name conditions can read: lower-case letters, digits and _, parts joined by dots"
            )
        elif known is not None and known.derived:
            yield document.finding(path, "is computed by the engine; a field of the playbook needs another name")
        elif known is not None and declared != known.type:
            yield document.finding(path, f"is a {known.type} everywhere; write type: {known.type}")
        if not isinstance(policy, dict):
            continue
        if policy.get("values") and declared not in (FactType.TEXT, FactType.LIST):
            yield document.finding(
                (*path, "values"), f"only a text or a list has allowed values, and this is a {declared}"
            )
        bounds = [policy[key] for key in ("minimum", "maximum") if isinstance(policy.get(key), int | float)]
        if bounds and declared != FactType.NUMBER:
            yield document.finding(path, f"only a number has a minimum or a maximum, not a {declared}")
        if len(bounds) == 2 and bounds[0] > bounds[1]:
            yield document.finding(path, "its minimum is above its maximum")


def _defaults(document: Document, types: Mapping[str, FactType]) -> Iterator[Finding]:
    words = _vocabularies(document)
    for name, value in mapping(document, "defaults").items():
        path = ("defaults", name)
        if name not in types:
            yield document.finding(path, f"there is no fact '{name}'; declare it under fields")
        elif name in FACTS and FACTS[name].derived:
            yield document.finding(path, "is computed by the engine; it has no default")
        elif not isinstance(value, _PYTHON[types[name]]) or (isinstance(value, bool) != (types[name] is FactType.FLAG)):
            yield document.finding(path, f"must be a {types[name]}")
        else:
            given = value if isinstance(value, list) else [value] if isinstance(value, str) else []
            for word in given:
                if name in words and word not in words[name]:
                    yield document.finding(path, f"'{word}' is not allowed; it is one of {one_of(words[name])}")


# --- severity, confidence, keywords -----------------------------------------------------------------------------------


def _scale(document: Document) -> list[dict[str, Any]]:
    scale = mapping(document, "severity").get("scale")
    return [step if isinstance(step, dict) else {} for step in scale] if isinstance(scale, list) else []


def severity_names(document: Document) -> list[str]:
    """Return the names on the severity scale, the worst first."""
    return [step["name"] for step in _scale(document) if isinstance(step.get("name"), str)]


def severity_words(document: Document) -> set[str]:
    """Return every word for a severity, aliases included, in lower case."""
    lists = (step.get("aliases") for step in _scale(document))
    aliases = (word for each in lists if isinstance(each, list) for word in each if isinstance(word, str))
    return {word.casefold() for word in (*severity_names(document), *aliases)}


_SEVERITIES = (
    "severity.default",
    "severity.rules.*.severity",
    "triggers.*.severity",
    "automations.*.severity.*",
    "automations.*.then.*.severity",
)


def _severity(document: Document) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for index, step in enumerate(_scale(document)):
        aliases = step.get("aliases")
        for word in [step.get("name"), *(aliases if isinstance(aliases, list) else [])]:
            if not isinstance(word, str):
                continue
            if word.casefold() in seen:
                name = seen[word.casefold()]
                yield document.finding(("severity", "scale", index), f"'{word}' already names the severity {name}")
            seen.setdefault(word.casefold(), str(step.get("name")))
    if not seen:
        return
    for pattern in _SEVERITIES:
        for path, word in document.each(pattern):
            if isinstance(word, str) and word.strip().casefold() not in seen:
                yield document.finding(
                    path, f"there is no severity '{word}'; the scale has {one_of(severity_names(document))}"
                )


def _confidence(document: Document) -> Iterator[Finding]:
    policy = mapping(document, "fields").get("task_risk")
    values = policy.get("values") if isinstance(policy, dict) else None
    risks = [*values, "default"] if isinstance(values, list) else ["low", "standard", "high", "default"]
    for pattern in ("confidence.*", "confidence_by_source.*.*"):
        for path, threshold in document.each(pattern):
            if path[-1] not in risks:
                yield document.finding(path, f"there is no task risk '{path[-1]}'; expected {one_of(risks)}")
            agreed = threshold.get("agreed_on") if isinstance(threshold, dict) else None
            if isinstance(agreed, str) and agreed and not _is_date(agreed):
                message = f"'{agreed}' is no date: expected year-month-day, as in 2026-11-21"
                yield document.finding((*path, "agreed_on"), message)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _keywords(document: Document) -> Iterator[Finding]:
    for (_, list_name, language), words in document.each("keywords.*.*"):
        path = ("keywords", list_name, language)
        if language not in LANGUAGES:
            yield document.finding(path, f"there is no stemmer for '{language}'; expected {one_of(LANGUAGES)}")
        for index, word in enumerate(words if isinstance(words, list) else []):
            if isinstance(word, str) and not parts_of(word):
                yield document.finding((*path, index), "holds fewer than two letters: it would match almost anything")
