"""Another version of the playbook that lacks what is under way: named first, or ended; never left hanging."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import NotNow
from escalation.lifecycle import next_due
from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.schema import LoadedPlaybook, Playbook
from tests.domain.builders import ANN, HAL, STILL_LEVELS, Life, gated, opened, small
from tests.domain.test_actions_asked import ACTIONS, asked, use
from tests.domain.test_actions_asked import playbook as acting
from tests.domain.test_follow_through import STEPS, reviewed
from tests.domain.test_handing_over import on_shift
from tests.domain.test_incident import FIRST, SHIFTS, declared, incident
from tests.domain.test_incident import playbook as incidents
from tests.domain.test_migration import loaded, move, refused
from tests.domain.test_statements import talking
from tests.domain.test_work_templates import working

WEEK = timedelta(days=7)


def to(playbook: Playbook) -> LoadedPlaybook:
    """Return it as its next version."""
    return loaded(playbook.model_copy(update={"version": 2}))


def passes(life: Life, until: timedelta = WEEK) -> None:
    """Let time pass; everything that falls due has to lead somewhere."""
    end = life.now + until
    while (due := next_due(life.state)) is not None and due.at <= end:
        life.now = max(life.now, due.at)
        assert life.send(c.TimePassed()), f"{due.kind} {due.about} is due, and nothing comes of it"
    life.now = end


def test_an_approval_of_an_action_that_is_dropped_with_its_gate_does_not_allow_the_action() -> None:
    life = opened(acting()).taken_by(ANN)
    digest = asked(life)
    move(life, to(small(actions=ACTIONS)), drop=("big_refund.a1",))
    assert life.state.actions["a1"].state == "voided"
    life.refused(NotNow, use(digest))


def test_an_action_that_was_allowed_by_an_approval_that_says_something_else_now_is_asked_for_anew() -> None:
    life = opened(acting()).taken_by(ANN)
    digest = asked(life)
    life.send(c.Approve(by=HAL))
    move(life, to(acting(approvers=["role:security", "role:finance"], need=2)))
    assert "the playbook says something else of it now" in life.refused(NotNow, use(digest))


def test_an_action_whose_gate_is_gone_can_still_be_withdrawn_or_is_over() -> None:
    life = opened(acting()).taken_by(ANN)
    asked(life)
    life.send(c.Approve(by=HAL))
    move(life, to(small(actions=ACTIONS)))
    assert life.state.actions["a1"].state == "voided"


def test_a_milestone_that_is_gone_is_not_waited_for() -> None:
    life = opened(talking(milestones=STEPS)).taken_by(ANN)
    life.send(c.ReachMilestone(by=ANN, name="investigated"))
    move(life, to(talking()))
    passes(life)


def test_a_follow_up_to_the_customer_that_is_gone_does_not_hold_up_the_end() -> None:
    life = reviewed(opened(talking(follow_up=[{"after": "1d", "text": "All well?"}])))
    assert not life.state.ended
    move(life, to(talking()))
    passes(life)
    assert life.state.ended


def test_the_end_of_a_shift_that_nobody_hands_over_any_more_is_not_waited_for() -> None:
    life = on_shift()
    assert life.state.ownership.shift is not None
    move(life, to(small()))
    passes(life)


def test_an_incident_is_stood_down_before_its_mode_is_gone() -> None:
    life = declared(first_update=FIRST)
    assert "v2 has no incident mode: stand it down first" in refused(life, to(small(levels=STILL_LEVELS)))
    life.send(c.StandDown(by=ANN, because="it is over"))
    move(life, to(small(levels=STILL_LEVELS)))
    passes(life)


def test_standing_down_that_waits_for_an_approval_is_decided_before_another_version_asks_another() -> None:
    gate = {"id": "calm", "before": "stand_down", "when": "true"}
    life = declared((gate,), stand_down={"gate": "calm"})
    life.send(c.StandDown(by=ANN, because="it is over"))
    other = incidents(({**gate, "id": "quiet"},), stand_down={"gate": "quiet"})
    assert "standing down waits for approval calm" in refused(life, to(other), drop=("calm",))
    assert "standing down waits for approval calm" in refused(life, to(incidents()), drop=("calm",))


def test_a_period_that_the_new_version_does_not_have_is_over_and_not_handed_over() -> None:
    life = declared(periods=SHIFTS)
    move(life, to(incidents()))
    assert incident(life).period is None
    assert life.last(e.PeriodEnded).accepted_by is None
    passes(life)


@pytest.mark.parametrize("new", [{}, {"work": [{"id": "other", "title": "other", "due": "1h", "at": "review"}]}])
def test_a_dependency_whose_condition_the_new_version_cannot_read_is_reported_by_people(new: dict[str, Any]) -> None:
    watched = {"id": "stock", "kind": "dependency", "check": "amount > 3.0", "before": "resolution"}
    life = working(watched)
    move(life, to(small(fields={}, **new)))
    assert "work item i1 is checked by people from now on (report_check)" in life.last(e.Migrated).effects
    life.send(c.ReportCheck(by=ANN, item="i1", ok=True))
    life.send(c.Resolve(by=ANN, resolution="done"))
    passes(life)


def test_an_approval_that_is_to_be_looked_at_still_is_when_its_policy_is_gone_meanwhile() -> None:
    life = opened(gated({"when": "true", "review_after": True})).taken_by(ANN)
    life.answers = False
    life.send(c.Approve(by=HAL, gate="gate1"))
    looking_up, life.pending = life.pending, deque()
    life.answers = True
    move(life, to(small()))
    life.pending = looking_up
    life.answer()
    assert [item.approval_review for item in life.state.open_items] == ["r1"]
