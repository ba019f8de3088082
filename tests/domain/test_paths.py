"""Paths: variants of the ladder, the matrix of severity by level and time, and branches by the hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.errors import NotAllowed, NotNow, Unknown
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.playbook.schema import Playbook
from tests.domain.builders import ANN, BOB, CYD, EVE, FAY, HAL, IDA, START, Life, opened, small

LADDER: list[dict[str, Any]] = [
    {"id": "L1", "targets": ["team:desk"], "ack": "10m", "repeat": 1, "dwell": "2h"},
    {"id": "S1", "targets": ["role:security"], "ack": "5m", "dwell": "1h"},
    {"id": "L2", "targets": ["team:experts"], "ack": "15m", "dwell": "4h"},
    {"id": "L3", "targets": ["role:lead"], "ack": "20m", "dwell": "8h", "last_resort": "role:boss"},
]
PATHS: list[dict[str, Any]] = [
    {"id": "security", "when": "flags.security", "levels": ["S1", "L3"], "about": "security is concerned"},
    {"id": "usual", "levels": ["L1", "L2", "L3"]},
]
OFFICE_HOURS = {
    "office": {
        "time_zone": "UTC",
        "week": {day: ["08:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
    }
}


def pathed(**changes: Any) -> Playbook:
    return small(**{"levels": LADDER, "paths": PATHS, **changes})


def levels(life: Life) -> list[str]:
    return [event.level for event in life.all(e.LevelEntered)]


def minutes(life: Life, kind: type[e.EventBase] = e.RungOpened) -> list[float]:
    return [(event.at - START) / timedelta(minutes=1) for event in life.all(kind)]


# --- variants ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("LA-9", "EP-UC1")
def test_each_kind_of_case_climbs_a_path_of_its_own_to_its_end() -> None:
    usual = opened(pathed())
    usual.pass_time("3h")
    assert levels(usual)[:4] == ["L1", "L2", "L3", "L3"]
    secure = opened(pathed(), facts={"flags.security": True})
    secure.pass_time("3h")
    assert levels(secure)[:3] == ["S1", "L3", "L3"]
    assert secure.all(e.PathTaken)[0].because == "security is concerned"
    assert secure.told(MessageKind.PAGE)[:3] == [HAL, EVE, FAY]


def test_what_becomes_true_later_changes_over_to_the_path_that_stands_before() -> None:
    life = opened(pathed())
    life.send(c.Acknowledge(by=ANN))
    life.send(c.ChangeFacts(by=ANN, facts={"flags.security": True}))
    assert (life.state.path, levels(life)) == ("security", ["L1", "S1"])
    assert "security is concerned is true now" in life.all(e.PathTaken)[-1].because
    life.send(c.ChangeFacts(by=ANN, facts={"flags.security": False}))
    assert life.state.path == "security"  # what no longer holds takes nobody away who was called


def test_a_trigger_s_level_means_the_first_of_the_path_that_is_not_below_it() -> None:
    life = opened(pathed(), facts={"flags.security": True, "flags.legal": True})
    assert levels(life) == ["L3"]  # L2 is not on that path


def test_after_the_last_level_it_goes_on_along_the_path_that_follows() -> None:
    paths = [{**PATHS[0], "levels": ["S1"], "then": "usual"}, PATHS[1]]
    life = opened(pathed(paths=paths), facts={"flags.security": True})
    life.pass_time("6m")
    assert [event.path for event in life.all(e.PathTaken)] == ["security", "usual"]
    assert levels(life) == ["S1", "L1"]
    assert life.all(e.PathTaken)[-1].because == "nobody acknowledged at S1 within 5m"


def test_a_person_sends_it_along_another_path_or_to_a_level_of_its_own() -> None:
    life = opened(pathed())
    life.send(c.Acknowledge(by=ANN))
    reason: dict[str, Any] = {"by": ANN, "reason": "no_expertise", "because": "an intruder"}
    said = life.refused(Unknown, c.Escalate(**reason, level="S1"))
    assert "path usual of playbook small has no level S1; it has L1, L2, L3" in said
    assert "has no path securty; it has security, usual" in life.refused(Unknown, c.Escalate(**reason, path="securty"))
    assert "not both" in life.refused(NotAllowed, c.Escalate(**reason, path="security", level="L3"))
    assert "is on path usual already" in life.refused(NotNow, c.Escalate(**reason, path="usual"))
    life.send(c.Escalate(**reason, path="security"))
    assert (life.state.path, levels(life)) == ("security", ["L1", "S1"])


# --- the matrix -------------------------------------------------------------------------------------------------------


@pytest.mark.req("SMX-1")
def test_a_cell_says_who_how_soon_how_often_and_by_which_channel_at_a_severity() -> None:
    cell = {
        "severity": ["P0"],
        "level": "L1",
        "targets": ["role:finance"],
        "ack": "3m",
        "repeat": 0,
        "channels": ["sms"],
    }
    worst = opened(small(matrix=[cell]), facts={"flags.security": True})
    assert worst.told(MessageKind.PAGE) == [IDA]
    assert worst.rung.due == START + timedelta(minutes=3)
    assert [page.channels for page in worst.sent if page.kind is MessageKind.PAGE] == [("sms",)]
    worst.pass_time("3m")
    assert levels(worst) == ["L1", "L2"]
    other = opened(small(matrix=[cell]))
    assert (other.told(MessageKind.PAGE), other.rung.due) == ([ANN, BOB], START + timedelta(minutes=10))


@pytest.mark.req("SMX-1", "EP-T1")
def test_after_a_time_a_cell_raises_it_even_though_somebody_has_it() -> None:
    matrix = [{"severity": ["P1"], "after": "30m", "level": "L3"}]
    life = opened(small(matrix=matrix))
    life.send(c.Acknowledge(by=ANN))
    assert (life.due.at, life.due.summary) == (START + timedelta(minutes=30), "still P1 after 30m: go to L3")
    life.pass_time("31m")
    assert levels(life) == ["L1", "L3"]
    assert "P1 for 30m" in life.all(e.LevelEntered)[-1].because
    assert life.state.owner is not None
    assert life.state.owner.actor == ANN


def test_time_on_hold_does_not_count_for_the_matrix() -> None:
    life = opened(small(matrix=[{"severity": ["P1"], "after": "30m", "level": "L3"}]))
    life.send(c.Acknowledge(by=ANN))
    life.pass_time("10m")
    life.send(c.PutOnHold(by=ANN, because="waits", until=life.now + timedelta(hours=5)))
    life.pass_time("4h")
    assert levels(life) == ["L1"]
    life.send(c.Resume(by=ANN))
    assert life.due.at == life.now + timedelta(minutes=20)


@pytest.mark.req("EP-T3")
def test_a_cell_with_a_condition_speaks_when_both_have_come() -> None:
    matrix = [{"severity": ["P1"], "after": "30m", "level": "L2", "when": "attempts.standard_done"}]
    life = opened(small(matrix=matrix))
    life.send(c.Acknowledge(by=ANN))
    life.pass_time("1h")
    assert levels(life) == ["L1"]
    life.send(c.ChangeFacts(by=ANN, facts={"attempts.standard_done": True}))
    life.pass_time("1s")
    assert levels(life) == ["L1", "L2"]


def test_a_cell_may_call_others_without_leaving_the_level_and_does_so_once() -> None:
    matrix = [{"id": "boss", "severity": ["P1"], "after": "45m", "targets": ["role:boss"]}]
    life = opened(small(matrix=matrix))
    life.send(c.Acknowledge(by=ANN))
    life.pass_time("46m")
    assert (levels(life), life.told(MessageKind.PAGE)[-1], life.state.reached) == (["L1"], FAY, ("boss",))
    life.pass_time("30m")
    assert [event.cell for event in life.all(e.CellReached)] == ["boss"]


def test_worse_means_the_round_is_set_anew_and_the_old_time_stays_on_the_timeline() -> None:
    life = opened(small(matrix=[{"severity": ["P0"], "level": "L1", "ack": "5m"}]))
    life.pass_time("2m")
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="it spreads"))
    moved = life.all(e.RungMoved)[0]
    assert (moved.due, moved.was_due) == (START + timedelta(minutes=5), START + timedelta(minutes=10))
    assert "the severity is P0 now" in moved.because
    life.pass_time("3m")
    assert minutes(life) == [0, 5]


def test_worse_means_that_others_are_called_where_the_matrix_names_others() -> None:
    life = opened(small(matrix=[{"severity": ["P0"], "level": "L1", "targets": ["role:finance"]}]))
    life.pass_time("2m")
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="it spreads"))
    assert life.rung.people == (IDA,)
    assert minutes(life) == [0, 2]


def test_whom_a_cell_called_is_called_again_in_the_next_round_and_when_it_gets_worse() -> None:
    cells = [
        {"severity": ["P1"], "after": "45m", "targets": ["role:boss"]},
        {"severity": ["P0"], "level": "L1", "targets": ["role:finance"], "ack": "5m"},
    ]
    life = opened(small(matrix=cells))
    life.send(c.Acknowledge(by=ANN))
    life.pass_time("46m")
    assert life.rung.people == (FAY,)
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="it spreads"))
    assert life.rung.people == (FAY,)
    life.pass_time("6m")
    assert life.told(MessageKind.PAGE)[-2:] == [FAY, FAY]


# --- hours ------------------------------------------------------------------------------------------------------------


def at_hour(playbook: Playbook, at: datetime) -> Life:
    life = Life(playbook, now=at)
    life.open()
    return life


@pytest.mark.req("LA-CH11")
def test_out_of_hours_others_are_called_than_in_hours() -> None:
    routes = [{"when": "true", "outside": "office", "targets": ["role:security"]}]
    playbook = small(calendars=OFFICE_HOURS, routing=routes)
    friday = datetime(2026, 11, 20, 17, 55, tzinfo=UTC)
    assert at_hour(playbook, friday).told(MessageKind.PAGE) == [ANN, BOB]
    late = at_hour(playbook, friday)
    late.pass_time("10m")  # the next round begins at 18:05
    assert late.told(MessageKind.PAGE)[-1] == HAL


def test_an_answer_may_be_waited_for_in_working_hours_only() -> None:
    levels_ = [{**LADDER[0], "calendar": "office"}, LADDER[3]]
    life = at_hour(small(calendars=OFFICE_HOURS, levels=levels_), datetime(2026, 11, 20, 17, 55, tzinfo=UTC))
    assert life.rung.due == datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
    assert life.state.level is not None
    assert life.state.level.dwell_due == datetime(2026, 11, 23, 9, 55, tzinfo=UTC)
    life.now = life.rung.due
    life.pass_time("0s")
    assert life.all(e.RungOpened)[1].because == "nobody acknowledged at L1 within 10m of office hours"


def test_a_hold_over_the_weekend_costs_a_level_in_office_hours_nothing() -> None:
    levels_ = [{**LADDER[0], "calendar": "office"}, LADDER[3]]
    life = at_hour(small(calendars=OFFICE_HOURS, levels=levels_), datetime(2026, 11, 20, 17, tzinfo=UTC))
    life.send(c.Acknowledge(by=ANN))  # the level lasts 2h: one on Friday, one on Monday
    life.send(c.PutOnHold(by=ANN, because="waits", until=datetime(2026, 11, 23, 10, tzinfo=UTC)))
    life.now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    life.pass_time("0s")
    assert life.state.level is not None
    assert life.state.level.dwell_due == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_people_of_a_round_that_reached_nobody_are_not_called_again() -> None:
    life = Life(small(), unreachable=(ANN, BOB))
    life.open()
    assert [event.rung for event in life.all(e.RungOpened)] == ["L1/1", "L2/2"]
    assert life.told(MessageKind.PAGE) == [CYD, "person:dan"]
