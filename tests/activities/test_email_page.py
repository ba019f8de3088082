"""The page of an e-mail as a browser shows it: on a narrow screen, in the dark, to somebody who hears it."""

import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from activities.answer_links import AnswerLinks
from activities.notify.answer_labels import label, names
from activities.notify.email.compose import compose
from activities.notify.email.config import EmailConfig
from activities.notify.email.page import Block, blocks
from activities.notify.phrases import phrases
from activities.notify.slack.views import TITLE
from activities.notify.words import shipped_locales
from escalation.lifecycle import offers
from escalation.lifecycle.work import item_powers
from escalation.model.actions import MessageKind, Notify, Offer

CONFIG = EmailConfig(kind="email", host="127.0.0.1", security="none", sender="Escalations <escalations@lumina.example>")
LINKS = AnswerLinks("https://escalations.lumina.example", ["k" * 40])
BODY = f"""What is asked: Release the account
Why it was escalated:
  - ai_limit: the AI is less sure than 0.80 (ai_confidence 0.62)
Summary: <b>{"word-without-end" * 12}</b> & an image <img src="https://tracker.example/x.png">
Tried so far:
  - asked: https://files.lumina.example/{"very-long-" * 15}.pdf
Take it before Sat, Nov 21, 2026 2:05 PM CET, or it goes on to the next.
  escalate approve escalation-chatbot-{"4711" * 12} --by person:eva.novak --gate credit --digest 0123456789abcdef"""
SEEN = {"gate": "credit", "digest": "0123456789abcdef"}
APPROVAL = Notify(
    key="escalation-chatbot-1/7/gate",
    to="person:eva.novak",
    kind=MessageKind.APPROVAL,
    subject=f"[S1] {'Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz'} - please decide",
    body=BODY,
    escalation="escalation-chatbot-1",
    locale="en",
    offers=(
        Offer(command="approve", arguments={**SEEN, "choice": "whole_amount"}),
        Offer(command="approve", arguments={**SEEN, "choice": "half"}),
        Offer(command="reject", arguments=SEEN, needs=("because",)),
        Offer(command="request_changes", arguments={"gate": "credit"}, needs=("because",)),
    ),
)
ANSWERS = ["Approve: whole amount", "Approve: half", "Reject", "Request changes"]
CONTRASTS = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = rgb(getComputedStyle(each).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  return [...document.body.querySelectorAll("*")]
    .filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
    .map((each) => {
      const [one, other] = [light(rgb(getComputedStyle(each).color)), light(behind(each))].sort((a, b) => b - a);
      return (one + 0.05) / (other + 0.05);
    });
}"""


def html(message: Notify = APPROVAL) -> str:
    asked = message.changed({"respond_by": datetime.now(UTC) + timedelta(hours=4)})
    content = compose(asked, "eva@lumina.example", CONFIG, LINKS, datetime.now(UTC)).content
    part: Any = message_from_bytes(content, policy=default)
    return str(part.get_body(("html",)).get_content())


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed")
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        opened = await playwright.chromium.launch(executable_path=program, args=arguments)
        yield opened
        await opened.close()


async def shown(browser: Browser, width: int, scheme: str, asked: list[str]) -> Page:
    dark: Any = scheme
    page = await browser.new_page(viewport={"width": width, "height": 800}, color_scheme=dark)
    page.on("request", lambda request: asked.append(request.url))
    await page.set_content(html())
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_narrow_screen_nothing_is_cut_off_and_every_answer_is_a_link_with_a_name(
    browser: Browser, scheme: str
) -> None:
    asked: list[str] = []
    page = await shown(browser, 360, scheme, asked)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    links = page.get_by_role("link")
    assert await links.all_inner_texts() == ANSWERS
    for answer in ANSWERS:
        link = page.get_by_role("link", name=answer, exact=True)
        box = await link.bounding_box()
        assert box is not None
        assert (box["height"] >= 44, box["width"] >= 300) == (True, True), "a finger finds it"
        assert str(await link.get_attribute("href")).startswith("https://escalations.lumina.example/answer/")
    assert asked == [], "nothing is loaded from anywhere"
    await page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_word_stands_out_from_what_is_behind_it(browser: Browser, scheme: str) -> None:
    page = await shown(browser, 900, scheme, [])
    contrasts = await page.evaluate(CONTRASTS)
    assert len(contrasts) > 12
    assert min(contrasts) >= 4.5, "what WCAG 2.2 asks for"
    await page.close()


async def test_whoever_hears_it_is_told_what_it_is_and_in_which_language(browser: Browser) -> None:
    page = await shown(browser, 900, "light", [])
    assert await page.evaluate("document.documentElement.lang") == "en"
    assert await page.title() == APPROVAL.subject
    assert await page.get_by_role("heading", level=1).inner_text() == APPROVAL.subject
    assert await page.get_by_role("heading", level=2).all_inner_texts() == ["Why it was escalated:", "Tried so far:"]
    assert await page.get_by_role("region", name="Your answer").count() == 1
    assert await page.locator("img").count() == 0
    await page.close()


def test_lines_become_paragraphs_headings_lists_and_commands() -> None:
    assert blocks("Why:\n  - one\n  - two\n\nTake it.\nSoon.\n  escalate show x\nBye:") == [
        Block("heading", ("Why:",)),
        Block("list", ("one", "two")),
        Block("words", ("Take it.", "Soon.")),
        Block("commands", ("escalate show x",)),
        Block("words", ("Bye:",)),
    ]


def test_of_several_ways_to_approve_none_is_pushed_and_the_one_way_to_take_a_page_is() -> None:
    assert 'class="button first"' not in html()
    page = APPROVAL.changed({"offers": (Offer(command="acknowledge"), Offer(command="decline"))})
    assert html(page).count('class="button first"') == 1


def test_every_language_that_comes_along_has_the_words_of_mails_and_answers() -> None:
    for locale in shipped_locales():
        assert locale == "en" or phrases(locale) != phrases("en")
        assert [command for command, said in names().items() if locale not in said] == []
        assert phrases(locale).fields.keys() == phrases("en").fields.keys()
    assert phrases("cs-CZ") == phrases("cs")
    assert phrases("tlh") == phrases("") == phrases("en")


def test_every_answer_that_can_be_offered_has_a_name_and_the_title_of_a_window_takes_it() -> None:
    offered = set(re.findall(r'command="(\w+)"', Path(offers.__file__).read_text()))
    offered |= {*item_powers.ENDED_BY.values(), "submit_check", "complete_item"}
    assert len(offered) > 15
    assert offered <= {command.partition(".")[0] for command in names()}
    assert max(len(name) for known in names().values() for name in known.values()) <= TITLE


def test_an_answer_is_called_by_what_it_says_and_an_unknown_one_by_its_own_words() -> None:
    assert label(Offer(command="report_check", arguments={"ok": "false"}), "en") == "It does not hold"
    assert label(Offer(command="approve", arguments={"choice": "half"}), "sv-FI") == "Godkänn: half"
    assert label(Offer(command="something_new"), "cs") == "Something new"
