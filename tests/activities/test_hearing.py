"""Where a watch goes on, and what it passes over: nothing that cannot be read keeps what can."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import AwareDatetime

from activities.crm.hearing import read_cursor, sound
from escalation.errors import RemoteRefused
from escalation.values import Incoming


class Cursor(Incoming):
    since: AwareDatetime
    page: int = 0


def read(written: str) -> Cursor | None:
    return read_cursor(Cursor, written, "desk", lambda since: Cursor(since=since))


def test_its_own_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(since=datetime(2026, 11, 1, tzinfo=UTC), page=3)
    assert read(cursor.model_dump_json()) == cursor


@pytest.mark.parametrize(
    ("written", "begins"),
    [
        ('{"since":"2026-11-02T00:00:00Z","after":"b"}', datetime(2026, 11, 2, tzinfo=UTC)),
        (
            '{"notes":{"at":"2026-11-03T00:00:00Z"},"tickets":{"at":"2026-11-01T00:00:00Z","id":"5003"},"told":"1234"}',
            datetime(2026, 11, 1, tzinfo=UTC),
        ),
        ("17", None),
        ("b2Zmc2V0", None),
    ],
)
def test_a_cursor_of_another_kind_is_begun_at_its_earliest_instant_or_from_now(
    written: str, begins: datetime | None
) -> None:
    found = read(written)
    assert (found.since if found else None) == begins


def test_records_are_read_one_by_one() -> None:
    def even(number: Any) -> int:
        if number % 2:
            raise RemoteRefused("desk: odd")
        return int(number)

    assert sound(even, [1, 2, 3, 4], "desk") == [2, 4]
