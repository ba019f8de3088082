"""What happens to the records themselves."""

from typing import Literal

from escalation.model.events.base import EventBase


class LegalHoldPlaced(EventBase):
    """The records are kept until the hold is released."""

    type: Literal["legal_hold_placed"] = "legal_hold_placed"
    reference: str
    because: str


class LegalHoldReleased(EventBase):
    """The hold is over; the declared period counts again."""

    type: Literal["legal_hold_released"] = "legal_hold_released"
    reference: str
    because: str
