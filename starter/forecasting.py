"""``escalate forecast``: what happens next, when, to whom and why, and what would stop it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from escalation.errors import NotNow, RequestRefused
from escalation.model.events import CaseLinked
from starter import layout, panels
from starter.line import name, names
from starter.opening import playbook_of, read_request
from starter.session import AsJson, connect, full_id, run, say
from starter.steps import Step, steps
from starter.when import away, instant_of, localized, show, zone

if TYPE_CHECKING:
    from escalation.foresight import Foreseen
    from escalation.lifecycle.stops import Stop

WIDTH = 100
"""Lines are not longer, however wide the terminal is, or when another program reads them."""


def add_commands(app: typer.Typer) -> None:
    """Register ``forecast``."""
    app.command("forecast", rich_help_panel=panels.LOOK)(forecast)


def forecast(  # noqa: PLR0917 - typer makes an option of each
    escalation: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The escalation, as a receipt or `escalate list` names it.")
    ] = None,
    request: Annotated[
        str | None, typer.Option(metavar="FILE", help="A request that might be opened, instead of an escalation.")
    ] = None,
    at: Annotated[
        str, typer.Option(metavar="WHEN", help="When the request would be opened: now, 2026-12-24T22:00+01:00.")
    ] = "now",
    until: Annotated[str, typer.Option(metavar="WHEN", help="How far to look: 8h, tomorrow 9:00.")] = "1d",
    directory: Annotated[
        Path | None, typer.Option(metavar="FILE", help="People to look up, if not those of the settings.")
    ] = None,
    zone_of: Annotated[
        str, typer.Option("--zone", metavar="ZONE", help="Time zone to write and read times in: Europe/Prague.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Tell what happens next, when, to whom and why, if nobody acts, and what would stop it.

    With --request nothing needs to be open, nor a server to run: who would be called on Christmas Eve?
    """
    if (escalation is None) is (request is None):
        raise RequestRefused([("", "expected either the ID of an escalation or --request FILE")])
    with zone(zone_of):
        _forecast(escalation, request, at, until, directory, as_json=as_json)


def _forecast(
    escalation: str | None, request: str | None, at: str, until: str, directory: Path | None, *, as_json: bool
) -> None:
    from escalation.foresight import foresee, foresee_request
    from starter.people import best_known

    now = datetime.now(UTC)
    begin = instant_of("--at", at, now, first=True).astimezone(UTC)
    horizon = instant_of("--until", until, begin).astimezone(UTC)
    if request is not None:
        asked = read_request(request)
        loaded, people = playbook_of(asked).pinned, best_known(directory)
        future = foresee_request(loaded, asked, people, begin, horizon)
    else:
        state = run(_state(full_id(escalation or "")))
        if state.ended:
            raise NotNow(f"{state.id} has ended: {state.outcome}; {state.outcome_because}")
        begin, people = now, best_known(directory)
        future = foresee(state, people, horizon)
    found = _steps(future)
    last = f"As if nobody acted until {show(horizon, now)}, with the directory as it is now ({people.digest})."
    days = [_days(_without_repeats(found), begin)] if found else ["Nothing."]
    shown = Group(*days, "", Text(last, style="dim"))
    say(found, Constrain(shown, WIDTH), as_json=as_json)


async def _state(escalation: str) -> Any:
    return await (await connect()).state(escalation)


# --- in words ---------------------------------------------------------------------------------------------------------


def _steps(future: "Sequence[Foreseen]") -> list[Step]:
    unless = {each.event.seq: _in_words(each.unless) for each in future if each.unless is not None}
    events = (
        each.event for each in future if not isinstance(each.event, CaseLinked)
    )  # a ticket that has no number yet
    return steps(events, unless)


def _in_words(stop: "Stop") -> str:
    *others, last = [name(actor) for actor in stop.who] or [""]
    who = f"{', '.join(others)} or {last}" if others else last
    return f"{stop.what} by {who}" if who else stop.what


def _without_repeats(found: Sequence[Step]) -> list[Step]:
    """Leave out what repeats for ever: of calls to the last resort only the first two are shown."""
    calls = [step for step in found if "last resort" in step.what]
    return [step for step in found if step not in calls[2:]]


def _days(found: Sequence[Step], begin: datetime) -> RenderableType:
    distances = [away(step.at, begin) for step in found]
    widths = (max(len(f"{localized(step.at):%H:%M:%S %Z}") for step in found), max(map(len, distances)))
    days = groupby(found, key=lambda step: localized(step.at).date())
    parts = (layout.headed(f"{day:%A %d %B %Y}", _day(list(of_day), begin, widths)) for day, of_day in days)
    return Group(*parts)


def _day(found: Sequence[Step], begin: datetime, widths: tuple[int, int]) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    for width in widths:
        table.add_column(width=width, no_wrap=True)
    table.add_column(overflow="fold")
    before = ("", "")
    for step in found:
        when = f"{localized(step.at):%H:%M:%S %Z}"
        fresh = before[0] != when
        unless = step.unless if (when, step.unless) != before else ""
        layout.add(table, when if fresh else "", away(step.at, begin) if fresh else "", _told(step, unless))
        before = (when, step.unless)
    return table


def _told(step: Step, unless: str) -> RenderableType:
    whom = [Text(f" → {names(step.who)}", style="bold")] if step.who else []
    parts: list[RenderableType] = [Text.assemble(step.what, *whom)]
    if step.why:
        parts.append(Padding(Text(step.why, style="dim"), (0, 0, 0, 2)))
    if unless:
        parts.append(Padding(Text.assemble(("unless: ", "cyan"), (unless, "dim")), (0, 0, 0, 2)))
    return Group(*parts)
