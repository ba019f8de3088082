"""Approvals as people read them: what is asked, of whom, what was decided, how one may answer."""

from collections.abc import Iterator

from pydantic import AwareDatetime

from escalation.lifecycle.approvals import approval_words, quorum
from escalation.lifecycle.communication import shown
from escalation.lifecycle.facts import basis_of, derive
from escalation.lifecycle.incident.mode import stand_down_gate
from escalation.model.state import Escalation
from escalation.playbook.facts import FactValue
from escalation.values import Actor, Record


class GateView(Record):
    """An approval as people read it."""

    id: str
    asks: str
    """What is to be decided, with the facts that the approval is bound to."""
    round: int
    state: str
    digest: str
    approvers: tuple[Actor, ...]
    decided: tuple[str, ...]
    due: AwareDatetime
    must: str = ""
    """How many must approve, as ``2 of 3``, or whose."""
    options: tuple[str, ...] = ()
    """The ways to answer, while it is open."""
    choice: str = ""
    """What was chosen."""
    passed_on: tuple[str, ...] = ()
    """Seats that were passed on, by whom to whom."""


class ActionView(Record):
    """An action that somebody asked for before doing it."""

    id: str
    action: str
    arguments: dict[str, FactValue]
    digest: str
    by: Actor
    state: str
    because: str
    gates: tuple[str, ...]
    choice: str
    valid_until: AwareDatetime | None


def gate_views(state: Escalation) -> Iterator[GateView]:
    """Yield every approval, with what may be answered while it is open."""
    facts = derive(basis_of(state)) if state.gates else {}
    for gate in state.gates.values():
        policy = state.playbook.gate(gate.id)
        names = state.playbook.subject_of(policy) if policy else ()
        subject = [f"{name}={shown(facts[name])}" for name in names if name in facts]
        asked = approval_words.action_of(state, gate)
        action = f"{asked.by} asks for {approval_words.action_said(state, asked)}" if asked is not None else ""
        down = stand_down_gate(state)
        incident = state.incident.standing_down if state.incident is not None and down == gate else None
        ends = f"{incident.by} asks to stand the incident down, because {incident.because}" if incident else ""
        open_now = policy is not None and gate.state == "pending"
        yield GateView(
            id=gate.id,
            asks=": ".join(filter(None, [policy.title if policy else "", action, ends, ", ".join(subject)])),
            round=gate.round,
            state=gate.state,
            digest=gate.digest,
            approvers=gate.people,
            decided=tuple(
                f"{vote.decision} by {vote.by}" + (f" ({vote.choice})" if vote.choice else "") for vote in gate.votes
            ),
            due=gate.due,
            must=quorum.said(gate, policy) if policy is not None and gate.resolved else "",
            options=approval_words.options(policy) if policy is not None and open_now else (),
            choice=gate.choice,
            passed_on=tuple(f"{each.by} to {each.to}" for each in gate.delegations),
        )
