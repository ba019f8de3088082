"""Rows of sheets and of CSV files, and their cells as the types that an intake names."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from escalation.errors import RequestRefused
from escalation.explain import did_you_mean
from escalation.intake.config import ColumnType, RowsIntake
from escalation.intake.payloads import key_of
from escalation.intake.taken import Finding, Found
from escalation.places import NAME
from escalation.values import Record

MOST_ROWS: Final = 20_000
"""So many rows a sheet may have; Smartsheet has the same limit."""
_NUMBER: Final = re.compile(r"[-+]?\d+(\.\d+)?")
_FLAGS: Final = {"true": True, "yes": True, "false": False, "no": False}
OWN: Final = ("row.id", "row.number", "row.link")
"""What a template may name besides columns."""
MAPPING: Final[Mapping[str, Any]] = {
    "dedup_key": "{row.id}",
    "request_id": "{row.id}",
    "case": {"id": "{row.id}", "url": "{row.link}"},
    "initiation": "rule",
}
"""The built-in mapping, over which that of an intake is laid: the same row is the same request for ever."""


class Row(Record):
    """One row."""

    id: str
    number: int
    """As people count it."""
    link: str = ""
    cells: dict[str, Any]
    """By the title of the column; what is empty is not there."""


class Table(Record):
    """Some rows of a sheet."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_csv(data: bytes, key: str | None) -> Table:
    """Read a CSV file (UTF-8), its columns named in the first line; ``key`` is the column that tells rows apart.

    Raises:
        RequestRefused: it is none, or has no such column.
    """
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise RequestRefused(
            [("", f"is no CSV in UTF-8 ({type(error).__name__}): save the sheet as CSV UTF-8")]
        ) from None
    titles = tuple(title.strip() for title in lines[0]) if lines else ()
    twice = next((title for title in titles if titles.count(title) > 1), None)
    if not any(titles) or twice is not None:
        said = f"names the column {twice} twice" if twice else "is empty"
        raise RequestRefused([("line 1", f"{said}; expected the names of the columns, each once")])
    if key is None:
        raise RequestRefused(
            [
                (
                    "key",
                    "is not said in this intake: a CSV file needs a column that tells rows apart, such as key: Ticket",
                )
            ]
        )
    if key not in titles:
        raise RequestRefused([("key", f"no column is called {key}{did_you_mean(key, titles)}; {_there(titles)}")])
    if len(lines) - 1 > MOST_ROWS:
        raise RequestRefused([("", f"has {len(lines) - 1:,} rows, and {MOST_ROWS:,} are read: cut it into parts")])
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = {title: cell for title, cell in zip(titles, line, strict=False) if cell.strip()}
        if cells:
            rows.append(Row(id=str(cells.get(key, "")), number=number, cells=cells))
    return Table(columns=titles, rows=tuple(rows))


def found(table: Table, intake: RowsIntake) -> Found:
    """Return the rows as records, their cells as the intake says.

    Raises:
        RequestRefused: the intake names columns that are not there.
    """
    _require_columns(table, intake)
    gathered = Finding()
    seen: dict[str, int] = {}
    for row in table.rows:
        where = f"row {row.number}"
        if not row.id:
            gathered.refuse(where, (f"column {intake.key}", "is empty; expected what tells this row from the others"))
            continue
        first = seen.setdefault(row.id, row.number)
        if first != row.number:
            gathered.refuse(where, (f"column {intake.key}", f"says the same as row {first}: each row needs its own"))
            continue
        if other := next(
            (column for column, wanted in intake.only.items() if not is_one_of(row.cells.get(column), wanted)), None
        ):
            gathered.pass_over(where, f"column {other} says something else")
            continue
        record: dict[str, Any] = {column: text(cell) for column, cell in row.cells.items()}
        problems = []
        for column, kind in intake.types.items():
            if column in row.cells:
                try:
                    record[column] = typed(row.cells[column], kind, intake.time_zone)
                except ValueError as error:
                    problems.append((f"column {column}", str(error)))
        if problems:
            gathered.refuse(where, *problems)
            continue
        own = {"row.id": key_of(row.id), "row.number": row.number, "row.link": row.link or None}
        gathered.take(where, record | own)
    return gathered.found


def _require_columns(table: Table, intake: RowsIntake) -> None:
    named = {
        **{column: f"only.{column}" for column in intake.only},
        **{column: f"types.{column}" for column in intake.types},
        **{name: "request" for name in names_in(intake.request) if name not in OWN},
    }
    wrong = [
        (where, f"no column is called {column}{did_you_mean(column, table.columns)}; {_there(table.columns)}")
        for column, where in named.items()
        if column not in table.columns
    ]
    if wrong:
        raise RequestRefused(wrong)


def _there(titles: tuple[str, ...]) -> str:
    return f"there are {', '.join(title for title in titles if title)}, and {', '.join(OWN)}"


def names_in(template: Any) -> list[str]:
    """Return the places that a template names."""
    if isinstance(template, Mapping):
        return [name for value in template.values() for name in names_in(value)]
    if isinstance(template, list | tuple):
        return [name for value in template for name in names_in(value)]
    return NAME.findall(template) if isinstance(template, str) else []


def text(cell: object) -> str:
    """Return a cell as text: a whole number without a point, a flag as true or false."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def is_one_of(found: object, wanted: Any) -> bool:
    """Tell whether a value is one of those that are wanted; texts and what looks like them are alike."""
    each = wanted if isinstance(wanted, list | tuple) else (wanted,)
    return text("" if found is None else found) in {text(value) for value in each}


def typed(cell: object, kind: ColumnType, time_zone: str) -> object:
    """Return a cell as a type. Raises ValueError, which says what was expected and not what is there."""
    said = text(cell)
    if kind is ColumnType.NUMBER:
        if _NUMBER.fullmatch(said) is None:
            raise ValueError("expected a number such as 12.5, without unit and thousands separator")
        return float(said)
    if kind is ColumnType.FLAG:
        if said.lower() not in _FLAGS:
            raise ValueError("expected true or false (or yes, no)")
        return _FLAGS[said.lower()]
    if kind is ColumnType.LIST:
        return [each.strip() for each in said.split(",") if each.strip()]
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise ValueError("expected a date such as 2026-11-24, or 2026-11-24T14:00 with or without its offset") from None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(time_zone))).isoformat()
