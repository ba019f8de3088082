"""What happens at approvals, and to decisions that come early or cannot be taken."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.playbook.schema import Expiry
from escalation.values import Actor, Target


class GateOpened(EventBase):
    """An approval is asked for."""

    type: Literal["gate_opened"] = "gate_opened"
    gate: str
    round: int
    targets: tuple[Target, ...]
    digest: str
    """Fingerprint of what is approved."""
    due: AwareDatetime
    because: str


class GateDecided(EventBase):
    """One approver approved, refused, or asked for changes."""

    type: Literal["gate_decided"] = "gate_decided"
    gate: str
    round: int
    decision: Literal["approved", "rejected", "changes_requested"]
    digest: str
    because: str = ""


class GateClosed(EventBase):
    """A gate reached its end in this round."""

    type: Literal["gate_closed"] = "gate_closed"
    gate: str
    round: int
    state: Literal["passed", "rejected", "voided", "withdrawn"]
    because: str
    skipped: bool = False
    """Passed without its approvers, by the exception procedure."""


class GateExpired(EventBase):
    """Nobody decided in time; what the playbook says for that was done."""

    type: Literal["gate_expired"] = "gate_expired"
    gate: str
    round: int
    behaviour: Expiry
    because: str
    due: AwareDatetime | None = None
    """Next deadline, for behaviours that keep asking."""


class CommandHeld(EventBase):
    """A decision arrived before what it is about; it is kept and applied as soon as that exists."""

    type: Literal["command_held"] = "command_held"
    command: str
    content: str
    """The command as JSON."""


class HeldReleased(EventBase):
    """A kept command was applied, or could no longer be."""

    type: Literal["held_released"] = "held_released"
    position: int
    """Which of the kept commands, 0 is the oldest."""
    command: str
    refused: str = ""


class CommandRefused(EventBase):
    """A signal was malformed or not allowed: a timeline entry, never silence."""

    type: Literal["command_refused"] = "command_refused"
    command: str
    because: str
    sender: Actor | None = None
