"""What follows when people change the ticket in the help desk: whoever answers for it hears what that means here."""

from collections.abc import Iterator
from typing import Any

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds
from escalation.lifecycle.reactions.common import Reaction, tell_accountable, tell_owner
from escalation.lifecycle.sentences import of_ticket, sentence
from escalation.model import events as e
from escalation.model.actions import Action, OpenCase
from escalation.model.request import Case, Customer
from escalation.model.state import Escalation


def _changed(state: Escalation, event: e.TicketChanged) -> Iterator[Action]:
    if event.means == "solved":
        what = of_ticket("ticket_solved", editor=event.editor, system=event.system, status=event.status)
    elif event.means == "not_proposed":
        what = of_ticket(
            "ticket_not_proposed",
            editor=event.editor,
            system=event.system,
            status=event.status,
            because=grounds.given(event),
        )
    elif event.means == "reopened":
        what = of_ticket("ticket_reopened", editor=event.editor, system=event.system)
    else:
        return
    if state.owner is None:
        yield from tell_accountable(state, event, what)
    yield from tell_owner(state, event, what, summary=f"the ticket was changed in {event.system}")


def open_case(state: Escalation, case: Case, customer: Customer | None, severity: str, **more: Any) -> OpenCase:
    """Fetch the customer, and open or link the ticket: under the same key each time, so there is only one."""
    return OpenCase(
        key=state.case_key,
        case=case,
        customer=customer,
        subject=words.headline(state),
        description=state.context.summary,
        body=words.packet(state),
        severity=severity,
        **{"summary": f"open or link the ticket of {case.system} {case.id}", **more},
    )


def _refused(state: Escalation, event: e.CaseFailed) -> Iterator[Action]:
    if state.rules < 2 or state.ended:  # what was opened before goes on as it began
        return
    what = sentence("ticket_refused", error=event.error)
    if state.owner is None:
        yield from tell_accountable(state, event, what)
    yield from tell_owner(state, event, what, summary="there is no ticket")


def _asked(state: Escalation, event: e.TicketAsked) -> Iterator[Action]:
    if state.case is not None:
        yield open_case(state, state.case, state.customer, state.severity, facts=state.facts, ticket=event.ticket)


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.TicketChanged: _changed,
    e.CaseFailed: _refused,
    e.TicketAsked: _asked,
}
