"""Which triggers are true, how bad it is, and which level it needs: evaluated at opening and whenever facts change.

All triggers that are true are recorded as reasons, each with the facts it read; none hides another.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from escalation.lifecycle import assignment, grounds
from escalation.lifecycle.case.severity import FACTS as SEVERITY
from escalation.lifecycle.case.severity import change, chosen, said, worst_of
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import Facts, among, basis_of, condition, derive, reads
from escalation.lifecycle.ladder import paths
from escalation.model import events as e
from escalation.model.request import Reason
from escalation.model.state import Escalation
from escalation.playbook.schema import Playbook, TriggerPolicy
from escalation.values import ENGINE


class Judgement(NamedTuple):
    """What the triggers and the severity rules say of some facts."""

    reasons: tuple[Reason, ...]
    severity: str
    level: int
    """Index of the lowest level that is high enough."""


def judge(playbook: Playbook, facts: Facts, words: Mapping[str, tuple[str, ...]], asked: str | None) -> Judgement:
    """Evaluate severity, then all triggers, over facts that do not hold a severity yet.

    Args:
        playbook: the pinned policy.
        facts: as derived, without severity.
        words: keyword lists that matched, with the matched words.
        asked: severity the requester named (name or alias), or None.
    """
    severity = chosen(playbook, facts, asked)
    while True:
        facts = _at(playbook, facts, severity)
        true = [trigger for trigger in playbook.triggers if condition(playbook, trigger.when).true(facts)]
        worst = worst_of(playbook, (severity, *(trigger.severity for trigger in true if trigger.severity)))
        if worst == severity:
            break
        severity = worst  # and other triggers may read it
    return Judgement(
        reasons=tuple(reason_of(playbook, trigger, facts, words) for trigger in true),
        severity=severity,
        level=max((level_of(playbook, trigger) for trigger in true), default=0),
    )


def level_of(playbook: Playbook, trigger: TriggerPolicy) -> int:
    """Return the index of the level a trigger asks for; the first when it names none."""
    return (playbook.level_index(trigger.level) or 0) if trigger.level else 0


def level_for(state: Escalation) -> int:
    """Return the index of the lowest level that is high enough for every reason recorded so far."""
    recorded = {reason.trigger for reason in state.reasons}
    return max((level_of(state.playbook, each) for each in state.playbook.triggers if each.id in recorded), default=0)


def reason_of(playbook: Playbook, trigger: TriggerPolicy, facts: Facts, words: Mapping[str, tuple[str, ...]]) -> Reason:
    """Explain a true trigger: what it says, the facts it read, and the words that matched."""
    reads = condition(playbook, trigger.when).reads
    if "confidence.threshold" in reads:
        # The threshold depends on it: a reason never rests on a single number.
        reads = reads | {"task_risk", *(("source",) if playbook.confidence_by_source else ())}
    return Reason.made(
        {
            "trigger": trigger.id,
            "initiation": trigger.initiation,
            "axis": trigger.axis,
            "because": trigger.about or trigger.when,
            "facts": among(facts, reads),
            "words": words_of(trigger.when, reads, words),
        }
    )


def words_of(when: str, reads: AbstractSet[str], words: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the customer's words because of which a condition is true; none when it reads no keywords."""
    if "keywords" not in reads:
        return ()
    # A condition names the lists it looks for; what another list found is no reason of this one.
    named = [found for name, found in words.items() if f'"{name}"' in when or f"'{name}'" in when]
    return tuple(word for found in named or words.values() for word in found)


def settle(draft: Draft, changed: AbstractSet[str], *, rise: bool = True) -> None:
    """Evaluate again after facts changed: triggers, severity, the level's own criterion.

    A severity rule speaks only when a fact it reads changed: otherwise what a person set by hand would not last. A new
    severity is a changed fact like any other, until nothing new follows.

    ``rise=False`` records new reasons without changing the level: the caller is about to choose one.
    """
    state = draft.state
    if not state.opened or state.ended:
        return
    playbook = state.playbook
    changed = {*changed, "checks.missing_fields", *(("confidence.threshold",) if "task_risk" in changed else ())}
    if reads(playbook).isdisjoint(changed):
        return
    facts = derive(basis_of(state))
    known = {reason.trigger for reason in state.reasons}
    severity = state.severity
    while True:
        fresh = [
            trigger
            for trigger in playbook.triggers
            if trigger.id not in known and condition(playbook, trigger.when).true(facts)
        ]
        asked = said(playbook, facts, changed)
        worst = worst_of(playbook, (severity, *asked, *(trigger.severity for trigger in fresh if trigger.severity)))
        if worst == severity:
            break
        severity = worst
        facts = _at(playbook, facts, severity)
        changed = changed | SEVERITY
    if fresh:
        reasons = tuple(reason_of(playbook, trigger, facts, state.words) for trigger in fresh)
        draft.record(e.ReasonsAdded, by=ENGINE, reasons=reasons)
    because = grounds.of("rule_asks", "facts changed and a rule of the playbook asks for it")
    worsen(draft, severity, because)
    if rise:
        _rise(draft, fresh, facts, changed)


def worsen(draft: Draft, severity: str, because: str) -> bool:
    """Set a worse severity (name or alias) and its clocks; tell whether it is worse."""
    state = draft.state
    worst = worst_of(state.playbook, (state.severity, severity))
    if worst == state.severity:
        return False
    change(draft, worst, because, by=ENGINE)
    return True


def _at(playbook: Playbook, facts: Facts, severity: str) -> Facts:
    return {**facts, "severity": severity, "severity.rank": float(playbook.severity.rank(severity))}


def _rise(draft: Draft, fresh: list[TriggerPolicy], facts: Facts, changed: AbstractSet[str]) -> None:
    state = draft.state
    if state.level is None or state.review is not None:
        return
    wanted = max((level_of(state.playbook, trigger) for trigger in fresh), default=0)
    if _another_path(draft, facts, changed):
        return
    if paths.at_least(state.playbook, state.path, wanted) > state.level.index:
        names = ", ".join(trigger.id for trigger in fresh)
        assignment.enter_at_least(draft, wanted, f"new reasons: {names}")
        return
    policy = state.playbook.levels[state.level.index]
    criterion = policy.up_when
    if criterion is None or state.resolution_state == "proposed":
        return
    if _has_become_true(draft, criterion, facts, changed):
        assignment.go_up(draft, f"handover criterion of {policy.id} met: {criterion}")


def _another_path(draft: Draft, facts: Facts, changed: AbstractSet[str]) -> bool:
    """Change over when the condition of a path that stands before the present one has become true."""
    state = draft.state
    for path in state.playbook.paths:
        if path.id == state.path:
            return False
        if _has_become_true(draft, path.when, facts, changed):
            assignment.take_path(draft, path, f"{path.about or path.when} is true now")
            return True
    return False


def _has_become_true(draft: Draft, text: str, facts: Facts, changed: AbstractSet[str]) -> bool:
    """Tell whether a condition is true that was not before this command, because of a fact it reads."""
    compiled = condition(draft.state.playbook, text)
    return bool(compiled.reads & changed and compiled.true(facts) and not compiled.true(derive(basis_of(draft.before))))
