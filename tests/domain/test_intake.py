"""What outside systems send becomes requests and entries: once, with author and link, and nothing that is nobody's."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from escalation.errors import RequestRefused
from escalation.intake import AnyIntake, Opening, Posting, Taken, take
from escalation.intake.payloads import cut
from escalation.intake.recordings import as_link
from escalation.intake.rows import Row, Table, read_csv
from escalation.model.request import Request
from escalation.model.timeline import EntryKind, Source
from tests.support import payloads

INTAKE: TypeAdapter[AnyIntake] = TypeAdapter(AnyIntake)
SOCIAL = {"playbook": "tested"}
MAIL = (
    b"From: Ann Lee <Ann@Example.org>\r\nSubject: Re: %s\r\nMessage-ID: <m1@example.org>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe batch ran twice.\r\nWe stop it.\r\n\r\n"
    b"On Sunday Eve wrote:\r\n> what happened?\r\n"
)


def intake(**said: Any) -> AnyIntake:
    return INTAKE.validate_python(said)


def people(stated: str) -> str | None:
    return {"ann@example.org": "ann", "u024": "ann", "aad-ann": "ann"}.get(stated.lower())


def requests(taken: Taken) -> list[Request]:
    assert not taken.wrong, taken.wrong
    return [step.request for step in taken.steps if isinstance(step, Opening)]


def posting(taken: Taken) -> Posting:
    assert not taken.wrong, taken.wrong
    (step,) = taken.steps
    assert isinstance(step, Posting)
    return step


def facebook(*changes: dict[str, Any], **more: Any) -> Taken:
    return take("facebook", intake(reads="meta", request=SOCIAL), payloads.meta(*changes, **more))


def account(**events: Any) -> Taken:
    return take("twitter", intake(reads="x", request=SOCIAL), payloads.x(**events))


# --- social -----------------------------------------------------------------------------------------------------------


@pytest.mark.req("LA-CH8")
def test_a_comment_is_a_request_with_its_author_its_link_and_its_words() -> None:
    (request,) = requests(
        facebook(payloads.comment(permalink_url="https://www.facebook.com/lumina/posts/77?comment_id=5"))
    )
    assert (request.source, request.request_id) == ("facebook", "77_5")
    assert request.case.url == "https://www.facebook.com/lumina/posts/77?comment_id=5"
    assert request.customer is not None
    assert (request.customer.id, request.customer.name) == (f"facebook-{payloads.JANA}", "Jana Nováková")
    assert request.requested_by == f"customer:facebook-{payloads.JANA}"
    (turn,) = request.context.conversation
    assert (turn.author, turn.text) == ("customer", "I was charged twice, please call me")
    assert turn.at is not None


@pytest.mark.req("LA-CH8")
def test_each_mention_is_a_case_of_its_own_and_what_one_person_goes_on_to_say_joins_it() -> None:
    taken = facebook(
        payloads.comment("77_5"),
        payloads.comment("77_6"),
        payloads.comment("77_7", author=payloads.OTTO),
        payloads.mention(),
        messaging=(payloads.private("m_1"), payloads.private("m_2"), payloads.private("m_3", sender=payloads.OTTO)),
    )
    found = requests(taken)
    assert len({request.request_id for request in found}) == len(found) == 7
    keys = [request.dedup_key for request in found]
    assert keys[0] == keys[1] != keys[2], "one person below one post"
    assert keys[4] == keys[5] != keys[6], "one person's private messages"
    assert len(set(keys)) == 5
    mention = found[3]
    assert (mention.customer and mention.customer.name, mention.case.url) == (
        "Otto",
        "https://www.facebook.com/24002_9",
    )


@pytest.mark.req("LA-CH8")
@pytest.mark.parametrize(
    ("change", "because"),
    [
        (payloads.comment(author=payloads.PAGE), "the page's own"),
        (payloads.comment(verb="remove"), "only what is new"),
        (payloads.comment(verb="edited"), "only what is new"),
        (payloads.comment(item="reaction"), "nothing that somebody wrote"),
        ({"field": "ratings", "value": {}}, "another field"),
    ],
)
def test_what_nobody_wrote_to_the_page_opens_nothing(change: dict[str, Any], because: str) -> None:
    taken = facebook(change)
    assert not taken.steps
    assert not taken.wrong
    assert because in taken.passed_over[0].because


@pytest.mark.req("LA-CH8")
def test_echoes_receipts_and_taken_back_messages_of_a_page_open_nothing() -> None:
    receipt = payloads.private() | {"message": None}
    taken = facebook(
        messaging=(payloads.private(is_echo=True), payloads.private(sender=payloads.PAGE), receipt),
    )
    assert not taken.steps
    assert [each.where for each in taken.passed_over] == [f"entry.0.messaging.{at}" for at in range(3)]


@pytest.mark.req("LA-CH8")
def test_posts_and_messages_of_x_are_requests_and_its_own_and_reposts_are_not() -> None:
    taken = account(
        tweet_create_events=[
            payloads.post("55", extended_tweet={"full_text": "@lumina nothing works since Monday"}),
            payloads.post("56", author=payloads.ACCOUNT),
            payloads.post("57", retweeted_status={"id_str": "55"}),
        ],
        direct_message_events=[payloads.direct("9"), payloads.direct("10"), payloads.direct(sender=payloads.ACCOUNT)],
        users={payloads.MIA: {"id": payloads.MIA, "name": "Mia", "screen_name": "mia"}},
    )
    post, first, second = requests(taken)
    assert (post.source, post.dedup_key, post.case.url) == ("x", "55", "https://x.com/mia/status/55")
    assert post.context.conversation[0].text == "@lumina nothing works since Monday"
    assert post.customer is not None
    assert post.customer.name == "Mia (@mia)"
    assert first.dedup_key == second.dedup_key != post.dedup_key
    assert first.request_id != second.request_id
    assert first.customer == post.customer
    assert [each.because for each in taken.passed_over] == [
        "the account's own",
        "a repost: nothing that somebody wrote",
        "the account's own",
    ]


@pytest.mark.req("LA-CH8")
def test_a_deleted_post_of_x_opens_nothing() -> None:
    taken = account(tweet_delete_events=[{"status": {"id": "55", "user_id": payloads.MIA}}])
    assert not taken.steps
    assert taken.passed_over[0].where == "tweet_delete_events"


def test_a_very_long_text_is_cut_and_stays_where_its_link_leads() -> None:
    (request,) = requests(facebook(payloads.comment(message="word " * 10_000)))
    assert len(request.context.conversation[0].text) <= 10_000
    assert request.context.conversation[0].text.endswith("word ... (cut)")
    assert len(request.context.summary) <= 200


def test_what_an_intake_says_counts_above_the_built_in_mapping() -> None:
    own = {"playbook": "tested", "initiation": "rule", "facts": {"channel": "{platform}"}, "customer": {"tier": "vip"}}
    (request,) = requests(take("facebook", intake(reads="meta", request=own), payloads.meta(payloads.comment())))
    assert request.initiation == "rule"
    assert request.facts == {"channel": "facebook"}
    assert request.customer is not None
    assert (request.customer.tier, request.customer.name) == ("vip", "Jana Nováková")


def test_a_part_that_is_wrong_is_named_by_its_path_and_the_others_go_on() -> None:
    nobodys = payloads.comment()["value"] | {"from": None}
    taken = facebook({"field": "feed", "value": nobodys}, payloads.comment())
    assert len(taken.steps) == 1
    assert taken.wrong[0].where == "entry.0.changes.0"
    assert taken.wrong[0].problems[0][0] == "value.from.id"
    assert "charged" not in str(taken.wrong)


def test_what_is_no_payload_of_the_system_is_refused_as_a_whole() -> None:
    with pytest.raises(RequestRefused, match="entry: `entry` is missing"):
        take("facebook", intake(reads="meta", request=SOCIAL), {"object": "page"})
    with pytest.raises(RequestRefused, match="expected a JSON object"):
        take("twitter", intake(reads="x", request=SOCIAL), ["what is this"])
    with pytest.raises(RequestRefused, match="object: expected `page`"):
        take("facebook", intake(reads="meta", request=SOCIAL), {"object": "instagram", "entry": []})


# --- rows -------------------------------------------------------------------------------------------------------------

ROWS = {
    "reads": "rows",
    "key": "Ticket",
    "only": {"Status": ["New", "Open"]},
    "types": {"Amount": "number", "VIP": "flag", "Due": "instant"},
    "time_zone": "Europe/Prague",
    "request": {
        "playbook": "tested",
        "customer": {"id": "{Customer No.}"},
        "facts": {"credit.amount": "{Amount}", "vip": "{VIP}"},
        "context": {"summary": "{Summary} (row {row.number})"},
        "due_at": "{Due}",
    },
}
SHEET = """\
Ticket,Status,Customer No.,Amount,VIP,Due,Summary
T-1,New,c-1,120.50,yes,2026-11-24T14:00,Double charge
T-2,Done,c-2,,no,,Solved already
T-3,Open,c 3 Secret,a lot,no,,Broken
T-4,Open,,7,no,,Nobody's
T-1,New,c-1,1,no,,Copied
T-5,Open,c-5 Secret,7,no,,A space
"""


@pytest.mark.req("SMX-5")
def test_each_row_of_a_csv_file_is_one_request_and_bad_ones_are_named_by_row_and_column() -> None:
    taken = take("plan", intake(**ROWS), read_csv(SHEET.encode(), "Ticket"))
    first, nobodys = (step.request for step in taken.steps if isinstance(step, Opening))
    assert (first.source, first.dedup_key, first.request_id) == ("plan", "T-1", "T-1")
    assert first.facts == {"credit.amount": 120.5, "vip": True}
    assert str(first.due_at) == "2026-11-24 14:00:00+01:00"
    assert first.context.summary == "Double charge (row 2)"
    assert nobodys.customer is None
    assert [each.where for each in taken.passed_over] == ["row 3"]
    wrong = {each.where: [path for path, _ in each.problems] for each in taken.wrong}
    assert wrong == {
        "row 4": ["column Amount"],
        "row 6": ["column Ticket"],
        "row 7": ["customer.id (column Customer No.)"],
    }
    assert "Secret" not in str(taken.wrong)
    assert "a lot" not in str(taken.wrong)


@pytest.mark.req("SMX-5")
def test_a_row_that_was_changed_is_still_the_same_request() -> None:
    def table(amount: float) -> Table:
        cells = {
            "Status": "New",
            "Customer No.": 17.0,
            "Amount": amount,
            "Summary": "s",
            "VIP": True,
            "Due": "2026-11-24",
        }
        row = Row(id="8896508249565060", number=3, link="https://app.smartsheet.com/row", cells=cells)
        return Table(columns=tuple(cells), rows=(row,))

    before, after = (requests(take("plan", intake(**ROWS), table(amount)))[0] for amount in (1, 2))
    assert before.dedup_key == after.dedup_key == before.request_id == after.request_id == "8896508249565060"
    assert before.case.url == "https://app.smartsheet.com/row"
    assert before.customer is not None
    assert before.customer.id == "17"
    assert before.facts != after.facts


@pytest.mark.parametrize(
    ("changes", "csv", "said"),
    [
        ({}, b"Ticket,Status\nT-1,New\n", "request: no column is called Customer No."),
        ({"key": None}, SHEET.encode(), "key: is not said in this intake"),
        ({"key": "Tikcet"}, SHEET.encode(), "no column is called Tikcet; did you mean `Ticket`"),
        ({}, b"Ticket,Ticket\n", "names the column Ticket twice"),
        ({}, b"\xff\xfe", "no CSV in UTF-8"),
        ({}, b"", "line 1: is empty"),
    ],
)
def test_a_sheet_without_what_the_intake_needs_is_refused_as_a_whole(
    changes: dict[str, Any], csv: bytes, said: str
) -> None:
    chosen = intake(**ROWS | changes)
    with pytest.raises(RequestRefused) as refused:
        take("plan", chosen, read_csv(csv, changes.get("key", "Ticket")))
    assert said in str(refused.value)


def test_json_of_any_system_is_read_by_paths() -> None:
    alerts = intake(
        reads="json",
        each="alerts",
        only={"status": "firing"},
        request={
            "playbook": "tested",
            "dedup_key": "{fingerprint}",
            "request_id": "{fingerprint}-{startsAt}",
            "case": {"system": "alerts", "id": "{fingerprint}", "url": "{whole.externalURL}"},
            "initiation": "rule",
            "facts": {"severity.stated": "{labels.severity}"},
        },
    )
    alert = {"status": "firing", "fingerprint": "f1", "startsAt": "1", "labels": {"severity": "page"}}
    payload = {
        "externalURL": "https://alerts.example",
        "alerts": [alert, alert | {"status": "resolved"}, "?", {**alert, "fingerprint": ""}],
    }
    taken = take("alerts", alerts, payload)
    (step,) = taken.steps
    assert isinstance(step, Opening)
    assert (step.request.source, step.request.case.url) == ("alerts", "https://alerts.example")
    assert [each.where for each in taken.passed_over] == ["alerts.1"]
    assert [each.where for each in taken.wrong] == ["alerts.2", "alerts.3"]
    assert taken.wrong[1].problems[0][0].startswith("dedup_key")


def test_a_template_with_an_unknown_part_of_a_request_is_refused() -> None:
    with pytest.raises(ValueError, match="dedup_keys is no part of a request; did you mean `dedup_key`"):
        intake(reads="json", request={"playbook": "tested", "dedup_keys": "{id}"})
    with pytest.raises(ValueError, match="names no playbook"):
        intake(reads="meta", request={})


# --- updates ----------------------------------------------------------------------------------------------------------


@pytest.mark.req("CAP-4")
@pytest.mark.parametrize(
    ("word", "to"),
    [
        ("web-7", "escalation-web-7"),
        ("escalation-web-7", "escalation-web-7"),
        ("web/order 7".replace(" ", "_"), "escalation-web-order_7"),
        ("my-shop/7", "escalation-my%2Dshop-7"),
        ("team:support", "team:support"),
    ],
)
def test_an_update_by_chat_mail_or_api_names_the_escalation_by_id_or_key_or_the_queue(word: str, to: str) -> None:
    command = {"command": "/update", "text": f"{word} the batch ran twice", "user_id": "U024", "trigger_id": "13345"}
    chat = posting(take("chat", intake(reads="chat"), command, who=people))
    mail = posting(take("mail", intake(reads="email"), MAIL % f"[{word}] batch".encode(), who=people))
    record = {"escalation": word, "by": "person:ann", "text": "the batch ran twice", "id": "9", "kind": "assessment"}
    api = posting(take("api", intake(reads="update"), record))
    assert chat.to == mail.to == api.to == to
    assert {each.entry.author for each in (chat, mail, api)} == {"person:ann"}
    assert [each.entry.by for each in (chat, mail, api)] == ["service:chat", "service:mail", "service:api"]
    assert [each.entry.source for each in (chat, mail, api)] == [Source.CHAT, Source.EMAIL, Source.WEB]
    assert chat.entry.text == api.entry.text == "the batch ran twice"
    assert mail.entry.text == "The batch ran twice.\nWe stop it.", "what it quotes is left out"
    assert api.entry.kind is EntryKind.ASSESSMENT


def test_the_fields_of_an_update_may_stand_anywhere_in_its_record() -> None:
    fields = {"escalation": "issue.ref", "by": "user.mail", "text": "comment.body", "id": "comment.id"}
    record = {
        "issue": {"ref": "web-7"},
        "user": {"mail": "ann@example.org"},
        "comment": {"body": "found it", "id": 12},
    }
    entry = posting(take("tracker", intake(reads="update", fields=fields), record, who=people)).entry
    assert (entry.author, entry.text, entry.external_id) == ("person:ann", "found it", "tracker:12")


@pytest.mark.parametrize(
    ("chosen", "payload", "said"),
    [
        (
            intake(reads="chat"),
            {"text": "web-7", "user_id": "U024", "trigger_id": "1"},
            "text: expected the escalation",
        ),
        (intake(reads="chat"), {"text": "web-7 x", "user_id": "U024"}, "trigger_id: `trigger_id` is missing"),
        (intake(reads="email"), MAIL % b"hello", "Subject: names no escalation"),
        (intake(reads="update"), {"escalation": "web-7", "text": "x", "id": "1"}, "by: `by` is missing"),
        (intake(reads="update", fields={"who": "x"}), {}, "fields.who: is no field"),
    ],
)
def test_an_update_that_lacks_something_is_refused_with_what_was_expected(
    chosen: AnyIntake, payload: Any, said: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        take("some", chosen, payload, who=people)
    assert said in str(refused.value)


def test_an_author_whom_nobody_knows_posts_nothing_and_is_not_repeated() -> None:
    command = {"text": "web-7 the batch ran twice", "user_id": "USECRET", "trigger_id": "13345"}
    taken = take("chat", intake(reads="chat"), command, who=people)
    assert not taken.steps
    assert taken.wrong[0].problems[0][0] == "by"
    assert "USECRET" not in str(taken.wrong)
    by_people = take("chat", intake(reads="chat", people={"USECRET": "ben"}), command, who=people)
    assert posting(by_people).entry.author == "person:ben"


def test_an_e_mail_that_a_machine_wrote_is_passed_over() -> None:
    taken = take("mail", intake(reads="email"), b"Auto-Submitted: auto-replied\r\n" + MAIL % b"[web-7]", who=people)
    assert not taken.steps
    assert taken.passed_over[0].because == "written by a machine"


# --- recordings -------------------------------------------------------------------------------------------------------

MEETINGS = {"reads": "zoom", "about": "triage", "recorded": "told"}


@pytest.mark.req("CAP-6")
def test_a_finished_recording_of_zoom_becomes_an_entry_of_the_escalation_that_its_topic_names() -> None:
    step = posting(take("meetings", intake(**MEETINGS), payloads.zoom("[web/7] triage, item:i1"), who=people))
    entry = step.entry
    assert (step.to, step.items) == ("escalation-web-7", ("item:i1",))
    assert step.linked == ("related", "internal", "parent", "child")
    assert entry.kind is EntryKind.RECORDING
    assert entry.url == "https://zoom.example/rec/share/abc"
    assert entry.transcript_url == "https://zoom.example/rec/play/f2"
    assert entry.length is not None
    assert entry.length.total_seconds() == 150
    assert (entry.author, entry.by, entry.recorded, entry.about) == ("person:ann", "service:meetings", "told", "triage")
    assert entry.external_id == "zoom:WEz4RT2lSyKx2MD9Z+lYfA=="


@pytest.mark.req("CAP-6")
def test_the_same_recording_again_is_the_same_entry_and_its_transcript_another() -> None:
    def entry(**changes: Any) -> Any:
        return posting(take("meetings", intake(**MEETINGS), payloads.zoom("[web-7]", **changes), who=people)).entry

    once, again, later = entry(), entry(), entry(event="recording.transcript_completed")
    assert once == again
    assert later.external_id != once.external_id
    assert (later.kind, later.url) == (EntryKind.LINK, "https://zoom.example/rec/play/f2")


@pytest.mark.req("CAP-6")
def test_recordings_of_teams_and_of_others_are_entries_too() -> None:
    teams = intake(reads="teams", about="cause", recorded="told")
    notification = {"changeType": "created", "resource": "...", "resourceData": payloads.call_recording()}
    bare = {"changeType": "created", "resource": "communications/onlineMeetings('m')/recordings('r')"}
    for payload in (payloads.call_recording(), {"value": [payloads.call_recording()]}, {"value": [notification]}):
        step = posting(take("calls", teams, payload, who=people, to="escalation-web-7"))
        assert (step.to, step.entry.author) == ("escalation-web-7", "person:ann")
        assert step.entry.length is not None
        assert step.entry.length.total_seconds() == 60
    passed = take("calls", teams, {"value": [bare]}, who=people).passed_over
    assert "decrypt its resource data" in passed[0].because
    fields = {"id": "recording.uid", "link": "recording.page", "seconds": "recording.duration", "host": "owner"}
    other = intake(reads="recording", about="cause", recorded="nobody", fields=fields)
    recording = {"uid": 7, "page": "https://clips.example/7", "duration": 42}
    payload = {"recording": recording, "owner": "ann@example.org", "title": "escalation-web-7: the cause"}
    step = posting(take("clips", other, payload, who=people))
    assert (step.to, step.entry.external_id, step.entry.url) == (
        "escalation-web-7",
        "recording:7",
        "https://clips.example/7",
    )


def test_a_recording_that_is_longer_than_allowed_can_stand_as_a_link() -> None:
    step = posting(take("meetings", intake(**MEETINGS), payloads.zoom("[web-7]"), who=people))
    link = as_link(step.entry)
    assert (link.kind, link.url, link.external_id) == (EntryKind.LINK, step.entry.url, step.entry.external_id)
    assert link.text == "a recording of 2m 30s; transcript: https://zoom.example/rec/play/f2"


def test_a_recording_lacks_what_nobody_can_guess() -> None:
    taken = take(
        "meetings",
        intake(**MEETINGS),
        payloads.zoom("weekly", share_url="", recording_files=[], duration=0),
        who=people,
    )
    assert [path for path, _ in taken.wrong[0].problems] == ["escalation", "link", "seconds"]
    started = take("meetings", intake(**MEETINGS), payloads.zoom("[web-7]", event="recording.started"), who=people)
    assert started.passed_over[0].because == "no finished recording"


def test_a_long_text_is_cut_at_a_word_and_one_without_spaces_keeps_what_there_is_room_for() -> None:
    assert cut("one two three four five", 20) == "one two ... (cut)"
    assert cut("a " + "x" * 100, 60) == "a " + "x" * 48 + " ... (cut)"
