"""Hand-off: responsibility is offered and passes only when somebody accepts it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.playbook.schema import Stage
from tests.domain.builders import ANN, BOB, BOT, CYD, DAN, EVE, GUS, START, Life, opened, small


def offered(to: str = "team:experts") -> Life:
    life = opened(small()).taken_by(ANN)
    life.send(c.OfferHandoff(by=ANN, to=to, because="it is the bank's fault", expectation="an answer by noon"))
    return life


@pytest.mark.req("LA-CH4", "BEN-7", "LA-10")
def test_it_passes_sideways_in_one_act_with_reason_expectation_packet_and_history() -> None:
    life = offered()
    history = len(life.events)
    offer = life.sent[-1]
    assert life.told(MessageKind.PAGE)[-2:] == [CYD, DAN]
    for said in ("it is the bank's fault", "an answer by noon", "The refund has not arrived", "sent the status page"):
        assert said in offer.body
    assert "until then person:ann stays responsible" in offer.body
    life.send(c.AcceptHandoff(by=DAN))
    changed = life.last(e.OwnerChanged)
    assert (changed.owner, changed.previous, changed.expectation) == (DAN, ANN, "an answer by noon")
    assert changed.because == "hand-off accepted: it is the bank's fault"
    assert (life.owner, life.state.handoff, life.state.owner_changes) == (DAN, None, 2)
    assert life.events[:history][0].type == "opened"
    assert life.level == "L1"  # sideways, not up


def test_until_it_is_accepted_the_old_owner_stays_responsible() -> None:
    life = offered()
    assert life.owner == ANN
    assert (life.due.kind, life.due.at - START) == ("handoff", timedelta(minutes=10))
    life = offered(CYD)
    life.send(c.DeclineHandoff(by=CYD, because="I am on leave"))
    assert (life.owner, life.state.handoff) == (ANN, None)
    ended = life.last(e.HandoffEnded)
    assert (ended.how, ended.because, ended.by) == ("declined", "I am on leave", CYD)
    told = next(each for each in reversed(life.sent) if each.to == ANN)
    assert "the hand-off was declined: I am on leave. You stay responsible" in told.body


def test_an_offer_that_nobody_accepts_expires_and_the_owner_is_told() -> None:
    life = offered()
    life.pass_time("10m")
    assert (life.owner, life.state.handoff) == (ANN, None)
    assert life.last(e.HandoffEnded).because == "nobody accepted within 10m"
    assert life.told(MessageKind.NEWS)[-1] == ANN
    assert "nobody is asked now; person:ann is responsible" in life.refused(NotNow, c.AcceptHandoff(by=CYD))
    assert "no hand-off of escalation-chatbot-conv-1 is open" in life.refused(NotNow, c.AcceptHandoff(by=BOB))


def test_a_new_offer_withdraws_the_one_before() -> None:
    life = offered()
    life.send(c.Reassign(by=ANN, to=BOB, because="he is back"))
    assert life.last(e.HandoffEnded).how == "withdrawn"
    said = life.refused(NotNow, c.AcceptHandoff(by=CYD))
    assert "was withdrawn at 2026-11-20 10:00 UTC (person:ann offered it to person:bob instead)" in said
    assert "person:bob is asked now" in said
    life.send(c.AcceptHandoff(by=BOB))
    assert life.owner == BOB


@pytest.mark.req("ITSM-14")
def test_a_reassignment_names_a_person_what_is_expected_and_until_when_to_accept() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Reassign(by=EVE, to=DAN, because="find out what the bank says"))
    offer = life.last(e.HandoffOffered)
    assert (offer.to, offer.expectation, offer.due - START) == (
        DAN,
        "find out what the bank says",
        timedelta(minutes=10),
    )
    assert life.told(MessageKind.PAGE)[-1] == DAN
    assert life.owner == ANN


@pytest.mark.req("DEF-3")
def test_no_hand_off_without_a_reason_and_what_is_expected() -> None:
    for missing in ("because", "expectation"):
        said = {"because": "theirs", "expectation": "an answer", missing: "  "}
        with pytest.raises(ValidationError):
            c.OfferHandoff.model_validate({"by": ANN, "to": "team:experts", **said})


def test_only_whom_it_was_offered_to_may_answer() -> None:
    life = offered()
    assert "the hand-off was offered to team:experts, not to person:bob" in life.refused(
        NotAllowed, c.AcceptHandoff(by=BOB)
    )
    assert "offered to team:experts" in life.refused(NotAllowed, c.DeclineHandoff(by=BOB, because="no"))
    assert "is not a person" in life.refused(NotAllowed, c.AcceptHandoff(by=BOT))


def test_the_owner_is_not_offered_what_they_have() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.OfferHandoff(by=ANN, to="team:desk", because="lunch", expectation="an answer"))
    assert life.told(MessageKind.PAGE)[-1] == BOB
    assert "the hand-off was offered to team:desk" in life.refused(NotAllowed, c.AcceptHandoff(by=ANN))
    assert "owns escalation-chatbot-conv-1 already" in life.refused(
        AlreadyDone, c.Reassign(by=EVE, to=ANN, because="hers")
    )


def test_nothing_can_be_handed_over_before_somebody_has_it_nor_to_what_is_no_person_nor_by_strangers() -> None:
    early = c.OfferHandoff(by=EVE, to="team:experts", because="theirs", expectation="an answer")
    assert "nobody owns escalation-chatbot-conv-1 yet; it is being offered to team:desk" in opened(small()).refused(
        NotNow, early
    )
    life = opened(small()).taken_by(ANN)
    assert "agent:bot is none (expected person:ID)" in life.refused(
        NotAllowed, c.Reassign(by=ANN, to=BOT, because="it can")
    )
    assert "is not in the working group" in life.refused(
        NotAllowed, c.Reassign(by="person:stranger", to=BOB, because="no reason")
    )
    assert "is not a person" in life.refused(NotAllowed, c.Reassign(by=BOT, to=BOB, because="it decides"))


def test_an_offer_to_nobody_who_exists_tells_the_playbook_s_owner_why() -> None:
    life = offered("team:ghosts")
    assert GUS in life.told()
    assert "team:ghosts: no such team in the directory" in life.sent[-1].body
    life.pass_time("10m")
    assert life.owner == ANN


@pytest.mark.req("EP-8", "BEN-7")
def test_who_was_responsible_from_when_to_when_is_complete() -> None:
    life = opened(small())
    for minutes, person in ((2, ANN), (30, BOB), (55, EVE)):
        life.pass_time(START + timedelta(minutes=minutes) - life.now)
        life.send(c.Acknowledge(by=person) if life.state.owner is None else c.Claim(by=person, because="my turn"))
    chain = [(event.at - START, event.previous, event.owner) for event in life.all(e.OwnerChanged)]
    assert chain == [
        (timedelta(minutes=2), "role:lead", ANN),
        (timedelta(minutes=30), ANN, BOB),
        (timedelta(minutes=55), BOB, EVE),
    ]
    assert all(event.because for event in life.all(e.OwnerChanged))


@pytest.mark.req("SFQ-1")
def test_whoever_answers_for_the_stage_may_step_in_at_every_phase_and_each_act_is_recorded() -> None:
    life = opened(small()).taken_by(ANN)
    for command in (
        c.ChangeSeverity(by=EVE, severity="P0", because="the press called"),
        c.Escalate(by=EVE, reason="other", because="the press called"),
        c.PutOnHold(by=EVE, because="waiting for the bank"),
        c.Reassign(by=EVE, to=BOB, because="he knows the bank"),
        c.Cancel(by=EVE, because="it was a test"),
    ):
        events = life.send(command)
        assert events[0].by == EVE
    assert life.state.stage is Stage.CLOSED
