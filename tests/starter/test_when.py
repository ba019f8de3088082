"""Instants are read as people write them and written with the zone they are in."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from starter.when import away, offset, parse_instant, show

NOW = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def prague(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Prague")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("15m", "2026-11-20T13:15:00+00:00"),
        ("in 2d", "2026-11-22T13:00:00+00:00"),
        ("18:30", "2026-11-20T17:30:00+00:00"),
        ("9:00", "2026-11-21T08:00:00+00:00"),
        ("today 16:00", "2026-11-20T15:00:00+00:00"),
        ("Tomorrow 9:00", "2026-11-21T08:00:00+00:00"),
        ("2026-11-24", "2026-11-24T22:59:00+00:00"),
        ("2026-11-24 10:00", "2026-11-24T09:00:00+00:00"),
        ("2026-11-24T10:00+05:00", "2026-11-24T05:00:00+00:00"),
        ("2026-07-01 10:00", "2026-07-01T08:00:00+00:00"),
    ],
)
def test_an_instant_is_read_as_it_is_said_and_without_a_zone_in_the_local_one(text: str, meant: str) -> None:
    assert parse_instant(text, NOW) == datetime.fromisoformat(meant)


@pytest.mark.parametrize("text", ["yesterday", "25:00", "", "15", "2026-13-01", "soon"])
def test_what_is_no_instant_is_answered_with_what_would_be_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected how long from now \(15m, 2d\), a time"):
        parse_instant(text, NOW)


def test_an_instant_is_shown_in_the_local_zone_with_the_day_only_when_it_is_another() -> None:
    assert show(NOW, NOW) == "14:00:00 CET"
    assert show(NOW + timedelta(hours=11), NOW) == "Sat 21 Nov 01:00:00 CET"
    assert show(datetime(2027, 7, 1, 10, tzinfo=UTC), NOW) == "2027-07-01 12:00:00 CEST"


def test_distances_say_in_which_direction_they_go() -> None:
    assert away(NOW + timedelta(minutes=12), NOW) == "in 12m"
    assert away(NOW - timedelta(hours=25), NOW) == "1d 1h ago"
    assert away(NOW, NOW) == "now"
    assert offset(timedelta(seconds=4.24)) == "+4.2s"
    assert offset(timedelta(minutes=-3)) == "-3m"
