"""Reasons that the engine gives itself: plain English in the timeline, and an id with values for every language."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.lifecycle import grounds
from escalation.lifecycle.ladder import remaining
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import Notify
from escalation.model.said import Said
from tests.domain.builders import ANN, BOB, HAL, START, Life, gated, opened, small
from tests.domain.test_handing_over import on_shift

WITHIN = {"reason": "nobody_decided", "values": {"within": 1800}, "english": "nobody decided within 30m"}


def waiting(**gate: Any) -> Life:
    return opened(gated(gate)).taken_by(ANN)


def said(life: Life, template: str) -> Notify:
    return next(each for each in reversed(life.sent) if each.template == template)


@pytest.mark.req("EP-P3")
def test_a_reason_of_the_engines_own_is_english_in_the_timeline_and_an_id_with_values_in_the_message() -> None:
    life = waiting(deadline="30m", on_expiry="deny")
    life.pass_time("30m")
    closed = life.last(e.GateClosed)
    assert closed.because == "nobody decided within 30m; the playbook denies then"
    assert closed.grounds == Said(template="denied_by_silence", values={"waited": WITHIN})
    assert said(life, "gate_closed").values["because"] == {
        "reason": "denied_by_silence",
        "values": {"waited": WITHIN},
        "english": closed.because,
    }
    assert closed.because in said(life, "gate_closed").body, "its plain English goes along"


def test_what_people_say_is_no_reason_of_the_engine_and_stays_as_they_wrote_it() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.OfferHandoff(by=ANN, to=BOB, because="jdu domů", expectation="zavolat"))
    assert life.last(e.HandoffOffered).grounds is None
    assert said(life, "handoff").values["because"] == "jdu domů"
    life.send(c.DeclineHandoff(by=BOB, because="nobody accepted within 15m"))
    assert said(life, "news.handoff_ended").values["because"] == "nobody accepted within 15m"


def test_what_people_say_stands_within_the_engines_reason_as_they_wrote_it() -> None:
    life = waiting()
    life.send(c.Reject(by=HAL, because="příliš drahé"))
    assert life.gate().grounds == Said(template="rejected_by", values={"people": [HAL], "because": "příliš drahé"})


@pytest.mark.parametrize("rules", [0, 1])
def test_a_life_by_earlier_rules_records_what_it_always_did(rules: int) -> None:
    life = waiting(deadline="30m", on_expiry="deny")
    life.state = life.state.changed({"rules": rules})
    life.pass_time("30m")
    closed = life.last(e.GateClosed)
    assert (closed.because, closed.grounds) == ("nobody decided within 30m; the playbook denies then", None)
    assert type(closed.because) is str
    assert b"grounds" not in closed.__pydantic_serializer__.to_json(closed, exclude_defaults=True)
    assert said(life, "gate_closed").values["because"] == closed.because


def test_a_reason_is_kept_as_plain_text_so_that_a_life_is_the_same_when_it_is_read_again() -> None:
    life = waiting(deadline="30m", on_expiry="deny")
    life.pass_time("30m")
    assert {type(event.because) for event in life.events if isinstance(event, e.GateClosed | e.GateExpired)} == {str}
    assert type(life.gate().because) is str
    again = life.state.model_validate_json(life.state.model_dump_json())
    assert again.gates == life.state.gates


def test_a_hand_off_that_nobody_accepts_says_how_long_there_was_time() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.OfferHandoff(by=ANN, to=BOB, because="my shift ends", expectation="call them"))
    life.next()
    because = said(life, "news.handoff_ended").values["because"]
    assert because["reason"] == "not_accepted"
    level = life.state.level_policy
    assert level is not None
    assert because["values"] == {"within": int(level.ack.total_seconds())}


def test_several_reasons_are_told_as_one_and_one_as_itself() -> None:
    one = grounds.of("solved", "it is solved")
    assert grounds.joined([one], "it is solved") is one
    both = grounds.plain({"because": grounds.joined([one, "written by hand"], "it is solved; written by hand")})
    assert both["because"]["values"]["reasons"] == [
        {"reason": "solved", "values": {}, "english": "it is solved"},
        "written by hand",
    ]


def test_how_long_something_took_is_told_in_seconds() -> None:
    assert grounds.plain({"within": timedelta(minutes=15)}) == {"within": 900}


def test_what_remains_for_the_next_shift_is_told_item_by_item_as_long_as_it_stands_as_written() -> None:
    life = on_shift()
    life.send(c.AddItem(by=ANN, title="call the bank", owner=BOB, due=START + timedelta(hours=9)))
    life.pass_time("90m")
    offered = life.last(e.HandoffOffered)
    assert type(offered.expectation) is str
    assert offered.grounds is not None
    assert offered.grounds.template == "shift_ends"
    expectation = said(life, "handoff").values["expectation"]
    assert (expectation["reason"], expectation["english"]) == ("remains", offered.expectation)
    assert [each["title"] for each in expectation["values"]["items"]] == ["call the bank"]
    life.send(c.EditHandover(by=ANN, text="ask for Ms Li at the bank"))
    offer = life.state.handoff
    assert offer is not None
    assert remaining.expected(life.state, offer) == "ask for Ms Li at the bank"
    assert not isinstance(remaining.expected(life.state, offer), grounds.Ground)
