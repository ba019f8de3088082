"""What messages say is missing from the packet: only what is, and a CRM that was asked a moment ago not at once."""

from datetime import timedelta
from typing import Final, NamedTuple

from escalation.lifecycle import grounds
from escalation.model.state import Escalation
from escalation.playbook.schema import ContextPart

AT_ONCE: Final = timedelta(minutes=1)
"""So long a CRM has to answer before people hear that it has not: their page does not wait for it."""
_OF_THE_CRM: Final = frozenset({"crm_silent", "crm_refused", "crm_knows_nothing"})


class Lacks(NamedTuple):
    """What is missing now, and why it was sent without."""

    missing: tuple[str, ...]
    because: str
    """A reason that may know what it says (``grounds``); empty where there is none."""


def lacks(state: Escalation) -> Lacks:
    """Return what people are told of an incomplete packet; why the snapshot is missing no longer than it is."""
    missing = state.missing
    if _asked_just_now(state):
        missing = tuple(part for part in missing if part != ContextPart.CRM_SNAPSHOT)
    if not state.exception:
        return Lacks(missing, "")
    said = state.exception_grounds
    why = grounds.again(state.exception, said)
    if ContextPart.CRM_SNAPSHOT in missing or said is None:
        return Lacks(missing, why)
    if said.template in _OF_THE_CRM:
        return Lacks(missing, "")
    if said.template == "several" and missing:  # the CRM's reason and that nobody supplied the rest: the rest is left
        return Lacks(missing, grounds.of("not_supplied", f"nobody supplied {', '.join(missing)}", parts=missing))
    return Lacks(missing, "" if said.template == "several" else why)


def _asked_just_now(state: Escalation) -> bool:
    if state.opened_at is None or not state.tail or state.case_link is not None or state.case_error:
        return False
    return state.tail[-1].at - state.opened_at < AT_ONCE
