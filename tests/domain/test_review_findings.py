"""What a review found in the rules, each as the behaviour that holds now."""

from __future__ import annotations

from functools import reduce

import pytest
from pydantic import ValidationError

from activities.notify.receiver import Receiver
from activities.notify.words import in_words
from escalation.documents import Document
from escalation.errors import NotAllowed, NotNow, RequestRefused
from escalation.lifecycle import evolve, grounds
from escalation.lifecycle.case.lacks import lacks
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import CaseLink, CustomerSnapshot, MessageKind, OpenCase, UpdateCase
from escalation.playbook.checks import check
from escalation.playbook.schema import Playbook
from tests.domain.builders import (
    ANN,
    BOB,
    BOT,
    CUSTOMER,
    CYD,
    DAN,
    EVE,
    GUS,
    HAL,
    IDA,
    JOY,
    START,
    Life,
    blank,
    gated,
    opened,
    request,
    small,
)
from workflows.search_attributes import TEAM, attributes_of

# --- what was accepted can always be acted on (2) --------------------------------------------------------------------


@pytest.mark.parametrize("to", ["person:eva@example.com", "person:", "person:" + "x" * 65, "person:-x"])
def test_nobody_can_be_given_an_escalation_whom_no_directory_could_name(to: str) -> None:
    with pytest.raises(ValidationError, match="to"):
        c.Reassign(by=ANN, to=to, because="on leave")
    with pytest.raises(ValidationError, match="to"):
        c.OfferHandoff(by=ANN, to=to, because="on leave", expectation="an answer")


def test_a_reassignment_to_an_ai_is_refused_in_the_words_of_the_rule() -> None:
    life = opened(small()).taken_by(ANN)
    assert "is none" in life.refused(NotAllowed, c.Reassign(by=ANN, to=BOT, because="it knows"))


@pytest.mark.parametrize("to", ["person:x", "team:a.b-c_d", "role:" + "r" * 64, "oncall:9"])
def test_whatever_a_hand_off_may_be_offered_to_can_be_looked_up(to: str) -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.OfferHandoff(by=ANN, to=to, because="on leave", expectation="an answer"))
    assert life.looked_up[-1].targets == (to,)


def test_a_customer_id_is_short_enough_to_be_written_to() -> None:
    life = Life(small())
    life.open(customer={"id": "c" * 120})
    life.taken_by(ANN)
    life.state = life.state.changed({"case_link": None})
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    assert life.sent[-1].to == "customer:" + "c" * 120
    with pytest.raises(RequestRefused, match=r"customer\.id"):
        request(small(), customer={"id": "c" * 121})


_LEVEL = {"id": "L1", "targets": ["raci:responsible"], "ack": "10m", "dwell": "2h", "last_resort": "raci:accountable"}
_RACI = {
    stage: {"responsible": ["owner"], "accountable": "role:lead"}
    for stage in ("triage", "assignment", "approval", "resolution", "review")
}


def _calling(*responsible: str) -> Playbook:
    return small(
        levels=[_LEVEL],
        triggers=[{"id": "unsure", "when": "ai_confidence < confidence.threshold", "initiation": "ai_limit"}],
        raci={**_RACI, "assignment": {"responsible": responsible, "accountable": "role:boss"}},
    )


@pytest.mark.parametrize(
    ("responsible", "targets"),
    [
        (["agent:triage", "team:desk", "role:lead"], ("team:desk", "role:lead")),
        (["agent:triage"], ("role:boss",)),
        (["owner", "requester"], ("role:boss",)),
    ],
)
def test_whoever_is_responsible_is_called_and_where_no_person_is_the_accountable(
    responsible: list[str], targets: tuple[str, ...]
) -> None:
    life = opened(_calling(*responsible))
    assert life.looked_up[0].targets == targets


def _findings(**changes: object) -> list[tuple[str, str]]:
    data = {**small().model_dump(mode="json", exclude_defaults=True), **changes}
    return [(finding.path, finding.message) for finding in check(Document("small.yaml", data))]


@pytest.mark.parametrize(
    ("changes", "path", "says"),
    [
        ({"owner": "raci:accountable"}, "owner", "changes with the stage"),
        (
            {"levels": [{**_LEVEL, "targets": ["raci:consulted"]}]},
            "levels.0.targets.0",
            "expected raci: with accountable, responsible",
        ),
        ({"levels": [{**_LEVEL, "last_resort": "raci:informed"}]}, "levels.0.last_resort", "can be called"),
        (
            {"raci": {**_RACI, "triage": {"responsible": ["team:a b"], "accountable": "role:lead"}}},
            "raci.triage.responsible.0",
            "'team:a b' is nobody",
        ),
    ],
)
def test_a_playbook_that_names_somebody_who_cannot_be_called_is_refused(
    changes: dict[str, object], path: str, says: str
) -> None:
    assert _findings() == []
    [(where, message)] = [found for found in _findings(**changes) if "no level" not in found[1]]
    assert where == path
    assert says in message


# --- all means all (5) ------------------------------------------------------------------------------------------------

_ALL = {"approvers": ["role:security", "role:finance"], "need": "all", "on_expiry": "next_deputy"}


def _approve(life: Life, *people: str) -> None:
    for person in people:
        life.send(c.Approve(by=person, gate="gate1"))


def test_a_department_whose_only_approver_is_excluded_still_has_to_agree_by_its_deputy() -> None:
    playbook = gated({**_ALL, "exclude": ["requester"], "deputies": ["role:deputy"]})
    life = opened(playbook, requested_by=HAL).taken_by(ANN)
    _approve(life, IDA)
    assert life.gate().state == "pending"
    assert "role:security" in next(m for m in life.sent if m.to == ANN and m.kind == "warning").body
    life.pass_time("1h")
    _approve(life, JOY)
    assert life.gate().state == "passed"


def test_a_department_that_nobody_is_found_for_keeps_the_gate_closed_and_the_accountable_is_told() -> None:
    life = opened(gated({**_ALL, "approvers": ["role:finance", "role:ghosts"], "on_expiry": "halt"})).taken_by(ANN)
    _approve(life, IDA)
    assert life.gate().state == "pending"
    assert "cannot be asked of everybody" in next(m for m in life.sent if m.to == ANN and m.kind == "warning").subject
    life.pass_time("1h")
    assert EVE in life.told(MessageKind.WARNING)
    assert life.gate().state == "pending"


def test_whoever_is_told_because_nobody_else_was_found_may_not_approve() -> None:
    life = opened(gated({**_ALL, "approvers": ["role:ghosts"], "need": 1, "deputies": ["role:deputy"]})).taken_by(ANN)
    assert life.told(MessageKind.APPROVAL) == []
    assert GUS in life.told(MessageKind.WARNING)
    assert "nobody who may decide" in life.refused(NotAllowed, c.Approve(by=GUS, gate="gate1"))
    life.pass_time("1h")
    assert life.told(MessageKind.APPROVAL) == [JOY]
    _approve(life, JOY)
    assert life.gate().state == "passed"


def test_somebody_who_holds_two_of_the_roles_agrees_for_both() -> None:
    life = opened(gated({**_ALL, "approvers": ["role:finance", "person:ida"]})).taken_by(ANN)
    _approve(life, IDA)
    assert life.gate().state == "passed"


def test_every_member_of_a_team_that_is_asked_counts() -> None:
    life = opened(gated({**_ALL, "approvers": ["team:experts", "role:finance"]})).taken_by(ANN)
    _approve(life, CYD, IDA)
    assert life.gate().state == "pending"
    _approve(life, DAN)
    assert life.gate().state == "passed"


# --- what was found in words is in the events (17) -------------------------------------------------------------------


def test_the_words_that_matched_are_read_from_the_events_however_words_are_searched_later() -> None:
    playbook = small(keywords={"legal": {"en": ["lawyer", "court"]}})
    life = opened(playbook, context={"conversation": [{"author": "customer", "text": "My lawyers will call"}]})
    life.send(c.Note(by=CUSTOMER, text="See you in court"))
    assert life.state.words == {"legal": ("lawyers", "court")}
    otherwise = [
        event.changed({"words": dict.fromkeys(event.words, ("another",))}) if hasattr(event, "words") else event
        for event in life.events
    ]
    assert reduce(evolve, otherwise, blank(playbook)).words == {"legal": ("another",)}


# --- silence counts only of those who were asked (4) -----------------------------------------------------------------


def _proposed(life: Life) -> Life:
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    return life


def _questions(life: Life) -> list[str]:
    return [message.to for message in life.sent if message.kind is MessageKind.CUSTOMER]


def test_a_customer_who_was_asked_on_the_ticket_and_says_nothing_confirms() -> None:
    life = _proposed(opened(small()).taken_by(ANN))
    assert isinstance(life.tickets[-1], UpdateCase)
    assert life.tickets[-1].public
    assert len(life.all(e.QuestionPublished)) == 1
    life.pass_time("1d")
    assert life.last(e.ResolutionConfirmed).how == "silence"


def test_that_the_ticket_was_updated_is_not_recorded_unless_it_asks_the_customer() -> None:
    life = opened(small()).taken_by(ANN)
    before = life.state
    assert life.send(c.CaseUpdated(key="run-1/9/case", public=True)) == []
    assert life.state == before


def test_while_the_help_desk_is_down_silence_confirms_nothing_and_the_owner_is_told() -> None:
    life = opened(small()).taken_by(ANN)
    life.answers = False
    _proposed(life)
    life.pending.clear()
    life.answers = True
    life.pass_time("1d")
    assert life.all(e.ResolutionConfirmed) == []
    assert life.last(e.ResolutionUnanswered).asked is False
    assert life.told(MessageKind.WARNING)[-1] == ANN
    assert _questions(life) == [CUSTOMER], "asked again, without the help desk"
    life.pass_time("1d")
    assert life.last(e.ResolutionConfirmed).how == "silence"


def test_a_ticket_that_cannot_ask_has_the_customer_asked_directly() -> None:
    life = opened(small()).taken_by(ANN)
    life.answers = False
    _proposed(life)
    question = next(action for action in life.pending if isinstance(action, UpdateCase))
    life.pending.clear()
    life.answers = True
    life.send(c.CaseNotUpdated(key=question.key, error="the ticket is archived"))
    assert life.last(e.CaseUpdateFailed).error == "the ticket is archived"
    assert _questions(life) == [CUSTOMER]
    life.pass_time("1d")
    assert life.last(e.ResolutionConfirmed).how == "silence"


def test_a_question_that_cannot_be_delivered_is_told_to_the_owner_at_once_and_never_read_as_consent() -> None:
    life = Life(small(resolution={"confirmed_by": "requester", "confirm_within": "1d"}), unreachable=(BOT,))
    life.open()
    _proposed(life.taken_by(ANN))
    assert life.told(MessageKind.WARNING) == [ANN]
    for _ in range(3):
        life.pass_time("1d")
    assert life.all(e.ResolutionConfirmed) == []
    assert len(life.all(e.ResolutionUnanswered)) == 3


def test_an_update_of_the_ticket_that_fails_is_on_the_timeline_also_after_the_end() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Cancel(by=ANN, because="opened by mistake"))
    life.send(c.CaseNotUpdated(key=life.tickets[-1].key, error="the ticket is archived"))
    assert life.last(e.CaseUpdateFailed).error == "the ticket is archived"


@pytest.mark.parametrize(
    "changes",
    [
        {"context": {"conversation": [{"author": "customer", "text": "It is still broken!"}]}},
        {"initiation": "customer_request", "context": {"conversation": None}},
    ],
)
def test_a_customer_who_reports_it_again_while_a_solution_is_proposed_has_not_been_silent(
    changes: dict[str, object],
) -> None:
    life = _proposed(opened(small()).taken_by(ANN))
    life.open(request_id="r-2", **changes)
    assert life.state.resolution_state == "rejected"
    assert life.told()[-1] == ANN
    life.pass_time("1d")
    assert life.all(e.ResolutionConfirmed) == []


def test_a_machine_that_reports_the_same_again_leaves_the_proposal_to_the_customer() -> None:
    life = _proposed(opened(small()).taken_by(ANN))
    life.open(request_id="r-2")
    assert life.state.resolution_state == "proposed"


# --- nothing is handed over incomplete without saying why (14) -------------------------------------------------------

_WITH_SNAPSHOT = {"required": ["summary", "crm_snapshot"], "complete_within": "10m"}


def _without_crm() -> Life:
    life = Life(small(context=_WITH_SNAPSHOT), crm=CaseLink(ticket="T-1"))
    life.answers = False
    life.open()
    return life


def test_a_crm_that_is_silent_for_a_minute_is_named_to_whoever_is_told_then_and_not_to_the_first_page() -> None:
    life = _without_crm()
    assert life.state.missing == ("crm_snapshot",)
    assert life.last(e.ExceptionUsed).because == life.state.exception == "the CRM has not answered yet"
    asked = life.pending.popleft()
    assert isinstance(asked, OpenCase)
    assert "CRM" not in asked.body
    life.answer()
    first = next(message for message in life.sent if message.kind is MessageKind.PAGE)
    assert "incomplete" not in first.body
    assert first.values["packet"]["missing"] == []
    life.pass_time("10m")
    life.answer()
    later = [message for message in life.sent if message.kind is MessageKind.PAGE][-1]
    assert "Sent incomplete: the CRM has not answered yet" in later.body
    assert "Missing from the packet: crm_snapshot" in later.body
    assert later.values["packet"]["exception"]


def test_once_the_crm_has_answered_nobody_hears_that_it_has_not_and_whoever_decides_sees_what_it_knows() -> None:
    known = CustomerSnapshot(fetched_at=START, system="crm", tier="vip", company="Acme", open_tickets=1)
    life = Life(small(context=_WITH_SNAPSHOT), crm=CaseLink(ticket="T-1", snapshot=known))
    life.open()
    assert life.last(e.ExceptionUsed).grounds is not None
    assert life.state.exception_grounds is None
    page = next(message for message in life.sent if message.kind is MessageKind.PAGE)
    assert "Customer: tier vip, company Acme, 1 open ticket (as of 2026-11-20 10:00 UTC)" in page.body
    assert "Acme" not in page.subject
    assert page.values["packet"]["exception"] == ""
    assert page.values["packet"]["crm"]["company"] == "Acme"
    spoken = in_words(page, Receiver("cs", "Europe/Prague", str)).body
    assert "Z CRM: úroveň vip, společnost Acme, otevřené tikety: 1" in spoken
    assert "Odesláno neúplné" not in spoken


def test_what_nobody_supplied_is_still_said_when_only_the_crm_has_answered() -> None:
    life = _without_crm()
    both = grounds.joined([grounds.of("not_supplied", "x", parts=["impact"]), grounds.of("crm_silent", "y")], "x; y")
    assert isinstance(both, grounds.Ground)
    known = CustomerSnapshot(fetched_at=START, system="crm")
    parts = {"missing": ("impact", "crm_snapshot"), "exception": "x; y", "exception_grounds": both.said}
    life.state = life.state.changed(parts)
    assert lacks(life.state) == (("impact",), "nobody supplied impact"), "it was asked a moment ago"
    life.send(c.CaseOpened(link=CaseLink(ticket="T-1", snapshot=known)))
    assert lacks(life.state) == (("impact",), "nobody supplied impact")


def test_once_the_crm_has_answered_the_packet_is_complete_and_needs_no_exception() -> None:
    life = opened(small(context=_WITH_SNAPSHOT)).taken_by(ANN)
    assert (life.state.missing, life.state.exception) == ((), "")
    life.send(c.OfferHandoff(by=ANN, to="role:lead", because="no authority", expectation="a decision"))
    assert "Sent incomplete" not in life.sent[-1].body


def test_a_hand_off_of_an_incomplete_packet_records_why_once() -> None:
    life = _without_crm()
    life.answers = True
    life.answer()
    life.taken_by(ANN)
    life.state = life.state.changed({"exception": ""})
    life.send(c.OfferHandoff(by=ANN, to="role:lead", because="no authority", expectation="a decision"))
    assert life.last(e.ExceptionUsed).because == "the CRM knows nothing of this customer"
    count = len(life.all(e.ExceptionUsed))
    life.send(c.AcceptHandoff(by=EVE))
    assert len(life.all(e.ExceptionUsed)) == count
    assert life.owner == EVE


# --- an AI does no human step (15) -----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [c.ConfirmResolution(by=BOT), c.RejectResolution(by=BOT, because="no")])
def test_an_ai_does_not_answer_a_resolution_for_the_customer(answer: c.Act) -> None:
    life = _proposed(opened(small()).taken_by(ANN))
    said = f"only the customer it is about ({CUSTOMER}) can answer the proposed resolution; {BOT} is somebody else"
    assert life.refused(NotAllowed, answer) == said
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert life.state.resolution_state == "confirmed"


def test_an_ai_that_asked_for_help_itself_says_whether_it_was_helped() -> None:
    life = opened(small(resolution={"confirmed_by": "requester", "confirm_within": "1d"})).taken_by(ANN)
    _proposed(life).send(c.ConfirmResolution(by=BOT))
    assert life.state.resolution_state == "confirmed"


@pytest.mark.parametrize("requester", ["person:kim", "service:shop"])
def test_a_person_or_a_service_that_asked_may_answer_on_the_customers_behalf(requester: str) -> None:
    life = opened(small(), requested_by=requester).taken_by(ANN)
    assert f"or {requester} on their behalf" in _proposed(life).refused(NotAllowed, c.ConfirmResolution(by=BOB))
    life.send(c.ConfirmResolution(by=requester))
    assert life.state.resolution_state == "confirmed"


def test_an_ai_takes_back_its_request_only_while_no_person_owns_it() -> None:
    life = opened(small()).taken_by(ANN)
    assert "person:ann owns" in life.refused(NotAllowed, c.Cancel(by=BOT, because="never mind"))
    early = opened(small())
    early.send(c.Cancel(by=BOT, because="never mind"))
    assert early.state.outcome == "cancelled"


# --- what customers read (24) --------------------------------------------------------------------------------------


def _for_customer(life: Life) -> str:
    return "\n".join(f"{message.subject} {message.body}" for message in life.sent if message.to == CUSTOMER)


def test_a_customer_who_asked_reads_nothing_of_what_approvers_say() -> None:
    life = opened(gated({"before": "assignment"}), requested_by=CUSTOMER)
    life.send(c.Reject(by=HAL, because="known for this"))
    assert life.state.outcome == "returned"
    assert "stays with those who have it now" in _for_customer(life)
    for internal in ("known for this", "person:", "gate1", "[P1]", life.state.id, "unsure"):
        assert internal not in _for_customer(life)


def test_a_customer_who_asked_is_asked_for_what_is_missing_in_plain_words() -> None:
    life = opened(
        small(context={"required": ["attempted_solutions"], "complete_within": "10m"}),
        requested_by=CUSTOMER,
        context={"attempted_solutions": None},
    )
    assert "we still need: attempted solutions" in _for_customer(life)
    for internal in ("escalate ", "[P1]", life.state.id):
        assert internal not in _for_customer(life)


def test_a_new_ticket_says_what_it_is_about_and_keeps_the_reasons_for_staff() -> None:
    life = opened(small())
    ticket = life.tickets[0]
    assert isinstance(ticket, OpenCase)
    assert ticket.description == "The refund has not arrived"
    assert "Why it was escalated" in ticket.body


# --- a rejection can be answered (16) ------------------------------------------------------------------------------


def _gate(**gate: object) -> list[dict[str, object]]:
    return [{"id": "release", "approvers": ["role:security"], "deadline": "1h", **gate}]


def test_a_gate_that_could_never_pass_after_a_rejection_is_refused_when_the_playbook_loads() -> None:
    [(path, message)] = _findings(gates=_gate())
    assert path == "gates.0.subject"
    assert "nothing could open it again" in message
    assert _findings(gates=_gate(subject=["plan"])) == []
    assert _findings(gates=_gate(before="assignment")) == []
    assert _findings(gates=_gate(before="review")) == []


def test_whoever_is_stopped_by_a_rejection_is_told_what_would_open_the_gate_again() -> None:
    for gate, says in (
        ({"subject": ["plan", "amount"]}, "change what is asked with change_facts (plan, amount), or cancel"),
        ({"when": 'topic != "small"'}, 'it stands as long as its condition is true (topic != "small"), or cancel'),
    ):
        life = opened(gated(gate), facts={"topic": "large"}).taken_by(ANN)
        life.send(c.Reject(by=HAL, because="too risky"))
        assert says in life.refused(NotNow, c.Resolve(by=ANN, resolution="done"))


# --- the team is the one that was called (23) ------------------------------------------------------------------------


def test_the_team_that_temporal_shows_is_the_one_that_a_route_called_also_once_it_is_taken() -> None:
    playbook = small(routing=[{"when": 'topic == "law"', "targets": ["role:lead", "team:experts"]}])
    life = opened(playbook, facts={"topic": "law"})
    assert attributes_of(life.state, None).get(TEAM.name) == "experts"
    assert attributes_of(life.taken_by(CYD).state, None).get(TEAM.name) == "experts"
    assert attributes_of(opened(playbook).taken_by(ANN).state, None).get(TEAM.name) == "desk"


# --- a criterion that is met before a level is entered (19) ----------------------------------------------------------


def test_a_handover_criterion_that_is_true_on_entering_skips_nobody_and_one_that_becomes_true_goes_up() -> None:
    levels = [
        {"id": "L1", "targets": ["team:desk"], "ack": "10m", "dwell": "2h", "up_when": "amount > 100.0"},
        {"id": "L2", "targets": ["team:experts"], "ack": "15m", "dwell": "4h", "up_when": "amount > 10.0"},
        {"id": "L3", "targets": ["role:lead"], "ack": "20m", "dwell": "8h", "last_resort": "role:boss"},
    ]
    assert opened(small(levels=levels), facts={"amount": 500.0}).level == "L1"
    life = opened(small(levels=levels), facts={"amount": 50.0}).taken_by(ANN)
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 500.0}))
    assert life.level == "L2"
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 5.0}))
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 50.0}))
    assert life.level == "L3"


# --- what its first users found ---------------------------------------------------------------------------------------


def test_who_sent_a_signal_that_is_refused_is_told_so_because_a_signal_has_no_answer() -> None:
    life = opened(small()).taken_by(ANN)
    before = len(life.all(e.MessageDelivered))
    life.send(c.SignalRefused(name="acknowledge", error="already taken", sender=ANN))
    assert life.last(e.CommandRefused).because == "already taken"
    assert [event.to for event in life.all(e.MessageDelivered)[before:]] == [ANN]


def test_a_stranger_whose_signal_is_refused_is_told_nothing() -> None:
    life = opened(small()).taken_by(ANN)
    before = len(life.all(e.MessageDelivered))
    life.send(c.SignalRefused(name="acknowledge", error="not in the working group", sender="person:stranger"))
    assert life.all(e.MessageDelivered)[before:] == []


def test_after_a_rejection_the_situation_says_that_it_cannot_be_resolved_as_it_is() -> None:
    life = opened(gated({"id": "gate1", "subject": ["credit.amount"]})).taken_by(ANN)
    approver = life.gate().people[0]
    life.send(c.Reject(by=approver, because="too much"))
    why = situation(life.state, life.now).why
    assert "cannot be resolved as it is" in why
    assert "too much" in why
