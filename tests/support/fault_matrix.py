"""What becomes of each call of each connector under each fault: measured, judged, and written into the docs."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from unittest.mock import patch

import httpx
from temporalio.exceptions import ApplicationError

from activities import http
from activities.http import open_client
from tests.support.attempts import attempt
from tests.support.faulty import ASKED_TO_WAIT, Fault, Faulty, StandIn, json_error

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "connectors" / "faults.md"
MARK: Final = "<!-- From here on written by `python -m tools.faults`; not edited by hand. -->\n"
MOST_TRIES: Final = 5
SLOW_AFTER: Final = 1.5
"""Seconds for a whole call while one drips; 30 otherwise."""
UNREADABLE: Final = frozenset({Fault.MALFORMED, Fault.HUGE})
TRANSIENT: Final = frozenset({Fault.RESET, Fault.CONNECT, Fault.SLOW, Fault.BUSY, Fault.BROKEN})


@dataclass(frozen=True)
class Connected:
    """A connector, and one thing that it does."""

    name: str
    stand_in: Callable[[], StandIn]
    act: Callable[[httpx.AsyncClient], Awaitable[object]]
    """Opens the connector anew, as another worker would, and does it: the same thing under the same key each time."""
    error: bytes = json_error(error="internal_error")
    """How the system says no with a 200; where it has no such way, an answer that lacks what is expected."""
    token: str = ""
    """The call by which it has another token after a 401; empty: there is only one."""
    knows_a_repeat: bool = True
    """False: the system makes everything that it is asked for, however often; then only what is lost is asked again."""
    gaps: Mapping[Fault, str] = field(default_factory=dict)
    """Where something is made twice, or not at all although it counts as done: why that cannot be told here."""


@dataclass(frozen=True)
class Cell:
    """What became of one call that a fault struck."""

    tries: tuple[str, ...]
    """How each try of the whole ended: again, final, done."""
    waits: tuple[timedelta | None, ...]
    """What Temporal was asked to wait after each."""
    arrived: int
    """How many calls of this name reached the system."""
    made: int
    """How many things came to be by them."""
    makes: int
    """How many do where nothing goes wrong; 0: it only reads."""
    there: int
    """How many things of all kinds there are when it is done, or final."""
    later: int
    """How many there are after what was done was asked for again, and the same fault struck that, too."""
    due: int
    """How many there are where nothing goes wrong."""

    def __str__(self) -> str:
        """Return it as it stands in the table."""
        struck = [word for word in self.tries if word == "again"]
        word = "again twice" if len(struck) == 2 else self.tries[0]
        wait = f" in {wait.total_seconds():g} s" if (wait := self.waits[0]) else ""
        end = "" if self.tries[-1] == "done" or len(self.tries) == 1 else f", {self.tries[-1]}"
        return f"{word}{wait}{end} {self.arrived}" + (f"/{self.made}" if self.makes else "")


async def measured(connected: Connected, fault: Fault) -> dict[str, Cell]:
    """Let the fault strike each call in turn; return what became of it, by the call's name."""
    with patch.object(http, "WHOLE_CALL", SLOW_AFTER if fault is Fault.SLOW else http.WHOLE_CALL):
        well = Faulty(connected.stand_in(), connected.error, lambda _: None)
        async with well.open():
            await connected.act(open_client(well))
        names = list(dict.fromkeys(call.name for call in well.journal))
        cells = await asyncio.gather(*(_struck(connected, fault, name, well) for name in names))
    return dict(zip(names, cells, strict=True))


async def _struck(connected: Connected, fault: Fault, name: str, well: Faulty) -> Cell:
    left = Counter({name: fault.times})

    def strike(called: str) -> Fault | None:
        if left[called] <= 0:
            return None
        left[called] -= 1
        return fault

    faulty = Faulty(connected.stand_in(), connected.error, strike)
    tries: list[str] = []
    waits: list[timedelta | None] = []
    async with faulty.open():
        while len(tries) < MOST_TRIES and (not tries or tries[-1] == "again"):
            word, wait = await _tried(connected, faulty)
            tries.append(word)
            waits.append(wait)
        journal, there = list(faulty.journal), faulty.stand_in.made()
        if tries[-1] == "done" and connected.knows_a_repeat:
            # What looks for an earlier try must not take a fault for "there was none". A 404 says just that.
            left[name] = 0 if fault is Fault.GONE else fault.times
            for _ in range(1 + fault.times):
                await _tried(connected, faulty)
    return Cell(
        tries=tuple(tries),
        waits=tuple(waits),
        arrived=sum(call.name == name for call in journal),
        made=sum(call.made for call in journal if call.name == name),
        makes=sum(call.made for call in well.journal if call.name == name),
        there=there,
        later=faulty.stand_in.made(),
        due=well.stand_in.made(),
    )


async def _tried(connected: Connected, faulty: Faulty) -> tuple[str, timedelta | None]:
    """Try it as one attempt of an activity; return what Temporal is told."""

    async def work() -> None:
        await connected.act(open_client(faulty))

    try:
        await attempt(work)
    except ApplicationError as error:
        return "final" if error.non_retryable else "again", error.next_retry_delay
    except Exception:  # noqa: BLE001 - whatever it is, it is no answer to a fault of another system
        return "defect", None
    return "done", None


def wrong(connected: Connected, fault: Fault, call: str, cell: Cell) -> list[str]:
    """Return every rule that a cell breaks."""
    renews = connected.token not in {"", call}
    found = []
    gap = fault in connected.gaps
    if fault in TRANSIENT and cell.tries != ("again",) * fault.times + ("done",):
        found.append(f"is tried again until it is done, but: {', '.join(cell.tries)}")
    if fault is Fault.EXPIRED and cell.tries != (("done",) if renews else ("final",)):
        found.append(f"a 401 is {'renewed once' if renews else 'final'}, but: {', '.join(cell.tries)}")
    asked = timedelta(seconds=ASKED_TO_WAIT) if fault is Fault.BUSY else None
    if fault in TRANSIENT and cell.waits[0] != asked:
        found.append(f"Temporal is asked to wait {asked}, but: {cell.waits[0]}")
    if cell.later > cell.due and not gap:
        found.append(f"{cell.due} things were asked for, {cell.there} are there, and {cell.later} after a late repeat")
    if cell.tries[-1] == "done" and cell.there < cell.due and not gap:
        found.append(f"done, but only {cell.there} of {cell.due} things are there")
    if fault in UNREADABLE and cell.made and cell.tries[-1] != "done" and connected.knows_a_repeat:
        found.append("was done and answered, but counts as refused")
    if "defect" in cell.tries:
        found.append("ends in an error that is none of this project's")
    if gap and cell.makes and cell.there == cell.due:
        found.append("is named as a gap, but there is none")
    return found


def row(connected: Connected, call: str, cells: Mapping[Fault, Cell]) -> str:
    """Return the line of one call."""
    return f"| {connected.name} | `{call}` | " + " | ".join(str(cells[fault]) for fault in Fault) + " |"


def written() -> dict[tuple[str, str], dict[Fault, str]]:
    """Read the page: connector and call to what stands there under each fault."""
    table = PAGE.read_text(encoding="utf-8").partition(MARK)[2] if PAGE.exists() else ""
    rows = {}
    for line in table.splitlines():
        parts = [part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(parts) == 2 + len(Fault) and parts[1].startswith("`"):
            rows[parts[0], parts[1].strip("`")] = dict(zip(Fault, parts[2:], strict=True))
    return rows


def page(text: str, rows: list[str], connectors: tuple[Connected, ...]) -> str:
    """Return the page with its second half written anew."""
    lines = [f"\n| connector | struck call | {' | '.join(Fault)} |", "|---" * (2 + len(Fault)) + "|", *rows]
    gaps = [f"- {each.name}, {fault}: {why}" for each in connectors for fault, why in each.gaps.items()]
    if gaps:
        lines += ["\nWhere a number is not what one would wish, and why:\n", *gaps]
    return text.partition(MARK)[0] + MARK + "\n".join(lines) + "\n"
