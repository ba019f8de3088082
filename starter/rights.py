"""``escalate rights``: who may decide what, in an escalation that is open or by the directory alone."""

from datetime import UTC, datetime
from math import isinf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from escalation.errors import RequestRefused, Unknown
from escalation.explain import did_you_mean
from escalation.values import FINDABLE
from starter import layout, panels
from starter.line import name, names
from starter.people import best_known, in_use
from starter.session import AsJson, connect, full_id, run, say

if TYPE_CHECKING:
    from escalation.lifecycle.ownership.rights import Right
    from escalation.people.directory import Directory


def add_commands(app: typer.Typer) -> None:
    """Register ``rights``."""
    app.command("rights", rich_help_panel=panels.LOOK)(rights)


def rights(
    escalation: Annotated[
        str, typer.Argument(metavar="[ID]", help="Of which escalation; without it, of the directory.")
    ] = "",
    decision: Annotated[
        str, typer.Option(metavar="WORD", help="Only what it names: resolve, refund, approve credit.")
    ] = "",
    amount: Annotated[float, typer.Option(min=0, help="Of the directory: who may decide at least so much.")] = 0,
    directory: Annotated[
        Path | None, typer.Option(metavar="FILE", help="People to look up, if not those of the settings.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say who may decide what, whether an AI may, and where that is said. Exit 1 when nobody may."""
    if escalation:
        if amount or directory is not None:
            raise RequestRefused(
                [("--amount, --directory", "mean something without ID only: an escalation has its own")]
            )
        found = run(_of_escalation(full_id(escalation), decision))
    else:
        found = list(_of_directory(best_known(directory), decision, amount))
    say(found, _shown(found), as_json=as_json)
    if not any(right.people or right.who for right in found):
        raise typer.Exit(1)


async def _of_escalation(escalation: str, decision: str) -> "list[Right]":
    every = await (await connect()).rights(escalation)
    found = [right for right in every if decision.lower() in right.decision.lower()]
    if not found:
        known = list(dict.fromkeys(right.decision for right in every))
        raise Unknown(f"{escalation} knows no decision `{decision[:64]}`; it has {', '.join(known)}")
    return with_people(found, in_use(), datetime.now(UTC))


def with_people(found: "list[Right]", directory: "Directory | None", now: datetime) -> "list[Right]":
    """Add who targets lead to now, where the escalation has not looked for them yet."""
    from escalation.people.search import Search

    if directory is None:
        return found
    named: list[Right] = []
    for right in found:
        targets = tuple(who for who in right.who if who.partition(":")[0] in FINDABLE)
        people = directory.find(Search(targets=targets), now).people if targets and not right.people else ()
        named.append(right.changed({"people": tuple(each.person for each in people)}) if people else right)
    return named


def _of_directory(people: "Directory", decision: str, amount: float) -> "list[Right]":
    from escalation.lifecycle.ownership.rights import Right

    kinds = sorted({kind for person in people.people for kind in person.authority})
    chosen = [kind for kind in kinds if decision.lower() in kind.lower()]
    if decision and not chosen:
        hint = did_you_mean(decision, kinds) or f"; there are {', '.join(kinds) or 'none'}"
        raise Unknown(f"nobody in the directory has an authority named `{decision[:64]}`{hint}")
    found = []
    now = datetime.now(UTC)
    for kind in chosen:
        limits = [(limit, person) for person in people.people if (limit := person.may_decide(kind)) is not None]
        enough = sorted((each for each in limits if each[0] >= amount), key=lambda each: each[0])
        said = (
            f"{name(person.actor)} {'any amount' if isinf(limit) else f'up to {limit:g}'}"
            + (" (away now)" if person.absence(now) is not None else "")
            for limit, person in enough
        )
        who = tuple(person.actor for _, person in enough)
        found.append(
            Right(decision=kind, who=(f"authority:{kind}",) if who else (), people=who, because="; ".join(said))
        )
    return found


def _shown(found: "list[Right]") -> RenderableType:
    table = layout.columns("decision", "who may", "who that is now", "an AI", "by")
    for right in found:
        may = right.ai.replace("_", " ")
        layout.add(
            table, Text(right.decision, style="bold"), names(right.who), names(right.people[:8]), may, right.because
        )
    return Group(table if found else Text("Nobody has an authority in this directory.", style="bold red"))
