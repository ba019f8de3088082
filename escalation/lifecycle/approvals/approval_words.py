"""The words of approvals: what is to be decided and how, that it need not be decided any more, what an action came to.

What is asked and the ways to answer stand first; what is needed to decide comes after.
"""

from collections.abc import Iterator
from typing import Final

from escalation.lifecycle import grounds
from escalation.lifecycle import message_values as values
from escalation.lifecycle.approvals import quorum
from escalation.lifecycle.communication import Words, headline, instant, news, packet, plainly, shown, text
from escalation.lifecycle.facts import basis_of, derive
from escalation.lifecycle.sentences import told
from escalation.model import events as e
from escalation.model.approval import HOW, ActionApproval, Gate
from escalation.model.state import Escalation
from escalation.playbook.gates import Expiry, GatePolicy
from escalation.values import Actor

_SILENCE: Final = {
    Expiry.HALT: "it stays blocked, and whoever is accountable is told",
    Expiry.DENY: "it counts as refused",
    Expiry.ESCALATE: "it stays blocked and goes up a level",
    Expiry.NEXT_DEPUTY: "the next deputy is asked",
    Expiry.APPROVE: "it counts as approved",
    Expiry.KEEP: "it stays open, and whoever is accountable is told",
}

_DEPUTY: Final = (
    "You are asked as a deputy: those who were asked before you have not decided in time. They may still decide.\n"
)


def approval(
    state: Escalation, gate: Gate, policy: GatePolicy, person: Actor, passed_on: e.SeatDelegated | None = None
) -> Words:
    """Ask an approver to decide; ``passed_on``: because somebody passed their seat on to them."""
    note = f"\n{passed_on.by} passed the decision on to you: {passed_on.because}" if passed_on is not None else ""
    anew = (
        gate.round > 1 and policy.before != "stand_down"
    )  # asked again to stand down, nothing that was approved changed
    again = "This is a new approval: what was approved before has changed.\n" if anew else ""
    # The last deputy must not read that there is another one.
    none_left = policy.on_expiry is Expiry.NEXT_DEPUTY and gate.deputies_asked >= len(policy.deputies)
    on_expiry = Expiry.HALT if none_left else policy.on_expiry
    deputy = policy.on_expiry is Expiry.NEXT_DEPUTY and gate.deputies_asked > 0 and passed_on is None
    works = f"; {state.owner.actor} works on it" if state.owner is not None else ""
    body = "\n".join(
        (
            f"{again}{_DEPUTY if deputy else ''}To decide: {policy.title or policy.id}{note}",
            *_asked(state, gate, policy),
            f"Decide before {instant(gate.due)}; after that {_SILENCE[on_expiry]}. {_how_many(gate, policy)}",
            *_options(state, gate, policy, person),
            f"Opened by {state.requested_by}{works}",
            packet(state),
        )
    )
    facts, action = derive(basis_of(state)), action_of(state, gate)
    named = state.playbook.actions.get(action.action) if action is not None else None
    lowering = state.lowering if policy.before == "lowering" else None
    said = text(
        state,
        "approval",
        f"{headline(state)} - approval needed: {policy.title or policy.id}",
        body,
        gate=gate.id,
        title=policy.title,
        subject=[
            {"name": name, "value": _value(facts[name])} for name in state.playbook.subject_of(policy) if name in facts
        ],
        again=anew,
        delegated_by=passed_on.by if passed_on is not None else "",
        delegated_because=passed_on.because if passed_on is not None else "",
        action=action.action if action is not None else "",
        action_about=named.about if named is not None else "",
        action_by=action.by if action is not None else "",
        action_because=next(_why(state, action), "") if action is not None else "",
        arguments=[{"name": name, "value": _value(value)[:300]} for name, value in action.arguments.items()]
        if action is not None
        else (),
        lowering_by=lowering.by if lowering is not None else "",
        lowering_to=lowering.severity if lowering is not None else "",
        lowering_because=lowering.because[:300] if lowering is not None else "",
        **_stand_down(state, policy),
        choices=[{"id": choice.id, "meaning": choice.about} for choice in policy.choices],
        need=quorum.needed(gate, policy),
        seats=gate.seats,
        shares=[{"target": share.of, "need": share.need} for share in quorum.shares(gate, policy)]
        if policy.quorum
        else (),
        may_delegate=policy.delegation.depth > 0,
        requested_by=state.requested_by,
        owner=state.owner.actor if state.owner is not None else "",
        due=gate.due,
        on_expiry=on_expiry,
        deputy=deputy,
        digest=gate.digest,
    )
    return said._replace(values=said.values | values.packet(state))


def _asked(state: Escalation, gate: Gate, policy: GatePolicy) -> Iterator[str]:
    """Yield what exactly is to be decided: the facts, the action, the milder severity."""
    facts = derive(basis_of(state))
    yield from (f"  {name}: {shown(facts[name])}" for name in state.playbook.subject_of(policy) if name in facts)
    action = action_of(state, gate)
    if action is not None:
        yield f"{action.by} asks to do this: {action_said(state, action)}"
        yield from (f"Why: {each}" for each in _why(state, action))
    asked = state.lowering if policy.before == "lowering" else None
    if asked is not None:
        why = asked.because[:300]
        yield f"{asked.by} asks to make it milder: {state.severity} to {asked.severity}, because {why}"
    yield from _stand_down_asked(_stand_down(state, policy))


def _stand_down(state: Escalation, policy: GatePolicy) -> dict[str, object]:
    """Return who asks to stand down and why, how far the plan is, and why the last one who asked was refused."""
    incident = state.incident
    asked = incident.standing_down if incident is not None and policy.before == "stand_down" else None
    if incident is None or asked is None:
        return {"stand_down_by": "", "stand_down_because": "", "plan_steps": 0, "plan_done": 0, "refused": ""}
    steps = [state.items[line.item] for line in incident.plan if line.item]
    since = (event for event in reversed(state.tail) if event.at >= incident.declared_at)
    refused = next((grounds.given(event) for event in since if isinstance(event, e.StandDownRefused)), "")
    return {
        "stand_down_by": asked.by,
        "stand_down_because": asked.because[:300],
        "plan_steps": len(steps),
        "plan_done": sum(item.done_at is not None for item in steps),
        "refused": refused,
    }


def _stand_down_asked(said: dict[str, object]) -> Iterator[str]:
    if said["stand_down_by"]:
        yield f"{said['stand_down_by']} asks to stand the incident down, because {said['stand_down_because']}"
        if said["plan_steps"]:
            yield f"Action plan: {said['plan_done']} of {said['plan_steps']} steps done"
        if said["refused"]:
            yield f"It was refused before: {said['refused']}"


def _why(state: Escalation, action: ActionApproval) -> Iterator[str]:
    asked = (event for event in reversed(state.tail) if isinstance(event, e.ActionAsked))
    yield from (event.because[:300] for event in asked if event.approval == action.id)


def _how_many(gate: Gate, policy: GatePolicy) -> str:
    if policy.quorum:
        return f"Must approve: {quorum.said(gate, policy)}."
    return f"{quorum.said(gate, policy)} must approve."


def options(policy: GatePolicy) -> tuple[str, ...]:
    """Name the ways to answer: ``approve``, or one for each choice, ``reject``, ``request_changes``."""
    chosen = (f"approve as {choice.id}" + (f" ({choice.about})" if choice.about else "") for choice in policy.choices)
    return (*(chosen if policy.choices else ("approve",)), "reject", "request changes")


def _options(state: Escalation, gate: Gate, policy: GatePolicy, person: Actor) -> Iterator[str]:
    """Yield the ways to answer, each as a command."""
    yield "Your options:"
    who = f"{state.id} --by {person} --gate {gate.id}"
    for choice in policy.choices:
        about = f"    # {choice.about}" if choice.about else ""
        yield f"  escalate approve {who} --digest {gate.digest} --choice {choice.id}{about}"
    if not policy.choices:
        yield f"  escalate approve {who} --digest {gate.digest}"
    yield f"  escalate reject {who} --digest {gate.digest} --because '...'"
    yield f"  escalate request_changes {who} --because '...'"
    if policy.delegation.depth:
        yield f"  escalate delegate_approval {who} --to PERSON --because '...'"


def gate_closed(state: Escalation, gate: Gate) -> Words:
    """Tell the owner how an approval ended."""
    how = "skipped" if gate.skipped else HOW[gate.state]
    if gate.choice:
        how = f"{gate.choice} approved"
    policy = state.playbook.gate(gate.id)
    asked = f" ({policy.title})" if policy is not None and policy.title else ""
    why = gate.because if gate.because.startswith(how) else f"{how}: {gate.because}"
    return text(
        state,
        "gate_closed",
        f"{headline(state)} - {gate.id}: {how}",
        f"Approval {gate.id}{asked} of {state.id}: {why}.",
        gate=gate.id,
        title=policy.title if policy is not None else "",
        how="skipped" if gate.skipped else gate.state,
        choice=gate.choice,
        because=grounds.again(gate.because, gate.grounds),
    )


def not_needed(state: Escalation, event: e.GateClosed) -> Words:
    """Tell somebody who was asked that they need not decide any more; not who voted, unless it was an emergency."""
    if event.emergency:
        english = f"approval {event.gate} was {event.because}. You need not decide it, and it is reviewed"
        return _over(state, event.gate, "emergency", english, grounds.given(event))
    if event.skipped:
        english = f"approval {event.gate} was skipped in an emergency: you need not decide it any more"
        return _over(state, event.gate, "skipped", english, grounds.given(event))
    if event.state == "voided":
        again = "if you are needed for it again, you are asked anew"
        english = f"what you were asked to decide in approval {event.gate} is void: {event.because}; {again}"
        return _over(state, event.gate, "voided", english, grounds.given(event))
    if event.state == "withdrawn":
        english = f"approval {event.gate} is not needed any more: {event.because}"
        return _over(state, event.gate, "withdrawn", english, grounds.given(event))
    return _decided(state, event.gate)


def _decided(state: Escalation, gate: str) -> Words:
    return _over(state, gate, "decided", f"approval {gate} is decided: you need not decide it any more", "")


def named(state: Escalation, gate: str) -> dict[str, str]:
    """Name an approval in a sentence: by its id, and by what it asks."""
    policy = state.playbook.gate(gate)
    return {"gate": gate, "title": values.short_line(policy.title) if policy is not None else ""}


def _over(state: Escalation, gate: str, how: str, english: str, because: str) -> Words:
    return news(state, told("gate_over", english, **named(state, gate), how=how, because=because))


def came_too_late(state: Escalation, gate: Gate, key: str, to: Actor) -> bool:
    """Tell whether a question that has just arrived is no more, and its receiver did not decide it all the same."""
    seq = int(key.split("/")[-2])
    if seq < gate.opened_seq:
        return True
    return gate.state != "pending" and to in gate.people and all(vote.by != to for vote in gate.votes)


def too_late(state: Escalation, gate: Gate) -> Words:
    """Tell the receiver of a question that came too late."""
    if gate.state == "pending":
        english = f"what you were asked to decide in approval {gate.id} is void; if you are needed, you are asked anew"
        return _over(state, gate.id, "voided", english, "")
    return _decided(state, gate.id)


def action_of(state: Escalation, gate: Gate) -> ActionApproval | None:
    """Return the action that a gate stands before; None for any other gate."""
    return next((asked for asked in state.actions.values() if gate.id in asked.gates), None)


def action_said(state: Escalation, action: ActionApproval) -> str:
    """Name an action with its arguments."""
    policy = state.playbook.actions.get(action.action)
    about = f" ({policy.about})" if policy is not None and policy.about else ""
    given = ", ".join(f"{name}={_value(value)[:300]}" for name, value in action.arguments.items())
    return f"{action.action}{about}" + (f" with {given}" if given else "")


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else shown(value)


def action_settled(state: Escalation, action: ActionApproval) -> Words:
    """Tell whoever asked whether it may be done."""
    if action.state != "passed":
        english = f"{action.id}, {action.action}, is {action.state}: {action.because}. Do not do it"
        because = grounds.again(action.because, action.grounds)
        said = {"approval": action.id, "action": action.action, "how": action.state, "because": because}
        return news(state, told("action_refused", english, **said))
    until = f" before {instant(action.valid_until)}" if action.valid_until is not None else ""
    do = f"use it once{until}: use_approval {action.id} with digest {action.digest}"
    plain = plainly(state, f"{action.id}, {action.action}, may be done: {action.because}; {do}")
    return text(
        state,
        "action_allowed",
        plain.subject,
        plain.body,
        approval=action.id,
        action=action.action,
        because=grounds.again(action.because, action.grounds),
        until=action.valid_until,
        digest=action.digest,
    )
