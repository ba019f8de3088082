"""Ids of messages and reasons: what the rules say exists in every language, with the values that its words may use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jinja2 import meta

from activities.notify.words import shipped
from escalation.playbook.messages import MESSAGES
from escalation.playbook.messages.common import COMMON, FOUND, PACKET_VALUES, WHERE_VALUES
from escalation.playbook.messages.ids import MessageId, NewsId
from escalation.playbook.messages.reasons import REASONS, ReasonId
from escalation.playbook.messages.settled import SETTLED
from escalation.playbook.templates import checker
from tools.messages import example, reason, reason_in_words

LOCALES = ("cs", "en", "hu", "sv")
RULES = Path(__file__).resolve().parents[2] / "escalation" / "lifecycle"
EVERYWHERE = {name for name in (*COMMON, *FOUND, *PACKET_VALUES, *WHERE_VALUES) if "." not in name}
"""Values that are added to a message beside its own."""


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of these functions in the rules, each with where it stands."""
    for path in sorted(RULES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                yield f"{path.relative_to(RULES)}:{node.lineno}", node


def ids(node: ast.expr) -> list[str]:
    """The ids that an argument may be."""
    if isinstance(node, ast.IfExp):
        return [*ids(node.body), *ids(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def test_the_types_of_ids_name_every_message_and_reason_and_no_other() -> None:
    assert {f"news.{each}" for each in get_args(NewsId)} | set(get_args(MessageId)) | set(SETTLED) == set(MESSAGES)
    assert set(get_args(ReasonId)) == set(REASONS)


def test_whatever_the_rules_say_is_a_message_with_the_values_it_is_documented_with() -> None:
    seen = set()
    for place, call in calls("sentence", "told", "of_ticket"):
        if not call.args or (named := ids(call.args[0])) == []:
            continue  # the definition's own kin, such as `changes.ownership.told`
        given = {each.arg for each in call.keywords if each.arg is not None}
        for each in named:
            own = set(MESSAGES[f"news.{each}"].values) - set(WHERE_VALUES) - ({*COMMON} - given)
            seen.add(each)
            if all(keyword.arg is not None for keyword in call.keywords):
                assert given == own, f"{place}: {each}"
            else:
                assert given <= own, f"{place}: {each}"
    assert seen == set(get_args(NewsId)), "nobody says these, or by no id of their own"


def test_every_reason_is_given_with_the_values_it_is_documented_with() -> None:
    seen = set()
    for place, call in calls("grounds.of"):
        (identifier,) = ids(call.args[0])
        given = {each.arg for each in call.keywords if each.arg is not None}
        seen.add(identifier)
        own = set(REASONS[identifier].values)  # type: ignore[index]
        assert given == own or (None in {each.arg for each in call.keywords} and given <= own), f"{place}: {identifier}"
    told_by_activities = {"script_ended", "script_stopped"}
    assert seen | told_by_activities | {"several"} == set(REASONS), "nobody gives these"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_has_its_words_in_every_language(locale: str) -> None:
    assert set(shipped(locale).reasons) == set(REASONS)
    for identifier, known in REASONS.items():
        words = reason_in_words(reason(identifier), locale)
        assert words not in ("", "plain", identifier)
        assert not any(mark in words for mark in ("{", "'reason'", "None"))
        named = used(shipped(locale).reasons[identifier])
        left = RULES_OWN_WORDS if locale != "en" and identifier.startswith("refused_") else set()
        assert named == set(known.values) - left, f"{identifier} does not use {sorted(set(known.values) ^ named)}"


RULES_OWN_WORDS = {"detail"}
"""What a rule said when it refused, in English: the other languages say of what kind that was."""
FOR_OWN_WORDS = {"update": {"stage"}, "update_group": {"stage"}, "news.item_late": {"state"}} | {
    f"settled.{how}": {"by"} for how in ("answered", "ended", "moved_on", "withdrawn")
}
"""Values that no shipped text has; playbooks write their own with them."""
ENGLISH_NOTES = {
    "page": {"note", "powers"},
    "news.update_not_delivered": {"error"},
    "news.question_not_asked": {"error"},
    "news.group_not_told": {"error"},
    "news.item_given_back": {"because"},
    "news.seat_given_back": {"because"},
    "news.feed_failing": {"because"},
    "news.link_lost": {"because"},
    "news.not_moved": {"because"},
    "news.moved": {"effects", "differences"},
}
"""Diagnostic notes in English: the other languages leave them out on purpose, and docs/messages.md says so."""
IN_THE_NOTE = {"page": {"why"}}
"""English says it with the note."""


def used(source: str) -> set[str]:
    """The values that a template names."""
    return meta.find_undeclared_variables(checker()._parse(source))


def unused(identifier: str, locale: str) -> set[str]:
    template = shipped(locale).templates[identifier]
    named = used(template.subject) | used(template.body)
    parts = {"packet", "where"} if "include" in template.body else set()
    return {name for name in MESSAGES[identifier].values if "." not in name} - named - parts - EVERYWHERE


@pytest.mark.parametrize("locale", LOCALES)
def test_what_a_message_says_is_said_in_every_language_or_left_out_knowingly(locale: str) -> None:
    left = {name: missing for name in MESSAGES if (missing := unused(name, locale))}
    assert left == (FOR_OWN_WORDS | IN_THE_NOTE if locale == "en" else FOR_OWN_WORDS | ENGLISH_NOTES)


def test_a_misspelt_id_is_no_message() -> None:
    with pytest.raises(KeyError):
        example("news.clock_warnde")


@pytest.mark.parametrize(
    ("locale", "within", "words"),
    [
        ("cs", 60, "nikdo včas nerozhodl (lhůta: 1 minuta)"),
        ("cs", 180, "nikdo včas nerozhodl (lhůta: 3 minuty)"),
        ("cs", 900, "nikdo včas nerozhodl (lhůta: 15 minut)"),
        ("cs", 5400, "nikdo včas nerozhodl (lhůta: 1 hodina a 30 minut)"),
        ("hu", 5400, "senki sem döntött időben (határidő: 1 óra és 30 perc)"),
        ("sv", 5400, "ingen fattade beslut inom 1 timme och 30 minuter"),
        ("en", 5400, "nobody decided within 1 hour and 30 minutes"),
        ("en", 0, "nobody decided within 0 seconds"),
        ("cs", 93784, "nikdo včas nerozhodl (lhůta: 1 den a 2 hodiny)"),
    ],
)
def test_a_reason_has_the_numbers_of_its_language(locale: str, within: int, words: str) -> None:
    assert reason_in_words(reason("nobody_decided", within=within), locale) == words


def test_a_reason_within_a_reason_is_in_the_same_language_and_peoples_words_stay() -> None:
    denied = reason("approved_by_silence", because="na základě smlouvy")
    assert reason_in_words(denied, "sv") == (
        "ingen fattade beslut inom 15 minuter; enligt playbooken räknas det då som godkänt: na základě smlouvy"
    )


def test_a_reason_of_a_newer_engine_is_told_in_plain_english() -> None:
    newer: dict[str, Any] = {"reason": "of_a_newer_engine", "values": {}, "english": "the moon was full"}
    assert reason_in_words(newer, "cs") == "the moon was full"
