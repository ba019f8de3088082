"""What a playbook says in vain: conditions that are never true, and rules behind others that always come first.

Said only where every case was told apart (``reach``): never of what may speak after all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations

from escalation.documents import Document
from escalation.explain import Location
from escalation.foresight.cases import Cases
from escalation.foresight.foreseen import Foreseen, Weight
from escalation.foresight.reach import Reach, Truths, never_true
from escalation.lifecycle.ladder.paths import cell_name
from escalation.playbook.ladder import Cell
from escalation.playbook.schema import Playbook

_MANY_CALENDARS = 6


def shadows(playbook: Playbook, cases: Cases, reach: Reach, source: Document) -> Iterator[Foreseen]:
    """Yield what never speaks, as warnings at its own line, each with what speaks in its place."""
    yield from _never(playbook, source)
    yield from _routes(playbook, cases, source)
    yield from _paths(playbook, cases, source)
    yield from _severity_rules(playbook, reach, source)
    yield from _categories(playbook, reach, source)
    yield from _cells_with_a_time(playbook, source)


def _warning(source: Document, place: Location, message: str) -> Foreseen:
    return Foreseen(Weight.WARNING, source.finding(place, message))


def _never(playbook: Playbook, source: Document) -> Iterator[Foreseen]:
    conditions: list[tuple[Location, str, str]] = [
        (("triggers", index), f"trigger '{each.id}'", each.when) for index, each in enumerate(playbook.triggers)
    ]
    conditions += [
        (("routing", index), f"route {_name(index, each.id)}", each.when) for index, each in enumerate(playbook.routing)
    ]
    conditions += [(("paths", index), f"path '{each.id}'", each.when) for index, each in enumerate(playbook.paths)]
    talk = playbook.communication
    conditions += [
        (("communication", "key_people", index), f"kind '{each.id}'", each.when)
        for index, each in enumerate(talk.key_people if talk is not None else ())
    ]
    conditions += [(("gates", index), f"approval '{each.id}'", each.when) for index, each in enumerate(playbook.gates)]
    conditions += [
        (("severity", "rules", index), f"severity rule {_name(index, each.id)}", each.when)
        for index, each in enumerate(playbook.severity.rules)
    ]
    conditions += [
        (("automations", index), f"automation '{each.id}'", each.when)
        for index, each in enumerate(playbook.automations)
    ]
    if playbook.critical_incident is not None:
        conditions.append((("critical_incident",), "a critical incident", playbook.critical_incident.when))
    for place, what, when in conditions:
        if when.strip() != "false" and never_true(playbook, when):
            message = f"{what} is never true, whatever its facts say; mend it, or switch it off with false"
            yield _warning(source, (*place, "when"), message)


def _name(index: int, name: str) -> str:
    return f"'{name}'" if name else f"{index + 1}"


def _behind(source: Document, section: Location, winners: Iterable[int], names: Callable[[int], str]) -> str:
    """Name those that come first, with their lines."""
    said = [f"{names(each)} (line {source.line((*section, each))})" for each in sorted(set(winners))]
    return " or ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def _routes(playbook: Playbook, cases: Cases, source: Document) -> Iterator[Foreseen]:
    """Routes that never are the first, and people of cells in whose place a route always names others."""
    if not cases.complete or len(cases.calendars) > _MANY_CALENDARS:
        return
    names = cases.calendars
    hours = [frozenset(each) for count in range(len(names) + 1) for each in combinations(names, count)]
    asked = [(order.cell, list(cases.matching(order, are_open))) for order in cases.orders for are_open in hours]

    def named(index: int) -> str:
        return f"route {_name(index, playbook.routing[index].id)}"

    for index, before in _never_first(routes for _, routes in asked).items():
        who = _behind(source, ("routing",), before, named)
        message = f"{named(index)} never speaks: whenever it could, {who} comes before it"
        yield _warning(source, ("routing", index), message)
    for index in dict.fromkeys(cell for cell, _ in asked if cell is not None and playbook.matrix[cell].targets):
        instead = [routes[0] if routes else None for cell, routes in asked if cell == index]
        if None not in instead:
            who = _behind(source, ("routing",), (each for each in instead if each is not None), named)
            name = cell_name(playbook, playbook.matrix[index])
            message = f"the targets of cell {name} are never called: {who} always names others"
            yield _warning(source, ("matrix", index, "targets"), message)


def _paths(playbook: Playbook, cases: Cases, source: Document) -> Iterator[Foreseen]:
    if cases.complete:
        behind = _never_first(cases.taken)
        for index, first_ones in behind.items():
            who = _behind(source, ("paths",), first_ones, lambda each: f"path '{playbook.paths[each].id}'")
            message = f"path '{playbook.paths[index].id}' is never taken: whenever it could be, {who} comes before it"
            yield _warning(source, ("paths", index), message)


def _never_first(true: Iterable[Sequence[int]]) -> dict[int, set[int]]:
    """Return those that never come first among the true ones, with those that do."""
    first, behind = set[int](), dict[int, set[int]]()
    for several in true:
        first |= set(several[:1])
        for each in several[1:]:
            behind.setdefault(each, set()).add(several[0])
    return {each: before for each, before in sorted(behind.items()) if each not in first}


def _severity_rules(playbook: Playbook, reach: Reach, source: Document) -> Iterator[Foreseen]:
    """Rules that never change anything: whenever one is true, another says the same or worse."""
    rules = playbook.severity.rules
    together = reach.together([rule.when for rule in rules])
    if together.complete:
        behind = _never_first(_heard(playbook, truths) for truths in together.truths)
        for index, before in behind.items():
            who = _behind(source, ("severity", "rules"), before, lambda each: f"rule {_name(each, rules[each].id)}")
            message = (
                f"severity rule {_name(index, rules[index].id)} never counts: whenever it is true, {who} decides, "
                "with the same or worse, or because it overrides"
            )
            yield _warning(source, ("severity", "rules", index), message)


def _heard(playbook: Playbook, truths: Truths) -> list[int]:
    """Return the rules that are true: the one that decides first."""
    scale, rules = playbook.severity, playbook.severity.rules
    true = [index for index, is_true in enumerate(truths) if is_true]

    def order(index: int) -> tuple[bool, int, int]:
        level = scale.find(rules[index].severity)
        return not rules[index].override, scale.rank(level.name) if level is not None else len(scale.scale), index

    return sorted(true, key=order)


def _categories(playbook: Playbook, reach: Reach, source: Document) -> Iterator[Foreseen]:
    if playbook.category is None:
        return
    rules = playbook.category.rules
    together = reach.together([rule.when for rule in rules])
    if together.complete:
        true = ([index for index, is_true in enumerate(truths) if is_true] for truths in together.truths)
        for index, before in _never_first(true).items():
            who = _behind(source, ("category", "rules"), before, lambda each: f"rule {_name(each, rules[each].id)}")
            message = (
                f"category rule {_name(index, rules[index].id)} never counts: whenever it could, {who} comes first"
            )
            yield _warning(source, ("category", "rules", index), message)


def _cells_with_a_time(playbook: Playbook, source: Document) -> Iterator[Foreseen]:
    """Cells that go to a level at which it is by then, because another one has gone there."""
    for index, cell in enumerate(playbook.matrix):
        if cell.after is None or cell.targets:
            continue
        before = [
            place
            for place, other in enumerate(playbook.matrix)
            if place != index and _goes_before(playbook, other, place, cell, index)
        ]
        if before:
            who = _behind(
                source, ("matrix",), before[:1], lambda each: f"cell {cell_name(playbook, playbook.matrix[each])}"
            )
            message = f"cell {cell_name(playbook, cell)} never speaks: by then {who} has gone there, or further"
            yield _warning(source, ("matrix", index), message)


def _goes_before(playbook: Playbook, other: Cell, place: int, cell: Cell, index: int) -> bool:
    if other.after is None or cell.after is None or other.level is None or cell.level is None:
        return False
    far, near = playbook.level_index(other.level) or 0, playbook.level_index(cell.level) or 0
    return (
        (other.after, place) < (cell.after, index)
        and far >= near
        and set(cell.severity) <= set(other.severity)
        and other.when in (None, "true", cell.when)
    )
