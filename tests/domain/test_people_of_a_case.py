"""Who is found for a case because of what it needs, and who takes no part because it is about them."""

from __future__ import annotations

from typing import Any

import pytest

from escalation.documents import parse_document
from escalation.errors import NotAllowed
from escalation.lifecycle.situation import markdown, situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import FindPeople, MessageKind
from escalation.playbook.checks import check, check_against
from escalation.playbook.schema import Playbook, compact
from starter.story import Weight, say, steps
from tests.domain.builders import ANN, BOB, CYD, DAN, EVE, FAY, HAL, IDA, OFFICE, Life, gated, opened, small

LEVELS: list[dict[str, Any]] = [level.model_dump() for level in small().levels]


def levels(**first: Any) -> list[dict[str, Any]]:
    return [{**LEVELS[0], **first}, *LEVELS[1:]]


def skilled(**changes: dict[str, Any]) -> Any:
    """The office, with more said of some people."""
    people = tuple(each.changed(changes.get(each.id, {})) for each in OFFICE.people)
    return OFFICE.model_validate({**dict(OFFICE), "people": people})


def looked_up(life: Life, purpose: str) -> FindPeople:
    return [each for each in life.looked_up if each.purpose.startswith(purpose)][-1]


# --- chosen for what it needs ---------------------------------------------------------------------------------------


@pytest.mark.req("SAG-6")
def test_the_level_s_choice_finds_who_knows_the_technology_and_everybody_sees_why() -> None:
    playbook = small(levels=levels(choose={"by": ["skill", "senior"]}))
    life = Life(playbook, directory=skilled(bob={"skills": ("postgresql",)}, ann={"rank": 9}))
    life.open(facts={"tech_stack": ["PostgreSQL"]})
    assert life.told(MessageKind.PAGE) == [BOB]
    assert "team:desk (knows postgresql)" in life.sent[-1].body
    here = situation(life.state, life.now)
    assert here.why_they == {BOB: "knows postgresql"}
    assert "knows postgresql" in markdown(life.state, life.now)
    told = say(life.last(e.PeopleResolved))
    assert (told.weight, told.why) == (Weight.STEP, "knows postgresql")
    assert any("knows postgresql" in step.why for step in steps(life.events))


@pytest.mark.req("LA-CH7")
def test_a_playbook_says_which_facts_are_skills_so_that_the_query_finds_the_right_person() -> None:
    playbook = small(levels=levels(choose={"by": ["skill"]}), needs={"skills": ["request_type", "keywords"]})
    life = Life(playbook, directory=skilled(bob={"skills": ("billing",)}))
    life.open(facts={"request_type": "billing"})
    assert life.told(MessageKind.PAGE) == [BOB]
    assert looked_up(life, "rung:").skills == ("billing",)


def test_a_route_chooses_in_its_own_way_and_else_as_the_level_does() -> None:
    routes = [{"when": 'topic == "ops"', "targets": ["team:experts"], "choose": {"by": ["senior"]}}]
    playbook = small(levels=levels(choose={"by": ["experienced"]}), routing=routes)
    office = skilled(dan={"rank": 5}, bob={"experience": 3.0})
    routed, level = Life(playbook, directory=office), Life(playbook, directory=office)
    routed.open(facts={"topic": "ops"})
    level.open()
    assert (routed.rung.people, level.rung.people) == ((DAN,), (BOB,))
    assert routed.last(e.RungOpened).choose is not None


def test_the_worst_severity_and_that_it_is_a_page_are_said_to_the_directory() -> None:
    worst = opened(small(), facts={"flags.security": True})
    assert (looked_up(worst, "rung:").worst, looked_up(worst, "rung:").page) == (True, True)
    assert not looked_up(opened(small()), "rung:").worst


@pytest.mark.req("EP-O2")
def test_an_approval_goes_to_the_lowest_authority_that_covers_the_amount_and_then_to_the_next() -> None:
    gate = {"approvers": ["authority:refund"], "deputies": ["authority:refund"], "on_expiry": "next_deputy"}
    playbook = gated({**gate, "subject": ["amount"]}, needs={"authority": {"refund": "amount"}})
    money = skilled(
        hal={"authority": {"refund": 100.0}}, ida={"authority": {"refund": 1000.0}}, fay={"authority": {"refund": True}}
    )
    life = Life(playbook, directory=money)
    life.open(facts={"amount": 500})
    life.taken_by(ANN)
    assert life.told(MessageKind.APPROVAL) == [IDA]
    assert "is not an approver" in life.refused(NotAllowed, c.Approve(by=HAL))
    life.pass_time("61m")
    assert life.told(MessageKind.APPROVAL) == [IDA, FAY], "not the same one again"
    two = Life(
        gated({**gate, "subject": ["amount"], "need": 2}, needs={"authority": {"refund": "amount"}}), directory=money
    )
    two.open(facts={"amount": 50})
    two.taken_by(ANN)
    assert two.told(MessageKind.APPROVAL) == [HAL, IDA]


def test_an_authority_can_be_paged_and_what_the_amount_is_stands_in_no_note() -> None:
    playbook = small(levels=levels(targets=["authority:refund"]), needs={"authority": {"refund": "amount"}})
    life = Life(playbook, directory=skilled(hal={"authority": {"refund": 100.0}}))
    life.open(facts={"amount": 777})
    found = life.last(e.PeopleResolved).found
    assert found.fell_back
    assert "777" not in found.model_dump_json()


def test_a_playbook_that_chooses_nobody_is_written_as_before() -> None:
    written = compact(small())
    assert "needs" not in written
    assert not any("choose" in level for level in written["levels"])
    assert Playbook.model_validate(written) == small()


# --- whom it is about -----------------------------------------------------------------------------------------------


def test_whom_it_is_about_is_never_told_and_may_neither_take_nor_approve_it() -> None:
    playbook = gated({"approvers": ["role:security", "person:bob"]})
    life = opened(playbook, facts={"concerns": ["bob"]})
    assert life.told() == [ANN]
    assert "team:desk: person:bob is concerned by this and is passed over." in situation(life.state, life.now).notes
    refusal = life.refused(NotAllowed, c.Acknowledge(by=BOB))
    assert refusal == f"{BOB} is concerned by {life.state.id} and takes no part in it; these may act: {ANN}, {EVE}"
    life.taken_by(ANN)
    assert "takes no part" in life.refused(NotAllowed, c.Approve(by=BOB))
    assert "takes no part" in life.refused(NotAllowed, c.Reassign(by=ANN, to=BOB, because="yours"))
    assert BOB not in life.told()
    assert BOB not in life.state.people


@pytest.mark.req("EP-UC5")
def test_a_complaint_goes_from_the_supervisor_to_hr_and_to_the_management_past_whom_it_is_about() -> None:
    path = [("supervisor", "team:desk"), ("hr", "team:experts"), ("management", "role:lead")]
    ladder = [
        {**level, "id": name, "targets": [target], "repeat": 0}
        for level, (name, target) in zip(LEVELS, path, strict=True)
    ]
    triggers = [{"id": "complaint", "when": "ai_limit"}]
    life = opened(small(levels=ladder, triggers=triggers), facts={"ai_limit": True, "concerns": ["ann", "dan"]})
    life.pass_time("30m")
    assert [event.level for event in life.all(e.LevelEntered)] == ["supervisor", "hr", "management"]
    assert life.told(MessageKind.PAGE) == [BOB, CYD, EVE]


def test_an_owner_who_turns_out_to_be_concerned_is_told_nothing_more_and_others_are_called_at_once() -> None:
    life = opened(small()).taken_by(ANN)
    said = len(life.sent)
    life.send(c.ChangeFacts(by=ANN, facts={"concerns": ("person:ann",)}, because="it is about ann"))
    assert life.last(e.LevelEntered).because == f"its owner {ANN} is concerned by it"
    assert life.rung.people == (BOB,), "others are called"
    assert ANN not in life.told(since=said)
    assert "takes no part" in life.refused(NotAllowed, c.Resolve(by=ANN, resolution="nothing happened"))
    life.taken_by(BOB)
    assert life.owner == BOB


def test_when_everybody_who_is_called_turns_out_to_be_concerned_the_next_are_called_at_once() -> None:
    life = opened(small())
    life.send(c.ChangeFacts(by=BOB, facts={"concerns": ("ann", "bob")}, because="it is about the desk"))
    assert [event.because for event in life.all(e.RungOpened)][1] == "everybody in round L1/1 is concerned by it"
    assert life.rung.people == ("person:gus",), "nobody of the desk is left: the playbook's owner"
    life.pass_time("10m")
    assert life.told(MessageKind.PAGE)[-2:] == [CYD, DAN]


# --- what is wrong with a playbook ----------------------------------------------------------------------------------


def findings(**changes: Any) -> list[str]:
    document = parse_document("{}", "p.yaml")._replace(data={**compact(small()), **changes})
    return [finding.message for finding in check(document) if finding.path.startswith(("levels", "needs", "gates"))]


def test_a_choice_among_nobody_and_needs_of_unknown_facts_are_findings() -> None:
    assert findings(levels=levels(choose={"by": ["senior"]})) == []
    (nobody,) = findings(levels=levels(targets=["role:lead"], choose={"by": ["senior"]}))
    assert "there is nobody to choose from" in nobody
    wrong = findings(needs={"skills": ["amount", "tech_stak"], "authority": {"refund": "topic", "credit": "amunt"}})
    assert wrong == [
        "'amount' is a number; expected a fact that is a text or a list",
        "there is no fact 'tech_stak'; did you mean `tech_stack`?",
        "'topic' is a text; expected a fact that is a number",
        "there is no fact 'amunt'; did you mean `amount`?",
    ]


def test_an_authority_that_nobody_has_is_a_finding_against_the_directory() -> None:
    playbook = small(levels=levels(targets=["authority:refund"]))
    (finding,) = check_against(playbook, lambda target: bool(OFFICE.members(target)))
    assert "the directory has no authority 'refund'" in finding.message
    money = skilled(hal={"authority": {"refund": 100.0}})
    assert check_against(playbook, lambda target: bool(money.members(target))) == []
