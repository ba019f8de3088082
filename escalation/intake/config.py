"""What an intake is told: what it reads, and what becomes of that. The section ``intake`` of a connections file.

    intake:
      requests:
        reads: rows
        sheet: {connection: plan, id: 4583173393803140}
        only: {Status: [New, Open]}
        types: {Amount: number}
        request:
          playbook: customer-service-escalation
          facts: {credit.amount: "{Amount}"}
          context: {summary: "{Summary}"}
      facebook: {reads: meta, request: {playbook: customer-service-escalation}}
      meetings: {reads: zoom, about: triage, recorded: told}
      chat: {reads: chat}

What stands in braces is a place: in JSON a path such as ``customer.name``, in a sheet the title of a column.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from escalation.calendars import TimeZone
from escalation.explain import did_you_mean
from escalation.model.parts import Relation
from escalation.model.request import Request
from escalation.model.timeline import EntryKind, Recorded, RecordingKind
from escalation.places import Place
from escalation.playbook.ladder import Cell
from escalation.values import Incoming, Slug

Scalar = bool | int | float | str
Column = Annotated[str, Field(min_length=1, max_length=200)]


def _known(template: dict[str, Any]) -> dict[str, Any]:
    for key in template:
        if key not in Request.model_fields:
            known = [*Request.model_fields]
            raise ValueError(f"{key} is no part of a request{did_you_mean(key, known)}; expected {', '.join(known)}")
    if not template.get("playbook"):
        raise ValueError("names no playbook; expected playbook: NAME")
    return template


def _parts_of_a_cell(columns: dict[str, str]) -> dict[str, str]:
    for part in columns:
        if part not in Cell.model_fields:
            known = [*Cell.model_fields]
            raise ValueError(f"{part} is no part of a cell{did_you_mean(part, known)}; expected {', '.join(known)}")
    return columns


Template = Annotated[dict[str, Any], AfterValidator(_known)]
"""A request (README, "A service opens an escalation") in whose texts places stand in braces."""


class ColumnType(StrEnum):
    """What a column holds. A column that nothing is said of holds text."""

    NUMBER = "number"
    FLAG = "flag"
    LIST = "list"
    """Words with commas between."""
    INSTANT = "instant"
    """A date, or date and time; without an offset of its own it is read in the intake's ``time_zone``."""


class SheetPlace(Incoming):
    """Which sheet of which connection."""

    connection: Slug
    id: Annotated[int, Field(gt=0)]


class _Intake(Incoming):
    title: str = ""
    """What people call it."""


class RowsIntake(_Intake):
    """Rows of a sheet, or of a CSV file: each row a request, once."""

    reads: Literal["rows"]
    request: Template
    sheet: SheetPlace | None = None
    """None: it reads CSV files only."""
    key: Column | None = None
    """The column that tells the rows of a CSV file apart, such as a ticket number. A sheet has ids of its own."""
    only: dict[Column, Scalar | tuple[Scalar, ...]] = {}
    """Rows with other values in these columns are passed over."""
    types: dict[Column, ColumnType] = {}
    time_zone: TimeZone = "UTC"


class JsonIntake(_Intake):
    """JSON of any system: each event a request."""

    reads: Literal["json"]
    request: Template
    each: Place | None = None
    """Where the list of events is; the rest stays reachable as ``whole.``. None: the whole is one event."""
    only: dict[Place, Scalar | tuple[Scalar, ...]] = {}
    """Events with other values at these places are passed over."""


class SocialIntake(_Intake):
    """What people write to a page or an account: ``meta`` (Facebook pages) or ``x``."""

    reads: Literal["meta", "x"]
    request: Template
    """What is said here counts above what the built-in mapping says (docs/intake.md)."""


class _Posting(_Intake):
    channel: Slug | None = None
    """By the addresses on which channel the directory knows people; None: that of the system (docs/intake.md)."""
    people: dict[Annotated[str, Field(min_length=1, max_length=200)], Slug] = {}
    """Person by what the system calls them, where the directory does not say it."""


class RecordingIntake(_Posting):
    """A recording that is finished: ``zoom``, ``teams``, or any other by ``fields``."""

    reads: Literal["zoom", "teams", "recording"]
    about: RecordingKind
    """What recordings of this intake tell."""
    recorded: Recorded
    """That everybody in them is told so is a promise of whoever sets this up: the payloads do not say it."""
    linked: tuple[Relation, ...] = ("related", "internal", "parent", "child")
    """Linked escalations that get it too. ``external`` is what customers and partners see, and has to be asked for."""
    fields: dict[Slug, str] = {}
    """For ``recording``: where its id, link, seconds and so on are; a field not named is read under its own name."""


class UpdateIntake(_Posting):
    """What a person writes elsewhere for the timeline: a ``chat`` command, an ``email``, a JSON record (``update``)."""

    reads: Literal["chat", "email", "update"]
    kind: EntryKind = EntryKind.NOTE
    """What it becomes; an ``update`` may say so itself."""
    fields: dict[Slug, str] = {}
    """For ``update``: where its escalation, by, text and so on are; a field not named is read under its own name."""


class MatrixIntake(_Intake):
    """An escalation matrix in a sheet: who is called at which level after how long. It becomes cells of a playbook."""

    reads: Literal["matrix"]
    sheet: SheetPlace
    columns: Annotated[dict[str, Column], AfterValidator(_parts_of_a_cell)] = {}
    """Title of the column by part of a cell, where it is another; other columns of the sheet are left alone."""


AnyIntake = Annotated[
    RowsIntake | JsonIntake | SocialIntake | RecordingIntake | UpdateIntake | MatrixIntake,
    Field(discriminator="reads"),
]
