"""Smartsheet by its documentation: every row once, whatever the pages; what refusals mean; a sheet as the matrix."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from activities.connections import ConnectionsFile, open_connections, read_connections
from activities.smartsheet import PAGE, Smartsheet
from escalation.errors import DocumentError, RemoteRefused, RemoteUnavailable, RequestRefused
from escalation.intake.config import MatrixIntake
from escalation.intake.rows import Row, Table
from starter import matrix
from tests.support.vendor import Vendor

SHEET = 4583173393803140
TOKEN = "smartsheet-token"
COLUMNS = [
    {"id": 11, "index": 0, "title": "Summary", "type": "TEXT_NUMBER", "primary": True},
    {"id": 12, "index": 1, "title": "Amount ", "type": "TEXT_NUMBER"},
    {"id": 13, "index": 2, "title": "VIP", "type": "CHECKBOX"},
]


def row(number: int) -> dict[str, Any]:
    return {
        "id": 8896508249560000 + number,
        "rowNumber": number,
        "permalink": f"https://app.smartsheet.com/sheets/x?rowId={number}",
        "modifiedAt": "2026-11-22T09:00:00Z",
        "cells": [
            {"columnId": 11, "value": f"broken {number}", "displayValue": f"broken {number}"},
            {"columnId": 12, "value": 120.5, "displayValue": "$120.50"},
            {"columnId": 13, "value": True},
            {"columnId": 99, "value": "of a column that is gone"},
        ],
    }


def sheet_of(rows: int) -> Vendor:
    """An account with one sheet; a page beyond the last one repeats it, as the documentation says."""

    def answer(request: httpx.Request) -> httpx.Response:
        page, size = (int(request.url.params[name]) for name in ("page", "pageSize"))
        last = max(1, -(-rows // size))
        begin = (min(page, last) - 1) * size
        found = [row(number) for number in range(begin + 1, min(begin + size, rows) + 1)]
        sheet = {"id": SHEET, "name": "Requests", "totalRowCount": 9_999, "columns": COLUMNS, "rows": found}
        return httpx.Response(200, json=sheet)

    return Vendor(answer)


def refusing(status: int, code: int, headers: dict[str, str] | None = None) -> Vendor:
    said = {"errorCode": code, "message": "a sentence with jana@example.org", "refId": "abc"}
    return Vendor(lambda _: httpx.Response(status, json=said, headers=headers))


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTSHEET_TOKEN", TOKEN)


def connect(vendor: Vendor) -> Smartsheet:
    plain = {"connections": {"plan": {"kind": "smartsheet", "token": {"env": "SMARTSHEET_TOKEN"}}}}
    return open_connections(ConnectionsFile.model_validate(plain), vendor.client()).sheets["plan"]


@pytest.mark.req("SMX-5")
@pytest.mark.parametrize(("rows", "calls"), [(0, 1), (3, 1), (PAGE, 2), (2 * PAGE + 1, 3)])
async def test_every_row_of_a_sheet_comes_once_whatever_the_pages(rows: int, calls: int) -> None:
    vendor = sheet_of(rows)
    table = await connect(vendor).rows(SHEET)
    assert [each.number for each in table.rows] == list(range(1, rows + 1))
    assert len(vendor.calls) == calls
    assert table.columns == ("Summary", "Amount", "VIP")
    first = vendor.calls[0]
    assert first.url.path == f"/2.0/sheets/{SHEET}"
    assert first.headers["Authorization"] == f"Bearer {TOKEN}"
    assert first.url.params["include"] == "rowPermalink"
    assert "rowsModifiedSince" not in first.url.params


async def test_a_row_has_its_id_its_link_and_the_raw_values_of_its_cells() -> None:
    table = await connect(sheet_of(1)).rows(SHEET)
    assert table.rows == (
        Row(
            id="8896508249560001",
            number=1,
            link="https://app.smartsheet.com/sheets/x?rowId=1",
            cells={"Summary": "broken 1", "Amount": 120.5, "VIP": True},
        ),
    )


async def test_only_rows_that_were_changed_since_an_instant_are_asked_for() -> None:
    vendor = sheet_of(1)
    await connect(vendor).rows(SHEET, datetime(2026, 11, 22, 9, tzinfo=UTC))
    assert vendor.calls[0].url.params["rowsModifiedSince"] == "2026-11-22T09:00:00Z"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, 1002, RemoteRefused),
        (403, 1004, RemoteRefused),
        (404, 1006, RemoteRefused),
        (429, 4003, RemoteUnavailable),
        (500, 4000, RemoteUnavailable),
        (400, 4002, RemoteUnavailable),
    ],
)
async def test_a_refusal_says_its_code_and_whether_another_try_is_worth_it(
    status: int, code: int, kind: type[Exception]
) -> None:
    vendor = refusing(status, code, {"Retry-After": "60"} if status == 429 else None)
    with pytest.raises(kind) as raised:
        await connect(vendor).rows(SHEET)
    assert f"plan: answered {status}" in str(raised.value)
    assert status == 500 or f"({code})" in str(raised.value)
    assert "jana" not in str(raised.value)
    assert len(vendor.calls) == 1, "Temporal, or whoever called, tries again"
    if status == 429:
        assert raised.value.retry_after.total_seconds() == 60  # type: ignore[attr-defined]


async def test_an_answer_that_is_no_sheet_is_refused_without_its_content() -> None:
    vendor = Vendor(lambda _: httpx.Response(200, json={"columns": [{"id": "Jana Nováková"}]}))
    with pytest.raises(RemoteRefused, match=r"plan: the answer is no sheet \(columns.0.id\)"):
        await connect(vendor).rows(SHEET)


async def test_the_check_reads_who_one_is() -> None:
    vendor = Vendor(lambda _: httpx.Response(200, json={"id": 1, "email": "bot@example.org"}))
    assert await connect(vendor).check() == "answers"
    assert vendor.calls[0].url.path == "/2.0/users/me"


def test_an_intake_names_a_connection_that_has_sheets(tmp_path: Path) -> None:
    written = tmp_path / "connections.yaml"
    written.write_text(
        "connections:\n"
        "  plan: {kind: smartsheet, token: {env: SMARTSHEET_TOKEN}}\n"
        "intake:\n"
        "  requests:\n"
        "    reads: rows\n"
        "    sheet: {connection: plam, id: 1}\n"
        "    request: {playbok: tested}\n"
    )
    with pytest.raises(DocumentError) as refused:
        read_connections(written)
    assert "connections.yaml:7: intake.requests" in str(refused.value)
    assert "playbok is no part of a request; did you mean `playbook`" in str(refused.value)
    written.write_text(written.read_text().replace("playbok", "playbook"))
    with pytest.raises(DocumentError) as refused:
        read_connections(written)
    (found,) = refused.value.findings
    assert found.line == 6
    assert "no connection with sheets has this name; did you mean `plan`?; expected one of plan" in found.message


# --- the matrix -------------------------------------------------------------------------------------------------------

MATRIX = MatrixIntake.model_validate(
    {
        "reads": "matrix",
        "sheet": {"connection": "plan", "id": 1},
        "columns": {
            "severity": "Severity",
            "level": "Level",
            "after": "After",
            "targets": "Who",
            "ack": "Answer within",
        },
    }
)


def plan(*rows: dict[str, Any]) -> Table:
    columns = ("Severity", "Level", "After", "Who", "Answer within", "Remark")
    return Table(
        columns=columns, rows=tuple(Row(id=str(at), number=at, cells=cells) for at, cells in enumerate(rows, 2))
    )


@pytest.mark.req("SMX-5")
def test_a_matrix_in_a_sheet_becomes_cells_and_wrong_ones_are_named_by_row() -> None:
    first = {"Severity": "P1", "Level": "L1", "After": "0m", "Who": "team:support role:lead", "Remark": "first"}
    cells = matrix.of_table(plan({k: v for k, v in first.items() if k != "After"}, {"Remark": ""}), MATRIX)
    assert [(cell.severity, cell.level, cell.targets) for cell in cells] == [
        (("P1",), "L1", ("team:support", "role:lead"))
    ]
    with pytest.raises(RequestRefused) as refused:
        matrix.of_table(plan(first | {"Answer within": "30", "After": "5m"}), MATRIX)
    assert [path for path, _ in refused.value.problems] == ["row 2, Answer within"]
    with pytest.raises(RequestRefused, match="column Who: is not in the sheet"):
        matrix.of_table(Table(columns=("Severity", "Level", "After", "Answer within"), rows=()), MATRIX)
