"""What was begun on the timeline and holds up the close: blockers and live sessions, as the playbook says."""

from __future__ import annotations

from typing import Any

import pytest

from escalation.errors import NotNow
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.model.timeline import EntryKind
from tests.domain.builders import ANN, BOT, Life, blank, opened, small
from tests.domain.invariants import check_history


def in_review(**timeline: Any) -> Life:
    """One that has a blocker, a question, a draft of a blocker and a live session, and is in review."""
    life = opened(small(timeline=timeline) if timeline else small()).taken_by(ANN)
    life.send(c.PostEntry(by=ANN, kind=EntryKind.BLOCKER, text="no access to the vault"))
    life.send(c.PostEntry(by=ANN, kind=EntryKind.QUESTION, text="which account?"))
    life.send(c.PostEntry(by=ANN, kind=EntryKind.BLOCKER, text="perhaps", draft=True))
    life.send(c.OpenSession(by=ANN, join_url="https://meet.example/1"))
    return life.resolved(ANN)


def blocker(life: Life) -> int:
    return next(event.seq for event in life.all(e.EntryPosted) if event.kind is EntryKind.BLOCKER)


REVIEW = c.SubmitReview(by=ANN, lessons=("watch it",))


def test_it_is_not_closed_over_a_blocker_or_a_live_session_and_whoever_closes_hears_which_and_whose() -> None:
    life = in_review()
    life.send(REVIEW)
    said = life.refused(NotNow, c.Close(by=ANN))
    assert f"blocker #{blocker(life)} of {ANN} is not over" in said
    assert f"live session m1 of {ANN} is not over" in said
    assert "question" not in said
    assert said.count("blocker") == 1, "a draft holds up nothing"
    here = situation(life.state, life.now)
    assert (here.who_acts_next, "not closed over blocker" in here.why) == ((ANN,), True)
    life.send(c.ResolveEntry(by=ANN, entry=blocker(life), text="access granted"))
    assert not life.state.ended
    life.send(c.CloseSession(by=ANN, none=("decisions", "items")))
    assert life.state.outcome == "closed"


def test_the_owner_is_reminded_of_what_holds_up_the_close_until_it_is_over() -> None:
    life = in_review(session_at_most="30d")
    before = len(life.sent)
    life.send(REVIEW)
    assert life.told(MessageKind.ITEM, since=before) == [ANN]
    assert "it is closed when these are over: blocker #" in life.sent[-1].body
    assert life.due.kind == "unfinished"
    life.next()
    assert len(life.all(e.UnfinishedAwaited)) == 2
    life.send(c.CloseSession(by=ANN, none=("decisions", "items")))
    life.send(c.ResolveEntry(by=ANN, entry=blocker(life), text="access granted"))
    assert life.state.outcome == "closed"
    check_history(blank(life.state.playbook), life.state, life.events)


@pytest.mark.parametrize(
    ("holds", "open_points"),
    [([], ()), (["session"], ("live session m1",)), (["question", "blocker"], ("blocker #", "question #"))],
)
def test_the_playbook_says_what_holds_up_the_close(holds: list[str], open_points: tuple[str, ...]) -> None:
    life = in_review(holds_close=holds)
    life.send(REVIEW)
    assert life.state.ended == (not open_points)
    if open_points:
        said = life.refused(NotNow, c.Close(by=ANN))
        assert all(point in said for point in open_points)
        assert said.count("is not over") == len(open_points)


def test_a_blocker_of_an_ai_holds_it_up_until_a_person_resolves_it() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.PostEntry(by=BOT, kind=EntryKind.BLOCKER, text="no access"))
    entry = life.last(e.EntryPosted).seq
    life.resolved(ANN)
    life.send(REVIEW)
    assert not life.state.ended
    life.send(c.ResolveEntry(by=ANN, entry=entry, text="it was none"))
    assert life.state.outcome == "closed"


def test_one_of_older_rules_closes_as_it_was_recorded() -> None:
    life = in_review()
    life.state = life.state.changed({"rules": 1})
    life.send(REVIEW)
    assert life.state.outcome == "closed"
