"""What people write on the timeline: typed entries, threads, mentions, AI output, recordings, live sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow, TooLarge, Unknown
from escalation.foresight import forecast
from escalation.lifecycle.case.packet_views import packet
from escalation.lifecycle.details import markdown
from escalation.lifecycle.situation import situation
from escalation.lifecycle.timeline.mentions import mentioned
from escalation.lifecycle.timeline.overview import overview
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.model.request import Attachment, Attempt
from escalation.model.timeline import KEPT_ENTRIES, MOST_OPEN, EntryKind, Mark, Recorded, RecordingKind, Source
from escalation.playbook.schema import Playbook
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, CYD, DAN, SERVICE, Life, opened, small

CALL = "https://meet.example/4711"


def taken(playbook: Playbook | None = None) -> Life:
    """Ann owns it; Bob was called too."""
    return opened(playbook or small()).taken_by(ANN)


def post(life: Life, kind: str, text: str = "it is so", by: str = ANN, **more: Any) -> int:
    """Post an entry; return its number."""
    life.send(c.PostEntry(by=by, kind=EntryKind(kind), text=text, **more))
    return life.last(e.EntryPosted).seq


def recording(**changes: Any) -> c.PostEntry:
    given: dict[str, Any] = {
        "by": ANN,
        "kind": EntryKind.RECORDING,
        "url": "https://clips.example/1",
        "about": RecordingKind.TRIAGE,
        "length": timedelta(minutes=2),
        "recorded": Recorded.TOLD,
        "summary": "the payment was booked twice",
        "transcript": "so what we see here is ...",
    }
    return c.PostEntry(**(given | changes))


# --- entries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in EntryKind if kind not in (EntryKind.RECORDING, EntryKind.LINK)])
def test_an_entry_without_words_is_refused(kind: EntryKind) -> None:
    assert "needs text" in taken().refused(Incomplete, c.PostEntry(by=ANN, kind=kind))


def test_an_entry_takes_only_what_belongs_to_its_kind() -> None:
    command = c.PostEntry(by=ANN, kind=EntryKind.BLOCKER, text="no key", length=timedelta(minutes=1))
    assert "blocker takes no length" in taken().refused(NotAllowed, command)


def test_whoever_has_nothing_to_do_with_it_writes_nothing_and_a_customer_writes_notes() -> None:
    life = taken()
    assert "neither in the working group" in life.refused(
        NotAllowed, c.PostEntry(by=DAN, kind=EntryKind.NOTE, text="hello")
    )
    said = life.refused(NotAllowed, c.PostEntry(by=CUSTOMER, kind=EntryKind.NOTE, text="hello"))
    assert "recorded with note" in said
    assert "recorded with note" in life.refused(NotAllowed, c.Comment(by=CUSTOMER, entry=1, text="hello"))


def test_nobody_whom_the_case_is_about_reads_along_whoever_mentions_or_invites_them() -> None:
    life = taken()
    seq = post(life, "note")
    life.send(c.ChangeFacts(by=ANN, facts={"concerns": ("bob",)}))
    assert "is concerned by" in life.refused(NotAllowed, c.Comment(by=BOB, entry=seq, text="why?"))
    assert "is concerned by" in life.refused(NotAllowed, c.OpenSession(by=ANN, join_url=CALL, participants=(BOB,)))
    before = len(life.sent)
    life.send(c.Note(by=ANN, text="@person:bob must not know"))
    assert BOB not in life.told(since=before)
    assert life.told(MessageKind.WARNING, since=before) == [ANN]
    assert "the case is about them" in life.sent[-1].body


# --- blockers and questions -------------------------------------------------------------------------------------------


@pytest.mark.req("BRN-5")
def test_the_overview_lists_discussion_blockers_and_unanswered_questions_until_they_are_closed() -> None:
    life = taken()
    blocker = post(life, "blocker", "no access to the vault")
    question = post(life, "question", "who has the key?", by=BOB)
    post(life, "decision", "we wait")
    here = overview(life.state)
    assert [(each.ref, each.text) for each in here.blockers] == [
        (f"{life.state.id}#{blocker}", "no access to the vault")
    ]
    assert [each.text for each in here.questions] == ["who has the key?"]
    assert [each.kind for each in here.latest] == ["decision", "question", "blocker"]
    view = situation(life.state, life.now)
    assert (view.blockers, view.questions) == (here.blockers, here.questions)
    assert "who has the key?" in markdown(life.state, life.now)
    life.send(c.AnswerEntry(by=ANN, entry=question, text="it hangs by the door"))
    life.send(c.ResolveEntry(by=BOB, entry=blocker, text="access granted"))
    here = overview(life.state)
    assert (here.blockers, here.questions) == ((), ())
    assert life.all(e.EntryClosed)[0].text == "it hangs by the door"
    assert "no open question" in life.refused(Unknown, c.AnswerEntry(by=ANN, entry=question, text="again"))
    assert "no open question" in life.refused(Unknown, c.AnswerEntry(by=ANN, entry=blocker, text="that is none"))


def test_who_asked_hears_the_answer_and_the_owner_of_a_blocker() -> None:
    life = taken()
    question = post(life, "question", "who has the key?", by=BOB)
    before = len(life.sent)
    life.send(c.AnswerEntry(by=ANN, entry=question, text="I have"))
    assert life.told(since=before) == [BOB]
    post(life, "blocker", "no access", by=BOB)
    assert life.told(since=before) == [BOB, ANN]


def test_only_so_many_questions_are_open_at_once() -> None:
    life = taken()
    for number in range(MOST_OPEN):
        post(life, "question", f"and {number}?")
    said = life.refused(NotNow, c.PostEntry(by=ANN, kind=EntryKind.QUESTION, text="and?"))
    assert "answer or resolve some of them first" in said


# --- AI output --------------------------------------------------------------------------------------------------------


def test_what_an_ai_writes_is_marked_and_closes_nothing_until_a_person_takes_it_over() -> None:
    life = taken()
    seq = post(life, "decision", "refund it", by=BOT, provider="acme", model="m-1")
    question = post(life, "question", "how much?")
    event = life.all(e.EntryPosted)[0]
    assert (event.ai, event.provider, event.model) == (True, "acme", "m-1")
    assert overview(life.state).latest[-1].ai
    assert "human step" in life.refused(NotAllowed, c.AnswerEntry(by=BOT, entry=question, text="40"))
    assert "human step" in life.refused(NotAllowed, c.AcceptEntry(by=BOT, entry=seq))
    life.send(c.AcceptEntry(by=ANN, entry=seq))
    ref = overview(life.state).latest[-1]
    assert (ref.by, ref.ai) == (ANN, False)
    assert life.last(e.EntryAccepted).written_by == BOT
    assert "no AI output" in life.refused(AlreadyDone, c.AcceptEntry(by=BOB, entry=seq))


def test_a_comment_of_an_ai_is_marked() -> None:
    life = taken()
    life.send(c.Comment(by=BOT, entry=post(life, "note"), text="see the runbook"))
    assert life.last(e.Commented).ai


# --- from elsewhere ---------------------------------------------------------------------------------------------------


def brought(text: str, **changes: Any) -> c.PostEntry:
    given: dict[str, Any] = {
        "by": "service:chat",
        "author": BOB,
        "kind": EntryKind.NOTE,
        "text": text,
        "source": Source.CHAT,
        "external_id": "1718.22",
        "external_url": "https://chat.example/1718.22",
    }
    return c.PostEntry(**(given | changes))


@pytest.mark.req("SUP-5")
def test_what_was_written_in_chat_ticket_and_documents_stands_on_one_timeline_with_source_and_author() -> None:
    life = taken()
    life.send(brought("the batch ran twice"))
    life.send(brought("customer called", source=Source.TICKET, external_id="c-9", kind=EntryKind.REPORT))
    life.send(brought("see page 4", source=Source.DOCUMENT, external_id="doc-1", kind=EntryKind.ASSESSMENT, author=CYD))
    told = [(event.source, event.writer, event.by, event.external_id, event.ai) for event in life.all(e.EntryPosted)]
    assert told == [
        ("chat", BOB, "service:chat", "1718.22", False),
        ("ticket", BOB, "service:chat", "c-9", False),
        ("document", CYD, "service:chat", "doc-1", False),
    ]
    assert life.all(e.EntryPosted)[0].external_url == "https://chat.example/1718.22"


@pytest.mark.req("SYN-5")
def test_the_conversation_in_which_it_was_triaged_is_linked_with_the_case() -> None:
    life = taken()
    thread = "https://chat.example/channel/1718"
    life.send(c.PostEntry(by=BOB, kind=EntryKind.LINK, title="triage in chat", url=thread, links=("case",)))
    seq = life.last(e.EntryPosted).seq
    assert life.last(e.EntryPosted).url == thread
    assert situation(life.state, life.now).case_entries == (f"#{seq} link",)


@pytest.mark.req("SUP-5")
def test_the_same_id_twice_is_one_entry_and_other_words_are_its_next_version() -> None:
    life = taken()
    life.send(brought("the batch ran twice"))
    assert life.send(brought("the batch ran twice")) == []
    life.send(brought("the batch ran three times"))
    (posted,), (edited,) = life.all(e.EntryPosted), life.all(e.EntryEdited)
    assert (edited.entry, edited.version, edited.text) == (posted.seq, 2, "the batch ran three times")
    life.send(brought("the batch ran twice", source=Source.TICKET))
    assert len(life.all(e.EntryPosted)) == 2
    said = life.refused(NotAllowed, brought("mine", author=ANN))
    assert f"#{posted.seq} already, by {BOB}" in said


def test_only_a_service_brings_something_along_and_says_from_where() -> None:
    life = taken()
    assert "their own name" in life.refused(NotAllowed, brought("he said so", by=ANN))
    assert "external_id" in life.refused(Incomplete, brought("he said so", external_id=None))
    assert "recorded with note" in life.refused(NotAllowed, brought("he said so", author=CUSTOMER))


# --- drafts and dictation ---------------------------------------------------------------------------------------------


@pytest.mark.req("BGP-4")
def test_a_dictation_is_edited_by_its_author_until_it_is_released_and_what_it_said_stays_readable() -> None:
    life = taken()
    audio = "https://audio.example/1"
    seq = post(life, "assessment", "the vault is Ann's", source=Source.DICTATION, audio_url=audio)
    posted = life.last(e.EntryPosted)
    assert (posted.draft, posted.audio_url) == (True, audio)
    assert f"written by {ANN}" in life.refused(NotAllowed, c.EditEntry(by=BOB, entry=seq, text="mine"))
    before = len(life.sent)
    life.send(c.EditEntry(by=ANN, entry=seq, text="the vault is open, @person:bob"))
    assert life.told(since=before) == []
    assert life.last(e.EntryEdited).version == 2
    assert posted.text == "the vault is Ann's"
    life.send(c.ReleaseEntry(by=ANN, entry=seq))
    assert life.told(since=before) == [BOB]
    assert "the vault is open" in life.sent[-1].body
    assert "was released" in life.refused(NotNow, c.EditEntry(by=ANN, entry=seq, text="the vault is shut"))


# --- threads ----------------------------------------------------------------------------------------------------------


@pytest.mark.req("SUP-13")
def test_comments_form_a_thread_on_an_entry_and_its_author_is_told() -> None:
    life = taken()
    seq = post(life, "decision", "we wait")
    before = len(life.sent)
    life.send(c.Comment(by=BOB, entry=seq, text="until when?"))
    assert life.told(since=before) == [ANN]
    first = life.last(e.Commented)
    life.send(c.Comment(by=ANN, entry=first.seq, text="until noon"))
    second = life.last(e.Commented)
    assert (first.entry, first.reply_to) == (seq, 0)
    assert (second.entry, second.reply_to) == (seq, first.seq)
    assert overview(life.state).latest[0].comments == 2
    assert "the latest is" in life.refused(Unknown, c.Comment(by=ANN, entry=life.state.seq + 1, text="what?"))


@pytest.mark.req("SYN-3")
def test_whoever_reads_along_reacts_once_and_says_how_far_they_have_read() -> None:
    life = taken()
    life.send(recording())
    seq = life.last(e.EntryPosted).seq
    life.send(c.ReactEntry(by=BOB, entry=seq, mark=Mark.AGREE))
    life.send(c.ReactEntry(by=ANN, entry=seq, mark=Mark.AGREE))
    assert overview(life.state).latest[0].marks == {"agree": 2}
    assert "reacted" in life.refused(AlreadyDone, c.ReactEntry(by=BOB, entry=seq, mark=Mark.AGREE))
    life.send(c.ReactEntry(by=BOB, entry=seq, mark=Mark.AGREE, off=True))
    assert overview(life.state).latest[0].marks == {"agree": 1}
    life.send(c.MarkSeen(by=BOB, up_to=seq))
    assert overview(life.state).seen == {BOB: seq}
    assert "already" in life.refused(NotNow, c.MarkSeen(by=BOB, up_to=seq - 1))
    assert "the latest is" in life.refused(Unknown, c.MarkSeen(by=BOB, up_to=life.state.seq + 5))
    life.send(c.Comment(by=BOB, entry=seq, text="at 1:20 it is another account"))
    assert life.last(e.Commented).entry == seq


# --- mentions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ask @person:eva.novak.", ("person:eva.novak",)),
        ("(@team:legal), @role:lead; @oncall:desk!", ("team:legal", "role:lead", "oncall:desk")),
        ("@person:ann and @person:ann", ("person:ann",)),
        ("mail to eva@person:ann or x@team:legal", ()),
        ("https://x.example/@person:ann", ()),
        ("@ann, @person: ann, @customer:c-1, @agent:bot", ()),
        ("", ()),
    ],
)
def test_a_mention_is_a_whole_word_that_names_a_target(text: str, expected: tuple[str, ...]) -> None:
    assert mentioned(text) == expected


@given(st.text(max_size=60))
def test_any_text_can_be_read_for_mentions(text: str) -> None:
    assert mentioned(f"{text} @person:ann")[-1] == "person:ann"


def test_whoever_is_mentioned_is_told_once_with_the_text_and_its_reference_and_may_comment() -> None:
    life = taken()
    before = len(life.sent)
    life.send(c.Note(by=ANN, text="could @person:cyd and @team:experts look? @person:cyd"))
    told = life.sent[before:]
    assert len({message.to for message in told}) == len(told)
    assert CYD in [message.to for message in told]
    note = life.last(e.NoteAdded)
    assert all(
        f"{life.state.id}#{note.seq}" in message.body and "could @person:cyd" in message.body for message in told
    )
    assert CYD not in life.state.people
    life.send(c.Comment(by=CYD, entry=note.seq, text="it is the batch"))
    assert "not in the working group" in life.refused(NotAllowed, c.Resolve(by=CYD, resolution="done"))


def test_who_mentions_somebody_unknown_is_told_and_the_text_stands() -> None:
    life = taken()
    before = len(life.sent)
    life.send(c.Note(by=ANN, text="ask @person:ghost and @person:bob"))
    assert sorted(life.told(since=before)) == [ANN, BOB]
    mine = next(message for message in life.sent[before:] if message.to == ANN)
    assert mine.kind is MessageKind.WARNING
    assert "nobody could be told for person:ghost" in mine.body
    assert "The text stands" in mine.body


def test_a_text_that_mentions_half_the_company_is_refused() -> None:
    text = " ".join(f"@person:p{number}" for number in range(21))
    assert "mention a team instead" in taken().refused(TooLarge, c.Note(by=ANN, text=text))


def test_notes_of_escalations_from_before_mentions_tell_nobody() -> None:
    life = taken()
    life.state = life.state.changed({"rules": 0})
    before = len(life.sent)
    life.send(c.Note(by=ANN, text="ask @person:bob"))
    assert life.told(since=before) == []
    assert life.last(e.NoteAdded).mentions == ()


# --- recordings -------------------------------------------------------------------------------------------------------


@pytest.mark.req("SYN-2", "SYN-11")
def test_the_register_holds_each_recording_with_kind_length_author_summary_and_where_its_transcript_is() -> None:
    life = taken()
    life.send(recording())
    life.send(recording(by=BOB, about=RecordingKind.CAUSE, transcript="", transcript_url="https://clips.example/2.txt"))
    life.send(recording(about=RecordingKind.CUSTOMER_UPDATE, transcript=""))
    third, second, first = overview(life.state).recordings
    assert (first.about, first.length, first.by, first.transcript) == ("triage", "2m", ANN, "here")
    assert first.summary == "the payment was booked twice"
    assert (second.about, second.by, second.transcript) == ("cause", BOB, "https://clips.example/2.txt")
    assert (third.about, third.transcript) == ("customer_update", "")
    assert life.all(e.EntryPosted)[0].transcript == "so what we see here is ..."


@pytest.mark.req("CAP-3")
def test_a_recording_has_a_length_limit_and_one_is_what_everybody_watches_first() -> None:
    life = taken()
    said = life.refused(TooLarge, recording(length=timedelta(minutes=3, seconds=1)))
    assert "3m 1s long and small allows 3m" in said
    life.send(recording(length=timedelta(minutes=3), baseline=True))
    assert [each.baseline for each in overview(life.state).recordings] == [True]
    life.send(recording(baseline=True))
    assert [each.baseline for each in overview(life.state).recordings] == [True, False]
    longer = taken(small(timeline={"recording_at_most": "5m"}))
    longer.send(recording(length=timedelta(minutes=5)))
    assert "needs length" in life.refused(Incomplete, recording(length=None))


@pytest.mark.req("CAP-5")
def test_a_recording_is_refused_until_it_says_that_those_who_are_recorded_know_it() -> None:
    life = taken()
    said = life.refused(Incomplete, recording(recorded=None))
    assert "told, when everybody who is heard or seen in it was told so" in said
    life.send(recording(recorded=Recorded.NOBODY))
    assert life.last(e.EntryPosted).recorded is Recorded.NOBODY


@pytest.mark.req("LNK-2", "LNK-3", "SYN-4")
def test_a_recording_belongs_to_many_things_and_many_recordings_to_one() -> None:
    life = taken()
    life.send(c.AddItem(by=ANN, title="mend it", owner=BOB, due=life.now + timedelta(days=1)))
    decision = post(life, "decision", "we refund")
    life.send(recording(links=("case", "item:i1")))
    first = life.last(e.EntryPosted).seq
    life.send(c.LinkEntry(by=BOB, entry=first, links=(f"entry:{decision}", "escalation:escalation-web-7", "case")))
    life.send(recording(links=("item:i1",)))
    later, earlier = overview(life.state).recordings
    assert earlier.links == ("case", "item:i1", f"entry:{decision}", "escalation:escalation-web-7")
    assert later.links == ("item:i1",)
    here = situation(life.state, life.now)
    second = life.last(e.EntryPosted).seq
    assert here.items[0].entries == (f"#{first} recording", f"#{second} recording")
    assert here.case_entries == (f"#{first} recording",)
    assert "already" in life.refused(AlreadyDone, c.LinkEntry(by=BOB, entry=first, links=("case",)))
    assert "it has i1" in life.refused(Unknown, c.LinkEntry(by=BOB, entry=first, links=("item:i7",)))
    assert "no entry 999" in life.refused(Unknown, recording(links=("entry:999",)))


# --- sessions ---------------------------------------------------------------------------------------------------------


def in_session(life: Life) -> Life:
    life.send(c.OpenSession(by=ANN, join_url=CALL, title="bridge", participants=(BOB, CYD)))
    return life


@pytest.mark.req("SYN-1", "MIS-2")
def test_a_session_is_closed_with_its_decisions_and_items_which_become_entries_and_action_items() -> None:
    life = in_session(taken())
    assert [each.join_url for each in overview(life.state).sessions] == [CALL]
    assert CYD in life.told(MessageKind.NEWS)
    item = c.ItemDraft(title="mend it", owner=BOB, due=life.now + timedelta(days=1))
    life.send(c.CloseSession(by=ANN, decisions=("we refund",), items=(item,)))
    closed, decision = life.last(e.SessionClosed), life.last(e.EntryPosted)
    assert (closed.decisions, closed.items) == ((decision.seq,), ("i1",))
    assert (decision.kind, decision.text, decision.session) == ("decision", "we refund", "m1")
    assert life.state.items["i1"].owner == BOB
    assert overview(life.state).sessions == ()
    assert "no single open session" in life.refused(Unknown, c.CloseSession(by=ANN, none=("decisions", "items")))


@pytest.mark.req("MIS-2")
def test_a_session_cannot_be_closed_without_decisions_and_items_unless_it_says_that_there_were_none() -> None:
    life = in_session(taken())
    assert "none: decisions" in life.refused(Incomplete, c.CloseSession(by=ANN))
    assert "none: items" in life.refused(Incomplete, c.CloseSession(by=ANN, decisions=("we wait",)))
    both = c.CloseSession(by=ANN, decisions=("we wait",), none=("decisions", "items"))
    assert "leave out one" in life.refused(NotAllowed, both)
    assert "human step" in life.refused(NotAllowed, c.CloseSession(by=BOT, none=("decisions", "items")))
    life.send(c.CloseSession(by=BOB, decisions=("we wait",), none=("items",)))
    assert life.last(e.SessionClosed).items == ()


@pytest.mark.req("SYN-1")
def test_a_session_that_stays_open_is_asked_about_again_and_again_as_the_forecast_says() -> None:
    life = taken(small(timeline={"session_at_most": "30m"}))
    in_session(life)
    foreseen = forecast(life.state, life.directory, life.now + timedelta(minutes=61))
    due = [event.at - life.now for event in foreseen if isinstance(event, e.SessionChased)]
    assert due == [timedelta(minutes=30), timedelta(minutes=60)]
    before = len(life.sent)
    life.pass_time("31m")
    assert life.told(MessageKind.WARNING, since=before) == [ANN]
    assert "--none decisions --none items" in life.sent[-1].body
    life.send(c.CloseSession(by=ANN, none=("decisions", "items")))
    life.pass_time("40m")
    assert len(life.all(e.SessionChased)) == 1


def test_a_session_of_somebody_who_left_the_working_group_is_asked_after_with_the_owner_alone() -> None:
    life = taken(small(timeline={"session_at_most": "30m"}))
    life.send(c.OpenSession(by=BOB, join_url=CALL))
    life.send(c.Leave(by=BOB))
    before = len(life.sent)
    life.pass_time("31m")
    assert life.told(MessageKind.WARNING, since=before) == [ANN]


# --- the packet -------------------------------------------------------------------------------------------------------


@pytest.mark.req("CSE-4")
def test_there_is_one_packet_whose_version_and_parts_say_who_supplied_what_with_which_tool() -> None:
    life = taken()
    first = packet(life.state)
    assert first.parts["summary"].by == BOT
    assert first.parts["summary"].source == "chatbot"
    life.send(c.ProvideInput(by=BOB, impact="all of Prague", source="status page"))
    second = packet(life.state)
    assert second.version == first.version + 1
    assert (second.parts["impact"].by, second.parts["impact"].source) == (BOB, "status page")
    assert second.parts["impact"].version == second.version
    assert second.parts["summary"] == first.parts["summary"]
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 50.0}))
    third = packet(life.state)
    assert (third.version, third.parts["facts.amount"].by) == (second.version + 1, ANN)
    life.send(c.Note(by=ANN, text="nothing of the packet"))
    assert packet(life.state).version == third.version


@pytest.mark.req("BEN-5")
def test_the_packet_lists_the_steps_taken_and_links_what_was_attached() -> None:
    life = taken()
    shot = Attachment(title="screen", url="https://files.example/screen.webm")
    log = Attachment(title="log", url="https://files.example/log")
    life.send(
        c.ProvideInput(by=BOB, attempted_solutions=(Attempt(what="a restart", result="no"),), attachments=(shot,))
    )
    life.send(c.Attach(by=ANN, attachment=log))
    seq = post(life, "execution", "ran the batch again")
    here = packet(life.state)
    assert here.steps_taken[-2:] == ("a restart: no", f"#{seq} {ANN}: ran the batch again")
    assert here.attachments == (shot, log)
    assert here.parts["attachments"].by == ANN
    assert here.parts["steps_taken"].version == here.version


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_what_is_kept_of_a_long_discussion_is_bounded_and_old_entries_are_not_edited() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.answer()
    life.taken_by(ANN)
    first = post(life, "execution", "x" * 5_000, draft=True)
    for number in range(KEPT_ENTRIES + 20):
        post(life, "execution", f"{number} " + "y" * 2_000)
    timeline = life.state.timeline
    assert timeline is not None
    assert len(timeline.refs) == KEPT_ENTRIES
    assert len(timeline.model_dump_json()) < 120_000
    assert "none of the latest entries" in life.refused(Unknown, c.EditEntry(by=ANN, entry=first, text="shorter"))


def test_a_playbook_that_says_nothing_of_its_timeline_keeps_its_digest() -> None:
    assert "timeline" not in SERVICE.model_dump(mode="json", exclude_defaults=True)
