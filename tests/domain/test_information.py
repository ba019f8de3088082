"""What becomes known while it is open: notes, attachments, input, severity; who may say what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from escalation.errors import NotAllowed, NotNow, Unknown
from escalation.lifecycle.case.packet_views import packet
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import CaseLink, CustomerSnapshot
from escalation.model.request import Attachment, Attempt
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, EVE, GUS, SERVICE, START, Life, opened, small

LOG = Attachment(title="log", url="https://files.example/1")


@pytest.mark.parametrize("actor", [ANN, EVE, BOT, CUSTOMER])
def test_everybody_concerned_may_write_and_attach(actor: str) -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Note(by=actor, text="  it is on its way  "))
    life.send(c.Attach(by=actor, attachment=LOG))
    assert (life.last(e.NoteAdded).text, life.last(e.NoteAdded).by) == ("it is on its way", actor)
    assert life.last(e.Attached).attachment == LOG


@pytest.mark.parametrize("actor", ["person:stranger", "customer:c-2", "agent:other", GUS])
def test_nobody_else_may(actor: str) -> None:
    life = opened(small())
    assert f"{actor} is neither in the working group" in life.refused(NotAllowed, c.Note(by=actor, text="hello"))
    assert f"{actor} is neither" in life.refused(NotAllowed, c.Attach(by=actor, attachment=LOG))


@pytest.mark.req("CON-3")
def test_what_an_ai_says_stays_marked_as_said_by_an_ai() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Note(by=BOT, text="it looks like a lost batch"))
    life.send(c.ProvideInput(by=BOT, impact="three customers"))
    assert [event.by for event in life.events if isinstance(event, e.NoteAdded | e.InputProvided)] == [BOT, BOT]


@pytest.mark.req("WLF-11", "WLF-13", "IMP-11")
def test_the_whole_conversation_every_attempt_and_the_customer_s_history_are_in_the_packet() -> None:
    turns = [{"author": author, "text": f"turn {n}"} for n, author in enumerate(["customer", "ai"] * 60)]
    tried = [{"what": "reset", "result": "no"}, {"what": "new card", "result": "no"}]
    snapshot = CustomerSnapshot(fetched_at=START, system="crm", history=("T-0: the same again",))
    life = Life(SERVICE, crm=CaseLink(ticket="T-1", snapshot=snapshot))
    life.open(context={"conversation": turns, "attempted_solutions": tried[:1]})
    life.send(c.ProvideInput(by=BOT, attempted_solutions=(Attempt.model_validate(tried[1]),)))
    found = packet(life.state)
    assert [turn.text for turn in found.context.conversation] == [f"turn {n}" for n in range(120)]
    assert [attempt.what for attempt in found.context.attempted_solutions] == ["reset", "new card"]
    assert found.context.summary == "The refund has not arrived"
    assert found.snapshot == snapshot
    assert (found.complete, found.missing) == (True, ())


def test_input_is_taken_also_when_nobody_asked_for_it() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.ProvideInput(by=ANN, impact="three customers", facts={"amount": 300.0}))
    assert (life.state.context.impact, life.state.facts["amount"]) == ("three customers", 300.0)
    assert life.last(e.InputProvided).answered


def test_the_severity_is_for_people_of_the_group_and_from_the_scale() -> None:
    life = opened(small()).taken_by(ANN)
    assert "is not a person" in life.refused(NotAllowed, c.ChangeSeverity(by=BOT, severity="P0", because="sure"))
    assert "is not in the working group" in life.refused(
        NotAllowed, c.ChangeSeverity(by="person:stranger", severity="P0", because="sure")
    )
    assert "is not on the scale of small: P0, P1, P2" in life.refused(
        Unknown, c.ChangeSeverity(by=ANN, severity="Sev1", because="sure")
    )
    life.send(c.ChangeSeverity(by=ANN, severity=" Critical ", because="sure"))
    assert life.state.severity == "P0"


@pytest.mark.parametrize("name", list(c.COMMANDS))
def test_an_unknown_key_in_a_command_is_refused_with_its_name(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        c.COMMANDS[name].model_validate({"by": ANN, "surprise": 1})
    assert ("surprise",) in [error["loc"] for error in caught.value.errors()]


@pytest.mark.parametrize("name", list(c.COMMANDS))
def test_every_command_names_who_acts_and_nobody_can_send_it_before_the_opening(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        c.COMMANDS[name].model_validate({"by": "ann"})
    assert ("by",) in [error["loc"] for error in caught.value.errors()]
    assert "has not been opened yet" in Life(small()).refused(NotNow, c.COMMANDS[name].model_construct(by=ANN))


def test_a_command_with_the_same_id_is_applied_once_and_bound_to_who_sent_it() -> None:
    life = opened(small()).taken_by(ANN)
    assert life.send(c.Note(by=ANN, text="once", command_id="n-1"))
    assert life.send(c.Note(by=ANN, text="once", command_id="n-1")) == []
    assert life.send(c.Note(by=BOB, text="mine", command_id="n-1"))
    assert len(life.all(e.NoteAdded)) == 2


def test_an_id_is_remembered_for_many_commands() -> None:
    life = opened(small()).taken_by(ANN)
    for number in range(60):
        life.send(c.Note(by=ANN, text="x", command_id=f"n-{number}"))
    assert life.send(c.Note(by=ANN, text="x", command_id="n-0")) == []


def test_a_malformed_signal_is_on_the_timeline() -> None:
    life = opened(small())
    life.send(c.SignalRefused(name="approve", error="malformed: by: Field required"))
    refused = life.last(e.CommandRefused)
    assert (refused.command, refused.because) == ("approve", "malformed: by: Field required")


@pytest.mark.req("USE-6", "SUP-6")
def test_the_history_is_in_order_and_tells_the_newest_word_and_whose_it_was() -> None:
    life = opened(small())
    for person, text in ((ANN, "looking"), (BOB, "found it")):
        life.pass_time("1m")
        life.send(c.Note(by=person, text=text))
    times = [event.at for event in life.state.tail]
    assert times == sorted(times)
    newest = [event for event in life.state.tail if isinstance(event, e.NoteAdded)][-1]
    assert (newest.text, newest.by) == ("found it", BOB)


@pytest.mark.req("SYN-9", "USE-1")
def test_somebody_leaves_an_update_assigns_what_is_next_and_goes_on_while_the_others_are_away() -> None:
    life = opened(small()).taken_by(ANN)
    due = START + timedelta(hours=20)
    life.send(c.Note(by=ANN, text="the batch was lost, it has to be sent again"))
    life.send(c.AddItem(by=ANN, title="send the batch again", owner=BOB, due=due))
    life.send(c.Resolve(by=ANN, resolution="it will be paid tonight"))
    assert [item.owner for item in life.state.open_items] == [BOB]
    assert life.state.resolution_state == "proposed"
