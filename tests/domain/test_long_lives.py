"""Lives of two weeks: what matters is known however much has happened since, and what is kept does not grow with it."""

from __future__ import annotations

from typing import Any

from escalation.errors import AlreadyDone
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import TAIL
from escalation.model.timeline import EntryKind, Source
from escalation.playbook.review import Participant
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, EVE, FAY, Life, blank, gated, opened, small
from tests.domain.invariants import check_history

SUMMARIES: dict[str, Any] = {"when": "true", "at": ["severity_changed"], "within": "1h"}


def much_happens(life: Life, by: str = ANN) -> None:
    """Let so much be written that the latest events tell of nothing before it."""
    for number in range(TAIL + 1):
        life.send(c.Note(by=by, text=f"note {number}"))


def test_whoever_owned_it_two_weeks_ago_is_asked_how_it_went() -> None:
    asks = {"due": "2d", "remind": "1d", "feedback": {"within": "3d"}}
    life = opened(small(review=asks)).taken_by(ANN)
    life.send(c.Claim(by=BOB, because="I know it"))
    life.send(c.Claim(by=EVE, because="on duty now"))
    much_happens(life, EVE)
    life.resolved(EVE)
    asked = life.last(e.FeedbackRequested).asked
    assert {who for who, part in asked.items() if part is Participant.RECIPIENTS} == {ANN, BOB, EVE}


def test_an_answer_to_a_comment_of_two_weeks_ago_stands_in_its_thread() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.PostEntry(by=ANN, kind=EntryKind.DECISION, text="we wait"))
    decision = life.last(e.EntryPosted).seq
    life.send(c.Comment(by=ANN, entry=decision, text="until when?"))
    comment = life.last(e.Commented).seq
    much_happens(life)
    life.send(c.Comment(by=ANN, entry=comment, text="until noon"))
    assert (life.last(e.Commented).entry, life.last(e.Commented).reply_to) == (decision, comment)
    check_history(blank(life.state.playbook), life.state, life.events)


def test_nobody_hears_of_a_stage_again_that_comes_back_after_two_weeks() -> None:
    usual = {"responsible": ["owner"], "accountable": "role:lead"}
    told = {"consulted": ["requester"], "informed": ["role:boss", "customer"]}
    stages = ("triage", "assignment", "approval", "resolution", "review")
    raci = {stage: {**usual, **(told if stage == "resolution" else {})} for stage in stages}
    life = opened(gated({"when": "amount > 100.0", "subject": ["amount"]}, raci=raci)).taken_by(ANN)
    much_happens(life)
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 150.0}))
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 50.0}))
    assert [event.stage for event in life.all(e.StageTold)] == ["resolution", "resolution"]
    told_of = [message.to for message in life.sent if "/raci/" in message.key]
    assert sorted(told_of) == sorted((BOT, FAY, CUSTOMER)), "each once"


def test_summaries_that_were_filed_are_kept_as_far_as_the_latest_and_no_number_comes_twice() -> None:
    life = opened(small(communication={"summaries": SUMMARIES})).taken_by(ANN)
    for number in range(60):
        life.send(c.ChangeSeverity(by=ANN, severity=("P2", "P1")[number % 2], because="it looks so"))
        life.send(c.FileSummary(by=ANN, text=f"how it stands, {number}"))
    numbers = [event.summary for event in life.all(e.SummaryRequired)]
    assert numbers == [f"s{number}" for number in range(1, len(numbers) + 1)]
    assert len(numbers) > 50
    talk = life.state.communication
    assert talk is not None
    assert list(talk.summaries) == numbers[-21:]
    assert not talk.unfiled
    assert "not waited for" in life.refused(AlreadyDone, c.FileSummary(by=ANN, which="s1", text="again"))


def test_a_draft_mentions_whom_its_present_words_mention_however_often_it_was_edited() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.PostEntry(by=ANN, kind=EntryKind.ASSESSMENT, text="@person:p0 look", draft=True))
    entry = life.last(e.EntryPosted).seq
    for number in range(1, 60):
        life.send(c.EditEntry(by=ANN, entry=entry, text=f"@person:p{number} and @person:q{number}, look"))
    assert life.state.timeline is not None
    assert life.state.timeline.refs[entry].mentions == ("person:p59", "person:q59")
    life.send(c.ReleaseEntry(by=ANN, entry=entry))
    assert life.last(e.EntryReleased).mentions == ("person:p59", "person:q59")


def test_what_was_brought_along_and_edited_there_again_and_again_keeps_only_so_many_mentions() -> None:
    life = opened(small()).taken_by(ANN)
    for number in range(60):
        life.send(
            c.PostEntry(
                by="service:chat",
                author=ANN,
                kind=EntryKind.NOTE,
                source=Source.CHAT,
                external_id="1718.22",
                text=f"@person:p{number}, look",
            )
        )
    assert life.state.timeline is not None
    (ref,) = life.state.timeline.refs.values()
    assert (ref.version, len(ref.mentions)) == (60, 20)


def test_the_state_of_an_incident_of_two_weeks_stays_small() -> None:
    life = opened(small(communication={"summaries": SUMMARIES})).taken_by(ANN)
    for hour in range(14 * 24):
        life.pass_time("1h")
        by = life.owner or ANN
        life.send(
            c.PostEntry(by=by, kind=EntryKind.ASSESSMENT, text=f"{hour}: @team:experts, it still lasts", draft=True)
        )
        entry = life.last(e.EntryPosted).seq
        for edit in range(3):
            life.send(c.EditEntry(by=by, entry=entry, text=f"@person:p{hour}-{edit} and @team:desk, it lasts"))
        life.send(c.Comment(by=by, entry=entry, text="seen"))
        if hour % 6 == 0:
            life.send(c.ChangeSeverity(by=by, severity=("P2", "P1")[hour // 6 % 2], because="it looks so"))
            life.send(c.FileSummary(by=by, text=f"how it stands at {hour}"))
    assert len(life.state.model_dump_json(exclude={"tail", "playbook"}).encode()) < 200_000
