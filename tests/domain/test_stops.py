"""What would keep from happening what falls due: whose act is awaited."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalation.foresight import foresee, foresee_request
from escalation.lifecycle import agenda, next_due
from escalation.lifecycle.stops import _STOPS, Stop, stop
from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.schema import LoadedPlaybook
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, OFFICE, START, Life, gated, opened, request, small


def awaited(life: Life) -> Stop:
    due = next_due(life.state)
    assert due is not None
    return stop(life.state, due)


def test_whatever_can_fall_due_can_be_kept_from_it() -> None:
    assert set(_STOPS) == set(agenda._SAYS)


def test_a_round_waits_for_those_it_called_who_have_not_declined() -> None:
    life = opened(small())
    assert awaited(life) == Stop("an acknowledgement", (ANN, BOB))
    life.send(c.Decline(by=ANN, because="away"))
    assert awaited(life) == Stop("an acknowledgement", (BOB,))
    not_found = Life(small(), answers=False)
    not_found.open()
    assert awaited(not_found) == Stop("an acknowledgement", ("team:desk",))


def test_an_approval_waits_for_who_has_not_decided() -> None:
    life = opened(gated({"deadline": "30m", "approvers": ["role:security", "role:lead"], "need": 2})).taken_by(ANN)
    assert awaited(life) == Stop("a decision on gate1", ("person:hal", "person:eve"))
    life.send(c.Approve(by="person:hal", gate="gate1"))
    assert awaited(life) == Stop("a decision on gate1", ("person:eve",))


def test_missing_input_a_hold_a_hand_off_and_a_question_wait_for_somebody_each() -> None:
    asking = Life(small())
    asking.open(context={"summary": None})
    assert awaited(asking) == Stop("the missing summary", (BOT,))
    life = opened(small()).taken_by(ANN)
    assert awaited(life) == Stop("a resolution", (ANN,))
    life.send(c.OfferHandoff(by=ANN, to="team:experts", because="theirs", expectation="an answer"))
    assert awaited(life) == Stop("acceptance of the hand-off", ("person:cyd", "person:dan"))
    life.send(c.AcceptHandoff(by="person:cyd"))
    life.send(c.PutOnHold(by="person:cyd", because="later", until=START + timedelta(hours=1)))
    assert awaited(life) == Stop("an earlier end of the hold", ("person:cyd",))
    life.send(c.Resume(by="person:cyd"))
    life.send(c.Resolve(by="person:cyd", resolution="paid", cause="a batch"))
    assert awaited(life) == Stop("an answer whether it is solved", (CUSTOMER,))
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert awaited(life) == Stop("the review", ("person:cyd",))


@pytest.mark.parametrize(("name", "what"), [("acknowledge", "an acknowledgement"), ("resolution", "a resolution")])
def test_a_clock_waits_for_what_ends_it(name: str, what: str) -> None:
    life = opened(small(clocks={name: {"within": {"default": "8m"}}}))
    assert awaited(life).what.startswith(what)
    assert awaited(life).who == (ANN, BOB)


def test_each_event_of_a_forecast_says_what_would_stop_it() -> None:
    life = opened(small())
    found = foresee(life.state, OFFICE, START + timedelta(minutes=21))
    assert [each.unless for each in found if isinstance(each.event, e.RungOpened)] == [
        Stop("an acknowledgement", (ANN, BOB)),
        Stop("an acknowledgement", (ANN, BOB)),
    ]
    playbook = small()
    loaded = LoadedPlaybook(playbook=playbook, digest="d")
    first = foresee_request(loaded, request(playbook), OFFICE, START, START + timedelta(minutes=5))
    assert {each.unless for each in first} == {None}
