"""What is wrong with paths, matrix, hours and exception procedure is said with its line before anybody relies on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from escalation.documents import Document, parse_document
from escalation.playbook.check_paths import check_paths
from escalation.playbook.checks import check

GOOD = """\
severity:
  scale: [{name: P0, aliases: [critical]}, {name: P1}]
calendars:
  office: {time_zone: Europe/London, week: {monday: ["09:00-17:00"]}}
levels:
  - {id: L1, targets: [team:desk], ack: 10m, dwell: 2h, calendar: office}
  - {id: S1, targets: [role:security], ack: 10m, dwell: 2h, last_resort: role:boss}
  - {id: L2, targets: [role:lead], ack: 10m, dwell: 2h, last_resort: role:boss}
routing:
  - {when: "true", outside: office, targets: [role:security]}
paths:
  - {id: security, when: flags.security, levels: [S1]}
  - {id: usual, levels: [L1, L2]}
matrix:
  - {severity: [P0], level: L1, ack: 5m}
  - {severity: [P0], after: 30m, level: L2}
  - {severity: [P1], after: 1h, targets: [role:boss]}
bypass: {allowed: [role:security], review_by: role:boss, review_within: 2d}
"""


def said(text: str) -> Iterator[str]:
    document: Document = parse_document(text, "p.yaml")
    return (f"{finding.line}: {finding.message}" for finding in check_paths(document))


def test_nothing_is_said_of_what_is_right() -> None:
    assert list(said(GOOD)) == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("levels: [S1]", "levels: [S2]", "12: there is no level 'S2'; the ladder has L1, S1, L2"),
        ("levels: [L1, L2]", "levels: [L2, L1]", "13: goes back or twice to a level"),
        ("levels: [L1, L2]", "levels: [L2]", "6: no path goes to level 'L1'"),
        ("{id: usual, levels", "{id: usual, when: flags.legal, levels", "13: whatever no path before it fits"),
        ("when: flags.security, levels", "levels", "12: is always true, so that no path after it is ever taken"),
        ("levels: [L1, L2]", "levels: [L1, L2], then: usuall", "13: there is no path 'usuall'; did you mean `usual`?"),
        ("levels: [L1, L2]", "levels: [L1, L2], then: usual", "13: goes in a circle (usual → usual)"),
        ("levels: [S1]}", "levels: [S1, L1]}", "12: goes back or twice"),
        ("{id: security, when", "{id: usual, when", "13: id 'usual' is used twice under paths"),
        ("dwell: 2h, last_resort: role:boss}\n  - {id: L2", "dwell: 2h}\n  - {id: L2", "12: a path that ends nowhere"),
        ("[P0], level: L1", "[critical], level: L1", "15: there is no severity 'critical'; expected P0, P1 (not"),
        ("[P0], level: L1", "[P0], level: L9", "15: there is no level 'L9'"),
        ("[P0], level: L1, ack: 5m", "[P0], ack: 5m", "15: names no column"),
        ("level: L1, ack: 5m", "level: L1, when: flags.legal", "15: is asked of cells with `after` only"),
        ("after: 30m, level: L2", "after: 30m", "16: says nothing: after this time go to a `level`"),
        ("after: 30m, level: L2", "after: 30m, level: L2, ack: 1m", "16: is the level's own"),
        ("[P0], after: 30m, level: L2", "[P0], level: L1", "16: P0 at L1 is said already on line 15"),
        ("calendar: office", "calendar: offic", "6: there is no calendar 'offic'; did you mean `office`?"),
        ("outside: office", "outside: home", "10: there is no calendar 'home'"),
        ("outside: office", "outside: office, during: office", "10: is both in and out of the same hours"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, finding: str) -> None:
    assert old in GOOD
    assert any(each.startswith(finding) for each in said(GOOD.replace(old, new, 1))), "\n".join(
        said(GOOD.replace(old, new, 1))
    )


def test_conditions_and_targets_of_the_new_sections_are_checked_like_all_others() -> None:
    text = GOOD.replace("when: flags.security", "when: flags.securty").replace(
        "review_by: role:boss", "review_by: queue:x"
    )
    found = [f"{finding.line}: {finding.message}" for finding in check(parse_document(text, "p.yaml"))]
    assert any(each.startswith("12:") and "flags.securty" in each for each in found)
    assert any(each.startswith("18: 'queue:x' is a queue") for each in found)


def test_a_path_cannot_follow_from_the_level_that_follows_from_it() -> None:
    text = GOOD.replace("when: flags.security", "when: 'level == \"L2\"'")
    found = [f"{finding.line}: {finding.message}" for finding in check(parse_document(text, "p.yaml"))]
    assert any(each.startswith("12: reads level, which follows from the path") for each in found)
