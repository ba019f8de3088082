"""``escalate items``: work items of one escalation, or of all that are open."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from escalation.errors import RequestRefused
from escalation.values import Duration
from starter import layout, panels
from starter.line import name
from starter.session import AsJson, actor, connect, full_id, plain, run, say
from starter.when import show

if TYPE_CHECKING:
    from escalation.lifecycle.work.work_views import ItemView

_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)


def add_commands(app: typer.Typer) -> None:
    """Register ``items``."""
    app.command("items", rich_help_panel=panels.LOOK)(items)


def items(
    *,
    escalation: Annotated[
        str, typer.Argument(metavar="[ID]", help="Of which escalation; without it of all that are open.")
    ] = "",
    last: Annotated[
        str, typer.Option(metavar="24h", help="Only what was added within so long, or is due within it either way.")
    ] = "",
    owner: Annotated[str, typer.Option(metavar="PERSON", help="Whose they are: a person, or `team:NAME`.")] = "",
    label: Annotated[str, typer.Option(help="Of which integration, system or team.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Done and dropped ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Of at most so many escalations.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List work items, those that are due first: of one escalation, or of all open ones."""
    within = _within(last)
    now = datetime.now(UTC)
    found = [
        (identifier, item)
        for identifier, item in run(_look(full_id(escalation) if escalation else "", limit))
        if (every or not item.done)
        and (not owner or item.owner == actor(owner))
        and (not label or item.label == label)
        and (within is None or recent(item, now, within))
    ]
    found.sort(key=lambda each: (each[1].done, each[1].due))
    data = [{"escalation": identifier, **plain(item)} for identifier, item in found]
    say(data, _table(found, now) if found else "No work items.", as_json=as_json)


def _within(last: str) -> timedelta | None:
    if not last:
        return None
    try:
        return _DURATION.validate_python(last)
    except ValidationError:
        raise RequestRefused([("--last", "expected a duration such as 24h or 7d")]) from None


def recent(item: "ItemView", now: datetime, within: timedelta) -> bool:
    """Tell whether an item was added within the last so long, or is due in it or in the next."""
    added = item.added_at is not None and now - item.added_at <= within
    return added or abs(item.due - now) <= within


async def _look(escalation: str, limit: int) -> "list[tuple[str, ItemView]]":
    client = await connect()
    ids = [escalation] if escalation else [found async for found in client.list(limit=limit)]
    return [(identifier, item) for identifier in ids for item in (await client.situation(identifier)).items]


def _table(found: "list[tuple[str, ItemView]]", now: datetime) -> Any:
    table = layout.columns("escalation", "item", "kind", "owner", "due", "state", "by", "what")
    for identifier, item in found:
        by = name(item.added_by) if item.added_by else ""
        state = ", ".join(filter(None, (item.state, item.approval, item.defect, item.why))).replace("_", " ")
        layout.add(table, identifier, item.id, item.kind, name(item.owner), show(item.due, now), state, by, item.title)
    return table
