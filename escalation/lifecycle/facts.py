"""The facts as conditions see them: what was stated, the playbook's defaults, and what the engine derives."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple

from escalation.errors import Incomplete
from escalation.explain import did_you_mean
from escalation.model.request import Context, Customer, Request, Turn
from escalation.model.state import Escalation
from escalation.playbook.approval_facts import ACTION, APPROVAL, choice_fact
from escalation.playbook.conditions import Compiled, compile_condition, fact_types
from escalation.playbook.facts import FACTS, FactType, FactValue
from escalation.playbook.keywords import matches
from escalation.playbook.schema import DEFAULT_CONFIDENCE, Initiation, Playbook, Timing
from escalation.values import LONGEST

Facts = dict[str, FactValue]

_PYTHON: dict[FactType, type | tuple[type, ...]] = {
    FactType.TEXT: str,
    FactType.NUMBER: (int, float),
    FactType.FLAG: bool,
    FactType.LIST: (tuple, list),
}


class Basis(NamedTuple):
    """What facts are derived from; made from a request before anything happened, or from a state."""

    playbook: Playbook
    stated: Mapping[str, FactValue]
    customer: Customer | None
    context: Context
    words: Mapping[str, tuple[str, ...]]
    source: str
    initiation: Initiation
    timing: Timing
    severity: str = ""
    level: str = ""
    occurrences: int = 1
    repeat: bool = False
    choices: Mapping[str, str] = {}
    """What was chosen with approvals, by gate."""
    handoffs: int = 0
    """How often it passed from one owner to another."""


def chosen(state: Escalation) -> dict[str, str]:
    """Return what was chosen with the approvals that stand."""
    gates = ((policy.id, state.gates.get(policy.id)) for policy in state.playbook.choosing_gates)
    return {name: gate.choice for name, gate in gates if gate is not None and gate.state == "passed" and gate.choice}


def basis_of(state: Escalation) -> Basis:
    """Return what the facts of an open escalation are derived from."""
    return Basis(
        playbook=state.playbook,
        stated=state.facts,
        customer=state.customer,
        context=state.context,
        words=state.words,
        source=state.source,
        initiation=state.initiation,
        timing=state.timing,
        severity=state.severity,
        level=state.level.id if state.level else "",
        occurrences=state.occurrences,
        repeat=state.repeat_of is not None,
        choices=chosen(state),
        handoffs=state.hops,
    )


def derive(basis: Basis) -> Facts:
    """Return every fact that is known. Confidence and thresholds are 0..1; ranks count from 0, the worst."""
    playbook = basis.playbook
    facts: Facts = {**playbook.defaults, **basis.stated}
    if basis.customer is not None and basis.customer.tier:
        facts.setdefault("customer.tier", basis.customer.tier)
    threshold = playbook.threshold(basis.source, facts.get("task_risk"))[1]
    facts["confidence.threshold"] = threshold.below if threshold else DEFAULT_CONFIDENCE
    facts["keywords"] = tuple(basis.words)
    facts["audience"] = "external" if basis.customer is not None else "internal"
    facts["source"] = basis.source
    facts["initiation"] = str(basis.initiation)
    facts["timing"] = str(basis.timing)
    facts["attempts.count"] = float(len(basis.context.attempted_solutions))
    facts["occurrences"] = float(basis.occurrences)
    facts["repeat"] = basis.repeat
    for gate, choice in basis.choices.items():
        facts[choice_fact(gate)] = choice
    facts["handoffs"] = float(basis.handoffs)
    if basis.level:
        facts["level"] = basis.level
    if basis.severity:
        facts["severity"] = basis.severity
        facts["severity.rank"] = float(playbook.severity.rank(basis.severity))
    facts["checks.missing_fields"] = float(len(missing_fields(playbook, facts)))
    return facts


def heard(playbook: Playbook, turns: Iterable[Turn], customer: Customer | None) -> dict[str, tuple[str, ...]]:
    """Return the playbook's keywords in what the customer said: list name to the words that matched."""
    if not playbook.keywords:
        return {}
    said = [turn.text for turn in turns if turn.author == "customer"]
    return matches(said, playbook.keywords, customer.locale if customer else None)


def condition(playbook: Playbook, text: str) -> Compiled:
    """Compile one of the playbook's conditions (cached)."""
    return compile_condition(text, fact_types(playbook))


def among(facts: Facts, names: AbstractSet[str]) -> Facts:
    """Return those of the facts that are named, in the order of their names: what a decision rests on goes with it."""
    return {name: facts[name] for name in sorted(names) if name in facts}


def reads(playbook: Playbook) -> frozenset[str]:
    """Name every fact that a trigger, a severity rule or a level's criterion of this playbook reads."""
    known = _READS.get(id(playbook))
    if known is not None:
        return known[1]
    texts = [trigger.when for trigger in playbook.triggers]
    texts += [rule.when for rule in playbook.severity.rules]
    table = playbook.severity.table
    texts += [level.up_when for level in playbook.levels if level.up_when is not None]
    texts += [path.when for path in playbook.paths]
    named = {table.rows, table.columns} if table is not None else ()
    names = frozenset[str](named).union(*(condition(playbook, text).reads for text in texts))
    if len(_READS) >= _MANY_PLAYBOOKS:
        _READS.clear()
    _READS[id(playbook)] = (playbook, names)
    return names


_MANY_PLAYBOOKS = 32
_READS: dict[int, tuple[Playbook, frozenset[str]]] = {}
# By identity, as conditions are looked up: holding the playbook keeps its id from being given to another.


def missing_fields(playbook: Playbook, facts: Mapping[str, FactValue]) -> tuple[str, ...]:
    """Name the playbook's fields that are required for these facts and not stated."""
    return tuple(
        name
        for name, policy in playbook.fields.items()
        if name not in facts
        and (
            policy.required
            or (policy.required_when is not None and condition(playbook, policy.required_when).true(facts))
        )
    )


def missing_parts(
    playbook: Playbook, customer: Customer | None, context: Context, *, snapshot: bool
) -> tuple[str, ...]:
    """Name the parts of the context packet that the playbook requires and that are not there.

    ``crm_snapshot`` is fetched by the engine; it counts as missing until the CRM answered, and never waits for the
    requester.
    """
    elsewhere = {"customer": customer is not None, "crm_snapshot": snapshot}
    required = (str(part) for part in playbook.context.required)
    return tuple(part for part in required if not (elsewhere[part] if part in elsewhere else getattr(context, part)))


def problems(playbook: Playbook, stated: Mapping[str, FactValue]) -> list[tuple[str, str]]:
    """Check stated facts against the playbook: ``(path, what is wrong and what was expected)``, all at once."""
    found: list[tuple[str, str]] = []
    for name, value in stated.items():
        path = f"facts.{name}"
        policy = playbook.fields.get(name)
        known = FACTS.get(name)
        if policy is None and known is None and name.startswith((ACTION, APPROVAL)):
            found.append((path, "comes with an approval and cannot be stated"))
            continue
        if policy is None and known is None:
            may_be = [*playbook.fields, *(each for each, fact in FACTS.items() if not fact.derived)]
            hint = did_you_mean(name, may_be)
            knows = f"; playbook {playbook.playbook} knows its own fields and the engine's facts"
            found.append((path, f"unknown fact{hint or knows}"))
            continue
        if known is not None and known.derived:
            found.append((path, "is computed by the engine and cannot be stated"))
            continue
        kind = policy.type if policy is not None else known.type if known else FactType.TEXT
        if not _is(kind, value):
            found.append((path, f"must be a {kind}"))
        elif name == "ai_confidence" and isinstance(value, int | float) and not 0 <= value <= 1:
            found.append((path, "must be between 0 and 1 (0.62, not 62)"))
        elif policy is not None:
            found += [
                (path, problem) for problem in _range_problems(policy.values, policy.minimum, policy.maximum, value)
            ]
    return found


def _is(kind: FactType, value: FactValue) -> bool:
    return isinstance(value, _PYTHON[kind]) and (kind is FactType.FLAG or not isinstance(value, bool))


def value_problems(
    kind: FactType, values: tuple[str, ...], minimum: float | None, maximum: float | None, value: FactValue
) -> Iterable[str]:
    """Yield what is wrong with a value that is declared like this."""
    if not _is(kind, value):
        yield f"must be a {kind}{_found(kind, value)}"
    else:
        yield from _range_problems(values, minimum, maximum, value)


def _found(kind: FactType, value: FactValue) -> str:
    if isinstance(value, bool):
        return "; found true or false"
    if isinstance(value, str):
        return f"; found text, and a {kind} is written without quotes" if kind in _BARE else "; found text"
    return "; found a number" if isinstance(value, int | float) else "; found a list"


_BARE = (FactType.NUMBER, FactType.FLAG)


def _range_problems(
    values: tuple[str, ...], minimum: float | None, maximum: float | None, value: FactValue
) -> Iterable[str]:
    words = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
    if values and any(word not in values for word in words):
        yield f"must be one of {', '.join(values)}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if minimum is not None and value < minimum:
            yield f"must be at least {minimum:g}"
        if maximum is not None and value > maximum:
            yield f"must be at most {maximum:g}"


def request_problems(playbook: Playbook, request: Request, now: datetime | None = None) -> list[tuple[str, str]]:
    """Check a request against its playbook: facts, severity, due date. Shapes were checked when it was parsed.

    Without ``now`` a due date may be any.
    """
    found = problems(playbook, request.facts)
    if request.severity is not None and playbook.severity.find(request.severity) is None:
        names = ", ".join(level.name for level in playbook.severity.scale)
        found.append(("severity", f"is not on the scale of playbook {playbook.playbook}: {names} (or an alias)"))
    unstated = [name for name in request.facts_since if name not in request.facts]
    found += [(f"facts_since.{name}", "is no fact that this request states under facts") for name in unstated]
    if request.due_at is not None and now is not None and (problem := due_problem(request.due_at, now)):
        found.append(("due_at", problem))
    return found


def due_problem(due_at: datetime, now: datetime) -> str:
    """Say what is wrong with a due date; empty when nothing is.

    A clock that runs to it counts the business hours until then: how long that takes must not be the requester's word.
    """
    if due_at - now <= LONGEST:
        return ""
    return f"is too far away: expected ten years from now at most, before {now + LONGEST:%Y-%m-%d}"


def check_stated(state: Escalation, stated: Mapping[str, FactValue]) -> None:
    """Refuse facts that are unknown, derived or of the wrong type.

    Raises:
        Incomplete: naming every wrong path.
    """
    found = problems(state.playbook, stated)
    if found:
        raise Incomplete("; ".join(f"{path}: {problem}" for path, problem in found))
