"""What Slack posts back when somebody presses a button: whose word it is, what was answered, what is refused."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from itsdangerous import URLSafeSerializer

from activities.notify.slack.interaction import Answered, Opens, field_errors, person_of, read, verify
from activities.notify.slack.reference import _PURPOSE, Reference, References
from escalation.errors import NotAllowed, RequestRefused
from escalation.model.actions import Offer
from escalation.model.commands import Acknowledge, Approve, Reject
from escalation.people.directory import Directory

# The example of docs.slack.dev/authentication/verifying-requests-from-slack, with its own secret and signature.
EXAMPLE_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
EXAMPLE_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
EXAMPLE_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
EXAMPLE_TIME = 1_531_420_618
NOW = datetime(2026, 11, 22, 10, 41, tzinfo=UTC)
EVA, ANN = "U0EVA00001", "U0ANN00001"
ASKED = {"gate": "credit", "digest": "0123456789abcdef"}
APPROVE = Offer(command="approve", arguments=ASKED)
REJECT = Offer(command="reject", arguments=ASKED, needs=("because",))
REFERENCES = References("slack-emea", ["new", "old"])


def value(offer: Offer | None, user: str = EVA, by: References = REFERENCES, locale: str = "") -> str:
    reference = Reference(connection=by.connection, escalation="E1", offer=offer, to="person:eva", user=user)
    written = by.write(reference.changed({"locale": locale}))
    assert written is not None
    return written


def posted(payload: object) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


def press(button: str, user: str = EVA, **changes: Any) -> dict[str, Any]:
    """A ``block_actions`` payload as docs.slack.dev shows one, shortened where it repeats the message."""
    return {
        "type": "block_actions",
        "team": {"id": "T9TK3CUKW", "domain": "example"},
        "user": {"id": user, "username": "eva", "team_id": "T9TK3CUKW"},
        "api_app_id": "AABA1ABCD",
        "token": "9s8d9as89d8as9d8as989",
        "container": {"type": "message", "message_ts": "1548261231.000200", "channel_id": "CBR2V3XEX"},
        "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
        "channel": {"id": "CBR2V3XEX", "name": "review-updates"},
        "message": {
            "ts": "1548261231.000200",
            "text": "Refund",
            "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "[S1] Refund &lt;b&gt;"}}],
        },
        "response_url": "https://hooks.slack.com/actions/AABA1ABCD/1232321423432/D09sSasdasdAS9091209",
        "actions": [
            {
                "action_id": "0.approve",
                "block_id": "=qXel",
                "text": {"type": "plain_text", "text": "Approve", "emoji": False},
                "value": button,
                "type": "button",
                "action_ts": "1548426417.840180",
            }
        ],
        **changes,
    }


def submit(metadata: str, filled: dict[str, str | None], user: str = EVA, **changes: Any) -> dict[str, Any]:
    """A ``view_submission`` payload as docs.slack.dev shows one."""
    return {
        "type": "view_submission",
        "team": {"id": "T9TK3CUKW", "domain": "example"},
        "user": {"id": user, "name": "eva"},
        "view": {
            "id": "VNHU13V36",
            "type": "modal",
            "callback_id": "escalation_answer",
            "private_metadata": metadata,
            "state": {
                "values": {name: {name: {"type": "plain_text_input", "value": text}} for name, text in filled.items()}
            },
            "hash": "1548261231.156663",
            **changes,
        },
    }


def pressed(payload: dict[str, Any]) -> Answered:
    found = read(posted(payload), REFERENCES)
    assert isinstance(found, Answered)
    return found


def directory(**contacts: list[tuple[str, str]]) -> Directory:
    people = [
        {
            "id": name,
            "name": name,
            "time_zone": "UTC",
            "contacts": [{"channel": channel, "address": address} for channel, address in points],
        }
        for name, points in contacts.items()
    ]
    return Directory.model_validate({"people": people})


# --- whose word it is -------------------------------------------------------------------------------------------------


def signed(body: bytes, key: str, at: datetime) -> dict[str, str]:
    sent = str(int(at.timestamp()))
    digest = hmac.new(key.encode(), b"v0:" + sent.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": sent, "X-Slack-Signature": f"v0={digest}"}


def test_the_example_of_slacks_own_documentation_is_accepted() -> None:
    headers = {"x-slack-request-timestamp": str(EXAMPLE_TIME), "x-slack-signature": EXAMPLE_SIGNATURE}
    verify(EXAMPLE_BODY, headers, [EXAMPLE_SECRET], datetime.fromtimestamp(EXAMPLE_TIME + 3, UTC))


def test_while_one_secret_replaces_another_both_are_accepted() -> None:
    for key in ("new", "old"):
        verify(b"payload=1", signed(b"payload=1", key, NOW), ["new", "old"], NOW)


@pytest.mark.parametrize("away", [timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)])
def test_what_is_more_than_five_minutes_away_may_be_a_recording(away: timedelta) -> None:
    with pytest.raises(RequestRefused, match="more than 5 minutes away"):
        verify(b"x", signed(b"x", "new", NOW), ["new"], NOW + away)
    verify(b"x", signed(b"x", "new", NOW), ["new"], NOW + away * 0.99)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"X-Slack-Signature": "v0=" + "0" * 64}, "X-Slack-Signature"),
        ({"X-Slack-Signature": "v0=ťžč"}, "X-Slack-Signature"),
        ({"X-Slack-Signature": ""}, "X-Slack-Signature"),
        ({"X-Slack-Request-Timestamp": ""}, "X-Slack-Request-Timestamp"),
        ({"X-Slack-Request-Timestamp": "-1"}, "X-Slack-Request-Timestamp"),
        ({"X-Slack-Request-Timestamp": "²"}, "X-Slack-Request-Timestamp"),
        ({"X-Slack-Request-Timestamp": "9" * 400}, "X-Slack-Request-Timestamp"),
    ],
)
def test_what_slack_did_not_sign_is_refused(changed: dict[str, str], named: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        verify(b"x", {**signed(b"x", "new", NOW), **changed}, ["new"], NOW)
    assert refused.value.problems[0][0] == named


def test_one_changed_byte_or_no_secret_at_all_is_refused() -> None:
    for body, keys in ((b"y", ["new"]), (b"x", ["another"]), (b"x", [])):
        with pytest.raises(RequestRefused, match="does not fit"):
            verify(body, signed(b"x", "new", NOW), keys, NOW)


# --- what was answered ------------------------------------------------------------------------------------------------


def test_a_pressed_button_is_the_command_that_was_offered_for_what_was_asked() -> None:
    answered = pressed(press(value(APPROVE)))
    assert (answered.escalation, answered.name, answered.arguments, answered.user) == ("E1", "approve", ASKED, EVA)
    command = answered.command("person:eva")
    assert isinstance(command, Approve)
    assert (command.by, command.gate, command.digest) == ("person:eva", "credit", "0123456789abcdef")


def test_the_same_press_posted_twice_is_one_command_and_another_press_another() -> None:
    first, again = pressed(press(value(APPROVE))), pressed(press(value(APPROVE)))
    assert first.command_id == again.command_id
    later = press(value(APPROVE))
    later["actions"][0]["action_ts"] = "1548426499.000000"
    assert pressed(later).command_id != first.command_id
    assert pressed(press(value(APPROVE), user=ANN)).command_id != first.command_id


def test_an_answer_that_needs_a_reason_opens_a_window_and_its_submission_is_the_command() -> None:
    found = read(posted(press(value(REJECT))), REFERENCES, {"reject": "Zamítnout"})
    assert isinstance(found, Opens)
    assert found.trigger == "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3"
    view = found.view
    assert view["type"] == "modal"
    assert view["title"]["text"] == view["submit"]["text"] == "Zamítnout"
    assert view["blocks"][0]["text"]["text"] == "[S1] Refund &lt;b&gt;"
    asked = [block for block in view["blocks"] if block["type"] == "input"]
    assert [(block["block_id"], block["element"]["action_id"]) for block in asked] == [("because", "because")]
    assert len(view["title"]["text"]) <= 24
    assert len(view["private_metadata"]) <= 3_000
    answered = pressed(submit(view["private_metadata"], {"because": " too much "}, callback_id=view["callback_id"]))
    command = answered.command("person:eva")
    assert isinstance(command, Reject)
    assert (command.because, command.gate, command.digest) == ("too much", "credit", "0123456789abcdef")


def test_long_words_of_a_window_are_cut_to_slacks_limit() -> None:
    found = read(posted(press(value(Offer(command="provide_input", needs=("summary", "impact"))))), REFERENCES)
    assert isinstance(found, Opens)
    long = read(posted(press(value(REJECT))), REFERENCES, {"reject": "Zamítnout s odůvodněním a dál"})
    assert isinstance(long, Opens)
    assert len(long.view["title"]["text"]) <= 24
    assert [block["block_id"] for block in found.view["blocks"] if block["type"] == "input"] == ["summary", "impact"]


def test_details_show_the_command_and_a_link_needs_no_answer() -> None:
    found = read(posted(press(value(None))), REFERENCES)
    assert isinstance(found, Opens)
    assert "escalate show E1" in json.dumps(found.view)
    assert "submit" not in found.view
    link = press("")
    del link["actions"][0]["value"]
    assert read(posted(link), REFERENCES) is None


@pytest.mark.parametrize(
    ("locale", "title", "field", "close"),
    [
        ("", "Reject", "Reason", "Cancel"),
        ("cs", "Zamítnout", "Důvod", "Zrušit"),
        ("hu-HU", "Elutasítás", "Indoklás", "Mégse"),
        ("sv", "Avslå", "Motivering", "Avbryt"),
    ],
)
def test_the_window_goes_on_in_the_language_of_the_message(locale: str, title: str, field: str, close: str) -> None:
    found = read(posted(press(value(REJECT, locale=locale))), REFERENCES)
    assert isinstance(found, Opens)
    [asked] = [block for block in found.view["blocks"] if block["type"] == "input"]
    shown = (found.view["title"], found.view["submit"], asked["label"], found.view["close"])
    assert [each["text"] for each in shown] == [title, title, field, close]


def test_a_button_from_before_messages_said_their_language_still_answers() -> None:
    signer = URLSafeSerializer(["old", "new"], salt=_PURPOSE, signer_kwargs={"digest_method": hashlib.sha256})
    written = signer.dumps(["slack-emea", "E1", ["approve", ASKED, []], "person:eva", EVA])
    assert pressed(press(written)).reference == REFERENCES.read(value(APPROVE), "")


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", "payload"),
        (b"payload=%7B", "payload"),
        (b"payload=%5B%5D", "payload"),
        (b"payload=" + b"%5B" * 100_000, "payload"),
        ("payload=ž".encode(), "payload"),
        (b"payload=1&" * 20, "payload"),
        (b"x" * 600_000, ""),
        (posted({"type": "shortcut"}), "type"),
        (posted({"type": ["block_actions"]}), "type"),
        (posted(press("x", actions=[])), "actions"),
        (posted({**press("x"), "user": {"id": "person:eva"}}), "user.id"),
        (posted({**press("x"), "user": {"name": "eva"}}), "user.id"),
        (posted({**press("x"), "message": "text"}), "message"),
        (posted(submit("x", {}, state={"values": []})), "view.state.values"),
        (posted(submit("x", {}, callback_id="somebody_elses")), "view.callback_id"),
        (posted(submit("x", {"because": "y"})), "view.private_metadata"),
        (posted(submit(value(APPROVE), {"because": "y"})), "view.private_metadata"),
        (posted(submit(value(REJECT), {})), "view.state.values.because"),
        (posted(submit(value(REJECT), {"because": None})), "view.state.values.because"),
        (posted(submit(value(REJECT), {"because": "  "})), "view.state.values.because"),
    ],
)
def test_what_is_malformed_is_refused_naming_its_place(body: bytes, path: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        read(body, REFERENCES)
    assert refused.value.problems[0][0].startswith(path)


@pytest.mark.parametrize(
    "foreign",
    [
        "approve",
        value(APPROVE) + "x",
        value(APPROVE, by=References("slack-emea", ["somebody else's"])),
        value(APPROVE, by=References("slack-apac", ["new"])),
        "x" * 2_001,
    ],
)
def test_a_button_that_was_not_offered_by_this_connection_is_refused(foreign: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        read(posted(press(foreign)), REFERENCES)
    assert refused.value.problems[0][0] == "actions.0.value"
    assert foreign not in str(refused.value)


def test_a_button_from_before_the_secret_was_replaced_is_still_good() -> None:
    answered = pressed(press(value(Offer(command="acknowledge"), by=References("slack-emea", ["old"]))))
    assert isinstance(answered.command("person:eva"), Acknowledge)


def test_an_argument_that_the_command_does_not_have_is_refused_by_its_name() -> None:
    answered = pressed(press(value(Offer(command="acknowledge", arguments={"gate": "credit"}))))
    with pytest.raises(RequestRefused) as refused:
        answered.command("person:eva")
    assert refused.value.problems[0][0] == "gate"


def test_what_a_field_of_the_window_got_wrong_is_said_at_that_field() -> None:
    answered = pressed(submit(value(REJECT), {"because": "x"}))
    assert field_errors(RequestRefused([("because", "is too long"), ("by", "no")]), answered) == {
        "response_action": "errors",
        "errors": {"because": "is too long"},
    }
    assert field_errors(RequestRefused([("by", "no")]), answered) is None


# --- who it was -------------------------------------------------------------------------------------------------------


def test_whoever_has_the_slack_user_as_a_contact_point_of_this_connection_answered() -> None:
    known = directory(
        eva=[("slack-emea", EVA)], ann=[("email", "ann@acme.example"), ("slack-emea", ANN)], bob=[("slack-apac", EVA)]
    )
    assert person_of(pressed(press(value(APPROVE))), known) == "person:eva"
    # The button was Eva's; what counts is who pressed it. The rules decide whether Ann may.
    assert person_of(pressed(press(value(APPROVE), user=ANN)), known) == "person:ann"


def test_with_email_addresses_it_is_whom_slack_delivered_the_message_to() -> None:
    known = directory(eva=[("slack-emea", "eva@acme.example")])
    assert person_of(pressed(press(value(APPROVE))), known) == "person:eva"
    gone = directory(eva=[("email", "eva@acme.example")])
    for answered, people in (
        (pressed(press(value(APPROVE), user=ANN)), known),  # somebody else pressed it
        (pressed(press(value(APPROVE, user=""))), known),  # it was in a channel
        (pressed(press(value(APPROVE))), gone),  # not a contact point any more
    ):
        with pytest.raises(NotAllowed, match="nobody has your Slack user"):
            person_of(answered, people)


def test_a_slack_user_of_two_people_is_nobody() -> None:
    known = directory(eva=[("slack-emea", EVA)], ann=[("slack-emea", EVA)])
    with pytest.raises(NotAllowed, match="several people have"):
        person_of(pressed(press(value(APPROVE))), known)
