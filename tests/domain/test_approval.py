"""Approval: who may decide, how many, until when, on exactly what, and what silence means."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.lifecycle.early import MOST_HELD
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.playbook.schema import Stage, WaitingOn
from tests.domain.builders import (
    ANN,
    BOB,
    BOT,
    CUSTOMER,
    EVE,
    GUS,
    HAL,
    IDA,
    ITSM,
    JOY,
    KIM,
    SERVICE,
    Life,
    gated,
    opened,
)

TWO = ["role:security", "role:finance"]


def waiting(*gates: dict[str, Any], facts: dict[str, Any] | None = None) -> Life:
    """Return a life that ann owns and whose gates are asked for."""
    return opened(gated(*gates), facts=facts or {}).taken_by(ANN)


# --- one, several, all ----------------------------------------------------------------------------------------------


@pytest.mark.req("IAP-3", "QCC-10", "ITSM-8")
def test_what_a_gate_guards_stays_blocked_until_it_passes() -> None:
    life = waiting({"title": "The fix"})
    assert (life.state.stage, life.state.waiting_on) == (Stage.APPROVAL, WaitingOn.APPROVER)
    assert life.told(MessageKind.APPROVAL) == [HAL]
    refusal = life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))
    assert refusal.endswith("cannot be resolved yet: approval gate1 waits for person:hal")
    life.send(c.Approve(by=HAL, because="looks right"))
    assert (life.gate().state, life.state.stage) == ("passed", Stage.RESOLUTION)
    assert life.last(e.GateClosed).because == "approved by person:hal"
    assert life.told(MessageKind.NEWS)[-1] == ANN
    life.send(c.Resolve(by=ANN, resolution="done"))
    assert life.state.resolution_state == "proposed"


def test_whoever_resolves_without_taking_it_is_told_to_take_it_so_that_approvers_are_asked() -> None:
    life = opened(gated({}))
    refusal = life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))
    assert "needs approval first (gate1): acknowledge it, then its approvers are asked" in refusal


@pytest.mark.req("ITSM-15")
@pytest.mark.parametrize(("need", "enough"), [(1, 1), (2, 2), ("all", 2)])
def test_as_many_must_approve_as_the_playbook_says(need: object, enough: int) -> None:
    life = waiting({"approvers": TWO, "need": need})
    for number, approver in enumerate([HAL, IDA][:enough], start=1):
        assert life.gate().state == "pending"
        life.send(c.Approve(by=approver))
        assert (life.gate().state == "passed") is (number == enough)


def test_nobody_approves_twice() -> None:
    life = waiting({"approvers": TWO, "need": 2})
    life.send(c.Approve(by=HAL))
    assert "you approved gate1 already, at 2026-11-20 10:00:00 UTC" in life.refused(AlreadyDone, c.Approve(by=HAL))
    assert "you approved gate1 already" in life.refused(AlreadyDone, c.Reject(by=HAL, because="no, after all"))
    assert life.gate().state == "pending"


def test_one_rejection_ends_the_round_and_the_other_is_told_by_whom_and_when() -> None:
    life = waiting({"approvers": TWO, "need": 2})
    life.send(c.Approve(by=HAL))
    life.now += timedelta(minutes=2)
    life.send(c.Reject(by=IDA, because="too expensive"))
    refusal = life.refused(AlreadyDone, c.Approve(by=HAL))
    assert "rejected by person:ida at 2026-11-20 10:02:00 UTC (rejected by person:ida: too expensive)" in refusal
    blocked = life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))
    assert "gate1 was rejected by person:ida: too expensive; it stands as long as its condition is true" in blocked


@pytest.mark.parametrize("first", ["approve", "reject"])
def test_of_two_decisions_at_once_exactly_one_counts(first: str) -> None:
    life = waiting({"approvers": ["team:desk"]})
    decisions = {"approve": c.Approve(by=ANN), "reject": c.Reject(by=BOB, because="no")}
    winner = decisions.pop(first)
    life.send(winner)
    (loser,) = decisions.values()
    assert f"was decided already: {life.gate().state} by {winner.by}" in life.refused(AlreadyDone, loser)
    why = {"approve": "", "reject": " (no)"}[first]
    how = {"approve": "approved", "reject": "rejected"}[first]
    said = f"approval gate1 is decided already: {how} by {winner.by} at 2026-11-20 10:00:00 UTC{why}"
    assert life.told_why_not(AlreadyDone, loser) == said


@pytest.mark.req("QCC-2", "CON-3")
def test_an_ai_flags_and_only_a_named_person_decides() -> None:
    life = waiting({})
    for actor in (BOT, CUSTOMER, "service:scanner"):
        assert "is not a person" in life.refused(NotAllowed, c.Approve(by=actor))
    assert "person:bob is not an approver of gate1; approvers are person:hal" in life.refused(
        NotAllowed, c.Approve(by=BOB)
    )
    assert life.send(c.Approve(by=HAL))


def test_which_gate_must_be_said_when_several_are_open() -> None:
    life = waiting({}, {"approvers": ["role:finance"]})
    assert "say which approval you mean (gate); open ones: gate1, gate2" in life.refused(NotNow, c.Approve(by=HAL))
    life.send(c.Approve(by=HAL, gate="gate1"))
    life.send(c.Approve(by=IDA))
    assert {gate.state for gate in life.state.gates.values()} == {"passed"}
    unknown = life.refused(Unknown, c.Approve(by=HAL, gate="gate9"))
    assert "has no approval gate9; it has gate1, gate2" in unknown


@pytest.mark.req("SUP-9")
def test_what_the_front_line_may_do_alone_needs_no_approval_and_nobody_waits_for_a_meeting() -> None:
    alone = opened(SERVICE, facts={"credit.amount": 80.0}).taken_by("person:eva.novak")
    assert (alone.state.gates, alone.state.stage) == ({}, Stage.RESOLUTION)
    asked = opened(SERVICE, facts={"credit.amount": 150.0}).taken_by("person:eva.novak")
    assert asked.state.status == "Awaiting approval"
    asked.send(c.Note(by="person:eva.novak", text="meanwhile I look for the payment"))
    asked.send(c.Approve(by="person:petr.svoboda", gate="goodwill_credit"))
    assert asked.state.status == "In progress"


def test_asking_for_changes_is_neither_yes_nor_no() -> None:
    life = waiting({"subject": ["plan"]}, facts={"plan": "restart"})
    life.send(c.RequestChanges(by=HAL, because="say when"))
    assert life.gate().state == "pending"
    assert "person:hal asks for changes before approving gate1: say when" in life.sent[-1].body
    life.send(c.ChangeFacts(by=ANN, facts={"plan": "restart at night"}))
    assert (life.gate().round, life.gate().state, life.gate().votes) == (2, "pending", ())
    life.send(c.Approve(by=HAL))
    assert life.gate().state == "passed"


# --- separation of duties -------------------------------------------------------------------------------------------


def test_requester_and_owner_are_not_asked_and_may_not_decide() -> None:
    playbook = gated({"approvers": ["team:desk"], "exclude": ["requester", "owner"]})
    life = opened(playbook, requested_by=BOB).taken_by(ANN)
    assert life.told(MessageKind.APPROVAL) == []
    assert GUS in life.told()  # nobody of the desk is left: the playbook's owner hears of it, and decides nothing
    assert "not an approver" in life.refused(NotAllowed, c.Approve(by=GUS))
    mine = opened(gated({"approvers": ["team:desk"]}), requested_by=BOB).taken_by(ANN)
    assert mine.told(MessageKind.APPROVAL) == [ANN, BOB]


def test_an_approver_who_becomes_the_owner_voids_the_round() -> None:
    life = waiting({"approvers": ["team:desk", "role:security"], "exclude": ["owner"]})
    assert life.told(MessageKind.APPROVAL) == [BOB, HAL]
    life.send(c.Claim(by=BOB, because="I know it"))
    assert (life.gate().round, life.gate().people) == (2, (ANN, HAL))
    assert life.last(e.GateClosed).because == "person:bob owns this now and may not decide it as well"


def test_whoever_approved_cannot_take_over_what_was_approved() -> None:
    life = waiting({"approvers": ["team:desk"], "exclude": ["owner"]})
    life.send(c.Approve(by=BOB))
    assert life.gate().state == "passed"
    life.send(c.Claim(by=BOB, because="I do it myself"))
    assert (life.gate().state, life.gate().round) == ("pending", 2)
    assert "waits for" in life.refused(NotNow, c.Resolve(by=BOB, resolution="done"))


# --- bound to what was seen -----------------------------------------------------------------------------------------


@pytest.mark.req("QCC-4")
def test_a_change_voids_the_approval_and_a_new_approval_begins() -> None:
    life = waiting({"subject": ["amount"], "when": "amount > 100.0"}, facts={"amount": 150.0})
    life.send(c.Approve(by=HAL))
    assert life.gate().state == "passed"
    before = life.gate().digest
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 5000.0}))
    assert [event.state for event in life.all(e.GateClosed)] == ["passed", "voided"]
    assert (life.gate().state, life.gate().round, life.gate().votes) == ("pending", 2, ())
    assert life.gate().digest != before
    assert "This is a new approval: what was approved before has changed." in life.sent[-1].body
    assert "amount: 5000" in life.sent[-1].body
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 50.0}))
    assert life.gate().state == "voided"
    life.send(c.Resolve(by=ANN, resolution="paid"))
    assert life.state.resolution_state == "proposed"


def test_what_is_not_the_subject_voids_nothing() -> None:
    life = waiting({"subject": ["amount"]}, facts={"amount": 150.0})
    life.send(c.Approve(by=HAL))
    life.send(c.ChangeFacts(by=ANN, facts={"topic": "other", "amount": 150.0}))
    assert (life.gate().state, life.gate().round) == ("passed", 1)


def test_a_decision_on_what_was_changed_meanwhile_is_refused() -> None:
    life = waiting({"subject": ["amount"]}, facts={"amount": 150.0})
    seen = life.gate().digest
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 151.0}))
    refusal = life.refused(NotNow, c.Approve(by=HAL, digest=seen))
    assert f"what you saw of gate1 has changed since: you decided on {seen}, now it is {life.gate().digest}" in refusal
    life.send(c.Approve(by=HAL, digest=life.gate().digest))
    assert life.last(e.GateDecided).digest == life.gate().digest


def test_a_gate_whose_condition_is_gone_is_withdrawn_also_after_a_rejection() -> None:
    life = waiting({"when": 'topic == "two"'}, facts={"topic": "two"})
    life.send(c.Reject(by=HAL, because="no"))
    life.send(c.ChangeFacts(by=ANN, facts={"topic": "one"}))
    assert (life.gate().state, life.gate().because) == ("withdrawn", "its condition is no longer true")
    life.send(c.ChangeFacts(by=ANN, facts={"topic": "two"}))
    assert (life.gate().state, life.gate().round) == ("pending", 2)
    life.send(c.ChangeFacts(by=ANN, facts={"topic": "one"}))
    assert life.gate().state == "withdrawn"
    assert life.send(c.Resolve(by=ANN, resolution="done"))


def test_a_change_while_the_resolution_waits_opens_the_gate_before_the_review() -> None:
    life = waiting({"subject": ["amount"], "when": "amount > 100.0"}, facts={"amount": 150.0})
    life.send(c.Approve(by=HAL))
    life.send(c.Resolve(by=ANN, resolution="paid"))
    life.send(c.ChangeFacts(by=BOT, facts={"amount": 5000.0}))
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert (life.state.review, life.state.waiting_on) == (None, WaitingOn.APPROVER)
    rejected = Life(life.state.playbook)
    rejected.state, rejected.now = life.state, life.now
    rejected.send(c.Reject(by=HAL, because="too much"))
    assert (rejected.state.resolution_state, rejected.state.stage) == ("rejected", Stage.RESOLUTION)
    life.send(c.Approve(by=HAL))
    assert life.state.stage is Stage.REVIEW


# --- the final approval ---------------------------------------------------------------------------------------------


def test_a_final_approval_stands_between_confirmation_and_review_and_sees_the_resolution() -> None:
    life = waiting({"before": "review"})
    assert life.state.gates == {}
    life.resolved()
    assert (life.state.review, life.state.waiting_on) == (None, WaitingOn.APPROVER)
    life.send(c.Approve(by=HAL))
    assert life.state.stage is Stage.REVIEW


def test_a_rejected_final_approval_sends_it_back_to_work_and_the_same_words_are_judged_anew() -> None:
    life = waiting({"before": "review"}).resolved()
    life.send(c.Reject(by=HAL, because="not tested"))
    assert (life.state.resolution_state, life.state.stage) == ("rejected", Stage.RESOLUTION)
    assert life.state.waiting_on is WaitingOn.OWNER
    life.now += timedelta(minutes=5)
    life.resolved()
    assert (life.gate().state, life.gate().round) == ("pending", 2)
    life.send(c.Approve(by=HAL))
    assert life.state.stage is Stage.REVIEW


# --- silence --------------------------------------------------------------------------------------------------------


def test_silence_that_denies_leaves_it_blocked_and_says_so() -> None:
    life = waiting({"on_expiry": "deny", "deadline": "30m"})
    assert (life.due.kind, life.due.at - life.now) == ("gate", timedelta(minutes=30))
    life.pass_time("30m")
    assert (life.gate().state, life.last(e.GateExpired).behaviour) == ("rejected", "deny")
    assert life.gate().because == "nobody decided within 30m; the playbook denies then"
    assert set(life.told(MessageKind.WARNING)) == {EVE, ANN}
    assert "cannot be resolved yet" in life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))


def test_silence_that_halts_tells_the_accountable_and_the_owner_again_and_again() -> None:
    life = waiting({"on_expiry": "halt"})
    life.pass_time("61m")
    assert set(life.told(MessageKind.WARNING)) == {EVE, ANN}
    assert (life.gate().state, life.level) == ("pending", "L1")
    life.pass_time("60m")
    assert len(life.all(e.GateExpired)) == 2
    life.send(c.Approve(by=HAL))
    assert life.gate().state == "passed"


def test_the_owner_is_told_also_when_the_owner_is_the_accountable() -> None:
    life = opened(gated({"on_expiry": "halt"})).taken_by(EVE)
    life.pass_time("1h")
    assert life.told(MessageKind.WARNING) == [EVE]


def test_silence_that_escalates_goes_up_a_level() -> None:
    life = waiting({"on_expiry": "escalate"})
    life.pass_time("1h")
    assert (life.level, life.gate().state) == ("L2", "pending")
    assert life.last(e.LevelEntered).because == "approval gate1: nobody decided within 1h"


def test_silence_asks_each_deputy_in_turn_and_then_the_accountable() -> None:
    life = waiting({"on_expiry": "next_deputy", "deputies": ["role:deputy", "role:second-deputy"]})
    life.pass_time("1h")
    assert life.told(MessageKind.APPROVAL) == [HAL, JOY]
    life.pass_time("1h")
    assert life.told(MessageKind.APPROVAL) == [HAL, JOY, KIM]
    life.pass_time("30m")
    assert life.told(MessageKind.WARNING) == []
    life.pass_time("30m")
    assert life.last(e.GateExpired).because == "nobody decided within 1h and every deputy was asked"
    assert EVE in life.told(MessageKind.WARNING)
    life.send(c.Approve(by=HAL))
    assert life.gate().state == "passed"


def test_a_deputy_stands_in_for_one_who_is_silent_where_all_must_approve() -> None:
    life = waiting({"approvers": TWO, "need": "all", "on_expiry": "next_deputy", "deputies": ["role:deputy"]})
    life.send(c.Approve(by=HAL))
    life.pass_time("1h")
    life.send(c.Approve(by=JOY))
    assert (life.gate().state, life.gate().seats) == ("passed", 2)


def test_a_deputy_who_owns_it_is_passed_over() -> None:
    gate = {"on_expiry": "next_deputy", "deputies": ["team:desk"], "exclude": ["owner"]}
    life = waiting(gate)
    life.pass_time("1h")
    assert life.told(MessageKind.APPROVAL) == [HAL, BOB]


def test_silence_approves_only_where_the_playbook_says_why() -> None:
    life = waiting({"on_expiry": "approve", "because": "help must not wait"})
    life.pass_time("1h")
    closed = life.last(e.GateClosed)
    assert (closed.state, closed.by) == ("passed", "system:engine")
    assert closed.because == "nobody decided within 1h; the playbook approves then: help must not wait"
    assert EVE in life.told(MessageKind.WARNING)


def test_a_permission_denied_by_silence_ends_it_and_somebody_hears_of_it() -> None:
    life = Life(gated({"before": "assignment", "on_expiry": "deny"}))
    life.open()
    life.pass_time("1h")
    assert life.state.outcome == "returned"
    assert life.told(MessageKind.WARNING) == [EVE]
    assert BOT in life.told(MessageKind.NEWS)


def test_a_late_decision_is_answered() -> None:
    life = waiting({"on_expiry": "deny"})
    life.pass_time("1h")
    assert "was decided already: rejected by system:engine at 2026-11-20 11:00:00 UTC" in life.refused(
        AlreadyDone, c.Approve(by=HAL)
    )


# --- early ----------------------------------------------------------------------------------------------------------


def test_an_approval_before_the_gate_is_open_is_kept_and_applied() -> None:
    life = opened(gated({"subject": ["amount"]}), facts={"amount": 150.0})
    life.send(c.Approve(by=HAL, gate="gate1"))
    assert [held.command for held in life.state.held] == ["approve"]
    life.taken_by(ANN)
    assert (life.gate().state, life.state.held) == ("passed", ())
    assert life.last(e.GateDecided).by == HAL
    assert life.told(MessageKind.APPROVAL) == []


def test_an_early_approval_counts_only_for_what_could_be_seen_then() -> None:
    life = opened(gated({"subject": ["amount"]}), facts={"amount": 150.0})
    life.send(c.Approve(by=HAL, gate="gate1"))
    life.send(c.ChangeFacts(by=BOT, facts={"amount": 5000.0}))
    life.taken_by(ANN)
    assert life.gate().state == "pending"
    assert "what you saw of gate1 has changed since" in life.last(e.HeldReleased).refused
    assert HAL in life.told(MessageKind.NEWS)


def test_a_final_approval_cannot_be_given_before_there_is_something_to_approve() -> None:
    life = waiting({"before": "review"})
    life.send(c.Approve(by=HAL, gate="gate1"))
    life.resolved()
    assert life.gate().state == "pending"


def test_an_approval_between_opening_and_knowing_the_approvers_is_kept() -> None:
    life = opened(gated({}))
    life.answers = False
    life.send(c.Acknowledge(by=ANN))
    assert not life.gate().resolved
    life.send(c.Approve(by=HAL))
    assert life.gate().state == "pending"
    life.answer()
    assert life.gate().state == "passed"


def test_an_early_decision_of_somebody_who_is_no_approver_is_refused_when_that_is_known() -> None:
    life = opened(gated({}))
    life.send(c.Reject(by=BOB, gate="gate1", because="no"))
    life.taken_by(ANN)
    assert "person:bob is not an approver" in life.last(e.HeldReleased).refused
    assert life.gate().state == "pending"


def test_an_early_acknowledgement_opens_the_gates_as_any_other() -> None:
    life = Life(gated({}), answers=False)
    life.open()
    life.send(c.Acknowledge(by=ANN))
    life.answer()
    assert (life.owner, life.gate().state) == (ANN, "pending")
    assert "waits for" in life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))


def test_a_decision_on_a_gate_that_can_no_longer_come_is_answered_at_once() -> None:
    life = opened(gated({"before": "assignment", "when": "flags.legal"}))
    assert "approval gate1 is not open" in life.refused(NotNow, c.Approve(by=HAL, gate="gate1"))


def test_an_early_decision_that_never_found_its_gate_is_answered_at_the_end() -> None:
    life = opened(gated({"when": "flags.legal"}))
    life.send(c.Approve(by=HAL, gate="gate1"))
    life.resolved()
    life.send(c.SubmitReview(by=ANN, lessons=("none",)))
    assert life.state.held == ()
    assert life.last(e.HeldReleased).refused
    assert HAL in life.told(MessageKind.NEWS)


def test_each_of_several_early_decisions_is_applied_once_and_in_order() -> None:
    life = opened(gated({"approvers": TWO, "need": 2}))
    for approver in (HAL, BOB, IDA):
        life.send(c.Approve(by=approver, gate="gate1"))
    life.taken_by(ANN)
    assert [(event.by, bool(event.refused)) for event in life.all(e.HeldReleased)] == [
        (HAL, False),
        (BOB, True),
        (IDA, False),
    ]
    assert (life.gate().state, life.state.held) == ("passed", ())


def test_early_decisions_are_kept_in_bounds() -> None:
    life = opened(gated({}))
    for number in range(MOST_HELD):
        life.send(c.Approve(by=f"person:p{number}", gate="gate1"))
    assert f"keeps {MOST_HELD} early decisions already" in life.refused(NotNow, c.Approve(by=HAL, gate="gate1"))


# --- shipped --------------------------------------------------------------------------------------------------------


@pytest.mark.req("ITSM-15")
def test_a_change_waits_for_security_operations_and_it_together() -> None:
    change = {
        "record_type": "change",
        "change.plan": "replace the index",
        "change.rollback": "restore it",
        "impact": "team",
        "urgency": "plan",
        "alert.severity": None,
    }
    life = opened(ITSM, facts=change)
    assert life.rung.targets == ("team:change-board",)
    life.taken_by("person:linnea.holm")
    approvers = ["person:linnea.holm", "person:johan.berg", "person:sara.nilsson"]
    assert life.told(MessageKind.APPROVAL) == approvers
    for approver in approvers:
        assert life.gate("change_approval").state == "pending"
        life.send(c.Approve(by=approver))
    assert life.gate("change_approval").state == "passed"


def test_an_owner_who_decides_is_asked_and_warned_of_the_empty_seat_in_two_messages() -> None:
    life = opened(gated({"approvers": ["team:desk", "team:ghosts"], "need": "all"})).taken_by(ANN)
    mine = [message for message in life.sent if message.to == ANN and message.kind is not MessageKind.PAGE]
    assert [message.kind for message in mine] == [MessageKind.APPROVAL, MessageKind.WARNING]
    assert len({message.key for message in life.sent}) == len(life.sent)


def test_a_deputy_who_was_asked_already_and_is_silent_is_skipped_for_the_next_one() -> None:
    life = waiting({"on_expiry": "next_deputy", "deputies": ["role:security", "role:second-deputy"]})
    life.pass_time("1h")
    assert life.told(MessageKind.APPROVAL) == [HAL, KIM]
    expired = life.all(e.GateExpired)
    assert [event.because for event in expired] == [
        "nobody decided within 1h",
        "nobody is left to ask of role:security",
    ]
    assert life.told(MessageKind.WARNING) == [], "nobody is missing"
    life.pass_time("1h")
    assert life.last(e.GateExpired).because == "nobody decided within 1h and every deputy was asked"
    life.send(c.Approve(by=HAL))
    assert life.gate().state == "passed"
