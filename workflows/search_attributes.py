"""The one registry of search attributes: the worker registers them, the workflow sets them, deployment lists them.

Nine keywords of the ten a SQL visibility store allows; values are ids and words of the playbook, never a customer's.
"""

from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from escalation.lifecycle.agenda import Due
from escalation.lifecycle.targets import expand
from escalation.model.state import Escalation

STAGE = SearchAttributeKey.for_keyword("EscalationStage")
STATUS = SearchAttributeKey.for_keyword("EscalationStatus")
SEVERITY = SearchAttributeKey.for_keyword("EscalationSeverity")
OWNER = SearchAttributeKey.for_keyword("EscalationOwner")
TEAM = SearchAttributeKey.for_keyword("EscalationTeam")
LEVEL = SearchAttributeKey.for_keyword("EscalationLevel")
PLAYBOOK = SearchAttributeKey.for_keyword("EscalationPlaybook")
SOURCE = SearchAttributeKey.for_keyword("EscalationSource")
WAITING_ON = SearchAttributeKey.for_keyword("EscalationWaitingOn")
REASONS = SearchAttributeKey.for_keyword_list("EscalationReasons")
NEXT_DUE_AT = SearchAttributeKey.for_datetime("EscalationNextDueAt")
BREACHED = SearchAttributeKey.for_bool("EscalationBreached")

REGISTRY = (
    STAGE,
    STATUS,
    SEVERITY,
    OWNER,
    TEAM,
    LEVEL,
    PLAYBOOK,
    SOURCE,
    WAITING_ON,
    REASONS,
    NEXT_DUE_AT,
    BREACHED,
)


Values = dict[str, Any]
"""What search attributes say, by name."""


def attributes_of(state: Escalation, due: Due | None) -> Values:
    """Return what the search attributes should say of a state with what is due in it; what does not apply is absent."""
    values: Values = {
        STAGE.name: str(state.stage),
        STATUS.name: state.status,
        PLAYBOOK.name: state.playbook.playbook,
        SOURCE.name: state.source,
        WAITING_ON.name: str(state.waiting_on),
        REASONS.name: [reason.trigger for reason in state.reasons],
        BREACHED.name: state.breached,
    }
    if state.severity:
        values[SEVERITY.name] = state.severity
    if state.owner is not None:
        values[OWNER.name] = state.owner.actor
    if state.level is not None:
        # Routes send it to other teams than the level's own: the team is one that was called.
        called = expand(state, state.called or state.playbook.levels[state.level.index].targets)
        team = next((target for target in called if target.startswith("team:")), "")
        values[LEVEL.name] = state.level.id
        values[TEAM.name] = team.partition(":")[2]
    if due is not None:
        values[NEXT_DUE_AT.name] = due.at
    return values


def changes(before: Values, after: Values) -> list[SearchAttributeUpdate[Any]]:
    """Return the upserts that lead from one to the other: one event in history, and none when nothing changed."""
    updates: list[SearchAttributeUpdate[Any]] = []
    for key in REGISTRY:
        any_key: SearchAttributeKey[Any] = key
        value = after.get(key.name)
        if value != before.get(key.name):
            updates.append(any_key.value_unset() if value is None else any_key.value_set(value))
    return updates
