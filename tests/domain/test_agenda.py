"""What the agenda says will happen, against what then happens."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from escalation.model import commands as c
from escalation.model import events as e
from tests.domain.builders import ANN, BOB, BOT, Life, gated, opened, small


def test_of_every_round_of_a_silent_ladder_it_is_said_whom_its_end_pages() -> None:
    life = opened(small())
    said = []
    for _ in range(6):
        assert life.due.kind == "acknowledgement"
        said.append((life.due.summary, *_next_round(life)))
    assert said == [
        ("nobody has acknowledged round L1/1: page L1 again", "L1/2", ("team:desk",)),
        ("nobody has acknowledged round L1/2: page the next level, L2", "L2/3", ("team:experts",)),
        ("nobody has acknowledged round L2/3: page the next level, L3", "L3/4", ("role:lead",)),
        ("nobody has acknowledged round L3/4: page the last resort (role:boss)", "L3/5", ("role:boss",)),
        ("nobody has acknowledged round L3/5: page the last resort again (role:boss)", "L3/6", ("role:boss",)),
        ("nobody has acknowledged round L3/6: page the last resort again (role:boss)", "L3/7", ("role:boss",)),
    ]


def _next_round(life: Life) -> tuple[str, tuple[str, ...]]:
    life.next()
    return life.rung.id, life.rung.targets


@pytest.mark.parametrize(
    ("gate", "said", "then"),
    [
        ({"on_expiry": "deny"}, "that counts as a no", {"rejected"}),
        ({"on_expiry": "halt"}, "it stays blocked and whoever is accountable is told", {"pending"}),
        ({"on_expiry": "escalate"}, "page the next level, L2", {"pending"}),
        ({"on_expiry": "next_deputy", "deputies": ["role:deputy"]}, "ask the deputy role:deputy", {"pending"}),
        (
            {"on_expiry": "approve", "because": "it is small"},
            "that counts as a yes, as the playbook declares",
            {"passed"},
        ),
    ],
)
def test_of_an_approval_it_is_said_what_silence_means(gate: dict[str, Any], said: str, then: set[str]) -> None:
    life = opened(gated(gate)).taken_by(ANN)
    assert life.due.summary == f"nobody has decided approval gate1: {said}"
    level = life.level
    life.next()
    assert life.gate().state in then
    assert (life.level != level) == (said == "page the next level, L2")


def test_when_every_deputy_was_asked_it_is_said_that_it_stays_blocked() -> None:
    life = opened(gated({"on_expiry": "next_deputy", "deputies": ["role:deputy"], "deadline": "30m"})).taken_by(ANN)
    life.next()
    assert life.due.summary.endswith(": it stays blocked and whoever is accountable is told")


@pytest.mark.parametrize(
    ("on_breach", "said", "level"), [("level_up", "page the next level, L2", "L2"), ("tell", "tell whoever", "L1")]
)
def test_of_a_clock_it_is_said_that_it_warns_and_what_its_limit_does(on_breach: str, said: str, level: str) -> None:
    life = opened(small(clocks={"resolution": {"within": {"default": "1h"}, "on_breach": on_breach}})).taken_by(ANN)
    assert life.due.summary == "clock resolution is close to its limit: warn who answers for it"
    life.next()
    assert life.due.summary.startswith(f"clock resolution has passed its limit: {said}")
    life.next()
    assert life.level == level


def test_of_every_other_wait_it_is_said_what_ends_it() -> None:
    life = Life(small(context={"required": ["summary", "impact"], "complete_within": "10m"}))
    life.open(context={"impact": None})
    said = [life.due.summary]
    life.next()
    life.taken_by(ANN)
    said.append(life.due.summary)
    life.send(c.Reassign(by=ANN, to=BOB, because="knows it"))
    said.append(life.due.summary)
    life.next()
    assert life.owner == ANN
    life.send(c.PutOnHold(by=ANN, because="later"))
    said.append(life.due.summary)
    life.next()
    life.send(c.Resolve(by=ANN, resolution="done"))
    said.append(life.due.summary)
    assert life.state.resolution is not None
    assert life.state.resolution.asked_at is not None
    life.next()
    said.append(life.due.summary)
    assert said == [
        f"{BOT} has not supplied impact: people are told without it",
        "not resolved at L1: page the next level, L2",
        f"{BOB} has not accepted the hand-off: it stays with {ANN}, who is told",
        "the hold is over: work goes on, its clocks run again",
        "the customer has not said whether it is solved: that counts as a yes, if they were asked; else ask again",
        f"the review is not written: remind {ANN}",
    ]


def test_an_item_that_is_late_reminds_its_owner() -> None:
    life = opened(small()).resolved()
    due = life.now + (life.due.at - life.now) / 2
    life.send(c.SubmitReview(by=ANN, lessons=("watch",), items=(c.ItemDraft(title="mend", owner=BOB, due=due),)))
    assert life.due.summary == f"action item i1 is not done: remind {BOB}"
    assert [event.item for event in life.next() if isinstance(event, e.ItemChased)] == ["i1"]


def test_other_words_alone_do_not_arm_a_timer_anew() -> None:
    life = opened(small())
    assert life.due == dataclasses.replace(life.due, summary="said in another way")
    assert life.due != dataclasses.replace(life.due, awaited="acknowledgement of round L1/2")
