"""``escalate playbook``: which playbooks there are, what they say, what is wrong with them. Needs no server."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from activities.notify import inbox, webhook
from escalation.choice import Choose, Criterion
from escalation.documents import Document, read_document
from escalation.errors import DocumentError, Finding, RequestRefused
from escalation.foresight.lint import Foreseen, Proof, Weight, prove
from escalation.lifecycle import powers
from escalation.lifecycle.clock_views import WAITS_FOR
from escalation.people.directory import Directory
from escalation.playbook.automation import Automation, Doing
from escalation.playbook.automation_library import shipped_automations
from escalation.playbook.checks import check_against
from escalation.playbook.clocks import LEVEL_UP, TELL, ClockPolicy
from escalation.playbook.ladder import BypassPolicy
from escalation.playbook.load import Entry, Loaded, Shelf, Status, load, shipped_folder
from escalation.playbook.schema import Playbook, Threshold
from escalation.playbook.severity import SeverityLevel
from escalation.values import counted, format_duration
from starter import matrix, render, session
from starter.docstrings import field_docs
from starter.people import people as read_people
from starter.session import AsJson, say
from starter.story import name, names

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


@app.command("list")
def list_playbooks(playbooks: Folders = None, as_json: AsJson = False) -> None:
    """List the playbooks, and which of them are broken."""
    entries = _shelf(playbooks).list()
    broken = [entry for entry in entries if entry.status is not Status.OK]
    table = render.columns("playbook", "version", "status", "title", "file")
    for entry in entries:
        if entry.loaded is None:
            count = f"broken ({len(entry.findings)} finding{'' if len(entry.findings) == 1 else 's'})"
            render.add(table, entry.name, "", Text(count, style="bold red"), "", str(entry.file))
        else:
            book = entry.loaded.playbook
            render.add(table, entry.name, str(book.version), book.status, book.title, str(entry.file))
    parts: list[RenderableType] = [table]
    for entry in broken:
        parts += [render.headed(f"{entry.name} is broken", _findings(entry.findings))]
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
    say({"digest": loaded.digest, "playbook": session.plain(loaded.playbook)}, _procedure(loaded), as_json=as_json)


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
    say([session.plain(each) for each in shipped], _automations(shipped), as_json=as_json)


@app.command("matrix")
def show_matrix(
    playbook: Name,
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV for a spreadsheet, on stdout.")] = False,
    read: Annotated[
        Path | None, typer.Option("--import", metavar="FILE", help="Make the cells of this CSV the matrix in the file.")
    ] = None,
    playbooks: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Show the matrix of a playbook, write it as CSV, or read it back from CSV into the playbook's file.

    What did not change stays as it stands in the file, with its comments. Nothing is written where a check fails.
    """
    loaded = _load(playbook, playbooks)
    if read is None and as_csv:
        sys.stdout.write(matrix.exported(loaded.playbook.matrix))
        return
    if read is not None:
        try:
            text = read.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RequestRefused([("--import", f"{read} cannot be read: {type(error).__name__}")]) from None
        cells = matrix.imported(text)
        written = matrix.write_back(loaded.file, cells)
        what = f"{counted(len(cells), 'cell')} {'written' if written else 'there already'}"
        data = {"file": str(loaded.file), "cells": len(cells), "written": written}
        say(data, f"{loaded.file}: {what}", as_json=as_json)
        return
    say(session.plain(loaded.playbook)["matrix"], _matrix(loaded.playbook), as_json=as_json)


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
    from escalation.playbook import automation, clocks, ladder, severity
    from escalation.playbook import schema as whole

    modules = (whole, ladder, severity, clocks, automation, calendars, choice)
    kinds = (kind for module in modules for kind in vars(module).values())
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]


# --- a playbook as a procedure ----------------------------------------------------------------------------------------


def _procedure(loaded: Loaded) -> Group:
    book = loaded.playbook
    parts: list[RenderableType] = [
        Text(f"{book.title}", style="bold"),
        *([Text(book.description)] if book.description else []),
        render.grid(
            [
                ("playbook", f"{book.playbook} version {book.version}, {book.status} ({loaded.digest})"),
                ("file", str(loaded.file)),
                ("for", f"{book.department or 'any department'}, {book.audience}"),
                ("owner", name(book.owner)),
            ]
        ),
        render.headed("When a person must see it", _triggers(book)),
        render.headed("How bad it is", _severity(book)),
        render.headed("What must travel along", _context(book)),
        render.headed("Who is told", _levels(book)),
    ]
    if any(level.responsible_for or level.may_escalate for level in book.levels):
        parts.append(render.headed("Who answers for what, and may hand it up", _powers(book)))
    if book.routing:
        parts.append(render.headed("Sent elsewhere", _routing(book)))
    if book.paths:
        parts.append(render.headed("Which way it goes", _paths(book)))
    if book.matrix:
        parts.append(render.headed("What differs by severity and time", _matrix(book)))
    if book.decision_makers:
        parts.append(render.headed("Who must have heard of it by when", _decision_makers(book)))
    if book.bypass is not None:
        parts.append(render.headed("In an emergency", _bypass(book.bypass)))
    if book.gates:
        parts.append(render.headed("What needs an approval", _gates(book)))
    if book.critical_incident is not None:
        critical = book.critical_incident
        parts.append(render.headed("What is a critical incident", Text(f"{critical.because}: {critical.when}")))
    if book.automations:
        parts.append(render.headed("What happens by itself", _automations(book.automations)))
    if book.clocks:
        parts.append(render.headed("How long it may take", _clocks(book)))
    parts += [
        render.headed("Who answers for it", _raci(book)),
        render.headed("When it is over", _end(book)),
    ]
    return Group(*parts)


def _triggers(book: Playbook) -> Group:
    table = render.columns("trigger", "what", "when", "first level")
    for trigger in book.triggers:
        render.add(table, trigger.id, trigger.about, Text(trigger.when.strip(), style="dim"), trigger.level or "")
    parts: list[RenderableType] = [table]
    for source, thresholds in (("", book.confidence), *book.confidence_by_source.items()):
        if thresholds:
            limits = ", ".join(f"{risk} {_agreed(threshold)}" for risk, threshold in thresholds.items())
            of = f" of {source}" if source else ""
            parts.append(Text(f"The AI{of} may go on from this confidence up, by risk: {limits}."))
    if book.keywords:
        languages = sorted({language for words in book.keywords.values() for language in words})
        parts.append(Text(f"Words that count: {', '.join(book.keywords)}; in {', '.join(languages)}."))
    return Group(*parts)


def _agreed(threshold: Threshold) -> str:
    agreed = ", ".join(filter(None, (threshold.agreed_by, threshold.agreed_on)))
    return f"{threshold.below:g}" + (f" ({agreed})" if agreed else "")


def _severity(book: Playbook) -> Group:
    table = render.columns("severity", "also called", "what", "when")
    for level in book.severity.scale:
        chosen = [rule for rule in book.severity.rules if book.severity.find(rule.severity) == level]
        said = [rule.when.strip() + " (beats the others)" * rule.override for rule in chosen]
        rules = " or ".join([*said, *_cells(book, level)])
        render.add(table, level.name, ", ".join(level.aliases), level.about, Text(rules, style="dim"))
    lowering = book.severity.lowering
    milder = f" Milder only with approval {lowering.gate}." if lowering else ""
    return Group(table, Text(f"Otherwise {book.severity.default}.{milder}"))


def _cells(book: Playbook, level: SeverityLevel) -> Iterator[str]:
    """Say which cells of the severity's table name a level."""
    table = book.severity.table
    for row, line in table.cells.items() if table is not None else ():
        columns = [column for column, word in line.items() if book.severity.find(word) == level]
        if columns and table is not None:
            yield f"{table.rows} {row} and {table.columns} {', '.join(columns)}"


def _context(book: Playbook) -> RenderableType:
    within = format_duration(book.context.complete_within)
    text = f"{', '.join(book.context.required)}. The requester has {within} to complete it."
    if book.context.incomplete_allowed:
        text += f" Told at once although incomplete when {book.context.incomplete_allowed}."
    table = render.columns("field", "what", "required")
    for field, policy in book.fields.items():
        if policy.required or policy.required_when:
            when = f"when {policy.required_when}" if policy.required_when else "always"
            render.add(table, field, policy.about or ", ".join(policy.values), Text(when, style="dim"))
    return Group(Text(text), *([table] if table.row_count else []))


def _chosen(choose: Choose | None) -> str:
    if choose is None or choose.by == (Criterion.EVERYBODY,):
        return ": all of them" if choose is not None else ""
    return f": {choose.take or 1} of them, by {', '.join(choose.by)}".replace("_", " ")


def _levels(book: Playbook) -> Group:
    table = render.columns("level", "title", "who", "answer within", "rounds", "up after", "up at once when")
    for level in book.levels:
        render.add(
            table,
            level.id,
            level.title,
            names(level.targets) + _chosen(level.choose),
            format_duration(level.ack),
            str(level.repeat + 1),
            format_duration(level.dwell),
            Text(level.up_when or "", style="dim"),
        )
    last = book.levels[-1]
    return Group(table, Text(f"If even {last.id} is silent: {name(last.last_resort or book.owner)}, again and again."))


def _powers(book: Playbook) -> RenderableType:
    table = render.columns("level", "answers for", "may escalate")
    for level in book.levels:
        may = (
            "; ".join(powers.said(power) for power in level.may_escalate) or "whoever works on it, and who asked for it"
        )
        render.add(table, level.id, ", ".join(level.responsible_for), may)
    return table


def _routing(book: Playbook) -> RenderableType:
    table = render.columns("when", "hours", "level", "instead of the level's targets")
    for route in book.routing:
        hours = f"in {route.during}" if route.during else f"out of {route.outside}" if route.outside else ""
        render.add(table, route.when, hours, route.level or "the first", names(route.targets) + _chosen(route.choose))
    return table


def _paths(book: Playbook) -> RenderableType:
    table = render.columns("path", "what", "when", "levels", "after the last")
    for path in book.paths:
        end = next(level for level in reversed(book.levels) if level.id in path.levels)
        after = f"path {path.then}" if path.then else name(end.last_resort or book.owner)
        when = Text("otherwise" if path.when == "true" else path.when, style="dim")
        render.add(table, path.id, path.about, when, " → ".join(path.levels), after)
    return table


def _matrix(book: Playbook) -> RenderableType:
    table = render.columns("severity", "at", "who", "answer within", "rounds", "up after", "only when")
    for cell in book.matrix:
        go = f", at least at {cell.level}" if cell.after and cell.level else ""
        render.add(
            table,
            ", ".join(cell.severity),
            f"after {format_duration(cell.after)}{go}" if cell.after else cell.level or "",
            names(cell.targets),
            format_duration(cell.ack) if cell.ack else "",
            "" if cell.repeat is None else str(cell.repeat + 1),
            format_duration(cell.dwell) if cell.dwell else "",
            Text(cell.when or "", style="dim"),
        )
    return table


def _decision_makers(book: Playbook) -> RenderableType:
    table = render.columns("severity", "somebody who may decide", "within", "what")
    for each in book.decision_makers:
        kind = each.authority + (f" up to {each.amount:g}" if each.amount else "")
        render.add(table, ", ".join(each.severity), kind, format_duration(each.within), each.about)
    return table


def _bypass(bypass: BypassPolicy) -> Text:
    who = names(bypass.allowed) or "whoever works on it"
    when = "" if bypass.when == "true" else f" when {bypass.when}"
    after = f"{name(bypass.review_by)} looks at it within {format_duration(bypass.review_within)}"
    return Text(f"{who} may skip {', '.join(bypass.skip)}{when}, with a reason; {after}.")


def _gates(book: Playbook) -> RenderableType:
    table = render.columns("approval", "before", "when", "who", "how many", "within", "silence means", "bound to")
    for gate in book.gates:
        render.add(
            table,
            gate.id,
            gate.before,
            Text(gate.when, style="dim"),
            names(gate.approvers) + _chosen(gate.choose),
            str(gate.need),
            format_duration(gate.deadline),
            " ".join(
                filter(None, [gate.on_expiry.replace("_", " "), f"({names(gate.deputies)})" * bool(gate.deputies)])
            ),
            ", ".join(book.subject_of(gate)),
        )
    return table


def _clocks(book: Playbook) -> RenderableType:
    severities = [level.name for level in book.severity.scale]
    table = render.columns("clock", "counts from", *severities, "waits for", "at the limit")
    for clock, policy in book.clocks.items():
        limits = [policy.allowed(severity) for severity in severities]
        of = f" of {policy.calendar}" if policy.calendar else ""
        render.add(
            table,
            clock,
            policy.starts.replace("_", " "),
            *(f"{format_duration(limit)}{of}" if limit else _no_limit(policy) for limit in limits),
            WAITS_FOR[policy.ends(clock)] + (f", while {policy.when}" if policy.when else ""),
            _at_the_limit(policy),
        )
    return table


def _no_limit(policy: ClockPolicy) -> str:
    return "due date" if policy.limit == "due_at" else "-"


def _at_the_limit(policy: ClockPolicy) -> str:
    then = {LEVEL_UP: "it goes up a level", TELL: "the accountable is told"}
    told = f"; {names(policy.tell)} told" if policy.tell else ""
    return then.get(policy.on_breach, f"it goes to {policy.on_breach} at least") + told


def _automations(automations: Iterable[Automation]) -> RenderableType:
    table = render.columns("automation", "what", "on", "when", "does")
    for each in automations:
        at = f"at {', '.join(each.severity)}" if each.severity else ""
        only = f"of {', '.join(each.which)}" if each.which else ""
        when = each.when if each.when != "true" else ""
        render.add(
            table,
            each.id + ("" if each.enabled else " (off)"),
            each.about,
            ", ".join(each.on),
            Text("\n".join(filter(None, [at, only, when])), style="dim"),
            "\n".join(map(_does, each.then)),
        )
    return table


def _does(action: Doing) -> str:
    said = action.model_dump(exclude_defaults=True, exclude={"id", "do"})
    return f"{action.do.replace('_', ' ')}: {'; '.join(map(_value, said.values()))}"


def _value(value: object) -> str:
    if isinstance(value, timedelta):
        return f"within {format_duration(value)}"
    return names(value) if isinstance(value, tuple) else str(value)


def _raci(book: Playbook) -> RenderableType:
    table = render.columns("stage", "responsible", "accountable", "consulted", "informed")
    for stage, row in book.raci.items():
        render.add(
            table, stage, names(row.responsible), name(row.accountable), names(row.consulted), names(row.informed)
        )
    return table


def _end(book: Playbook) -> Text:
    asked = {
        "customer": "The customer says whether it is solved",
        "requester": "Whoever asked says whether it is solved",
        "nobody": "Nobody is asked whether it is solved",
    }[book.resolution.confirmed_by]
    within = format_duration(book.resolution.confirm_within)
    silence = {"confirmed": "silence means yes", "owner_told": "silence means that the owner asks again"}
    review = f"review ({', '.join(book.review.requires)}) within {format_duration(book.review.due)}"
    return Text(f"{asked}, within {within}; {silence[book.resolution.on_silence]}. Then a {review}.")
