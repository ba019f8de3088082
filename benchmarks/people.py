"""Finding people and keeping their time: who is on call, and business time added."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from benchmarks.figures import figure
from escalation.calendars import WEEKDAYS, Calendar
from escalation.people.feeds import FeedRotation, FeedShift, Heard
from escalation.people.schedules import Rotation, on_call

ON_CALL_MS = 100.0
ADDED_US = 20.0
ROUNDS = 20
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure, in processor time, the best of some rounds."""
    layered = _layered()
    rotation = Rotation.model_validate(layered)
    swapped = Rotation.model_validate({**layered, "swaps": _swaps(rotation)})
    instants = [BEGIN + timedelta(hours=17.5) * number for number in range(1000)]
    for what, team in (
        ("who is on call at 1,000 instants of 2 years", rotation),
        ("the same, with 24 swaps", swapped),
        ("the same, by a feed of 730 shifts", _feed()),
    ):
        best = _best(lambda team=team: [on_call(team, at) for at in instants])  # type: ignore[misc]
        figure(what, best, "ms", bar=f"< {ON_CALL_MS}", holds=best < ON_CALL_MS)
    office = Calendar.model_validate(
        {"time_zone": "Europe/Budapest", "week": {day: ["09:00-12:00", "13:00-17:00"] for day in WEEKDAYS[:5]}}
    )
    best = _best(lambda: [office.add(at, timedelta(hours=8)) for at in instants])  # ms for a thousand: µs for one
    figure("eight hours of business time added", best, "µs", bar=f"< {ADDED_US}", holds=best < ADDED_US)


def _best(work: Callable[[], object]) -> float:
    """Return the milliseconds of processor time that the fastest round took."""
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        times.append((time.process_time() - begun) * 1000)
    return min(times)


def _swaps(rotation: Rotation) -> list[dict[str, object]]:
    turns = rotation.layers[-1]
    pairs = [(turns.shift(number), turns.shift(number + 1)) for number in range(0, 96, 4)]
    return [{"a": a.person, "a_start": a.start, "b": b.person, "b_start": b.start} for a, b in pairs]


def _feed() -> FeedRotation:
    people = ("ann", "bob", "cleo")
    shifts = [
        FeedShift(people[day % 3], BEGIN + timedelta(days=day), BEGIN + timedelta(days=day + 1)) for day in range(730)
    ]
    feed = {"file": "shifts.ics", "people": {person: person for person in people}, "time_zone": "Europe/Prague"}
    return FeedRotation.model_validate({"feed": feed}).hearing(Heard(shifts=tuple(shifts), read_at=BEGIN))


def _layered() -> dict[str, object]:
    return {
        "people": ["ann", "bob", "cleo"],
        "time_zone": "Europe/Prague",
        "hand_over": {"weekday": "monday", "at": "09:00"},
        "starts_on": date(2026, 1, 5),
        "above": [
            {
                "people": ["dora", "eve"],
                "every": "1d",
                "hand_over": {"at": "18:00"},
                "starts_on": date(2026, 1, 5),
                "only": {day: ["18:00-08:00"] for day in WEEKDAYS[:5]},
            },
            {
                "people": ["fay", "gus"],
                "every": "12h",
                "hand_over": {"at": "08:00"},
                "starts_on": date(2026, 1, 3),
                "only": {"saturday": ["08:00-20:00"]},
            },
        ],
        "overrides": [
            {"start": BEGIN + timedelta(days=days), "end": BEGIN + timedelta(days=days + 1), "person": "hal"}
            for days in range(0, 720, 20)
        ],
    }


if __name__ == "__main__":
    main()
