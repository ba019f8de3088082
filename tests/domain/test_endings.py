"""Who hears how it goes out: the solution, standing down, the end; and what updates say of the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from escalation.lifecycle.outcomes import outcome
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from tests.domain.builders import ANN, BOB, CUSTOMER, HAL, SERVICE, START, STILL_LEVELS, Life, gated, opened

TALK: dict[str, Any] = {
    "stakeholders": [
        {"name": "board", "audience": "management", "target": "role:finance"},
        {"name": "shop", "audience": "buyers", "target": "role:security"},
    ],
    "audiences": [{"id": "buyers", "reads": "customer"}],
    "cadence": {"default": {"every": "30m", "chase": "10m"}},
}


def talking(**more: Any) -> Life:
    """Return a life that ann owns, bob was called for as well, and of which board and shop were told."""
    life = opened(gated(levels=STILL_LEVELS, communication=TALK, **more)).taken_by(ANN)
    life.send(c.PostUpdate(by=ANN, text="we look into it", customer_text="We look into it."))
    return life


def heard(life: Life, template: str, since: int) -> list[str]:
    return sorted(message.to for message in life.sent[since:] if message.template == template)


def board_of(life: Life) -> str:
    assert life.state.communication is not None
    (person,) = life.state.communication.stakeholders["board"].people
    return person


def test_everybody_who_was_called_or_is_informed_hears_once_who_solved_it_and_the_owner_too() -> None:
    life = talking()
    board, before = board_of(life), len(life.sent)
    life.send(c.Resolve(by=BOB, resolution="failed over to the replica", cause="a disk"))
    assert heard(life, "news.solution_proposed", before) == sorted([ANN, board])
    news = next(message for message in life.sent[before:] if message.to == ANN)
    assert f"{BOB} proposes a solution: failed over to the replica" in news.body
    assert HAL not in life.told(since=before), "customers hear nothing of what is only proposed"


def test_a_solution_that_is_rejected_is_taken_back_where_it_was_heard() -> None:
    life = talking()
    board = board_of(life)
    life.send(c.Resolve(by=ANN, resolution="failed over", cause="a disk"))
    before = len(life.sent)
    life.send(c.RejectResolution(by=CUSTOMER, because="I still cannot pay"))
    assert heard(life, "news.resolution_rejected", before) == sorted([ANN, BOB, board])


def test_customers_among_the_stakeholders_hear_of_a_solution_once_it_is_confirmed_in_their_own_words() -> None:
    life = talking()
    life.send(c.Resolve(by=ANN, resolution="failed over", cause="a disk"))
    before = len(life.sent)
    life.send(c.ConfirmResolution(by=CUSTOMER))
    (news,) = [message for message in life.sent[before:] if message.to == HAL]
    assert (news.template, "failed over" in news.body) == ("stage_customer", False)
    assert CUSTOMER not in life.told(since=before), "who has said that it is solved is not told so"


def test_everybody_hears_once_that_it_is_closed_but_for_whoever_closed_it() -> None:
    life = talking()
    board = board_of(life)
    life.resolved(ANN, "failed over")
    before = len(life.sent)
    life.send(c.SubmitReview(by=ANN, lessons=("watch it",)))
    assert life.state.outcome == "closed"
    assert heard(life, "news.closed", before) == sorted([BOB, board])
    assert "Solution: failed over" in life.sent[-1].body
    assert len(life.sent) == before + 2


def test_an_owner_hears_that_the_last_item_of_somebody_else_has_closed_it() -> None:
    life = opened(gated(levels=STILL_LEVELS)).resolved()
    due = life.now + timedelta(hours=1)
    item = c.ItemDraft(title="watch it", owner=BOB, due=due)
    life.send(c.SubmitReview(by=ANN, lessons=("watch it",), items=(item,)))
    before = len(life.sent)
    life.send(c.CompleteItem(by=BOB, item="i1", result="watched"))
    assert heard(life, "news.closed", before) == [ANN]


def test_stakeholders_among_colleagues_hear_that_an_incident_is_stood_down_and_join_nothing_by_that() -> None:
    life = talking(incident={})
    board = board_of(life)
    life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    before = len(life.sent)
    life.send(c.StandDown(by=ANN, because="all pay again"))
    assert heard(life, "news.stood_down", before) == sorted([BOB, board])
    assert board not in life.state.told
    assert life.told(MessageKind.NEWS, since=before).count(board) == 1


# --- updates ----------------------------------------------------------------------------------------------------------


def test_a_reminder_names_who_has_no_update_and_the_command_that_mends_it() -> None:
    life = opened(gated(levels=STILL_LEVELS, communication=TALK)).taken_by(ANN)
    life.pass_time("25m")
    receipt_of = c.PostUpdate(by=ANN, text="we look into it", command_id="u1")
    events = life.send(receipt_of)
    assert "buyers still without an update, due 2026-11-20 10:30 UTC: post_update --customer-text '...'" in outcome(
        life.state, events
    ).replace("Buyers", "buyers")
    before = len(life.sent)
    life.pass_time("5m")
    reminder = next(message for message in life.sent[before:] if message.template == "update_overdue")
    assert "These have none: buyers." in reminder.body
    assert f"escalate post_update {life.state.id} --by {ANN} --customer-text '...'" in reminder.body
    events = life.send(c.PostUpdate(by=ANN, customer_text="We look into it."))
    assert "without an update" not in outcome(life.state, events)
    before = len(life.sent)
    life.pass_time("25m")
    later = next(message for message in life.sent[before:] if message.template == "update_overdue")
    assert "These have none: management." in later.body
    assert f"--by {ANN} --text '...'" in later.body


def test_no_update_promises_a_next_one_in_the_past_nor_after_an_incident_is_stood_down() -> None:
    life = opened(gated(levels=STILL_LEVELS, communication=TALK, incident={})).taken_by(ANN)
    life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    life.pass_time("33m")
    life.send(c.PostUpdate(by=ANN, text="we look into it"))
    told = next(message for message in reversed(life.sent) if message.template == "update")
    assert life.state.communication is not None
    assert life.state.communication.due == START + timedelta(minutes=30), "the buyers have none"
    assert "The next update is due 2026-11-20 11:03 UTC." in told.body
    life.send(c.StandDown(by=ANN, because="all pay again"))
    life.send(c.PostUpdate(by=ANN, text="it works", customer_text="It works."))
    told = next(message for message in reversed(life.sent) if message.template == "update")
    assert "next update" not in told.body
    assert not told.values["next_due"]


def test_the_answer_to_a_hold_says_until_when_and_what_is_paused_and_to_resolve_that_it_is_over() -> None:
    eva = "person:eva.novak"
    life = opened(SERVICE).taken_by(eva)
    events = life.send(c.PutOnHold(by=eva, because="the bank is closed", until=life.now + timedelta(hours=2)))
    said = outcome(life.state, events)
    paused = ", ".join(life.last(e.HoldStarted).clocks)
    assert paused
    assert said == (
        f"On hold until 2026-11-20 12:00 UTC, then it goes on by itself (earlier: resume); paused: {paused}. "
    )
    life.send(c.AddItem(by=eva, title="tell the bank", owner=eva, due=life.now + timedelta(days=1)))
    said = outcome(life.state, life.send(c.Resolve(by=eva, resolution="paid")))
    assert "It is no longer on hold. " in said
    assert "still open: 1 work item (i1). " in said
