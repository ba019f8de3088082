"""Directories and playbooks made up from choices: all of them valid, and somebody is always told.

``company`` and ``policy`` return plain data, so that a test may break it before it is loaded.
"""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from escalation.documents import Document, parse_document
from escalation.people.directory import Directory, check_directory
from escalation.playbook.schema import Playbook
from tests.support.choices import Choices

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
"""A Friday. Absences, overrides and swaps lie in the weeks that follow."""

ZONES = ("Europe/Prague", "Europe/London", "America/New_York", "Asia/Tokyo")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
STAGES = ("triage", "assignment", "approval", "resolution", "review")

Data = dict[str, Any]


def document(data: Data, file: str) -> Document:
    """Return the data as a document that knows its lines, as if somebody had written it."""
    return parse_document(written(data), file)


def written(data: Data) -> str:
    """Return the data as the text of a YAML file."""
    text = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(data, text)
    return text.getvalue()


def directory(data: Data) -> Directory:
    """Check and load a directory's data."""
    return check_directory(document(data, "directory.yaml"))


# --- who there is -----------------------------------------------------------------------------------------------------


def company(choose: Choices, start: datetime = START) -> Data:
    """Make up a directory: up to twelve people, two teams, roles, rotations with layers, absences, hours, deputies.

    The head, the owner of the playbook and a second for both are always there and have no hours, so nobody is ever
    without an answer.
    Absences and overrides lie in the days that follow ``start``.
    """
    count = 4 + choose.number(9)
    # The same hours for all who have some: when one of them begins to work, whoever has the shift then works as well.
    slots = choose.of((["09:00-17:00"], ["08:00-12:00", "13:00-18:00"], ["22:00-06:00"]))
    hours = {"time_zone": choose.of(ZONES), "week": dict.fromkeys(WEEKDAYS, slots)}
    people = [_person(choose, number, count, hours, start) for number in range(count)]
    ids = [person["id"] for person in people]
    half = max(2, count // 2)
    experts = ids[half:] or ids[:1]
    rotations = {"desk": _rotation(choose, ids[:half], start), "experts": _rotation(choose, experts, start)}
    teams = [_team(choose, "desk", ids[:half]), _team(choose, "experts", experts)]
    always = [
        {"id": name, "name": name, "time_zone": "Europe/Prague", "contacts": [{"channel": "inbox", "address": name}]}
        for name in ("head", "owner", "second")
    ]
    return {
        "people": [*people, *always],
        "teams": teams,
        "roles": {
            "lead": {"holders": [*choose.some(ids, 1), "second"]},
            "head": {"holders": ["head"]},
            "owner": {"holders": ["owner", "second"]},
            "night": {"oncall": "experts"},
        },
        "rotations": rotations,
    }


def _person(choose: Choices, number: int, count: int, hours: Data, start: datetime) -> Data:
    zone = choose.of(ZONES)
    person: Data = {
        "id": f"p{number}",
        "name": f"Person {number}",
        "time_zone": zone,
        "contacts": [{"channel": choose.of(("inbox", "webhook")), "address": f"p{number}"}],
        "rank": choose.number(5),
        "skills": choose.of(([], ["billing"], ["postgresql", "billing"])),
    }
    if choose.chance(30):
        person["authority"] = {"refund": choose.of((100.0, 1000.0, True))}
    if choose.chance(40) and number + 1 < count:
        person["deputy"] = f"p{number + 1 + choose.number(count - number - 1)}"
    if choose.chance(30):
        begin = start + timedelta(hours=choose.number(200))
        person["away"] = [{"start": _written(begin), "end": _written(begin + timedelta(hours=6 + choose.number(90)))}]
    if choose.chance(30):
        person["hours"] = deepcopy(hours)
    return person


def _rotation(choose: Choices, ids: list[str], start: datetime) -> Data:
    rotation: Data = {
        "people": choose.some(ids),
        "time_zone": choose.of(ZONES),
        "starts_on": "2026-01-05",
        **_turns(choose),
    }
    if choose.chance(40):
        nights = {day: ["18:00-08:00"] for day in WEEKDAYS}
        layer = {"people": choose.some(ids), "every": "1d", "hand_over": {"at": "18:00"}, "starts_on": "2026-01-05"}
        rotation["above"] = [{**layer, "only": nights}]
    if choose.chance(30):
        begin = start + timedelta(hours=choose.number(200))
        end = begin + timedelta(hours=1 + choose.number(40))
        rotation["overrides"] = [{"start": _written(begin), "end": _written(end), "person": choose.of(ids)}]
    if choose.chance(20):
        rotation["only"] = {day: ["07:00-19:00"] for day in WEEKDAYS}
    return rotation


def _turns(choose: Choices) -> Data:
    every = choose.of(("1w", "1d", "12h", "2w"))
    at = choose.of(("08:00", "02:30", "17:00"))
    return {"every": every, "hand_over": {"at": at, **({"weekday": "monday"} if every.endswith("w") else {})}}


def _team(choose: Choices, name: str, ids: list[str]) -> Data:
    team: Data = {"id": name, "name": name, "members": ids}
    if choose.chance(50):
        team["oncall"] = name
    if choose.chance(30):
        team["choose"] = {"by": choose.of((["senior"], ["skill", "senior"], ["everybody"]))}
    return team


def _written(at: datetime) -> str:
    return at.isoformat()


# --- what should happen -----------------------------------------------------------------------------------------------

TARGETS = ("team:desk", "team:experts", "role:lead", "oncall:desk", "oncall:experts", "role:night")


def policy(choose: Choices) -> Data:
    """Make up a playbook for ``company``: its ladder, paths, matrix, hours, gates and clocks."""
    levels = [_level(choose, number) for number in range(1, 2 + choose.number(3))]
    levels[-1]["last_resort"] = "role:head"
    ids = [level["id"] for level in levels]
    data: Data = {
        "playbook": "generated",
        "version": 1,
        "title": "Made up",
        "owner": "role:owner",
        "fields": {"amount": {"type": "number"}, "topic": {"type": "text", "values": ["one", "two"]}},
        "severity": {
            "scale": [{"name": "P0"}, {"name": "P1"}, {"name": "P2", "waits_for_hours": choose.chance(40)}],
            "default": "P1",
            "rules": [
                {"when": "flags.security", "severity": "P0"},
                {"when": 'topic == "two"', "severity": "P2"},
            ],
        },
        "triggers": [
            {"id": "limit", "when": "ai_limit", "initiation": "ai_limit"},
            {"id": "legal", "when": "flags.legal", "level": ids[-1]},
        ],
        "context": {"required": ["summary"], "complete_within": "10m"},
        "levels": levels,
        "calendars": {"office": {"time_zone": "Europe/Prague", "week": {day: ["08:00-17:00"] for day in WEEKDAYS}}},
        "raci": {stage: {"responsible": ["owner"], "accountable": "role:head"} for stage in STAGES},
        "resolution": {"confirmed_by": "customer", "confirm_within": "1d"},
        "review": {"due": "2d", "remind": "1d"},
        "hold_at_most": "3d",
        "clocks": _clocks(choose, ids),
        **_ways(choose, ids),
    }
    if choose.chance(40):
        data["gates"] = [_gate(choose)]
    return data


def _level(choose: Choices, number: int) -> Data:
    level: Data = {
        "id": f"L{number}",
        "targets": choose.some(TARGETS)[:3],
        "ack": choose.of(("10m", "1h", "5m")),
        "repeat": choose.number(3),
        "dwell": choose.of(("2h", "1d")),
    }
    if choose.chance(20):
        level["calendar"] = "office"
    if choose.chance(30) and any(target.startswith("team:") for target in level["targets"]):
        level["choose"] = {"by": choose.of((["senior"], ["experienced"], ["everybody"])), **_take(choose)}
        if level["choose"]["by"] == ["everybody"]:
            level["choose"].pop("take", None)
    return level


def _take(choose: Choices) -> Data:
    return {"take": 2} if choose.chance(30) else {}


def _ways(choose: Choices, ids: list[str]) -> Data:
    ways: Data = {}
    if choose.chance(30):
        ways["routing"] = [{"when": "true", choose.of(("during", "outside")): "office", "targets": ["oncall:experts"]}]
    if choose.chance(30):
        legal = {"id": "legal", "when": "flags.legal", "levels": ids[-1:]}
        ways["paths"] = [legal, {"id": "usual", "levels": ids}]
    if choose.chance(40):
        ways["matrix"] = [
            {"severity": ["P0"], "level": ids[0], "targets": ["role:lead"], "ack": "4m"},
            {"severity": ["P0", "P1"], "after": choose.of(("30m", "3h")), "level": ids[-1]},
        ]
    return ways


def _clocks(choose: Choices, ids: list[str]) -> Data:
    clocks: Data = {}
    for name in ("acknowledge", "first_human_response", "resolution"):
        if choose.chance(50):
            clocks[name] = {
                "within": choose.of(({"default": "2h"}, {"P0": "20m", "default": "8h"}, {"P0": "30m"})),
                "on_breach": choose.of(("level_up", "tell", ids[-1])),
                **({"calendar": "office"} if choose.chance(30) else {}),
            }
    return clocks


def _gate(choose: Choices) -> Data:
    return {
        "id": "credit",
        "before": choose.of(("assignment", "resolution")),
        "when": choose.of(("flags.legal", 'topic == "two"')),
        "approvers": choose.of((["role:head"], ["role:head", "role:owner"])),
        "need": 1,
        "subject": ["amount"],
        "deadline": choose.of(("30m", "4h")),
        "on_expiry": choose.of(("halt", "escalate", "deny")),
    }


def full_policy(choose: Choices) -> Data:
    """Make up a playbook as ``policy`` does, and use what else there is: more clocks, time limits, procedures."""
    data = policy(choose)
    ids = [level["id"] for level in data["levels"]]
    if choose.chance(40):
        data["levels"][0]["ack_lasts"] = choose.of(("45m", "100m"))
    data["clocks"] |= _named_clocks(choose, ids)
    if choose.chance(40):
        data["statuses"] = [
            {"status": "waits for somebody", "stage": "assignment", **_lasts(choose)},
            {"status": "is worked on", "stage": "resolution", "waiting_on": "owner", **_lasts(choose)},
        ]
    if choose.chance(20):
        data["templates"] = {"page": {choose.of(("cs", "en")): {"body": "{{ id }}: {{ until|instant }}"}}}
    if choose.chance(30):
        lowering = {**_gate(choose), "id": "milder", "before": "lowering", "when": "true", "subject": []}
        if lowering["on_expiry"] == "escalate":  # a wish for a milder severity does not go up: refused at load
            lowering["on_expiry"] = "deny"
        data["gates"] = [*data.get("gates", []), lowering]
        data["severity"]["lowering"] = {"gate": "milder"}
    if choose.chance(30):
        data["help_desk"] = {"solved_there": "propose"}
    if choose.chance(50):
        data["timeline"] = {
            "recording_at_most": "2m",
            "session_at_most": choose.of(("20m", "6h")),
            "holds_close": choose.of((["blocker", "session"], ["question"], [])),
        }
    if choose.chance(40):
        data["retention"] = choose.of(
            ({"keep": "2555d"}, {"hold_by": ["role:lead"]}, {"keep": "1d", "hold_by": ["team:desk"]})
        )
    if choose.chance(30):
        data["recoveries"] = [
            {
                "id": "restart",
                "when": choose.of(("true", "flags.legal")),
                "script": "restart",
                "within": "5m",
                **({"approval": data["gates"][0]["id"]} if data.get("gates") and choose.chance(50) else {}),
            }
        ]
    if choose.chance(40):
        data["bypass"] = {
            "when": choose.of(("true", "severity.rank == 0.0")),
            "allowed": choose.of(([], ["role:lead"], ["team:desk", "role:head"])),
            "review_by": choose.of(("role:head", "role:owner", "team:experts")),
            "review_within": "2d",
        }
    _add_what_people_do_with_each_other(choose, data, ids)
    return data


def _add_what_people_do_with_each_other(choose: Choices, data: Data, ids: list[str]) -> None:
    if choose.chance(70):
        data["review"] |= {
            **choose.of(({"starts": "stable"}, {"starts": "stable", "stable_when": 'topic == "two"'}, {})),
            **choose.of(({}, {"feedback": {"within": "3d", "remind": "1d"}}, {"feedback": {"within": "2h"}})),
        }
    if choose.chance(60):
        data["gates"] = [*data.get("gates", []), *_approvals(choose)]
        data["actions"] = {"refund": {"arguments": {"amount": {"type": "number"}}}, "restart": {}}
    if choose.chance(70):
        data["communication"] = _communication(choose, ids)
    if choose.chance(50):
        data["critical_incident"] = {"when": 'severity == "P0" || topic == "two"', "because": "it is the worst"}
        data["automations"] = _automations(choose)
        if "statuses" in data:
            data["automations"][0]["then"].append({"do": "set_status", "status": "is worked on"})
    if choose.chance(70):
        data |= _ownership(choose)
    if choose.chance(30):
        told = {"consulted": ["team:experts"], "informed": choose.of((["requester", "customer"], ["role:owner"]))}
        data["raci"] = {stage: {**row, **told} for stage, row in data["raci"].items()}
    if choose.chance(60):
        data["incident"] = _incident(choose, data)


def _ownership(choose: Choices) -> Data:
    digest: Data = {"ai": "may_do", "recurring": choose.chance(50)}
    data: Data = {
        "activities": {"reply_text": {"ai": "may_assist", "human_required": True}, "digest": digest},
        "shift_handover": {"before": choose.of(("30m", "9h")), "to": choose.of(("oncall:desk", "team:experts"))},
    }
    if choose.chance(40):
        line = {"activity": "digest", "agent": "agent:bot", "accountable": "role:head"}
        data["delegations"] = [line | choose.of(({}, {"approved_by": "role:owner", "approved_on": "2026-01-01"}))]
    if choose.chance(50):
        data["before_work"] = choose.of(({}, {"when": 'topic == "two"'}, {"executes": "team:desk"}))
    if choose.chance(50):
        data["items"] = choose.of(({}, {"remind_before": "1h", "chase": "3h", "claim_within": "20m"}))
        data["work"] = _work(choose)
    return data


def _approvals(choose: Choices) -> list[Data]:
    """Make up an approval with what else one may have, and one before an action."""
    targets = ["team:desk", "role:head"]
    free: Data = {"need": choose.of((1, 2, "all", "60%"))}
    shares: Data = {"quorum": [{"of": "team:desk", "need": choose.of((1, 2, "all"))}, {"of": "role:head"}]}
    emergency = {"who": ["role:owner"], "review_by": "role:head", "review_within": "1d"}
    return [
        {
            "id": "wide",
            "before": choose.of(("assignment", "resolution", "resolution", "review")),
            "when": choose.of(("true", "flags.legal", 'topic == "two"')),
            "approvers": targets,
            **choose.of((free, shares)),
            "reject_needs": choose.of((1, 1, 2)),
            "subject": ["amount"],
            "exclude": choose.of(([], ["role:lead"], ["owner", "team:experts"])),
            "deadline": choose.of(("20m", "3h")),
            "on_expiry": choose.of(("halt", "deny", "next_deputy")),
            "deputies": ["role:owner"],
            "delegation": {"depth": choose.of((0, 1, 2))},
            **choose.of(({}, {"choices": [{"id": "one"}, {"id": "two"}]})),
            **choose.of(({}, {"emergency": emergency})),
            "review_after": choose.chance(60),
        },
        {
            "id": "refund",
            "before": "action",
            "when": 'action.name == "refund" && action.amount > 100.0',
            "approvers": targets,
            "need": choose.of((1, "50%")),
            "subject": choose.of(([], ["amount"])),
            "exclude": choose.of(([], ["owner"])),
            "deadline": "30m",
            "on_expiry": choose.of(("halt", "deny", "escalate", "keep")),
            "valid_for": choose.of(("5m", "3h")),
        },
    ]


def _work(choose: Choices) -> list[Data]:
    owner = choose.of(("owner", "team:experts", "role:head"))
    checked = {"check": choose.of(("flags.legal", 'topic == "two"'))} if choose.chance(60) else {}
    before = {"before": "resolution"} if choose.chance(50) else {}
    return [
        {"id": "first", "title": "first", "at": choose.of(("assignment", "resolution")), "owner": owner, "due": "2h"},
        {"id": "holds", "title": "holds", "kind": "dependency", "at": "resolution", "due": "1h", **checked, **before},
        {
            "id": "bolts",
            "title": "bolts",
            "kind": choose.of(("checklist", "checkpoint")),
            "at": "resolution",
            "owner": owner,
            "approvers": choose.of((["role:head"], ["team:desk"])),
            "after": choose.of((["first"], ["first", "holds"], [])),
            "due": "5h",
        },
        {
            "id": "later",
            "title": "later",
            "on": choose.of((["severity_changed"], ["level_entered", "hold_started"])),
            "when": choose.of(("true", 'topic == "two"')),
            "due": "1d",
            "owner": owner,
        },
    ]


def _incident(choose: Choices, data: Data) -> Data:
    incident: Data = {
        "declare_when": 'topic == "two"',
        "automatic": choose.chance(50),
        "may_declare": choose.of(([], [], ["owner", "role:lead"])),
        "stand_down": {},
    }
    if choose.chance(60):
        incident["first_update"] = {"within": "15m", "chase": choose.of(("10m", "2h"))}
        incident["stand_down"]["after"] = choose.of(([], ["first_update", "execution_plan"]))
    if choose.chance(60):
        to = choose.of(("oncall:desk", "role:lead", "team:experts"))
        incident["periods"] = {"length": choose.of(("8h", "1h")), "hand_over_before": "30m", "to": to}
    if choose.chance(40):
        clear = {**_gate(choose), "id": "all-clear", "before": "stand_down", "when": "true", "subject": []}
        if clear["on_expiry"] == "escalate":  # as with a milder severity: refused at load
            clear["on_expiry"] = "deny"
        data["gates"] = [*data.get("gates", []), clear]
        incident["stand_down"]["gate"] = "all-clear"
    return incident


def _communication(choose: Choices, ids: list[str]) -> Data:
    board: Data = {"name": "board", "audience": "management", "target": choose.of(("role:head", "oncall:desk"))}
    staff: Data = {"name": "staff", "audience": choose.of(("management", "staff")), "target": "team:experts"}
    if choose.chance(50):
        board |= {"from_severity": choose.of(("P0", "P1")), "replies_within": choose.of(("20m", "6h"))}
    if choose.chance(50):
        staff |= {"from_level": ids[-1], "channels": ["inbox"]}
    data: Data = {
        "stakeholders": [board, staff],
        "cadence": choose.of(({"default": {"every": "1h", "chase": "20m"}}, {"P0": {"every": "30m", "chase": "30m"}})),
        **choose.of(({}, {"communicator": "role:lead"})),
    }
    if choose.chance(30):
        data["cadence"]["P1"] = {"every": "3h", "chase": "1h", "calendar": "office"}
    if choose.chance(75):
        data |= _statements(choose)
        data["stakeholders"].append({"name": "buyer", "audience": "customers", "target": "customer"})
    if choose.chance(60):
        data["summaries"] = {"when": choose.of(("true", "flags.security")), "within": "1h"}
    if choose.chance(40):
        other = {"name": "board", "audience": "management", "target": "role:owner"}
        data["key_people"] = [
            {"id": "legal", "when": "flags.legal", "communicator": "role:head", "stakeholders": [other]}
        ]
    return data


def _statements(choose: Choices) -> Data:
    receipt = {"receipt": {"within": "2h", "chase": choose.of(("30m", "2h"))}}
    return {
        "audiences": [
            {"id": "customers", "reads": "customer"},
            {"id": "management", **(receipt if choose.chance(60) else {})},
        ],
        "release_by": choose.of(([], ["role:lead"], ["role:owner", "team:experts"])),
        "announcements": [
            {"id": "begun", "audience": "management", "stages": ["resolution"], "text": "{owner} has it"},
            {"id": "up", "audience": "customers", "on": ["level_entered", "resolution_rejected"], "text": "good news"},
        ],
        "post_to": choose.of(([], ["team", "group:experts"])),
        "milestones": [
            {"id": "found", "update_within": "1h", "chase": "30m"},
            {"id": "mended", "update_within": "20m", "chase": "20m"},
        ],
        "follow_up": choose.of(
            (
                [],
                [{"after": "20m", "text": "Does it still work?"}],
                [{"after": "2h", "ask": "satisfaction", "answer_within": "1d"}],
            )
        ),
        "read_in": choose.chance(50),
    }


def _automations(choose: Choices) -> list[Data]:
    tell = {
        "do": "send",
        "to": choose.of((["owner"], ["requester", "role:lead"], ["team:experts"])),
        "text": "{happened}",
    }
    item = {"do": "add_action_item", "title": "look again", "owner": choose.of(("owner", "role:head")), "due": "3h"}
    assign = {"do": "assign", "to": ["team:experts"], **choose.of(({}, {"otherwise": "role:head"}))}
    worst = {"do": "raise_severity", "severity": "P0"}
    return [
        {
            "id": "works",
            "on": choose.of((["opened"], ["reported_again", "opened"], ["became_critical", "hold_ended"])),
            "then": choose.of(([tell, item], [assign, tell], [worst, assign], [item, worst])),
            **choose.of(({}, {"when": 'topic == "two"'})),
        },
        {
            "id": "tells",
            "on": choose.of(
                (["severity_changed", "status_changed"], ["owner_changed", "item_overdue"], ["level_entered", "closed"])
            ),
            "then": [{"do": "comment", "text": "{happened}"}, tell],
        },
    ]


def _named_clocks(choose: Choices, ids: list[str]) -> Data:
    clocks: Data = {}
    if choose.chance(40):
        clocks["answer"] = {
            "starts": "level",
            "stops": "acknowledged",
            "within": choose.of(({"default": "25m"}, {"P0": "7m", "default": "3h"})),
            "on_breach": choose.of(("tell", "level_up")),
        }
    if choose.chance(40):
        clocks["news"] = {
            "starts": choose.of(("trigger", "acknowledged")),
            "stops": "update",
            "within": {"default": choose.of(("50m", "5h"))},
            "remind": choose.of(([], ["20m"])),
            "tell": choose.of(([], ["role:lead"])),
            "on_breach": "tell",
        }
    if choose.chance(40):
        clocks["promise"] = {
            "starts": choose.of(("trigger", "first_contact")),
            "stops": choose.of(("human_response", "resolved", "closed")),
            "within": {"default": choose.of(("90m", "1d"))},
            "on_breach": choose.of(("level_up", "tell", ids[-1])),
            **choose.of(({"paused_by": ["input"]}, {"when": 'topic == "two"'}, {"calendar": "office"})),
        }
    return clocks


def _lasts(choose: Choices) -> Data:
    return {"within": choose.of(("40m", "5h")), "then": choose.of(("remind", "level_up"))}


def playbook(data: Data) -> Playbook:
    """Make a playbook of its data; what the loader checks beyond its shape is not checked here."""
    return Playbook.model_validate(data)


def facts(choose: Choices) -> dict[str, Any]:
    """Make up what a request states: always enough to escalate."""
    stated: dict[str, Any] = {"ai_limit": True}
    if choose.chance(30):
        stated["flags.security"] = True
    if choose.chance(30):
        stated["flags.legal"] = True
    if choose.chance(40):
        stated["topic"] = choose.of(("one", "two"))
    return stated
