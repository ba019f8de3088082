"""Work items: who has them, in which order, who is told when, and that nothing closes over an open one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, NotAllowed, NotNow, TooLarge, Unknown
from escalation.foresight import forecast
from escalation.lifecycle.outcomes import outcome
from escalation.lifecycle.situation import situation
from escalation.lifecycle.work.work_views import item_view
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.model.items import ItemState
from escalation.playbook.work import Defect, InputCause, ItemKind
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, CYD, DAN, EVE, FAY, HAL, OFFICE, START, Life, opened, small
from tests.domain.invariants import check_history

HOUR = timedelta(hours=1)


def owned(**changes: Any) -> Life:
    """A life that ann owns."""
    return opened(small(**changes)).taken_by(ANN)


def add(life: Life, owner: str = BOB, hours: float = 4, **more: Any) -> str:
    """Have ann add an item; return its id."""
    life.send(c.AddItem(by=ANN, title="mend it", owner=owner, due=life.now + hours * HOUR, **more))
    return life.last(e.ItemAdded).item


def state_of(life: Life, item: str) -> ItemState:
    return life.state.items[item].state


# --- order ------------------------------------------------------------------------------------------------------------


def test_who_does_the_item_of_somebody_else_is_named_and_its_owner_need_not_do_it_any_more() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="mend it", owner=BOB, due=life.now + HOUR))
    before = len(life.sent)
    events = life.send(c.CompleteItem(by=ANN, item="i1", result="mended"))
    assert outcome(life.state, events).startswith(f"i1 is done, although it was {BOB}'s; ")
    told = [each for each in life.sent[before:] if each.to == BOB]
    assert len(told) == 1
    assert "person:ann did your work item i1 (mend it); there is nothing left to do: mended" in told[0].body
    again = life.refused(AlreadyDone, c.CompleteItem(by=BOB, item="i1"))
    assert "was done at 2026-11-20 10:00 UTC by person:ann" in again
    assert item_view(life.state.items["i1"]).why == "done by person:ann"
    life.send(c.AddItem(by=ANN, title="look", owner=BOB, due=life.now + HOUR))
    before = len(life.sent)
    life.send(c.CompleteItem(by=BOB, item="i2"))
    assert BOB not in life.told(since=before), "who did it knows"


@pytest.mark.req("SUP-7", "BEN-1")
def test_when_the_last_item_before_it_is_done_it_is_ready_by_itself_and_its_team_is_told_what_came_of_it() -> None:
    life = owned()
    fix = add(life, "team:experts")
    test = add(life, HAL, blocked_by=(fix,))
    tell = add(life, BOB, blocked_by=(test,))
    assert [state_of(life, each) for each in (fix, test, tell)] == ["open", "blocked", "blocked"]
    refusal = life.refused(NotNow, c.CompleteItem(by=HAL, item=test))
    assert f"waits for {fix} (action of team:experts, open)" in refusal
    life.send(c.StartItem(by=CYD, item=fix))
    assert state_of(life, fix) == "in_progress"
    before = len(life.sent)
    life.send(c.CompleteItem(by=CYD, item=fix, result="fix coded, test within five minutes"))
    assert [state_of(life, each) for each in (fix, test, tell)] == ["done", "ready", "blocked"]
    (told,) = [message for message in life.sent[before:] if message.to == HAL]
    assert "is ready" in told.subject
    assert "fix coded, test within five minutes" in told.body
    life.send(c.CompleteItem(by=HAL, item=test, result="ready"))
    assert life.told()[-1] == BOB
    # All sides see the same.
    states = {item.id: item.state for item in situation(life.state, life.now).items}
    assert states == {fix: "done", test: "done", tell: "ready"}


def test_items_that_would_wait_for_each_other_in_a_circle_are_refused_by_name() -> None:
    life = owned()
    first = add(life)
    second = add(life, blocked_by=(first,))
    third = add(life, blocked_by=(second,))
    refusal = life.refused(NotAllowed, c.BlockItem(by=BOB, item=first, because="?", blocked_by=(third,)))
    assert f"{third} -> {first} -> {second} -> {third}" in refusal
    due = life.now + HOUR
    circle = c.AddItem(by=ANN, title="x", owner=BOB, due=due, blocked_by=(third,), blocks=(first,))
    assert "in a circle" not in life.refused(NotAllowed, circle)
    assert "none could begin" in life.refused(NotAllowed, circle)
    assert "none could begin" in life.refused(
        NotAllowed, c.BlockItem(by=BOB, item=first, because="?", blocked_by=(first,))
    )


def test_what_is_blocked_by_hand_goes_on_when_it_is_started_again_and_the_owner_hears_why() -> None:
    life = owned()
    item = add(life)
    life.send(c.BlockItem(by=BOB, item=item, because="the vendor sleeps"))
    assert state_of(life, item) == "blocked"
    assert any(message.to == ANN and "the vendor sleeps" in message.body for message in life.sent)
    assert "the vendor sleeps" in life.refused(NotNow, c.CompleteItem(by=BOB, item=item))
    life.send(c.StartItem(by=BOB, item=item))
    life.send(c.CompleteItem(by=BOB, item=item))
    assert state_of(life, item) == "done"


def test_an_id_that_there_is_not_is_answered_with_those_there_are_and_the_one_probably_meant() -> None:
    life = owned()
    add(life)
    add(life)
    refusal = life.refused(Unknown, c.CompleteItem(by=BOB, item="i22"))
    assert "it has i1, i2" in refusal
    assert "did you mean `i2`" in refusal
    due = life.now + HOUR
    assert "no work item i7" in life.refused(
        Unknown, c.AddItem(by=ANN, title="x", owner=BOB, due=due, blocked_by=("i7",))
    )


# --- whose it is ------------------------------------------------------------------------------------------------------


@pytest.mark.req("SAG-4", "IAP-10")
def test_an_item_of_a_team_is_offered_to_its_people_until_one_of_them_claims_it() -> None:
    life = owned()
    item = add(life, "team:experts")
    assert {CYD, DAN} <= set(life.told(MessageKind.ITEM))
    assert "they or person:ann may claim_item" in life.refused(NotAllowed, c.ClaimItem(by=BOB, item=item))
    life.send(c.ClaimItem(by=DAN, item=item))
    assert life.state.items[item].owner == DAN
    assert "that of person:dan already" in life.refused(AlreadyDone, c.ClaimItem(by=CYD, item=item))


def test_what_nobody_claims_is_offered_again_and_moves_up() -> None:
    life = owned(items={"claim_within": "30m", "chase": "1h"})
    item = add(life, "team:experts", hours=100)
    before = len(life.sent)
    life.pass_time("31m")
    assert {CYD, DAN} <= set(life.told(MessageKind.ITEM, since=before))
    assert EVE not in life.told(since=before)
    life.pass_time("1h")
    assert EVE in life.told(MessageKind.WARNING, since=before)
    life.send(c.ReassignItem(by=EVE, item=item, to=BOB, because="somebody has to"))  # who hears of it may act
    assert life.state.items[item].owner == BOB


def test_only_whoever_has_it_or_answers_for_it_completes_an_item() -> None:
    life = owned()
    item = add(life, CYD)
    other = add(life, BOB)
    refusal = life.refused(NotAllowed, c.CompleteItem(by=BOB, item=item))
    assert "is that of person:cyd; they or person:ann may complete_item, not person:bob" in refusal
    assert "human step" in life.refused(NotAllowed, c.CompleteItem(by=BOT, item=item))
    life.send(c.CompleteItem(by=CYD, item=item))
    life.send(c.CompleteItem(by=ANN, item=other))  # the escalation's owner may
    assert life.state.open_items == ()


def test_an_escalation_from_before_lets_every_member_complete_as_it_did() -> None:
    life = owned()
    item = add(life, CYD)
    life.state = life.state.changed({"rules": 0})
    life.send(c.CompleteItem(by=BOB, item=item))
    assert life.state.open_items == ()


def test_what_becomes_of_an_item_is_said_with_a_reason_and_told() -> None:
    life = owned()
    item = add(life, BOB)
    life.send(c.PostponeItem(by=BOB, item=item, due=life.now + 9 * HOUR, because="the build is late"))
    assert life.state.items[item].due == START + 9 * HOUR
    assert life.due.kind != "item" or life.due.at == START + 9 * HOUR
    life.send(c.ReassignItem(by=BOB, item=item, to=CYD, because="away"))
    assert life.state.items[item].owner == CYD
    assert CYD in life.told(MessageKind.ITEM)
    assert "dropped by person:cyd or person:ann, not by person:bob" in life.refused(
        NotAllowed, c.DropItem(by=BOB, item=item, because="no")
    )
    life.send(c.DropItem(by=ANN, item=item, because="not needed any more"))
    assert state_of(life, item) == "dropped"
    assert "was dropped at" in life.refused(AlreadyDone, c.CompleteItem(by=CYD, item=item))


def test_work_is_given_to_people_and_not_to_an_ai_or_a_customer() -> None:
    life = owned()
    for owner in (BOT, CUSTOMER, "service:crm"):
        assert "human step" in life.refused(NotAllowed, c.AddItem(by=ANN, title="x", owner=owner, due=life.now + HOUR))


# --- time -------------------------------------------------------------------------------------------------------------


def test_an_item_is_reminded_of_before_chased_when_due_and_heard_of_by_more_and_more() -> None:
    life = owned(items={"remind_before": "1h", "chase": "2h"}, hold_at_most="30d")
    life.send(c.PutOnHold(by=ANN, because="nothing else is to happen", until=START + timedelta(days=20)))
    add(life, BOB, hours=4)
    heard = []
    for hours in (3.1, 0.95, 2, 2, 2):
        before = len(life.sent)
        life.pass_time(hours * HOUR)
        heard.append(sorted(set(life.told(since=before))))
    # Soon; due; the accountable; the level's people (L1: ann, bob); the last resort.
    assert heard == [[BOB], [BOB], [BOB, EVE], [ANN, BOB, EVE], [BOB, EVE, FAY]]
    assert life.state.items["i1"].chased == 4
    check_history(Life(life.state.playbook).state, life.state, life.events)


def test_a_forecast_says_who_will_hear_of_an_item_that_nobody_does() -> None:
    life = owned(items={"remind_before": "1h", "chase": "30m"})
    add(life, BOB, hours=1.5)
    assert life.due.summary == "action item i1 is due soon: remind person:bob"
    future = forecast(life.state, OFFICE, life.now + timedelta(hours=2.1))
    asked = [event.asked for event in future if isinstance(event, e.ItemChased)]
    assert asked == [(), ("role:lead",)]
    told = [event.to for event in future if isinstance(event, e.MessageDelivered)]
    assert {BOB, EVE} <= set(told)


# --- what it holds up -------------------------------------------------------------------------------------------------


@pytest.mark.req("USE-3")
def test_it_is_not_closed_over_an_open_item() -> None:
    life = owned()
    item = add(life, BOB)
    life.resolved()
    life.send(c.SubmitReview(by=ANN, lessons=("watch",)))
    assert not life.state.ended
    assert situation(life.state, life.now).who_acts_next == (BOB,)
    life.send(c.DropItem(by=BOB, item=item, because="mended by the vendor"))
    assert life.state.outcome == "closed"


def test_cancelling_over_open_items_names_them_and_hands_them_to_somebody_or_drops_them() -> None:
    life = owned()
    item = add(life, BOB)
    refusal = life.refused(NotNow, c.Cancel(by=ANN, because="a duplicate"))
    assert f"{item} (action of person:bob, open)" in refusal
    assert "hand_items_to" in refusal
    other = owned()
    add(other, BOB)
    life.send(c.Cancel(by=ANN, because="a duplicate", hand_items_to=DAN))
    assert life.state.outcome == "cancelled"
    assert (life.state.items[item].owner, life.state.items[item].handed_on) == (DAN, True)
    assert DAN in life.told(MessageKind.ITEM)
    other.send(c.Cancel(by=ANN, because="a duplicate", drop_items=True))
    assert other.state.open_items == ()
    assert "a duplicate" in other.last(e.ItemDropped).because


def test_whoever_is_no_person_ends_it_and_its_items_go_to_its_owner() -> None:
    life = opened(small(), requested_by="service:alerts").taken_by(ANN)
    item = add(life, BOB)
    life.send(c.Cancel(by="service:alerts", because="a false alarm"))
    assert life.state.outcome == "cancelled"
    assert life.state.items[item].owner == ANN


def test_an_escalation_may_have_two_hundred_items_and_says_so() -> None:
    life = owned()
    life.answers = False
    for _ in range(200):
        life.send(c.AddItem(by=ANN, title="x", owner=BOB, due=life.now + HOUR))
    refusal = life.refused(TooLarge, c.AddItem(by=ANN, title="x", owner=BOB, due=life.now + HOUR))
    offer = c.OfferHandoff(by=ANN, to=BOB, because="y", expectation="z", task="x", due=life.now + HOUR)
    assert life.refused(TooLarge, offer) == refusal
    assert "has 200 work items and may have 200" in refusal


def test_of_what_came_of_an_item_the_state_keeps_the_beginning_and_the_event_all() -> None:
    life = owned()
    item = add(life, BOB)
    life.send(c.CompleteItem(by=BOB, item=item, result="x" * 5000))
    assert len(life.state.items[item].result) == 300
    assert len(life.last(e.ItemCompleted).result) == 5000


# --- input ------------------------------------------------------------------------------------------------------------


@pytest.mark.req("INT-7")
@pytest.mark.parametrize(
    ("cause", "of"),
    [
        (InputCause.MISSING_DATA, CUSTOMER),
        (InputCause.HUMAN_REVIEW, HAL),
        (InputCause.SYSTEM_CONFIRMATION, "service:erp"),
    ],
)
def test_where_it_cannot_go_on_it_needs_input_and_goes_on_when_that_arrives(cause: InputCause, of: str) -> None:
    life = owned()
    life.send(c.RequestInput(by=ANN, of=of, what="which invoice?", cause=cause, due=life.now + HOUR))
    here = situation(life.state, life.now)
    assert (here.status, here.waiting_on, here.who_acts_next) == ("Needs input", "input", (of,))
    assert cause.replace("_", " ") in here.why
    assert here.work is not None
    assert here.work.needs_input == (
        f"i1: {cause.replace('_', ' ')} of {of}, asked by {ANN} since 2026-11-20 10:00 UTC, due 2026-11-20 11:00 UTC",
    )
    assert f"{cause} is needed" in life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))
    assert "has to supply input i1" in life.refused(NotAllowed, c.AnswerInput(by=FAY, item="i1", text="?"))
    life.send(c.AnswerInput(by=of, item="i1", text="2026-117"))
    assert situation(life.state, life.now).waiting_on == "owner"
    life.send(c.Resolve(by=ANN, resolution="done"))


@pytest.mark.req("INT-7")
def test_an_input_that_is_late_is_chased_and_moved_up() -> None:
    life = owned(items={"chase": "1h"})
    life.send(c.RequestInput(by=ANN, of=HAL, what="is it legal?", cause=InputCause.HUMAN_REVIEW, due=life.now + HOUR))
    before = len(life.sent)
    life.pass_time("61m")
    assert life.told(MessageKind.ITEM, since=before) == [HAL]
    life.pass_time("1h")
    assert EVE in life.told(MessageKind.WARNING, since=before)


@pytest.mark.req("INT-7")
def test_an_item_that_needs_input_waits_for_it_alone_and_a_human_review_is_not_done_by_an_ai() -> None:
    life = owned()
    item = add(life, BOB)
    ask: dict[str, Any] = {"what": "look at it", "cause": InputCause.HUMAN_REVIEW, "due": life.now + HOUR, "item": item}
    assert "a person or a team" in life.refused(NotAllowed, c.RequestInput(by=BOB, of=BOT, **ask))
    life.send(c.RequestInput(by=BOB, of="team:experts", **ask))
    assert state_of(life, item) == "needs_input"
    assert situation(life.state, life.now).waiting_on == "owner"
    life.send(c.AnswerInput(by=CYD, item="i2", text="it is fine"))
    assert state_of(life, item) == "ready"


# --- integrations -----------------------------------------------------------------------------------------------------


@pytest.mark.req("INT-1", "INT-6")
def test_problems_of_an_integration_are_items_of_it_by_the_kind_of_task() -> None:
    life = owned()
    add(life, label="crm", area="data")
    add(life, label="crm", area="system", severity="serious")
    add(life, label="erp", area="process")
    views = situation(life.state, life.now).items
    assert [(view.label, view.area, view.defect) for view in views] == [
        ("crm", "data", ""),
        ("crm", "system", "serious"),
        ("erp", "process", ""),
    ]


def test_an_open_critical_defect_keeps_it_from_being_resolved() -> None:
    life = owned()
    item = add(life, severity=Defect.CRITICAL, kind=ItemKind.ACTION)
    assert "an open critical defect" in life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))
    life.send(c.CompleteItem(by=BOB, item=item))
    life.send(c.Resolve(by=ANN, resolution="done"))


def test_what_waits_for_an_approval_is_not_given_to_the_only_one_who_may_approve_it() -> None:
    life = opened(small()).taken_by(ANN)
    due = life.now + timedelta(days=1)
    life.send(c.AddItem(by=ANN, title="test the fix", owner=ANN, due=due, kind=ItemKind.CHECKLIST, approvers=(BOB,)))
    life.send(c.SubmitCheck(by=ANN, item="i1", content="all green"))
    said = life.refused(NotAllowed, c.ReassignItem(by=ANN, item="i1", to=BOB, because="yours"))
    assert said.startswith("nobody but person:bob was asked to approve what was submitted of work item i1")
    life.send(c.ReassignItem(by=ANN, item="i1", to=CYD, because="yours"))
    life.send(c.ApproveCheck(by=BOB, item="i1"))
    assert life.state.items["i1"].done_at == life.now


def test_an_item_that_does_not_exist_is_said_before_who_may_complete_it() -> None:
    life = opened(small()).taken_by(ANN)
    assert "has no work item i1; it has none" in life.refused(Unknown, c.CompleteItem(by="person:erik", item="i1"))


def test_who_cancels_over_open_items_is_told_both_ways_for_programs_and_for_the_command_line() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="tell the bank", owner=ANN, due=life.now + timedelta(days=1)))
    said = life.refused(NotNow, c.Cancel(by=ANN, because="a duplicate"))
    for way in ("hand_items_to", "--hand-items-to PERSON", "drop_items", "--drop-items"):
        assert way in said
