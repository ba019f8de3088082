"""Approvals of actions: a service, an AI agent or a person asks before doing something, and uses the answer once.

Every gate before an action whose condition is true of the action and its arguments is asked, each bound to exactly
these; without one it is allowed at once, and recorded all the same. The action waits, the escalation does not.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow, Unknown
from escalation.explain import did_you_mean
from escalation.lifecycle import approval, grounds, permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import Facts, basis_of, condition, derive, value_problems
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.approval import ActionApproval
from escalation.model.state import Escalation
from escalation.playbook.approval_facts import ACTION, argument_fact
from escalation.playbook.facts import FactValue
from escalation.playbook.gates import ActionPolicy, GatePolicy
from escalation.playbook.schema import Playbook
from escalation.values import ENGINE, ActorKind, digest_of, kind_of

MOST_OPEN = 20
"""How many actions may be asked for, or allowed and not done, at once."""

ALLOWED_FOR = timedelta(hours=1)
"""How long an action that needs no approval is allowed: what is known of the case may be another matter by then."""

_LONGEST = 2_000


def action_digest(action: str, arguments: Mapping[str, FactValue]) -> str:
    """Return the fingerprint of an action and its arguments: whoever asked gives it again when it is done."""
    plain = {name: _plain(value) for name, value in arguments.items()}
    return digest_of(json.dumps({"action": action, "arguments": plain}, sort_keys=True))


def _plain(value: FactValue) -> object:
    # A whole number is the same number, however a program writes it.
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def is_open(asked: ActionApproval, at: datetime) -> bool:
    """Tell whether it is waited for, or may still be used."""
    usable = asked.state == "passed" and (asked.valid_until is None or at < asked.valid_until)
    return usable or asked.state == "pending"


def ask(draft: Draft, command: c.AskApproval) -> None:
    """Ask whether an action may be done."""
    state = draft.state
    policy = state.playbook.actions.get(command.action)
    if policy is None:
        known = list(state.playbook.actions)
        hint = did_you_mean(command.action, known) or f"; it has {', '.join(known) or 'none'}"
        raise Unknown(f"playbook {state.playbook.playbook} declares no action {command.action}{hint}")
    _require_may_ask(state, policy, command)
    if state.review is not None:
        raise NotNow(f"{state.id} is in review: what was to be done for it has been done")
    _require_arguments(policy, command)
    digest = action_digest(command.action, command.arguments)
    standing = [asked for asked in state.actions.values() if is_open(asked, draft.now)]
    same = next((asked for asked in standing if (asked.by, asked.digest) == (command.by, digest)), None)
    if same is not None:
        do = "use it, or withdraw it" if same.state == "passed" else "wait for it, or withdraw it"
        raise AlreadyDone(f"you asked for exactly this already: {same.id} is {same.state}; {do}")
    if len(standing) >= MOST_OPEN:
        raise NotNow(f"{MOST_OPEN} actions are asked for or allowed already; use or withdraw one before the next")
    number = state.actions_asked + 1
    needed = _gates(state, command.action, command.arguments)
    draft.record(
        e.ActionAsked,
        approval=f"a{number}",
        action=command.action,
        arguments=command.arguments,
        digest=digest,
        gates=tuple(f"{gate.id}.a{number}" for gate in needed),
        because=command.because,
    )
    asked = draft.state.actions[f"a{number}"]
    for gate, name in zip(needed, asked.gates, strict=True):
        approval.open_round(draft, gate, name, _digest(draft.state, gate, asked))
    if not needed:
        because = grounds.of("no_approval_needed", "no approval is needed for it")
        _settle(draft, asked, "passed", because, valid_until=draft.now + ALLOWED_FOR)


def use(draft: Draft, command: c.UseApproval) -> None:
    """Use an approval up: what was approved is done now."""
    asked = _known(draft.state, command.approval)
    if command.by != asked.by:
        raise NotAllowed(f"{asked.id} was asked for by {asked.by}, and nobody else uses it; ask for your own")
    if asked.state == "used":
        raise AlreadyDone(f"{asked.id} was used already: an approval counts once; ask again for doing it again")
    if asked.state == "pending":
        raise NotNow(f"{asked.id} is not decided yet: it waits for {', '.join(asked.gates)}")
    if asked.state != "passed":
        raise NotNow(f"{asked.id} is {asked.state}: {asked.because}; ask again if it is still to be done")
    if command.digest != asked.digest:
        decided = next((name for name in asked.gates if draft.state.gates[name].digest == command.digest), None)
        if decided is not None:
            raise NotAllowed(
                f"{command.digest} is the digest that people decide {decided} with; {asked.id} is used with that of "
                "the action itself, which ask_approval answered and `escalate show` names under actions"
            )
        raise NotAllowed(
            f"{asked.id} was given for another action or other arguments ({asked.digest}, not {command.digest}); ask "
            "for what is to be done now"
        )
    if not is_open(asked, draft.now):
        raise NotNow(f"{asked.id} could be used until {asked.valid_until:%Y-%m-%d %H:%M:%S %Z}; ask again")
    named = {name.rpartition(".")[0] for name in asked.gates}
    fresh = [gate.id for gate in _gates(draft.state, asked.action, asked.arguments) if gate.id not in named]
    if fresh:
        raise NotNow(f"since {asked.id} was asked for, what is known needs {', '.join(fresh)} as well; ask again")
    draft.record(e.ActionUsed, approval=asked.id)


def withdraw(draft: Draft, command: c.WithdrawApproval) -> None:
    """Say that an action is not wanted any more."""
    asked = _known(draft.state, command.approval)
    if command.by != asked.by:
        permissions.require_person(command.by, "withdrawing what somebody else asked for")
        permissions.require_member(draft.state, command.by)
    if not is_open(asked, draft.now):
        raise AlreadyDone(f"{asked.id} is {asked.state} already; there is nothing to withdraw")
    english = f"withdrawn by {command.by}" + (f": {command.because}" if command.because else "")
    because = grounds.of("withdrawn_by", english, who=command.by, because=command.because)
    _settle(draft, asked, "withdrawn", because)


def follow(draft: Draft) -> None:
    """See what the approvals of actions have come to, and whether what was asked still stands."""
    for name in list(draft.state.actions):
        asked = draft.state.actions[name]
        if asked.gates and is_open(asked, draft.now) and not draft.state.ended:
            _follow(draft, asked)


def _follow(draft: Draft, asked: ActionApproval) -> None:
    if draft.state.review is not None:
        if asked.state == "pending":
            _settle(draft, asked, "withdrawn", grounds.of("solved", "it is solved, and in review"))
        return
    policies = {name: policy for name in asked.gates if (policy := draft.state.playbook.gate(name)) is not None}
    for name, policy in policies.items():
        gate, digest = draft.state.gates[name], _digest(draft.state, policy, asked)
        if gate.digest != digest:
            _settle(draft, asked, "voided", approval.subject_changed())
            return
        if asked.state == "pending" and (why := approval.spoilt(draft.state, gate, policy)):
            approval.close_unneeded(draft, gate, "voided", why)
            approval.open_round(draft, policy, name, digest)
    if asked.state != "pending":
        return
    gates = [draft.state.gates[name] for name in policies]
    refused = next((gate for gate in gates if gate.state == "rejected"), None)
    if refused is not None:
        said = ":" if draft.state.rules >= 2 else " was"
        why = grounds.again(refused.because, refused.grounds)
        english = f"approval {refused.id}{said} {refused.because}"
        _settle(draft, asked, "rejected", grounds.of("approval_refused", english, gate=refused.id, because=why))
    elif all(gate.state == "passed" for gate in gates):
        limits = [policy.valid_for for policy in policies.values() if policy.valid_for is not None]
        until = draft.now + min(limits) if limits else None
        choice = ", ".join(gate.choice for gate in gates if gate.choice)
        english = "; ".join(gate.because for gate in gates)
        because = grounds.joined((grounds.again(gate.because, gate.grounds) for gate in gates), english)
        _settle(draft, asked, "passed", because, choice=choice, valid_until=until)


def _settle(
    draft: Draft,
    asked: ActionApproval,
    state: str,
    because: str,
    *,
    choice: str = "",
    valid_until: datetime | None = None,
) -> None:
    by = draft.by if state == "withdrawn" and draft.by == asked.by else ENGINE
    draft.record(
        e.ActionSettled,
        by=by,
        approval=asked.id,
        state=state,
        because=because,
        choice=choice,
        valid_until=valid_until,
    )
    for name in asked.gates:
        gate = draft.state.gates[name]
        if gate.state == "pending":
            approval.close_unneeded(draft, gate, "voided" if state == "voided" else "withdrawn", because)


def void_changed(draft: Draft, new: Playbook) -> None:
    """Void what is open where another version of the playbook says something else of the action or of its approvals.

    It is asked for anew by whoever still wants it: what was allowed by other rules is not done by these, and an action
    whose approvals are all gone was never approved.
    """
    state = draft.state
    for asked in tuple(state.actions.values()):
        same = new.actions.get(asked.action) == state.playbook.actions.get(asked.action) and all(
            new.gate(name) == state.playbook.gate(name) for name in asked.gates
        )
        if is_open(asked, draft.now) and not same:
            _settle(draft, asked, "voided", approval.policy_changed())


def _known(state: Escalation, name: str) -> ActionApproval:
    asked = state.actions.get(name)
    if asked is None:
        known = ", ".join(state.actions) or "none"
        raise Unknown(f"{state.id} knows of no asked action {name}; it knows {known}")
    return asked


def _require_may_ask(state: Escalation, policy: ActionPolicy, command: c.AskApproval) -> None:
    if command.by in policy.asked_by:
        permissions.refuse_concerned(state, command.by)
        return
    if kind_of(command.by) is ActorKind.CUSTOMER:
        raise NotAllowed(f"{command.action} is for services, AI agents and people who work on {state.id}")
    try:
        permissions.require_member_or_requester(state, command.by)
    except NotAllowed as error:
        if not policy.asked_by:
            raise
        also = ", ".join(policy.asked_by)
        raise NotAllowed(f"{error}; the playbook lets {also} ask for {command.action} too (asked_by)") from None


def _require_arguments(policy: ActionPolicy, command: c.AskApproval) -> None:
    problems = []
    for name, value in command.arguments.items():
        declared = policy.arguments.get(name)
        if declared is None:
            known = list(policy.arguments)
            hint = did_you_mean(name, known) or f"; it has {', '.join(known) or 'none'}"
            problems.append(f"{name[:64]}: {command.action} has no such argument{hint}")
        elif len(json.dumps(value)) > _LONGEST:
            problems.append(f"{name}: is longer than {_LONGEST} characters")
        else:
            found = value_problems(declared.type, declared.values, declared.minimum, declared.maximum, value)
            problems += [f"{name}: {problem}" for problem in found]
    missing = [name for name, each in policy.arguments.items() if not each.optional and name not in command.arguments]
    problems += [f"{name}: is missing; expected a {policy.arguments[name].type}" for name in missing]
    if problems:
        raise Incomplete(f"{command.action} cannot be asked for like this: {'; '.join(problems)}")


def _gates(state: Escalation, action: str, arguments: Mapping[str, FactValue]) -> list[GatePolicy]:
    """Return the gates that this action needs, as the facts are now."""
    given: Facts = {argument_fact(name): value for name, value in arguments.items()}
    facts = {**derive(basis_of(state)), **given, f"{ACTION}name": action}
    before = (gate for gate in state.playbook.gates if gate.before == "action")
    return [gate for gate in before if condition(state.playbook, gate.when).true(facts)]


def _digest(state: Escalation, policy: GatePolicy, asked: ActionApproval) -> str:
    facts = derive(basis_of(state))
    subject = {name: facts.get(name) for name in state.playbook.subject_of(policy)}
    return digest_of(json.dumps({"asked": asked.digest, "subject": subject}, sort_keys=True))
