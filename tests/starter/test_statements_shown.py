"""What the command line says about statements: the plan, who is informed, drafts, milestones, where it stands."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console, RenderableType

from escalation.foresight import foresee
from escalation.lifecycle.situation import situation
from escalation.lifecycle.statements.coverage import coverage, history
from escalation.model import commands as c
from escalation.playbook.schema import Playbook
from starter import communicating, render
from starter.commands import options_of
from starter.procedure_communication import communication
from starter.steps import steps
from starter.story import tell
from tests.domain.builders import ANN, IDA, JOY, OFFICE, START, Life, opened
from tests.domain.test_statements import BOARD, BUYER, READS, talking


def shown(what: RenderableType) -> str:
    out = Console(file=StringIO(), width=220)
    out.print(what)
    return out.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def book() -> Playbook:
    return talking(
        stakeholders=[BOARD, BUYER],
        audiences=[*READS, {"id": "management", "receipt": {"within": "4h", "chase": "1h"}}],
        release_by=["role:security"],
        milestones=[{"id": "found", "about": "the cause is known", "update_within": "30m", "chase": "10m"}],
        announcements=[
            {"id": "taken", "audience": "customers", "stages": ["resolution"], "text": "We work on {case}."}
        ],
        follow_up=[{"after": "2d", "ask": "satisfaction", "answer_within": "1d"}],
        post_to=["team"],
        read_in=True,
    )


def life() -> Life:
    led = opened(book()).taken_by(ANN)
    led.send(c.DraftUpdate(by=ANN, text="a batch was lost"))
    led.send(c.ReachMilestone(by=ANN, name="found"))
    return led


@pytest.mark.req("ICP-5")
def test_playbook_show_and_show_have_the_plan_with_texts_milestones_and_who_releases() -> None:
    procedure = shown(communication(book()))
    led = life()
    here = shown(render.situation(situation(led.state, led.now), None, led.now))
    for words in ("confirm reading within 4h", "the ticket, or directly", "taken", "once each time"):
        assert words in procedure, words
        assert words in here, words
    assert "Only role:security releases what is said" in procedure
    assert "Milestone found (the cause is known): an update of at most 500 characters within 30m." in procedure
    assert "a batch was lost" in here
    assert "due, until" in here


def test_the_timeline_tells_drafts_milestones_and_announcements() -> None:
    told = [line.what for line in tell(life().events)]
    assert "update to customers (version 1): for customers: We work on 4711." in told
    assert "draft d1 for management: a batch was lost" in told
    assert any(what.startswith("milestone found reached; update due") for what in told)


def test_the_forecast_knows_the_milestone_that_is_awaited_and_what_would_stop_it() -> None:
    led = life()
    future = foresee(led.state, OFFICE, START + timedelta(hours=1))
    unless = {each.event.seq: str(each.unless) for each in future if each.unless}
    told = steps([each.event for each in future], unless)
    first = next(each for each in told if each.what.startswith("no update of milestone found"))
    assert first.at == START + timedelta(minutes=30)
    assert "the update of milestone found" in first.unless


@pytest.mark.req("ICP-14", "ICP-8")
def test_updates_lists_who_is_informed_and_everything_that_was_sent() -> None:
    led = opened(talking()).taken_by(ANN)
    led.send(c.PostUpdate(by=JOY, text="a batch was lost"))
    led.send(c.Reply(by=IDA, text="thank you"))
    informed = shown(communicating.covered(coverage(led.state, led.events)))
    assert "person:ida" in informed
    assert "missing" in informed
    assert "customers was sent nothing since they are told" in informed
    sent = shown(communicating.messages(history(led.events), led.events))
    assert "update to management (version 1): a batch was lost" in sent
    assert "thank you" in sent


def test_the_command_line_has_the_options_of_a_draft_and_its_release() -> None:
    flags = [option.flag for option in options_of(c.ReleaseUpdate).values()]
    assert flags == ["--by", "--command-id", "--draft", "--digest"]
    assert "--replaces" in [option.flag for option in options_of(c.DraftUpdate).values()]
