"""What the parts of a playbook's schema share."""

from typing import Annotated

from pydantic import Field

from escalation.values import Record

Condition = Annotated[str, Field(min_length=1, max_length=2_000)]
"""A CEL expression of type bool."""


class MessageTemplate(Record):
    """The words of a message in one language, as Jinja templates."""

    subject: Annotated[str, Field(max_length=500)] = ""
    """Empty: as the shipped one says it."""
    body: Annotated[str, Field(min_length=1, max_length=10_000)]
