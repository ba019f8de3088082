"""Smartsheet: rows of a sheet, read by its API 2.0 (``GET /sheets/{id}``), page after page.

By "Get Sheet" and "Error codes" of developers.smartsheet.com: a page beyond the last one repeats it, and the number of
rows that a sheet says it has is that of all its rows, also where only the changed ones are asked for. So reading ends
with the first page that brings nothing new.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, ValidationError

from activities.auth import bearer
from activities.connector import BaseUrl, Config, Secret, Tools
from escalation.errors import RemoteRefused
from escalation.intake.rows import MOST_ROWS, Row, Table
from escalation.values import Record

PAGE: Final = 200
"""Rows asked for at once: with many wide columns still far below what an answer may have."""
_LATER: Final = frozenset({"4000", "4001", "4002", "4003", "4004"})
"""Unexpected, in maintenance, timed out, asked too often, unexpected: all of them may go otherwise later."""


class SmartsheetConfig(Config):
    """A Smartsheet account."""

    kind: Literal["smartsheet"]
    url: BaseUrl = "https://api.smartsheet.com/2.0"
    """Of another region: ``https://api.smartsheet.eu/2.0``, ``.au``, or ``https://api.smartsheetgov.com/2.0``."""
    token: Secret


class _Answer(Record):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Column(_Answer):
    id: int
    title: str = ""


class _Cell(_Answer):
    column: Annotated[int, Field(alias="columnId")]
    value: Any = None
    shown: Annotated[str | None, Field(alias="displayValue")] = None


class _Row(_Answer):
    id: int
    number: Annotated[int, Field(alias="rowNumber")]
    permalink: str = ""
    cells: list[_Cell] = []


class _Sheet(_Answer):
    columns: list[_Column]
    rows: list[_Row] = []


class Smartsheet:
    """An account whose sheets are read; nothing is written there."""

    def __init__(self, config: SmartsheetConfig, tools: Tools) -> None:
        self._name = tools.name
        self._api = tools.remote(
            config.url, bearer(config.token.value), reason=lambda said: said["errorCode"], later=_LATER
        )

    async def check(self) -> str:
        """Ask who one is there."""
        await self._api.ask("GET", "/users/me")
        return "answers"

    async def rows(self, sheet: int, since: datetime | None = None) -> Table:
        """Read a sheet; with an aware instant, only its rows that were changed since then.

        Raises:
            RemoteRefused: there is no such sheet for this token, it has too many rows, or the answer is none.
            RemoteUnavailable: it does not answer now, or was asked too often.
        """
        query: dict[str, str | int] = {"include": "rowPermalink", "exclude": "nonexistentCells", "pageSize": PAGE}
        if since is not None:
            query["rowsModifiedSince"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        rows: dict[int, Row] = {}
        titles: dict[int, str] = {}
        page = 0
        while page * PAGE < MOST_ROWS + PAGE:
            page += 1
            found = self._read((await self._api.ask("GET", f"/sheets/{sheet}", query={**query, "page": page})).json())
            titles = {column.id: column.title.strip() for column in found.columns}
            fresh = [row for row in found.rows if row.id not in rows]
            rows |= {row.id: _row(row, titles) for row in fresh}
            if len(found.rows) < PAGE or not fresh:
                return Table(columns=tuple(titles.values()), rows=tuple(rows.values()))
        raise RemoteRefused(f"{self._name}: the sheet has over {MOST_ROWS:,} rows")

    def _read(self, answer: Any) -> _Sheet:
        try:
            return _Sheet.model_validate(answer)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise RemoteRefused(f"{self._name}: the answer is no sheet ({where or 'no JSON object'})") from None


def _row(row: _Row, titles: dict[int, str]) -> Row:
    found = ((titles.get(cell.column), cell.shown if cell.value is None else cell.value) for cell in row.cells)
    cells = {title: value for title, value in found if title and value is not None and value != ""}
    return Row(id=str(row.id), number=row.number, link=row.permalink, cells=cells)
