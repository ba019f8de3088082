"""Who is found for a case because of what it needs, and who takes no part because it is about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.documents import parse_document
from escalation.errors import NotAllowed
from escalation.lifecycle.details import markdown
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import FindPeople, MessageKind
from escalation.playbook.checks import check, check_against
from escalation.playbook.schema import Playbook, compact
from starter.line import Weight
from starter.steps import steps
from starter.story import say
from tests.domain.builders import ANN, BOB, BOT, CYD, DAN, EVE, FAY, HAL, IDA, OFFICE, Life, find, gated, opened, small

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


def test_the_amount_by_which_approvers_were_found_is_part_of_what_they_approve() -> None:
    playbook = gated({"approvers": ["authority:refund"], "before": "review"}, needs={"authority": {"refund": "amount"}})
    money = skilled(hal={"authority": {"refund": 100.0}}, fay={"authority": {"refund": True}})
    life = Life(playbook, directory=money)
    life.open(facts={"amount": 50})
    life.resolved(ANN)
    assert life.gate().people == (HAL,)
    assert "amount: 50" in next(message for message in life.sent if message.kind is MessageKind.APPROVAL).body
    assert situation(life.state, life.now).gates[0].asks == "amount=50"
    life.send(c.ChangeFacts(by=BOT, facts={"amount": 50_000.0}))
    assert (life.gate().round, life.gate().people) == (2, (FAY,)), "asked of who may approve so much"
    assert "is not an approver" in life.refused(NotAllowed, c.Approve(by=HAL))
    assert playbook.subject_of(playbook.gates[0]) == ("amount",)
    assert small().subject_of(gated({"subject": ["topic"]}).gates[0]) == ("topic",)


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


def test_whom_it_is_about_cannot_lift_the_rule_nor_end_the_case_though_they_asked_for_it() -> None:
    life = Life(small())
    life.open(requested_by=ANN, facts={"concerns": ["ann"]}, initiation="manual", context={"summary": None})
    for command in (
        c.ChangeFacts(by=ANN, facts={"concerns": ()}),
        c.ChangeDue(by=ANN, due_at=life.now + timedelta(days=1), because="later"),
        c.Cancel(by=ANN, because="never mind"),
    ):
        assert "takes no part in it" in life.refused(NotAllowed, command)
    assert "take nobody away" in life.refused(NotAllowed, c.ProvideInput(by=ANN, facts={"concerns": ()}))
    life.send(c.ProvideInput(by=ANN, summary="what happened", facts={"concerns": ("bob",)}))
    assert life.state.facts["concerns"] == (ANN, BOB), "what is asked of them they may answer, and name others"
    life.send(c.Note(by=ANN, text="it was me"))
    assert "takes no part in it" in life.refused(NotAllowed, c.Acknowledge(by=ANN))


def test_a_concerned_requester_does_not_confirm_the_solution() -> None:
    playbook = small(resolution={"confirmed_by": "requester", "confirm_within": "1d"})
    life = Life(playbook)
    life.open(requested_by=ANN, facts={"concerns": ["ann"]}, initiation="manual")
    life.taken_by(BOB).send(c.Resolve(by=BOB, resolution="spoke with ann"))
    assert "takes no part in it" in life.refused(NotAllowed, c.ConfirmResolution(by=ANN))


def test_services_requesters_and_further_reports_only_name_more_people() -> None:
    life = opened(small(), facts={"concerns": ["ann"]})
    life.open(request_id="r-2", requested_by="agent:other", facts={"concerns": ["cyd"]})
    life.send(c.ChangeFacts(by=BOT, facts={"concerns": ("dan",)}))
    assert life.state.facts["concerns"] == (ANN, CYD, DAN)
    assert "take nobody away" in life.refused(NotAllowed, c.ChangeFacts(by=BOT, facts={"concerns": ("dan",)}))
    assumed = opened(small(defaults={"concerns": ["ann"]}), facts={"concerns": ["cyd"]})
    assert assumed.state.facts["concerns"] == (ANN, CYD)


def test_only_a_person_of_the_working_group_who_was_never_named_says_that_it_is_not_about_somebody() -> None:
    life = opened(small(), facts={"concerns": ["ann", "cyd"]})
    life.send(c.ChangeFacts(by=BOB, facts={"concerns": ("cyd",)}, because="it is not about ann"))
    life.send(c.Escalate(by=BOB, reason="other", because="with ann", level="L3"))
    life.pass_time("1m")
    assert life.state.once_concerned == (ANN,)
    life.send(c.Claim(by=BOB))
    life.send(c.OfferHandoff(by=BOB, to=ANN, because="shift", expectation="go on"))
    life.send(c.AcceptHandoff(by=ANN))
    assert "take nobody away" in life.refused(NotAllowed, c.ChangeFacts(by=ANN, facts={"concerns": ()}))
    life.send(c.ChangeFacts(by=BOB, facts={"concerns": ()}))
    assert life.state.facts["concerns"] == ()


def test_when_all_who_could_be_called_are_barred_the_playbook_s_owner_hears_that_and_nothing_else() -> None:
    life = opened(small())
    said = len(life.sent)
    life.send(c.ChangeFacts(by=BOT, facts={"concerns": tuple(each.id for each in OFFICE.people)}))
    life.pass_time("1d")
    assert life.rung.last_resort
    assert set(life.told(since=said)) == {"person:gus"}
    assert {message.kind for message in life.sent[said:]} == {MessageKind.WARNING}
    (subject,) = {message.subject for message in life.sent[said:]}
    assert subject == "An escalation has nobody who may take it"
    assert not any(word in life.sent[-1].body for word in (life.state.id, "refund", "Jana"))
    assert "takes no part" in life.refused(NotAllowed, c.Acknowledge(by="person:gus"))


def test_a_manager_whom_it_is_not_about_hears_first_that_nobody_may_take_it() -> None:
    life = Life(small(), directory=skilled(gus={"manager": "fay"}, fay={"manager": "kim"}))
    life.open(facts={"concerns": [each.id for each in OFFICE.people if each.id != "kim"]})
    life.pass_time("1h")
    assert set(life.told()) == {"person:kim"}


def test_an_approval_whose_approvers_turn_out_to_be_concerned_is_asked_of_others() -> None:
    life = opened(gated({"approvers": ["team:experts"], "choose": {"by": ["senior"]}})).taken_by(ANN)
    assert life.gate().people == (CYD,)
    life.send(c.ChangeFacts(by=ANN, facts={"concerns": ("cyd",)}))
    assert (life.gate().round, life.gate().people) == (2, (DAN,))
    assert life.all(e.GateClosed)[-1].because == "too few of those who may decide are not concerned by it"
    life.send(c.Approve(by=DAN))
    assert life.gate().state == "passed"


def test_an_approval_goes_on_while_enough_are_left_and_ends_when_the_look_up_finds_only_the_concerned() -> None:
    life = opened(gated({"approvers": ["team:experts"]})).taken_by(ANN)
    life.send(c.ChangeFacts(by=ANN, facts={"concerns": ("cyd",)}))
    assert (life.gate().round, life.gate().people) == (1, (CYD, DAN))
    late = opened(gated({"approvers": ["role:security"], "deputies": ["role:deputy"]}))
    late.answers = False
    late.taken_by(ANN)
    look_up = next(each for each in late.pending if isinstance(each, FindPeople))
    found = find(OFFICE, look_up, late.now)
    late.send(c.ChangeFacts(by=ANN, facts={"concerns": ("hal",)}))
    late.send(c.PeopleFound(purpose=look_up.purpose, found=found))
    assert late.gate().round == 2


@pytest.mark.parametrize("named", ["Ann", "annn"])
def test_a_name_that_the_directory_does_not_know_bars_nobody_and_is_said_once(named: str) -> None:
    life = opened(small(), facts={"concerns": [named]})
    assert f"concerns names person:{named}, whom the directory does not know." in life.rung.notes
    life.pass_time("30m")
    (told,) = [message for message in life.sent if message.to == BOT]
    assert f"concerns names person:{named}, whom the directory does not know: that bars nobody" in told.body
    assert len(life.all(e.ConcernedUnknown)) == 1
    assert "whom the directory does not know" in say(life.last(e.ConcernedUnknown)).what
    life.send(c.ChangeFacts(by=BOT, facts={"concerns": ("ann", "anne")}))
    life.pass_time("30m")
    assert [event.people for event in life.all(e.ConcernedUnknown)] == [(f"person:{named}",), ("person:anne",)]


def test_a_round_whose_look_up_brings_only_the_concerned_is_over_at_once() -> None:
    life = Life(small(), answers=False)
    life.open()
    look_up = next(each for each in life.pending if isinstance(each, FindPeople))
    found = find(OFFICE, look_up, life.now)
    life.send(c.ChangeFacts(by=BOT, facts={"concerns": ("ann", "bob")}))
    life.send(c.PeopleFound(purpose=look_up.purpose, found=found))
    assert life.rung.id == "L2/2"
    assert life.last(e.RungOpened).because == "everybody in round L1/1 is concerned by it"


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
