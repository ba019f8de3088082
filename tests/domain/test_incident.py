"""Incident mode: declare, the first update, the action plan, priorities, periods that are handed over, stand down."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow, TooLarge, Unknown
from escalation.foresight import forecast
from escalation.lifecycle.details import markdown
from escalation.lifecycle.incident.plan import MOST_LINES
from escalation.lifecycle.incident.rows import incident_rows
from escalation.lifecycle.incident.views import IncidentView, action_plan, plan_markdown
from escalation.lifecycle.outcomes import outcome
from escalation.lifecycle.situation import situation
from escalation.lifecycle.stops import stop
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.model.incident import Incident, Period
from escalation.playbook.load import load_playbook
from escalation.playbook.schema import Playbook
from tests.domain.builders import (
    ANN,
    BOB,
    CUSTOMER,
    CYD,
    DAN,
    EVE,
    FAY,
    HAL,
    JOY,
    KIM,
    START,
    STILL_LEVELS,
    Life,
    blank,
    gated,
    opened,
    small,
)
from tests.domain.invariants import check_history

FIRST = {"within": "15m", "chase": "10m"}
SHIFTS = {"length": "8h", "hand_over_before": "30m", "to": "role:deputy"}
CRITICAL = {"critical_incident": {"when": 'severity == "P0"', "because": "nobody can pay"}}


def playbook(gates: tuple[dict[str, Any], ...] = (), more: dict[str, Any] | None = None, **incident: Any) -> Playbook:
    return gated(*gates, levels=STILL_LEVELS, incident=incident, **(more or {}))


def declared(gates: tuple[dict[str, Any], ...] = (), more: dict[str, Any] | None = None, **policy: Any) -> Life:
    """Return a life that ann owns and runs as an incident."""
    life = opened(playbook(gates, more, **policy)).taken_by(ANN)
    life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    return life


def incident(life: Life) -> Incident:
    assert life.state.incident is not None
    return life.state.incident


def period(life: Life) -> Period:
    found = incident(life).period
    assert found is not None
    return found


def view(life: Life) -> IncidentView:
    shown = situation(life.state, life.now).incident
    assert shown is not None
    return shown


def report(by: str = ANN, what: str = "the payment service is down", **more: Any) -> c.ReportBaseline:
    affected, urgent = "all web customers", "2,000 an hour; the sale ends at noon"
    return c.ReportBaseline(by=by, what_happened=what, who_is_affected=affected, why_urgent=urgent, **more)


# --- declare ----------------------------------------------------------------------------------------------------------


def test_a_playbook_without_incident_mode_has_none_and_says_so() -> None:
    life = opened(small()).taken_by(ANN)
    assert "has no incident mode" in life.refused(NotNow, c.DeclareIncident(by=ANN, because="it burns"))
    assert situation(life.state, life.now).incident is None


def test_a_work_item_that_a_team_still_has_to_claim_does_not_keep_an_incident_from_being_declared() -> None:
    life = opened(playbook()).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="mend it", owner="team:experts", due=life.now + timedelta(hours=4)))
    (item,) = life.state.open_items
    assert item.people
    before = len(life.sent)
    life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    assert set(item.people) <= set(life.told(MessageKind.NEWS, since=before))


def test_anybody_in_the_working_group_declares_it_once_and_everybody_who_was_told_hears_why() -> None:
    life = opened(playbook()).taken_by(ANN)
    before = len(life.sent)
    life.refused(NotAllowed, c.DeclareIncident(by=KIM, because="it burns"))
    life.send(c.DeclareIncident(by=BOB, because="nobody can pay"))
    assert life.told(MessageKind.NEWS, since=before) == [ANN]
    assert "incident declared: nobody can pay" in life.sent[-1].body
    assert "is run as an incident since 2026-11-20 10:00 UTC (person:bob)" in life.refused(
        AlreadyDone, c.DeclareIncident(by=ANN, because="it burns")
    )
    shown = view(life)
    assert (shown.state, shown.active, shown.commander, shown.because) == ("declared", True, ANN, "nobody can pay")
    assert "- **Incident:** declared since 2026-11-20 10:00 UTC by person:bob: nobody can pay" in markdown(
        life.state, life.now
    )


def test_only_whom_the_playbook_names_may_declare_it_where_it_names_somebody() -> None:
    life = opened(playbook(may_declare=["owner", "role:security"])).taken_by(ANN)
    says = life.refused(NotAllowed, c.DeclareIncident(by=BOB, because="it burns"))
    assert "owner (person:ann), role:security (person:hal) may" in says
    life.send(c.DeclareIncident(by=HAL, because="an intruder"))
    assert incident(life).declared_by == HAL
    other = opened(playbook(may_declare=["owner"])).taken_by(ANN)
    other.send(c.DeclareIncident(by=ANN, because="it burns"))
    assert incident(other).declared


def test_it_is_declared_by_itself_when_it_becomes_critical_and_again_only_when_it_becomes_so_again() -> None:
    life = opened(playbook(more=CRITICAL, automatic=True)).taken_by(ANN)
    assert life.state.incident is None
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    event = life.last(e.IncidentDeclared)
    assert (event.by, event.because, event.condition) == ("system:engine", "nobody can pay", 'severity == "P0"')
    assert event.facts == {"severity": "P0"}
    assert view(life).state == "critical"
    life.send(c.StandDown(by=ANN, because="all pay again"))
    life.send(c.Note(by=ANN, text="still P0, and no new incident"))
    assert not incident(life).declared
    life.send(c.ChangeSeverity(by=ANN, severity="P1", because="as it should be"))
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="down again"))
    assert (incident(life).declared, incident(life).number) == (True, 2)


def test_without_automatic_a_critical_one_waits_for_somebody_to_declare_it() -> None:
    life = opened(playbook(more=CRITICAL)).taken_by(ANN)
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    assert life.state.critical is not None
    assert life.state.incident is None


def test_a_condition_of_its_own_declares_it_whatever_is_critical() -> None:
    life = opened(playbook(declare_when='topic == "fire"', automatic=True)).taken_by(ANN)
    life.send(c.ChangeFacts(by=ANN, facts={"topic": "fire"}, because="smoke"))
    assert life.last(e.IncidentDeclared).facts == {"topic": "fire"}


# --- the first update -------------------------------------------------------------------------------------------------


@pytest.mark.req("CAP-1")
def test_a_first_update_is_demanded_at_once_and_chased_each_time_of_somebody_higher() -> None:
    talking = {"communication": {"communicator": "role:deputy"}}
    life = declared(more=talking, first_update=FIRST)
    demand = life.sent[-1]
    assert (demand.to, demand.kind) == (JOY, MessageKind.WARNING)
    assert "is demanded before 2026-11-20 10:15 UTC" in demand.body
    assert "escalate report_baseline" in demand.body
    assert (life.due.kind, life.due.at) == ("first_update", START + timedelta(minutes=15))
    assert life.due.summary == "no first update of the incident: ask role:deputy"
    assert stop(life.state, life.due).what == "the first update"
    asked = []
    for _ in range(5):
        life.next()
        asked.append(life.last(e.FirstUpdateOverdue).asked)
    assert asked == [
        ("role:deputy",),
        ("role:deputy", ANN, "role:lead"),
        ("role:deputy", ANN, "role:lead", "team:experts"),
        ("role:deputy", ANN, "role:lead"),
        ("role:deputy", ANN, "role:lead", "role:boss"),
    ]
    assert life.now == START + timedelta(minutes=55)
    assert life.sent[-1].to == FAY
    assert not view(life).active
    life.send(report(by=FAY))
    assert life.state.incident is not None
    assert incident(life).first_update_due is None
    assert life.due.kind != "first_update"


@pytest.mark.req("CAP-1")
def test_the_first_update_is_what_everybody_relies_on_until_the_next_one_takes_its_place() -> None:
    life = declared(first_update=FIRST)
    life.send(report())
    told = life.sent[-1]
    assert (told.to, "the first update of the incident is there" in told.body) == (BOB, True)
    life.pass_time("20m")
    assert life.all(e.FirstUpdateOverdue) == []
    life.send(report(what="the database is full"))
    assert "update 2, which takes the place of the last of the incident is there" in life.sent[-1].body
    assert "the payment service is down" not in life.sent[-1].body
    known = incident(life).baseline
    assert known is not None
    assert (known.number, known.what_happened) == (2, "the database is full")
    life.send(c.Escalate(by=ANN, reason="no_expertise", because="over my head"))
    page = next(message for message in reversed(life.sent) if message.kind is MessageKind.PAGE)
    assert page.to in (CYD, "person:dan")
    assert "What everybody relies on (update 2, 2026-11-20 10:20 UTC, by person:ann):" in page.body
    assert "  What happened: the database is full" in page.body
    assert [event.number for event in life.all(e.BaselineReported)] == [1, 2]


@pytest.mark.req("CAP-2", "USE-2")
@pytest.mark.parametrize("missing", ["what_happened", "who_is_affected", "why_urgent"])
def test_an_update_that_lacks_one_of_the_three_answers_is_refused_and_says_which(missing: str) -> None:
    said = {"by": ANN, "what_happened": "down", "who_is_affected": "all", "why_urgent": "a sale"}
    with pytest.raises(Exception, match=missing):
        c.parse_command("report_baseline", {name: text for name, text in said.items() if name != missing})
    with pytest.raises(Exception, match=missing):
        c.parse_command("report_baseline", {**said, missing: "  "})
    assert c.parse_command("report_baseline", said).by == ANN


@pytest.mark.req("CAP-3", "USE-2")
def test_an_update_is_short_whether_it_is_written_or_recorded_and_names_the_clip() -> None:
    life = declared(first_update={**FIRST, "most_characters": 200, "longest_recording": "3m"})
    says = life.refused(NotAllowed, report(what="x" * 200))
    assert "characters together and may have 200" in says
    clip = "https://clips.example/7"
    assert "it lacks length" in life.refused(Incomplete, report(recording=clip))
    assert "it lacks recording" in life.refused(Incomplete, report(length=timedelta(minutes=2)))
    too_long = report(recording=clip, length=timedelta(minutes=3, seconds=1))
    assert "takes 3m 1s and may take 3m" in life.refused(NotAllowed, too_long)
    life.send(report(recording=clip, length=timedelta(minutes=2)))
    assert life.last(e.BaselineReported).seconds == 120
    assert f"Recording: {clip}" in life.sent[-1].body


def test_only_those_who_speak_for_the_incident_report_how_it_stands() -> None:
    life = declared(first_update=FIRST)
    assert "does not speak for the incident" in life.refused(NotAllowed, report(by=BOB))
    assert "a human step" in life.refused(NotAllowed, report(by="agent:bot"))
    life.send(report(by=ANN))


# --- the action plan --------------------------------------------------------------------------------------------------


def line(section: str, typed: str, text: str = "look at the disks", by: str = BOB, **more: Any) -> c.FileInPlan:
    return c.FileInPlan.model_validate({"by": by, "section": section, "typed": typed, "text": text, **more})


SECTIONS = {"situation_summary": "assessment", "execution_plan": "execution", "approval_checkpoints": "approval"}


@pytest.mark.req("IAP-5")
@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("typed", SECTIONS.values())
def test_a_note_is_filed_in_the_section_of_its_kind_and_refused_in_any_other(section: str, typed: str) -> None:
    life = declared(gates=({"id": "failover", "when": "flags.legal", "subject": ["plan"]},))
    due = (life.now + timedelta(hours=1)).isoformat()
    fitting = {"execution": {"owner": BOB, "due": due}, "approval": {"gate": "failover"}}.get(typed, {})
    note = line(section, typed, **fitting)
    if SECTIONS[section] == typed:
        life.send(note)
        assert life.last(e.PlanFiled).section == section
    else:
        home = next(name for name, kind in SECTIONS.items() if kind == typed)
        assert f"{typed} is not filed under {section}: it belongs into {home}" in life.refused(NotAllowed, note)
        assert life.all(e.PlanFiled) == []


@pytest.mark.req("IAP-2", "IAP-10")
def test_one_plan_has_three_sections_and_its_steps_are_action_items_with_owner_and_time() -> None:
    life = declared(gates=({"id": "failover", "when": "flags.legal", "subject": ["plan"]},))
    due = life.now + timedelta(hours=1)
    life.send(line("situation_summary", "assessment", "the disk is full"))
    life.send(line("approval_checkpoints", "approval", "may we switch over?", gate="failover"))
    life.send(line("execution_plan", "execution", "switch over", owner=BOB, due=due))
    item = life.state.items["i1"]
    assert (item.title, item.owner, item.due) == ("switch over", BOB, due)
    plan = action_plan(life.state)
    assert (plan.version, [note.text for note in plan.situation_summary]) == (3, ["the disk is full"])
    assert [(step.id, step.item, step.owner, step.state) for step in plan.execution_plan] == [("p3", "i1", BOB, "open")]
    assert [(point.gate, point.state) for point in plan.approval_checkpoints] == [("failover", "not asked yet")]
    written = plan_markdown(plan)
    headings = [text for text in written.splitlines() if text.startswith("## ")]
    assert headings == ["## Situation summary", "## Execution plan", "## Approval checkpoints"]
    life.send(line("situation_summary", "assessment", "a log filled it", replaces="p1"))
    plan = action_plan(life.state)
    assert (plan.version, [(note.id, note.text) for note in plan.situation_summary]) == (4, [("p1", "a log filled it")])
    life.pass_time("1h")
    assert life.last(e.ItemChased).item == "i1"
    check_history(blank(life.state.playbook), life.state, life.events)


def test_a_line_lacks_nothing_of_its_kind_and_has_nothing_of_another() -> None:
    life = declared()
    assert "lacks owner, due" in life.refused(Incomplete, line("execution_plan", "execution"))
    assert "lacks gate" in life.refused(Incomplete, line("approval_checkpoints", "approval"))
    assert "has no owner" in life.refused(NotAllowed, line("situation_summary", "assessment", owner=BOB))
    gate = line("approval_checkpoints", "approval", gate="nothing")
    assert "has no approval nothing; it has none" in life.refused(Unknown, gate)
    rewrite = line("situation_summary", "assessment", replaces="p9")
    assert "has no line p9; it has none yet" in life.refused(Unknown, rewrite)


@pytest.mark.req("IAP-3")
def test_a_step_behind_a_checkpoint_is_not_done_before_its_approval_is_passed() -> None:
    life = declared(gates=({"id": "failover", "when": "flags.legal", "subject": ["plan"]},))
    life.send(line("approval_checkpoints", "approval", "may we switch over?", gate="failover"))
    due = life.now + timedelta(days=9)
    life.send(line("execution_plan", "execution", "switch over", owner=BOB, due=due, behind="p1"))
    done = c.CompleteItem(by=BOB, item="i1", result="switched")
    assert "stands behind checkpoint p1: approval failover has not been asked yet" in life.refused(NotNow, done)
    life.send(c.ChangeFacts(by=ANN, facts={"flags.legal": True, "plan": "switch"}, because="we ask"))
    assert "approval failover is pending" in life.refused(NotNow, done)
    assert action_plan(life.state).execution_plan[0].state == "blocked: approval failover is pending"
    life.send(c.Approve(by=HAL, gate="failover"))
    life.send(done)
    assert action_plan(life.state).execution_plan[0].state == "done"


def test_a_plan_is_bounded_and_says_what_to_do_instead() -> None:
    life = declared()
    for number in range(MOST_LINES):
        life.send(line("situation_summary", "assessment", f"note {number}"))
    assert "rewrite one of its assessments" in life.refused(TooLarge, line("situation_summary", "assessment"))
    life.send(line("situation_summary", "assessment", "better", replaces="p80"))


# --- the commander ----------------------------------------------------------------------------------------------------


@pytest.mark.req("IAP-8")
def test_the_commander_says_what_comes_first_and_responders_see_the_present_order() -> None:
    life = declared()
    says = life.refused(NotAllowed, c.SetPriorities(by=BOB, priorities=("my own",)))
    assert "for whoever commands" in says
    assert ANN in says
    before = len(life.sent)
    life.send(c.SetPriorities(by=ANN, priorities=("payments", "the web shop")))
    assert life.told(since=before) == [BOB]
    assert "  1. payments\n  2. the web shop" in life.sent[-1].body
    life.send(c.SetPriorities(by=ANN, priorities=("the web shop",)))
    assert (view(life).priorities, life.last(e.PrioritiesSet).version) == (("the web shop",), 2)
    life.send(c.Reassign(by=ANN, to=CYD, because="I go home"))
    offer = life.sent[-1]
    assert (offer.to, "  1. the web shop" in offer.body, "payments" in offer.body) == (CYD, True, False)
    seq = life.state.seq
    life.send(c.SetPriorities(by=ANN, priorities=("the web shop",)))
    assert life.state.seq == seq, "the same again is no news"


def test_what_comes_first_is_said_once_each() -> None:
    life = declared()
    twice = c.SetPriorities(by=ANN, priorities=("payments", "the web shop", "payments"))
    assert life.refused(NotAllowed, twice).endswith("these stand there twice: payments")


@pytest.mark.req("IAP-8", "IAP-9")
def test_a_commander_who_was_named_sets_priorities_and_responsibilities_and_stands_it_down() -> None:
    life = declared()
    life.send(c.NameCommander(by=ANN, who=CYD, because="she has led ten of these"))
    assert view(life).commander == CYD
    assert CYD in life.refused(NotAllowed, c.SetPriorities(by=ANN, priorities=("payments",)))
    life.send(c.SetPriorities(by=CYD, priorities=("payments",)))
    life.send(c.AssignResponsibility(by=CYD, who=BOB, what="talks to the bank"))
    assert [(each.who, each.what) for each in life.state.ownership.responsibilities] == [(BOB, "talks to the bank")]
    assert CYD in life.refused(NotAllowed, c.StandDown(by=ANN, because="over"))
    life.send(c.StandDown(by=CYD, because="over"))
    assert not incident(life).declared


# --- periods ----------------------------------------------------------------------------------------------------------


@pytest.mark.req("IAP-7")
def test_the_next_period_is_offered_before_the_end_and_ends_only_when_somebody_took_it() -> None:
    life = declared(periods=SHIFTS)
    assert (period(life).number, period(life).ends_at) == (1, START + timedelta(hours=8))
    assert (life.due.kind, life.due.at) == ("hand_over", START + timedelta(hours=7, minutes=30))
    assert life.due.summary == "period 1 comes to its end: offer the next one to role:deputy"
    life.send(line("execution_plan", "execution", "one", owner=BOB, due=START + timedelta(days=2)))
    life.send(line("execution_plan", "execution", "two", owner=BOB, due=START + timedelta(days=2)))
    life.send(c.CompleteItem(by=BOB, item="i1", result="done"))
    life.next()
    offer = life.state.handoff
    assert offer is not None
    assert (offer.to, offer.people, offer.due, offer.offered_by) == (
        "role:deputy",
        (JOY,),
        START + timedelta(hours=8),
        "system:engine",
    )
    assert offer.expectation == "Lead period 2.\nOpen: i2 two (person:bob, due 2026-11-22 10:00 UTC)"
    shown = view(life).period
    assert shown is not None
    assert (life.owner, shown.number, shown.state) == (ANN, 1, "handing over")
    life.pass_time("10m")
    life.send(c.AcceptHandoff(by=JOY))
    over = life.last(e.PeriodEnded)
    assert (over.number, over.led_by, over.accepted_by, over.late) == (1, ANN, JOY, False)
    assert (over.done, over.remains) == (("i1",), ("i2",))
    assert (life.owner, period(life).number, period(life).ends_at) == (JOY, 2, START + timedelta(hours=16))
    record = incident(life).periods[0]
    assert (record.accepted_by, record.ended_at) == (JOY, life.now)


@pytest.mark.req("IAP-7")
def test_a_hand_over_that_nobody_takes_moves_up_and_the_owner_stays_responsible() -> None:
    life = declared(periods=SHIFTS)
    life.pass_time("7h")
    life.pass_time("30m")
    offered = []
    for _ in range(5):
        assert life.state.handoff is not None
        offered.append((life.state.handoff.to, (life.state.handoff.due - START) / timedelta(hours=1)))
        assert (life.owner, period(life).number) == (ANN, 1)
        life.next()
    assert offered == [
        ("role:deputy", 8.0),
        ("role:lead", 8.5),
        ("team:experts", 9.0),
        ("role:lead", 9.5),
        ("role:boss", 10.0),
    ]
    ended = life.all(e.HandoffEnded)[0]
    assert (ended.how, ended.because) == ("expired", "nobody accepted before 2026-11-20 18:00 UTC")
    life.send(c.AcceptHandoff(by=FAY))
    assert (life.last(e.PeriodEnded).late, life.owner) == (True, FAY)
    assert period(life).ends_at == START + timedelta(hours=16), "the next one keeps to its hours"
    assert life.state.hops == 0, "a change of shift is planned: it was not handed on"


def test_a_declined_hand_over_goes_on_at_once_and_the_owner_may_stay_for_the_next_period() -> None:
    life = declared(periods={**SHIFTS, "to": "team:desk"})
    life.pass_time("7h")
    life.pass_time("30m")
    assert life.state.handoff is not None
    assert set(life.state.handoff.people) == {ANN, BOB}
    life.send(c.DeclineHandoff(by=BOB, because="I am ill"))
    assert life.state.handoff is not None
    assert (life.state.handoff.to, life.state.handoff.asked) == ("team:desk", (ANN,)), "she may stay, and says so"
    life.send(c.DeclineHandoff(by=ANN, because="I go home"))
    assert life.state.handoff is not None
    assert life.state.handoff.to == "role:lead"
    life.send(c.DeclineHandoff(by=EVE, because="I have no time"))
    life.send(c.DeclineHandoff(by=CYD, because="nor I"))
    stays = declared(periods={**SHIFTS, "to": "team:desk"})
    stays.pass_time("7h")
    stays.pass_time("30m")
    stays.send(c.AcceptHandoff(by=ANN))
    assert (stays.owner, period(stays).number, stays.state.handoff) == (ANN, 2, None)
    assert stays.last(e.PeriodEnded).accepted_by == ANN
    assert len(stays.all(e.OwnerChanged)) == 1


def test_a_hand_off_that_is_open_already_counts_as_the_hand_over() -> None:
    life = declared(periods=SHIFTS)
    life.pass_time("7h")
    life.send(c.OfferHandoff(by=ANN, to="team:experts", because="they know it", expectation="mend it"))
    life.pass_time("30m")
    assert "the hand-off to team:experts that is open already counts for it" in life.last(e.HandOverBegun).because
    assert life.state.handoff is not None
    assert life.state.handoff.to == "team:experts"
    accepted = life.state
    life.send(c.AcceptHandoff(by=CYD))
    assert (life.owner, period(life).number) == (CYD, 2)
    life.state = accepted
    life.send(c.DeclineHandoff(by=CYD, because="not mine"))
    life.send(c.DeclineHandoff(by=DAN, because="nor mine"))
    assert life.state.handoff is not None
    assert life.state.handoff.to == "role:deputy"


def test_the_hand_over_of_a_period_is_not_ended_by_the_offer_of_somebody_who_does_not_lead() -> None:
    life = declared(periods=SHIFTS)
    life.pass_time("7h")
    life.pass_time("30m")
    offer = c.OfferHandoff(by=BOB, to=CYD, because="she is awake", expectation="lead it")
    assert "that may: person:ann; not person:bob" in life.refused(NotAllowed, offer)
    assert life.state.handoff is not None
    assert life.state.handoff.to == "role:deputy"
    life.send(c.OfferHandoff(by=ANN, to=CYD, because="she is awake", expectation="lead it"))
    assert (life.state.handoff.to, life.last(e.HandoffEnded).how) == (CYD, "withdrawn")


def test_an_answer_names_the_line_of_the_plan_that_was_filed_as_it_is_typed() -> None:
    life = declared(gates=({"id": "failover", "when": "flags.legal", "subject": ["plan"]},))
    assert outcome(life.state, life.send(line("situation_summary", "assessment"))) == (
        "It is line p1 of situation_summary; rewrite it with --replaces p1. "
    )
    again = life.send(line("situation_summary", "assessment", "the disks are fine", replaces="p1"))
    assert outcome(life.state, again) == "Line p1 of situation_summary says so now. "
    asked = life.send(line("approval_checkpoints", "approval", gate="failover"))
    assert outcome(life.state, asked) == "It is line p2 of approval_checkpoints; steps wait for it with --behind p2. "
    step = life.send(line("execution_plan", "execution", "go", owner=BOB, due=life.now + timedelta(hours=1)))
    said = outcome(life.state, step)
    assert said.startswith(f"i1 (go) is with {BOB}, due ")
    assert said.endswith("It is line p3 of execution_plan. ")


def test_an_offer_in_place_of_the_period_s_hand_over_says_what_remains_and_which_period_is_led() -> None:
    life = declared(periods=SHIFTS)
    life.send(line("execution_plan", "execution", "two", owner=BOB, due=START + timedelta(days=2)))
    life.send(c.OfferHandoff(by=ANN, to=DAN, because="early", expectation="look at it"))
    assert "hand-over of the period" not in life.sent[-1].body, "the period goes on"
    life.pass_time("7h")
    life.pass_time("30m")
    life.send(c.OfferHandoff(by=ANN, to=CYD, because="my shift ends", expectation="lead it"))
    page = next(each for each in reversed(life.sent) if each.to == CYD)
    assert "What is expected: lead it\nIt counts as the hand-over of the period too:\nLead period 2.\nOpen: i1 two" in (
        page.body
    )
    shown = situation(life.state, life.now).ownership
    assert shown is not None
    assert shown.handoff is not None
    assert shown.handoff.remains.startswith("Lead period 2.")
    said = outcome(life.state, life.send(c.AcceptHandoff(by=CYD)))
    assert said.startswith("You own it now. Period 2 begins, until 2026-11-21 02:00 UTC; person:cyd leads it.")


def test_a_step_of_the_plan_says_which_it_is_and_behind_which_checkpoint_it_stands() -> None:
    gate = {"id": "failover", "when": "flags.legal", "subject": ["plan"]}
    life = declared(gates=(gate,))
    life.send(line("approval_checkpoints", "approval", gate="failover"))
    due = life.now + timedelta(hours=1)
    life.send(line("execution_plan", "execution", "switch over", owner=CYD, due=due, behind="p1"))
    page = life.sent[-1]
    assert (page.to, page.values["line"], page.values["behind"], page.values["held"]) == (CYD, "p2", "p1", True)
    assert "switch over\nStep p2 of the action plan, behind checkpoint p1 (not approved yet).\nDue " in page.body
    life.send(c.AddItem(by=ANN, title="mend it", owner=CYD, due=due))
    assert "action plan" not in life.sent[-1].body


def test_nobody_owns_it_as_a_period_ends_whoever_takes_it_is_offered_the_next_one() -> None:
    life = opened(playbook(periods=SHIFTS))
    life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    life.pass_time("7h")
    life.pass_time("30m")
    assert "whoever takes it is offered the next period" in life.last(e.HandOverBegun).because
    assert life.all(e.HandoffOffered) == []
    life.send(c.Acknowledge(by=BOB))
    assert life.state.handoff is not None
    assert (life.state.handoff.to, period(life).number) == ("role:deputy", 1)


# --- stand down -------------------------------------------------------------------------------------------------------

DOWN = {"id": "all_clear", "before": "stand_down", "title": "Is it over?"}


def test_while_it_is_declared_it_is_neither_resolved_nor_cancelled() -> None:
    life = declared(periods=SHIFTS, first_update=FIRST)
    for command in (c.Resolve(by=ANN, resolution="paid"), c.Cancel(by=ANN, because="a mistake")):
        assert "before it is stood down" in life.refused(NotNow, command)
    life.send(c.StandDown(by=ANN, because="all pay again"))
    over = life.last(e.PeriodEnded)
    assert (over.number, over.accepted_by) == (1, None)
    assert {due for due in ("first_update", "hand_over") if due == life.due.kind} == set()
    life.send(c.Resolve(by=ANN, resolution="paid"))
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert life.state.review is not None
    assert "is waiting on" in life.refused(NotNow, c.DeclareIncident(by=ANN, because="again"))
    assert view(life).stood_down == "all pay again"


def test_an_incident_whose_run_is_cancelled_in_temporal_offers_nobody_the_next_period() -> None:
    life = declared(periods=SHIFTS)
    life.pass_time("7h")
    life.pass_time("30m")
    events = life.send(c.Cancel(by="system:engine", because="cancelled in Temporal"))
    assert [event.type for event in events if isinstance(event, e.HandoffOffered | e.PeriodEnded)] == []
    assert life.state.outcome == "cancelled"


def test_only_the_commander_stands_it_down() -> None:
    life = declared()
    assert "for whoever commands" in life.refused(NotAllowed, c.StandDown(by=BOB, because="enough"))
    assert "not run as an incident" in opened(playbook()).taken_by(ANN).refused(
        NotNow, c.StandDown(by=ANN, because="enough")
    )


def test_it_is_stood_down_behind_a_gate_and_a_no_lets_it_go_on() -> None:
    life = declared(gates=(DOWN,), stand_down={"gate": "all_clear"})
    life.send(c.StandDown(by=ANN, because="all pay again"))
    assert incident(life).declared
    assert (life.gate("all_clear").people, life.state.stage) == ((HAL,), "resolution")
    assert view(life).state == "standing down"
    assert "has asked already" in life.refused(AlreadyDone, c.StandDown(by=ANN, because="really"))
    life.send(c.Reject(by=HAL, gate="all_clear", because="it is not over"))
    assert (life.last(e.StandDownRefused).asked_by, incident(life).declared) == (ANN, True)
    life.pass_time("1h")
    life.send(c.StandDown(by=ANN, because="now it is"))
    life.send(c.Approve(by=HAL, gate="all_clear"))
    assert not incident(life).declared
    assert life.last(e.StoodDown).because == "now it is (approved by person:hal)"


def test_whoever_decides_reads_who_asks_why_how_far_the_plan_is_and_why_it_was_refused_before() -> None:
    life = declared(gates=(DOWN,), stand_down={"gate": "all_clear"})
    for text in ("one", "two"):
        life.send(line("execution_plan", "execution", text, owner=BOB, due=START + timedelta(days=2)))
    life.send(c.CompleteItem(by=BOB, item="i1", result="done"))
    life.send(c.StandDown(by=ANN, because="all pay again"))
    (page,) = [message for message in life.sent if message.kind is MessageKind.APPROVAL]
    assert "person:ann asks to stand the incident down, because all pay again" in page.body
    assert "Action plan: 1 of 2 steps done" in page.body
    assert "refused" not in page.body
    (gate,) = situation(life.state, life.now).gates
    assert gate.asks == "Is it over?: person:ann asks to stand the incident down, because all pay again"
    life.send(c.Reject(by=HAL, gate="all_clear", because="two percent fail"))
    life.pass_time("1m")
    life.send(c.StandDown(by=ANN, because="no errors left"))
    page = [message for message in life.sent if message.kind is MessageKind.APPROVAL][-1]
    assert "because no errors left" in page.body
    assert "It was refused before: rejected by person:hal: two percent fail" in page.body
    assert "what was approved before has changed" not in page.body


def test_an_approval_that_nobody_gives_lets_it_go_on() -> None:
    life = declared(gates=(DOWN,), stand_down={"gate": "all_clear"})
    life.send(c.StandDown(by=ANN, because="all pay again"))
    life.next()
    assert (life.gate("all_clear").state, incident(life).declared) == ("rejected", True)
    assert incident(life).standing_down is None


def test_whoever_asks_to_stand_down_does_not_approve_it() -> None:
    life = opened(playbook((DOWN | {"approvers": ["team:desk"]},), stand_down={"gate": "all_clear"})).taken_by(ANN)
    life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    life.send(c.StandDown(by=ANN, because="all pay again"))
    assert life.gate("all_clear").people == (BOB,)


def test_it_is_not_stood_down_before_what_the_playbook_wants_is_there() -> None:
    life = declared(
        first_update=FIRST,
        periods=SHIFTS,
        stand_down={"after": ["first_update", "execution_plan", "hand_over", "children"]},
    )
    life.send(line("execution_plan", "execution", "one", owner=BOB, due=START + timedelta(days=2)))
    life.send(c.Link(by=ANN, other="escalation-web-7", relation="child", because="its own team"))
    life.pass_time("7h")
    life.pass_time("30m")
    says = life.refused(NotNow, c.StandDown(by=ANN, because="enough"))
    for lacking in (
        "its first update was never given",
        "steps of the execution plan are open: i1",
        "period 1 is being handed over",
        "escalations below it are open: escalation-web-7",
    ):
        assert lacking in says
    life.send(report())
    life.send(c.CompleteItem(by=BOB, item="i1", result="done"))
    life.send(c.AcceptHandoff(by=JOY))
    life.send(c.Unlink(by=JOY, other="escalation-web-7", because="they go on alone"))
    life.send(c.StandDown(by=JOY, because="over"))
    assert not incident(life).declared


# --- active only while updates come -----------------------------------------------------------------------------------


@pytest.mark.req("BEN-4")
def test_it_counts_as_active_only_while_updates_come_and_says_since_when_it_is_quiet() -> None:
    talking = {
        "communication": {
            "stakeholders": [{"name": "board", "audience": "management", "target": "role:finance"}],
            "cadence": {"default": {"every": "30m", "chase": "10m"}},
        }
    }
    life = declared(more=talking, first_update=FIRST)
    life.send(report())
    life.pass_time("20m")
    life.send(c.PostUpdate(by=ANN, text="we look into it"))
    assert (view(life).active, view(life).quiet_since) == (True, None)
    life.pass_time("30m")
    assert (view(life).active, view(life).quiet_since) == (False, START + timedelta(minutes=20))
    assert "- **Quiet since:** 2026-11-20 10:20 UTC" in markdown(life.state, life.now)
    life.send(c.PostUpdate(by=ANN, text="we have found it"))
    assert view(life).active
    assert view(life).baseline is not None


def test_the_forecast_knows_the_first_update_and_the_hand_over() -> None:
    life = declared(first_update=FIRST, periods=SHIFTS)
    future = forecast(life.state, life.directory, life.now + timedelta(hours=9))
    kinds = [event.type for event in future]
    assert kinds.index("first_update_overdue") < kinds.index("hand_over_begun")
    offered = [event.to for event in future if isinstance(event, e.HandoffOffered)]
    assert offered[:2] == ["role:deputy", "role:lead"]


# --- parent and child -------------------------------------------------------------------------------------------------


def test_a_parent_is_not_closed_while_a_child_is_open_and_its_owner_is_reminded() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Link(by=ANN, other="escalation-web-7", relation="child", because="its own team"))
    assert life.told_linked[-1].relation == "parent"
    life.resolved()
    life.send(c.SubmitReview(by=ANN, lessons=("watch it",)))
    assert not life.state.ended
    assert (life.due.kind, life.due.summary) == (
        "children",
        "escalations below it are still open (escalation-web-7): remind person:ann",
    )
    here = situation(life.state, life.now)
    assert (here.who_acts_next, here.why) == ((ANN,), "escalations below it are open: escalation-web-7")
    before = len(life.sent)
    life.next()
    assert life.told(MessageKind.ITEM, since=before) == [ANN]

    def heard(key: str, status: str, *, ended: bool) -> c.LinkHeard:
        who = "escalation-web-7"
        return c.LinkHeard(
            key=key, other=who, what="status", relation="child", status=status, on_behalf_of=BOB, ended=ended
        )

    life.send(heard("k1", "review", ended=False))
    assert not life.state.ended
    life.send(heard("k2", "closed", ended=True))
    assert life.state.outcome == "closed"


def test_a_parent_is_closed_when_its_open_child_was_handed_on_with_a_reason() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Link(by=ANN, other="escalation-web-7", relation="child", because="its own team"))
    life.resolved()
    life.send(c.SubmitReview(by=ANN, lessons=("watch it",)))
    life.send(c.Unlink(by=ANN, other="escalation-web-7", because="the vendor follows it"))
    assert life.state.outcome == "closed"
    assert life.last(e.LinkRemoved).because == "the vendor follows it"


def test_a_child_that_ends_says_so_to_its_parent() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Link(by=ANN, other="escalation-web-1", relation="parent", because="its incident"))
    assert life.told_linked[-1].relation == "child"
    life.send(c.Cancel(by=ANN, because="a mistake"))
    last = life.told_linked[-1]
    assert (last.what, last.ended) == ("status", True)


# --- two weeks --------------------------------------------------------------------------------------------------------


def test_an_incident_of_two_weeks_in_three_shifts_a_day_stays_small_and_in_order() -> None:
    talking = {
        "communication": {
            "stakeholders": [{"name": "board", "audience": "management", "target": "role:finance"}],
            "cadence": {"default": {"every": "30m", "chase": "10m"}},
        }
    }
    shifts = {**SHIFTS, "to": "team:desk"}
    life = declared(more=talking, first_update=FIRST, periods=shifts)
    life.send(report())
    crews, largest = [ANN, BOB], 0
    end = START + timedelta(days=14)
    while life.now < end:
        life.send(c.PostUpdate(by=life.owner, text=f"as of {life.now:%d %H:%M}: we work on it"))
        life.pass_time("20m")
        if life.state.handoff is not None:
            life.send(c.AcceptHandoff(by=next(each for each in crews if each != life.owner)))
            life.send(report(by=life.owner, what=f"still down in period {period(life).number}"))
            life.send(c.SetPriorities(by=life.owner, priorities=(f"of period {period(life).number}", "payments")))
        life.pass_time("599s")
        size = len(life.state.model_dump_json(exclude={"tail", "playbook"}).encode())
        largest = max(largest, size)
    assert largest < 200_000
    ended = life.all(e.PeriodEnded)
    assert len(ended) >= 41
    assert [event.number for event in ended] == list(range(1, len(ended) + 1))
    assert not any(event.late for event in ended)
    assert all(first.led_by != second.led_by for first, second in pairwise(ended))
    assert [event.seq for event in life.events] == list(range(1, len(life.events) + 1))
    assert [event.at for event in life.events] == sorted(event.at for event in life.events)
    assert len(life.all(e.UpdatePosted)) >= 14 * 48
    assert life.all(e.UpdateOverdue) == []
    told = [message.key for message in life.sent if "/update:" in message.key]
    numbers = [int(key.partition("/update:")[2].partition("/")[0]) for key in told]
    assert numbers == sorted(numbers), "no stakeholder is told an older update after a newer one"
    assert len(incident(life).periods) == 6
    check_history(blank(life.state.playbook), life.state, life.events)
    life.send(c.StandDown(by=life.owner, because="over"))
    life.send(c.Resolve(by=life.owner, resolution="more disks"))
    assert life.state.resolution_state == "proposed"


def test_the_shipped_it_playbook_runs_an_incident_from_its_declaration_to_the_all_clear() -> None:
    on_call = "person:erik.lindqvist"
    life = opened(
        load_playbook("it-service-management"),
        customer=None,
        facts={
            "record_type": "incident",
            "escalation_type": "alert",
            "impact": "org_wide",
            "urgency": "now",
            "affected_systems": ["erp"],
            "ai_triggered": True,
            "alert.severity": "critical",
        },
    ).taken_by(on_call)
    life.send(c.DeclareIncident(by=on_call, because="nobody can work"))
    assert "first update" in life.refused(NotNow, c.StandDown(by=on_call, because="all is well"))
    life.send(report(on_call))
    assert incident(life).baseline is not None
    life.send(c.StandDown(by=on_call, because="all is well"))
    assert life.state.gates["all_clear"].state == "pending"


# --- what people still have to do -------------------------------------------------------------------------------------


def test_nobody_with_a_part_reads_that_there_is_nothing_to_do_when_somebody_takes_it() -> None:
    life = opened(playbook(first_update=FIRST))
    life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    life.send(c.NameCommander(by=ANN, who=ANN, because="she has led ten of these"))
    before = len(life.sent)
    life.send(c.Acknowledge(by=BOB))
    (news,) = [message for message in life.sent[before:] if message.to == ANN and message.template == "page_taken"]
    assert "you stay commander" in news.body
    assert "need not do anything" not in news.body
    life.send(c.NameCommunicator(by=BOB, who=BOB, because="he writes well"))
    life.send(c.NameCommander(by=BOB, who=CYD, because="ann has to sleep"))
    before = len(life.sent)
    life.send(c.Claim(by=CYD, because="bob has to write"))
    said = {message.to: message.body for message in life.sent[before:] if message.template == "page_taken"}
    assert "you still speak to its stakeholders" in said[BOB]
    assert "You need not do anything" in said[ANN], "who has no part any more reads so"


# --- how it is shown --------------------------------------------------------------------------------------------------


def rows(life: Life) -> dict[str, str]:
    return dict(incident_rows(view(life)))


def test_while_standing_down_is_decided_it_says_who_asked_and_why_and_whose_turn_it_is() -> None:
    life = declared(gates=(DOWN,), stand_down={"gate": "all_clear"})
    life.pass_time("20m")
    life.send(c.StandDown(by=ANN, because="all pay again"))
    shown = rows(life)
    assert shown["Incident"] == "declared since 2026-11-20 10:00 UTC by person:ann: nobody can pay"
    assert shown["Standing down"] == (
        "asked 2026-11-20 10:20 UTC by person:ann: all pay again; "
        "it waits for approval all_clear of person:hal until 2026-11-20 11:20 UTC"
    )
    here = situation(life.state, life.now)
    assert (here.who_acts_next, here.why) == ((HAL,), "approval all_clear decides whether the incident is stood down")
    assert here.also_asked == {}
    life.pass_time("10m")
    life.send(c.Approve(by=HAL, gate="all_clear"))
    assert rows(life)["Incident"] == (
        "stood down 2026-11-20 10:30 UTC, as person:ann asked: all pay again (approved by person:hal); "
        "declared since 2026-11-20 10:00 UTC by person:ann: nobody can pay"
    )
    assert situation(life.state, life.now).who_acts_next == (ANN,)


def test_a_first_update_that_is_late_keeps_the_time_it_was_due_and_says_of_whom_it_is_asked_next() -> None:
    life = declared(first_update=FIRST)
    assert rows(life)["First update"] == f"demanded before 2026-11-20 10:15 UTC of {ANN}"
    life.pass_time("26m")
    assert rows(life)["First update"] == (
        "was due 2026-11-20 10:15 UTC and has been asked for 2 times; "
        f"next 2026-11-20 10:35 UTC, of {ANN}, role:lead, team:experts"
    )


def test_what_follows_a_hand_over_that_nobody_takes_is_that_somebody_else_is_asked() -> None:
    life = declared(periods=SHIFTS)
    life.pass_time("7h")
    life.pass_time("30m")
    assert life.due.summary == (
        "role:deputy has not accepted to lead period 2: it is offered to role:lead; person:ann stays responsible"
    )
    life.next()
    news = next(message for message in reversed(life.sent) if message.template == "news.handoff_ended")
    assert (news.to, "role:lead is asked now, until 2026-11-20 18:30 UTC" in news.body) == (ANN, True)


def test_what_remains_is_shown_as_it_is_now_until_the_owner_writes_it_anew() -> None:
    life = declared(periods=SHIFTS)
    life.send(line("execution_plan", "execution", "one", owner=BOB, due=START + timedelta(days=2)))
    life.pass_time("7h")
    life.pass_time("30m")

    def expected() -> str:
        shown = situation(life.state, life.now).ownership
        assert shown is not None
        assert shown.handoff is not None
        return shown.handoff.expectation

    assert "Open: i1 one" in expected()
    life.send(c.CompleteItem(by=BOB, item="i1", result="done"))
    assert "i1" not in expected()
    refused = life.refused(NotAllowed, c.EditHandover(by=BOB, text="mine"))
    assert "the outgoing owner writes what remains: person:ann" in refused
    life.send(c.EditHandover(by=ANN, text="call the bank first"))
    assert expected() == "call the bank first"
    assert "call the bank first" in next(message for message in reversed(life.sent) if message.to == JOY).body


def test_after_standing_down_nothing_asks_for_a_new_declaration_and_a_second_click_is_told_so() -> None:
    life = declared()
    life.pass_time("20m")
    life.send(c.StandDown(by=ANN, because="all pay again"))
    says = "the incident was stood down at 2026-11-20 10:20 UTC, as person:ann asked: all pay again"
    assert life.refused(AlreadyDone, c.StandDown(by=ANN, because="again")) == says
    for command in (report(), c.SetPriorities(by=ANN, priorities=("payments",))):
        assert says in (told := life.refused(NotNow, command))
        assert "declare" not in told


# --- who is named -----------------------------------------------------------------------------------------------------


def named(life: Life, person: str, template: str = "news.role_given") -> str:
    return next(each for each in reversed(life.sent) if (each.to, each.template) == (person, template)).body


def test_whoever_is_named_reads_what_is_due_of_them_and_how_and_whoever_did_it_before_that_they_need_not() -> None:
    talking = {
        "communication": {
            "communicator": "role:deputy",
            "stakeholders": [{"name": "board", "audience": "management", "target": "role:finance"}],
            "cadence": {"default": {"every": "30m", "chase": "10m"}},
        }
    }
    life = opened(playbook(first_update=FIRST, more=talking)).taken_by(ANN)
    events = life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    answer = outcome(life.state, events)
    assert "first update is demanded of role:deputy before 2026-11-20 10:15 UTC (report_baseline)" in answer
    life.pass_time("5m")
    life.send(c.NameCommunicator(by=ANN, who=CYD, because="the press calls"))
    asked = named(life, CYD)
    assert "The first update of the incident is due 2026-11-20 10:15 UTC." in asked
    assert f"escalate report_baseline {life.state.id} --by {CYD} --what-happened" in asked
    assert "An update to the stakeholders is due 2026-11-20 10:30 UTC." in asked
    assert f"escalate post_update {life.state.id} --by {CYD} --text '...'" in asked
    assert "stand_down" not in asked
    assert f"{CYD} speaks to the stakeholders" in named(life, JOY, "news.role_passed")
    life.pass_time("15m")
    life.send(c.NameCommander(by=BOB, who=CYD, because="she has led ten of these"))
    leads = named(life, CYD)
    assert "The first update of the incident was due 2026-11-20 10:15 UTC and is late." in leads
    for command in ("set_priorities", "file_in_plan", "stand_down"):
        assert f"escalate {command} {life.state.id} --by {CYD}" in leads
    assert f"{CYD} commands" in named(life, ANN, "news.role_passed")
