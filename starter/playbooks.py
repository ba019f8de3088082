"""``escalate playbook``: which playbooks there are, what they say, what is wrong with them. Needs no server."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from activities.notify import inbox, webhook
from escalation.documents import Document, read_document
from escalation.errors import DocumentError, Finding, RequestRefused
from escalation.foresight.lint import Foreseen, Proof, Weight, prove
from escalation.people.directory import Directory
from escalation.playbook.automation_library import shipped_automations
from escalation.playbook.checks import check_against
from escalation.playbook.differences import differences
from escalation.playbook.ladder import Cell
from escalation.playbook.load import Entry, Loaded, Shelf, Status, load, shipped_folder
from escalation.playbook.schema import Playbook
from escalation.values import counted
from starter import intake, layout, matrix, panels, session
from starter.docstrings import field_docs
from starter.people import people as read_people
from starter.procedure import automations_table, procedure
from starter.procedure_ladder import matrix_of
from starter.session import AsJson, say

app = typer.Typer(name="playbook", help="The rules: list, show, check them.", no_args_is_help=True)

Folders = Annotated[
    list[Path] | None,
    typer.Option("--playbooks", metavar="FOLDER", help="Where to look first; may be repeated. Shipped ones come last."),
]
CHANNELS = (inbox.CHANNEL, webhook.CHANNEL)
"""What this installation can send by."""

Name = Annotated[str, typer.Argument(metavar="NAME", help="A playbook's name, or the path of its file.")]


def _shelf(folders: list[Path] | None) -> Shelf:
    return Shelf(*folders, shipped_folder()) if folders else session.shelf(session.load())


def add_commands(parent: typer.Typer) -> None:
    """Register ``playbook`` with its words."""
    parent.add_typer(app, rich_help_panel=panels.RULES)


@app.command("list")
def list_playbooks(playbooks: Folders = None, as_json: AsJson = False) -> None:
    """List the playbooks, and which of them are broken."""
    entries = _shelf(playbooks).list()
    broken = [entry for entry in entries if entry.status is not Status.OK]
    table = layout.columns("playbook", "version", "status", "title", "file")
    for entry in entries:
        if entry.loaded is None:
            count = f"broken ({len(entry.findings)} finding{'' if len(entry.findings) == 1 else 's'})"
            layout.add(table, entry.name, "", Text(count, style="bold red"), "", str(entry.file))
        else:
            book = entry.loaded.playbook
            layout.add(table, entry.name, str(book.version), book.status, book.title, str(entry.file))
    parts: list[RenderableType] = [table]
    for entry in broken:
        parts += [layout.headed(f"{entry.name} is broken", _findings(entry.findings))]
    if broken:
        parts += [
            "",
            Text(
                "A running worker goes on with the last good version it has read, and says so in its log; open "
                "escalations keep the version they began with. Until this is mended, a worker that starts anew refuses "
                "requests that name a broken playbook.",
                style="dim",
            ),
        ]
    say([_row(entry) for entry in entries], Group(*parts), as_json=as_json)


def _row(entry: Entry) -> dict[str, Any]:
    book = entry.loaded.playbook if entry.loaded else None
    return {
        "name": entry.name,
        "state": str(entry.status),
        "version": book.version if book else None,
        "status": book.status if book else None,
        "title": book.title if book else None,
        "digest": entry.loaded.digest if entry.loaded else None,
        "file": str(entry.file),
        "findings": [finding._asdict() for finding in entry.findings],
    }


def _findings(findings: tuple[Finding, ...] | list[Finding]) -> Group:
    return Group(*(Text(str(finding)) for finding in findings))


@app.command("show")
def show_playbook(playbook: Name, playbooks: Folders = None, as_json: AsJson = False) -> None:
    """Show what a playbook says, after `extends`: as a procedure to read, or whole with --json."""
    loaded = _load(playbook, playbooks)
    say({"digest": loaded.digest, "playbook": session.plain(loaded.playbook)}, procedure(loaded), as_json=as_json)


def _load(playbook: str, folders: list[Path] | None) -> Loaded:
    places = folders or list(session.load().playbooks)
    return load(Path(playbook) if "/" in playbook else playbook, *places)


@app.command("lint")
def lint(
    playbook: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A name or the path of a file; without it, all.")
    ] = None,
    directory: Annotated[Path | None, typer.Option(metavar="FILE", help="Where every target must be found.")] = None,
    playbooks: Folders = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="For how many days from now somebody must be there.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Check playbooks: what they say, and that at every instant of the next days somebody is told and can decide.

    Exit 1 where somebody would not be told, or something is wrong with a file; what only goes another way than the
    playbook says is a warning.
    """
    people = read_people(directory)
    written = read_document(directory or session.load().directory)
    checked = [playbook] if playbook else [entry.name for entry in _shelf(playbooks).list()]
    found = {each: _lint(each, playbooks, _People(people, written), days) for each in checked}
    parts = [part for each, proof in found.items() for part in _verdict(each, proof)]
    data = {each: [_plain(finding) for finding in proof.findings] for each, proof in found.items()}
    say(data, Group(*parts), as_json=as_json)
    if any(proof.errors for proof in found.values()):
        raise typer.Exit(1)


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A name or the path of a file.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    playbooks: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Say how two playbooks, or two versions of one, differ: levels, times, approvals, clocks, triggers, people."""
    one, other = _load(before, playbooks), _load(after, playbooks)
    found = differences(one.playbook, other.playbook)
    data = {"before": one.digest, "after": other.digest, "differences": list(found)}
    say(data, Group(*map(Text, found)) if found else Text("They say the same."), as_json=as_json)


class _People(NamedTuple):
    directory: Directory
    document: Document


class _Unproved(NamedTuple):
    """What is wrong before anything could be proved."""

    findings: tuple[Foreseen, ...]

    @property
    def errors(self) -> tuple[Foreseen, ...]:
        return self.findings


def _verdict(playbook: str, proof: Proof | _Unproved) -> Iterator[RenderableType]:
    """Say how a playbook stands, what was looked at, and each finding in a line that begins with its place."""
    warnings = len(proof.findings) - len(proof.errors)
    verdict = Text(f"{len(proof.errors)} to mend", style="bold red") if proof.errors else Text("ok", style="green")
    if warnings:
        verdict.append(f", {counted(warnings, 'warning')}", style="yellow")
    yield Text.assemble((f"{playbook}: ", "bold"), verdict)
    if isinstance(proof, Proof):
        yield Text(f"  {proof}", style="dim")
    for found in proof.findings:
        style = "red" if found.weight is Weight.ERROR else "yellow"
        yield Text.assemble("  ", (f"{found.weight}: ", style), f"{found.where}: {found.what}")


def _plain(found: Foreseen) -> dict[str, Any]:
    return {
        "weight": str(found.weight),
        **found.finding._asdict(),
        "first_at": found.at.isoformat() if found.at else None,
        "lasts_seconds": found.lasts.total_seconds() if found.at else None,
    }


def _lint(playbook: str, folders: list[Path] | None, people: _People, days: int) -> Proof | _Unproved:
    try:
        loaded = _load(playbook, folders)
    except DocumentError as error:
        if error.findings[0].message.startswith("there is no playbook"):
            raise
        return _Unproved(tuple(Foreseen(Weight.ERROR, finding) for finding in error.findings))
    directory, now = people.directory, datetime.now(UTC)
    unknown = check_against(loaded.playbook, lambda target: bool(directory.members(target)), loaded.document)
    if unknown:  # whoever is not in the directory is not found at any instant: said once
        return _Unproved(tuple(Foreseen(Weight.ERROR, finding) for finding in unknown))
    return prove(
        loaded.playbook, directory, now, days, document=loaded.document, people=people.document, channels=CHANNELS
    )


@app.command("automations")
def automations(as_json: AsJson = False) -> None:
    """List the shipped automations, which a playbook can use by name."""
    shipped = shipped_automations()
    say([session.plain(each) for each in shipped], automations_table(shipped), as_json=as_json)


@app.command("matrix")
def show_matrix(
    playbook: Name,
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV for a spreadsheet, on stdout.")] = False,
    read: Annotated[
        Path | None, typer.Option("--import", metavar="FILE", help="Make the cells of this CSV the matrix in the file.")
    ] = None,
    sheet: Annotated[
        str,
        typer.Option("--from", metavar="INTAKE", help="Make the rows of the sheet that this intake reads the matrix."),
    ] = "",
    playbooks: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Show the matrix of a playbook, write it as CSV, or read it back from CSV or a sheet into the playbook's file.

    What did not change stays as it stands in the file, with its comments. Nothing is written where a check fails.
    """
    loaded = _load(playbook, playbooks)
    if read is None and as_csv:
        sys.stdout.write(matrix.exported(loaded.playbook.matrix))
        return
    if read is not None and sheet:
        raise typer.BadParameter("--import and --from are two sources of one matrix: choose one")
    if read is not None or sheet:
        cells = _cells(read) if read is not None else intake.matrix_of(sheet)
        written = matrix.write_back(loaded.file, cells)
        what = f"{counted(len(cells), 'cell')} {'written' if written else 'there already'}"
        data = {"file": str(loaded.file), "cells": len(cells), "written": written}
        say(data, f"{loaded.file}: {what}", as_json=as_json)
        return
    say(session.plain(loaded.playbook)["matrix"], matrix_of(loaded.playbook), as_json=as_json)


def _cells(read: Path) -> tuple[Cell, ...]:
    try:
        text = read.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestRefused([("--import", f"{read} cannot be read: {type(error).__name__}")]) from None
    return matrix.imported(text)


@app.command("schema")
def schema() -> None:
    """Print the JSON schema of a playbook, for editors. What each key means stands in it."""
    written = Playbook.model_json_schema()
    _describe(written, Playbook)
    for model in _models():
        _describe(written["$defs"].get(model.__name__, {}), model)
    # A playbook that extends another one may leave out anything.
    required = written.pop("required")
    written["properties"]["extends"] = {"type": "string", "description": "The playbook that this one is laid over."}
    written["anyOf"] = [{"required": ["extends"]}, {"required": required}]
    automation = written["$defs"]["Automation"]  # so may one that uses a shipped one
    automation["anyOf"] = [{"required": ["use"]}, {"required": automation.pop("required")}]
    written["additionalProperties"] = False
    written["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    sys.stdout.write(json.dumps(written, indent=2, ensure_ascii=False) + "\n")


def _describe(written: dict[str, Any], model: type[Any]) -> None:
    for field, docs in field_docs(model).items():
        written.get("properties", {}).get(field, {}).setdefault("description", docs)


def _models() -> list[type[Any]]:
    from pydantic import BaseModel

    from escalation import calendars, choice
    from escalation.playbook import automation, clocks, ladder, review, severity
    from escalation.playbook import schema as whole

    modules = (whole, ladder, severity, clocks, automation, review, calendars, choice)
    kinds = (kind for module in modules for kind in vars(module).values())
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
