"""What the command line answers: show, list, watch, timeline, inbox. None of them changes anything."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markdown import Markdown
from rich.text import Text

from escalation.errors import Unknown
from escalation.lifecycle.incident.views import ActionPlan, plan_markdown
from escalation.lifecycle.timeline.trail import parse_reference
from escalation.model.events import Event
from escalation.playbook.schema import Stage, WaitingOn
from escalation.values import counted
from starter import layout, panels, render
from starter.line import Weight, name
from starter.session import AsJson, EscalationId, actor, connect, full_id, load, out, plain, run, say
from starter.story import tell
from starter.trail import show_entry
from starter.when import away, show

if TYPE_CHECKING:
    from escalation.client import EscalationClient
    from escalation.lifecycle.explanation import Explanation
    from escalation.lifecycle.situation import Situation
    from escalation.model.trying import Trying

EVERY = 1.0
"""Seconds between two looks of ``watch``."""

Everything = Annotated[bool, typer.Option("--all", help="Bookkeeping too.")]


def add_commands(app: typer.Typer) -> None:
    """Register the questions."""
    for command in (show_one, list_escalations, watch, timeline, plan, inbox):
        name_of = {show_one: "show", list_escalations: "list"}.get(command, command.__name__)
        app.command(name_of, rich_help_panel=panels.LOOK)(command)


# --- one escalation ---------------------------------------------------------------------------------------------------


def show_one(escalation: EscalationId, as_json: AsJson = False) -> None:
    """Show where it stands: who acts next and why, what happens otherwise, clocks, approvals, reasons.

    ID#NUMBER shows one entry of its timeline, with its thread, and proves that it is unaltered.
    """
    identifier, entry = parse_reference(full_id(escalation))
    if entry is not None:
        show_entry(identifier, entry, as_json=as_json)
        return
    here, why, tried = run(_look(identifier))
    data = {**plain(here), "explanation": plain(why), "being_tried": plain(tried)}
    say(data, render.situation(here, why, datetime.now(UTC), tried), as_json=as_json)


async def _look(escalation: str) -> "tuple[Situation, Explanation, tuple[Trying, ...]]":
    client = await connect()
    here, why = await client.situation(escalation), await client.explain(escalation)
    return here, why, await client.being_tried(escalation)


def timeline(escalation: EscalationId, everything: Everything = False, as_json: AsJson = False) -> None:
    """Tell what happened, when, because of whom and why."""
    events = run(_timeline(full_id(escalation)))
    say(events, _story(events, everything=everything), as_json=as_json)


async def _timeline(escalation: str) -> list[Event]:
    return await (await connect()).timeline(escalation)


def _story(events: list[Event], *, everything: bool) -> Group:
    least = Weight.DETAIL if everything else Weight.STEP
    parts: list[RenderableType] = [render.story(tell(events, least), datetime.now(UTC))]
    if events and events[0].seq > 1:
        parts.insert(0, Text(f"The ledger has what came before: {counted(events[0].seq - 1, 'event')}.", style="dim"))
    return Group(*parts)


def plan(escalation: EscalationId, as_json: AsJson = False) -> None:
    """Show the action plan of an incident: situation summary, execution plan, approval checkpoints."""
    found: ActionPlan = run(_plan(full_id(escalation)))
    if not found.incident:
        say(found, "No incident has been declared; `escalate declare_incident` begins a plan.", as_json=as_json)
        return
    text = plan_markdown(found)
    say(found, Markdown(text) if out.is_terminal else text, as_json=as_json)


async def _plan(escalation: str) -> ActionPlan:
    return await (await connect()).action_plan(escalation)


def watch(escalation: EscalationId, as_json: AsJson = False) -> None:
    """Follow it until it has ended: live on a terminal, line by line into a file or another program."""
    run(_watch(full_id(escalation), as_json=as_json))


async def _watch(escalation: str, *, as_json: bool) -> None:
    client = await connect()
    if as_json or not out.is_terminal or out.is_dumb_terminal:
        async for events, _ in _changes(client, escalation):
            for event in events if as_json else ():
                print(json.dumps(plain(event), ensure_ascii=False), flush=True)
            for line in tell(() if as_json else events):
                because = f" - {line.why}" if line.why else ""
                print(f"{show(line.at)}  {line.who}: {line.what}{because}", flush=True)
        return
    told: list[Event] = []
    with Live(console=out, auto_refresh=False) as live:
        async for events, here in _changes(client, escalation, quiet=True):
            told += events
            now = datetime.now(UTC)
            top = render.situation(here, None, now)
            latest = list(tell(told))
            while True:
                shown = Group(top, layout.headed("Timeline", render.story(latest, now)))
                if len(latest) < 2 or len(out.render_lines(shown)) < out.size.height:
                    break
                latest = latest[1:]
            live.update(shown, refresh=True)


async def _changes(
    client: "EscalationClient", escalation: str, *, quiet: bool = False
) -> "AsyncIterator[tuple[list[Event], Situation]]":
    """Yield new events with the situation after them, until the end; with ``quiet`` also when nothing is new."""
    seen = 0
    while True:
        here = await client.situation(escalation)
        fresh = [event for event in await client.timeline(escalation) if event.seq > seen]
        if fresh or quiet:
            yield fresh, here
        seen = fresh[-1].seq if fresh else seen
        if here.outcome and not fresh:
            return
        await asyncio.sleep(EVERY)


# --- many -------------------------------------------------------------------------------------------------------------


def list_escalations(  # noqa: PLR0913 - each is an option
    *,
    stage: Annotated[Stage | None, typer.Option(help="Where in its life it is.")] = None,
    owner: Annotated[str, typer.Option(metavar="PERSON", help="Who owns it.")] = "",
    severity: Annotated[str, typer.Option(help="By the playbook's own name, such as P1.")] = "",
    level: Annotated[str, typer.Option(help="Where on the ladder, such as L2.")] = "",
    team: Annotated[str, typer.Option(help="The team of its level.")] = "",
    playbook: Annotated[str, typer.Option(help="The playbook it follows.")] = "",
    source: Annotated[str, typer.Option(help="The service that opened it.")] = "",
    waiting_on: Annotated[WaitingOn | None, typer.Option(help="Whose move it is.")] = None,
    breached: Annotated[bool, typer.Option("--breached", help="Only where a clock has passed its limit.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Ended ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV for a spreadsheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """List open escalations, the latest first."""
    from starter.listing import Filter, look_up, sheet

    wanted = Filter(
        stage=stage or "",
        owner=actor(owner) if owner else "",
        severity=severity,
        level=level,
        team=team,
        playbook=playbook,
        source=source,
        waiting_on=waiting_on or "",
        breached=breached,
        every=every,
    )
    rows = run(look_up(wanted, limit))
    if as_csv:
        sys.stdout.write(sheet(rows))
        return
    now = datetime.now(UTC)
    if not rows:
        say([], "None." if wanted.any else "No escalation is open.", as_json=as_json)
        return
    table = layout.columns("escalation", "severity", "status", "level", "owner", "waiting on", "next by itself")
    for row in rows:
        next_due = f"{show(row.next_due_at, now)} ({away(row.next_due_at, now)})" if row.next_due_at else ""
        breach = Text(" breached", style="bold red") if row.breached else Text("")
        layout.add(
            table,
            row.id,
            row.severity,
            Text.assemble(row.status, breach),
            row.level,
            name(row.owner),
            row.waiting_on,
            next_due,
        )
    parts: list[RenderableType] = [table]
    if len(rows) == limit:
        parts.append(Text(f"The first {limit}; more with --limit.", style="dim"))
    say(rows, Group(*parts), as_json=as_json)


def inbox(
    person: Annotated[
        str,
        typer.Argument(
            metavar="[PERSON]", help="Whose messages, or of which chat group: `group:TEAM`; without it everybody's."
        ),
    ] = "",
    last: Annotated[int, typer.Option(min=1, help="Only the latest so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what somebody received from the embedded stack (`escalate dev`), oldest first."""
    from activities.notify.inbox import Inbox

    path = load().places.inbox
    if not path.exists():
        raise Unknown(
            f"there is no inbox in {path.parent}/: `escalate dev` keeps one in its folder; name that in ESCALATION_DATA"
        )
    messages = Inbox(path).messages(actor(person) if person else None)[-last:]
    nothing = _nothing_for(actor(person)) if person and not messages else "No messages."
    now = datetime.now(UTC)
    parts: list[RenderableType] = []
    for message in messages:
        head = Text.assemble(
            (show(message.received_at, now), "dim"),
            f"  {message.kind} for ",
            (name(message.to), "bold"),
            (f"  answer until {show(message.respond_by, now)}" if message.respond_by else "", "yellow"),
        )
        parts += [head, layout.headed(message.subject, Text(message.body)), ""]
    say(messages, Group(*parts) if parts else nothing, as_json=as_json)


def _nothing_for(receiver: str) -> str:
    from activities.notify.inbox import CHANNEL
    from starter.people import channels_of

    channels = channels_of(receiver)
    if not set(channels) - {CHANNEL}:
        return "No messages."
    return (
        f"Nothing is in the embedded inbox for {name(receiver)}: messages go by {', then '.join(channels)}. "
        "Everything that was sent because of an escalation: escalate updates ID"
    )
