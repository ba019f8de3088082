"""Below which confidence an AI may not go on: by source and task risk, with who agreed to it and when."""

from __future__ import annotations

from typing import Any

import pytest

from escalation.documents import parse_document
from escalation.lifecycle.explanation import ThresholdUsed, explanation
from escalation.playbook.checks import check
from escalation.playbook.schema import fingerprint
from tests.domain.builders import SERVICE, Life, opened, small

AGREED = {"agreed_by": "head of support", "agreed_on": "2026-11-21"}
PLAYBOOK = small(
    confidence={"default": {"below": 0.8, **AGREED}, "low": {"below": 0.6}, "high": {"below": 0.95}},
    confidence_by_source={
        "chatbot": {"standard": {"below": 0.9, **AGREED, "agreed_by": "quality board"}, "low": {"below": 0.5}},
        "voice-bot": {"default": {"below": 0.99}},
    },
)


def outcome(source: str, confidence: float, **facts: Any) -> str:
    life = Life(PLAYBOOK)
    return str(life.open(source=source, facts={"ai_confidence": confidence, **facts}).outcome)


@pytest.mark.req("IMP-4")
@pytest.mark.parametrize(
    ("source", "risk", "limit"),
    [
        ("chatbot", "standard", 0.9),
        ("chatbot", "low", 0.5),
        ("chatbot", "high", 0.95),
        ("chatbot", None, 0.8),
        ("voice-bot", "low", 0.99),
        ("triage-bot", "low", 0.6),
        ("triage-bot", "standard", 0.8),
    ],
)
def test_a_source_has_thresholds_of_its_own_by_task_risk_and_else_the_general_ones(
    source: str, risk: str | None, limit: float
) -> None:
    assert outcome(source, limit, task_risk=risk) == "declined"
    assert outcome(source, limit - 0.001, task_risk=risk) == "opened"


@pytest.mark.req("IMP-4")
def test_whoever_asks_why_sees_which_threshold_it_was_who_agreed_to_it_and_when() -> None:
    life = opened(PLAYBOOK, facts={"ai_confidence": 0.85, "task_risk": "standard"})
    (used,) = explanation(life.state).thresholds
    assert used == ThresholdUsed(name="chatbot.standard", below=0.9, agreed_by="quality board", agreed_on="2026-11-21")
    assert str(used) == "threshold chatbot.standard: below 0.9, agreed: quality board, 2026-11-21"
    assert life.state.reasons[0].facts["source"] == "chatbot"
    shipped = explanation(opened(SERVICE).state).thresholds
    assert [(each.name, each.agreed_on) for each in shipped] == [("standard", "2026-11-21")]


def test_a_threshold_that_nobody_agreed_to_says_so_and_a_reason_without_one_names_none() -> None:
    unnamed = explanation(opened(small()).state)
    assert [str(each) for each in unnamed.thresholds] == [
        "threshold of every playbook: below 0.8, nobody is named who agreed to it"
    ]
    assert explanation(opened(small(), initiation="manual", facts={"ai_confidence": None}).state).thresholds == ()


@pytest.mark.req("IMP-4")
@pytest.mark.parametrize("date", ["21.11.2026", "yesterday", "2026-11", "2026-13-01", "20261121"])
def test_when_it_was_agreed_is_a_date_or_refused_with_its_line(date: str) -> None:
    document = parse_document(
        f"""\
confidence:
  default: {{below: 0.8, agreed_on: "2026-11-21"}}
  low: {{below: 0.8, agreed_on: "{date}"}}
confidence_by_source:
  chatbot:
    high: {{below: 0.8, agreed_on: "{date}"}}
    highest: {{below: 0.8}}
""",
        "p.yaml",
    )
    found = {(each.line, each.path): each.message for each in check(document) if each.path.startswith("confidence")}
    assert set(found) == {
        (3, "confidence.low.agreed_on"),
        (6, "confidence_by_source.chatbot.high.agreed_on"),
        (7, "confidence_by_source.chatbot.highest"),
    }
    assert f"'{date}' is no date: expected year-month-day" in found[3, "confidence.low.agreed_on"]


def test_a_playbook_without_them_says_what_it_said_before() -> None:
    assert fingerprint(small()) == fingerprint(small(confidence_by_source={}))
    assert "source" not in opened(small()).state.reasons[0].facts
