"""The exception procedure: who may skip what in an emergency, that it is written down, and looked at afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from escalation.errors import NotAllowed, NotNow, Unknown
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.playbook.schema import Playbook
from tests.domain.builders import ANN, BOB, BOT, CYD, EVE, FAY, HAL, Life, gated, opened, small

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


def test_skipping_levels_skips_what_stands_before_them_only_where_that_may_be_skipped_and_names_all_of_it() -> None:
    gate = {"before": "assignment", "approvers": ["role:finance"]}
    strict = Life(gated(gate, bypass={**BYPASS, "skip": ["levels"]}))
    strict.open(context={"summary": None})
    assert "not packet: summary is missing" in strict.refused(NotAllowed, use(level="L2"))
    strict.send(c.ProvideInput(by=BOT, summary="all of it"))
    assert "not approvals: gate1 stands before that level" in strict.refused(NotAllowed, use(level="L2"))
    life = Life(gated(gate, bypass=BYPASS))
    life.open(context={"summary": None})
    life.send(use(level="L2"))
    assert life.last(e.Bypassed).skipped == "the way to level L2, missing input (summary), approval gate1"
    assert (life.level, life.gate().state) == ("L2", "passed")


def test_who_used_it_can_neither_look_at_it_themselves_nor_end_the_escalation_before() -> None:
    life = opened(procedure(allowed=[]))
    life.send(use(ANN, level="L2"))
    item = life.last(e.ItemAdded).item
    assert f"{FAY} does look at it, not {ANN}" in life.refused(NotAllowed, c.CompleteItem(by=ANN, item=item))
    assert "nobody has looked at it yet" in life.refused(NotNow, c.Cancel(by=ANN, because="never mind"))
    life.send(c.CompleteItem(by=FAY, item=item))
    life.send(c.Cancel(by=ANN, because="never mind"))
    assert life.state.outcome == "cancelled"


def test_it_is_looked_at_by_somebody_else_even_where_the_one_named_is_not_there_or_is_concerned() -> None:
    life = opened(procedure(review_by="role:security"))
    life.send(use(level="L2"))  # hal is the only one of security, and used it
    assert life.last(e.ItemAdded).owner != HAL
    owned = opened(procedure(review_by="role:security")).taken_by(ANN)
    owned.send(c.ChangeFacts(by=BOB, facts={"concerns": ("ann",)}))
    owned.send(use(level="L2"))
    assert owned.last(e.ItemAdded).owner not in (HAL, ANN)


def test_who_is_found_in_place_of_those_who_may_may_not() -> None:
    life = opened(procedure(allowed=["team:nobody"]))
    said = life.refused(NotAllowed, use("person:gus", level="L2"))
    assert "(nobody of them was found yet)" in said


def test_who_may_is_not_forgotten_because_they_were_called_first() -> None:
    life = Life(procedure(allowed=["team:desk"]), answers=False)
    life.open()
    life.pending.reverse()
    life.answer()
    life.send(use(ANN, level="L2"))
    assert life.level == "L2"


def test_a_level_is_skipped_to_along_the_path() -> None:
    paths = [{"id": "short", "levels": ["L1", "L3"]}]
    life = opened(small(bypass=BYPASS, paths=paths))
    assert "path short of playbook small has no level L2" in life.refused(Unknown, use(level="L2"))
    triage = Life(gated({"before": "assignment", "approvers": ["role:finance"]}, bypass=BYPASS, paths=paths))
    triage.open()
    triage.send(use(level="L3"))
    assert (triage.state.path, triage.level) == ("short", "L3")


def test_a_milder_severity_is_no_emergency() -> None:
    scale = [{"name": "P0"}, {"name": "P1"}, {"name": "P2"}]
    severity = {"scale": scale, "default": "P1", "lowering": {"gate": "gate1"}}
    life = opened(gated({"before": "lowering", "approvers": ["role:finance"]}, severity=severity, bypass=BYPASS))
    life.send(c.ChangeSeverity(by=ANN, severity="P2", because="it is small"))
    assert "that is no emergency" in life.refused(NotAllowed, use(gate="gate1"))
