"""What the commands of the command line share: settings, a connected client, how answers are printed."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console, RenderableType

if TYPE_CHECKING:  # loading these takes longer than most commands that need no server
    from escalation.client import EscalationClient
    from escalation.playbook.load import Shelf
    from escalation.sending import Sender
    from settings import Settings

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
EscalationId = Annotated[
    str, typer.Argument(metavar="ID", help="The escalation, as a receipt or `escalate list` names it.")
]

# What is piped into another program is not broken to the width of a terminal that nobody looks at.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 1000)
"""What was asked for."""
err = Console(stderr=True, highlight=False)
"""Everything else."""


def load() -> "Settings":
    """Read the settings. Raises SettingsError, naming every wrong key."""
    from settings import load_settings

    return load_settings()


def shelf(settings: "Settings") -> "Shelf":
    """Return the playbooks this installation knows."""
    from escalation.playbook.load import Shelf, shipped_folder

    return Shelf(*settings.playbooks, shipped_folder())


async def connect() -> "EscalationClient":
    """Return a client of the server that the environment names. Raises Unreachable."""
    from escalation.client import EscalationClient

    settings = load()
    return await EscalationClient.connect(playbooks=shelf(settings), task_queue=settings.task_queue)


async def connect_to_send() -> "Sender":
    """Return what sends commands to that server, in a third less time than ``connect`` takes. Raises Unreachable."""
    from escalation.sending import Sender

    return await Sender.connect(task_queue=load().task_queue)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run what has to wait."""
    return asyncio.run(work)


def full_id(typed: str) -> str:
    """Complete an id that was typed without its prefix."""
    return typed if typed.startswith("escalation-") else f"escalation-{typed}"


def actor(typed: str) -> str:
    """Complete a person's id that was typed without its kind."""
    return typed if ":" in typed else f"person:{typed}"


def say(data: Any, shown: RenderableType, *, as_json: bool) -> None:
    """Print an answer: for people, or as one line of JSON."""
    if as_json:
        sys.stdout.write(json.dumps(plain(data), ensure_ascii=False) + "\n")
    else:
        out.print(shown, markup=False) if isinstance(shown, str) else out.print(shown)


def plain(data: Any) -> Any:
    """Return data as JSON knows it."""
    if isinstance(data, BaseModel):
        return data.model_dump(mode="json")
    if isinstance(data, tuple) and hasattr(data, "_asdict"):
        return plain(data._asdict())
    if isinstance(data, dict):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain(value) for value in data]
    if isinstance(data, datetime):
        return data.isoformat()
    return data if data is None or isinstance(data, bool | int | float | str) else str(data)
