"""What an AI may do: activities, drafts, approved delegations, and what is documented before work starts."""

from __future__ import annotations

import re
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from escalation.documents import Document, parse_document
from escalation.errors import NotAllowed, NotNow, Unknown
from escalation.foresight.misnamed import misnamed
from escalation.lifecycle.ownership.rights import rights
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.playbook.check_ownership import check_ownership
from escalation.playbook.load import Loaded, load
from escalation.playbook.schema import Stage
from starter.procedure import procedure
from tests.domain.builders import ANN, BOB, BOT, EVE, HAL, Life, gated, opened, small


def working(**changes: Any) -> Life:
    return opened(small(**changes)).taken_by(ANN)


@pytest.mark.req("RACI-5")
def test_where_a_person_is_mandatory_an_ai_is_refused_and_hears_who_may() -> None:
    life = working(activities={"provide_input": {"human_required": True}, "reply_text": {"human_required": True}})
    said = life.refused(NotAllowed, c.ProvideInput(by=BOT, impact="two customers"))
    assert (
        "provide_input is a human step by activities.provide_input of playbook small: agent:bot is not a person" in said
    )
    assert "these may act: person:ann, person:bob" in said
    assert "is not a person" in life.refused(
        NotAllowed, c.CompleteActivity(by=BOT, activity="reply_text", result="sent")
    )
    life.send(c.CompleteActivity(by=ANN, activity="reply_text", result="sent"))
    assert life.state.ownership.done == {"reply_text": 1}


@pytest.mark.req("RACI-5")
def test_what_the_engine_keeps_for_people_stays_with_them_whatever_the_playbook_says() -> None:
    life = working(activities={"resolve": {"ai": "may_do"}})
    assert "resolve is a human step: agent:bot is not a person" in life.refused(
        NotAllowed, c.Resolve(by=BOT, resolution="paid")
    )


def test_neither_time_nor_silence_does_what_only_a_person_may() -> None:
    life = working(activities={"confirm_resolution": {"human_required": True}})
    life.send(c.Resolve(by=ANN, resolution="paid"))
    life.pass_time("1d")
    assert life.all(e.ResolutionConfirmed) == []
    assert life.all(e.ResolutionUnanswered)


@pytest.mark.req("RACI-2")
def test_what_an_ai_drafts_is_labelled_and_looked_at_by_whom_the_playbook_names_beforehand() -> None:
    life = working(activities={"reply_text": {"ai": "may_assist", "oversight": "role:lead"}, "triage_note": {}})
    life.send(c.Draft(by=BOT, activity="reply_text", text="Dear Jana, ..."))
    asked = life.sent[-1]
    assert (asked.to, asked.kind) == (EVE, MessageKind.INPUT)
    assert "Draft d1 of reply_text, by an AI (agent:bot)" in asked.body
    assert "may draft it" in life.refused(NotAllowed, c.CompleteActivity(by=BOT, activity="reply_text", draft="d1"))
    assert "is looked at by person:eve, not by person:bob" in life.refused(
        NotAllowed, c.CompleteActivity(by=BOB, activity="reply_text", draft="d1")
    )
    life.send(c.CompleteActivity(by=EVE, activity="reply_text", draft="d1"))
    done = life.last(e.ActivityDone)
    assert (done.by, done.draft, done.drafted_by) == (EVE, "d1", BOT)
    assert life.state.ownership.drafts == {}
    assert "which may not even draft it" in life.refused(NotAllowed, c.Draft(by=BOT, activity="triage_note", text="x"))
    assert "declares no activity replytext; did you mean `reply_text`" in life.refused(
        Unknown, c.Draft(by=BOT, activity="replytext", text="x")
    )


@pytest.mark.req("RACI-8")
def test_recurring_work_is_an_ai_s_only_by_an_approved_line_of_the_responsibility_map() -> None:
    monthly = {"ai": "may_do", "recurring": True}
    line = {"activity": "send_digest", "agent": BOT, "accountable": "role:lead"}
    for approved in ({}, {"approved_by": "role:boss", "approved_on": "2026-12-01"}):
        life = working(activities={"send_digest": monthly}, delegations=[{**line, **approved}])
        assert "no approved delegation gives it to agent:bot" in life.refused(
            NotAllowed, c.CompleteActivity(by=BOT, activity="send_digest", result="sent")
        )
    approved = {"approved_by": "role:boss", "approved_on": "2026-11-01"}
    life = working(activities={"send_digest": monthly}, delegations=[{**line, **approved}])
    life.send(c.CompleteActivity(by=BOT, activity="send_digest", result="sent"))
    assert life.last(e.ActivityDone).delegated == "approved by role:boss on 2026-11-01"
    other = {**line, "agent": "agent:other", **approved}
    life = working(activities={"send_digest": monthly}, delegations=[other])
    assert "no approved delegation" in life.refused(
        NotAllowed, c.CompleteActivity(by=BOT, activity="send_digest", result="sent")
    )


@pytest.mark.req("RACI-6")
def test_work_starts_only_once_it_is_documented_who_executes_and_who_gives_final_approval() -> None:
    life = working(before_work={})
    said = life.refused(NotNow, c.Resolve(by=ANN, resolution="paid"))
    assert "may not start before it is documented who executes and who gives final approval" in said
    life.send(c.DocumentWork(by=ANN, executes="team:desk"))
    assert "documented who gives final approval:" in life.refused(NotNow, c.Resolve(by=ANN, resolution="paid"))
    assert "cannot give the final approval to their own work" in life.refused(
        NotAllowed, c.DocumentWork(by=ANN, approves="team:desk")
    )
    life.send(c.DocumentWork(by=ANN, approves="role:boss"))
    view = situation(life.state, life.now).ownership
    assert view is not None
    assert (view.executes, view.approves, view.undocumented) == ("team:desk", "role:boss", ())
    life.send(c.Resolve(by=ANN, resolution="paid"))


@pytest.mark.req("RACI-6")
def test_the_playbook_may_name_them_itself_and_a_script_waits_too() -> None:
    life = working(before_work={"executes": "team:desk", "approves": "role:boss"})
    assert "the playbook names who approves: role:boss" in life.refused(
        NotAllowed, c.DocumentWork(by=ANN, approves="role:lead")
    )
    life.send(c.Resolve(by=ANN, resolution="paid"))
    script = {"id": "restart", "when": "true", "script": "restart", "within": "5m"}
    life = working(before_work={"executes": "agent:bot"}, recoveries=[script])
    assert life.scripts == []
    life.send(c.DocumentWork(by=ANN, approves="role:boss"))
    assert [each.script for each in life.scripts] == ["restart"]
    assert "asks for nothing before work" in working().refused(NotNow, c.DocumentWork(by=ANN, approves="role:boss"))


@pytest.mark.req("RACI-4")
def test_who_may_decide_what_is_answered_in_one_place() -> None:
    playbook = gated(
        {"id": "credit", "when": "true", "subject": ["amount"], "title": "Credit"},
        activities={"send_digest": {"ai": "may_do"}, "reply_text": {"ai": "may_assist", "human_required": True}},
        before_work={"executes": "team:desk", "approves": "role:boss"},
    )
    life = opened(playbook)
    known = {right.decision: right for right in rights(life.state)}
    assert known["own"].people == (ANN, BOB)
    life.taken_by(ANN)
    known = {right.decision: right for right in rights(life.state)}
    assert (known["own"].people, known["approve credit"].people) == ((ANN,), (HAL,))
    assert known["final approval"].who == ("role:boss",)
    assert (known["send_digest"].ai, known["reply_text"].ai, known["resolve"].ai) == ("may_do", "may_assist", "never")
    assert [right.decision for right in rights(life.state, "credit")] == ["approve credit"]


# --- what the loader refuses ------------------------------------------------------------------------------------------


def wrong(section: str) -> list[str]:
    return [str(found) for found in check_ownership(parse_document(section, "p.yaml"))]


def test_the_loader_refuses_what_contradicts_itself_with_its_line() -> None:
    (said,) = wrong("activities:\n  reply:\n    ai: may_do\n    human_required: true\n")
    assert said.startswith("p.yaml:3: activities.reply.ai: contradicts human_required")
    (said,) = wrong("activities:\n  reply: {ai: may_assist, recurring: true}\n")
    assert "expected ai: may_do beside it" in said
    (said,) = wrong(
        "activities:\n  approve: {human_required: true}\ngates:\n  - {id: g, on_expiry: approve, because: x}\n"
    )
    assert "time would approve what only a person may" in said
    (said,) = wrong(
        "activities:\n  change_severity: {human_required: true}\n"
        "automations:\n  - {id: a, then: [{do: raise_severity, severity: P0}]}\n"
    )
    assert "a rule would do what only a person may" in said
    (said,) = wrong("before_work: {executes: 'team:desk', approves: 'team:desk'}\n")
    assert "name somebody else than executes" in said


@pytest.mark.req("RACI-8")
def test_the_loader_refuses_delegations_of_what_is_not_for_an_ai_and_half_approved_ones() -> None:
    line = "agent: 'agent:bot', accountable: 'role:lead'"
    (said,) = wrong(f"activities:\n  digest: {{ai: may_do}}\ndelegations:\n  - {{activity: digst, {line}}}\n")
    assert "there is no activity 'digst' under activities; did you mean `digest`" in said
    (said,) = wrong(f"activities:\n  digest: {{ai: may_assist}}\ndelegations:\n  - {{activity: digest, {line}}}\n")
    assert "is not for an AI to do" in said
    (said,) = wrong(
        f"activities:\n  digest: {{ai: may_do}}\ndelegations:\n  - {{activity: digest, {line}, approved_by: 'role:b'}}\n"  # noqa: E501
    )
    assert "is approved by half" in said


def test_an_activity_that_was_probably_meant_as_a_command_is_named_by_the_linter() -> None:
    playbook = small(activities={"change_fact": {}, "digest": {}, "resolve": {}})
    (found,) = misnamed(playbook, Document("p.yaml", {"activities": {"change_fact": {}}}))
    assert "'change_fact' is no command" in str(found.finding)
    assert "did you mean `change_facts`" in str(found.finding)


def test_the_examples_of_the_reference_load(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "ownership.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    head = "extends: customer-service-escalation\nplaybook: example\nversion: 1\n"
    fields = "fields: {record_type: {values: [change, incident]}}\n"
    (tmp_path / "example.yaml").write_text(head + fields + "".join(blocks), encoding="utf-8")
    playbook = load(tmp_path / "example.yaml").playbook
    assert playbook.activities["reply_text"].human_required
    assert playbook.delegations[0].holds(date(2026, 11, 1))
    assert playbook.before_work is not None
    assert playbook.shift_handover is not None
    assert playbook.raci[Stage.RESOLUTION].consulted == ("team:finance",)


@pytest.mark.req("EP-P1")
def test_the_procedure_says_what_each_step_needs_and_how_it_is_handed_over() -> None:
    changes = {"shift_handover": {"before": "30m", "to": "oncall:desk"}, "activities": {"digest": {"ai": "may_assist"}}}
    playbook = small(fields={"amount": {"type": "number", "required": True}}, **changes)
    console = Console(width=200, file=StringIO(), record=True)
    console.print(procedure(Loaded(playbook, "d", Path("small.yaml"), Document("small.yaml", {}))))
    said = console.export_text()
    assert re.search(r"L1 +summary, amount +10m +it stays with whoever had it", said)
    assert "30m before the owner's shift ends it is offered to oncall:desk" in said
    assert re.search(r"digest +may assist +raci:accountable", said)
