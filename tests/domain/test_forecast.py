"""The forecast: what happens next, when, to whom and why, by the very rules that will decide it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest

from escalation.foresight import forecast, forecast_request
from escalation.lifecycle import advance, evolve
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import FindPeople
from escalation.model.events import EventBase
from escalation.playbook.schema import LoadedPlaybook, Playbook
from tests.domain.builders import (
    ANN,
    BOT,
    COMPANY,
    CYD,
    EVE,
    FAY,
    ITSM,
    OFFICE,
    PROCEDURE,
    SERVICE,
    START,
    Life,
    blank,
    find,
    gated,
    opened,
    request,
    small,
)

FIRST, *OTHERS = small().model_dump(mode="json")["levels"]
BOARD = {"name": "board", "audience": "management", "target": "role:finance"}
HOURLY = {"default": {"every": "1h", "chase": "15m"}}


def outline(events: list[e.Event]) -> list[tuple[str, object]]:
    return [(event.type, event.at) for event in events]


@pytest.mark.parametrize("playbook", [SERVICE, ITSM, PROCEDURE], ids=lambda playbook: playbook.playbook)
def test_what_is_foreseen_is_what_happens_when_nobody_acts(playbook: Playbook) -> None:
    life = opened(playbook)
    foreseen = forecast(life.state, COMPANY, START + timedelta(hours=12))
    assert outline(foreseen) == outline(life.pass_time("12h"))
    assert len(foreseen) > 20


def test_it_holds_for_a_life_in_the_middle_of_things() -> None:
    life = opened(gated({"on_expiry": "escalate"})).taken_by(ANN)
    life.send(c.PutOnHold(by=ANN, because="later", until=START + timedelta(hours=5)))
    foreseen = forecast(life.state, OFFICE, START + timedelta(days=2))
    assert outline(foreseen) == outline(life.pass_time("2d"))


def test_when_to_whom_and_why_up_to_the_last_resort() -> None:
    life = opened(small())
    foreseen = forecast(life.state, OFFICE, START + timedelta(hours=1))
    told = [(event.at - START, event.to) for event in foreseen if isinstance(event, e.MessageDelivered)]
    assert (timedelta(minutes=20), CYD) in told
    assert (timedelta(minutes=35), EVE) in told
    assert told[-1] == (timedelta(minutes=55), FAY)
    because = [event.because for event in foreseen if isinstance(event, e.RungOpened)]
    assert because[0] == "nobody acknowledged at L1 within 10m"


def test_it_changes_nothing() -> None:
    life = opened(small())
    before = life.state.model_dump_json()
    forecast(life.state, OFFICE, START + timedelta(days=1))
    assert life.state.model_dump_json() == before


def test_it_continues_the_history_without_a_gap() -> None:
    life = opened(small())
    foreseen = forecast(life.state, OFFICE, START + timedelta(days=1))
    assert [event.seq for event in foreseen] == list(range(life.state.seq + 1, life.state.seq + 1 + len(foreseen)))
    first: EventBase = foreseen[0]
    assert first.prev == life.state.last_hash
    assert reduce(evolve, foreseen, life.state).seq == foreseen[-1].seq


def test_people_who_are_still_being_looked_up_are_found_in_it() -> None:
    life = Life(gated({"before": "assignment", "on_expiry": "approve", "because": "help"}), answers=False)
    life.open()
    foreseen = forecast(life.state, OFFICE, START + timedelta(hours=2))
    assert next(event.to for event in foreseen if isinstance(event, e.MessageDelivered)) == "person:hal"
    paging = Life(small(), answers=False)
    paging.open()
    foreseen = forecast(paging.state, OFFICE, START + timedelta(minutes=1))
    assert [event.to for event in foreseen if isinstance(event, e.MessageDelivered)] == [ANN, "person:bob"]


@pytest.mark.parametrize(
    "changes",
    [
        {"communication": {"communicator": "role:deputy", "stakeholders": [BOARD], "cadence": HOURLY}},
        {"levels": [{**FIRST, "may_escalate": [{"who": ["role:security"]}]}, *OTHERS]},
    ],
    ids=["who speaks", "who may hand it up"],
)
def test_whoever_is_still_looked_up_to_speak_or_for_a_power_is_found_in_it_as_when_it_happens(
    changes: dict[str, Any],
) -> None:
    playbook = small(**changes)
    waits = Life(playbook, answers=False)
    waits.open()
    foreseen = forecast(waits.state, OFFICE, START + timedelta(hours=5))
    life = opened(playbook)
    life.pass_time("5h")
    assert outline(foreseen) == outline(life.events[len(waits.events) :])


def test_it_ends_where_it_is_told_to_though_a_last_resort_is_asked_for_ever() -> None:
    life = opened(small())
    until = START + timedelta(minutes=90)
    assert all(event.at <= until for event in forecast(life.state, OFFICE, until))
    few = forecast(life.state, OFFICE, START + timedelta(days=3650), steps=3)
    assert len([event for event in few if isinstance(event, e.RungOpened)]) <= 4


def test_an_escalation_can_be_foreseen_before_it_exists_and_none_after_its_end() -> None:
    state = advance(blank(small()), c.Open(request=request(small())), START)[0]
    assert forecast(state, OFFICE, START + timedelta(hours=1)) != []
    life = opened(small())
    life.send(c.Cancel(by=BOT, because="never mind"))
    assert forecast(life.state, OFFICE, START + timedelta(days=9)) == []


def test_a_request_is_forecast_at_any_instant_without_being_opened() -> None:
    loaded = LoadedPlaybook(playbook=SERVICE, digest="d")
    asked = request(SERVICE, facts={"ai_confidence": 0.62, "request_type": "billing"})
    christmas = datetime(2026, 12, 24, 21, tzinfo=UTC)
    found = forecast_request(loaded, asked, COMPANY, christmas, christmas + timedelta(hours=2))
    life = Life(SERVICE, now=christmas, directory=COMPANY)
    life.open(asked)
    life.pass_time("2h")
    calls = [(event.at, event.targets) for event in life.events if isinstance(event, e.RungOpened)]
    assert [(event.at, event.targets) for event in found if isinstance(event, e.RungOpened)] == calls
    assert len(calls) > 3
    assert found[0].at == christmas


def test_the_forecast_of_a_request_that_needs_nobody_says_so_and_ends() -> None:
    loaded = LoadedPlaybook(playbook=SERVICE, digest="d")
    asked = request(SERVICE, facts={"ai_confidence": 0.99, "request_type": "other"})
    found = forecast_request(loaded, asked, COMPANY, START, START + timedelta(days=9))
    assert [type(event) for event in found] == [e.Declined, e.Receipted]


def test_a_request_is_forecast_with_its_ticket_and_whoever_may_use_the_exception_procedure() -> None:
    bypass = {"allowed": ["role:security"], "review_by": "role:boss", "review_within": "2d"}
    playbook = small(bypass=bypass)
    found = forecast_request(
        LoadedPlaybook(playbook=playbook, digest="d"), request(playbook), OFFICE, START, START + timedelta(hours=1)
    )
    assert [event.purpose for event in found if isinstance(event, e.PeopleResolved)][:2] == ["bypass", "rung:L1/1"]
    assert [event.type for event in found].count("case_linked") == 1


def test_pages_on_their_way_arrive_in_the_forecast_each_once() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.send(
        c.PeopleFound(
            purpose="rung:L1/1",
            found=find(OFFICE, next(action for action in life.pending if isinstance(action, FindPeople)), START),
        )
    )
    arrive = forecast(life.state, OFFICE, START + timedelta(minutes=11))
    told = [event.to for event in arrive if isinstance(event, e.MessageDelivered)]
    assert told[:2] == [ANN, "person:bob"]
    because = next(event.because for event in arrive if isinstance(event, e.RungOpened))
    assert because == "nobody acknowledged at L1 within 10m"
    life.answers = True
    life.answer()
    again = forecast(life.state, OFFICE, START + timedelta(minutes=9))
    assert again == []


def test_whoever_a_hand_off_is_offered_to_is_found_in_the_forecast() -> None:
    life = opened(small()).taken_by(ANN)
    life.answers = False
    life.send(c.OfferHandoff(by=ANN, to="team:experts", because="it is their part", expectation="an answer"))
    foreseen = forecast(life.state, OFFICE, START + timedelta(minutes=5))
    assert [event.to for event in foreseen if isinstance(event, e.MessageDelivered)] == [CYD, "person:dan"]
