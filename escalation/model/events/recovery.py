"""What is decided about recovery scripts, and what becomes of them."""

from typing import Literal

from escalation.model.events.base import EventBase
from escalation.playbook.facts import FactValue
from escalation.values import Slug


class RecoveryDecided(EventBase):
    """Whether a script may mend it, or people must."""

    type: Literal["recovery_decided"] = "recovery_decided"
    recovery: Slug | None = None
    """None: no script applies, it needs people's hands."""
    script: str = ""
    because: str
    facts: dict[str, FactValue] = {}
    """The facts that the condition read."""


class RecoveryStarted(EventBase):
    """The script is run now."""

    type: Literal["recovery_started"] = "recovery_started"
    recovery: Slug
    script: str


class RecoveryEnded(EventBase):
    """What became of the script."""

    type: Literal["recovery_ended"] = "recovery_ended"
    recovery: Slug
    script: str
    ok: bool
    because: str
    output: str = ""
    """The end of what it wrote."""
