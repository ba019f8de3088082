"""The views: who acts next and why, what runs out, why it was escalated; one state, so that no two can disagree."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.lifecycle.case.packet_views import packet
from escalation.lifecycle.communication import situation as in_one_line
from escalation.lifecycle.details import markdown
from escalation.lifecycle.explanation import explanation
from escalation.lifecycle.situation import Situation, ledger_row, situation
from escalation.model import commands as c
from escalation.playbook.ladder import Axis
from escalation.playbook.schema import Stage, WaitingOn
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, EVE, HAL, ITSM, SERVICE, START, Life, gated, opened, small


def seen(life: Life) -> Situation:
    return situation(life.state, life.now)


@pytest.mark.req("CON-1", "CSP-9")
def test_who_acts_next_and_why_at_every_step_of_a_life() -> None:
    playbook = gated({"when": "flags.legal"}, context={"required": ["summary", "impact"], "complete_within": "10m"})
    life = Life(playbook)
    life.open(context={"impact": None}, facts={"flags.legal": True})
    steps: list[tuple[Stage, WaitingOn, tuple[str, ...], str]] = []

    def look() -> None:
        here = seen(life)
        steps.append((here.stage, here.waiting_on, here.who_acts_next, here.why))

    look()
    for command in (
        c.ProvideInput(by=BOT, impact="one customer"),
        c.Acknowledge(by="person:cyd"),
        c.Approve(by=HAL),
        c.PutOnHold(by="person:cyd", because="the bank is closed"),
        c.Resolve(by="person:cyd", resolution="paid again"),
        c.ConfirmResolution(by=CUSTOMER),
        c.SubmitReview(
            by="person:cyd",
            cause="a batch",
            lessons=("watch",),
            items=(c.ItemDraft(title="mend it", owner=BOB, due=START + timedelta(days=1)),),
        ),
        c.CompleteItem(by=BOB, item="i1"),
    ):
        life.send(command)
        look()
    assert steps == [
        (Stage.TRIAGE, WaitingOn.REQUESTER, (BOT,), "required input is missing: impact"),
        (Stage.ASSIGNMENT, WaitingOn.RESPONDER, ("person:cyd", "person:dan"), "somebody is to take it: round L2/1"),
        (Stage.APPROVAL, WaitingOn.APPROVER, (HAL,), "approval needed: gate1"),
        (Stage.RESOLUTION, WaitingOn.OWNER, ("person:cyd",), "the owner works on it"),
        (Stage.RESOLUTION, WaitingOn.HOLD, ("person:cyd",), "on hold: the bank is closed"),
        (Stage.RESOLUTION, WaitingOn.CUSTOMER, (CUSTOMER,), "the proposed resolution is to be confirmed or rejected"),
        (Stage.REVIEW, WaitingOn.REVIEWER, ("person:cyd",), "the review is to be written"),
        (Stage.REVIEW, WaitingOn.OWNER, (BOB,), "work items are open"),
        (
            Stage.CLOSED,
            WaitingOn.NOBODY,
            (),
            "it has ended: the review is in and every action item is done",
        ),
    ]


@pytest.mark.req("CSP-2", "WLF-15", "EP-P2")
def test_status_owner_time_left_and_next_step_at_a_glance() -> None:
    life = opened(SERVICE).taken_by("person:eva.novak")
    life.pass_time("1h")
    here = seen(life)
    assert (here.owner, here.severity, here.level) == ("person:eva.novak", "P2", "L2")
    assert here.status == "In progress"
    clocks = {clock.name: (clock.state, clock.remaining) for clock in here.clocks}
    assert clocks == {
        "acknowledge": ("met", 3600.0),
        "first_human_response": ("running", 3600.0),
        "resolution": ("running", 46.5 * 3600),
    }
    assert here.next is not None
    assert here.next.at > life.now
    assert here.next.what


def test_a_paused_clock_shows_what_was_left_and_why() -> None:
    life = opened(small(clocks={"resolution": {"within": {"default": "4h"}}})).taken_by(ANN)
    life.pass_time("1h")
    life.send(c.PutOnHold(by=ANN, because="the bank is closed"))
    life.pass_time("2h")
    (view,) = seen(life).clocks
    assert (view.state, view.remaining, view.paused_because) == ("paused", 3 * 3600, "the bank is closed")
    late = opened(small(clocks={"resolution": {"within": {"default": "1h"}, "on_breach": "tell"}})).taken_by(ANN)
    late.pass_time("90m")
    (view,) = seen(late).clocks
    assert (view.state, view.remaining) == ("breached", -1800)


@pytest.mark.req("SYN-7")
def test_who_owns_it_is_in_every_view() -> None:
    life = opened(small())
    assert seen(life).accountable == "role:lead"
    assert "**Accountable:** role:lead" in markdown(life.state, life.now)
    assert ledger_row(life.state).owner == ""
    life.taken_by(ANN)
    assert (seen(life).owner, seen(life).accountable) == (ANN, ANN)
    assert "**Accountable:** person:ann" in markdown(life.state, life.now)
    assert ledger_row(life.state).owner == ANN


@pytest.mark.req("FAQ-10")
def test_why_it_was_escalated_with_every_reason_and_the_version_that_decided() -> None:
    life = opened(SERVICE, facts={"flags.legal": True})
    told = explanation(life.state)
    assert [reason.trigger for reason in told.reasons] == ["low_confidence", "legal_words"]
    about = SERVICE.triggers[1].about
    assert told.in_words == (
        f"low_confidence: {about} (ai_confidence=0.62, confidence.threshold=0.8, task_risk=standard)",
        "legal_words: the customer speaks of the law (flags.legal=True)",
    )
    assert (told.playbook, told.playbook_version) == ("customer-service-escalation", 1)
    assert told.playbook_digest == life.state.playbook_digest


@pytest.mark.req("SUP-3")
def test_whoever_joins_late_sees_who_is_affected_what_was_tried_and_what_is_next() -> None:
    life = opened(small()).taken_by(ANN)
    found, here = packet(life.state), seen(life)
    assert (found.context.impact, found.context.attempted_solutions[0].what) == (
        "one customer waits",
        "sent the status page",
    )
    assert found.help_needed == "find the payment"
    assert (here.headline, here.who_acts_next) == ("The refund has not arrived", (ANN,))


@pytest.mark.req("CSE-7", "ITSM-16")
def test_the_ledger_s_row_can_be_filtered_by_reason_and_by_whoever_opened_it() -> None:
    life = opened(ITSM, requested_by="agent:alert-triage", facts={"ai_triggered": True})
    row = ledger_row(life.state)
    assert row.reasons == ("alert",)
    assert (row.requested_by, row.initiation, row.outcome, row.severity_rank) == (
        "agent:alert-triage",
        "ai_limit",
        "open",
        1,
    )
    assert life.state.facts["ai_triggered"] is True
    # the same rules of ownership as for anybody: a person has to take it
    assert life.state.owner is None
    assert life.rung.people == ("person:bence.toth", "person:tomas.dvorak")
    assert row.next_due_at == life.due.at


def test_gates_items_and_the_resolution_are_shown() -> None:
    life = opened(gated({"approvers": ["role:security", "role:finance"], "need": 2})).taken_by(ANN)
    life.send(c.Approve(by=HAL))
    life.send(c.AddItem(by=ANN, title="call the bank", owner=BOB, due=START + timedelta(days=1)))
    here = seen(life)
    (gate,) = here.gates
    assert (gate.state, gate.approvers, gate.decided) == ("pending", (HAL, "person:ida"), ("approved by person:hal",))
    assert [(item.id, item.owner, item.done) for item in here.items] == [("i1", BOB, False)]
    text = markdown(life.state, life.now)
    assert "- **gate1** (round 1): pending, approved by person:hal, decide until 2026-11-20 11:" in text
    assert "- **i1** call the bank (person:bob): open, due " in text
    life.send(c.Approve(by="person:ida"))
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    assert seen(life).resolution == "paid again"


def test_what_happens_if_nobody_acts_is_named() -> None:
    life = opened(small())
    assert "**If nobody acts:** 2026-11-20 10:10:00 UTC, nobody has acknowledged round L1/1: page L1 again" in markdown(
        life.state, life.now
    )
    life.send(c.Cancel(by=BOT, because="never mind"))
    assert seen(life).next is None
    assert "**Who acts next:** nobody" in markdown(life.state, life.now)


def test_a_clock_that_was_met_during_a_hold_is_not_shown_as_paused() -> None:
    life = opened(SERVICE).taken_by("person:jana.kralova")
    life.send(c.PutOnHold(by="person:jana.kralova", because="the bank is closed"))
    clocks = {clock.name: (clock.state, clock.paused_because) for clock in seen(life).clocks}
    assert clocks["resolution"] == ("paused", "the bank is closed")
    assert clocks["first_human_response"] == ("met", "")


def test_words_of_people_stay_words_in_the_markdown_of_temporals_ui() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.PutOnHold(by=ANN, because="_wait_ for *them*\n# soon <b>|x|</b> [a](http://b) in snake_case `c`"))
    said = r"\_wait\_ for \*them\* \# soon \<b\>\|x\|\</b\> \[a\](http://b) in snake_case \`c\`"
    assert f"- **Who acts next:** {ANN} - on hold: {said}\n" in markdown(life.state, life.now)


def test_every_list_of_the_markdown_has_an_empty_line_above_it() -> None:
    life = opened(SERVICE, facts={"credit.amount": 150.0}).taken_by("person:jana.kralova")
    lines = markdown(life.state, life.now).split("\n")
    assert {"**Clocks**", "**Approvals**", "**Why it was escalated**"} <= set(lines)
    firsts = [n for n, line in enumerate(lines) if line.startswith("- ") and not lines[n - 1].startswith("- ")]
    assert len(firsts) == 4
    assert [lines[n - 1] for n in firsts] == [""] * 4
    assert not any(line.startswith("|") for line in lines)


@pytest.mark.req("CSP-10")
def test_a_playbook_names_as_many_statuses_as_it_likes_each_for_one_phase() -> None:
    waits = ("requester", "responder", "approver", "owner", "customer", "hold")
    names: list[dict[str, Any]] = [
        {"status": f"{stage} {wait}", "stage": stage, "waiting_on": wait}
        for stage in ("triage", "assignment", "approval", "resolution")
        for wait in waits
    ]
    for status in names:
        named = {"assignment responder": "Unassigned", "resolution owner": "In progress", "resolution hold": "On hold"}
        status["status"] = named.get(str(status["status"]), status["status"])
    life = Life(small(statuses=names, context={"required": ["impact"], "complete_within": "10m"}))
    assert len({status["status"] for status in names}) == 24
    life.open(context={"impact": None})
    shown = [life.state.status]
    for command in (
        c.ProvideInput(by=BOT, impact="all"),
        c.Acknowledge(by=ANN),
        c.PutOnHold(by=ANN, because="later"),
        c.Resolve(by=ANN, resolution="done"),
    ):
        life.send(command)
        shown.append(life.state.status)
    assert shown == ["triage requester", "Unassigned", "In progress", "On hold", "resolution customer"]


def test_without_names_of_its_own_a_status_is_the_stage() -> None:
    assert opened(small()).state.status == "assignment"


def test_the_axis_of_the_level_is_shown() -> None:
    life = opened(small())
    assert seen(life).axis is Axis.FUNCTIONAL
    life.send(c.Escalate(by=EVE, reason="no_authority", because="not mine to decide"))
    assert seen(life).axis is Axis.HIERARCHICAL


def test_receipt_situation_and_messages_say_alike_who_is_accountable_and_who_is_being_called() -> None:
    life = Life(small())
    receipt = life.open()
    here = situation(life.state, life.now)
    assert (receipt.owner, receipt.called) == (here.accountable, here.called) == ("role:lead", ("team:desk",))
    assert in_one_line(life.state).endswith("accountable: role:lead; being called: team:desk.")
    assert "- **Accountable:** role:lead\n- **Being called:** team:desk" in markdown(life.state, life.now)
    life.taken_by(ANN)
    joined = life.open(request_id="r-2")
    here = situation(life.state, life.now)
    assert (joined.owner, joined.called) == (here.accountable, here.called) == (ANN, ())
    assert in_one_line(life.state).endswith(f"accountable: {ANN}.")


def test_a_target_of_the_raci_is_said_as_whom_it_means() -> None:
    levels = [{"id": "L1", "targets": ["raci:accountable"], "ack": "10m", "dwell": "2h", "last_resort": "role:boss"}]
    triggers = [{"id": "by_hand", "when": "true", "initiation": "manual"}]
    assert Life(small(levels=levels, triggers=triggers)).open().called == ("role:lead",)


def test_an_approver_sees_what_is_to_be_decided() -> None:
    gate = {"title": "Give credit", "subject": ["amount"], "approvers": ["role:finance"]}
    life = opened(gated(gate), facts={"amount": 250.0}).taken_by(ANN)
    assert situation(life.state, life.now).gates[0].asks == "Give credit: amount=250"
    assert "Give credit: amount=250" in markdown(life.state, life.now)
