"""What the world has seen of an escalation: who heard what, what stands on the ticket, what the ledger keeps."""

import re
from collections import Counter

from pydantic import TypeAdapter

from escalation.model.events import Event, hash_of
from escalation.model.state import Escalation
from tests.support.rig import Rig
from tests.support.sink import FaultSink

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
_WHEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")


def said(rig: Rig, state: Escalation, sink: FaultSink | None = None) -> Counter[tuple[str, ...]]:
    """Return everything people received and everything on the ticket, without the escalation's own key and times.

    Two escalations that lived the same life have said the same.
    """
    heard = [(one.to, str(one.kind), one.subject) for one in rig.received(state.instance)]
    if sink is not None:
        kept = [hit for key, hit in sink.kept.items() if key.startswith(f"{state.instance}/")]
        heard += [(hit.to, hit.kind, str(hit.body["subject"])) for hit in kept]
    tickets = [ticket for ticket in rig.desk.tickets() if state.case is not None and ticket.case_id == state.case.id]
    assert len(tickets) == 1, f"{len(tickets)} tickets"
    heard += [("ticket", tickets[0].status, comment.text) for comment in tickets[0].comments]
    plain = (tuple(_WHEN.sub("WHEN", part.replace(state.dedup_key, "KEY")) for part in line) for line in heard)
    # A subject is cut where it is too long, and how long it is depends on the key.
    return Counter(tuple(" ".join(part.split())[:90] for part in line) for line in plain)


def assert_recorded(rig: Rig, state: Escalation) -> None:
    """The ledger has every event, in an unbroken chain."""
    timeline = rig.ledger.timeline(state.id, state.instance)
    assert [event["seq"] for event in timeline] == list(range(1, state.seq + 1))
    assert rig.ledger.verify_chain(state.instance, lambda event: hash_of(_EVENT.validate_python(event))) is None
