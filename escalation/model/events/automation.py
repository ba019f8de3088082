"""What automations make happen, and what is a critical incident here."""

from typing import Literal

from escalation.model.events.base import EventBase
from escalation.model.parts import AutomationTask
from escalation.playbook.facts import FactValue
from escalation.playbook.schema import Stage
from escalation.values import Addressee


class AutomationRan(EventBase):
    """An automation was true of what happened; what it did follows in events of its own."""

    type: Literal["automation_ran"] = "automation_ran"
    automation: str
    happening: str
    cause: int
    """Sequence number of the event that it ran for."""
    happened: str
    """The same in words."""
    because: str
    facts: dict[str, FactValue] = {}
    """The facts that its condition read."""
    tasks: tuple[AutomationTask, ...] = ()
    """What waits until people are found for it."""
    left_out: tuple[str, ...] = ()
    """What it says and was not done, and why not."""


class AutomationMessage(EventBase):
    """A message of an automation goes to these."""

    type: Literal["automation_message"] = "automation_message"
    automation: str
    to: tuple[Addressee, ...]
    text: str


class StatusSet(EventBase):
    """An automation shows another status than the stage's own, or its time is over."""

    type: Literal["status_set"] = "status_set"
    status: str
    """Empty: told from the stage again."""
    stage: Stage
    previous: str
    automation: str = ""


class BecameCritical(EventBase):
    """It is a critical incident, as the playbook declares."""

    type: Literal["became_critical"] = "became_critical"
    because: str
    condition: str
    facts: dict[str, FactValue]
    """The facts that the condition read."""
    words: tuple[str, ...] = ()
    """What the customer said that matched."""


class NoLongerCritical(EventBase):
    """What made it a critical incident is not true any more."""

    type: Literal["no_longer_critical"] = "no_longer_critical"
    facts: dict[str, FactValue]
