"""Taken is not done: an acknowledgement that lapses, and statuses that may last only so long."""

from __future__ import annotations

from typing import Any

import pytest

from escalation.foresight import forecast
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.playbook.schema import Playbook
from tests.domain.builders import ANN, BOB, CUSTOMER, CYD, EVE, HAL, OFFICE, START, Life, gated, minutes, opened, small
from tests.domain.test_clocks import after


def lapsing(**changes: Any) -> Playbook:
    levels = [
        {"id": "L1", "targets": ["team:desk"], "ack": "10m", "dwell": "30d", "ack_lasts": "1h"},
        {"id": "L2", "targets": ["team:experts"], "ack": "15m", "dwell": "30d", "last_resort": "role:boss"},
    ]
    return small(levels=levels, **changes)


@pytest.mark.req("DSH-8")
def test_who_took_it_and_is_not_heard_of_is_called_again_with_their_level() -> None:
    life = opened(lapsing()).taken_by(ANN)
    assert (life.due.kind, life.due.at) == ("silence", after(START, "1h"))
    assert life.due.summary == "nothing was heard of person:ann, who took it: page L1 again, and person:ann with it"
    life.pass_time("1h")
    because = "person:ann took it, and nothing was heard of them for 1h"
    assert (life.last(e.AcknowledgementLapsed).because, life.last(e.RungOpened).because) == (because, because)
    assert life.told(MessageKind.PAGE)[-2:] == [ANN, BOB]
    again, over = life.sent[-2:]
    assert "You took it, and nothing was heard of you since: acknowledge again if you still have it." in again.body
    assert "person:ann took it, and nothing was heard of them since." in over.body
    assert (life.owner, life.state.waiting_on, life.level) == (ANN, "responder", "L1")
    life.send(c.Acknowledge(by=BOB))
    assert (life.owner, life.due.at) == (BOB, after(START, "2h"))


def test_the_owners_own_acknowledgement_renews_it() -> None:
    life = opened(lapsing()).taken_by(ANN)
    life.pass_time("1h")
    life.send(c.Acknowledge(by=ANN))
    assert (life.owner, life.state.rung, life.due.at) == (ANN, None, after(START, "2h"))


def test_the_owner_may_renew_before_it_is_known_whom_the_round_finds() -> None:
    life = opened(lapsing()).taken_by(ANN)
    life.answers = False
    life.pass_time("1h")
    assert not life.rung.resolved
    life.send(c.Acknowledge(by=ANN))
    assert (life.owner, life.state.rung) == (ANN, None)


def test_the_owner_is_called_too_where_they_are_not_of_the_level() -> None:
    life = opened(lapsing()).taken_by(ANN)
    life.send(c.Reassign(by=ANN, to=HAL, because="security"))
    life.send(c.AcceptHandoff(by=HAL))
    life.pass_time("1h")
    assert set(life.told(MessageKind.PAGE)[-3:]) == {ANN, BOB, HAL}


@pytest.mark.parametrize(
    "act",
    [c.Note(by=ANN, text="still reading"), c.ChangeFacts(by=ANN, facts={"topic": "two"}), c.Rate(by=ANN, score=4)],
    ids=lambda act: type(act).__name__,
)
def test_any_act_of_the_owner_is_a_sign_of_life(act: c.Act) -> None:
    life = opened(lapsing()).taken_by(ANN)
    life.pass_time("50m")
    life.send(act)
    assert life.due.at == after(START, "110m")


@pytest.mark.parametrize(
    "act",
    [c.Note(by=ANN, text="still on it"), c.PutOnHold(by=ANN, because="waiting for the vendor")],
    ids=lambda act: type(act).__name__,
)
@pytest.mark.parametrize("late", ["1h", "70m"], ids=["at their level", "at the next level"])
def test_who_is_heard_of_again_ends_the_call_for_others(act: c.Act, late: str) -> None:
    life = opened(lapsing()).taken_by(ANN)
    life.pass_time(late)
    life.send(c.Note(by=BOB, text="is she there?"))
    said = len(life.sent)
    life.send(act)
    assert (life.owner, life.state.rung, life.last(e.OwnerChanged).because) == (ANN, None, "heard of again")
    life.pass_time("50m")
    assert life.told(MessageKind.PAGE, since=said) == []
    assert BOB in life.told(MessageKind.NEWS, since=said), "who was called hears that it is taken"
    assert situation(life.state, life.now).waiting_on == ("hold" if isinstance(act, c.PutOnHold) else "owner")


def test_an_owner_who_declines_or_goes_up_does_not_end_the_call() -> None:
    life = opened(lapsing()).taken_by(ANN)
    life.pass_time("1h")
    life.send(c.Decline(by=ANN, because="ill"))
    assert life.rung.people == (ANN, BOB)
    life.send(c.Escalate(by=ANN, reason="other", because="ill", level="L2"))
    assert life.rung.people == (CYD, "person:dan")


def test_acts_of_others_are_no_sign_of_life() -> None:
    life = opened(lapsing()).taken_by(ANN)
    life.pass_time("50m")
    life.send(c.Note(by=BOB, text="is she there?"))
    life.send(c.Note(by=CUSTOMER, text="hello?"))
    assert life.due.at == after(START, "1h")


def test_nobody_answers_then_it_goes_on_as_any_round_does() -> None:
    life = opened(lapsing()).taken_by(ANN)
    life.pass_time("70m")
    assert (life.level, life.owner) == ("L2", ANN)
    life.send(c.Acknowledge(by=CYD))
    life.pass_time("1d")  # this level's acknowledgement does not lapse
    assert (life.owner, life.level) == (CYD, "L2")


def test_a_hold_an_approval_and_a_customer_who_thinks_are_no_silence() -> None:
    life = opened(lapsing()).taken_by(ANN)
    life.send(c.PutOnHold(by=ANN, because="the bank is closed", until=after(START, "20h")))
    life.pass_time("20h")
    assert life.all(e.AcknowledgementLapsed) == []
    assert (life.due.kind, life.due.at) == ("silence", after(START, "21h"))
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    life.pass_time("3h")
    life.send(c.RejectResolution(by=CUSTOMER, because="nothing came"))
    assert life.level == "L2"
    waiting = gated({"subject": ["amount"], "deadline": "5h"})
    waiting = waiting.model_copy(update={"levels": lapsing().levels})
    asked = opened(waiting).taken_by(ANN)
    asked.pass_time("4h")
    assert asked.all(e.AcknowledgementLapsed) == []
    asked.send(c.Approve(by=HAL))
    assert (asked.due.kind, asked.due.at) == ("silence", after(START, "5h"))


def test_the_forecast_knows_of_the_silence() -> None:
    life = opened(lapsing()).taken_by(ANN)
    future = forecast(life.state, OFFICE, after(START, "61m"))
    assert [event.at for event in future if isinstance(event, e.AcknowledgementLapsed)] == [after(START, "1h")]


# --- statuses ---------------------------------------------------------------------------------------------------------

STATUSES = [
    {"status": "Calling", "stage": "assignment", "within": "5m"},
    {"status": "In work", "stage": "resolution", "within": "1h", "then": "level_up"},
    {"status": "Waiting", "stage": "resolution", "waiting_on": "hold"},
    {"status": "With customer", "stage": "resolution", "waiting_on": "customer", "within": "3h", "then": "level_up"},
]


def timed() -> Life:
    levels = [{"id": "L1", "targets": ["team:desk"], "ack": "1d", "dwell": "30d"}, {**QUIET, "id": "L2"}]
    return opened(small(statuses=STATUSES, levels=levels))


QUIET = {"targets": ["team:experts"], "ack": "1d", "dwell": "30d", "last_resort": "role:boss"}


def test_a_status_that_lasts_too_long_reminds_again_and_again_until_it_is_left() -> None:
    life = timed()
    assert (life.due.kind, life.due.summary) == ("status", "still Calling: remind role:lead")
    life.pass_time("11m")
    assert [(event.at, event.times) for event in life.all(e.StatusOverdue)] == [
        (after(START, "5m"), 1),
        (after(START, "10m"), 2),
    ]
    assert life.told(MessageKind.WARNING) == [EVE, EVE]
    assert "reminder: it is Calling for 10m now" in life.sent[-1].body
    life.taken_by(ANN)
    assert (life.state.stay.status, life.due.at) == ("In work", after(START, "71m"))  # type: ignore[union-attr]


@pytest.mark.req("EP-F4")
def test_a_status_that_lasts_too_long_goes_up_once_and_reminds_its_owner_from_then_on() -> None:
    life = timed().taken_by(ANN)
    life.pass_time("30m")
    life.send(c.PutOnHold(by=ANN, because="the bank is closed", until=after(START, "2h")))
    assert life.state.stay is None
    life.pass_time("90m")
    assert life.due.at == after(START, "3h")  # counted anew from entering it again
    life.pass_time("1h")
    assert (life.level, life.last(e.LevelEntered).because) == ("L2", "In work for 1h")
    assert "reminder: it is In work for 1h now" in [m for m in life.sent if m.to == ANN][-1].body
    life.taken_by(CYD)
    life.pass_time("3h")
    assert life.level == "L2"


def test_while_the_customer_thinks_nothing_goes_up_but_the_owner_is_reminded() -> None:
    life = timed().taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    assert situation(life.state, life.now).next.what == "still With customer: remind person:ann"  # type: ignore[union-attr]
    life.pass_time("3h")
    assert (life.level, life.last(e.StatusOverdue).then) == ("L1", "remind")
    assert life.told(MessageKind.WARNING)[-1] == ANN


def test_a_playbook_without_such_times_keeps_no_stay() -> None:
    life = opened(small(statuses=[{"status": "In work", "stage": "resolution"}])).taken_by(ANN)
    life.pass_time(minutes("1h"))
    assert life.state.stay is None
    assert life.all(e.StatusEntered) == []
