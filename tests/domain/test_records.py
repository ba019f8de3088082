"""Retention and legal holds: who may place one, how long the records are kept, what the ledger is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, DocumentError, NotAllowed, TooLarge, Unknown
from escalation.lifecycle.situation import ledger_row, situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.records import MOST_HOLDS
from escalation.playbook.load import Shelf, shipped_folder
from escalation.playbook.schema import Playbook, compact
from tests.domain.builders import ANN, BOB, BOT, HAL, Life, opened, small

KEEP: dict[str, Any] = {"keep": "2555d", "hold_by": ["role:security"]}


def place(by: str = HAL, reference: str = "LEGAL-7") -> c.PlaceLegalHold:
    return c.PlaceLegalHold(by=by, reference=reference, because="the regulator asked for it")


def release(by: str = HAL, reference: str = "LEGAL-7") -> c.ReleaseLegalHold:
    return c.ReleaseLegalHold(by=by, reference=reference, because="the matter is over")


@pytest.mark.req("SEC-8")
def test_records_are_kept_from_the_end_for_the_period_that_the_playbook_declares() -> None:
    life = opened(small(retention=KEEP))
    assert (ledger_row(life.state).keep_until, situation(life.state, life.now).records) == (
        None,
        "kept for 2555d after the end",
    )
    life.resolved(ANN)
    life.send(c.SubmitReview(by=ANN, lessons=("watch it",)))
    assert life.state.closed_at is not None
    assert ledger_row(life.state).keep_until == life.state.closed_at + timedelta(days=2555)


@pytest.mark.req("SEC-8")
def test_without_a_declared_period_records_are_kept_for_ever() -> None:
    life = opened(small()).resolved(ANN)
    life.send(c.SubmitReview(by=ANN, lessons=("watch it",)))
    assert (ledger_row(life.state).keep_until, situation(life.state, life.now).records) == (None, "")
    assert "retention" not in compact(small())


@pytest.mark.req("SEC-8")
def test_whom_the_playbook_names_places_a_hold_that_is_shown_and_in_the_ledger_until_it_is_released() -> None:
    life = opened(small(retention=KEEP)).taken_by(ANN)
    life.send(place())
    (shown,) = situation(life.state, life.now).legal_holds
    assert shown == f"LEGAL-7, placed by {HAL} on {life.now:%Y-%m-%d}"
    assert ledger_row(life.state).legal_holds == ("LEGAL-7",)
    assert life.last(e.LegalHoldPlaced).because == "the regulator asked for it"
    assert "LEGAL-7 already" in life.refused(AlreadyDone, place())
    assert "it is held for LEGAL-7" in life.refused(Unknown, release(reference="LEGAL-8"))
    life.send(release())
    assert ledger_row(life.state).legal_holds == ()
    assert "no legal hold" in life.refused(Unknown, release())
    life.send(place())
    assert ledger_row(life.state).legal_holds == ("LEGAL-7",)


@pytest.mark.req("SEC-8")
def test_the_owner_may_hold_and_nobody_else_whom_the_playbook_does_not_name() -> None:
    life = opened(small(retention=KEEP)).taken_by(ANN)
    why = life.refused(NotAllowed, place(BOB))
    assert ANN in why
    assert "role:security" in why
    life.refused(NotAllowed, place(BOT))
    life.send(place(ANN))
    without = opened(small()).taken_by(ANN)
    assert "retention.hold_by" in without.refused(NotAllowed, place(HAL))
    without.send(place(ANN))
    assert [hold.by for hold in without.state.legal_holds] == [ANN]


def test_whoever_is_found_in_place_of_those_named_may_not_hold_and_joins_no_working_group() -> None:
    life = opened(small(retention={"hold_by": ["role:nobody"]})).taken_by(ANN)
    assert life.state.may_hold == ()
    named = opened(small(retention=KEEP))
    assert named.state.may_hold == (HAL,)
    assert HAL not in named.state.people


def test_holds_are_bounded() -> None:
    life = opened(small()).taken_by(ANN)
    for number in range(MOST_HOLDS):
        life.send(place(ANN, f"M-{number}"))
    assert "release one" in life.refused(TooLarge, place(ANN, "M-more"))


def test_a_hold_moves_nothing_but_the_records() -> None:
    life = opened(small(retention=KEEP)).taken_by(ANN)
    due = life.due
    life.send(place())
    assert life.due == due
    assert not life.pending


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("retention: {}", "expected keep"),
        ("retention: {keep: 2h}", "expected a day"),
        ("retention: {keep: 7}", "has no unit"),
        ("retention: {keep: 2555d, hold_by: [legal]}", "hold_by"),
        ("retention: {hold: 2555d}", "hold"),
    ],
)
@pytest.mark.req("SEC-8")
def test_a_period_that_cannot_be_meant_is_refused_where_it_stands(tmp_path: Any, written: str, expected: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: customer-service-escalation\nplaybook: mine\nversion: 1\n{written}\n")
    with pytest.raises(DocumentError) as caught:
        Shelf(tmp_path, shipped_folder()).get("mine")
    (found, *_) = caught.value.findings
    assert found.line == 4
    assert expected in str(found)


def test_a_period_is_part_of_the_digest_only_where_it_is_said() -> None:
    said: Playbook = small(retention={"keep": "2555d"})
    assert compact(said)["retention"] == {"keep": "220752000s"}


def test_the_life_of_a_playbook_without_retention_asks_for_nobody_more() -> None:
    purposes = [action.purpose for action in Life(small()).looked_up]
    life = opened(small())
    assert "hold" not in [*purposes, *(action.purpose for action in life.looked_up)]
