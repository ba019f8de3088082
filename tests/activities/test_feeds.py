"""Calendar feeds: who is on call by one, and that no reading of one, however bad, takes anybody away."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs
from temporalio.testing import ActivityEnvironment

from activities import feed_sources, feeds
from activities.directory import DirectoryFile
from activities.feeds import Feeds
from activities.http import open_client
from escalation.model.actions import FindPeople
from escalation.people.found import People
from escalation.people.search import Search
from tests.support.calendars import Calendar, event, events, open_calendar

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday
DIRECTORY = """
people:
  - {id: eva, name: Eva, time_zone: Europe/Prague, contacts: [{channel: inbox, address: eva}]}
  - {id: jan, name: Jan, time_zone: Europe/Prague, contacts: [{channel: inbox, address: jan}]}
  - {id: olga, name: Olga, time_zone: Europe/Prague, contacts: [{channel: inbox, address: olga}]}
rotations:
  support:
    feed:
      %s
      people: {"Eva Nováková": eva, "jan@x.example": jan, Jan: jan}
      time_zone: Europe/Prague
"""
WEEKS = events(
    event("Eva Nováková", "20260105T080000", "20260112T080000", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
    event("On call: Jan (support)", "20260112T080000", "20260119T080000", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
)
"""On 22 November, a Sunday, it is Jan's week: 46 weeks after 5 January would be Eva's, from the 23rd on."""

ON_CALL = Search(targets=("oncall:support",), fallback="person:olga")


@dataclass
class World:
    feeds: Feeds
    directory: DirectoryFile
    path: Path

    async def read(self, at: datetime) -> None:
        await self.feeds.refresh(self.directory.current(), at)

    def found(self, at: datetime) -> People:
        return self.directory.current().find(ON_CALL, at)

    def who(self, at: datetime) -> list[str]:
        return [each.person for each in self.found(at).people]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with open_client() as client:
        yield client


@pytest.fixture
async def calendar() -> AsyncIterator[Calendar]:
    async with open_calendar() as calendar:
        calendar.body = WEEKS
        yield calendar


def world(tmp_path: Path, client: httpx.AsyncClient, source: str) -> World:
    path = tmp_path / "directory.yaml"
    path.write_text(DIRECTORY % source)
    known = Feeds(tmp_path / "data" / "feeds", tmp_path, client)
    return World(known, DirectoryFile(path, feeds=known), path)


@pytest.fixture
def by_url(tmp_path: Path, client: httpx.AsyncClient, calendar: Calendar) -> World:
    return world(tmp_path, client, f"url: {calendar.url}/secret-token.ics")


async def test_who_is_on_call_stands_in_the_calendar_of_an_address(by_url: World) -> None:
    await by_url.read(NOW)
    [jan] = by_url.found(NOW).people
    assert (jan.person, jan.note) == (
        "person:jan",
        "has the shift until 2026-11-23 08:00 Europe/Prague (rotation support)",
    )
    assert by_url.who(NOW + timedelta(days=1)) == ["person:eva"]


async def test_who_is_on_call_stands_in_the_calendar_of_a_file_beside_the_directory(
    tmp_path: Path, client: httpx.AsyncClient
) -> None:
    by_file = world(tmp_path, client, "file: support.ics")
    await by_file.read(NOW)
    nobody = by_file.found(NOW)
    assert (nobody.fell_back, [each.person for each in nobody.people]) == (True, ["person:olga"])
    assert any("could not be read yet: the file cannot be read: there is no such file" in note for note in nobody.notes)
    (tmp_path / "support.ics").write_bytes(WEEKS)
    await by_file.read(NOW + timedelta(minutes=14))
    assert by_file.who(NOW) == ["person:olga"], "it is read every 15 minutes, not at every look"
    await by_file.read(NOW + timedelta(minutes=15))
    assert by_file.who(NOW) == ["person:jan"]


async def test_a_page_does_not_wait_for_a_feed_that_was_never_read_and_says_why(
    by_url: World, calendar: Calendar
) -> None:
    action = FindPeople(key="k", purpose="rung:L1/1", targets=("oncall:support",), fallback="person:olga")
    before = await ActivityEnvironment().run(by_url.directory.find, action)
    assert before.fell_back
    assert calendar.asked == []
    assert any("its feed could not be read yet" in note for note in before.notes)


async def test_nothing_new_is_not_sent_again_and_its_age_begins_anew(by_url: World, calendar: Calendar) -> None:
    calendar.etag = '"v1"'
    await by_url.read(NOW)
    later = NOW + timedelta(minutes=15)
    await by_url.read(later)
    assert [asked.get("if-none-match") for asked in calendar.asked] == [None, '"v1"']
    assert by_url.directory.current().feeds["support"].heard.read_at == later
    assert by_url.who(NOW) == ["person:jan"]


BAD = {
    "not found": {"status": 404, "body": b"gone"},
    "a page of HTML": {"body": b"<!doctype html><p>Sign in</p>"},
    "nothing": {"body": b""},
    "an empty calendar": {"body": events()},
    "10 MB": {"body": b"X" * (1 << 20), "endless": True},
    "a million events": {"body": events(*["SUMMARY:Eva"] * 40_000)},
    "every second, without end": {
        "body": events(event("Jan", "20260101T000000", "20260101T000001", "RRULE:FREQ=SECONDLY"))
    },
    "every hour, many times over": {
        "body": events(*[event("Jan", "20260101T000000", "20260101T000100", "RRULE:FREQ=HOURLY")] * 3)
    },
    "a zone that nobody knows": {
        "body": events(event("Jan", "20261101T000000", "20261201T000000", zone=";TZID=Mars/Base"))
    },
    "compressed": {"headers": {"Content-Encoding": "gzip"}, "body": b"\x1f\x8b"},
    "a redirect to another host": {"moved": {"/secret-token.ics": "http://localhost:1/elsewhere.ics"}},
    "a redirect in a circle": {"moved": {"/secret-token.ics": "/b.ics", "/b.ics": "/secret-token.ics"}},
    "a calendar that is cut": {"body": WEEKS[:200]},
    "people that nobody knows": {"body": events(event("Mallory", "20261101T000000", "20261201T000000"))},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_a_feed_that_fails_or_lies_leaves_the_last_good_one_in_use_and_its_age_is_told_once_it_is_old(
    by_url: World, calendar: Calendar, bad: dict[str, object]
) -> None:
    await by_url.read(NOW)
    for name, value in bad.items():
        setattr(calendar, name, value)
    with capture_logs() as logs:
        for hours in (1, 3):
            await by_url.read(NOW + timedelta(hours=hours))
    told = [(line["rotation"], line["why"]) for line in logs if line["event"] == "feed_not_usable"]
    assert {rotation for rotation, _ in told} == {"support"}
    assert len(set(told)) == len(told), "once for each reason: a busy machine may run out of time before it counts"
    assert "secret" not in json.dumps(logs, default=str)
    assert "Mallory" not in json.dumps(logs, default=str)
    [soon] = by_url.found(NOW + timedelta(hours=2)).people
    assert (soon.person, "last read" in soon.note) == ("person:jan", False)
    [late] = by_url.found(NOW + timedelta(hours=3)).people
    assert late.person == "person:jan"
    assert "the feed was last read 3h ago" in late.note

    for name in bad:
        setattr(calendar, name, getattr(Calendar(), name))
    calendar.body = WEEKS
    await by_url.read(NOW + timedelta(hours=4))
    [again] = by_url.found(NOW + timedelta(hours=4)).people
    assert "last read" not in again.note


async def test_a_body_that_drips_is_given_up(
    by_url: World, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_sources, "FETCH_SECONDS", 0.3)
    calendar.drip = True
    await by_url.read(NOW)
    assert "no answer (TimeoutError)" in by_url.found(NOW).notes[0]


async def test_a_calendar_that_keeps_its_reader_busy_is_given_up_and_the_reader_ends(
    by_url: World, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_sources, "READ_SECONDS", 1.5)
    # 30 February: it is looked for until the year 9999, once for each of these.
    never = event("Jan", "19700101T000000", "19700101T010000", "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30")
    calendar.body = events(*[never] * 200)
    await by_url.read(NOW)
    assert "takes longer than 1.5 s to read" in by_url.found(NOW).notes[0]


async def test_a_redirect_on_the_same_host_is_followed(by_url: World, calendar: Calendar) -> None:
    calendar.moved = {"/secret-token.ics": "/new.ics"}
    await by_url.read(NOW)
    assert by_url.who(NOW) == ["person:jan"]
    assert [asked["path"] for asked in calendar.asked] == ["/secret-token.ics", "/new.ics"]


async def test_a_worker_that_starts_while_the_feed_is_down_goes_on_with_the_copy_it_kept(
    by_url: World, calendar: Calendar, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    await by_url.read(NOW)
    kept = tmp_path / "data" / "feeds"
    assert {path.stat().st_mode & 0o777 for path in kept.iterdir()} == {0o600}
    assert kept.stat().st_mode & 0o777 == 0o700
    calendar.status, calendar.body = 503, b""
    anew = Feeds(kept, tmp_path, client)
    directory = DirectoryFile(by_url.path, feeds=anew)
    await anew.open(directory.current(), NOW + timedelta(hours=5))
    [jan] = directory.current().find(ON_CALL, NOW + timedelta(hours=5)).people
    assert jan.person == "person:jan"
    assert "the feed was last read 5h ago" in jan.note


async def test_a_start_does_not_wait_for_a_slow_feed(
    by_url: World, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "OPEN_SECONDS", 0.3)
    calendar.drip = True
    with capture_logs() as logs:
        await by_url.feeds.open(by_url.directory.current(), NOW)
    assert [line["event"] for line in logs] == ["feeds_slow"]
    calendar.drip = False
    await by_url.read(NOW)
    assert by_url.who(NOW) == ["person:jan"]


async def test_an_event_that_names_nobody_or_has_no_end_is_left_out_and_named_by_its_line_only(
    by_url: World, calendar: Calendar
) -> None:
    calendar.body = events(
        event("Jan", "20261101T000000", "20261201T000000"),
        event("Mallory is ill", "20261122T000000", "20261123T000000"),
        "SUMMARY:Eva Nováková\nDTSTART:20261122T120000Z",
        event("Jan for Eva Nováková", "20261122T000000", "20261123T000000"),
    )
    with capture_logs() as logs:
        await by_url.read(NOW)
    assert by_url.who(NOW) == ["person:jan"]
    [line] = [line for line in logs if line["event"] == "feed_odd"]
    assert line["remarks"] == (
        "the event on line 10 names nobody of `people`, or more than one, and is left out",
        "the event on line 16 has no end after its start, and is left out",
        "the event on line 21 names nobody of `people`, or more than one, and is left out",
    )


async def test_a_changed_directory_counts_with_the_copy_that_is_there(by_url: World) -> None:
    await by_url.read(NOW)
    text = by_url.path.read_text()
    by_url.path.write_text(text.replace("Jan: jan", "Jan: olga"))
    await by_url.read(NOW + timedelta(seconds=5))
    assert by_url.who(NOW) == ["person:olga"]
