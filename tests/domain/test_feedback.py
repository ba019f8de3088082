"""Everybody who took part is asked how it went, once; guidance goes back to whoever escalated; scores are reported."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle.hindsight.knowledge import knowledge, markdown
from escalation.lifecycle.hindsight.lookback import look_back, ratings
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.review import Participant
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, CYD, HAL, START, Life, gated, opened, small
from tests.domain.invariants import check_history, check_views

ASKS: dict[str, Any] = {"due": "2d", "remind": "1d", "feedback": {"within": "3d", "remind": "1d"}}


def asked(**changes: Any) -> Life:
    """One with an approval that hal gave, taken by ann and then by bob, whose resolution stands."""
    playbook = gated({"when": "true", "subject": ["amount"]}, review={**ASKS, **changes})
    life = opened(playbook).taken_by(ANN)
    life.send(c.Approve(by=HAL, gate="gate1"))
    life.send(c.Claim(by=BOB, because="I know it"))
    return life.resolved(BOB)


def close_review(life: Life) -> Life:
    life.send(c.SubmitReview(by=BOB, lessons=("watch it",)))
    return life


@pytest.mark.req("EP-M3")
def test_every_participant_is_asked_once_and_reminded_once_and_not_waited_for_longer_than_declared() -> None:
    life = close_review(asked())
    assert life.last(e.FeedbackRequested).asked == {
        CUSTOMER: Participant.CUSTOMER,
        BOT: Participant.ESCALATOR,
        BOB: Participant.RECIPIENTS,
        ANN: Participant.RECIPIENTS,
        HAL: Participant.APPROVERS,
    }
    asking = [
        message for message in life.sent if message.summary.startswith("ask ") and "how it went" in message.summary
    ]
    assert sorted(message.to for message in asking) == sorted((CUSTOMER, BOT, BOB, ANN, HAL))
    assert life.state.id not in next(message.body for message in asking if message.to == CUSTOMER)
    assert situation(life.state, life.now).who_acts_next == (CUSTOMER, BOT, BOB, ANN, HAL)
    life.send(c.SubmitParticipantFeedback(by=HAL, score=4, improvement="say the amount"))
    life.send(c.SubmitFeedback(by=CUSTOMER, score=5))
    life.send(c.Rate(by=ANN, score=3))
    assert (life.due.kind, life.due.at) == ("feedback", START + timedelta(days=1))
    life.pass_time("1d")
    assert life.last(e.FeedbackReminded).to == (BOT, BOB)
    assert life.state.outcome == ""
    life.pass_time("2d")
    assert life.last(e.FeedbackEnded).unanswered == (BOT, BOB)
    assert (life.state.outcome, len(life.all(e.FeedbackRequested))) == ("closed", 1)
    check_history(Life(life.state.playbook).state, life.state, life.events)


@pytest.mark.req("EP-M3")
def test_it_closes_with_the_last_answer_and_a_playbook_that_asks_nobody_closes_as_before() -> None:
    life = close_review(asked(feedback={"within": "3d", "of": ["escalator"]}))
    assert life.last(e.FeedbackRequested).asked == {BOT: Participant.ESCALATOR}
    check_views(life.state)
    life.send(c.SubmitParticipantFeedback(by=BOT, score=5))
    assert life.state.outcome == "closed"
    plain = opened(small()).resolved()
    assert "asks nobody" in plain.refused(NotNow, c.SubmitParticipantFeedback(by=BOT, score=5))
    plain.send(c.SubmitReview(by=ANN, lessons=("watch it",)))
    assert (plain.state.outcome, plain.state.feedback_round) == ("closed", None)


def test_only_who_was_asked_answers_and_only_once_and_close_waits_for_no_more() -> None:
    life = asked()
    assert "was not asked" in life.refused(NotAllowed, c.SubmitParticipantFeedback(by=CYD, score=1))
    life.send(c.SubmitParticipantFeedback(by=HAL, score=4))
    life.refused(AlreadyDone, c.SubmitParticipantFeedback(by=HAL, score=4))
    assert "the review is to be submitted" in life.refused(NotNow, c.Close(by=ANN))
    close_review(life)
    life.send(c.Close(by=ANN))
    assert life.last(e.FeedbackEnded).because == f"closed by {ANN} without waiting for more answers"
    assert life.state.outcome == "closed"


def test_nobody_is_asked_again_when_the_resolution_did_not_hold_and_stands_a_second_time() -> None:
    life = asked()
    life.open(request_id="r-2", initiation="customer_request")
    life.send(c.Acknowledge(by=BOB))
    life.resolved(BOB, "paid once more")
    assert len(life.all(e.FeedbackRequested)) == 1


@pytest.mark.req("EP-M9")
def test_a_recipient_sends_guidance_to_whoever_escalated_and_it_is_kept() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.AdviseRequester(by=ANN, text="attach the payment's number"))
    assert (life.last(e.AdviceGiven).to, life.sent[-1].to) == (BOT, BOT)
    assert "attach the payment's number" in life.sent[-1].body
    life.send(c.Rate(by=ANN, score=2, advice="say what you tried"))
    assert [event.text for event in life.all(e.AdviceGiven)] == ["attach the payment's number", "say what you tried"]
    life.refused(NotAllowed, c.AdviseRequester(by=CYD, text="no"))
    theirs = opened(small(), requested_by=CUSTOMER, initiation="customer_request").taken_by(ANN)
    assert "guidance is for a colleague" in theirs.refused(NotAllowed, c.AdviseRequester(by=ANN, text="no"))


@pytest.mark.req("EP-F13", "LA-CH13", "DEF-2")
def test_scores_late_and_needless_ones_and_what_to_improve_are_reported_over_many() -> None:
    late = {"ai_confidence": (START - timedelta(minutes=10)).isoformat()}
    first = opened(small(), facts_since=late).resolved()
    first.send(c.Rate(by=ANN, score=4, preparation=2, documentation=3))
    first.send(c.SubmitFeedback(by=CUSTOMER, score=5, improvement="answer sooner", via="portal"))
    first.send(c.SubmitReview(by=ANN, lessons=("watch it",), warranted=False))
    second = opened(small(), source="hotline").resolved()
    second.send(c.Rate(by=BOB, score=2, preparation=4))
    second.send(c.SubmitReview(by=ANN, lessons=("watch it",), ai_would_have_been_right=False))
    returned = opened(gated({"before": "assignment", "when": "true"}))
    returned.send(c.Reject(by=HAL, gate="gate1", because="the AI can do that"))
    found = [look_back(life.state.id, life.events) for life in (first, second, returned)]
    known = [each for each in found if each is not None]
    assert [each.could_have_stayed for each in known] == [True, False, True]
    assert first.last(e.FeedbackGiven).via == "portal"
    (together,) = ratings(known, "playbook")
    assert (together.escalations, together.could_have_stayed, together.late) == (3, 2, 1)
    assert (together.median_delay, together.score, together.preparation) == (600, 3, 3)
    assert (together.documentation, together.satisfaction, known[0].improvements) == (3, 5, ("answer sooner",))
    assert {row.of: row.escalations for row in ratings(known, "source")} == {"chatbot": 2, "hotline": 1}
    assert [row.of for row in ratings(known, "requester")] == [BOT]
    assert look_back("x", []) is None


@pytest.mark.req("BEN-6")
def test_what_a_closed_one_teaches_is_exported_without_whom_it_was_about() -> None:
    customer = {"id": "c-1", "name": "Jana Nováková", "tier": "vip", "company": "Acme"}
    context = {"summary": "Jana at ACME (c-1, jana@acme.example, +420 777 123 456) has no refund for 4711"}
    life = opened(small(), customer=customer, context=context)
    assert knowledge(life.state.instance, life.events) is None
    life.resolved(resolution="paid Nováková again")
    life.send(c.SubmitReview(by=ANN, lessons=("watch the batch",)))
    entry = knowledge(life.state.instance, life.events)
    assert entry is not None
    assert (entry.cause, entry.resolution, entry.lessons) == (
        "a batch was lost",
        "paid [customer] again",
        ("watch the batch",),
    )
    told = entry.model_dump_json() + markdown([entry])
    for hidden in ("Jana", "Nov", "acme", "ACME", "c-1", "4711", "777", "Where is my money", life.state.id):
        assert hidden not in told, hidden
    assert "has no refund for" in entry.problem
    assert "**Cause.** a batch was lost" in told
