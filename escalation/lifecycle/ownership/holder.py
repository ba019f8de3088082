"""Who speaks to the customer: giving the case back to the AI with guidance, and calls that pass between agents."""

from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.incident.mode import require_stood_down
from escalation.lifecycle.statements import summaries
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.values import ActorKind, kind_of


def give_back(draft: Draft, command: c.GiveBack) -> None:
    """Give the case back to the AI that asked, with guidance; the escalation ends as returned."""
    permissions.require_person(command.by, "give_back")
    state = draft.state
    permissions.require_member(state, command.by)
    if state.owner is None or state.owner.actor != command.by:
        raise NotAllowed(f"only the owner gives {state.id} back; {state.accountable} is responsible: claim it first")
    if kind_of(state.requested_by) not in (ActorKind.AGENT, ActorKind.SERVICE):
        raise NotAllowed(f"no AI had {state.id}: {state.requested_by} asked for it; resolve it, or hand it over")
    require_stood_down(state, "given back")
    if left := _still_open(state):
        raise NotNow(f"{state.id} cannot be given back to {state.requested_by} yet: {'; '.join(left)}")
    summaries.missed(draft, "it was given back to the AI")
    draft.record(e.Closed, because=command.because, guidance=command.guidance, returned=True)


def _still_open(state: Escalation) -> list[str]:
    left = [f"approval {gate.id} is pending" for gate in state.pending_gates]
    left += [f"{item.kind} item {item.id} is open" for item in state.open_items]
    left += [f"{used.skipped} was skipped and nobody has looked at it" for used in state.unreviewed]
    left += [f"approval {given.gate} is to be looked at and nobody has yet" for given in state.reviews_to_assign]
    if state.handoff is not None:
        left.append(f"a hand-off to {state.handoff.to} is open")
    if state.rung is not None:
        left.append(f"round {state.rung.id} is calling {', '.join(state.rung.people or state.rung.targets)}")
    if state.recovery is not None and state.recovery.state == "running":
        left.append(f"recovery script {state.recovery.script} runs")
    if state.review is not None or state.resolution_state == "proposed":
        left.append(f"it waits on {state.waiting_on}")
    return left


def record_call_transfer(draft: Draft, command: c.RecordCallTransfer) -> None:
    """Put a transferred call on the timeline."""
    permissions.require_member_or_requester(draft.state, command.by)
    if command.at is not None and command.at > draft.now:
        raise NotAllowed(f"the call was transferred in the future: {command.at:%Y-%m-%d %H:%M %Z}")
    if command.giver == command.receiver:
        raise NotAllowed(f"a call is transferred from one to another: both are {command.giver}")
    draft.record(
        e.CallTransferred,
        call=command.call,
        giver=command.giver,
        receiver=command.receiver,
        transfer=command.kind,
        transferred_at=command.at or draft.now,
        recording=command.recording or "",
    )
