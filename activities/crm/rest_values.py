"""Where something is in JSON that was answered, and how what is sent is filled in."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from activities.crm.rest_config import NAME
from escalation import places
from escalation.errors import RemoteRefused
from escalation.places import at


def listed(data: Any, place: str, system: str) -> list[Any]:
    """Return the list at a place; an empty one where nothing is."""
    found = at(data, place)
    if found is not None and not isinstance(found, list):
        raise RemoteRefused(f"{system}: the answer has no list at {place}")
    return found or []


def words(data: Any, place: str | None) -> str:
    """Return a text or number at a place as text, of 200 characters at most; empty where there is none."""
    found = at(data, place) if place else None
    return str(found)[:200] if isinstance(found, str | int) else ""


def path(template: str, values: Mapping[str, object], system: str) -> str:
    """Fill the names of a path in. Raises RemoteRefused where one has no value."""

    def value_of(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if value is None or value == "":  # /tickets/{ticket} without one would be all tickets
            raise RemoteRefused(f"{system}: {template} cannot be called without {match[1]}")
        return quote(str(value), safe="")

    return NAME.sub(value_of, template)


def filled(template: Any, values: Mapping[str, object]) -> Any:
    """Fill the names in; a key whose whole value is a name that is not known is left out."""
    return places.filled(template, values.get, NAME)
