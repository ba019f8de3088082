"""Statements: which audience reads which text, drafts and their release, announcements, each person told once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.errors import AlreadyDone, DomainError, NotAllowed, NotNow, Unknown
from escalation.lifecycle.situation import situation
from escalation.lifecycle.statements.coverage import coverage, history
from escalation.lifecycle.statements.plan import plan
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind, UpdateCase
from escalation.playbook.schema import Playbook
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, EVE, FAY, HAL, IDA, JOY, KIM, Life, opened, small
from tests.domain.invariants import check

LEVELS = [
    {"id": "L1", "targets": ["team:desk"], "ack": "30d", "dwell": "60d"},
    {"id": "L2", "targets": ["team:experts"], "ack": "30d", "dwell": "60d", "last_resort": "role:boss"},
]
"""Levels that stay as they are, so that communication alone moves."""
BOARD = {"name": "board", "audience": "management", "target": "role:finance"}
BUYER = {"name": "buyer", "audience": "customers", "target": "customer"}
READS = [{"id": "customers", "reads": "customer"}]


def talking(**communication: Any) -> Playbook:
    said = {"communicator": "role:deputy", "stakeholders": [BOARD, BUYER], "audiences": READS, **communication}
    return small(communication=said, levels=LEVELS)


def released(**communication: Any) -> Life:
    """Return a life in which only hal releases what is said."""
    return opened(talking(release_by=["role:security"], **communication)).taken_by(ANN)


def draft(life: Life, text: str = "we look into it", by: str = ANN, **more: Any) -> e.DraftMade:
    life.send(c.DraftUpdate(by=by, text=text, **more))
    return life.last(e.DraftMade)


def release(life: Life, made: e.DraftMade, by: str = HAL) -> e.UpdatePosted:
    life.send(c.ReleaseUpdate(by=by, draft=made.draft, digest=made.digest))
    return life.last(e.UpdatePosted)


def to(life: Life, person: str) -> list[str]:
    return [each.body for each in life.sent if each.to == person and "/update:" in each.key]


def public(life: Life) -> list[str]:
    return [each.note for each in life.tickets if isinstance(each, UpdateCase) and each.public]


# --- two texts that never stand in for each other ---------------------------------------------------------------------


@pytest.mark.req("ICP-13")
def test_colleagues_and_customers_read_their_own_text_of_one_statement() -> None:
    life = opened(talking()).taken_by(ANN)
    life.send(c.PostUpdate(by=JOY, text="the batch of ann was lost", customer_text="Your payment comes on Friday."))
    posted = life.last(e.UpdatePosted)
    assert (posted.version, posted.told, posted.customers) == (1, ("board", "buyer"), ("customers",))
    (internal,) = to(life, IDA)
    assert internal.startswith("the batch of ann was lost")
    assert "Friday" not in internal
    assert public(life) == ["Your payment comes on Friday."]
    assert not to(life, CUSTOMER), "the customer reads the ticket: one message, not two"


@pytest.mark.req("ICP-13")
def test_an_internal_text_never_goes_to_customers_and_the_refusal_says_what_is_missing() -> None:
    life = opened(talking()).taken_by(ANN)
    why = life.refused(NotAllowed, c.PostUpdate(by=JOY, text="ann lost it", audiences=("customers",)))
    assert why.startswith("audience customers reads customer_text and there is none; the text is for others")
    why = life.refused(NotAllowed, c.PostUpdate(by=JOY, customer_text="Friday", audiences=("management",)))
    assert "audience management reads text" in why
    life.send(c.PostUpdate(by=JOY, text="ann lost it"))
    assert life.last(e.UpdatePosted).audiences == ("management",)
    assert public(life) == []
    missing = {each.stakeholder: each.why for each in coverage(life.state, life.events) if not each.informed}
    assert missing == {"buyer": "customers was sent nothing since they are told"}


def test_a_text_that_nobody_reads_and_no_text_at_all_are_refused() -> None:
    life = opened(talking(stakeholders=[BOARD])).taken_by(ANN)
    assert "no audience" in life.refused(NotAllowed, c.PostUpdate(by=JOY, customer_text="Friday"))
    assert "says nothing" in life.refused(NotAllowed, c.PostUpdate(by=JOY))


def test_without_a_ticket_or_when_it_cannot_be_written_the_customer_is_told_directly() -> None:
    life = opened(talking()).taken_by(ANN)
    life.state = life.state.changed({"case_link": None})
    life.send(c.PostUpdate(by=ANN, customer_text="Friday"))
    assert to(life, CUSTOMER) == ["Friday"]
    life = opened(talking()).taken_by(ANN)
    life.answers = False
    life.send(c.PostUpdate(by=ANN, customer_text="Friday"))
    note = next(each for each in life.pending if isinstance(each, UpdateCase) and each.public)
    life.pending.clear()
    life.answers = True
    life.send(c.CaseNotUpdated(key=note.key, error="the help desk is down"))
    assert to(life, CUSTOMER) == ["Friday"]
    assert life.state.communication is not None
    assert life.state.communication.stakeholders["buyer"].reached == (CUSTOMER,)


def test_customers_read_no_words_of_colleagues_when_it_ends_or_an_answer_is_late() -> None:
    partner = {**BUYER, "name": "partner", "target": "role:second-deputy", "replies_within": "2h"}
    life = opened(talking(stakeholders=[partner])).taken_by(ANN)
    life.send(c.PostUpdate(by=JOY, customer_text="Which day suits you?"))
    life.pass_time("5h")
    life.send(c.Cancel(by=ANN, because="a prank of ours"))
    told = [each.body for each in life.sent if each.to == KIM]
    assert len(told) == 3
    assert not any("escalate" in body or "prank" in body or "P1" in body for body in told)


# --- drafts and release -----------------------------------------------------------------------------------------------


@pytest.mark.req("ICP-7")
def test_only_the_named_role_releases_and_need_not_have_written_it() -> None:
    life = released()
    made = draft(life)
    asked = life.sent[-1]
    assert (asked.to, asked.kind) == (HAL, MessageKind.ITEM)
    assert f"--draft d1 --digest {made.digest}" in asked.body
    why = life.refused(NotAllowed, c.PostUpdate(by=JOY, text="we look"))
    assert why.startswith(f"{JOY} does not release what is said of")
    assert why.endswith(f"; {HAL} does. Write a draft: draft_update")
    life.refused(NotAllowed, c.ReleaseUpdate(by=ANN, draft="d1", digest=made.digest))
    posted = release(life, made)
    assert (posted.version, posted.draft, posted.drafted_by) == (1, "d1", ANN)
    assert f"by {HAL}, written by {ANN}" in to(life, IDA)[0]
    life.send(c.PostUpdate(by=HAL, text="it is back"))
    assert life.last(e.UpdatePosted).version == 2


@pytest.mark.req("ICP-7")
def test_an_ai_may_draft_is_named_as_one_and_never_releases() -> None:
    life = released()
    made = draft(life, by=BOT)
    assert "an AI: a person has to release it" in life.sent[-1].body
    assert "human step" in life.refused(NotAllowed, c.ReleaseUpdate(by=BOT, draft="d1", digest=made.digest))
    release(life, made)
    assert f"written by {BOT}, an AI" in to(life, IDA)[0]


@pytest.mark.req("ICP-7")
def test_of_two_drafts_the_second_is_outdated_by_the_release_of_the_first_and_is_written_anew() -> None:
    life = released()
    first, second = draft(life, "the pump failed", by=ANN), draft(life, "the pump works", by=ANN)
    release(life, second)
    ended = life.last(e.DraftEnded)
    assert (ended.draft, ended.how) == ("d1", "outdated")
    assert ended.because == "management was sent version 1 since it was written"
    why = life.refused(AlreadyDone, c.ReleaseUpdate(by=HAL, draft="d1", digest=first.digest))
    assert "outdated: management was sent version 1" in why
    assert "replaces d1" in why
    assert any("your draft d1 was not sent, outdated" in each.body for each in life.sent if each.to == ANN)
    again = draft(life, "the pump failed, and works again", replaces="d1")
    assert release(life, again).version == 2
    assert [each.splitlines()[0] for each in to(life, IDA)] == ["the pump works", "the pump failed, and works again"]


@pytest.mark.req("ICP-7")
def test_drafts_for_different_audiences_do_not_outdate_each_other() -> None:
    life = released()
    inside, outside = draft(life), draft(life, "", customer_text="Friday")
    release(life, inside)
    release(life, outside)
    assert [each.version for each in life.all(e.UpdatePosted)] == [1, 2]


@pytest.mark.parametrize(
    ("command", "because"),
    [
        (
            c.ChangeSeverity(by=ANN, severity="P0", because="worse"),
            "it was written at severity P1, and that is P0 now",
        ),
        (c.Resolve(by=ANN, resolution="paid", cause="lost"), ""),
    ],
)
def test_a_draft_expires_when_the_status_it_speaks_of_has_moved_on(command: c.Act, because: str) -> None:
    life = released()
    draft(life)
    life.send(command)
    ended = life.all(e.DraftEnded)
    assert [each.because for each in ended] == ([because] if because else [])
    if not because:  # proposed only: it is still in resolution, until it is confirmed
        life.send(c.ConfirmResolution(by=CUSTOMER))
        assert life.last(e.DraftEnded).because == "it was written in stage resolution, and it is in review now"


def test_a_draft_is_dropped_by_its_author_or_who_releases_with_a_reason() -> None:
    life = released()
    made = draft(life)
    life.refused(NotAllowed, c.DropDraft(by=BOB, draft="d1", because="no"))
    life.send(c.DropDraft(by=HAL, draft="d1", because="too early"))
    assert "dropped: too early" in life.refused(AlreadyDone, c.ReleaseUpdate(by=HAL, draft="d1", digest=made.digest))
    assert any("not sent, dropped: too early" in each.body for each in life.sent if each.to == ANN)
    life.refused(Unknown, c.DropDraft(by=HAL, draft="d9", because="?"))


def test_another_digest_than_that_of_the_draft_is_refused_and_no_more_than_ten_are_open() -> None:
    life = released()
    made = draft(life)
    assert made.digest in life.refused(NotAllowed, c.ReleaseUpdate(by=HAL, draft="d1", digest="0123"))
    for _ in range(9):
        draft(life)
    assert "10 drafts are open" in life.refused(NotNow, c.DraftUpdate(by=ANN, text="one more"))
    draft(life, replaces="d3")
    assert life.last(e.DraftEnded).how == "rewritten"
    for number in range(60):
        draft(life, replaces=f"d{number + 4}")
    assert life.state.communication is not None
    assert len(life.state.communication.drafts) <= 20


@pytest.mark.req("ICP-7")
@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(("draft", "release", "post", "worse", "drop", "wait")), st.integers(0, 5))))
def test_whatever_is_drafted_and_released_in_whatever_order_no_audience_gets_an_older_version_after_a_newer(
    steps: list[tuple[str, int]],
) -> None:
    life = released()
    for what, number in steps:
        talk = life.state.communication
        assert talk is not None
        known = next((each for each in talk.drafts.values() if each.id == f"d{number}"), None)
        audiences = ((), ("management",), ("customers",))[number % 3]
        inner, outer = f"inside {life.state.seq}", f"outside {life.state.seq}"
        act: c.Act = c.Note(by=ANN, text="waiting")
        if what == "draft":
            act = c.DraftUpdate(by=(ANN, BOT)[number % 2], audiences=audiences, text=inner, customer_text=outer)
        elif what == "release":
            act = c.ReleaseUpdate(by=HAL, draft=f"d{number}", digest=known.digest if known else "0")
        elif what == "post":
            act = c.PostUpdate(by=HAL, audiences=audiences, text=inner, customer_text=outer)
        elif what == "worse":
            act = c.ChangeSeverity(by=ANN, severity=("P0", "P1", "P2")[number % 3], because="so it is")
        elif what == "drop":
            act = c.DropDraft(by=HAL, draft=f"d{number}", because="no")
        before = life.state
        try:
            life.send(act)
        except DomainError:
            continue
        check(before, life.state, life.events[before.seq :], [])
    for audience in ("management", "customers"):
        told = [each for each in life.all(e.UpdatePosted) if audience in each.audiences]
        assert [each.version for each in told] == sorted({each.version for each in told})
    inside = [int(body.split()[1]) for body in to(life, IDA)]
    outside = [int(body.split()[1]) for body in public(life)]
    assert inside == sorted(inside), "written earlier, and sent after what was written later"
    assert outside == sorted(outside)


# --- announcements ----------------------------------------------------------------------------------------------------


@pytest.mark.req("ICP-6")
def test_as_a_stage_begins_each_audience_is_sent_the_text_that_is_mapped_to_it_once() -> None:
    life = opened(
        talking(
            announcements=[
                {"id": "taken", "audience": "management", "stages": ["resolution"], "text": "{owner} works on it"},
                {"id": "started", "audience": "customers", "stages": ["resolution"], "text": "We work on {case}."},
                {"id": "over", "audience": "management", "stages": ["review"], "text": "solved at {severity}"},
            ]
        )
    )
    assert to(life, IDA) == []
    life.taken_by(ANN)
    assert [each.splitlines()[0] for each in to(life, IDA)] == [f"{ANN} works on it"]
    assert public(life) == ["We work on 4711."]
    life.send(c.Note(by=ANN, text="looking"))
    assert len(to(life, IDA)) == 1
    life.resolved(ANN)
    assert [each.splitlines()[0] for each in to(life, IDA)] == [f"{ANN} works on it", "solved at P1"]
    assert [each.version for each in life.all(e.UpdatePosted)] == [1, 2, 3]


@pytest.mark.req("EP-P4")
def test_every_affected_party_is_told_of_what_happens_as_the_playbook_declares() -> None:
    went_up = {"on": ["level_entered", "severity_changed"], "text": "{severity}, level {level}"}
    life = opened(
        talking(
            stakeholders=[BOARD, {**BOARD, "name": "legal", "target": "role:boss"}, BUYER],
            announcements=[
                {"id": "up", "audience": "management", **went_up},
                {"id": "up2", "audience": "management", "on": ["severity_changed"], "text": "it got worse"},
                {"id": "news", "audience": "customers", "on": ["level_entered"], "text": "Specialists look at {case}."},
            ],
        )
    ).taken_by(ANN)
    before = len(life.sent)
    life.send(c.Escalate(by=ANN, reason="no_expertise", because="over my head"))
    told = [each.to for each in life.sent[before:] if "/update:" in each.key]
    assert told == [IDA, FAY]
    assert public(life)[-1] == "Specialists look at 4711."
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="worse"))
    assert to(life, IDA)[-1].startswith("P0, level L2\nit got worse"), "one message, of both texts"
    informed = {(each.stakeholder, each.version): each.informed for each in coverage(life.state, life.events)}
    assert all(informed.values())


def test_an_announcement_is_no_sign_of_life_of_whoever_speaks() -> None:
    life = opened(
        talking(
            cadence={"default": {"every": "1h", "chase": "15m"}},
            announcements=[{"id": "up", "audience": "management", "on": ["severity_changed"], "text": "worse"}],
            stakeholders=[BOARD],
        )
    ).taken_by(ANN)
    assert life.state.communication is not None
    due = life.state.communication.due
    life.pass_time("30m")
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="worse"))
    assert life.state.communication.due == due
    life.pass_time("31m")
    assert life.all(e.UpdateOverdue)


# --- each person once, and the chat group -----------------------------------------------------------------------------


@pytest.mark.req("TAG-2")
def test_a_person_who_stands_for_several_stakeholders_has_one_message_and_counts_for_all_of_them() -> None:
    both = [BOARD, {"name": "money", "audience": "staff", "target": "role:finance", "replies_within": "1h"}]
    life = opened(talking(stakeholders=both)).taken_by(ANN)
    life.send(c.PostUpdate(by=JOY, text="we look"))
    (only,) = to(life, IDA)
    assert "Please answer before" in only, "the message that asks for the answer is the one that is sent"
    assert life.state.communication is not None
    assert all(each.reached == (IDA,) for each in life.state.communication.stakeholders.values())
    life.send(c.PostUpdate(by=JOY, text="it is back"))
    assert len(to(life, IDA)) == 2


@pytest.mark.req("TAG-3")
def test_an_update_stands_on_the_timeline_and_in_the_chat_groups_of_the_level_and_of_the_playbook() -> None:
    life = opened(talking(post_to=["team", "group:experts"])).taken_by(ANN)
    life.send(c.PostUpdate(by=JOY, text="we look", customer_text="Friday"))
    posts = [(each.to, each.body.splitlines()[0]) for each in life.sent if each.to.startswith("group:")]
    assert posts == [("group:desk", "we look"), ("group:experts", "we look")]
    assert life.last(e.UpdatePosted).text == "we look"
    life.send(c.PostUpdate(by=JOY, customer_text="Friday, for sure"))
    assert len([each for each in life.sent if each.to.startswith("group:")]) == 2, "never the customers' text"
    life.send(c.ChangeFacts(by=ANN, facts={"concerns": (BOB,)}, because="it is about bob"))
    life.send(c.PostUpdate(by=JOY, text="about somebody"))
    assert life.last(e.UpdatePosted).groups == ()


# --- the plan, and who was informed -----------------------------------------------------------------------------------


@pytest.mark.req("ICP-5")
def test_the_plan_names_audience_stage_channel_text_cadence_and_what_is_expected_back() -> None:
    book = talking(
        stakeholders=[{**BOARD, "channels": ["sms"], "replies_within": "2h"}, BUYER],
        audiences=[*READS, {"id": "management", "receipt": {"within": "4h", "chase": "1h"}}],
        cadence={"P0": {"every": "30m", "chase": "10m"}},
        announcements=[{"id": "taken", "audience": "customers", "stages": ["resolution"], "text": "We work on it."}],
    )
    assert book.communication is not None
    rows = [
        (row.audience, row.reads, row.when, row.channels, row.text, row.cadence, row.answer)
        for row in plan(book.communication)
    ]
    back = "answer within 2h; confirm reading within 4h"
    assert rows == [
        ("management", "internal", "every stage", "sms then their own order", "update", "P0 every 30m", back),
        ("customers", "customer", "every stage", "the ticket, or directly", "update", "P0 every 30m", "none"),
        ("customers", "customer", "resolution", "the ticket, or directly", "taken", "once each time", "none"),
    ]
    life = opened(book)
    shown = situation(life.state, life.now).communication
    assert shown is not None
    assert shown.plan == plan(book.communication)


@pytest.mark.req("ICP-8")
def test_each_stakeholder_is_informed_of_each_required_update_or_missing_with_why() -> None:
    late = {"name": "legal", "audience": "legal", "target": "role:boss", "from_severity": "P0"}
    deaf = {"name": "press", "audience": "management", "target": "role:second-deputy"}
    life = Life(talking(stakeholders=[BOARD, deaf, late]), unreachable=(KIM,))
    life.open()
    life.taken_by(ANN)
    life.send(c.PostUpdate(by=JOY, text="one"))
    life.send(c.PostUpdate(by=JOY, text="two", audiences=("management",)))
    found = [(each.stakeholder, each.version, each.informed, each.why) for each in coverage(life.state, life.events)]
    assert found == [
        ("board", 1, True, IDA),
        ("press", 1, False, "not delivered: no such address"),
        ("board", 2, True, IDA),
        ("press", 2, False, "not delivered: no such address"),
        ("legal", 0, False, "not concerned yet: told from P0"),
    ]


@pytest.mark.req("ICP-14")
def test_the_whole_history_says_what_went_to_whom_when_delivered_and_answered() -> None:
    life = Life(talking(stakeholders=[{**BOARD, "replies_within": "2h"}, BUYER]), unreachable=(BOB,))
    life.open()
    life.taken_by(ANN)
    life.pass_time("10m")
    life.send(c.PostUpdate(by=JOY, text="we look", customer_text="Friday"))
    life.pass_time("5m")
    life.send(c.Reply(by=IDA, text="thank you"))
    sent = history(life.events)
    delivered = [event for event in life.events if isinstance(event, e.MessageDelivered | e.MessageFailed)]
    assert len(sent) == len(delivered) + 1, "every message, and the ticket"
    assert next(each for each in sent if each.to == BOB).failed == "no such address"
    update = next(each for each in sent if each.to == IDA)
    assert (update.stakeholder, update.channel, update.answer) == ("board", "inbox", "thank you")
    assert update.delivered_at is not None
    assert update.answered_at is not None
    assert (update.answered_at - update.delivered_at).total_seconds() == 300
    ticket = next(each for each in sent if each.channel == "ticket")
    assert (ticket.to, ticket.update) == (CUSTOMER, life.last(e.UpdatePosted).seq)
    assert any(each.to == EVE for each in sent) is False
