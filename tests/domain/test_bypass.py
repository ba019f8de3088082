"""The exception procedure: who may skip what in an emergency, that it is written down, and looked at afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from escalation.errors import NotAllowed, NotNow, Unknown
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.playbook.schema import Playbook
from tests.domain.builders import ANN, BOT, CYD, EVE, FAY, HAL, Life, gated, opened, small

BYPASS: dict[str, Any] = {"allowed": ["role:security"], "review_by": "role:boss", "review_within": "2d"}


def procedure(**changes: Any) -> Playbook:
    return small(bypass={**BYPASS, **changes})


def use(by: str = HAL, **what: Any) -> c.Bypass:
    return c.Bypass(by=by, because="people are in danger", **what)


@pytest.mark.req("EP-C5")
def test_levels_are_skipped_by_who_may_and_somebody_else_looks_at_it_before_it_can_be_closed() -> None:
    life = opened(procedure())
    life.send(use(level="L3"))
    assert [event.level for event in life.all(e.LevelEntered)] == ["L1", "L3"]
    used = life.last(e.Bypassed)
    assert (used.by, used.skipped, used.because) == (HAL, "the way to level L3", "people are in danger")
    item = life.last(e.ItemAdded)
    assert (item.owner, life.told(MessageKind.ITEM)) == (FAY, [FAY])
    assert f"by {HAL}: the way to level L3 skipped" in item.title
    life.resolved(EVE)
    life.send(c.SubmitReview(by=EVE, impact="none", cause="a bug", resolution="mended", lessons=("test it",)))
    assert not life.state.ended
    life.send(c.CompleteItem(by=FAY, item=item.item, result="it was right"))
    assert life.state.outcome == "closed"


@pytest.mark.req("EP-C5")
def test_missing_input_is_not_waited_for() -> None:
    life = Life(procedure())
    life.open(context={"summary": None})
    assert life.told(MessageKind.PAGE) == []
    life.send(use())
    assert life.told(MessageKind.PAGE) != []
    assert life.last(e.ExceptionUsed).by == HAL
    assert life.last(e.Bypassed).skipped == "missing input (summary)"


@pytest.mark.req("EP-C5")
def test_an_approval_is_passed_over_for_what_it_asks_now_and_asked_after_a_change() -> None:
    gate = {"before": "resolution", "subject": ["amount"], "approvers": ["role:finance"]}
    life = opened(gated(gate, bypass=BYPASS), facts={"amount": 5.0}).taken_by(ANN)
    life.send(use(gate="gate1"))
    assert (life.gate().state, life.gate().because) == (
        "passed",
        f"skipped by {HAL} in an emergency: people are in danger",
    )
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 500.0}))
    assert (life.gate().state, life.gate().round) == ("pending", 2)


def test_levels_are_skipped_although_an_approval_stood_before_anybody_was_told() -> None:
    life = opened(gated({"before": "assignment", "approvers": ["role:finance"]}, bypass=BYPASS))
    assert life.level == ""
    life.send(use(level="L2"))
    assert (life.level, life.gate().state) == ("L2", "passed")


@pytest.mark.parametrize(
    ("command", "kind", "words"),
    [
        (use(ANN, level="L3"), NotAllowed, f"{ANN} may not use the exception procedure; role:security may"),
        (use(BOT, level="L3"), NotAllowed, "bypass is a human step"),
        (use(level="L9"), Unknown, "has no level L9; it has L1, L2, L3"),
        (use(level="L1"), NotNow, "is at L1 already"),
        (use(), NotNow, "nothing is waited for before people are told"),
        (use(level="L3", gate="gate1"), NotAllowed, "not both"),
    ],
)
def test_what_cannot_be_skipped_is_refused_with_the_reason(command: c.Bypass, kind: Any, words: str) -> None:
    assert words in opened(procedure()).refused(kind, command)


def test_without_a_procedure_nothing_is_skipped_and_another_way_is_named() -> None:
    said = opened(small()).refused(NotAllowed, use(ANN, level="L3"))
    assert "has no exception procedure (bypass); escalate with a reason instead" in said


def test_the_procedure_is_for_emergencies_only_where_the_playbook_says_which() -> None:
    life = opened(procedure(when="flags.safety"))
    assert "only when flags.safety" in life.refused(NotAllowed, use(level="L3"))
    life.send(c.ChangeFacts(by=ANN, facts={"flags.safety": True}))
    life.send(use(level="L3"))
    assert life.level == "L3"


def test_what_the_playbook_does_not_let_be_skipped_stays() -> None:
    life = opened(procedure(skip=["packet"]))
    assert "lets packet be skipped, not levels" in life.refused(NotAllowed, use(level="L3"))


def test_a_no_is_not_skipped() -> None:
    gate = {"before": "resolution", "subject": ["amount"], "approvers": ["role:finance"]}
    life = opened(gated(gate, bypass=BYPASS), facts={"amount": 5.0}).taken_by(ANN)
    life.send(c.Reject(by="person:ida", gate="gate1", because="too much"))
    assert "a no is not skipped" in life.refused(NotAllowed, use(gate="gate1"))


def test_where_nobody_is_named_everybody_who_works_on_it_may() -> None:
    life = opened(procedure(allowed=[]))
    life.send(use(ANN, level="L2"))
    assert life.level == "L2"
    assert "not in the working group" in life.refused(NotAllowed, use(HAL, level="L3"))


def test_who_used_it_never_looks_at_it_themselves() -> None:
    life = opened(procedure(review_by="team:experts", allowed=["team:experts"]))
    life.send(use(CYD, level="L3"))
    assert life.last(e.ItemAdded).owner == "person:dan"
