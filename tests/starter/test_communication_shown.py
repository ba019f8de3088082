"""What `escalate show`, the timeline, the forecast and the command line say about stakeholders."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from escalation.foresight import foresee
from escalation.lifecycle.situation import situation
from escalation.lifecycle.statements.coverage import Sent
from escalation.model import commands as c
from escalation.playbook.schema import Stage
from starter import render
from starter.commands import options_of, read_act
from starter.communicating import about, covered
from starter.steps import steps
from starter.story import tell
from tests.domain.builders import ANN, IDA, JOY, OFFICE, START, Life, opened, small

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


def informed() -> Life:
    board = {"name": "board", "audience": "management", "target": "role:finance", "replies_within": "3h"}
    talk = {
        "communicator": "role:deputy",
        "stakeholders": [board],
        "cadence": {"default": {"every": "1h", "chase": "15m"}},
        "summaries": {"when": "true", "within": "8h"},
    }
    levels = [{"id": "L1", "targets": ["team:desk"], "ack": "30d", "dwell": "60d", "last_resort": "role:boss"}]
    life = opened(small(communication=talk, levels=levels)).taken_by(ANN)
    life.send(c.PostUpdate(by=JOY, text="the bank is asked"))
    life.send(c.PostponeUpdate(by=JOY, until=START.replace(hour=11, minute=30), because="the bank opens at eleven"))
    return life


@pytest.mark.req("ICP-10")
def test_show_says_when_the_next_update_is_due_what_was_said_last_and_who_still_owes_an_answer() -> None:
    life = informed()
    out = Console(file=StringIO(), width=160)
    out.print(render.situation(situation(life.state, NOW), None, NOW))
    shown = out.file.getvalue()  # type: ignore[attr-defined]
    for words in (
        "by role:deputy, on time; put off: the bank opens at eleven",
        "by joy: the bank is asked",
        "summary s1",
        "assigned: due",
        "severity P1, level L1",
        "answer awaited",
    ):
        assert words in shown, words


def test_the_timeline_says_who_was_told_what_and_why() -> None:
    told = [(line.who, line.what, line.why) for line in tell(informed().events)]
    assert ("the engine", "stakeholder board is told from now on", "severity P1, level L1") in told
    assert any(who == "joy" and what == "update to management (version 1): the bank is asked" for who, what, _ in told)
    assert any(why == "the bank opens at eleven" for _, _, why in told)


@pytest.mark.req("ICP-9")
def test_where_no_stakeholder_is_to_be_informed_it_is_not_said_of_those_who_work_on_it() -> None:
    out = Console(file=StringIO(), width=160)
    out.print(covered(()))
    out.print(covered((), missing=True))
    shown = out.file.getvalue()  # type: ignore[attr-defined]
    assert "None is to be informed: the playbook's `communication` names none" in shown
    assert "Nobody lacks an update." in shown


def test_programs_read_what_a_message_was_about() -> None:
    life = informed()
    events = {event.seq: event for event in life.events}
    (page, *_) = (each for each in life.events if each.type == "people_resolved")
    assert about(Sent(cause=page.seq, to=ANN), events)["kind"] == "people_resolved"
    posted = next(each for each in life.events if each.type == "update_posted")
    assert about(Sent(cause=0, update=posted.seq, to=JOY), events) == {
        "kind": "update_posted",
        "about": "update to management (version 1): the bank is asked",
    }
    assert about(Sent(cause=9999, to=ANN), events) == {"kind": "", "about": "something earlier"}


def test_a_forecast_says_whom_silence_would_reach_and_what_would_stop_it() -> None:
    life = informed()
    foreseen = foresee(life.state, OFFICE, START.replace(hour=12))
    unless = {each.event.seq: each.unless.what for each in foreseen if each.unless is not None}
    silent = [step for step in steps((each.event for each in foreseen), unless) if "no update, due" in step.what]
    assert [(step.at.hour, step.at.minute, step.who) for step in silent][:2] == [
        (11, 30, (JOY,)),
        (11, 45, (JOY, "person:eve")),
    ]
    assert silent[0].unless == "an update to the stakeholders"
    assert IDA not in silent[1].who


def test_the_command_line_has_the_options_of_an_update() -> None:
    options = options_of(c.PostUpdate)
    flags = ["--by", "--command-id", "--text", "--customer-text", "--audience", "--stage"]
    assert [option.flag for option in options.values()] == flags
    act = read_act(c.PostUpdate, options, {"by": "joy", "text": "soon", "audiences": ["staff"], "stage": "review"}, NOW)
    assert act == c.PostUpdate(by=JOY, text="soon", audiences=("staff",), stage=Stage.REVIEW)
