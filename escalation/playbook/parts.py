"""What the parts of a playbook's schema share."""

from typing import Annotated

from pydantic import Field

Condition = Annotated[str, Field(min_length=1, max_length=2_000)]
"""A CEL expression of type bool."""
