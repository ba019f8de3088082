"""The playbook's own work: items that come into being at a stage or when something happens, each once, in order."""

from escalation.lifecycle.automatic import automations
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import Facts, basis_of, condition, derive
from escalation.lifecycle.work import dependencies, work_items
from escalation.model.state import Escalation
from escalation.playbook.automation import Happening
from escalation.playbook.work import ItemKind, WorkPolicy
from escalation.values import ENGINE, Holder

ACCOUNTABLE = "raci:accountable"


def follow(draft: Draft) -> None:
    """Let come into being what is due to, after each command; then look at what is checked by a condition."""
    state = draft.state
    if not state.opened or state.ended:
        return
    left = [policy for policy in state.playbook.work if policy.id not in state.work_made]
    if left:
        happened = _happened(draft, left)
        facts = derive(basis_of(state))
        for policy in left:
            if _begins(state, policy, happened, facts):
                _make(draft, policy)
    dependencies.follow(draft)


def _happened(draft: Draft, left: list[WorkPolicy]) -> frozenset[Happening]:
    if not any(policy.on for policy in left):
        return frozenset()
    return frozenset(cause.happening for cause in automations.causes(draft, 0))


def _begins(state: Escalation, policy: WorkPolicy, happened: frozenset[Happening], facts: Facts) -> bool:
    begins = (policy.at is not None and state.stage == policy.at) or not happened.isdisjoint(policy.on)
    return begins and condition(state.playbook, policy.when).true(facts)


def _make(draft: Draft, policy: WorkPolicy) -> None:
    state = draft.state
    open_ids = {item.template: item.id for item in state.open_items if item.template}
    first = tuple(open_ids[name] for name in policy.after if name in open_ids)
    work_items.record(
        draft,
        policy.title,
        _owner(state, policy),
        draft.now + policy.due,
        by=ENGINE,
        template=policy.id,
        kind=ItemKind(policy.kind),
        label=policy.label or "",
        area=policy.area,
        blocked_by=first,
        before=policy.before or "",
        approvers=policy.approvers,
        confirmed_by=policy.confirmed_by,
        check=policy.check or "",
        within=policy.due,
    )


def _owner(state: Escalation, policy: WorkPolicy) -> Holder:
    """Whoever has the escalation, or the target; a person the case is about has nothing to do in it."""
    if policy.owner != "owner":
        return policy.owner
    return state.owner.actor if state.owner is not None else ACCOUNTABLE
