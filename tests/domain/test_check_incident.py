"""What is wrong with incident mode is said with its line before anybody relies on it; who leads it is proved."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalation.documents import parse_document
from escalation.foresight.lint import Weight, prove
from escalation.playbook.check_incident import check_incident
from escalation.playbook.checks import check, check_against
from escalation.playbook.incident import IncidentPolicy
from tests.domain.builders import OFFICE, START, small
from tests.domain.test_lint import directory
from tests.domain.test_lint import playbook as policy

GOOD = """\
critical_incident: {when: severity == "P0", because: nobody can pay}
gates:
  - {id: all_clear, before: stand_down, approvers: [role:lead], deadline: 1h}
incident:
  automatic: true
  may_declare: [owner, role:lead]
  first_update: {within: 15m, chase: 10m}
  periods: {length: 8h, hand_over_before: 30m, to: role:lead}
  stand_down: {gate: all_clear, after: [first_update, hand_over]}
"""


def said(text: str) -> list[str]:
    return [f"{finding.line}: {finding.message}" for finding in check_incident(parse_document(text, "p.yaml"))]


def test_nothing_is_said_of_what_is_right() -> None:
    assert said(GOOD) == []
    assert said("severity: {}\n") == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("gate: all_clear", "gate: all_claer", "9: there is no gate 'all_claer'"),
        ("before: stand_down", "before: review", "9: 'all_clear' is asked otherwise; give it before: stand_down"),
        ("gate: all_clear, ", "", "3: it would never be asked; name it in incident: {stand_down: {gate: ...}}"),
        (
            "deadline: 1h}",
            "deadline: 1h, on_expiry: escalate}",
            "3: who asks to stand down would have it",
        ),
        ("hand_over_before: 30m", "hand_over_before: 8h", "8: is not shorter than a period (8h)"),
        ("  first_update: {within: 15m, chase: 10m}\n", "", "8: no first update is demanded"),
        ("  periods: {length: 8h, hand_over_before: 30m, to: role:lead}\n", "", "8: there are no periods to hand over"),
        (
            'critical_incident: {when: severity == "P0", because: nobody can pay}\n',
            "",
            "4: nothing says when: name a condition in declare_when",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_what_was_expected(old: str, new: str, finding: str) -> None:
    assert old in GOOD
    assert any(found.startswith(finding) for found in said(GOOD.replace(old, new)))


@pytest.mark.parametrize(
    "text", ["incident: 3\n", "incident: {stand_down: 7, periods: []}\n", "gates: [{before: stand_down}]\n"]
)
def test_any_shape_gives_findings_and_never_another_error(text: str) -> None:
    said(text)
    check(parse_document(text, "p.yaml"))


def test_the_example_of_the_documentation_is_right() -> None:
    page = (Path(__file__).parents[2] / "docs" / "incidents.md").read_text()
    text = page.partition("```yaml\n")[2].partition("```")[0]
    assert said(text) == []
    policy = IncidentPolicy.model_validate(parse_document(text, "p.yaml").data["incident"])
    assert (policy.automatic, policy.may_declare) == (True, ("owner", "role:it-lead"))


def test_its_condition_and_its_targets_are_checked_like_all_others() -> None:
    text = "incident: {declare_when: nonsense, periods: {length: 8h, hand_over_before: 1h, to: queue:desk}}\n"
    found = {str(finding.path): finding.message for finding in check(parse_document(text, "p.yaml"))}
    assert "nonsense" in found["incident.declare_when"]
    assert "in a queue nobody is responsible" in found["incident.periods.to"]
    shifts = {"length": "8h", "hand_over_before": "1h", "to": "role:ghost"}
    unknown = check_against(
        small(incident={"may_declare": ["owner", "team:ghosts"], "periods": shifts}),
        lambda target: bool(OFFICE.members(target)),
    )
    assert {str(finding.path) for finding in unknown} == {"incident.may_declare.1", "incident.periods.to"}


def test_the_linter_names_a_period_that_nobody_would_lead_and_a_condition_that_is_never_true() -> None:
    company = directory(dan={"away": [{"start": "2026-11-25T00:00:00Z", "end": "2026-11-27T00:00:00Z", "why": "ill"}]})
    shifts = {"length": "8h", "hand_over_before": "1h", "to": "role:security"}
    book = policy(incident={"periods": shifts, "declare_when": 'severity == "P9"', "automatic": True})
    found = [each for each in prove(book, company, START, 30).findings if each.finding.path.startswith("incident")]
    assert [(each.finding.path, each.weight) for each in found] == [
        ("incident.declare_when", Weight.WARNING),
        ("incident.periods.to", Weight.WARNING),
    ]
    assert found[1].at is not None
    assert "2d in all" in found[1].what
