"""What client and workflow agree on: the workflow's input, what it carries over, what it returns."""

from typing import Annotated, Any

from pydantic import AwareDatetime, ValidatorFunctionWrapHandler, WrapValidator

from escalation.model.actions import CarriedAction, EscalationRow
from escalation.model.events import Event
from escalation.model.request import Receipt
from escalation.model.state import Escalation
from escalation.values import Record

RUN_LENGTH = 400
"""Steps after which a run goes on in a new one. A step leaves about ten events of history, and Temporal ends a run at
51,200 events, 50 MB or 2,000 updates."""
REQUEST_STEPS = 20
"""What a request counts as, because it may be a megabyte."""


class Chapter(Record):
    """Events of one escalation that the ledger does not have yet, and how it stands as a whole."""

    escalation_id: str
    instance: str
    row: EscalationRow
    events: tuple[Event, ...] = ()


class Carried(Record):
    """Everything a run hands to its successor at continue-as-new."""

    state: Escalation
    pending: tuple[CarriedAction, ...] = ()
    """Actions in flight: issued again under the same idempotency keys."""
    journal: tuple[Chapter, ...] = ()
    repeats: int = 0


class Previous(Record):
    """What a repeat knows of the escalation with the same key that was closed before it."""

    instance: str | None = None
    """None when that one was declined: then this is no repeat."""
    answers: dict[str, Receipt] = {}


def _leniently(value: Any, _: ValidatorFunctionWrapHandler) -> Carried | None:
    # What a run carries may have been written by a newer worker: nothing in it is refused for being unknown.
    if value is None or isinstance(value, Carried):
        return value
    return Carried.model_validate(value, extra="ignore")


class Start(Record):
    """The workflow's input."""

    playbook: str
    run_length: int | None = None
    """After so many steps (messages taken, results, timers fired) this run goes on in a new one. Pinned in the run, so
    that another version may have another length. None, as in runs of before there was this: when the server says so."""
    previous: Previous | None = None
    carried: Annotated[Carried | None, WrapValidator(_leniently)] = None


class Summary(Record):
    """What a finished run returns: how it ended, and every receipt it gave."""

    escalation_id: str
    instance: str
    outcome: str
    because: str
    events: int
    answers: dict[str, Receipt] = {}
    closed_at: AwareDatetime | None = None
