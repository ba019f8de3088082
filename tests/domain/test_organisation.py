"""The organisation around an escalation: a serious issue reaches who may decide, and each request its service level."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.documents import parse_document
from escalation.foresight.lint import Foreseen, Weight, prove
from escalation.lifecycle.case.packet_views import packet
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.people.directory import Absence, Directory
from escalation.playbook.checks import check, check_against
from escalation.playbook.load import load
from tests.domain.builders import (
    ANN,
    BOB,
    BOT,
    COMPANY,
    CYD,
    DAN,
    EVE,
    OFFICE,
    PROCEDURE,
    SERVICE,
    START,
    Life,
    minutes,
    opened,
    small,
)

DAYS = 14


def office(**changes: dict[str, Any]) -> Directory:
    """The office, with more said of some people."""
    people = tuple(each.changed(changes.get(each.id, {})) for each in OFFICE.people)
    return OFFICE.model_validate({**dict(OFFICE), "people": people})


PROMISE = {"severity": ["P0", "P1"], "authority": "refund", "within": "2h30m"}
MONEY = {"authority": {"refund": 1000.0}}
HURRIED = [
    {"id": "L1", "targets": ["team:desk"], "ack": "10m", "dwell": "1h"},
    {"id": "L2", "targets": ["team:experts"], "ack": "15m", "dwell": "1h"},
    {"id": "L3", "targets": ["role:lead"], "ack": "20m", "dwell": "8h", "last_resort": "role:boss"},
]


def promised(people: Directory, promise: dict[str, Any] = PROMISE, **changes: Any) -> list[Foreseen]:
    """Return what the linter says of the promise."""
    playbook = small(**{"levels": HURRIED, "decision_makers": [promise], **changes})
    found = prove(playbook, people, START, DAYS).findings
    return [each for each in found if each.finding.path.startswith("decision_makers")]


# --- a decision maker in time -----------------------------------------------------------------------------------------


@pytest.mark.req("EP-4")
def test_a_serious_issue_is_proved_to_reach_who_may_decide_and_does_so_whoever_keeps_it() -> None:
    people = office(eve=MONEY)
    assert promised(people) == []
    silent = Life(small(levels=HURRIED), directory=people)
    silent.open()
    silent.pass_time("26m")
    assert silent.told(MessageKind.PAGE)[-1] == EVE
    kept = Life(small(levels=HURRIED), directory=people)
    kept.open()
    kept.taken_by(ANN)
    kept.pass_time("59m")
    assert EVE not in kept.told(MessageKind.PAGE)
    kept.pass_time("2m")
    kept.taken_by(CYD)
    kept.pass_time("1h")
    assert kept.told(MessageKind.PAGE)[-1] == EVE
    assert kept.now - START < minutes("150m")


@pytest.mark.req("EP-4")
def test_a_decision_maker_who_would_hear_too_late_is_an_error_that_says_on_which_way() -> None:
    late = promised(office(eve=MONEY), {**PROMISE, "within": "2h"})
    assert {each.weight for each in late} == {Weight.ERROR}
    assert all("when somebody else takes it and keeps it" in str(each) for each in late), "silence climbs in time"
    assert any("begins at L1 reaches nobody within 2h who may decide refund" in str(each) for each in late)
    assert not any("begins at L2" in str(each) for each in late)


def test_the_authority_counts_with_its_amount() -> None:
    asked = {**PROMISE, "amount": 1000}
    assert promised(office(eve=MONEY), asked) == []
    (none,) = promised(office(eve=MONEY), {**asked, "amount": 1001})
    assert "nobody in the directory may decide refund up to 1001" in str(none)


def test_an_absence_breaks_the_promise_from_the_opening_on_that_would_have_met_it() -> None:
    away = Absence.model_validate({"start": "2026-11-25T12:00:00Z", "end": "2026-11-26T12:00:00Z", "why": "on holiday"})
    found = promised(office(eve={**MONEY, "away": (away,)}))
    first = min(each.at for each in found if each.at is not None and "begins at L1" in str(each))
    assert first == away.start - timedelta(hours=2, minutes=10), "so long they may keep it, and the packet may take"


def test_the_matrix_and_working_hours_count_and_a_gate_that_may_stay_closed_breaks_it() -> None:
    people, hour = office(eve=MONEY), {**PROMISE, "within": "1h"}
    assert promised(people, hour)
    cell = {"severity": ["P0", "P1"], "after": "45m", "targets": ["role:lead"]}
    assert promised(people, hour, matrix=[cell]) == []
    assert promised(people, hour, matrix=[{**cell, "when": "attempts.standard_done"}]), "it may never speak"
    gate = {"id": "may", "before": "assignment", "approvers": ["role:lead"], "deadline": "10m"}
    (closed,) = promised(people, gates=[gate])
    assert "gate may stands before anybody is called at P1 and may stay closed" in str(closed)
    passed = {**gate, "on_expiry": "approve", "because": "nobody waits for a lead who is away"}
    assert promised(people, gates=[passed]) == []
    assert promised(people, gates=[{**passed, "deadline": "1h"}])


def test_whoever_may_be_chosen_must_have_the_authority() -> None:
    levels = [{**HURRIED[0], "choose": {"by": ["least_loaded"]}}, *HURRIED[1:]]
    soon = {**PROMISE, "within": "20m"}
    assert promised(office(ann=MONEY), soon, triggers=[BY_HAND]) == []
    assert promised(office(ann=MONEY), soon, triggers=[BY_HAND], levels=levels), "bob may be chosen"
    assert promised(office(ann=MONEY, bob=MONEY), soon, triggers=[BY_HAND], levels=levels) == []


BY_HAND = {"id": "by_hand", "when": 'initiation == "manual"'}


@pytest.mark.req("EP-4")
def test_the_shipped_procedure_promises_means_for_every_crisis_and_keeps_it() -> None:
    loaded = load("escalation-procedure")
    assert [each.id for each in loaded.playbook.decision_makers] == ["critical"]
    poor = COMPANY.model_validate(
        {**dict(COMPANY), "people": tuple(each.changed({"authority": {}}) for each in COMPANY.people)}
    )
    assert prove(loaded.playbook, COMPANY, START, DAYS).findings == ()
    (broken,) = prove(loaded.playbook, poor, START, DAYS, document=loaded.document).findings
    assert (broken.finding.path, broken.weight) == ("decision_makers.0", Weight.ERROR)
    assert broken.finding.line > 1


def test_a_promise_names_severities_of_the_scale_and_an_authority_of_the_directory() -> None:
    document = parse_document(
        "severity: {scale: [{name: P0}]}\ndecision_makers:\n  - {severity: [P9], authority: gold, within: 1h}\n",
        "p.yaml",
    )
    (found,) = [each for each in check(document) if each.path.startswith("decision_makers")]
    assert (found.line, found.path) == (3, "decision_makers.0.severity.0")
    assert "there is no severity 'P9'" in found.message
    playbook = small(decision_makers=[{**PROMISE, "authority": "gold"}])
    (unknown,) = [
        each for each in check_against(playbook, lambda target: bool(OFFICE.members(target))) if "gold" in each.message
    ]
    assert "the directory has no authority 'gold'" in unknown.message


# --- weighed, not only timed ------------------------------------------------------------------------------------------


@pytest.mark.req("EP-T4")
def test_complexity_customer_and_who_is_free_are_weighed_before_any_time_or_rank() -> None:
    def begins(**changes: Any) -> str:
        life = Life(PROCEDURE)
        life.open(**{**changes, "facts": {"scope": "external", "complexity": "simple", **changes.get("facts", {})}})
        return life.level

    important = {"id": "c-1", "name": "Jana", "tier": "vip", "locale": "en"}
    assert begins() == "first_contact"
    assert begins(facts={"complexity": "expert"}) == "specialist"
    assert begins(customer=important) == "specialist"
    stuck = opened(SERVICE, facts={"task_risk": "high", "request_type": "billing"})
    stuck.taken_by(stuck.rung.people[0])
    before = stuck.now
    stuck.send(c.ChangeFacts(by=stuck.owner, facts={"reason": "no_resources"}))
    assert (stuck.level, stuck.now) == ("L3", before), "no time has to pass"
    away = Absence.model_validate({"start": START, "end": START + timedelta(days=1), "why": "ill"})
    life = Life(small(), directory=office(ann={"away": (away,)}))
    life.open()
    assert life.told(MessageKind.PAGE) == [BOB], "who is not there holds nobody up"


# --- the proper service level -----------------------------------------------------------------------------------------


@pytest.mark.req("LA-CH1")
@pytest.mark.parametrize(
    ("facts", "severity", "answered", "solved"),
    [
        ({"flags.security": True}, "P0", "10m", "4h"),
        ({"flags.legal": True}, "P1", "30m", "8h"),
        ({}, "P2", "2h", "2d"),
        ({"task_risk": "low", "ai_confidence": 0.4}, "P3", "8h", "5d"),
    ],
)
def test_each_request_gets_the_service_level_of_its_severity_and_a_late_answer_is_told(
    facts: dict[str, Any], severity: str, answered: str, solved: str
) -> None:
    life = opened(SERVICE, facts=facts)
    clocks = life.state.clocks
    assert life.state.severity == severity
    assert life.told(MessageKind.PAGE), "somebody is called at once"
    assert clocks["first_human_response"].due == START + minutes(answered)
    first_contact = START - timedelta(minutes=30)
    assert clocks["resolution"].due == first_contact + minutes(solved)
    seen = len(life.sent)
    life.pass_time(minutes(answered))
    breached = [event.clock for event in life.all(e.ClockBreached)]
    assert "first_human_response" in breached
    assert life.sent[seen:]


# --- an integration fault ---------------------------------------------------------------------------------------------

FAULTS = small(
    fields={
        "fault": {"type": "text", "values": ["api_error", "data_mismatch", "sync_delay"], "required": True},
        "fault.request": {"type": "text", "required_when": 'fault == "api_error"'},
        "fault.response": {"type": "text", "required_when": 'fault == "api_error"'},
        "fault.records": {"type": "list", "required_when": 'fault == "data_mismatch"'},
        "fault.lag_minutes": {"type": "number", "required_when": 'fault == "sync_delay"'},
    },
    triggers=[{"id": "blocked", "when": 'fault != ""'}],
    routing=[
        {"when": 'fault == "api_error"', "targets": ["team:experts"]},
        {"when": 'fault == "sync_delay"', "targets": ["role:lead"]},
    ],
)


@pytest.mark.req("INT-4")
@pytest.mark.parametrize(
    ("fault", "brought", "owners", "says"),
    [
        (
            "api_error",
            {"fault.request": "POST /orders/17", "fault.response": "502 bad gateway"},
            [CYD, DAN],
            ["fault.request: POST /orders/17", "fault.response: 502 bad gateway"],
        ),
        (
            "data_mismatch",
            {"fault.records": ["order-17", "order-18"]},
            [ANN, BOB],
            ["fault.records: order-17, order-18"],
        ),
        ("sync_delay", {"fault.lag_minutes": 95}, [EVE], ["fault.lag_minutes: 95"]),
    ],
)
def test_a_fault_comes_to_its_owner_with_what_its_kind_must_bring_along(
    fault: str, brought: dict[str, Any], owners: list[str], says: list[str]
) -> None:
    life = Life(FAULTS)
    asked = life.open(facts={"fault": fault})
    assert (asked.outcome, life.told(MessageKind.PAGE)) == ("needs_input", [])
    assert life.state.input_request is not None
    assert set(life.state.input_request.parts) == set(brought)
    life.send(c.ProvideInput(by=BOT, facts=brought))
    assert life.told(MessageKind.PAGE) == owners
    page = next(message for message in life.sent if message.kind is MessageKind.PAGE)
    assert all(words in page.body for words in says)
    assert packet(life.state).facts["fault"] == fault


def test_what_another_kind_of_fault_would_bring_along_is_no_part_of_the_page() -> None:
    life = opened(FAULTS, facts={"fault": "sync_delay", "fault.lag_minutes": 5, "fault.request": "GET /secret"})
    assert "/secret" not in life.sent[0].body
