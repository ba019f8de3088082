"""What a case needs of the people who are found for it, and whom it must never reach."""

from typing import Any

from escalation.lifecycle.facts import basis_of, derive
from escalation.model.state import Escalation
from escalation.playbook.facts import FACTS, FactValue
from escalation.values import Actor, ActorKind

CONCERNS = "concerns"
"""The fact that names the people whom the case is about."""


def concerned(state: Escalation) -> tuple[Actor, ...]:
    """Return whom the case is about: nobody tells them of it, and they decide nothing in it."""
    named = state.facts.get(CONCERNS, state.playbook.defaults.get(CONCERNS))
    if not isinstance(named, tuple | list):
        return ()
    prefix = f"{ActorKind.PERSON}:"
    return tuple(dict.fromkeys(prefix + each.strip().removeprefix(prefix) for each in named))


def needs(state: Escalation) -> dict[str, Any]:
    """Return what every search for people says of the case; what is not needed is left out."""
    policy = state.playbook.needs
    facts = _facts(state, (*policy.skills, *policy.authority.values()))
    found: dict[str, Any] = {
        "concerned": concerned(state),
        "skills": tuple(word for name in policy.skills for word in _words(facts.get(name))),
        "authority": {kind: _amount(facts.get(name)) for kind, name in policy.authority.items()},
        "repeat_of": state.repeat_of,
    }
    return {name: value for name, value in found.items() if value}


def _facts(state: Escalation, names: tuple[str, ...]) -> dict[str, FactValue]:
    if any(name in FACTS and FACTS[name].derived for name in names):
        return derive(basis_of(state))
    return {**state.playbook.defaults, **state.facts}


def _words(value: FactValue | None) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(value) if isinstance(value, tuple | list) else ()


def _amount(value: FactValue | None) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
