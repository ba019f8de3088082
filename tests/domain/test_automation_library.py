"""The shipped automations: each can be used by its name, with other values, and does what its description says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from escalation.documents import Document
from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.automation_library import shipped_automations, with_templates
from escalation.playbook.load import load
from escalation.playbook.schema import Playbook
from escalation.values import format_duration
from tests.domain.builders import ANN, BOB, BOT, CYD, EVE, FAY, HAL, IDA, START, Life, opened, request, small

NAMES = [each.id for each in shipped_automations()]
STATUSES = [{"status": "Calling", "stage": "assignment"}, {"status": "In progress", "stage": "resolution"}]
LIMIT = {"resolution": {"within": {"default": "1h"}, "on_breach": "tell"}}


def using(name: str, *then: dict[str, Any], **changes: Any) -> Playbook:
    over = {"then": list(then)} if then else {}
    written, findings = with_templates(Document("small.yaml", {"automations": [{"use": name, **over}]}))
    assert findings == []
    return small(automations=written.data["automations"], statuses=STATUSES, **changes)


def read(life: Life) -> list[tuple[str, str]]:
    """Whom automations told what, without where it stands."""
    sent = [message for message in life.sent if message.summary.startswith("automation")]
    return [(message.to, message.body.splitlines()[0]) for message in sent]


def items(life: Life) -> dict[str, tuple[str, str]]:
    """Action items by title: whose they are, and how soon they are due."""
    return {item.title: (item.owner, format_duration(item.due - life.now)) for item in life.state.items.values()}


def reviewed(life: Life) -> Life:
    life.send(c.SubmitReview(by=ANN, impact="none", cause="c", resolution="r", lessons=("l",)))
    return life


@pytest.mark.req("AUT-2")
def test_there_are_many_each_with_a_description_and_the_documentation_lists_them() -> None:
    assert len(NAMES) == len(set(NAMES)) >= 10
    listed = (Path(__file__).parents[2] / "docs" / "automations.md").read_text(encoding="utf-8")
    for each in shipped_automations():
        assert f"| `{each.id}` | {each.about} |" in listed


@pytest.mark.req("AUT-2")
@pytest.mark.parametrize("name", NAMES)
def test_each_is_used_by_its_name_in_a_playbook(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "extends: it-service-management\n"
        "playbook: mine\n"
        "statuses: [{status: In progress, stage: resolution}]\n"
        "critical_incident: {when: severity.rank == 0.0, because: the organisation stands still}\n"
        f"automations: [{{use: {name}}}]\n",
        encoding="utf-8",
    )
    (used,) = load(path).playbook.automations
    assert (used.id, used.use) == (name, name)


@pytest.mark.req("AUT-2", "AUT-3")
def test_a_few_values_are_laid_over_it_by_the_ids_of_its_actions() -> None:
    other = {"id": "tell", "to": ["team:experts"], "text": "late!"}
    (used,) = using("overdue-told", other, {"id": "note", "do": "comment", "text": "own"}, clocks=LIMIT).automations
    assert [action.model_dump(exclude_defaults=True, exclude={"do"}) for action in used.then] == [
        {"id": "tell", "to": ("team:experts",), "text": "late!"},
        {"id": "note", "text": "own"},
    ]
    assert used.about == next(each.about for each in shipped_automations() if each.id == "overdue-told")


# --- each does what it says -------------------------------------------------------------------------------------------


def test_critical_opened() -> None:
    life = opened(using("critical-opened"), severity="Critical")
    assert life.rung.targets == ("raci:responsible",)
    assert life.state.status == "In progress"
    assert [note.text[:39] for note in life.all(e.NoteAdded)] == ["New critical escalation recorded. Record"[:39]]
    assert read(life) == [(EVE, f"New critical escalation {life.state.id}: The refund has not arrived")]


@pytest.mark.req("ICP-2")
def test_became_critical() -> None:
    playbook = using("became-critical", critical_incident={"when": "flags.safety", "because": "people may be hurt"})
    life = opened(playbook).taken_by(ANN)
    life.send(c.ChangeFacts(by=ANN, facts={"flags.safety": True}))
    says = "it is a critical incident: people may be hurt"
    assert read(life) == [(ANN, says), (EVE, says)]
    assert items(life) == {"Write the first update for those concerned": (ANN, "30m")}


@pytest.mark.req("IAP-4")
def test_ai_incident() -> None:
    """With a clock of its own: minutes, whatever the severity, and then it goes up to the lead."""
    clock = {
        "stops": "acknowledged",
        "when": 'ai_limit || initiation == "ai_limit"',
        "within": {"default": "5m"},
        "on_breach": "L3",
    }
    then = [
        {"id": "contain", "owner": "team:experts"},
        {"id": "affected", "owner": "role:finance"},
        {"id": "compliance", "owner": "role:security"},
    ]
    playbook = using("ai-incident", *then, clocks={"ai_intervention": clock})
    life = opened(playbook)
    assert life.state.severity == "P1"
    assert life.state.clocks["ai_intervention"].due == START + timedelta(minutes=5)
    assert items(life) == {
        "Stop or limit what the AI does until it is understood": (CYD, "4h"),
        "Find who else got a wrong answer or action and tell them": (IDA, "1d"),
        "Check legal, data protection and reporting duties": (HAL, "2d"),
    }
    assert read(life) == [(EVE, "An AI is involved, a person is needed at once: The refund has not arrived")]
    assert {CYD, IDA, HAL} <= set(life.told())
    life.pass_time("5m")
    assert life.level == "L3"
    other = opened(playbook, initiation="manual", requested_by=BOB)
    assert (other.state.clocks, other.state.items) == ({}, {})


@pytest.mark.req("SMX-3")
def test_row_changed() -> None:
    life = opened(using("row-changed")).taken_by(ANN)
    told = len(read(life))
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="worse"))
    life.send(c.ChangeDue(by=ANN, due_at=START + timedelta(days=1), because="agreed"))
    life.resolved(ANN)
    says = [
        "the severity is P0 now, it was P1",
        "it is due 2026-11-21 10:00 UTC now",
        "the status is review now, it was In progress",
    ]
    assert read(life)[:told] == [(to, "the status is In progress now, it was Calling") for to in (ANN, EVE)]
    assert read(life)[told:] == [(to, text) for text in says for to in (ANN, EVE)]


def test_due_moved() -> None:
    life = opened(using("due-moved")).taken_by(ANN)
    life.send(c.ChangeDue(by=ANN, due_at=START + timedelta(days=1), because="agreed"))
    life.send(c.ChangeDue(by=ANN, due_at=None, because="no hurry"))
    assert read(life) == [
        (BOT, "it is due 2026-11-21 10:00 UTC now"),
        (BOT, "it has no due date any more, it was 2026-11-21 10:00 UTC"),
    ]


@pytest.mark.req("AUT-9")
def test_overdue_told() -> None:
    life = opened(using("overdue-told", clocks=LIMIT)).taken_by(ANN)
    life.pass_time("1h")
    says = "Overdue: clock resolution passed its limit"
    assert read(life) == [(ANN, says), (EVE, says)]


@pytest.mark.req("AUT-9")
def test_overdue_routed() -> None:
    life = opened(using("overdue-routed", {"id": "route", "to": ["role:boss"]}, clocks=LIMIT))
    life.pass_time("1h")
    assert (life.rung.targets, life.rung.people) == (("role:boss",), (FAY,))
    taken = opened(using("overdue-routed", clocks=LIMIT)).taken_by(ANN)
    taken.pass_time("1h")
    assert (taken.owner, taken.state.rung) == (ANN, None)


@pytest.mark.req("AUT-9")
def test_item_overdue() -> None:
    life = opened(using("item-overdue")).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="ask the bank", owner=BOB, due=START + timedelta(minutes=30)))
    life.pass_time("31m")
    says = f"late: action item i1 of {BOB}, ask the bank; reminder 1"
    assert read(life) == [(ANN, says), (EVE, says)]


def test_review_overdue() -> None:
    life = opened(using("review-overdue")).resolved()
    life.pass_time("2d")
    assert read(life) == [(EVE, "the review is late: reminder 1")]


def test_handed_over() -> None:
    assert read(opened(using("handed-over")).taken_by(ANN)) == [(BOT, f"{ANN} owns it now")]


def test_reported_often() -> None:
    playbook = using("reported-often")
    life = opened(playbook).taken_by(ANN)
    for number in range(2, 8):
        life.open(request(playbook, request_id=f"r-{number}"))
    says = "reported again: 4 times now"
    assert read(life) == [(ANN, says), (EVE, says)]


def test_resolution_rejected() -> None:
    life = opened(using("resolution-rejected")).taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="paid", cause="lost"))
    life.send(c.RejectResolution(by="customer:c-1", because="nothing came"))
    assert read(life) == [(EVE, "the resolution is rejected: nothing came")]
    assert items(life) == {"Talk to whoever rejected the solution": (ANN, "4h")}


def test_held() -> None:
    life = opened(using("held")).taken_by(ANN)
    life.send(c.PutOnHold(by=ANN, because="legal looks at it", until=START + timedelta(hours=1)))
    life.pass_time("1h")
    assert read(life) == [(BOT, "on hold until 2026-11-20 11:00 UTC"), (BOT, "the hold has ended")]


def test_closed_told() -> None:
    life = reviewed(opened(using("closed-told")).resolved())
    assert life.state.outcome == "closed"
    says = "closed: the review is in and every action item is done"
    assert read(life) == [(BOT, says), (EVE, says)]


def test_every_shipped_automation_has_a_test_of_its_own() -> None:
    tests = set(globals())
    assert [name for name in NAMES if f"test_{name.replace('-', '_')}" not in tests] == []
