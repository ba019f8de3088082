"""``escalate connections``: which outside systems are connected, whether each answers, what it needs. No server."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Group
from rich.text import Text

from escalation.errors import SettingsError
from escalation.explain import did_you_mean
from escalation.people.directory import Directory, load_directory
from escalation.values import counted
from starter import layout, panels, session
from starter.session import AsJson, say

if TYPE_CHECKING:  # httpx and every connector: loaded when they are asked for
    from activities.connections import Checked, Connections
    from settings import Settings

T = TypeVar("T")

NAMED = 3
"""So many people are named whom something concerns."""

app = typer.Typer(
    name="connections", help="Help desks and channels: check that each answers, prepare one.", no_args_is_help=True
)

File = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="Instead of the one in ESCALATION_CONNECTIONS.")
]


def add_commands(parent: typer.Typer) -> None:
    """Register ``connections`` with its words."""
    parent.add_typer(app, rich_help_panel=panels.RUN)


@app.command("check")
def check(file: File = None, as_json: AsJson = False) -> None:
    """Try each connection without changing anything there. Exit 1 when one cannot be used, or that is unsure."""
    settings = session.load()
    directory = load_directory(settings.directory)

    async def tried(opened: "Connections") -> "tuple[list[Checked], list[str]]":
        return await opened.check(), [*_unreached(directory, opened), *_misaddressed(directory, opened)]

    checked, unknown = session.run(connected(file_of(file, settings), tried))
    table = layout.columns("connection", "kind", "state", "says")
    for each in checked:
        layout.add(table, each.name, each.kind, _state(each), each.says)
    unsure = sum(each.unsure for each in checked)
    failing = sum(not each.ok for each in checked) - unsure
    amounts = [f"{amount} {what}" for amount, what in ((failing, "failing"), (unsure, "unsure")) if amount]
    line = ", ".join([counted(len(checked), "connection"), *amounts])
    line_style = "bold red" if failing else "yellow" if unsure else "dim"
    said = [Text(f"  {each}", style="red") for each in unknown]
    heading = [Text(f"\nin {settings.directory}:")] if said else []
    shown = Group(table, Text(line, style=line_style), *heading, *said)
    say({"connections": checked, "contact_points": unknown}, shown, as_json=as_json)
    if unknown or amounts:
        raise typer.Exit(1)


@app.command("prepare")
def prepare(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which connection.")],
    file: File = None,
    as_json: AsJson = False,
) -> None:
    """Make in one system what has to be there before it can be used, such as a property of its tickets."""
    path = file_of(file, session.load())
    prepared = session.run(connected(path, lambda opened: opened.prepare(name)))
    say(prepared, Text(prepared.says, style="" if prepared.ok else "bold red"), as_json=as_json)
    if not prepared.ok:
        raise typer.Exit(1)


def file_of(named: Path | None, settings: "Settings") -> Path:
    """Return the connections file. Raises SettingsError where none is named."""
    path = named or settings.connections
    if path is None:
        raise SettingsError(
            "ESCALATION_CONNECTIONS is not set: nothing is connected but the embedded help desk, the inbox and plain "
            "webhooks. Name a connections file in it, or here with --file"
        )
    return path


async def connected(path: Path, do: "Callable[[Connections], Awaitable[T]]") -> T:
    """Open what a connections file says, do something with it, and close it."""
    from activities.connections import open_connections, read_connections
    from activities.http import open_client

    read = read_connections(path)
    async with open_client() as client:
        opened = open_connections(read, client)
        try:
            return await do(opened)
        finally:
            await opened.close()


def _state(checked: "Checked") -> Text:
    if checked.unsure:
        return Text("unsure", style="yellow")
    return Text("ok", style="green") if checked.ok else Text("fails", style="bold red")


def _unreached(directory: Directory, opened: "Connections") -> Iterator[str]:
    """Say of each channel that nothing connects whose contact points lead nowhere."""
    from activities.notify import inbox, webhook

    known = sorted({inbox.CHANNEL, webhook.CHANNEL, *opened.notifiers})
    unreached: dict[str, list[str]] = {}
    for person in directory.people:
        for channel in dict.fromkeys(contact.channel for contact in person.contacts if contact.channel not in known):
            unreached.setdefault(channel, []).append(person.actor)
    for channel, people in sorted(unreached.items()):
        what = (
            f"is a {opened.kinds[channel]}, no channel" if channel in opened.kinds else "is the name of no connection"
        )
        guess = did_you_mean(channel, known) or f"; channels are {', '.join(known)}"
        yield f"{channel} {what}, and a contact point of {_some(people)}{guess}"


def _misaddressed(directory: Directory, opened: "Connections") -> Iterator[str]:
    """Say of each channel whose contact points have addresses that it cannot use."""
    wrong: dict[tuple[str, str], list[str]] = {}
    for person in directory.people:
        for contact in person.contacts:
            if contact.channel in opened.notifiers:
                expected = opened.misaddressed(contact.channel, contact.address)
                if expected:
                    wrong.setdefault((contact.channel, expected), []).append(person.actor)
    for (channel, expected), people in sorted(wrong.items()):
        yield f"the {channel} address of {_some(people)} leads nowhere; {expected}"


def _some(people: list[str]) -> str:
    named = ", ".join(people[:NAMED])
    return f"{named} and {len(people) - NAMED} more" if len(people) > NAMED else named
