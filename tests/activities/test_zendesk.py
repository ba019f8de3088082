"""Zendesk Support by its documentation: once for each key, nothing lost between two writers, closed is closed there."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from activities.crm.zendesk import Zendesk
from activities.http import MAX_BODY
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import OpenCase, UpdateCase
from escalation.model.request import Customer
from tests.support import tickets
from tests.support.vendor import Vendor
from tests.support.zendesk import AUTOMATION, EMAIL, ENGINE, EVA, JANA, TOKEN, Account

NAME = "desk"
KEY = "0199-run/case"
PERSON = "person:eva.novak"


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def vendor(account: Account) -> Vendor:
    return Vendor(account)


def connect(vendor: Vendor, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Zendesk:
    monkeypatch.setenv("ZENDESK_TOKEN", TOKEN)
    plain: dict[str, Any] = {
        "kind": "zendesk",
        "url": "https://acme.zendesk.example",
        "email": EMAIL,
        "token": {"env": "ZENDESK_TOKEN"},
        "owners": {PERSON: EVA},
        "priorities": {"P1": "urgent"},
        "fields": {"360001": "{severity} of {case_system}"},
        "tier": "plan",
    }
    desk = tickets.connected(NAME, plain | changes, vendor)
    assert isinstance(desk, Zendesk)
    return desk


@pytest.fixture
def desk(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> Zendesk:
    return connect(vendor, monkeypatch)


def opening(key: str = KEY, **changes: Any) -> OpenCase:
    return tickets.opening(key, **changes)


def update(key: str = "0199-run/5/case", **changes: Any) -> UpdateCase:
    return tickets.update(key, KEY, **changes)


STAFF_NOTE = ("[P1] Refund twice\n\nWhy it was escalated", False)


# --- opening --------------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-16", "INT-5")
async def test_a_ticket_is_opened_once_for_the_customer_and_says_why_only_to_staff(
    desk: Zendesk, account: Account
) -> None:
    first = await desk.open_ticket(opening())
    account.later(hours=3)
    again = await desk.open_ticket(opening())
    assert first == again
    (ticket,) = account.tickets.values()
    assert first.ticket == str(ticket["id"])
    assert first.url == f"https://acme.zendesk.example/agent/tickets/{ticket['id']}"
    assert account.comments(ticket["id"]) == [("The refund came twice", True), STAFF_NOTE]
    assert ticket["requester_id"] == JANA
    assert ticket["priority"] == "urgent"
    assert ticket["tags"] == ["escalation", "severity_p1"]
    assert ticket["custom_fields"] == [{"id": 360001, "value": "P1 of chatbot"}]
    assert ticket["external_id"] == f"escalation:{KEY}"


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_worker_that_died_before_the_answer_makes_no_second_ticket_and_no_second_note(
    desk: Zendesk, account: Account, method: str
) -> None:
    account.lose = lambda request: request.method == method
    with pytest.raises(RemoteUnavailable):
        await desk.open_ticket(opening())
    account.lose = lambda _: False
    await desk.open_ticket(opening())
    (number,) = account.tickets
    assert account.comments(number) == [("The refund came twice", True), STAFF_NOTE]


async def test_two_creates_at_the_same_moment_are_one_by_the_idempotency_key(
    desk: Zendesk, account: Account, vendor: Vendor
) -> None:
    await desk.open_ticket(opening())
    (number,) = account.tickets
    account.tickets[number]["external_id"] = None  # as if the list was asked before the first create was done
    assert (await desk.open_ticket(opening())).ticket == str(number)
    assert len(account.tickets) == 1


async def test_a_create_that_was_sent_with_another_body_before_finds_what_that_made(
    desk: Zendesk, account: Account, vendor: Vendor
) -> None:
    lists = 0

    def first_list_is_empty(request: httpx.Request) -> httpx.Response | None:
        nonlocal lists
        if request.method != "GET" or request.url.path != "/api/v2/tickets":
            return None
        lists += 1
        return httpx.Response(200, json={"tickets": []}) if lists == 1 else None

    await desk.open_ticket(opening())
    account.refuse = first_list_is_empty
    link = await desk.open_ticket(opening(severity="P2"))
    assert [str(each) for each in account.tickets] == [link.ticket]


async def test_a_customer_nobody_knows_becomes_an_end_user_only_where_that_is_wanted(
    vendor: Vendor, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = Customer(id="c-9", name="Petr")
    plain = await connect(vendor, monkeypatch).open_ticket(opening(customer=unknown))
    assert account.tickets[int(plain.ticket)]["requester_id"] == ENGINE
    desk = connect(vendor, monkeypatch, create_customers=True)
    made = await desk.open_ticket(opening("other/case", customer=unknown))
    requester = account.tickets[int(made.ticket)]["requester_id"]
    assert (account.users[requester]["external_id"], account.users[requester]["name"]) == ("c-9", "Petr")


@pytest.mark.req("WLF-17")
async def test_a_case_that_is_a_ticket_there_is_linked_open_afterwards_and_keeps_its_tags(
    desk: Zendesk, account: Account
) -> None:
    number = account.opened_by(JANA, status="solved", tags=["vip"])
    for _ in range(2):
        link = await desk.open_ticket(opening(system=NAME, case_id=str(number)))
    assert link.ticket == str(number)
    ticket = account.tickets[number]
    assert ticket["status"] == "open"
    assert ticket["tags"] == ["escalation", "severity_p1", "vip"]
    assert ticket["external_id"] == f"escalation:{KEY}"
    assert account.comments(number) == [("Please", True), STAFF_NOTE]


async def test_a_severity_that_changes_is_followed_by_priority_field_and_tag(
    vendor: Vendor, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = connect(vendor, monkeypatch, priorities={"P1": "urgent", "P2": "high"}, fields={"360001": "{severity}"})
    number = int((await desk.open_ticket(opening())).ticket)
    await desk.update_ticket(update(note="Milder", severity="P2"))
    ticket = account.tickets[number]
    assert (ticket["priority"], ticket["tags"]) == ("high", ["escalation", "severity_p2"])
    assert ticket["custom_fields"] == [{"id": 360001, "value": "P2"}]


async def test_another_programs_external_id_stays_and_the_ticket_is_still_noted_once(
    desk: Zendesk, account: Account
) -> None:
    number = account.opened_by(JANA, external_id="shop-17")
    for _ in range(2):
        await desk.open_ticket(opening(system=NAME, case_id=str(number)))
        await desk.update_ticket(update(note="Taken", ticket=str(number)))
    assert account.tickets[number]["external_id"] == "shop-17"
    assert account.comments(number) == [("Please", True), STAFF_NOTE, ("Taken", False)]


async def test_a_ticket_that_is_not_that_of_the_case_is_not_written_on(desk: Zendesk, account: Account) -> None:
    stranger = account.opened_by(JANA)
    another = int((await desk.open_ticket(opening("other/case"))).ticket)
    for number in (stranger, another):
        before = account.comments(number)
        with pytest.raises(RemoteRefused, match="the ticket that is named does not carry 0199-run/case"):
            await desk.update_ticket(update(note="Dear Jana", public=True, status="solved", ticket=str(number)))
        assert (account.comments(number), account.tickets[number]["status"] == "solved") == (before, False)


async def test_a_case_that_is_no_ticket_there_is_refused(desk: Zendesk) -> None:
    with pytest.raises(RemoteRefused, match="desk: the case is no ticket there"):
        await desk.open_ticket(opening(system=NAME, case_id="4711"))


# --- updates --------------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-17")
async def test_status_owner_and_note_are_one_update_in_zendesks_words_done_once(
    desk: Zendesk, account: Account
) -> None:
    number = int((await desk.open_ticket(opening())).ticket)
    account.later(minutes=1)
    said = update(note="Is it solved?", public=True, status="pending", owner=PERSON)
    await desk.update_ticket(said)
    assert account.audits[number][-1]["metadata"]["custom"] == {"escalation_key": "0199-run/5/case"}
    account.later(minutes=1)
    account.acts(EVA, number, status="open")
    await desk.update_ticket(said)  # a late repeat must not undo what came after
    ticket = account.tickets[number]
    assert (ticket["status"], ticket["assignee_id"]) == ("open", EVA)
    assert account.comments(number)[2:] == [("Is it solved?", True)]


async def test_an_update_whose_answer_was_lost_is_found_in_the_audits(desk: Zendesk, account: Account) -> None:
    number = int((await desk.open_ticket(opening())).ticket)
    account.lose = lambda request: request.method == "PUT"
    with pytest.raises(RemoteUnavailable, match="desk: no answer to PUT"):
        await desk.update_ticket(update(note="Taken"))
    account.lose = lambda _: False
    await desk.update_ticket(update(note="Taken"))
    assert account.comments(number)[2:] == [("Taken", False)]


async def test_an_update_that_comes_between_reading_and_writing_is_not_overwritten(
    desk: Zendesk, account: Account
) -> None:
    number = int((await desk.open_ticket(opening())).ticket)

    def somebody_is_faster(request: httpx.Request) -> None:
        if request.url.path.endswith("/audits"):
            account.refuse = lambda _: None
            account.later(seconds=1)
            account.acts(EVA, number, status="solved", assignee_id=EVA)

    account.refuse = somebody_is_faster
    with pytest.raises(RemoteUnavailable, match=r"answered 409 \(UpdateConflict\)"):
        await desk.update_ticket(update(note="Taken", status="open"))
    assert account.tickets[number]["status"] == "solved"
    await desk.update_ticket(update(note="Taken", status="open"))
    assert account.tickets[number]["status"] == "open"


async def test_audits_are_read_page_after_page_and_in_smaller_pages_where_one_is_too_large(
    desk: Zendesk, account: Account
) -> None:
    number = int((await desk.open_ticket(opening())).ticket)
    account.fat = MAX_BODY // 15
    said = update(note="Taken")
    await desk.update_ticket(said)
    for _ in range(25):
        account.acts(EVA, number, priority="low", comment={"body": "seen"})
    await desk.update_ticket(said)
    assert account.comments(number).count(("Taken", False)) == 1


async def test_a_ticket_that_is_nobodys_is_solved_in_the_engines_name(desk: Zendesk, account: Account) -> None:
    number = int((await desk.open_ticket(opening())).ticket)
    await desk.update_ticket(update(note="Closed: paid back", status="closed"))
    assert (account.tickets[number]["status"], account.tickets[number]["assignee_id"]) == ("solved", ENGINE)


async def test_a_note_over_the_limit_is_cut_at_a_word_and_says_where_the_whole_is(
    desk: Zendesk, account: Account
) -> None:
    number = int((await desk.open_ticket(opening())).ticket)
    await desk.update_ticket(update(note="word " * 20_000))
    text, _ = account.comments(number)[-1]
    assert len(text) <= 60_000
    assert text.endswith("word … (the whole is in the escalation)")


async def test_an_update_of_a_ticket_that_was_never_opened_is_refused(desk: Zendesk) -> None:
    with pytest.raises(RemoteRefused, match="desk: no ticket was opened for 0199-run/case"):
        await desk.update_ticket(update(note="Taken"))


# --- closed is closed -----------------------------------------------------------------------------------------------


async def test_words_for_the_customer_of_a_closed_ticket_make_one_follow_up_that_later_updates_go_to(
    desk: Zendesk, account: Account
) -> None:
    first = (await desk.open_ticket(opening())).ticket
    account.acts(AUTOMATION, int(first), status="closed")
    said = update(note="Is it solved?", public=True, status="pending", ticket=first)
    account.lose = lambda request: request.method == "POST"
    with pytest.raises(RemoteUnavailable):
        await desk.update_ticket(said)
    account.lose = lambda _: False
    account.later(hours=3)
    await desk.update_ticket(said)
    await desk.update_ticket(update("0199-run/9/case", note="Taken", ticket=first))
    _, follow_up = account.tickets.values()
    assert follow_up["via_followup_source_id"] == int(first)
    assert (follow_up["requester_id"], follow_up["status"]) == (JANA, "pending")
    assert account.comments(follow_up["id"]) == [("Is it solved?", True), ("Taken", False)]


async def test_a_note_for_staff_on_a_closed_ticket_is_refused_and_makes_nothing(
    desk: Zendesk, account: Account
) -> None:
    first = (await desk.open_ticket(opening())).ticket
    account.acts(AUTOMATION, int(first), status="closed")
    with pytest.raises(RemoteRefused, match="the ticket is closed, so nothing of it can be changed") as refused:
        await desk.update_ticket(update(note="Closed: paid back", status="closed", ticket=first))
    assert refused.value.reason == "closed"
    assert len(account.tickets) == 1


async def test_an_escalated_ticket_that_is_closed_is_followed_up(desk: Zendesk, account: Account) -> None:
    number = account.opened_by(JANA, status="closed")
    for _ in range(2):
        link = await desk.open_ticket(opening(system=NAME, case_id=str(number)))
    assert list(account.tickets) == [number, int(link.ticket)]
    assert account.tickets[int(link.ticket)]["via_followup_source_id"] == number


# --- what Zendesk says of refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (httpx.Response(429, headers={"Retry-After": "93"}), RemoteUnavailable, "answered 429 and asks to wait 93 s"),
        (httpx.Response(503), RemoteUnavailable, "answered 503"),
        (
            httpx.Response(422, json={"error": "RecordInvalid", "description": "Jana's requester is suspended"}),
            RemoteRefused,
            r"answered 422 \(RecordInvalid\)$",
        ),
        (
            httpx.Response(403, json={"error": {"title": "Forbidden", "message": "no access to Jana"}}),
            RemoteRefused,
            None,
        ),
        (httpx.Response(401, json={"error": "Couldn't authenticate you"}), RemoteRefused, "answered 401$"),
        (httpx.Response(200, text="<html>maintenance</html>"), RemoteRefused, "is not JSON"),
        (httpx.Response(200, json={"ticket": {"id": "x"}}), RemoteRefused, "not in the form that Zendesk documents"),
    ],
)
async def test_what_zendesk_answers_instead_is_later_or_final_and_repeats_nobodys_name(
    desk: Zendesk, account: Account, answer: httpx.Response, error: type[Exception], said: str | None
) -> None:
    account.refuse = lambda _: answer
    with pytest.raises(error, match=said or r"answered 403 \(Forbidden\)$") as raised:
        await desk.update_ticket(update(note="Taken", ticket="17"))
    assert "Jana" not in str(raised.value)
    if isinstance(raised.value, RemoteUnavailable) and answer.status_code == 429:
        assert raised.value.retry_after == timedelta(seconds=93)


# --- the customer ---------------------------------------------------------------------------------------------------


async def test_a_customer_is_told_with_tier_organisation_and_the_other_tickets(desk: Zendesk, account: Account) -> None:
    for place in range(12):
        account.later(days=1)
        account.opened_by(JANA, subject=f"No {place}", status="solved" if place < 9 else "hold")
    link = await desk.open_ticket(opening())
    found = await desk.customer("c-1", besides=link.ticket)
    assert found is not None
    assert (found.system, found.tier, found.company, found.open_tickets) == (NAME, "vip", "Acme", 3)
    assert len(found.history) == 10
    assert found.history[0] == "2026-12-04 1023 hold: No 11"
    assert await desk.customer("c-2", besides="") is None


async def test_a_customer_can_be_known_by_address_and_nothing_in_it_widens_the_search(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = connect(vendor, monkeypatch, customers="email")
    assert await desk.customer("jana@acme.example", besides="") is not None
    await desk.customer('x" OR role:"admin', besides="")
    assert vendor.calls[-1].url.params["query"] == 'email:"x OR role:admin"'


# --- what people change there -----------------------------------------------------------------------------------------


@pytest.mark.req("WLF-17")
async def test_what_people_change_there_is_heard_and_what_the_engine_did_is_not(
    desk: Zendesk, account: Account
) -> None:
    cursor = (await desk.changes("")).cursor
    account.later(minutes=1)
    number = int((await desk.open_ticket(opening())).ticket)
    account.opened_by(JANA)
    account.later(minutes=2)
    heard = await desk.changes(cursor)
    assert heard.changes == ()
    account.acts(JANA, number, status="open", comment={"body": "Still twice", "public": True})
    account.later(seconds=30)
    account.acts(EVA, number, status="hold", assignee_id=EVA, comment={"body": "Asked the bank", "public": False})
    account.acts(AUTOMATION, number, status="solved")
    assert (await desk.changes(heard.cursor)).changes == ()  # the export leaves out the latest minute
    account.later(minutes=2)
    heard = await desk.changes(heard.cursor)
    customer, eva, automation = heard.changes
    assert {each.case_key for each in heard.changes} == {KEY}
    assert (customer.by, customer.by_customer, customer.status) == ("", True, "open")
    assert (customer.note, customer.public) == ("Still twice", True)
    assert (eva.by, eva.status, eva.owner, eva.note, eva.public) == (
        PERSON,
        "pending",
        PERSON,
        "Asked the bank",
        False,
    )
    assert (automation.by, automation.status, automation.owner) == ("automation", "solved", None)
    account.later(minutes=10)
    assert (await desk.changes(heard.cursor)).changes == ()


async def test_changes_come_page_after_page_and_what_comes_twice_has_the_same_key(
    desk: Zendesk, account: Account
) -> None:
    cursor = (await desk.changes("")).cursor
    numbers = [int((await desk.open_ticket(opening(f"run-{each}/case"))).ticket) for each in range(5)]
    account.later(minutes=1)
    for number in numbers:
        account.acts(EVA, number, assignee_id=None, status="pending")
    account.later(minutes=2)
    account.page = 2
    keys: list[str] = []
    for _ in range(3):
        heard = await desk.changes(cursor)
        assert len(heard.cursor) <= 500
        keys += [each.key for each in heard.changes]
        cursor = heard.cursor
    assert len(keys) == len(set(keys)) == 5
    account.acts(EVA, numbers[0], status="open")
    account.later(minutes=2)
    again = [each.key for each in (await desk.changes(cursor)).changes]
    assert len(again) == 2
    assert again[0] in keys


async def test_a_ticket_with_too_many_updates_holds_up_no_other_and_is_noted_no_more(
    desk: Zendesk, account: Account
) -> None:
    busy, other = [int((await desk.open_ticket(opening(key))).ticket) for key in (KEY, "other/case")]
    cursor = (await desk.changes("")).cursor
    for number in (busy, other):
        account.acts(EVA, number, status="pending")
    account.audits[busy] += account.audits[busy][-1:] * 600
    account.page = 10
    account.later(minutes=2)
    assert [each.case_key for each in (await desk.changes(cursor)).changes] == ["other/case"]
    with pytest.raises(RemoteRefused, match="more updates than can be read through"):
        await desk.update_ticket(update(note="Taken"))


async def test_a_record_that_is_in_no_known_form_holds_up_no_other(desk: Zendesk, account: Account) -> None:
    number = int((await desk.open_ticket(opening())).ticket)
    odd = account.opened_by(JANA, external_id="escalation:odd/case")
    cursor = (await desk.changes("")).cursor
    account.acts(EVA, number, status="pending")
    account.acts(EVA, odd, status="pending")
    account.audits[number].append({"id": 1, "author_id": EVA, "events": [{"type": "Comment"}]})  # no created_at
    account.tickets[odd]["status"] = None
    account.later(minutes=2)
    assert [(each.case_key, each.status) for each in (await desk.changes(cursor)).changes] == [(KEY, "pending")]


async def test_when_the_exports_own_cursor_is_not_known_any_more_it_begins_again_at_the_instant(
    desk: Zendesk, account: Account
) -> None:
    number = int((await desk.open_ticket(opening())).ticket)
    cursor = (await desk.changes((await desk.changes("")).cursor)).cursor
    account.acts(EVA, number, status="pending")
    account.later(minutes=2)
    expired = httpx.Response(422, json={"error": "InvalidCursor"})
    account.refuse = lambda request: expired if "cursor" in request.url.params else None
    heard = await desk.changes(cursor)
    assert [each.status for each in heard.changes] == ["pending"]


async def test_what_happened_before_the_first_question_is_not_told(desk: Zendesk, account: Account) -> None:
    number = int((await desk.open_ticket(opening())).ticket)
    account.later(minutes=1)
    account.acts(EVA, number, status="pending")
    account.later(minutes=5)
    cursor = (await desk.changes("")).cursor
    account.acts(EVA, number, status="open")
    account.later(minutes=2)
    assert [each.status for each in (await desk.changes(cursor)).changes] == ["open"]


async def test_a_cursor_of_another_system_is_begun_anew_and_holds_up_nothing(desk: Zendesk) -> None:
    for other in ("17", '{"place":{"since":"2026-11-01T10:00:00Z"}}'):
        begun = await desk.changes(other)
        assert (await desk.changes(begun.cursor)).changes == begun.changes == ()


# --- configuration --------------------------------------------------------------------------------------------------


async def test_check_says_who_one_is_and_what_of_the_configuration_is_not_there(
    vendor: Vendor, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await connect(vendor, monkeypatch).check() == "is the admin 900"
    desk = connect(vendor, monkeypatch, owners={PERSON: 4711}, fields={"5": "{key}"})
    account.users[ENGINE]["role"] = "agent"
    assert await desk.check() == (
        "is the agent 900; what people change there cannot be heard, since Zendesk exports changes to admins alone; "
        "owners who are nobody there: 4711; fields that are not there: 5"
    )
    account.users[ENGINE] = {"id": None, "name": "Anonymous user"}
    with pytest.raises(RemoteRefused, match="the user is anonymous"):
        await connect(vendor, monkeypatch).check()
    assert {call.method for call in vendor.calls} == {"GET"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"email": None}, "expected either email and token"),
        ({"bearer": {"env": "HOME"}}, "expected either email and token"),
        ({"fields": {"5": "{severty}"}}, "{severty} is not known there; expected case_id"),
    ],
)
def test_a_wrong_configuration_is_refused(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        connect(vendor, monkeypatch, **changes)


def test_the_example_of_the_page_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tickets.example_of("zendesk", tmp_path, monkeypatch, "ZENDESK_TOKEN") == ["zendesk"]
