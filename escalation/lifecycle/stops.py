"""What would keep from happening what stands on the agenda: whose act is awaited until then."""

from collections.abc import Callable
from typing import NamedTuple

from escalation.lifecycle.agenda import Due
from escalation.lifecycle.incident import baseline
from escalation.lifecycle.statements.receipts import unread
from escalation.lifecycle.statements.stakeholders import communicator
from escalation.model.state import Escalation
from escalation.playbook.clocks import Stops


class Stop(NamedTuple):
    """An act, and who may do it."""

    what: str
    """``an acknowledgement``, ``a decision on credit``."""
    who: tuple[str, ...] = ()
    """Persons, or targets as long as nobody was found for them; empty: whoever may."""


def stop(state: Escalation, due: Due) -> Stop:
    """Return what would keep a due from happening that stands on the agenda of this state."""
    return _STOPS[due.kind](state, due.about)


def _called(state: Escalation) -> tuple[str, ...]:
    rung = state.rung
    if rung is None:
        return ()
    return tuple(person for person in rung.people if person not in rung.declined) or rung.targets


def _working(state: Escalation) -> tuple[str, ...]:
    """Return whose work it is: the owner's, or of those who are called to take it."""
    return (state.owner.actor,) if state.owner is not None else _called(state)


def _input(state: Escalation, _: str) -> Stop:
    asked = state.input_request
    return Stop(f"the missing {', '.join(asked.parts)}", (asked.of,)) if asked is not None else Stop("the input")


def _handoff(state: Escalation, _: str) -> Stop:
    offer = state.handoff
    return Stop("acceptance of the hand-off", (offer.asked or (offer.to,)) if offer is not None else ())


def _gate(state: Escalation, about: str) -> Stop:
    gate, policy = state.gates[about], state.playbook.gate(about)
    voted = {vote.by for vote in gate.votes}
    left = tuple(person for person in gate.people if person not in voted)
    return Stop(f"a decision on {about}", left or (policy.approvers if policy is not None else ()))


_ENDS = {
    Stops.ACKNOWLEDGED: "an acknowledgement",
    Stops.HUMAN_RESPONSE: "an answer that is more than an acknowledgement",
    Stops.UPDATE: "an update",
    Stops.RESOLVED: "a resolution that stands",
    Stops.CLOSED: "the end of its review",
}


def _clock(state: Escalation, about: str) -> Stop:
    return Stop(_ENDS[state.playbook.clocks[about].ends(about)], _working(state))


def _confirmation(state: Escalation, _: str) -> Stop:
    asked = f"customer:{state.customer.id}" if state.customer_confirms and state.customer else state.requested_by
    return Stop("an answer whether it is solved", (asked,))


def _update(state: Escalation, _: str) -> Stop:
    talk = state.communication
    return Stop("an update to the stakeholders", (talk.communicators if talk else ()) or (communicator(state),))


def _reply(state: Escalation, name: str) -> Stop:
    talk = state.communication
    return Stop(f"an answer of {name}", talk.stakeholders[name].people if talk is not None else ())


def _receipt(state: Escalation, name: str) -> Stop:
    talk = state.communication
    return Stop(f"the receipts of {name}", unread(talk.stakeholders[name]) if talk is not None else ())


def _follow_up(state: Escalation, _: str) -> Stop:
    asked = f"customer:{state.customer.id}" if state.customer is not None else state.requested_by
    return Stop("the customer's feedback", (asked,))


def _item(state: Escalation, about: str) -> Stop:
    item = state.items[about]
    if item.approval is not None and item.pending:
        return Stop(f"a decision on {item.kind} item {about}", item.approval.deciders or item.approval.approvers)
    offered = not item.claimed and item.people
    return Stop(f"the end of {item.kind} item {about}", item.people if offered else (item.owner,))


_STOPS: dict[str, Callable[[Escalation, str], Stop]] = {
    "input": _input,
    "acknowledgement": lambda state, _: Stop("an acknowledgement", _called(state)),
    "hours": lambda state, _: Stop("an acknowledgement", _called(state)),
    "lasted": lambda state, _: Stop("a resolution", _working(state)),
    "handoff": _handoff,
    "shift": lambda state, _: Stop("a resolution, or a hand-off", _working(state)),
    "hold": lambda state, _: Stop("an earlier end of the hold", _working(state)),
    "dwell": lambda state, _: Stop("a resolution", _working(state)),
    "gate": _gate,
    "silence": lambda state, _: Stop("a sign of life", _working(state)),
    "warning": _clock,
    "breach": _clock,
    "reminder": _clock,
    "status": lambda state, about: Stop(f"whatever ends the status {about}", _working(state)),
    "confirmation": _confirmation,
    "review": lambda state, _: Stop("the review", _working(state)),
    "item": _item,
    "feedback": lambda state, _: Stop(
        "what they say of how it went", state.feedback_round.unanswered if state.feedback_round is not None else ()
    ),
    "session": lambda state, about: Stop(f"the end of live session {about}", _working(state)),
    "update": _update,
    "reply": _reply,
    "summary": lambda state, about: Stop(f"summary {about}", _working(state)),
    "receipt": _receipt,
    "milestone": lambda state, about: Stop(f"the update of milestone {about}", _working(state)),
    "follow_up": _follow_up,
    "children": lambda state, _: Stop("the end of the escalations below it", _working(state)),
    "unfinished": lambda state, _: Stop("the end of what holds up the close", _working(state)),
    "first_update": lambda state, _: Stop("the first update", baseline.speakers(state) or _working(state)),
    "hand_over": lambda state, _: Stop("standing down", _working(state)),
}
"""By the kind of a due."""
