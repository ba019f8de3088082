"""A ticket that the help desk refused: people have it opened anew, or link one that they opened there themselves."""

from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e


def open_anew(draft: Draft, command: c.OpenTicket) -> None:
    """Have the ticket opened once what it was refused for is mended; or link an existing one by its number."""
    permissions.require_person(command.by, "open_ticket")
    state = draft.state
    permissions.refuse_concerned(state, command.by)
    if command.by != state.accountable:
        permissions.require_member(state, command.by)
    if state.case_link is not None:
        raise NotNow(f"{state.id} has ticket {state.case_link.ticket} already")
    if not state.case_error:
        raise NotNow(
            f"the help desk is still being asked for the ticket of {state.id}, until it answers; wait for that"
        )
    number = command.ticket.strip()
    if command.ticket and not number:
        raise NotAllowed("ticket is empty: expected its number in the help desk, or no ticket at all to open a new one")
    draft.record(e.TicketAsked, ticket=number, because=command.because)
