"""From a flat record and a template to a request."""

from collections.abc import Mapping
from typing import Any

from escalation.errors import RequestRefused
from escalation.intake.taken import Opening, Wrong
from escalation.model.request import parse_request
from escalation.places import NAME, at, filled


def laid_over(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with another one laid over it, object by object; what is null there is left out."""
    both = dict(base)
    for key, value in own.items():
        under = both.get(key)
        both[key] = laid_over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return {key: value for key, value in both.items() if value is not None}


def opening(template: Mapping[str, Any], record: Mapping[str, Any], where: str, called: str) -> Opening | Wrong:
    """Make the request of a record; what is wrong names what it was made of. ``called`` is what its places are."""
    data = _without_empty(filled(template, lambda place: at(record, place)))
    try:
        return Opening(where=where, request=parse_request(data))
    except RequestRefused as refused:
        problems = tuple((origin(template, path, called), problem) for path, problem in refused.problems)
        return Wrong(where=where, problems=problems)


def origin(template: Any, path: str, called: str) -> str:
    """Say where a part of a request comes from: its path, and the places that were filled in there."""
    here, left = template, path
    while left and isinstance(here, Mapping | list):
        step = _step(here, left)
        if step is None:
            break
        here, left = step
    names = NAME.findall(here) if isinstance(here, str) else []
    return f"{path} ({called} {', '.join(names)})" if names else path


def _step(here: Mapping[str, Any] | list[Any], left: str) -> tuple[Any, str] | None:
    """Go down one key, which may have dots itself."""
    parts = left.split(".")
    for length in range(len(parts), 0, -1):
        key, rest = ".".join(parts[:length]), ".".join(parts[length:])
        if isinstance(here, Mapping) and key in here:
            return here[key], rest
        if isinstance(here, list) and key.isdigit() and int(key) < len(here):
            return here[int(key)], rest
    return None


def _without_empty(data: Any) -> Any:
    """Leave objects out of which nothing was known."""
    if isinstance(data, Mapping):
        kept = {key: _without_empty(value) for key, value in data.items()}
        return {key: value for key, value in kept.items() if value not in ({}, [], "")}
    return [_without_empty(each) for each in data] if isinstance(data, list) else data
