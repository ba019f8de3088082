"""Who leads the periods of an incident and may declare one, for the proof that somebody is there."""

from collections.abc import Iterator

from escalation.documents import Document
from escalation.explain import Location
from escalation.foresight.foreseen import Foreseen, Weight
from escalation.foresight.reach import never_true
from escalation.playbook.incident import IncidentPolicy
from escalation.playbook.schema import Playbook
from escalation.values import FINDABLE, Target, split_target

_ROOT = "incident"
_NONE = IncidentPolicy()


def led_by(playbook: Playbook) -> Iterator[tuple[Location, Target]]:
    """Yield who takes the next period, and who may declare an incident, each with its place."""
    policy = playbook.incident or _NONE
    if policy.periods is not None:
        yield (_ROOT, "periods", "to"), policy.periods.to
    for index, who in enumerate(policy.may_declare):
        if split_target(who)[0] in FINDABLE:
            yield (_ROOT, "may_declare", index), who


def unled(playbook: Playbook, source: Document) -> Iterator[Foreseen]:
    """Yield what would never declare an incident by itself."""
    policy = playbook.incident
    if policy is not None and policy.declare_when is not None and never_true(playbook, policy.declare_when):
        message = f"is never true: {policy.declare_when}; no incident is declared by itself"
        yield Foreseen(Weight.WARNING, source.finding((_ROOT, "declare_when"), message))
