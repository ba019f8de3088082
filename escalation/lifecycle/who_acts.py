"""Who acts next, and why; and who else is asked for something meanwhile."""

from datetime import UTC

from escalation.lifecycle import approval
from escalation.lifecycle.case import links
from escalation.lifecycle.incident.mode import stand_down_gate
from escalation.lifecycle.statements import follow_up, summaries
from escalation.lifecycle.timeline.unfinished import unfinished
from escalation.model.ladder import Rung
from escalation.model.state import Escalation
from escalation.playbook.schema import WaitingOn


def who_acts_next(state: Escalation) -> tuple[tuple[str, ...], str]:
    """Return whose turn it is, and why it is theirs."""
    waiting = state.waiting_on
    if waiting is WaitingOn.NOBODY:
        return (), f"it has ended: {state.outcome_because}"
    if waiting is WaitingOn.HOLD and state.hold is not None:
        return (state.accountable,), f"on hold: {state.hold.because}"
    if waiting is WaitingOn.REQUESTER and state.input_request is not None:
        return (state.input_request.of,), f"required input is missing: {', '.join(state.input_request.parts)}"
    if waiting is WaitingOn.APPROVER:
        gates = state.blocking_gates
        people = tuple(dict.fromkeys(person for gate in gates for person in gate.people))
        return people or tuple(gate.id for gate in gates), f"approval needed: {', '.join(gate.id for gate in gates)}"
    if waiting is WaitingOn.REVIEWER:
        return (state.accountable,), "the review is to be written"
    if waiting in (WaitingOn.CUSTOMER, WaitingOn.REQUESTER):
        who = (
            f"customer:{state.customer.id}" if state.customer and waiting is WaitingOn.CUSTOMER else state.requested_by
        )
        return (who,), "the proposed resolution is to be confirmed or rejected"
    if waiting is WaitingOn.INPUT:
        needed = state.needed_input
        causes = "; ".join(f"{item.id}, {item.cause or 'input'}, asked by {item.by}" for item in needed)
        return tuple(dict.fromkeys(item.owner for item in needed)), f"needs input: {causes}".replace("_", " ")
    if waiting is WaitingOn.RESPONDER and state.rung is not None:
        asked = tuple(person for person in state.rung.people if person not in state.rung.declined)
        return asked or state.rung.targets, f"somebody is to take it: round {state.rung.id}{_held(state.rung)}"
    if state.review is not None and not state.open_items and (children := links.open_children(state)):
        return (state.accountable,), f"escalations below it are open: {', '.join(children)}"
    if state.review is not None:
        return _who_acts_after_review(state)
    return _who_acts_while_worked_on(state)


def also_asked(state: Escalation) -> dict[str, tuple[str, ...]]:
    """Return whose word is awaited beside whose turn it is: approval or hand-off to whom it was asked of."""
    if state.ended:
        return {}
    turn, _ = who_acts_next(state)
    named = {gate.id for gate in state.blocking_gates} if state.waiting_on is WaitingOn.APPROVER else set()
    down = stand_down_gate(state)
    if down is not None and turn == (down.people or down.targets):
        named.add(down.id)
    asked = {gate.id: gate.undecided or gate.targets for gate in state.pending_gates if gate.id not in named}
    offer = state.handoff
    if offer is not None:
        asked["hand-off"] = offer.asked or (offer.to,)
    return {what: whom for what, whom in asked.items() if whom}


def _who_acts_while_worked_on(state: Escalation) -> tuple[tuple[str, ...], str]:
    """Name the owner, unless an approval keeps the incident from being stood down."""
    rejected = [gate for gate in approval.blocking(state, "resolution") if gate.state == "rejected"]
    if rejected:
        said = "; ".join(f"approval {gate.id} was {gate.because}" for gate in rejected)
        return (state.accountable,), f"it cannot be resolved as it is: {said}"
    gate = stand_down_gate(state)
    if gate is not None:
        return gate.people or gate.targets, f"approval {gate.id} decides whether the incident is stood down"
    return (state.accountable,), "the owner works on it"


def _who_acts_after_review(state: Escalation) -> tuple[tuple[str, ...], str]:
    """Name what the end still waits for once the review is in."""
    if state.open_items:
        return tuple(dict.fromkeys(item.owner for item in state.open_items)), "work items are open"
    if not summaries.all_filed(state):
        return (state.accountable,), "required summaries are to be filed"
    opinions = state.feedback_round
    if opinions is not None and opinions.open:
        return opinions.unanswered, "they are asked how it went"
    if state.customer is not None and not follow_up.over(state):
        return (f"customer:{state.customer.id}",), "what the playbook has the customer sent and asked is not over"
    if waits := unfinished(state):
        return (state.accountable,), f"it is not closed over {', '.join(waits)}"
    return (), "it is about to be closed"


def _held(rung: Rung) -> str:
    """Say whose pages wait for their working hours."""
    waits = [f"{person} from {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC on" for person, at in rung.held.items()]
    return f"; told as their working hours begin: {', '.join(waits)}" if waits else ""
