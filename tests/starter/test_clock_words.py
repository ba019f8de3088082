"""Clocks and severity on a terminal: what is waited for, what stands still and why, what moved and from where."""

from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from escalation.foresight import forecast
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from starter import render
from starter.steps import steps
from starter.story import say
from tests.domain.builders import ANN, OFFICE, START, opened, small
from tests.domain.test_business_clocks import OFFICE as HOURS
from tests.domain.test_clocks import LEVELS
from tests.domain.test_signs_of_life import STATUSES

SECTIONS: dict[str, Any] = {
    "clocks": {
        "resolution": {"within": {"P0": "4h", "default": "8h"}, "calendar": "office", "on_breach": "tell"},
        "news": {"stops": "update", "within": {"default": "9h"}, "remind": ["1h"], "on_breach": "tell"},
    },
    "calendars": {"office": HOURS},
    "levels": [{**LEVELS[0], "ack_lasts": "6h"}, LEVELS[1]],
}
PLAYBOOK = small(**SECTIONS, statuses=STATUSES)


def shown(body: object) -> str:
    console = Console(width=200, record=True)
    with console.capture() as captured:
        console.print(body)
    return captured.get()


@pytest.mark.req("WLF-15")
def test_a_clock_is_shown_with_what_it_waits_for_what_is_left_and_why_it_stands_still() -> None:
    life = opened(PLAYBOOK).taken_by(ANN)
    text = shown(render.situation(situation(life.state, life.now), None, life.now))
    assert "8h of office hours" in text
    assert "a resolution that stands" in text
    assert "a person's next update" in text
    life.now += timedelta(hours=7)
    assert "stands still until" in shown(render.situation(situation(life.state, life.now), None, life.now))
    life.send(c.PutOnHold(by=ANN, because="the bank is closed"))
    life.now += timedelta(minutes=30)
    text = shown(render.situation(situation(life.state, life.now), None, life.now))
    assert "paused by ann: the bank is closed, paused for 30m in all" in text


def test_what_is_left_of_a_clock_is_as_of_now_though_nothing_has_happened_for_a_while() -> None:
    seen = situation(opened(PLAYBOOK).taken_by(ANN).state, START)
    clock = next(each for each in seen.clocks if not each.calendar)
    assert "-9m" in shown(render.situation(seen, None, clock.due + timedelta(minutes=9)))


def test_the_timeline_keeps_the_limit_of_before_and_says_who_was_not_heard_of() -> None:
    life = opened(small(**SECTIONS)).taken_by(ANN)
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    moved = say(next(event for event in life.all(e.ClockStarted) if event.was_due is not None))
    assert "clock resolution runs until" in moved.what
    assert "(before: " in moved.what
    life.pass_time("6h")
    lapsed = say(life.last(e.AcknowledgementLapsed))
    assert lapsed.what == "nothing heard of ann"
    assert lapsed.why == "person:ann took it, and nothing was heard of them for 6h"


def test_a_forecast_says_who_is_reminded_of_a_clock_and_of_a_status() -> None:
    life = opened(PLAYBOOK)
    found = {step.what: step.who for step in steps(forecast(life.state, OFFICE, START + timedelta(hours=9)))}
    assert found["reminder: the limit of news comes"] == ("person:eve",)
    assert found["still Calling: remind"] == ("person:eve",)
