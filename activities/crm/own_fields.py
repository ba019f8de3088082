"""Fields of an organisation's own on a ticket: what a connection fills them with when the ticket is opened."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

from escalation.model.actions import OpenCase, UpdateCase

_NAME: Final = re.compile(r"\{([a-z_]*)\}")
KNOWN: Final = frozenset({"key", "severity", "case_system", "case_id", "case_url", "customer_id"})


def _only_known(text: str) -> str:
    unknown = set(_NAME.findall(text)) - KNOWN
    if unknown:
        raise ValueError(f"{{{min(unknown)}}} is not known here; expected {', '.join(sorted(KNOWN))} in braces")
    return text


Filling = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_only_known)]
"""A text with names in braces, such as ``{severity}`` or ``from {case_system}``."""


def filled(fields: Mapping[str, str], action: OpenCase) -> dict[str, str]:
    """Return the fields with their values; one whose value would be empty is left out."""
    values = values_of(action)
    made = {name: _NAME.sub(lambda found: values[found[1]] or "", text).strip() for name, text in fields.items()}
    return {name: text for name, text in made.items() if text}


def refilled(fields: Mapping[str, str], action: UpdateCase) -> dict[str, str]:
    """Return the fields that name nothing but the severity, as it is now; none where that has not changed."""
    if action.severity is None:
        return {}
    now = action.severity
    return {
        name: text.replace("{severity}", now) for name, text in fields.items() if _NAME.findall(text) == ["severity"]
    }


def values_of(action: OpenCase) -> dict[str, str | None]:
    """Return what the names in braces stand for; None: nobody knows."""
    return {
        "key": action.key,
        "severity": action.severity,
        "case_system": action.case.system,
        "case_id": action.case.id,
        "case_url": action.case.url,
        "customer_id": action.customer.id if action.customer else None,
    }
