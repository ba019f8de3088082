"""The directory: people, teams, roles and rotations, and who a target means at an instant.

It is read from one YAML file and is immutable; another version is another directory. Finding people never fails: what
cannot be resolved is said in a note, and the fallback is asked instead.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, Strict, StrictBool, model_validator

from escalation.calendars import TimeZone
from escalation.documents import Document, read_document, validate
from escalation.errors import DocumentError
from escalation.explain import did_you_mean
from escalation.people.directory_checks import check
from escalation.people.feeds import FeedRotation, Heard
from escalation.people.found import FoundPerson, People
from escalation.people.schedules import AnyRotation, Span, changes, nobody, on_call
from escalation.values import Actor, ActorKind, Record, Slug, Target, digest_of, split_target

Name = Annotated[str, Field(min_length=1, max_length=200)]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$", examples=["cs", "en-GB"])]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False), Strict()]


class Contact(Record):
    """A way to reach a person. The order of a person's contacts is the order in which they are tried."""

    channel: Slug
    """``inbox``, ``email``, ``webhook`` or another channel that the installation has a connection for."""
    address: Annotated[str, Field(min_length=1, max_length=500)]


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
    authority: dict[Slug, StrictBool | Amount] = {}
    """What this person may decide: up to an amount in the organisation's currency, or ``true`` for any.

    Strict, because pydantic would otherwise take an amount of 1 for ``true``.
    """
    manager: Slug | None = None
    deputy: Slug | None = None
    """Who is asked while this person is away; a deputy who is away as well has a deputy of their own."""
    away: tuple[Absence, ...] = ()

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


class Role(Record):
    """A hat somebody wears: the first of its holders who may be asked, or whoever a rotation has on call."""

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

    def find(
        self,
        targets: Sequence[Target],
        at: datetime,
        fallback: Target,
        exclude: Collection[Actor] = (),
        also: Sequence[Target] = (),
        *,
        declined: Collection[Actor] = (),
    ) -> People:
        """Resolve targets to people at an aware instant, each person once, in the targets' order.

        A team means whoever its rotation has on call, or every member; a role its first holder who is not excluded.
        Whoever is in ``declined`` is left out while the targets lead to anybody else, and found otherwise: asking them
        again is better than asking nobody. When nobody is left the fallback is resolved instead, under the same
        exclusions; when that fails too, nobody is returned and the notes say so. ``People.also`` is everybody else
        who belongs to the targets, or to ``also``, at some time or other.
        """
        found: dict[Actor, FoundPerson] = {}
        notes: list[str] = []
        left_out: dict[Actor, None] = {}
        for target in targets:
            self._add(target, at, exclude, found, notes, declined=declined, left_out=left_out)
        if not found and left_out:
            notes.clear()
            for target in targets:
                self._add(target, at, exclude, found, notes)
            found = {actor: _asked_again(each) for actor, each in found.items()}
            left_out.clear()
        notes += [f"{actor} declined before and is left out." for actor in left_out]
        fell_back = not found
        if fell_back:
            notes.append(f"Nobody could be found for what was asked, so {fallback} is asked instead.")
            self._add(fallback, at, exclude, found, notes)
        if not found:
            notes.append(f"Nobody could be found for {fallback} either, so nobody is told.")
        members = (actor for target in (*targets, *also) for actor in self.members(target))
        return People(
            people=tuple(found.values()),
            fell_back=fell_back,
            notes=tuple(dict.fromkeys(notes)),
            also=tuple(dict.fromkeys(actor for actor in members if actor not in found and actor not in exclude)),
            left_out=tuple(left_out),
        )

    def changes(self, start: datetime, end: datetime) -> tuple[datetime, ...]:
        """Return the instants between two aware ones, in order, at which ``find`` may give another answer."""
        found = {at for rotation in self.rotations.values() for at in changes(rotation, start, end)}
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
            case "team" if team := self._teams.get(name):
                ids = [*team.members, *([team.lead] if team.lead else [])]
                rotation = team.oncall
            case "role" if role := self.roles.get(name):
                ids = [*role.holders]
                rotation = role.oncall
            case "oncall":
                rotation = name
            case _:
                pass
        if rotation in self.rotations:
            ids += self.rotations[rotation].everybody
        deputies = (deputy for person in ids for deputy in self._deputies(person))
        return tuple(dict.fromkeys(map(_actor, (*ids, *deputies))))

    def _deputies(self, person: str) -> tuple[str, ...]:
        """Return a person's deputy, that one's deputy, and so on; the loader refuses circles."""
        chain: list[str] = []
        known = self._people.get(_actor(person))
        while known is not None and known.deputy is not None:
            chain.append(known.deputy)
            known = self._people.get(_actor(known.deputy))
        return tuple(chain)

    def _add(
        self,
        target: Target,
        at: datetime,
        exclude: Collection[Actor],
        found: dict[Actor, FoundPerson],
        notes: list[str],
        *,
        declined: Collection[Actor] = (),
        left_out: dict[Actor, None] | None = None,
    ) -> None:
        kind, name = split_target(target)
        avoid = {*exclude, *declined}
        candidates = self._candidates(kind, name, at, avoid)
        if isinstance(candidates, str):
            notes.append(f"{target}: {candidates}.")
            return
        for person, note in (self._present(person, note, at, avoid) for person, note in candidates):
            actor = _actor(person)
            if not person:
                notes.append(f"{target}: {note}.")
                continue
            if actor in exclude:
                notes.append(f"{target}: {actor} may not be asked here and is passed over.")
                continue
            if left_out is not None and actor in declined:
                left_out[actor] = None
                continue
            if actor not in found:
                found[actor] = FoundPerson(person=actor, via=target, note=note)
            elif target not in (found[actor].via, *found[actor].also_via):
                found[actor] = found[actor].changed({"also_via": (*found[actor].also_via, target)})
            if kind == "role":
                return

    def _candidates(self, kind: str, name: str, at: datetime, avoid: Collection[Actor]) -> list[tuple[str, str]] | str:
        """Return ids with a note each, in the order of preference; or what is wrong with the target."""
        match kind:
            case "person":
                return [(name, "")] if _actor(name) in self._people else self._no_person(name)
            case "team":
                team = self._teams.get(name)
                if team is None:
                    return "no such team in the directory"
                return (
                    self._on_call(team.oncall, at, avoid) if team.oncall else [(member, "") for member in team.members]
                )
            case "role":
                role = self.roles.get(name)
                if role is None:
                    return "no such role in the directory"
                if role.oncall:
                    return self._on_call(role.oncall, at, avoid)
                return [(holder, f"deputy {n} of {name}" if n else "") for n, holder in enumerate(role.holders)]
            case "oncall":
                return self._on_call(name, at, avoid)
            case _:
                return "a RACI part must be replaced by its targets before people are found"

    def _no_person(self, name: str) -> str:
        meant = did_you_mean(name, [person.id for person in self.people]).strip("; ?")
        return f"no such person in the directory{f' ({meant}?)' if meant else ''}"

    def _on_call(self, rotation: str, at: datetime, avoid: Collection[Actor]) -> list[tuple[str, str]] | str:
        if rotation not in self.rotations:
            return f"no rotation `{rotation}` in the directory"
        found = on_call(self.rotations[rotation], at)
        if found is None:
            return nobody(rotation, self.rotations[rotation], at)
        for person in (found.person, *found.others):
            why = found.why if person == found.person else f"has a later turn, {found.person} is away"
            present, why = self._present(person, why, at, avoid)
            if present:
                return [(present, f"{why} (rotation {rotation})")]
        return [(found.person, f"{found.why} (rotation {rotation})")]

    def _present(self, person: str, note: str, at: datetime, avoid: Collection[Actor]) -> tuple[str, str]:
        """Return a person who is there, or the first of their deputies who is; nobody and why when none is.

        Of the deputies those to ``avoid`` come last. Why somebody is away is their own matter, and not repeated.
        """
        known = self._people.get(_actor(person))
        absence = known.absence(at) if known is not None else None
        if absence is None:
            return person, note
        until = f"{absence.end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        away = f"{person} is away until {until}"
        there = [deputy for deputy in self._deputies(person) if self._people[_actor(deputy)].absence(at) is None]
        if not there:
            return "", f"{away} and has no deputy who is there"
        deputy = next((deputy for deputy in there if _actor(deputy) not in avoid), there[0])
        return deputy, "; ".join(part for part in (f"deputy: {away}", note) if part)


def example_file() -> Path:
    """Return the directory file that comes along: inside an installed package, or beside it in a checkout."""
    inside = Path(__file__).parent / "shipped"
    return (inside if inside.is_dir() else Path(__file__).parents[2] / "examples") / "directory.yaml"


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
    return directory


def _asked_again(found: FoundPerson) -> FoundPerson:
    again = "declined before, but nobody else was found"
    return found.changed({"note": f"{found.note}; {again}" if found.note else again})


def _actor(person: str) -> Actor:
    return f"{ActorKind.PERSON}:{person}"
