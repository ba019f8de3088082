"""``escalate open`` and ``escalate consider``: a request from a file, or from another program by a pipe."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Group, RenderableType

from escalation.errors import DocumentError, RequestRefused
from escalation.model.request import Outcome, Receipt, Request, parse_request
from escalation.playbook.facts import FactValue
from escalation.playbook.load import Loaded
from starter import layout, panels, render
from starter.session import AsJson, connect, full_id, load, run, say, shelf

if TYPE_CHECKING:
    from escalation.lifecycle.situation import Situation
    from escalation.lifecycle.triage import Assessment


RequestFile = Annotated[str, typer.Argument(metavar="FILE", help="The request as JSON; `-` reads standard input.")]


def add_commands(app: typer.Typer) -> None:
    """Register ``open`` and ``consider``."""
    app.command("open", rich_help_panel=panels.OPEN)(open_escalation)
    app.command("consider", rich_help_panel=panels.OPEN)(consider)


Below = Annotated[str, typer.Option("--below", metavar="ESCALATION", help="Open it below this one, as its child.")]
Because = Annotated[str, typer.Option("--because", help="Why it is opened below another one (with --below).")]


def open_escalation(file: RequestFile, below: Below = "", because: Because = "", as_json: AsJson = False) -> None:
    """Open an escalation, or join the open one with the same key. The same request again gets its first answer."""
    if bool(below) != bool(because):
        raise typer.BadParameter("--below and --because belong together: below which one, and why")
    parent = full_id(below) if below else ""
    receipt, stands = run(_open(read_request(file), parent, because))
    say(receipt, render.receipt(receipt, stands, below=parent), as_json=as_json)


async def _open(request: Request, below: str, because: str) -> tuple[Receipt, "Situation | None"]:
    """Return the answer, and how it stands where that answer was given before: nobody is told anew then."""
    client, asked_at = await connect(), datetime.now(UTC)
    receipt = await (client.open_child(below, request, because) if below else client.open(request))
    return receipt, await client.situation(receipt.escalation_id) if was_answered_before(receipt, asked_at) else None


_APART = timedelta(seconds=10)
"""Two machines' clocks may differ by so much."""


def was_answered_before(receipt: Receipt, asked_at: datetime) -> bool:
    """Tell whether a request got the answer that an earlier one with its id was given."""
    if receipt.outcome is Outcome.DECLINED or receipt.at is None:
        return False
    return asked_at - receipt.at > _APART


def consider(file: RequestFile, as_json: AsJson = False) -> None:
    """Ask whether the AI may go on, by the same rules; needs no server, starts and records nothing."""
    from escalation.lifecycle.triage import judge_request

    request = read_request(file)
    assessment = judge_request(playbook_of(request).playbook, request, now=datetime.now(UTC))
    say(assessment, _shown(assessment), as_json=as_json)


def playbook_of(request: Request) -> Loaded:
    """Return the playbook that a request names, as the files of the settings say; an unknown one is a wrong request."""
    playbooks = shelf(load())
    try:
        return playbooks.get(request.playbook)
    except DocumentError as error:
        if any(entry.name == request.playbook for entry in playbooks.list()):
            raise
        own = "your own are found in the folders that ESCALATION_PLAYBOOKS names"
        raise RequestRefused([("playbook", f"{error.findings[0].message} ({own})")]) from None


def _shown(assessment: "Assessment") -> Group:
    parts: list[RenderableType] = [
        render.verdict(*render.CONSIDERED[assessment.outcome], "" if assessment.reasons else assessment.because),
        layout.grid(
            [
                ("severity", assessment.severity),
                ("level", assessment.level if assessment.reasons else ""),
                ("missing", ", ".join(assessment.missing)),
                ("exception", assessment.exception),
            ]
        ),
    ]
    if assessment.reasons:
        parts.append(layout.headed("Why", render.reasons(assessment.reasons)))
    return Group(*parts)


def read_request(file: str) -> Request:
    """Read a request.

    Raises:
        RequestRefused: there is no such file, or what is wrong with its content, path by path.
    """
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise RequestRefused([(file, f"cannot be read: {error.strerror}")]) from None
    try:
        return parse_request(text)
    except RequestRefused as refused:
        where = "standard input" if file == "-" else file
        wrong = [(path or where, problem) for path, problem in refused.problems]
        raise RequestRefused([*wrong, *_wrong_facts(text, {path for path, _ in wrong})]) from None


def _wrong_facts(text: bytes, named: set[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the facts of a request that is refused for something else."""
    from escalation.lifecycle.facts import problems

    try:
        said = _Facts.model_validate_json(text)
        playbook = shelf(load()).get(said.playbook).playbook
    except (ValidationError, DocumentError):
        return  # what is wrong there is named already, or without a playbook nothing can be said of its facts
    yield from (each for each in problems(playbook, said.facts) if each[0] not in named)


class _Facts(BaseModel):
    """The part of a request that a playbook judges."""

    playbook: str
    facts: dict[str, FactValue] = {}
