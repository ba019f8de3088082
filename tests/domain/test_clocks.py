"""Clocks: how long something may take, warned before, acted on at the limit, paused with a ledger of who and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.model.timing import Clock
from escalation.playbook.clocks import ClockName
from escalation.playbook.schema import Playbook
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, CYD, EVE, SERVICE, START, Life, minutes, opened, small

ACK, RESPONSE, RESOLUTION = ClockName.ACKNOWLEDGE, ClockName.FIRST_HUMAN_RESPONSE, ClockName.RESOLUTION

QUIET = [{"id": "L1", "targets": ["team:desk"], "ack": "30d", "dwell": "60d"}]
"""A first level that stays as it is, so that a clock alone moves."""
LEVELS = [
    *QUIET,
    {"id": "L2", "targets": ["team:experts"], "ack": "30d", "dwell": "60d", "last_resort": "role:boss"},
]


def clocked(**clocks: Any) -> Playbook:
    return small(clocks=clocks, levels=LEVELS)


def clock(life: Life, name: str) -> Clock:
    return life.state.clocks[name]


def after(start: datetime, duration: str) -> datetime:
    return start + minutes(duration)


@pytest.mark.req("WHY-8", "CSE-10", "AGT-4")
def test_a_clock_warns_before_its_limit_and_at_the_limit_it_goes_up() -> None:
    life = opened(clocked(resolution={"within": {"default": "4h"}})).taken_by(ANN)
    life.pass_time("179m")
    assert life.all(e.ClockWarned) == []
    life.pass_time("1m")
    assert life.last(e.ClockWarned).at == after(START, "3h")
    assert life.told(MessageKind.WARNING) == [ANN]
    assert "resolution is close to its limit, 2026-11-20 14:00 UTC" in life.sent[-1].body
    life.pass_time("59m")
    assert not life.state.breached
    life.pass_time("1m")
    assert life.last(e.ClockBreached).at == after(START, "4h")
    assert (life.level, life.owner, life.state.breached) == ("L2", ANN, True)
    assert life.last(e.LevelEntered).because == "clock resolution breached: not met within 4h"
    assert set(life.told(MessageKind.WARNING)[1:]) == {EVE, ANN}
    assert life.told(MessageKind.PAGE)[-2:][0] == CYD


def test_a_breach_may_only_tell() -> None:
    life = opened(clocked(resolution={"within": {"default": "4h"}, "on_breach": "tell"})).taken_by(ANN)
    life.pass_time("5h")
    assert life.level == "L1"
    assert EVE in life.told(MessageKind.WARNING)


def test_a_warning_before_anybody_owns_it_goes_to_the_accountable() -> None:
    life = opened(clocked(acknowledge={"within": {"default": "1h"}, "warn_at": 0.5, "on_breach": "tell"}))
    life.pass_time("30m")
    assert life.told(MessageKind.WARNING) == [EVE]


@pytest.mark.req("EP-T1", "WLF-15")
@pytest.mark.parametrize(("severity", "within"), [("P0", "10m"), ("P1", "30m"), ("P2", "2h"), ("P3", "8h")])
def test_the_limit_follows_from_the_severity_and_is_visible(severity: str, within: str) -> None:
    facts = {"task_risk": "low", "ai_confidence": 0.1} if severity == "P3" else {}
    life = opened(SERVICE, severity=severity, facts=facts)
    assert life.state.severity == severity
    assert clock(life, RESPONSE).due == after(START, within)
    assert clock(life, RESPONSE).warn_due == START + minutes(within) * 0.75


def test_a_clock_may_count_from_first_contact() -> None:
    life = opened(clocked(resolution={"within": {"default": "4h"}, "starts": "first_contact"}))
    assert clock(life, RESOLUTION).started_at == after(START, "-30m")
    assert clock(life, RESOLUTION).due == after(START, "210m")
    unknown = Life(clocked(resolution={"within": {"default": "4h"}, "starts": "first_contact"}))
    unknown.open(case={"system": "helpdesk", "id": "1"})
    assert clock(unknown, RESOLUTION).started_at == START
    future = Life(clocked(resolution={"within": {"default": "4h"}, "starts": "first_contact"}))
    future.open(case={"system": "helpdesk", "id": "1", "opened_at": "2027-01-01T00:00:00Z"})
    assert clock(future, RESOLUTION).started_at == START


def test_a_clock_that_has_no_limit_at_a_severity_does_not_run() -> None:
    playbook = clocked(resolution={"within": {"P0": "1h"}})
    life = opened(playbook).taken_by(ANN)
    assert life.state.clocks == {}
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    assert clock(life, RESOLUTION).due == after(START, "1h")
    life.send(c.ChangeSeverity(by=ANN, severity="P2", because="a false alarm"))
    assert clock(life, RESOLUTION).stopped_at is not None


# --- what stops a clock ---------------------------------------------------------------------------------------------


def test_acknowledging_stops_one_clock_and_answering_another() -> None:
    life = opened(SERVICE)
    ann = "person:eva.novak"
    life.taken_by(ann)
    assert clock(life, ACK).stopped_at == START
    assert clock(life, RESPONSE).stopped_at is None
    life.pass_time("5m")
    life.send(c.Note(by=ann, text="I am looking at it"))
    assert clock(life, RESPONSE).stopped_at == after(START, "5m")
    life.resolved(ann)
    assert clock(life, RESOLUTION).stopped_at == life.now


@pytest.mark.parametrize(
    "command",
    [
        c.Note(by=BOT, text="still unsure"),
        c.ChangeFacts(by=BOT, facts={"topic": "two"}),
        c.Note(by=CUSTOMER, text="hello?"),
        c.Note(by=BOB, text="is there any news?"),
        c.TimePassed(),
        c.SignalRefused(name="note", error="malformed"),
    ],
    ids=lambda command: f"{type(command).__name__} by {command.by}",
)
def test_neither_an_ai_nor_the_customer_nor_who_asked_nor_the_engine_answers_as_a_human(command: c.Command) -> None:
    life = Life(clocked(first_human_response={"within": {"default": "1h"}}))
    life.open(requested_by=BOB if command.by == BOB else BOT)
    life.taken_by(ANN)
    life.send(command)
    assert clock(life, RESPONSE).stopped_at is None


# --- changes of severity --------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-14")
def test_a_severity_is_changed_by_people_tracked_and_moves_the_limits() -> None:
    life = opened(SERVICE).taken_by("person:eva.novak")
    life.pass_time("10m")
    life.send(c.ChangeSeverity(by="person:eva.novak", severity="critical", because="the whole shop is down"))
    changed = life.last(e.SeverityChanged)
    assert (changed.previous, changed.severity, changed.because) == ("P2", "P0", "the whole shop is down")
    assert life.state.severity == "P0"
    assert clock(life, RESOLUTION).due == after(START, "-30m") + timedelta(hours=4)
    assert "is P0 already" in life.refused(NotNow, c.ChangeSeverity(by="person:eva.novak", severity="P0", because="?"))


def test_a_breach_is_not_reported_twice_when_the_severity_gets_worse() -> None:
    playbook = clocked(resolution={"within": {"P0": "1h", "default": "4h"}})
    life = opened(playbook).taken_by(ANN)
    life.pass_time("4h")
    life.taken_by(CYD)
    life.send(c.ChangeSeverity(by=CYD, severity="P0", because="the press called"))
    life.pass_time("1d")
    assert len(life.all(e.ClockBreached)) == 1
    assert life.state.breached


def test_a_milder_severity_gives_more_time() -> None:
    life = opened(clocked(resolution={"within": {"P2": "1d", "default": "4h"}})).taken_by(ANN)
    life.pass_time("200m")
    life.send(c.ChangeSeverity(by=ANN, severity="P2", because="it can wait"))
    assert (clock(life, RESOLUTION).warned, clock(life, RESOLUTION).due) == (False, after(START, "1d"))


# --- pauses ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("CSP-18")
def test_a_hold_pauses_the_clocks_that_may_and_the_ledger_says_who_why_and_how_long() -> None:
    playbook = clocked(
        resolution={"within": {"default": "4h"}},
        first_human_response={"within": {"default": "4h"}, "pause_on_hold": False, "on_breach": "tell"},
    )
    life = opened(playbook).taken_by(ANN)
    life.pass_time("1h")
    life.send(c.PutOnHold(by=EVE, because="the bank is closed"))
    assert life.state.waiting_on == "hold"
    life.pass_time("2h")
    life.send(c.Resume(by=ANN))
    pause = clock(life, RESOLUTION).pauses[0]
    assert (pause.by, pause.because) == (EVE, "the bank is closed")
    assert (pause.since, pause.until) == (after(START, "1h"), after(START, "3h"))
    assert clock(life, RESOLUTION).due == after(START, "6h")
    assert clock(life, RESOLUTION).warn_due == after(START, "5h")
    assert clock(life, RESPONSE).pauses == ()
    life.pass_time("3h")
    assert life.all(e.ClockBreached)[-1].clock == RESOLUTION


def test_nothing_breaches_while_it_is_on_hold() -> None:
    life = opened(clocked(resolution={"within": {"default": "1h"}})).taken_by(ANN)
    life.send(c.PutOnHold(by=ANN, because="the bank is closed"))
    life.pass_time("3d")
    assert life.all(e.ClockBreached) == []
    assert life.state.hold is None  # the longest hold is over
    life.pass_time("1h")
    assert len(life.all(e.ClockBreached)) == 1


def test_a_severity_that_changes_in_a_pause_does_not_count_the_pause_twice() -> None:
    life = opened(clocked(resolution={"within": {"P0": "2h", "default": "4h"}})).taken_by(ANN)
    life.send(c.PutOnHold(by=ANN, because="the bank is closed"))
    life.pass_time("1h")
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    life.pass_time("1h")
    life.send(c.Resume(by=ANN))
    assert clock(life, RESOLUTION).due == after(START, "4h")
    life.send(c.ChangeSeverity(by=ANN, severity="P1", because="not any more"))
    assert clock(life, RESOLUTION).due == after(START, "6h")


def test_clocks_wait_while_the_resolution_waits_to_be_confirmed() -> None:
    life = opened(clocked(resolution={"within": {"default": "4h"}})).taken_by(ANN)
    life.pass_time("1h")
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    life.pass_time("5h")
    life.send(c.RejectResolution(by=CUSTOMER, because="nothing came"))
    assert clock(life, RESOLUTION).due == after(START, "9h")
    assert clock(life, RESOLUTION).pauses[0].because == "waiting for the resolution to be confirmed"


def test_the_time_at_a_level_waits_too_but_only_from_when_it_was_entered() -> None:
    life = opened(small()).taken_by(ANN)
    life.pass_time("1h")
    life.send(c.PutOnHold(by=ANN, because="the bank is closed"))
    life.pass_time("5h")
    assert life.level == "L1"
    life.send(c.Escalate(by=ANN, reason="other", because="it is urgent after all"))
    life.taken_by(CYD)
    life.pass_time("1h")
    life.send(c.Resume(by=CYD))
    assert life.state.level is not None
    assert life.state.level.dwell_due == after(START, "6h") + timedelta(hours=4 + 1)


def test_a_hold_ends_by_itself_at_its_instant_and_the_owner_is_told() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.PutOnHold(by=ANN, because="until tomorrow", until=after(START, "20h")))
    assert (life.due.kind, life.due.at) == ("hold", after(START, "20h"))
    life.pass_time("20h")
    assert (life.state.hold, life.last(e.HoldEnded).by) == (None, "system:engine")
    assert "the hold has ended: its declared end has come" in life.sent[-1].body


def test_without_an_end_a_hold_lasts_as_long_as_the_playbook_allows_and_never_longer() -> None:
    life = opened(small()).taken_by(ANN)
    refusal = life.refused(NotAllowed, c.PutOnHold(by=ANN, because="later", until=after(START, "73h")))
    assert "the playbook allows a hold of 3d: until 2026-11-23 10:00 UTC at the latest" in refusal
    past = life.refused(NotAllowed, c.PutOnHold(by=ANN, because="later", until=START))
    assert "the end of the hold has passed already" in past
    life.send(c.PutOnHold(by=ANN, because="later"))
    assert life.state.hold is not None
    assert life.state.hold.until == after(START, "3d")


def test_a_hold_needs_somebody_who_has_it_and_work_that_goes_on() -> None:
    life = opened(small())
    hold = c.PutOnHold(by=ANN, because="later")
    assert "nobody has taken" in life.refused(NotNow, hold)
    life.taken_by(ANN)
    assert "is not on hold" in life.refused(NotNow, c.Resume(by=ANN))
    assert "is not a person" in life.refused(NotAllowed, c.PutOnHold(by=BOT, because="later"))
    life.send(hold)
    assert "is on hold since 2026-11-20 10:00 UTC by person:ann" in life.refused(AlreadyDone, hold)
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    assert life.last(e.HoldEnded).because == "a resolution was proposed"
    assert "there is no work to hold" in life.refused(NotNow, hold)
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert "there is no work to hold" in life.refused(NotNow, hold)
