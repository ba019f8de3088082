"""What an AI may do: activities, drafts that a person looks at, approved delegations, and what stands before work.

All of it only takes away: a step that the engine keeps for people is refused to an AI whatever a playbook says.
"""

from datetime import datetime

from escalation.errors import NotAllowed, NotNow, Unknown
from escalation.explain import did_you_mean
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.ownership import MOST_DRAFTS
from escalation.model.state import Escalation
from escalation.playbook.ownership import Activity, AiPart, Delegation
from escalation.values import Actor, ActorKind, kind_of

_MACHINES = (ActorKind.AGENT, ActorKind.SERVICE)


def require_allowed(state: Escalation, command: c.Act, now: datetime) -> None:
    """Refuse to an AI what the playbook keeps for people, and to everybody work whose start is not documented.

    Raises:
        NotAllowed: naming who may.
        NotNow: naming what is to be documented.
    """
    playbook = state.playbook
    if playbook.before_work is not None and isinstance(command, c.Resolve | c.CompleteActivity):
        _require_documented(state)
    name = c.NAMES[type(command)]
    policy = playbook.activities.get(name)
    if policy is not None and kind_of(command.by) in _MACHINES:
        _require_ai_may(state, command.by, name, policy, now)


def human_required(state: Escalation, activity: str) -> bool:
    """Tell whether only a person completes an activity, so that neither time nor a rule does."""
    policy = state.playbook.activities.get(activity)
    return policy is not None and policy.human_required


def may_start(state: Escalation) -> bool:
    """Tell whether what has to be documented before work is."""
    return not undocumented(state)


def undocumented(state: Escalation) -> tuple[str, ...]:
    """Name what is still to be documented before work may start."""
    policy, stated = state.playbook.before_work, state.ownership.documented
    if policy is None or not condition(state.playbook, policy.when).true(derive(basis_of(state))):
        return ()
    executes = policy.executes or (stated.executes if stated is not None else "")
    approves = policy.approves or (stated.approves if stated is not None else "")
    return tuple(
        what for what, known in (("who executes", executes), ("who gives final approval", approves)) if not known
    )


def document(draft: Draft, command: c.DocumentWork) -> None:
    """State who carries the work out and who gives the final approval: not one and the same."""
    permissions.require_person(command.by, "document_work")
    state = draft.state
    permissions.require_member(state, command.by)
    policy, stated = state.playbook.before_work, state.ownership.documented
    if policy is None:
        raise NotNow(f"playbook {state.playbook.playbook} asks for nothing before work starts (before_work)")
    for key, said, fixed in (
        ("executes", command.executes, policy.executes),
        ("approves", command.approves, policy.approves),
    ):
        if said is not None and fixed is not None and said != fixed:
            raise NotAllowed(f"the playbook names who {key}: {fixed}")
    executes = command.executes or policy.executes or (stated.executes if stated is not None else "")
    approves = command.approves or policy.approves or (stated.approves if stated is not None else "")
    if executes and executes == approves:
        raise NotAllowed(f"{executes} cannot give the final approval to their own work; name two")
    if command.executes is None and command.approves is None:
        raise NotAllowed("name who executes, who approves, or both")
    for who in (executes, approves):
        permissions.refuse_concerned(state, who)
    draft.record(e.WorkDocumented, executes=executes, approves=approves, because=command.because)


def draft_work(draft: Draft, command: c.Draft) -> None:
    """Take a draft of an activity, which whoever has oversight is asked to look at."""
    state = draft.state
    permissions.require_member_or_requester(state, command.by)
    policy = _activity(state, command.activity)
    if policy.ai is AiPart.NEVER and kind_of(command.by) in _MACHINES:
        raise NotAllowed(
            f"{command.activity} is done without an AI, which may not even draft it (activities.{command.activity}); "
            f"{permissions.who_may(state)}"
        )
    if len(state.ownership.drafts) >= MOST_DRAFTS:
        raise NotNow(f"{MOST_DRAFTS} drafts of {state.id} wait for somebody to look at them; complete some first")
    number = f"d{state.ownership.drafted + 1}"
    draft.record(e.WorkDrafted, draft=number, activity=command.activity, text=command.text, oversight=policy.oversight)


def complete(draft: Draft, command: c.CompleteActivity) -> None:
    """Complete an activity of the playbook's own: by a person, or by an AI that may."""
    state, now = draft.state, draft.now
    policy = _activity(state, command.activity)
    if command.activity in c.COMMANDS:
        raise NotAllowed(f"{command.activity} is a command of its own: send that")
    delegated = ""
    if kind_of(command.by) in _MACHINES:
        _require_ai_may(state, command.by, command.activity, policy, now)
        permissions.require_member_or_requester(state, command.by)
        found = _delegation(state, command.by, command.activity, now)
        delegated = f"approved by {found.approved_by} on {found.approved_on}" if found is not None else ""
    else:
        permissions.require_person(command.by, "complete_activity")
        permissions.require_member(state, command.by)
    work = state.ownership.drafts.get(command.draft) if command.draft is not None else None
    if command.draft is not None:
        if work is None or work.activity != command.activity:
            waiting = [each.id for each in state.ownership.drafts.values() if each.activity == command.activity]
            raise Unknown(
                f"no draft {command.draft} of {command.activity} waits; there is {', '.join(waiting) or 'none'}"
            )
        if work.people and command.by not in work.people:
            raise NotAllowed(f"draft {work.id} is looked at by {', '.join(work.people)}, not by {command.by}")
    elif not command.result:
        raise NotAllowed("say what came of it (result), or which draft is taken over (draft)")
    draft.record(
        e.ActivityDone,
        activity=command.activity,
        result=command.result,
        draft=work.id if work is not None else "",
        drafted_by=work.by if work is not None else "",
        delegated=delegated,
    )


def _activity(state: Escalation, name: str) -> Activity:
    policy = state.playbook.activities.get(name)
    if policy is None:
        known = state.playbook.activities
        hint = did_you_mean(name, list(known)) or f"; it has {', '.join(known) or 'none'}"
        raise Unknown(f"playbook {state.playbook.playbook} declares no activity {name}{hint}")
    return policy


def _require_ai_may(state: Escalation, by: Actor, name: str, policy: Activity, now: datetime) -> None:
    where = f"activities.{name} of playbook {state.playbook.playbook}"
    if not policy.ai_completes:
        drafts = f"; {by} may draft it (draft --activity {name})" if policy.ai is not AiPart.NEVER else ""
        raise NotAllowed(
            f"{name} is a human step by {where}: {by} is not a person{drafts}; {permissions.who_may(state)}"
        )
    if policy.recurring and _delegation(state, by, name, now) is None:
        raise NotAllowed(
            f"{name} comes again and again, and no approved delegation gives it to {by} ({where}): it needs a line of "
            f"delegations with approved_by and approved_on; {permissions.who_may(state)}"
        )


def _delegation(state: Escalation, agent: Actor, activity: str, now: datetime) -> Delegation | None:
    fitting = (each for each in state.playbook.delegations if (each.activity, each.agent) == (activity, agent))
    return next((each for each in fitting if each.holds(now.date())), None)


def _require_documented(state: Escalation) -> None:
    if missing := undocumented(state):
        raise NotNow(
            f"work on {state.id} may not start before it is documented {' and '.join(missing)}: "
            f"escalate document_work {state.id} --executes ... --approves ... ({permissions.who_may(state)})"
        )
