"""What `escalate show` and the timeline say of the ticket: what is not known yet, and what people changed there."""

from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model.actions import CaseChange
from escalation.model.state import Escalation
from starter import render
from starter.story import tell
from tests.domain.builders import ANN, START, Life, opened, small

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


def shown(state: Escalation) -> str:
    out = StringIO()
    Console(file=out, width=160).print(render.situation(situation(state, NOW), None, NOW))
    return out.getvalue()


def test_show_names_what_the_help_desk_has_not_told_yet_and_only_as_long_as_it_has_not() -> None:
    life = Life(small(), answers=False)
    life.open()
    assert "not yet known, the help desk (for cases of helpdesk) does not answer" in shown(life.state)
    assert "not yet known" not in shown(opened(small()).state)


def test_show_and_the_timeline_say_what_was_changed_there_by_whom_and_what_it_means_here() -> None:
    life = opened(small()).taken_by(ANN)
    change = CaseChange(key="c1", case_key="run-1/case", at=START, by="agent 12", status="solved", note="mended")
    life.send(c.CaseChanged(system="desk", change=change))
    assert "solved in desk, changed there by agent 12" in shown(life.state)
    (line,) = [line for line in tell(life.events) if line.event.type == "ticket_changed"]
    assert line.what == "ticket in desk changed by agent 12: now solved; internal note: mended"
    assert line.why == "no resolution here: the owner is told"
