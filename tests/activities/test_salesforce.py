"""Salesforce by its documentation: once for each key, all or none, errors that mean later, queries that hold."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from activities.crm.salesforce import Salesforce
from activities.crm.salesforce.api import Name, bound
from activities.crm.salesforce.keys import LONGEST_NOTE, key_from, key_to, marked
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import OpenCase, UpdateCase
from tests.support import tickets
from tests.support.salesforce import CONTACT, ENGINE, EVA, HOST, JANA_THERE, KEY_FIELD, ROOT, Organisation
from tests.support.soql import Query
from tests.support.vendor import Vendor

NAME = "crm"
KEY = "0199-run.1/case"
PERSON = "person:eva.novak"
STAFF_NOTE = ("[P1] Refund twice\n\nWhy it was escalated", False)


@pytest.fixture
def there() -> Organisation:
    return Organisation()


@pytest.fixture
def vendor(there: Organisation) -> Vendor:
    return Vendor(there)


def connect(vendor: Vendor, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Salesforce:
    monkeypatch.setenv("SF_KEY", "key")
    monkeypatch.setenv("SF_SECRET", "s3cret")
    plain: dict[str, Any] = {
        "kind": "salesforce",
        "url": HOST,
        "client_id": {"env": "SF_KEY"},
        "client_secret": {"env": "SF_SECRET"},
        "user": ENGINE,
        "owners": {PERSON: EVA},
        "priorities": {"P1": "High"},
        "fields": {"Origin": "escalation from {case_system}"},
        "tier": "Account.Tier__c",
    }
    desk = tickets.connected(NAME, plain | changes, vendor)
    assert isinstance(desk, Salesforce)
    return desk


@pytest.fixture
def desk(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> Salesforce:
    return connect(vendor, monkeypatch)


def opening(key: str = KEY, **changes: Any) -> OpenCase:
    return tickets.opening(key, **changes)


def update(key: str = "0199-run.1/5/case", **changes: Any) -> UpdateCase:
    return tickets.update(key, KEY, **changes)


# --- opening --------------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-16", "INT-5")
async def test_a_case_is_opened_once_with_its_contact_and_says_why_only_to_staff(
    desk: Salesforce, there: Organisation
) -> None:
    first = await desk.open_ticket(opening())
    again = await desk.open_ticket(opening())
    assert first == again
    (case,) = there.cases.values()
    assert first.url == f"{HOST}/lightning/r/Case/{case['Id']}/view"
    assert (case["Subject"], case["Description"]) == ("[P1] Refund twice", "The refund came twice")
    assert (case["ContactId"], case["Priority"], case["Status"]) == (CONTACT, "High", "Working")
    assert case["Origin"] == "escalation from chatbot"
    assert case[KEY_FIELD] == "0199-run~21~1case"
    assert there.notes(first.ticket) == [STAFF_NOTE]


@pytest.mark.parametrize("method", ["PATCH", "POST"])
async def test_a_worker_that_died_before_the_answer_makes_no_second_case_and_no_second_note(
    desk: Salesforce, there: Organisation, method: str
) -> None:
    there.lose = lambda request: request.method == method
    with pytest.raises(RemoteUnavailable):
        await desk.open_ticket(opening())
    there.lose = lambda _: False
    link = await desk.open_ticket(opening())
    assert list(there.cases) == [link.ticket]
    assert there.notes(link.ticket) == [STAFF_NOTE]


async def test_a_case_that_another_worker_has_just_made_is_the_case(desk: Salesforce, there: Organisation) -> None:
    made: list[str] = []

    def another_is_faster(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PATCH":
            return None
        made.append(there.opened_by(ENGINE, **{KEY_FIELD: key_to(KEY)}))
        return httpx.Response(400, json=[{"errorCode": "DUPLICATE_VALUE", "message": "duplicate value found"}])

    there.refuse = another_is_faster
    link = await desk.open_ticket(opening())
    assert [link.ticket] == made == list(there.cases)


@pytest.mark.req("WLF-17")
@pytest.mark.parametrize("by", ["Id", "CaseNumber"])
async def test_a_case_that_is_one_there_is_linked_by_id_or_number_and_open_afterwards(
    desk: Salesforce, there: Organisation, by: str
) -> None:
    case = there.opened_by(JANA_THERE, Status="Closed", Subject="Help")
    for _ in range(2):
        link = await desk.open_ticket(opening(system=NAME, case_id=there.cases[case][by]))
    assert link.ticket == case
    assert (there.cases[case]["Status"], there.cases[case]["Subject"]) == ("Working", "Help")
    assert there.cases[case][KEY_FIELD] == key_to(KEY)
    assert there.notes(case) == [STAFF_NOTE]


async def test_a_severity_that_changes_is_followed_by_the_priority(desk: Salesforce, there: Organisation) -> None:
    case = (await desk.open_ticket(opening(severity="P3"))).ticket
    assert there.cases[case].get("Priority") is None
    await desk.update_ticket(update(note="Worse", severity="P1", ticket=case))
    assert there.cases[case]["Priority"] == "High"
    assert there.notes(case)[-1] == ("Worse", False)


async def test_a_case_that_does_not_carry_the_key_is_not_written_on(desk: Salesforce, there: Organisation) -> None:
    stranger = there.opened_by(JANA_THERE, Status="New")
    another = (await desk.open_ticket(opening("other/case"))).ticket
    for case in (stranger, another):
        before = there.notes(case), there.cases[case]["Status"]
        with pytest.raises(RemoteRefused, match=r"the ticket that is named does not carry 0199-run\.1/case"):
            await desk.update_ticket(update(note="Dear Jana", public=True, status="solved", ticket=case))
        assert (there.notes(case), there.cases[case]["Status"]) == before


async def test_a_case_that_another_escalation_linked_later_is_still_that_of_the_first(
    desk: Salesforce, there: Organisation
) -> None:
    case = there.opened_by(JANA_THERE, Status="New")
    for key in (KEY, "other/case"):
        await desk.open_ticket(opening(key, system=NAME, case_id=case))
    await desk.update_ticket(update(note="Taken", ticket=case))
    assert there.notes(case)[-1] == ("Taken", False)


async def test_a_case_that_is_none_there_is_refused(desk: Salesforce) -> None:
    with pytest.raises(RemoteRefused, match="crm: there is no case with the id or number"):
        await desk.open_ticket(opening(system=NAME, case_id="4711'--"))


async def test_several_cases_with_one_key_are_refused_with_what_to_do(desk: Salesforce, there: Organisation) -> None:
    for _ in range(2):
        there.opened_by(EVA, **{KEY_FIELD: key_to(KEY)})
    with pytest.raises(RemoteRefused, match="several records have the same Escalation_Key__c; make the field Unique"):
        await desk.open_ticket(opening())


# --- updates --------------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-17")
async def test_status_owner_and_note_are_one_transaction_done_once(
    desk: Salesforce, there: Organisation, vendor: Vendor
) -> None:
    case = (await desk.open_ticket(opening())).ticket
    said = update(note="Is it solved?", public=True, status="pending", owner=PERSON)
    await desk.update_ticket(said)
    assert vendor.sent()["compositeRequest"][0]["httpHeaders"] == {"Sforce-Auto-Assign": "FALSE"}
    assert (there.cases[case]["Status"], there.cases[case]["OwnerId"]) == ("On Hold", EVA)
    there.acts(EVA, case, Status="Working")
    await desk.update_ticket(said)  # a late repeat must not undo what came after
    assert there.cases[case]["Status"] == "Working"
    assert there.notes(case) == [STAFF_NOTE, ("Is it solved?", True)]


async def test_an_update_whose_answer_was_lost_is_found_by_its_mark(desk: Salesforce, there: Organisation) -> None:
    case = (await desk.open_ticket(opening())).ticket
    there.lose = lambda request: request.url.path.endswith("/composite")
    with pytest.raises(RemoteUnavailable, match="crm: no answer to POST"):
        await desk.update_ticket(update(note="Taken"))
    there.lose = lambda _: False
    await desk.update_ticket(update(note="Taken", ticket=case))
    assert there.notes(case) == [STAFF_NOTE, ("Taken", False)]


async def test_a_note_is_cut_in_bytes_and_still_has_its_mark(desk: Salesforce, there: Organisation) -> None:
    case = (await desk.open_ticket(opening())).ticket
    said = update(note="úča " * 2000)
    await desk.update_ticket(said)
    await desk.update_ticket(said)
    assert len(there.comments) == 2
    assert there.notes(case)[1][0].endswith("úča … (the whole is in the escalation)")
    assert len(marked("ž" * 9000, "k").encode()) <= LONGEST_NOTE


async def test_where_the_note_is_refused_the_status_is_not_set_either(desk: Salesforce, there: Organisation) -> None:
    case = (await desk.open_ticket(opening())).ticket
    there.locked = True
    with pytest.raises(
        RemoteRefused, match=r"answered 400 \(INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY\)"
    ) as refused:
        await desk.update_ticket(update(note="Taken", status="pending", ticket=case))
    assert "Jana" not in str(refused.value)
    assert there.cases[case]["Status"] == "Working"


async def test_a_case_that_was_deleted_there_is_refused_by_salesforces_code(
    desk: Salesforce, there: Organisation
) -> None:
    case = (await desk.open_ticket(opening())).ticket
    there.comments.clear()
    del there.cases[case]
    with pytest.raises(RemoteRefused) as refused:
        await desk.update_ticket(update(note="Taken", status="pending", ticket=case))
    assert (refused.value.status, refused.value.reason) == (404, "ENTITY_IS_DELETED")


async def test_an_update_of_a_case_that_was_never_opened_is_refused(desk: Salesforce) -> None:
    with pytest.raises(RemoteRefused, match=r"crm: no ticket was opened for 0199-run\.1/case"):
        await desk.update_ticket(update(note="Taken"))


# --- tokens, and what Salesforce says of refusals -------------------------------------------------------------------


async def test_a_token_is_had_once_and_anew_when_the_session_is_over(desk: Salesforce, there: Organisation) -> None:
    await desk.open_ticket(opening())
    assert there.given == 1
    there.tokens.clear()
    await desk.update_ticket(update(note="Taken"))
    assert there.given == 2


async def test_wrong_credentials_are_final_with_salesforces_code(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = connect(vendor, monkeypatch)
    monkeypatch.setenv("SF_OTHER", "wrong")
    desk = connect(vendor, monkeypatch, client_secret={"env": "SF_OTHER"})
    with pytest.raises(RemoteRefused, match=r"crm \(token\): answered 400 \(invalid_client\)"):
        await desk.check()


def _error(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json=[{"errorCode": code, "message": "Jana may not"}])


def _part(status: int, code: str) -> httpx.Response:
    halted = {"httpStatusCode": 400, "body": [{"errorCode": "PROCESSING_HALTED", "message": "rolled back"}]}
    failed = {"httpStatusCode": status, "body": [{"errorCode": code, "message": "Jana may not"}]}
    return httpx.Response(200, json={"compositeResponse": [halted, failed]})


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (_error(403, "REQUEST_LIMIT_EXCEEDED"), RemoteUnavailable, r"answered 403 \(REQUEST_LIMIT_EXCEEDED\)"),
        (_error(503, "SERVER_UNAVAILABLE"), RemoteUnavailable, "answered 503"),
        (_error(400, "INVALID_FIELD"), RemoteRefused, r"answered 400 \(INVALID_FIELD\)"),
        (_error(403, "INSUFFICIENT_ACCESS_OR_READONLY"), RemoteRefused, r"answered 403 \(INSUFFICIENT_ACCESS"),
        (_part(400, "UNABLE_TO_LOCK_ROW"), RemoteUnavailable, r"answered 400 \(UNABLE_TO_LOCK_ROW\)"),
        (_part(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION"), RemoteRefused, r"400 \(FIELD_CUSTOM_VALIDATION_EXCEPTION\)"),
        (_part(500, "UNKNOWN_EXCEPTION"), RemoteUnavailable, "answered 500"),
        (httpx.Response(200, text="<html>down for maintenance</html>"), RemoteRefused, "is not JSON"),
        (httpx.Response(200, json={"compositeResponse": []}), RemoteRefused, "not in the form that Salesforce"),
    ],
)
async def test_what_salesforce_answers_instead_is_later_or_final_and_repeats_no_sentence(
    desk: Salesforce, there: Organisation, answer: httpx.Response, error: type[Exception], said: str
) -> None:
    case = (await desk.open_ticket(opening())).ticket
    there.refuse = lambda request: answer if request.url.path == f"{ROOT}/composite" else None
    with pytest.raises(error, match=said) as raised:
        await desk.update_ticket(update(note="Taken", status="open", ticket=case))
    assert "Jana" not in str(raised.value)


# --- the customer, and queries ----------------------------------------------------------------------------------------


async def test_a_customer_is_told_with_tier_account_and_the_other_cases(desk: Salesforce, there: Organisation) -> None:
    for place in range(12):
        there.later(days=1)
        status = "Closed" if place < 9 else "Working"
        there.opened_by(EVA, ContactId=CONTACT, Subject=f"No {place}", Status=status)
    link = await desk.open_ticket(opening())
    there.batch = 5  # the rest comes by nextRecordsUrl
    found = await desk.customer("c-1", besides=link.ticket)
    assert found is not None
    assert (found.system, found.tier, found.company, found.open_tickets) == (NAME, "vip", "Acme", 3)
    assert len(found.history) == 10
    assert found.history[0] == "2026-12-04 00000012 Working: No 11"
    assert await desk.customer("c-2", besides="") is None


@pytest.mark.parametrize("hostile", ["' OR Id != '", "\\' OR Id != \\'", "x\\", "'\n", "%"])
async def test_nothing_that_a_customer_is_called_changes_a_query(
    desk: Salesforce, there: Organisation, hostile: str
) -> None:
    assert await desk.customer(hostile, besides="") is None
    there.contacts.append({"Id": "003000000000032AAA", "Email": hostile, "Account": None})
    found = await desk.customer(hostile, besides="")
    assert found is not None
    assert (found.company, found.tier) == ("", "")


def test_values_are_written_by_their_kind_and_names_are_nothing_else() -> None:
    at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    soql = bound(
        "SELECT :field FROM Case WHERE A IN (:many) AND B > :at LIMIT :most",
        {"field": Name("Account.Tier__c"), "many": ("a'", ":at"), "at": at, "most": 2},
    )
    assert soql == "SELECT Account.Tier__c FROM Case WHERE A IN ('a\\'', ':at') AND B > 2026-11-22T09:00:00Z LIMIT 2"
    assert Query(soql).limit == 2
    with pytest.raises(ValueError, match="expected the API name"):
        Name("Id FROM User")


@pytest.mark.parametrize("key", ["0199-run/case", "run.1/case", "a~1b/~2.case"])
def test_a_key_can_stand_in_an_address_and_is_read_again(key: str) -> None:
    assert key_from(key_to(key)) == key
    assert not {"/", "."} & set(key_to(key))


# --- what people change there -----------------------------------------------------------------------------------------


@pytest.mark.req("WLF-17")
async def test_what_people_change_there_is_heard_once_and_what_the_engine_did_is_not(
    desk: Salesforce, there: Organisation
) -> None:
    cursor = (await desk.changes("")).cursor
    there.later(seconds=1)
    case = (await desk.open_ticket(opening())).ticket
    await desk.update_ticket(update(note="Taken", status="pending"))
    there.acts(EVA, there.opened_by(EVA), Status="Closed")  # none of ours
    there.later(seconds=1)
    there.acts(JANA_THERE, case, "Still twice", public=True)
    there.later(seconds=1)
    there.acts(EVA, case, "Asked the bank", OwnerId=EVA, Status="Closed")
    assert (await desk.changes(cursor)).changes == ()  # not settled yet
    there.later(minutes=2)
    heard = await desk.changes(cursor)
    customer, *by_eva = heard.changes
    assert (customer.case_key, customer.by, customer.by_customer) == (KEY, "", True)
    assert (customer.note, customer.public) == ("Still twice", True)
    assert {each.by for each in by_eva} == {PERSON}
    assert [each.owner for each in by_eva if each.owner is not None] == [PERSON]
    assert [each.status for each in by_eva if each.status] == ["solved"]
    assert [(each.note, each.public) for each in by_eva if each.note] == [("Asked the bank", False)]
    assert len(heard.changes) == len({each.key for each in heard.changes}) == 4
    assert (await desk.changes(heard.cursor)).changes == ()


async def test_changes_are_bounded_and_those_of_one_second_are_all_told(desk: Salesforce, there: Organisation) -> None:
    cursor = (await desk.changes("")).cursor
    case = (await desk.open_ticket(opening())).ticket
    there.later(seconds=1)
    for place in range(150):
        there.acts(EVA, case, f"note {place}")
    there.later(minutes=2)
    first = await desk.changes(cursor)
    second = await desk.changes(first.cursor)
    assert len(second.cursor) <= 500
    assert [len(first.changes), len(second.changes)] == [100, 50]
    assert len({each.key for each in (*first.changes, *second.changes)}) == 150
    assert second.cursor != first.cursor


async def test_a_cursor_of_another_system_is_begun_anew_and_holds_up_nothing(desk: Salesforce) -> None:
    for other in ("17", '{"place":{"since":"2026-11-01T10:00:00Z"}}'):
        begun = await desk.changes(other)
        assert (await desk.changes(begun.cursor)).changes == begun.changes == ()


# --- configuration --------------------------------------------------------------------------------------------------


async def test_check_says_who_one_is_and_what_of_the_configuration_is_not_there(
    vendor: Vendor, there: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = f"is {ENGINE}, REST API 62.0; cases are found by Escalation_Key__c"
    assert await connect(vendor, monkeypatch).check() == well
    there.users[EVA]["IsActive"] = False
    desk = connect(vendor, monkeypatch, statuses={"pending": "Waiting"})
    assert await desk.check() == (
        f"{well}; statuses that are not there: Waiting; owners who are no active users there: {EVA}"
    )
    there.fields.clear()
    with pytest.raises(RemoteRefused, match=r"answered 400 \(INVALID_FIELD\)"):
        await desk.check()
    with pytest.raises(RemoteRefused, match="the app runs as another user than the one named by user"):
        await connect(vendor, monkeypatch, user=EVA).check()
    assert {call.method for call in vendor.calls if not call.url.path.endswith("/token")} == {"GET"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"key_field": "Key FROM Case"}, "key_field"),
        ({"tier": "Account.Tier__c, Id"}, "tier"),
        ({"user": "eva"}, "user"),
        ({"version": "latest"}, "version"),
    ],
)
def test_a_wrong_configuration_is_refused(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        connect(vendor, monkeypatch, **changes)


def test_the_example_of_the_page_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tickets.example_of("salesforce", tmp_path, monkeypatch, "SF_CLIENT_ID", "SF_CLIENT_SECRET") == ["salesforce"]
