"""Review: what was learned is written down, and it lives until its last action item is done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow, Unknown
from escalation.lifecycle.outcomes import outcome
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind, UpdateCase
from escalation.playbook.facts import FactValue
from escalation.playbook.schema import Playbook, Stage
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, DAN, EVE, ITSM, PROCEDURE, SERVICE, START, opened, small

LESSONS = ("watch the batch",)


def item(owner: str = BOB, days: float = 1, title: str = "add a check") -> c.ItemDraft:
    return c.ItemDraft(title=title, owner=owner, due=START + timedelta(days=days))


@pytest.mark.req("EP-P5")
def test_it_cannot_be_closed_without_what_happened_why_how_and_what_was_learned() -> None:
    playbook = small(context={"required": ["summary"], "complete_within": "10m"})
    life = opened(playbook, context={"impact": None}).taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    life.send(c.ConfirmResolution(by=CUSTOMER))
    refusal = life.refused(Incomplete, c.SubmitReview(by=ANN))
    assert refusal == "the review lacks what the playbook requires: impact, cause, lessons"
    life.send(c.SubmitReview(by=ANN, impact="one customer", cause="a lost batch", lessons=LESSONS))
    assert life.state.outcome == "closed"


@pytest.mark.req("BRN-3", "WLF-18")
def test_what_was_said_before_fills_the_review_and_the_outcome_is_kept() -> None:
    life = opened(small()).resolved()
    life.pass_time("3h")
    life.send(c.SubmitReview(by=ANN, lessons=LESSONS, warranted=True))
    submitted = life.last(e.ReviewSubmitted)
    assert (submitted.impact, submitted.cause, submitted.resolution) == (
        "one customer waits",
        "a batch was lost",
        "paid again",
    )
    assert (submitted.lessons, submitted.warranted, submitted.by) == (LESSONS, True, ANN)
    assert life.state.closed_at is not None
    assert life.state.opened_at is not None
    assert life.state.closed_at - life.state.opened_at == timedelta(hours=3)
    assert life.state.outcome_because == "the review is in and every action item is done"
    closed = life.tickets[-1]
    assert isinstance(closed, UpdateCase)
    assert (closed.status, closed.note) == ("closed", "Closed: paid again")


def test_what_was_handed_in_as_the_review_is_answered_and_shown() -> None:
    life = opened(small()).resolved()
    events = life.send(c.SubmitReview(by=ANN, lessons=("check the batch",)))
    said = outcome(life.state, events)
    assert said.startswith(
        "The review says impact: one customer waits; cause: a batch was lost; resolution: paid again. "
    )
    shown = situation(life.state, life.now).review
    assert shown is not None
    assert (shown.submitted_by, shown.submitted_at) == (ANN, life.now)
    assert (shown.impact, shown.cause, shown.resolution) == ("one customer waits", "a batch was lost", "paid again")


def test_what_is_said_in_the_review_wins() -> None:
    life = opened(small()).resolved()
    life.send(c.SubmitReview(by=ANN, impact="three customers", cause="a race", resolution="a lock", lessons=LESSONS))
    submitted = life.last(e.ReviewSubmitted)
    assert (submitted.impact, submitted.cause, submitted.resolution) == ("three customers", "a race", "a lock")


def test_a_playbook_may_ask_for_less() -> None:
    life = opened(small(review={"requires": ["resolution"], "due": "2d", "remind": "1d"})).resolved()
    life.send(c.SubmitReview(by=ANN))
    assert life.state.outcome == "closed"


def test_the_owner_is_asked_and_chased_and_every_second_time_the_accountable_hears_of_it() -> None:
    life = opened(small()).resolved()
    assert life.told(MessageKind.REVIEW) == [ANN]
    assert "Please submit its review before 2026-11-22 10:00 UTC" in life.sent[-1].body
    life.pass_time("2d")
    assert (life.told(MessageKind.REVIEW), life.told(MessageKind.WARNING)) == ([ANN, ANN], [])
    life.pass_time("1d")
    assert life.told(MessageKind.REVIEW) == [ANN] * 3
    assert life.told(MessageKind.WARNING) == [EVE]
    life.pass_time("2d")
    assert [event.times for event in life.all(e.ReviewChased)] == [1, 2, 3, 4]
    assert life.told(MessageKind.WARNING) == [EVE, EVE]


def test_a_review_is_written_by_people_of_the_group_once_and_in_its_time() -> None:
    life = opened(small()).taken_by(ANN)
    review = c.SubmitReview(by=ANN, lessons=LESSONS)
    assert "is not in review; it is waiting on owner" in life.refused(NotNow, review)
    life.resolved()
    assert "is not a person" in life.refused(NotAllowed, c.SubmitReview(by=BOT, lessons=LESSONS))
    stranger = c.SubmitReview(by="person:stranger", lessons=LESSONS)
    assert "is not in the working group" in life.refused(NotAllowed, stranger)
    life.send(c.SubmitReview(by=ANN, lessons=LESSONS, items=(item(),)))
    assert "was submitted by person:ann at 2026-11-20 10:00" in life.refused(AlreadyDone, review)


@pytest.mark.req("MIS-6", "CSP-6")
def test_it_stays_open_until_the_last_action_item_is_done_and_late_ones_are_chased() -> None:
    life = opened(small()).resolved()
    life.send(c.SubmitReview(by=ANN, lessons=LESSONS, items=(item(), item(DAN, 4, "tell the bank"))))
    assert (life.state.stage, [i.owner for i in life.state.open_items]) == (Stage.REVIEW, [BOB, DAN])
    assert life.told(MessageKind.ITEM) == [BOB, DAN]
    assert DAN in life.state.people
    assert (life.due.kind, life.due.about, life.due.at) == ("item", "i1", START + timedelta(days=1))
    life.pass_time("1d")
    assert life.told(MessageKind.ITEM) == [BOB, DAN, BOB]
    assert "It is late: reminder 1." in life.sent[-1].body
    life.pass_time("1d")
    assert life.told(MessageKind.WARNING) == [EVE]
    life.send(c.CompleteItem(by=BOB, item="i1", result="added"))
    assert life.state.stage is Stage.REVIEW
    life.send(c.CompleteItem(by=DAN, item="i2"))
    assert life.state.outcome == "closed"
    assert life.state.items["i1"].result == "added"


def test_items_are_added_by_hand_at_any_time_and_followed_from_then_on() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="call the bank", owner=DAN, due=START + timedelta(hours=1)))
    assert life.last(e.ItemAdded).item == "i1"
    life.pass_time("1h")
    assert life.told(MessageKind.ITEM) == [DAN, DAN]
    life.resolved()
    life.send(c.SubmitReview(by=ANN, lessons=LESSONS))
    assert life.state.stage is Stage.REVIEW
    assert life.state.waiting_on == "owner"
    life.send(c.CompleteItem(by=ANN, item="i1"))
    assert life.state.outcome == "closed"


def test_an_item_of_somebody_whom_nobody_knows_falls_to_the_owner_and_whoever_added_it_is_told() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="call the bank", owner="person:dab", due=START + timedelta(hours=1)))
    sent = life.sent[-1]
    assert sent.to == "person:dab"
    error = "UnknownPerson: person:dab is not in the directory; did you mean `person:dan`?"
    life.send(c.NotDelivered(key=sent.key, to=sent.to, error=error, unknown=True))
    assert life.state.items["i1"].owner == ANN
    given_back = life.last(e.ItemGivenBack)
    assert (given_back.was, given_back.owner, given_back.because) == ("person:dab", ANN, error)
    warned = [message for message in life.sent if message.kind is MessageKind.WARNING]
    assert [message.to for message in warned] == [ANN, EVE], "who added it and owns it, and who is accountable"
    assert "did you mean `person:dan`?" in warned[0].body
    life.pass_time("1h")
    assert life.told(MessageKind.ITEM)[-1] == ANN

    failed = c.NotDelivered(key=sent.key, to=ANN, error="RemoteRefused: gone")
    assert [type(event) for event in life.send(failed)] == [e.MessageFailed], (
        "a broken contact point gives nothing back"
    )


def test_an_item_has_a_person_as_its_owner_and_time_to_do_it() -> None:
    life = opened(small()).taken_by(ANN)
    add = {"by": ANN, "title": "mend it", "owner": BOB, "due": START + timedelta(days=1)}
    assert "agent:bot is not a person" in life.refused(NotAllowed, c.AddItem.model_validate({**add, "owner": BOT}))
    assert "has passed already: 2026-11-20 10:00 UTC" in life.refused(
        NotNow, c.AddItem.model_validate({**add, "due": START})
    )
    assert "is not a person" in life.refused(NotAllowed, c.AddItem.model_validate({**add, "by": BOT}))
    assert "is not in the working group" in life.refused(
        NotAllowed, c.AddItem.model_validate({**add, "by": "person:stranger"})
    )
    for due in ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-11-21T10:00:00"):
        with pytest.raises(ValidationError):
            c.AddItem.model_validate({**add, "due": due})


def test_a_review_with_one_bad_item_is_not_half_taken() -> None:
    life = opened(small()).resolved()
    review = c.SubmitReview(by=ANN, lessons=LESSONS, items=(item(), item(BOT)))
    assert "agent:bot is not a person" in life.refused(NotAllowed, review)
    assert life.state.items == {}


def test_only_items_there_are_can_be_done_and_only_once() -> None:
    life = opened(small()).taken_by(ANN)
    assert "has no work item i1; it has none" in life.refused(Unknown, c.CompleteItem(by=ANN, item="i1"))
    life.send(c.AddItem(by=ANN, title="mend it", owner=BOB, due=START + timedelta(days=1)))
    assert "is not a person" in life.refused(NotAllowed, c.CompleteItem(by=BOT, item="i1"))
    life.send(c.CompleteItem(by=BOB, item="i1"))
    assert "was done at 2026-11-20 10:00 UTC" in life.refused(AlreadyDone, c.CompleteItem(by=ANN, item="i1"))


def test_how_well_it_was_prepared_is_rated_once_by_each_who_worked_on_it() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Rate(by=ANN, score=2, comment="no order number"))
    life.send(c.Rate(by=BOB, score=5))
    assert [(rating.by, rating.score) for rating in life.state.ratings] == [(ANN, 2), (BOB, 5)]
    assert "has rated" in life.refused(AlreadyDone, c.Rate(by=ANN, score=5))
    assert "is not a person" in life.refused(NotAllowed, c.Rate(by=BOT, score=5))
    for score in (0, 6):
        with pytest.raises(ValidationError):
            c.Rate(by=ANN, score=score)


def test_the_customer_says_once_how_satisfied_they_are() -> None:
    life = opened(small()).resolved()
    assert "only the customer" in life.refused(NotAllowed, c.SubmitFeedback(by=ANN, score=5))
    life.send(c.SubmitFeedback(by=CUSTOMER, score=4, comment="slow but fine"))
    assert life.state.feedback is not None
    assert (life.state.feedback.score, life.state.feedback.by) == (4, CUSTOMER)
    assert "was given already by customer:c-1" in life.refused(AlreadyDone, c.SubmitFeedback(by=BOT, score=1))


def test_ownership_can_still_pass_during_the_review() -> None:
    life = opened(small()).resolved()
    life.send(c.Claim(by=BOB, because="Ann is on leave"))
    life.pass_time("2d")
    assert life.told(MessageKind.REVIEW)[-1] == BOB


@pytest.mark.req("FAQ-11", "CSE-1")
@pytest.mark.parametrize(
    ("playbook", "facts", "person"),
    [
        (SERVICE, {}, "person:eva.novak"),
        (ITSM, {"alert.severity": "high"}, "person:bence.toth"),
        (PROCEDURE, {"flags.security": True}, "person:linnea.holm"),
    ],
    ids=["customer service", "it", "any department"],
)
def test_every_department_is_led_from_the_hand_over_to_the_end_by_the_same_rules(
    playbook: Playbook, facts: dict[str, FactValue], person: str
) -> None:
    life = opened(playbook, facts=facts)
    assert life.state.stage is Stage.ASSIGNMENT
    life.resolved(person)
    if playbook is PROCEDURE:  # it is critical, and says that it needs summaries
        life.send(c.FileSummary(by=person, text="found, mended, and checked"))
    life.send(c.SubmitReview(by=person, lessons=LESSONS, items=(item(person),)))
    life.send(c.CompleteItem(by=person, item="i1"))
    assert (life.state.outcome, life.owner) == ("closed", person)
