"""Clocks of any name: what starts, stops and pauses them, for whom they run, who hears of them, and due dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.errors import NotAllowed, NotNow, RequestRefused
from escalation.foresight import forecast
from escalation.lifecycle.details import markdown
from escalation.lifecycle.situation import situation
from escalation.lifecycle.timing.clock_views import ClockView
from escalation.lifecycle.timing.telling import UPDATES
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.model.timeline import EntryKind
from tests.domain.builders import ANN, BOT, CUSTOMER, CYD, EVE, FAY, OFFICE, START, Life, opened, request, small
from tests.domain.test_business_clocks import OFFICE as HOURS
from tests.domain.test_clocks import LEVELS, after, clock, clocked


def view(life: Life, name: str) -> ClockView:
    return next(clock for clock in situation(life.state, life.now).clocks if clock.name == name)


def started(life: Life, name: str) -> list[e.ClockStarted]:
    return [event for event in life.all(e.ClockStarted) if event.clock == name]


# --- what stops and what starts it ------------------------------------------------------------------------------------


@pytest.mark.req("SFQ-3", "MIS-3")
def test_an_update_clock_begins_anew_with_each_update_of_a_person_and_moves_up_when_none_comes() -> None:
    news = {"stops": "update", "starts": "acknowledged", "within": {"default": "1h"}, "remind": ["10m"]}
    life = opened(clocked(news=news))
    assert "news" not in life.state.clocks
    life.pass_time("5m")
    life.taken_by(ANN)
    assert clock(life, "news").due == after(START, "65m")
    life.pass_time("30m")
    life.send(c.Note(by=BOT, text="anything new?"))
    life.send(c.Note(by=CUSTOMER, text="anything new?"))
    assert clock(life, "news").due == after(START, "65m")
    life.send(c.Note(by=ANN, text="the bank answered"))
    assert clock(life, "news").due == after(START, "95m")
    assert started(life, "news")[-1].because == "person:ann said how it stands"
    life.pass_time("50m")
    assert life.last(e.ClockReminded).at == after(START, "85m")
    assert "reminder: the limit of news is 2026-11-20 11:35 UTC" in life.sent[-1].body
    life.pass_time("10m")
    assert life.last(e.LevelEntered).because == "clock news breached: not met within 1h"
    life.taken_by(CYD).send(c.Note(by=CYD, text="I am on it"))
    assert not clock(life, "news").breached
    life.resolved(CYD)
    assert clock(life, "news").stopped_at == life.now


def test_a_clock_that_waits_for_the_end_runs_through_the_review_and_stops_as_it_closes() -> None:
    life = opened(clocked(all_of_it={"stops": "closed", "within": {"default": "10h"}, "on_breach": "tell"}))
    life.taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="paid again", cause="a batch was lost"))
    assert clock(life, "all_of_it").paused
    life.pass_time("3h")
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert not clock(life, "all_of_it").paused
    assert clock(life, "all_of_it").due == after(START, "13h")
    life.pass_time("1h")
    life.send(c.SubmitReview(by=ANN, lessons=("ask the bank",)))
    assert (life.state.outcome, clock(life, "all_of_it").stopped_at) == ("closed", after(START, "4h"))


@pytest.mark.req("EP-F4")
def test_a_clock_of_a_level_begins_anew_at_each_level_and_its_own_answer_stops_it() -> None:
    here = {"starts": "level", "stops": "acknowledged", "within": {"default": "1h"}}
    life = opened(clocked(here=here))
    life.pass_time("10m")
    life.taken_by(ANN)
    assert clock(life, "here").stopped_at == after(START, "10m")
    life.pass_time("10m")
    life.send(c.Escalate(by=ANN, reason="no_expertise", because="a matter of databases"))
    assert (clock(life, "here").started_at, clock(life, "here").stopped_at) == (after(START, "20m"), None)
    life.pass_time("1h")
    assert life.last(e.ClockBreached).at == after(START, "80m")
    # The last resort is called; that is no new level, so the same limit does not pass again and again.
    assert life.last(e.RungOpened).last_resort
    life.pass_time("5h")
    assert len(life.all(e.ClockBreached)) == 1


def test_what_a_clock_waits_for_may_be_said_also_of_the_known_ones() -> None:
    life = opened(clocked(resolution={"within": {"default": "4h"}, "stops": "human_response"})).taken_by(ANN)
    life.send(c.Note(by=ANN, text="I am looking at it"))
    assert clock(life, "resolution").stopped_at == START


# --- for whom it runs -------------------------------------------------------------------------------------------------


def test_internal_and_external_escalations_have_targets_of_their_own() -> None:
    playbook = clocked(
        inside={"stops": "resolved", "within": {"default": "8h"}, "when": 'audience == "internal"'},
        outside={"stops": "resolved", "within": {"default": "2h"}, "when": 'audience == "external"'},
    )
    assert set(opened(playbook).state.clocks) == {"outside"}
    life = Life(playbook)
    life.open(customer=None)
    assert set(life.state.clocks) == {"inside"}
    life.pass_time("1h")
    # It turns out that a customer is concerned: from now on the shorter time counts, and the longer stands still.
    life.send(c.ProvideInput(by=BOT, customer={"id": "c-1"}))  # type: ignore[arg-type]
    assert clock(life, "outside").due == after(START, "3h")
    assert clock(life, "inside").paused
    assert view(life, "inside").paused_because == 'it runs only while audience == "internal"'
    life.pass_time("1d")
    assert [event.clock for event in life.all(e.ClockBreached)] == ["outside"]


@pytest.mark.req("EP-C2", "EP-T1")
@pytest.mark.parametrize(
    ("category", "severity", "limit"),
    [("hr", "P0", "1h"), ("hr", "P2", "2d"), ("technical", "P0", "30m"), ("other", "P0", "")],
)
def test_category_and_priority_choose_the_time_together(category: str, severity: str, limit: str) -> None:
    playbook = clocked(
        people={"stops": "resolved", "when": 'category == "hr"', "within": {"P0": "1h", "default": "2d"}},
        machines={"stops": "resolved", "when": 'category == "technical"', "within": {"P0": "30m", "default": "8h"}},
    )
    life = opened(playbook, severity=severity, facts={"category": category})
    assert [each.due for each in life.state.clocks.values()] == ([after(START, limit)] if limit else [])


def test_a_clock_goes_on_when_its_condition_is_true_again_without_what_passed_meanwhile() -> None:
    life = opened(clocked(work={"stops": "resolved", "within": {"default": "4h"}, "when": "!(flags.legal == true)"}))
    assert life.state.clocks == {}  # nobody has said whether it is legal: not known is not true
    life.send(c.ChangeFacts(by=BOT, facts={"flags.legal": False}))
    assert clock(life, "work").due == after(START, "4h")
    life.taken_by(ANN)
    life.pass_time("1h")
    life.send(c.ChangeFacts(by=ANN, facts={"flags.legal": True}))
    life.pass_time("2h")
    life.send(c.PutOnHold(by=ANN, because="counsel reads it"))
    life.pass_time("1h")
    life.send(c.ChangeFacts(by=ANN, facts={"flags.legal": False}))
    assert clock(life, "work").paused  # it is still on hold
    life.send(c.Resume(by=ANN))
    assert clock(life, "work").due == after(START, "7h")
    assert len(clock(life, "work").pauses) == 1


# --- what pauses it ---------------------------------------------------------------------------------------------------


@pytest.mark.req("CSP-18")
def test_while_input_is_asked_for_a_clock_stands_still_and_the_ledger_says_for_whom_it_waits() -> None:
    playbook = clocked(
        resolution={"within": {"default": "4h"}, "paused_by": ["input", "customer"]},
        first_human_response={"within": {"default": "4h"}},
    )
    life = Life(playbook)
    life.open(context={"summary": None})
    paused = view(life, "resolution")
    assert (paused.state, paused.paused_because) == ("paused", "agent:bot is to supply summary")
    life.pass_time("6m")
    assert view(life, "resolution").left == timedelta(hours=4).total_seconds()
    life.send(c.ProvideInput(by=BOT, summary="The refund has not arrived"))
    assert clock(life, "resolution").due == after(START, "246m")
    pause = clock(life, "resolution").pauses[0]
    assert (pause.since, pause.until) == (START, after(START, "6m"))
    assert view(life, "resolution").paused_for == 360
    assert clock(life, "first_human_response").due == after(START, "4h")
    life.taken_by(ANN).send(c.PutOnHold(by=ANN, because="the bank is closed"))
    assert not clock(life, "resolution").paused  # a hold is not among what pauses it


def test_input_that_never_comes_lets_the_clock_run_on_when_people_are_told_without_it() -> None:
    life = Life(clocked(resolution={"within": {"default": "4h"}, "paused_by": ["input"]}))
    life.open(context={"summary": None})
    life.pass_time("10m")
    assert life.level == "L1"
    assert clock(life, "resolution").due == after(START, "250m")


def test_a_clock_that_waits_for_no_customer_tells_but_climbs_nothing_while_they_think() -> None:
    life = opened(clocked(resolution={"within": {"default": "4h"}, "paused_by": []})).taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    life.pass_time("3h")
    assert life.due.summary == "clock resolution has passed its limit: tell whoever is accountable"
    life.pass_time("2h")
    assert (life.level, len(life.all(e.ClockBreached))) == ("L1", 1)


# --- who hears of it --------------------------------------------------------------------------------------------------


@pytest.mark.req("WHY-8")
def test_whom_the_playbook_names_is_told_at_the_warning_and_at_the_breach_and_the_owner_is_reminded() -> None:
    policy = {"within": {"default": "4h"}, "tell": ["role:boss"], "remind": ["30m", "2h"], "on_breach": "tell"}
    life = opened(clocked(resolution=policy)).taken_by(ANN)
    life.pass_time("5h")
    assert [
        (event.type, event.at) for event in life.events if event.type.startswith("clock_") and event.at > START
    ] == [
        ("clock_reminded", after(START, "2h")),
        ("clock_warned", after(START, "3h")),
        ("clock_reminded", after(START, "210m")),
        ("clock_breached", after(START, "4h")),
    ]
    assert life.told(MessageKind.WARNING) == [ANN, ANN, FAY, ANN, ANN, EVE, FAY]


def test_a_breach_may_lead_to_a_level_and_past_it_only_tells() -> None:
    levels = [*LEVELS[:1], {**LEVELS[0], "id": "L2"}, {**LEVELS[1], "id": "L3"}]
    playbook = small(clocks={"resolution": {"within": {"default": "4h"}, "on_breach": "L3"}}, levels=levels)
    life = opened(playbook).taken_by(ANN)
    life.pass_time("3h")
    assert life.due.summary == "clock resolution has passed its limit: page L3"
    life.pass_time("1h")
    assert life.level == "L3"
    there = opened(playbook).taken_by(ANN)
    there.send(c.Escalate(by=ANN, reason="other", because="the boss asks", level="L3"))
    there.pass_time("4h")
    assert there.last(e.ClockBreached).clock == "resolution"
    assert there.last(e.LevelEntered).because.startswith("person:ann escalated")


# --- due dates --------------------------------------------------------------------------------------------------------


def due(**more: Any) -> Any:
    return clocked(due={"limit": "due_at", "stops": "resolved", "on_breach": "tell"} | more)


@pytest.mark.req("CSP-6", "AUT-9")
def test_a_due_date_of_the_request_is_kept_shown_warned_of_and_no_hold_moves_it() -> None:
    life = Life(due(remind=["1h"], on_breach="L2"))
    life.open(due_at=after(START, "8h").isoformat())
    life.taken_by(ANN)
    assert (clock(life, "due").due, clock(life, "due").warn_due) == (after(START, "8h"), after(START, "6h"))
    assert situation(life.state, life.now).due_at == after(START, "8h")
    assert "- **Due:** 2026-11-20 18:00:00 UTC" in markdown(life.state, life.now)
    assert "Due: 2026-11-20 18:00 UTC" in next(page for page in life.sent if page.kind is MessageKind.PAGE).body
    life.send(c.PutOnHold(by=ANN, because="the bank is closed"))
    life.pass_time("9h")
    happened = [
        event.type for event in life.events if event.type in ("clock_warned", "clock_reminded", "clock_breached")
    ]
    assert happened == ["clock_warned", "clock_reminded", "clock_breached"]
    assert life.last(e.LevelEntered).because == "clock due breached: not met by its due date"
    assert CYD in life.told(MessageKind.PAGE)


def test_another_due_date_moves_its_clock_with_the_old_one_kept_and_none_stops_it() -> None:
    life = Life(due())
    life.open()
    assert life.state.clocks == {}
    life.taken_by(ANN)
    life.send(c.ChangeDue(by=ANN, due_at=after(START, "8h"), because="promised"))
    life.send(c.ChangeDue(by=BOT, due_at=after(START, "6h"), because="sooner"))
    assert (started(life, "due")[-1].was_due, clock(life, "due").due) == (after(START, "8h"), after(START, "6h"))
    assert "is due 2026-11-20 16:00 UTC already" in life.refused(
        NotNow, c.ChangeDue(by=ANN, due_at=after(START, "6h"), because="again")
    )
    assert "has passed already" in life.refused(NotAllowed, c.ChangeDue(by=ANN, due_at=START, because="too late"))
    life.refused(NotAllowed, c.ChangeDue(by="person:stranger", due_at=after(START, "9h"), because="?"))
    life.send(c.ChangeDue(due_at=None, by=ANN, because="no date any more"))
    assert situation(life.state, life.now).clocks == ()
    life.pass_time("1d")
    assert life.all(e.ClockBreached) == []
    life.send(c.ChangeDue(by=ANN, due_at=life.now + timedelta(hours=1), because="a date after all"))
    life.pass_time("1h")
    assert len(life.all(e.ClockBreached)) == 1


def test_of_two_due_dates_that_are_reported_the_earlier_counts() -> None:
    life = Life(due())
    life.open(due_at=after(START, "8h").isoformat())
    life.open(request_id="r-2", due_at=after(START, "9h").isoformat())
    assert life.state.due_at == after(START, "8h")
    life.open(request_id="r-3", due_at=after(START, "7h").isoformat())
    assert (life.state.due_at, clock(life, "due").due) == (after(START, "7h"), after(START, "7h"))


def test_a_due_date_further_away_than_ten_years_is_refused_however_it_is_stated() -> None:
    life = Life(due())
    far, ten_years = "2199-12-30T00:00:00Z", START + timedelta(days=3650)
    for asked in (request(life.state.playbook, due_at=far), request(life.state.playbook, due_at=far, request_id="r-2")):
        with pytest.raises(RequestRefused) as caught:
            life.open(asked)
        assert caught.value.problems == [
            ("due_at", "is too far away: expected ten years from now at most, before 2036-11-17")
        ]
        life.open(due_at=ten_years.isoformat())
    beyond = c.ChangeDue(by=ANN, due_at=ten_years + timedelta(seconds=1), because="never")
    assert "due_at is too far away" in life.taken_by(ANN).refused(NotAllowed, beyond)


def test_a_due_date_that_has_passed_is_late_at_once_and_never_before_the_start() -> None:
    life = Life(due())
    life.open(due_at=after(START, "-1h").isoformat())
    assert clock(life, "due").due == START
    life.pass_time("1s")
    assert len(life.all(e.ClockBreached)) == 1


# --- how it looks -----------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-15")
def test_each_clock_says_what_it_waits_for_by_which_hours_and_whether_it_stands_still() -> None:
    playbook = small(
        clocks={
            "resolution": {"within": {"default": "8h"}, "calendar": "office"},
            "acknowledge": {"within": {"default": "1h"}, "on_breach": "tell"},
        },
        calendars={"office": HOURS},
        levels=LEVELS,
    )
    life = opened(playbook)
    life.pass_time("7h")  # Friday, 18:00 in Budapest
    seen = view(life, "resolution")
    assert (seen.waits_for, seen.calendar) == ("a resolution that stands", "office")
    assert (seen.stands_still, seen.closed_until) == (True, datetime(2026, 11, 23, 8, tzinfo=UTC))
    assert seen.left == timedelta(hours=2).total_seconds()
    assert view(life, "acknowledge").waits_for == "somebody to take it"
    written = markdown(life.state, life.now)
    assert "**resolution** of office hours: warned" in written
    assert "waits for a resolution that stands, stands still until 2026-11-23 08:00:00 UTC" in written
    life.taken_by(ANN).send(c.PutOnHold(by=ANN, because="the bank is closed"))
    life.pass_time("1d")
    paused = view(life, "resolution")
    assert (paused.paused_by, paused.paused_since) == (ANN, after(START, "7h"))
    assert (paused.left, paused.paused_for) == (7200, 86400)
    assert "paused by person:ann (the bank is closed)" in markdown(life.state, life.now)


def test_a_forecast_with_nobody_answering_names_each_reminder_warning_and_limit_once_and_in_order() -> None:
    policy = {"within": {"default": "4h"}, "remind": ["10m", "1h", "3h30m"], "on_breach": "tell"}
    life = opened(clocked(resolution=policy, acknowledge={"within": {"default": "2h"}, "on_breach": "tell"}))
    future = forecast(life.state, OFFICE, after(START, "2d"))
    found = [(event.type, event.clock, event.at) for event in future if event.type.startswith("clock_")]  # type: ignore[union-attr]
    assert found == [
        ("clock_reminded", "resolution", after(START, "30m")),
        ("clock_warned", "acknowledge", after(START, "90m")),
        ("clock_breached", "acknowledge", after(START, "2h")),
        ("clock_warned", "resolution", after(START, "3h")),
        ("clock_reminded", "resolution", after(START, "3h")),
        ("clock_reminded", "resolution", after(START, "230m")),
        ("clock_breached", "resolution", after(START, "4h")),
    ]


# --- what is an update ------------------------------------------------------------------------------------------------

NO_UPDATE = {
    "who has it": "acknowledge claim decline reassign offer_handoff accept_handoff decline_handoff withdraw_handoff "
    "edit_handover give_back name_communicator name_commander assign_responsibility join leave add_to_group escalate "
    "bypass record_call_transfer",
    "what somebody else wished is decided": "approve reject request_changes delegate_approval ask_approval "
    "use_approval withdraw_approval confirm_resolution reject_resolution",
    "a step inside the work, with a time of its own": "add_item claim_item start_item block_item drop_item "
    "reassign_item postpone_item complete_item submit_check approve_check reject_check confirm_checkpoint report_check "
    "request_input answer_input complete_activity document_work open_session",
    "talk about what was said": "comment react_entry mark_seen link_entry confirm_read reply advise link unlink",
    "nobody reads it yet, or says only when": "draft draft_update drop_draft edit_entry postpone_update draft_review",
    "it is solved or over by then": "submit_review rate submit_feedback submit_participant_feedback add_lesson "
    "complete_change label advise_requester close cancel",
    "how the engine goes on": "migrate open_ticket",
    "how long records are kept": "place_legal_hold release_legal_hold",
}


def test_of_every_command_it_is_said_whether_it_is_an_update() -> None:
    others = [name for names in NO_UPDATE.values() for name in names.split()]
    updates = [name for name, kind in c.COMMANDS.items() if kind in UPDATES]
    assert sorted((*others, *updates)) == sorted(c.COMMANDS)


def rhythm(rules: int = 2) -> Life:
    """An incident of ann's whose updates are due every hour, half an hour after the latest."""
    news = {"stops": "update", "starts": "acknowledged", "within": {"default": "1h"}}
    life = opened(small(clocks={"news": news}, incident={}, levels=LEVELS)).taken_by(ANN)
    life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    life.send(c.PostEntry(by=ANN, kind=EntryKind.QUESTION, text="since when?", draft=True))
    life.send(c.OpenSession(by=ANN, join_url="https://meet.example/1"))
    life.state = life.state.changed({"rules": rules})
    life.pass_time("30m")
    return life


def of_the_draft(life: Life) -> int:
    return life.last(e.EntryPosted).seq


TELLING: list[Callable[[Life], c.Act]] = [
    lambda _: c.ReportBaseline(by=ANN, what_happened="down", who_is_affected="all", why_urgent="a sale"),
    lambda _: c.FileInPlan(by=ANN, section="situation_summary", typed="assessment", text="a full disk"),
    lambda _: c.SetPriorities(by=ANN, priorities=("payments",)),
    lambda _: c.StandDown(by=ANN, because="all pay again"),
    lambda life: c.ReleaseEntry(by=ANN, entry=of_the_draft(life)),
    lambda life: c.AnswerEntry(by=ANN, entry=of_the_draft(life), text="since noon"),
    lambda _: c.CloseSession(by=ANN, decisions=("we wait",), none=("items",)),
]


@pytest.mark.parametrize("command", TELLING)
def test_whoever_says_how_it_stands_has_given_the_update_whichever_way(command: Callable[[Life], c.Act]) -> None:
    life = rhythm()
    life.send(command(life))
    assert clock(life, "news").due == after(START, "90m")
    recorded = rhythm(rules=1)
    recorded.send(command(recorded))
    assert clock(recorded, "news").due == after(START, "60m"), "recorded lives replay as they were"


def test_a_draft_is_no_update_before_it_is_released() -> None:
    life = rhythm()
    life.send(c.PostEntry(by=ANN, kind=EntryKind.NOTE, text="the bank", draft=True))
    assert clock(life, "news").due == after(START, "60m")
    life.send(c.PostEntry(by=ANN, kind=EntryKind.NOTE, text="the bank answered"))
    assert clock(life, "news").due == after(START, "90m")
