"""``escalate intake``: the examples of docs/intake.md work, what is wrong is named, and a sheet is read where it is."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

import activities.http
from escalation.playbook.load import load
from tests.starter.conftest import Escalate
from tests.support import payloads
from tests.support.vendor import Vendor

DOCS = Path(__file__).parents[2] / "docs" / "intake.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
DIRECTORY = """
people:
  - id: eva.novak
    name: Eva
    time_zone: Europe/Prague
    contacts: [{channel: slack, address: U024BE7LH}, {channel: email, address: ann@example.org}]
"""
COLUMNS = ("Status", "Amount", "Due", "Customer No.", "Customer", "Summary")


@pytest.fixture(autouse=True)
def connected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connections file of the page, and a directory."""
    monkeypatch.setenv("SMARTSHEET_TOKEN", "token")
    for name, text in (("CONNECTIONS", EXAMPLES[0]), ("DIRECTORY", DIRECTORY)):
        (tmp_path / f"{name}.yaml").write_text(text)
        monkeypatch.setenv(f"ESCALATION_{name}", str(tmp_path / f"{name}.yaml"))
    monkeypatch.chdir(tmp_path)


def written(data: Any) -> str:
    Path("payload").write_text(data if isinstance(data, str) else json.dumps(data))
    return "payload"


def sheet(monkeypatch: pytest.MonkeyPatch, columns: tuple[str, ...], *rows: tuple[Any, ...]) -> Vendor:
    """Stand in for Smartsheet: one sheet with these rows."""
    found = {
        "columns": [{"id": at, "title": title} for at, title in enumerate(columns)],
        "rows": [
            {"id": 100 + n, "rowNumber": n, "cells": [{"columnId": at, "value": v} for at, v in enumerate(row)]}
            for n, row in enumerate(rows, start=1)
        ],
    }
    vendor = Vendor(lambda _: httpx.Response(200, json=found))
    monkeypatch.setattr(activities.http, "open_client", vendor.client)
    return vendor


@pytest.mark.parametrize(
    ("name", "payload", "said"),
    [
        ("facebook", payloads.meta(payloads.comment()), f"open or join facebook {payloads.PAGE}_77:{payloads.JANA}"),
        ("twitter", payloads.x(tweet_create_events=[payloads.post()]), "open or join x 55"),
        ("alerts", {"alerts": [{"status": "firing", "fingerprint": "f", "startsAt": 1}]}, "open or join alerts f"),
        ("meetings", payloads.zoom("[web/7]"), "post: recording of person:eva.novak on escalation-web-7 and what is"),
        (
            "chat",
            {"text": "web-7 the batch ran twice", "user_id": "U024BE7LH", "trigger_id": "1"},
            "post: note of person:eva.novak on escalation-web-7",
        ),
        (
            "mail",
            "From: Ann <ann@example.org>\nSubject: [team:support]\nMessage-ID: <1@x>\n\nThe bank is down.",
            "post: assessment of person:eva.novak on team:support",
        ),
        (
            "api",
            {"escalation": "web-7", "by": "person:eva.novak", "text": "found it", "id": "1"},
            "post: note of person:eva.novak on escalation-web-7",
        ),
    ],
)
def test_every_example_of_the_page_takes_what_its_system_sends(
    escalate: Escalate, name: str, payload: Any, said: str
) -> None:
    assert said in escalate("intake", name, written(payload), "--dry-run").out


@pytest.mark.req("SMX-5")
def test_rows_of_a_csv_file_are_shown_and_the_wrong_one_is_named(escalate: Escalate) -> None:
    rows = f"Ticket,{','.join(COLUMNS)}\nT-1,New,120.50,2026-11-24,c-1,Jana,Double\nT-2,New,a lot,,c-2,Otto,Broken\n"
    out = escalate("intake", "requests", written(rows), "--dry-run", code=1).out
    assert "open or join requests T-1 by customer-service-escalation" in out
    assert "row 3: column Amount: expected a number" in out
    assert "a lot" not in out


@pytest.mark.req("SMX-5")
def test_the_connected_sheet_is_read_and_only_what_was_changed_if_asked(
    escalate: Escalate, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ("New", 120.5, "2026-11-24", "c-1", "Jana", "Double")
    vendor = sheet(monkeypatch, COLUMNS, row, ("Done", *row[1:]))
    taken = escalate("intake", "requests", "--since", "2h", "--dry-run", "--json").json
    (step,) = taken["steps"]
    assert (step["where"], step["request"]["dedup_key"]) == ("row 1", "101")
    assert step["request"]["facts"] == {"credit.amount": 120.5}
    assert [each["where"] for each in taken["passed_over"]] == ["row 2"]
    assert "rowsModifiedSince" in vendor.calls[0].url.params


@pytest.mark.req("SMX-5")
def test_a_matrix_in_a_sheet_becomes_the_matrix_of_a_playbook(
    escalate: Escalate, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("matrix.yaml").write_text(EXAMPLES[1])
    monkeypatch.setenv("ESCALATION_CONNECTIONS", "matrix.yaml")
    shipped = Path(__file__).parents[2] / "playbooks" / "customer-service-escalation.yaml"
    book = Path(shipped.name)
    book.write_text(shipped.read_text())
    columns = ("Severity", "Level", "After", "Who", "Answer within", "Remark")
    sheet(
        monkeypatch,
        columns,
        ("P0", "L1", None, "role:duty-manager", "5m", "agreed"),
        ("P0 P1", "L3", "30m", None, None),
    )
    assert "2 cells written" in escalate("playbook", "matrix", str(book), "--from", "who-when").out
    first, second = load(book).playbook.matrix
    assert (first.severity, first.level, first.targets) == (("P0",), "L1", ("role:duty-manager",))
    assert (second.severity, second.level) == (("P0", "P1"), "L3")
    assert "2 cells there already" in escalate("playbook", "matrix", str(book), "--from", "who-when").out
    sheet(monkeypatch, columns, ("P0", "L1", None, "whoever", "5m", ""))
    assert "row 1, Who" in escalate("playbook", "matrix", str(book), "--from", "who-when", code=2).err
    assert len(load(book).playbook.matrix) == 2, "nothing is written where something is wrong"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("facebok", "payload"), "no intake is called facebok; did you mean `facebook`?"),
        (("facebook",), "FILE is missing: only an intake with a connected sheet"),
        (("facebook", "nowhere.json"), "nowhere.json: cannot be read: No such file"),
        (("facebook", "payload"), "payload: is not JSON, which an intake that reads meta expects"),
        (("requests", "--since", "whenever"), "--since"),
    ],
)
def test_what_is_wrong_with_the_call_is_said(escalate: Escalate, arguments: tuple[str, ...], said: str) -> None:
    written("{")
    assert said in " ".join(escalate("intake", *arguments, code=2).err.split())
