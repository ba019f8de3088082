"""Slack as a channel: what is posted where, once; in which thread; what is said on it afterwards; what is final."""

import asyncio
import json
import random
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from activities.connections import open_connections, read_connections
from activities.connector import Tools
from activities.notify.port import Amending
from activities.notify.slack import blocks
from activities.notify.slack.channel import EMAIL_SCOPE, MOST_PAGES, SCOPES, Slack
from activities.notify.slack.config import SlackConfig
from escalation.errors import DocumentError, RemoteRefused, RemoteUnavailable
from escalation.model.actions import AmendMessage, DeliveryReceipt, Fate, MessageKind, Notify, Offer
from tests.support.slack import EVA, Workspace
from tests.support.vendor import Vendor

ROOM = "C0ROOM0001"
CONNECTED = """
connections:
  slack-emea: {kind: slack, token: {env: SLACK_EMEA}, signing_secrets: [{env: SLACK_SIGNING}]}
  slack-apac: {kind: slack, token: {env: SLACK_APAC}}
"""
ASKED = {"gate": "credit", "digest": "0123456789abcdef"}
APPROVAL = Notify(
    key="i1/7/gate:credit/1/person:eva",
    to="person:eva",
    kind=MessageKind.APPROVAL,
    subject="[S1] Refund of 900 EUR - please decide",
    body="What is asked: a credit\nWhy it was escalated:\n  - amount: over the limit\n\n"
    "  escalate approve E1 --by person:eva\n",
    escalation="E1",
    offers=(
        Offer(command="approve", arguments=ASKED),
        Offer(command="reject", arguments=ASKED, needs=("because",)),
    ),
)


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


@pytest.fixture
def opened(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Both connections, opened from a file; ``vendor`` has the calls."""
    for name in ("SLACK_EMEA", "SLACK_APAC"):
        monkeypatch.setenv(name, f"xoxb-{name}")
    monkeypatch.setenv("SLACK_SIGNING", "8f742231b10e8888abcd99yyyzzz85a5")
    file = tmp_path / "connections.yaml"
    file.write_text(CONNECTED)
    vendor = Vendor(workspace)
    return {**open_connections(read_connections(file), vendor.client()).notifiers, "vendor": vendor}


@pytest.fixture
def slack(opened: dict[str, Any]) -> Slack:
    found: Slack = opened["slack-emea"]
    return found


def message(**changes: Any) -> Notify:
    return APPROVAL.changed(changes)


def following(receipt: DeliveryReceipt, **changes: Any) -> Notify:
    return message(key="i1/9/news", threads={receipt.channel: receipt.thread}, **changes)


def change(receipt: DeliveryReceipt, key: str = "i1/8/settled", body: str = "Approved by Ann, 10:41.") -> AmendMessage:
    return AmendMessage(
        key=key,
        to="person:eva",
        channel=receipt.channel,
        receipt_id=receipt.receipt_id,
        fate=Fate.DECIDED,
        body=body,
        escalation="E1",
    )


def kinds(post: dict[str, Any]) -> list[str]:
    return [block["type"] for block in post["blocks"]]


def texts(post: dict[str, Any]) -> str:
    return json.dumps(post["blocks"], ensure_ascii=False)


# --- where it goes ----------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-16", "INT-5")
@pytest.mark.parametrize("address", [EVA, "eva@acme.example"])
async def test_a_person_is_written_to_directly_by_user_id_or_by_email(
    slack: Slack, workspace: Workspace, address: str
) -> None:
    receipt = await slack.send(APPROVAL, address)
    assert [post["channel"] for post in workspace.posts] == ["D0EVA00001"]
    assert receipt == DeliveryReceipt(
        channel="slack-emea",
        receipt_id="D0EVA00001:1800000000.000100",
        at=datetime(2027, 1, 15, 8, 0, 0, 100, tzinfo=UTC),
        thread="D0EVA00001:1800000000.000100",
        amendable=True,
    )
    before = len(workspace.asked)
    await slack.send(message(key="i2/8/x", escalation="E2"), address)
    assert workspace.asked[before:] == ["conversations.history", "chat.postMessage"]  # who and where is known by now


@pytest.mark.parametrize(("address", "said"), [(ROOM, True), (EVA, False), ("D0EVA00001", False)])
async def test_a_message_says_for_whom_it_is_only_where_others_read_it_too(
    slack: Slack, workspace: Workspace, address: str, said: bool
) -> None:
    await slack.send(message(to_name="Eva Nováková", locale="sv"), address)
    assert ("Till Eva Nováková" in texts(workspace.posts[-1])) is said
    assert ("Till Eva Nováková" in workspace.posts[-1]["text"]) is said


async def test_a_channel_is_written_to_as_it_is(slack: Slack, workspace: Workspace) -> None:
    await slack.send(APPROVAL, ROOM)
    assert workspace.asked == ["conversations.history", "chat.postMessage"]
    assert workspace.posts[0]["channel"] == ROOM


@pytest.mark.parametrize(("address", "said"), [("#general", "none of Slack's"), ("no@acme.example", "users_not_found")])
async def test_a_contact_point_that_is_nobody_is_refused_without_repeating_it(
    slack: Slack, address: str, said: str
) -> None:
    with pytest.raises(RemoteRefused, match=said) as refused:
        await slack.send(APPROVAL, address)
    assert address not in str(refused.value)


async def test_two_workspaces_are_two_connections_with_tokens_of_their_own(
    opened: dict[str, Any], workspace: Workspace
) -> None:
    for name in ("slack-emea", "slack-apac"):
        assert (await opened[name].send(message(key=name), ROOM)).channel == name
    assert {call.headers["Authorization"] for call in opened["vendor"].calls} == {
        "Bearer xoxb-SLACK_EMEA",
        "Bearer xoxb-SLACK_APAC",
    }
    # Without a signing secret no click could be trusted, so there is nothing to click.
    assert ["actions" in kinds(post) for post in workspace.posts] == [True, False]


# --- once -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("thread", [False, True])
async def test_a_message_whose_answer_was_lost_is_found_again_and_not_posted_twice(
    slack: Slack, workspace: Workspace, thread: bool
) -> None:
    first = await slack.send(APPROVAL, EVA)
    asked = following(first) if thread else message(key="i2/9/other", escalation="E2")
    workspace.fails["chat.postMessage"] = [httpx.ReadError("reset")]
    with pytest.raises(RemoteUnavailable):
        await slack.send(asked, EVA)
    receipt = await slack.send(asked, EVA)
    assert len(workspace.posts) == 2
    assert receipt.receipt_id == f"D0EVA00001:{workspace.posts[1]['ts']}"
    assert receipt.thread == (first.thread if thread else receipt.receipt_id)


async def test_a_busy_channel_is_read_page_after_page_but_not_for_ever(slack: Slack, workspace: Workspace) -> None:
    await slack.send(APPROVAL, ROOM)
    for number in range(150):
        workspace.posts.append({"channel": ROOM, "ts": f"{1_800_000_100 + number}.000100", "text": "chat"})
    await slack.send(APPROVAL, ROOM)
    assert workspace.asked.count("chat.postMessage") == 1
    for number in range(700):
        workspace.posts.append({"channel": ROOM, "ts": f"{1_800_001_000 + number}.000100", "text": "chat"})
    before = len(workspace.asked)
    await slack.send(message(key="i1/9/new"), ROOM)
    assert workspace.asked[before:].count("conversations.history") == MOST_PAGES


async def test_what_is_older_than_two_days_is_not_looked_through(slack: Slack, workspace: Workspace) -> None:
    for number in range(300):
        workspace.posts.append({"channel": ROOM, "ts": f"{1_500_000_000 + number}.000100", "text": "chat"})
    await slack.send(APPROVAL, ROOM)
    assert workspace.asked == ["conversations.history", "chat.postMessage"]


async def test_nothing_but_digests_is_kept_where_every_app_of_the_workspace_can_read(
    slack: Slack, workspace: Workspace
) -> None:
    await slack.send(APPROVAL, EVA)
    metadata = workspace.posts[0]["metadata"]
    assert set(metadata["event_payload"]) == {"key", "escalation"}
    assert all(re.fullmatch(r"[0-9a-f]{16,}", each) for each in metadata["event_payload"].values())


# --- one thread -------------------------------------------------------------------------------------------------------


async def test_an_escalations_messages_to_one_receiver_are_one_thread_and_what_asks_is_seen_outside_it_too(
    slack: Slack, workspace: Workspace
) -> None:
    first = await slack.send(APPROVAL, EVA)
    news = await slack.send(following(first, offers=()), EVA)
    await slack.send(following(first).changed({"key": "i1/10/x"}), EVA)
    assert news.thread == first.thread
    assert [(post.get("thread_ts"), post.get("broadcast")) for post in workspace.posts] == [
        (None, None),
        (workspace.posts[0]["ts"], False),
        (workspace.posts[0]["ts"], True),
    ]


async def test_a_thread_that_somebody_deleted_or_that_is_elsewhere_is_begun_anew(
    slack: Slack, workspace: Workspace
) -> None:
    first = await slack.send(APPROVAL, EVA)
    del workspace.posts[0]
    workspace.posts.append({"channel": ROOM, "ts": "1800000050.000100", "text": "chat"})
    again = await slack.send(following(first), EVA)
    assert again.thread == again.receipt_id
    elsewhere = await slack.send(following(first).changed({"key": "i1/11/x"}), ROOM)
    assert elsewhere.thread.startswith(f"{ROOM}:")


# --- what became of it ------------------------------------------------------------------------------------------------


TEAM = message(key="i1/3/page/1/group:desk", to="group:desk", kind=MessageKind.PAGE)
DECIDED = message(key="i1/9/news", to="group:board", kind=MessageKind.NEWS, offers=())
ITEM = message(key="i1/11/item/i1", to="group:operations", kind=MessageKind.ITEM)


@pytest.mark.req("ICP-12")
async def test_what_concerns_one_escalation_is_one_thread_in_a_channel_whoever_is_told_there(
    slack: Slack, workspace: Workspace
) -> None:
    first = await slack.send(TEAM, ROOM)
    for each in (DECIDED, ITEM):  # each the first message to its receiver, who is reached in the same channel
        assert (await slack.send(each, ROOM)).thread == first.thread
    other = await slack.send(message(key="i2/3/page/1", escalation="E2"), ROOM)
    assert other.thread != first.thread
    begun = workspace.posts[0]["ts"]
    assert [post.get("thread_ts") for post in workspace.posts] == [None, begun, begun, None]


async def test_two_first_messages_of_one_escalation_at_the_same_moment_begin_one_thread(
    slack: Slack, workspace: Workspace
) -> None:
    first, second = await asyncio.gather(slack.send(TEAM, ROOM), slack.send(DECIDED, ROOM))
    assert first.thread == second.thread
    assert [post.get("thread_ts") for post in workspace.posts] == [None, workspace.posts[0]["ts"]]


async def test_a_reply_whose_answer_was_lost_is_found_in_the_thread_that_another_receiver_began(
    slack: Slack, workspace: Workspace
) -> None:
    first = await slack.send(TEAM, ROOM)
    workspace.fails["chat.postMessage"] = [httpx.ReadTimeout("")]
    with pytest.raises(RemoteUnavailable):
        await slack.send(DECIDED, ROOM)
    assert (await slack.send(DECIDED, ROOM)).thread == first.thread
    assert len(workspace.posts) == 2


async def test_a_known_thread_of_another_receiver_is_gone_on_with_though_the_channel_shows_it_no_more(
    slack: Slack, workspace: Workspace
) -> None:
    first = await slack.send(TEAM, ROOM)
    workspace.posts[0]["metadata"]["event_payload"].pop("escalation")  # as far back as nobody looks
    known = {"slack-emea": ("D0ANN00001:1700000000.000100", f"{ROOM}:1700000000.000100", first.thread)}
    assert (await slack.send(DECIDED.changed({"other_threads": known}), ROOM)).thread == first.thread


async def test_a_message_is_found_where_it_was_posted_and_not_before(slack: Slack, workspace: Workspace) -> None:
    assert await slack.found(APPROVAL, EVA) is None
    receipt = await slack.send(APPROVAL, EVA)
    assert await slack.found(APPROVAL, EVA) == receipt
    more = following(receipt)
    posted = await slack.send(more, EVA)
    assert await slack.found(more, EVA) == posted
    assert len(workspace.posts) == 2


@pytest.mark.parametrize("within_a_thread", ["no", "alone", "and outside"])
async def test_a_message_that_was_answered_says_so_keeps_what_it_said_and_has_no_buttons(
    slack: Slack, workspace: Workspace, within_a_thread: str
) -> None:
    channel: Amending = slack
    receipt = await channel.send(APPROVAL, EVA)
    if within_a_thread != "no":
        offers = APPROVAL.offers if within_a_thread == "and outside" else ()
        receipt = await channel.send(following(receipt, offers=offers), EVA)
    await channel.amend(change(receipt))
    post = workspace.posts[-1]
    assert kinds(post) == ["header", "rich_text", "rich_text", "context"]
    assert "over the limit" in texts(post)
    assert "Approved by Ann, 10:41." in texts(post)
    assert post["text"].startswith("Approved by Ann, 10:41.\n[S1] Refund of 900 EUR")
    assert not any("block_id" in block for block in post["blocks"])


async def test_the_same_change_twice_is_once_a_second_one_comes_beside_it_and_the_message_is_still_known(
    slack: Slack, workspace: Workspace
) -> None:
    receipt = await slack.send(APPROVAL, EVA)
    await slack.amend(change(receipt))
    await slack.amend(change(receipt))
    assert workspace.asked.count("chat.update") == 1
    await slack.amend(change(receipt, key="i1/20/settled", body="This has ended."))
    assert texts(workspace.posts[0]).count("Approved by Ann") == texts(workspace.posts[0]).count("has ended") == 1
    assert await slack.send(APPROVAL, EVA) == receipt


async def test_a_message_that_is_gone_or_a_receipt_that_is_no_message_is_refused(
    slack: Slack, workspace: Workspace
) -> None:
    receipt = await slack.send(APPROVAL, ROOM)
    workspace.posts.clear()
    with pytest.raises(RemoteRefused, match="not there any more") as refused:
        await slack.amend(change(receipt))
    assert refused.value.reason == "message_not_found"
    with pytest.raises(RemoteRefused, match="names no message of Slack"):
        await slack.amend(change(receipt.changed({"receipt_id": "inbox-7"})))


async def test_a_message_that_came_back_without_its_blocks_still_says_what_became_of_it(
    slack: Slack, workspace: Workspace
) -> None:
    receipt = await slack.send(APPROVAL, EVA)
    broken: Any
    for broken in ({}, "text", [None, "text"]):
        workspace.posts[0]["blocks"] = broken
        await slack.amend(change(receipt, key=f"i1/8/{broken}"))
        assert "Approved by Ann" in texts(workspace.posts[0])


# --- what it looks like -----------------------------------------------------------------------------------------------


async def test_a_message_has_its_headline_what_it_says_its_buttons_and_its_escalation(
    slack: Slack, workspace: Workspace
) -> None:
    await slack.send(APPROVAL, EVA)
    header, text, actions, context = workspace.posts[0]["blocks"]
    assert header["text"]["text"] == "[S1] Refund of 900 EUR - please decide"
    assert [element["type"] for element in text["elements"]] == [
        "rich_text_section",
        "rich_text_list",
        "rich_text_preformatted",
    ]
    assert [(each["text"]["text"], each.get("style")) for each in actions["elements"]] == [
        ("Approve", "primary"),
        ("Reject", "danger"),
        ("Details", None),
    ]
    assert context["elements"][0]["text"] == "E1"


async def test_what_customers_wrote_becomes_no_mention_no_link_and_no_markup(
    slack: Slack, workspace: Workspace
) -> None:
    bad = "<!channel> <@U1> *b* & https://evil.example `x`"
    await slack.send(message(subject=bad, body=f"{bad}\n- {bad}"), EVA)
    post = workspace.posts[0]
    safe = "&lt;!channel&gt; &lt;@U1&gt; *b* &amp; https://evil.example `x`"
    assert post["text"] == f"{safe}\n{safe}\n- {safe}"
    assert post["blocks"][0]["text"] == {"type": "plain_text", "text": safe, "emoji": False}
    literal = {"type": "text", "text": bad}
    assert post["blocks"][1]["elements"] == [
        {"type": "rich_text_section", "elements": [literal]},
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [{"type": "rich_text_section", "elements": [literal]}],
        },
    ]


async def test_everything_stays_within_slacks_limits_and_the_end_of_a_long_text_is_kept(
    slack: Slack, workspace: Workspace
) -> None:
    offers = tuple(Offer(command="approve", arguments={**ASKED, "choice": f"c{'x' * 60}{n}"}) for n in range(40))
    too_long = Offer(command="approve", arguments={"gate": random.Random(1).randbytes(2_000).hex()})
    body = f"{'&' * 300} " + "word " * 4_000 + "\nTake it before 10:00.\n  escalate approve E1 --by person:eva"
    await slack.send(message(subject="&<>" * 200, body=body, offers=(too_long, *offers)), EVA)
    post = workspace.posts[0]
    assert len(post["blocks"][0]["text"]["text"]) <= blocks.HEADER
    assert len(post["text"]) <= blocks.FALLBACK
    written = texts(post)
    assert "escalate show E1" in written
    assert "Take it before 10:00." in written
    said = sum(len(part["text"]) for element in post["blocks"][1]["elements"] for part in element["elements"])
    assert said <= blocks.BODY
    buttons = post["blocks"][2]["elements"]
    assert len(buttons) <= 25
    assert len({each["action_id"] for each in buttons}) == len(buttons)
    assert all(len(each["text"]["text"]) <= blocks.BUTTON and len(each["value"]) <= 2_000 for each in buttons)
    assert not any(each["action_id"] == "0.approve" for each in buttons)  # what does not fit is not offered


async def test_buttons_say_what_the_installation_wants_and_details_lead_to_its_page(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_EMEA", "xoxb-1")
    config = SlackConfig.model_validate(
        {
            "kind": "slack",
            "token": {"env": "SLACK_EMEA"},
            "signing_secrets": [{"env": "SLACK_EMEA"}],
            "details": "https://board.example/e/{escalation}",
            "labels": {"approve": "Schválit", "report_check.false": "Neprošlo", "details": "Podrobnosti"},
        }
    )
    slack = Slack(config, Tools("slack-emea", Vendor(workspace).client()))
    offers = (
        Offer(command="approve", arguments={"choice": "credit"}),
        Offer(command="approve", arguments={"choice": "refund"}),
        Offer(command="report_check", arguments={"item": "i1", "ok": "false"}),
        Offer(command="report_check", arguments={"item": "i1", "ok": "true"}),
    )
    await slack.send(message(escalation="a/b", offers=offers), EVA)
    buttons = workspace.posts[0]["blocks"][2]["elements"]
    assert [each["text"]["text"] for each in buttons] == [
        "Schválit: credit",
        "Schválit: refund",
        "Neprošlo",
        "It holds",
        "Podrobnosti",
    ]
    assert buttons[-1]["url"] == "https://board.example/e/a%2Fb"
    assert not any("style" in each for each in buttons)  # of several choices none is the recommended one


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("", ["Acknowledge", "Decline", "Details"]),
        ("cs-CZ", ["Převzít", "Odmítnout", "Podrobnosti"]),
        ("hu", ["Átvétel", "Visszautasítás", "Részletek"]),
        ("sv", ["Ta över", "Avböj", "Detaljer"]),
    ],
)
async def test_buttons_speak_the_language_of_their_message(
    slack: Slack, workspace: Workspace, locale: str, said: list[str]
) -> None:
    offers = (Offer(command="acknowledge"), Offer(command="decline", needs=("because",)))
    await slack.send(message(offers=offers, locale=locale), EVA)
    assert [each["text"]["text"] for each in workspace.posts[0]["blocks"][-2]["elements"]] == said


async def test_without_a_signing_secret_details_are_the_only_button_and_a_link(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_APAC", "xoxb-1")
    settings = {"kind": "slack", "token": {"env": "SLACK_APAC"}, "details": "https://board.example/{escalation}"}
    slack = Slack(SlackConfig.model_validate(settings), Tools("slack-apac", Vendor(workspace).client()))
    await slack.send(APPROVAL, ROOM)
    buttons = workspace.posts[0]["blocks"][2]["elements"]
    assert [(each["url"], "value" in each) for each in buttons] == [("https://board.example/E1", False)]


async def test_a_message_of_several_escalations_offers_nothing(slack: Slack, workspace: Workspace) -> None:
    await slack.send(message(escalation="", subject="", body="3 escalations waited"), EVA)
    assert kinds(workspace.posts[0]) == ["rich_text"]


# --- what is final ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "ratelimited",
        "rate_limited",
        "fatal_error",
        "internal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "org_login_required",
    ],
)
async def test_what_slack_could_not_do_is_tried_again(slack: Slack, workspace: Workspace, code: str) -> None:
    workspace.fails["chat.postMessage"] = [code]
    with pytest.raises(RemoteUnavailable, match=code):
        await slack.send(APPROVAL, EVA)


async def test_a_limit_says_when_to_come_again(slack: Slack, workspace: Workspace) -> None:
    limited = {"ok": False, "error": "ratelimited"}
    for answer in (httpx.Response(429, headers={"Retry-After": "30"}), httpx.Response(200, json=limited)):
        answer.headers["Retry-After"] = "30"
        workspace.fails["conversations.history"] = [answer]
        with pytest.raises(RemoteUnavailable) as error:
            await slack.send(APPROVAL, EVA)
        assert error.value.retry_after is not None
        assert error.value.retry_after.total_seconds() == 30
    assert workspace.posts == []


@pytest.mark.parametrize(
    "code",
    [
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "invalid_auth",
        "account_inactive",
        "token_revoked",
        "missing_scope",
        "user_not_found",
        "msg_too_long",
        "msg_blocks_too_long",
        "invalid_blocks",
        "restricted_action",
    ],
)
async def test_what_slack_refuses_is_final_and_says_slacks_own_code(
    slack: Slack, workspace: Workspace, code: str
) -> None:
    workspace.fails["chat.postMessage"] = [code]
    with pytest.raises(RemoteRefused) as refused:
        await slack.send(APPROVAL, EVA)
    assert refused.value.reason == code
    assert str(refused.value) == f"slack-emea: chat.postMessage: refused ({code})"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"ok": False, "error": "no such channel as #vip-refunds"}),
        httpx.Response(200, json=["ok"]),
        httpx.Response(200, json={"ok": True}),
        httpx.Response(200, text="<html>vip-refunds</html>"),
        httpx.Response(403, json={"ok": False, "error": "see vip-refunds"}),
    ],
)
async def test_an_answer_that_is_not_slacks_is_final_and_not_repeated(
    slack: Slack, workspace: Workspace, answer: httpx.Response
) -> None:
    workspace.fails["chat.postMessage"] = [answer]
    with pytest.raises(RemoteRefused) as refused:
        await slack.send(APPROVAL, EVA)
    assert "vip-refunds" not in str(refused.value)


# --- trying it --------------------------------------------------------------------------------------------------------


async def test_a_check_says_who_one_is_and_that_addresses_by_e_mail_would_not_be_found(
    slack: Slack, workspace: Workspace
) -> None:
    assert await slack.check() == "escalations in Acme"
    workspace.scopes = ",".join(SCOPES)
    assert await slack.check() == (
        "escalations in Acme; lacks users:read.email for contact points that are e-mail addresses"
    )
    assert set(workspace.asked) == {"auth.test"}


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ({"chat:write"}, "lacks chat:write, so that nothing reaches any conversation; add it and install"),
        ({"im:history"}, "lacks im:history, so that nothing reaches direct messages; add it and"),
        ({"im:write", "im:history"}, "lacks im:write, im:history, so that nothing reaches direct messages; add them"),
        ({"channels:history", "groups:history"}, "so that nothing reaches public channels, private channels;"),
    ],
)
async def test_a_check_fails_where_a_scope_is_missing_without_which_pages_are_lost(
    slack: Slack, workspace: Workspace, lacking: set[str], said: str
) -> None:
    workspace.scopes = ",".join({*SCOPES, EMAIL_SCOPE} - lacking)
    with pytest.raises(RemoteRefused, match=said):
        await slack.check()
    assert set(workspace.asked) == {"auth.test"}


def test_the_examples_of_its_page_are_good_and_ask_for_every_scope_that_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "connectors" / "slack.md").read_text()
    connections, manifest = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    for name in re.findall(r"env: (\w+)", connections):
        monkeypatch.setenv(name, "x")
    file = tmp_path / "connections.yaml"
    file.write_text(connections)
    assert list(read_connections(file).connections) == ["slack-emea", "slack-apac"]
    asked_for = YAML(typ="safe").load(manifest)["oauth_config"]["scopes"]["bot"]
    assert {*SCOPES, EMAIL_SCOPE} <= set(asked_for)
    assert all(scope in page.partition("| scope |")[2] for scope in asked_for)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("details", "http://board.example/{escalation}", "expected an https address with {escalation} in it"),
        ("details", "https://board.example/", "expected an https address with {escalation} in it"),
        ("token", "xoxb-1", "not the secret itself"),
        ("labels", {"approve": "x" * 76}, "from 1 to 75 characters"),
    ],
)
def test_a_wrong_setting_is_refused_where_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: object, said: str
) -> None:
    monkeypatch.setenv("SLACK_EMEA", "xoxb-1")
    file = tmp_path / "connections.yaml"
    settings = {"kind": "slack", "token": {"env": "SLACK_EMEA"}, key: value}
    file.write_text(json.dumps({"connections": {"slack-emea": settings}}))
    with pytest.raises(DocumentError) as refused:
        read_connections(file)
    assert f"connections.slack-emea.{key}" in str(refused.value)
    assert said in str(refused.value)
