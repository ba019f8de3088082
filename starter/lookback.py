"""``escalate ratings`` and ``escalate knowledge``: what ended escalations teach. Need no server."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from escalation.errors import RequestRefused
from escalation.lifecycle.hindsight.knowledge import knowledge, markdown
from escalation.lifecycle.hindsight.lookback import GROUPS, Lookback, look_back, ratings
from escalation.lifecycle.timeline.trail import read
from escalation.model.events import Event
from escalation.values import counted, format_duration
from starter import layout, ledgers, panels, session
from starter.line import name
from starter.session import AsJson, say

_AT_ONCE = 500

Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the latest.")]
Days = Annotated[int | None, typer.Option(min=1, max=36_500, help="Only what ended in so many days until now.")]
OfPlaybook = Annotated[str, typer.Option("--playbook", help="Only of this playbook.")]


class By(StrEnum):
    """What escalations are reported by."""

    PLAYBOOK = "playbook"
    SOURCE = "source"
    REQUESTER = "requester"


def add_commands(app: typer.Typer) -> None:
    """Register ``ratings`` and ``knowledge``."""
    app.command("ratings", rich_help_panel=panels.LOOK_BACK)(show_ratings)
    app.command("knowledge", rich_help_panel=panels.LOOK_BACK)(export_knowledge)


def show_ratings(
    by: Annotated[By, typer.Option(help="What to report by.")] = By.PLAYBOOK,
    playbook: OfPlaybook = "",
    days: Days = None,
    limit: Limit = 1_000,
    as_json: AsJson = False,
) -> None:
    """Report over ended escalations: which could have stayed, which came late and by how much, scores, what to improve.

    Scores are 1 to 5: of the hand-over, its preparation and documentation (`rate`), the customer's satisfaction, and
    what everybody who took part says.
    """
    found = [each for one, _, events in _ended(playbook, days, limit) if (each := look_back(one, events)) is not None]
    report = ratings(found, by)
    data = {
        "by": str(by),
        "ratings": [session.plain(each) for each in report],
        "escalations": [session.plain(each) for each in found],
    }
    table = layout.columns(
        str(by), "ended", "could have stayed", "late", "by (median)", "AI right", "score", "preparation",
        "documentation", "satisfaction", "opinion",
    )  # fmt: skip
    for row in report:
        delay = format_duration(timedelta(seconds=row.median_delay)) if row.median_delay is not None else ""
        scores = (row.score, row.preparation, row.documentation, row.satisfaction, row.opinion)
        layout.add(
            table,
            name(row.of) if by is By.REQUESTER else row.of,
            str(row.escalations),
            str(row.could_have_stayed),
            str(row.late),
            delay,
            str(row.ai_would_have_been_right),
            *("" if score is None else f"{score:g}" for score in scores),
        )
    say(data, Group(table if report else Text("Nothing has ended yet."), *_improvements(found)), as_json=as_json)


def _improvements(found: list[Lookback]) -> Iterator[RenderableType]:
    said = [(GROUPS[By.REQUESTER](each), text) for each in found for text in each.improvements]
    if said:
        lines = (Text.assemble((f"{name(who)}: ", "dim"), text) for who, text in said)
        yield layout.headed("To be better next time", Group(*lines))


def export_knowledge(
    *,
    playbook: OfPlaybook = "",
    days: Days = None,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there instead of to standard output.")] = None,
    limit: Limit = 1_000,
    as_json: AsJson = False,
) -> None:
    """Write problem, cause, resolution and lessons of closed escalations, as Markdown or as JSON, for a knowledge base.

    The customer's name, company and ids, the ticket's id, the conversation, addresses and long numbers are left out.
    """
    found = (knowledge(instance, events) for _, instance, events in _ended(playbook, days, limit))
    entries = [entry for entry in found if entry is not None]
    if as_json and to is None:
        say(entries, "", as_json=True)
        return
    text = "".join(f"{entry.model_dump_json()}\n" for entry in entries) if as_json else markdown(entries)
    if to is None:
        sys.stdout.write(text)
        return
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RequestRefused([("--to", f"{to} cannot be written: {error.strerror}")]) from None
    say({}, f"{to}: {counted(len(entries), 'escalation')} written", as_json=False)


def _ended(playbook: str, days: int | None, limit: int) -> list[tuple[str, str, list[Event]]]:
    """Return id, instance and events of escalations that have ended, the latest first."""
    since = datetime.now(UTC) - timedelta(days=days) if days is not None else None
    found: list[tuple[str, str, list[Event]]] = []
    with ledgers.opened() as ledger:
        for offset in range(0, limit, _AT_ONCE):
            listed = ledger.list_escalations(
                playbook=playbook or None, limit=min(_AT_ONCE, limit - offset), offset=offset
            )
            found += [
                (
                    each.escalation_id,
                    each.instance,
                    read(ledger.timeline(each.escalation_id, each.instance)),
                )
                for each in listed
                if each.row.outcome in ("closed", "returned", "cancelled")
                and (since is None or (each.row.closed_at is not None and each.row.closed_at >= since))
            ]
            if len(listed) < _AT_ONCE:
                break
    return found
