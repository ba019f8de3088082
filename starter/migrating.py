"""``escalate migrate``: move an open escalation to another version of its playbook, or see what that would do."""

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from escalation.errors import NotNow, RequestRefused
from escalation.model import events as e
from escalation.model.commands import Answer, Migrate
from starter import layout, panels, render
from starter.commands import options_of, read_act
from starter.line import names
from starter.session import AsJson, EscalationId, connect, full_id, plain, run, say
from starter.steps import Step, steps
from starter.story import tell
from starter.when import instant_of, show

if TYPE_CHECKING:
    from escalation.lifecycle.migration import Preview
    from escalation.model.state import Escalation

_PATIENCE = 20.0
"""Seconds for which the playbook is waited for; a worker that is busy loads it later."""
_STEPS = 12

Mapping = Annotated[
    list[str] | None, typer.Option(metavar="OLD=NEW", help="What stands for one that is not there; may be repeated.")
]


def add_commands(app: typer.Typer) -> None:
    """Register ``migrate``."""
    app.command("migrate", rich_help_panel=panels.RULES)(migrate)


def migrate(  # noqa: PLR0913 - each is an option
    escalation: EscalationId,
    *,
    by: Annotated[
        str | None,
        typer.Option(metavar="PERSON", envvar="ESCALATION_BY", show_envvar=False, help="Who decides it: the owner."),
    ] = None,
    because: Annotated[str | None, typer.Option(metavar="TEXT", help="Why, in a sentence.")] = None,
    to: Annotated[str, typer.Option(metavar="VERSION", help="latest, a version (v4), or a digest.")] = "latest",
    level: Mapping = None,
    path: Mapping = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="An approval, clock or fact that may fall away; may be repeated."),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only say what would change, and what would come next.")
    ] = False,
    until: Annotated[str, typer.Option(metavar="WHEN", help="How far a preview looks: 8h, tomorrow 9:00.")] = "1d",
    command_id: Annotated[str | None, typer.Option(metavar="TEXT", help="The same id sent again is safe.")] = None,
    as_json: AsJson = False,
) -> None:
    """Move it to another version of its playbook; without this it keeps the one that it was opened with.

    With --preview nothing is done: it says how the versions differ, what stands in the way, and what would come next.
    """
    now = datetime.now(UTC)
    given: dict[str, Any] = {"by": by, "because": because, "to": to, "levels": level, "paths": path, "drop": drop}
    given["command_id"] = command_id
    identifier = full_id(escalation)
    if preview:
        _preview(identifier, given, now, until, as_json=as_json)
        return
    act = read_act(Migrate, options_of(Migrate), given, now)
    if not isinstance(act, Migrate):
        raise TypeError
    answer, ended = run(_move(identifier, act))
    if isinstance(ended, e.MigrationRefused):
        raise NotNow(f"it stays as it is: {ended.because}")
    said = Group(render.story(tell([ended]), now)) if ended is not None else Text(answer.message)
    say({"answer": plain(answer), "event": plain(ended)}, said, as_json=as_json)


async def _move(identifier: str, act: Migrate) -> tuple[Answer, e.Migrated | e.MigrationRefused | None]:
    """Ask for it, and wait for what becomes of it; None when that takes too long."""
    client = await connect()
    answer = await client.send(identifier, act)
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        for event in await client.timeline(identifier):
            if event.seq > answer.seq and isinstance(event, e.Migrated | e.MigrationRefused):
                return answer, event
        await asyncio.sleep(1)
    return answer, None


def _preview(identifier: str, given: dict[str, Any], now: datetime, until: str, *, as_json: bool) -> None:
    from escalation.foresight import foresee
    from starter.people import best_known

    horizon = instant_of("--until", until, now).astimezone(UTC)
    state, found = run(_ask(identifier, given, now))
    people = best_known(None)
    before = _steps(foresee(state, people, horizon))
    after = _steps(foresee(found.after, people, horizon)) if found.after is not None else []
    data = {
        **plain(found.model_copy(update={"after": None, "events": ()})),
        "events": [plain(event) for event in found.events if not isinstance(event, e.Migrated)],
        "next_before": plain(before),
        "next_after": plain(after),
    }
    say(data, Group(*_shown(found, before, after, now)), as_json=as_json)
    if found.obstacles:
        raise typer.Exit(1)


async def _ask(identifier: str, given: dict[str, Any], now: datetime) -> "tuple[Escalation, Preview]":
    client = await connect()
    state = await client.state(identifier)
    # A preview decides nothing: where nobody is named it looks as the owner, or as one of those who may decide it now.
    may = (state.accountable, *state.people)
    by = given["by"] or next((each for each in may if each.startswith("person:")), None)
    if by is None:
        raise RequestRefused([("--by", f"nobody owns {identifier}, and nobody was told yet: say who would decide it")])
    known = {"by": by, "because": given["because"] or "to see what would change"}
    act = read_act(Migrate, options_of(Migrate), {**given, **known}, now)
    if not isinstance(act, Migrate):
        raise TypeError
    return state, await client.preview_migration(identifier, act, state)


def _steps(future: Any) -> list[Step]:
    return steps([each.event for each in future])[:_STEPS]


def _shown(found: "Preview", before: list[Step], after: list[Step], now: datetime) -> list[RenderableType]:
    head = f"from v{found.version} ({found.digest}) to v{found.to_version} ({found.to_digest})"
    parts: list[RenderableType] = [Text(head, style="bold")]
    told = Group(*map(Text, found.differences)) if found.differences else Text("They say the same.")
    parts.append(layout.headed("How they differ", told))
    if found.obstacles:
        stands = (Text(each, style="red") for each in found.obstacles)
        return [*parts, layout.headed("It cannot be done", Group(*stands))]
    if found.effects:
        parts.append(layout.headed("What changes here", Group(*map(Text, found.effects))))
    at_once = [line for line in tell(found.events) if not isinstance(line.event, e.Migrated | e.MigrationAsked)]
    if at_once:
        parts.append(layout.headed("At once", render.story(at_once, now)))
    for title, coming in (("Next, as it is", before), ("Next, by the other version", after)):
        table = layout.columns("when", "what", "who")
        for step in coming:
            layout.add(table, show(step.at, now), step.what, names(step.who))
        parts.append(layout.headed(title, table if coming else Text("Nothing.")))
    return [*parts, Text("Nothing was changed.", style="dim")]
