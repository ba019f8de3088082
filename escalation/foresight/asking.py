"""Asks a directory at many instants, and each thing only once.

Whom a search finds depends on time only through who has which shift and who is away. So an answer is known as soon as
the same search was made before with the same shifts and absences, of those people and rotations that it can lead to.
The directory's own ``find`` is asked, the same that is asked when it happens.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from math import inf
from typing import Any, NamedTuple

from escalation.people.directory import Directory
from escalation.people.found import People
from escalation.people.schedules import on_call
from escalation.people.search import Search
from escalation.playbook.schema import Playbook
from escalation.values import Actor, Target, split_target

Shift = tuple[str, tuple[str, ...]] | None


class Answer(NamedTuple):
    """Who is found."""

    people: tuple[Actor, ...]
    reachable: tuple[Actor, ...]
    """Those of them who have a contact point on a connected channel."""
    fell_back: bool
    filled: frozenset[Target]
    """Targets that led to somebody."""


class Query(NamedTuple):
    """A search, and what its answer depends on; made by ``Asking.query``."""

    number: int
    search: Search
    rotations: tuple[str, ...]
    people: frozenset[str]
    """Ids of everybody it can lead to."""
    about: str = ""
    """Of which amount, where that makes a difference: words that follow what is found."""


class _Moment(NamedTuple):
    """What answers depend on at an instant, as far as it was asked for."""

    away: frozenset[str]
    shifts: dict[str, Shift]


class Asking:
    """A playbook's questions to a directory, and the answers it gave."""

    def __init__(self, playbook: Playbook, directory: Directory, channels: Collection[str] | None) -> None:
        self.playbook = playbook
        self.directory = directory
        self.channels = channels
        """Names of the channels that are connected; None: every channel counts as one."""
        self.reachable = frozenset(
            person.actor
            for person in directory.people
            if channels is None or any(contact.channel in channels for contact in person.contacts)
        )
        """Everybody who has a contact point on a connected channel."""
        self.waiting = frozenset(
            rank
            for rank, level in enumerate(playbook.severity.scale)
            if level.waits_for_hours and any(person.hours is not None for person in directory.people)
        )
        """Ranks at which pages wait for people's working hours."""
        self.queries = cache(self._queries)
        """The searches for targets, one for each amount that makes a difference; see ``_queries``."""
        self._numbers = 0
        self._answers: dict[tuple[object, ...], Answer] = {}
        self._opens: dict[tuple[Actor, datetime], datetime | None] = {}
        self._sometimes_away = [person for person in directory.people if person.away]
        self._moments: dict[datetime, _Moment] = {}

    def ask(self, query: Query, at: datetime) -> Answer:
        """Return whom a search finds at an aware instant."""
        moment = self._moments.get(at)
        if moment is None:
            away = frozenset(each.id for each in self._sometimes_away if each.absence(at) is not None)
            moment = self._moments[at] = _Moment(away, {})
        shifts = tuple([self._shift(rotation, moment, at) for rotation in query.rotations])
        key = (query.number, shifts, moment.away & query.people)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = self._answer(self.find(query, at))
        return answer

    def find(self, query: Query, at: datetime) -> People:
        """Ask the directory itself: with the notes, which speak of instants."""
        return self.directory.find(query.search, at)

    def opens_at(self, person: Actor, at: datetime) -> datetime | None:
        """Return when a person's working hours begin, as the directory says it when they are found; None: no wait."""
        key = (person, at)
        if key not in self._opens:
            known = self.directory.person(person)
            self._opens[key] = known.opens_at(at) if known is not None else None
        return self._opens[key]

    def told_at(self, query: Query, at: datetime, latest: datetime) -> datetime | None:
        """Return when the first of a round's people is told; None: not until then, although somebody is called.

        A page is held once (``lifecycle.hours``): whoever is found when the first one's hours begin is told then.
        """
        begin = [self.opens_at(person, at) for person in self.ask(query, at).reachable]
        if not begin or any(opens is None or opens <= at for opens in begin):
            return at
        told = min(opens for opens in begin if opens is not None)
        return told if told <= latest else None

    def rotations(self, targets: Iterable[Target]) -> tuple[str, ...]:
        """Name the rotations that targets lead to."""
        named: dict[str, None] = {}
        for target in targets:
            kind, name = split_target(target)
            team, role = self.directory.team(name), self.directory.roles.get(name)
            if kind == "team" and team is not None and team.oncall:
                named[team.oncall] = None
            elif kind == "role" and role is not None and role.oncall:
                named[role.oncall] = None
            elif kind == "oncall" and name in self.directory.rotations:
                named[name] = None
        return tuple(named)

    # --- questions ----------------------------------------------------------------------------------------------------

    def _queries(self, targets: tuple[Target, ...], exclude: tuple[Actor, ...] = (), **more: Any) -> tuple[Query, ...]:
        """Make the searches for targets that are no part of RACI.

        One for each amount at which an authority among them means other people; one where there is none.
        """
        return tuple(
            self._query(targets, exclude, {**more, "authority": amounts}, about)
            for amounts, about in self._amounts(targets)
        )

    def _query(
        self, targets: tuple[Target, ...], exclude: tuple[Actor, ...], more: dict[str, Any], about: str
    ) -> Query:
        fallback = self.playbook.owner
        called = (*targets, fallback)
        people = {actor.partition(":")[2] for target in called for actor in self.directory.members(target)}
        self._numbers += 1
        search = Search(targets=targets, fallback=fallback, exclude=exclude, **more)
        return Query(self._numbers, search, self.rotations(called), frozenset(people), about)

    def _amounts(self, targets: tuple[Target, ...]) -> list[tuple[dict[str, float | None], str]]:
        """Return the amounts that make a difference, the least first: all that people may decide, and one above."""
        kinds = [name for kind, name in map(split_target, targets) if kind == "authority"]
        found: list[tuple[dict[str, float | None], str]] = [({}, "")]
        for kind in dict.fromkeys(kinds):
            fact = self.playbook.needs.authority.get(kind)
            if fact is None:
                continue
            least, most, known = self._limits(fact)
            limits = {limit for person in self.directory.people if (limit := person.may_decide(kind)) is not None}
            tried: list[float | None] = [
                *sorted({least, *(each for each in limits if least < each <= most), most} - {inf})
            ]
            if not known or most == inf:
                tried.append(None)
            found = [
                ({**amounts, kind: amount}, f" when {fact} is {'not known' if amount is None else f'{amount:g}'}")
                for amounts, _ in found
                for amount in tried
            ]
        return found

    def _limits(self, fact: str) -> tuple[float, float, bool]:
        """Return the least and the highest amount that a fact may hold, and whether it is always known."""
        policy = self.playbook.fields.get(fact)
        if policy is None:
            return 0.0, inf, fact in self.playbook.defaults
        least = max(0.0, policy.minimum or 0.0)
        most = inf if policy.maximum is None else policy.maximum
        return least, most, policy.required or fact in self.playbook.defaults

    # --- answers ------------------------------------------------------------------------------------------------------

    def _shift(self, rotation: str, moment: _Moment, at: datetime) -> Shift:
        if rotation not in moment.shifts:
            found = on_call(self.directory.rotations[rotation], at)
            moment.shifts[rotation] = (found.person, found.others) if found is not None else None
        return moment.shifts[rotation]

    def _answer(self, people: People) -> Answer:
        found = tuple(each.person for each in people.people)
        return Answer(
            people=found,
            reachable=tuple(each for each in found if each in self.reachable),
            fell_back=people.fell_back,
            filled=frozenset(target for each in people.people for target in (each.via, *each.also_via)),
        )
