"""What people see in Slack: a page with its buttons, the same once answered, the thread, the window for a reason."""

from pathlib import Path

import pytest

from activities.connector import Secret, Tools
from activities.notify.slack.channel import Slack
from activities.notify.slack.config import SlackConfig
from activities.notify.slack.reference import Reference
from activities.notify.slack.views import form
from escalation.model.actions import AmendMessage, Fate
from tests.support import block_kit, pictures
from tests.support.asking import APPROVAL, DECLINE, ESCALATION, PAGE, WRITTEN
from tests.support.slack import EVA, Workspace
from tests.support.vendor import Vendor


@pytest.fixture
async def conversation(monkeypatch: pytest.MonkeyPatch) -> tuple[Slack, Workspace]:
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-1")
    workspace = Workspace()
    secret = Secret(env="SLACK_TOKEN")
    config = SlackConfig(kind="slack", token=secret, signing_secrets=(secret,))
    return Slack(config, Tools("slack-emea", Vendor(workspace).client())), workspace


@pytest.mark.parametrize("width", [700, 380])
async def test_a_page_its_answer_and_the_thread_are_readable_also_on_a_phone(
    conversation: tuple[Slack, Workspace], tmp_path: Path, width: int
) -> None:
    slack, workspace = conversation
    page = await slack.send(PAGE, EVA)
    asked = block_kit.message(workspace.posts[0]["blocks"])
    await slack.amend(
        AmendMessage(
            key="i1/9/settled",
            to=PAGE.to,
            channel="slack-emea",
            receipt_id=page.receipt_id,
            fate=Fate.TAKEN,
            body="Taken by Eva Nováková, 10:38.",
            escalation=ESCALATION,
        )
    )
    await slack.send(APPROVAL.changed({"threads": {"slack-emea": page.thread}}), EVA)
    answered, decide = (block_kit.message(post["blocks"], reply="thread_ts" in post) for post in workspace.posts)
    reference = Reference(connection="slack-emea", escalation=ESCALATION, offer=DECLINE, to=PAGE.to)
    window = block_kit.modal(form(DECLINE, "value", reference, PAGE.subject, {}))
    async with pictures.browser(block_kit.page(asked, answered, decide, window), width) as shown:
        messages = shown.locator(".message")
        labels = [await each.locator("button").all_inner_texts() for each in await messages.all()]
        assert labels == [
            ["Acknowledge", "Decline", "Details"],
            [],
            ["Approve", "Reject", "Request changes", "Details"],
        ]
        assert "Taken by Eva Nováková, 10:38." in await messages.nth(1).inner_text()
        assert "VIP <Jana>" in await messages.nth(1).inner_text()
        assert WRITTEN in await messages.nth(0).inner_text()
        assert await shown.locator(".modal button").all_inner_texts() == ["Cancel", "Decline"]
        wide = await shown.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        assert (await pictures.keep(shown, f"slack-{width}.png", tmp_path)).stat().st_size > 10_000
