"""What the parts of a playbook's schema share: conditions, and keys that were added later.

A playbook's digest covers its whole content, defaults included. A key that a later version adds is therefore left out
wherever it holds its default: else every playbook of before would have another digest after an upgrade.
"""

from typing import Annotated, Any

from pydantic import Field

Condition = Annotated[str, Field(min_length=1, max_length=2_000)]
"""A CEL expression of type bool."""


def added(default: Any) -> Any:
    """Declare a key of a later version: optional, and not written, hence not in the digest, while it is default."""
    return Field(default, exclude_if=lambda value: value == default)
