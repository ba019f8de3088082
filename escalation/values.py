"""Small value types that every room shares: records, durations, actors, targets, digests."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, cached_property
from inspect import getattr_static
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

# Everything is immutable. Persisted state must be readable by older and newer workers, hence `ignore`;
# what comes from outside is refused when it holds keys nobody knows, hence `Incoming`. What pydantic checks a kind of
# record with is built when that is first used, hence `defer_build`: a program that sends one command needs a few of
# hundreds, and the others would take it most of a second.


class Record(BaseModel):
    """Base of what is kept: immutable, and blind to keys that a newer version may have written."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    def changed(self, changes: dict[str, Any]) -> Self:
        """Return a copy with some fields replaced, without validating them again.

        Does what ``model_copy(update=...)`` does in a fifth of the time: records hold no private attributes and no
        extras, so there is nothing else to copy, and one is made for every event. What was derived from the fields
        (``cached_property``) is derived anew.
        """
        kind = type(self)
        values = self.__dict__ | changes
        for name in _derived(kind):
            values.pop(name, None)
        return _put_together(kind, values, self.__pydantic_fields_set__)

    @classmethod
    def made(cls, values: dict[str, Any]) -> Self:
        """Make a record of values that need no check, because they come from records that were checked.

        In a third of the time: one is made for every event. Values have the very types that the fields declare, and
        none that is required is left out.
        """
        blank, names = _blank(cls)
        return _put_together(cls, blank | values, names)


def build_all(kind: type[Record] = Record) -> None:
    """Build what every kind of record is checked with, where its first use may not take that long."""
    for each in kind.__subclasses__():
        each.model_rebuild()
        build_all(each)


_R = TypeVar("_R", bound=Record)

_bare = object.__new__
# The four slots of a model, each set by its own descriptor: to look them up by name for every record took half as long
# again.
_put_values, _put_names, _put_extra, _put_private = (
    BaseModel.__dict__[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)


def _put_together(kind: type[_R], values: dict[str, Any], names: set[str]) -> _R:
    record = _bare(kind)
    _put_values(record, values)
    _put_names(record, names)
    _put_extra(record, None)
    _put_private(record, None)
    return record


@cache
def _blank(kind: type[Record]) -> tuple[dict[str, Any], set[str]]:
    """Every field in its order, in which it is also written (what is required holds a place), and their names.

    The names are shared by all records of a kind, which never change them: a set for each took a tenth of the memory
    of an escalation.
    """
    fields = kind.model_fields.items()
    return {name: None if field.is_required() else field.default for name, field in fields}, set(kind.model_fields)


@cache
def _derived(kind: type[Record]) -> tuple[str, ...]:
    return tuple(name for name in dir(kind) if isinstance(getattr_static(kind, name), cached_property))


class Incoming(Record):
    """Base of what is said from outside: an unknown key is an error that names its path."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(w|d|h|m|s)")


def parse_duration(text: object) -> object:
    """Read ``90s``, ``15m``, ``1h30m``, ``2d`` or ``1w`` as a timedelta; leave anything else to pydantic.

    A day is 24 hours of wall time and a week seven of them. ISO 8601 durations are accepted by pydantic itself.
    """
    if not isinstance(text, str):
        return text
    compact = text.replace(" ", "")
    parts = _DURATION.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        return text
    try:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    except OverflowError:
        return text


def format_duration(duration: timedelta) -> str:
    """Write a timedelta as people say it: ``2d``, ``1h 30m``, ``45s``. Fractions of a second are dropped."""
    seconds = int(abs(duration).total_seconds())
    parts = []
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if duration < timedelta(0) else "") + " ".join(parts[:2] or ["0s"])


def counted(number: int, what: str) -> str:
    """Write how many of something there are: ``1 turn``, ``2 turns``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _in_seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():f}".rstrip("0").rstrip(".") + "s"


LONGEST = timedelta(days=3650)
"""Nothing here takes longer than ten years."""


def _with_its_unit(written: object) -> object:
    """Refuse a bare number: pydantic would take 30 for seconds, and whoever wrote it meant minutes."""
    bare = isinstance(written, int | float) or (isinstance(written, str) and written.strip().isdecimal())
    if bare and not isinstance(written, bool):
        raise ValueError("has no unit; expected a duration such as 30s, 15m, 2h or 1d")
    return parse_duration(written)


Duration = Annotated[
    timedelta,
    BeforeValidator(_with_its_unit),
    Field(gt=timedelta(0), le=LONGEST),
    PlainSerializer(_in_seconds, return_type=str, when_used="json"),
]
"""A timedelta written as ``15m`` in YAML and as seconds (``900s``) in JSON; longer than nothing, ten years at most."""

Instant = Annotated[AwareDatetime, Field(ge=datetime(1900, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))]
"""An instant that somebody outside states. Further away no calendar can write it in every time zone."""

Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
"""An identifier people type: letters, digits, ``_``, ``-``, ``.``; at most 64 characters."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000, strip_whitespace=True)]
"""Text written by a person or an agent: not empty, at most 20,000 characters."""

Words = Annotated[str, StringConstraints(max_length=20_000, strip_whitespace=True)]
"""Text that may be left out: at most 20,000 characters."""

Actor = Annotated[str, StringConstraints(pattern=r"^(person|agent|service|customer|system):[^\s]{1,128}$")]
"""Who acts: ``person:eva``, ``agent:support-bot``, ``service:crm``, ``customer:c-17``, ``system:timer``."""

Addressee = Annotated[str, StringConstraints(pattern=r"^(person|agent|service|customer|system|group):[^\s]{1,128}$")]
"""Who has a message: an actor, or ``group:TEAM``, the chat group of a team, which reads and never acts."""

_NAMED = re.compile(r"[a-z]+:[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


def _can_be_looked_up(actor: str) -> str:
    if not _NAMED.fullmatch(actor):
        raise ValueError("expected the id of a person in the directory: letters, digits, `_`, `-` and `.`, at most 64")
    return actor


Recipient = Annotated[Actor, AfterValidator(_can_be_looked_up)]
"""An actor who is to have something, named as the directory names people, so that a ``Target`` can be made of it."""

FINDABLE = ("person", "team", "role", "oncall", "authority")
"""Kinds of targets that the directory finds people for."""

_TARGETED = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}"
_KINDS_FOUND = "|".join(FINDABLE)
Party = Annotated[str, StringConstraints(pattern=rf"^({_KINDS_FOUND}):{_TARGETED}$")]
"""A target that means the same in every stage: all but ``raci:``."""

Receiver = Annotated[str, StringConstraints(pattern=rf"^({_KINDS_FOUND}|level|system|agent):{_TARGETED}$")]
"""To whom responsibility is offered: a party, a level, an outside system; an AI is refused in words."""

Target = Annotated[str, StringConstraints(pattern=rf"^({_KINDS_FOUND}|raci):{_TARGETED}$")]
"""Whom to find when the time comes: ``person:`` ``team:`` ``role:`` ``oncall:`` ``authority:`` ``raci:``. Resolved at
paging time."""

GROUP = "group"
"""Kind of a reader: the chat group of a team in the directory."""

Reader = Annotated[str, StringConstraints(pattern=rf"^(owner|requester|({_KINDS_FOUND}|raci|{GROUP}):{_TARGETED})$")]
"""Who is to read something: a target, ``owner``, ``requester``, or the chat group of a team, ``group:TEAM``."""

Shifts = Annotated[str, StringConstraints(pattern=r"^(oncall|team|role):[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
"""Whose shifts they are: a rotation, or a team or role that has one."""

ItemOwner = Annotated[str, StringConstraints(pattern=rf"^(owner|({_KINDS_FOUND}|raci):{_TARGETED})$")]
"""Whose an action item is to be: ``owner``, or the first of whom a target leads to."""

Holder = Annotated[
    str,
    StringConstraints(
        pattern=rf"^((person|agent|service|customer|system):[^\s]{{1,128}}|(team|role|oncall|authority|raci):{_TARGETED})$"
    ),
]
"""Who has a work item: an actor, or the target whose people are offered it until one of them claims it."""

TIMER: Actor = "system:timer"
ENGINE: Actor = "system:engine"


class ActorKind(StrEnum):
    """The part of an actor before the colon."""

    PERSON = "person"
    AGENT = "agent"
    SERVICE = "service"
    CUSTOMER = "customer"
    SYSTEM = "system"
    GROUP = "group"
    """The chat group of a team: it has messages and never acts."""


_KINDS = {str(kind): kind for kind in ActorKind}


def kind_of(actor: Actor | Addressee) -> ActorKind:
    """Tell a person from an AI agent, a service, a customer and the engine itself."""
    return _KINDS[actor.partition(":")[0]]


def split_target(target: Target) -> tuple[str, str]:
    """Split ``team:support`` into ``("team", "support")``."""
    kind, _, name = target.partition(":")
    return kind, name


def digest_of(text: str) -> str:
    """Return a short, stable fingerprint: the first 16 hex digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
