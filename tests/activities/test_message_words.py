"""Messages in words: every one in every shipped language, the playbook's own first, others where one fails."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.directory import DirectoryFile
from activities.notify import Notifications
from activities.notify.languages import FILTERS, SUBJECT, chain, language, local, shorten
from activities.notify.names import name_of
from activities.notify.receiver import Receiver
from activities.notify.words import in_words, shipped, shipped_locales
from escalation.model.actions import DeliveryReceipt, Notify
from escalation.people.directory import load_directory
from escalation.playbook.messages import CUSTOMERS, MESSAGES
from escalation.playbook.parts import MessageTemplate
from escalation.playbook.templates import MAX_TURNS, Templates, checker, render
from tools import messages
from tools.messages import example, reason, receiver

LOCALES = ("cs", "en", "hu", "sv")
ENGLISH = re.compile(r"\b(the|was|were|has|have|and|not|please|you|your|before|after|until|who|with)\b", re.IGNORECASE)
"""No word of Czech, Hungarian or Swedish is among these."""
COMMAND = re.compile(r"^  escalate .*$", re.MULTILINE)
FORMS: dict[str, tuple[Any, ...]] = {
    "on_expiry": ("halt", "deny", "escalate", "next_deputy", "approve", "keep"),
    "how": ("passed", "rejected", "voided", "withdrawn", "skipped"),
    "behaviour": ("halt", "deny", "escalate", "approve", "keep"),
    "then": ("next", "up", "late"),
    "goes_on": ("again", "level", "path", "resort", ""),
    "via_kind": ("person", "team", "role", "oncall", "authority"),
    "point": ("assigned", "severity_changed", "approval_decided", "resolved"),
    "relation": ("internal", "external", "related", ""),
    "kind": ("action", "checklist", "checkpoint", "dependency", "input"),
    "defect": ("critical", "serious", "minor", ""),
    "reason": ("no_authority", "no_expertise", "no_resources", ""),
    "stage": ("triage", "assignment", "approval", "resolution", "review"),
    "resolution_state": ("proposed", "confirmed", "rejected"),
    "role": ("communicator", "commander"),
    "silence": ("confirmed", "owner_told"),
    "looks_at": ("credit",),
    "approved": (True, False),
    "first_update_late": (True, False),
    "update_late": (True, False),
    "joined": (True, False),
    "stays": ("nothing", "commander", "communicator", "asked"),
    "number": (1, 2),
    "shares": ([{"target": "team:billing", "need": 2}],),
}
"""Values that templates choose words for."""
HOW: dict[str, tuple[str, ...]] = {
    "news.handoff_ended": ("declined", "expired", "withdrawn"),
    "news.gate_over": ("decided", "emergency", "skipped", "voided", "withdrawn"),
    "news.action_refused": ("rejected", "voided", "withdrawn"),
    "news.draft_ended": ("dropped", "outdated", "rewritten"),
}


MAY_BE_UNDATED = (
    "speak",
    "update_overdue",
    "resolution_proposed",
    "review_due",
    "first_update",
    "feedback",
    "feedback_customer",
    "action_allowed",
    "news.solution_proposed",
)


def variants(identifier: str) -> list[Notify]:
    """The example, and others so that every branch and every plural form is taken."""
    message = example(identifier)
    empty = {
        name: type(value)()
        for name, value in message.values.items()
        if name not in ("where", "packet", "id", "severity", "text", "command", "stage", "duty")
    }
    for name in ("due", "until", "at", "round_ends", "since"):
        if name in empty and identifier not in MAY_BE_UNDATED and (name, identifier) != ("since", "update"):
            empty[name] = message.values[name]
    found = [message, example(identifier, **empty)]
    for name, values in FORMS.items():
        if name in message.values:
            found += [example(identifier, **{name: value}) for value in values]
    if identifier == "news.lowering_ended":
        found = [example(identifier, how=how) for how in ("lowered", "refused", "overtaken")]
    if identifier == "news.entry_closed":
        found = [example(identifier, kind=kind) for kind in ("question", "blocker")]
    if identifier == "approval":
        found.append(example(identifier, stand_down_by="person:nils.berg", stand_down_because="4711", refused="4712"))
    if identifier in HOW:
        found = [example(identifier, how=how) for how in HOW[identifier]]
    if "where" in message.values:
        found.append(example(identifier, where=message.values["where"] | {"ended": True, "because": "refund"}))
    for name in ("count", "occurrences", "times", "chased"):
        if name in message.values:
            found += [example(identifier, **{name: number}) for number in (1, 2, 5, 22)]
    return found


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("identifier", MESSAGES)
@pytest.mark.req("EP-P3")
def test_every_message_is_in_every_language_whole_and_in_no_other(identifier: str, locale: str) -> None:
    assert identifier in shipped(locale).templates, "it falls back to another language"
    for message in variants(identifier):
        words = in_words(message, receiver(locale))
        assert words.error == ""
        assert words.body
        assert words.body != "plain"
        assert "\n" not in words.subject
        assert 0 < len(words.subject) <= SUBJECT
        assert not re.search(r"\d{4}-\d\d-\d\d|UTC|\{\{|\{%|None|Undefined", words.subject + words.body)
        if locale != "en":
            # The example's own words are of no language but these.
            said = COMMAND.sub("", f"{words.subject}\n{words.body}").replace("paid twice", "")
            assert not ENGLISH.search(said), said


def test_the_shipped_languages_have_the_same_messages_and_no_others() -> None:
    assert shipped_locales() == LOCALES
    for locale in LOCALES:
        assert set(shipped(locale).templates) == set(MESSAGES)


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_shipped_passes_the_check_of_a_playbooks_own(locale: str) -> None:
    check = checker()
    for identifier, template in shipped(locale).templates.items():
        for source in (template.subject, template.body):
            assert list(check.problems(source, MESSAGES[identifier])) == [], identifier


@pytest.mark.parametrize("locale", LOCALES)
def test_customers_read_no_words_of_the_engine_and_no_commands(locale: str) -> None:
    for identifier in CUSTOMERS:
        words = in_words(example(identifier), receiver(locale))
        assert not re.search(
            r"escal|eskal|eszkal|person:|level|gate|_", f"{words.subject}\n{words.body}", re.IGNORECASE
        )


@pytest.mark.parametrize("locale", LOCALES)
def test_staff_read_how_to_answer(locale: str) -> None:
    words = in_words(example("page"), receiver(locale))
    assert (
        "  escalate acknowledge escalation-shop-4711 --by person:zsofia.nagy\n"
        "  escalate decline escalation-shop-4711 --by person:zsofia.nagy --because '...'\n"
    ) in words.body


def test_the_same_facts_are_told_to_each_receiver_in_their_language_and_zone() -> None:
    update = example("update")
    czech, briton = in_words(update, receiver("cs")), in_words(update, receiver("en"))
    assert "so 21. 11. 2026 15:05 CET" in czech.body
    assert "Sat, 21 Nov 2026 14:05 GMT" in briton.body
    assert all(update.values["text"] in words.body for words in (czech, briton))


@pytest.mark.parametrize(
    ("tag", "zone", "written"),
    [
        ("cs", "Europe/Prague", "so 21. 11. 2026 15:05 CET"),
        ("hu", "Europe/Budapest", "2026. nov. 21., szombat 15:05 CET"),
        ("sv", "Europe/Stockholm", "lör 21 nov. 2026 15:05 CET"),
        ("en-GB", "Europe/London", "Sat, 21 Nov 2026 14:05 GMT"),
        ("en-SG", "Asia/Singapore", "Sat, 21 Nov 2026 10:05 pm UTC+08"),
        ("de", "Asia/Kolkata", "Sa., 21. Nov. 2026 19:35 IST"),
        ("xx", "", "Sat, Nov 21, 2026 2:05 PM UTC"),
    ],
)
def test_an_instant_is_written_in_the_language_and_zone_of_whoever_reads_it(tag: str, zone: str, written: str) -> None:
    assert local(datetime(2026, 11, 21, 14, 5, tzinfo=UTC), tag, zone) == written


@pytest.mark.parametrize(
    ("count", "cs", "hu"),
    [
        (1, "Na Vaši pracovní dobu čekala 1 eskalace", "1 eszkaláció várt az Ön munkaidejére"),
        (3, "Na Vaši pracovní dobu čekaly 3 eskalace", "3 eszkaláció várt az Ön munkaidejére"),
        (5, "Na Vaši pracovní dobu čekalo 5 eskalací", "5 eszkaláció várt az Ön munkaidejére"),
        (22, "Na Vaši pracovní dobu čekalo 22 eskalací", "22 eszkaláció várt az Ön munkaidejére"),
    ],
)
def test_numbers_take_the_form_of_the_language(count: int, cs: str, hu: str) -> None:
    assert in_words(example("digest", count=count), receiver("cs")).subject == cs
    assert in_words(example("digest", count=count), receiver("hu")).subject == hu


def own(locale: str = "cs", **template: str) -> Notify:
    return example("page").changed({"templates": {locale: MessageTemplate.model_validate(template)}})


@pytest.mark.req("EP-P3")
def test_the_playbooks_own_words_come_before_the_shipped_ones_of_the_same_language_only() -> None:
    message = own(subject="Naše {{ severity }}", body="Převezměte {{ id }}.\n{% include 'packet' %}")
    czech = in_words(message, Receiver("cs-CZ", "Europe/Prague"))
    assert czech.subject == "Naše P1"
    assert czech.body.startswith("Převezměte escalation-shop-4711.\nCo je potřeba: refund 250 EUR")
    assert in_words(message, receiver("sv")) == in_words(example("page"), receiver("sv"))


def test_a_language_that_only_the_playbook_has_is_used_with_the_shipped_parts_of_english() -> None:
    message = own(
        "de", subject="", body="Bitte {{ round|plural(one='einmal', other='mehrmals') }}. {{ until|instant }}"
    )
    german = in_words(message, Receiver("de-AT", "Europe/Vienna"))
    assert german.body == "Bitte mehrmals. Sa., 21. Nov. 2026 15:35 CET"
    assert german.subject == "plain", "nobody has a subject in German: the plain one"


def test_a_language_that_nobody_has_is_written_to_in_english() -> None:
    assert chain("fi") == ("fi", "en")
    assert in_words(example("page_taken", stays="nothing"), Receiver("fi")).body.endswith("You need not do anything.")


@pytest.mark.parametrize("locale", shipped_locales())
def test_a_sentence_of_news_begins_as_one_unless_with_a_value(locale: str) -> None:
    news = [each.body for name, each in shipped(locale).templates.items() if name.startswith("news.")]
    assert len(news) > 50
    assert [body for body in news if not (body[0].isupper() or body[0] == "{")] == []


def test_whoever_hears_that_it_was_cancelled_reads_why_once_and_that_nothing_is_left_to_do() -> None:
    said = in_words(example("news.cancelled"), receiver("en")).body
    assert (
        said == "Nils Berg has cancelled escalation-shop-4711. Reason: refund 250 EUR\nYou need not do anything more."
    )


def test_a_message_without_a_template_goes_out_as_it_is() -> None:
    message = example("page").changed({"template": "", "values": {}})
    assert in_words(message, receiver("cs"))[:2] == ("plain", "plain")
    newer = message.changed({"template": "of_a_newer_worker"})
    assert in_words(newer, receiver("cs")) == ("plain", "plain", "", "")


def test_a_template_that_fails_leaves_the_shipped_words_and_says_where_with_no_value() -> None:
    words = in_words(own(subject="ok", body="{{ id }}\n{{ packet.reasons|instant }}\n"), receiver("cs"))
    assert words == in_words(example("page"), receiver("cs"))._replace(error="page (cs, body, line 2): TypeError")


@pytest.mark.parametrize(
    "source",
    [
        "{{ packet.nothing }}",
        "{{ id.__class__ }}",
        "{{ missing }}",
        "{{ about|instant }}",
        "{% for letter in about %}{{ letter }}{% endfor %}",
    ],
)
def test_whatever_a_template_runs_into_the_message_goes_out(source: str) -> None:
    words = in_words(own(body=source), receiver("cs"))
    assert words[:2] == in_words(example("page"), receiver("cs"))[:2]
    assert words.error


@pytest.mark.parametrize(
    "source",
    [
        "{{ range(10**9)|list }}",
        "{{ 'x' * 10**9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{% set a = 'x' %}",
        "{% macro m() %}{{ m() }}{% endmacro %}",
        "{% for a in notes %}{% for b in notes %}{% for c in notes %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in notes|upper %}x{% endfor %}",
        "{% include id %}",
        "{% extends 'packet' %}",
        "{{ notes[0] }}",
    ],
)
def test_nothing_that_could_take_long_is_a_template(source: str) -> None:
    (problem,) = list(checker().problems(source, MESSAGES["page"]))[:1]
    assert problem[1] == 1
    words = in_words(own(body=source), receiver("cs"))
    shipped_words = in_words(example("page"), receiver("cs"))
    assert words == shipped_words._replace(error="page (cs, body): TemplateRefused")


def test_a_text_has_so_many_turns_and_characters_and_no_more() -> None:
    twice = "{% for a in notes %}{% for b in notes %}.{% endfor %}{% endfor %}"
    template = Templates(FILTERS).compile(twice)
    assert len(render(template, {"notes": list(range(40))})) == 1600
    with pytest.raises(ValueError, match=f"more than {MAX_TURNS} turns"):
        render(template, {"notes": list(range(50))})
    with pytest.raises(ValueError, match="more than 50000 characters"):
        render(Templates(FILTERS).compile("{% for a in notes %}{{ a }}{% endfor %}"), {"notes": ["x" * 1000] * 60})


def test_values_are_never_read_as_templates_and_are_escaped_where_html_is_written() -> None:
    values: dict[str, Any] = {"about": "<b>{{ id }}</b> & co"}
    assert render(Templates(FILTERS).compile("{{ about }}"), values) == "<b>{{ id }}</b> & co"
    html = render(Templates(FILTERS, html=True).compile("<p>{{ about }}</p>"), values)
    assert html == "<p>&lt;b&gt;{{ id }}&lt;/b&gt; &amp; co</p>"


def test_a_subject_is_one_line_that_ends_at_a_word() -> None:
    assert shorten("one\ntwo", 20) == "one two"
    cut = shorten("word " * 50, 40)
    assert len(cut) <= 40
    assert cut.endswith("word …")


def test_an_unknown_language_is_treated_as_english() -> None:
    assert language("x-y-z").language == "en"


DIRECTORY = """
people:
  - {id: eva, name: Eva Malá, locale: cs-CZ, time_zone: Europe/Prague, contacts: [{channel: inbox, address: eva}]}
  - {id: ola, name: Ola Ek, locale: sv, time_zone: Europe/Stockholm, contacts: [{channel: inbox, address: ola}]}
  - {id: asa, name: Åsa Ek, locale: sv, time_zone: Europe/Stockholm, contacts: [{channel: inbox, address: asa}]}
teams:
  - {id: night, name: Night, members: [ola, eva, asa], group: [{channel: inbox, address: night}]}
"""


class Kept:
    """A channel that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[Notify] = []

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        self.sent.append(message)
        return DeliveryReceipt(channel="inbox", receipt_id=address, at=datetime(2026, 11, 20, tzinfo=UTC))


async def delivered(folder: Path, message: Notify) -> tuple[Notify, DeliveryReceipt]:
    (folder / "directory.yaml").write_text(DIRECTORY, encoding="utf-8")
    kept = Kept()
    notifications = Notifications(DirectoryFile(folder / "directory.yaml"), {"inbox": kept})
    receipt = await ActivityEnvironment().run(notifications.send, message)
    (sent,) = kept.sent
    return sent, receipt


@pytest.mark.parametrize(
    ("to", "locale", "zone", "words"),
    [
        ("person:eva", "", "", "út 24. 11. 2026 10:30 CET"),
        ("person:ola", "", "", "tis 24 nov. 2026 10:30 CET"),
        ("group:night", "", "", "tis 24 nov. 2026 10:30 CET"),
        ("customer:c-1", "hu", "Europe/Budapest", "2026. nov. 24., kedd 10:30 CET"),
        ("customer:c-1", "", "", "Tue, Nov 24, 2026 9:30 AM UTC"),
        ("agent:bot", "", "", "Tue, Nov 24, 2026 9:30 AM UTC"),
    ],
)
async def test_whoever_is_told_reads_their_own_language_and_time(
    tmp_path: Path, to: str, locale: str, zone: str, words: str
) -> None:
    message = example("resolution_proposed", due="2026-11-24T09:30:00+00:00")
    sent, receipt = await delivered(tmp_path, message.changed({"to": to, "locale": locale, "time_zone": zone}))
    assert words in sent.body
    assert receipt.template_error == ""


async def test_people_are_called_by_their_names(tmp_path: Path) -> None:
    sent, _ = await delivered(tmp_path, example("page_taken", owner="person:ola").changed({"to": "person:eva"}))
    assert sent.body.startswith("Eskalaci escalation-shop-4711 má nyní na starosti Ola Ek.")


@pytest.mark.parametrize("locale", LOCALES)
def test_an_offer_of_the_engine_names_no_system_and_calls_the_owner_who_reads_it_you(locale: str) -> None:
    offer = example("handoff", by="system:engine", accountable="person:zsofia.nagy")
    body = in_words(offer, receiver(locale)).body
    assert "system:engine" not in body
    assert "Nagy Zsófia" not in body.partition("escalate accept_handoff")[0]
    assert (
        "Eva Dvořáková" in in_words(example("handoff"), receiver(locale)).body.partition("escalate accept_handoff")[0]
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_an_offer_that_is_made_to_somebody_else_instead_is_told_in_the_reader_s_language(locale: str) -> None:
    instead = {"because": reason("offered_instead"), "how": "withdrawn", "words": ""}
    body = in_words(example("news.handoff_ended", **instead), receiver(locale)).body
    assert "person:" not in body
    assert body.count("Nils Berg") == 1
    assert (" instead" in body) == (locale == "en")


def test_a_role_is_called_by_its_name_where_the_directory_gives_one_else_by_its_id_in_plain_words() -> None:
    company = load_directory(Path(__file__).parents[2] / "examples" / "directory.yaml")
    assert name_of("role:it-lead", company) == "IT lead"
    assert name_of("role:head-of-support", company) == "Head of support"


@pytest.mark.req("EP-P3")
async def test_a_message_whose_template_fails_arrives_in_the_shipped_words_and_its_receipt_says_so(
    tmp_path: Path,
) -> None:
    sent, receipt = await delivered(tmp_path, own(body="{{ about|instant }}").changed({"to": "person:eva"}))
    assert sent.subject.endswith("prosíme o převzetí")
    assert "escalate acknowledge" in sent.body
    assert receipt.template_error == "page (cs, body, line 1): ValueError"


def test_the_page_of_all_messages_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert messages.main(["--check"]) == 0, capsys.readouterr().err
