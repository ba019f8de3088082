"""What happens at approvals, and to decisions that come early or cannot be taken."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.playbook.facts import FactValue
from escalation.playbook.gates import Expiry
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
    choice: str = ""
    emergency: bool = False
    """Approved alone, as the playbook allows in an emergency."""


class GateClosed(EventBase):
    """A gate reached its end in this round."""

    type: Literal["gate_closed"] = "gate_closed"
    gate: str
    round: int
    state: Literal["passed", "rejected", "voided", "withdrawn"]
    because: str
    skipped: bool = False
    """Passed without its approvers, by the exception procedure."""
    choice: str = ""
    emergency: bool = False
    """Passed by one alone, as the playbook allows in an emergency."""
    asked: tuple[Actor, ...] = ()
    """Who has the question and need not answer it any more."""


class GateExpired(EventBase):
    """Nobody decided in time; what the playbook says for that was done."""

    type: Literal["gate_expired"] = "gate_expired"
    gate: str
    round: int
    behaviour: Expiry
    because: str
    due: AwareDatetime | None = None
    """Next deadline, for behaviours that keep asking."""


class SeatDelegated(EventBase):
    """An approver passed their seat on."""

    type: Literal["seat_delegated"] = "seat_delegated"
    gate: str
    round: int
    to: Actor
    because: str


class SeatGivenBack(EventBase):
    """Nobody knows whom a seat was passed on to: whoever passed it on has it again."""

    type: Literal["seat_given_back"] = "seat_given_back"
    gate: str
    round: int
    owner: Actor
    was: Actor
    because: str


class ApprovalToReview(EventBase):
    """An approval is to be looked at afterwards, by somebody who did not give it."""

    type: Literal["approval_to_review"] = "approval_to_review"
    review: str
    gate: str
    round: int
    approved_by: tuple[Actor, ...]
    """Empty where silence approved."""
    emergency: bool
    because: str


class ActionAsked(EventBase):
    """A service, an AI agent or a person asks whether an action may be done."""

    type: Literal["action_asked"] = "action_asked"
    approval: str
    action: str
    arguments: dict[str, FactValue] = {}
    digest: str
    """Fingerprint of the action and its arguments."""
    gates: tuple[str, ...] = ()
    """The approvals that it needs; none: it is allowed at once."""
    because: str


class ActionSettled(EventBase):
    """It is known whether an action may be done."""

    type: Literal["action_settled"] = "action_settled"
    approval: str
    state: Literal["passed", "rejected", "voided", "withdrawn"]
    because: str
    choice: str = ""
    valid_until: AwareDatetime | None = None


class ActionUsed(EventBase):
    """What was approved is done now; the approval is used up."""

    type: Literal["action_used"] = "action_used"
    approval: str


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
