"""How two versions of a playbook differ, in words: what is added, what is gone, what says something else.

Members of a list are told apart by their name, so that a level put in between changes no other one.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from escalation.playbook.schema import Playbook, compact
from escalation.values import format_duration

_NAMES = ("id", "name", "status", "do")
"""Fields by which a member of a list is known."""

_SECTIONS = {
    "levels": "level",
    "gates": "approval",
    "clocks": "clock",
    "triggers": "trigger",
    "paths": "path",
    "raci": "responsible in stage",
    "statuses": "status",
    "automations": "automation",
    "recoveries": "recovery script",
    "calendars": "calendar",
    "fields": "field",
    "confidence": "confidence threshold",
    "keywords": "keywords",
}
"""How members of a section are spoken of."""

_SECONDS = re.compile(r"\d+(\.\d+)?s")
_LONGEST = 160


def differences(before: Playbook, after: Playbook) -> tuple[str, ...]:
    """Return every difference as one line, in the order of the sections: ``level L2: ack 15m, before 30m``."""
    return tuple(_between("", compact(before), compact(after)))


def _between(place: str, before: Any, after: Any) -> Iterator[str]:
    known, now = _members(before), _members(after)
    if before == after:
        return
    if known is None or now is None:
        yield _changed(place, before, after)
        return
    for name in dict.fromkeys((*known, *now)):
        here = _place(place, name)
        section = name in _SECTIONS and not place
        if section and (name not in known or name not in now):
            yield from _between(here, known.get(name, {}), now.get(name, {}))
        elif name not in now:
            yield (
                f"{here} is gone"
                if _members(known[name]) is not None
                else f"{here} is gone, before {_said(known[name])}"
            )
        elif name not in known:
            added = "" if _members(now[name]) is not None else f" {_said(now[name])}"
            yield f"{here}{added} is new"
        else:
            yield from _between(here, known[name], now[name])
    if list(known) != list(now) and set(known) == set(now) and isinstance(before, list):
        yield f"{place or 'playbook'}: in another order, {', '.join(map(str, now))}"


def _changed(place: str, before: Any, after: Any) -> str:
    where, _, what = place.rpartition(": ")
    return f"{f'{where}: ' if where else ''}{what} {_said(after)}, before {_said(before)}"


def _members(value: Any) -> dict[str, Any] | None:
    """Return what is inside by its name; None of a single value."""
    if isinstance(value, dict):
        return {str(name): each for name, each in value.items()}
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        names = [
            next((str(each[key]) for key in _NAMES if each.get(key)), f"#{at}") for at, each in enumerate(value, 1)
        ]
        return dict(zip(names, value, strict=True)) if len(set(names)) == len(names) else None
    return None


def _place(place: str, name: str) -> str:
    if place in _SECTIONS:
        return f"{_SECTIONS[place]} {name}"
    return f"{place}: {name}" if place else name


def _said(value: Any) -> str:
    if isinstance(value, list):
        text = ", ".join(_said(each) for each in value) or "nothing"
    elif isinstance(value, dict):
        text = ", ".join(f"{name}={_said(each)}" for name, each in value.items()) or "nothing"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, str) and _SECONDS.fullmatch(value):
        text = format_duration(timedelta(seconds=float(value[:-1])))
    else:
        text = f"{value:g}" if isinstance(value, float) else str(value) or "nothing"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."
