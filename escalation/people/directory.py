"""The directory: people, teams, roles and rotations, and who a target means at an instant.

It is read from one YAML file and is immutable; another version is another directory. Finding people never fails: what
cannot be resolved is said in a note, and the fallback is asked instead (``escalation.people.finding``).
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, Strict, StrictBool, model_validator

from escalation.calendars import Calendar, TimeZone
from escalation.choice import Choose
from escalation.documents import Document, read_document, validate
from escalation.errors import DocumentError
from escalation.holidays import with_dates
from escalation.people.directory_checks import check
from escalation.people.fatigue import AtMost, Fatigue
from escalation.people.feeds import FeedRotation, Heard
from escalation.people.finding import Finder
from escalation.people.found import People
from escalation.people.reach import Limit, MessageFor, Quiet, ordered
from escalation.people.schedules import AnyRotation, Span, changes
from escalation.people.search import Known, Search
from escalation.values import Actor, ActorKind, Record, Slug, Target, digest_of, split_target

Name = Annotated[str, Field(min_length=1, max_length=200)]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$", examples=["cs", "en-GB"])]
NOTHING_KNOWN = Known()
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False), Strict()]


class Contact(Record):
    """A way to reach a person. The order of a person's contacts is the order in which they are tried."""

    channel: Slug
    """``inbox``, ``email``, ``webhook`` or another channel that the installation has a connection for."""
    address: Annotated[str, Field(min_length=1, max_length=500)]
    limit: Limit | None = None
    """How many messages a worker sends there in a while, before what is not urgent waits; None: any number."""


class Absence(Span):
    """A person cannot be asked. ``why`` stays in the directory."""

    why: str = ""


class Person(Record):
    """Somebody who can be told, asked and held accountable."""

    id: Slug
    name: Name
    contacts: Annotated[tuple[Contact, ...], Field(min_length=1)]
    locale: Locale = "en"
    """Language tag in which this person is written to."""
    time_zone: TimeZone
    skills: tuple[Slug, ...] = ()
    rank: Annotated[int, Field(ge=0, le=100)] = 0
    """Seniority: the higher, the more senior."""
    experience: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 0
    """Years in this work."""
    authority: dict[Slug, StrictBool | Amount] = {}
    """What this person may decide: up to an amount in the organisation's currency, or ``true`` for any.

    Strict, because pydantic would otherwise take an amount of 1 for ``true``.
    """
    manager: Slug | None = None
    deputy: Slug | None = None
    """Who is asked while this person is away; a deputy who is away as well has a deputy of their own."""
    away: tuple[Absence, ...] = ()
    hours: Calendar | None = None
    """When this person works, in their own time zone unless another is named; None: whenever they are on call."""
    at_most: AtMost | None = None
    """How many pages this person may be burdened with, before others are asked first."""
    quiet: Quiet | None = None
    """When only what is urgent reaches this person; the rest waits. None: never."""
    channels: dict[MessageFor, Annotated[tuple[Slug, ...], Field(min_length=1)]] = {}
    """Kind of message to the channels that are tried first for it; the other contacts follow in their order."""

    @model_validator(mode="before")
    @classmethod
    def _works_where_they_live(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("hours"), dict) and "time_zone" in data:
            return {**data, "hours": {"time_zone": data["time_zone"], **data["hours"]}}
        return data

    @cached_property
    def actor(self) -> Actor:
        """The name by which everything outside the directory knows this person."""
        return _actor(self.id)

    def may_decide(self, kind: str) -> float | None:
        """Return up to which amount this person may decide something; infinity for any, None for nothing."""
        limit = self.authority.get(kind, False)
        return float("inf") if limit is True else limit or None

    def points(self, kind: str, first: tuple[str, ...] = ()) -> tuple[Contact, ...]:
        """Return the contacts in the order in which they are tried for a kind of message, ``first`` before all."""
        places = ordered((*first, *self.channels.get(MessageFor(kind), ())) if kind in set(MessageFor) else first)
        return tuple(sorted(self.contacts, key=lambda contact: places.get(contact.channel, len(places))))

    def quiet_until(self, kind: str, at: datetime, *, urgent: bool) -> datetime | None:
        """Return until when a message waits that comes at an aware instant; None: it does not."""
        return self.quiet.until(kind, self.time_zone, at, urgent=urgent) if self.quiet is not None else None

    def opens_at(self, at: datetime) -> datetime | None:
        """Return when this person's next working window begins; None within one, and for who has no hours."""
        if self.hours is None or self.hours.is_open(at):
            return None
        return self.hours.add(at, timedelta(0))

    def absence(self, at: datetime) -> Absence | None:
        """Return why this person cannot be asked at an aware instant; None when they can."""
        return next((absence for absence in self.away if absence.start <= at < absence.end), None)


class Team(Record):
    """People who answer for something together."""

    id: Slug
    name: Name
    members: Annotated[tuple[Slug, ...], Field(min_length=1)]
    lead: Slug | None = None
    oncall: Slug | None = None
    """Rotation whose person is told for the team; None: every member is."""
    choose: Choose | None = None
    """How some of its members are chosen, unless a playbook says otherwise; None: as ``oncall`` says."""
    group: tuple[Contact, ...] = ()
    """Contact points of its chat group, which an automation may write to as ``group:TEAM``."""


class Role(Record):
    """A hat somebody wears: the first of its holders who may be asked, or whoever a rotation has on call."""

    name: str = ""
    """What it is called in messages; empty: its id in plain words."""
    holders: tuple[Slug, ...] = ()
    """In order: the holder, then the deputies."""
    oncall: Slug | None = None

    @model_validator(mode="after")
    def _is_held(self) -> Self:
        if not self.holders and self.oncall is None:
            raise ValueError("is a role without holder; expected `holders` with at least one person, or `oncall`")
        if self.holders and self.oncall is not None:
            raise ValueError("has both `holders` and `oncall`; expected one of them")
        return self


class Directory(Record):
    """Everybody who can be found. Make it with ``load_directory``, which checks that all ids exist."""

    people: Annotated[tuple[Person, ...], Field(min_length=1)]
    teams: tuple[Team, ...] = ()
    roles: dict[Slug, Role] = {}
    rotations: dict[Slug, AnyRotation] = {}
    fatigue: Fatigue = Fatigue()

    @cached_property
    def digest(self) -> str:
        """Fingerprint of what it says; comments and layout of the file do not count."""
        return digest_of(json.dumps(self.model_dump(mode="json"), sort_keys=True))

    @cached_property
    def _people(self) -> dict[Actor, Person]:
        return {_actor(person.id): person for person in self.people}

    @cached_property
    def _teams(self) -> dict[str, Team]:
        return {team.id: team for team in self.teams}

    @cached_property
    def feeds(self) -> dict[str, FeedRotation]:
        """The rotations that a calendar holds, by name."""
        return {name: each for name, each in self.rotations.items() if isinstance(each, FeedRotation)}

    def hearing(self, feeds: Mapping[str, Heard]) -> Self:
        """Return the directory with what was read of the feeds of its rotations, by the rotations' names."""
        heard = {name: self.feeds[name].hearing(each) for name, each in feeds.items()}
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return self.made({**fields, "rotations": {**self.rotations, **heard}})

    def person(self, actor: Actor) -> Person | None:
        """Return the person an actor such as ``person:eva.novak`` names; None for anybody else."""
        return self._people.get(actor)

    @cached_property
    def burdened(self) -> tuple[Person, ...]:
        """Who has a limit of pages."""
        return tuple(person for person in self.people if person.at_most is not None)

    @cached_property
    def _hours(self) -> tuple[Calendar, ...]:
        """Every calendar of working hours once."""
        different: list[Calendar] = []
        for person in self.people:
            if person.hours is not None and person.hours not in different:
                different.append(person.hours)
        return tuple(different)

    @cached_property
    def chooses(self) -> bool:
        """True when some team says how its members are chosen."""
        return any(team.choose is not None for team in self.teams)

    def team(self, name: str) -> Team | None:
        """Return a team by its id; None when there is none."""
        return self._teams.get(name)

    def teams_of(self, actor: Actor) -> tuple[str, ...]:
        """Return the ids of the teams that somebody is a member of, or leads."""
        person = self._people.get(actor)
        if person is None:
            return ()
        return tuple(team.id for team in self.teams if person.id in (*team.members, team.lead))

    def by_id(self, person: str) -> Person | None:
        """Return a person by their id; None when there is none."""
        return self._people.get(_actor(person))

    def get(self, person: str) -> Person:
        """Return a person whom this directory names itself."""
        return self._people[_actor(person)]

    def find(self, search: Search, at: datetime, known: Known = NOTHING_KNOWN) -> People:
        """Resolve targets to people at an aware instant, each person once, in the targets' order.

        A team means whoever its rotation has on call, or every member, or those who are chosen; a role its first holder
        who is not excluded; an authority whoever may decide so much, the lowest sufficient one first. When nobody is
        left the fallback is resolved instead, under the same exclusions; when that fails too, nobody is returned and
        the notes say so. ``People.also`` is everybody else who belongs to the targets, or to ``Search.also``, at some
        time or other. The same search with the same knowledge always has the same answer.

        Args:
            search: whom to find.
            at: when; with a time zone.
            known: what ``wanted.wanted`` asks for from outside, as far as it is known.
        """
        return Finder(self, search, at, known).people()

    def changes(self, start: datetime, end: datetime) -> tuple[datetime, ...]:
        """Return the instants between two aware ones, in order, at which ``find`` may give another answer.

        Those at which somebody's working hours begin or end are among them: they are part of the answer.
        """
        found = {at for rotation in self.rotations.values() for at in changes(rotation, start, end)}
        for hours in self._hours:
            found |= set(hours.changes(start, end))
        for absence in (absence for person in self.people for absence in person.away):
            found |= {at for at in (absence.start, absence.end) if start < at < end}
        return tuple(sorted(found))

    def members(self, target: Target) -> tuple[Actor, ...]:
        """Return everybody who belongs to a target at some time or other: who may act for it. Nobody for ``raci:``."""
        kind, name = split_target(target)
        ids: list[str] = []
        rotation: str | None = None
        match kind:
            case "person":
                ids = [name] if _actor(name) in self._people else []
            case "group" if team := self._teams.get(name):
                ids = [*team.members] if team.group else []
            case "team" if team := self._teams.get(name):
                ids = [*team.members, *([team.lead] if team.lead else [])]
                rotation = team.oncall
            case "role" if role := self.roles.get(name):
                ids = [*role.holders]
                rotation = role.oncall
            case "oncall":
                rotation = name
            case "authority":
                return tuple(person.actor for person in self.people if person.may_decide(name) is not None)
            case _:
                pass
        if rotation in self.rotations:
            ids += self.rotations[rotation].everybody
        deputies = (deputy for person in ids for deputy in self.deputies(person))
        return tuple(dict.fromkeys(map(_actor, (*ids, *deputies))))

    def deputies(self, person: str) -> tuple[str, ...]:
        """Return a person's deputy, that one's deputy, and so on; the loader refuses circles."""
        chain: list[str] = []
        known = self._people.get(_actor(person))
        while known is not None and known.deputy is not None:
            chain.append(known.deputy)
            known = self._people.get(_actor(known.deputy))
        return tuple(chain)


def load_directory(path: Path) -> Directory:
    """Read and check a directory file; raise ``DocumentError`` with everything wrong in it, line by line."""
    return check_directory(read_document(path))


def check_directory(document: Document) -> Directory:
    """Make a directory of a document, also a merged one; raise ``DocumentError`` with everything wrong in it."""
    findings = check(document)
    try:
        directory = validate(document, Directory)
    except DocumentError as error:
        findings += error.findings
    if findings:
        raise DocumentError(sorted(findings))
    return _with_holidays(directory, datetime.now(UTC).year)  # noqa: TID251 - reads files, for no workflow


def _with_holidays(directory: Directory, year: int) -> Directory:
    if not any(person.hours is not None and person.hours.holidays for person in directory.people):
        return directory
    people = (
        person.changed({"hours": with_dates(person.hours, year)}) if person.hours is not None else person
        for person in directory.people
    )
    return directory.changed({"people": tuple(people)})


def _actor(person: str) -> Actor:
    return f"{ActorKind.PERSON}:{person}"
