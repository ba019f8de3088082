"""What is a critical incident: the playbook's own definition, looked at after each command, and why it matches."""

from escalation.lifecycle.communication import grounds
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import among, basis_of, condition, derive
from escalation.lifecycle.triggers import words_of
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.values import ENGINE


def follow(draft: Draft) -> None:
    """Record that it has become a critical incident, or is none any more; the facts it read go with it.

    A fact that is not known makes nothing critical, and takes nothing back.
    """
    state = draft.state
    policy = state.playbook.critical_incident
    if policy is None or not state.opened or state.ended:
        return
    compiled, facts = condition(state.playbook, policy.when), derive(basis_of(state))
    is_true = compiled.true(facts)
    if is_true == (state.critical is not None):
        return
    read = among(facts, compiled.reads)
    if is_true:
        found = words_of(policy.when, compiled.reads, state.words)
        draft.record(
            e.BecameCritical, by=ENGINE, because=policy.because, condition=policy.when, facts=read, words=found
        )
    else:
        draft.record(e.NoLongerCritical, by=ENGINE, facts=read)


def said(state: Escalation) -> str:
    """Say why it is a critical incident, with the facts that say so; empty while it is none."""
    critical = state.critical
    return grounds(critical.because, critical.facts, critical.words) if critical is not None else ""
