"""The help desk's activities on the embedded one: a ticket once, a dated snapshot, and updates that count once."""

import asyncio
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.crm import Crm
from activities.crm.local import LocalHelpDesk
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import CaseLink, CustomerSnapshot, OpenCase, UpdateCase
from escalation.model.request import Case, Customer

JANA = Customer(id="c-17", name="Jana Nováková", tier="vip", company="Lumen", locale="cs")


def opening(key: str = "e1/open", case: str = "conv-1", system: str = "chatbot", **changes: Any) -> OpenCase:
    plain: dict[str, Any] = {
        "key": key,
        "case": Case(system=system, id=case),
        "customer": JANA,
        "subject": "Refund twice",
        "description": "The refund came twice",
        "body": "What happened",
        "severity": "P2",
    }
    return OpenCase(**plain | changes)


def update(key: str, case_key: str = "e1/open", **changes: Any) -> UpdateCase:
    return UpdateCase(key=key, case_key=case_key, **changes)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[LocalHelpDesk]:
    opened = LocalHelpDesk(tmp_path / "helpdesk.db")
    opened.seed([JANA])
    yield opened
    opened.close()


@pytest.fixture
def crm(desk: LocalHelpDesk) -> Crm:
    return Crm(desk)


@pytest.mark.req("LA-CH3")
async def test_a_case_from_any_channel_becomes_a_ticket(crm: Crm, desk: LocalHelpDesk) -> None:
    for channel in ("chatbot", "email", "pagerduty"):
        await ActivityEnvironment().run(crm.open_case, opening(key=f"{channel}/open", system=channel))
    assert [(ticket.id, ticket.case_system, ticket.status) for ticket in desk.tickets()] == [
        ("T-1", "chatbot", "open"),
        ("T-2", "email", "open"),
        ("T-3", "pagerduty", "open"),
    ]


async def test_opening_again_under_the_same_key_finds_the_same_ticket(crm: Crm, desk: LocalHelpDesk) -> None:
    links = await asyncio.gather(*(crm.open_case(opening()) for _ in range(8)))
    assert {link.ticket for link in links} == {"T-1"}
    assert len(desk.tickets()) == 1
    assert len(desk.tickets()[0].comments) == 1


async def test_why_it_was_escalated_is_a_note_for_staff_and_the_ticket_says_only_what_it_is_about(
    crm: Crm, desk: LocalHelpDesk
) -> None:
    await crm.open_case(opening(body="legal_words: said lawyer"))
    [ticket] = desk.tickets()
    assert (ticket.subject, ticket.body) == ("Refund twice", "The refund came twice")
    assert [(note.text, note.public) for note in ticket.comments] == [
        ("Refund twice\n\nlegal_words: said lawyer", False)
    ]


async def test_two_workers_on_one_file_open_one_ticket(desk: LocalHelpDesk, tmp_path: Path) -> None:
    other = LocalHelpDesk(tmp_path / "helpdesk.db")
    for number in range(20):
        action = opening(key=f"e{number}/open", case=f"conv-{number}")
        first, second = await asyncio.gather(desk.open_ticket(action), other.open_ticket(action))
        assert first == second
    assert len(desk.tickets()) == 20
    other.close()


@pytest.mark.req("WLF-12")
async def test_the_customer_is_fetched_as_a_dated_snapshot_without_the_ticket_just_opened(
    crm: Crm, desk: LocalHelpDesk
) -> None:
    for number in range(12):
        await crm.open_case(opening(key=f"old{number}", case=f"old-{number}", subject=f"Old matter {number}"))
    for number in range(9):
        await crm.update_case(update(f"old{number}/solve", f"old{number}", status="solved"))
    before = datetime.now(UTC)
    snapshot = (await crm.open_case(opening())).snapshot
    assert snapshot is not None
    assert before <= snapshot.fetched_at <= datetime.now(UTC)
    assert (snapshot.system, snapshot.tier, snapshot.company) == ("helpdesk", "vip", "Lumen")
    assert snapshot.open_tickets == 3
    assert len(snapshot.history) == 10
    assert snapshot.history[0] == f"{before:%Y-%m-%d} T-12 open: Old matter 11"
    assert "Refund twice" not in str(snapshot.history)


async def test_opening_again_counts_the_same_open_tickets(crm: Crm) -> None:
    first, second = await crm.open_case(opening()), await crm.open_case(opening())
    assert first.snapshot is not None
    assert second.snapshot is not None
    assert first.snapshot.open_tickets == second.snapshot.open_tickets == 0


async def test_of_a_customer_nobody_knows_there_is_no_snapshot(crm: Crm) -> None:
    assert (await crm.open_case(opening(customer=Customer(id="c-99")))).snapshot is None
    assert (await crm.open_case(opening(key="e2/open", case="conv-2", customer=None))).snapshot is None


async def test_a_case_that_is_a_ticket_of_this_help_desk_keeps_its_number(crm: Crm, desk: LocalHelpDesk) -> None:
    link = await crm.open_case(opening(system="helpdesk", case="4711"))
    assert link.ticket == "4711"
    assert desk.ticket("4711") is not None


async def test_a_ticket_that_came_from_another_system_can_be_escalated_by_its_own_number(
    crm: Crm, desk: LocalHelpDesk
) -> None:
    first = await crm.open_case(opening())
    for _ in range(2):
        again = await crm.open_case(opening(key="e2/open", system="helpdesk", case=first.ticket, subject="Again"))
    assert again.ticket == first.ticket
    [ticket] = desk.tickets()
    assert (ticket.case_system, ticket.case_id) == ("chatbot", "conv-1")
    assert [comment.text for comment in ticket.comments] == [
        "Refund twice\n\nWhat happened",
        "Again\n\nWhat happened",
    ]
    other = await crm.open_case(opening(key="e3/open", system="email", case=first.ticket))
    assert other.ticket != first.ticket


async def test_a_number_that_somebody_named_is_not_given_to_another_ticket(crm: Crm, desk: LocalHelpDesk) -> None:
    await crm.open_case(opening(key="e1/open", system="helpdesk", case="T-2"))
    await crm.open_case(opening(key="e2/open", case="conv-2"))
    await crm.open_case(opening(key="e3/open", case="conv-3"))
    assert [ticket.id for ticket in desk.tickets()] == ["T-2", "T-3", "T-4"]


async def test_a_second_escalation_of_the_same_case_reopens_its_ticket_and_says_why_once(
    crm: Crm, desk: LocalHelpDesk
) -> None:
    await crm.open_case(opening())
    await crm.update_case(update("e1/done", status="closed"))
    for _ in range(2):
        again = await crm.open_case(opening(key="e2/open", subject="Charged again", severity="P1"))
    assert again.ticket == "T-1"
    [ticket] = desk.tickets()
    assert (ticket.status, ticket.severity, ticket.subject) == ("open", "P1", "Refund twice")
    assert [(comment.text, comment.public) for comment in ticket.comments] == [
        ("Refund twice\n\nWhat happened", False),
        ("Charged again\n\nWhat happened", False),
    ]
    await crm.update_case(update("e2/done", "e2/open", status="solved"))
    assert desk.tickets()[0].status == "solved"


@pytest.mark.req("WLF-17")
async def test_notes_status_and_owner_are_mirrored_and_what_is_not_named_stays(crm: Crm, desk: LocalHelpDesk) -> None:
    await crm.open_case(opening())
    await crm.update_case(update("e1/1", note="Eva took it", owner="person:eva", status="pending"))
    await crm.update_case(update("e1/2", note="We are looking into it", public=True))
    await crm.update_case(update("e1/3", status="solved"))
    [ticket] = desk.tickets()
    assert (ticket.owner, ticket.status) == ("person:eva", "solved")
    assert [(comment.text, comment.public) for comment in ticket.comments] == [
        ("Refund twice\n\nWhat happened", False),
        ("Eva took it", False),
        ("We are looking into it", True),
    ]


async def test_an_update_that_comes_twice_and_late_does_not_undo_what_came_after(crm: Crm, desk: LocalHelpDesk) -> None:
    await crm.open_case(opening())
    pending = update("e1/1", note="Waiting for the customer", status="pending")
    await crm.update_case(pending)
    await crm.update_case(update("e1/2", status="solved"))
    await crm.update_case(pending)
    [ticket] = desk.tickets()
    assert ticket.status == "solved"
    assert len(ticket.comments) == 2


async def test_an_update_of_a_case_that_was_never_opened_is_refused(crm: Crm, desk: LocalHelpDesk) -> None:
    with pytest.raises(RemoteRefused, match="no ticket was opened for e1/open"):
        await crm.update_case(update("e1/1", note="Jana called"))
    assert desk.tickets() == []


@pytest.mark.req("WLF-16")
async def test_another_help_desk_takes_the_place_of_the_embedded_one() -> None:
    class DownThenUp:
        """A help desk of another vendor that cannot be reached at first."""

        tries = 0

        async def open_ticket(self, action: OpenCase) -> CaseLink:
            self.tries += 1
            if self.tries == 1:
                raise RemoteUnavailable("hubspot: no answer")
            return CaseLink(ticket="H-1", url="https://hubspot.example/H-1")

        async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
            return CustomerSnapshot(fetched_at=datetime(2026, 11, 20, tzinfo=UTC), system="hubspot", tier="gold")

        async def update_ticket(self, action: UpdateCase) -> None:
            raise NotImplementedError

    crm = Crm(DownThenUp())
    with pytest.raises(RemoteUnavailable):
        await crm.open_case(opening())
    link = await crm.open_case(opening())
    assert (link.ticket, link.snapshot and link.snapshot.system) == ("H-1", "hubspot")


ASKED: dict[str, Any] = {
    "template": "resolution_proposed",
    "values": {"text": "zaplaceno znovu", "due": "2026-11-24T10:00:00+00:00"},
}


@pytest.mark.parametrize(
    ("locale", "says"), [("cs", "24. 11. 2026"), ("hu-HU", "Kérjük"), ("sv", "24 nov. 2026"), ("fr", "Nov 24, 2026")]
)
async def test_what_a_customer_reads_on_the_ticket_is_in_their_language_and_time(
    crm: Crm, desk: LocalHelpDesk, locale: str, says: str
) -> None:
    await crm.open_case(opening())
    zone = {"locale": locale, "time_zone": "Europe/Prague"}
    note = update("e1/9/case", note="plain", public=True, **ASKED, **zone)
    assert await ActivityEnvironment().run(crm.update_case, note) == ""
    text = desk.tickets()[0].comments[-1].text
    assert says in text
    assert "zaplaceno znovu" in text
    assert "plain" not in text


async def test_a_note_whose_template_fails_says_the_shipped_words_and_which_template_it_was(
    crm: Crm, desk: LocalHelpDesk
) -> None:
    await crm.open_case(opening())
    broken = {"cs": {"subject": "", "body": "{{ 1 // text|length }}{{ no_such }}"}}
    note = update("e1/9/case", note="plain", public=True, templates=broken, locale="cs", **ASKED)
    failed = await ActivityEnvironment().run(crm.update_case, note)
    assert failed.startswith("resolution_proposed (cs, body")
    assert "zaplaceno" not in failed
    assert "Dejte nám prosím vědět" in desk.tickets()[0].comments[-1].text


@pytest.mark.req("WLF-16")
async def test_a_ticket_is_told_of_at_once_though_the_customer_cannot_be_had_who_is_asked_for_until_they_can(
    desk: LocalHelpDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(_self: LocalHelpDesk, _customer: str, besides: str) -> CustomerSnapshot | None:
        raise RemoteUnavailable(f"desk: answered 503 to {bool(besides)}")

    crm = Crm(desk)
    with monkeypatch.context() as patched:
        patched.setattr(LocalHelpDesk, "customer", down)
        link: CaseLink = await ActivityEnvironment().run(crm.open_case, opening())
        assert (link.ticket, link.snapshot, link.gap, link.later) == ("T-1", None, "", True)
        with pytest.raises(RemoteUnavailable):
            await ActivityEnvironment().run(crm.open_case, opening(linked=link))
    whole: CaseLink = await ActivityEnvironment().run(crm.open_case, opening(linked=link))
    assert (whole.ticket, whole.later, whole.snapshot and whole.snapshot.tier) == ("T-1", False, "vip")


async def test_a_system_that_opens_the_ticket_but_tells_nothing_of_the_customer_leaves_only_that_open(
    desk: LocalHelpDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_self: LocalHelpDesk, _customer: str, besides: str) -> CustomerSnapshot | None:
        raise RemoteRefused(f"desk: answered 403 for customers besides {bool(besides)}")

    monkeypatch.setattr(LocalHelpDesk, "customer", refuse)
    link: CaseLink = await ActivityEnvironment().run(Crm(desk).open_case, opening())
    assert (link.ticket, link.snapshot, link.gap) == ("T-1", None, "desk: answered 403 for customers besides True")


@pytest.mark.req("WLF-17")
async def test_the_severity_that_the_ticket_has_follows_and_an_update_without_one_leaves_it(
    crm: Crm, desk: LocalHelpDesk
) -> None:
    await crm.open_case(opening())
    await ActivityEnvironment().run(crm.update_case, update("e1/1", note="worse", severity="P0"))
    await ActivityEnvironment().run(crm.update_case, update("e1/2", note="a word"))
    assert desk.tickets()[0].severity == "P0"


async def test_a_ticket_that_people_opened_there_is_linked_as_if_the_case_were_that_ticket(
    crm: Crm, desk: LocalHelpDesk
) -> None:
    first = (await crm.open_case(opening("e9"))).ticket
    link = await crm.open_case(opening("e10").changed({"ticket": first}))
    assert link.ticket == first
    assert len(desk.tickets()) == 1


class Kept:
    """A help desk that keeps which updates it was asked for."""

    def __init__(self) -> None:
        self.asked: list[UpdateCase] = []

    async def open_ticket(self, action: OpenCase) -> CaseLink:
        raise NotImplementedError

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        raise NotImplementedError

    async def update_ticket(self, action: UpdateCase) -> None:
        self.asked.append(action)


@pytest.mark.req("WLF-17")
async def test_an_update_goes_to_the_help_desk_that_has_the_ticket_whichever_takes_new_ones_by_now() -> None:
    zendesk, rt, embedded = Kept(), Kept(), Kept()
    crm = Crm(embedded, {"zendesk": zendesk, "rt": rt}, "rt")
    for at, system in enumerate(("zendesk", "helpdesk", "")):
        note = update(f"e1/{at}", note="for Jana", case_system="web", system=system, ticket="4711", public=True)
        await ActivityEnvironment().run(crm.update_case, note)
    assert [[each.key for each in desk.asked] for desk in (zendesk, embedded, rt)] == [["e1/0"], ["e1/1"], ["e1/2"]]


async def test_an_update_waits_for_a_worker_that_is_connected_to_the_system_of_its_ticket() -> None:
    rt = Kept()
    crm = Crm(Kept(), {"rt": rt}, "rt")
    with pytest.raises(RemoteUnavailable, match="zendesk: the ticket is there, and this worker has no help desk of"):
        await ActivityEnvironment().run(crm.update_case, update("e1/1", note="for Jana", system="zendesk", ticket="7"))
    assert rt.asked == []


class Closed:
    """A help desk that does not take the credentials."""

    def __init__(self, status: int) -> None:
        self.error = RemoteRefused(f"desk: answered {status}", status)

    async def open_ticket(self, action: OpenCase) -> CaseLink:
        raise self.error

    async def update_ticket(self, action: UpdateCase) -> None:
        raise self.error

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        raise self.error


@pytest.mark.parametrize("status", [401, 403])
async def test_credentials_that_a_help_desk_does_not_take_are_tried_again_slowly_until_somebody_mends_them(
    status: int,
) -> None:
    crm = Crm(Closed(status))
    environment = ActivityEnvironment()
    with pytest.raises(RemoteUnavailable, match=f"answered {status}") as later:
        await environment.run(crm.open_case, opening())
    assert later.value.retry_after == timedelta(minutes=5)
    change = UpdateCase(key="k", case_key="c", note="n")
    with pytest.raises(RemoteUnavailable):
        await environment.run(crm.update_case, change)
    environment.info = dataclasses.replace(environment.info, attempt=12)
    with pytest.raises(RemoteRefused):
        await environment.run(crm.update_case, change)


async def test_what_a_help_desk_refuses_for_another_reason_is_final() -> None:
    with pytest.raises(RemoteRefused):
        await ActivityEnvironment().run(Crm(Closed(400)).open_case, opening())
