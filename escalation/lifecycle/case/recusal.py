"""When it becomes known that a case is about somebody who has it, or is being asked to take it: others are called."""

from escalation.lifecycle import assignment
from escalation.lifecycle.case.needs import CONCERNS, concerned
from escalation.lifecycle.draft import Draft
from escalation.model import events as e
from escalation.values import ENGINE, Actor


def follow(draft: Draft) -> None:
    """Call others when facts that were stated just now leave nobody who may act."""
    if _STATES.isdisjoint(map(type, draft.events)):
        return
    state = draft.state
    if state.facts.get(CONCERNS) == draft.before.facts.get(CONCERNS):
        return
    if state.level is None or state.ended or state.review is not None:
        return
    barred, rung = concerned(state), state.rung
    if rung is not None and rung.resolved and rung.people and set(rung.people) <= set(barred):
        assignment.round_over(draft, f"everybody in round {rung.id} is concerned by it")
    elif rung is None and state.owner is not None and state.owner.actor in barred:
        assignment.enter_level(draft, state.level.index, f"its owner {state.owner.actor} is concerned by it")


def unknown(draft: Draft, people: tuple[Actor, ...]) -> None:
    """Say once that it is said to be about somebody whom nobody knows: a name that is mistyped bars nobody."""
    state = draft.state
    named = set(concerned(state)).difference(state.unknown_concerned)
    if fresh := tuple(person for person in people if person in named):
        draft.record(e.ConcernedUnknown, by=ENGINE, people=fresh)


_STATES = {e.FactsChanged, e.Joined, e.InputProvided}
