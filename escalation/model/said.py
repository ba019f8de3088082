"""What is said, before anybody puts it into words."""

from typing import Any

from escalation.values import Record


class Said(Record):
    """What a message or a reason says: its id and its values, as plain JSON."""

    template: str
    values: dict[str, Any] = {}
