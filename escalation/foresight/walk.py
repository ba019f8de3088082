"""Walks the instants at which anybody else may be found: is somebody told then, and in time?

Between two such instants every answer is the same. At a severity at which pages wait for people's hours, somebody is
told when the first of those who are called begins to work.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from escalation.calendars import later
from escalation.explain import Location
from escalation.foresight.asking import Answer, Asking, Query
from escalation.foresight.cases import Call, Cases
from escalation.foresight.foreseen import Report, Weight
from escalation.foresight.gates import Gates
from escalation.foresight.incidents import led_by
from escalation.foresight.informed import spoken_to
from escalation.lifecycle.targets import of_raci
from escalation.playbook.clocks import Stops
from escalation.playbook.schema import Stage
from escalation.values import Actor, Target, format_duration

CALLED_IN = (Stage.ASSIGNMENT, Stage.RESOLUTION, Stage.APPROVAL)
"""Stages in which a round of pages may begin: after the first it may be because its owner is silent, or too slow."""


class _Planned(NamedTuple):
    call: Call
    queries: tuple[Query, ...]


class _Page(NamedTuple):
    call: Call
    query: Query
    rank: int


class Walk:
    """One walk through the days."""

    def __init__(self, asking: Asking, cases: Cases, report: Report) -> None:
        self.asking = asking
        self.cases = cases
        self.report = report
        self.playbook = asking.playbook
        self.gates = Gates(asking, report)
        self._plan = cache(self._planned)
        self._told_anyway = tuple(self._beside())

    def walk(self, start: datetime, end: datetime) -> int:
        """Report everything between two aware instants; return at how many instants was looked."""
        instants = self._instants(start, end)
        called: set[Actor] = set()
        patience = end - start
        for at, until in pairwise((*instants, end)):
            self.report.look(at, until)
            for call, queries in self._plan(self._open(at)):
                for query in queries:
                    answer = self.asking.ask(query, at)
                    self._told(call.place, query, answer, at)
                    called.update(answer.people)
                    for rank in sorted(call.severities & self.asking.waiting):
                        self._in_time(_Page(call, query, rank), at, patience)
            for place, query in self._told_anyway:
                self._told(place, query, self.asking.ask(query, at), at)
            self.gates.decidable(called, at)
        self.gates.end()
        return len(instants)

    def _open(self, at: datetime) -> frozenset[str]:
        return frozenset(name for name in self.cases.calendars if self.playbook.calendars[name].is_open(at))

    def _instants(self, start: datetime, end: datetime) -> list[datetime]:
        found = {start, *self.asking.directory.changes(start, end)}
        for name in self.cases.calendars:
            found.update(self.playbook.calendars[name].changes(start, end))
        return sorted(found)

    def _planned(self, are_open: frozenset[str]) -> tuple[_Planned, ...]:
        return tuple(
            _Planned(call, tuple(self._of(call.targets, call, CALLED_IN))) for call in self.cases.calls(are_open)
        )

    def _of(self, targets: tuple[Target, ...], call: Call | None, stages: tuple[Stage, ...]) -> Iterator[Query]:
        meant = dict.fromkeys(of_raci(self.playbook.raci[stage], targets) for stage in stages)
        for each in meant:
            yield from self.asking.queries(each, choose=call.choose if call is not None else None)

    def _beside(self) -> Iterator[tuple[Location, Query]]:
        """Yield whom the playbook tells beside the ladder: whoever is accountable, those of clocks and automations."""
        for stage, row in self.playbook.raci.items():
            for query in self._of((row.accountable,), None, (stage,)):
                yield ("raci", str(stage), "accountable"), query
        for name, clock in self.playbook.clocks.items():
            if clock.tell:
                for query in self._of(clock.tell, None, CALLED_IN):
                    yield ("clocks", name, "tell"), query
        talk = self.playbook.communication
        for place, target in (*(spoken_to(talk) if talk is not None else ()), *led_by(self.playbook)):
            for query in self._of((target,), None, CALLED_IN):
                yield place, query
        for index, automation in enumerate(self.playbook.automations):
            for position, targets in automation.targets() if automation.enabled else ():
                for query in self._of(targets, None, CALLED_IN):
                    yield ("automations", index, "then", position), query

    # --- is somebody told? --------------------------------------------------------------------------------------------

    def _told(self, place: Location, query: Query, answer: Answer, at: datetime) -> None:
        if answer.reachable and not answer.fell_back:
            return
        owner, say = self.playbook.owner, self.report.say
        if not answer.people:
            nobody = f"nobody is told{query.about}, not even {owner}."
            say(Weight.ERROR, place, "silence", lambda: f"{nobody} {self._notes(query, at)}")
        elif not answer.reachable:
            names = ", ".join(answer.people)
            message = f"nobody can be reached{query.about}: no contact point on a connected channel for {names}"
            say(Weight.ERROR, place, "unreachable", message)
        else:
            instead = f"nobody is there{query.about}, so the playbook's owner {owner} is told instead."
            say(Weight.WARNING, place, "gap", lambda: f"{instead} {self._notes(query, at)}")

    def _notes(self, query: Query, at: datetime) -> str:
        return " ".join(note for note in self.asking.find(query, at).notes if "is asked instead" not in note)

    # --- and in time? -------------------------------------------------------------------------------------------------

    def _in_time(self, page: _Page, at: datetime, patience: timedelta) -> None:
        told = self.asking.told_at(page.query, at, at + patience)
        if told == at:
            return
        place, severity = page.call.place, self.playbook.severity.scale[page.rank].name
        if told is None:
            message = (
                f"a page at {severity} waits for working hours that do not begin within {format_duration(patience)}: "
                "nobody is told"
            )
            self.report.say(Weight.ERROR, place, "never", message)
            return
        for name, clock in self.playbook.clocks.items():
            limit = clock.allowed(severity)
            if limit is None or clock.ends(name) is not Stops.ACKNOWLEDGED:
                continue
            if told > later(self.playbook.calendar_of(name), at, limit):
                late = (
                    f"a page at {severity} waits {format_duration(told - at)} for somebody's working hours, and clock "
                    f"{name} allows {format_duration(limit)}"
                )
                self.report.say(Weight.WARNING, place, f"late:{name}", late)
