"""What is wrong with stakeholders, rhythm and summaries is said with its line before anybody relies on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.documents import Document, parse_document
from escalation.foresight.lint import Weight, prove
from escalation.people.directory import Directory
from escalation.playbook.check_communication import check_communication
from escalation.playbook.checks import check, check_against
from tests.domain.builders import OFFICE, START, small

GOOD = """\
severity:
  scale: [{name: P0, aliases: [critical]}, {name: P1}]
calendars:
  office: {time_zone: Europe/London, week: {monday: ["09:00-17:00"]}}
levels:
  - {id: L1, targets: [team:desk], ack: 10m, dwell: 2h}
  - {id: L2, targets: [role:lead], ack: 10m, dwell: 2h, last_resort: role:boss}
gates:
  - {id: refund, approvers: [role:security], deadline: 1h, subject: [amount]}
communication:
  communicator: role:deputy
  stakeholders:
    - {name: board, audience: management, target: role:boss, from_severity: P0, replies_within: 1h, calendar: office}
    - {name: legal, audience: staff, target: role:security, from_level: L2}
  key_people:
    - {id: leak, when: flags.security, communicator: role:security}
    - {id: loss, when: flags.legal, stakeholders: [{name: board, audience: management, target: role:boss}]}
  cadence:
    P0: {every: 30m, chase: 10m}
    default: {every: 4h, chase: 1h, calendar: office}
  summaries: {when: severity == "P0", at: [assigned, approval_decided], within: 1h}
"""


def said(text: str) -> list[str]:
    document: Document = parse_document(text, "p.yaml")
    return [f"{finding.line}: {finding.message}" for finding in check_communication(document)]


def test_nothing_is_said_of_what_is_right() -> None:
    assert said(GOOD) == []
    assert said(GOOD.partition("communication:")[0]) == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (
            "from_severity: P0",
            "from_severity: critical",
            "13: there is no severity 'critical'; expected P0, P1 (not an",
        ),
        ("from_level: L2", "from_level: L3", "14: there is no level 'L3'; the ladder has L1, L2"),
        (
            "replies_within: 1h, calendar: office",
            "replies_within: 1h, calendar: offce",
            "13: there is no calendar 'offce'",
        ),
        ("replies_within: 1h, calendar", "calendar", "13: means nothing here: it is that of replies_within"),
        ("{name: legal", "{name: board", "14: name 'board' is used twice under stakeholders"),
        ("{id: loss", "{id: leak", "17: id 'leak' is used twice under key_people"),
        (", communicator: role:security}", "}", "16: names nobody: expected a communicator, stakeholders, or both"),
        (
            "    P0: {every",
            "    P7: {every",
            "19: there is no severity 'P7'; expected P0, P1 (not an alias), or default",
        ),
        (
            "chase: 1h, calendar: office",
            "chase: 1h, calendar: home",
            "20: there is no calendar 'home'; expected office",
        ),
        ("chase: 10m", "chase: 45m", "19: is longer than every (30m): another update would be due before it moves up"),
        ("gates:\n  - {id: refund", "gaits:\n  - {id: refund", "21: is never reached: the playbook has no approvals"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_what_was_expected(old: str, new: str, finding: str) -> None:
    assert old in GOOD
    (only,) = said(GOOD.replace(old, new))
    assert only.startswith(finding)


def test_a_rhythm_that_nobody_hears_is_refused() -> None:
    silent = "severity: {scale: [{name: P0}]}\ncommunication:\n  cadence: {P0: {every: 1h, chase: 5m}}\n"
    (only,) = said(silent)
    assert only == "3: updates are due and nobody is told them: name at least one of stakeholders"


@pytest.mark.parametrize(
    "text",
    [
        "communication: 7",
        "communication: {stakeholders: 7, cadence: [a], key_people: {a: b}, summaries: [x]}",
        "communication: {stakeholders: [7, {name: [a]}], cadence: {P0: 7}, key_people: [7, {stakeholders: 7}]}",
        "communication: {summaries: {at: 7}, cadence: {P0: {every: x, chase: 3}}}",
    ],
)
def test_any_shape_gives_findings_and_never_another_error(text: str) -> None:
    said(text)


def test_conditions_and_targets_of_communication_are_checked_like_all_others() -> None:
    wrong = GOOD.replace("when: flags.security", "when: flags.securty").replace(
        "target: role:security", "target: queue:x"
    )
    found = {str(each.path): each.message for each in check(parse_document(wrong, "p.yaml"))}
    assert "securty" in found["communication.key_people.0.when"]
    assert "is a queue" in found["communication.stakeholders.1.target"]


@pytest.mark.req("ICP-4")
def test_key_people_whom_the_directory_does_not_have_are_named_with_their_place() -> None:
    board = {"name": "board", "audience": "management", "target": "role:board"}
    kind = {"id": "leak", "when": "flags.security", "communicator": "role:press", "stakeholders": [board]}
    playbook = small(communication={"communicator": "person:nobody", "stakeholders": [board], "key_people": [kind]})
    found = check_against(playbook, lambda target: bool(OFFICE.members(target)))
    assert [str(each.path) for each in found] == [
        "communication.communicator",
        "communication.stakeholders.0.target",
        "communication.key_people.0.communicator",
        "communication.key_people.0.stakeholders.0.target",
    ]


def proved(directory: Directory, **communication: Any) -> list[tuple[str, Weight, str]]:
    proof = prove(small(communication=communication), directory, START, 30)
    return [(each.finding.path, each.weight, each.finding.message) for each in proof.findings]


def test_the_linter_names_a_stakeholder_and_a_communicator_for_whom_nobody_stands() -> None:
    office = OFFICE.model_dump(mode="json")
    for person in office["people"]:
        if person["id"] in ("hal", "joy"):
            person["away"] = [{"start": START, "end": START + timedelta(days=30), "why": "on leave"}]
    directory = Directory.model_validate(office)
    board = {"name": "board", "audience": "management", "target": "role:security"}
    found = proved(directory, communicator="role:deputy", stakeholders=[board])
    assert [(path, weight) for path, weight, _ in found] == [
        ("communication.communicator", Weight.WARNING),
        ("communication.stakeholders.0.target", Weight.WARNING),
    ]
    assert all("the playbook's owner role:playbook-owner is told instead" in message for *_, message in found)


def test_the_linter_names_updates_that_no_stakeholder_hears() -> None:
    board = {"name": "board", "audience": "management", "target": "role:security", "from_severity": "P1"}
    ((path, weight, message),) = proved(
        OFFICE, stakeholders=[board], cadence={"default": {"every": "1h", "chase": "5m"}}
    )
    assert (path, weight) == ("communication.cadence.default", Weight.WARNING)
    assert message == "updates are due at P2, and no stakeholder is told that: all begin at a worse severity"
    assert proved(OFFICE, stakeholders=[board], cadence={"P1": {"every": "1h", "chase": "5m"}}) == []
