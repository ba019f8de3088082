"""Ends: nothing closes over what is open, each of them treats alike what it leaves, and a refusal names all of it."""

from __future__ import annotations

from escalation.errors import Incomplete, NotNow
from escalation.model import commands as c
from escalation.model import events as e
from tests.domain.builders import ANN, BOB, HAL, IDA, JOY, STILL_LEVELS, gated, opened, small
from tests.domain.test_follow_through import reviewed
from tests.domain.test_incident import declared
from tests.domain.test_statements import BOARD, talking


def test_whoever_closes_it_hears_of_a_follow_up_that_the_customer_is_still_to_be_sent() -> None:
    life = reviewed(opened(talking(follow_up=[{"after": "1d", "text": "All well?"}])))
    said = life.refused(NotNow, c.Close(by=ANN))
    assert "follow-up f1 to the customer, due 2026-11-21 10:00 UTC" in said


def test_whoever_closes_it_hears_of_the_escalations_below_it_that_are_open() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Link(by=ANN, other="escalation-web-2", relation="child", because="its part"))
    reviewed(life)
    assert "escalation-web-2 below it is open" in life.refused(NotNow, c.Close(by=ANN))


def test_whoever_closes_it_hears_of_an_approval_whose_reviewer_is_being_looked_up() -> None:
    life = opened(gated({"when": "true", "review_after": True})).taken_by(ANN)
    life.answers = False
    life.send(c.Approve(by=HAL, gate="gate1"))
    reviewed(life)
    assert "approval gate1 is to be looked at" in life.refused(NotNow, c.Close(by=ANN))


def test_it_is_not_given_back_to_the_ai_while_it_is_run_as_an_incident() -> None:
    life = declared()
    assert "is run as an incident" in life.refused(NotNow, c.GiveBack(by=ANN, because="yours", guidance="go on"))


def test_it_is_not_given_back_to_the_ai_while_an_approval_is_to_be_looked_at() -> None:
    life = opened(gated({"when": "true", "review_after": True})).taken_by(ANN)
    life.answers = False
    life.send(c.Approve(by=HAL, gate="gate1"))
    assert "approval gate1 is to be looked at" in life.refused(
        NotNow, c.GiveBack(by=ANN, because="yours", guidance="go on")
    )


def test_who_was_kept_informed_hears_that_it_was_given_back_to_the_ai() -> None:
    life = opened(talking()).taken_by(ANN)
    life.send(c.PostUpdate(by=JOY, text="it is bad", customer_text="We look into it."))
    before = len(life.sent)
    life.send(c.GiveBack(by=ANN, because="a standard case", guidance="use the form"))
    assert IDA in life.told(since=before)


def test_a_draft_says_what_an_update_has_to_say_and_its_action_lines_become_items_when_it_is_released() -> None:
    parts = {"update_parts": {"resolution": ["next step"]}}
    life = opened(
        small(
            communication={"stakeholders": [BOARD], "release_by": ["role:security"]}, levels=STILL_LEVELS, items=parts
        )
    ).taken_by(ANN)
    assert "lacks next step" in life.refused(Incomplete, c.DraftUpdate(by=ANN, text="it is bad"))
    life.send(c.DraftUpdate(by=ANN, text="next step: see below\n-> @bob call the bank -> 2h\n-> write it down -> 3h"))
    made = life.last(e.DraftMade)
    life.send(c.ReleaseUpdate(by=HAL, draft=made.draft, digest=made.digest))
    assert [(item.title, item.owner) for item in life.state.items.values()] == [
        ("call the bank", BOB),
        ("write it down", ANN),
    ]
