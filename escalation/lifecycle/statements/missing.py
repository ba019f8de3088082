"""Which audiences an update is missing for, and the texts that would reach them."""

from datetime import datetime

from escalation.calendars import later
from escalation.lifecycle.statements.stakeholders import rhythm
from escalation.model.state import Escalation


def audiences(state: Escalation) -> tuple[str, ...]:
    """Name the audience of everybody who is concerned, each once."""
    talk = state.communication
    return tuple(dict.fromkeys(each.audience for each in talk.stakeholders.values())) if talk is not None else ()


def missing(state: Escalation, now: datetime) -> tuple[str, ...]:
    """Name the audiences that nobody has spoken to yet, and those that have waited as long as the rhythm allows."""
    talk, kept = state.communication, rhythm(state)
    if talk is None:
        return ()
    lacking = []
    for audience in audiences(state):
        said = talk.updates.get(audience)
        heard = said.heard_at if said is not None else None
        calendar = state.playbook.calendar(kept.calendar) if kept is not None else None
        if heard is None or (kept is not None and later(calendar, heard, kept.every) <= now):
            lacking.append(audience)
    return tuple(lacking)


def texts(state: Escalation, audiences: tuple[str, ...]) -> str:
    """Write the options of ``post_update`` that reach these audiences; the internal text where there are none."""
    policy = state.playbook.communication
    sides = {policy is not None and policy.for_customers(each) for each in audiences} or {False}
    options = {False: "--text '...'", True: "--customer-text '...'"}
    return " ".join(options[side] for side in sorted(sides))
