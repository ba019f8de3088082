"""`escalate oncall`: the coming shifts as people and programs read them, and swaps written into the file."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from escalation.people.directory import load_directory
from escalation.people.example import example_file
from tests.starter.conftest import Escalate
from tests.support.calendars import event, events

YEAR = datetime.now(UTC).year
"""Of the nights: a feed is read only for some weeks back and some months ahead, so its dates move with the clock."""

AWAY = ", ".join(
    f"{{start: {start}T00:00:00+01:00, end: {end}T00:00:00+01:00, why: private}}"
    for start, end in (("2026-12-21", "2026-12-23"), (f"{YEAR}-12-25", f"{YEAR}-12-27"))
)
DIRECTORY = f"""\
# Everybody who answers for support.
people:
  - {{id: eva, name: Eva, time_zone: Europe/Prague, contacts: [{{channel: inbox, address: eva}}]}}   # speaks Czech
  - id: jan
    name: "Jan"
    time_zone: Europe/Prague
    contacts: [{{channel: inbox, address: jan}}]
    away: [{AWAY}]
  - {{id: olga, name: Olga, time_zone: Europe/Prague, contacts: [
      {{channel: inbox, address: olga}},
    ]}}

rotations:
  support:
    people: [eva, jan, olga]
    time_zone: Europe/Prague
    hand_over: {{weekday: monday, at: 08:00}}
    starts_on: 2026-01-05
    overrides:
      - {{start: 2026-12-08T08:00:00+01:00, end: 2026-12-09T08:00:00+01:00, person: olga, why: a day off}}

  # Nights only, from a calendar.
  nights:
    feed: {{file: nights.ics, people: {{Eva: eva, Jan: jan}}, time_zone: Europe/Prague}}
"""
# 7 December is 48 weeks after 5 January, so Eva's week; Jan has the 14th, Olga the 21st, Eva the 28th.
EVA, JAN, OLGA = "eva@2026-12-07T08:00+01:00", "jan@2026-12-14T08:00+01:00", "olga@2026-12-21T08:00+01:00"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "directory.yaml"
    path.write_text(DIRECTORY)
    (tmp_path / "nights.ics").write_bytes(
        events(
            event("Eva", f"{YEAR}1201T180000", f"{YEAR}1202T060000", "RRULE:FREQ=DAILY;INTERVAL=2"),
            event("Jan", f"{YEAR}1202T180000", f"{YEAR}1203T060000", "RRULE:FREQ=DAILY;INTERVAL=2"),
        )
    )
    monkeypatch.setenv("ESCALATION_DIRECTORY", str(path))
    monkeypatch.setenv("ESCALATION_DATA", str(tmp_path / "data"))
    return path


def added(file: Path) -> list[str]:
    """The lines that are new; everything else must be as it was, comments and layout too."""
    old, new = DIRECTORY.splitlines(), file.read_text().splitlines()
    rest = [line for line in new if line in old]
    assert rest == old
    return [line for line in new if line not in old]


def test_the_coming_shifts_are_shown_in_the_zone_of_the_reader(escalate: Escalate, file: Path) -> None:
    said = escalate(
        "oncall", "support", "--from", "2026-12-07T08:00+01:00", "--days", "8", "--zone", "America/New_York"
    ).out
    rows = [" ".join(line.split()) for line in said.splitlines() if " EST " in line]
    stands_in = "stands in for eva until 2026-12-09 08:00 Europe/Prague: a day off"
    assert rows == [
        "eva Mon 2026-12-07 02:00 EST Tue 2026-12-08 02:00 EST turn",
        f"olga Tue 2026-12-08 02:00 EST Wed 2026-12-09 02:00 EST override {stands_in}",
        "eva Wed 2026-12-09 02:00 EST Mon 2026-12-14 02:00 EST turn",
        "jan Mon 2026-12-14 02:00 EST Tue 2026-12-15 02:00 EST turn",
    ]


def test_a_day_to_begin_with_is_one_of_the_reader_s_zone(escalate: Escalate, file: Path) -> None:
    asked = ("oncall", "support", "--from", "2026-12-08", "--days", "1", "--zone", "America/New_York")
    shifts = escalate(*asked, "--json").json["support"]["shifts"]
    assert datetime.fromisoformat(shifts[0]["from"]) == datetime(2026, 12, 8, 5, tzinfo=UTC)


def test_who_is_on_call_by_a_calendar_is_found(escalate: Escalate, file: Path) -> None:
    evening = ("--at", f"{YEAR}-12-02T20:00+01:00")
    (found,) = escalate("who", "oncall:nights", *evening, "--json").json["people"]
    assert found["person"] == "person:jan"
    (file.parent / "nights.ics").unlink()
    said = escalate("who", "oncall:nights", *evening)
    assert "jan" in said.out
    assert "the file cannot be read" in said.err


def test_a_feed_is_shown_with_its_age_and_its_gaps(escalate: Escalate, file: Path) -> None:
    asked = ("oncall", "nights", "--from", f"{YEAR}-12-01T18:00+01:00", "--days", "1")
    said = escalate(*asked, "--zone", "Europe/Prague").out
    rows = [" ".join(line.split()) for line in said.splitlines() if " CET " in line]
    first, second = date(YEAR, 12, 1), date(YEAR, 12, 2)
    assert rows == [
        f"eva {first:%a} {YEAR}-12-01 18:00 CET {second:%a} {YEAR}-12-02 06:00 CET feed",
        f"nobody {second:%a} {YEAR}-12-02 06:00 CET {second:%a} {YEAR}-12-02 18:00 CET gap",
    ]
    assert re.search(r"the feed was read \d+s ago", said)
    (file.parent / "nights.ics").unlink()
    rows = escalate(*asked, "--json").json["nights"]
    assert [row["person"] for row in rows["shifts"]] == ["eva", None]
    assert rows["feed"]["failing"] == "the file cannot be read: there is no such file"


def test_whoever_is_away_in_their_shift_is_marked_and_who_is_asked_then_is_named(
    escalate: Escalate, file: Path
) -> None:
    file.write_text(
        DIRECTORY.replace("    away: [", "    deputy: olga\n    away: [").replace("2026-12-21", "2026-12-18")
    )
    asked = ("oncall", "support", "--from", "2026-12-14T08:00+01:00", "--days", "7", "--zone", "Europe/Prague")
    said = " ".join(escalate(*asked).out.split())
    assert "jan Mon 2026-12-14 08:00 CET Mon 2026-12-21 08:00 CET turn away Fri 2026-12-18 00:00 CET to " in said
    assert "then olga" in said
    assert "private" not in said
    (shift,) = escalate(*asked, "--json").json["support"]["shifts"]
    assert [each["from"] for each in shift["away"]] == ["2026-12-18T00:00:00+01:00"]


def test_a_rotation_that_is_not_there_is_answered_with_the_one_that_was_meant(escalate: Escalate, file: Path) -> None:
    assert "did you mean `support`?" in escalate("oncall", "suport", code=2).err
    assert "--zone" in escalate("oncall", "--zone", "Mars/Base", code=2).err


def test_a_swap_is_written_into_the_file_and_nothing_else_is_touched(escalate: Escalate, file: Path) -> None:
    said = escalate("oncall", "swap", "support", "--give", EVA, "--take", OLGA, "--why", "a wedding: ours").out
    assert f"{file}:22: - {{a: eva," in said.replace("\n", " ")
    lines = added(file)
    assert [line.strip().partition(" ")[0] for line in lines] == ["swaps:", "-"]
    assert file.read_text().splitlines()[20:23] == [*lines, ""]
    shifts = escalate("oncall", "support", "--from", "2026-12-07T08:00+01:00", "--days", "28", "--json").json["support"]
    assert [(row["person"], row["by"]) for row in shifts["shifts"]] == [
        ("olga", "swap"),
        ("olga", "override"),
        ("olga", "swap"),
        ("jan", "turn"),
        ("eva", "swap"),
        ("eva", "turn"),
    ]
    assert "swapped with eva: a wedding: ours" in shifts["shifts"][0]["why"]

    escalate("oncall", "swap", "support", "--give", JAN, "--take", "olga", "--why", "a favour")
    assert len(added(file)) == 3
    assert len(load_directory(file).rotations["support"].swaps) == 2


@pytest.mark.parametrize(
    ("give", "take", "why"),
    [
        ("eva@2026-12-08T08:00+01:00", "olga", "eva has no shift that starts at 2026-12-08T08:00"),
        (OLGA, JAN, "leaves a gap: jan takes this shift and is away in it"),
        (EVA, "nobody", "--take: no person `nobody`"),
        (EVA, "eva", "swaps a shift of one person with themselves"),
    ],
    ids=["no such shift", "away", "unknown", "one person"],
)
def test_a_swap_that_cannot_be_is_refused_and_the_file_stays_as_it_was(
    escalate: Escalate, file: Path, give: str, take: str, why: str
) -> None:
    code = 2 if "themselves" in why else 1
    assert why in escalate("oncall", "swap", "support", "--give", give, "--take", take, "--why", "x", code=code).err
    assert file.read_text() == DIRECTORY
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []


def test_a_swap_that_leaves_a_gap_is_written_with_the_reason_when_it_is_forced(escalate: Escalate, file: Path) -> None:
    swap = ("oncall", "swap", "support", "--give", OLGA, "--take", JAN, "--why", "x")
    escalate(*swap, "--force", "back on the 23rd, the deputy knows")
    assert "forced: back on the 23rd, the deputy knows" in file.read_text() or "forced: 'back" in file.read_text()
    assert "line 22" in escalate(*swap, "--force", "again", code=1).err, "the shift is swapped already"


def test_a_swap_of_a_calendars_shifts_is_checked_against_the_calendar(escalate: Escalate, file: Path) -> None:
    swap = ("oncall", "swap", "nights", "--why", "x", "--take")
    said = escalate(*swap, "jan", "--give", f"eva@{YEAR}-12-02T18:00+01:00", code=1).err
    assert f"theirs that are near start at {YEAR}-12-01T18:00+01:00 and {YEAR}-12-03T18:00+01:00" in said
    assert "leaves a gap" in escalate(*swap, "jan", "--give", f"eva@{YEAR}-12-25T18:00+01:00", code=1).err
    assert file.read_text() == DIRECTORY
    escalate(*swap, "jan", "--give", f"eva@{YEAR}-12-03T18:00+01:00")
    assert [line.strip()[:2] for line in added(file)] == ["sw", "- "]
    rows = escalate("oncall", "nights", "--from", f"{YEAR}-12-03T18:00+01:00", "--days", "1", "--json").json["nights"]
    assert (rows["shifts"][0]["person"], rows["shifts"][0]["by"]) == ("jan", "swap")


def test_a_file_laid_out_in_another_way_is_left_alone_and_the_line_to_write_is_said(
    escalate: Escalate, file: Path
) -> None:
    turns = "people: [eva, jan], every: 1d, time_zone: UTC,\n  hand_over: {at: 08:00}, starts_on: 2026-01-05"
    text = f"{DIRECTORY.partition('rotations:')[0]}rotations: {{support: {{{turns}}}}}\n"
    file.write_text(text)
    give = ("--give", "eva@2026-01-05T08:00Z", "--take", "jan", "--why", "x")
    assert "by hand: {a: eva," in escalate("oncall", "swap", "support", *give, code=1).err
    assert file.read_text() == text


def test_the_linter_and_the_forecast_know_the_shifts_of_a_calendar_and_its_gaps(
    escalate: Escalate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESCALATION_DATA", str(tmp_path / "data"))
    text, turns = example_file().read_text(), "people: [eva.novak, zsofia.nagy, tomas.dvorak]\n"
    head, _, rest = text.partition(f"  support:\n    {turns}")
    feed = "  support:\n    feed: {file: shifts.ics, people: {Erik: erik.lindqvist}, time_zone: Europe/Prague}\n"
    path = tmp_path / "directory.yaml"
    path.write_text(f"{head}{feed}{rest[rest.index('  executives:') :]}")
    soon = datetime.now(UTC) + timedelta(days=2)
    shift = event("Erik", "20260101T000000Z", f"{soon:%Y%m%dT%H%M%SZ}", zone="")
    (tmp_path / "shifts.ics").write_bytes(events(shift))
    said = escalate("playbook", "lint", "customer-service-escalation", "--directory", str(path)).out
    assert "nobody has the shift of rotation `support`" in said
    assert f"first at {soon:%Y-%m-%d %H:%M} UTC" in said
    example = str(example_file().parent / "vip-refund.json")
    assert "erik.lindqvist" in escalate("forecast", "--request", example, "--directory", str(path), "--json").out
