"""Durations that contradict each other: what one says would never come, because of another.

What concerns one section alone is refused when the playbook is loaded (``playbook.checks``); here are those that meet
only through severity and matrix.
"""

from collections.abc import Iterator
from datetime import timedelta

from escalation.documents import Document
from escalation.foresight.foreseen import Foreseen, Weight
from escalation.playbook.clocks import Stops
from escalation.playbook.ladder import Cell
from escalation.playbook.schema import Playbook
from escalation.values import format_duration


def contradictions(playbook: Playbook, source: Document) -> Iterator[Foreseen]:
    """Yield what of the matrix, the levels and the clocks would never be waited for."""
    for index, level in enumerate(playbook.levels):
        rounds = level.repeat + 1
        if level.ack * level.repeat >= level.dwell:
            message = _too_many(rounds, level.ack, level.dwell)
            yield Foreseen(Weight.WARNING, source.finding(("levels", index, "repeat"), message))
    for index, cell in enumerate(playbook.matrix):
        yield from (
            _at_a_level(playbook, source, index, cell)
            if cell.after is None
            else _late(playbook, source, index, cell, cell.after)
        )


def _at_a_level(playbook: Playbook, source: Document, index: int, cell: Cell) -> Iterator[Foreseen]:
    place = playbook.level_index(cell.level or "")
    if place is None:
        return
    level = playbook.levels[place]
    here = level.at(cell)
    ack, dwell, repeat = here.ack, here.dwell, here.repeat
    key = "ack" if cell.ack is not None else "dwell"
    if ack > dwell:
        message = (
            f"{format_duration(ack)} to answer is longer than the {format_duration(dwell)} that it may stay at "
            f"{level.id}: it would never be waited for"
        )
        yield Foreseen(Weight.ERROR, source.finding(("matrix", index, key), message))
    elif ack * repeat >= dwell and (cell.ack or cell.dwell or cell.repeat):
        message = _too_many(repeat + 1, ack, dwell)
        yield Foreseen(Weight.WARNING, source.finding(("matrix", index), message))
    if cell.dwell is not None and level.ack_lasts is not None and level.ack_lasts > cell.dwell:
        message = f"is shorter than ack_lasts of {level.id}: it would have gone up before an acknowledgement lapses"
        yield Foreseen(Weight.WARNING, source.finding(("matrix", index, "dwell"), message))


def _too_many(rounds: int, ack: timedelta, dwell: timedelta) -> str:
    return (
        f"round {rounds} never begins: {rounds - 1} of {format_duration(ack)} take all of the {format_duration(dwell)} "
        "that it may stay here"
    )


def _late(playbook: Playbook, source: Document, index: int, cell: Cell, after: timedelta) -> Iterator[Foreseen]:
    """A cell that speaks only when the time to resolve it is over already; said of clocks in wall time."""
    for name, clock in playbook.clocks.items():
        if clock.ends(name) is not Stops.RESOLVED or clock.calendar is not None or clock.starts not in _FROM_OPENING:
            continue
        limits = {severity: limit for severity in cell.severity if (limit := clock.allowed(severity)) is not None}
        over = [severity for severity, limit in limits.items() if after > limit]
        if over:
            message = (
                f"speaks when the limit of clock {name} is over already: {format_duration(limits[over[0]])} at "
                f"{over[0]}"
            )
            yield Foreseen(Weight.WARNING, source.finding(("matrix", index, "after"), message))


_FROM_OPENING = ("trigger", "first_contact")
