"""Laws of clocks for made-up calendars, severities and pauses; and the rules of design.md with clocks of all kinds."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.calendars import passed
from escalation.foresight import forecast
from escalation.lifecycle.changes import time
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.timing import clocks
from escalation.lifecycle.timing.clock_views import clock_views
from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.schema import Playbook
from escalation.values import ENGINE
from tests.domain.builders import ANN, BOT, OFFICE, START, Life, opened, small
from tests.domain.test_business_clocks import OFFICE as HOURS
from tests.domain.test_clocks import LEVELS
from tests.domain.test_properties import HAPPENINGS, generated, lead, lives
from tests.support.choices import Choices

MINUTES = st.integers(1, 4 * 24 * 60).map(lambda number: timedelta(minutes=number))
ROUND_THE_CLOCK = {"time_zone": "UTC", "week": {day: ["00:00-24:00"] for day in HOURS["week"]}}
NIGHTS = {"time_zone": "America/New_York", "week": {day: ["22:00-06:00"] for day in ("monday", "thursday", "saturday")}}
CALENDARS = st.sampled_from((None, "office", "always", "nights"))
OPENED = st.integers(0, 300 * 24 * 60).map(lambda number: START + timedelta(minutes=number))
LAWS = settings(max_examples=100, deadline=None)


def playbook(calendar: str | None, limit: timedelta, worse: timedelta, **policy: Any) -> Playbook:
    return small(
        clocks={
            "resolution": {
                "within": {"default": limit, "P0": worse},
                "calendar": calendar,
                "on_breach": "tell",
                **policy,
            }
        },
        calendars={"office": HOURS, "always": ROUND_THE_CLOCK, "nights": NIGHTS},
        levels=LEVELS,
        hold_at_most="30d",
    )


def led(book: Playbook, at: datetime, waits: list[tuple[timedelta, timedelta]]) -> Life:
    """Have it taken and put on hold again and again: so long worked on, so long on hold."""
    life = Life(book, now=at)
    life.open()
    life.taken_by(ANN)
    for works, holds in waits:
        life.pass_time(works)
        life.send(c.PutOnHold(by=ANN, because="the bank is closed"))
        life.pass_time(holds)
        life.send(c.Resume(by=ANN))
    return life


WAITS = st.lists(st.tuples(MINUTES, MINUTES), max_size=4)


@LAWS
@given(calendar=CALENDARS, limit=MINUTES, at=OPENED, waits=WAITS)
def test_a_clock_paused_any_number_of_times_loses_exactly_the_time_of_its_own_that_the_pauses_took(
    calendar: str | None, limit: timedelta, at: datetime, waits: list[tuple[timedelta, timedelta]]
) -> None:
    book = playbook(calendar, limit, limit)
    life = led(book, at, waits)
    clock, hours = life.state.clocks["resolution"], book.calendar_of("resolution")
    assert len(clock.pauses) == len(waits)
    assert clock.started_at <= clock.warn_due <= clock.due
    if clock.breached:
        return  # of what was over already when it was paused there is nothing to lose
    ended = [(pause.since, pause.until) for pause in clock.pauses if pause.until is not None]
    lost = sum((passed(hours, since, until) for since, until in ended), timedelta(0))
    assert passed(hours, clock.started_at, clock.due) == limit + lost


@LAWS
@given(calendar=CALENDARS, limit=MINUTES, worse=MINUTES, at=OPENED, waits=WAITS, kept=st.integers(1, 3))
def test_what_a_ledger_does_not_keep_is_lost_all_the_same(
    calendar: str | None,
    limit: timedelta,
    worse: timedelta,
    at: datetime,
    waits: list[tuple[timedelta, timedelta]],
    kept: int,
) -> None:
    book, known = playbook(calendar, limit, worse), []
    for most in (100, kept):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "MOST_PAUSES", most)
            life = led(book, at, waits)
            life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
        clock, view = life.state.clocks["resolution"], next(clock_views(life.state, life.now))
        known.append((clock.due, clock.warn_due, clock.breached, view.paused_for, view.left))
        assert len(clock.pauses) <= most
    assert known[0] == known[1]


def test_a_clock_that_is_paused_hundreds_of_times_stays_small() -> None:
    triggers = [trigger.model_dump() for trigger in small().triggers if trigger.id != "legal"]
    policy = {"stops": "resolved", "when": "flags.legal", "within": {"default": "10d"}}
    life = opened(small(clocks={"a": policy}, triggers=triggers))
    for number in range(101):
        life.send(c.ChangeFacts(by=BOT, facts={"flags.legal": number % 2 == 0}))
        life.pass_time("1m")
    assert len(life.state.clocks["a"].pauses) == time.MOST_PAUSES
    assert life.state.clocks["a"].due == START + timedelta(days=10, minutes=50)


@LAWS
@given(calendar=CALENDARS, limit=MINUTES, worse=MINUTES, at=OPENED, waits=WAITS, left=MINUTES)
def test_setting_anew_twice_is_once_and_worse_and_back_again_is_as_before(
    calendar: str | None,
    limit: timedelta,
    worse: timedelta,
    at: datetime,
    waits: list[tuple[timedelta, timedelta]],
    left: timedelta,
) -> None:
    life = led(playbook(calendar, limit, worse, remind=[left]), at, waits)
    once = Draft(life.state, ENGINE, life.now)
    clocks.recompute(once)
    twice = Draft(once.state, ENGINE, life.now)
    clocks.recompute(twice)
    assert twice.state.clocks == once.state.clocks
    before = life.state.clocks["resolution"]
    if before.breached:
        return
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    assert life.state.clocks["resolution"].due >= before.started_at
    life.send(c.ChangeSeverity(by=ANN, severity="P1", because="not any more"))
    hours = life.state.playbook.calendar_of("resolution")
    after = life.state.clocks["resolution"]
    # The end of a slot and the opening of the next are one moment of business time.
    assert passed(hours, after.started_at, after.due) == passed(hours, before.started_at, before.due)
    assert after.pauses == before.pauses


@LAWS
@given(
    calendar=CALENDARS,
    limit=st.integers(3, 2000),
    reminders=st.lists(st.integers(1, 1999), unique=True, max_size=4),
    at=OPENED,
)
def test_with_nobody_answering_each_reminder_warning_and_limit_is_foreseen_once_and_in_order(
    calendar: str | None, limit: int, reminders: list[int], at: datetime
) -> None:
    within, before = timedelta(minutes=limit), [timedelta(minutes=number) for number in reminders if number < limit]
    life = Life(playbook(calendar, within, within, remind=before), now=at)
    life.open()
    future = forecast(life.state, OFFICE, at + timedelta(days=60))
    found = [event for event in future if isinstance(event, e.ClockWarned | e.ClockReminded | e.ClockBreached)]
    assert Counter(event.type for event in found) == {
        "clock_warned": 1,
        "clock_breached": 1,
        **({"clock_reminded": len(before)} if before else {}),
    }
    assert [event.at for event in found] == sorted(event.at for event in found)
    assert found[-1].type == "clock_breached"


# --- and with everything else -----------------------------------------------------------------------------------------


def every_kind(choose: Choices) -> Playbook:
    """Make up a playbook with clocks of every kind, acknowledgements that lapse, timed statuses and a table."""
    base = generated(choose)
    last = base.levels[-1].id
    named = {
        name: {
            "stops": choose.of(("acknowledged", "human_response", "update", "resolved", "closed")),
            "starts": choose.of(("trigger", "first_contact", "acknowledged", "level")),
            "within": choose.of(({"default": "1h"}, {"P0": "10m", "default": "3h"}, {"P0": "30m", "P1": "2d"})),
            "when": choose.of((None, 'audience == "external"', 'topic == "two"', "severity.rank <= 1.0")),
            "paused_by": choose.of((None, [], ["input"], ["hold", "customer", "input"])),
            "remind": choose.of(([], ["5m"], ["5m", "20m"])),
            "tell": choose.of(([], ["role:boss"])),
            "on_breach": choose.of(("level_up", "tell", last)),
            "calendar": choose.of((None, "office")),
        }
        for name in ("one", "two", "resolution")
        if choose.chance(70)
    }
    named["due"] = {"limit": "due_at", "stops": "resolved", "remind": ["10m"], "on_breach": choose.of(("tell", last))}
    lowering = choose.chance(50)
    gates = [*(gate.model_dump() for gate in base.gates)]
    if lowering:
        gates.append(
            {
                "id": "milder",
                "before": "lowering",
                "approvers": ["role:security"],
                "deadline": "30m",
                "on_expiry": choose.of(("deny", "halt", "escalate", "next_deputy", "approve")),
                "because": "somebody has to",
                "deputies": ["role:deputy"],
            }
        )
    severity = base.severity.model_dump() | {
        "table": {"rows": "topic", "columns": "plan", "cells": {"two": {"restart it": "P0", "replace it": "P2"}}},
        "lowering": {"gate": "milder"} if lowering else None,
    }
    content = base.model_dump() | {
        "levels": [{**level.model_dump(), "ack_lasts": choose.of((None, "30m", "3h"))} for level in base.levels],
        "clocks": named,
        "calendars": {"office": HOURS},
        "gates": gates,
        "severity": severity,
        "statuses": [
            {"status": "Calling", "stage": "assignment", "within": "20m"},
            {"status": "In work", "stage": "resolution", "within": "4h", "then": choose.of(("remind", "level_up"))},
        ],
    }
    return Playbook.model_validate(content)


@pytest.mark.req("DEF-7")
@lives(1.06)
@given(shape=st.binary(min_size=90, max_size=120), data=HAPPENINGS)
def test_the_rules_hold_with_every_kind_of_clock_whatever_happens(shape: bytes, data: bytes) -> None:
    lead(every_kind(Choices(shape)), OFFICE, Choices(data))


def test_an_agent_that_changes_facts_never_makes_it_milder() -> None:
    book = small(severity={**small().severity.model_dump(), "rules": [{"when": 'topic == "two"', "severity": "P2"}]})
    life = opened(book, severity="P0")
    life.send(c.ChangeFacts(by=BOT, facts={"topic": "two"}))
    assert life.state.severity == "P0"
