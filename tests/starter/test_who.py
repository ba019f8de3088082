"""``escalate who``: whom a target would page, why they, and who not; without a server."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.ledger import Ledger
from activities.workload import Workload
from tests.starter.conftest import Escalate

PEOPLE = """
people:
  - {id: ann, name: Ann, time_zone: Europe/Prague, contacts: [{channel: inbox, address: ann}], rank: 2,
     authority: {refund: 100}, hours: {week: {monday: ["09:00-17:00"]}}}
  - {id: bob, name: Bob, time_zone: Europe/Prague, contacts: [{channel: inbox, address: bob}], skills: [billing],
     authority: {refund: 1000}}
teams:
  - {id: desk, name: Desk, members: [ann, bob], choose: {by: [senior]}}
  - {id: turns, name: Turns, members: [ann, bob], choose: {by: [round_robin]}}
"""
PLAYBOOK = """
extends: customer-service-escalation
playbook: refunds
owner: person:bob
needs: {skills: [request_type], authority: {refund: credit.amount}}
levels:
  - {id: L1, targets: [team:desk], choose: {by: [skill]}}
"""


@pytest.fixture
def people(tmp_path: Path) -> str:
    path = tmp_path / "people.yaml"
    path.write_text(PEOPLE)
    return str(path)


@pytest.fixture
def refunds(tmp_path: Path) -> str:
    path = tmp_path / "refunds.yaml"
    path.write_text(PLAYBOOK)
    return str(path)


def test_who_is_found_comes_with_why_and_with_when_they_work_again(escalate: Escalate, people: str) -> None:
    asked = ("who", "team:desk", "--at", "2026-11-20T22:00+01:00", "--directory", people)
    found = escalate(*asked, "--json").json
    (ann,) = found["people"]
    assert (ann["person"], ann["note"]) == ("person:ann", "most senior of 2")
    assert datetime.fromisoformat(ann["opens_at"]) == datetime(2026, 11, 23, 8, tzinfo=UTC)
    said = escalate(*asked).out
    assert "most senior of 2" in said
    assert "May act too, untold: bob" in said


def test_a_level_of_a_playbook_is_asked_with_the_facts_of_a_case(escalate: Escalate, people: str, refunds: str) -> None:
    asked = ("--directory", people, "--playbook", refunds, "--json")
    level = escalate("who", "L1", "--fact", "request_type=billing", *asked).json
    assert [(each["person"], each["note"]) for each in level["people"]] == [("person:bob", "knows billing")]
    money = escalate("who", "authority:refund", "--fact", "credit.amount=500", *asked).json
    assert [each["person"] for each in money["people"]] == ["person:bob"]
    concerned = escalate("who", "L1", "--fact", 'concerns=["bob"]', *asked).json
    assert [each["person"] for each in concerned["people"]] == ["person:ann"]
    assert concerned["notes"] == ["team:desk: person:bob is concerned by this and is passed over."]


def test_nobody_is_an_answer_that_says_why(escalate: Escalate, people: str) -> None:
    said = escalate("who", "team:zoe", "--directory", people, code=1).out
    assert said.splitlines()[:2] == ["Nobody.", "team:zoe: no such team in the directory."]
    slip = escalate("who", "team:dsek", "--directory", people, code=1).out
    assert "no such team in the directory (did you mean `desk`?)" in slip


def test_a_person_may_be_named_without_the_kind_and_what_is_nearly_right_is_guessed(
    escalate: Escalate, people: str
) -> None:
    asked = ("--directory", people)
    assert escalate("who", "ann", *asked, "--json").json == escalate("who", "person:ann", *asked, "--json").json
    assert escalate("load", "ann", *asked, "--json").json == escalate("load", "person:ann", *asked, "--json").json
    assert "nor a level of a --playbook; did you mean `team:desk`?" in escalate("who", "dsek", *asked, code=2).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("everyone",), "is neither a target (person:, team:, role:, oncall:, authority:) nor a level"),
        (("L9", "--playbook", "customer-service-escalation"), "customer-service-escalation: L1, L2, L3"),
        (("team:desk", "--at", "soon"), "is no instant"),
        (("team:desk", "--fact", "skills=x"), "means nothing without the --playbook"),
        (("L1", "--playbook", "customer-service-escalation", "--fact", "mood=bad"), "unknown fact"),
        (("L1", "--playbook", "customer-service-escalation", "--fact", "mood"), "expected NAME=VALUE"),
    ],
)
def test_a_wrong_question_is_refused(escalate: Escalate, people: str, arguments: tuple[str, ...], said: str) -> None:
    assert said in escalate("who", *arguments, "--directory", people, code=2).err


def test_the_ledger_tells_whose_turn_would_be_next_and_asking_takes_none(
    escalate: Escalate, people: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("who", "team:turns", "--directory", people, "--json")
    without = escalate(*asked).json
    assert without["notes"] == ["Whose turn it is is not known, because there is no ledger here: chosen without it."]
    monkeypatch.setenv("ESCALATION_DATA", str(tmp_path))
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    ledger.migrate()
    workload = Workload(ledger.engine)
    workload.take_turn("team:turns", "k")
    for _ in range(2):
        assert [each["person"] for each in escalate(*asked).json["people"]] == ["person:bob"]
    workload.close()
    asyncio.run(ledger.close())
