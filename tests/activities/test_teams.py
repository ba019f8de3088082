"""Microsoft Teams: what a card holds, how large it may be, and failures that come as a 200."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jsonschema
import pytest
from pydantic import ValidationError

from activities.answer_links import AnswerLinks
from activities.connector import Secret, Tools
from activities.notify.answer_buttons import Buttons, linked
from activities.notify.teams import LARGEST, MOST_BUTTONS, Teams, TeamsConfig, card_of, fitting
from activities.notify.texts import command
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import MessageKind, Notify, Offer
from tests.support.contracts import contract
from tests.support.vendor import Vendor

SCHEMA = "msteams-adaptive-card-1.5.schema.json"
URL = "https://prod-1.westeurope.logic.azure.com/workflows/w/triggers/manual/paths/invoke?sig=s3cret"
NOW = datetime.now(UTC)
LINKS = AnswerLinks("https://links.example", ["k" * 40])
ACK, DECLINE = Offer(command="acknowledge"), Offer(command="decline", needs=("because",))
PAGE = Notify(
    key="i-1/7/person:eva",
    to="person:eva",
    kind=MessageKind.PAGE,
    subject="[S1] Kártyás fizetés - please acknowledge",
    body="Refunds?\n\n[Log in](https://evil.example) *now*\n  escalate acknowledge chat-4711 --by person:eva",
    urgent=True,
    escalation="chat-4711",
    offers=(ACK, DECLINE),
)


def accepted(_: httpx.Request) -> httpx.Response:
    return httpx.Response(202, headers={"x-ms-workflow-run-id": "0858512345CU12"})


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Any:
    def opened(vendor: Vendor, url: str = URL, **config: Any) -> Teams:
        monkeypatch.setenv("TEAMS", url)
        chats = {"channels": {"support": Secret(env="TEAMS")}, "personal": {"eva": Secret(env="TEAMS")}}
        return Teams(TeamsConfig(kind="teams", **(chats | config)), Tools("chat", vendor.client(), LINKS))

    return opened


def answers(message: Notify = PAGE) -> Buttons:
    return linked(message, LINKS, NOW)


def texts(card: dict[str, Any]) -> list[str]:
    return [block["inlines"][0]["text"] for block in card["body"]]


async def test_a_message_is_a_card_in_the_channel_that_the_contact_point_names(opened: Any) -> None:
    vendor = Vendor(accepted)
    receipt = await opened(vendor, page="https://board.example/e/{escalation}").send(PAGE, "support")
    [attachment] = vendor.sent()["attachments"]
    assert str(vendor.calls[0].url) == URL
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["actions"] == [
        {"type": "Action.OpenUrl", "title": "Details", "url": "https://board.example/e/chat-4711"}
    ]
    assert (receipt.channel, receipt.receipt_id, receipt.amendable) == ("chat", "0858512345CU12", False)
    assert not hasattr(Teams, "amend")


@pytest.mark.parametrize("links", [None, LINKS])
@pytest.mark.parametrize("message", [PAGE, PAGE.changed({"offers": (), "body": "", "urgent": False})])
def test_every_card_is_valid_by_the_schema_of_adaptive_cards(links: AnswerLinks | None, message: Notify) -> None:
    schema = json.loads(contract(SCHEMA).read_text())
    card = card_of(message, message.body, "https://board.example/e/1", linked(message, links, NOW))
    jsonschema.Draft6Validator(schema).validate(card)


@pytest.mark.parametrize(
    ("locale", "titles", "until"),
    [
        ("en", ["Approve", "Reject", "Details"], "They work until Tue, Jul 1, 2036"),
        ("cs", ["Schválit", "Zamítnout", "Podrobnosti"], "Použít je lze do: út 1. 7. 2036"),
        ("hu", ["Jóváhagyás", "Elutasítás", "Részletek"], "Eddig használhatók: 2036. júl. 1., kedd"),
        ("sv", ["Godkänn", "Avslå", "Detaljer"], "De fungerar till tis 1 juli 2036"),
    ],
)
async def test_in_a_chat_of_their_own_somebody_answers_by_signed_links_in_their_language(
    opened: Any, locale: str, titles: list[str], until: str
) -> None:
    asked = {"gate": "credit", "digest": "0123456789abcdef"}
    offers = (Offer(command="approve", arguments=asked), Offer(command="reject", arguments=asked, needs=("because",)))
    ends = datetime(2036, 7, 1, 12, tzinfo=UTC)
    message = PAGE.changed(
        {
            "offers": offers,
            "locale": locale,
            "respond_by": ends,
            "body": "Refund 900 EUR?\n  " + "\n  ".join(command(PAGE, offer) for offer in offers),
        }
    )
    vendor = Vendor(accepted)
    await opened(vendor, page="https://board.example/e/{escalation}").send(message, "eva")
    card = vendor.sent()["attachments"][0]["content"]
    assert [each["title"] for each in card["actions"]] == titles
    assert {each["type"] for each in card["actions"]} == {"Action.OpenUrl"}
    read = [LINKS.verify(each["url"].rpartition("/")[2], NOW) for each in card["actions"][:2]]
    assert [(each.escalation, each.to, each.offer, each.until) for each in read] == [
        ("chat-4711", "person:eva", offer, ends) for offer in offers
    ]
    assert until in texts(card)[-1], "nobody has to guess until when"
    assert "escalate " not in " ".join(texts(card)), "what a button does needs no command"


async def test_a_channel_that_several_people_read_gets_no_links_that_answer_for_one_of_them(opened: Any) -> None:
    vendor = Vendor(accepted)
    await opened(vendor).send(PAGE, "support")
    await opened(vendor).send(PAGE.changed({"to": "group:support"}), "eva")
    await opened(vendor).send(PAGE.changed({"respond_by": NOW - timedelta(seconds=1)}), "eva")
    for call in vendor.calls:
        card = json.loads(call.content)["attachments"][0]["content"]
        assert "actions" not in card
        assert any(text.strip().startswith("escalate decline") for text in texts(card))


async def test_a_card_says_for_whom_it_is_only_where_others_read_it_too(opened: Any) -> None:
    vendor = Vendor(accepted)
    teams, page = opened(vendor), PAGE.changed({"to_name": "Eva Nováková", "locale": "hu"})
    lines = {}
    for address in ("support", "eva"):
        await teams.send(page, address)
        lines[address] = texts(vendor.sent()["attachments"][0]["content"])
    assert lines["support"][1] == "Címzett: Eva Nováková"
    assert not any("Eva Nováková" in line for line in lines["eva"])


def test_more_answers_than_teams_has_buttons_for_are_said_as_commands() -> None:
    choices = tuple(Offer(command="approve", arguments={"choice": f"part_{each}"}) for each in range(8))
    message = PAGE.changed({"offers": choices, "body": ""})
    card = json.loads(fitting(message, "https://board.example/e/1", answers(message)))["attachments"][0]["content"]
    titles = [each["title"] for each in card["actions"]]
    assert (len(titles), titles[0], titles[-1]) == (MOST_BUTTONS, "Approve: part 0", "Details")
    assert [text[-6:] for text in texts(card) if text.startswith("escalate")] == ["part_5", "part_6", "part_7"]


def test_answers_without_links_are_commands_said_once() -> None:
    said = "\n".join(texts(card_of(PAGE, PAGE.body, None)))
    assert said.count("escalate acknowledge chat-4711 --by person:eva") == 1
    assert said.count("escalate decline chat-4711 --by person:eva --because '...'") == 1


def test_what_somebody_wrote_is_never_read_as_markdown() -> None:
    card = card_of(PAGE, PAGE.body, None)
    assert "[Log in](https://evil.example) *now*" in texts(card)
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}


@pytest.mark.parametrize("word", ["word ", "č", "one line\n", '"'])
def test_a_long_message_is_cut_to_what_teams_takes_and_keeps_its_commands(word: str) -> None:
    content = fitting(PAGE.changed({"body": word * 20_000, "locale": "sv"}), None)
    assert LARGEST // 2 < len(content) <= LARGEST
    said = texts(json.loads(content)["attachments"][0]["content"])
    assert said[-3].endswith("… (förkortat; hela texten: escalate show chat-4711)")
    assert said[-2] == "escalate acknowledge chat-4711 --by person:eva"
    content = fitting(PAGE.changed({"body": word * 20_000}), "https://board.example/e/1", answers())
    assert LARGEST // 2 < len(content) <= LARGEST
    actions = json.loads(content)["attachments"][0]["content"]["actions"]
    assert [each["title"] for each in actions] == ["Acknowledge", "Decline", "Details"]


@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        ("error 429 with ContextId tcid=0", RemoteUnavailable, "answered 200, and 429 in its body"),
        ("error 502 with ContextId tcid=0", RemoteUnavailable, "answered 200, and 502 in its body"),
        ("error 413 with ContextId tcid=0", RemoteRefused, "answered 200, and 413 in its body"),
        ("error 400 with ContextId tcid=0", RemoteRefused, "answered 200, and 400 in its body"),
    ],
)
async def test_a_failure_that_comes_as_a_200_is_one(opened: Any, body: str, error: type, said: str) -> None:
    words = f"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP {body}"
    with pytest.raises(error) as raised:
        await opened(Vendor(lambda _: httpx.Response(200, text=words))).send(PAGE, "support")
    assert str(raised.value) == f"chat: {said}"


async def test_a_failure_without_a_number_is_tried_again_and_a_login_page_is_no_delivery(opened: Any) -> None:
    words = "Webhook message delivery failed with error: Error contacting Microsoft Teams endpoint"
    with pytest.raises(RemoteUnavailable):
        await opened(Vendor(lambda _: httpx.Response(200, text=words))).send(PAGE, "support")
    with pytest.raises(RemoteRefused, match="with a page"):
        await opened(Vendor(lambda _: httpx.Response(200, text="<!doctype html><html>"))).send(PAGE, "support")
    zipped = httpx.Response(200, headers={"Content-Encoding": "br"}, content=b"")
    with pytest.raises(RemoteRefused, match="cannot be read"):
        await opened(Vendor(lambda _: zipped)).send(PAGE, "support")


@pytest.mark.parametrize("body", ["1", ""])
async def test_a_plain_200_is_a_delivery(opened: Any, body: str) -> None:
    receipt = await opened(Vendor(lambda _: httpx.Response(200, text=body))).send(PAGE, "support")
    assert receipt.channel == "chat"


async def test_a_workflow_that_is_gone_is_final_and_the_webhooks_address_is_in_no_error(opened: Any) -> None:
    said = {"error": {"code": "WorkflowNotFound", "message": f"The workflow at {URL} could not be found."}}
    with pytest.raises(RemoteRefused) as gone:
        await opened(Vendor(lambda _: httpx.Response(404, json=said))).send(PAGE, "support")
    assert str(gone.value) == "chat: answered 404 (WorkflowNotFound)"
    with pytest.raises(RemoteRefused) as unknown:
        await opened(Vendor(accepted)).send(PAGE, URL)
    assert "s3cret" not in str(unknown.value)


def test_a_name_that_stands_twice_and_a_connection_without_any_are_refused() -> None:
    secret = Secret(env="TEAMS")
    with pytest.raises(ValidationError, match="eva stands in channels and in personal"):
        TeamsConfig(kind="teams", channels={"eva": secret}, personal={"eva": secret})
    with pytest.raises(ValidationError, match="at least one webhook"):
        TeamsConfig(kind="teams")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_later_is_tried_again(opened: Any, status: int) -> None:
    with pytest.raises(RemoteUnavailable):
        await opened(Vendor(lambda _: httpx.Response(status))).send(PAGE, "support")


async def test_the_check_posts_no_card_and_shows_nobody_the_webhook(opened: Any) -> None:
    vendor = Vendor(lambda _: httpx.Response(404))
    assert "only a card can try" in await opened(vendor).check()
    assert [(call.method, str(call.url)) for call in vendor.calls] == [
        ("HEAD", "https://prod-1.westeurope.logic.azure.com/")
    ]
