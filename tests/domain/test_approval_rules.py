"""Approvals beyond yes and no: parts of those asked, choices, seats passed on, silence, emergencies, void questions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow, Unknown
from escalation.foresight import forecast
from escalation.lifecycle.case.packet_views import packet
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import FindPeople, MessageKind, Notify
from tests.domain.builders import (
    ANN,
    BOB,
    BOT,
    CUSTOMER,
    CYD,
    DAN,
    EVE,
    FAY,
    GUS,
    HAL,
    IDA,
    JOY,
    KIM,
    Life,
    find,
    gated,
    opened,
)

TEAMS = ["team:desk", "team:experts"]
CHOICES = [{"id": "full_refund", "about": "all of it"}, {"id": "half", "about": "half of it"}]


def waiting(*gates: dict[str, Any], facts: dict[str, Any] | None = None, **changes: Any) -> Life:
    """Return a life that ann owns and whose gates are asked for."""
    return opened(gated(*gates, **changes), facts=facts or {}).taken_by(ANN)


# --- how many -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("need", "enough"), [("1%", 1), ("25%", 1), ("50%", 2), ("60%", 3), ("75%", 3), ("100%", 4)])
def test_a_percentage_is_of_those_asked_first_and_rounded_up(need: str, enough: int) -> None:
    life = waiting({"approvers": TEAMS, "need": need})
    for number, approver in enumerate([ANN, BOB, CYD, DAN][:enough], start=1):
        life.send(c.Approve(by=approver))
        assert (life.gate().state == "passed") is (number == enough)


def test_a_percentage_counts_a_target_that_has_nobody_as_a_seat() -> None:
    life = waiting({"approvers": ["role:security", "team:ghosts"], "need": "60%"})
    life.send(c.Approve(by=HAL))
    assert life.gate().state == "pending"


def test_somebody_of_two_targets_counts_for_whichever_makes_the_quorum_full() -> None:
    gate = {"approvers": ["person:ann", "team:desk"], "quorum": [{"of": "team:desk"}, {"of": "person:ann"}]}
    life = waiting(gate)
    life.send(c.Approve(by=ANN))
    assert life.gate().state == "pending"  # she is one person, and takes one of the two seats
    life.send(c.Approve(by=BOB))
    assert life.gate().state == "passed"


def test_all_of_a_target_is_all_who_were_found_for_it_and_a_deputy_counts_for_any() -> None:
    gate = {
        "approvers": ["team:desk", "role:security"],
        "quorum": [{"of": "team:desk", "need": "all"}, {"of": "role:security"}],
        "on_expiry": "next_deputy",
        "deputies": ["role:deputy"],
    }
    life = waiting(gate)
    life.send(c.Approve(by=ANN))
    life.send(c.Approve(by=HAL))
    assert life.gate().state == "pending"
    life.pass_time("1h")
    life.send(c.Approve(by=JOY))
    assert life.gate().state == "passed"


def test_as_many_rejections_end_it_as_the_playbook_says_or_as_leave_too_few() -> None:
    patient = {"approvers": TEAMS, "need": 2, "reject_needs": 2}
    life = waiting(patient)
    life.send(c.Reject(by=ANN, because="no"))
    assert life.gate().state == "pending"
    life.send(c.Reject(by=BOB, because="nor me"))
    assert (life.gate().state, life.gate().because) == ("rejected", "rejected by person:ann, person:bob: nor me")
    strict = waiting({**patient, "need": "all"})
    strict.send(c.Reject(by=ANN, because="no"))
    assert strict.gate().because == "rejected: too few are left who could still approve (4 of 4 must)"


def test_votes_end_nothing_where_a_deputy_may_still_be_asked_until_none_is_left() -> None:
    gate = {
        "approvers": TEAMS,
        "need": "all",
        "reject_needs": 3,
        "on_expiry": "next_deputy",
        "deputies": ["role:deputy"],
    }
    life = waiting(gate)
    life.send(c.Reject(by=ANN, because="no"))
    life.send(c.Reject(by=BOB, because="no"))
    assert life.gate().state == "pending"
    life.pass_time("1h")  # joy is asked: three of four at most
    life.pass_time("1h")
    assert life.gate().state == "rejected"


# --- who may not ----------------------------------------------------------------------------------------------------


def test_whom_the_playbook_excludes_is_not_asked_and_refused_with_the_reason() -> None:
    life = waiting({"approvers": TEAMS, "exclude": ["team:experts", "person:bob"]})
    assert life.told(MessageKind.APPROVAL) == [ANN]
    for person in (BOB, CYD):
        refusal = life.refused(NotAllowed, c.Approve(by=person))
        assert (
            f"{person} is excluded from deciding gate1, as team:experts, person:bob is (separation of duties)"
            in refusal
        )
    assert life.told_why_not(NotAllowed, c.Approve(by=BOB)) == (
        "person:bob may not decide gate1: they are named in `exclude` of gate1 in the playbook (separation of duties)"
    )
    assert "they belong to team:experts or person:bob, which is named" in life.told_why_not(
        NotAllowed, c.Approve(by=CYD)
    )


def test_who_is_excluded_is_looked_up_anew_in_each_round() -> None:
    life = waiting({"approvers": TEAMS, "exclude": ["team:experts"], "subject": ["amount"]}, facts={"amount": 1.0})
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 2.0}))
    assert [find.exclude_targets for find in life.looked_up if find.purpose.startswith("gate:")] == [
        ("team:experts",)
    ] * 2
    assert life.gate().excluded == (CYD, DAN)


# --- passing a seat on ----------------------------------------------------------------------------------------------

PASSED_ON = {"approvers": ["role:security"], "delegation": {"depth": 1}}


def test_nobody_passes_a_seat_on_where_the_playbook_does_not_say_so() -> None:
    life = waiting({})
    refusal = life.refused(NotAllowed, c.DelegateApproval(by=HAL, to=KIM, because="away"))
    assert refusal == "the playbook lets nobody pass a seat in gate1 on (delegation: depth); decide yourself"


def test_the_delegate_is_asked_with_the_reason_and_the_delegator_is_told_who_decides_now() -> None:
    life = waiting(PASSED_ON)
    life.send(c.DelegateApproval(by=HAL, to=KIM, because="I am on leave"))
    asked = life.sent[-1]
    assert (asked.to, asked.kind, asked.asks) == (KIM, MessageKind.APPROVAL, "gate:gate1/1")
    assert "person:hal passed the decision on to you: I am on leave" in asked.body
    assert "passed the seat in gate1 on to person:kim at 2026-11-20 10:00:00" in life.refused(
        NotAllowed, c.Approve(by=HAL)
    )
    assert situation(life.state, life.now).gates[0].passed_on == ("person:hal to person:kim",)
    life.send(c.Approve(by=KIM))
    assert life.gate().state == "passed"


def test_a_seat_goes_to_nobody_whom_the_case_is_about_who_owns_it_or_is_no_person() -> None:
    life = waiting({**PASSED_ON, "exclude": ["owner", "requester"]}, facts={"concerns": ("kim",)})
    assert "is concerned by" in life.refused(NotAllowed, c.DelegateApproval(by=HAL, to=KIM, because="away"))
    assert "owns this escalation" in life.refused(NotAllowed, c.DelegateApproval(by=HAL, to=ANN, because="away"))
    assert "is not a person" in life.refused(NotAllowed, c.DelegateApproval(by=HAL, to=BOT, because="away"))


def test_a_seat_given_to_somebody_unknown_falls_back_to_whoever_passed_it_on() -> None:
    life = waiting(PASSED_ON)
    life.answers = False
    life.send(c.DelegateApproval(by=HAL, to="person:nobody", because="away"))
    asked = life.pending.pop()
    life.send(c.NotDelivered(key=asked.key, to="person:nobody", error="not in the directory", unknown=True))
    assert (life.gate().people, life.gate().delegations) == ((HAL,), ())
    life.answer()
    assert (life.sent[-1].to, life.sent[-1].kind) == (HAL, MessageKind.WARNING)
    assert "person:nobody is not known, so approval gate1 is yours to decide again" in life.sent[-1].body
    life.send(c.Approve(by=HAL))
    assert life.gate().state == "passed"


def test_a_seat_that_is_passed_on_early_waits_for_its_gate() -> None:
    life = opened(gated(PASSED_ON))
    life.send(c.DelegateApproval(by=HAL, to=KIM, because="away", gate="gate1"))
    life.taken_by(ANN)
    assert (life.gate().people, life.state.held) == ((KIM,), ())


# --- silence --------------------------------------------------------------------------------------------------------


def test_silence_that_keeps_it_open_tells_the_accountable_once_and_reminds_nobody() -> None:
    life = waiting({"on_expiry": "keep", "subject": ["amount"]})
    life.pass_time("1h")
    assert set(life.told(MessageKind.WARNING)) == {EVE, ANN}
    before = len(life.told(MessageKind.WARNING))
    life.pass_time("45m")
    assert (len(life.told(MessageKind.WARNING)), len(life.all(e.GateExpired))) == (before, 1)
    assert life.due.kind != "gate"
    life.send(c.Approve(by=HAL))
    assert life.gate().state == "passed"


def test_the_forecast_says_what_silence_leads_to_once_and_then_no_more() -> None:
    life = waiting({"on_expiry": "keep", "subject": ["amount"]})
    assert "it stays open, and whoever is accountable is told once" in life.due.summary
    future = forecast(life.state, life.directory, life.now + timedelta(hours=6))
    assert [event.behaviour for event in future if isinstance(event, e.GateExpired)] == ["keep"]


def test_what_is_kept_is_spoken_of_again_once_nothing_else_is_waited_for() -> None:
    life = waiting({"on_expiry": "keep", "when": "amount > 100.0", "subject": ["amount"]}, facts={"amount": 1.0})
    life.send(c.Resolve(by=ANN, resolution="paid"))
    life.send(c.ChangeFacts(by=BOT, facts={"amount": 500.0}))
    life.pass_time("1h")
    life.send(c.ConfirmResolution(by="customer:c-1"))
    assert life.due.kind == "gate"
    life.next()
    assert life.last(e.GateExpired).behaviour == "halt"


def test_an_approval_by_silence_is_looked_at_afterwards_where_the_playbook_says_so() -> None:
    life = waiting({"on_expiry": "approve", "because": "help must not wait", "review_after": True})
    life.pass_time("1h")
    (item,) = life.state.open_items
    assert (item.owner, item.title) == (EVE, "Look at approval gate1, given by silence")
    assert "looks at this approval, not person:ann" in life.refused(NotAllowed, c.CompleteItem(by=ANN, item=item.id))
    life.send(c.CompleteItem(by=EVE, item=item.id, result="it was right"))
    assert life.state.approval_reviews == ()


@pytest.mark.parametrize("said", [c.RequestChanges(by=BOB, because="say when"), c.Reject(by=BOB, because="no")])
def test_silence_approves_nothing_that_somebody_has_spoken_against(said: c.RequestChanges | c.Reject) -> None:
    life = waiting({"approvers": TEAMS, "reject_needs": 2, "on_expiry": "approve", "because": "help must not wait"})
    life.send(said)
    assert "it stays blocked and whoever is accountable is told" in life.due.summary
    life.pass_time("1h")
    assert life.gate().state == "pending"
    late = life.last(e.GateExpired)
    assert (late.behaviour, late.because) == ("halt", "not decided within 1h, and person:bob did not agree")
    life.send(c.Approve(by=CYD))
    assert life.gate().state == "passed"


def test_who_asked_for_changes_and_approved_then_stands_against_nothing() -> None:
    life = waiting({"approvers": TEAMS, "need": 2, "on_expiry": "approve", "because": "help must not wait"})
    life.send(c.RequestChanges(by=BOB, because="say when"))
    life.send(c.Approve(by=BOB))
    life.pass_time("1h")
    assert life.gate().state == "passed"


def test_however_often_changes_are_asked_for_the_latest_word_of_each_is_kept() -> None:
    life = waiting({"approvers": TEAMS})
    for times in range(30):
        life.send(c.RequestChanges(by=BOB, because=f"say when, {times}"))
    life.send(c.RequestChanges(by=CYD, because="say how"))
    assert [(vote.by, vote.because) for vote in life.gate().votes] == [(BOB, "say when, 29"), (CYD, "say how")]


def test_what_a_customer_s_words_make_true_is_asked_for_at_once_and_voids_what_stood_on_others() -> None:
    money = {"keywords": {"refund": {"en": ["money back"]}, "law": {"en": ["my lawyer"]}}}
    life = waiting({"when": "'refund' in keywords", "subject": ["keywords"]}, **money)
    life.send(c.Note(by=CUSTOMER, text="I want my money back"))
    assert life.gate().people == (HAL,)
    life.send(c.Approve(by=HAL))
    life.send(c.Note(by=CUSTOMER, text="or I ask my lawyer"))
    assert (life.gate().state, life.gate().round) == ("pending", 2)
    life.send(c.Approve(by=HAL))
    life.send(c.Resolve(by=ANN, resolution="paid back"))
    assert life.state.resolution_state == "proposed"


# --- choices --------------------------------------------------------------------------------------------------------

CHOSEN = {"approvers": ["team:desk", "role:security"], "need": 2, "choices": CHOICES, "reject_needs": 2}


def test_whoever_approves_chooses_and_as_many_as_are_needed_choose_the_same() -> None:
    life = waiting(CHOSEN)
    there = "there are full_refund, half"
    assert f"say which (choice); {there}" in life.refused(Incomplete, c.Approve(by=ANN))
    assert f"has no choice all; {there}" in life.refused(Unknown, c.Approve(by=ANN, choice="all"))
    life.send(c.Approve(by=ANN, choice="half"))
    life.send(c.Approve(by=BOB, choice="full_refund"))
    assert life.gate().state == "pending"
    life.send(c.Approve(by=HAL, choice="half"))
    assert (life.gate().state, life.gate().choice) == ("passed", "half")
    assert life.last(e.GateClosed).because == "half approved by person:ann, person:hal"
    assert situation(life.state, life.now).gates[0].choice == "half"
    assert "half approved" in life.sent[-1].body


def test_votes_that_are_split_for_good_end_it_and_say_how() -> None:
    life = waiting({**CHOSEN, "approvers": ["team:desk"]})
    life.send(c.Approve(by=ANN, choice="half"))
    life.send(c.Approve(by=BOB, choice="full_refund"))
    said = "rejected: too few are left who could still approve (2 of 2 must); the approvals are for "
    said += "full_refund (1), half (1)"
    assert (life.gate().state, life.gate().because) == ("rejected", said)


def test_what_was_chosen_is_a_fact_that_opens_what_depends_on_it_and_goes_when_it_is_void() -> None:
    first = {"id": "refund", "choices": CHOICES, "subject": ["amount"]}
    second = {"id": "board", "approvers": ["role:boss"], "when": 'approval.refund.choice == "full_refund"'}
    triggers = [
        {"id": "unsure", "when": "ai_confidence < confidence.threshold", "initiation": "ai_limit"},
        {"id": "all_of_it", "when": 'approval.refund.choice == "full_refund"', "severity": "P0"},
    ]
    life = waiting(first, second, facts={"amount": 1.0}, triggers=triggers)
    assert list(life.state.gates) == ["refund"]
    life.send(c.Approve(by=HAL, gate="refund", choice="full_refund"))
    assert (life.reasons, life.state.severity) == (["unsure", "all_of_it"], "P0")
    assert life.gate("board").state == "pending"
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 2.0}))
    assert (life.gate("refund").round, life.gate("refund").choice) == (2, "")
    assert life.gate("board").state == "withdrawn"


def test_an_early_approval_must_choose_at_once_and_keeps_its_choice() -> None:
    life = opened(gated({"choices": CHOICES}))
    assert "say which (choice)" in life.refused(Incomplete, c.Approve(by=HAL, gate="gate1"))
    life.send(c.Approve(by=HAL, gate="gate1", choice="half"))
    life.taken_by(ANN)
    assert life.gate().choice == "half"


# --- emergencies ----------------------------------------------------------------------------------------------------

URGENT = {
    "approvers": TEAMS,
    "need": 3,
    "emergency": {"who": ["role:boss"], "review_within": "2d", "review_by": "role:lead"},
}


def test_in_an_emergency_one_approves_alone_and_somebody_else_looks_at_it_afterwards() -> None:
    life = waiting(URGENT)
    assert "say why" in life.refused(Incomplete, c.Approve(by=FAY, emergency=True))
    assert "role:boss may" in life.refused(NotAllowed, c.Approve(by=BOB, emergency=True, because="it burns"))
    assert "not an approver" in life.refused(NotAllowed, c.Approve(by=FAY))
    before = len(life.sent)
    life.send(c.Approve(by=FAY, emergency=True, because="it burns"))
    assert (life.gate().state, life.last(e.GateClosed).emergency) == ("passed", True)
    assert life.gate().because == "approved by person:fay alone in an emergency: it burns"
    news = [message.to for message in life.sent[before:] if message.kind is MessageKind.NEWS]
    assert sorted(news) == [ANN, BOB, CYD, DAN]  # ann as the owner, each of them once
    (item,) = life.state.open_items
    assert (item.owner, item.due - life.now) == (EVE, timedelta(days=2))
    assert "person:eve looks at this approval, not person:fay" in life.refused(
        NotAllowed, c.CompleteItem(by=FAY, item=item.id)
    )


def test_it_is_not_ended_before_an_emergency_approval_was_looked_at() -> None:
    life = waiting(URGENT)
    life.send(c.Approve(by=FAY, emergency=True, because="it burns"))
    assert "is to be looked at" in life.refused(NotNow, c.Cancel(by=ANN, because="over"))
    life.resolved()
    life.send(c.SubmitReview(by=ANN, lessons=("none",)))
    assert not life.state.ended
    life.send(c.CompleteItem(by=EVE, item="i1"))
    assert life.state.outcome == "closed"


def test_where_the_playbook_knows_no_emergency_nobody_approves_alone() -> None:
    life = waiting({})
    refusal = life.refused(NotAllowed, c.Approve(by=HAL, emergency=True, because="it burns"))
    assert refusal == "the playbook lets nobody approve gate1 alone in an emergency (emergency); decide as asked"


def test_an_emergency_approval_between_opening_and_knowing_who_may_is_kept() -> None:
    life = opened(gated(URGENT))
    life.answers = False
    life.send(c.Acknowledge(by=ANN))
    life.send(c.Approve(by=FAY, emergency=True, because="it burns", gate="gate1"))
    assert life.gate().state == "pending"
    life.answer()
    assert (life.gate().state, life.gate().closed_by) == ("passed", FAY)


# --- questions that are no more -------------------------------------------------------------------------------------


def test_approvers_whose_question_was_decided_by_others_are_told_and_not_by_whom() -> None:
    life = waiting({"approvers": ["role:security", "role:finance"]})
    before = len(life.sent)
    life.send(c.Approve(by=HAL))
    told = [message for message in life.sent[before:] if message.to == IDA]
    assert [message.body.splitlines()[0] for message in told] == [
        "approval gate1 is decided: you need not decide it any more"
    ]
    assert "hal" not in told[0].body
    assert HAL not in life.told(since=before)


def test_approvers_of_a_void_question_are_asked_anew_and_told_when_it_is_withdrawn_also_when_they_had_voted() -> None:
    gate = {"approvers": ["role:security", "role:finance"], "need": 2, "subject": ["amount"], "when": "amount > 10.0"}
    life = waiting(gate, facts={"amount": 20.0})
    life.send(c.Approve(by=HAL))
    before = len(life.sent)
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 30.0}))
    told = [(m.to, m.kind) for m in life.sent[before:] if m.to in (HAL, IDA)]
    asked_anew = [(HAL, MessageKind.APPROVAL), (IDA, MessageKind.APPROVAL)]
    assert sorted(told) == asked_anew, "a new question says that the old one is void: one message for one change"
    before = len(life.sent)
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 5.0}))
    over = [m.to for m in life.sent[before:] if m.kind is MessageKind.NEWS and m.to in (HAL, IDA)]
    assert sorted(over) == [HAL, IDA]


def test_whoever_never_had_the_question_hears_nothing_and_whom_it_reaches_late_hears_at_once() -> None:
    life = opened(gated({"approvers": ["role:security", "role:finance"]}))
    life.answers = False
    life.send(c.Acknowledge(by=ANN))
    look_up = next(each for each in life.pending if isinstance(each, FindPeople) and each.purpose == "gate:gate1/1")
    life.pending.clear()
    life.send(c.PeopleFound(purpose=look_up.purpose, found=find(life.directory, look_up, life.now)))
    to_ida = next(each for each in life.pending if isinstance(each, Notify) and each.to == IDA)
    life.pending.clear()  # on their way, and nobody knows yet whether they arrive
    life.answers = True
    life.send(c.Approve(by=HAL))
    assert IDA not in life.told()
    receipt = next(iter(life.state.receipts.values()))
    life.send(c.Delivered(key=to_ida.key, to=IDA, receipt=receipt))
    assert "need not decide it any more" in life.sent[-1].body
    assert life.sent[-1].to == IDA


def test_an_escalation_that_began_under_the_old_rules_tells_nobody() -> None:
    life = Life(gated({"approvers": ["role:security", "role:finance"], "review_after": True}))
    life.state = life.state.changed({"rules": 0})
    life.open()
    life.taken_by(ANN)
    before = len(life.sent)
    life.send(c.Approve(by=HAL))
    assert life.told(since=before) == [ANN]
    assert life.state.items == {}


# --- what approvers read --------------------------------------------------------------------------------------------


@pytest.mark.req("EP-F8")
def test_the_ask_and_the_ways_to_answer_come_before_everything_else() -> None:
    gate = {"title": "How much is paid back?", "choices": CHOICES, "subject": ["amount"], "delegation": {"depth": 1}}
    life = waiting(gate, facts={"amount": 250.0})
    lines = next(message for message in life.sent if message.to == HAL).body.splitlines()
    assert lines[:2] == ["To decide: How much is paid back?", "  amount: 250"]
    assert lines[2].startswith("Decide before 2026-11-20 11:00 UTC; after that it stays blocked")
    assert lines[2].endswith("1 of 1 must approve.")
    assert lines[3] == "Your options:"
    assert [line.split()[1] for line in lines[4:9]] == [
        "approve",
        "approve",
        "reject",
        "request_changes",
        "delegate_approval",
    ]
    assert "--choice full_refund    # all of it" in lines[4]
    assert [line for line in lines if line.startswith("Why it was escalated")] == lines[11:12]
    options = "approve as full_refund (all of it), approve as half (half of it), reject, request changes"
    assert packet(life.state).to_decide == (f"gate1: How much is paid back?: amount=250 ({options})",)
    life.send(c.Approve(by=HAL, choice="half"))
    assert packet(life.state).to_decide == ()


def test_a_decision_for_another_gate_or_after_the_end_of_a_round_loses_nothing() -> None:
    life = waiting({"subject": ["amount"]}, {"approvers": ["role:finance"]}, facts={"amount": 1.0})
    assert "is not an approver of gate2" in life.refused(NotAllowed, c.Approve(by=HAL, gate="gate2"))
    life.send(c.Approve(by=HAL, gate="gate1"))
    assert "was decided already" in life.refused(
        AlreadyDone, c.DelegateApproval(by=HAL, to=KIM, because="away", gate="gate1")
    )
    assert life.gate("gate2").state == "pending"
    assert GUS not in life.told()
