"""What was chosen with an approval is a fact: whatever reads it is evaluated again when it comes, and when it goes."""

from escalation.lifecycle import approval, triggers
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import chosen
from escalation.playbook.approval_facts import choice_fact


def follow(draft: Draft) -> None:
    """Evaluate again what reads a choice that has come, gone or changed; what that leads to may choose no more."""
    known = chosen(draft.before)
    for _ in draft.state.playbook.choosing_gates:
        now = chosen(draft.state)
        if now == known:
            return
        changed = {choice_fact(gate) for gate in {*known, *now} if known.get(gate) != now.get(gate)}
        known = now
        triggers.settle(draft, changed)
        approval.reconcile(draft)
