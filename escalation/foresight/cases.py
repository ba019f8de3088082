"""Who may be called in which case: for every severity, way through the ladder, and way in which conditions can be true.

The same order counts as when it happens (``lifecycle.paths``): a route whose condition is true and whose hours it is,
else a cell of the matrix, else the level. Which of them it is depends on the hours only through open calendars.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import chain
from typing import NamedTuple

from escalation.choice import Choose
from escalation.explain import Location
from escalation.foresight.reach import Reach, Truths, never_true
from escalation.lifecycle.ladder import paths
from escalation.lifecycle.triggers import level_of
from escalation.playbook.facts import FactValue
from escalation.playbook.ladder import PathPolicy
from escalation.playbook.schema import Playbook
from escalation.values import Target


class Order(NamedTuple):
    """Who is asked at a level in a case: the first route whose hours it is, else the cell or the level."""

    severity: int
    """Rank."""
    level: int
    routes: tuple[int, ...]
    """Whose condition is true here, in the order in which they are asked."""
    cell: int | None


class Way(NamedTuple):
    """Where something begins: at which severity, on which path, at which level."""

    severity: int
    """Rank."""
    path: str
    """Empty where there is one ladder for all."""
    first: int


Asked = tuple[Location, tuple[Target, ...], Choose | None]
"""Who is asked, and where the playbook says so."""


class Call(NamedTuple):
    """People whom the playbook calls, and where it says so."""

    place: Location
    targets: tuple[Target, ...]
    choose: Choose | None
    severities: frozenset[int]
    """At which ranks."""


class Cases:
    """Everything that routes, paths and matrix of a playbook tell apart."""

    def __init__(self, playbook: Playbook, reach: Reach) -> None:
        self.playbook = playbook
        self.complete = True
        self.truths: set[Truths] = set()
        self.taken: set[tuple[int, ...]] = set()
        """For each case the paths whose condition is true, in the order in which they are asked."""
        self.ends: set[int] = set()
        """Levels whose last resort is asked."""
        self.ways: set[Way] = set()
        """Every way in which something can begin."""
        self._orders: dict[Order, None] = {}
        self._starts = self._first_levels()
        for rank in range(len(playbook.severity.scale)):
            self._at(rank, reach)
        self.calendars = tuple(
            dict.fromkeys(each for route in playbook.routing for each in (route.during, route.outside) if each)
        )
        """Names of those on which it depends who is asked."""
        self.calls = cache(self._calls)
        """The calls that may be made while these of the calendars are open."""

    @property
    def orders(self) -> Iterable[Order]:
        """Every order there is."""
        return self._orders

    @property
    def count(self) -> int:
        """How many ways there are in which conditions are true and false together; at least one."""
        return len(self.truths)

    def matching(self, order: Order, are_open: Collection[str]) -> Iterator[int]:
        """Yield the routes of an order whose hours it is while these calendars are open; the first one is taken."""
        for index in order.routes:
            route = self.playbook.routing[index]
            if (route.during is None or route.during in are_open) and (
                route.outside is None or route.outside not in are_open
            ):
                yield index

    def asked(self, order: Order, are_open: Collection[str]) -> Asked:
        """Return who is asked in an order while these calendars are open."""
        playbook = self.playbook
        level = playbook.levels[order.level]
        taken = next(self.matching(order, are_open), None)
        if taken is not None:
            route = playbook.routing[taken]
            return ("routing", taken, "targets"), route.targets, route.choose or level.choose
        if order.cell is not None and playbook.matrix[order.cell].targets:
            return ("matrix", order.cell, "targets"), playbook.matrix[order.cell].targets, level.choose
        return ("levels", order.level, "targets"), level.targets, level.choose

    # --- which orders there are ---------------------------------------------------------------------------------------

    def _first_levels(self) -> tuple[int, ...]:
        playbook = self.playbook
        asked = {level_of(playbook, each) for each in playbook.triggers if not never_true(playbook, each.when)}
        if playbook.bypass is not None and "levels" in playbook.bypass.skip:
            asked |= set(range(len(playbook.levels)))
        return tuple(sorted(asked))

    def _at(self, rank: int, reach: Reach) -> None:
        playbook = self.playbook
        texts = [*(path.when for path in playbook.paths), *(route.when for route in playbook.routing)]
        fixed: dict[str, FactValue] = {
            "severity": playbook.severity.scale[rank].name,
            "severity.rank": float(rank),
        }
        for index, level in enumerate(playbook.levels):
            together = reach.together(texts, {**fixed, "level": level.id})
            self.complete &= together.complete
            self.truths |= set(together.truths)
            for truths in together.truths:
                self._on_the_way(rank, index, truths)

    def _on_the_way(self, rank: int, index: int, truths: Truths) -> None:
        """Note who is asked at a level in one case, if it comes there."""
        playbook = self.playbook
        true = tuple(place for place, _ in enumerate(playbook.paths) if truths[place])
        if playbook.paths:
            self.taken.add(true)
        first = playbook.paths[true[0]] if true else None
        if playbook.paths and first is None:
            return  # the last path has no condition
        for path, is_first in ((path, path is first) for path in _followed(playbook, first)):
            name = path.id if path is not None else ""
            ladder = paths.ladder(playbook, name)
            starts = {paths.at_least(playbook, name, start) for start in self._starts}
            if path is None or path.then is None:
                self.ends.add(ladder[-1])
            if index not in ladder or (is_first and index < min(starts, default=0)):
                continue
            if is_first and index in starts:
                self.ways.add(Way(rank, name, index))
                self._note(rank, index, truths, first_level=True)
            if not is_first or index > min(starts, default=0):
                self._note(rank, index, truths, first_level=False)

    def _note(self, rank: int, index: int, truths: Truths, *, first_level: bool) -> None:
        playbook, skipped = self.playbook, len(self.playbook.paths)
        level, severity = playbook.levels[index], playbook.severity.scale[rank].name
        routes = tuple(
            place
            for place, route in enumerate(playbook.routing)
            if truths[skipped + place] and (route.level == level.id or (route.level is None and first_level))
        )
        cells = (
            place
            for place, cell in enumerate(playbook.matrix)
            if cell.after is None and cell.level == level.id and severity in cell.severity
        )
        self._orders[Order(rank, index, routes, next(cells, None))] = None

    # --- which calls they lead to -------------------------------------------------------------------------------------

    def _calls(self, are_open: frozenset[str]) -> tuple[Call, ...]:
        found: dict[tuple[Location, tuple[Target, ...], Choose | None], set[int]] = {}
        for rank, place, targets, choose in chain(self._of_orders(are_open), self._of_cells(), self._of_ends()):
            found.setdefault((place, targets, choose), set()).add(rank)
        return tuple(Call(*key, frozenset(ranks)) for key, ranks in found.items())

    def _of_orders(self, are_open: frozenset[str]) -> Iterator[tuple[int, Location, tuple[Target, ...], Choose | None]]:
        for order in self._orders:
            yield order.severity, *self.asked(order, are_open)

    def _of_cells(self) -> Iterator[tuple[int, Location, tuple[Target, ...], Choose | None]]:
        """Yield whom cells with a time call, at whichever level it is then."""
        playbook = self.playbook
        for index, cell in enumerate(playbook.matrix):
            if cell.after is not None and cell.targets:
                ranks = [playbook.severity.rank(name) for name in cell.severity]
                for choose in dict.fromkeys(level.choose for level in playbook.levels):
                    yield from ((rank, ("matrix", index, "targets"), cell.targets, choose) for rank in ranks)

    def _of_ends(self) -> Iterator[tuple[int, Location, tuple[Target, ...], Choose | None]]:
        for index in sorted(self.ends):
            last_resort = self.playbook.levels[index].last_resort
            if last_resort is not None:
                for rank in range(len(self.playbook.severity.scale)):
                    yield rank, ("levels", index, "last_resort"), (last_resort,), None


def _followed(playbook: Playbook, path: PathPolicy | None) -> Iterator[PathPolicy | None]:
    """Yield a path and those that follow it; None stands for the one of a playbook without paths."""
    seen: list[str] = []
    while path is None or path.id not in seen:
        yield path
        if path is None or path.then is None:
            return
        seen.append(path.id)
        path = playbook.path(path.then)
