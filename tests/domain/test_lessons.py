"""Lessons that lead to changes which are followed until they are live; the review's draft; labels; lateness."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow, TooLarge, Unknown
from escalation.lifecycle.details import markdown
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.model.review import LessonKind
from escalation.playbook.schema import LoadedPlaybook, Playbook, ReviewPart, Stage, fingerprint
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, CYD, DAN, EVE, FAY, START, Life, opened, small
from tests.domain.invariants import check_history, check_views

DUE = START + timedelta(days=7)
STABLE = {"due": "2d", "remind": "1d", "starts": "stable"}


def shelf(**changes: Any) -> LoadedPlaybook:
    """What the worker finds when it looks: another version of ``small``."""
    found = small(**{"version": 2, **changes})
    return LoadedPlaybook(playbook=found, digest=fingerprint(found))


def change(kind: str = "playbook", owner: str | None = DAN, **more: Any) -> c.LessonDraft:
    return c.LessonDraft.model_validate(
        {"what": "call the desk first", "kind": kind, "owner": owner, "due": DUE, **more}
    )


def reviewed(kind: str = "playbook", playbook: Playbook | None = None, **more: Any) -> Life:
    """One whose review is in, with a lesson whose change dan owes."""
    life = opened(playbook or small()).resolved()
    life.send(c.SubmitReview(by=ANN, changes=(change(kind),), **more))
    return life


# --- lessons ----------------------------------------------------------------------------------------------------------


@pytest.mark.req("BEN-10", "EP-M5")
def test_a_lesson_becomes_a_change_that_is_followed_until_the_version_it_is_live_in_was_found() -> None:
    life = reviewed()
    lesson = life.state.lessons["l1"]
    assert (lesson.kind, lesson.item, lesson.against) == ("playbook", "i1", life.state.playbook_digest)
    assert (life.state.items["i1"].owner, life.state.items["i1"].due) == (DAN, DUE)
    assert life.told(MessageKind.ITEM) == [DAN]
    assert life.last(e.ReviewSubmitted).lessons == ("call the desk first",)
    life.shelf = shelf()
    life.send(c.CompleteChange(by=DAN, lesson="l1", live_as="v2"))
    assert (life.last(e.ChangeLive).verified, life.state.lessons["l1"].live_as) == (True, "v2")
    assert life.state.outcome == "closed"
    check_history(Life(small()).state, life.state, life.events)


@pytest.mark.req("BEN-10", "MIS-6")
def test_a_change_is_chased_for_weeks_and_goes_up_as_any_work_item_does() -> None:
    life = reviewed()
    life.pass_time("14d")
    assert len(life.all(e.ItemChased)) == 8
    assert life.told(MessageKind.ITEM).count(DAN) == 9
    assert life.told(MessageKind.WARNING) == [EVE, EVE, ANN, BOB, *[EVE, FAY] * 5]
    assert life.state.stage is Stage.REVIEW


@pytest.mark.req("BEN-10")
@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "there is no such playbook"),
        (shelf(version=3), "there is no v2 of playbook small; what is in use is v3"),
        (shelf(status="draft"), "v2 is a draft; it is live once it is active"),
    ],
)
def test_what_is_not_live_stays_open_and_whose_it_is_hears_why(found: LoadedPlaybook | None, why: str) -> None:
    life = reviewed()
    life.shelf = found
    life.send(c.CompleteChange(by=ANN, lesson="l1", live_as="v2"))
    assert why in life.last(e.ChangeNotLive).because
    assert life.state.items["i1"].done_at is None
    assert (life.sent[-1].to, why in life.sent[-1].body) == (DAN, True)
    life.shelf = shelf()
    life.send(c.CompleteChange(by=ANN, lesson="l1", live_as=shelf().digest))
    assert life.state.outcome == "closed"


@pytest.mark.req("BEN-10")
def test_the_very_version_that_was_pinned_holds_no_change_whatever_it_is_called() -> None:
    life = reviewed()
    pinned = life.state.playbook_digest
    assert "the change is not in it" in life.refused(NotNow, c.CompleteChange(by=DAN, lesson="l1", live_as=pinned))
    life.shelf = LoadedPlaybook(playbook=small(), digest=pinned)
    life.send(c.CompleteChange(by=DAN, lesson="l1", live_as="v1"))
    assert "the very one that was pinned" in life.last(e.ChangeNotLive).because


@pytest.mark.req("BEN-10")
def test_a_change_that_goes_live_is_not_done_by_saying_that_its_action_item_is() -> None:
    life = reviewed()
    assert "complete_change with lesson l1 and live_as" in life.refused(NotNow, c.CompleteItem(by=DAN, item="i1"))
    assert "say live_as, its new version or digest" in life.refused(Incomplete, c.CompleteChange(by=DAN, lesson="l1"))
    told = life.refused(Incomplete, c.CompleteChange(by=DAN, lesson="l1", live_as="the new one"))
    assert "expected a version such as v4" in told
    assert "these do: l1" in life.refused(Unknown, c.CompleteChange(by=DAN, lesson="l9", live_as="v2"))
    life.refused(NotAllowed, c.CompleteChange(by=BOT, lesson="l1", live_as="v2"))
    directory = reviewed("directory")
    assert "where it is" in directory.refused(Incomplete, c.CompleteChange(by=DAN, lesson="l1"))
    directory.send(c.CompleteChange(by=DAN, lesson="l1", live_as="directory.yaml, role lead"))
    assert (directory.last(e.ChangeLive).verified, directory.state.outcome) == (False, "closed")


def test_a_training_is_done_when_somebody_says_so_and_what_is_only_said_holds_up_nothing() -> None:
    life = reviewed("training")
    life.send(c.CompleteItem(by=DAN, item="i1", result="held on Monday"))
    assert life.state.outcome == "closed"
    life.refused(NotNow, c.CompleteChange(by=DAN, lesson="l1"))
    other = opened(small()).resolved()
    other.send(c.SubmitReview(by=ANN, changes=(change("none", None),)))
    assert other.state.outcome == "closed"


def test_a_change_is_looked_up_once_at_a_time_and_is_not_completed_twice() -> None:
    life = reviewed()
    life.answers = False
    life.send(c.CompleteChange(by=DAN, lesson="l1", live_as="v2"))
    assert "it is looked up" in life.refused(AlreadyDone, c.CompleteChange(by=DAN, lesson="l1", live_as="v3"))
    other = reviewed("fix")
    other.send(c.AddItem(by=ANN, title="wait", owner=BOB, due=DUE))
    other.send(c.CompleteChange(by=DAN, lesson="l1"))
    assert "is live since" in other.refused(AlreadyDone, c.CompleteChange(by=DAN, lesson="l1"))


def test_a_change_needs_an_owner_who_is_a_person_and_a_time_and_there_is_an_end_to_lessons() -> None:
    life = opened(small()).taken_by(ANN)
    add = c.AddLesson(by=ANN, what="watch it", kind=LessonKind.PLAYBOOK)
    assert "needs owner and due" in life.refused(Incomplete, add)
    life.refused(NotAllowed, add.model_copy(update={"owner": BOT, "due": DUE}))
    life.refused(NotNow, add.model_copy(update={"owner": BOB, "due": START}))
    for _ in range(50):
        life.send(c.AddLesson(by=ANN, what="watch it", kind=LessonKind.NONE))
    assert "50 lessons, and that is the most" in life.refused(TooLarge, add)
    life.resolved()
    life.send(c.SubmitReview(by=ANN))  # what was learned on the way counts as lessons
    assert len(life.last(e.ReviewSubmitted).lessons) == 50


@pytest.mark.req("EP-P5", "BEN-10")
def test_close_says_exactly_what_is_open_and_whose_and_it_closes_by_itself_when_nothing_is() -> None:
    life = opened(small()).taken_by(ANN)
    assert f"the resolution is to be found by {ANN}" in life.refused(NotNow, c.Close(by=ANN))
    life.send(c.Resolve(by=ANN, resolution="paid", cause="a batch"))
    assert f"confirmed by {CUSTOMER}" in life.refused(NotNow, c.Close(by=ANN))
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert f"the review is to be submitted by {ANN}" in life.refused(NotNow, c.Close(by=ANN))
    item = c.ItemDraft(title="mend it", owner=BOB, due=DUE)
    life.send(c.SubmitReview(by=ANN, items=(item,), changes=(change(),)))
    told = life.refused(NotNow, c.Close(by=ANN))
    assert f"action item i2 of {BOB}, due 2026-11-27" in told
    assert f"action item i1 of {DAN} (change of lesson l1)" in told
    life.refused(NotAllowed, c.Close(by=BOT))
    life.shelf = shelf()
    life.send(c.CompleteItem(by=BOB, item="i2"))
    life.send(c.CompleteChange(by=DAN, lesson="l1", live_as="2"))
    assert life.state.outcome == "closed"
    assert "has ended" in life.refused(NotNow, c.Close(by=ANN))


# --- the draft --------------------------------------------------------------------------------------------------------


def test_where_it_starts_when_stable_the_review_is_begun_while_the_resolution_waits() -> None:
    life = opened(small(review=STABLE)).taken_by(ANN)
    part = c.DraftReview(by=ANN, part=ReviewPart.CAUSE, text="a batch was lost")
    assert "begins once it is stable" in life.refused(NotNow, part)
    life.send(c.Resolve(by=ANN, resolution="paid"))
    assert (life.last(e.ReviewDraftOpened).because, life.state.review) == ("a resolution is proposed", None)
    assert life.told(MessageKind.REVIEW) == [ANN]
    life.send(part)
    life.send(c.DraftReview(by=BOT, part=ReviewPart.IMPACT, text="one customer waited"))
    assert "an AI does not replace" in life.refused(NotAllowed, part.model_copy(update={"by": BOT, "text": "no"}))
    assert "written by an AI" not in life.state.review_draft.parts["cause"].text  # type: ignore[union-attr]
    assert "impact** drafted by agent:bot (an AI)" in markdown(life.state, life.now)
    life.send(c.ConfirmResolution(by=CUSTOMER))
    life.send(c.SubmitReview(by=ANN, lessons=("watch it",)))
    done = life.last(e.ReviewSubmitted)
    assert (done.impact, done.cause, done.drafted_by_ai) == ("one customer waited", "a batch was lost", ("impact",))
    check_views(life.state)


def test_a_declared_condition_begins_it_before_a_resolution_and_without_it_nothing_begins_early() -> None:
    life = opened(small(review={**STABLE, "stable_when": 'topic == "stable"'})).taken_by(ANN)
    assert life.state.review_draft is None
    life.send(c.ChangeFacts(by=ANN, facts={"topic": "stable"}, because="traffic is back"))
    assert 'it is stable: topic == "stable"' in life.last(e.ReviewDraftOpened).because
    life.send(c.Resolve(by=ANN, resolution="paid"))
    assert len(life.all(e.ReviewDraftOpened)) == 1
    usual = opened(small()).taken_by(ANN)
    usual.send(c.Resolve(by=ANN, resolution="paid"))
    assert usual.all(e.ReviewDraftOpened) == []
    assert "once it is confirmed" in usual.refused(NotNow, c.DraftReview(by=ANN, part=ReviewPart.CAUSE, text="?"))


# --- labels -----------------------------------------------------------------------------------------------------------


@pytest.mark.req("DEF-2")
def test_people_of_the_review_say_whether_it_was_right_and_the_last_word_on_each_counts() -> None:
    life = opened(small()).resolved()
    life.refused(NotAllowed, c.Label(by=BOT, warranted=True))
    life.refused(NotAllowed, c.Label(by=CYD, warranted=True))
    assert "name at least one of" in life.refused(Incomplete, c.Label(by=ANN))
    life.send(c.Label(by=ANN, warranted=False, ai_would_have_been_right=True, because="the AI had it"))
    life.send(c.Label(by=BOB, warranted=True))
    labels = life.state.labels
    assert labels is not None
    assert (labels.warranted, labels.late, labels.ai_would_have_been_right, labels.by) == (True, None, True, BOB)
    life.send(c.AddItem(by=ANN, title="wait", owner=BOB, due=DUE))
    life.send(c.SubmitReview(by=ANN, lessons=("watch it",), late=True))
    shown = situation(life.state, life.now).review
    assert shown is not None
    assert shown.labels.startswith("warranted: yes, late: yes, the AI would have been right: yes (by person:ann")
    before = opened(small()).taken_by(ANN)
    assert "is not in review yet" in before.refused(NotNow, c.Label(by=ANN, warranted=True))


@pytest.mark.req("DEF-2")
def test_how_late_it_came_is_computed_from_facts_whose_source_says_since_when() -> None:
    since = {"ai_confidence": (START - timedelta(minutes=25)).isoformat()}
    life = opened(small(), facts_since=since).resolved()
    life.send(c.SubmitReview(by=ANN, lessons=("sooner",)))
    done = life.last(e.ReviewSubmitted)
    assert done.late_by == 25 * 60
    assert "trigger unsure was true since 2026-11-20 09:35" in done.late_because
    in_time = opened(small()).resolved()
    in_time.send(c.SubmitReview(by=ANN, lessons=("well done",)))
    assert in_time.last(e.ReviewSubmitted).late_by is None


@pytest.mark.req("DEF-2")
def test_how_late_it_came_is_computed_from_what_the_customer_had_said_before() -> None:
    angry = {"id": "angry", "when": '"churn" in keywords', "initiation": "rule"}
    playbook = small(
        triggers=[angry, {"id": "by_hand", "when": 'initiation == "manual"'}],
        keywords={"churn": {"en": ["cancel"]}},
    )
    said = [
        {"author": "customer", "text": "hello", "at": (START - timedelta(hours=2)).isoformat()},
        {"author": "customer", "text": "I will cancel", "at": (START - timedelta(hours=1)).isoformat()},
    ]
    life = opened(playbook, context={"conversation": said}).resolved()
    shown = situation(life.state, life.now).review
    assert shown is not None
    assert shown.late.startswith("trigger angry was true since 2026-11-20 09:00")
    assert shown.late.endswith("1h before the hand-over")


@pytest.mark.parametrize("kind", ["training", "playbook"])
def test_what_waits_for_a_change_goes_on_when_it_is_live(kind: str) -> None:
    life = reviewed(kind)
    life.send(c.AddItem(by=ANN, title="tell the desk", owner=BOB, due=DUE, blocked_by=("i1",)))
    life.shelf = shelf(title="Small, the desk first")
    life.send(c.CompleteChange(by=DAN, lesson="l1", live_as="v2" if kind == "playbook" else "spring course"))
    assert life.last(e.ItemReady).item == "i2"
    assert (life.sent[-1].to, life.state.items["i2"].waits) == (BOB, False)
