"""What `escalate show` and the timeline say about who has which part, and of a hand-off that some have declined."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

from rich.console import Console

from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from starter import render
from starter.story import tell
from tests.domain.builders import ANN, BOB, CYD, DAN, Life, gated, opened, small


def declined_by_one() -> Life:
    life = opened(small()).taken_by(ANN)
    life.send(c.OfferHandoff(by=ANN, to="team:experts", because="theirs", expectation="an answer by noon"))
    life.send(c.DeclineHandoff(by=CYD, because="I am on leave"))
    return life


def shown(life: Life) -> str:
    now = life.now + timedelta(minutes=1)
    out = Console(file=StringIO(), width=160)
    out.print(render.situation(situation(life.state, now), None, now))
    written: str = out.file.getvalue()  # type: ignore[attr-defined]
    return written


def test_show_says_who_declined_so_far_and_why_and_who_is_still_asked() -> None:
    said = shown(declined_by_one())
    assert "hand-off h1 to team:experts (dan)" in said
    line = next(each for each in said.splitlines() if "declined so far" in each)
    assert "cyd" in line
    assert line.rstrip(" │").endswith("I am on leave")


def test_show_says_nothing_of_it_while_nobody_has_declined() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.OfferHandoff(by=ANN, to="team:experts", because="theirs", expectation="an answer by noon"))
    assert "declined so far" not in shown(life)


def test_the_timeline_has_each_no_with_its_reason_and_how_it_ended() -> None:
    life = declined_by_one()
    life.send(c.DeclineHandoff(by=DAN, because="not ours"))
    told = [(line.who, line.what, line.why) for line in tell(life.events)]
    assert ("cyd", "hand-off to team:experts declined; still asked: dan", "I am on leave") in told
    assert ("dan", "hand-off to team:experts declined; nobody is left", "not ours") in told
    assert any(what == "hand-off declined" and "I am on leave" in why for _, what, why in told)


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
