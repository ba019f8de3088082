"""``escalate who``: who would be found for a target now, or at another instant, and why they. Needs no server."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Group, RenderableType
from rich.text import Text

from escalation.errors import RequestRefused
from escalation.explain import did_you_mean
from escalation.people.directory import Directory
from escalation.people.found import People
from escalation.people.search import Known, Search, Wanted
from escalation.people.wanted import wanted
from escalation.playbook.schema import Playbook
from escalation.values import FINDABLE, Target
from starter import layout, panels, session
from starter.line import name, names
from starter.people import as_target, best_known, names_of
from starter.session import AsJson, say
from starter.when import instant_of, show


def add_commands(app: typer.Typer) -> None:
    """Register ``who``."""
    app.command("who", rich_help_panel=panels.LOOK)(who)


def who(  # noqa: PLR0917 - typer makes an option of each
    target: Annotated[
        str,
        typer.Argument(metavar="TARGET", help="team:support, authority:refund, ... or a level of the --playbook: L1."),
    ],
    at: Annotated[str, typer.Option(metavar="WHEN", help="now, 2026-12-24T22:00+01:00, tomorrow 9:00.")] = "now",
    directory: Annotated[
        Path | None, typer.Option(metavar="FILE", help="People to look up, if not those of the settings.")
    ] = None,
    playbook: Annotated[
        str | None, typer.Option(metavar="NAME", help="What it needs, chooses, and whom it asks when nobody is found.")
    ] = None,
    fact: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A fact of the case, such as credit.amount=500.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say who would be paged for a target, why they, and who not.

    Counts what the ledger knows (open escalations, pages, turns) as it is now; takes no turn and tells nobody. Exit 1
    when nobody would be.
    """
    instant = instant_of("--at", at, datetime.now(UTC), first=True).astimezone(UTC)
    people = best_known(directory)
    search = _search(target, people, _playbook(playbook), _facts(fact or []))
    needed = wanted(people, search, instant)
    known = foreseen(session.load().places.ledger, needed) if needed else Known()
    found = people.find(search, instant, known)
    say(found, _shown(found, instant), as_json=as_json)
    if not found.people:
        raise typer.Exit(1)


def _playbook(named: str | None) -> Playbook | None:
    if named is None:
        return None
    from escalation.playbook.load import load

    return load(Path(named) if "/" in named else named, *session.load().playbooks).playbook


def _facts(stated: list[str]) -> dict[str, Any]:
    """Read facts as they are typed: JSON where it is some, else text; several of the same name are a list."""
    facts: dict[str, Any] = {}
    for each in stated:
        key, separator, text = each.partition("=")
        if not separator or not key:
            raise RequestRefused([("--fact", f"`{each[:64]}` is no fact; expected NAME=VALUE")])
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        facts[key] = tuple(value) if isinstance(value, list) else value
    return facts


def _search(target: str, people: Directory, playbook: Playbook | None, facts: dict[str, Any]) -> Search:
    from escalation.lifecycle.case.needs import needs
    from escalation.lifecycle.facts import problems
    from escalation.lifecycle.targets import of_raci
    from escalation.model.state import Escalation
    from escalation.playbook.schema import Stage

    if playbook is None:
        if facts:
            raise RequestRefused([("--fact", "means nothing without the --playbook that reads it")])
        return Search(targets=(target_of(target, people),), page=True)
    wrong = problems(playbook, facts)
    if wrong:
        raise RequestRefused(wrong)
    index = playbook.level_index(target)
    level = playbook.levels[index] if index is not None else None
    known = f"playbook {playbook.playbook}: {', '.join(each.id for each in playbook.levels)}"
    asked = level.targets if level is not None else (target_of(target, people, known),)
    blank = Escalation(id="who", instance="", playbook=playbook, playbook_digest="", facts=facts)
    return Search(
        targets=of_raci(playbook.raci[Stage.ASSIGNMENT], asked),
        fallback=playbook.owner,
        choose=level.choose if level is not None else None,
        page=True,
        **needs(blank),
    )


def target_of(text: str, directory: Directory, levels: str = "") -> str:
    """Read a target as it is typed; ``levels`` are what else it may have been.

    Raises:
        RequestRefused: it is none.
    """
    known = names_of(directory)
    try:
        return str(TypeAdapter(Target).validate_python(as_target(text, known)))
    except ValidationError:
        kinds = ", ".join(f"{kind}:" for kind in FINDABLE)
        said = f"`{text[:64]}` is neither a target ({kinds}) nor a level of {levels or 'a --playbook'}"
        raise RequestRefused([("TARGET", said + did_you_mean(text, known))]) from None


def foreseen(ledger: str, needed: Wanted) -> Known:
    """Ask the ledger what a search would be told, taking no turn."""
    from sqlalchemy import make_url

    url = make_url(ledger)
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
        return Known(without="not known, because there is no ledger here")
    return asyncio.run(_ask(ledger, needed))


async def _ask(url: str, needed: Wanted) -> Known:
    from activities.ledger import Ledger
    from activities.workload import Workload

    ledger = Ledger(url)
    workload = Workload(ledger.engine)
    try:
        return await workload.foreseen(needed)
    finally:
        workload.close()
        await ledger.close()


def _shown(found: People, now: datetime) -> Group:
    table = layout.columns("who", "by way of", "why they", "works again")
    for each in found.people:
        opens = show(each.opens_at, now) if each.opens_at else ""
        layout.add(table, Text(name(each.person), style="bold"), names((each.via, *each.also_via)), each.note, opens)
    parts: list[RenderableType] = [table if found.people else Text("Nobody.", style="bold red")]
    parts += [Text(note, style="dim") for note in found.notes]
    if found.also:
        parts.append(Text(f"May act too, untold: {names(found.also)}", style="dim"))
    return Group(*parts)
