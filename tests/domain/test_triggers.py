"""Triggers: every one that is true is a reason, at opening and whenever a fact changes; severity and level follow."""

from __future__ import annotations

from typing import Any

import pytest

from escalation.errors import Incomplete, NotAllowed
from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.facts import FactValue
from escalation.playbook.ladder import Axis
from escalation.playbook.schema import Initiation
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, PROCEDURE, SERVICE, Life, opened, small

DEFECTS = small(
    triggers=[
        {"id": "defect", "when": 'topic == "scratch"', "about": "defects that customers see"},
        {"id": "both", "when": "flags.legal && flags.security"},
        {"id": "either", "when": "overload || ai_limit"},
        {"id": "neither", "when": 'topic == "dent" && !flags.legal'},
    ]
)


@pytest.mark.req("WLF-8")
@pytest.mark.parametrize(
    ("facts", "true"),
    [
        (
            {"topic": "scratch", "flags.legal": True, "flags.security": True, "overload": True},
            ["defect", "both", "either"],
        ),
        ({"flags.legal": True, "flags.security": False, "ai_limit": True}, ["either"]),
        ({"topic": "dent", "flags.legal": False}, ["neither"]),
        ({"topic": "dent"}, []),  # unknown is not false
    ],
)
def test_any_all_and_not_combine_and_everything_that_is_true_is_recorded(
    facts: dict[str, FactValue], true: list[str]
) -> None:
    receipt = Life(DEFECTS).open(facts={"ai_confidence": None, **facts})
    assert [reason.trigger for reason in receipt.reasons] == true
    assert (receipt.outcome == "declined") is (not true)


@pytest.mark.req("QCC-8", "WLF-3")
def test_a_team_s_own_trigger_over_a_field_of_its_own_escalates_and_explains_itself() -> None:
    reason = Life(DEFECTS).open(facts={"topic": "scratch"}).reasons[0]
    assert (reason.trigger, reason.because, reason.facts) == (
        "defect",
        "defects that customers see",
        {"topic": "scratch"},
    )


@pytest.mark.req("CSE-7")
def test_no_escalation_without_a_reason() -> None:
    assert all(event.reasons for playbook in (SERVICE, small()) for event in opened(playbook).all(e.Opened))
    assert Life(DEFECTS).open(facts={"topic": "nothing of the kind"}).outcome == "declined"


@pytest.mark.req("WLF-1", "CSE-9")
def test_new_facts_are_evaluated_whenever_they_come_and_the_newest_is_kept() -> None:
    life = opened(SERVICE, facts={"sentiment": 0.2})
    life.send(c.ChangeFacts(by=BOT, facts={"sentiment": -0.4}))
    assert life.reasons == ["low_confidence"]
    life.send(c.ChangeFacts(by=BOT, facts={"sentiment": -0.5}))
    assert life.reasons == ["low_confidence", "negative_sentiment"]
    assert life.last(e.ReasonsAdded).reasons[0].facts == {"sentiment": -0.5}
    assert life.state.facts["sentiment"] == -0.5


@pytest.mark.parametrize("later", [True, False], ids=["after it was taken", "before"])
def test_a_new_reason_that_needs_a_higher_level_goes_there_at_once(later: bool) -> None:
    life = opened(small())
    if later:
        life.taken_by(ANN)
    life.send(c.ChangeFacts(by=BOT, facts={"flags.legal": True}))
    assert (life.level, life.rung.targets) == ("L2", ("team:experts",))
    assert life.last(e.LevelEntered).because == "new reasons: legal"
    assert life.owner == (ANN if later else "")


def test_a_reason_is_recorded_once_and_stays_when_its_fact_goes() -> None:
    life = opened(small())
    for value in (True, False, True):
        life.send(c.ChangeFacts(by=BOT, facts={"flags.legal": value}))
    assert life.reasons == ["unsure", "legal"]
    assert life.level == "L2"


@pytest.mark.req("WLF-5")
def test_what_the_customer_writes_later_is_read_for_keywords_and_what_others_write_is_not() -> None:
    life = opened(SERVICE).taken_by("person:eva.novak")
    life.send(c.Note(by="person:eva.novak", text="shall I ask a lawyer?"))
    assert life.reasons == ["low_confidence"]
    life.send(c.Note(by=CUSTOMER, text="I will talk to my LAWYERS and cancel everything"))
    assert life.reasons == ["low_confidence", "cancel_words", "legal_words"]
    assert [reason.words for reason in life.state.reasons] == [(), ("cancel",), ("LAWYERS",)]
    assert (life.level, life.state.severity) == ("L2", "P1")


def test_a_severity_that_rules_raise_is_a_fact_for_other_triggers() -> None:
    playbook = small(
        triggers=[
            {"id": "by_hand", "when": 'initiation == "ai_limit"'},
            {"id": "worst", "when": "severity.rank == 0.0", "level": "L3"},
        ]
    )
    life = opened(playbook)
    life.send(c.ChangeFacts(by=BOT, facts={"flags.security": True}))
    assert life.reasons == ["by_hand", "worst"]
    assert (life.state.severity, life.level) == ("P0", "L3")
    changed = life.last(e.SeverityChanged)
    assert (changed.previous, changed.severity, changed.by) == ("P1", "P0", "system:engine")


def test_a_severity_set_by_hand_lasts_until_a_rule_reads_something_new() -> None:
    life = opened(small(), facts={"flags.security": True}).taken_by(ANN)
    life.send(c.ChangeSeverity(by=ANN, severity="P2", because="a false alarm"))
    life.send(c.ChangeFacts(by=ANN, facts={"topic": "one"}))
    assert life.state.severity == "P2"
    life.send(c.ChangeFacts(by=ANN, facts={"flags.security": True}))
    assert life.state.severity == "P0"


def test_the_level_is_a_fact_too() -> None:
    playbook = small(
        triggers=[
            {"id": "unsure", "when": "ai_confidence < 0.8"},
            {"id": "high_up", "when": 'level == "L2"', "level": "L3"},
        ]
    )
    life = opened(playbook)
    life.send(c.Escalate(by=BOT, reason="other", because="it is urgent"))
    assert life.reasons == ["unsure", "high_up"]
    assert life.level == "L3"


# --- handover criteria ----------------------------------------------------------------------------------------------


def with_criterion(criterion: str) -> Any:
    levels = [
        {"id": "L1", "targets": ["team:desk"], "ack": "10m", "dwell": "2h", "up_when": criterion},
        {"id": "L2", "targets": ["team:experts"], "ack": "15m", "dwell": "4h", "last_resort": "role:boss"},
    ]
    return small(levels=levels, triggers=[{"id": "unsure", "when": "ai_confidence < 0.8"}])


@pytest.mark.req("CSE-6", "LA-5", "EP-UC1")
def test_a_level_that_has_tried_enough_hands_over_and_the_criterion_is_recorded() -> None:
    life = opened(SERVICE).taken_by("person:eva.novak")
    tried = {"what": "reset the account", "result": "no"}
    for count, level in ((2, "L1"), (3, "L2")):
        life.send(c.ProvideInput.model_validate({"by": "person:eva.novak", "attempted_solutions": [tried]}))
        assert len(life.state.context.attempted_solutions) == count
        assert life.level == level
    assert "attempts.count >= 3.0" in life.last(e.LevelEntered).because
    assert life.rung.targets == ("team:support-specialists", "oncall:support")


def test_a_criterion_speaks_when_it_becomes_true_and_not_because_something_else_changed() -> None:
    life = opened(with_criterion("flags.legal || sentiment < -0.8"), facts={"flags.legal": True})
    assert life.level == "L1"
    life.send(c.ChangeFacts(by=BOT, facts={"sentiment": 0.5}))
    assert life.level == "L1"
    other = opened(with_criterion("flags.legal || sentiment < -0.8"))
    other.send(c.ChangeFacts(by=BOT, facts={"sentiment": -0.9}))
    assert other.level == "L2"


def test_no_criterion_pulls_away_what_waits_to_be_confirmed() -> None:
    life = opened(with_criterion("flags.legal")).taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    life.send(c.ChangeFacts(by=BOT, facts={"flags.legal": True}))
    assert life.level == "L1"


# --- who may state facts --------------------------------------------------------------------------------------------


def test_facts_are_stated_by_who_works_on_it_or_asked_for_it() -> None:
    life = opened(small()).taken_by(ANN)
    for actor in (ANN, BOB, BOT):
        life.send(c.ChangeFacts(by=actor, facts={"topic": actor[-3:]}))
    assert life.state.facts["topic"] == "bot"
    refusal = life.refused(NotAllowed, c.ChangeFacts(by="person:stranger", facts={"topic": "mine"}))
    assert "person:stranger is neither in the working group of escalation-chatbot-conv-1 nor its requester" in refusal
    assert "these may act: person:ann, person:bob" in refusal


def test_wrong_facts_are_refused_with_every_path() -> None:
    life = opened(small())
    refusal = life.refused(Incomplete, c.ChangeFacts(by=BOT, facts={"nope": 1.0, "keywords": ("a",), "amount": "much"}))
    assert "facts.nope: unknown fact" in refusal
    assert "facts.keywords: is computed by the engine" in refusal
    assert "facts.amount: must be a number" in refusal


# --- by hand --------------------------------------------------------------------------------------------------------


@pytest.mark.req("EP-F1", "EP-F2", "EP-F3")
@pytest.mark.parametrize(
    ("reason", "level", "axis"),
    [
        ("no_authority", "management", Axis.HIERARCHICAL),
        ("no_expertise", "specialist", Axis.FUNCTIONAL),
        ("no_resources", "management", Axis.HIERARCHICAL),
    ],
)
def test_what_is_lacking_decides_who_is_asked(reason: str, level: str, axis: Axis) -> None:
    life = opened(PROCEDURE, facts={"reason": reason}, requested_by="person:eva.novak")
    found = next(found for found in life.state.reasons if found.trigger == reason)
    assert (found.initiation, found.axis, found.facts) == (Initiation.MANUAL, axis, {"reason": reason})
    assert life.level == level


# --- rules of one's own ----------------------------------------------------------------------------------------------

INSPECTION = small(
    playbook="small",
    severity={
        "scale": [{"name": "Critical"}, {"name": "Serious", "aliases": ["major"]}, {"name": "Minor"}],
        "default": "Minor",
        "rules": [
            {"when": 'topic == "crack"', "severity": "Critical"},
            {"when": 'topic == "scratch"', "severity": "major"},
        ],
    },
    triggers=[{"id": "anomaly", "when": "checks.policy_flag", "about": "the first check found something"}],
)


@pytest.mark.req("QCC-1", "QCC-6", "AUT-3")
def test_what_an_ai_flags_at_the_first_check_comes_to_an_inspector_the_worst_first() -> None:
    lives = {}
    for topic in ("dust", "scratch", "crack"):
        life = opened(INSPECTION, facts={"checks.policy_flag": True, "topic": topic})
        assert life.reasons == ["anomaly"]
        assert life.rung.people == (ANN, BOB)
        lives[topic] = life.state
    ranked = sorted(lives, key=lambda topic: lives[topic].severity_rank)
    assert [(topic, lives[topic].severity) for topic in ranked] == [
        ("crack", "Critical"),
        ("scratch", "Serious"),
        ("dust", "Minor"),
    ]
    assert Life(INSPECTION).open(facts={"checks.policy_flag": False, "topic": "crack"}).outcome == "declined"


FAULTS = small(
    fields={"fault": {"type": "text", "values": ["api_error", "data_mismatch", "sync_delay"], "required": True}},
    triggers=[{"id": "blocked", "when": 'fault != ""', "about": "an integration is blocked"}],
    routing=[{"when": 'fault == "data_mismatch"', "targets": ["team:experts"]}],
)


@pytest.mark.req("INT-2", "INT-3")
@pytest.mark.parametrize(
    ("fault", "target"),
    [("api_error", "team:desk"), ("data_mismatch", "team:experts"), ("sync_delay", "team:desk")],
)
def test_a_fault_that_an_ai_reports_has_a_kind_on_which_routing_depends(fault: str, target: str) -> None:
    life = opened(FAULTS, facts={"fault": fault})
    assert (life.state.facts["fault"], life.rung.targets) == (fault, (target,))
