"""Resolution: proposed by people, confirmed or rejected by whom it is for, and what silence means."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind, UpdateCase
from escalation.playbook.schema import Playbook, Stage, WaitingOn
from starter.story import say
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, CYD, DAN, EVE, PROCEDURE, SERVICE, Life, opened, small


def confirmed_by(whom: str, **more: Any) -> Playbook:
    return small(resolution={"confirmed_by": whom, "confirm_within": "1d", **more})


def proposed(playbook: Playbook | None = None) -> Life:
    life = opened(playbook or small()).taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="paid again", cause="a batch was lost"))
    return life


@pytest.mark.req("SAG-8", "IAP-1")
def test_from_taking_it_to_the_review_each_step_follows_by_itself() -> None:
    life = opened(small())
    stages = [life.state.stage]
    for command in (
        c.Acknowledge(by=ANN),
        c.Note(by=BOB, text="the bank confirms"),
        c.Resolve(by=ANN, resolution="paid again"),
        c.ConfirmResolution(by=CUSTOMER),
        c.SubmitReview(by=ANN, cause="a lost batch", lessons=("watch it",)),
    ):
        life.send(command)
        stages.append(life.state.stage)
    assert stages == [
        Stage.ASSIGNMENT,
        Stage.RESOLUTION,
        Stage.RESOLUTION,
        Stage.RESOLUTION,
        Stage.REVIEW,
        Stage.CLOSED,
    ]


def test_a_member_may_resolve_what_somebody_else_owns_and_the_timeline_says_so() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Resolve(by=BOB, resolution="paid again", cause="a batch was lost"))
    event = life.last(e.ResolutionProposed)
    assert (event.by, event.although, life.owner) == (BOB, f"although {ANN} owns it", ANN)
    assert say(event).why == f"although {ANN} owns it; cause: a batch was lost"


def test_the_owner_and_whoever_resolves_it_at_once_hear_no_although() -> None:
    assert proposed().last(e.ResolutionProposed).although == ""
    life = opened(small())
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    assert (life.last(e.ResolutionProposed).although, life.last(e.OwnerChanged).although) == ("", "")


def test_who_resolves_at_once_what_others_were_called_for_owns_it_and_the_timeline_says_so() -> None:
    life = opened(small())
    life.pass_time("20m")
    life.send(c.Resolve(by=EVE, resolution="paid again"))
    assert life.last(e.OwnerChanged).although == f"although {CYD}, {DAN} were called"
    assert life.last(e.ResolutionProposed).although == ""


def test_who_is_no_member_cannot_resolve_and_is_told_who_may() -> None:
    life = opened(small()).taken_by(ANN)
    said = life.refused(NotAllowed, c.Resolve(by="person:stranger", resolution="paid again"))
    assert f"person:stranger is not in the working group of {life.state.id}; these may act: {ANN}, {BOB}" in said


@pytest.mark.parametrize("text", ["it happened again", "thanks"])
def test_whatever_the_customer_writes_while_a_resolution_is_proposed_rejects_it_and_silence_confirms_nothing(
    text: str,
) -> None:
    life = proposed(confirmed_by("customer", on_silence="confirmed"))
    life.pass_time("1h")
    before = len(life.sent)
    life.send(c.Note(by=CUSTOMER, text=text))
    rejected = life.last(e.ResolutionRejected)
    assert (rejected.by, rejected.because) == (
        CUSTOMER,
        "the customer wrote while the resolution waited to be confirmed",
    )
    assert (life.state.resolution_state, life.state.waiting_on) == ("rejected", WaitingOn.OWNER)
    assert life.told(MessageKind.NEWS, since=before) == [ANN, BOB, ANN]  # what was written, and what follows from it
    life.pass_time("2h")
    assert life.all(e.ResolutionConfirmed) == []
    life.pass_time("3d")
    assert life.all(e.ResolutionConfirmed) == []
    assert life.last(e.LevelEntered).because.startswith("not resolved at L")  # it goes on as unsolved


def test_a_customer_who_wrote_can_confirm_what_is_proposed_after_that() -> None:
    life = proposed()
    life.send(c.Note(by=CUSTOMER, text="not all of it"))
    assert life.state.resolution_state == "rejected"
    life.send(c.Resolve(by=ANN, resolution="the rest too"))
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert life.state.stage is Stage.REVIEW


def test_a_note_of_a_colleague_or_one_after_the_confirmation_rejects_nothing() -> None:
    life = proposed()
    life.send(c.Note(by=BOB, text="the bank says the same"))
    life.send(c.ConfirmResolution(by=CUSTOMER))
    life.send(c.Note(by=CUSTOMER, text="thanks"))
    assert life.all(e.ResolutionRejected) == []
    assert life.state.stage is Stage.REVIEW


def test_the_customer_is_asked_through_the_ticket_and_it_waits() -> None:
    life = proposed()
    assert (life.state.waiting_on, life.state.resolution_state) == (WaitingOn.CUSTOMER, "proposed")
    note = life.tickets[-1]
    assert isinstance(note, UpdateCase)
    assert (note.public, note.status) == (True, "pending")
    assert note.note == "paid again\nPlease answer before 2026-11-21 10:00 UTC."
    assert life.told(MessageKind.CUSTOMER) == []
    assert (life.due.kind, life.due.at - life.now) == ("confirmation", timedelta(days=1))


def test_without_a_ticket_the_customer_is_told_directly_and_the_note_stays_internal() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.pending.popleft()  # the help desk does not answer
    life.answer()
    life.answers = True
    life.taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    assert life.told(MessageKind.CUSTOMER) == [CUSTOMER]
    assert not any(update.public for update in life.tickets if isinstance(update, UpdateCase))


@pytest.mark.parametrize(("whom", "waiting"), [("customer", WaitingOn.CUSTOMER), ("requester", WaitingOn.REQUESTER)])
def test_the_customer_or_whoever_asked_confirms(whom: str, waiting: WaitingOn) -> None:
    for actor in (CUSTOMER, BOT) if whom == "requester" else (CUSTOMER,):
        life = proposed(confirmed_by(whom))
        assert life.state.waiting_on is waiting
        life.send(c.ConfirmResolution(by=actor, comment="thanks"))
        assert life.state.stage is Stage.REVIEW
        assert (life.last(e.ResolutionConfirmed).how, life.last(e.ResolutionConfirmed).by) == ("confirmed", actor)
    life = proposed(confirmed_by(whom))
    refusal = life.refused(NotAllowed, c.ConfirmResolution(by=ANN))
    assert f"only the {whom}" in refusal


def test_where_nobody_is_asked_the_review_starts_at_once() -> None:
    life = proposed(confirmed_by("nobody"))
    assert (life.state.stage, life.last(e.ResolutionConfirmed).how) == (Stage.REVIEW, "not_asked")
    assert life.told(MessageKind.CUSTOMER) == []


def test_silence_confirms_where_the_playbook_says_so() -> None:
    life = proposed()
    life.pass_time("1d")
    assert (life.state.stage, life.last(e.ResolutionConfirmed).how) == (Stage.REVIEW, "silence")


def test_elsewhere_silence_has_the_owner_ask_again() -> None:
    life = proposed(confirmed_by("requester", on_silence="owner_told"))
    life.pass_time("2d")
    assert [event.at - event.confirm_due for event in life.all(e.ResolutionUnanswered)] == [timedelta(days=-1)] * 2
    assert life.told(MessageKind.WARNING) == [ANN, ANN]
    assert life.state.resolution_state == "proposed"


@pytest.mark.req("LA-6")
def test_a_customer_who_rejects_it_is_heard_by_somebody_higher() -> None:
    life = opened(SERVICE).taken_by("person:eva.novak")
    life.send(c.Resolve(by="person:eva.novak", resolution="wait a week"))
    life.send(c.RejectResolution(by=CUSTOMER, because="I want your manager"))
    assert (life.level, life.state.resolution_state, life.state.stage) == ("L3", "rejected", Stage.RESOLUTION)
    assert life.reasons[-1] == "resolution_rejected"
    assert life.state.level is not None
    assert life.state.level.axis == "hierarchical"
    assert life.told(MessageKind.PAGE)[-1] == "person:petr.svoboda"
    assert life.owner == "person:eva.novak"
    reopened = life.tickets[-1]
    assert isinstance(reopened, UpdateCase)
    assert reopened.status == "open"


def test_without_a_level_of_its_own_a_rejection_goes_one_up_and_at_the_top_to_the_last_resort() -> None:
    life = opened(small())
    for level, targets in (("L2", "team:experts"), ("L3", "role:lead"), ("L3", "role:boss")):
        life.send(c.Resolve(by=ANN, resolution="paid again"))
        life.send(c.RejectResolution(by=CUSTOMER, because="nothing came"))
        assert (life.level, life.rung.targets) == (level, (targets,))
    named = small(resolution={"confirm_within": "1d", "rejected_level": "L3"})
    high = proposed(named)
    high.send(c.RejectResolution(by=CUSTOMER, because="nothing came"))
    assert high.level == "L3"
    here = proposed(small(resolution={"confirm_within": "1d", "rejected_level": "L1"}))
    here.send(c.RejectResolution(by=CUSTOMER, because="nothing came"))
    assert here.level == "L2"  # the level it is at was not enough


def test_the_time_at_the_level_does_not_run_while_it_waits() -> None:
    playbook = small(gates=[{"id": "final", "before": "review", "approvers": ["role:security"], "deadline": "9h"}])
    life = proposed(playbook)
    life.pass_time("5h")
    life.send(c.ConfirmResolution(by=CUSTOMER))
    life.send(c.Reject(by="person:hal", because="not tested"))
    assert life.level == "L1"
    assert (life.due.kind, life.due.at - life.now) == ("dwell", timedelta(hours=2))


def test_an_open_round_ends_when_a_solution_is_proposed() -> None:
    life = opened(small()).taken_by(ANN)
    life.pass_time("2h")
    assert life.rung.level == "L2"
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    assert life.state.rung is None
    pages = len(life.told(MessageKind.PAGE))
    life.pass_time("5h")
    assert len(life.told(MessageKind.PAGE)) == pages


@pytest.mark.parametrize("actor", [BOT, CUSTOMER, "service:deploy"])
def test_only_people_say_that_it_is_solved(actor: str) -> None:
    life = opened(small()).taken_by(ANN)
    assert f"resolve is a human step: {actor} is not a person" in life.refused(
        NotAllowed, c.Resolve(by=actor, resolution="done")
    )
    assert "is not in the working group" in life.refused(NotAllowed, c.Resolve(by="person:stranger", resolution="done"))


def test_a_second_or_late_answer_is_told_what_became_of_it() -> None:
    life = proposed()
    refusal = life.refused(AlreadyDone, c.Resolve(by=BOB, resolution="me too"))
    for said in ("by person:ann", "2026-11-20 10:00:00 UTC", "waits to be confirmed"):
        assert said in refusal
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert "was resolved already by person:ann" in life.refused(AlreadyDone, c.Resolve(by=BOB, resolution="me too"))
    assert "was confirmed already" in life.refused(AlreadyDone, c.RejectResolution(by=CUSTOMER, because="no"))
    assert "was confirmed already" in life.refused(AlreadyDone, c.ConfirmResolution(by=CUSTOMER))


def test_nothing_can_be_answered_or_solved_too_early() -> None:
    life = opened(small())
    assert "no resolution of escalation-chatbot-conv-1 was proposed yet" in life.refused(
        NotNow, c.ConfirmResolution(by=CUSTOMER)
    )
    triage = Life(small())
    triage.open(context={"summary": None})
    assert "is still in triage" in triage.refused(NotNow, c.Resolve(by=ANN, resolution="done"))


# --- the end without a solution -------------------------------------------------------------------------------------


def test_cancelling_tells_everybody_who_was_told_and_closes_the_ticket() -> None:
    life = opened(small())
    before = len(life.sent)
    life.send(c.Cancel(by=BOT, because="the customer hung up"))
    assert (life.state.outcome, life.state.outcome_because) == ("cancelled", "the customer hung up")
    assert life.told(since=before) == [ANN, BOB]
    assert "cancelled by agent:bot: the customer hung up" in life.sent[-1].body
    closed = life.tickets[-1]
    assert isinstance(closed, UpdateCase)
    assert (closed.status, closed.note) == ("closed", "Cancelled: the customer hung up")
    assert life.state.rung is None
    assert "has ended: cancelled" in life.refused(NotNow, c.Acknowledge(by=ANN))


def test_a_customer_hears_that_it_ended_but_not_what_was_said_among_colleagues() -> None:
    life = opened(small(), requested_by=CUSTOMER, initiation="customer_request").taken_by(ANN)
    life.send(c.Cancel(by=ANN, because="they always complain"))
    to_customer = [message for message in life.sent if message.to == CUSTOMER][-1]
    assert to_customer.kind is MessageKind.CUSTOMER
    assert "complain" not in to_customer.body
    assert "ended without a solution" in to_customer.body


def test_the_engine_itself_may_cancel_and_strangers_may_not() -> None:
    life = opened(small())
    assert "is neither in the working group" in life.refused(
        NotAllowed, c.Cancel(by="person:stranger", because="no reason")
    )
    life.send(c.Cancel(by="system:engine", because="cancelled in Temporal"))
    assert life.state.outcome == "cancelled"
    assert BOT in life.told(MessageKind.NEWS)


def test_what_arrives_after_the_end_changes_nothing_but_the_record_of_messages() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.answer()
    life.send(c.Cancel(by=ANN, because="a test"))
    assert life.send(c.TimePassed()) == []
    life.answer()
    assert {event.type for event in life.events[-2:]} <= {"message_delivered"}
    assert life.state.outcome == "cancelled"


def test_where_silence_is_no_consent_it_stays_open_and_visible() -> None:
    life = opened(PROCEDURE, requested_by=EVE).taken_by("person:bence.toth")
    life.send(c.Resolve(by="person:bence.toth", resolution="restarted"))
    life.pass_time("2d")
    assert life.state.status == "To be confirmed"


def test_another_customer_is_told_who_can_answer_the_proposed_resolution() -> None:
    said = proposed().refused(NotAllowed, c.ConfirmResolution(by="customer:c-99"))
    assert said == (
        f"only the customer it is about ({CUSTOMER}) can answer the proposed resolution; customer:c-99 is somebody else"
    )
    life = proposed(confirmed_by("requester"))
    said = life.refused(NotAllowed, c.ConfirmResolution(by="customer:c-99"))
    assert said.startswith(f"only the requester ({BOT}), or the customer it is about, can answer")


def test_a_customer_whose_thanks_had_counted_as_an_objection_may_still_confirm() -> None:
    life = proposed()
    life.send(c.Note(by=CUSTOMER, text="Thank you so much!"))
    assert life.state.resolution_state == "rejected"
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert life.state.resolution_state == "confirmed"
    assert life.state.stage == "review"


def test_while_people_are_called_because_it_was_rejected_nobody_confirms_it() -> None:
    life = proposed()
    life.send(c.RejectResolution(by=CUSTOMER, because="not here"))
    assert life.state.rung is not None
    assert "rejected already" in life.refused(AlreadyDone, c.ConfirmResolution(by=CUSTOMER))
