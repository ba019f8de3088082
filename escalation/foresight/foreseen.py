"""What a proof finds, and what it can be said to have proved."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import Location
from escalation.values import counted, format_duration


class Weight(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """Somebody will not be told, or something can never be decided."""
    WARNING = "warning"
    """It goes on, but not as the playbook says."""


class Foreseen(NamedTuple):
    """Something that will go wrong in the days looked at."""

    weight: Weight
    finding: Finding
    at: datetime | None = None
    """The first instant at which it is so (UTC); None when it does not depend on time."""
    lasts: timedelta = timedelta(0)
    """For how long, altogether."""

    @property
    def where(self) -> str:
        """File, line and path."""
        return str(self.finding._replace(message="")).removesuffix(": ")

    @property
    def what(self) -> str:
        """What is wrong, from when on and for how long."""
        if self.at is None:
            return self.finding.message
        return f"{self.finding.message} (first at {self.at:%Y-%m-%d %H:%M} UTC, {format_duration(self.lasts)} in all)"

    def __str__(self) -> str:
        """All of it in one line."""
        return f"{'warning: ' if self.weight is Weight.WARNING else ''}{self.where}: {self.what}"


class Proof(NamedTuple):
    """Everything that would go wrong, and over how much that was looked for."""

    findings: tuple[Foreseen, ...]
    """The worst first, then by file, line and text; the same again for the same files, instant and days."""
    severities: int
    cases: int
    """Ways in which the conditions of routes and paths can be true and false together."""
    instants: int
    """At which anybody else may be found than just before."""
    until: datetime
    complete: bool
    """False: there were too many cases, and more was looked at than can happen; what is found may never come."""

    @property
    def errors(self) -> tuple[Foreseen, ...]:
        """What leads to a silence, or to something that can never be decided."""
        return tuple(each for each in self.findings if each.weight is Weight.ERROR)

    def __str__(self) -> str:
        """Say in one line what was looked at, and whether somebody is told each time."""
        several = [
            f"{self.severities} severit{'y' if self.severities == 1 else 'ies'}",
            counted(self.cases, "case"),
            counted(self.instants, "instant"),
        ]
        verdict = "not at every one is somebody told in time" if self.errors else "somebody is told at every one"
        bound = "" if self.complete else " (too many cases to tell all of them apart: routes were looked at one by one)"
        return f"{' × '.join(several)} until {self.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {verdict}{bound}"


class Report:
    """Collects findings: what is found again at a later instant only lasts longer."""

    def __init__(self, source: Document) -> None:
        self.source = source
        """What the playbook was made of: ``say`` speaks of its lines."""
        self._found: dict[tuple[Location, str, Weight], Foreseen] = {}
        self._until: dict[tuple[Location, str, Weight], datetime] = {}
        self._now = self._next = datetime.min.replace(tzinfo=UTC)

    def look(self, at: datetime, until: datetime) -> None:
        """Begin with an instant; what is found there is so until the next one."""
        self._now, self._next = at, until

    def add(self, found: Foreseen) -> None:
        """Add what does not depend on the instant."""
        place = (found.finding.file, found.finding.line, found.finding.path)
        self._found[place, found.finding.message, found.weight] = found

    def say(self, weight: Weight, path: Location, kind: str, message: str | Callable[[], str]) -> None:
        """Note that something is so at this instant; the words of the first time stay, and only they are made."""
        key = (path, kind, weight)
        if self._until.get(key, self._now) > self._now:
            return  # said of this instant already
        known = self._found.get(key)
        if known is None:
            words = message if isinstance(message, str) else message()
            known = Foreseen(weight, self.source.finding(path, words.strip()), self._now.astimezone(UTC))
        self._found[key] = known._replace(lasts=known.lasts + (self._next - self._now))
        self._until[key] = self._next

    def worsen(self, path: Location, kind: str) -> None:
        """Make errors of the warnings of a kind at a place."""
        milder = self._found.pop((path, kind, Weight.WARNING), None)
        if milder is not None:
            self.add(milder._replace(weight=Weight.ERROR))

    def findings(self) -> tuple[Foreseen, ...]:
        """Return what was found, the worst first."""
        return tuple(sorted(self._found.values(), key=lambda each: (each.weight, *each.finding)))
