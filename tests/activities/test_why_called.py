"""Why somebody is called is said in their language: as whose deputy, in whose place, although they had declined."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activities.notify.receiver import Receiver
from activities.notify.words import in_words
from escalation.lifecycle.ladder import ladder_words
from escalation.model import commands as c
from escalation.model.actions import Notify
from escalation.people.found import FoundPerson, People, Why
from tests.domain.builders import ANN, BOB, CYD, DAN, EVE, opened, small
from tools.messages import example

UNTIL = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def body(message: Notify, locale: str) -> str:
    words = in_words(message, Receiver(locale, "Europe/Prague", words=locale))
    assert words.error == ""
    return words.body


def called(why: Why, locale: str) -> str:
    life = opened(small())
    person = FoundPerson(person=ANN, via="team:desk", note="only in English", why=(why,))
    words = ladder_words.page(life.state, person, People(people=(person,)), life.now)
    return body(example("page").changed({"to": ANN, "values": words.values}), locale)


@pytest.mark.parametrize(
    ("why", "locale", "said"),
    [
        (
            Why(what="deputy", who=EVE, until=UNTIL),
            "cs",
            "Zastupujete osobu, která není přítomna: person:eve (nepřítomnost do: po 23. 11. 2026 10:30 CET).",
        ),
        (
            Why(what="deputy", who=EVE, until=UNTIL),
            "sv",
            "Du är ersättare för person:eve, som är borta till mån 23 nov. 2026 10:30 CET.",
        ),
        (
            Why(what="deputy_of_spared", who=EVE),
            "hu",
            "Ön a következő személyt helyettesíti, akit már nem kereshetünk meg többször: person:eve.",
        ),
        (Why(what="later_turn", who=EVE), "hu", "Person:eve most nem kereshető meg, és Ön következik a sorban."),
        (Why(what="in_place"), "sv", "Du tar det här passet i någon annans ställe."),
        (
            Why(what="though_spent"),
            "cs",
            "Oslovili jsme Vás už tolikrát, kolikrát smíme, ale nikoho jiného se nepodařilo najít.",
        ),
    ],
    ids=lambda value: value.what if isinstance(value, Why) else None,
)
def test_a_page_says_why_it_is_this_person_in_whole_sentences_of_their_language(
    why: Why, locale: str, said: str
) -> None:
    words = called(why, locale)
    assert said in words
    assert "only in English" not in words
    assert "only in English" in called(why, "en")


def test_who_declined_and_is_called_again_is_told_so() -> None:
    life = opened(small(levels=[{**level.model_dump(), "last_resort": "team:desk"} for level in small().levels]))
    for person in (ANN, BOB, CYD, DAN, EVE):
        life.send(c.Decline(by=person, because="busy"))
    again = life.sent[-1]
    assert again.to == BOB
    assert "Ön korábban már visszautasította, de nem találtunk mást." in body(again, "hu")
