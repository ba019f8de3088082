"""Triage: may the AI go on, must it ask, or must a person see this; what is missing, and where does it start?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import NotAllowed, NotNow, RequestRefused
from escalation.lifecycle.triage import judge_request
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import CaseLink, CustomerSnapshot, MessageKind, OpenCase
from escalation.model.request import NOT_USED, Attempt, Customer, Outcome, Receipt, Turn, parse_request
from escalation.playbook.schema import Initiation, Stage, Timing, WaitingOn
from tests.domain.builders import (
    ANN,
    BOT,
    CONTEXT,
    CUSTOMER,
    HAL,
    ITSM,
    PROCEDURE,
    SERVICE,
    START,
    Life,
    blank,
    gated,
    opened,
    request,
    small,
)

# --- may it go on? --------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-4")
@pytest.mark.parametrize(
    ("confidence", "outcome"),
    [
        (0.0, Outcome.OPENED),
        (0.62, Outcome.OPENED),
        (0.7999999, Outcome.OPENED),
        (0.80, Outcome.DECLINED),
        (1.0, Outcome.DECLINED),
    ],
)
def test_strictly_below_eighty_percent_escalates_and_eighty_does_not(confidence: float, outcome: Outcome) -> None:
    life = Life(small())
    receipt = life.open(facts={"ai_confidence": confidence})
    assert receipt.outcome is outcome
    if outcome is Outcome.OPENED:
        assert receipt.reasons[0].facts == {"ai_confidence": confidence, "confidence.threshold": 0.80}


@pytest.mark.req("WLF-4", "FAQ-10", "CSE-8")
def test_a_reason_holds_score_threshold_and_risk_and_the_score_is_kept_with_the_opening() -> None:
    life = opened(SERVICE, facts={"ai_confidence": 0.9, "task_risk": "high", "checks.policy_flag": True})
    by_trigger = {reason.trigger: reason for reason in life.state.reasons}
    assert by_trigger["low_confidence"].facts == {
        "ai_confidence": 0.9,
        "confidence.threshold": 0.95,
        "task_risk": "high",
    }
    assert by_trigger["business_checks"].facts["checks.policy_flag"] is True
    assert life.all(e.Opened)[0].facts["ai_confidence"] == 0.9


@pytest.mark.req("DEF-1")
def test_the_ai_may_go_on_or_must_ask_or_must_hand_over() -> None:
    sure, unsure = {"ai_confidence": 0.9}, {"ai_confidence": 0.5}
    assert judge_request(small(), request(small(), facts=sure)).outcome is Outcome.DECLINED
    lacking = judge_request(small(), request(small(), facts=unsure, context={"summary": None}))
    assert (lacking.outcome, lacking.missing) == (Outcome.NEEDS_INPUT, ("summary",))
    assert judge_request(small(), request(small(), facts=unsure)).outcome is Outcome.OPENED
    # and once it is handed over, what is for people is closed to the AI
    life = opened(small())
    for command in (c.Acknowledge(by=BOT), c.Resolve(by=BOT, resolution="done")):
        assert "is not a person" in life.refused(NotAllowed, command)


def test_a_declined_request_says_why_and_starts_nothing() -> None:
    life = Life(small())
    receipt = life.open(facts={"ai_confidence": 0.9})
    assert "no trigger of playbook small is true; it has 3" in receipt.because
    assert (life.state.outcome, life.state.stage) == ("declined", Stage.CLOSED)
    assert [event.type for event in life.events] == ["declined", "receipted"]
    assert (life.sent, life.tickets) == ([], [])
    refusal = life.refused(NotNow, c.Acknowledge(by=ANN))
    assert "has ended: declined at 2026-11-20 10:00:00 UTC" in refusal


def test_considering_decides_as_opening_does_and_needs_no_escalation() -> None:
    for changes in (
        {},
        {"facts": {"ai_confidence": 0.95}},
        {"context": {"impact": None}},
        {"facts": {"flags.legal": True}},
    ):
        asked = request(SERVICE, **changes)
        found, life = judge_request(SERVICE, asked), Life(SERVICE)
        receipt = life.open(asked)
        assert (receipt.outcome, receipt.severity) == (found.outcome, found.severity)
        assert receipt.reasons == found.reasons
        assert set(receipt.missing) - {"crm_snapshot"} == set(found.missing)


@pytest.mark.req("CSE-2")
@pytest.mark.parametrize("source", ["chatbot", "auto_triage"])
def test_a_chatbot_and_an_automated_triage_open_through_one_contract(source: str) -> None:
    life = opened(SERVICE, source=source)
    assert life.state.source == source
    assert life.state.stage is Stage.ASSIGNMENT
    unscored = judge_request(SERVICE, request(SERVICE, source=source, facts={"ai_confidence": None}))
    assert unscored.missing == ("ai_confidence",)


@pytest.mark.req("LA-3", "LA-4")
def test_after_a_complaint_and_before_one_are_told_apart() -> None:
    assert opened(small()).state.timing is Timing.AFTER_COMPLAINT
    at_risk = opened(small(), timing="preventive", initiation="rule", facts={"flags.legal": True})
    assert (at_risk.state.timing, at_risk.state.initiation) == (Timing.PREVENTIVE, Initiation.RULE)


@pytest.mark.req("CSP-4", "CSP-7")
def test_what_it_is_about_and_whom_it_concerns_are_kept() -> None:
    customer = {"id": "c-1", "name": "Jana Nováková", "company": "Lumina", "tier": "business"}
    life = opened(SERVICE, facts={"request_type": "billing"}, customer=customer)
    assert life.state.facts["request_type"] == "billing"
    assert life.state.customer == Customer.model_validate(customer)


@pytest.mark.req("ITSM-9", "ITSM-10", "ITSM-12", "CHN-7")
@pytest.mark.parametrize("field", ["escalation_type", "impact", "urgency", "affected_systems"])
def test_it_service_management_asks_for_type_impact_urgency_and_systems_and_keeps_them(field: str) -> None:
    complete = opened(ITSM)
    assert field in complete.state.facts
    assert (complete.state.severity, complete.state.missing) == ("P1", ())
    lacking = Life(ITSM)
    assert lacking.open(facts={field: None}).missing == (field,)


# --- how bad is it? -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "name"), [("P0", "P0"), ("critical", "P0"), ("HIGH", "P1"), (" priority 3 ", "P2")])
def test_a_severity_is_known_by_its_aliases(word: str, name: str) -> None:
    facts = {"urgency": "plan"}  # which alone would be P3
    assert (
        Life(ITSM).open(facts={**facts, "alert.severity": "low"}, severity=word, initiation="manual").severity == name
    )


def test_the_worst_of_what_was_asked_for_and_of_all_true_rules_wins() -> None:
    assert Life(SERVICE).open(severity="P3").severity == "P3"
    assert Life(SERVICE).open(severity="P3", facts={"flags.legal": True}).severity == "P1"
    assert Life(SERVICE).open(severity="P0", facts={"flags.legal": True}).severity == "P0"


@pytest.mark.req("MIS-1", "LA-1")
def test_without_a_stated_severity_rules_and_then_the_default_decide_and_who_is_called_follows() -> None:
    assert Life(SERVICE).open().severity == "P2"
    life = opened(SERVICE, facts={"flags.security": True, "request_type": "technical"})
    assert (life.state.severity, life.level) == ("P0", "L2")
    assert life.rung.targets == ("team:engineering-support",)


def test_a_trigger_can_demand_a_severity_and_what_then_is_true_as_well_is_recorded() -> None:
    playbook = small(
        triggers=[
            {"id": "worst", "when": "severity.rank == 0.0", "level": "L3"},
            {"id": "legal", "when": "flags.legal", "severity": "critical"},
        ]
    )
    receipt = Life(playbook).open(facts={"flags.legal": True})
    assert [reason.trigger for reason in receipt.reasons] == ["worst", "legal"]
    assert (receipt.severity, receipt.level) == ("P0", "L3")


def test_a_wrong_fact_or_severity_is_refused_with_every_path_and_nothing_starts() -> None:
    life = Life(SERVICE)
    facts = {
        "ai_confidence": 62,
        "no_such": 1,
        "task_rsk": "low",
        "severity": "P0",
        "flags.legal": "yes",
        "request_type": "gossip",
    }
    with pytest.raises(RequestRefused) as caught:
        life.open(facts=facts, severity="terrible")
    known = "playbook customer-service-escalation"
    assert dict(caught.value.problems) == {
        "facts.ai_confidence": "must be between 0 and 1 (0.62, not 62)",
        "facts.no_such": f"unknown fact; {known} knows its own fields and the engine's facts",
        "facts.task_rsk": "unknown fact; did you mean `task_risk`?",
        "facts.severity": "is computed by the engine and cannot be stated",
        "facts.flags.legal": "must be a flag",
        "facts.request_type": "must be one of technical, billing, legal, complaint, other",
        "severity": f"is not on the scale of {known}: P0, P1, P2, P3 (or an alias)",
    }
    assert life.state == blank(SERVICE)


# --- where does it start? -------------------------------------------------------------------------------------------


@pytest.mark.req("EP-T2", "QCC-7")
def test_what_cannot_wait_starts_high_without_any_timer_and_routine_starts_low() -> None:
    routine = opened(PROCEDURE, facts={"scope": "external"})
    critical = opened(PROCEDURE, facts={"flags.safety": True})
    assert (routine.level, critical.level) == ("first_contact", "management")
    assert critical.all(e.LevelEntered)[0].at == START


@pytest.mark.req("EP-7")
def test_the_highest_level_among_all_true_triggers_is_entered_first() -> None:
    levels = {
        name: opened(SERVICE, facts=facts).level
        for name, facts in {
            "routine": {},
            "legal": {"flags.legal": True},
            "rejected": {"flags.legal": True, "customer.rejected_resolution": True},
        }.items()
    }
    assert levels == {"routine": "L1", "legal": "L2", "rejected": "L3"}


@pytest.mark.req("IMP-9", "DEF-4", "CSE-1")
def test_at_once_the_task_moves_the_right_people_are_looked_for_and_the_status_changes() -> None:
    life = Life(SERVICE, answers=False)
    receipt = life.open()
    assert [event.type for event in life.events if event.type != "clock_started"] == [
        "opened",
        "exception_used",  # nobody waits for the CRM
        "level_entered",
        "rung_opened",
        "receipted",
        "stage_told",  # whom the playbook informs: the customer
    ]
    assert (receipt.level, life.state.status, life.state.stage) == ("L1", "Offered to a person", Stage.ASSIGNMENT)
    assert [action.type for action in life.pending] == ["open_case", "find_people", "notify"]
    life.answer()
    assert life.told(MessageKind.PAGE) == ["person:eva.novak"]


@pytest.mark.req("FAQ-2", "FAQ-1", "CSP-8")
def test_score_and_characteristics_decide_trigger_route_and_what_travels() -> None:
    life = opened(SERVICE, facts={"ai_confidence": 0.3, "request_type": "technical"})
    assert life.reasons == ["low_confidence"]
    assert life.rung.targets == ("team:engineering-support",)  # instead of what the matrix of levels says
    assert SERVICE.levels[0].targets == ("team:support-frontline",)
    page = next(message for message in life.sent if message.kind is MessageKind.PAGE)
    assert CONTEXT["summary"] in page.body


# --- what is missing? -----------------------------------------------------------------------------------------------


@pytest.mark.req("DEF-3", "CSP-12")
def test_nobody_is_called_before_the_packet_is_complete() -> None:
    life = Life(SERVICE)
    receipt = life.open(context={"impact": None, "help_needed": None})
    assert (receipt.outcome, set(receipt.missing)) == (Outcome.NEEDS_INPUT, {"impact", "help_needed", "crm_snapshot"})
    assert (life.state.stage, life.state.waiting_on) == (Stage.TRIAGE, WaitingOn.REQUESTER)
    assert life.state.status == "Details requested"
    assert life.told(MessageKind.INPUT) == [BOT]
    assert life.told(MessageKind.PAGE) == []
    assert "Missing: impact, help_needed" in life.sent[0].body

    life.send(c.ProvideInput(by=BOT, impact="one customer"))
    assert life.state.input_request is not None
    assert life.state.input_request.parts == ("help_needed",)
    assert life.told(MessageKind.PAGE) == []

    life.send(c.ProvideInput(by=BOT, help_needed="find the payment"))
    assert life.state.missing == ()
    assert life.told(MessageKind.PAGE) == ["person:eva.novak"]
    assert life.last(e.InputProvided).answered


@pytest.mark.req("EP-F7")
@pytest.mark.parametrize("part", ["summary", "attempted_solutions", "impact", "customer", "constraints", "help_needed"])
def test_the_procedure_demands_summary_steps_impact_customer_constraints_and_the_ask(part: str) -> None:
    life = Life(PROCEDURE)
    receipt = life.open(**({"customer": None} if part == "customer" else {"context": {part: None}}))
    assert (receipt.outcome, receipt.missing) == (Outcome.NEEDS_INPUT, (part,))
    given: dict[str, Any] = {
        "attempted_solutions": (Attempt(what="restart", result="no"),),
        "customer": Customer(id="c-1"),
    }
    life.send(c.ProvideInput(by=BOT, **{part: given.get(part, "as asked")}))
    assert life.state.missing == ()
    assert life.state.stage is Stage.ASSIGNMENT


def test_when_nobody_supplies_it_people_are_told_without_it_and_the_packet_says_so() -> None:
    life = Life(SERVICE)
    life.open(context={"impact": None})
    assert (life.due.at - START, life.due.kind) == (timedelta(minutes=15), "input")
    assert life.pass_time(timedelta(minutes=15) - timedelta(microseconds=1)) == []
    events = life.next()
    assert [event.type for event in events][:3] == ["exception_used", "level_entered", "rung_opened"]
    used = life.last(e.ExceptionUsed)
    assert (used.missing, used.by) == (("impact",), "system:timer")
    assert used.because == "agent:bot did not supply impact within 15m"
    assert "Missing from the packet: impact" in life.sent[-1].body
    assert "Sent incomplete: agent:bot did not supply" in life.sent[-1].body


def test_danger_is_let_through_incomplete_also_when_it_shows_later() -> None:
    life = Life(SERVICE)
    assert life.open(context={"impact": None}).outcome is Outcome.NEEDS_INPUT
    life.send(c.ChangeFacts(by=BOT, facts={"flags.safety": True}))
    assert life.last(e.ExceptionUsed).because == "the playbook lets it through incomplete when severity.rank == 0.0"
    assert (life.level, life.state.severity) == ("L2", "P0")
    assert life.told(MessageKind.PAGE) != []
    at_once = Life(SERVICE)
    receipt = at_once.open(context={"impact": None}, facts={"flags.safety": True})
    assert (receipt.outcome, receipt.missing) == (Outcome.OPENED, ("impact", "crm_snapshot"))
    assert at_once.state.exception != ""


def test_reasons_that_come_up_in_triage_decide_where_it_starts() -> None:
    life = Life(SERVICE)
    life.open(context={"impact": None})
    assert life.state.first_level == "L1"
    life.send(c.ChangeFacts(by=BOT, facts={"flags.legal": True}))
    life.send(c.ProvideInput(by=BOT, impact="one customer"))
    assert life.level == "L2"
    assert life.reasons == ["low_confidence", "legal_words"]


def test_a_required_field_can_be_supplied_as_a_fact_too() -> None:
    life = Life(ITSM)
    assert life.open(facts={"urgency": None}).missing == ("urgency",)
    life.send(c.ChangeFacts(by=BOT, facts={"urgency": "now"}))
    assert life.state.missing == ()
    assert life.state.stage is Stage.ASSIGNMENT
    assert life.state.severity == "P1"


def test_supplying_nothing_is_refused_and_strangers_supply_nothing() -> None:
    life = Life(SERVICE)
    life.open(context={"impact": None})
    assert "nothing was supplied; still missing: impact" in life.refused(NotNow, c.ProvideInput(by=BOT))
    refusal = life.refused(NotAllowed, c.ProvideInput(by="person:stranger", impact="all"))
    assert "its requester (agent:bot)" in refusal


@pytest.mark.req("EP-C5")
def test_the_exception_procedure_skips_permission_levels_and_completeness_and_says_who_and_why() -> None:
    usual = Life(PROCEDURE)
    usual.open(facts={"scope": "internal"}, requested_by=ANN)
    assert list(usual.state.gates) == ["may_escalate"]
    urgent = Life(PROCEDURE)
    because = {"exception.because": "the regulator is at the door"}
    receipt = urgent.open(facts={"scope": "internal", **because}, requested_by=ANN, context={"impact": None})
    assert (urgent.state.gates, receipt.level, receipt.outcome) == ({}, "management", Outcome.OPENED)
    assert receipt.missing == ("impact",)
    reason = next(reason for reason in receipt.reasons if reason.trigger == "urgent_exception")
    assert reason.facts == because
    assert urgent.all(e.Opened)[0].by == ANN
    urgent.resolved("person:linnea.holm")
    assert urgent.due.kind == "review"
    assert urgent.due.at - urgent.now == timedelta(days=2)


# --- the same thing again -------------------------------------------------------------------------------------------


def test_the_same_request_sent_again_gets_its_first_answer_also_after_the_end() -> None:
    life = Life(small())
    first = life.open()
    life.taken_by(ANN)
    assert life.send(c.Open(request=request(small()))) == []
    assert life.state.answers["r-1"] == first
    life.send(c.Cancel(by=ANN, because="a test"))
    assert life.send(c.Open(request=request(small()))) == []
    assert life.state.answers["r-1"] == first


def test_a_further_request_joins_what_is_open_and_calls_nobody_again() -> None:
    life = opened(small())
    pages = life.told(MessageKind.PAGE)
    receipt = life.open(request_id="r-2", facts={"topic": "one"})
    assert (receipt.outcome, receipt.occurrences) == (Outcome.JOINED, 2)
    assert "open since 2026-11-20 10:00 UTC: occurrence 2" in receipt.because
    assert life.state.facts["topic"] == "one"
    assert life.told(MessageKind.PAGE) == pages


def test_a_new_request_after_the_end_needs_an_escalation_of_its_own() -> None:
    life = opened(small())
    life.send(c.Cancel(by=BOT, because="a test"))
    with pytest.raises(NotNow, match="has ended: cancelled; a new request begins a new escalation"):
        life.open(request_id="r-2")


def test_a_repeat_knows_the_escalation_before_it() -> None:
    life = Life(ITSM)
    life.send(c.Open(request=request(ITSM), repeat_of="run-0"))
    assert life.state.repeat_of == "run-0"
    assert "recurring" in life.reasons
    assert life.level == "L2"
    assert "This is a repeat" in life.sent[-1].body


@pytest.mark.req("WLF-1")
def test_what_a_further_request_says_counts_words_severity_facts_and_missing_parts() -> None:
    life = Life(SERVICE)
    life.open(context={"impact": None})
    turn = {"author": "customer", "text": "My lawyer will write to you"}
    life.open(request_id="r-2", severity="P0", context={"conversation": [turn], "impact": "one customer"})
    assert life.reasons == ["low_confidence", "legal_words"]
    assert life.state.reasons[1].words == ("lawyer",)
    assert [turn.text for turn in life.state.context.conversation] == [
        "Where is my money?",
        "My lawyer will write to you",
    ]
    assert life.state.severity == "P0"
    assert life.state.context.impact == "one customer"
    assert life.state.stage is Stage.ASSIGNMENT


def test_a_customer_who_asks_for_a_person_while_it_is_open_is_a_further_reason() -> None:
    life = opened(SERVICE)
    life.open(request_id="r-2", initiation="customer_request", requested_by=CUSTOMER)
    assert life.reasons == ["low_confidence", "asked_for_human"]


def test_the_owner_hears_of_further_reports_while_it_waits_but_not_of_each_in_a_storm() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.PutOnHold(by=ANN, because="waiting for the bank"))
    before = len(life.sent)
    for number in range(2, 20):
        life.open(request_id=f"r-{number}")
    assert life.told(MessageKind.NEWS, since=before) == [ANN] * 4
    assert [message.subject.split(": ")[-1] for message in life.sent[before:]] == [
        f"{n} times now" for n in (2, 4, 8, 16)
    ]


def test_a_report_during_the_review_reopens_it_and_people_are_called_again() -> None:
    life = opened(small()).resolved()
    assert life.state.stage is Stage.REVIEW
    pages = len(life.told(MessageKind.PAGE))
    life.open(request_id="r-2")
    assert (life.state.review, life.state.stage, life.state.resolution_state) == (None, Stage.RESOLUTION, "rejected")
    assert life.told(MessageKind.PAGE)[pages:] == [ANN, "person:bob"]
    assert life.rung.level == "L1"
    assert life.last(e.ResolutionRejected).because == "reported again after it was thought to be solved"


def test_a_wrong_further_request_changes_nothing() -> None:
    life = opened(small())
    before = life.state
    with pytest.raises(RequestRefused, match="no_such"):
        life.open(request_id="r-2", facts={"no_such": 1.0})
    assert life.state == before


# --- what the help desk knows ---------------------------------------------------------------------------------------


@pytest.mark.req("WLF-1")
def test_a_tier_that_only_the_crm_knows_is_a_new_fact_and_raises_level_and_severity() -> None:
    snapshot = CustomerSnapshot(fetched_at=START, system="crm", tier="vip", history=("T-0: the same again",))
    life = Life(SERVICE, crm=CaseLink(ticket="T-1", snapshot=snapshot))
    receipt = life.open(customer={"id": "c-1"})
    assert receipt.level == "L1"
    assert life.reasons == ["low_confidence", "vip"]
    assert (life.level, life.state.severity) == ("L2", "P1")


@pytest.mark.parametrize(
    "known", [{"customer": {"id": "c-1", "tier": "standard"}}, {"facts": {"customer.tier": "standard"}}]
)
def test_what_the_request_says_of_the_tier_stands(known: dict[str, Any]) -> None:
    snapshot = CustomerSnapshot(fetched_at=START, system="crm", tier="vip")
    life = Life(SERVICE, crm=CaseLink(ticket="T-1", snapshot=snapshot))
    life.open(**{"customer": {"id": "c-1"}, **known})
    assert life.reasons == ["low_confidence"]


def test_a_tier_that_the_playbook_does_not_know_is_left_out_and_the_ticket_is_linked() -> None:
    snapshot = CustomerSnapshot(fetched_at=START, system="crm", tier="platinum")
    life = Life(SERVICE, crm=CaseLink(ticket="T-1", snapshot=snapshot))
    life.open(customer={"id": "c-1"})
    assert life.state.case_link is not None
    assert life.state.missing == ()
    assert life.last(e.NoteAdded).text == (
        "The tier that crm names is not used: must be one of standard, business, vip."
    )


def test_the_snapshot_is_missing_until_the_crm_answers_and_never_waits_for_the_requester() -> None:
    life = Life(SERVICE, answers=False)
    assert life.open().missing == ("crm_snapshot",)
    assert life.state.input_request is None
    life.answer()
    assert life.state.missing == ()
    down = Life(SERVICE, answers=False)
    down.open()
    assert isinstance(down.pending[0], OpenCase)
    down.pending.popleft()
    down.send(c.CaseNotOpened(error="HTTP 403"))
    down.answer()
    assert (down.state.missing, down.state.case_error) == (("crm_snapshot",), "HTTP 403")
    page = next(message for message in down.sent if message.kind is MessageKind.PAGE)
    assert "Missing from the packet: crm_snapshot" in page.body


# --- permission before anybody is called ----------------------------------------------------------------------------


@pytest.mark.req("EP-F6", "EP-3")
def test_a_non_urgent_issue_needs_permission_and_can_be_returned_with_guidance() -> None:
    life = Life(PROCEDURE)
    life.open(facts={"scope": "internal"}, requested_by=ANN)
    assert (life.state.stage, life.state.status) == (Stage.TRIAGE, "Awaiting permission")
    assert life.told(MessageKind.APPROVAL) == ["person:eva.novak"]
    assert life.told(MessageKind.PAGE) == []
    life.send(c.Reject(by="person:eva.novak", because="restart it first"))
    assert (life.state.outcome, life.state.stage) == ("returned", Stage.CLOSED)
    assert life.state.outcome_because == "returned with guidance: rejected by person:eva.novak: restart it first"
    assert life.told(MessageKind.NEWS)[-1] == ANN
    assert life.tickets[-1].type == "update_case"
    granted = Life(PROCEDURE)
    granted.open(facts={"scope": "internal"}, requested_by=ANN)
    granted.send(c.Approve(by="person:eva.novak"))
    assert granted.level == "first_contact"
    assert granted.told(MessageKind.PAGE) != []


@pytest.mark.req("EP-3")
def test_what_meets_no_criterion_is_stopped() -> None:
    found = judge_request(PROCEDURE, request(PROCEDURE, initiation="rule", facts={"scope": "internal"}))
    assert found.outcome is Outcome.DECLINED


def test_a_permission_is_not_asked_for_before_the_packet_is_complete() -> None:
    life = Life(gated({"before": "assignment"}))
    life.open(context={"summary": None})
    assert life.state.gates == {}
    life.send(c.ProvideInput(by=BOT, summary="late refund"))
    assert list(life.state.gates) == ["gate1"]
    assert life.told(MessageKind.APPROVAL) == [HAL]


def test_turns_and_a_customer_can_be_supplied_later() -> None:
    playbook = small(context={"required": ["summary", "conversation", "customer"], "complete_within": "10m"})
    life = Life(playbook)
    assert life.open(context={"conversation": None}, customer=None).missing == ("conversation", "customer")
    said = Turn(author="customer", text="hello")
    life.send(c.ProvideInput(by=BOT, conversation=(said,), customer=Customer(id="c-9")))
    assert life.state.missing == ()
    assert life.state.context.conversation == (said,)
    assert life.state.customer == Customer(id="c-9")


# --- the same request id again ----------------------------------------------------------------------------------------


def test_a_request_id_that_comes_again_with_other_content_is_told_that_it_was_not_used() -> None:
    life = opened(small())
    first, seq = life.state.answers["r-1"], life.state.seq
    for changed in ({"facts": {"ai_confidence": 0.1}}, {"context": {"summary": "Another thing"}}, {"severity": "P0"}):
        other = request(life.state.playbook, **changed)
        answer = life.open(other).again(other)
        assert answer.because == f"{first.because}; {NOT_USED}"
        assert answer.not_used
        assert answer.changed({"because": first.because, "not_used": False}) == first
    assert (life.state.seq, life.state.answers["r-1"]) == (seq, first)


def test_the_same_request_sent_again_hears_its_first_answer_and_nothing_else() -> None:
    life = opened(small(), facts={"amount": 3.0, "plan": "basic"})
    same = request(life.state.playbook, facts={"plan": "basic", "amount": 3.0})
    as_it_arrives = parse_request(same.model_dump_json())
    first = life.state.answers["r-1"]
    assert first.again(same) == first.again(as_it_arrives) == first
    joined = request(life.state.playbook, request_id="r-2")
    assert life.open(joined).again(joined).because.endswith("occurrence 2")


def test_a_receipt_that_an_earlier_version_gave_says_nothing_of_other_content() -> None:
    life = opened(small())
    old = Receipt.model_validate(life.state.answers["r-1"].model_dump(exclude={"request_digest"}))
    assert old.again(request(life.state.playbook, severity="P0")) == old


def test_a_request_that_names_another_playbook_joins_and_is_told_by_which_it_goes_on() -> None:
    life = opened(small())
    receipt = life.open(request(small(), request_id="r-2").changed({"playbook": "another"}))
    assert receipt.outcome == "joined"
    assert receipt.because.endswith("; it goes on by small, the playbook it was opened with")
