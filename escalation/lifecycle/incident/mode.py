"""Declaring an incident and standing it down, where the playbook wants with an approval.

The mode runs beside the stages: people are called, own it and approve as always. While it is declared the escalation
is neither resolved nor cancelled, since either would go round what standing down stands behind.
"""

from typing import Any

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle import approval, grounds, permissions
from escalation.lifecycle.approvals import subject
from escalation.lifecycle.case.links import open_children
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import among, basis_of, condition, derive
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.approval import Gate
from escalation.model.incident import Incident
from escalation.model.state import Escalation
from escalation.playbook.incident import Before, IncidentPolicy
from escalation.values import ENGINE, Actor


def policy_of(state: Escalation) -> IncidentPolicy:
    """Return what the playbook says of incidents.

    Raises:
        NotNow: nothing.
    """
    if state.playbook.incident is None:
        raise NotNow(f"playbook {state.playbook.playbook} has no incident mode (its section incident)")
    return state.playbook.incident


def running(state: Escalation) -> Incident:
    """Return the incident that is declared.

    Raises:
        NotNow: none is, or none is any more.
    """
    policy_of(state)
    if state.incident is not None and not state.incident.declared:
        raise NotNow(f"{_stood_down(state.incident)}; {state.id} is no incident any more")
    if state.incident is None:
        raise NotNow(f"{state.id} is not run as an incident; declare it first with declare_incident")
    return state.incident


def _stood_down(incident: Incident) -> str:
    at, by = incident.stood_down_at, incident.stood_down_by
    asked = f", as {by} asked" if by is not None else ""
    return f"the incident was stood down at {at:%Y-%m-%d %H:%M %Z}{asked}: {incident.stood_down_because}"


def stand_down_gate(state: Escalation) -> Gate | None:
    """Return the approval that decides whether it is stood down, while that is asked."""
    incident, policy = state.incident, state.playbook.incident
    if incident is None or incident.standing_down is None or policy is None:
        return None
    gate = state.gates.get(policy.stand_down.gate or "")
    return gate if gate is not None and gate.state == "pending" else None


def commander(state: Escalation) -> Actor | None:
    """Return who commands the incident: whoever was named, else the owner; None while nobody owns it."""
    if state.ownership.commander is not None:
        return state.ownership.commander
    return state.owner.actor if state.owner is not None else None


def require_commander(state: Escalation, actor: Actor, act: str) -> None:
    """Refuse whoever does not command it; while nobody does, anybody in the working group may.

    Raises:
        NotAllowed: naming who does.
    """
    permissions.require_person(actor, act)
    permissions.require_member(state, actor)
    commands = commander(state)
    if commands is not None and actor != commands:
        raise NotAllowed(f"{act} is for whoever commands {state.id}: {commands}, not {actor}")


# --- declare ----------------------------------------------------------------------------------------------------------


def declare(draft: Draft, command: c.DeclareIncident) -> None:
    """Declare it by hand."""
    state, policy = draft.state, policy_of(draft.state)
    permissions.require_person(command.by, "declare_incident")
    permissions.refuse_concerned(state, command.by)
    if state.incident is not None and state.incident.declared:
        known = state.incident
        raise AlreadyDone(
            f"{state.id} is run as an incident since {known.declared_at:%Y-%m-%d %H:%M %Z} ({known.declared_by})"
        )
    _require_may_declare(state, policy, command.by)
    if not _may_run(state):
        raise NotNow(f"{state.id} is waiting on {state.waiting_on}; an incident is declared while it is worked on")
    _declare(draft, policy, because=command.because)


def _require_may_declare(state: Escalation, policy: IncidentPolicy, actor: Actor) -> None:
    if not policy.may_declare:
        permissions.require_member(state, actor)
        return
    owner = state.owner.actor if state.owner is not None else None
    may = {who: (owner,) if who == "owner" else state.powers.get(who, ()) for who in policy.may_declare}
    if not any(actor in people for people in may.values()):
        named = ", ".join(f"{who} ({', '.join(filter(None, each))})" if any(each) else who for who, each in may.items())
        raise NotAllowed(f"{actor} may not declare an incident of {state.id}; {named} may")


def _may_run(state: Escalation) -> bool:
    return state.level is not None and state.review is None and not state.waits_for_confirmation


def follow(draft: Draft) -> None:
    """Declare it where the playbook says that it is one, and has it declared by itself: once for each time."""
    state, policy = draft.state, draft.state.playbook.incident
    if policy is None or not policy.automatic or not _may_run(state) or state.ended:
        return
    if state.incident is not None and (state.incident.declared or _is_one(draft.before, policy)):
        return
    if not _is_one(state, policy):
        return
    critical = state.critical
    if policy.declare_when is None and critical is not None:
        content = {"because": critical.because, "condition": critical.condition, "facts": critical.facts}
    else:
        text = policy.declare_when or ""
        compiled, facts = condition(state.playbook, text), derive(basis_of(state))
        content = {"because": text, "condition": text, "facts": among(facts, compiled.reads)}
    _declare(draft, policy, by=ENGINE, **content)


def _is_one(state: Escalation, policy: IncidentPolicy) -> bool:
    if policy.declare_when is None:
        return state.critical is not None
    return state.opened and condition(state.playbook, policy.declare_when).true(derive(basis_of(state)))


def _declare(draft: Draft, policy: IncidentPolicy, **content: Any) -> None:
    first = policy.first_update
    known = draft.state.incident
    draft.record(
        e.IncidentDeclared,
        number=known.number + 1 if known is not None else 1,
        first_update_due=draft.now + first.within if first is not None else None,
        **content,
    )


# --- stand down -------------------------------------------------------------------------------------------------------


def stand_down(draft: Draft, command: c.StandDown) -> None:
    """Stand it down, or ask for the approval that stands before that."""
    known = draft.state.incident
    if known is not None and not known.declared:
        raise AlreadyDone(_stood_down(known))
    state, incident = draft.state, running(draft.state)
    require_commander(state, command.by, "stand_down")
    policy = policy_of(state).stand_down
    if incident.standing_down is not None:
        asked = incident.standing_down
        raise AlreadyDone(f"{asked.by} has asked already to stand it down; approval {policy.gate} is waited for")
    lacking = [why for before in policy.after if (why := _lacking(state, incident, before))]
    if lacking:
        raise NotNow(f"the incident of {state.id} is not stood down yet: {'; '.join(lacking)}")
    gate = state.playbook.gate(policy.gate) if policy.gate is not None else None
    if gate is not None and condition(state.playbook, gate.when).true(derive(basis_of(state))):
        draft.record(e.StandDownAsked, because=command.because)
    else:
        draft.record(e.StoodDown, because=command.because, asked_by=command.by)


def _lacking(state: Escalation, incident: Incident, before: Before) -> str:
    """Say what the playbook wants before it is stood down and is not there."""
    if before is Before.FIRST_UPDATE and incident.baseline is None:
        return "its first update was never given (report_baseline)"
    if before is Before.EXECUTION_PLAN:
        steps = {line.item for line in incident.plan if line.item}
        left = [item.id for item in state.open_items if item.id in steps]
        return f"steps of the execution plan are open: {', '.join(left)}" if left else ""
    if before is Before.HAND_OVER and incident.period is not None and incident.period.handing_over:
        return f"period {incident.period.number} is being handed over and nobody has taken the next one"
    if before is Before.CHILDREN and (children := open_children(state)):
        return f"escalations below it are open: {', '.join(children)}"
    return ""


def settle(draft: Draft) -> None:
    """Do what the gate has decided; nothing while it has not."""
    state, incident, policy = draft.state, draft.state.incident, draft.state.playbook.incident
    if policy is None or incident is None or incident.standing_down is None or state.ended:
        return
    asked = incident.standing_down
    named = state.playbook.gate(policy.stand_down.gate or "")
    gate = state.gates.get(named.id) if named is not None else None
    if gate is None or named is None or gate.digest != subject.subject_digest(state, named, derive(basis_of(state))):
        return
    if gate.state in ("passed", "withdrawn"):
        allowed = approval.why_allowed(gate)
        english = f"{asked.because} ({allowed})"
        because = grounds.of("asked_and_allowed", english, because=asked.because, by=asked.by, allowed=allowed)
        draft.record(e.StoodDown, because=because, asked_by=asked.by)
    elif gate.state == "rejected":
        draft.record(e.StandDownRefused, asked_by=asked.by, because=grounds.again(gate.because, gate.grounds))


def require_stood_down(state: Escalation, act: str) -> None:
    """Refuse an end while the incident is declared.

    Raises:
        NotNow: saying how it is ended.
    """
    if state.incident is not None and state.incident.declared:
        raise NotNow(f"{state.id} is run as an incident and cannot be {act} before it is stood down (stand_down)")
