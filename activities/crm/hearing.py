"""What every help desk shares that tells what people changed there."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError
from temporalio import activity

from escalation.errors import RemoteRefused
from escalation.values import Actor

log = structlog.get_logger(__name__)

LONGEST_NOTE: Final = 4_000
"""Characters of ``CaseChange.note``."""
_INSTANT: Final[TypeAdapter[datetime]] = TypeAdapter(AwareDatetime)

C = TypeVar("C", bound=BaseModel)
T = TypeVar("T")


def read_cursor(kind: type[C], written: str, system: str, begin: Callable[[datetime], C]) -> C | None:
    """Read where a help desk is to go on.

    One that another kind of help desk wrote, under the name that is this one's now, is begun at its earliest instant;
    None: it has none, and what happens from now on is told. Waiting for a better one would be waiting for ever.
    """
    try:
        return kind.model_validate_json(written)
    except ValidationError:
        since = _earliest(written)
        passed_over(system, "place_lost", since=since.isoformat() if since else "now")
        return begin(since) if since is not None else None


def sound(read: Callable[[Any], T], said: Iterable[Any], system: str) -> list[T]:
    """Read records one by one: what cannot be read is passed over, and keeps nobody else's changes."""
    found = []
    for each in said:
        try:
            found.append(read(each))
        except RemoteRefused:
            passed_over(system, "unreadable")
    return found


class Staff:
    """Who the users of a help desk are here, by the connection's ``owners``."""

    def __init__(self, owners: Mapping[Actor, object]) -> None:
        self._actors = {str(written): actor for actor, written in reversed([*owners.items()])}

    def named(self, name: str, *ids: object) -> str:
        """Return the person here whom one of their ids means there, else their name there."""
        return next((self._actors[str(each)] for each in ids if str(each) in self._actors), name)


def passed_over(system: str, outcome: str, **more: str) -> None:
    """Log and count that something is not told; with no value of it."""
    log.warning("ticket_change_passed_over", connection=system, outcome=outcome, **more)
    count(system, outcome)


def count(system: str, outcome: str) -> None:
    """Count what became of a change; outside of activities there is nobody to tell."""
    if activity.in_activity():
        counter = activity.metric_meter().create_counter(
            "escalation_ticket_changes", "Changes of tickets that were heard of, by what became of them"
        )
        counter.add(1, {"connection": system, "outcome": outcome})


def _earliest(written: str) -> datetime | None:
    try:
        return min(_instants(json.loads(written)), default=None)
    except (ValueError, RecursionError):
        return None


def _instants(found: Any) -> Iterator[datetime]:
    if isinstance(found, dict):
        for each in found.values():
            yield from _instants(each)
    elif isinstance(found, str) and not found.isdecimal():
        try:
            yield _INSTANT.validate_python(found)
        except ValidationError:
            return
