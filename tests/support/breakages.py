"""Ways to break a directory and a playbook that were valid: what people do to files, and what happens to people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from tests.support.choices import Choices
from tests.support.generated import START, WEEKDAYS, Data

DAYS = 30
ALWAYS = ("head", "owner", "second")
"""Who is always there in a generated company."""
SHUT = {
    "time_zone": "UTC",
    "week": {"monday": ["09:00-17:00"]},
    "closed": {str(date(2026, 11, 1) + timedelta(days=day)): "shut" for day in range(120)},
}
"""Hours that do not begin in the days looked at."""

Breakage = Callable[[Data, Data, Choices], None]


def _ids(company: Data) -> list[str]:
    return [person["id"] for person in company["people"]]


def _some(company: Data, choose: Choices) -> list[Data]:
    """Return some people: one, those who are always there, or everybody."""
    people: list[Data] = company["people"]
    return choose.of(
        (
            [choose.of(people)],
            [each for each in people if each["id"] in ALWAYS],
            [each for each in people if each["id"] not in ALWAYS],
            people,
            people,
        )
    )


def _everywhere(data: Any) -> Iterator[list[Any]]:
    """Yield every list in some data."""
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        if isinstance(value, list):
            yield value
        yield from _everywhere(value)


def drop_a_person(company: Data, policy: Data, choose: Choices) -> None:
    """They have left, and were taken out of the list of people only, or of everything."""
    gone = choose.of(company["people"])
    company["people"].remove(gone)
    for person in company["people"]:
        if person.get("deputy") == gone["id"]:
            del person["deputy"]
    if choose.chance(70):
        for several in list(_everywhere(company)):
            several[:] = [each for each in several if each != gone["id"]]


def empty_a_rotation(company: Data, policy: Data, choose: Choices) -> None:
    """Nobody takes turns any more."""
    company["rotations"][choose.of(("desk", "experts"))]["people"] = []


def leave_only_nights(company: Data, policy: Data, choose: Choices) -> None:
    """A rotation is on at a few hours only, and has nothing above."""
    rotation = company["rotations"][choose.of(("desk", "experts"))]
    rotation.pop("above", None)
    rotation["only"] = {choose.of(WEEKDAYS): ["02:00-03:00"]}


def remove_deputies(company: Data, policy: Data, choose: Choices) -> None:
    """Nobody stands in for anybody."""
    for person in company["people"]:
        person.pop("deputy", None)
    for role in company["roles"].values():
        if "holders" in role:
            role["holders"] = role["holders"][:1]


def send_away(company: Data, policy: Data, choose: Choices) -> None:
    """Some people are away for a time, or everybody is: at Christmas."""
    begin = START + timedelta(hours=choose.number(24) + 24 * choose.number(DAYS - 2))
    end = begin + timedelta(hours=1 + choose.number(200))
    for person in _some(company, choose):
        person.setdefault("away", []).append({"start": begin.isoformat(), "end": end.isoformat()})


def swap_durations(company: Data, policy: Data, choose: Choices) -> None:
    """The time to answer is the time it may stay."""
    level = choose.of(policy["levels"])
    level["ack"], level["dwell"] = level["dwell"], level["ack"]


def exclude_the_only_approver(company: Data, policy: Data, choose: Choices) -> None:
    """Whoever decides may be whoever has it."""
    first = policy["levels"][0]
    target = choose.of(("role:head", "person:head", first["targets"][0]))
    if choose.chance(50):
        first["targets"] = [target]
    policy["gates"] = [
        {
            "id": "credit",
            "approvers": [target],
            "exclude": ["owner"],
            "subject": ["amount"],
            "deadline": "1h",
            "before": choose.of(("resolution", "assignment")),
            **choose.of(({}, {"on_expiry": "next_deputy", "deputies": [choose.of(("role:owner", "role:head"))]})),
        }
    ]


def disconnect(company: Data, policy: Data, choose: Choices) -> None:
    """A channel of some people is connected no more."""
    for person in _some(company, choose):
        person["contacts"] = [{"channel": "pager", "address": "x"}]


def drop_a_role(company: Data, policy: Data, choose: Choices) -> None:
    """The playbook names a role that the directory no longer has."""
    del company["roles"][choose.of(list(company["roles"]))]


def remove_the_last_resort(company: Data, policy: Data, choose: Choices) -> None:
    """The ladder ends with its last level."""
    policy["levels"][-1].pop("last_resort", None)


def make_a_trigger_impossible(company: Data, policy: Data, choose: Choices) -> None:
    """Harmless: the others are still there."""
    policy["triggers"][1]["when"] = 'topic == "one" && topic == "two"'


def close_all_hours(company: Data, policy: Data, choose: Choices) -> None:
    """Some people's working hours do not begin any more, and pages wait for them."""
    for severity in policy["severity"]["scale"]:
        severity["waits_for_hours"] = True
    for person in _some(company, choose):
        person["hours"] = SHUT


def work_past_each_other(company: Data, policy: Data, choose: Choices) -> None:
    """Two take turns of half a day, each in the hours in which the other works, and pages wait for them."""
    by_day, by_night = _ids(company)[:2]
    for severity in policy["severity"]["scale"]:
        severity["waits_for_hours"] = True
    for person in company["people"]:
        week = {
            day: ["22:00-06:00" if person["id"] == by_day else "10:00-16:00"]
            for day in (*WEEKDAYS, "saturday", "sunday")
        }
        if person["id"] in (by_day, by_night):
            person.update(hours={"time_zone": "UTC", "week": week}, away=[])
    company["rotations"]["desk"] = {
        "people": [by_day, by_night],
        "time_zone": "UTC",
        "starts_on": "2026-01-05",
        "every": "12h",
        "hand_over": {"at": "08:00"},
    }
    policy["levels"][0]["targets"] = ["oncall:desk"]


def owner_is_one_person(company: Data, policy: Data, choose: Choices) -> None:
    """The fallback rests on one person, who is away like others."""
    policy["owner"] = choose.of(("person:owner", "person:p0", "oncall:desk"))
    send_away(company, policy, choose)


BREAKAGES: tuple[Breakage, ...] = (
    drop_a_person,
    empty_a_rotation,
    leave_only_nights,
    remove_deputies,
    send_away,
    send_away,
    swap_durations,
    exclude_the_only_approver,
    exclude_the_only_approver,
    disconnect,
    disconnect,
    drop_a_role,
    remove_the_last_resort,
    make_a_trigger_impossible,
    close_all_hours,
    work_past_each_other,
    owner_is_one_person,
    owner_is_one_person,
)
