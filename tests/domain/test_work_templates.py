"""Work that a playbook brings by itself: checklists, checkpoints across systems, dependencies, and their order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow
from escalation.lifecycle.situation import situation
from escalation.lifecycle.work.work_views import WorkView
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.model.items import Approval, Item
from escalation.playbook.work import Defect
from tests.domain.builders import ANN, BOB, BOT, CYD, DAN, EVE, HAL, IDA, START, Life, opened, small

CRM, ERP = "service:crm", "service:erp"


def working(*work: dict[str, Any], **changes: Any) -> Life:
    """A life of a playbook with these work items, each due in an hour unless it says otherwise; ann owns it."""
    listed = [{"due": "1h", "at": "resolution", "title": each["id"], **each} for each in work]
    for each in listed:
        if "on" in each:
            del each["at"]
    return opened(small(work=listed, **changes)).taken_by(ANN)


def made(life: Life, name: str) -> Item:
    """The item that was made of a template."""
    return next(item for item in life.state.items.values() if item.template == name)


def work(life: Life) -> WorkView:
    view = situation(life.state, life.now).work
    assert view is not None
    return view


# --- what comes into being --------------------------------------------------------------------------------------------


@pytest.mark.req("SAG-4", "USE-3", "INT-6")
def test_a_complex_issue_becomes_next_steps_with_owner_order_and_due_time_as_soon_as_somebody_has_it() -> None:
    life = working(
        {"id": "records", "owner": "team:experts", "due": "2h", "area": "data"},
        {"id": "sync", "owner": "person:bob", "due": "30m", "area": "system", "after": ["records"]},
        {"id": "notice", "due": "1d", "area": "process", "after": ["sync", "records"]},
        {"id": "never", "when": "flags.legal"},
    )
    said = [(item.template, item.owner, item.area, item.blocked_by) for item in life.state.items.values()]
    assert said == [
        ("records", "team:experts", "data", ()),
        ("sync", BOB, "system", ("i1",)),
        ("notice", ANN, "process", ("i2", "i1")),
    ]
    assert {CYD, DAN, BOB, ANN} <= set(life.told(MessageKind.ITEM))
    assert made(life, "records").due == START + timedelta(hours=2)
    life.pass_time("1h")
    life.send(c.CompleteItem(by=CYD, item="i1"))
    # Its time begins when it can be begun.
    assert made(life, "sync").due == life.now + timedelta(minutes=30)


def test_an_item_comes_once_when_its_condition_becomes_true_or_because_of_what_happens() -> None:
    life = working({"id": "lawyer", "when": "flags.legal"}, {"id": "worse", "on": ["severity_changed"]})
    assert life.state.items == {}
    life.send(c.ChangeFacts(by=ANN, facts={"flags.legal": True}, because="a letter came"))
    assert [item.template for item in life.state.items.values()] == ["lawyer"]
    life.send(c.ChangeFacts(by=ANN, facts={"topic": "one"}, because="more"))
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="worse"))
    life.send(c.ChangeSeverity(by=ANN, severity="P1", because="not so bad"))
    assert [item.template for item in life.state.items.values()] == ["lawyer", "worse"]


@pytest.mark.req("SUP-15")
def test_the_checklist_of_a_stage_catches_what_was_forgotten_before_the_step_is_accepted() -> None:
    life = working({"id": "rollback_plan", "kind": "checklist", "before": "resolution"}, {"id": "later"})
    refusal = life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))
    assert "these come first: i1 (rollback_plan, checklist of person:ann, open)" in refusal
    assert "i2" not in refusal
    life.send(c.CompleteItem(by=ANN, item="i1", result="in the wiki"))
    life.send(c.Resolve(by=ANN, resolution="done"))


@pytest.mark.req("SUP-15", "EP-P3")
def test_an_update_that_leaves_out_what_its_stage_requires_is_refused_and_says_which_part() -> None:
    talk = {"stakeholders": [{"name": "board", "audience": "staff", "target": "role:boss"}]}
    life = opened(small(communication=talk, items={"update_parts": {"resolution": ["Status", "Impact"]}})).taken_by(ANN)
    refusal = life.refused(Incomplete, c.PostUpdate(by=ANN, text="status: mended\nimpact:"))
    assert "an update in resolution lacks Impact" in refusal
    life.send(c.PostUpdate(by=ANN, text="status: mended\nImpact: two shops"))


# --- checklists -------------------------------------------------------------------------------------------------------

BOLTS = {"id": "bolts", "kind": "checklist", "owner": "person:bob", "approvers": ["role:security"]}


@pytest.mark.req("QCC-3", "QCC-5")
def test_items_of_a_checklist_are_approved_one_by_one_and_progress_and_severities_stand_on_the_same_record() -> None:
    paint = {**BOLTS, "id": "paint", "approvers": ["role:finance"]}
    life = working(BOLTS, paint, {**BOLTS, "id": "seal"})
    life.send(c.SubmitCheck(by=BOB, item="i1", content="40 Nm, all eight"))
    assert HAL in life.told(MessageKind.APPROVAL)
    assert IDA not in life.told(MessageKind.APPROVAL)
    assert work(life).progress == "0 of 3 checklists done (1 pending approval)"
    assert "person:hal decide" in life.refused(NotAllowed, c.ApproveCheck(by=IDA, item="i1"))
    life.send(c.ApproveCheck(by=HAL, item="i1", digest=made(life, "bolts").approval.digest))  # type: ignore[union-attr]
    life.send(c.SubmitCheck(by=BOB, item="i2", content="blue"))
    life.send(c.RejectCheck(by=IDA, item="i2", severity=Defect.CRITICAL, because="it was to be red"))
    assert (work(life).progress, work(life).defects) == ("1 of 3 checklists done (1 approved)", "1 critical")
    assert "an open critical defect" in life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))
    life.send(c.SubmitCheck(by=BOB, item="i2", content="red"))
    life.send(c.ApproveCheck(by=IDA, item="i2"))
    assert work(life).defects == ""
    life.send(c.Resolve(by=ANN, resolution="done"))


@pytest.mark.req("QCC-5")
def test_nobody_approves_what_they_did_themselves_nor_an_ai_nor_what_nobody_submitted() -> None:
    life = working({**BOLTS, "approvers": ["team:desk"]})
    assert "nothing was submitted yet" in life.refused(NotNow, c.ApproveCheck(by=ANN, item="i1"))
    life.send(c.SubmitCheck(by=BOB, item="i1", content="40 Nm"))
    assert BOB not in life.told(MessageKind.APPROVAL)
    assert "person:bob did what is to be approved" in life.refused(NotAllowed, c.ApproveCheck(by=BOB, item="i1"))
    assert "human step" in life.refused(NotAllowed, c.ApproveCheck(by=BOT, item="i1"))
    assert "use submit_check" in life.refused(NotNow, c.CompleteItem(by=BOB, item="i1"))
    life.send(c.ApproveCheck(by=ANN, item="i1"))


@pytest.mark.req("QCC-3")
def test_an_approval_is_for_what_was_submitted_and_another_content_makes_it_void() -> None:
    life = working(BOLTS)
    life.send(c.SubmitCheck(by=BOB, item="i1", content="40 Nm"))
    first = life.last(e.CheckSubmitted).digest
    life.send(c.ApproveCheck(by=HAL, item="i1"))
    assert "submitted already: approved" in life.refused(AlreadyDone, c.SubmitCheck(by=BOB, item="i1", content="40 Nm"))
    life.send(c.SubmitCheck(by=BOB, item="i1", content="35 Nm"))
    item = made(life, "bolts")
    assert item.approval is not None
    assert (item.open, item.approval.state) == (True, Approval.NEW)
    assert "look at it again" in life.refused(NotNow, c.ApproveCheck(by=HAL, item="i1", digest=first))
    life.send(c.ApproveCheck(by=HAL, item="i1", digest=item.approval.digest))
    assert not made(life, "bolts").open


def test_an_approval_that_nobody_gives_is_asked_for_again_and_moves_up() -> None:
    life = working(BOLTS, items={"chase": "30m"})
    life.send(c.SubmitCheck(by=BOB, item="i1", content="40 Nm"))
    before = len(life.sent)
    life.pass_time("31m")
    assert life.told(MessageKind.APPROVAL, since=before) == [HAL]
    life.pass_time("30m")
    assert EVE in life.told(MessageKind.APPROVAL, since=before)
    life.send(c.ApproveCheck(by=EVE, item="i1"))


# --- checkpoints ------------------------------------------------------------------------------------------------------

STEPS = (
    {"id": "crm", "kind": "checkpoint", "owner": "person:bob", "label": "crm", "confirmed_by": [CRM], "due": "5m"},
    {"id": "queue", "kind": "checkpoint", "owner": "team:experts", "label": "queue", "after": ["crm"], "due": "10m"},
    {
        "id": "person",
        "kind": "checkpoint",
        "owner": "person:cyd",
        "after": ["queue"],
        "approvers": ["role:security"],
    },
)


@pytest.mark.req("INT-8", "INT-9")
def test_steps_across_systems_are_confirmed_in_order_and_a_stuck_one_is_located_and_told_to_its_owner_then_up() -> None:
    life = working(*STEPS, items={"chase": "10m"})
    assert [item.owner for item in life.state.items.values()] == [BOB, "team:experts", CYD]
    refusal = life.refused(NotNow, c.ConfirmCheckpoint(by=CYD, item="i2"))
    assert "waits for i1 (crm, checkpoint of person:bob, open)" in refusal
    assert "or service:crm, which it names: service:erp may not" in life.refused(
        NotAllowed, c.ConfirmCheckpoint(by=ERP, item="i1")
    )
    assert "agent:bot may not" in life.refused(NotAllowed, c.ConfirmCheckpoint(by=BOT, item="i1"))
    life.send(c.ConfirmCheckpoint(by=CRM, item="i1", detail="record 7"))
    assert work(life).stuck == ()
    before = len(life.sent)
    life.pass_time("11m")
    assert work(life).stuck == ("checkpoint i2 (queue) of team:experts, due 2026-11-20 10:10 UTC",)
    assert {CYD, DAN} <= set(life.told(MessageKind.ITEM, since=before))
    life.pass_time("10m")
    assert EVE in life.told(MessageKind.WARNING, since=before)
    life.send(c.ConfirmCheckpoint(by=DAN, item="i2"))
    assert life.state.items["i2"].owner == DAN
    assert work(life).stuck == ()


@pytest.mark.req("INT-11")
def test_a_checkpoint_may_ask_for_an_approval_before_it_counts() -> None:
    life = working({**STEPS[0], "approvers": ["role:security"]}, {**STEPS[1], "approvers": ["role:finance"]})
    life.send(c.ConfirmCheckpoint(by=CRM, item="i1", detail="record 7"))
    assert life.told(MessageKind.APPROVAL) == [HAL]
    assert "waits for i1" in life.refused(NotNow, c.ConfirmCheckpoint(by=CYD, item="i2"))
    life.send(c.ApproveCheck(by=HAL, item="i1"))
    life.send(c.ConfirmCheckpoint(by=CYD, item="i2"))
    assert life.told(MessageKind.APPROVAL) == [HAL, IDA]
    assert work(life).progress == "1 of 2 checkpoints done (1 pending approval, 1 approved)"


# --- dependencies -----------------------------------------------------------------------------------------------------


@pytest.mark.req("INT-10")
def test_a_dependency_that_a_service_reports_blocks_the_step_it_stands_before_with_why() -> None:
    erp = {"id": "erp", "kind": "dependency", "owner": "person:bob", "confirmed_by": [ERP], "before": "resolution"}
    life = working(erp, {"id": "post", "owner": "person:cyd", "after": ["erp"]})
    before = len(life.sent)
    life.send(c.ReportCheck(by=ERP, item="i1", ok=False, detail="period is closed"))
    assert {BOB, ANN, CYD} <= set(life.told(since=before))
    refusal = life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))
    assert "i1 (erp, dependency of person:bob, blocked): period is closed" in refusal
    assert "waits for i1" in life.refused(NotNow, c.CompleteItem(by=CYD, item="i2"))
    assert work(life).stuck == ("dependency i1 of person:bob: period is closed",)
    life.send(c.ReportCheck(by=ERP, item="i1", ok=True))
    life.send(c.CompleteItem(by=CYD, item="i2"))
    life.send(c.ReportCheck(by=ERP, item="i1", ok=False, detail="closed again"))  # it stands before the resolution yet
    assert "closed again" in life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))
    life.send(c.ReportCheck(by=ERP, item="i1", ok=True))
    life.send(c.Resolve(by=ANN, resolution="done"))


@pytest.mark.req("INT-10")
def test_a_dependency_over_facts_is_checked_with_every_change_and_only_who_answers_for_it_drops_it() -> None:
    budget = {"id": "budget", "kind": "dependency", "check": "amount < 100.0", "before": "resolution"}
    life = working({**budget, "owner": "person:bob"})
    assert "amount < 100.0 is not true" in life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 50.0}, because="agreed"))
    assert not made(life, "budget").open
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 500.0}, because="not agreed"))
    assert made(life, "budget").open
    assert "change_facts" in life.refused(NotAllowed, c.ReportCheck(by=BOB, item="i1", ok=True))
    assert "dropped by person:ann" in life.refused(NotAllowed, c.DropItem(by=BOB, item="i1", because="no"))
    life.send(c.DropItem(by=ANN, item="i1", because="finance agreed by phone"))
    life.send(c.Resolve(by=ANN, resolution="done"))
