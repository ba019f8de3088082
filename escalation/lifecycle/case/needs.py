"""What a case needs of the people who are found for it, and whom it must never reach."""

from collections.abc import Callable
from typing import Any

from escalation.errors import NotAllowed
from escalation.lifecycle.facts import Facts, basis_of, derive
from escalation.model.state import Escalation
from escalation.playbook.facts import FACTS, FactValue
from escalation.values import Actor, ActorKind, kind_of

CONCERNS = "concerns"
"""The fact that names the people whom the case is about."""


def concerned(state: Escalation) -> tuple[Actor, ...]:
    """Return whom the case is about: nobody tells them of it, and they decide nothing in it."""
    return _people(state.facts.get(CONCERNS, state.playbook.defaults.get(CONCERNS)))


def with_more_concerned(known: FactValue | None, facts: Facts) -> Facts:
    """Return stated facts in which whom the case is about stays known: who is named now comes beside them."""
    if CONCERNS not in facts or not known:
        return facts
    return {**facts, CONCERNS: tuple(dict.fromkeys((*_people(known), *_people(facts[CONCERNS]))))}


def as_stated_by(state: Escalation, actor: Actor, facts: Facts) -> Facts:
    """Return the facts that this actor states, by who may say what of whom the case is about.

    Anybody may name more people. That it is not about somebody after all, only a person of the working group says who
    did not ask for it and was never named: else whoever it is about, or an AI that is wrong, could lift the rule.

    Raises:
        NotAllowed: it takes somebody away and may not.
    """
    known, said = concerned(state), _people(facts.get(CONCERNS))
    if CONCERNS not in facts or set(known) <= set(said):
        return facts
    member = kind_of(actor) is ActorKind.PERSON and actor in state.people and actor != state.requested_by
    if member and actor not in (*known, *state.once_concerned):
        return facts
    if set(said) <= set(known):
        raise NotAllowed(
            f"{actor} may name further people in {CONCERNS}, and take nobody away: only a person of the working group "
            "may who did not ask for it and whom it was never about"
        )
    return with_more_concerned(known, facts)


def _people(named: FactValue | None) -> tuple[Actor, ...]:
    if not named or not isinstance(named, tuple | list):
        return ()
    prefix = f"{ActorKind.PERSON}:"
    return tuple(dict.fromkeys(prefix + each.strip().removeprefix(prefix) for each in named))


def needs(state: Escalation) -> dict[str, Any]:
    """Return what every search for people says of the case; what is not needed is left out."""
    policy = state.playbook.needs
    value = _reader(state, (*policy.skills, *policy.authority.values()))
    found: dict[str, Any] = {}
    if barred := concerned(state):
        found["concerned"] = barred
    if skills := tuple(word for name in policy.skills for word in _words(value(name))):
        found["skills"] = skills
    if policy.authority:
        found["authority"] = {kind: _amount(value(name)) for kind, name in policy.authority.items()}
    if state.repeat_of is not None:
        found["repeat_of"] = state.repeat_of
    return found


def _reader(state: Escalation, names: tuple[str, ...]) -> Callable[[str], FactValue | None]:
    if not _DERIVED.isdisjoint(names):
        return derive(basis_of(state)).get
    stated, assumed = state.facts, state.playbook.defaults
    return lambda name: stated.get(name, assumed.get(name))


_DERIVED = frozenset(name for name, fact in FACTS.items() if fact.derived)


def _words(value: FactValue | None) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(value) if isinstance(value, tuple | list) else ()


def _amount(value: FactValue | None) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
