"""What happens to the records themselves, in words."""

from collections.abc import Callable
from typing import Any

from escalation.model import events as e
from starter.line import Line

RECORDS: dict[type, Callable[[Any], Line]] = {
    e.LegalHoldPlaced: lambda v: Line(f"on legal hold for {v.reference}: the records are kept", v.because),
    e.LegalHoldReleased: lambda v: Line(f"legal hold for {v.reference} released", v.because),
}
