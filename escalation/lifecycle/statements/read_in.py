"""Reading in: whoever joins while work is going on, or is concerned later, gets one message with where it stands."""

from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.draft import Draft
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.values import ENGINE, ActorKind, kind_of


def under_way(state: Escalation) -> bool:
    """Tell whether somebody has begun to work on it: before that everybody knows as much."""
    return state.owner is not None


def concerns(state: Escalation, audience: str) -> bool:
    """Tell whether whoever is concerned now, in this audience, is read in; customers never are."""
    policy = state.playbook.communication
    return policy is not None and policy.read_in and under_way(state) and not policy.for_customers(audience)


def follow(draft: Draft) -> None:
    """Read in the people who have joined the working group with this command."""
    before, state = draft.before, draft.state
    if not under_way(before) or state.people == before.people:
        return
    barred = concerned(state)
    joined = tuple(
        actor
        for actor in state.people
        if actor not in before.people and kind_of(actor) is ActorKind.PERSON and actor not in barred
    )
    if joined:
        draft.record(e.ReadIn, by=ENGINE, people=joined)
