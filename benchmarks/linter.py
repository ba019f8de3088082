"""The linter that proves: 30 days of a playbook of four severities and a company of forty people."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.figures import figure
from escalation.calendars import WEEKDAYS
from escalation.foresight.lint import prove
from escalation.people.directory import Directory
from escalation.playbook.schema import Playbook, Stage

SECONDS = 10.0
START = datetime(2026, 11, 20, 10, tzinfo=UTC)
DAYS = 30
PEOPLE, TEAMS = 40, 8
ZONES = ("Europe/Prague", "Europe/London", "America/New_York", "Asia/Tokyo")
WORK = {day: ["09:00-12:30", "13:00-17:30"] for day in WEEKDAYS[:5]}
NIGHTS = {day: ["18:00-08:00"] for day in WEEKDAYS[:5]}


def main() -> None:
    """Measure, in processor time, one proof from nothing known."""
    directory, playbook = Directory.model_validate(company()), Playbook.model_validate(policy())
    begun = time.process_time()
    proof = prove(playbook, directory, START, DAYS, channels={"inbox"})
    took = time.process_time() - begun
    figure(
        f"{DAYS} days of 4 severities and {PEOPLE} people proved",
        took,
        "s",
        bar=f"< {SECONDS:g}",
        holds=took < SECONDS,
        cases=proof.cases,
        instants=proof.instants,
        errors=len(proof.errors),
        warnings=len(proof.findings) - len(proof.errors),
    )


def company() -> dict[str, Any]:
    """Forty people in four time zones with hours and absences; eight teams, each with a rotation of three layers."""
    people = [_person(number) for number in range(PEOPLE)]
    each = PEOPLE // TEAMS
    members = [[person["id"] for person in people[team * each : (team + 1) * each]] for team in range(TEAMS)]
    rotations = {}
    for team, ids in enumerate(members):
        turns = {"people": ids, "starts_on": "2026-01-05", "every": "1d", "hand_over": {"at": "08:00"}}
        nights = {**turns, "only": NIGHTS, "hand_over": {"at": "18:00"}}
        noons = {**turns, "only": {"saturday": ["10:00-14:00"]}, "every": "12h"}
        rotations[f"r{team}"] = {**turns, "time_zone": ZONES[team % len(ZONES)], "above": [nights, noons]}
    return {
        "people": people,
        "teams": [
            {"id": f"t{team}", "name": f"Team {team}", "members": ids, "oncall": f"r{team}"}
            for team, ids in enumerate(members)
        ],
        "roles": {"head": {"holders": ["p0", "p1", "p2"]}, "owner": {"holders": ["p3", "p0"]}},
        "rotations": rotations,
    }


def _person(number: int) -> dict[str, Any]:
    away = START + timedelta(days=number % DAYS, hours=number)
    person: dict[str, Any] = {
        "id": f"p{number}",
        "name": f"Person {number}",
        "time_zone": ZONES[number % len(ZONES)],
        "contacts": [{"channel": "inbox", "address": f"p{number}"}],
        "away": [{"start": away.isoformat(), "end": (away + timedelta(days=3)).isoformat()}],
        "authority": {"refund": 100.0 * (number % 5 + 1) if number > 4 else True},
    }
    if number > 4:
        person["hours"] = {"week": WORK}
    if number + 1 < PEOPLE:
        person["deputy"] = f"p{number + 1}"
    return person


def policy() -> dict[str, Any]:
    """Four severities, four levels, three paths, routes by fact and hour, a matrix, three approvals, two clocks."""
    levels = [
        {"id": f"L{number}", "targets": [f"team:t{number}", f"team:t{number + 4}"], "ack": "15m", "dwell": "4h"}
        for number in range(4)
    ]
    for level in levels[-2:]:
        level["last_resort"] = "role:head"
    regions = ["EMEA", "APAC", "AMER"]
    return {
        "playbook": "bench",
        "version": 1,
        "title": "For the linter",
        "owner": "role:owner",
        "fields": {
            "amount": {"type": "number"},
            "region": {"type": "text", "values": regions},
            "topic": {"type": "text", "values": ["billing", "technical", "legal", "other"]},
        },
        "severity": {
            "scale": [{"name": "P0"}, {"name": "P1"}, {"name": "P2", "waits_for_hours": True}, {"name": "P3"}],
            "default": "P2",
            "rules": [
                {"when": "flags.security", "severity": "P0"},
                {"when": 'topic == "legal" || amount > 5000.0', "severity": "P1"},
                {"when": 'topic == "other" && amount < 50.0', "severity": "P3"},
            ],
        },
        "triggers": [
            {"id": "unsure", "when": "ai_confidence < confidence.threshold"},
            {"id": "asked", "when": "customer.requested_human", "level": "L1"},
            {"id": "legal", "when": 'topic == "legal" || flags.legal', "level": "L2"},
        ],
        "context": {"required": ["summary"], "complete_within": "10m"},
        "levels": levels,
        "calendars": {
            name: {"time_zone": zone, "week": WORK}
            for name, zone in zip(("prague", "london", "york", "tokyo"), ZONES, strict=True)
        },
        "routing": [
            *(
                {"when": f'region == "{region}" && topic == "billing"', "during": hours, "targets": [f"team:t{team}"]}
                for team, (region, hours) in enumerate(zip(regions, ("prague", "tokyo", "york"), strict=True))
            ),
            {"when": "amount > 1000.0 && !flags.security", "level": "L1", "targets": ["authority:refund"]},
            {"when": 'severity.rank > 1.0 || topic == "other"', "outside": "london", "targets": ["oncall:r7"]},
        ],
        "paths": [
            {"id": "short", "when": "flags.security", "levels": ["L2", "L3"]},
            {"id": "money", "when": "amount > 1000.0", "levels": ["L0", "L1", "L2"]},
            {"id": "usual", "levels": ["L0", "L1", "L2", "L3"]},
        ],
        "matrix": [
            {"severity": ["P0"], "level": "L2", "targets": ["role:head", "team:t1"], "ack": "5m"},
            {"severity": ["P0", "P1"], "after": "30m", "level": "L3"},
            {"severity": ["P2"], "after": "2h", "targets": ["team:t6"]},
        ],
        "needs": {"authority": {"refund": "amount"}},
        "gates": [
            {**_gate("credit", ["authority:refund"]), "exclude": ["owner"], "subject": ["amount"]},
            {**_gate("legal", ["team:t2", "role:head"]), "need": 2, "exclude": ["owner"], "subject": ["topic"]},
            {**_gate("both", ["role:head", "role:owner"]), "need": "all", "subject": ["topic"]},
        ],
        "clocks": {
            "acknowledge": {"within": {"P0": "10m", "default": "3d"}},
            "resolution": {"within": {"P0": "4h", "default": "5d"}, "tell": ["role:owner"]},
        },
        "raci": {
            str(stage): {"responsible": ["owner"], "accountable": "role:head"}
            for stage in Stage
            if stage is not Stage.CLOSED
        },
        "resolution": {"confirm_within": "1d"},
        "review": {"due": "2d", "remind": "1d"},
        "hold_at_most": "3d",
    }


def _gate(name: str, approvers: list[str]) -> dict[str, Any]:
    return {"id": name, "approvers": approvers, "deadline": "2h"}


if __name__ == "__main__":
    main()
