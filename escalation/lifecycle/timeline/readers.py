"""Who may read along and write on the timeline: the working group, the requester, whoever was mentioned or invited."""

from escalation.errors import NotAllowed
from escalation.lifecycle import permissions
from escalation.model.state import Escalation
from escalation.model.timeline import Timeline
from escalation.values import Actor, ActorKind, kind_of


def of(state: Escalation) -> Timeline:
    """Return what is kept of the timeline; an empty one before anybody wrote."""
    return state.timeline or Timeline()


def require_writer(state: Escalation, actor: Actor) -> None:
    """Refuse whoever may not put entries on the timeline.

    Raises:
        NotAllowed: naming who may, and what a customer does instead.
    """
    _refuse_customer(actor)
    permissions.require_member_or_requester(state, actor)


def require_reader(state: Escalation, actor: Actor) -> None:
    """Refuse whoever may not read along, and so neither comments nor reacts.

    Raises:
        NotAllowed: naming who may, and what a customer does instead.
    """
    _refuse_customer(actor)
    permissions.refuse_concerned(state, actor)
    if actor not in of(state).readers:
        permissions.require_member_or_requester(state, actor)


def reads(state: Escalation, actor: Actor) -> bool:
    """Tell whether somebody may be told what is written here."""
    try:
        require_reader(state, actor)
    except NotAllowed:
        return False
    return True


def _refuse_customer(actor: Actor) -> None:
    if kind_of(actor) is ActorKind.CUSTOMER:
        raise NotAllowed(
            f"entries are for those who work on it, and {actor} is a customer: what they say is recorded with note"
        )


def is_ai(actor: Actor, author: Actor | None = None) -> bool:
    """Tell what an AI or a service wrote itself from what a person did, or a service brought along for one."""
    kind = kind_of(actor)
    return kind is ActorKind.AGENT or (kind is ActorKind.SERVICE and author is None)
