"""A refusal that reaches somebody's message is said in their language; English has the rule's own words."""

from __future__ import annotations

import pytest

from activities.notify.receiver import Receiver
from activities.notify.words import in_words
from escalation.errors import AlreadyDone, DomainError, Incomplete, NotAllowed, NotNow, TooLarge, Unknown
from escalation.lifecycle import grounds, refusals
from escalation.model import commands as c
from escalation.model.actions import CaseChange
from tests.domain.builders import ANN, BOB, START, Life, gated, opened

SAID = {
    AlreadyDone: "ez már korábban megtörtént",
    Incomplete: "hiányzik egy kötelező adat",
    NotAllowed: "nincs meg hozzá a szükséges jogosultság",
    NotNow: "az eszkaláció jelenlegi állapotában ez nem lehetséges",
    TooLarge: "a tartalma meghaladja a megengedett méretet",
    Unknown: "olyasmire hivatkozik, ami ebben az eszkalációban nem létezik",
}


def told(life: Life, to: str, news: str, locale: str) -> str:
    message = next(each for each in reversed(life.sent) if each.to == to and each.template == f"news.{news}")
    words = in_words(message, Receiver(locale, "Europe/Budapest", words=locale))
    assert words.error == ""
    return words.body.splitlines()[0]


def test_an_early_decision_that_is_refused_says_why_in_the_language_of_whoever_sent_it() -> None:
    life = opened(gated({}))
    life.send(c.Reject(by=BOB, gate="gate1", because="no"))
    life.taken_by(ANN)
    assert "could not be applied: person:bob is not an approver" in told(life, BOB, "held_refused", "en")
    assert told(life, BOB, "held_refused", "hu") == (
        "Az Ön korábban küldött parancsát (reject) nem lehetett végrehajtani: nincs meg hozzá a szükséges jogosultság. "
        f"Részletek: escalate timeline {life.state.id}"
    )


@pytest.mark.parametrize("kind", SAID)
def test_a_signal_that_a_rule_refuses_says_of_what_kind_the_refusal_is(kind: type[DomainError]) -> None:
    life = opened(gated({})).taken_by(ANN)
    why = refusals.refused(kind("the rule's own words"))
    life.send(c.SignalRefused(name="approve", error=str(why), sender=ANN, grounds=grounds.said_by(why)))
    assert "was refused: the rule's own words" in told(life, ANN, "signal_refused", "en")
    said = told(life, ANN, "signal_refused", "hu")
    assert SAID[kind] in said
    assert "own words" not in said


def test_a_refusal_of_no_known_kind_stays_in_plain_english() -> None:
    why = refusals.refused(DomainError("no"))
    assert (why, grounds.said_by(why)) == ("no", None)


def test_a_ticket_that_was_solved_there_and_cannot_be_proposed_says_who_solved_it_and_why_not() -> None:
    life = opened(gated({"when": "true"}, help_desk={"solved_there": "propose"})).taken_by(ANN)
    change = CaseChange(key="c1", case_key="run-1/case", at=START, by="automation", status="solved")
    life.send(c.CaseChanged(system="desk", change=change))
    assert "solved in desk by an automation there, but cannot be proposed as solved: " in told(
        life, ANN, "ticket_not_proposed", "en"
    )
    assert told(life, ANN, "ticket_not_proposed", "sv") == (
        "Ärendet i desk fick status löst (en automatisk regel), men kan inte föreslås som löst: "
        "det går inte i eskaleringens nuvarande läge"
    )
