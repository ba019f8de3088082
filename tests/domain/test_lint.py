"""The proof that somebody is told: what it finds, when it begins, and that it says nothing where nothing is wrong."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.foresight.lint import Foreseen, Weight, prove
from escalation.people.directory import Directory
from escalation.people.search import Search
from escalation.playbook.load import load
from escalation.playbook.schema import Playbook
from tests.domain.builders import COMPANY, START, small

DAYS = 30
STAGES = ("triage", "assignment", "approval", "resolution", "review")
INBOX = [{"channel": "inbox", "address": "x"}]
OFFICE_HOURS = {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


def directory(**changes: Any) -> Directory:
    """A desk with a rotation, experts, a boss and a deputy; ``changes`` replace sections, or one person's fields."""
    people = {
        name: {"id": name, "name": name, "time_zone": "UTC", "contacts": INBOX} | changes.get(name, {})
        for name in ("ann", "bob", "cyd", "eve", "dan")
    }
    turns = {"people": ["ann", "bob"], "time_zone": "UTC", "starts_on": "2026-11-16"}
    content = {
        "people": list(people.values()),
        "teams": [
            {"id": "desk", "name": "Desk", "members": ["ann", "bob"], "oncall": "days"},
            {"id": "experts", "name": "Experts", "members": ["cyd"]},
        ],
        "roles": {"boss": {"holders": ["eve", "dan"]}, "security": {"holders": ["dan"]}},
        "rotations": {
            "days": {**turns, "hand_over": {"weekday": "monday", "at": "09:00"}, **changes.get("days", {})},
        },
    }
    return Directory.model_validate(content)


def playbook(**changes: Any) -> Playbook:
    levels = [
        {"id": "L1", "targets": ["team:desk"], "ack": "15m", "dwell": "2h"},
        {"id": "L2", "targets": ["team:experts"], "ack": "15m", "dwell": "2h", "last_resort": "role:boss"},
    ]
    raci = {stage: {"responsible": ["owner"], "accountable": "role:boss"} for stage in STAGES}
    return small(**{"levels": levels, "owner": "role:boss", "raci": raci, **changes})


def proof(directory: Directory, channels: set[str] | None = None, **changes: Any) -> list[Foreseen]:
    return list(prove(playbook(**changes), directory, START, DAYS, channels=channels).findings)


def away(start: str, end: str) -> dict[str, Any]:
    return {"away": [{"start": f"2026-{start}T00:00:00Z", "end": f"2026-{end}T00:00:00Z", "why": "on holiday"}]}


def test_nothing_is_found_where_somebody_always_is_told() -> None:
    assert proof(directory()) == []


@pytest.mark.parametrize("name", ["customer-service-escalation", "it-service-management", "escalation-procedure"])
def test_the_shipped_playbooks_hold_for_the_shipped_company(name: str) -> None:
    loaded = load(name)
    found = prove(loaded.playbook, COMPANY, START, 365, document=loaded.document, channels={"inbox", "webhook"})
    assert [str(each) for each in found.findings] == []


def test_hours_without_a_shift_are_named_with_their_first_instant_and_how_long_they_last() -> None:
    (rotation, gap) = proof(directory(days={"only": OFFICE_HOURS}))
    assert (rotation.weight, rotation.at, rotation.lasts) == (gap.weight, gap.at, gap.lasts)
    assert (rotation.finding.path, rotation.finding.file) == ("rotations.days", "directory")
    assert "nobody has the shift for 2d 16h, the first of 21 times" in rotation.finding.message
    assert (gap.weight, gap.at) == (Weight.WARNING, START.replace(hour=17))  # START is a Friday
    assert gap.finding.path == "levels.0.targets"
    assert "the playbook's owner role:boss is told instead" in gap.finding.message
    assert "nobody has the shift of rotation `days` until 2026-11-23 09:00 UTC" in gap.finding.message
    assert timedelta(days=20) < gap.lasts < timedelta(days=25)


def test_a_silence_is_an_error_from_the_instant_at_which_the_last_one_is_away() -> None:
    people = {name: away("12-01", "12-02") for name in ("cyd", "eve", "dan")}
    found = {each.finding.path: each for each in proof(directory(**people))}
    silent = found["levels.1.targets"]
    assert (silent.weight, silent.at, silent.lasts) == (
        Weight.ERROR,
        datetime(2026, 12, 1, tzinfo=UTC),
        timedelta(days=1),
    )
    assert "nobody is told, not even role:boss" in silent.finding.message
    assert found["levels.1.last_resort"].weight is Weight.ERROR
    assert "levels.0.targets" not in found, "the desk is there"


@pytest.mark.req("PROC-6")
def test_people_without_a_contact_point_that_works_are_found_before_it_happens() -> None:
    pager = {"contacts": [{"channel": "pager", "address": "x"}]}
    silent, person = proof(directory(cyd=pager), channels={"inbox"})
    assert (silent.weight, silent.finding.path) == (Weight.ERROR, "levels.1.targets")
    assert "person:cyd have no contact point on a connected channel" in silent.finding.message
    assert (person.weight, person.finding.file, person.finding.path) == (
        Weight.WARNING,
        "directory",
        "people.2.contacts",
    )
    assert "cyd has no contact point on a connected channel (pager), and team:experts can mean them" in str(person)


@pytest.mark.parametrize(
    ("gate", "weight", "says"),
    [
        ({"approvers": ["role:security"]}, None, ""),
        (
            {"approvers": ["team:experts"], "exclude": ["owner"]},
            Weight.ERROR,
            "only 0 can give it when person:cyd",
        ),
        (
            {
                "approvers": ["team:experts"],
                "exclude": ["owner"],
                "deputies": ["role:boss"],
                "on_expiry": "next_deputy",
            },
            None,
            "",
        ),
        ({"approvers": ["role:security", "role:boss"], "need": "all"}, None, ""),
        ({"approvers": ["person:eve", "person:dan", "role:boss"], "need": 3}, Weight.ERROR, "needs 3 and only 2"),
    ],
)
def test_a_gate_that_nobody_could_pass_is_found(gate: dict[str, Any], weight: Weight | None, says: str) -> None:
    found = proof(directory(), gates=[{"id": "money", "deadline": "1h", **gate}])
    assert [each.weight for each in found] == ([weight] if weight else [])
    assert all(says in each.finding.message for each in found)


@pytest.mark.parametrize(
    ("when", "finds"),
    [
        ("ai_confidence < confidence.threshold", False),
        ("ai_confidence > 2.0 && ai_confidence < 1.0", True),
        ('severity == "P0" && severity == "P1"', True),
        ('"legal" in keywords || repeat', False),
        ("occurrences > 3.0", False),
        ("false", False),
    ],
)
def test_a_trigger_that_is_never_true_is_found(when: str, finds: bool) -> None:
    triggers = [{"id": "t1", "when": "ai_limit"}, {"id": "t2", "when": when}]
    fields = {"ai_limit": {"type": "flag"}}
    keywords = {"legal": {"en": ["lawyer"]}}
    found = proof(directory(), triggers=triggers, fields=fields, keywords=keywords)
    assert [each.finding.path for each in found] == (["triggers.1.when"] if finds else [])


@pytest.mark.parametrize("tries", [12, pytest.param(1_000, marks=pytest.mark.chaos)])
def test_of_random_absences_each_that_leads_to_a_silence_is_found_and_no_other(tries: int) -> None:
    chance = random.Random(20261122)
    rules = playbook()
    called = [("levels", ("team:desk",)), ("levels", ("team:experts",)), ("last_resort", ("role:boss",))]
    for _ in range(tries):
        people: dict[str, Any] = {}
        for name in ("ann", "bob", "cyd", "eve", "dan"):
            if chance.random() < 0.6:
                first = START + timedelta(hours=chance.randrange(24 * DAYS))
                until = first + timedelta(hours=1 + chance.randrange(24 * 10))
                people[name] = {"away": [{"start": first.isoformat(), "end": until.isoformat()}]}
        company = directory(**people)
        found = [each for each in prove(rules, company, START, DAYS).errors if each.finding.path.startswith("levels")]
        # What would happen, asked hour by hour: absences and hand-overs begin and end on the hour.
        silent = sum(
            not company.find(Search(targets=targets, fallback="role:boss"), START + timedelta(hours=hour)).people
            for hour in range(24 * DAYS)
            for _, targets in called
        )
        assert sum((each.lasts for each in found), timedelta(0)) == timedelta(hours=silent)


def test_thirty_days_of_a_company_of_forty_are_proved_in_a_moment() -> None:
    crowd = [{"id": f"p{n}", "name": f"P {n}", "time_zone": "UTC", "contacts": INBOX} for n in range(40)]
    layer = {"people": ["p1", "p2", "p3"], "every": "12h", "hand_over": {"at": "08:00"}, "starts_on": "2026-11-16"}
    rotations = {f"r{n}": {**layer, "time_zone": "UTC", "above": [{**layer, "only": OFFICE_HOURS}]} for n in range(8)}
    teams = [{"id": f"t{n}", "name": "T", "members": ["p1"], "oncall": f"r{n}"} for n in range(8)]
    company = Directory.model_validate({"people": crowd, "teams": teams, "rotations": rotations})
    assert len(company.changes(START, START + timedelta(days=DAYS))) > 100
    raci = {stage: {"responsible": ["owner"], "accountable": "person:p4"} for stage in STAGES}
    levels = [
        {"id": f"L{n}", "targets": [f"team:t{n}"], "ack": "1h", "dwell": "2h", "last_resort": "person:p4"}
        for n in range(8)
    ]
    assert prove(playbook(levels=levels, owner="person:p5", raci=raci), company, START, DAYS).findings == ()


def test_the_worst_owner_counts_and_too_few_for_ever_are_an_error() -> None:
    gate = {"id": "money", "deadline": "1h", "approvers": ["person:bob", "person:cyd"], "need": 2, "exclude": ["owner"]}
    people = {"cyd": away("11-24", "11-25")}  # in the week in which bob has the shift
    found = [each for each in proof(directory(**people), gates=[gate]) if "money" in each.finding.message]
    assert [each.weight for each in found] == [Weight.ERROR] * 2, "one of the two always owns it, or may"
    said = {each.at: each.finding.message for each in found}
    assert "only 0 can give it when person:bob owns it" in said[datetime(2026, 11, 24, tzinfo=UTC)]
    assert "only 1 can give it when person:cyd owns it" in said[START]
