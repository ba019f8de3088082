"""What `escalate show` says of who has which part, without empty rows and each once."""

from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from starter import render
from tests.domain.builders import ANN, BOB, CYD, Life, gated, opened, small

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


def shown(life: Life) -> str:
    out = StringIO()
    Console(file=out, width=160).print(render.situation(situation(life.state, NOW), None, NOW))
    return out.getvalue()


def test_nothing_is_said_to_be_tried_while_nothing_is() -> None:
    assert "being tried" not in shown(opened(small()))


def test_how_often_it_was_passed_on_is_said_in_words() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Claim(by=BOB, because="my turn"))
    assert "once" in next(line for line in shown(life).splitlines() if line.startswith("passed on"))


def test_whoever_commands_an_incident_is_named_once() -> None:
    life = opened(gated(incident={})).taken_by(ANN)
    life.send(c.NameCommander(by=ANN, who=CYD, because="she has led ten of these"))
    assert shown(life).lower().count("commander ") == 1
    life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    assert shown(life).lower().count("commander ") == 1


def test_the_review_that_was_handed_in_is_shown() -> None:
    life = opened(small()).resolved()
    life.send(c.SubmitReview(by=ANN, lessons=("check the batch",)))
    said = shown(life)
    assert "by ann, " in next(line for line in said.splitlines() if "handed in" in line)
    assert "a batch was lost" in next(line for line in said.splitlines() if "cause  " in line)
