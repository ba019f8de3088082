"""What is wrong with approvals and actions is said with its line, and what nobody could ever approve is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from escalation.documents import parse_document
from escalation.foresight.lint import Weight
from escalation.playbook.check_gates import check_gates
from escalation.playbook.check_words import check_words, types_of
from escalation.playbook.checks import check
from escalation.playbook.load import load
from tests.domain.test_lint import away, directory, proof

GOOD = """\
fields:
  amount: {type: number}
actions:
  refund: {arguments: {amount: {type: number}, note: {optional: true}}}
  close: {}
triggers:
  - {id: all_of_it, when: approval.credit.choice == "all"}
gates:
  - id: credit
    approvers: [role:legal, role:finance]
    quorum: [{of: role:legal}, {of: role:finance, need: 2}]
    choices: [{id: all}, {id: half}]
    subject: [amount]
    deadline: 4h
    on_expiry: keep
  - id: refund
    before: action
    when: action.name == "refund" && action.amount > 100.0
    approvers: [role:finance]
    need: 60%
    exclude: [requester, team:support]
    deadline: 1h
    valid_for: 30m
"""


def said(text: str) -> list[str]:
    document = parse_document(text, "p.yaml")
    types = types_of(document)
    found = (*check_gates(document, types), *check_words(document, types))
    return [f"{finding.line}: {finding.message}" for finding in found if finding.path.startswith(_PARTS)]


_PARTS = ("gates", "actions", "fields", "triggers")


def test_nothing_is_said_of_what_is_right() -> None:
    assert said(GOOD) == []


def test_no_approval_is_called_as_another_is_for_one_of_its_actions() -> None:
    more = "  - {id: refund.a1, before: review, approvers: [role:finance], deadline: 1h}\n"
    assert said(GOOD + more) == [
        "24: is what approval refund is called for one of its actions; give this approval another id"
    ]
    assert said(GOOD + more.replace("refund.a1", "credit.a1")) == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("    choices", "    need: 2\n    choices", "12: is said by quorum already"),
        ("{of: role:legal}", "{of: role:law}", "11: 'role:law' is not asked; expected one of approvers: role:legal"),
        ("{of: role:legal}", "{of: role:finance}", "11: 'role:finance' has its share already"),
        ("[{of: role:legal}, ", "[", "10: 'role:legal' is asked and counts for nothing"),
        ("{of: role:legal}", "{of: raci:accountable}", "11: 'raci:accountable' is somebody else in each stage"),
        ("[{id: all}, {id: half}]", "[{id: all}]", "12: leaves nothing to choose"),
        ("{id: half}", "{id: all}", "12: choice 'all' is used twice"),
        ("id: credit", "id: Credit-1", "9: conditions read what was chosen as approval.ID.choice"),
        ("on_expiry: keep", "on_expiry: approve\n    because: x", "15: silence chooses nothing"),
        ("    subject: [amount]", "    before: review", "15: before the review everything waits for it"),
        (
            '== "all"',
            '== "everything"',
            "7: 'approval.credit.choice' is never 'everything' here; it is one of all, half",
        ),
        ("    valid_for: 30m\n", "", "16: does not say how long after it was given the action may be done"),
        ("    deadline: 4h", "    deadline: 4h\n    valid_for: 1h", "15: only an approval before an action is used"),
        (
            'action.name == "refund"',
            'action.name == "refnud"',
            "18: 'action.name' is never 'refnud' here; it is one of",
        ),
        ("action.amount >", "action.amuont >", "18: at character 28: there is no fact 'action.amuont'; did you mean"),
        ("action.amount > 100.0", 'action.note == "x"', "18: reads action.note, which may be left out"),
        ('approval.credit.choice == "all"', "action.amount > 1.0", "7: reads action.amount, which only an approval"),
        ("close: {}", "close: {arguments: {amount: {type: text}}}", "5: is a number in action refund and a text here"),
        ("{arguments: {amount", "{arguments: {Amount: {}, amount", "4: conditions read it as action.Amount"),
        ("  amount: {type: number}", "  action.sum: {type: number}", "2: comes with an approval"),
    ],
)
def test_what_would_never_work_is_refused_with_its_line(old: str, new: str, finding: str) -> None:
    assert GOOD.count(old) == 1 or old in ("    deadline: 4h", "{id: half}", "action.amount > 100.0")
    findings = said(GOOD.replace(old, new, 1))
    assert any(finding in each for each in findings), findings


def test_a_playbook_with_gates_of_any_shape_gives_findings_and_no_other_error() -> None:
    for shape in (
        "[]",
        "{}",
        "1",
        "[1, x]",
        "[{}]",
        "[{quorum: 1, choices: x, approvers: {}}]",
        "[{quorum: [1, {of: 1}]}]",
    ):
        check(parse_document(f"gates: {shape}\nactions: {shape}", "p.yaml"))


def test_a_playbook_with_all_of_it_loads(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(
        "extends: customer-service-escalation\nplaybook: ours\n"
        + GOOD.split("triggers:", maxsplit=1)[0]
        + GOOD[GOOD.index("gates:") :]
    )
    playbook = load("ours", tmp_path).playbook
    assert [gate.id for gate in playbook.gates][-2:] == ["credit", "refund"]
    assert playbook.gate("refund.a12") == playbook.gate("refund")
    assert playbook.gate("credit.a1") is None


def test_the_playbooks_of_the_page_on_approvals_load(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "approvals.md").read_text(encoding="utf-8")
    people, actions = (block.partition("```")[0] for block in page.split("```yaml\n")[1:])
    declared, _, gates = actions.partition("gates:\n")
    name = "customer-service-escalation"
    (tmp_path / f"{name}.yaml").write_text(f"extends: {name}\n{declared}{people}{gates}")
    assert [gate.id for gate in load(name, tmp_path).playbook.gates][-2:] == ["refund", "big_refund"]


# --- the proof that somebody can decide -------------------------------------------------------------------------------

BOTH = {"approvers": ["team:desk", "team:experts"], "quorum": [{"of": "team:desk"}, {"of": "team:experts"}]}


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        ({"approvers": ["person:ann", "person:bob", "person:cyd"], "need": "60%"}, ""),
        ({"approvers": ["person:ann", "team:ghosts"], "need": "60%"}, "needs 2 and only 1 can give it"),
        (BOTH, ""),
        (
            {**BOTH, "quorum": [{"of": "team:desk"}, {"of": "team:experts", "need": 2}]},
            "needs 3 and only 2 can give it",
        ),
        ({**BOTH, "exclude": ["person:cyd"]}, "needs 2 and only 1 can give it"),
        ({**BOTH, "exclude": ["person:cyd"], "on_expiry": "next_deputy", "deputies": ["role:boss"]}, ""),
        ({"approvers": ["team:experts"], "exclude": ["role:security"]}, ""),
        ({"approvers": ["role:security"], "exclude": ["role:security"]}, "needs 1 and only 0 can give it"),
    ],
)
def test_a_quorum_that_can_never_be_reached_is_found(gate: dict[str, Any], says: str) -> None:
    found = proof(directory(), gates=[{"id": "money", "deadline": "1h", **gate}])
    said_of = [each.finding.message for each in found if "approval 'money'" in each.finding.message]
    assert bool(said_of) is bool(says)
    assert all(says in message for message in said_of)


def test_a_share_that_is_out_of_reach_for_a_time_is_a_warning() -> None:
    found = proof(directory(cyd=away("12-01", "12-03")), gates=[{"id": "money", "deadline": "1h", **BOTH}])
    (money,) = [each for each in found if "approval 'money'" in each.finding.message]
    assert money.weight is Weight.WARNING
