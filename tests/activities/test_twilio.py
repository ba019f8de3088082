"""Text messages: how long they may be, that a repeat is not a second one, and which refusals pass."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from activities.answer_links import AnswerLinks
from activities.connector import Secret, Tools
from activities.notify.sms import LONGEST, segments, short
from activities.notify.twilio import Twilio, TwilioConfig
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import MessageKind, Notify, Offer
from tests.support.vendor import Vendor

ACCOUNT, SERVICE, NUMBER = "AC" + "0" * 32, "MG" + "0" * 32, "+420777123456"
PAGE = Notify(
    key="i-1/7/person:eva",
    to="person:eva",
    kind=MessageKind.PAGE,
    subject="[S1] Card payments fail - please acknowledge",
    body="The customer says: my PIN is 1234.",
    escalation="chat-4711",
    offers=(Offer(command="acknowledge"), Offer(command="decline", needs=("because",))),
)


NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


class Account:
    """Keeps messages as Twilio does: newest first."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.lost = 0
        """So many answers get lost after the message was made."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            to = request.url.params["To"]
            return httpx.Response(200, json={"messages": [each for each in self.messages if each["to"] == to]})
        form = httpx.QueryParams(request.content.decode())
        made = {
            "sid": f"SM{len(self.messages):032x}",
            "to": form["To"],
            "body": form["Body"],
            "status": "queued",
            "error_code": None,
            "date_sent": None,
        }
        self.messages.insert(0, made)
        if self.lost:
            self.lost -= 1
            raise httpx.ReadTimeout("", request=request)
        return httpx.Response(201, json=made)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TW_KEY", "SK1")
    monkeypatch.setenv("TW_SECRET", "s3cret")

    def opened(vendor: Vendor, links: AnswerLinks | None = None, **config: Any) -> Twilio:
        sender: dict[str, Any] = {} if "messaging_service" in config else {"sender": "+15005550006"}
        read = TwilioConfig(
            kind="twilio", account=ACCOUNT, key=Secret(env="TW_KEY"), secret=Secret(env="TW_SECRET"), **sender, **config
        )
        return Twilio(read, Tools("sms", vendor.client(), links))

    return opened


def refusing(status: int, code: int) -> Vendor:
    said = {"code": code, "message": f"The 'To' number {NUMBER} is not valid", "status": status}

    def answer(request: httpx.Request) -> httpx.Response:
        return (
            httpx.Response(200, json={"messages": []}) if request.method == "GET" else httpx.Response(status, json=said)
        )

    return Vendor(answer)


async def test_a_page_is_a_text_with_what_it_is_about_how_to_answer_and_nothing_of_the_customer(opened: Any) -> None:
    vendor = Vendor(Account())
    receipt = await opened(vendor).send(PAGE, NUMBER)
    form = vendor.form()
    first, rest = form["Body"].split("\n", 1)
    assert first == "[S1] Card payments fail - please acknowledge"
    assert rest.startswith("Answer at a computer: escalate show chat-4711\nRef ")
    assert "1234" not in form["Body"]
    assert (form["To"], form["From"]) == (NUMBER, "+15005550006")
    assert vendor.calls[-1].url.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert vendor.calls[-1].headers["Authorization"] == "Basic U0sxOnMzY3JldA=="
    assert (receipt.channel, receipt.receipt_id, receipt.amendable) == ("sms", f"SM{0:032x}", False)


async def test_a_messaging_service_chooses_the_sender(opened: Any) -> None:
    vendor = Vendor(Account())
    await opened(vendor, messaging_service=SERVICE).send(PAGE, NUMBER)
    assert vendor.form()["MessagingServiceSid"] == SERVICE
    assert "From" not in vendor.form()


async def test_one_of_the_two_senders_is_needed() -> None:
    both: tuple[dict[str, Any], ...] = ({}, {"sender": "+1", "messaging_service": SERVICE})
    for senders in both:
        with pytest.raises(ValidationError, match="exactly one of sender and messaging_service"):
            TwilioConfig(kind="twilio", account=ACCOUNT, key=Secret(env="HOME"), secret=Secret(env="HOME"), **senders)


async def test_a_message_whose_answer_was_lost_is_found_again_and_not_sent_twice(opened: Any) -> None:
    account = Account()
    account.lost = 1
    with pytest.raises(RemoteUnavailable):
        await opened(Vendor(account)).send(PAGE, NUMBER)
    receipt = await opened(Vendor(account)).send(PAGE, NUMBER)  # another worker
    assert [each["sid"] for each in account.messages] == [receipt.receipt_id]
    await opened(Vendor(account)).send(PAGE.changed({"key": "i-1/8/person:eva"}), NUMBER)
    await opened(Vendor(account)).send(PAGE, "+420777999999")
    assert len(account.messages) == 3


async def test_an_earlier_try_that_could_not_be_delivered_is_final_unless_its_reason_passes(opened: Any) -> None:
    account = Account()
    await opened(Vendor(account)).send(PAGE, NUMBER)
    account.messages[0] |= {"status": "undelivered", "error_code": 30006}
    with pytest.raises(RemoteRefused, match=r"sms: not sent \(30006\)"):
        await opened(Vendor(account)).send(PAGE, NUMBER)
    account.messages[0] |= {"error_code": 30001}  # the queue was full
    await opened(Vendor(account)).send(PAGE, NUMBER)
    assert len(account.messages) == 2


@pytest.mark.parametrize(
    ("status", "code"), [(401, 20003), (400, 21211), (400, 21610), (400, 21614), (403, 20003), (400, 21408)]
)
async def test_a_refusal_is_final_and_says_the_code_but_not_the_number(opened: Any, status: int, code: int) -> None:
    with pytest.raises(RemoteRefused) as refused:
        await opened(refusing(status, code)).send(PAGE, NUMBER)
    assert str(refused.value) == f"sms: answered {status} ({code})"


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (400, 21611), (400, 30001), (400, 14107), (503, 20503)])
async def test_what_passes_is_tried_again(opened: Any, status: int, code: int) -> None:
    with pytest.raises(RemoteUnavailable) as later:
        await opened(refusing(status, code)).send(PAGE, NUMBER)
    assert NUMBER not in str(later.value)


async def test_the_check_fetches_the_account_or_else_a_message_and_sends_none(opened: Any) -> None:
    def suspended(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"status": "suspended", "friendly_name": "Acme"})

    def standard_key(request: httpx.Request) -> httpx.Response:
        is_account = request.url.path.endswith(f"{ACCOUNT}.json")
        return httpx.Response(401, json={"code": 20003}) if is_account else httpx.Response(200, json={"messages": []})

    active = Vendor(lambda _: httpx.Response(200, json={"status": "active"}))
    assert await opened(active).check() == "the account is active"
    assert [(call.method, call.url.path) for call in active.calls] == [("GET", f"/2010-04-01/Accounts/{ACCOUNT}.json")]
    assert await opened(Vendor(standard_key)).check() == "the key can read messages"
    with pytest.raises(RemoteRefused, match="the account is suspended, expected active"):
        await opened(Vendor(suspended)).check()
    with pytest.raises(RemoteRefused, match=r"401 \(20003\)"):
        await opened(Vendor(lambda _: httpx.Response(401, json={"code": 20003}))).check()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("č" * 70, 1),
        ("č" * 71, 2),
        ("a" * 133 + "č", 2),
        ("a" * 134 + "č", 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_segments_are_counted_as_phone_networks_do(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize("letter", ["a", "č", "😀", "[", "word "])
@pytest.mark.parametrize("most", [1, 2, 3, 10])
@pytest.mark.parametrize("escalation", ["chat-4711", "e" * 300])
def test_a_text_keeps_within_its_segments_and_always_has_its_reference(letter: str, most: int, escalation: str) -> None:
    text = short(
        PAGE.changed({"subject": letter * 2000, "escalation": escalation}),
        "0a1b2c3d",
        most,
        NOW,
        [f"Take it: https://a.example/{escalation}"],
    )
    assert segments(text) <= most
    assert len(text) <= LONGEST
    assert text.endswith("\nRef 0a1b2c3d")
    assert text.startswith(letter)


def test_typography_that_would_halve_the_room_is_written_plainer() -> None:
    page = PAGE.changed({"subject": "\u201eCard\u201c \u2013 it fails \u2026", "offers": ()})
    text = short(page, "0a1b2c3d", 3, NOW)
    assert text.startswith('"Card" - it fails ...\n')
    assert segments(text) == 1


def test_what_cannot_be_answered_says_its_body() -> None:
    news = PAGE.changed(
        {"offers": (), "subject": "[S1] chat-4711", "body": "Taken by Eva.\n\n", "kind": MessageKind.NEWS}
    )
    assert short(news, "0a1b2c3d", 3, NOW) == "[S1] chat-4711\nTaken by Eva.\nRef 0a1b2c3d"


ASKED = PAGE.changed(
    {
        "respond_by": NOW + timedelta(minutes=35),
        "time_zone": "Europe/Prague",
        "values": {"goes_on": "again"},
        "to": "person:eva.novakova",
    }
)


@pytest.mark.parametrize(
    ("locale", "goes_on", "said"),
    [
        ("en-GB", "again", "Until 21:35 CET. No answer: you are asked again."),
        ("cs", "level", "Do 21:35 CET. Bez odpovědi oslovíme další."),
        ("hu", "resort", "Határidő: 21:35 CET. Válasz nélkül mást keresünk meg."),
        ("sv", "again", "Senast 21:35 CET. Utan svar frågar vi dig igen."),
    ],
)
async def test_a_page_says_by_when_and_what_silence_leads_to_in_the_receivers_words(
    locale: str, goes_on: str, said: str
) -> None:
    page = ASKED.changed({"locale": locale, "values": {"goes_on": goes_on}})
    text = short(page, "0a1b2c3d", 3, NOW, ["Answer: https://board.example.org/chat-4711"])
    assert text.splitlines()[1:] == [said, "Answer: https://board.example.org/chat-4711", "Ref 0a1b2c3d"]


def test_an_approval_says_what_no_decision_counts_as() -> None:
    values = {"due": (NOW + timedelta(days=2)).isoformat(), "on_expiry": "deny"}
    approval = ASKED.changed({"kind": MessageKind.APPROVAL, "values": values, "respond_by": None, "locale": "en-GB"})
    assert "Until Tue, 24 Nov 2026 21:00 CET. No answer counts as no." in short(approval, "0a1b2c3d", 3, NOW)


def test_what_does_not_fit_goes_before_the_time_by_which_it_is_wanted() -> None:
    links = ["Take it: https://a.example/" + "x" * 60, "Decline: https://a.example/" + "y" * 60]
    texts = [short(ASKED, "0a1b2c3d", most, NOW, links) for most in (3, 2, 1)]
    assert [sum("https:" in line for line in text.splitlines()) for text in texts] == [2, 2, 1]
    assert all("Until 9:35" in text and text.endswith("\nRef 0a1b2c3d") for text in texts)


def test_what_has_the_packet_is_never_said_in_a_text_message() -> None:
    asked = PAGE.changed({"offers": (), "kind": MessageKind.NEWS, "values": {"packet": {"summary": "PIN"}}})
    assert "1234" not in short(asked, "0a1b2c3d", 3, NOW)


async def test_links_lead_to_the_page_of_the_escalation_or_else_are_signed(opened: Any) -> None:
    vendor, links = Vendor(Account()), AnswerLinks("https://a.example", ["k" * 40])
    page = ASKED.changed({"respond_by": datetime.now(UTC) + timedelta(minutes=35)})
    await opened(vendor, links, page="https://board.example.org/{escalation}").send(page, NUMBER)
    assert "\nAnswer: https://board.example.org/chat-4711\nRef " in vendor.form()["Body"]
    await opened(vendor, links, segments=6).send(page.changed({"key": "2"}), NUMBER)
    lines = vendor.form()["Body"].splitlines()
    assert [line.partition(": ")[0] for line in lines if "https://a.example/answer/" in line] == [
        "Acknowledge",
        "Decline",
    ]
    assert "escalate " not in vendor.form()["Body"]
