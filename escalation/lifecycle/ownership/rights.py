"""Decision rights in one place: who may decide what in an escalation, by the rules that would refuse anybody else."""

from collections.abc import Iterator

from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.ladder.powers import said
from escalation.model.commands import COMMANDS
from escalation.model.state import Escalation
from escalation.playbook.ownership import AiPart
from escalation.values import Actor, ActorKind, Record, kind_of


class Right(Record):
    """A decision, and who may take it."""

    decision: str
    who: tuple[str, ...]
    """As the playbook names them: targets, ``owner``, ``working group``."""
    people: tuple[Actor, ...] = ()
    """Who that is now, as far as it is known."""
    ai: str = "never"
    """What an AI may do of it: ``never``, ``may_assist``, ``may_do``."""
    because: str = ""
    """Where that is said."""


def rights(state: Escalation, decision: str = "") -> list[Right]:
    """Return who may decide what; with a word, only the decisions that it names."""
    return [right for right in _rights(state) if decision.lower() in right.decision.lower()]


def _rights(state: Escalation) -> Iterator[Right]:
    barred = concerned(state)
    members = tuple(who for who in state.people if kind_of(who) is ActorKind.PERSON and who not in barred)
    owner = (state.owner.actor,) if state.owner is not None else ()
    yield Right(
        decision="own",
        who=state.rung.targets if state.rung is not None else owner or (state.accountable,),
        people=tuple(who for who in state.rung.people if who not in barred) if state.rung is not None else owner,
        because="the round that is open" if state.rung is not None else "responsibility passes by hand-off or claim",
    )
    for gate in state.playbook.gates:
        asked = state.gates.get(gate.id)
        yield Right(
            decision=f"approve {gate.id}",
            who=gate.approvers,
            people=asked.people if asked is not None else (),
            because=f"gates: {gate.title or gate.id}, {gate.need} of them, before {gate.before}",
        )
    for name in ("resolve", "change_severity", "cancel", "offer_handoff", "submit_review"):
        if name not in state.playbook.activities:
            yield Right(decision=name, who=("working group",), people=members, because="the engine's own rule")
    yield Right(
        decision="confirm_resolution",
        who=("customer" if state.customer_confirms else "requester",),
        people=(f"customer:{state.customer.id}" if state.customer_confirms and state.customer else state.requested_by,),
        because="resolution.confirmed_by",
    )
    if state.level_policy is not None:
        for power in state.level_policy.may_escalate:
            yield Right(decision="escalate", who=power.who, because=f"may_escalate: {said(power)}")
    if state.playbook.bypass is not None:
        named = state.playbook.bypass.allowed
        yield Right(
            decision="bypass", who=named or ("working group",), people=state.may_bypass, because="bypass.allowed"
        )
    yield from _activities(state, members)
    policy, stated = state.playbook.before_work, state.ownership.documented
    if policy is not None:
        approves = policy.approves or (stated.approves if stated is not None else "")
        yield Right(decision="final approval", who=(approves or "nobody is documented yet",), because="before_work")


def _activities(state: Escalation, members: tuple[Actor, ...]) -> Iterator[Right]:
    for name, policy in state.playbook.activities.items():
        agents = tuple(each.agent for each in state.playbook.delegations if each.activity == name)
        may = policy.ai if not policy.human_required or policy.ai is not AiPart.MAY_DO else AiPart.MAY_ASSIST
        own = name not in COMMANDS
        yield Right(
            decision=name,
            who=("working group", *(agents if policy.ai_completes else ())),
            people=members,
            ai=may,
            because=f"activities: drafts are looked at by {policy.oversight}"
            if own
            else "activities, on top of the engine",
        )
