"""Paths: which levels an escalation climbs, and what a level asks for at its severity and at this hour.

The playbook's ``levels`` are the one order of all levels. A path takes some of them in that order; without paths it is
every level. A cell of the matrix changes what a level asks for at a severity, or speaks after a time. A route sends to
other people, always, or only in or out of the hours of a calendar. Who is asked: a route, else a cell, else the level.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from escalation.calendars import Calendar, later
from escalation.choice import Choose
from escalation.errors import NotNow, Unknown
from escalation.lifecycle.facts import Facts, basis_of, condition, derive
from escalation.model.state import Escalation
from escalation.playbook.ladder import Cell, LevelPolicy, PathPolicy, Route
from escalation.playbook.schema import Playbook
from escalation.values import Target


class Step(NamedTuple):
    """What a level asks for, as severity and hour have it."""

    targets: tuple[Target, ...]
    ack: timedelta
    dwell: timedelta
    channels: tuple[str, ...]
    choose: Choose | None
    calendar: Calendar | None
    """In whose business time ``ack`` and ``dwell`` run; None: wall time."""

    def ack_due(self, since: datetime) -> datetime:
        """Return until when a round that began then waits."""
        return later(self.calendar, since, self.ack)

    def dwell_due(self, since: datetime) -> datetime:
        """Return until when an escalation that came to the level then may stay."""
        return later(self.calendar, since, self.dwell)


def step(state: Escalation, policy: LevelPolicy, now: datetime) -> Step:
    """Say what a level asks for now."""
    here, route = policy.at(_cell(state, policy)), _route(state, policy, now)
    return Step(
        targets=route.targets if route is not None else here.targets,
        ack=here.ack,
        dwell=here.dwell,
        channels=here.channels,
        choose=(route.choose if route is not None else None) or here.choose,
        calendar=state.playbook.calendar(here.calendar),
    )


def repeats(state: Escalation) -> int:
    """Return how many more rounds the present level has after the first."""
    policy = state.level_policy
    return policy.at(_cell(state, policy)).repeat if policy is not None else 0


def _cell(state: Escalation, policy: LevelPolicy) -> Cell | None:
    for cell in state.playbook.matrix:
        if cell.after is None and cell.level == policy.id and state.severity in cell.severity:
            return cell
    return None


def _route(state: Escalation, policy: LevelPolicy, now: datetime) -> Route | None:
    facts: Facts | None = None
    playbook = state.playbook
    for route in playbook.routing:
        if (route.level or state.first_level) != policy.id or not _is_hour(playbook, route, now):
            continue
        facts = facts or derive(basis_of(state))
        if condition(playbook, route.when).true(facts):
            return route
    return None


def _is_hour(playbook: Playbook, route: Route, now: datetime) -> bool:
    if route.during is not None and not playbook.calendars[route.during].is_open(now):
        return False
    return route.outside is None or not playbook.calendars[route.outside].is_open(now)


# --- the levels of a path ---------------------------------------------------------------------------------------------


def choose(playbook: Playbook, facts: Facts) -> PathPolicy | None:
    """Return the first path whose condition is true; None when the playbook has no paths."""
    return next((path for path in playbook.paths if condition(playbook, path.when).true(facts)), None)


def ladder(playbook: Playbook, path_id: str) -> tuple[int, ...]:
    """Return the levels of a path, by their index in the playbook; every level without one."""
    path = playbook.path(path_id)
    if path is None:
        return tuple(range(len(playbook.levels)))
    return tuple(index for index, level in enumerate(playbook.levels) if level.id in path.levels)


def at_least(playbook: Playbook, path_id: str, index: int) -> int:
    """Return the first level of a path that is not below another; the path's last one where all are."""
    levels = ladder(playbook, path_id)
    return next((level for level in levels if level >= index), levels[-1])


def following(state: Escalation) -> int | None:
    """Return the level that comes after the present one on its path; None at the last."""
    present = state.level.index if state.level is not None else -1
    return next((index for index in ladder(state.playbook, state.path) if index > present), None)


def named(state: Escalation, level: str) -> int:
    """Return a level of the present path by its id, above the present level.

    Raises:
        Unknown: the path has no such level; the message names those it has, and the path that has it.
        NotNow: it is there already, or higher.
    """
    playbook = state.playbook
    levels = {playbook.levels[index].id: index for index in ladder(playbook, state.path)}
    if level not in levels:
        of = f"path {state.path} of playbook {playbook.playbook}" if state.path else f"playbook {playbook.playbook}"
        others = [path.id for path in playbook.paths if level in path.levels]
        hint = f"; it is on path {others[0]}: escalate with --path" if others else ""
        raise Unknown(f"{of} has no level {level}; it has {', '.join(levels)}{hint}")
    if state.level is not None and levels[level] <= state.level.index:
        raise NotNow(f"{state.id} is at {state.level.id} already; this only goes up")
    return levels[level]


# --- cells that speak after a time ------------------------------------------------------------------------------------


class Awaited(NamedTuple):
    """A cell of the matrix that will speak."""

    at: datetime
    cell: str
    policy: Cell


def cell_name(playbook: Playbook, cell: Cell) -> str:
    """Return what a cell is called: its id, or its place in the matrix, counted from 1."""
    return cell.id or f"#{playbook.matrix.index(cell) + 1}"


def awaited(state: Escalation) -> Iterator[Awaited]:
    """Yield the cells that will speak if it stays as it is; none while it waits on somebody outside."""
    playbook, opened = state.playbook, state.opened_at
    if not playbook.matrix or opened is None or state.level is None:
        return
    if state.hold is not None or state.review is not None or state.waits_for_confirmation:
        return
    facts: Facts | None = None
    for cell in playbook.matrix:
        if cell.after is None or state.severity not in cell.severity or cell_name(playbook, cell) in state.reached:
            continue
        if cell.level is not None and not cell.targets:
            index = playbook.level_index(cell.level) or 0
            if at_least(playbook, state.path, index) <= state.level.index:
                continue  # it is there already
        if cell.when is not None:
            facts = facts or derive(basis_of(state))
            if not condition(playbook, cell.when).true(facts):
                continue
        yield Awaited(opened + cell.after + state.waited, cell_name(playbook, cell), cell)
