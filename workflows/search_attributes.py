"""The one registry of search attributes: the worker registers them, the workflow sets them, deployment lists them.

Nine keywords of the ten a SQL visibility store allows; values are ids and words of the playbook, never a customer's.
"""

from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

with workflow.unsafe.imports_passed_through():
    from escalation.lifecycle.agenda import next_due
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


def attributes_of(state: Escalation) -> TypedSearchAttributes:
    """Return what the search attributes should say of this state."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(STAGE, str(state.stage)),
        SearchAttributePair(STATUS, state.status),
        SearchAttributePair(PLAYBOOK, state.playbook.playbook),
        SearchAttributePair(SOURCE, state.source),
        SearchAttributePair(WAITING_ON, str(state.waiting_on)),
        SearchAttributePair(REASONS, [reason.trigger for reason in state.reasons]),
        SearchAttributePair(BREACHED, state.breached),
    ]
    if state.severity:
        pairs.append(SearchAttributePair(SEVERITY, state.severity))
    if state.owner is not None:
        pairs.append(SearchAttributePair(OWNER, state.owner.actor))
    if state.level is not None:
        # Routes send it to other teams than the level's own: the team is one that was called.
        called = expand(state, state.called or state.playbook.levels[state.level.index].targets)
        team = next((target for target in called if target.startswith("team:")), "")
        pairs.append(SearchAttributePair(LEVEL, state.level.id))
        pairs.append(SearchAttributePair(TEAM, team.partition(":")[2]))
    due = next_due(state)
    if due is not None:
        pairs.append(SearchAttributePair(NEXT_DUE_AT, due.at))
    return TypedSearchAttributes(pairs)


def changes(before: TypedSearchAttributes, after: TypedSearchAttributes) -> list[SearchAttributeUpdate[Any]]:
    """Return the upserts that lead from one set to the other: one event in history, and none when nothing changed."""
    updates: list[SearchAttributeUpdate[Any]] = []
    for key in REGISTRY:
        any_key: SearchAttributeKey[Any] = key
        value = after.get(any_key)
        if value != before.get(any_key):
            updates.append(any_key.value_unset() if value is None else any_key.value_set(value))
    return updates
