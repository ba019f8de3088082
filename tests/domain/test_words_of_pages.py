"""What people read who are asked to take it: whom it is about, why in words, what silence leads to, why they."""

from __future__ import annotations

from typing import Any

import pytest

from activities.notify.names import name_of
from activities.notify.words import in_words
from escalation.lifecycle.message_values import packet
from escalation.model import commands as c
from escalation.model.actions import CaseLink, CustomerSnapshot, Notify
from escalation.people.directory import Directory
from tests.domain.builders import START, Life, opened, small
from tools.messages import receiver

LOCALES = ("cs", "en", "hu", "sv")
TRIGGERS = [
    {"id": "low_confidence", "when": "ai_confidence < confidence.threshold", "about": "the AI is less sure than usual"},
    {"id": "is_vip", "when": "customer.tier == 'vip'"},
]
MARKETA = {"id": "c-77", "name": "Markéta Horáková", "tier": "vip"}
CASE = {"system": "chatbot", "id": "conv-4711", "url": "https://chat.example/4711"}


def load() -> Directory:
    person = {
        "id": "eva",
        "name": "Eva Nováková",
        "time_zone": "Europe/Prague",
        "contacts": [{"channel": "inbox", "address": "eva"}],
    }
    teams = [
        {"id": "experts", "name": "Specialists", "members": ["eva"]},
        {"id": "support", "name": "Support", "members": ["eva"], "oncall": "support"},
    ]
    return Directory.model_validate({"people": [person], "teams": teams})


def pages(life: Life) -> list[Notify]:
    return [each for each in life.sent if each.template == "page"]


def linked(life: Life, ticket: str, url: str) -> Life:
    snapshot = CustomerSnapshot(fetched_at=START, system="desk", tier="gold")
    life.send(c.CaseOpened(link=CaseLink(ticket=ticket, url=url, system="desk", snapshot=snapshot)))
    return life


def test_a_page_names_customer_case_and_ticket_in_its_body_and_nowhere_else() -> None:
    life = linked(opened(small(triggers=TRIGGERS), customer=MARKETA, case=CASE), "T-9", "https://desk.example/T-9")
    life.pass_time("20m")
    page = pages(life)[-1]
    for locale in LOCALES:
        words = in_words(page, receiver(locale))
        assert ("Markéta Horáková (vip)" in words.body, "Markéta" in words.subject) == (True, False)
        assert "chatbot conv-4711 https://chat.example/4711" in words.body
        assert "T-9 https://desk.example/T-9" in words.body
    outside = page.model_dump_json(exclude={"values", "body"})
    assert "Mark" not in outside


def test_before_the_ticket_is_known_and_where_it_is_the_case_itself_none_is_named() -> None:
    state = opened(small(triggers=TRIGGERS), customer=MARKETA, case=CASE).state
    for link in (None, CaseLink(ticket="conv-4711", url="https://chat.example/4711")):
        assert packet(state.changed({"case_link": link}))["packet"]["ticket"] == {}


def test_a_customer_without_a_name_is_named_by_the_id_and_by_the_tier_of_the_crm() -> None:
    life = linked(opened(small(), customer={"id": "c-77"}), "T-9", "")
    life.pass_time("20m")
    assert pages(life)[-1].values["packet"]["customer"] == {"name": "c-77", "tier": "gold"}


@pytest.mark.parametrize(
    ("locale", "heading"),
    [
        ("en", "Why it was escalated, in the playbook's words:"),
        ("cs", "Proč k eskalaci došlo (slovy playbooku):"),
        ("hu", "Az eszkaláció okai (a playbook szavaival):"),
        ("sv", "Varför ärendet eskalerades (med playbookens ord):"),
    ],
)
def test_reasons_are_the_playbooks_sentences_without_ids_and_raw_facts(locale: str, heading: str) -> None:
    page = pages(opened(small(triggers=TRIGGERS), customer=MARKETA, facts={"customer.tier": "vip"}))[0]
    body = in_words(page, receiver(locale)).body
    assert f"{heading}\n  - the AI is less sure than usual\n  - is vip\n" in body
    assert not any(raw in body for raw in ("low_confidence", "ai_confidence", "confidence.threshold", "=="))
    # whoever wants them raw: the plain words, and `escalate show`
    assert "low_confidence: the AI is less sure than usual (ai_confidence=0.62" in page.body


def test_what_the_case_brought_along_stands_under_a_heading_by_the_playbooks_name_for_it() -> None:
    fields: dict[str, Any] = {
        "order.id": {"type": "text", "required_when": "ai_confidence < 0.9"},
        "credit": {"type": "number", "about": "Credit asked for", "required_when": "ai_confidence < 0.9"},
    }
    page = pages(opened(small(fields=fields), facts={"order.id": "4711", "credit": 150}))[0]
    assert (
        "\nDetails of the case:\n  - order id: 4711\n  - Credit asked for: 150\n" in in_words(page, receiver("en")).body
    )


NOTHING_ELSE = {"ack": "10m", "dwell": "30d"}
LEVELS = [
    {"id": "L1", "targets": ["team:desk"], "repeat": 1, **NOTHING_ELSE},
    {"id": "L2", "targets": ["team:experts"], "last_resort": "role:boss", **NOTHING_ELSE},
]
FOLLOWS = (
    ("again", "", "the same people are called again", "frågar vi samma personer igen"),
    ("level", "L2", "level L2 is called", "frågar vi nivå L2"),
    ("resort", "role:boss", "the last resort is called: role:boss", "vänder vi oss till sista instans: role:boss"),
    ("again", "", "the same people are called again", "frågar vi samma personer igen"),
)
"""Of the first and second round at L1, of L2, which is the last level, and of its last resort."""


def test_a_page_says_what_the_ladder_really_does_when_nobody_takes_it() -> None:
    life = opened(small(levels=LEVELS))
    for goes_on, to, english, swedish in FOLLOWS:
        page = pages(life)[-1]
        assert (page.values["then"], page.values["goes_on"], page.values["goes_to"]) == ("next", goes_on, to)
        assert f" If nobody does, {english}." in in_words(page, receiver("en")).body
        assert f" Om ingen gör det {swedish}." in in_words(page, receiver("sv")).body
        rung = life.rung
        life.pass_time("10m")
        opened_next = life.rung
        assert (opened_next.level == rung.level and opened_next.targets == rung.targets) == (goes_on == "again")


def test_a_limit_that_goes_up_at_the_last_level_leads_to_its_last_resort_and_not_to_a_level() -> None:
    clock = {"within": {"default": "6m"}, "on_breach": "level_up"}
    life = opened(small(levels=LEVELS[1:], clocks={"acknowledge": clock}))
    page = pages(life)[0]
    assert (page.values["then"], page.values["goes_on"], page.values["goes_to"]) == ("up", "resort", "role:boss")
    life.pass_time("6m")
    assert (life.rung.last_resort, life.rung.targets) == (True, ("role:boss",))


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_asked_by_when_and_how_to_answer_stand_before_why(locale: str) -> None:
    lines = in_words(pages(opened(small(triggers=TRIGGERS)))[0], receiver(locale)).body.splitlines()
    commands = [place for place, line in enumerate(lines) if line.startswith("  escalate ")]
    assert commands == [2, 3]
    assert "find the payment" in lines[0]
    assert next(place for place, line in enumerate(lines) if line.startswith("  - ")) > max(commands)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "You are called as the one on duty for Support (level L1, round 1). Your shift ends Fri, 20 Nov 2026"),
        ("cs", "Oslovujeme Vás, protože máte službu: Support (úroveň L1, 1. kolo). Vaše služba končí: pá 20. 11. 2026"),
        ("hu", "Önt ügyeletesként keressük meg: Support (szint: L1, 1. kör). Az ügyelete eddig tart: 2026. nov. 20., "),
        ("sv", "Du tillfrågas eftersom du har jouren för Support (nivå L1, omgång 1). Ditt pass slutar fre 20 nov."),
    ],
)
def test_why_somebody_is_asked_is_said_in_words(locale: str, said: str) -> None:
    page = pages(opened(small()))[0]
    values = {**page.values, "via": "oncall:support", "via_kind": "oncall", "shift_ends": "2026-11-20T18:00:00+00:00"}
    directory = load()
    named = receiver(locale)._replace(names=lambda actor: name_of(actor, directory))
    assert said in in_words(page.changed({"values": values | {"note": ""}}), named).body


def test_targets_have_the_directorys_names_or_plain_words() -> None:
    directory = load()
    names = {
        "person:eva": "Eva Nováková",
        "person:gone": "person:gone",
        "team:experts": "Specialists",
        "oncall:support": "Support",
        "oncall:other-nights": "Other nights",
        "role:service-desk-lead": "Service desk lead",
        "customer:c-1": "customer:c-1",
        "agent:bot": "agent:bot",
        "": "",
    }
    assert {each: name_of(each, directory) for each in names} == names
