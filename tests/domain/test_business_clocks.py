"""Clocks that run in business time: over a weekend, over a holiday, through a hold, and who pins the holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from escalation.errors import DocumentError
from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.clocks import ClockName
from escalation.playbook.holidays import with_holidays
from escalation.playbook.load import load
from escalation.playbook.schema import Playbook
from tests.domain.builders import ANN, START, Life, opened, small
from tests.domain.test_clocks import LEVELS, RESOLUTION, clock

# START is Friday 2026-11-20 at 10:00 UTC, 11:00 in Budapest.
OFFICE: dict[str, Any] = {
    "time_zone": "Europe/Budapest",
    "week": {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
}


def office_clock(within: str = "8h", policy: dict[str, Any] | None = None, **calendar: Any) -> Playbook:
    return small(
        clocks={"resolution": {"within": {"default": within}, "calendar": "office", **(policy or {})}},
        calendars={"office": {**OFFICE, **calendar}},
        levels=LEVELS,
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_clock_by_a_calendar_counts_only_its_hours_and_warns_in_them() -> None:
    life = opened(office_clock())
    assert clock(life, RESOLUTION).due == at("2026-11-23T10:00")  # six hours on Friday, two on Monday
    assert clock(life, RESOLUTION).warn_due == at("2026-11-20T16:00")  # three quarters: as the office closes
    life.taken_by(ANN)
    life.pass_time(at("2026-11-23T09:59") - life.now)
    assert not life.state.breached
    life.pass_time(at("2026-11-23T10:00") - life.now)
    assert life.last(e.ClockBreached).at == at("2026-11-23T10:00")
    assert life.last(e.LevelEntered).because == "clock resolution breached: not met within 8h of office hours"


def test_a_holiday_in_the_middle_of_a_clock_does_not_count() -> None:
    life = opened(office_clock(closed={"2026-11-23": "a day off"}))
    assert clock(life, RESOLUTION).due == at("2026-11-24T10:00")


def test_what_is_opened_at_night_begins_to_count_in_the_morning() -> None:
    life = Life(office_clock("1h"), now=at("2026-11-20T22:00"))
    life.open()
    assert clock(life, RESOLUTION).due == at("2026-11-23T09:00")


def test_a_hold_over_a_weekend_costs_only_the_hours_of_the_office() -> None:
    life = opened(office_clock()).taken_by(ANN)
    life.pass_time(at("2026-11-20T15:00") - life.now)  # an hour before the office closes: three of eight hours are left
    life.send(c.PutOnHold(by=ANN, because="asked the supplier"))
    life.pass_time(at("2026-11-23T09:00") - life.now)  # an hour after it opened
    life.send(c.Resume(by=ANN))
    assert clock(life, RESOLUTION).due == at("2026-11-23T12:00")
    pause = clock(life, RESOLUTION).pauses[0]
    assert (pause.by, pause.because) == (ANN, "asked the supplier")
    assert (pause.since, pause.until) == (at("2026-11-20T15:00"), at("2026-11-23T09:00"))


def test_a_new_severity_sets_the_clock_anew_without_counting_the_hold_twice() -> None:
    life = opened(office_clock(policy={"within": {"default": "8h", "P0": "6h"}})).taken_by(ANN)
    life.pass_time(at("2026-11-20T15:00") - life.now)
    life.send(c.PutOnHold(by=ANN, because="asked the supplier"))
    life.pass_time(at("2026-11-23T09:00") - life.now)
    life.send(c.Resume(by=ANN))
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="it got worse"))
    # Five of six hours had passed before the hold; the last one begins when work goes on.
    assert clock(life, RESOLUTION).due == at("2026-11-23T10:00")


def test_holidays_are_written_out_for_the_years_around_the_loading() -> None:
    playbook = with_holidays(office_clock(holidays=[{"country": "HU"}, {"country": "GB", "region": "SCT"}]), 2026)
    dates = playbook.calendars["office"].holidays_on
    assert dates[date(2026, 10, 23)] == "National Day (HU)"
    assert dates[date(2026, 11, 30)] == "Saint Andrew's Day (GB)"
    assert {day.year for day in dates} == {2025, 2026, 2027, 2028, 2029}
    assert playbook.calendar_of(ClockName.RESOLUTION) is not None
    assert opened(playbook).state.playbook.calendars["office"].why(date(2026, 12, 25)).startswith("closed: Christmas")


def test_loading_writes_holidays_out_and_the_digest_covers_them(tmp_path: Path) -> None:
    def of(name: str, calendar: str) -> str:
        text = f"extends: customer-service-escalation\nplaybook: {name}\nversion: 1\ncalendars:\n  office: {calendar}\n"
        text += "clocks:\n  resolution: {calendar: office}\n"
        (tmp_path / f"{name}.yaml").write_text(text)
        loaded = load(name, tmp_path)
        year = datetime.now(UTC).year
        assert ("New Year's Day (HU)" in loaded.playbook.calendars["office"].holidays_on.values()) == ("HU" in calendar)
        assert (
            loaded.playbook.calendars["office"].why(date(year + 1, 1, 1)).startswith("closed") or "HU" not in calendar
        )
        return loaded.digest

    week = 'time_zone: Europe/Budapest, week: {thursday: ["09:00-17:00"], friday: ["09:00-17:00"]}'
    assert of("ours", f"{{{week}}}") != of("ours2", f"{{{week}, holidays: [{{country: HU}}]}}")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("clocks: {resolution: {calendar: offcie}}", 5, "no calendar 'offcie'; did you mean `office`?"),
        ("calendars: {shop: {time_zone: Europe/Prague, week: {monday: ['9-5']}}}", 5, "expected wall times"),
        (
            "calendars: {shop: {time_zone: UTC, week: {monday: ['09:00-17:00']}, holidays: [{country: XX}]}}",
            5,
            "no public holidays are known for country 'XX'",
        ),
        (
            "calendars: {a: {time_zone: UTC, week: {monday: ['09:00-17:00']}, holidays: [{country: GB, region: Z}]}}",
            5,
            "no region 'Z' is known in GB; expected one of ENG",
        ),
    ],
)
def test_a_wrong_calendar_is_refused_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    office = "calendars: {office: {time_zone: UTC, week: {monday: ['09:00-17:00']}}}\n"
    own = office + text if not text.startswith("calendars") else text
    head = "extends: customer-service-escalation\nplaybook: mine\nversion: 1\n\n"
    (tmp_path / "mine.yaml").write_text(head + own + "\n")
    with pytest.raises(DocumentError) as refused:
        load("mine", tmp_path)
    found = [finding for finding in refused.value.findings if message in finding.message]
    assert [finding.line for finding in found] == [line + (not text.startswith("calendars"))], refused.value.findings


def test_a_clock_without_a_calendar_is_not_touched() -> None:
    life = opened(small(clocks={"resolution": {"within": {"default": "8h"}}}, levels=LEVELS))
    assert clock(life, RESOLUTION).due == START + timedelta(hours=8)
