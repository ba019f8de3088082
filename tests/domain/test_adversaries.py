"""Whatever people can say, early, late, twice, by the wrong person and by two at once: every command of the registry.

Each is answered with why it is refused, or does what it does; none breaks a rule, and what is refused leaves nothing.
"""

from __future__ import annotations

import pytest

from escalation.errors import EscalationError, NotNow
from escalation.lifecycle import advance, react
from escalation.lifecycle.decide import accepted_before
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from tests.domain.builders import ANN, BOB, OFFICE, Life, gated, opened, small
from tests.domain.invariants import check
from tests.domain.test_properties import World
from tests.support.choices import Choices

STRANGER = "person:stranger"


def command(name: str, state: Escalation, by: str, command_id: str | None = None) -> c.Act:
    """Make a command that is well formed, as the state machine does."""
    world = World(state.playbook, OFFICE, Choices(b""))
    world.state = state
    made = c.COMMANDS[name](by=by, **world.content(name))
    return made.model_copy(update={"command_id": command_id}) if command_id else made


def said(life: Life, act: c.Act) -> list[e.Event] | str:
    """Send it; return its events, or why it was refused. The rules hold either way."""
    before = life.state
    try:
        state, events = advance(before, act, life.now)
    except EscalationError as error:
        assert life.state is before
        return str(error)
    check(before, state, events, react(state, events))
    life.state = state
    return events


def lives() -> dict[str, Life]:
    """An escalation nobody has taken, one that waits for an approval, one that is worked on, one in review."""
    working = opened(small(incident={})).taken_by(ANN)
    working.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    return {
        "early": opened(small()),
        "waiting": opened(gated({"when": "true", "subject": ["amount"]})).taken_by(ANN),
        "working": working,
        "in review": opened(small()).resolved(ANN),
    }


def ended() -> list[Life]:
    closed = opened(small()).resolved(ANN)
    closed.send(c.SubmitReview(by=ANN, lessons=("watch it",)))
    cancelled = opened(small()).taken_by(ANN)
    cancelled.send(c.Cancel(by=ANN, because="by mistake"))
    returned = opened(small()).taken_by(ANN)
    returned.send(c.GiveBack(by=ANN, because="the form says it", guidance="offer the form"))
    assert [life.state.outcome for life in (closed, cancelled, returned)] == ["closed", "cancelled", "returned"]
    return [closed, cancelled, returned]


ENDED = ended()


@pytest.mark.parametrize("name", c.COMMANDS)
def test_late_every_command_is_answered_with_why_and_leaves_no_event(name: str) -> None:
    for life in ENDED:
        why = life.refused(NotNow, command(name, life.state, ANN))
        assert life.state.id in why
        assert life.state.outcome in why


@pytest.mark.parametrize("name", c.COMMANDS)
def test_by_the_wrong_person_at_whatever_stage_a_command_changes_nothing_and_says_why(name: str) -> None:
    for stage, life in lives().items():
        answer = said(life, command(name, life.state, STRANGER))
        assert isinstance(answer, str), f"{stage}: {name} of a stranger was taken"
        assert len(answer) > 20, "it says hardly why"


@pytest.mark.parametrize("name", c.COMMANDS)
def test_early_or_when_nobody_expects_it_a_command_is_refused_with_why_or_does_what_it_does(name: str) -> None:
    for life in lives().values():
        answer = said(life, command(name, life.state, ANN))
        assert not isinstance(answer, str) or len(answer) > 20


@pytest.mark.parametrize("name", c.COMMANDS)
def test_twice_with_the_same_id_a_command_has_its_first_answer_also_after_the_end(name: str) -> None:
    for life in lives().values():
        act = command(name, life.state, ANN, "once")
        answer = said(life, act)
        if isinstance(answer, str) or not answer:
            continue
        first = accepted_before(life.state, act)
        assert first is not None
        assert first.seq == answer[0].seq
        assert advance(life.state, act, life.now) == (life.state, [])
        over = life.state.changed({"outcome": "closed", "closed_at": life.now})
        assert advance(over, act, life.now) == (over, [])
        other = act.model_copy(update={"by": STRANGER})
        assert accepted_before(life.state, other) is None, "an id that two people share hides nothing"


@pytest.mark.parametrize("name", c.COMMANDS)
def test_of_two_at_once_each_is_answered_and_the_rules_hold(name: str) -> None:
    for life in lives().values():
        acts = [command(name, life.state, by) for by in (ANN, BOB, ANN)]
        answers = [said(life, act) for act in acts]
        assert all(answer or answer == [] for answer in answers)
