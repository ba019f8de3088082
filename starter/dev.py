"""``escalate dev``: the embedded stack in the foreground, until Ctrl-C. What it keeps is there at the next start."""

import asyncio
import json
import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from escalation.errors import DocumentError, SettingsError
from starter import layout, panels
from starter.exits import stop_like_ctrl_c
from starter.line import name
from starter.session import AsJson, err, load, out, run, say
from starter.upkeep import Files

if TYPE_CHECKING:
    from activities.notify.inbox import Inbox
    from starter.embedded import EmbeddedStack

PORT, UI_PORT = 7233, 8233
"""Where every Temporal client looks first, and where the Web UI usually is."""
_POLL = 0.5


def add_commands(app: typer.Typer) -> None:
    """Register ``dev``."""
    app.command("dev", rich_help_panel=panels.RUN)(dev)


def dev(
    *,
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where everything is kept; without it ESCALATION_DATA.")
    ] = None,
    directory: Annotated[
        Path | None, typer.Option(metavar="FILE", help="People, teams, roles and rotations, as YAML.")
    ] = None,
    playbooks: Annotated[
        list[Path] | None, typer.Option(metavar="FOLDER", help="Your own playbooks; may be repeated.")
    ] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", help=f"For clients; {PORT} if it is free.")] = None,
    ui_port: Annotated[int | None, typer.Option(metavar="PORT", help=f"For the Web UI; {UI_PORT} if free.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=8, help="How many worker processes.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not show the messages that people receive.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run Temporal, its Web UI and a worker here, until Ctrl-C. Nothing else has to be installed or started."""
    settings = load()
    environment = {}
    for option, key, paths in (
        ("--directory", "ESCALATION_DIRECTORY", [directory] if directory else []),
        ("--playbooks", "ESCALATION_PLAYBOOKS", playbooks or []),
    ):
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise SettingsError(f"{option}: there is no {', '.join(missing)}")
        if paths:
            absolute = [str(path.absolute()) for path in paths]
            environment[key] = absolute[0] if directory and paths == [directory] else json.dumps(absolute)
    try:
        files = Files(directory or settings.directory, tuple(playbooks or settings.playbooks))
    except DocumentError:
        if not as_json:
            err.print("The worker cannot start: without its directory nobody could be told of anything.")
        raise
    if settings.connections is not None:
        from activities.connections import read_connections

        read_connections(settings.connections)
    stop_like_ctrl_c()
    folder = data or settings.data
    try:
        run(
            _serve(
                folder,
                files,
                environment,
                port=port,
                ui_port=ui_port,
                workers=workers,
                quiet=quiet,
                as_json=as_json,
            )
        )
    except KeyboardInterrupt:
        if not as_json:
            out.print(f"\nStopped. Everything is kept in {folder}/ for the next start.", markup=False)


async def _serve(
    folder: Path,
    files: Files,
    environment: dict[str, str],
    *,
    port: int | None,
    ui_port: int | None,
    workers: int,
    quiet: bool,
    as_json: bool,
) -> None:
    from starter.embedded import EmbeddedStack, is_free

    if port is None and ui_port is None and is_free(PORT) and is_free(UI_PORT):
        port, ui_port = PORT, UI_PORT
    if not as_json:
        out.print("Starting Temporal and a worker ...", style="dim")
    async with EmbeddedStack.run(folder, workers=workers, environment=environment, port=port, ui_port=ui_port) as stack:
        _announce(stack, environment, files.channels, as_json=as_json)
        if as_json:
            await asyncio.Event().wait()
        async with asyncio.TaskGroup() as beside:
            beside.create_task(_show_findings(files))
            if not quiet:
                beside.create_task(_show_messages(stack))


def _announce(stack: "EmbeddedStack", environment: Mapping[str, str], channels: list[str], *, as_json: bool) -> None:
    data = {"address": stack.address, "ui": stack.ui_url, "data": str(stack.folder)}
    shown = layout.grid(
        [
            ("Web UI", stack.ui_url),
            ("Temporal", stack.address),
            ("data, logs", f"{stack.folder}/, {stack.folder}/logs/"),
        ]
    )
    say(data, shown, as_json=as_json)
    if as_json:
        return
    own = {"TEMPORAL_ADDRESS": stack.address} if not stack.address.endswith(f":{PORT}") else {}
    if stack.folder != load().data.absolute():
        own["ESCALATION_DATA"] = str(stack.folder)
    if exports := exported({**own, **environment}):
        out.print("\nIn other terminals, first:", *exports, sep="\n  ", markup=False, soft_wrap=True)
    if elsewhere := not_shown(channels):
        out.print(f"\n{elsewhere}", markup=False)
    out.print("\nTry:  escalate open examples/vip-refund.json\nStop: Ctrl-C\n", markup=False)


def exported(environment: Mapping[str, str]) -> list[str]:
    """Return the lines by which a shell finds what was started here."""
    return [f"export {key}={shlex.quote(value)}" for key, value in environment.items()]


def not_shown(channels: Iterable[str]) -> str:
    """Say which messages are not printed here, because they do not come to the embedded inbox; empty: all do."""
    from activities.notify.inbox import CHANNEL

    elsewhere = [channel for channel in channels if channel != CHANNEL]
    if not elsewhere:
        return ""
    return (
        f"Messages by {', '.join(elsewhere)} go to people's own contacts and are not shown here; "
        "escalate updates ID lists them."
    )


async def _show_messages(stack: "EmbeddedStack") -> None:
    """Print what people receive, as it comes; what came before this start is not repeated."""
    from activities.notify.inbox import Inbox

    inbox = Inbox(stack.folder / "inbox.db")
    seen = _latest(inbox)
    while True:
        for message in inbox.messages(since=seen):
            seen = message.id
            now = datetime.now(UTC).astimezone()
            out.print(
                Text.assemble(
                    (f"{now:%H:%M:%S}  ", "dim"),
                    (name(message.to), "bold"),
                    f"  {message.kind}: {message.subject}",
                )
            )
        await asyncio.sleep(_POLL)


async def _show_findings(files: Files) -> None:
    """Print what is wrong with a file that was just saved, and when it is mended."""
    while True:
        for news in await asyncio.to_thread(files.news):
            now = datetime.now(UTC).astimezone()
            style = "yellow" if news.findings else "green"
            out.print(Text.assemble((f"{now:%H:%M:%S}  ", "dim"), (news.says, style)), soft_wrap=True)
            for finding in news.findings:
                out.print(Text(f"          {finding}"), soft_wrap=True)
        await asyncio.sleep(_POLL)


def _latest(inbox: "Inbox") -> int:
    messages = inbox.messages()
    return messages[-1].id if messages else 0
