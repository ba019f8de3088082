"""What whoever gets a message or an answer reads: true, whose it is, what comes next, and never twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle.outcomes import outcome
from escalation.model import commands as c
from escalation.model.actions import MessageKind, Notify
from escalation.playbook.work import InputCause
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, DAN, HAL, IDA, Life, gated, opened, small


def answered(life: Life, command: c.Act) -> str:
    """Send a command; return what its answer says came of it."""
    events = life.send(command)
    return outcome(life.state, events)


def sent(life: Life, to: str, template: str) -> Notify:
    """Return the latest message of this kind to somebody."""
    return next(each for each in reversed(life.sent) if each.to == to and each.template == template)


# --- did my click count? ----------------------------------------------------------------------------------------------


def test_an_approval_is_answered_with_how_many_are_there_and_who_is_still_asked_until_when() -> None:
    life = opened(gated({"approvers": ["role:security", "role:finance"], "need": 2})).taken_by(ANN)
    first = answered(life, c.Approve(by=HAL))
    assert "Your approval counts: 1 of 2 for gate1; still asked until" in first
    assert first.endswith(f": {IDA}. ")
    assert answered(life, c.Approve(by=IDA)).startswith("Approval gate1 is approved now. ")


def test_a_rejection_is_answered_with_how_many_end_it_and_a_wish_for_changes_with_what_it_waits_for() -> None:
    gate = {"approvers": ["role:security", "role:finance"], "need": 2, "reject_needs": 2}
    life = opened(gated(gate)).taken_by(ANN)
    assert "stays open until what is asked changes" in answered(
        life, c.RequestChanges(by=IDA, gate="gate1", because="say when")
    )
    life = opened(gated({**gate, "need": 1})).taken_by(ANN)
    assert "Your rejection counts: 1 of 2 that end gate1" in answered(life, c.Reject(by=HAL, because="no"))


def test_an_approval_that_is_looked_at_afterwards_says_what_was_approved_and_that_nothing_is_decided_anew() -> None:
    gate = {"title": "May it be paid?", "subject": ["amount"], "review_after": True}
    life = opened(gated(gate), facts={"amount": 50.0}).taken_by(ANN)
    life.send(c.Approve(by=HAL))
    asks = next(each for each in reversed(life.sent) if each.template == "item")
    assert "Nothing is decided anew: see whether May it be paid? was rightly approved" in asks.body
    assert "  amount: 50" in asks.body
    assert "--result '...'" in asks.body
    assert asks.values["looks_at_by"] == [HAL]


def test_whoever_asked_and_is_no_customer_is_asked_with_id_commands_and_what_silence_leads_to() -> None:
    life = opened(small(resolution={"confirmed_by": "requester", "confirm_within": "1d"})).taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="paid again", cause="lost"))
    asks = sent(life, BOT, "resolution_question")
    assert "A solution of escalation-chatbot-conv-1 is proposed. Is it solved?\npaid again" in asks.body
    assert f"escalate confirm_resolution escalation-chatbot-conv-1 --by {BOT}" in asks.body
    assert "Please answer before 2026-11-21 10:00 UTC; after that it counts as solved." in asks.body


def test_whoever_takes_passes_on_or_adds_something_is_told_what_is_so_now_and_under_which_id() -> None:
    life = opened(small())
    assert answered(life, c.Acknowledge(by=ANN)) == "You own it now. "
    due = life.now + timedelta(hours=4)
    added = answered(life, c.AddItem(by=ANN, title="mend it", owner=BOB, due=due))
    assert added == f"i1 (mend it) is with {BOB}, due {due:%Y-%m-%d %H:%M} UTC. "
    offered = answered(life, c.OfferHandoff(by=ANN, to=BOB, because="away", expectation="mend it"))
    assert f"until it is accepted, {ANN} stays responsible" in offered
    assert answered(life, c.CompleteItem(by=BOB, item="i1")) == "i1 is done; no work item is open. "
    assert offered.startswith(f"{BOB} is asked until"), "an id is written as it is typed, also where a sentence begins"
    session = c.OpenSession(by=ANN, join_url="https://meet.example/1")
    assert "end it with close_session --session m1" in answered(life, session)


def test_whoever_declines_too_late_hears_that_they_need_not_and_who_is_called_instead() -> None:
    life = opened(small())
    life.next()  # nobody answered the first round of ann and bob
    while life.level == "L1":
        life.next()
    assert ANN not in life.rung.people
    said = life.refused(NotNow, c.Decline(by=ANN, because="on a train"))
    assert "the round in which you were called is over, so you need not decline any more" in said
    assert ", ".join(life.rung.people) in said
    assert "was not called" in life.refused(NotAllowed, c.Decline(by=IDA, because="no"))


def test_what_has_ended_is_refused_with_how_it_ended_and_why() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Cancel(by=ANN, because="it was a test"))
    said = life.refused(NotNow, c.Acknowledge(by=BOB))
    assert "has ended: cancelled at" in said
    assert "(it was a test); nothing more is expected of you here" in said


# --- messages ---------------------------------------------------------------------------------------------------------


def test_an_item_that_nobody_has_claimed_is_not_called_late() -> None:
    life = opened(small(items={"claim_within": "30m", "chase": "1h"})).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="mend it", owner="team:experts", due=life.now + timedelta(days=3)))
    life.pass_time("31m")
    asked = next(each for each in reversed(life.sent) if each.template == "item")
    assert asked.values["offered"]
    assert asked.values["chased"] == 1
    assert "Nobody has claimed it yet: reminder 1." in asked.body
    assert "It is late" not in asked.body
    life.pass_time("61m")
    late = next(each for each in reversed(life.sent) if each.template == "news.item_late")
    assert late.values["offered"]
    assert late.values["title"] == "mend it"
    assert "is claimed by nobody yet" in late.body


def test_the_last_deputy_is_told_that_they_are_one_and_not_that_there_is_another() -> None:
    gate = {"approvers": ["role:security"], "on_expiry": "next_deputy", "deputies": ["role:finance"]}
    life = opened(gated(gate)).taken_by(ANN)
    first = sent(life, HAL, "approval")
    assert (first.values["on_expiry"], first.values["deputy"]) == ("next_deputy", False)
    life.pass_time("61m")
    last = sent(life, IDA, "approval")
    assert (last.values["on_expiry"], last.values["deputy"]) == ("halt", True)
    assert "You are asked as a deputy" in last.body
    assert "the next deputy is asked" not in last.body


def test_a_customer_who_has_not_answered_is_reminded_and_not_given_a_time_that_has_passed() -> None:
    life = opened(small(items={"chase": "1h"})).taken_by(ANN)
    needed = life.now + timedelta(hours=2)
    life.send(c.RequestInput(by=ANN, of=CUSTOMER, what="which invoice?", cause=InputCause.MISSING_DATA, due=needed))
    assert sent(life, CUSTOMER, "item_input_customer").values["again"] == 0
    life.pass_time("2h")
    assert sent(life, CUSTOMER, "item_input_customer").values["again"] == 1


def test_the_owner_hears_in_whose_words_a_hand_off_was_declined() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.OfferHandoff(by=ANN, to=DAN, because="a contract", expectation="read it"))
    life.send(c.DeclineHandoff(by=DAN, because="no contract here"))
    said = sent(life, ANN, "news.handoff_ended").values
    assert (said["to_whom"], said["by"], said["words"]) == (DAN, DAN, "no contract here")


def test_whoever_is_asked_to_take_over_what_somebody_has_is_told_who_that_is() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Escalate(by=ANN, because="it needs somebody else", reason="no_expertise"))
    pages = [each for each in life.sent if each.kind is MessageKind.PAGE and each.values["owner"] == ANN]
    assert pages
    assert f"{ANN} has it now and keeps it until somebody else takes it." in pages[-1].body


@pytest.mark.parametrize("names", [(), ("service:crm",)])
def test_who_may_confirm_a_step_is_said_in_words(names: tuple[str, ...]) -> None:
    step = {"id": "crm", "kind": "checkpoint", "title": "to the CRM", "at": "resolution", "due": "1h", "owner": BOB}
    life = opened(small(work=[{**step, "confirmed_by": list(names)}])).taken_by(ANN)
    said = life.refused(NotAllowed, c.ConfirmCheckpoint(by=BOT, item="i1"))
    assert said.endswith(f"{BOT} may not")
    assert ("service:crm, which it names" in said) == bool(names)
