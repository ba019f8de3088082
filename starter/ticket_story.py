"""What people change on the ticket, and what is said on messages that are over, in words."""

from collections.abc import Callable
from typing import Any

from escalation.model import events as e
from escalation.model.ticket import called
from escalation.values import counted
from starter.line import Line, Weight, name


def _ticket_changed(event: e.TicketChanged) -> Line:
    what = [f"now {event.status}"] if event.status else []
    what += [f"now that of {name(event.owner) or 'nobody'}"] if event.owner is not None else []
    what += [f"{'public' if event.public else 'internal'} note: {event.note}"] if event.note else []
    means = {
        "solved": "no resolution here: the owner is told",
        "proposed": "proposed as the resolution, as the playbook says",
        "not_proposed": f"not proposed as the resolution: {event.because}",
        "reopened": "the owner is told",
    }
    said = "; ".join(what) or "changed"
    return Line(f"ticket in {event.system} changed by {name(called(event.editor))}: {said}", means.get(event.means, ""))


TICKETS: dict[type, Callable[[Any], Line]] = {
    e.TicketChanged: _ticket_changed,
    e.TicketAsked: lambda v: Line(
        f"ticket {v.ticket} is to be linked" if v.ticket else "the ticket is to be opened anew", v.because
    ),
    e.MessagesSettled: lambda v: Line(
        f"said on {counted(len(v.messages), 'message')} what became of it",
        "; ".join(dict.fromkeys(f"{name(each.to)}: {each.fate}" for each in v.messages)),
        Weight.DETAIL,
    ),
    e.MessageNotAmended: lambda v: Line(f"the message to {name(v.to)} cannot be changed ({v.channel})", v.error),
}
