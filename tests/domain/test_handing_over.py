"""Hand-offs: what travels along, to whom they go, how they end, who speaks to the customer, and shifts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalation.documents import parse_document
from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.lifecycle.case.packet_views import packet
from escalation.lifecycle.outcomes import outcome
from escalation.lifecycle.situation import situation
from escalation.lifecycle.stops import stop
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind, UpdateCase
from escalation.people.directory import Directory, check_directory
from escalation.playbook.ladder import Axis
from tests.domain.builders import (
    ANN,
    BOB,
    BOT,
    CYD,
    DAN,
    EVE,
    FAY,
    GUS,
    HAL,
    START,
    Life,
    gated,
    opened,
    small,
)


def offered(to: str = "team:experts", **more: object) -> Life:
    life = opened(small()).taken_by(ANN)
    life.send(c.OfferHandoff(by=ANN, to=to, because="theirs", expectation="an answer by noon", **more))  # type: ignore[arg-type]
    return life


def test_an_offer_is_withdrawn_by_whoever_made_it_and_its_receivers_are_told() -> None:
    life = offered()
    assert (
        "withdrawn by whoever offered it, the owner, or the commander: person:ann; not by person:bob"
        in life.refused(NotAllowed, c.WithdrawHandoff(by=BOB, because="no"))
    )
    assert "is not in the working group" in life.refused(NotAllowed, c.WithdrawHandoff(by="person:x", because="no"))
    life.send(c.WithdrawHandoff(by=ANN, because="found it myself"))
    assert (life.state.handoff, life.owner) == (None, ANN)
    assert life.told(MessageKind.NEWS)[-2:] == [CYD, DAN]
    assert "was withdrawn: found it myself" in life.sent[-1].body


def test_who_was_offered_what_is_offered_to_others_instead_hears_so() -> None:
    life = offered()
    before = len(life.sent)
    life.send(c.OfferHandoff(by=ANN, to=BOB, because="nearer", expectation="an answer by noon"))
    told = [(each.to, each.kind) for each in life.sent[before:]]
    assert told[-3:] == [(CYD, MessageKind.NEWS), (DAN, MessageKind.NEWS), (BOB, MessageKind.PAGE)]
    assert "was withdrawn: person:ann offered it to person:bob instead" in life.sent[-2].body


def test_one_of_a_team_declines_for_themselves_and_it_stays_open_for_the_others() -> None:
    life = offered()
    due = life.due
    before = len(life.sent)
    events = life.send(c.DeclineHandoff(by=CYD, because="I am on leave"))
    assert [(each.type, each.by, each.because, each.left) for each in life.all(e.HandoffDeclined)] == [
        ("handoff_declined", CYD, "I am on leave", (DAN,))
    ]
    assert (life.owner, life.due, life.all(e.HandoffEnded)) == (ANN, due, []), "until it expires, as it was"
    assert "still asked until 2026-11-20 10:10 UTC: person:dan" in outcome(life.state, events)
    assert [(each.to, each.template) for each in life.sent[before:]] == [(ANN, "news.handoff_declined")]
    for said in ("person:cyd declined the hand-off to team:experts: I am on leave", "still asked until", DAN):
        assert said in life.sent[-1].body
    life.send(c.AcceptHandoff(by=DAN))
    assert (life.owner, life.last(e.OwnerChanged).handoff) == (DAN, "h1")


def test_who_declined_so_far_and_why_is_seen_and_who_is_still_awaited() -> None:
    life = offered()
    life.send(c.DeclineHandoff(by=CYD, because="no room " * 100))
    view = situation(life.state, life.now).ownership
    assert view is not None
    assert view.handoff is not None
    assert view.handoff.people == (DAN,)
    assert [(each.by, each.at, len(each.because) <= 300) for each in view.handoff.declined] == [(CYD, life.now, True)]
    assert stop(life.state, life.due).who == (DAN,)
    assert life.last(e.HandoffDeclined).because == ("no room " * 100).strip(), "the timeline has all of it"


def test_the_last_no_of_a_team_declines_the_hand_off_with_every_reason() -> None:
    life = offered()
    life.send(c.DeclineHandoff(by=DAN, because="not ours"))
    before = len(life.sent)
    life.send(c.DeclineHandoff(by=CYD, because="I am on leave"))
    ended = life.last(e.HandoffEnded)
    assert (life.owner, life.state.handoff, ended.how, ended.by) == (ANN, None, "declined", CYD)
    every = "person:dan (not ours); person:cyd (I am on leave)"
    assert ended.because == f"everybody who was asked declined: {every}"
    told = life.sent[before:]
    assert [(each.to, each.template) for each in told] == [(ANN, "news.handoff_ended")], "nobody else is asked any more"
    assert told[0].values["because"]["values"]["refusals"] == [
        {"by": DAN, "words": "not ours"},
        {"by": CYD, "words": "I am on leave"},
    ]
    assert f"({ended.because})" in life.refused(NotNow, c.AcceptHandoff(by=CYD))


def test_a_no_stands_and_whoever_said_it_is_shown_how_to_take_it_over_after_all() -> None:
    life = offered()
    life.send(c.DeclineHandoff(by=CYD, because="I am on leave"))
    for again in (
        c.AcceptHandoff(by=CYD),
        c.AcceptHandoff(by=CYD, for_team=True),
        c.DeclineHandoff(by=CYD, because="still"),
    ):
        said = life.refused(AlreadyDone, again)
        assert "person:cyd declined hand-off h1 at 2026-11-20 10:00 UTC" in said
        assert "use claim with a reason to take escalation-chatbot-conv-1 over from person:ann" in said
    life.send(c.Claim(by=CYD, because="my leave is off"))
    assert (life.owner, life.state.handoff) == (CYD, None)


def test_what_one_accepted_for_the_team_is_claimed_by_another_and_not_by_whoever_declined() -> None:
    life = offered()
    life.send(c.DeclineHandoff(by=CYD, because="I am on leave"))
    before = len(life.sent)
    life.send(c.AcceptHandoff(by=DAN, for_team=True))
    assert life.told(since=before) == [DAN]
    assert "say why you take it over" in life.refused(NotAllowed, c.Claim(by=CYD))
    life.send(c.DeclineHandoff(by=DAN, because="I cannot after all"))
    assert life.last(e.HandoffEnded).how == "declined"


def test_who_declined_hears_no_more_of_the_offer_and_may_leave_the_working_group() -> None:
    life = offered()
    assert "is offered responsibility" in life.refused(NotNow, c.Leave(by=CYD, because="done"))
    life.send(c.DeclineHandoff(by=CYD, because="I am on leave"))
    life.send(c.Leave(by=CYD, because="done"))
    before = len(life.sent)
    life.send(c.WithdrawHandoff(by=ANN, because="found it myself"))
    assert life.told(since=before) == [ANN, DAN]


def test_whoever_made_the_offer_hears_each_no_and_the_owner_how_it_ended() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.OfferHandoff(by=EVE, to="team:experts", because="theirs", expectation="an answer by noon"))
    before = len(life.sent)
    life.send(c.DeclineHandoff(by=CYD, because="I am on leave"))
    assert life.told(since=before) == [EVE]
    life.send(c.DeclineHandoff(by=DAN, because="not ours"))
    assert [(each.to, each.template) for each in life.sent[before + 1 :]] == [
        (EVE, "news.handoff_declined"),
        (ANN, "news.handoff_ended"),
    ]
    assert "nobody is left" in life.sent[before + 1].body


def test_the_offer_to_a_team_outlives_whoever_leaves_it_and_is_of_those_it_was_when_it_was_offered() -> None:
    life = offered()
    teams = (team.changed({"members": ("gus",)}) if team.id == "experts" else team for team in life.directory.teams)
    life.directory = life.directory.changed({"teams": tuple(teams)})
    life.send(c.DeclineHandoff(by=CYD, because="I have left the team"))
    assert life.state.handoff is not None
    assert life.state.handoff.asked == (DAN,)
    assert "offered to team:experts, not to person:gus" in life.refused(NotAllowed, c.AcceptHandoff(by=GUS))
    life.pass_time("10m")
    assert (life.last(e.HandoffEnded).how, life.owner) == ("expired", ANN)


def test_a_no_of_whom_it_is_offered_to_by_name_is_that_of_those_found_in_their_place_too() -> None:
    life = offered(CYD)
    instead = life.state.handoff.changed({"people": (DAN, EVE)})  # type: ignore[union-attr]
    life.state = life.state.changed({"handoff": instead})
    life.send(c.DeclineHandoff(by=CYD, because="nobody of us can"))
    assert life.last(e.HandoffEnded).how == "declined"
    assert {DAN, EVE} <= set(life.told())


def test_the_messages_of_those_who_declined_say_so_and_the_others_can_still_be_answered() -> None:
    life = opened(small())
    life.amendable = True
    life.taken_by(ANN)
    life.send(c.OfferHandoff(by=ANN, to="team:experts", because="theirs", expectation="an answer by noon"))
    for person in (CYD, DAN):
        life.send(c.DeclineHandoff(by=person, because="no"))
        settled = life.last(e.MessagesSettled).messages
        assert [(each.to, each.who, each.said.template) for each in settled] == [(person, person, "settled.declined")]


@pytest.mark.parametrize("rules", [0, 1])
def test_by_earlier_rules_the_first_no_of_a_team_ends_the_offer(rules: int) -> None:
    life = offered()
    life.state = life.state.changed({"rules": rules})
    life.send(c.DeclineHandoff(by=CYD, because="I am on leave"))
    ended = life.last(e.HandoffEnded)
    assert (life.state.handoff, ended.how, ended.because, ended.by) == (None, "declined", "I am on leave", CYD)


def test_nobody_of_several_with_the_next_shift_takes_it_and_it_goes_up_only_then() -> None:
    life = on_shift()
    life.pass_time("90m")
    offer = life.state.handoff.changed({"people": (BOB, DAN)})  # type: ignore[union-attr]
    life.state = life.state.changed({"handoff": offer})
    life.send(c.DeclineHandoff(by=BOB, because="I am ill"))
    assert (life.level, life.told()[-1]) == ("L1", ANN), "the engine made the offer: the owner hears it"
    life.send(c.DeclineHandoff(by=DAN, because="so am I"))
    assert (life.level, life.owner) == ("L2", ANN)
    assert "(oncall:desk) was declined: everybody who was asked declined" in life.last(e.LevelEntered).because


def test_how_long_nobody_of_a_level_accepted_is_told_by_that_level_s_time() -> None:
    life = offered("level:L3")
    life.pass_time("20m")
    assert life.last(e.HandoffEnded).because == "nobody accepted within 20m"


def test_who_accepts_too_late_hears_when_it_expired_and_who_is_responsible() -> None:
    life = offered()
    life.pass_time("10m")
    said = life.refused(NotNow, c.AcceptHandoff(by=CYD))
    assert "expired at 2026-11-20 10:10 UTC (nobody accepted within 10m)" in said
    assert said.endswith("person:ann is responsible")


def test_a_late_answer_to_ones_own_offer_hears_how_it_ended_and_who_is_asked_now() -> None:
    life = offered()
    life.pass_time("10m")
    life.send(c.OfferHandoff(by=ANN, to="role:lead", because="theirs", expectation="an answer"))
    late = (
        "hand-off h1, which was offered to you as team:experts, expired at 2026-11-20 10:10 UTC (nobody accepted "
        "within 10m); role:lead is asked now, until 2026-11-20 10:20 UTC; person:ann is responsible"
    )
    assert life.refused(NotNow, c.AcceptHandoff(by=CYD)) == late
    assert life.refused(NotNow, c.DeclineHandoff(by=CYD, because="busy")) == late
    assert "was offered to role:lead, not to person:bob" in life.refused(NotAllowed, c.AcceptHandoff(by=BOB))


def test_whoever_comes_second_hears_who_accepted_or_took_it_before_them() -> None:
    life = offered()
    life.send(c.AcceptHandoff(by=DAN))
    assert "was accepted by person:dan at 2026-11-20 10:00 UTC; nobody is asked now; person:dan is responsible" in (
        life.refused(NotNow, c.AcceptHandoff(by=CYD))
    )
    life = offered()
    life.send(c.Claim(by=BOB, because="I know the bank"))
    assert "ended at 2026-11-20 10:00 UTC, because person:bob took it" in life.refused(NotNow, c.AcceptHandoff(by=CYD))


def test_the_owner_hears_at_once_that_somebody_else_offers_it_away_and_how_to_take_it_back() -> None:
    life = opened(small()).taken_by(ANN)
    before = len(life.sent)
    life.send(c.OfferHandoff(by=BOB, to="team:experts", because="theirs", expectation="an answer"))
    to_owner = [each for each in life.sent[before:] if each.to == ANN]
    assert len(to_owner) == 1
    said = to_owner[0].body
    assert "person:bob offers it to team:experts: theirs. It can be accepted until 2026-11-20 10:10 UTC" in said
    assert "escalate withdraw_handoff escalation-chatbot-conv-1 --by person:ann" in said
    life.send(c.WithdrawHandoff(by=ANN, because="I stay"))
    before = len(life.sent)
    life.send(c.OfferHandoff(by=ANN, to="team:experts", because="theirs", expectation="an answer"))
    assert ANN not in life.told(since=before), "who offers it knows"


def test_an_open_offer_is_replaced_by_whoever_made_it_the_owner_or_the_commander_and_nobody_else() -> None:
    life = offered()
    other = {"to": "role:lead", "because": "hers", "expectation": "an answer"}
    said = life.refused(NotAllowed, c.OfferHandoff(by=BOB, **other))  # type: ignore[arg-type]
    assert "hand-off h1 to team:experts is open until 2026-11-20 10:10 UTC" in said
    assert "that may: person:ann; not person:bob" in said
    assert "not person:bob" in life.refused(NotAllowed, c.Reassign(by=BOB, to=EVE, because="hers"))
    life.send(c.NameCommander(by=ANN, who=BOB, because="four teams work on it"))
    life.send(c.OfferHandoff(by=BOB, **other))  # type: ignore[arg-type]
    assert (life.state.handoff.to, life.all(e.HandoffEnded)[-1].how) == ("role:lead", "withdrawn")  # type: ignore[union-attr]


def test_an_ai_is_offered_nothing_and_unknown_levels_and_the_engine_neither() -> None:
    life = opened(small()).taken_by(ANN)
    said = {"by": ANN, "because": "x", "expectation": "y"}
    assert "agent:bot is an AI; give_back gives the case back" in life.refused(
        NotAllowed,
        c.OfferHandoff(to=BOT, **said),  # type: ignore[arg-type]
    )
    assert "has no level L9; it has L1, L2, L3" in life.refused(Unknown, c.OfferHandoff(to="level:L9", **said))  # type: ignore[arg-type]
    assert "is at L1 already" in life.refused(NotNow, c.OfferHandoff(to="level:L1", **said))  # type: ignore[arg-type]
    assert "the engine itself" in life.refused(NotAllowed, c.OfferHandoff(to="system:engine", **said))  # type: ignore[arg-type]


def test_offered_to_a_level_it_is_there_as_soon_as_somebody_of_it_accepts() -> None:
    life = offered("level:L2")
    assert life.level == "L1"
    assert life.due.at - START == timedelta(minutes=15)  # the time of L2
    assert life.told(MessageKind.PAGE)[-2:] == [CYD, DAN]
    life.send(c.AcceptHandoff(by=CYD))
    assert (life.level, life.owner, life.state.rung) == ("L2", CYD, None)


def test_an_outside_system_takes_it_and_the_owner_stays_responsible() -> None:
    life = offered("system:jira")
    assert any(isinstance(each, UpdateCase) and "Handed to jira: theirs" in each.note for each in life.tickets)
    assert "under which id" in life.refused(NotAllowed, c.AcceptHandoff(by=ANN))
    life.send(c.AcceptHandoff(by=ANN, reference="OPS-7"))
    assert life.last(e.HandoffEnded).how == "taken_outside"
    assert "took it as OPS-7" in life.last(e.HandoffEnded).because
    assert life.owner == ANN


@pytest.mark.req("USE-3")
def test_a_task_with_assignee_and_due_date_becomes_an_action_item_on_acceptance() -> None:
    due = START + timedelta(hours=5)
    life = offered(task="trace the payment", assignee=DAN, due=due)
    assert life.state.items == {}
    assert "Task for person:dan, due 2026-11-20 15:00 UTC: trace the payment" in life.sent[-1].body
    life.send(c.AcceptHandoff(by=CYD))
    item = life.state.items["i1"]
    assert (item.title, item.owner, item.due) == ("trace the payment", DAN, due)
    said = {"by": CYD, "to": "team:desk", "because": "x", "expectation": "y"}
    assert "needs a due time" in life.refused(NotAllowed, c.OfferHandoff(task="t", **said))  # type: ignore[arg-type]
    assert "belong to a task" in life.refused(NotAllowed, c.OfferHandoff(due=due, **said))  # type: ignore[arg-type]


def test_the_version_of_the_packet_travels_along_and_a_change_is_said_or_refused() -> None:
    life = offered()
    version = life.state.packet_version
    assert f"Version {version} of the packet:" in life.sent[-1].body
    assert packet(life.state).version == version
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 50.0}))
    assert life.state.packet_version == version + 1
    assert f"has version {version + 1} and you read {version}" in life.refused(
        NotNow, c.AcceptHandoff(by=CYD, packet_version=version)
    )
    life.send(c.AcceptHandoff(by=CYD))
    assert life.last(e.OwnerChanged).although == (
        f"although the packet has changed since it was offered (version {version}, now {version + 1})"
    )


def test_the_reason_chooses_the_axis_and_is_counted() -> None:
    life = offered(reason="no_authority")
    assert life.last(e.HandoffOffered).axis is Axis.HIERARCHICAL
    life.send(c.AcceptHandoff(by=CYD))
    assert life.state.level is not None
    assert life.state.level.axis is Axis.HIERARCHICAL
    life.send(c.OfferHandoff(by=CYD, to=BOB, because="x", expectation="y", reason="no_expertise"))
    assert life.last(e.HandoffOffered).axis is Axis.FUNCTIONAL
    assert life.state.ownership.reasons == {"no_authority": 1, "no_expertise": 1}


def test_how_often_it_was_passed_on_is_shown_and_a_trigger_may_read_it() -> None:
    triggers = [
        {"id": "unsure", "when": "ai_confidence < confidence.threshold", "initiation": "ai_limit"},
        {"id": "ping_pong", "when": "handoffs >= 2.0", "level": "L3"},
    ]
    life = opened(small(triggers=triggers)).taken_by(ANN)
    life.send(c.Claim(by=BOB, because="my turn"))
    assert (life.state.hops, life.level) == (1, "L1")
    life.send(c.Claim(by=ANN, because="mine again"))
    assert (life.level, "ping_pong" in life.reasons) == ("L3", True)
    view = situation(life.state, life.now).ownership
    assert view is not None
    assert (view.hops, packet(life.state).hops) == (2, 2)


def test_a_team_accepts_and_one_of_its_people_has_to_claim_it_in_time() -> None:
    life = offered()
    life.pass_time("5m")
    life.send(c.AcceptHandoff(by=CYD, for_team=True))
    assert (life.owner, life.due.kind, life.due.at - START) == (ANN, "handoff", timedelta(minutes=15))
    assert "accepted it for team:experts already" in life.refused(AlreadyDone, c.AcceptHandoff(by=DAN, for_team=True))
    life.send(c.Claim(by=DAN))
    assert (life.owner, life.last(e.OwnerChanged).handoff) == (DAN, "h1")


def test_what_is_accepted_for_a_team_says_until_when_it_is_to_be_claimed_and_how() -> None:
    life = offered()
    before = len(life.sent)
    events = life.send(c.AcceptHandoff(by=CYD, for_team=True))
    assert "Somebody of team:experts has to claim it until 2026-11-20 10:10 UTC (escalate claim" in outcome(
        life.state, events
    )
    said = {each.to: each.body for each in life.sent[before:]}
    assert "you accepted escalation-chatbot-conv-1 for team:experts" in said[CYD]
    assert "before 2026-11-20 10:10 UTC, or it stays with person:ann" in said[DAN]
    assert "escalate claim escalation-chatbot-conv-1 --by person:dan" in said[DAN]
    assert life.due.summary == (
        "nobody of team:experts has claimed it, which person:cyd accepted for them: it stays with person:ann, "
        "who is told"
    )


def test_what_nobody_of_the_team_claims_stays_with_the_old_owner() -> None:
    life = offered()
    life.send(c.AcceptHandoff(by=CYD, for_team=True))
    life.pass_time("10m")
    assert (life.owner, life.state.handoff) == (ANN, None)
    assert "nobody of it claimed it within 10m" in life.last(e.HandoffEnded).because
    life = offered(CYD)
    assert "which is no team" in life.refused(NotAllowed, c.AcceptHandoff(by=CYD, for_team=True))


@pytest.mark.req("EP-F13")
def test_the_receiver_rates_the_preparation_of_the_hand_off_they_received() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Rate(by=ANN, score=2, comment="no log"))
    assert (life.last(e.Rated).handoff, life.last(e.Rated).giver) == ("", BOT)
    life.send(c.OfferHandoff(by=ANN, to=CYD, because="x", expectation="y"))
    life.send(c.AcceptHandoff(by=CYD))
    assert "rated by its receiver: person:bob received none, not h1" in life.refused(
        NotAllowed, c.Rate(by=BOB, score=5, handoff="h1")
    )
    life.send(c.Rate(by=CYD, score=4))
    assert (life.last(e.Rated).handoff, life.last(e.Rated).giver) == ("h1", ANN)
    assert "has rated hand-off h1" in life.refused(AlreadyDone, c.Rate(by=CYD, score=1, handoff="h1"))


# --- who speaks to the customer ---------------------------------------------------------------------------------------


def test_the_bot_speaks_until_a_person_takes_it_and_is_silent_from_then_on() -> None:
    life = opened(small())
    assert situation(life.state, life.now).ownership.holder == "ai"  # type: ignore[union-attr]
    life.taken_by(ANN)
    assert situation(life.state, life.now).ownership.holder == "human"  # type: ignore[union-attr]
    assert any("agent:bot is silent" in each.note for each in life.tickets if isinstance(each, UpdateCase))
    assert life.open(request_id="r-2").holder == "human"  # whoever reports it again learns that the bot is silent
    by_hand = opened(small(), initiation="manual", requested_by=HAL)
    assert by_hand.state.holder == "none"


def test_the_owner_gives_it_back_to_the_ai_with_guidance() -> None:
    life = opened(small()).taken_by(ANN)
    assert "only the owner gives" in life.refused(NotAllowed, c.GiveBack(by=BOB, guidance="g", because="b"))
    life.send(c.GiveBack(by=ANN, guidance="offer the refund form", because="it is a plain refund"))
    assert (life.state.outcome, life.state.holder) == ("returned", "ai")
    assert life.sent[-1].to == BOT
    assert "offer the refund form" in life.sent[-1].body
    assert life.tickets[-1].status == "open"  # type: ignore[union-attr]


def test_it_is_not_given_back_while_something_is_open_nor_where_no_ai_had_it() -> None:
    life = opened(gated({"when": "true", "subject": ["amount"]})).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="mend it", owner=BOB, due=START + timedelta(hours=1)))
    said = life.refused(NotNow, c.GiveBack(by=ANN, guidance="g", because="b"))
    assert "approval gate1 is pending; action item i1 is open" in said
    life = opened(small(), initiation="manual", requested_by=HAL).taken_by(ANN)
    assert "no AI had" in life.refused(NotAllowed, c.GiveBack(by=ANN, guidance="g", because="b"))


@pytest.mark.req("LA-CH6")
def test_a_transferred_call_stands_on_the_timeline_with_both_agents_and_its_recording() -> None:
    life = opened(small()).taken_by(ANN)
    link = "https://calls.example/77"
    command = c.RecordCallTransfer(by=ANN, call="77", giver="desk-4", receiver="desk-9", kind="warm", recording=link)
    life.send(command)
    told = life.last(e.CallTransferred)
    assert (told.call, told.giver, told.receiver, told.transfer) == ("77", "desk-4", "desk-9", "warm")
    assert (told.transferred_at, told.recording) == (life.now, link)
    same = command.model_copy(update={"receiver": "desk-4"})
    assert "both are desk-4" in life.refused(NotAllowed, same)
    assert "in the future" in life.refused(NotAllowed, command.model_copy(update={"at": START + timedelta(days=1)}))


# --- the next shift ---------------------------------------------------------------------------------------------------


def shifts() -> Directory:
    contact = "contacts: [{channel: inbox, address: a}]"
    names = ("ann", "bob", "cyd", "dan", "eve", "fay", "gus")
    people = "\n".join(f"  - {{id: {name}, name: {name}, time_zone: UTC, {contact}}}" for name in names)
    return check_directory(
        parse_document(
            f"""\
people:
{people}
teams:
  - {{id: desk, name: Desk, members: [ann, bob], oncall: desk}}
  - {{id: experts, name: Experts, members: [cyd, dan]}}
roles:
  lead: {{holders: [eve]}}
  boss: {{holders: [fay]}}
  playbook-owner: {{holders: [gus]}}
rotations:
  desk:
    people: [ann, bob]
    every: 12h
    time_zone: UTC
    hand_over: {{at: "00:00"}}
    starts_on: 2026-11-20
""",
            "shifts.yaml",
        )
    )


def on_shift() -> Life:
    life = Life(small(shift_handover={"before": "30m", "to": "oncall:desk"}, hold_at_most="3d"), directory=shifts())
    life.open()
    return life.taken_by(ANN)


@pytest.mark.req("SHF-2", "SHF-3", "SYN-8")
def test_before_the_owner_s_shift_ends_it_is_offered_to_the_next_with_what_remains() -> None:
    life = on_shift()
    life.send(c.AddItem(by=ANN, title="call the bank", owner=BOB, due=START + timedelta(hours=9)))
    known = life.last(e.ShiftKnown)
    assert (known.ends - START, known.offer_due - START) == (timedelta(hours=2), timedelta(minutes=90))
    life.send(c.PutOnHold(by=ANN, because="the bank looks", until=START + timedelta(hours=8)))
    life.pass_time("90m")
    offer = life.last(e.HandoffOffered)
    assert (offer.to, offer.by, offer.due - START, offer.shift) == (
        "oncall:desk",
        "system:engine",
        timedelta(hours=2),
        True,
    )
    assert "Open: i1 call the bank (person:bob" in offer.expectation
    assert "Blocked: on hold until" in offer.expectation
    assert life.told(MessageKind.PAGE)[-1] == BOB  # who has the next shift, not this one
    life.send(c.EditHandover(by=ANN, text="ask for Ms Li at the bank"))
    assert "ask for Ms Li" in life.sent[-1].body
    assert "the outgoing owner writes what remains" in life.refused(NotAllowed, c.EditHandover(by=BOB, text="x"))


@pytest.mark.req("SHF-4", "SHF-5")
def test_only_when_the_incoming_accepts_responsibility_passes_and_the_record_says_what_was_done() -> None:
    life = on_shift()
    life.send(c.AddItem(by=ANN, title="call the bank", owner=ANN, due=START + timedelta(hours=9)))
    life.send(c.CompleteItem(by=ANN, item="i1", result="they look into it"))
    life.pass_time("95m")
    assert life.owner == ANN
    life.send(c.AcceptHandoff(by=BOB))
    record = life.last(e.ShiftHandedOver)
    assert (record.giver, record.receiver) == (ANN, BOB)
    assert "Done: i1 call the bank (they look into it)" in record.done
    assert "Nothing is open beside the case itself." in record.remains
    assert (life.state.hops, life.state.ownership.shift_changes) == (0, 1)  # planned: not counted as passing on
    assert life.last(e.ShiftKnown).ends - START == timedelta(hours=14)  # and Bob's own shift is known now


@pytest.mark.req("SHF-4", "SYN-8")
def test_when_nobody_of_the_next_shift_accepts_it_goes_up_and_the_outgoing_owner_stays_responsible() -> None:
    life = on_shift()
    life.state = life.state.changed({"level": life.state.level.changed({"dwell_due": START + timedelta(days=1)})})  # type: ignore[union-attr]
    life.pass_time("2h")
    assert life.last(e.HandoffEnded).because == "nobody accepted before the shift ended"
    assert (life.level, life.owner) == ("L2", ANN)
    assert life.told(MessageKind.PAGE)[-2:] == [CYD, DAN]
    assert "was not accepted" in life.last(e.LevelEntered).because


def test_who_has_no_shift_there_hands_over_nothing_by_itself() -> None:
    life = on_shift()
    life.send(c.Claim(by=EVE, because="mine"))
    assert life.state.ownership.shift is None
    life.pass_time(timedelta(minutes=110))
    assert life.all(e.HandoffOffered) == []
    assert {FAY, GUS}.isdisjoint(life.told(MessageKind.PAGE))
