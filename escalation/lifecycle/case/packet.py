"""The context packet while it is incomplete: what is missing, what arrives, and when people are told without it."""

from collections.abc import Mapping
from typing import Any

from escalation.lifecycle import grounds
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive, heard, missing_fields, missing_parts
from escalation.model import events as e
from escalation.model.request import Context, Customer
from escalation.model.state import Escalation
from escalation.playbook.schema import ContextPart
from escalation.values import ENGINE, TIMER, format_duration


def still_missing(state: Escalation) -> tuple[str, ...]:
    """Name the parts of the packet and the fields that are missing now."""
    snapshot = state.case_link is not None and state.case_link.snapshot is not None
    parts = missing_parts(state.playbook, state.customer, state.context, snapshot=snapshot)
    return (*parts, *missing_fields(state.playbook, derive(basis_of(state))))


def owed(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out the CRM snapshot: the engine's own part, which never waits for the requester."""
    return tuple(part for part in parts if part != ContextPart.CRM_SNAPSHOT)


def supply(draft: Draft, given: Mapping[str, Any], source: str = "") -> None:
    """Add parts to the packet; the caller has ``FACTS`` evaluated again.

    ``given`` holds fields of ``InputProvided``: parts of the context, the customer, ``facts``.
    """
    state = draft.state
    facts = given.get("facts", {})
    known = {name: value for name, value in given.items() if value and name not in ("facts", "customer")}
    after = state.changed(
        {
            "context": state.context.changed(known),
            "customer": state.customer or given.get("customer"),
            "facts": {**state.facts, **facts},
        }
    )
    missing = still_missing(after)
    words = heard(state.playbook, given.get("conversation", ()), after.customer)
    draft.record(
        e.InputProvided, **given, source=source, still_missing=missing, words=words, answered=not owed(missing)
    )


FACTS = frozenset({"attempts.count", "customer.tier", "keywords"})
"""Facts that change with the packet."""


def catch_up(draft: Draft, further: Context, customer: Customer | None) -> None:
    """Take what the packet still lacks from a further request, or from facts that were stated since."""
    state = draft.state
    if not state.missing:
        return
    given = {name: getattr(further, name) for name in _SUPPLIED if name in state.missing and getattr(further, name)}
    if customer is not None and ContextPart.CUSTOMER in state.missing:
        given["customer"] = customer
    if given or not set(state.missing) <= set(still_missing(state)):
        supply(draft, given)


_SUPPLIED = ("summary", "impact", "constraints", "help_needed", "attempted_solutions")


def let_through(draft: Draft) -> None:
    """Stop waiting for what is missing when the playbook lets it through, as the facts are now."""
    state = draft.state
    allowed = state.playbook.context.incomplete_allowed
    if (
        state.input_request is None
        or allowed is None
        or not condition(state.playbook, allowed).true(derive(basis_of(state)))
    ):
        return
    english = f"the playbook lets it through incomplete when {allowed}"
    because = grounds.of("incomplete_allowed", english, condition=allowed)
    draft.record(e.ExceptionUsed, by=ENGINE, missing=state.missing, because=because)


def let_go(draft: Draft) -> None:
    """Say why, when it is handed to people, or from one to another, while parts of the packet are missing."""
    state = draft.state
    if not state.missing or state.exception:
        return
    parts = owed(state.missing)
    why: list[str] = [grounds.of("not_supplied", f"nobody supplied {', '.join(parts)}", parts=parts)] if parts else []
    if len(parts) < len(state.missing):
        why.append(_without_snapshot(state))
    draft.record(e.ExceptionUsed, by=ENGINE, missing=state.missing, because=grounds.joined(why, "; ".join(why)))


def _without_snapshot(state: Escalation) -> str:
    if state.case_link is not None and not state.case_link.later:
        return grounds.of("crm_knows_nothing", "the CRM knows nothing of this customer")
    if state.case_error:
        return grounds.of("crm_refused", "the CRM refused")
    return grounds.of("crm_silent", "the CRM has not answered yet")


def due(draft: Draft) -> None:
    """The requester did not complete the packet in time: people are told without it."""
    state = draft.state
    asked = state.input_request
    if asked is None:
        return
    within = state.playbook.context.complete_within
    english = f"{asked.of} did not supply {', '.join(asked.parts)} within {format_duration(within)}"
    draft.record(
        e.ExceptionUsed,
        by=TIMER,
        missing=state.missing,
        because=grounds.of("not_supplied_within", english, who=asked.of, parts=asked.parts, within=within),
    )
