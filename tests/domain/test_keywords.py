"""Keywords: inflected forms are found in four languages, ordinary words are not, and no language disturbs another."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.playbook.keywords import LANGUAGES, MAX_CHARACTERS, MAX_WORDS, matches, parts_of
from escalation.playbook.load import load_playbook

LISTS = load_playbook("customer-service-escalation").keywords

FOUND = [
    ("en", "I want to cancel my subscription.", "cancel", "cancel"),
    ("en", "Please confirm the CANCELLATION of my order", "cancel", "CANCELLATION"),
    ("en", "It was cancelled twice already", "cancel", "cancelled"),
    ("en", "I am unsubscribing today", "cancel", "unsubscribing"),
    ("en", "Close my account now!", "cancel", "Close my account"),
    ("en", "My lawyers will contact you", "legal", "lawyers"),
    ("en", "We are going to take legal action", "legal", "legal"),
    ("en", "I will sue you for this", "legal", "will sue"),
    ("en", "See you in court", "legal", "in court"),
    ("en", "I have been complaining for weeks", "complaint", "complaining"),
    ("en", "Let me talk to a human, please", "person", "talk to a human"),
    ("hu", "Szeretném kérni a fiókom törlését.", "cancel", "törlését"),
    ("hu", "Törlést kérek", "cancel", "Törlést"),
    ("hu", "Törölni szeretném a rendelésemet", "cancel", "Törölni"),
    ("hu", "Kérem, töröljék az adataimat", "cancel", "töröljék"),
    ("hu", "Felmondom a szerződést", "cancel", "Felmondom"),
    ("hu", "Leiratkoznék a hírlevélről", "cancel", "Leiratkoznék"),
    ("hu", "Jogi útra terelem az ügyet", "legal", "Jogi útra"),
    ("hu", "Az ügyvédem fog jelentkezni", "legal", "ügyvédem"),
    ("hu", "Majd a bíróságon találkozunk", "legal", "bíróságon"),
    ("hu", "A fogyasztóvédelemhez fordulok", "legal", "fogyasztóvédelemhez"),
    ("hu", "Panaszt szeretnék tenni", "complaint", "Panaszt"),
    ("hu", "Egy élő emberrel akarok beszélni", "person", "élő emberrel"),
    ("sv", "Jag vill avbryta mitt abonnemang", "cancel", "avbryta"),
    ("sv", "Prenumerationen ska avbrytas i dag", "cancel", "avbrytas"),
    ("sv", "Jag säger upp avtalet", "cancel", "säger upp"),
    ("sv", "Säg upp mitt abonnemang", "cancel", "Säg upp"),
    ("sv", "Här kommer min uppsägning", "cancel", "uppsägning"),
    ("sv", "Vi vidtar juridiska åtgärder", "legal", "juridiska"),
    ("sv", "Min advokat hör av sig, och advokaten är dyr", "legal", "advokaten"),
    ("sv", "Vi ses i domstolen", "legal", "domstolen"),
    ("sv", "Jag klagade redan i går", "complaint", "klagade"),
    ("sv", "Jag vill prata med en människa", "person", "prata med en människa"),
    ("cs", "Chci zrušit objednávku", "cancel", "zrušit"),
    ("cs", "Prosím o zrušení účtu", "cancel", "zrušení"),
    ("cs", "Zrušte mi to předplatné", "cancel", "Zrušte"),
    ("cs", "Chci odstoupit od smlouvy", "cancel", "odstoupit od"),
    ("cs", "Podávám výpověď", "cancel", "výpověď"),
    ("cs", "Obrátím se na právníka", "legal", "právníka"),
    ("cs", "Podám na vás žalobu", "legal", "žalobu"),
    ("cs", "Advokátka už to řeší", "legal", "Advokátka"),
    ("cs", "Půjdu k soudu", "legal", "k soudu"),
    ("cs", "Stěžuji si už potřetí", "complaint", "Stěžuji"),
    ("cs", "Chci mluvit s člověkem", "person", "s člověkem"),
]
"""Locale, what the customer writes, the list that must match, and the word that must be recorded."""

ORDINARY = {
    "en": [
        "My mother has cancer and needs the refund",
        "Somebody illegally parked in front of the shop",
        "Sue from your team was very kind",
        "I delegate this to my colleague",
        "Is there a tennis court near the hotel?",
        "It is a legend of a product",
        "How do I change my delivery address?",
        "The candle arrived broken",
        "The person at the desk was kind",
        "I bought lemon juice and a towel",
    ],
    "hu": [
        "Legalább két napot várok már",
        "A törölköző nem érkezett meg",
        "A törlesztés részleteiről kérdeznék",
        "A jogosítványom lejárt, mit tegyek?",
        "Citromot és joghurtot rendeltem",
        "Mikor érkezik meg a csomagom?",
        "A töltő nem működik",
        "Lemondóan legyintett a futár",
        "Percekig vártam a vonalban",
        "A panoráma csodálatos volt",
    ],
    "sv": [
        "Det stämmer att jag bor i Lund",
        "Jag såg upp mot huset när paketet kom",
        "Stämningen i butiken var trevlig",
        "Kan ni säga när mitt paket kommer?",
        "Jag har glömt mitt lösenord",
        "Fakturan har fel adress",
        "Kan jag byta färg på jackan?",
        "Tack, det var en klar förklaring",
        "Upp till hur många kan jag köpa?",
        "Juryn gillade produkten",
    ],
    "cs": [
        "Právě jsem zaplatil fakturu",
        "Správně jste mi poradili",
        "Kdy přijde můj balík?",
        "Soudím, že je to v pořádku",
        "Máte pravdu, spletl jsem se",
        "Zpráva dorazila pozdě",
        "Ruší mě hluk od sousedů",
        "Můj pravnuk si hraje s autíčkem",
        "Jak si změním heslo?",
        "Potřebuji novou fakturu",
    ],
}


@pytest.mark.parametrize(("locale", "text", "name", "word"), FOUND)
def test_an_inflected_form_is_found_and_recorded_as_it_was_written(
    locale: str, text: str, name: str, word: str
) -> None:
    assert word in matches([text], LISTS, locale)[name]


@pytest.mark.parametrize(("locale", "text", "name", "word"), FOUND)
def test_it_is_found_too_when_the_customer_writes_another_language_than_the_one_we_know(
    locale: str, text: str, name: str, word: str
) -> None:
    for other in (None, "", "de", "en", "hu", "sv", "cs"):
        if other != locale:
            assert name in matches([text], LISTS, other), other


@pytest.mark.parametrize("locale", ORDINARY)
def test_ordinary_sentences_match_nothing(locale: str) -> None:
    for text in ORDINARY[locale]:
        for known in (locale, None, "en"):
            assert matches([text], LISTS, known) == {}, (text, known)


def test_each_language_has_at_least_eight_sentences_of_both_kinds() -> None:
    for language in ("en", "hu", "sv", "cs"):
        assert sum(1 for locale, *_ in FOUND if locale == language) >= 8
        assert len(ORDINARY[language]) >= 8


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("cs", "chci zrusit ucet a obratim se na pravnika"),
        ("hu", "torolni szeretnem a fiokomat, jogi utra terelem"),
        ("sv", "jag sager upp avtalet och ringer min ADVOKAT"),
    ],
)
def test_letters_typed_without_their_marks_and_capitals_match(locale: str, text: str) -> None:
    for written in (text, text.upper(), text.title()):
        assert set(matches([written], LISTS, locale)) >= {"cancel", "legal"}, written


def test_a_letter_with_its_mark_written_apart_is_the_same_letter() -> None:
    text = unicodedata.normalize("NFD", "Chci zrušení účtu")
    assert matches([text], LISTS, "cs") == {"cancel": ("zrušení",)}


def test_two_different_marks_are_two_letters() -> None:
    lists = {"cancel": {"sv": ["säga upp"]}}
    assert matches(["vi säger upp det"], lists, "sv")
    assert matches(["vi sager upp det"], lists, "sv")
    assert not matches(["vi såg upp mot det"], lists, "sv")


def test_old_hungarian_encodings_are_understood() -> None:
    assert matches(["Egy élõ emberrel beszélnék"], LISTS, "hu")["person"] == ("élõ emberrel",)


# --- between languages ------------------------------------------------------------------------------------------------


def test_people_who_mix_languages_are_understood() -> None:
    text = "Hello, I want to zrušit my account, vagy jogi útra terelem"
    for locale in ("en", "cs", "hu", "sv", None):
        assert set(matches([text], LISTS, locale)) == {"cancel", "legal"}, locale


def test_a_stem_of_one_language_does_not_fire_on_a_word_of_another() -> None:
    lists = {"cancel": {"hu": ["lemond"]}}
    assert matches(["Szeretném, ha lemondanák"], {"cancel": {"hu": ["lemond*"]}}, "hu")
    assert not matches(["two lemons, please"], lists, "en")
    assert not matches(["a lemon"], lists, None)


def test_a_prefix_of_one_language_does_not_fire_on_a_word_of_another_when_the_locale_says_otherwise() -> None:
    lists = {"legal": {"en": ["legal*"]}}
    assert not matches(["Legalább két napja várok"], lists, "hu")
    assert matches(["this is about legality"], lists, "en")
    assert matches(["ez egy legal kérdés"], lists, "hu"), "the whole word was written"


def test_a_shared_marked_letter_or_many_shared_letters_prove_the_language() -> None:
    assert matches(["please zrušte it"], {"cancel": {"cs": ["zruš*"]}}, "en")
    assert not matches(["please zruste it"], {"cancel": {"cs": ["zruš*"]}}, "en")
    assert matches(["I want leiratkozni"], {"cancel": {"hu": ["leiratkoz*"]}}, "en")


@pytest.mark.parametrize("locale", ["hu", "HU", "hu-HU", "hu_HU", " hu "])
def test_a_locale_counts_by_its_language(locale: str) -> None:
    assert matches(["legalábbis", "perelhetnek"], {"legal": {"en": ["legal*"], "hu": ["perel*"]}}, locale) == {
        "legal": ("perelhetnek",)
    }


# --- phrases and entries ----------------------------------------------------------------------------------------------


def test_the_words_of_a_phrase_stand_next_to_each_other() -> None:
    lists = {"legal": {"hu": ["jogi út"]}}
    assert matches(["jogi\n útra"], lists, "hu") == {"legal": ("jogi útra",)}
    assert not matches(["jogi és más útra"], lists, "hu")
    assert not matches(["ez jogi. Útra kelek"], lists, "hu"), "a sentence ended between them"
    assert not matches(["jogi"], lists, "hu")


def test_a_phrase_may_begin_with_a_word_of_one_letter() -> None:
    assert matches(["pujdu k soudu", "soudu k"], {"legal": {"cs": ["k soudu"]}}, "cs") == {"legal": ("k soudu",)}


def test_an_entry_without_at_least_two_letters_is_nothing() -> None:
    assert parts_of("a") == parts_of("*") == parts_of("") == parts_of("12") == ()
    assert matches(["a b c"], {"x": {"en": ["a", "*"]}}, "en") == {}


def test_words_come_once_each_in_the_order_they_were_written() -> None:
    found = matches(["Cancel it. CANCEL it!", "cancelled, cancel"], {"x": {"en": ["cancel"]}}, "en")
    assert found == {"x": ("Cancel", "cancelled")}


def test_lists_without_a_match_are_absent_and_an_unknown_language_is_not_searched() -> None:
    assert matches(["cancel"], {"a": {"en": ["cancel"]}, "b": {"en": ["lawyer"]}, "c": {"tlh": ["cancel"]}}, "en") == {
        "a": ("cancel",)
    }
    assert matches([], LISTS, "en") == matches(["hello"], {}, "en") == {}


def test_a_word_inside_a_longer_word_is_not_found() -> None:
    lists = {"x": {"en": ["legal"], "cs": ["zruš*"]}}
    assert not matches(["paralegal illegal"], lists, "en")
    assert not matches(["nezrušit"], lists, "cs"), "a prefix stands at the beginning of a word"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_has_its_stemmer(language: str) -> None:
    assert matches(["alpha beta"], {"x": {language: ["alpha"]}}, language) == {"x": ("alpha",)}


# --- bounds -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.text(max_size=80), max_size=4), st.sampled_from(["en", "hu", "sv", "cs", None]))
def test_what_is_found_was_written(texts: list[str], locale: str | None) -> None:
    for words in matches([*texts, "cancel"], LISTS, locale).values():
        written = [" ".join(unicodedata.normalize("NFC", text).split()) for text in [*texts, "cancel"]]
        assert all(any(word in text for text in written) for word in words)


@given(st.sampled_from(FOUND), st.text(max_size=40), st.text(max_size=40))
def test_what_stands_around_a_keyword_does_not_hide_it(case: tuple[str, str, str, str], left: str, right: str) -> None:
    locale, text, name, _ = case
    assert name in matches([f"{left}\n{text}\n{right}"], LISTS, locale)


def test_a_megabyte_is_searched_quickly_also_when_it_was_made_to_be_slow() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    endings = [a + b + c for a in letters for b in letters for c in letters]
    for text in (
        " ".join("torle" + ending for ending in endings * 7)[:MAX_CHARACTERS],
        "a" * MAX_CHARACTERS,
        "zruš" + "a" * MAX_CHARACTERS,
        "k " * (MAX_CHARACTERS // 2),
    ):
        begun = time.perf_counter()
        matches([text], LISTS, "hu")
        assert time.perf_counter() - begun < 3, text[:20]


def test_what_is_recorded_is_bounded() -> None:
    many = " ".join("zruš" + "a" * length for length in range(50))
    assert len(matches([many], {"x": {"cs": ["zruš*"]}}, "cs")["x"]) == MAX_WORDS
    assert matches(["zruš" + "a" * 1_000], {"x": {"cs": ["zruš*"]}}, "cs") == {}, "no word is that long"


def test_text_beyond_the_limit_is_not_read() -> None:
    filler = "x " * (MAX_CHARACTERS // 2)
    assert matches([filler, "cancel"], {"x": {"en": ["cancel"]}}, "en") == {}
    assert matches([filler[:-20], "cancel"], {"x": {"en": ["cancel"]}}, "en") == {"x": ("cancel",)}
