"""Ends: nothing closes over what is open, each of them treats alike what it leaves, and a refusal names all of it."""

from __future__ import annotations

from escalation.errors import NotNow
from escalation.model import commands as c
from tests.domain.builders import ANN, HAL, gated, opened, small
from tests.domain.test_follow_through import reviewed
from tests.domain.test_incident import declared
from tests.domain.test_statements import talking


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
