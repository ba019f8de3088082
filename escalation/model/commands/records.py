"""What people say of the records themselves: that they must not be deleted."""

from typing import Annotated

from pydantic import StringConstraints

from escalation.model.commands.base import Act
from escalation.values import Text

Reference = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
"""Of a legal matter: a case number, a request of an authority."""


class PlaceLegalHold(Act):
    """Place a legal hold: the records are kept beyond their period until it is released."""

    reference: Reference
    because: Text


class ReleaseLegalHold(Act):
    """Release a legal hold: the period that the playbook declares counts again."""

    reference: Reference
    because: Text


COMMANDS: dict[str, type[Act]] = {
    "place_legal_hold": PlaceLegalHold,
    "release_legal_hold": ReleaseLegalHold,
}
