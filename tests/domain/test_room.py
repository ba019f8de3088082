"""The state stays small enough to be carried on: what people write and what it keeps has an end, however often."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from escalation.errors import DomainError, TooLarge
from escalation.model import commands as c
from escalation.model.timeline import EntryKind
from tests.domain.builders import ANN, HAL, Life, gated, opened

LONG = "x" * 19_990


def early() -> Life:
    """Return a life whose approvers are not known yet."""
    life = opened(gated({"when": "true"}))
    life.answers = False
    return life.taken_by(ANN)


def deciding() -> Life:
    return opened(gated({"when": "true"})).taken_by(ANN)


def noted() -> Life:
    life = deciding()
    for number in range(199):
        life.send(c.PostEntry(by=ANN, kind=EntryKind.NOTE, text=f"{number}"))
    return life


@pytest.mark.parametrize(
    ("begin", "command"),
    [
        (deciding, lambda n: c.Rate(by=f"person:p{n}", score=3, comment=f"{n}{LONG}")),
        (early, lambda n: c.Approve(by=f"person:p{n}", gate="gate1", because=f"{n}{LONG}")),
        (
            noted,
            lambda n: c.LinkEntry(
                by=ANN,
                entry=12 + n,
                links=tuple(f"escalation:{n}-{each}-{'x' * 380}" for each in range(19)),
            ),
        ),
    ],
)
def test_whatever_is_written_however_often_the_state_can_be_carried_on(
    begin: Callable[[], Life], command: Callable[[int], c.Act]
) -> None:
    life = begin()
    people = {f"person:p{number}": "rung" for number in range(199)}
    life.state = life.state.changed({"people": {**life.state.people, **people}})
    refused: list[DomainError] = []
    for number in range(199):
        try:
            life.send(command(number))
        except DomainError as error:
            refused.append(error)
    assert len(life.state.model_dump_json(exclude={"tail", "playbook"})) < 1_300_000
    assert any(isinstance(error, TooLarge) for error in refused)


def test_however_full_it_is_a_decision_in_a_few_words_is_taken() -> None:
    life = deciding()
    raters = {f"person:p{number}": "rung" for number in range(99)}
    life.state = life.state.changed({"people": {**life.state.people, **raters}})
    for person in raters:
        with suppress(TooLarge):
            life.send(c.Rate(by=person, score=3, comment=LONG))
    life.refused(TooLarge, c.RequestChanges(by=HAL, gate="gate1", because=LONG))
    life.send(c.Approve(by=HAL, gate="gate1"))
    assert life.gate().state == "passed"
