"""What an approval is about: where in the escalation's life it stands, and the digest that it is bound to."""

import json

from escalation.lifecycle.facts import Facts
from escalation.model.state import Escalation
from escalation.playbook.gates import GatePolicy
from escalation.values import digest_of


def subject_digest(state: Escalation, policy: GatePolicy, facts: Facts) -> str:
    """Fingerprint of what is approved: the gate's facts and amounts, and for a final approval the resolution itself."""
    subject: dict[str, object] = {name: facts.get(name) for name in state.playbook.subject_of(policy)}
    if policy.before == "review" and state.resolution is not None:
        # The same words proposed again are a new proposal: a rejection of the first does not stand against it.
        subject["resolution"] = (state.resolution.text, state.resolution.at.isoformat())
    if policy.before == "lowering" and state.lowering is not None:
        subject["lowering"] = (
            state.severity,
            state.lowering.severity,
            state.lowering.by,
            state.lowering.at.isoformat(),
        )
    if policy.before == "stand_down" and state.incident is not None and state.incident.standing_down is not None:
        asked = state.incident.standing_down
        subject["stand_down"] = (state.incident.number, asked.by, asked.at.isoformat())
    return digest_of(json.dumps(subject, sort_keys=True))


def applies(state: Escalation, policy: GatePolicy) -> bool:
    """Tell whether the escalation has come to where this gate stands."""
    if policy.before == "assignment":
        return state.level is None
    if policy.before == "resolution":
        return state.owner is not None and state.review is None
    if policy.before == "lowering":
        return state.lowering is not None
    if policy.before == "action":
        return False  # it stands before no part of the escalation's life: ``actions`` opens it
    if policy.before == "stand_down":
        return state.incident is not None and state.incident.standing_down is not None
    return state.resolution_state == "confirmed" and state.review is None
