"""Finding people and keeping their time: who is on call, and business time added."""

import time
from datetime import UTC, date, datetime, timedelta

from benchmarks.figures import figure
from escalation.calendars import WEEKDAYS, Calendar
from escalation.people.schedules import Rotation, on_call

ON_CALL_MS = 100.0
ADDED_US = 20.0
ROUNDS = 20
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure, in processor time, the best of some rounds."""
    rotation = Rotation.model_validate(
        {
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
    )
    instants = [BEGIN + timedelta(hours=17.5) * number for number in range(1000)]
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for at in instants:
            on_call(rotation, at)
        times.append((time.process_time() - begun) * 1000)
    best = min(times)
    figure("who is on call at 1,000 instants of 2 years", best, "ms", bar=f"< {ON_CALL_MS}", holds=best < ON_CALL_MS)
    office = Calendar.model_validate(
        {"time_zone": "Europe/Budapest", "week": {day: ["09:00-12:00", "13:00-17:00"] for day in WEEKDAYS[:5]}}
    )
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for at in instants:
            office.add(at, timedelta(hours=8))
        times.append((time.process_time() - begun) * 1000)  # ms for a thousand: µs for one
    best = min(times)
    figure("eight hours of business time added", best, "µs", bar=f"< {ADDED_US}", holds=best < ADDED_US)


if __name__ == "__main__":
    main()
