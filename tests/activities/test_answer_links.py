"""Links that answer: what comes back out of one, and which are refused, with what is said."""

from datetime import UTC, datetime, timedelta

import pytest
from itsdangerous import URLSafeTimedSerializer

from activities.answer_links import LASTS, LONGEST, AnswerLinks
from escalation.errors import LinkRefused
from escalation.model.actions import MessageKind, Notify, Offer

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
OLD, NEW = "o" * 32, "n" * 32
URL = "https://escalations.lumina.example/"
REJECT = Offer(command="reject", arguments={"gate": "credit", "digest": "0123456789abcdef"}, needs=("because",))
ASKED = Notify(
    key="k",
    to="person:eva.novak",
    kind=MessageKind.APPROVAL,
    subject="s",
    body="b",
    escalation="escalation-chatbot-1",
    offers=(Offer(command="approve", arguments=REJECT.arguments), REJECT),
)


def token(links: AnswerLinks, message: Notify = ASKED, place: int = 1) -> str:
    link = links.links(message, NOW)[place][1]
    assert link.startswith("https://escalations.lumina.example/answer/")
    return link.rpartition("/")[2]


def refused(links: AnswerLinks, said: str, now: datetime = NOW, to: str | None = None) -> tuple[str, str]:
    with pytest.raises(LinkRefused) as error:
        links.verify(said, now, to=to)
    return error.value.why, str(error.value)


def test_what_was_offered_comes_back_with_the_person_it_was_made_for() -> None:
    links = AnswerLinks(URL, [NEW])
    answer = links.verify(token(links), NOW, to="person:eva.novak")
    assert (answer.escalation, answer.offer, answer.to) == ("escalation-chatbot-1", REJECT, "person:eva.novak")


def test_it_works_until_the_answer_is_due_and_a_week_where_nothing_is_due() -> None:
    links, due = AnswerLinks(URL, [NEW]), NOW + timedelta(minutes=15)
    page = token(links, ASKED.changed({"respond_by": due}))
    assert links.verify(page, due - timedelta(seconds=1)).until == due
    why, said = refused(links, page, due)
    assert (why, said.startswith("this link could be used until 2026-11-22 17:15 UTC")) == ("expired", True)
    assert "escalate show escalation-chatbot-1" in said
    links.verify(token(links), NOW + LASTS - timedelta(seconds=1))
    assert refused(links, token(links), NOW + LASTS)[0] == "expired"


def test_while_one_key_replaces_another_links_of_both_are_accepted_and_afterwards_no_old_one() -> None:
    before, between, after = AnswerLinks(URL, [OLD]), AnswerLinks(URL, [NEW, OLD]), AnswerLinks(URL, [NEW])
    between.verify(token(before), NOW)
    after.verify(token(between), NOW)  # the newest, which is first, signs
    assert refused(after, token(before))[0] == "tampered"


def test_a_changed_link_and_one_signed_for_another_purpose_are_refused() -> None:
    links = AnswerLinks(URL, [NEW])
    good = token(links)
    changed = ("A" if good[5] != "A" else "B").join((good[:5], good[6:]))
    elsewhere = URLSafeTimedSerializer([NEW], salt="durable-escalations/calendar").dumps(["escalation-chatbot-1"])
    for bad in (changed, good[:-3], "", "x" * 5_000, str(elsewhere)):
        why, said = refused(links, bad)
        assert (why, "answer with the command" in said) == ("tampered", True)


def test_a_link_answers_for_nobody_else_and_for_nothing_else() -> None:
    links = AnswerLinks(URL, [NEW])
    why, said = refused(links, token(links), to="person:petr.svoboda")
    assert (why, "made for person:eva.novak" in said) == ("not_for_this", True)
    assert refused(links, str(links._serializer.dumps(["something", "else"])))[0] == "not_for_this"


def test_there_are_no_links_for_groups_after_the_time_or_without_an_escalation_nor_any_too_long_to_be_opened() -> None:
    links = AnswerLinks(URL, [NEW])
    for without in ({"to": "group:billing"}, {"respond_by": NOW}, {"escalation": ""}, {"offers": ()}):
        assert links.links(ASKED.changed(without), NOW) == []
    long = Offer(command="approve", arguments={"choice": "".join(chr(0x4E00 + each) for each in range(LONGEST))})
    assert [offer for offer, _ in links.links(ASKED.changed({"offers": (long, REJECT)}), NOW)] == [REJECT]
