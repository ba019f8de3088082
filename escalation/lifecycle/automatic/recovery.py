"""Recovery scripts: whether one may mend the case is decided and recorded, and what becomes of it.

People are called as always: a script may spare them work, never the knowledge. One that succeeds resolves nothing, it
tells whoever has the case; one that fails sends the case up. At most one runs for an escalation, and none begins, or
sends it up, while a solution waits to be confirmed.
"""

from escalation.lifecycle import assignment, grounds
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import among, basis_of, condition, derive
from escalation.lifecycle.ownership import assistance
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.recovery import RecoveryPolicy
from escalation.values import ENGINE


def follow(draft: Draft) -> None:
    """Decide, or decide anew while people must do it, and begin what has its approval."""
    state = draft.state
    if not state.playbook.recoveries or not state.opened or state.ended:
        return
    if state.waits_for_confirmation or state.review is not None:
        return  # it is solved, as far as anybody knows
    if state.recovery is None or state.recovery.state == "manual":
        _decide(draft)
    recovery = draft.state.recovery
    if recovery is not None and recovery.state == "waiting" and assistance.may_start(draft.state):
        _begin(draft, draft.state.playbook.recovery(recovery.id))


def _decide(draft: Draft) -> None:
    state = draft.state
    facts = derive(basis_of(state))
    for policy in state.playbook.recoveries:
        compiled = condition(state.playbook, policy.when)
        if compiled.true(facts):
            draft.record(
                e.RecoveryDecided,
                by=ENGINE,
                recovery=policy.id,
                script=policy.script,
                because=policy.about or policy.when,
                facts=among(facts, compiled.reads),
            )
            return
    if state.recovery is None:
        known = ", ".join(policy.id for policy in state.playbook.recoveries)
        draft.record(e.RecoveryDecided, by=ENGINE, because=f"none of the recovery scripts applies ({known})")


def _begin(draft: Draft, policy: RecoveryPolicy | None) -> None:
    state = draft.state
    if policy is None:
        return
    gate = state.gates.get(policy.approval) if policy.approval is not None else None
    if gate is not None and gate.state == "rejected":
        why, english = grounds.again(gate.because, gate.grounds), f"approval {gate.id} was refused: {gate.because}"
        refused = grounds.of("approval_refused", english, gate=gate.id, because=why)
        _end(draft, policy.id, policy.script, ok=False, because=refused)
    elif policy.approval is None or (gate is not None and gate.state == "passed"):
        draft.record(e.RecoveryStarted, by=ENGINE, recovery=policy.id, script=policy.script)


def ended(draft: Draft, command: c.RecoveryRan) -> None:
    """Record what became of the script; a failure sends the case up."""
    recovery = draft.state.recovery
    if recovery is None or recovery.state != "running":
        return
    ran = command.result
    _end(
        draft,
        recovery.id,
        recovery.script,
        ok=ran.ok,
        because=grounds.again(ran.because, ran.grounds),
        output=ran.output,
    )


def _end(draft: Draft, recovery: str, script: str, *, ok: bool, because: str, output: str = "") -> None:
    draft.record(e.RecoveryEnded, by=ENGINE, recovery=recovery, script=script, ok=ok, because=because, output=output)
    if not ok and not draft.state.waits_for_confirmation:
        assignment.go_up(draft, f"recovery script {script}: {because}")


def said(state: Escalation) -> str:
    """Say how it stands with recovery, in a sentence; empty where the playbook has no scripts."""
    recovery = state.recovery
    if recovery is None:
        return ""
    how = {
        "manual": "it needs people's hands",
        "waiting": f"script {recovery.script} waits for its approval",
        "running": f"script {recovery.script} runs",
        "recovered": f"script {recovery.script} has run",
        "failed": f"script {recovery.script} did not help",
    }[recovery.state]
    return f"{how}: {recovery.because}"
