"""``escalate intake``: what happened in an outside system comes in, from a file or from a connected sheet."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from escalation.errors import RequestRefused, SettingsError
from escalation.explain import did_you_mean
from escalation.intake import AnyIntake, Opening, Taken, Who, take
from escalation.intake.config import JsonIntake, MatrixIntake, RowsIntake, SheetPlace, SocialIntake
from escalation.intake.rows import Table, read_csv
from escalation.people.directory import load_directory
from escalation.playbook.ladder import Cell
from escalation.receiving import Report, take_in
from escalation.values import counted
from starter import connecting, layout, matrix, panels, session
from starter.session import AsJson, say
from starter.when import parse_instant

if TYPE_CHECKING:
    from settings import Settings

CHANNELS: Mapping[str, str] = {"chat": "slack", "email": "email", "zoom": "email", "teams": "teams"}
"""On which channel the directory knows the people of a system, where an intake does not say it."""


def add_commands(app: typer.Typer) -> None:
    """Register ``intake``."""
    app.command("intake", rich_help_panel=panels.OPEN)(intake)


def intake(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which intake of the connections file.")],
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="JSON, CSV or an e-mail as the intake reads it; `-` reads standard input."),
    ] = "",
    *,
    escalation: Annotated[
        str, typer.Option("--escalation", metavar="ID", help="What is posted belongs here, whatever it names itself.")
    ] = "",
    since: Annotated[
        str,
        typer.Option("--since", metavar="WHEN", help="Of a connected sheet only rows that were changed since then."),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; needs no server.")] = False,
    connections: connecting.File = None,
    as_json: AsJson = False,
) -> None:
    """Open, join or post what happened in an outside system. The same again changes nothing.

    Without FILE the connected sheet of the intake is read. Exit 1 when a part could not be used; the others are done.
    """
    settings = session.load()
    path = connecting.file_of(connections, settings)
    chosen = _intake(path, name)
    payload = _payload(path, chosen, file, since)
    to = session.full_id(escalation) if escalation else ""
    taken = take(name, chosen, payload, who=_who(chosen, settings), to=to)
    if dry_run:
        say(taken, _foreseen(taken), as_json=as_json)
        if taken.wrong:
            raise typer.Exit(1)
        return
    report = session.run(_take_in(taken)) if taken.steps else Report(passed_over=taken.passed_over, wrong=taken.wrong)
    say(report, _shown(report), as_json=as_json)
    if report.wrong:
        raise typer.Exit(1)


async def _take_in(taken: Taken) -> Report:
    return await take_in(await session.connect(), taken)


def matrix_of(name: str) -> tuple[Cell, ...]:
    """Read the matrix in the sheet of an intake.

    Raises:
        SettingsError: there is no such intake, or it reads no matrix.
        RequestRefused: naming every column, row and part that is wrong.
        RemoteError: the sheet cannot be read.
    """
    path = connecting.file_of(None, session.load())
    chosen = _intake(path, name)
    if not isinstance(chosen, MatrixIntake):
        raise SettingsError(f"the intake {name} reads {chosen.reads}; expected one with `reads: matrix`")
    return matrix.of_table(_rows(path, chosen.sheet, None), chosen)


def _intake(path: Path, name: str) -> AnyIntake:
    from activities.connections import read_connections

    read = read_connections(path)
    if name not in read.intake:
        known = ", ".join(read.intake) or "none"
        raise SettingsError(f"no intake is called {name}{did_you_mean(name, [*read.intake])}; known: {known}")
    return read.intake[name]


def _payload(path: Path, chosen: AnyIntake, file: str, since: str) -> Any:
    now = datetime.now(UTC)
    if not file:
        sheet = chosen.sheet if isinstance(chosen, RowsIntake) else None
        if sheet is None:
            raise typer.BadParameter("FILE is missing: only an intake with a connected sheet is read without one")
        return _rows(path, sheet, _instant(since, now) if since else None)
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise RequestRefused([(file, f"cannot be read: {error.strerror}")]) from None
    if isinstance(chosen, RowsIntake):
        return read_csv(data, chosen.key)
    if chosen.reads == "email":
        return data
    try:
        return json.loads(data)
    except ValueError:
        raise RequestRefused([(file, f"is not JSON, which an intake that reads {chosen.reads} expects")]) from None


def _instant(since: str, now: datetime) -> datetime:
    try:
        return parse_instant(since, now, first=True)
    except ValueError as error:
        raise RequestRefused([("--since", str(error))]) from None


def _rows(path: Path, sheet: SheetPlace, since: datetime | None) -> Table:
    return session.run(connecting.connected(path, lambda opened: opened.sheets[sheet.connection].rows(sheet.id, since)))


def _who(chosen: AnyIntake, settings: "Settings") -> Who:
    """Return who finds people by their addresses on the intake's channel."""
    if isinstance(chosen, RowsIntake | JsonIntake | SocialIntake | MatrixIntake):
        return lambda _: None
    channel = chosen.channel or CHANNELS.get(chosen.reads, "")
    people = load_directory(settings.directory).people
    known = {
        contact.address.lower(): person.id
        for person in people
        for contact in person.contacts
        if contact.channel == channel
    }
    return lambda stated: known.get(stated.lower())


def _foreseen(taken: Taken) -> Group:
    table = layout.columns("part", "what would be done")
    for step in taken.steps:
        if isinstance(step, Opening):
            request = step.request
            layout.add(table, step.where, f"open or join {request.source} {request.dedup_key} by {request.playbook}")
        else:
            too = " and what is linked with it" if step.linked else ""
            layout.add(table, step.where, f"post: {step.entry.kind} of {step.entry.author} on {step.to}{too}")
    return Group(table, *_left(taken))


def _shown(report: Report) -> Group:
    table = layout.columns("part", "escalation", "outcome", "says")
    for each in report.done:
        layout.add(table, each.where, each.escalation, each.outcome, each.says)
    return Group(table, *_left(report)) if report.done else Group(*_left(report))


def _left(report: Taken | Report) -> list[RenderableType]:
    said: list[RenderableType] = [Text(f"{each.where}: passed over, {each.because}") for each in report.passed_over]
    said += [
        Text(": ".join(filter(None, (each.where, path, problem))), style="bold red")
        for each in report.wrong
        for path, problem in each.problems
    ]
    if report.wrong:
        said.append(Text(f"{counted(len(report.wrong), 'part')} could not be used", style="bold red"))
    return said
