"""What the world is told or asked because of what happened: whom, how urgently, under which key, in which words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalation.lifecycle import react
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import FindPeople, MessageKind, Notify, OpenCase
from tests.domain.builders import (
    ANN,
    BOB,
    BOT,
    CYD,
    DAN,
    EVE,
    ITSM,
    PROCEDURE,
    SERVICE,
    START,
    Life,
    gated,
    opened,
    small,
)


@pytest.mark.req("WHY-2", "EP-M6")
def test_a_page_says_what_is_asked_why_what_was_tried_until_when_and_how_to_answer() -> None:
    life = opened(small(), facts={"amount": 300.0})
    page = life.sent[0]
    assert (page.to, page.kind, page.rung, page.respond_by) == (ANN, MessageKind.PAGE, "L1/1", life.rung.due)
    assert page.subject == "[P1] The refund has not arrived - please acknowledge"
    lines = page.body.splitlines()
    assert lines[0] == "What is asked: find the payment"
    assert lines[1:3] == [
        "Why it was escalated:",
        "  - unsure: ai_confidence < confidence.threshold (ai_confidence=0.62, confidence.threshold=0.8)",
    ]
    for said in (
        "Impact: one customer waits",
        "Constraints: before Friday",
        "  - sent the status page: it says paid",
        "Conversation: 1 turn, the last by customer: Where is my money?",
        "You are called because: team:desk; L1, round 1",
        "Take it before 2026-11-20 10:10 UTC; after that the same people are called again.",
        "  escalate acknowledge escalation-chatbot-conv-1 --by person:ann",
    ):
        assert said in page.body
    life.pass_time("20m")
    upward = life.sent[-1]
    assert upward.to == DAN
    assert "  - sent the status page: it says paid" in upward.body


@pytest.mark.parametrize(
    ("on_breach", "then"),
    [
        ("tell", "it is late, and at 2026-11-20 10:10 UTC the same people are called again."),
        ("level_up", "level L2 is called."),
    ],
)
def test_a_page_promises_no_more_time_than_the_limit_to_acknowledge_leaves(on_breach: str, then: str) -> None:
    clock = {"within": {"default": "6m"}, "on_breach": on_breach}
    life = opened(small(clocks={"acknowledge": clock}))
    page = life.sent[0]
    assert (page.kind, page.respond_by) == (MessageKind.PAGE, START + timedelta(minutes=6))
    assert f"Take it before 2026-11-20 10:06 UTC, the limit to acknowledge: after that {then}" in page.body
    life.pass_time("12m")
    later = life.sent[-1]  # the limit has passed: what is left is the round
    assert (later.kind, later.respond_by) == (MessageKind.PAGE, life.rung.due)
    assert f"Take it before {life.rung.due:%Y-%m-%d %H:%M} UTC; after that " in later.body


def test_a_page_counts_on_its_round_while_the_limit_to_acknowledge_is_further_away() -> None:
    life = opened(small(clocks={"acknowledge": {"within": {"default": "1h"}, "on_breach": "tell"}}))
    assert life.sent[0].respond_by == life.rung.due


@pytest.mark.req("SUP-11")
@pytest.mark.parametrize(("severity", "urgent"), [("P0", True), ("P1", True), ("P2", False)])
def test_routine_is_not_paged_as_an_emergency(severity: str, urgent: bool) -> None:
    life = opened(small(severity={**small().severity.model_dump(), "default": severity}))
    assert life.told(MessageKind.PAGE) == [ANN, BOB]
    assert {message.urgent for message in life.sent} == {urgent}


def test_news_are_never_urgent() -> None:
    life = opened(small(), facts={"flags.security": True}).taken_by(ANN)
    assert life.state.severity == "P0"
    assert [message.urgent for message in life.sent if message.kind is MessageKind.NEWS] == [False]


def test_each_action_has_a_key_of_its_own_made_from_the_instance_and_the_event() -> None:
    life = opened(gated({"approvers": ["team:desk"]})).taken_by(ANN)
    life.pass_time("5h")
    keys = [action.key for action in (*life.sent, *life.looked_up, *life.tickets)]
    assert len(keys) == len(set(keys))
    assert all(key.startswith("run-1/") for key in keys)
    assert len(life.sent) > 10


def test_the_same_events_ask_for_the_same_actions_under_the_same_keys() -> None:
    life = opened(small())
    before = life.state
    events = life.send(c.Acknowledge(by=ANN))
    assert react(life.state, events) == react(life.state, events)
    assert react(before, []) == []


def test_every_action_says_in_plain_words_what_it_is_for() -> None:
    life = opened(gated({}), severity="P0").taken_by(ANN)
    life.send(c.Approve(by="person:hal"))
    life.resolved()
    life.pass_time("5d")
    assert all(action.summary for action in (*life.sent, *life.looked_up, *life.tickets))


def test_opening_asks_for_a_ticket_with_customer_severity_and_packet() -> None:
    life = opened(small())
    ticket = life.tickets[0]
    assert isinstance(ticket, OpenCase)
    assert (ticket.case.id, ticket.severity) == ("4711", "P1")
    assert ticket.customer == life.state.customer
    assert "Summary: The refund has not arrived" in ticket.body
    assert ticket.key == "run-1/case"


def test_who_is_responsible_and_accountable_is_found_as_the_stage_names_them() -> None:
    raci = {
        stage: {"responsible": ["agent:bot", "team:experts"], "accountable": "role:lead"}
        for stage in ("triage", "assignment", "approval", "resolution", "review")
    }
    raci["assignment"] = {"responsible": ["owner"], "accountable": "role:boss"}
    levels = [
        {"id": "L1", "targets": ["raci:responsible"], "ack": "10m", "dwell": "2h"},
        {"id": "L2", "targets": ["raci:accountable"], "ack": "10m", "dwell": "2h", "last_resort": "role:boss"},
    ]
    life = opened(small(raci=raci, levels=levels))
    assert life.told(MessageKind.PAGE) == ["person:fay"]  # nobody but the owner is responsible, so the accountable is
    life.taken_by("person:fay")
    life.pass_time("2h")
    assert life.told(MessageKind.PAGE)[-1] == EVE


def test_whoever_is_accountable_is_told_once_and_not_beside_themselves() -> None:
    playbook = small(clocks={"resolution": {"within": {"default": "1h"}, "on_breach": "tell"}})
    other = opened(playbook).taken_by(ANN)
    other.pass_time("1h")
    assert sorted(other.told(MessageKind.WARNING)) == [ANN, ANN, EVE]  # the owner was warned before
    same = opened(playbook).taken_by(EVE)
    same.pass_time("1h")
    assert same.told(MessageKind.WARNING) == [EVE, EVE]  # the warning, the breach


def test_everybody_who_was_told_hears_who_took_it_and_nobody_else() -> None:
    life = opened(small())
    life.pass_time("20m")  # the desk was called twice, the experts once
    life.taken_by(CYD)
    assert sorted(life.told(MessageKind.NEWS)) == [ANN, BOB, DAN]
    assert all("You need not do anything" in m.body for m in life.sent if m.kind is MessageKind.NEWS)


def test_an_approval_request_says_what_is_decided_until_when_and_binds_the_answer_to_it() -> None:
    gate = {"title": "Pay it again", "subject": ["amount"], "on_expiry": "deny"}
    life = opened(gated(gate), facts={"amount": 300.0}).taken_by(ANN)
    asked = life.sent[-1]
    assert asked.subject == "[P1] The refund has not arrived - approval needed: Pay it again"
    assert asked.body.splitlines()[:2] == ["To decide: Pay it again", "  amount: 300"]
    assert "Decide before 2026-11-20 11:00 UTC; after that it counts as refused." in asked.body
    assert f"Opened by {BOT}; {ANN} works on it" in asked.body
    assert f"--gate gate1 --digest {life.gate().digest}" in asked.body


def test_an_old_round_of_an_approval_is_not_asked_again_when_its_people_are_found_late() -> None:
    life = opened(gated({"subject": ["amount"]}), facts={"amount": 1.0})
    life.answers = False
    life.send(c.Acknowledge(by=ANN))
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 2.0}))
    life.answer()
    assert life.told(MessageKind.APPROVAL) == ["person:hal"]
    assert life.gate().round == 2


def test_how_an_approval_ended_is_told_to_the_owner_or_else_to_who_asked() -> None:
    life = opened(gated({})).taken_by(ANN)
    life.send(c.Approve(by="person:hal", because="fine"))
    assert (life.sent[-1].to, life.sent[-1].subject) == (ANN, "[P1] The refund has not arrived - gate1: approved")
    assert life.sent[-1].body == f"Approval gate1 of {life.state.id}: approved by person:hal."
    early = Life(gated({"before": "assignment"}))
    early.open()
    before = len(early.sent)
    early.send(c.Approve(by="person:hal"))
    assert early.sent[before].to == BOT


def test_what_is_looked_up_names_whom_to_tell_when_nobody_is_found() -> None:
    for playbook, owner in (
        (SERVICE, "role:head-of-support"),
        (ITSM, "role:it-lead"),
        (PROCEDURE, "role:process-owner"),
    ):
        life = opened(playbook)
        assert {look_up.fallback for look_up in life.looked_up} == {owner}


def test_a_message_stays_readable_however_long_the_packet_is() -> None:
    attempts = [{"what": f"try {n} " + "x" * 5000, "result": "no"} for n in range(40)]
    life = opened(small(), context={"summary": "s" * 15_000, "attempted_solutions": attempts})
    assert len(life.sent[0].body) < 20_000
    assert len(life.state.context.attempted_solutions) == 40


def test_a_round_that_is_over_before_it_is_looked_up_asks_for_nothing() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.send(c.Cancel(by=BOT, because="never mind"))
    stale = [event for event in life.events if isinstance(event, e.RungOpened)]
    assert not any(isinstance(action, FindPeople | Notify) for action in react(life.state, stale))
    assert life.now == START


def test_the_owner_hears_of_new_reasons_another_severity_and_what_the_customer_writes() -> None:
    life = opened(small()).taken_by(ANN)
    before = len(life.sent)
    life.send(c.ChangeFacts(by=BOT, facts={"flags.security": True, "flags.legal": True}))
    life.send(c.Note(by="customer:c-1", text="is anybody there?"))
    life.send(c.Note(by=BOB, text="colleagues read this for themselves"))
    life.send(c.ChangeSeverity(by=ANN, severity="P2", because="a false alarm"))
    news = [message.body.splitlines()[0] for message in life.sent[before:] if message.kind is MessageKind.NEWS]
    assert news == [
        "new reasons: legal: flags.legal (flags.legal=True)",
        "the severity is P0 now, it was P1: facts changed and a rule of the playbook asks for it",
        "the customer wrote: is anybody there?",
    ]
    assert {message.to for message in life.sent[before:] if message.kind is MessageKind.NEWS} == {ANN}


def test_whoever_still_has_something_to_do_is_not_told_that_there_is_nothing_to_do() -> None:
    life = opened(gated({"approvers": ["role:security"]})).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="call the bank", owner=DAN, due=START + timedelta(days=1)))
    before = len(life.sent)
    life.send(c.Claim(by=BOB, because="I know the bank"))
    assert life.told(MessageKind.NEWS, since=before) == [ANN]


@pytest.mark.parametrize(("count", "said"), [(1, "1 turn,"), (2, "2 turns,")])
def test_a_page_counts_the_turns_of_the_conversation_as_people_do(count: int, said: str) -> None:
    turns = [{"author": "customer", "text": f"Where is my money? {number}"} for number in range(count)]
    assert f"Conversation: {said} the last by customer" in opened(small(), context={"conversation": turns}).sent[0].body
