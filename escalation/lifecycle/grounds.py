"""Reasons that the engine gives itself: in plain English, and as an id with values for the templates of every language.

An event keeps both (``because`` and ``grounds``), so whoever reads the timeline needs no template, and a message is in
one language. What people wrote and what the playbook says has no id and stays as it is, also inside such a reason.
``playbook.messages.reasons`` lists the ids.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from escalation.model.events import EventBase
from escalation.model.said import Said
from escalation.playbook.messages.reasons import ReasonId

MOST_LISTED: Final = 20
"""So many entries of a list a message has; the packet and the timeline have all."""
MOST: Final = 20_000
"""Longest text of any value."""
_NAMES: Final = ("because", "detail", "refused")
"""Where events have a reason."""


class Ground(str):
    """A reason in plain English that knows what it says."""

    __slots__ = ("said",)
    said: Said

    @classmethod
    def made(cls, english: str, said: Said) -> "Ground":
        """Put together a reason's plain English, and what it says."""
        ground = cls(english)
        ground.said = said
        return ground


def of(what: ReasonId, english: str, /, **values: Any) -> Ground:
    """Give the reason ``what`` of its values, which may be reasons themselves."""
    return Ground.made(english, Said.made({"template": what, "values": plain(values)}))


def said_by(reason: str) -> Said | None:
    """Return what a reason says, for whoever carries both; None where it is plain English only."""
    return reason.said if isinstance(reason, Ground) else None


def again(english: str, said: Said | None) -> str:
    """Return a reason as it was given; only its plain English where nothing else is known."""
    return Ground.made(english, said) if said is not None else english


def given(event: EventBase) -> str:
    """Return the reason of an event, as it was given."""
    told = (getattr(event, name, "") for name in _NAMES)
    return again(next(filter(None, told), ""), event.grounds)


def joined(reasons: Iterable[str], english: str) -> str:
    """Put several reasons into one: as they are listed where each is said in the receiver's language."""
    known = list(reasons)
    return known[0] if len(known) == 1 else of("several", english, reasons=known)


def recorded(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of an event whose reason is the engine's own, with what that says."""
    if not _has_grounds(content):
        return content
    for name in _NAMES:
        reason = content.get(name)
        if isinstance(reason, Ground):
            content["grounds"] = reason.said
    return told_plainly(content)


def told_plainly(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of an event as it was before reasons had ids."""
    if not _has_grounds(content):
        return content
    return {name: str.__str__(each) if isinstance(each, Ground) else each for name, each in content.items()}


def _has_grounds(content: Mapping[str, Any]) -> bool:
    """Tell whether any value is such a reason; most events have none."""
    return Ground in map(type, content.values())


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Write values as bounded JSON."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    # No match statement: Temporal's sandbox, in which recorded lives are replayed too, has another `datetime`.
    # The commonest first: a page has dozens of texts, and few of anything else.
    if type(value) is str and len(value) <= MOST:
        return value
    if isinstance(value, Ground):
        return {"reason": value.said.template, "values": value.said.values, "english": cut(value, MOST)}
    if isinstance(value, str):
        return cut(value, MOST)
    if value is None:
        return ""
    if isinstance(value, _NUMBERS):
        return value
    if isinstance(value, _LISTS):
        return [_plain(each) for each in value][:MOST_LISTED]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value][:MOST_LISTED] if isinstance(value, Iterable) else cut(str(value), MOST)


_NUMBERS: Final = (int, float)
_LISTS: Final = (list, tuple)


def cut(text: str, most: int) -> str:
    """Keep a text to so many characters."""
    return str.__str__(text) if len(text) <= most else f"{text[:most]} …"
