"""HubSpot as a help desk: every call and answer held against HubSpot's own descriptions, and what is done once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_core.exceptions import OpenAPIError

from activities.connections import Connections, open_connections, read_connections
from activities.crm.hubspot import HubSpot, changes
from activities.crm.hubspot.notes import LONGEST, body
from activities.crm.marks import mark
from activities.crm.port import Watched
from escalation.errors import DocumentError, RemoteRefused, RemoteUnavailable, SettingsError
from escalation.model.actions import CaseChange, OpenCase, UpdateCase
from escalation.model.request import Customer
from tests.support import tickets
from tests.support.hubspot import EVA, US, Account, assert_described, refusal
from tests.support.vendor import Vendor

WRITTEN = """
help_desk: crm
connections:
  crm:
    kind: hubspot
    token: {env: HUBSPOT_TOKEN}
    portal: 4711
    priorities: {P1: URGENT}
    fields:
      product_area: "{facts.category}"
      amount: "{facts.amount}"
      vip: "{facts.vip}"
      tags: "{facts.tags}"
      origin: "{case_id}"
    owners: {"person:eva": eva@example.org, "person:max": 91, "person:old": gone@example.org}
    contact_tier: tier
    company_tier: plan
"""


@pytest.fixture
def account() -> Account:
    account = Account()
    account.owner("90", "eva@example.org", EVA)
    account.owner("91", "max@example.org", 13)
    return account


@pytest.fixture
def vendor(account: Account) -> Vendor:
    return Vendor(account)


@pytest.fixture
def connected(vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Connections]:
    monkeypatch.setenv("HUBSPOT_TOKEN", "pat-na1-secret")

    def connect(written: str = WRITTEN) -> Connections:
        file = tmp_path / "connections.yaml"
        file.write_text(written)
        return open_connections(read_connections(file), vendor.client())

    return connect


@pytest.fixture
def desk(connected: Callable[..., Connections]) -> HubSpot:
    opened = connected().help_desks["crm"]
    assert isinstance(opened, HubSpot)
    return opened


def opening(key: str = "e1/case", **more: Any) -> OpenCase:
    plain: dict[str, Any] = {
        "customer": Customer(id="jana@example.org", name="Jana"),
        "subject": "Refund\ntwice",
        "body": "Why: <b>AI limit</b>",
        "facts": {"category": "billing", "amount": 12.5, "vip": True, "tags": ("a", "b")},
    }
    return tickets.opening(key, **plain | more)


def update(key: str = "e1/7/case", **more: Any) -> UpdateCase:
    return UpdateCase(**{"key": key, "case_key": "e1/case", "note": "Taken by Eva", **more})


# --- tickets ----------------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-16", "INT-5")
async def test_a_case_becomes_one_ticket_with_its_contact_its_fields_and_the_packet_as_a_note(
    desk: HubSpot, account: Account
) -> None:
    jana = account.add("contacts", email="jana@example.org")
    first, again = await desk.open_ticket(opening()), await desk.open_ticket(opening())
    assert first == again
    assert list(account.records["tickets"]) == [first.ticket]
    assert (first.system, first.url) == ("crm", f"https://app.hubspot.com/contacts/4711/record/0-5/{first.ticket}")
    said = account.ticket(first.ticket)
    assert {name: said[name] for name in ("subject", "content", "hs_pipeline", "hs_pipeline_stage")} == {
        "subject": "Refund twice",
        "content": "The refund came twice",
        "hs_pipeline": "0",
        "hs_pipeline_stage": "1",
    }
    assert (said["escalation_key"], said["hs_ticket_priority"]) == ("e1/case", "URGENT")
    fields = {"product_area": "billing", "amount": "12.5", "vip": "true", "tags": "a;b", "origin": "conv-1"}
    assert fields.items() <= said.items()
    assert ("tickets", first.ticket, "contacts", jana) in account.pairs
    assert account.notes(first.ticket) == [
        f"Refund<br>twice<br><br>Why: &lt;b&gt;AI limit&lt;/b&gt;<br><br>{mark('e1/case')}"
    ]


async def test_what_is_not_known_of_a_case_is_left_out(desk: HubSpot, account: Account) -> None:
    link = await desk.open_ticket(opening(customer=None, facts={}, severity="P3", description=""))
    said = account.ticket(link.ticket)
    assert {"product_area", "amount", "hs_ticket_priority"}.isdisjoint(said)
    assert said["content"] == "Refund\ntwice"


async def test_of_two_creates_that_race_the_second_is_refused_and_reads_the_firsts_ticket(
    connected: Callable[..., Connections], vendor: Vendor, account: Account
) -> None:
    looked: list[httpx.Response] = []

    def racing(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/tickets/batch/read") and not looked:
            looked.append(account(request))  # answered before the other one's ticket is there
            account.add("tickets", US, escalation_key="e1/case", hs_pipeline="0", hs_pipeline_stage="1")
            return looked[0]
        return account(request)

    vendor.answering = racing
    link = await connected().help_desks["crm"].open_ticket(opening(customer=None))
    assert list(account.records["tickets"]) == [link.ticket]
    assert len(account.notes(link.ticket)) == 1


async def test_a_field_that_hubspot_does_not_take_costs_the_field_and_not_the_ticket(
    desk: HubSpot, vendor: Vendor, account: Account
) -> None:
    def strict(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/crm/v3/objects/tickets" and b"URGENT" in request.content:
            return refusal(400, "VALIDATION_ERROR", errors=[{"message": "no URGENT here", "code": "INVALID_OPTION"}])
        return account(request)

    vendor.answering = strict
    link = await desk.open_ticket(opening())
    assert "product_area" not in account.ticket(link.ticket)
    assert "which HubSpot did not take (VALIDATION_ERROR:INVALID_OPTION)" in account.notes(link.ticket)[0]


async def test_a_contact_that_cannot_be_read_does_not_cost_the_ticket(
    desk: HubSpot, vendor: Vendor, account: Account
) -> None:
    def closed(request: httpx.Request) -> httpx.Response:
        return refusal(403, "MISSING_SCOPES") if "/contacts/" in request.url.path else account(request)

    vendor.answering = closed
    assert (await desk.open_ticket(opening())).ticket in account.records["tickets"]
    with pytest.raises(RemoteRefused, match="MISSING_SCOPES"):
        await desk.customer("jana@example.org", besides="")


async def test_a_ticket_whose_key_another_one_holds_unseen_is_refused(
    desk: HubSpot, vendor: Vendor, account: Account
) -> None:
    link = await desk.open_ticket(opening())

    def deleted(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/crm/v3/objects/tickets/batch/read":
            return httpx.Response(200, json={"results": []})
        return account(request)

    vendor.answering = deleted
    with pytest.raises(RemoteRefused, match=r"answered 400 \(VALIDATION_ERROR:CONFLICTING_UNIQUE_VALUE\)"):
        await desk.open_ticket(opening())
    assert [*account.records["tickets"]] == [link.ticket]


async def test_a_worker_that_died_before_the_note_writes_it_when_it_asks_again(
    desk: HubSpot, vendor: Vendor, account: Account
) -> None:
    def dying(request: httpx.Request) -> httpx.Response:
        return httpx.Response(502) if request.url.path == "/crm/v3/objects/notes" else account(request)

    vendor.answering = dying
    with pytest.raises(RemoteUnavailable):
        await desk.open_ticket(opening())
    vendor.answering = account
    link = await desk.open_ticket(opening())
    assert (len(account.records["tickets"]), len(account.notes(link.ticket))) == (1, 1)


async def test_a_case_that_is_a_ticket_there_is_linked_and_open_afterwards(desk: HubSpot, account: Account) -> None:
    number = account.add("tickets", subject="theirs", hs_pipeline="0", hs_pipeline_stage="4")
    link = await desk.open_ticket(opening(system="crm", case_id=number))
    assert (link.ticket, len(account.records["tickets"])) == (number, 1)
    said = account.ticket(number)
    assert (said["subject"], said["escalation_key"], said["hs_pipeline_stage"]) == ("theirs", "e1/case", "1")
    with pytest.raises(RemoteRefused, match="no ticket has the case's id; expected HubSpot's record id"):
        await desk.open_ticket(opening("e2/case", system="crm", case_id="conv-1"))


async def test_a_linked_ticket_is_given_priority_and_fields_and_a_severity_that_changes_is_followed(
    desk: HubSpot, account: Account
) -> None:
    number = account.add("tickets", hs_pipeline="0", hs_pipeline_stage="1", hs_ticket_priority="LOW")
    await desk.open_ticket(opening(system="crm", case_id=number))
    said = account.ticket(number)
    assert (said["hs_ticket_priority"], said["product_area"], said["origin"]) == ("URGENT", "billing", number)
    account.set("tickets", number, hs_ticket_priority="LOW")
    await desk.update_ticket(update("e1/8/case", note="Milder", severity="P3"))
    assert account.ticket(number)["hs_ticket_priority"] == "LOW", "the file names no priority for it"
    await desk.update_ticket(update("e1/9/case", note="Worse", severity="P1"))
    assert account.ticket(number)["hs_ticket_priority"] == "URGENT"


async def test_a_priority_that_hubspot_does_not_take_costs_neither_stage_nor_note(
    desk: HubSpot, account: Account, vendor: Vendor
) -> None:
    link = await desk.open_ticket(opening())

    def refuses(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH" and b"hs_ticket_priority" in request.content:
            return refusal(400, "VALIDATION_ERROR", errors=[{"message": "no", "code": "INVALID_OPTION"}])
        return account(request)

    vendor.answering = refuses
    await desk.update_ticket(update(note="Worse", severity="P1", status="pending"))
    assert account.ticket(link.ticket)["hs_pipeline_stage"] == "2"
    assert "Without priority and fields, which HubSpot did not take" in account.notes(link.ticket)[-1]


async def test_what_goes_in_and_out_is_held_against_hubspots_descriptions(account: Account) -> None:
    asked = httpx.Request("POST", "https://api.hubapi.com/crm/v3/objects/tickets", json={"properties": {"subject": 7}})
    with pytest.raises(OpenAPIError):
        assert_described(asked, httpx.Response(201, json={}))
    assert account.validating


# --- updates ----------------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-17")
async def test_stage_and_owner_are_set_then_the_note_is_written_and_a_late_repeat_undoes_nothing(
    desk: HubSpot, account: Account, vendor: Vendor
) -> None:
    link = await desk.open_ticket(opening())
    begun = len(vendor.calls)
    await desk.update_ticket(update(status="pending", owner="person:eva"))
    wrote = [call.method for call in vendor.calls[begun:] if not call.url.path.endswith(("/read", "/notes"))]
    assert wrote[-1] == "PATCH"
    assert (vendor.calls[-1].method, vendor.calls[-1].url.path) == ("POST", "/crm/v3/objects/notes")
    said = account.ticket(link.ticket)
    assert (said["hs_pipeline_stage"], said["hubspot_owner_id"]) == ("2", "90")
    account.set("tickets", link.ticket, hs_pipeline_stage="4")
    await desk.update_ticket(update(status="pending", owner="person:eva"))
    assert account.ticket(link.ticket)["hs_pipeline_stage"] == "4"
    assert len(account.notes(link.ticket)) == 2


async def test_a_stage_that_means_the_status_already_is_left_to_people(desk: HubSpot, account: Account) -> None:
    link = await desk.open_ticket(opening())
    account.set("tickets", link.ticket, hs_pipeline_stage="3")
    await desk.update_ticket(update(status="open", ticket=link.ticket))
    assert account.ticket(link.ticket)["hs_pipeline_stage"] == "3"


async def test_in_another_pipeline_or_without_an_owner_there_the_note_says_what_could_not_be_set(
    desk: HubSpot, account: Account
) -> None:
    number = account.add("tickets", hs_pipeline="77", hs_pipeline_stage="501", escalation_key="e1/case")
    await desk.update_ticket(update(status="solved", owner="person:old"))
    await desk.update_ticket(update("e1/8/case", owner="person:nobody"))
    assert account.ticket(number)["hs_pipeline_stage"] == "501"
    first, second = account.notes(number)
    assert "Status: solved; this ticket is in another pipeline" in first
    assert "Owner: person:old, for whom HubSpot has no owner" in first
    assert "Owner: person:nobody" in second


async def test_what_a_customer_was_to_read_is_noted_for_staff_and_refused_so_that_they_are_told_otherwise(
    desk: HubSpot, account: Account
) -> None:
    link = await desk.open_ticket(opening())
    question = update(note="Is it solved?", public=True, status="pending")
    for _ in range(2):
        with pytest.raises(RemoteRefused, match="customers read no notes of HubSpot") as refused:
            await desk.update_ticket(question)
        assert refused.value.reason == "NOT_PUBLIC"
    assert account.notes(link.ticket)[1:] == [
        f"For the customer, who does not read this note:<br><br>Is it solved?<br><br>{mark('e1/7/case')}"
    ]
    assert account.ticket(link.ticket)["hs_pipeline_stage"] == "2"


async def test_an_update_of_a_ticket_that_is_not_there_is_refused(desk: HubSpot) -> None:
    for known in ({}, {"ticket": "4711"}):
        with pytest.raises(RemoteRefused, match="crm: no ticket was opened for e1/case, or it was deleted"):
            await desk.update_ticket(update(**known))


async def test_an_update_that_says_nothing_calls_nobody(desk: HubSpot, vendor: Vendor) -> None:
    await desk.update_ticket(update(note=""))
    assert vendor.calls == []


async def test_a_ticket_that_does_not_carry_the_cases_key_is_not_written_on(desk: HubSpot, account: Account) -> None:
    stranger = account.add("tickets", hs_pipeline="0", hs_pipeline_stage="1")
    another = (await desk.open_ticket(opening("e2/case"))).ticket
    for number in (stranger, another):
        before = dict(account.ticket(number)), account.notes(number)
        with pytest.raises(RemoteRefused, match="crm: the ticket that is named does not carry e1/case") as refused:
            await desk.update_ticket(update(ticket=number, note="Dear Jana", public=True, status="solved"))
        assert refused.value.reason == "NOT_THE_TICKET_OF_THE_CASE"
        assert (account.ticket(number), account.notes(number)) == before


async def test_a_ticket_that_another_case_linked_later_is_still_that_of_the_first(
    desk: HubSpot, account: Account
) -> None:
    number = account.add("tickets", hs_pipeline="0", hs_pipeline_stage="1")
    for key in ("e1/case", "e2/case"):
        await desk.open_ticket(opening(key, system="crm", case_id=number))
    await desk.update_ticket(update(ticket=number, note="Taken by Eva"))
    assert "Taken by Eva" in account.notes(number)[-1]


@pytest.mark.parametrize("text", ["word " * 40_000, "&" * 70_000, "\n" * 70_000])
def test_a_note_keeps_to_hubspots_limit_and_keeps_its_mark(text: str) -> None:
    written = body(text, "e1/7/case")
    assert len(written) <= LONGEST
    assert written.endswith(mark("e1/7/case"))
    assert "(the whole is in the escalation)" in written


async def test_long_notes_are_read_fewer_at_once_where_an_answer_would_be_too_long(
    desk: HubSpot, account: Account
) -> None:
    link = await desk.open_ticket(opening())
    for _ in range(19):
        note = account.add("notes", hs_note_body="ű" * 65_536)
        account.pair("notes", note, "tickets", link.ticket)
    await desk.open_ticket(opening())
    assert len(account.notes(link.ticket)) == 20


# --- customers --------------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-12")
async def test_a_customer_is_read_with_company_and_tickets_by_address_or_id(desk: HubSpot, account: Account) -> None:
    jana = account.add("contacts", email="jana@example.org", company="as she wrote it")
    lumen = account.add("companies", name="Lumen", plan="vip")
    account.pair("contacts", jana, "companies", lumen)
    stages = [*["1", "2", "3", "4"] * 3, "4"]
    tickets = [
        account.add("tickets", subject=f"T{at}", hs_pipeline="0", hs_pipeline_stage=stage)
        for at, stage in enumerate(stages)
    ]
    tickets.append(
        account.add("tickets", subject="elsewhere", hs_pipeline="7", hs_pipeline_stage="1", closed_date="2026-01-01")
    )
    for each in tickets:
        account.pair("contacts", jana, "tickets", each)
    found = await desk.customer("jana@example.org", besides=tickets[0])
    assert found is not None
    assert (found.system, found.tier, found.company, found.open_tickets) == ("crm", "vip", "Lumen", 8)
    today = f"{account.at:%Y-%m-%d}"
    assert found.history[:2] == (f"{today} {tickets[13]} closed: elsewhere", f"{today} {tickets[12]} solved: T12")
    assert (len(found.history), found.history[-1]) == (10, f"{today} {tickets[4]} open: T4")
    account.set("contacts", jana, tier="gold")
    by_id = await desk.customer(jana, besides="")
    assert by_id is not None
    assert (by_id.tier, by_id.open_tickets) == ("gold", 9)


async def test_whom_hubspot_does_not_have_is_nobody_and_an_id_of_another_system_is_not_asked_for(
    desk: HubSpot, vendor: Vendor
) -> None:
    assert await desk.customer("who@example.org", besides="") is None
    assert await desk.customer("99", besides="") is None
    asked = len(vendor.calls)
    assert await desk.customer("c-17", besides="") is None
    assert len(vendor.calls) == asked


async def test_a_customers_own_number_is_found_in_the_property_that_holds_it(
    connected: Callable[..., Connections], account: Account
) -> None:
    account.add("contacts", customer_number="c-17", company="Lumen")
    desk = connected(WRITTEN + "    contact_property: customer_number\n").help_desks["crm"]
    found = await desk.customer("c-17", besides="")
    assert found is not None
    assert (found.company, found.open_tickets) == ("Lumen", 0)


# --- changes ----------------------------------------------------------------------------------------------------------


async def heard(desk: Watched, cursor: str) -> tuple[tuple[CaseChange, ...], str]:
    found = await desk.changes(cursor)
    assert len(found.cursor) <= 500
    return found.changes, found.cursor


@pytest.mark.req("WLF-17")
async def test_what_people_change_is_told_once_and_what_the_engine_did_is_not(desk: HubSpot, account: Account) -> None:
    changes_, cursor = await heard(desk, "")
    assert changes_ == ()
    link = await desk.open_ticket(opening())
    await desk.update_ticket(update(status="pending", owner="person:max"))
    stranger = account.add("tickets", hs_pipeline="0", hs_pipeline_stage="1")
    account.set("tickets", stranger, hs_pipeline_stage="4")
    changes_, cursor = await heard(desk, cursor)
    assert changes_ == ()
    account.set("tickets", link.ticket, hubspot_owner_id="90")
    account.set("tickets", link.ticket, hs_pipeline_stage="4")
    account.set("tickets", link.ticket, ("AUTOMATION_PLATFORM", "5"), hubspot_owner_id="")
    note = account.add("notes", hs_note_body="<p>Called her.</p><p>All <b>fine</b></p>", hs_created_by_user_id=str(EVA))
    account.pair("notes", note, "tickets", link.ticket)
    account.pair("notes", account.add("notes", hs_note_body="elsewhere"), "tickets", stranger)
    account.add("notes", hs_note_body="nowhere")
    changes_, cursor = await heard(desk, cursor)
    assert [(each.by, each.owner, each.status, each.note) for each in changes_] == [
        ("person:eva", "person:eva", None, ""),
        ("person:eva", None, "solved", ""),
        ("automation", "", None, ""),
        ("person:eva", None, None, "Called her.\n\nAll fine"),
    ]
    assert {each.case_key for each in changes_} == {"e1/case"}
    assert not any(each.public or each.by_customer for each in changes_)
    assert (await heard(desk, cursor))[0] == ()


async def test_what_was_done_before_anybody_watched_is_not_told_when_the_ticket_changes_again(
    desk: HubSpot, account: Account
) -> None:
    link = await desk.open_ticket(opening())
    account.set("tickets", link.ticket, hs_pipeline_stage="2")
    await desk.customer("jana@example.org", besides="")  # some time passes
    _, cursor = await heard(desk, "")
    account.set("tickets", link.ticket, hubspot_owner_id="90")
    assert [(each.owner, each.status) for each in (await heard(desk, cursor))[0]] == [("person:eva", None)]


async def test_a_change_that_search_shows_late_is_told_all_the_same(desk: HubSpot, account: Account) -> None:
    link = await desk.open_ticket(opening())
    _, cursor = await heard(desk, "")
    account.set("tickets", link.ticket, hs_pipeline_stage="2")
    account.unseen.add(link.ticket)
    await desk.customer("jana@example.org", besides="")  # some time passes
    found, cursor = await heard(desk, cursor)
    assert found == ()
    account.unseen.clear()
    found, cursor = await heard(desk, cursor)
    assert [each.status for each in found] == ["pending"]


async def test_more_than_one_call_takes_goes_on_in_the_next_and_nothing_is_left_out(
    desk: HubSpot, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST", 2)
    links = [await desk.open_ticket(opening(f"e{at}/case")) for at in range(5)]
    _, cursor = await heard(desk, "")
    for link in links:
        account.set("tickets", link.ticket, hs_pipeline_stage="2")
    for link in links:
        account.records["tickets"][link.ticket]["properties"]["hs_lastmodifieddate"] = account.ticket(links[-1].ticket)[
            "hs_lastmodifieddate"
        ]
    told: list[str] = []
    for _ in range(6):
        found, cursor = await heard(desk, cursor)
        told += [each.case_key for each in found]
    assert sorted(told) == [f"e{at}/case" for at in range(5)]


async def test_pages_of_what_the_engine_did_itself_are_passed_over_in_one_call(
    desk: HubSpot, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST", 2)
    _, cursor = await heard(desk, "")
    links = [await desk.open_ticket(opening(f"e{at}/case")) for at in range(6)]
    account.set("tickets", links[-1].ticket, hs_pipeline_stage="2")
    told, cursor = await heard(desk, cursor)
    assert [each.case_key for each in told] == ["e5/case"]
    assert (await heard(desk, cursor))[0] == ()


async def test_a_busy_window_is_told_once_although_a_cursor_cannot_hold_it_and_again_where_an_answer_was_lost(
    desk: HubSpot, connected: Callable[..., Connections], account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST_TOLD", 3)
    link = await desk.open_ticket(opening())
    _, begin = await heard(desk, "")
    for stage in "24" * 5:
        account.set("tickets", link.ticket, hs_pipeline_stage=stage)
    told, cursor = await heard(desk, begin)
    assert len(told) == 10
    assert (await heard(desk, cursor))[0] == ()
    assert [each.key for each in (await heard(desk, begin))[0]] == [each.key for each in told]
    elsewhere = connected().help_desks["crm"]
    assert isinstance(elsewhere, HubSpot)
    assert [each.key for each in (await heard(elsewhere, cursor))[0]] == [each.key for each in told[:-3]]


async def test_a_cursor_of_another_system_is_begun_anew_and_holds_up_nothing(desk: HubSpot) -> None:
    for other in ("17", '{"place":{"since":"2026-11-01T10:00:00Z"}}'):
        begun = await desk.changes(other)
        assert (await desk.changes(begun.cursor)).changes == begun.changes == ()


async def test_the_window_that_is_searched_again_does_not_grow(desk: HubSpot) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=1)
    place = changes.Place(since=long_ago, at=long_ago)
    _, cursor = await heard(desk, changes.Cursor(tickets=place, notes=place).model_dump_json())
    assert datetime.now(UTC) - changes.Cursor.model_validate_json(cursor).tickets.at < timedelta(minutes=3)


# --- check, prepare, refusals -----------------------------------------------------------------------------------------


@pytest.mark.req("WLF-16")
async def test_a_check_says_what_is_missing_and_prepare_makes_it_when_it_is_asked_for(
    connected: Callable[..., Connections], account: Account
) -> None:
    opened = connected()
    account.defined.clear()
    account.unique["tickets"].clear()
    (checked,) = await opened.check()
    assert (checked.ok, checked.kind) == (False, "hubspot")
    assert checked.says == ("crm: tickets have no property escalation_key; `escalate connections prepare crm` makes it")
    with pytest.raises(RemoteRefused, match=r"cannot be found by escalation_key \(400 VALIDATION_ERROR:PROPERTY"):
        await opened.help_desks["crm"].open_ticket(opening())
    assert account.records["tickets"] == {}
    assert (await opened.prepare("crm")).says == "made the property escalation_key of tickets, with unique values"
    assert (await opened.prepare("crm")).says == "the property escalation_key of tickets was there"
    (checked,) = await opened.check()
    assert checked.ok
    assert checked.says == (
        "opens tickets in Support, found again by escalation_key; owners that HubSpot does not have: person:old"
    )
    with pytest.raises(SettingsError, match="no connection is called crn; did you mean `crm`"):
        await opened.prepare("crn")


@pytest.mark.parametrize("do", ["check", "prepare"])
async def test_a_property_whose_values_are_not_unique_is_refused(
    connected: Callable[..., Connections], account: Account, do: str
) -> None:
    account.defined["escalation_key"] = False
    opened = connected()
    said = (await opened.check())[0] if do == "check" else await opened.prepare("crm")
    assert not said.ok
    assert "does not have unique values, and HubSpot cannot change that" in said.says


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("    stages: {open: 1, pending: 2, solved: 9, closed: 4}\n", "the pipeline has no stage 9; it has 1, 2, 3, 4"),
        (
            "    pipeline: 8\n    stages: {open: 1, pending: 2, solved: 9, closed: 4}\n",
            "tickets have no pipeline 8; expected an id",
        ),
    ],
)
async def test_a_pipeline_or_stage_that_is_not_there_is_named(
    connected: Callable[..., Connections], more: str, said: str
) -> None:
    (checked,) = await connected(WRITTEN + more).check()
    assert not checked.ok
    assert said in checked.says


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("    pipeline: 8\n", "a pipeline has stages of its own"),
        ("    contact_property: Customer Number\n", "contact_property"),
    ],
)
def test_a_wrong_connection_is_refused_when_it_is_read(
    connected: Callable[..., Connections], written: str, said: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        connected(f"{WRITTEN}{written}")
    assert said in str(refused.value)


def test_the_connection_in_the_documentation_is_one(connected: Callable[..., Connections]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "connectors" / "hubspot.md").read_text()
    opened = connected(page.partition("```yaml\n")[2].partition("```")[0])
    assert opened.kinds == {"crm": "hubspot"}
    assert opened.default_help_desk == "crm"


def test_in_another_pipeline_a_stage_that_is_not_named_means_nothing(connected: Callable[..., Connections]) -> None:
    written = WRITTEN + "    pipeline: 8\n    stages: {open: 51, pending: 52, solved: 53, closed: 53}\n"
    desk = connected(written).help_desks["crm"]
    assert isinstance(desk, HubSpot)
    assert desk._means == {"51": "open", "52": "pending", "53": "solved"}


SCOPE = {"errors": [{"message": "one is required", "context": {"requiredGranularScopes": ["tickets"]}}]}


@pytest.mark.parametrize(
    ("status", "category", "more", "code"),
    [
        (
            400,
            "VALIDATION_ERROR",
            {"errors": [{"message": "no", "code": "INVALID_OPTION"}]},
            "VALIDATION_ERROR:INVALID_OPTION",
        ),
        (400, "VALIDATION_ERROR", {"errors": [{"message": "no", "code": "jana at example"}]}, "VALIDATION_ERROR"),
        (401, "INVALID_AUTHENTICATION", {}, "INVALID_AUTHENTICATION"),
        (401, "EXPIRED_AUTHENTICATION", {"context": {"expireTime": ["2026"]}}, "EXPIRED_AUTHENTICATION"),
        (403, "MISSING_SCOPES", SCOPE, "MISSING_SCOPES:tickets"),
        (
            403,
            "MISSING_SCOPES",
            {"context": {"missingScopes": ["crm.objects.owners.read"]}},
            "MISSING_SCOPES:crm.objects.owners.read",
        ),
        (
            404,
            "OBJECT_NOT_FOUND",
            {"subCategory": "crm.associations.NOT_FOUND"},
            "OBJECT_NOT_FOUND:crm.associations.NOT_FOUND",
        ),
        (409, "CONFLICT", {}, "CONFLICT"),
    ],
)
async def test_a_refusal_is_final_and_told_by_hubspots_codes_alone(
    desk: HubSpot, vendor: Vendor, account: Account, status: int, category: str, more: dict[str, Any], code: str
) -> None:
    link = await desk.open_ticket(opening())

    def refusing(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/crm/v3/objects/notes":
            return account(request)
        response = refusal(status, category, **more)
        if account.validating:
            assert_described(request, response)
        return response

    vendor.answering = refusing
    with pytest.raises(RemoteRefused) as refused:
        await desk.update_ticket(update(ticket=link.ticket))
    assert str(refused.value) == f"crm: answered {status} ({code})"


@pytest.mark.parametrize("status", [423, 429, 477, 500, 502, 503, 504])
async def test_what_hubspot_means_as_later_is_tried_again(desk: HubSpot, vendor: Vendor, status: int) -> None:
    limit = {"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}
    vendor.answering = lambda _: refusal(status, "RATE_LIMITS", **limit)
    with pytest.raises(RemoteUnavailable, match=rf"crm: answered {status}( \(RATE_LIMITS\))?$"):
        await desk.open_ticket(opening())


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json={"status": "error", "message": "no"}),
        httpx.Response(200, json={"results": [{"id": "1"}]}),
        httpx.Response(200, content=b'"' + b"x" * 2_000_000 + b'"'),
    ],
    ids=["no JSON", "an error with 200", "half a record", "two megabytes"],
)
async def test_an_answer_that_is_none_is_final(desk: HubSpot, vendor: Vendor, answer: httpx.Response) -> None:
    vendor.answering = lambda _: answer
    with pytest.raises(RemoteRefused, match=r"^crm: "):
        await desk.open_ticket(opening())


async def test_a_batch_that_failed_for_another_reason_than_absence_is_no_absence(desk: HubSpot, vendor: Vendor) -> None:
    failed = {"status": "error", "category": "VALIDATION_ERROR", "message": "jana@example.org"}
    times = {"startedAt": "2026-01-01T00:00:00Z", "completedAt": "2026-01-01T00:00:00Z"}
    vendor.answering = lambda _: httpx.Response(
        207, json={"status": "COMPLETE", **times, "results": [], "errors": [failed]}
    )
    with pytest.raises(RemoteRefused, match=r"crm: could not read tickets \(VALIDATION_ERROR\)"):
        await desk.open_ticket(opening())


async def test_no_address_and_no_token_is_in_any_url(desk: HubSpot, account: Account, vendor: Vendor) -> None:
    account.add("contacts", email="jana@example.org")
    link = await desk.open_ticket(opening())
    await desk.customer("jana@example.org", besides=link.ticket)
    urls = json.dumps([str(call.url) for call in vendor.calls])
    assert "jana" not in urls
    assert "secret" not in urls
