"""Proves the decision makers that a playbook promises: is somebody with the authority told in time, at every instant?

Two ways through the ladder are walked from every opening: everybody is silent, or at each level somebody without the
authority takes it and keeps it for as long as they may. A hold is a person's own act and not counted.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from typing import NamedTuple

from escalation.calendars import later
from escalation.choice import Choose
from escalation.foresight.asking import Asking, Query
from escalation.foresight.cases import Cases, Way
from escalation.foresight.foreseen import Foreseen, Report, Weight
from escalation.foresight.reach import Reach
from escalation.foresight.walk import CALLED_IN
from escalation.lifecycle.ladder import paths
from escalation.lifecycle.targets import of_raci
from escalation.lifecycle.triggers import level_of
from escalation.playbook.facts import FactValue
from escalation.playbook.gates import Expiry
from escalation.playbook.organisation import DecisionMaker
from escalation.values import Actor, Target, format_duration


class _Promised(NamedTuple):
    place: int
    policy: DecisionMaker
    able: frozenset[Actor]
    """Everybody who may decide so much."""


class DecisionMakers:
    """The promises of a playbook, walked through the days."""

    def __init__(self, asking: Asking, cases: Cases, reach: Reach, report: Report) -> None:
        self.asking = asking
        self.cases = cases
        self.reach = reach
        self.report = report
        self.playbook = asking.playbook
        self._promised = [
            _Promised(place, policy, self._able(policy)) for place, policy in enumerate(self.playbook.decision_makers)
        ]

    def walk(self, start: datetime, end: datetime) -> None:
        """Report every promise that is broken by an opening between two aware instants."""
        kept = [each for each in self._promised if self._possible(each)]
        if not kept:
            return
        changes = sorted({start, *self._changes(start, end + max(each.policy.within for each in kept))})
        waits = {step.at - at for at in changes for each in kept for steps in self._of(each, at) for step in steps}
        # So long before a change of shift, too, somebody else is found.
        shifted = {at - wait for at in changes for wait in (timedelta(0), *waits)}
        for at, until in pairwise((*sorted(each for each in shifted if start <= each < end), end)):
            self.report.look(at, until)
            for promised in kept:
                self._look(promised, at)

    def _changes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        yield from self.asking.directory.changes(start, end)
        for calendar in self.playbook.calendars.values():
            yield from calendar.changes(start, end)

    def _able(self, policy: DecisionMaker) -> frozenset[Actor]:
        limits = ((each.actor, each.may_decide(policy.authority)) for each in self.asking.directory.people)
        return frozenset(actor for actor, limit in limits if limit is not None and limit >= policy.amount)

    def _possible(self, promised: _Promised) -> bool:
        """Report a promise that no ladder could keep."""
        policy, place = promised.policy, ("decision_makers", promised.place)
        message = ""
        if not promised.able:
            message = f"nobody in the directory {_may(policy)}"
        for name in policy.severity:
            rank, gate = self.playbook.severity.rank(name), self._endless(name)
            if gate:
                message = (
                    f"gate {gate} stands before anybody is called at {name} and may stay closed: with on_expiry: "
                    "approve its deadline counts"
                )
            elif self._before_anybody(rank) > policy.within:
                message = (
                    f"at {name} nobody is called for up to {format_duration(self._before_anybody(rank))}, until the "
                    f"packet is complete and the gates are passed; promised is {format_duration(policy.within)}"
                )
        if message:
            self.report.add(Foreseen(Weight.ERROR, self.report.source.finding(place, message)))
        return not message

    # --- before anybody is called -------------------------------------------------------------------------------------

    def _before_anybody(self, rank: int) -> timedelta:
        """Return how long the packet and the gates before assignment may take at a severity."""
        context, name = self.playbook.context, self.playbook.severity.scale[rank].name
        allowed = context.incomplete_allowed
        at_once = allowed is not None and self._can_be(allowed, name) == {True}
        asked = sum((gate.deadline for gate in self.playbook.gates if self._stands(gate.id, name)), timedelta(0))
        return asked if at_once else asked + context.complete_within

    def _endless(self, severity: str) -> str:
        gates = (gate for gate in self.playbook.gates if gate.on_expiry is not Expiry.APPROVE)
        return next((gate.id for gate in gates if self._stands(gate.id, severity)), "")

    def _stands(self, gate_id: str, severity: str) -> bool:
        gate = self.playbook.gate(gate_id)
        return gate is not None and gate.before == "assignment" and True in self._can_be(gate.when, severity)

    def _can_be(self, text: str, severity: str) -> set[bool]:
        fixed: dict[str, FactValue] = {
            "severity": severity,
            "severity.rank": float(self.playbook.severity.rank(severity)),
        }
        together = self.reach.together([text], fixed)
        return {truth[0] for truth in together.truths} if together.complete else {True, False}

    # --- along the ladder ---------------------------------------------------------------------------------------------

    def _look(self, promised: _Promised, at: datetime) -> None:
        policy = promised.policy
        deadline = at + policy.within
        for way in self._ways(promised):
            for keeps in (False, True):
                steps = self._steps(way, at, deadline, keeps=keeps)
                if any(self._decided(promised, way.severity, step, deadline) for step in steps):
                    continue
                name, first = self.playbook.severity.scale[way.severity].name, self.playbook.levels[way.first].id
                along = f" along path {way.path}" if way.path else ""
                how = "when somebody else takes it and keeps it" if keeps else "when nobody answers"
                message = (
                    f"{how}, what is opened at {name} and begins at {first}{along} reaches nobody within "
                    f"{format_duration(policy.within)} who {_may(policy)}"
                )
                self.report.say(Weight.ERROR, ("decision_makers", promised.place), f"{way}/{keeps}", message)

    def _ways(self, promised: _Promised) -> list[Way]:
        """Return how it can begin at these severities; a trigger that is always true there says at least where."""
        found = []
        for name in promised.policy.severity:
            rank = self.playbook.severity.rank(name)
            always = [each for each in self.playbook.triggers if self._can_be(each.when, name) == {True}]
            least = max((level_of(self.playbook, each) for each in always), default=0)
            found += [
                way
                for way in self.cases.ways
                if way.severity == rank and way.first >= paths.at_least(self.playbook, way.path, least)
            ]
        return sorted(found)

    def _of(self, promised: _Promised, opened: datetime) -> Iterator[list["_Step"]]:
        for way in self._ways(promised):
            for keeps in (False, True):
                yield self._steps(way, opened, opened + promised.policy.within, keeps=keeps)

    def _steps(self, way: Way, opened: datetime, deadline: datetime, *, keeps: bool) -> list["_Step"]:
        return list(takewhile(lambda step: step.at <= deadline, self._walked(way, opened, keeps)))

    def _walked(self, way: Way, opened: datetime, keeps: bool) -> Iterator["_Step"]:
        """Yield whom it calls when, for ever: levels, cells that speak after a time, at the end the last resort."""
        levels, rank, place = tuple(self._levels(way)), way.severity, 0
        at = opened + self._before_anybody(rank)
        cells = self._cells(way, opened)
        yield _Step(at, self._asked(rank, levels[place], at))
        leaves = self._leaves(rank, levels[place], at, keeps)
        while True:
            if cells and cells[0].at <= leaves:
                cell = cells.pop(0)
                at, up = max(at, cell.at), cell.level is not None and cell.level > levels[place]
                if up:
                    place = next(each for each, index in enumerate(levels) if index == cell.level)
                    leaves = self._leaves(rank, levels[place], at, keeps)
                if cell.targets:
                    chosen = dict.fromkeys(level.choose for level in self.playbook.levels)
                    yield _Step(at, [(cell.targets, choose) for choose in chosen])
                elif up:
                    yield _Step(at, self._asked(rank, levels[place], at))
                continue
            at, place = leaves, min(place + 1, len(levels))
            if place == len(levels):
                break
            yield _Step(at, self._asked(rank, levels[place], at))
            leaves = self._leaves(rank, levels[place], at, keeps)
        last = self.playbook.levels[levels[-1]]
        while last.last_resort is not None:
            yield _Step(at, [((last.last_resort,), None)])
            at = later(self.playbook.calendar(last.calendar), at, last.ack)

    def _levels(self, way: Way) -> Iterator[int]:
        path = self.playbook.path(way.path)
        yield from (index for index in paths.ladder(self.playbook, way.path) if index >= way.first)
        while path is not None and path.then is not None:
            yield from paths.ladder(self.playbook, path.then)
            path = self.playbook.path(path.then)

    def _cells(self, way: Way, opened: datetime) -> list["_Cell"]:
        """Return the cells that speak after a time whatever the facts are, the earliest first."""
        playbook = self.playbook
        name = playbook.severity.scale[way.severity].name
        return sorted(
            (
                _Cell(
                    opened + cell.after,
                    paths.at_least(playbook, way.path, playbook.level_index(cell.level) or 0) if cell.level else None,
                    cell.targets,
                )
                for cell in playbook.matrix
                if cell.after is not None and cell.when is None and name in cell.severity
            ),
            key=lambda cell: cell.at,
        )

    def _asked(self, rank: int, index: int, at: datetime) -> list["_Called"]:
        are_open = frozenset(name for name in self.cases.calendars if self.playbook.calendars[name].is_open(at))
        orders = (order for order in self.cases.orders if (order.severity, order.level) == (rank, index))
        found = (self.cases.asked(order, are_open) for order in orders)
        return list(dict.fromkeys((targets, choose) for _, targets, choose in found))

    def _leaves(self, rank: int, index: int, at: datetime, keeps: bool) -> datetime:
        """Return until when it stays at a level that it comes to then."""
        playbook = self.playbook
        level, name = playbook.levels[index], playbook.severity.scale[rank].name
        cells = (each for each in playbook.matrix if each.after is None and each.level == level.id)
        here = level.at(next((each for each in cells if name in each.severity), None))
        stays = here.dwell if keeps else min(here.dwell, here.ack * (here.repeat + 1))
        return later(playbook.calendar(level.calendar), at, stays)

    # --- who is told --------------------------------------------------------------------------------------------------

    def _decided(self, promised: _Promised, rank: int, step: "_Step", deadline: datetime) -> bool:
        """Tell whether each of the calls that may be made then tells somebody in time who may decide."""
        return bool(step.called) and all(
            self._tells(
                promised,
                self.asking.told_at(query, step.at, deadline) if rank in self.asking.waiting else step.at,
                query,
                choose,
            )
            for targets, choose in step.called
            for stage in CALLED_IN
            for query in self.asking.queries(of_raci(self.playbook.raci[stage], targets), choose=choose)
        )

    def _tells(self, promised: _Promised, told: datetime | None, query: Query, choose: Choose | None) -> bool:
        if told is None or promised.able.isdisjoint(self.asking.ask(query, told).reachable):
            return False
        directory = self.asking.directory
        if choose is None and not directory.chooses:
            return True
        # Who is chosen depends on load and turns: it must hold whoever it is.
        return promised.able.issuperset(each for target in query.search.targets for each in directory.members(target))


_Called = tuple[tuple[Target, ...], Choose | None]


class _Step(NamedTuple):
    at: datetime
    called: list[_Called]


class _Cell(NamedTuple):
    at: datetime
    level: int | None
    targets: tuple[Target, ...]


def _may(policy: DecisionMaker) -> str:
    return f"may decide {policy.authority}" + (f" up to {policy.amount:g}" if policy.amount else "")
