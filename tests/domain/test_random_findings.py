"""What random lives with everything switched on at once have found, each as the few steps that matter."""

from __future__ import annotations

from datetime import timedelta

from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle.incident.views import action_plan
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.playbook.work import InputCause
from tests.domain.builders import ANN, BOB, CYD, DAN, HAL, IDA, JOY, START, opened, small
from tests.domain.test_communication import talking
from tests.domain.test_incident import declared
from tests.domain.test_lessons import reviewed
from tests.domain.test_work_templates import BOLTS, work, working

DUE = START + timedelta(days=3)
EXPERTS = "team:experts"


# --- a work item may be a team's, until somebody claims it ------------------------------------------------------------


def test_an_incident_is_declared_while_a_team_has_a_work_item_and_those_it_is_offered_to_hear_of_it() -> None:
    life = opened(small(incident={})).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="mend it", owner=EXPERTS, due=DUE))
    since = len(life.sent)
    life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    assert {CYD, DAN} <= set(life.told(MessageKind.NEWS, since=since))


def test_a_step_of_an_action_plan_can_be_given_to_a_team() -> None:
    life = declared()
    life.send(
        c.FileInPlan(by=ANN, typed="execution", section="execution_plan", text="cut the cable", owner=ANN, due=DUE)
    )
    life.send(c.ReassignItem(by=ANN, item="i1", to=EXPERTS, because="they have the key"))
    assert action_plan(life.state).execution_plan[0].owner == EXPERTS


def test_the_change_of_a_lesson_can_be_given_to_a_team() -> None:
    life = reviewed()
    life.send(c.ReassignItem(by=DAN, item="i1", to=EXPERTS, because="they know the playbook"))
    review = situation(life.state, life.now).review
    assert review is not None
    assert review.lessons[0].owner == EXPERTS


def test_next_steps_go_to_those_a_teams_item_is_offered_to_and_never_to_a_service() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="mend it", owner=EXPERTS, due=DUE))
    life.send(c.RequestInput(by=ANN, of="service:crm", what="a number", cause=InputCause.SYSTEM_CONFIRMATION, due=DUE))
    life.send(c.SendFollowUp(by=ANN))
    to = life.last(e.NextStepsSent).to
    assert {CYD, DAN} <= set(to)
    assert all(actor.startswith("person:") for actor in to)


def test_the_change_of_a_lesson_is_not_dropped_so_that_it_closes_only_when_it_is_live() -> None:
    life = reviewed()
    said = life.refused(NotAllowed, c.DropItem(by=DAN, item="i1", because="no time"))
    assert "followed until it is live: complete_change ends it" in said
    life = reviewed("training")
    life.send(c.DropItem(by=DAN, item="i1", because="no time"))
    assert life.state.outcome == "closed"


def test_what_was_submitted_of_an_item_that_is_dropped_waits_for_no_approval_any_more() -> None:
    life = working(BOLTS)
    life.send(c.SubmitCheck(by=BOB, item="i1", content="40 Nm"))
    assert work(life).progress == "0 of 1 checklist done (1 pending approval)"
    life.send(c.DropItem(by=ANN, item="i1", because="not needed any more"))
    assert not life.state.items["i1"].pending
    assert "pending" not in work(life).progress
    assert "it was dropped: not needed" in life.refused(NotNow, c.ApproveCheck(by=HAL, item="i1"))


def test_an_item_that_is_to_be_claimed_at_the_instant_of_its_reminder_is_offered_again_and_that_once() -> None:
    life = opened(small(items={"remind_before": "1h", "claim_within": "20m"})).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="mend it", owner=EXPERTS, due=START + timedelta(minutes=80)))
    known = life.due
    assert (known.kind, known.at) == ("item", START + timedelta(minutes=20))
    assert next(event.type for event in life.next()) == "item_chased"
    assert life.due.at > known.at


# --- what is found out after the end ----------------------------------------------------------------------------------


def test_an_update_that_was_posted_just_before_the_end_reaches_its_stakeholders_when_they_are_found_after_it() -> None:
    life = opened(talking()).taken_by(ANN)
    life.answers = False
    life.send(c.PostUpdate(by=JOY, text="it was a false alarm"))
    life.send(c.Cancel(by=ANN, because="a false alarm"))
    assert life.state.outcome == "cancelled"
    since = len(life.sent)
    life.answer()
    told = [message.to for message in life.sent[since:] if "it was a false alarm" in message.body]
    assert told == [IDA]
