"""`escalate load`: how much everybody has, and who has too much."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from activities.ledger import Ledger
from activities.ledger_tables import case_values, escalations, event_values, events
from escalation.model.actions import EscalationRow
from tests.starter.conftest import Escalate

PEOPLE = """
people:
  - {id: ann, name: Ann, time_zone: UTC, contacts: [{channel: inbox, address: a}], at_most: {week: 2}}
  - {id: bob, name: Bob, time_zone: UTC, contacts: [{channel: inbox, address: b}], at_most: {week: 9}}
  - {id: cyd, name: Cyd, time_zone: UTC, contacts: [{channel: inbox, address: c}]}
teams:
  - {id: desk, name: Desk, members: [ann, bob]}
"""


@pytest.fixture
def people(tmp_path: Path) -> str:
    path = tmp_path / "people.yaml"
    path.write_text(PEOPLE)
    return str(path)


def owning(number: int, owner: str) -> dict[str, Any]:
    row = EscalationRow(
        playbook="p",
        playbook_digest="d",
        source="web",
        case_system="helpdesk",
        case_id="1",
        requested_by="agent:bot",
        initiation="ai_limit",
        outcome="open",
        stage="resolution",
        status="Open",
        severity="P2",
        owner=owner,
        opened_at=datetime.now(UTC),
    )
    return case_values(f"i{number}", f"e{number}", 1, row)


def paged(seq: int, to: str) -> dict[str, Any]:
    at = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    said = {"seq": seq, "at": at, "by": "system:engine", "type": "message_delivered", "to": to, "rung": "L1/1"}
    return event_values("i1", said)


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ann had two pages and owns one; bob had one and owns three."""
    monkeypatch.setenv("ESCALATION_DATA", str(tmp_path))
    kept = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    kept.migrate()
    with kept.engine.execution_options(escalation_writes=True).begin() as connection:
        owners = ["person:ann", "person:bob", "person:bob", "person:bob"]
        connection.execute(insert(escalations), [owning(n, owner) for n, owner in enumerate(owners)])
        told = ["person:ann", "person:ann", "person:bob"]
        connection.execute(insert(events), [paged(n, to) for n, to in enumerate(told)])
    asyncio.run(kept.close())


@pytest.mark.req("WHY-9")
@pytest.mark.usefixtures("ledger")
def test_everybody_s_load_is_shown_with_their_limits_and_who_has_too_much_comes_first(
    escalate: Escalate, people: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.workload.PATIENCE", timedelta(seconds=30))  # who is shown, not how soon
    first, second, third = escalate("load", "--directory", people, "--json").json
    assert (first["person"], first["owned"], first["pages"]["week"]) == ("person:ann", 1, 2)
    assert first["overloaded"] == ["2 pages in seven days, at most 2"]
    assert (second["person"], second["owned"], second["overloaded"]) == ("person:bob", 3, [])
    assert (third["person"], third["owned"], third["limits"]) == ("person:cyd", 0, None)
    said = escalate("load", "--directory", people).out
    assert "overloaded; 2 pages in seven days, at most 2" in " ".join(said.split())
    assert "1 person of 3 overloaded" in said


@pytest.mark.req("WHY-9")
@pytest.mark.usefixtures("ledger")
def test_owning_more_than_asked_is_too_much_and_a_team_is_looked_at_alone(escalate: Escalate, people: str) -> None:
    rows = escalate("load", "team:desk", "--most", "2", "--directory", people, "--json").json
    assert [(row["person"], row["overloaded"]) for row in rows] == [
        ("person:bob", ["owns 3, more than 2"]),
        ("person:ann", ["2 pages in seven days, at most 2"]),
    ]


def test_without_a_ledger_it_says_that_it_is_not_known(escalate: Escalate, people: str) -> None:
    assert {row["owned"] for row in escalate("load", "--directory", people, "--json").json} == {None}
    assert "not known, because there is no ledger here" in escalate("load", "--directory", people).out
    assert "did you mean `team:desk`?" in escalate("load", "team:dsk", "--directory", people, code=2).err
    assert "is neither a target" in escalate("load", "desk", "--directory", people, code=2).err
