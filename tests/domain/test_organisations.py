"""How organisations hand things up: outages, defects, regions that sleep at other hours, shifts that end, a chatbot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from escalation.documents import parse_document
from escalation.foresight.lint import prove
from escalation.lifecycle import next_due
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.people.directory import Directory, check_directory
from escalation.playbook.ladder import Axis
from tests.domain.builders import Life, opened, small


def people(*names: str, **zones: str) -> str:
    lines = []
    for name in names:
        contact = f"[{{channel: inbox, address: {name}}}]"
        zone = zones.get(name, "Europe/Prague")
        lines.append(f"  - {{id: {name}, name: {name}, time_zone: {zone}, contacts: {contact}}}")
    return "\n".join(lines)


def company(rest: str, *names: str, **zones: str) -> Directory:
    return check_directory(parse_document(f"people:\n{people(*names, **zones)}\n{rest}", "company.yaml"))


def level(name: str, target: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "targets": [target], "ack": "10m", "dwell": "2h", **more}


ORGANISATION = company(
    """\
roles:
  network: {holders: [nina]}
  systems: {holders: [sven]}
  quality: {holders: [quinn]}
  engineering: {holders: [ella]}
  management: {holders: [max]}
  compliance: {holders: [cora]}
  legal: {holders: [lea]}
  executives: {holders: [max]}
  boss: {holders: [max]}
  playbook-owner: {holders: [max]}
  lead: {holders: [max]}
""",
    *("nina", "sven", "quinn", "ella", "max", "cora", "lea"),
)
LADDER = [
    level("network", "role:network"),
    level("systems", "role:systems"),
    level("quality", "role:quality"),
    level("engineering", "role:engineering"),
    level("management", "role:management", last_resort="role:boss"),
    level("compliance", "role:compliance"),
    level("legal", "role:legal"),
    level("executives", "role:executives", last_resort="role:boss"),
]
PATHS = [
    {
        "id": "wide-outage",
        "when": 'record_type == "incident" && impact == "org_wide"',
        "levels": ["systems", "management"],
        "about": "everybody is affected",
    },
    {"id": "outage", "when": 'record_type == "incident"', "levels": ["network", "systems", "management"]},
    {"id": "regulatory", "when": 'topic == "regulation"', "levels": ["compliance", "legal", "executives"]},
    {"id": "defect", "levels": ["quality", "engineering", "management"]},
]


def climbed(**facts: Any) -> list[str]:
    life = Life(small(levels=LADDER, paths=PATHS), directory=ORGANISATION)
    life.open(facts=facts)
    life.pass_time("25m")
    return [event.level for event in life.all(e.LevelEntered)]


@pytest.mark.req("EP-UC2")
def test_an_outage_goes_through_the_technical_teams_to_management_and_the_wider_it_is_the_sooner() -> None:
    assert climbed(record_type="incident", impact="team") == ["network", "systems", "management"]
    assert climbed(record_type="incident", impact="org_wide")[:2] == ["systems", "management"]


@pytest.mark.req("EP-UC4")
def test_a_defect_goes_from_quality_to_engineering_to_management() -> None:
    assert climbed() == ["quality", "engineering", "management"]


@pytest.mark.req("EP-UC3")
def test_a_regulatory_concern_goes_from_compliance_to_legal_counsel_to_the_executives() -> None:
    assert climbed(topic="regulation") == ["compliance", "legal", "executives"]


AROUND_THE_SUN = company(
    """\
roles:
  boss: {holders: [max]}
  playbook-owner: {holders: [max]}
  lead: {holders: [max]}
rotations:
  emea: {people: [eva], time_zone: Europe/Prague, every: 1d, hand_over: {at: 08:00}, starts_on: 2026-01-05}
  apac: {people: [aiko], time_zone: Asia/Tokyo, every: 1d, hand_over: {at: 08:00}, starts_on: 2026-01-05}
""",
    *("eva", "aiko", "max"),
    aiko="Asia/Tokyo",
)


@pytest.mark.req("SUP-1")
def test_at_night_the_one_is_called_for_whom_it_is_day_where_the_problem_is() -> None:
    night = datetime(2026, 11, 21, 1, tzinfo=UTC)  # two in Prague, ten in Tokyo
    playbook = small(
        levels=[level("L1", "oncall:emea", last_resort="role:boss")],
        routing=[{"when": 'region == "apac"', "targets": ["oncall:apac"]}],
    )
    life = Life(playbook, directory=AROUND_THE_SUN, now=night)
    life.open(facts={"region": "apac", "flags.security": True})
    assert (life.state.severity, life.told(MessageKind.PAGE)) == ("P0", ["person:aiko"])


HANDED_OVER = company(
    """\
roles:
  boss: {holders: [max]}
  playbook-owner: {holders: [max]}
  lead: {holders: [max]}
rotations:
  desk: {people: [eva, jan], time_zone: UTC, every: 12h, hand_over: {at: 08:00}, starts_on: 2026-11-20}
""",
    *("eva", "jan", "max"),
)


QUEUES = company(
    """\
teams:
  - {id: permits, name: Permits, members: [eva, jan], oncall: permits}
  - {id: hotline, name: Hotline, members: [nina, ola, pia], oncall: hotline}
roles:
  boss: {holders: [max]}
  playbook-owner: {holders: [max]}
  lead: {holders: [max]}
rotations:
  permits: {people: [eva, jan], time_zone: Europe/Prague, every: 12h, hand_over: {at: 07:00}, starts_on: 2026-11-16}
  hotline:
    people: [nina, ola, pia]
    time_zone: Europe/Prague
    every: 8h
    hand_over: {at: 06:00}
    starts_on: 2026-11-16
    overrides:
      - {start: 2026-11-21T06:00:00+01:00, end: 2026-11-21T14:00:00+01:00, person: max, why: staff meeting}
""",
    *("eva", "jan", "nina", "ola", "pia", "max"),
)
TWO_QUEUES = small(
    levels=[level("L1", "team:permits", last_resort="role:boss")],
    routing=[{"when": 'topic == "call"', "targets": ["team:hotline"]}],
    triggers=[{"id": "any", "when": 'topic != ""'}],
    owner="role:boss",
)


@pytest.mark.req("SHF-7")
def test_each_queue_has_a_shift_plan_of_its_own_around_the_clock() -> None:
    def called(topic: str, hour: int) -> str:
        life = Life(TWO_QUEUES, directory=QUEUES, now=datetime(2026, 11, 21, hour, 30, tzinfo=UTC))
        life.open(facts={"topic": topic})
        [person] = life.told(MessageKind.PAGE)
        return person.removeprefix("person:")

    hours = range(0, 24, 4)  # an hour later in Prague
    assert [called("permit", hour) for hour in hours] == ["jan", "jan", "eva", "eva", "eva", "jan"], "12 hours each"
    assert [called("call", hour) for hour in hours] == ["pia", "pia", "max", "max", "ola", "ola"], "for nina, max"
    proved = prove(TWO_QUEUES, QUEUES, datetime(2026, 11, 21, tzinfo=UTC), 60)
    assert proved.findings == (), "no hour of either plan is without somebody"


@pytest.mark.req("SHF-6")
def test_a_shift_that_ends_pauses_nothing_and_leaves_nothing_behind() -> None:
    evening = datetime(2026, 11, 20, 19, 55, tzinfo=UTC)
    playbook = small(
        levels=[level("L1", "oncall:desk", repeat=3, last_resort="role:boss")],
        clocks={"resolution": {"within": {"default": "1h"}, "on_breach": "tell"}},
    )
    life = Life(playbook, directory=HANDED_OVER, now=evening)
    life.open()
    limit = life.state.clocks["resolution"].due
    assert life.told(MessageKind.PAGE) == ["person:eva"]
    life.pass_time("10m")  # the next round begins after the hand-over at 20:00
    assert life.told(MessageKind.PAGE) == ["person:eva", "person:jan"]
    assert life.state.clocks["resolution"].due == limit
    life.send(c.Acknowledge(by="person:eva"))  # who had it before may take it all the same, and stays responsible
    life.pass_time("12m")
    assert life.owner == "person:eva"
    due = next_due(life.state)
    assert due is not None
    assert due.at > life.now


@pytest.mark.req("LA-12")
def test_what_a_chatbot_cannot_solve_goes_to_a_person_and_is_recorded_as_hierarchical() -> None:
    triggers = [{"id": "limit", "when": "ai_limit", "initiation": "ai_limit", "axis": "hierarchical"}]
    life = opened(small(triggers=triggers), facts={"ai_limit": True}, requested_by="agent:chatbot")
    assert life.told(MessageKind.PAGE) != []
    assert life.all(e.LevelEntered)[0].axis is Axis.HIERARCHICAL
    assert life.state.reasons[0].axis is Axis.HIERARCHICAL
