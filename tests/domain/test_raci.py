"""RACI in action: whoever is consulted is asked and whoever is informed is told, as each stage begins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.playbook.schema import Playbook, Stage
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, CYD, DAN, EVE, FAY, GUS, HAL, IDA, Life, blank, opened, small


def declared(**rows: dict[str, Any]) -> Playbook:
    stages = ("triage", "assignment", "approval", "resolution", "review")
    usual = {"responsible": ["owner"], "accountable": "role:lead"}
    return small(raci={stage: {**usual, **rows.get(stage, {})} for stage in stages})


BOTH = {"consulted": ["team:experts"], "informed": ["role:boss", "customer", "requester"]}


@pytest.mark.req("RACI-10", "RACI-1")
def test_as_a_stage_begins_the_consulted_are_asked_for_input_and_the_informed_are_told() -> None:
    life = opened(declared(resolution=BOTH))
    assert CYD not in life.told()
    life.taken_by(ANN)
    told = life.last(e.StageTold)
    assert (told.stage, told.consulted, told.informed) == (Stage.RESOLUTION, ("team:experts",), tuple(BOTH["informed"]))
    asked = [message for message in life.sent if message.kind is MessageKind.INPUT]
    assert [message.to for message in asked] == [CYD, DAN]
    assert "escalate advise escalation-chatbot-conv-1 --by person:cyd" in asked[0].body
    assert {FAY, CUSTOMER, BOT} <= set(life.told())
    to_customer = next(message for message in life.sent if message.to == CUSTOMER)
    assert to_customer.body == "Somebody is working on your case."


@pytest.mark.req("RACI-10")
def test_whoever_works_on_it_is_not_told_and_nobody_hears_of_a_stage_twice() -> None:
    life = opened(
        declared(resolution={"consulted": ["team:desk", "role:boss"], "informed": ["role:boss", "role:lead"]})
    )
    life.taken_by(ANN)
    told = [message for message in life.sent if "/raci/" in message.key]
    assert [(message.to, message.kind) for message in told] == [(FAY, MessageKind.INPUT)]
    life.send(c.Resolve(by=ANN, resolution="paid"))
    life.send(c.RejectResolution(by=CUSTOMER, because="no"))
    assert [message.to for message in life.sent if "/raci/" in message.key] == [FAY]


def test_a_stage_that_is_passed_at_once_asks_nobody_and_one_of_older_rules_tells_nobody() -> None:
    life = opened(declared(triage=BOTH))
    assert life.all(e.StageTold) == []
    old = Life(declared(resolution=BOTH))
    old.state = blank(old.state.playbook).changed({"rules": 0})
    old.open()
    old.taken_by(ANN)
    assert old.all(e.StageTold) == []


@pytest.mark.req("RACI-10")
def test_the_consulted_advise_and_do_not_act() -> None:
    life = opened(declared(resolution=BOTH)).taken_by(ANN)
    life.send(c.Advise(by=CYD, text="ask the bank for the trace"))
    assert life.last(e.ConsultedAnswered).text == "ask the bank for the trace"
    assert life.sent[-1].to == ANN
    assert "person:cyd advises: ask the bank for the trace" in life.sent[-1].body
    assert "is not in the working group" in life.refused(NotAllowed, c.Resolve(by=CYD, resolution="paid"))
    assert (
        "person:fay was not consulted on escalation-chatbot-conv-1; these were: person:cyd, person:dan"
        in life.refused(NotAllowed, c.Advise(by=FAY, text="hurry"))
    )


def test_those_who_are_told_hear_nothing_of_who_took_it_and_are_shown_as_the_audience() -> None:
    life = opened(declared(assignment={"informed": ["role:boss"]})).taken_by(ANN)
    assert [message.summary for message in life.sent if message.to == FAY] == ["informed in assignment: person:fay"]
    view = situation(life.state, life.now).ownership
    assert view is not None
    assert (view.audience, view.consulted) == ((FAY,), ())


# --- roles and the working group --------------------------------------------------------------------------------------


@pytest.mark.req("SUP-4")
def test_one_person_is_designated_communicator_and_manages_updates_beside_the_owner() -> None:
    told = {"name": "board", "audience": "management", "target": "role:boss"}
    talk = {"stakeholders": [told], "cadence": {"default": {"every": "1h", "chase": "20m"}}}
    life = opened(small(communication=talk)).taken_by(ANN)
    assert "does not speak to the stakeholders" in life.refused(NotAllowed, c.PostUpdate(by=BOB, text="we look"))
    life.send(c.NameCommunicator(by=ANN, who=BOB, because="it is severe"))
    assert "named you communicator" in life.sent[-1].body
    life.pass_time("1h")
    assert life.last(e.UpdateOverdue).asked == (BOB,)
    life.send(c.PostUpdate(by=BOB, text="we look"))
    life.send(c.NameCommunicator(by=ANN, who=HAL, because="Bob goes home"))
    assert life.state.ownership.communicator == HAL
    assert life.owner == ANN
    assert "is the communicator" in life.refused(AlreadyDone, c.NameCommunicator(by=ANN, who=HAL, because="again"))
    assert "only a person can have this part: agent:bot" in life.refused(
        NotAllowed, c.NameCommunicator(by=ANN, who=BOT, because="it writes well")
    )


@pytest.mark.req("IAP-9", "USE-3")
def test_a_commander_records_what_each_person_or_team_looks_after() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.NameCommander(by=ANN, who=HAL, because="many work on it"))
    life.send(c.AssignResponsibility(by=HAL, who="team:experts", what="the bank's side"))
    life.send(c.AssignResponsibility(by=HAL, who=BOB, what="the customer's questions"))
    assert {CYD, DAN} <= set(life.told(MessageKind.WARNING))
    assert life.sent[-1].to == BOB
    life.send(c.AssignResponsibility(by=HAL, who=BOB, what="the ledger"))
    view = situation(life.state, life.now).ownership
    assert view is not None
    assert view.commander == HAL
    assert view.responsibilities == ("team:experts: the bank's side", "person:bob: the ledger")
    assert "assigned by its commander or owner: person:hal, person:ann" in life.refused(
        NotAllowed, c.AssignResponsibility(by=BOB, who=ANN, what="everything")
    )


def test_the_audience_joins_members_add_others_and_nobody_leaves_what_they_still_have_to_do() -> None:
    life = opened(declared(resolution=BOTH)).taken_by(ANN)
    life.send(c.Join(by=CYD, because="I know the bank"))
    life.send(c.Note(by=CYD, text="calling them"))
    assert "somebody of its working group adds them" in life.refused(NotAllowed, c.Join(by=IDA))
    life.send(c.AddToGroup(by=ANN, who=IDA, because="finance has to look"))
    assert "added you to the working group" in life.sent[-1].body
    life.send(c.Note(by=IDA, text="looking"))
    life.send(c.Leave(by=IDA))
    assert "is not in the working group" in life.refused(NotAllowed, c.Resolve(by=IDA, resolution="x"))
    assert IDA not in life.state.people
    assert "is the owner: hand it over first" in life.refused(NotNow, c.Leave(by=ANN))
    life.send(c.NameCommander(by=ANN, who=CYD, because="she leads"))
    assert "is the commander: name somebody else first" in life.refused(NotNow, c.Leave(by=CYD))


@pytest.mark.req("USE-3")
def test_after_triage_the_owner_is_told_and_further_tasks_stand_in_the_same_place() -> None:
    life = opened(small(), facts={"flags.security": True})
    assert life.state.severity == "P0"
    assert life.told(MessageKind.PAGE) == [ANN, BOB]  # assessed and paged in the same instant
    life.taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="close the port", owner=BOB, due=life.now + timedelta(hours=1)))
    here = situation(life.state, life.now)
    assert (here.owner, [(item.title, item.owner) for item in here.items]) == (ANN, [("close the port", BOB)])
    assert life.told(MessageKind.ITEM) == [BOB]
    assert EVE not in life.told()
    assert GUS not in life.told()


@pytest.mark.req("SYN-15")
def test_a_security_bug_is_assessed_at_once_has_an_owner_and_its_plan_is_communicated() -> None:
    board = {"name": "board", "audience": "management", "target": "role:finance"}
    life = opened(small(communication={"stakeholders": [board]}), facts={"flags.security": True})
    assert (life.state.severity, life.told(MessageKind.PAGE)) == ("P0", [ANN, BOB])
    life.taken_by(ANN)
    life.send(c.PostUpdate(by=ANN, text="the port is closed by noon"))
    [told] = [message for message in life.sent if "the port is closed by noon" in message.body]
    assert life.state.communication is not None
    assert (told.to,) == life.state.communication.stakeholders["board"].people
