"""What is wrong with audiences, announcements, milestones and follow-ups is said with its line; what is silent, too."""

from __future__ import annotations

from typing import Any

import pytest

from escalation.documents import parse_document
from escalation.foresight.lint import prove
from escalation.playbook.check_statements import check_statements
from escalation.playbook.checks import check, check_against
from tests.domain.builders import OFFICE, START, small

GOOD = """\
communication:
  stakeholders:
    - {name: board, audience: management, target: role:boss}
    - {name: buyer, audience: customers, target: customer}
  release_by: [role:lead]
  post_to: [team, "group:desk"]
  audiences:
    - {id: customers, reads: customer}
    - {id: management, receipt: {within: 4h, chase: 1h}}
  announcements:
    - {id: taken, audience: customers, stages: [resolution], text: "We work on {case}."}
    - {id: up, audience: management, on: [level_entered], text: "{severity} at {level}"}
  milestones:
    - {id: found, update_within: 1h, chase: 30m}
  follow_up:
    - {after: 2d, ask: satisfaction, answer_within: 1d}
    - {after: 1d, text: How is it?}
"""


def said(text: str) -> list[str]:
    return [f"{each.line}: {each.message}" for each in check_statements(parse_document(text, "p.yaml"))]


def test_nothing_is_said_of_what_is_right() -> None:
    assert said(GOOD) == []
    assert said("playbook: p") == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (
            "reads: customer}",
            "reads: internal}",
            "4: is the customer, and audience 'customers' reads the internal",
        ),
        ("reads: customer}", "reads: customer, receipt: {within: 4h, chase: 1h}}", "8: means nothing here: customers"),
        ("within: 4h, chase: 1h", "within: 4h, chase: 5h", "9: is longer than within (4h)"),
        ("update_within: 1h, chase: 30m", "update_within: 1h, chase: 3h", "14: is longer than update_within (1h)"),
        ("audience: management, on", "audience: managment, on", "12: no stakeholder is in audience 'managment'"),
        ("on: [level_entered], ", "", "12: is never sent: expected stages (as one of them begins)"),
        ("work on {case}", "work on {owner}", "11: {owner} stands for nothing in what customers read; expected case"),
        ("{severity} at", "{seveerity} at", "12: {seveerity} stands for nothing; expected case, id"),
        ("{id: up,", "{id: taken,", "12: id 'taken' is used twice under announcements"),
        (", answer_within: 1d", "", "16: lacks answer_within: after it the customer is asked once more"),
        (", text: How is it?", "", "17: sends nothing: expected text, or ask: satisfaction"),
        ("text: How is it?", "text: How?, answer_within: 1d", "17: means nothing here: nothing is asked"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_what_was_expected(old: str, new: str, finding: str) -> None:
    assert old in GOOD
    (only,) = said(GOOD.replace(old, new))
    assert only.startswith(finding)


@pytest.mark.parametrize(
    "text",
    [
        "communication: 7",
        "communication: {audiences: 7, announcements: [a], milestones: {a: b}, follow_up: [x]}",
        "communication: {audiences: [7, {id: [a], receipt: 3}], announcements: [{audience: [a], text: 7, stages: 3}]}",
        "communication: {milestones: [{id: 3, chase: x}], follow_up: [{after: 3, ask: 7, text: [a]}]}",
    ],
)
def test_any_shape_gives_findings_and_never_another_error(text: str) -> None:
    said(text)


def test_who_releases_and_where_it_is_posted_are_checked_against_the_directory() -> None:
    found = {str(each.path) for each in check(parse_document(GOOD.replace("role:lead", "queue:x"), "p.yaml"))}
    assert "communication.release_by.0" in found
    board = {"name": "board", "audience": "management", "target": "role:boss"}
    book = small(communication={"stakeholders": [board], "release_by": ["role:press"], "post_to": ["group:desk"]})
    found = {str(each.path) for each in check_against(book, lambda target: bool(OFFICE.members(target)))}
    assert found == {"communication.release_by.0", "communication.post_to.0"}, "the desk has no chat group"


def proved(**communication: Any) -> list[str]:
    board = {"name": "board", "audience": "management", "target": "role:boss"}
    playbook = small(communication={"stakeholders": [board], **communication})
    return [each.finding.message for each in prove(playbook, OFFICE, START, 3).findings]


def test_the_linter_names_what_would_be_silent() -> None:
    receipt = {"within": "4h", "chase": "1h"}
    assert proved(audiences=[{"id": "press", "receipt": receipt}]) == [
        "no stakeholder is in audience press: its receipts are never asked for"
    ]
    assert "no stakeholder is in audience press: nobody is told anything" in proved(audiences=[{"id": "press"}])
    buyer = {"name": "buyer", "audience": "customers", "target": "customer"}
    told = proved(stakeholders=[buyer], audiences=[{"id": "customers", "reads": "customer"}])
    assert told == ["no announcement and no cadence is for customers: customers hear only what somebody thinks of"]
    (group,) = [each for each in proved(post_to=["team"]) if "desk" in each]
    assert group.startswith("the chat group of desk has no contact point on a connected channel (it has none)")
    assert "updates are posted there" in group
