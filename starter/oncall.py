"""``escalate oncall``: whose shift it is in the days to come, and swapping shifts. Needs no server."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Group, RenderableType
from rich.text import Text

from escalation.errors import NotAllowed, RequestRefused
from escalation.explain import did_you_mean
from escalation.people.directory import Absence, Directory
from escalation.people.feeds import FeedRotation
from escalation.people.schedules import AnyRotation, By, Part, coming
from escalation.people.search import Search
from escalation.people.swaps import Given, Swap, missing
from escalation.values import format_duration
from starter import layout, panels
from starter.line import names
from starter.people import hearing, people
from starter.session import AsJson, load, say
from starter.swapping import write_swap
from starter.when import instant_of, localized, zone

DirectoryFile = Annotated[
    Path | None, typer.Option("--directory", metavar="FILE", help="The directory, if not that of the settings.")
]


class Oncall(typer.core.TyperGroup):
    """``escalate oncall support`` is ``escalate oncall show support``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put in the word that people leave out."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(name="oncall", cls=Oncall, help="Whose shift it is, and swapping shifts. Without a word: show.")


def add_commands(parent: typer.Typer) -> None:
    """Register ``oncall`` with its words."""
    parent.add_typer(app, rich_help_panel=panels.RULES)


@app.command("show")
def show(
    rotation: Annotated[str | None, typer.Argument(metavar="[ROTATION]", help="One rotation; without it, all.")] = None,
    *,
    begin: Annotated[str, typer.Option("--from", metavar="WHEN", help="now, tomorrow 9:00, 2026-12-24.")] = "now",
    days: Annotated[int, typer.Option(min=1, max=366, help="For how many days.")] = 14,
    zone_of: Annotated[
        str, typer.Option("--zone", metavar="ZONE", help="Time zone to write and read times in; yours if not named.")
    ] = "",
    directory: DirectoryFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the coming shifts of rotations: who, from when until when, and why that person."""
    now = datetime.now(UTC)
    with zone(zone_of):
        start = instant_of("--from", begin, now, first=True)
        known = people(directory)
        shown = {rotation: _rotation(known, rotation)} if rotation is not None else dict(known.rotations)
        parts = {name: list(coming(each, start, start + timedelta(days=days))) for name, each in shown.items()}
        tables = [_table(name, shown[name], found, now, known) for name, found in parts.items()]
        data = {name: _plain(shown[name], found, now, known) for name, found in parts.items()}
        say(data, Group(*tables, *([] if tables else [Text("The directory has no rotation.")])), as_json=as_json)


@app.command("swap")
def swap(
    rotation: Annotated[str, typer.Argument(metavar="ROTATION", help="Whose shifts are swapped.")],
    *,
    give: Annotated[str, typer.Option(metavar="PERSON@WHEN", help="Who gives which shift: when it starts.")],
    take: Annotated[
        str, typer.Option(metavar="PERSON[@WHEN]", help="Who takes it, and which shift they give in return.")
    ],
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why, in a sentence.")],
    force: Annotated[str, typer.Option(metavar="REASON", help="Swap although it leaves a gap, and why.")] = "",
    directory: DirectoryFile = None,
    as_json: AsJson = False,
) -> None:
    """Let two people exchange two shifts, or one take over a shift of another; it is written into the directory's file.

    Refused when there is no such shift, when it is swapped already, and when whoever takes it is away then.
    """
    giver, given = _end("--give", give, required=True)
    taker, returned = _end("--take", take, required=False)
    try:
        wanted = Swap.model_validate(
            {"a": giver, "a_start": given, "b": taker, "b_start": returned, "why": why, "forced": force}
        )
    except ValidationError as error:
        raise RequestRefused([("", str(each["msg"])) for each in error.errors(include_input=False)]) from None
    file = directory or load().directory

    def check(changed: Directory) -> None:
        _in_feed(hearing(changed, file), rotation, wanted)

    line, written = write_swap(file, rotation, wanted, check)
    data = {"file": str(file), "line": line, "swap": wanted.model_dump(mode="json")}
    say(data, Text(f"{file}:{line}: {written}"), as_json=as_json)


def _in_feed(directory: Directory, name: str, wanted: Swap) -> None:
    """Check a swap of shifts that stand in a calendar, which the check of the file alone cannot."""
    rotation = directory.rotations[name]
    if not isinstance(rotation, FeedRotation):
        return
    if rotation.heard.read_at is None:
        raise NotAllowed(f"the shifts of `{name}` are not known: {rotation.nobody()}")
    [listed] = rotation.layers
    for given in wanted.given:
        number = listed.own(given.giver, given.start)
        if number is None:
            raise NotAllowed(missing((listed,), given))
        if not wanted.forced:
            _refuse_gap(directory, given, listed.shifts[number].end)


def _refuse_gap(directory: Directory, given: Given, end: datetime) -> None:
    person = directory.person(f"person:{given.taker}")
    for gone in person.away if person is not None else ():
        if gone.start < end and gone.end > given.start:
            raise NotAllowed(
                f"leaves a gap: {given.taker} takes the shift of {given.giver} and is away in it, until "
                f"{gone.end.isoformat(timespec='minutes')}; name somebody who is there, or --force with the reason"
            )


def _end(option: str, text: str, *, required: bool) -> tuple[str, datetime | None]:
    person, at, when = text.partition("@")
    person = person.removeprefix("person:").strip()
    if not person or (required and not when):
        raise RequestRefused([(option, "expected PERSON@WHEN, such as eva.novak@2026-12-24T08:00+01:00")])
    return person, instant_of(option, when, datetime.now(UTC), first=True) if at else None


def _rotation(directory: Directory, name: str) -> AnyRotation:
    if name not in directory.rotations:
        known = sorted(directory.rotations)
        hint = did_you_mean(name, known) or f"; expected one of {', '.join(known) or 'none: it has no rotation'}"
        raise RequestRefused([("ROTATION", f"there is no rotation `{name}` in the directory{hint}")])
    return directory.rotations[name]


def _how(part: Part) -> str:
    if part.found is None:
        return "gap"
    layer = f" of layer {part.found.layer}" if part.found.layer and part.found.by is By.SWAP else ""
    return f"layer {part.found.layer}" if part.found.by is By.LAYER else f"{part.found.by}{layer}"


def _age(rotation: AnyRotation, now: datetime) -> str:
    if not isinstance(rotation, FeedRotation):
        return ""
    read_at = rotation.heard.read_at
    if read_at is None:
        return rotation.nobody()
    failing = f", and fails since: {rotation.heard.failing}" if rotation.heard.failing else ""
    return f"the feed was read {format_duration(max(now - read_at, timedelta(0)))} ago{failing}"


def _away(directory: Directory, part: Part) -> tuple[Absence, ...]:
    """Return when whoever has this shift is away in it. Why they are is their own matter."""
    person = directory.by_id(part.found.person) if part.found is not None else None
    absences = person.away if person is not None else ()
    return tuple(gone for gone in absences if gone.start < part.end and gone.end > part.start)


def _instead(directory: Directory, rotation: str, part: Part) -> str:
    """Say from when until when whoever has this shift is away in it, and who is asked then."""
    said = []
    for gone in _away(directory, part):
        start, end = max(gone.start, part.start), min(gone.end, part.end)
        found = directory.find(Search(targets=(f"oncall:{rotation}",)), start).people
        said.append(f"away {_at(start)} to {_at(end)}, then {names(each.person for each in found) or 'nobody'}")
    return "; ".join(said)


def _table(name: str, rotation: AnyRotation, parts: list[Part], now: datetime, known: Directory) -> RenderableType:
    table = layout.columns("who", "from", "until", "by", "why")
    for part in parts:
        found = part.found
        cells = (found.person if found else "nobody", _at(part.start), _at(part.end), _how(part))
        why, instead = found.why if found and found.by in {By.OVERRIDE, By.SWAP} else "", _instead(known, name, part)
        layout.add(
            table,
            *(Text(cell, style="" if found else "bold red") for cell in cells),
            Text.assemble((why, "dim"), "; " if why and instead else "", (instead, "yellow")),
        )
    remarks = rotation.remarks if isinstance(rotation, FeedRotation) else ()
    said = [
        Text(each, style="yellow" if each in remarks else "dim") for each in (_age(rotation, now), *remarks) if each
    ]
    return layout.headed(name, Group(table, *said))


def _at(at: datetime) -> str:
    return f"{localized(at):%a %Y-%m-%d %H:%M %Z}"


def _plain(rotation: AnyRotation, parts: list[Part], now: datetime, known: Directory) -> dict[str, Any]:
    rows = [
        {
            "person": part.found.person if part.found else None,
            "from": part.start.astimezone(UTC),
            "until": part.end.astimezone(UTC),
            "by": _how(part),
            "why": part.found.why if part.found else "",
            "away": [{"from": each.start, "until": each.end} for each in _away(known, part)],
        }
        for part in parts
    ]
    feed: dict[str, Any] | None = None
    if isinstance(rotation, FeedRotation):
        feed = {
            "read_at": rotation.heard.read_at,
            "failing": rotation.heard.failing,
            "remarks": rotation.remarks,
            "says": _age(rotation, now),
        }
    return {"shifts": rows, "feed": feed}
