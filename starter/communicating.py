"""What the command line answers about communication: who was informed of what, and where it stands in one message."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from escalation.lifecycle.statements.coverage import Informed, Sent, coverage, history
from escalation.lifecycle.statements.read_in_words import brief as words_of
from escalation.lifecycle.timeline.trail import read
from escalation.model.events import Event
from escalation.model.state import Escalation
from escalation.values import counted
from starter import layout, panels
from starter.line import name
from starter.session import AsJson, EscalationId, connect, full_id, load, plain, run, say
from starter.story import say as in_words
from starter.when import show

_EARLIER = "something earlier"
Missing = Annotated[bool, typer.Option("--missing", help="Only who was not informed of something.")]


def add_commands(app: typer.Typer) -> None:
    """Register the questions."""
    app.command("updates", rich_help_panel=panels.LOOK)(updates)
    app.command("brief", rich_help_panel=panels.LOOK)(brief)


def updates(escalation: EscalationId, missing: Missing = False, as_json: AsJson = False) -> None:
    """List all that was sent, to whom, when, delivered and answered, and who was not informed of what."""
    state, events = run(_look(full_id(escalation)))
    informed = [each for each in coverage(state, events) if not (missing and each.informed)]
    sent = () if missing else history(events)
    by_seq = {event.seq: event for event in events}
    told = [{**plain(each), **about(each, by_seq)} for each in sent]
    parts: list[RenderableType] = [layout.headed("Stakeholders", covered(informed, missing=missing))]
    if not missing:
        parts.append(layout.headed("Everything that was sent", messages(sent, events)))
    if events and events[0].seq > 1:
        earlier = counted(events[0].seq - 1, "event")
        parts.append(Text(f"The ledger has what came before ({earlier}), and it is not here.", style="dim"))
    say({"informed": plain(informed), "sent": told}, Group(*parts), as_json=as_json)


def brief(escalation: EscalationId, as_json: AsJson = False) -> None:
    """Say in one message where it stands, for whoever comes later: decided, open, said last, who does what."""
    text = words_of(run(_state(full_id(escalation))))
    say({"brief": text}, Text(text), as_json=as_json)


async def _state(escalation: str) -> Escalation:
    return await (await connect()).state(escalation)


async def _look(escalation: str) -> tuple[Escalation, list[Event]]:
    state = await _state(escalation)
    recorded = _recorded(load().places.ledger, state)
    known = recorded[-1].seq if recorded else 0
    kept = [event for event in state.tail if event.seq > known]
    whole = recorded and (not kept or kept[0].seq == known + 1)
    return state, [*recorded, *kept] if whole else list(state.tail)


def _recorded(url: str, state: Escalation) -> list[Event]:
    """Read the events that the ledger has, where there is one here."""
    from sqlalchemy import make_url

    from activities.ledger import Ledger

    place = make_url(url)
    if place.get_backend_name() == "sqlite" and not (place.database and Path(place.database).exists()):
        return []
    ledger = Ledger(url)
    try:
        return read(ledger.timeline(state.id, state.instance))
    finally:
        ledger.engine.dispose()


def covered(informed: Sequence[Informed], *, missing: bool = False) -> RenderableType:
    """Show who was informed of which statement, and why not."""
    now = datetime.now(UTC)
    table = layout.columns("stakeholder", "audience", "version", "when", "", "who has it, or why not")
    for each in informed:
        at = show(each.at, now) if each.at else ""
        verdict = Text("informed") if each.informed else Text("missing", style="bold red")
        layout.add(table, each.stakeholder, each.audience, str(each.version or ""), at, verdict, each.why)
    if informed:
        return table
    nobody = "the playbook's `communication` names none that this concerns"
    return Text("Nobody lacks an update." if missing else f"None is to be informed: {nobody}.")


def about(sent: Sent, events: Mapping[int, Event]) -> dict[str, str]:
    """Return the kind of the event because of which a message was sent, and that event in words; events by number."""
    cause = events.get(sent.update or sent.cause)
    return {"kind": cause.type, "about": in_words(cause).what} if cause is not None else {"kind": "", "about": _EARLIER}


def messages(sent: Sequence[Sent], events: Sequence[Event]) -> RenderableType:
    """Show every message with what became of it."""
    now = datetime.now(UTC)
    by_seq = {event.seq: event for event in events}
    table = layout.columns("to", "about", "delivered", "answered", "read")
    for each in sent:
        delivered = f"{show(each.delivered_at, now)} ({each.channel})" if each.delivered_at else f"no: {each.failed}"
        answered = f"{show(each.answered_at, now)}: {each.answer}" if each.answered_at else ""
        read = show(each.read_at, now) if each.read_at else ""
        layout.add(table, name(each.to), about(each, by_seq)["about"], delivered, answered, read)
    return table if table.row_count else Text("Nothing was sent yet.")
