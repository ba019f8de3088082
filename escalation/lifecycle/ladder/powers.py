"""The power to hand it up by hand: the level says who may, to where and why. Else whoever works on it, or asked for it.

Criteria of the playbook (triggers, ``up_when``, time) ask nobody for permission, nor does the exception procedure.
"""

from escalation.errors import NotAllowed
from escalation.model.state import Escalation
from escalation.playbook.organisation import Power
from escalation.values import FINDABLE, Actor, Target, split_target

POWER = "power"
"""Purpose of the look-up of those who may."""


def holders(state: Escalation) -> tuple[Target, ...]:
    """Return the targets that have a power at the present level, or may declare an incident: looked up at its entry."""
    policy = state.level_policy
    incident = state.playbook.incident
    named = [who for power in policy.may_escalate for who in power.who] if policy is not None else []
    named += incident.may_declare if incident is not None else ()
    return tuple(dict.fromkeys(who for who in named if split_target(who)[0] in FINDABLE))


def require(state: Escalation, by: Actor, reason: str, index: int | None) -> None:
    """Refuse whoever may not hand it up from the present level to another for this reason; None: to its last resort.

    Raises:
        NotAllowed: naming who may, or what may be done instead.
    """
    policy = state.level_policy
    if policy is None or not policy.may_escalate:
        return
    to = state.playbook.levels[index].id if index is not None else policy.id
    where = f"{to} for {reason}" if index is not None else f"the last resort of {to} for {reason}"
    fitting = [
        each for each in policy.may_escalate if to in (each.to or (to,)) and reason in (each.reasons or (reason,))
    ]
    if any(by in _people(state, who) for each in fitting for who in each.who):
        return
    if fitting:
        may = dict.fromkeys(who for each in fitting for who in each.who)
        raise NotAllowed(f"{by} may not escalate from {policy.id} to {where}; {_named(state, may)} may")
    powers = "; ".join(said(each) for each in policy.may_escalate)
    raise NotAllowed(f"nobody may escalate from {policy.id} to {where} by hand; these may: {powers}")


def said(power: Power) -> str:
    """Write a power in words."""
    to = f" to {', '.join(power.to)}" if power.to else ""
    return f"{', '.join(power.who)}{to}" + (f" for {', '.join(power.reasons)}" if power.reasons else "")


def _named(state: Escalation, may: dict[str, None]) -> str:
    return ", ".join(f"{who} ({', '.join(people[:8])})" if (people := _people(state, who)) else who for who in may)


def _people(state: Escalation, who: str) -> tuple[Actor, ...]:
    match who:
        case "owner":
            return (state.owner.actor,) if state.owner is not None else ()
        case "called":
            return state.rung.people if state.rung is not None else ()
        case "requester":
            return (state.requested_by,)
        case _:
            return state.powers.get(who, ())
