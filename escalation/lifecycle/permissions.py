"""Who may do what, and whether anything may be done at all. Refusals say who may instead."""

from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle.case.needs import concerned
from escalation.model.state import Escalation
from escalation.values import Actor, ActorKind, kind_of


def require_person(actor: Actor, act: str) -> None:
    """Refuse what only a person may do to an AI, a service, a customer or the engine.

    Raises:
        NotAllowed: naming the step and that it is a human one.
    """
    kind = kind_of(actor)
    if kind is not ActorKind.PERSON:
        raise NotAllowed(f"{act} is a human step: {actor} is not a person (expected person:ID)")


def require_open(state: Escalation) -> None:
    """Refuse what is said to one that has ended, or was never opened.

    Raises:
        NotNow: saying which.
    """
    if state.ended:
        at = f"{state.closed_at:%Y-%m-%d %H:%M:%S %Z}"
        why = f" ({state.outcome_because})" if state.outcome_because else ""
        raise NotNow(f"{state.id} has ended: {state.outcome} at {at}{why}; nothing more is expected of you here")
    if state.opened_at is None:
        raise NotNow(f"{state.id} has not been opened yet")


def require_member(state: Escalation, actor: Actor) -> None:
    """Refuse whoever is not in the working group.

    Raises:
        NotAllowed: naming who may.
    """
    refuse_concerned(state, actor)
    if actor not in state.people:
        raise NotAllowed(f"{actor} is not in the working group of {state.id}; {who_may(state)}")


def require_member_or_requester(state: Escalation, actor: Actor) -> None:
    """Refuse whoever is neither in the working group nor the one who asked for the escalation.

    Raises:
        NotAllowed: naming who may.
    """
    refuse_concerned(state, actor)
    if actor != state.requested_by and actor not in state.people:
        raise NotAllowed(
            f"{actor} is neither in the working group of {state.id} nor its requester ({state.requested_by}); "
            f"{who_may(state)}"
        )


def require_involved(state: Escalation, actor: Actor) -> None:
    """Refuse whoever has nothing to do with it: neither working group, requester, nor the customer concerned.

    Raises:
        NotAllowed: naming who may.
    """
    if not is_customer(state, actor) and actor != state.requested_by:
        require_member_or_requester(state, actor)


def is_customer(state: Escalation, actor: Actor) -> bool:
    """Tell whether the actor is the customer this escalation is about."""
    return state.customer is not None and actor == f"customer:{state.customer.id}"


def refuse_concerned(state: Escalation, actor: Actor) -> None:
    """Refuse whom the case is about: they take no part in it, whatever else they may do.

    Raises:
        NotAllowed: naming who may.
    """
    if actor in concerned(state):
        raise NotAllowed(f"{actor} is concerned by {state.id} and takes no part in it; {who_may(state)}")


def refuse_engine(actor: Actor) -> None:
    """Refuse commands from outside that claim to come from the engine itself.

    Raises:
        NotAllowed: always for ``system:`` actors.
    """
    if kind_of(actor) is ActorKind.SYSTEM:
        raise NotAllowed(f"{actor} speaks for the engine and cannot send commands; use person:, agent:, service:")


def who_may(state: Escalation) -> str:
    """Say who may act, for the end of a refusal."""
    barred = concerned(state)
    people = [actor for actor in state.people if kind_of(actor) is ActorKind.PERSON and actor not in barred]
    if people:
        return f"these may act: {', '.join(people[:8])}"
    return f"nobody was told yet; {state.accountable} is accountable"
