"""Finding: one search of the directory at one instant. ``Directory.find`` is the entry.

What is passed over, left out or spared is said in a note, and each person found comes with why it is this one:

- *passed over*: excluded, or concerned by the case; never found.
- *left out*: declined before; found only when the targets lead to nobody else.
- *spared*: had as many pages as they may. Others of the same target are asked first, then the deputy, then they all the
  same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from escalation.choice import Choose, Criterion
from escalation.explain import did_you_mean
from escalation.people.authority import authorised, nobody_may
from escalation.people.choosing import Matter, choose, plain
from escalation.people.fatigue import too_many
from escalation.people.feeds import FeedRotation
from escalation.people.found import FoundPerson, People, Why
from escalation.people.schedules import By, OnCall, nobody, on_call
from escalation.people.search import Known, Pages, Search
from escalation.people.wanted import limited, policy_of, wanted
from escalation.values import Actor, Target, split_target

if TYPE_CHECKING:
    from escalation.people.directory import Directory, Person


class _Tired(IntEnum):
    """What becomes of who had too many pages, tried one after the other."""

    SPARED = 0
    DEPUTY_ASKED = 1
    ASKED = 2


_WAYS = tuple(_Tired)


class _Note(str):
    """A note in English that knows which circumstances it tells of."""

    __slots__ = ("why",)
    why: tuple[Why, ...]

    @classmethod
    def of(cls, english: str, *why: Why) -> _Note:
        """Make the note of its words and circumstances."""
        note = cls(english)
        note.why = why
        return note


class _Candidate(NamedTuple):
    """Somebody who may be meant; without a person, why nobody is."""

    person: Person | None
    note: str = ""


class _Resolved(NamedTuple):
    """What one target means."""

    found: list[tuple[Person, str]]
    notes: list[str]
    left_out: list[Actor]
    spared: list[Actor]


class Finder:
    """One search; ``people`` answers it."""

    def __init__(self, directory: Directory, search: Search, at: datetime, known: Known) -> None:
        self.directory = directory
        self.search = search
        self.at = at
        self.known = known
        self.excluded = tuple(
            dict.fromkeys(actor for target in search.exclude_targets for actor in self._members(target))
        )
        self.barred = {*search.exclude, *search.concerned, *self.excluded}
        self.found: dict[Actor, FoundPerson] = {}
        self.notes: list[str] = []
        self.left_out: dict[Actor, None] = {}
        self.spared: dict[Actor, None] = {}
        self.feeds: dict[str, str] = {}
        self.ends: dict[Actor, datetime] = {}
        self.tired = dict(self._tired()) if known.pages is not None else {}

    def people(self) -> People:
        """Return who is found, who else may act, and everything worth saying about it."""
        search = self.search
        for target in search.targets:
            self._add(target, search.declined)
        if not self.found and self.left_out:
            self.notes.clear()
            self.spared.clear()
            for target in search.targets:
                self._add(target, ())
            self.found = {actor: _asked_again(each) for actor, each in self.found.items()}
            self.left_out.clear()
        self.notes += [f"{actor} declined before and is left out." for actor in self.left_out]
        fallback = search.fallback if not self.found else None
        nobody: tuple[Actor, ...] = ()
        if fallback is not None:
            self.notes.append(f"Nobody could be found for what was asked, so {fallback} is asked instead.")
            self._add(fallback, ())
            if not self.found:
                self.notes.append(f"Nobody could be found for {fallback} either, so nobody is told.")
                nobody = self._told_of_nobody(fallback)
        spared = tuple(actor for actor in self.spared if actor not in self.found)
        self.notes += [f"{actor} is spared: {self.tired[actor]}." for actor in spared]
        unknown = tuple(actor for actor in search.concerned if self.directory.person(actor) is None)
        self.notes += [f"concerns names {actor}, whom the directory does not know." for actor in unknown]
        self.notes += self._unknown()
        members = (actor for target in (*search.targets, *search.also) for actor in self._members(target))
        also = dict.fromkeys(each for each in members if each not in self.found and each not in self.barred)
        return People.made(
            {
                "people": tuple(self.found.values()),
                "fell_back": fallback is not None,
                "notes": tuple(dict.fromkeys(self.notes)),
                "also": tuple(also),
                "nobody": nobody,
                "unknown": unknown,
                "left_out": tuple(self.left_out),
                "spared": spared,
                "excluded": self.excluded,
                "feeds": self.feeds,
            }
        )

    def _told_of_nobody(self, fallback: Target) -> tuple[Actor, ...]:
        """Return who is told that nobody can take it: a manager whom it is not about, else whom the fallback names.

        Up the chain from each of those who would have been asked. The fallback's people may be away, or concerned: that
        is why they are told nothing else.
        """
        meant = [self.directory.person(actor) for target in self.search.all_targets for actor in self._members(target)]
        chain = [person for person in meant if person is not None]
        for person in chain:
            manager = self.directory.by_id(person.manager) if person.manager is not None else None
            if manager is None:
                continue
            if manager.actor not in self.search.concerned and manager.absence(self.at) is None:
                return (manager.actor,)
            if manager not in chain:
                chain.append(manager)
        last = [self.directory.person(actor) for actor in self._members(fallback)]
        there = [person for person in last if person is not None]
        there.sort(key=lambda person: person.absence(self.at) is not None)
        return tuple(person.actor for person in there[:1])

    def _members(self, target: Target) -> Sequence[Actor]:
        if not target.startswith("authority:"):
            return self.directory.members(target)
        name = split_target(target)[1]
        return [person.actor for person, _ in authorised(self.directory, self.search, name)]

    # --- one target --------------------------------------------------------------------------------------------------

    def _add(self, target: Target, declined: Sequence[Actor]) -> None:
        for tired in _WAYS if self.tired else (_Tired.ASKED,):
            resolved = self._resolve(target, declined, tired)
            self.spared |= dict.fromkeys(resolved.spared)
            if resolved.found or not resolved.spared:
                break
        self.notes += [f"{target}: {note}." for note in resolved.notes]
        self.left_out |= dict.fromkeys(resolved.left_out)
        for person, note in resolved.found:
            known = self.found.get(person.actor)
            if known is None:
                opens_at = person.opens_at(self.at)
                until = self.ends.get(person.actor) if self.search.shift_ends else None
                self.found[person.actor] = FoundPerson.made(
                    {
                        "person": person.actor,
                        "via": target,
                        "note": str(note),
                        "why": _why(note),
                        "opens_at": opens_at,
                        "until": until,
                    }
                )
            elif target not in (known.via, *known.also_via):
                self.found[person.actor] = known.changed({"also_via": (*known.also_via, target)})

    def _resolve(self, target: Target, declined: Sequence[Actor], tired: _Tired) -> _Resolved:
        kind, name = split_target(target)
        resolved = _Resolved([], [], [], [])
        policy = policy_of(self.directory, self.search, target)
        everybody = policy is not None and policy.by == (Criterion.EVERYBODY,)
        if kind == "authority" or (policy is not None and not everybody):
            self._choose(target, policy, declined, resolved)
            return resolved
        avoid = {*self.search.exclude, *self.excluded, *declined}
        if everybody:
            candidates: list[_Candidate] | str = self._all_of(name, avoid)
        else:
            candidates = self._candidates(kind, name, avoid, tired, resolved)
        if isinstance(candidates, str):
            resolved.notes.append(candidates)
            return resolved
        for candidate in candidates:
            picked = self._picked(candidate, declined, tired, resolved)
            if picked is None:
                continue
            if picked[0] not in (person for person, _ in resolved.found):
                resolved.found.append(picked)
            if kind == "role":
                break
        return resolved

    def _picked(
        self, candidate: _Candidate, declined: Sequence[Actor], tired: _Tired, resolved: _Resolved
    ) -> tuple[Person, str] | None:
        """Return who is asked for a candidate; None when nobody may be, noted in ``resolved``."""
        person, note = candidate
        if not self._may(candidate, resolved) or person is None:
            return None
        if person.actor in declined:
            resolved.left_out.append(person.actor)
            return None
        if person.actor not in self.tired:
            return person, note
        why = self.tired[person.actor]
        if tired is _Tired.ASKED:
            spent = _Note.of(f"has had {why}, but nobody else was found", Why(what="though_spent"))
            return person, _joined(spent, note)
        resolved.spared.append(person.actor)
        if tired is _Tired.SPARED:
            return None
        avoid = {*self.barred, *declined, *self.tired}
        there = (each for each in self._there(person) if each.actor not in avoid)
        deputy = next(there, None)
        spared = _Note.of(f"deputy: {person.id} is spared ({why})", Why(what="deputy_of_spared", who=person.actor))
        return None if deputy is None else (deputy, _joined(spared, note))

    def _may(self, candidate: _Candidate, resolved: _Resolved) -> bool:
        """Tell whether somebody is there and may be asked; why not is noted."""
        person, note = candidate
        if person is None:
            resolved.notes.append(note)
            return False
        if person.actor in self.barred:
            why = "is concerned by this" if person.actor in self.search.concerned else "may not be asked here"
            resolved.notes.append(f"{person.actor} {why} and is passed over")
            return False
        return True

    # --- who may be meant --------------------------------------------------------------------------------------------

    def _candidates(
        self, kind: str, name: str, avoid: set[Actor], tired: _Tired, resolved: _Resolved
    ) -> list[_Candidate] | str:
        """Return who may be meant, in the order of preference; or what is wrong with the target."""
        directory = self.directory
        match kind:
            case "person":
                known = directory.by_id(name)
                if known is None:
                    return self._no("person", name, (each.id for each in directory.people))
                return [self._present(known, "", avoid)]
            case "team":
                team = directory.team(name)
                if team is None:
                    return self._no("team", name, (each.id for each in directory.teams))
                return self._on_call(team.oncall, avoid, tired, resolved) if team.oncall else self._all_of(name, avoid)
            case "role":
                role = directory.roles.get(name)
                if role is None:
                    return self._no("role", name, directory.roles)
                if role.oncall:
                    return self._on_call(role.oncall, avoid, tired, resolved)
                return [
                    self._present(directory.get(holder), f"deputy {n} of {name}" if n else "", avoid)
                    for n, holder in enumerate(role.holders)
                ]
            case "oncall":
                return self._on_call(name, avoid, tired, resolved)
            case _:
                return "a RACI part must be replaced by its targets before people are found"

    def _no(self, what: str, name: str, known: Iterable[str]) -> str:
        meant = did_you_mean(name, tuple(known)).strip("; ?")
        return f"no such {what} in the directory{f' ({meant}?)' if meant else ''}"

    def _all_of(self, name: str, avoid: set[Actor]) -> list[_Candidate]:
        team = self.directory.team(name)
        return [self._present(self.directory.get(each), "", avoid) for each in team.members] if team else []

    def _on_call(self, rotation: str, avoid: set[Actor], tired: _Tired, resolved: _Resolved) -> list[_Candidate] | str:
        if rotation not in self.directory.rotations:
            return self._no("rotation", rotation, self.directory.rotations)
        turns = self.directory.rotations[rotation]
        if isinstance(turns, FeedRotation) and (wrong := turns.nobody() or turns.age(self.at)):
            self.feeds[rotation] = wrong
        shift = on_call(turns, self.at)
        if shift is None:
            return nobody(rotation, turns, self.at)
        if shift.until is not None:
            self.ends[self.directory.get(shift.person).actor] = shift.until
        passed_over: list[_Candidate] = []
        away = "away"
        for each in (shift.person, *shift.others):
            why = _of_shift(shift) if each == shift.person else self._later(shift.person, away)
            person, note = self._present(self.directory.get(each), why, avoid)
            if person is None:
                continue
            candidate, actor = _Candidate(person, _in(rotation, note)), person.actor
            if actor in self.search.concerned or (tired is _Tired.SPARED and actor in self.tired):
                passed_over.append(candidate)
                if each == shift.person:
                    away = "concerned" if actor in self.search.concerned else "spared"
                continue
            for other in passed_over:
                self._picked(other, (), tired, resolved)  # to say why it is not they
            return [candidate]
        if passed_over:
            return passed_over
        return [self._present(self.directory.get(shift.person), _in(rotation, _of_shift(shift)), avoid)]

    def _present(self, person: Person, note: str, avoid: set[Actor]) -> _Candidate:
        """Return a person who is there, or the first of their deputies who is; nobody and why when none is.

        Of the deputies those to ``avoid`` come last. Why somebody is away is their own matter, and not repeated.
        """
        absence = person.absence(self.at)
        if absence is None:
            return _Candidate(person, note)
        away = f"{person.id} is away until {absence.end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        there = list(self._there(person))
        if not there:
            return _Candidate(None, f"{away} and has no deputy who is there")
        avoid = avoid | self.barred
        deputy = next((deputy for deputy in there if deputy.actor not in avoid), there[0])
        why = Why(what="deputy", who=person.actor, until=absence.end)
        return _Candidate(deputy, _joined(_Note.of(f"deputy: {away}", why), note))

    def _later(self, first: str, away: str) -> _Note:
        why = Why(what="later_turn", who=self.directory.get(first).actor)
        return _Note.of(f"has a later turn, {first} is {away}", why)

    def _spent(self, actor: Actor) -> str:
        if actor not in self.tired:
            return ""
        return _Note.of(f"has had {self.tired[actor]}, but too few others are there", Why(what="though_spent"))

    def _there(self, person: Person) -> Iterator[Person]:
        """Yield a person's deputies who are not away."""
        deputies = map(self.directory.get, self.directory.deputies(person.id))
        return (deputy for deputy in deputies if deputy.absence(self.at) is None)

    # --- choosing ----------------------------------------------------------------------------------------------------

    def _choose(self, target: Target, policy: Choose | None, declined: Sequence[Actor], resolved: _Resolved) -> None:
        kind, name = split_target(target)
        by = policy.by if policy is not None else ()
        on_duty: Actor | None = None
        if kind == "authority":
            candidates = [
                _Candidate(person, note)
                for person, note in authorised(self.directory, self.search, name)
                if person.absence(self.at) is None
            ]
            if not candidates:
                resolved.notes.append(nobody_may(self.directory, self.search, name))
        else:
            candidates, on_duty = self._of_team(name, by, {*self.search.exclude, *self.excluded, *declined}, resolved)
        there: dict[Actor, tuple[Person, str]] = {}
        for candidate in candidates:
            person = candidate.person
            if not self._may(candidate, resolved) or person is None:
                continue
            if person.actor in declined:
                resolved.left_out.append(person.actor)
            else:
                there.setdefault(person.actor, (person, candidate.note))
        everybody = by == (Criterion.EVERYBODY,)
        take = None if everybody else max(self.search.at_least, (policy.take if policy else None) or 1)
        turn = self.known.turns.get(target)
        skills = frozenset(map(plain, self.search.skills))
        matter = Matter(skills, self.known.owned, turn, self.known.previous, on_duty)
        people = [person for person, _ in there.values()]
        fresh = [person for person in people if person.actor not in self.tired]
        chosen = choose(fresh if everybody and fresh else people, by, take, matter, self.tired)
        by_order = "the lowest of {} that suffice" if kind == "authority" else "first of {} equals as written"
        for actor, why, equals in chosen:
            person, note = there[actor]
            placed = by_order.format(equals) if equals > 1 else ""
            spent = self._spent(actor)
            resolved.found.append((person, _joined(why, placed, spent, note)))
        if self.tired:
            taken = {each.actor for each in chosen}
            before = choose(people, by, take, matter)
            resolved.spared.extend(
                each.actor for each in before if each.actor in self.tired and each.actor not in taken
            )

    def _of_team(
        self, name: str, by: Sequence[Criterion], avoid: set[Actor], resolved: _Resolved
    ) -> tuple[list[_Candidate], Actor | None]:
        """Return a team's people who may be meant, and who of them is on call where that counts."""
        team, candidates = self.directory.team(name), self._all_of(name, avoid)
        if Criterion.ON_CALL in by and team is not None and team.oncall:
            on_duty = self._on_call(team.oncall, avoid, _Tired.ASKED, resolved)
            if not isinstance(on_duty, str) and (first := on_duty[0].person) is not None:
                return [*on_duty, *candidates], first.actor
        return candidates, None

    # --- what is known from outside ----------------------------------------------------------------------------------

    def _tired(self) -> Iterator[tuple[Actor, str]]:
        for actor, start in limited(self.directory, self.search, self.at):
            person = self.directory.person(actor)
            if person is not None and person.at_most is not None:
                pages = (self.known.pages or {}).get(actor, Pages())
                why = too_many(person.at_most, pages, by_night=start.night is not None)
                if why:
                    yield actor, why

    def _unknown(self) -> Iterator[str]:
        """Say what would have counted and is not known."""
        if not (self.directory.burdened or self.search.choose or self.directory.chooses):
            return
        needed, known, without = wanted(self.directory, self.search, self.at), self.known, self.known.without
        if needed.owned and known.owned is None:
            yield f"How many escalations everybody has open is {without}: chosen without it."
        if any(target not in known.turns for target in needed.turns):
            yield f"Whose turn it is is {without}: chosen without it."
        if needed.pages and known.pages is None:
            yield f"How many pages everybody had is {without}: nobody is spared."
        if needed.previous and known.previous is None:
            yield f"Who owned the case before is {without}: chosen without it."


def _asked_again(found: FoundPerson) -> FoundPerson:
    again = _joined(found.note, "declined before, but nobody else was found")
    return found.changed({"note": str(again), "why": (*found.why, Why(what="though_declined"))})


def _of_shift(shift: OnCall) -> _Note:
    return _Note.of(shift.why, *([Why(what="in_place")] if shift.by is By.OVERRIDE else []))


def _in(rotation: str, note: str) -> _Note:
    return _Note.of(f"{note} (rotation {rotation})", *_why(note))


def _why(note: str) -> tuple[Why, ...]:
    return note.why if isinstance(note, _Note) else ()


def _joined(*parts: str) -> _Note:
    return _Note.of("; ".join(part for part in parts if part), *(why for part in parts for why in _why(part)))
