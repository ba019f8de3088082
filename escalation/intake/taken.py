"""What comes of an outside event: requests to open, entries to post, what was passed over, and what is wrong."""

from collections.abc import Callable
from typing import Any

from escalation.errors import RequestRefused
from escalation.model.commands import PostEntry
from escalation.model.parts import Relation
from escalation.model.request import Request
from escalation.values import Record


class Opening(Record):
    """A request that is to be opened, or to join what is open."""

    where: str
    """The part of what came in that it was made of, such as ``row 7``."""
    request: Request


class Posting(Record):
    """An entry for the timeline of one escalation, or of every open one of a queue."""

    where: str
    to: str
    """Its id, or ``team:NAME``."""
    entry: PostEntry
    linked: tuple[Relation, ...] = ()
    """It goes to the escalations that are linked like this, too."""
    items: tuple[str, ...] = ()
    """Work items that it names, such as ``item:i1``: it is linked with those that are there."""


class PassedOver(Record):
    """A part of which nothing is to come."""

    where: str
    because: str


class Wrong(Record):
    """A part that cannot be used; what is wrong with it, place by place, without its values."""

    where: str
    problems: tuple[tuple[str, str], ...]


class Taken(Record):
    """What is to be done for one payload."""

    steps: tuple[Opening | Posting, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    wrong: tuple[Wrong, ...] = ()


class Found(Record):
    """What a reader found in a payload: flat records, each with its place."""

    records: tuple[tuple[str, dict[str, Any]], ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    wrong: tuple[Wrong, ...] = ()


class Finding:
    """What a reader gathers while it goes through a payload."""

    def __init__(self) -> None:
        self._records: list[tuple[str, dict[str, Any]]] = []
        self._passed_over: list[PassedOver] = []
        self._wrong: list[Wrong] = []

    def take(self, where: str, record: dict[str, Any]) -> None:
        """Keep a record."""
        self._records.append((where, record))

    def pass_over(self, where: str, because: str) -> None:
        """Say why nothing comes of a part."""
        self._passed_over.append(PassedOver(where=where, because=because))

    def refuse(self, where: str, *problems: tuple[str, str]) -> None:
        """Say what is wrong with a part."""
        self._wrong.append(Wrong(where=where, problems=problems))

    def add(self, where: str, read: Callable[[], tuple[dict[str, Any] | None, str]]) -> None:
        """Read a part: keep its record, or say why nothing comes of it, or what is wrong with it."""
        try:
            record, because = read()
        except RequestRefused as refused:
            self.refuse(where, *refused.problems)
            return
        if record is None:
            self.pass_over(where, because)
        else:
            self.take(where, record)

    @property
    def found(self) -> Found:
        """All of it."""
        return Found(records=tuple(self._records), passed_over=tuple(self._passed_over), wrong=tuple(self._wrong))
