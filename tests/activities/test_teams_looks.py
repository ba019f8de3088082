"""What people see in Teams: a page and an approval in a chat of their own, and the same page in a channel."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.answer_links import AnswerLinks
from activities.notify.answer_buttons import linked
from activities.notify.teams import card_of
from escalation.model.actions import Notify
from tests.support import adaptive_card, pictures
from tests.support.asking import APPROVAL, PAGE, WRITTEN

LINKS = AnswerLinks("https://escalations.example.org", ["k" * 40])
IN_CZECH = APPROVAL.changed(
    {
        "subject": "[S1] Dvojí platba - ke schválení: dobropis 900 EUR",
        "body": "Schválení credit: má se vrátit 900 EUR?\nRozhodněte prosím do: út 1. 7. 2036 12:41 CEST.",
        "urgent": False,
        "locale": "cs",
        "time_zone": "Europe/Prague",
    }
)


def shown(message: Notify, links: AnswerLinks | None, where: str) -> str:
    card = card_of(message, message.body, "https://board.example.org/1", linked(message, links, datetime.now(UTC)))
    return adaptive_card.message(card, where)


@pytest.mark.parametrize("width", [660, 360])
async def test_a_card_is_readable_and_can_be_answered_also_on_a_phone(tmp_path: Path, width: int) -> None:
    cards = (
        shown(PAGE, LINKS, "in a chat of one person"),
        shown(IN_CZECH, LINKS, "the same, in Czech"),
        shown(PAGE, None, "in a channel"),
    )
    async with pictures.browser(adaptive_card.page(*cards), width) as page:
        buttons = [await each.locator("a").all_inner_texts() for each in await page.locator(".card").all()]
        assert buttons == [
            ["Acknowledge", "Decline", "Details"],
            ["Schválit", "Zamítnout", "Vyžádat úpravy", "Podrobnosti"],
            ["Details"],
        ]
        assert WRITTEN in await page.locator(".card").nth(0).inner_text()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert (await pictures.keep(page, f"teams-{width}.png", tmp_path)).stat().st_size > 10_000
