"""Milestones, receipts, newcomers, next steps, and what the customer is sent after the solution."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, NotAllowed, NotNow, TooLarge, Unknown
from escalation.foresight import forecast
from escalation.lifecycle.situation import situation
from escalation.lifecycle.statements.read_in_words import brief
from escalation.lifecycle.stops import stop
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind, UpdateCase
from escalation.model.communication import Communication
from tests.domain.builders import ANN, BOB, CUSTOMER, CYD, EVE, FAY, IDA, JOY, OFFICE, START, Life, opened
from tests.domain.test_statements import BOARD, public, talking, to

STEPS = [
    {"id": "investigated", "about": "the cause is known", "update_within": "30m", "chase": "10m", "at_most": 80},
    {"id": "started", "update_within": "30m", "chase": "10m"},
    {"id": "verified", "update_within": "30m", "chase": "10m"},
]


def talk(life: Life) -> Communication:
    assert life.state.communication is not None
    return life.state.communication


def subjects(life: Life, person: str) -> list[str]:
    return [each.subject.rpartition(" - ")[2] for each in life.sent if each.to == person]


def reviewed(life: Life) -> Life:
    """Return a life that is resolved and reviewed, with no item left."""
    life.resolved(ANN)
    life.send(c.SubmitReview(by=ANN, impact="one", lessons=("watch it",)))
    return life


# --- milestones -------------------------------------------------------------------------------------------------------


@pytest.mark.req("USE-5")
def test_after_a_milestone_a_short_update_is_due_and_a_missing_one_is_chased_and_moves_up() -> None:
    life = opened(talking(milestones=STEPS)).taken_by(ANN)
    life.send(c.ReachMilestone(by=ANN, name="investigated"))
    assert (life.due.kind, life.due.at) == ("milestone", START + timedelta(minutes=30))
    assert stop(life.state, life.due).who == (ANN,)
    life.next()
    assert life.last(e.MilestoneOverdue).asked == (ANN,)
    assert "update of milestone investigated is late" in subjects(life, ANN)
    assert life.due.at == START + timedelta(minutes=40)
    life.next()
    assert life.last(e.MilestoneOverdue).asked == (ANN, "role:lead")
    assert any("update of milestone investigated is late" in each.body for each in life.sent if each.to == EVE)
    life.next()
    assert life.last(e.MilestoneOverdue).asked == (ANN, "role:lead", "team:experts")
    life.send(c.ReachMilestone(by=ANN, name="investigated", text="a batch was lost"))
    assert life.due.kind != "milestone"
    assert any(isinstance(each, UpdateCase) and "a batch was lost" in each.note for each in life.tickets)
    again = c.ReachMilestone(by=ANN, name="investigated", text="again")
    assert "its update given" in life.refused(AlreadyDone, again)


@pytest.mark.req("USE-5")
def test_a_milestone_update_is_short_and_may_come_at_once() -> None:
    life = opened(talking(milestones=STEPS)).taken_by(ANN)
    why = life.refused(TooLarge, c.ReachMilestone(by=ANN, name="investigated", text="x" * 81))
    assert "has 81 characters and 80 are allowed" in why
    life.send(c.ReachMilestone(by=ANN, name="investigated", text="a batch was lost"))
    assert life.pass_time("2h") == []
    assert "it has investigated, started, verified" in life.refused(Unknown, c.ReachMilestone(by=ANN, name="done"))


def test_a_later_milestone_before_an_earlier_one_is_allowed_and_said() -> None:
    life = opened(talking(milestones=STEPS)).taken_by(ANN)
    life.send(c.ReachMilestone(by=BOB, name="verified"))
    assert life.last(e.MilestoneReached).before == ("investigated", "started")
    assert "not reached before it: investigated, started" in life.sent[-1].body
    shown = situation(life.state, life.now).communication
    assert shown is not None
    assert [each.update for each in shown.milestones] == ["not reached", "not reached", "due"]


# --- receipts ---------------------------------------------------------------------------------------------------------


def with_receipt() -> Life:
    audiences = [{"id": "management", "receipt": {"within": "1h", "chase": "20m"}}]
    return opened(talking(stakeholders=[BOARD], audiences=audiences)).taken_by(ANN)


@pytest.mark.req("USE-7")
def test_leadership_is_asked_to_confirm_reminded_and_then_whoever_speaks_is_told() -> None:
    life = with_receipt()
    life.send(c.PostUpdate(by=JOY, text="we look"))
    assert f"escalate confirm_read {life.state.id} --by {IDA}" in to(life, IDA)[0]
    assert (life.due.kind, life.due.at) == ("receipt", START + timedelta(hours=1))
    assert stop(life.state, life.due).who == (IDA,)
    life.next()
    assert subjects(life, IDA)[-1] == "please confirm that you have read it"
    life.next()
    assert life.now == START + timedelta(minutes=80)
    assert f"board has not confirmed to have read it ({IDA})" in life.sent[-1].body
    assert life.sent[-1].to == JOY
    assert life.pass_time("1d") == []
    shown = situation(life.state, life.now).communication
    assert shown is not None
    assert shown.stakeholders[0].read_by == ()


@pytest.mark.req("USE-7")
def test_a_receipt_is_recorded_once_and_counts_for_the_latest_update_alone() -> None:
    life = with_receipt()
    assert "nothing" in life.refused(NotAllowed, c.ConfirmRead(by=IDA))
    life.send(c.PostUpdate(by=JOY, text="we look"))
    life.send(c.ConfirmRead(by=IDA))
    assert talk(life).stakeholders["board"].read_by == (IDA,)
    assert life.due.kind != "receipt"
    life.refused(AlreadyDone, c.ConfirmRead(by=IDA))
    life.refused(NotAllowed, c.ConfirmRead(by=ANN))
    life.send(c.PostUpdate(by=JOY, text="it is back"))
    assert talk(life).stakeholders["board"].read_by == ()
    assert life.due.kind == "receipt"


# --- newcomers --------------------------------------------------------------------------------------------------------


@pytest.mark.req("ICP-8")
def test_whoever_joins_or_is_concerned_later_reads_in_one_message_where_it_stands() -> None:
    late = {"name": "legal", "audience": "legal", "target": "role:boss", "from_severity": "P0"}
    life = opened(talking(stakeholders=[BOARD, late], read_in=True)).taken_by(ANN)
    life.send(c.PostUpdate(by=JOY, text="the pump failed"))
    life.send(c.AddItem(by=ANN, title="order a pump", owner=BOB, due=START + timedelta(days=1)))
    life.pass_time("10m")
    before = len(life.sent)
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="worse"))
    (message,) = [each for each in life.sent[before:] if each.to == FAY]
    for words in (
        "You are told from now on (severity P0, level L1).",
        f"accountable: {ANN}",
        "severity P0",
        f"action item i1 of {BOB}",
        f"version 1 to management, 2026-11-20 10:00 UTC by {JOY}: the pump failed",
    ):
        assert words in message.body, words
    life.send(c.Escalate(by=ANN, reason="no_expertise", because="over my head"))
    assert set(life.last(e.ReadIn).people) == {CYD, "person:dan"}
    joined = [each for each in life.sent if each.to == CYD and each.subject.endswith("where it stands")]
    assert len(joined) == 1
    assert "the pump failed" in joined[0].body


def test_where_it_stands_stays_short_however_much_there_is() -> None:
    life = opened(talking(read_in=True)).taken_by(ANN)
    for number in range(40):
        life.send(c.AddItem(by=ANN, title="x" * 5_000, owner=BOB, due=START + timedelta(days=1, minutes=number)))
    text = brief(life.state)
    assert len(text) < 6_000
    assert "and 30 more: escalate show" in text


def test_nobody_is_read_in_where_the_playbook_does_not_say_so() -> None:
    life = opened(talking()).taken_by(ANN)
    life.send(c.Escalate(by=ANN, reason="no_expertise", because="over my head"))
    assert life.all(e.ReadIn) == []


# --- next steps -------------------------------------------------------------------------------------------------------


def test_the_next_steps_of_an_item_that_a_team_still_has_to_claim_go_to_the_people_it_was_offered_to() -> None:
    life = opened(talking()).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="mend it", owner="team:experts", due=life.now + timedelta(hours=4)))
    (item,) = life.state.open_items
    before = len(life.sent)
    life.send(c.SendFollowUp(by=ANN))
    assert item.people
    assert set(item.people) <= set(life.told(MessageKind.ITEM, since=before))


@pytest.mark.req("SUP-12")
def test_the_agreed_next_steps_go_to_everybody_who_takes_part_with_owner_and_due_time() -> None:
    life = opened(talking()).taken_by(ANN)
    assert "no open action items" in life.refused(NotNow, c.SendFollowUp(by=ANN))
    life.send(c.AddItem(by=ANN, title="call the bank", owner=BOB, due=START + timedelta(hours=2)))
    life.send(c.AddItem(by=ANN, title="order a pump", owner=ANN, due=START + timedelta(hours=3)))
    before = len(life.sent)
    life.send(c.SendFollowUp(by=ANN, text="As agreed in the call."))
    sent = {each.to: each.body for each in life.sent[before:]}
    assert set(sent) == set(life.last(e.NextStepsSent).to) >= {ANN, BOB}
    lines = sent[ANN].splitlines()
    assert lines[0] == "As agreed in the call."
    assert lines[2] == "  - i2 you, until 2026-11-20 13:00 UTC: order a pump"
    assert lines[3] == f"  - i1 {BOB}, until 2026-11-20 12:00 UTC: call the bank"
    life.send(c.CompleteItem(by=BOB, item="i1"))
    life.send(c.SendFollowUp(by=ANN))
    assert life.last(e.NextStepsSent).items == ("i2",)


# --- after the solution -----------------------------------------------------------------------------------------------

AFTER: list[dict[str, Any]] = [
    {"after": "1h", "text": "Your money is on its way."},
    {"after": "2d", "ask": "satisfaction", "answer_within": "1d"},
]


@pytest.mark.req("AGT-3")
def test_the_customer_is_told_and_asked_on_the_declared_times_once_more_and_then_it_is_closed() -> None:
    life = reviewed(opened(talking(follow_up=AFTER)))
    assert not life.state.ended
    assert situation(life.state, life.now).who_acts_next == (CUSTOMER,)
    asked = [(each.at - START, public(life)[-1]) for _ in range(3) for each in [life.next()[0]]]
    question = "How satisfied are you with how your case was solved?"
    assert [at for at, _ in asked] == [timedelta(hours=1), timedelta(days=2), timedelta(days=3)]
    assert asked[0][1] == "Your money is on its way."
    assert asked[1][1].startswith(question)
    assert asked[2][1].startswith(f"We have not heard from you yet. {question}")
    life.next()
    assert life.now == START + timedelta(days=4), "no later than after and twice answer_within"
    assert (life.state.outcome, life.last(e.FollowUpEnded).because) == ("closed", "asked twice, and no answer came")


@pytest.mark.req("AGT-3")
def test_an_answer_ends_the_asking_and_one_that_came_before_spares_the_question() -> None:
    life = reviewed(opened(talking(follow_up=AFTER)))
    life.pass_time("2d")
    assert not life.state.ended
    life.send(c.SubmitFeedback(by=CUSTOMER, score=5))
    assert (life.state.outcome, life.last(e.FollowUpEnded).because) == ("closed", "the customer has answered")
    early = opened(talking(follow_up=AFTER[1:])).taken_by(ANN)
    early.send(c.SubmitFeedback(by=CUSTOMER, score=1))
    reviewed(early)
    assert early.state.outcome == "closed"
    assert early.all(e.FollowUpSent) == []


def test_the_review_waits_for_no_follow_up_and_the_forecast_knows_each() -> None:
    life = opened(talking(follow_up=AFTER)).resolved(ANN)
    life.send(c.SubmitReview(by=ANN, impact="one", lessons=("watch it",)))
    assert life.state.review is not None
    assert life.state.review.submitted_at is not None
    future = forecast(life.state, OFFICE, START + timedelta(days=10))
    assert [event.times for event in future if isinstance(event, e.FollowUpSent)] == [1, 1, 2]
    assert future[-1].at <= START + timedelta(days=4)
