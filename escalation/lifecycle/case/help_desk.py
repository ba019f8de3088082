"""What people change on the ticket in the help desk: recorded once, and what it means here.

A solved ticket is no resolution: whoever owns the escalation says how it was solved, unless the playbook has that
proposed.
What customers write there counts as if they had written it here. Nothing of it is written back to the ticket.
"""

from escalation.errors import DomainError, NotNow
from escalation.lifecycle import refusals, resolution
from escalation.lifecycle.case import information
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import CaseChange
from escalation.model.state import Escalation
from escalation.model.ticket import CUSTOMER, SOMEBODY, called
from escalation.playbook.help_desk import SolvedThere
from escalation.values import Actor, ActorKind

_LONGEST_NOTE = 4_000
_LONGEST_NAME = 200


def changed(draft: Draft, command: c.CaseChanged) -> None:
    """Take a change; the same one again changes nothing.

    Raises:
        NotNow: it is of the ticket of an earlier escalation of this case.
    """
    state, change = draft.state, command.change
    if change.case_key != state.case_key:
        raise NotNow(f"the change is of the ticket of another escalation of this case than {state.id} is now")
    if state.ticket is not None and change.key in state.ticket.seen:
        return
    by = _who(state, change, command.system)
    said = change.note[:_LONGEST_NOTE].strip()
    theirs = bool(said) and change.by_customer and change.public
    means, because = _meaning(state, change)
    editor = CUSTOMER if change.by_customer else (change.by or SOMEBODY)[:_LONGEST_NAME]
    draft.record(
        e.TicketChanged,
        by=by,
        key=change.key,
        system=command.system,
        editor=editor,
        status=change.status,
        owner=change.owner[:_LONGEST_NAME] if change.owner is not None else None,
        note="" if theirs else said,
        public=change.public,
        means=means,
        because=because,
    )
    if theirs:
        information.customer_wrote(draft, by, said)
    if change.by_customer and change.status == "open":
        resolution.contradicted(draft, by, f"the customer opened the ticket again in {command.system}")
    if means == "proposed":
        text = said if said and change.public else f"solved in {command.system} by {called(editor)}"
        resolution.propose(draft, text, "", by=by)


def _who(state: Escalation, change: CaseChange, system: str) -> Actor:
    if change.by_customer and state.customer is not None:
        return f"{ActorKind.CUSTOMER}:{state.customer.id}"
    return f"{ActorKind.SERVICE}:{system}"


def _meaning(state: Escalation, change: CaseChange) -> tuple[str, str]:
    """Say what a change bears on here, and why a solved ticket cannot be proposed where it was to be."""
    before = state.ticket.status if state.ticket is not None else None
    if change.status is None or change.status == before:
        return "", ""
    if change.status in ("solved", "closed"):
        if state.waits_for_confirmation or state.review is not None:
            return "", ""
        if change.by_customer or state.playbook.help_desk.solved_there is SolvedThere.TELL:
            return "solved", ""
        try:
            resolution.require_proposable(state)
        except DomainError as error:
            return "not_proposed", refusals.refused(error)
        return "proposed", ""
    reopened = change.status == "open" and state.resolution_state == "proposed" and not change.by_customer
    return ("reopened", "") if reopened else ("", "")
