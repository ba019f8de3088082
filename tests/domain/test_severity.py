"""How bad it is: tables, rules that beat others, a milder severity only with approval, categories by rule."""

from __future__ import annotations

from typing import Any

import pytest

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle import communication as words
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import UpdateCase
from escalation.playbook.schema import Playbook
from tests.domain.builders import ANN, BOB, EVE, HAL, START, gated, minutes, opened, small

SCALE = {
    "scale": [{"name": "P0", "aliases": ["critical"]}, {"name": "P1"}, {"name": "P2"}, {"name": "P3"}],
    "default": "P3",
}
TABLE = {
    "rows": "impact",
    "columns": "urgency",
    "cells": {"high": {"now": "critical", "later": "P2"}, "low": {"now": "P2", "later": "P3"}},
}


def tabled(*rules: dict[str, Any], **changes: Any) -> Playbook:
    return small(severity={**SCALE, "table": TABLE, "rules": rules}, **changes)


def severity(playbook: Playbook, facts: dict[str, Any], **changes: Any) -> str:
    return opened(playbook, facts=facts, **changes).state.severity


# --- choosing ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("ITSM-13")
@pytest.mark.parametrize(
    ("impact", "urgency", "found"),
    [("high", "now", "P0"), ("high", "later", "P2"), ("low", "now", "P2"), ("low", "later", "P3")],
)
def test_impact_and_urgency_meet_in_a_severity(impact: str, urgency: str, found: str) -> None:
    assert severity(tabled(), {"impact": impact, "urgency": urgency}) == found


def test_without_both_facts_the_table_says_nothing_and_the_worst_of_table_rules_and_request_counts() -> None:
    assert severity(tabled(), {"impact": "high"}) == "P3"
    rule = {"when": "flags.legal", "severity": "P1"}
    assert severity(tabled(rule), {"impact": "low", "urgency": "now", "flags.legal": True}) == "P1"
    assert severity(tabled(rule), {"impact": "high", "urgency": "now", "flags.legal": True}) == "P0"
    assert severity(tabled(), {"impact": "low", "urgency": "later"}, severity="P1") == "P1"


@pytest.mark.req("WLF-17")
@pytest.mark.parametrize(("rules", "said"), [(2, ["P0"]), (1, [])])
def test_a_severity_that_changes_is_said_on_the_ticket_except_where_it_was_begun_before_that(
    rules: int, said: list[str]
) -> None:
    life = opened(tabled(), facts={"impact": "low"}).taken_by(ANN)
    life.state = life.state.changed({"rules": rules})
    before = len(life.tickets)
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the whole plant stands"))
    updates = [each for each in life.tickets[before:] if isinstance(each, UpdateCase)]
    assert [each.severity for each in updates] == said
    assert [each.note for each in updates] == ["Severity P0 now, P3 before: the whole plant stands"] * len(said)
    assert all((each.public, each.status, each.owner) == (False, None, None) for each in updates)


@pytest.mark.req("EP-C3")
def test_a_rule_for_one_customer_beats_the_general_rules_and_the_table_also_downwards() -> None:
    legal = {"when": "flags.legal", "severity": "P0"}
    vip = {"when": 'customer.tier == "vip"', "severity": "P1", "override": True}
    trial = {"when": 'customer.tier == "trial"', "severity": "P3", "override": True}
    big = {"when": 'customer.tier == "trial" && region == "eu"', "severity": "P2", "override": True}
    playbook = tabled(legal, vip, trial, big)

    def of(tier: str, **facts: Any) -> str:
        return severity(playbook, {"flags.legal": True, **facts}, customer={"id": "c-1", "tier": tier})

    assert (of("standard"), of("vip"), of("trial")) == ("P0", "P1", "P3")
    assert of("trial", region="eu") == "P2"  # of several, the worst
    asked = opened(playbook, severity="P0", customer={"id": "c-1", "tier": "trial"})
    assert asked.state.severity == "P0"  # what somebody asked for is no general rule


def test_facts_that_change_make_it_worse_by_the_table_and_never_milder() -> None:
    life = opened(tabled(), facts={"impact": "low", "urgency": "now"})
    life.send(c.ChangeFacts(by=ANN, facts={"impact": "high"}))
    assert life.state.severity == "P0"
    life.send(c.ChangeFacts(by=ANN, facts={"impact": "low", "urgency": "later"}))
    assert life.state.severity == "P0"
    life.send(c.ChangeSeverity(by=ANN, severity="P2", because="it was one shop only"))
    life.send(c.ChangeFacts(by=ANN, facts={"topic": "two"}))
    assert life.state.severity == "P2"  # what a person set lasts until a fact that the table reads changes


@pytest.mark.req("MIS-1")
def test_what_comes_without_a_category_gets_one_by_rules_and_a_severity_from_it() -> None:
    rules = [
        {"when": 'affected_systems.exists(s, s == "erp")', "category": "technical"},
        {"when": "flags.legal", "category": "legal"},
    ]
    playbook = small(
        category={"rules": rules}, severity={**SCALE, "rules": [{"when": 'category == "legal"', "severity": "P0"}]}
    )
    life = opened(playbook, facts={"flags.legal": True})
    assert (life.state.facts["category"], life.state.severity) == ("legal", "P0")
    stated = opened(playbook, facts={"flags.legal": True, "category": "hr"})
    assert (stated.state.facts["category"], stated.state.severity) == ("hr", "P3")
    assert "category" not in opened(playbook).state.facts
    both = opened(playbook, facts={"flags.legal": True, "affected_systems": ["erp"]})
    assert both.state.facts["category"] == "technical"  # the first that is true


# --- changing ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-14")
def test_a_change_moves_every_clock_and_the_timeline_keeps_where_it_was() -> None:
    clocks = {
        "resolution": {"within": {"P0": "1h", "default": "4h"}},
        "news": {"stops": "update", "within": {"P0": "30m", "default": "2h"}, "on_breach": "tell"},
    }
    life = opened(small(clocks=clocks)).taken_by(ANN)
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    moved = {event.clock: (event.was_due, event.due, event.because) for event in life.all(e.ClockStarted)[2:]}
    assert moved == {
        "resolution": (START + minutes("4h"), START + minutes("1h"), "the severity changed"),
        "news": (START + minutes("2h"), START + minutes("30m"), "the severity changed"),
    }


def test_a_clock_that_has_no_limit_at_a_severity_runs_again_where_it_has_one() -> None:
    life = opened(small(clocks={"resolution": {"within": {"P1": "4h"}}})).taken_by(ANN)
    life.send(c.ChangeSeverity(by=ANN, severity="P2", because="it can wait"))
    assert situation(life.state, life.now).clocks == ()
    life.pass_time("10m")
    life.send(c.ChangeSeverity(by=ANN, severity="P1", because="it cannot"))
    assert life.state.clocks["resolution"].stopped_at is None
    assert life.state.clocks["resolution"].due == START + minutes("4h")


# --- milder only with approval ----------------------------------------------------------------------------------------


def guarded(**gate: Any) -> Playbook:
    scale = {**SCALE, "default": "P1", "lowering": {"gate": "gate1"}}
    return gated(
        {"before": "lowering", **gate}, severity=scale, clocks={"resolution": {"within": {"P0": "1h", "default": "8h"}}}
    )


LOWER = c.ChangeSeverity(by=ANN, severity="P2", because="one customer only")


def test_a_milder_severity_waits_for_its_approval_and_holds_up_nothing_meanwhile() -> None:
    life = opened(guarded()).taken_by(ANN)
    life.send(LOWER)
    assert (life.state.severity, life.gate().state, life.gate().people) == ("P1", "pending", (HAL,))
    assert (life.state.stage, life.state.waiting_on) == ("resolution", "owner")
    assert situation(life.state, life.now).lowering == "P2, asked by person:ann"
    assert "person:ann asks to make it milder: P1 to P2, because one customer only" in life.sent[-1].body
    assert words.situation(life.state).endswith("; severity P2 waits for its approval.")
    assert "has asked already" in life.refused(AlreadyDone, LOWER)
    life.pass_time("10m")
    life.send(c.Approve(by=HAL))
    changed = life.last(e.SeverityChanged)
    assert (changed.by, changed.severity) == (HAL, "P2")
    assert changed.because == "one customer only (asked by person:ann; approved by person:hal)"
    assert life.last(e.ClockStarted).at == life.now
    assert (life.state.lowering, situation(life.state, life.now).lowering) == (None, "")
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))  # worse needs nobody
    assert life.state.severity == "P0"
    life.send(LOWER)  # and milder again is another question
    assert (life.gate().round, life.gate().state) == (2, "pending")
    assert [event.state for event in life.all(e.GateClosed)] == ["passed"]


@pytest.mark.parametrize("how", ["rejected", "silence", "declared"])
def test_refused_or_unanswered_it_stays_and_whoever_asked_is_told(how: str) -> None:
    life = opened(guarded(**({"on_expiry": "deny"} if how == "declared" else {}))).taken_by(ANN)
    life.send(c.ChangeSeverity(by=BOB, severity="P2", because="one customer only"))
    if how == "rejected":
        life.send(c.Reject(by=HAL, because="we do not know yet"))
    else:
        life.pass_time("1h")
    assert (life.state.severity, life.gate().state, life.state.lowering) == ("P1", "rejected", None)
    told = next(message for message in life.sent if message.to == BOB and "you asked for severity P2" in message.body)
    assert "refused: it stays P1" in told.body
    life.send(c.Resolve(by=ANN, resolution="paid again"))  # it was about the severity only
    assert life.state.resolution_state == "proposed"


def test_the_approval_is_bound_to_what_was_asked() -> None:
    life = opened(guarded()).taken_by(ANN)
    life.send(LOWER)
    seen = life.gate().digest
    life.send(c.ChangeSeverity(by=EVE, severity="P3", because="nobody is concerned"))
    assert (life.gate().round, life.all(e.GateClosed)[-1].state) == (2, "voided")
    assert "has changed since" in life.refused(NotNow, c.Approve(by=HAL, digest=seen))
    life.send(c.Approve(by=HAL))
    assert life.state.severity == "P3"


def test_who_asks_for_a_milder_severity_does_not_approve_it() -> None:
    life = opened(guarded(approvers=["team:desk"])).taken_by(ANN)
    life.send(LOWER)
    assert life.gate().people == (BOB,), "whoever asked is passed over"
    assert "asked for the milder severity and may not decide gate1" in life.refused(NotAllowed, c.Approve(by=ANN))
    life.send(c.ChangeSeverity(by=BOB, severity="P3", because="nobody is concerned"))
    assert (life.gate().round, life.gate().people) == (2, (ANN,))
    asked = life.state.lowering
    assert asked is not None
    life.state = life.state.changed({"lowering": asked.changed({"by": ANN})})
    assert "asked for the milder severity" in life.refused(NotAllowed, c.Approve(by=ANN))


def test_an_unanswered_approval_of_a_milder_severity_is_a_no_and_lifts_nothing_up() -> None:
    life = opened(guarded(on_expiry="escalate")).taken_by(ANN)
    life.send(LOWER)
    assert "that counts as a no" in life.due.summary
    life.pass_time("1h")
    assert (life.state.lowering, life.gate().state, life.level) == (None, "rejected", "L1")


def test_what_its_condition_does_not_cover_is_changed_at_once() -> None:
    life = opened(guarded(when='severity == "P0"')).taken_by(ANN)
    life.send(LOWER)
    assert life.state.severity == "P2"
    assert life.state.gates == {}
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    life.send(LOWER)
    assert (life.state.severity, life.gate().state) == ("P0", "pending")
