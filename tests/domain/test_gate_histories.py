"""A gate of 3 of 5 with one excluded, one deputy, one delegation, a change in between and an expiry.

Each row is a short history and its outcome, worked out by hand from docs/approvals.md. Six are named, ann to fay; fay
is excluded, so five are asked: ann, bob, cyd, dan, eve. Three must approve and two rejections end it. Each may pass
their seat on once. After an hour of silence the deputy joy is asked, and after another hour nobody is left: it halts.
"""

from __future__ import annotations

import pytest

from escalation.errors import DomainError
from escalation.model import commands as c
from escalation.playbook.schema import Playbook
from tests.domain.builders import ANN, Life, gated, opened

NAMES = ("ann", "bob", "cyd", "dan", "eve", "fay")

GATE = {
    "approvers": [f"person:{name}" for name in NAMES],
    "exclude": ["person:fay"],
    "need": 3,
    "reject_needs": 2,
    "subject": ["amount"],
    "delegation": {"depth": 1},
    "on_expiry": "next_deputy",
    "deputies": ["role:deputy"],
}

# Steps: "ann+" approves, "ann-" rejects, "ann?" asks for changes, "ann>ida" passes the seat on to ida, "change" changes
# what is approved, "1h" lets an hour pass. "!" behind a step: it is refused. Outcome: state, round, who approved.
HISTORIES = [
    ("nobody says anything", "", "pending 1"),
    ("two are too few", "ann+ bob+", "pending 1 ann bob"),
    ("three are enough", "ann+ bob+ cyd+", "passed 1 ann bob cyd"),
    ("a fourth comes too late", "ann+ bob+ cyd+ dan+!", "passed 1 ann bob cyd"),
    ("nobody counts twice", "ann+ ann+! bob+", "pending 1 ann bob"),
    ("nobody takes a yes back", "ann+ ann-! bob+ cyd+", "passed 1 ann bob cyd"),
    ("who is excluded does not count", "ann+ bob+ fay+!", "pending 1 ann bob"),
    ("who is excluded rejects nothing", "fay-! ann+ bob+ cyd+", "passed 1 ann bob cyd"),
    ("who was never asked does not count", "ann+ bob+ ida+!", "pending 1 ann bob"),
    ("one rejection is too few", "ann- bob+ cyd+ dan+", "passed 1 bob cyd dan"),
    ("two rejections end it", "ann- bob-", "rejected 1"),
    ("two rejections end it also after two approvals", "ann+ bob+ cyd- dan-", "rejected 1 ann bob"),
    ("after the end nobody decides", "ann- bob- cyd+!", "rejected 1"),
    ("asking for changes is no vote", "ann? bob+ cyd+ ann+", "passed 1 bob cyd ann"),
    ("a change voids two approvals", "ann+ bob+ change cyd+", "pending 2 cyd"),
    ("a change voids what was passed", "ann+ bob+ cyd+ change", "pending 2"),
    ("after a change the same three may approve", "ann+ bob+ cyd+ change ann+ bob+ cyd+", "passed 2 ann bob cyd"),
    ("a change answers a rejection", "ann- bob- change ann+ bob+ cyd+", "passed 2 ann bob cyd"),
    ("a delegate decides instead", "ann>ida ida+ bob+ cyd+", "passed 1 ida bob cyd"),
    ("who passed the seat on decides no more", "ann>ida ann+! bob+ cyd+", "pending 1 bob cyd"),
    ("a seat is passed on once", "ann>ida ida>kim! ida+ bob+", "pending 1 ida bob"),
    ("not to somebody who has a seat", "ann>bob! ann+", "pending 1 ann"),
    ("not to somebody who is excluded", "ann>fay! ann+", "pending 1 ann"),
    ("not back along the chain", "ann>ida ida>ann! ida+", "pending 1 ida"),
    ("not to somebody who passed one on", "ann>ida bob>ann! bob+", "pending 1 bob"),
    ("not after the vote", "ann+ ann>ida! bob+", "pending 1 ann bob"),
    ("a change gives the seat back to whoever was asked", "ann>ida change ida+! ann+", "pending 2 ann"),
    ("silence asks the deputy, who counts", "1h ann+ bob+ joy+", "passed 1 ann bob joy"),
    ("the deputy is no approver before", "ann+ bob+ joy+!", "pending 1 ann bob"),
    ("silence of all leaves it open", "ann+ bob+ 1h 1h 1h", "pending 1 ann bob"),
    ("approvals before the deputy still count", "ann+ bob+ 1h joy+", "passed 1 ann bob joy"),
    ("a seat is not passed on to the deputy who has one", "1h ann>joy! joy+", "pending 1 joy"),
    ("a deputy passes on as well", "1h joy>kim kim+ ann+ bob+", "passed 1 kim ann bob"),
    ("a deputy's rejection counts too", "1h joy- ann-", "rejected 1"),
    ("a change asks the five anew, and not the deputy", "1h change joy+! ann+ bob+ cyd+", "passed 2 ann bob cyd"),
    ("all of it", "ann>ida ida+ fay+! bob+ change 1h ann+ joy+ dan- cyd+", "passed 2 ann joy cyd"),
]


@pytest.mark.parametrize(("history", "outcome"), [row[1:] for row in HISTORIES], ids=[row[0] for row in HISTORIES])
def test_a_gate_of_three_of_five_comes_to_what_its_rules_say(history: str, outcome: str) -> None:
    life = _asked(gated(GATE))
    for step in history.split():
        _take(life, step)
    gate = life.gate()
    approved = [vote.by.removeprefix("person:") for vote in gate.votes if vote.decision == "approved"]
    assert " ".join([gate.state, str(gate.round), *approved]) == outcome


def test_each_history_has_another_name_and_there_are_thirty() -> None:
    assert len({row[0] for row in HISTORIES}) == len({row[1] for row in HISTORIES}) == len(HISTORIES) >= 30


# --- shares of several targets ----------------------------------------------------------------------------------------

SHARES = {
    "approvers": ["team:desk", "team:experts"],
    "quorum": [{"of": "team:desk"}, {"of": "team:experts", "need": 2}],
    "reject_needs": 2,
    "delegation": {"depth": 2},
}


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        ("ann+ cyd+", "pending"),
        ("ann+ bob+ cyd+", "pending"),  # the desk's second yes is none of the experts'
        ("ann+ cyd+ dan+", "passed"),
        ("cyd- ann+!", "rejected"),  # one expert is left, and two must
        ("ann- bob+ cyd+ dan+", "passed"),
        ("ann- bob-", "rejected"),
        ("cyd>ida ida+ ann+ dan+", "passed"),  # a delegate counts for whom the seat was
        ("cyd>ida ida>kim kim+ ann+ dan+", "passed"),
        ("cyd>ida ida>kim kim>joy! ann+", "pending"),
    ],
)
def test_each_target_has_its_share(history: str, outcome: str) -> None:
    life = _asked(gated(SHARES))
    for step in history.split():
        _take(life, step)
    assert life.gate().state == outcome


def _asked(playbook: Playbook) -> Life:
    return opened(playbook, facts={"amount": 1.0}).taken_by(ANN)


def _take(life: Life, step: str) -> None:
    refused, step = step.endswith("!"), step.removesuffix("!")
    if step == "1h":
        life.pass_time("1h")
        return
    if step == "change":
        life.send(c.ChangeFacts(by=ANN, facts={"amount": life.state.facts["amount"] + 1.0}))  # type: ignore[operator]
        return
    command = _command(step)
    if not refused:
        life.send(command)
        return
    before = life.state
    with pytest.raises(DomainError):
        life.send(command)
    assert life.state is before


def _command(step: str) -> c.Act:
    by, sign, to = f"person:{step[:3]}", step[3], step[4:]
    if sign == "+":
        return c.Approve(by=by)
    if sign == "-":
        return c.Reject(by=by, because="no")
    if sign == "?":
        return c.RequestChanges(by=by, because="say more")
    return c.DelegateApproval(by=by, to=f"person:{to}", because="away")
