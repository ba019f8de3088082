"""The three shipped playbooks: they are complete, they say what they should, and they decide so."""

from __future__ import annotations

import re
import timeit
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from escalation.errors import ConditionError, NotNow
from escalation.lifecycle import decide, evolve
from escalation.lifecycle.triage import Assessment, judge_request
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.request import Outcome, Reason, parse_request
from escalation.model.state import Escalation
from escalation.people.directory import load_directory
from escalation.people.found import FoundPerson, People
from escalation.playbook.check_words import CONDITIONS
from escalation.playbook.checks import check_against
from escalation.playbook.clocks import ClockPolicy, StatusLimit, Stops
from escalation.playbook.communication import (
    CommunicationPolicy,
    KeyPeople,
    KeyPoint,
    Rhythm,
    Stakeholder,
    SummaryPolicy,
)
from escalation.playbook.conditions import compile_condition, fact_types
from escalation.playbook.facts import FACTS, FactValue
from escalation.playbook.gates import Expiry, GatePolicy
from escalation.playbook.keywords import LANGUAGES
from escalation.playbook.ladder import LevelPolicy
from escalation.playbook.load import Shelf, Status, load, load_playbook, shipped_folder
from escalation.playbook.schema import ContextPart, Initiation, Playbook, Raci, Stage, StatusPolicy, WaitingOn
from escalation.playbook.severity import SeverityScale

NAMES = ("customer-service-escalation", "it-service-management", "escalation-procedure")
SERVICE, ITSM, PROCEDURE = (load_playbook(name) for name in NAMES)
ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)

CONTEXT = {
    "summary": "The invoice is wrong.",
    "conversation": [{"author": "customer", "text": "Hello, my invoice is wrong."}],
    "attempted_solutions": [{"what": "explained the invoice", "result": "not accepted"}],
    "impact": "cannot pay",
    "constraints": "due tomorrow",
    "help_needed": "correct the invoice",
}
CHANGE = {
    "record_type": "change",
    "escalation_type": "model_change",
    "impact": "team",
    "urgency": "this_week",
    "affected_systems": ["support-bot"],
    "ai_triggered": False,
    "model.name": "support",
    "model.from_version": "4",
    "model.to_version": "5",
    "model.evaluation": "better on 400 of 500 cases",
    "change.plan": "switch at 22:00",
    "change.rollback": "switch back",
}


def request_for(playbook: Playbook, said: str = "", **changes: Any) -> dict[str, Any]:
    conversation = [*CONTEXT["conversation"], {"author": "customer", "text": said}] if said else CONTEXT["conversation"]
    return {
        "playbook": playbook.playbook,
        "source": "chatbot",
        "dedup_key": "c-1",
        "request_id": "r-1",
        "case": {"system": "helpdesk", "id": "1"},
        "initiation": "ai_limit",
        "requested_by": "agent:bot",
        "customer": {"id": "c-17", "locale": changes.pop("locale", "en"), "tier": changes.pop("tier", "standard")},
        "context": {**CONTEXT, "conversation": conversation},
        **changes,
    }


def judged(playbook: Playbook, said: str = "", **changes: Any) -> Assessment:
    if playbook is SERVICE:
        changes["facts"] = {"ai_confidence": 0.99, **changes.get("facts", {})}
    return judge_request(playbook, parse_request(request_for(playbook, said, **changes)))


def fired(assessment: Assessment) -> dict[str, Reason]:
    return {reason.trigger: reason for reason in assessment.reasons}


def opened(playbook: Playbook, **changes: Any) -> Escalation:
    request = parse_request(request_for(playbook, **changes))
    state = Escalation(id="escalation-x", instance="i", playbook=playbook, playbook_digest="d")
    for event in decide(state, c.Open(request=request), NOW):
        state = evolve(state, event)
    return state


# --- complete ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("WHY-10", "LA-2")
def test_three_playbooks_are_listed_ready_to_use_and_each_opens_an_escalation() -> None:
    entries = Shelf(shipped_folder()).list()
    assert sorted(entry.name for entry in entries) == sorted(NAMES)
    assert all(entry.status is Status.OK for entry in entries), [str(f) for entry in entries for f in entry.findings]
    for playbook, facts in (
        (SERVICE, {"ai_confidence": 0.5}),
        (ITSM, CHANGE),
        (PROCEDURE, {"category": "technical", "scope": "external"}),
    ):
        state = opened(playbook, facts=facts, initiation="manual", requested_by="person:eva")
        assert state.opened
        assert state.rung is not None, playbook.playbook


@pytest.mark.parametrize("name", NAMES)
def test_everybody_a_shipped_playbook_names_is_in_the_example_directory(name: str) -> None:
    directory = load_directory(ROOT / "examples" / "directory.yaml")
    loaded = load(name)
    findings = check_against(loaded.playbook, lambda target: bool(directory.members(target)), loaded.document)
    assert not findings, "\n".join(map(str, findings))


@pytest.mark.req("WLF-10")
@pytest.mark.parametrize("playbook", [SERVICE, ITSM, PROCEDURE], ids=NAMES)
def test_every_stage_has_who_is_responsible_accountable_consulted_and_informed(playbook: Playbook) -> None:
    assert set(playbook.raci) == set(Stage) - {Stage.CLOSED}
    for row in playbook.raci.values():
        assert row.responsible
        assert row.accountable.partition(":")[0] == "role", "one person answers for it, not a team"
    assert any(row.consulted for row in playbook.raci.values())
    assert any(row.informed for row in playbook.raci.values())


@pytest.mark.parametrize("playbook", [SERVICE, ITSM, PROCEDURE], ids=NAMES)
def test_a_shipped_playbook_has_every_section_filled(playbook: Playbook) -> None:
    assert len(playbook.levels) >= 3
    assert playbook.levels[-1].last_resort
    assert playbook.levels[-1].axis == "hierarchical"
    assert len({status.status for status in playbook.statuses}) >= 9
    general = {status.stage for status in playbook.statuses if status.waiting_on is None}
    assert general == set(Stage), "every stage has a name, whoever is waited on"
    worst_first = [level.name for level in playbook.severity.scale]
    assert set(playbook.clocks) == {"acknowledge", "first_human_response", "resolution"}
    for clock in playbook.clocks.values():
        limits = [clock.allowed(name) or timedelta.max for name in worst_first]
        assert limits == sorted(limits), "the worse it is, the sooner"
        assert len(limits) == len(clock.within)
    assert playbook.gates
    assert playbook.review.requires
    for trigger in playbook.triggers:
        assert trigger.about, trigger.id
    for field, policy in playbook.fields.items():
        assert policy.about or policy.required_when, field


@pytest.mark.parametrize("playbook", [SERVICE, ITSM, PROCEDURE], ids=NAMES)
def test_every_keyword_list_has_words_in_english_hungarian_swedish_and_czech(playbook: Playbook) -> None:
    assert playbook.keywords
    for languages in playbook.keywords.values():
        assert set(languages) == {"en", "hu", "sv", "cs"} <= set(LANGUAGES)
        assert all(len(words) >= 5 for words in languages.values())
    read = {word for trigger in playbook.triggers for word in re.findall(r'"(\w+)" in keywords', trigger.when)}
    assert read == set(playbook.keywords), "every list is read by some trigger"


def test_evaluating_all_triggers_takes_less_than_a_third_of_a_millisecond() -> None:
    types, facts = fact_types(SERVICE), judged(SERVICE).facts

    def evaluate() -> None:
        for trigger in SERVICE.triggers:
            compile_condition(trigger.when, types).true(facts)

    evaluate()
    best = min(timeit.repeat(evaluate, number=50, repeat=10)) / 50
    assert best < 0.3e-3, f"{best * 1e6:.0f} µs"


# --- what makes it escalate -------------------------------------------------------------------------------------------


@pytest.mark.req("FAQ-3", "FAQ-4")
@pytest.mark.parametrize(("risk", "limit"), [("low", 0.60), ("standard", 0.80), ("high", 0.95)])
def test_the_confidence_threshold_depends_on_what_a_wrong_answer_would_cost(risk: str, limit: float) -> None:
    below = judged(SERVICE, facts={"task_risk": risk, "ai_confidence": limit - 0.001})
    at = judged(SERVICE, facts={"task_risk": risk, "ai_confidence": limit})
    assert below.outcome is Outcome.OPENED
    assert fired(below)["low_confidence"].facts == {
        "ai_confidence": limit - 0.001,
        "confidence.threshold": limit,
        "task_risk": risk,
    }
    assert at.outcome is Outcome.DECLINED
    assert at.reasons == ()


def test_a_task_that_nobody_rated_has_the_standard_threshold() -> None:
    assert "low_confidence" in fired(judged(SERVICE, facts={"ai_confidence": 0.79}))
    assert judged(SERVICE, facts={"ai_confidence": 0.80}).outcome is Outcome.DECLINED


@pytest.mark.req("FAQ-5")
@pytest.mark.parametrize("kind", ["billing", "legal", "complaint"])
def test_high_risk_in_money_law_and_complaints_needs_a_person_whatever_the_score(kind: str) -> None:
    sure = judged(SERVICE, facts={"task_risk": "high", "request_type": kind, "ai_confidence": 1.0})
    assert sure.outcome is Outcome.OPENED
    assert "high_risk" in fired(sure)
    assert sure.level == "L2"
    routine = judged(SERVICE, facts={"task_risk": "high", "request_type": "technical", "ai_confidence": 1.0})
    assert routine.outcome is Outcome.DECLINED


@pytest.mark.req("WLF-5")
@pytest.mark.parametrize(
    ("locale", "said", "trigger", "word"),
    [
        ("en", "I want to have it cancelled", "cancel_words", "cancelled"),
        ("en", "I will take legal steps", "legal_words", "legal"),
        ("hu", "A fiókom törlését kérem", "cancel_words", "törlését"),
        ("hu", "Jogi útra terelem", "legal_words", "Jogi"),
        ("sv", "Abonnemanget ska avbrytas", "cancel_words", "avbrytas"),
        ("sv", "Juridiska åtgärder följer", "legal_words", "Juridiska"),
        ("cs", "Prosím o zrušení účtu", "cancel_words", "zrušení"),
        ("cs", "Předám to právníkovi", "legal_words", "právníkovi"),
    ],
)
def test_a_keyword_in_any_form_escalates_and_the_matched_word_is_recorded(
    locale: str, said: str, trigger: str, word: str
) -> None:
    found = judged(SERVICE, said, locale=locale)
    assert found.outcome is Outcome.OPENED
    assert word in fired(found)[trigger].words
    assert found.level == "L2"


def test_what_the_bot_said_is_not_searched_for_keywords() -> None:
    turns = [{"author": "ai", "text": "Would you like to cancel?"}, {"author": "customer", "text": "No."}]
    assert judged(SERVICE, context={**CONTEXT, "conversation": turns}).outcome is Outcome.DECLINED


@pytest.mark.req("WLF-6", "EP-C3")
def test_the_tier_alone_escalates_to_a_higher_level_and_severity_than_the_general_rules() -> None:
    facts = {"ai_confidence": 0.62, "task_risk": "standard"}
    general, vip = judged(SERVICE, facts=facts), judged(SERVICE, tier="vip", facts=facts)
    assert (general.level, general.severity) == ("L1", "P2")
    assert (vip.level, vip.severity) == ("L2", "P1")
    alone = judged(SERVICE, tier="vip")
    assert list(fired(alone)) == ["vip"]
    assert fired(alone)["vip"].facts == {"customer.tier": "vip"}


@pytest.mark.req("WLF-7")
def test_a_sentiment_past_the_limit_escalates_and_its_score_is_kept() -> None:
    found = judged(SERVICE, facts={"sentiment": -0.41})
    assert found.outcome is Outcome.OPENED
    assert fired(found)["negative_sentiment"].facts == {"sentiment": -0.41}
    assert judged(SERVICE, facts={"sentiment": -0.4}).outcome is Outcome.DECLINED


@pytest.mark.req("IMP-5", "WLF-8")
def test_confidence_keywords_and_sentiment_together_are_all_recorded() -> None:
    found = judged(
        SERVICE, "Cancel it!", facts={"ai_confidence": 0.2, "sentiment": -0.9, "customer.requested_human": True}
    )
    assert set(fired(found)) == {"asked_for_human", "low_confidence", "cancel_words", "negative_sentiment"}


@pytest.mark.parametrize(
    ("check", "fact"),
    [
        pytest.param("checks.policy_flag", {"checks.policy_flag": True}, marks=pytest.mark.req("FAQ-7")),
        pytest.param("checks.ambiguous_input", {"checks.ambiguous_input": True}, marks=pytest.mark.req("FAQ-8")),
        pytest.param("checks.format_valid", {"checks.format_valid": False}, marks=pytest.mark.req("FAQ-9")),
    ],
)
def test_a_failed_business_check_escalates_whatever_the_score(check: str, fact: dict[str, bool]) -> None:
    for playbook in (SERVICE, ITSM):
        found = judged(playbook, facts=fact)
        assert found.outcome is not Outcome.DECLINED
        assert fired(found)["business_checks"].facts[check] is fact[check]
    assert judged(SERVICE, facts={name: not value for name, value in fact.items()}).outcome is Outcome.DECLINED


@pytest.mark.req("FAQ-6")
def test_missing_fields_contribute_to_the_decision() -> None:
    request = request_for(SERVICE, facts={"request_type": "other"})
    found = judge_request(SERVICE, parse_request(request))
    assert fired(found)["business_checks"].facts["checks.missing_fields"] == 1.0
    assert found.outcome is Outcome.NEEDS_INPUT
    assert found.missing == ("ai_confidence",)


@pytest.mark.req("DEF-5")
@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "Let me talk to a human"),
        ("hu", "Egy élő emberrel szeretnék beszélni"),
        ("sv", "Jag vill prata med en människa"),
        ("cs", "Chci mluvit s člověkem"),
    ],
)
def test_a_customer_who_asks_for_a_person_gets_one_however_sure_the_ai_is(locale: str, said: str) -> None:
    for found in (
        judged(SERVICE, said, locale=locale, facts={"ai_confidence": 1.0}),
        judged(SERVICE, facts={"ai_confidence": 1.0, "customer.requested_human": True}),
        judge_request(SERVICE, parse_request(request_for(SERVICE, initiation="customer_request"))),
    ):
        assert found.outcome is Outcome.OPENED
        assert fired(found)["asked_for_human"].initiation is Initiation.CUSTOMER_REQUEST


@pytest.mark.req("DEF-6")
def test_an_ai_that_knows_its_limit_escalates_without_being_asked() -> None:
    for playbook, facts in ((SERVICE, {}), (ITSM, CHANGE)):
        found = judged(playbook, facts={**facts, "ai_limit": True, "ai_confidence": 0.99})
        assert found.outcome is Outcome.OPENED
        assert fired(found)["ai_limit"].initiation is Initiation.AI_LIMIT


# --- customer service -------------------------------------------------------------------------------------------------


@pytest.mark.req("CSE-5")
def test_the_levels_of_customer_service_are_ready_made_and_ordered() -> None:
    assert [level.id for level in SERVICE.levels] == ["L1", "L2", "L3"]


@pytest.mark.req("CSE-6")
@pytest.mark.parametrize(
    ("level", "facts"),
    [
        ("L1", {"reason": "no_expertise"}),
        ("L1", {"reason": "no_authority"}),
        ("L2", {"reason": "no_resources"}),
    ],
)
def test_a_level_goes_up_when_its_criterion_is_met_and_says_which(level: str, facts: dict[str, FactValue]) -> None:
    tier = "vip" if level == "L2" else "standard"
    state = opened(SERVICE, facts={"ai_confidence": 0.5}, tier=tier)
    assert state.level is not None
    assert state.level.id == level
    command = c.ChangeFacts(by="agent:bot", facts=facts)
    entered = [event for event in decide(state, command, NOW) if isinstance(event, e.LevelEntered)]
    assert [event.index for event in entered] == [state.level.index + 1]
    assert str(SERVICE.levels[state.level.index].up_when) in entered[0].because
    other = decide(state, c.ChangeFacts(by="agent:bot", facts={"region": "EU"}), NOW)
    assert not any(isinstance(event, e.LevelEntered) for event in other)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        pytest.param("technical", "team:engineering-support", marks=pytest.mark.req("IMP-6")),
        pytest.param("billing", "team:finance", marks=pytest.mark.req("IMP-7")),
        ("complaint", "team:support-managers"),
        ("legal", "team:legal"),
        ("other", "team:support-frontline"),
    ],
)
def test_what_it_is_about_decides_who_is_asked_first(kind: str, target: str) -> None:
    state = opened(SERVICE, facts={"ai_confidence": 0.5, "request_type": kind})
    assert state.rung is not None
    assert state.rung.targets == (target,)


def test_danger_does_not_wait_for_a_complete_packet() -> None:
    danger = judged(SERVICE, facts={"flags.safety": True}, context={"summary": "smoke"})
    assert (danger.outcome, danger.severity) == (Outcome.OPENED, "P0")
    assert "impact" in danger.missing
    assert danger.exception
    assert judged(SERVICE, facts={"ai_limit": True}, context={"summary": "?"}).outcome is Outcome.NEEDS_INPUT


@pytest.mark.req("IMP-10")
def test_every_part_that_may_not_be_skipped_is_checked_for() -> None:
    assert set(SERVICE.context.required) == set(ContextPart)
    asked_of_the_requester = set(ContextPart) - {ContextPart.CRM_SNAPSHOT, ContextPart.CUSTOMER}
    found = judged(SERVICE, facts={"ai_limit": True}, context={}, customer=None)
    assert set(found.missing) == asked_of_the_requester | {ContextPart.CUSTOMER}
    for part in asked_of_the_requester:
        context = {name: value for name, value in CONTEXT.items() if name != part}
        one = judged(SERVICE, facts={"ai_limit": True}, context=context)
        assert (one.outcome, one.missing) == (Outcome.NEEDS_INPUT, (part,))


def test_a_manual_escalation_of_something_small_asks_for_permission_first() -> None:
    by_hand: dict[str, Any] = {"initiation": "manual", "requested_by": "person:eva", "facts": {"ai_confidence": 0.99}}
    small = opened(SERVICE, **by_hand, severity="P3")
    assert list(small.gates) == ["non_urgent_escalation"]
    assert (small.rung, small.status) == (None, "Awaiting permission to escalate")
    usual = opened(SERVICE, **by_hand)
    assert usual.gates == {}
    assert usual.rung is not None
    gate = gate_of(SERVICE, "non_urgent_escalation")
    assert (gate.before, gate.on_expiry) == ("assignment", Expiry.APPROVE)
    assert gate.because


def test_a_credit_above_a_hundred_is_bound_to_its_amount() -> None:
    gate = gate_of(SERVICE, "goodwill_credit")
    condition = compile_condition(gate.when, fact_types(SERVICE))
    assert condition.true({"credit.amount": 100.01})
    assert not condition.true({"credit.amount": 100.0})
    assert gate.subject == ("credit.amount",)
    assert (gate.on_expiry, gate.deputies) == (Expiry.NEXT_DEPUTY, ("role:head-of-support",))


def gate_of(playbook: Playbook, name: str) -> GatePolicy:
    gate = playbook.gate(name)
    assert gate is not None
    return gate


# --- IT service management --------------------------------------------------------------------------------------------


@pytest.mark.req("ITSM-13")
def test_impact_and_urgency_give_the_priority_of_the_table() -> None:
    table = {
        "org_wide": ["P0", "P1", "P2", "P3"],
        "department": ["P1", "P1", "P2", "P3"],
        "team": ["P1", "P2", "P3", "P3"],
        "one_user": ["P2", "P3", "P3", "P3"],
    }
    for impact, row in table.items():
        for urgency, severity in zip(("now", "today", "this_week", "plan"), row, strict=True):
            facts = {**CHANGE, "impact": impact, "urgency": urgency}
            assert judged(ITSM, facts=facts).severity == severity, (impact, urgency)


@pytest.mark.req("ITSM-5", "ITSM-8", "ITSM-15")
def test_a_model_change_is_approved_by_every_department_before_it_may_be_implemented() -> None:
    request = parse_request(request_for(ITSM, facts=CHANGE, initiation="rule", requested_by="service:ci"))
    state = Escalation(id="escalation-x", instance="i", playbook=ITSM, playbook_digest="d")
    first, *rest = decide(state, c.Open(request=request), NOW)
    state = evolve(state, first)
    assert state.status == "New request"
    for event in rest:
        state = evolve(state, event)
    assert {"model_change", "change"} <= {reason.trigger for reason in state.reasons}
    assert (state.facts["record_type"], state.status) == ("change", "Paging")
    assert state.rung is not None
    assert state.rung.targets == ("team:change-board",)
    policy = gate_of(ITSM, "change_approval")
    assert policy.approvers == ("role:it-lead", "role:security-lead", "role:ops-lead")
    state = after(state, c.PeopleFound(purpose=f"rung:{state.rung.id}", found=people(bo="team:change-board")))
    state = after(state, c.Acknowledge(by="person:bo"))
    assert (state.stage, state.status) == (Stage.APPROVAL, "Awaiting approval")
    state = after(
        state,
        c.PeopleFound(
            purpose="gate:change_approval/1",
            found=people(it="role:it-lead", security="role:security-lead", ops="role:ops-lead"),
        ),
    )
    for department in ("it", "security", "ops"):
        with pytest.raises(NotNow, match="approval change_approval waits for"):
            decide(state, c.Resolve(by="person:bo", resolution="switched"), NOW)
        state = after(state, c.Approve(by=f"person:{department}"))
    assert state.gates["change_approval"].state == "passed"
    assert (state.stage, state.status) == (Stage.RESOLUTION, "Implementation")
    assert after(state, c.Resolve(by="person:bo", resolution="switched")).resolution_state == "proposed"


def after(state: Escalation, command: c.Command) -> Escalation:
    for event in decide(state, command, NOW):
        state = evolve(state, event)
    return state


def people(**targets: str) -> People:
    return People(people=tuple(FoundPerson(person=f"person:{name}", via=via) for name, via in targets.items()))


FAILED_JOB = {
    "escalation_type": "automation_error",
    "job.failures": 2,
    "job.id": "nightly",
    "job.last_log": "disk full",
}
NO_ACCESS = {"escalation_type": "access", "access.account": "a", "access.resource": "r", "access.role": "reader"}


@pytest.mark.parametrize(
    ("trigger", "record_type", "facts"),
    [
        pytest.param("alert", "incident", {"alert.severity": "critical"}, marks=pytest.mark.req("ITSM-2")),
        pytest.param("automation_failed", "incident", FAILED_JOB, marks=pytest.mark.req("ITSM-3")),
        pytest.param("access_problem", "service_request", NO_ACCESS, marks=pytest.mark.req("ITSM-4")),
    ],
)
def test_an_alert_a_failed_job_and_an_access_problem_open_an_escalation(
    trigger: str, record_type: str, facts: dict[str, Any]
) -> None:
    common = {"record_type": record_type, "escalation_type": "alert", "ai_triggered": True, "affected_systems": ["db"]}
    state = opened(ITSM, facts={**common, "impact": "team", "urgency": "today", **facts}, initiation="rule")
    assert state.opened
    assert state.rung is not None
    assert trigger in {reason.trigger for reason in state.reasons}
    assert {name: state.facts[name] for name in facts} == facts, "what failed goes along"
    assert state.facts["record_type"] == record_type


def test_each_kind_of_escalation_must_bring_its_own_fields() -> None:
    basis = {"record_type": "service_request", "ai_triggered": False, "affected_systems": ["crm"]}
    found = judged(ITSM, facts={**basis, "impact": "one_user", "urgency": "plan", "escalation_type": "access"})
    assert found.missing == ("access.account", "access.resource", "access.role")


def test_a_p0_goes_to_whoever_is_on_call_and_its_fix_needs_an_emergency_approval() -> None:
    state = opened(ITSM, facts={"alert.severity": "critical"})
    assert state.severity == "P0"
    assert state.rung is not None
    assert state.rung.targets == ("oncall:platform",)
    gate = gate_of(ITSM, "emergency_change")
    assert compile_condition(gate.when, fact_types(ITSM)).true({"severity.rank": 0.0})
    assert gate.deadline == timedelta(minutes=15)
    assert (gate.on_expiry, bool(gate.deputies), gate.review_after) == (Expiry.NEXT_DEPUTY, True, True)


def test_access_that_nobody_approved_is_not_given() -> None:
    assert gate_of(ITSM, "access_approval").on_expiry is Expiry.DENY


@pytest.mark.parametrize(
    ("facts", "target"),
    [
        ({"flags.security": True}, ("role:security-lead", "team:security")),
        ({"tech_stack": ["go", "postgres"]}, ("team:platform-ops",)),
        ({"tech_stack": ["go"]}, ("team:service-desk",)),
    ],
)
def test_security_and_technology_decide_who_is_asked(facts: dict[str, Any], target: tuple[str, ...]) -> None:
    basis = {"record_type": "incident", "escalation_type": "other", "ai_triggered": False, "affected_systems": ["db"]}
    state = opened(ITSM, facts={**basis, "impact": "team", "urgency": "today", "ai_limit": True, **facts})
    assert state.rung is not None
    assert state.rung.targets == target


# --- the procedure ----------------------------------------------------------------------------------------------------


@pytest.mark.req("PROC-4", "PROC-5")
def test_the_procedure_has_sections_of_their_own_for_levels_and_for_triggers() -> None:
    sections = load("escalation-procedure").document.data
    assert [level["id"] for level in sections["levels"]] == [
        "first_contact",
        "specialist",
        "management",
        "senior_management",
    ]
    assert len(sections["triggers"]) > 5
    for section in ("levels", "triggers"):
        assert Playbook.model_fields[section].is_required(), "no playbook is without it"


@pytest.mark.req("AUT-4")
@pytest.mark.parametrize("word", ["P0", "p0", "Critical", "critical", "priority 1"])
def test_one_severity_is_known_under_several_names(word: str) -> None:
    for playbook, name in ((SERVICE, "P0"), (ITSM, "P0"), (PROCEDURE, "critical")):
        facts = (
            {} if playbook is SERVICE else CHANGE if playbook is ITSM else {"category": "other", "scope": "internal"}
        )
        assert judged(playbook, severity=word, facts=facts).severity == name
    assert "critical" in fired(judged(PROCEDURE, severity=word, facts={"category": "other", "scope": "internal"}))


@pytest.mark.req("EP-C4", "EP-F5")
@pytest.mark.parametrize(
    ("trigger", "facts"),
    [
        ("legal", {"flags.legal": True}),
        ("security", {"flags.security": True}),
        ("business", {"flags.business_major": True}),
        ("compliance", {"category": "compliance"}),
    ],
)
def test_serious_consequences_have_triggers_of_their_own(trigger: str, facts: dict[str, Any]) -> None:
    basis = {"category": "other", "scope": "internal"}
    found = judged(PROCEDURE, facts={**basis, **facts})
    assert found.outcome is Outcome.OPENED
    assert trigger in fired(found)
    assert found.level != "first_contact"
    assert judged(PROCEDURE, facts=basis).outcome is Outcome.DECLINED


@pytest.mark.req("EP-C1")
@pytest.mark.parametrize(
    ("trigger", "changes", "facts"),
    [
        ("critical", {"severity": "critical"}, {}),
        ("complexity", {}, {"complexity": "expert"}),
        ("impact", {}, {"impact": "department", "urgency": "now"}),
    ],
)
def test_severity_impact_and_complexity_each_make_it_rise(
    trigger: str, changes: dict[str, Any], facts: dict[str, Any]
) -> None:
    found = judged(PROCEDURE, facts={"category": "other", "scope": "internal", **facts}, **changes)
    assert list(fired(found)) == [trigger]
    assert found.level != "first_contact"


def test_the_usual_way_needs_permission_and_the_urgent_way_says_why_not() -> None:
    basis = {"category": "customer", "scope": "internal"}
    by_hand: dict[str, Any] = {"initiation": "manual", "requested_by": "person:eva"}
    usual = opened(PROCEDURE, facts=basis, **by_hand)
    assert list(usual.gates) == ["may_escalate"]
    assert usual.rung is None
    urgent = opened(PROCEDURE, facts={**basis, "exception.because": "the pump fails tonight"}, context={}, **by_hand)
    assert urgent.gates == {}
    assert urgent.level is not None
    assert urgent.level.id == "management", "levels, permission and completeness were skipped"
    reason = next(reason for reason in urgent.reasons if reason.trigger == "urgent_exception")
    assert reason.facts == {"exception.because": "the pump fails tonight"}
    assert urgent.requested_by == "person:eva"
    assert urgent.exception


def test_people_outside_are_answered_sooner_than_people_inside() -> None:
    inside = judged(PROCEDURE, facts={"category": "hr", "scope": "internal"}, initiation="manual")
    outside = judged(PROCEDURE, facts={"category": "hr", "scope": "external"}, initiation="manual")
    for clock in PROCEDURE.clocks.values():
        shorter, longer = clock.allowed(outside.severity), clock.allowed(inside.severity)
        assert shorter is not None
        assert longer is not None
        assert shorter < longer


@pytest.mark.parametrize("category", ["customer", "technical", "compliance", "quality", "hr"])
def test_each_category_has_a_path_of_its_own(category: str) -> None:
    def path(kind: str) -> list[tuple[str, ...]]:
        types = fact_types(PROCEDURE)
        routes = [route for route in PROCEDURE.routing if compile_condition(route.when, types).true({"category": kind})]
        assert all(route.level for route in routes), "each serves one level"
        return [
            next((route.targets for route in routes if route.level == level.id), level.targets)
            for level in PROCEDURE.levels
        ]

    assert (path(category) == path("other")) is (category == "customer")
    assert path(category)[-1] == ("role:executive-on-duty",)


# --- the reference ------------------------------------------------------------------------------------------------


DOCS = ROOT / "docs" / "playbooks.md"


def test_the_reference_lists_every_fact_with_its_type_and_meaning() -> None:
    text = DOCS.read_text(encoding="utf-8")
    rows = {
        match[1]: (match[2], match[3], match[4])
        for match in re.finditer(r"^\| `([a-z_.]+)` \| (\w+) \| (stated|computed) \| (.+) \|$", text, re.MULTILINE)
    }
    assert rows == {
        name: (str(fact.type), "computed" if fact.derived else "stated", fact.about) for name, fact in FACTS.items()
    }


def test_the_reference_names_every_section_and_every_key() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for section in Playbook.model_fields:
        assert f"`{section}`" in text, section
    talking = (CommunicationPolicy, Stakeholder, KeyPeople, Rhythm, SummaryPolicy)
    for model in (LevelPolicy, GatePolicy, Raci, ClockPolicy, StatusPolicy, SeverityScale, *talking):
        for key in model.model_fields:
            assert f"`{key}`" in text, (model.__name__, key)
    for words in (ContextPart, Expiry, Stage, WaitingOn, Stops, StatusLimit, KeyPoint):
        for word in words:
            assert f"`{word}`" in text, word
    for before in get_args(GatePolicy.model_fields["before"].annotation):
        assert f"`{before}`" in text
    for pattern in CONDITIONS:
        assert f"`{pattern.rpartition('.')[2]}`" in text
    for language in LANGUAGES:
        assert f"`{language}`" in text


def test_the_worked_examples_of_the_reference_do_what_it_says(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(# (\S+)\.yaml\n.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    for text, name in blocks:
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    ours, procedure = (load(tmp_path / f"{name}.yaml").playbook for _, name in blocks)
    assert ours.playbook == SERVICE.playbook
    assert (ours.levels[0].ack, ours.levels[0].dwell) == (timedelta(minutes=5), SERVICE.levels[0].dwell)
    assert ours.keywords["cancel"]["hu"] == SERVICE.keywords["cancel"]["hu"]
    assert [trigger.id for trigger in ours.triggers] == [*(trigger.id for trigger in SERVICE.triggers), "expensive"]
    found = judge_request(ours, parse_request(request_for(ours, facts={"overload": True, "order.value": 1001.0})))
    assert "expensive" in fired(found)
    assert "overload" not in fired(found)
    assert (PROCEDURE.status, procedure.status) == ("draft", "active")
    assert procedure.levels[0].repeat == 2


def test_the_examples_of_clocks_and_severity_in_the_reference_load(tmp_path: Path) -> None:
    found = re.findall(r"```yaml\n((?:severity|clocks|statuses):\n.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) == 3
    week = "calendars: {office: {time_zone: Europe/Prague, week: {monday: ['09:00-17:00']}}}\n"
    tier = "fields: {customer.tier: {values: [standard, business, vip, trial]}}\n"
    head = "extends: customer-service-escalation\nplaybook: example\nversion: 1\n"
    (tmp_path / "example.yaml").write_text(head + week + tier + "".join(found), encoding="utf-8")
    playbook = load(tmp_path / "example.yaml").playbook
    assert playbook.clocks["promised"].on_breach == "L3"
    assert playbook.severity.lowering is not None
    assert set(playbook.timed_statuses) == {"In work", "With the customer"}


def test_the_conditions_of_the_reference_are_what_it_says() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (true|refused)\b", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {said for _, said in rows} == {"true", "refused"}
    assert len(rows) >= 8
    for text, said in rows:
        condition = text.replace("\\|", "|")
        if said == "true":
            assert compile_condition(condition, fact_types(SERVICE)).reads
        else:
            with pytest.raises(ConditionError):
                compile_condition(condition, fact_types(SERVICE))
