"""Request Tracker 5 as a help desk, against a real one: once for each key, and nothing that RT only says counts."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from activities.connections import Connections, ConnectionsFile, open_connections
from activities.connector import Tools
from activities.crm.request_tracker import RequestTracker, RequestTrackerConfig
from activities.crm.request_tracker import changes as following
from activities.http import open_client
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import CaseChange, CaseLink, OpenCase
from escalation.model.request import Customer
from tests.support import tickets
from tests.support.request_tracker import CUSTOMER, ENGINE, EVA, MAX, QUEUE, ROOT, WEAK, Tracker, password_of
from tests.support.tickets import update
from tests.support.vendor import Vendor

NAME = "desk"
PERSON = "person:eva.novak"
JANA = Customer(id=CUSTOMER, name="Jana Nováková")


def opening(key: str, **changes: Any) -> OpenCase:
    described = {"subject": "[P2] Refund twice", "description": "The refund came twice, česky", "body": "What happened"}
    return tickets.opening(key, **{"customer": JANA, "severity": "P2", **described, **changes})


Open = Any


@pytest.fixture
async def connected(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    """Opens the connection with settings that differ from the usual ones; closed at the end."""
    client = open_client()

    def connect(**changes: Any) -> RequestTracker:
        user = changes.get("user", ENGINE)
        monkeypatch.setenv("RT_TOKEN", tracker.token)
        monkeypatch.setenv("RT_SECRET", tracker.token if user == ENGINE else password_of(user))
        secret = {"token" if user == ENGINE else "password": {"env": "RT_SECRET"}}
        plain: dict[str, Any] = {
            "kind": "request_tracker",
            "url": tracker.url,
            "queue": QUEUE,
            "user": user,
            "owners": {PERSON: EVA, "person:rob.root": "nobody-such"},
            **secret,
        }
        read = ConnectionsFile.model_validate({"help_desk": NAME, "connections": {NAME: plain | changes}})
        opened: Connections = open_connections(read, client)
        desk = opened.help_desks[NAME]
        assert isinstance(desk, RequestTracker)
        return desk

    yield connect
    await client.aclose()


@pytest.fixture
def desk(connected: Open) -> RequestTracker:
    opened: RequestTracker = connected()
    return opened


# --- opening --------------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-16")
async def test_a_ticket_is_opened_once_says_what_it_is_about_and_why_only_to_staff(
    desk: RequestTracker, tracker: Tracker
) -> None:
    links = [await desk.open_ticket(opening("a1/case")) for _ in range(2)]
    assert links[0] == links[1]
    assert links[0].system == NAME
    assert links[0].url == f"{tracker.url}/Ticket/Display.html?id={links[0].ticket}"
    assert tracker.tickets("a1/case") == [links[0].ticket]
    shown = tracker.ticket(links[0].ticket)
    assert (shown["Subject"], shown["Status"]) == ("[P2] Refund twice", "new")
    assert [each["id"] for each in shown["Requestor"]] == [CUSTOMER]
    assert tracker.notes(links[0].ticket) == [
        ("Create", "The refund came twice, česky"),
        ("Comment", "[P2] Refund twice\n\nWhat happened"),
    ]


async def test_a_note_that_was_lost_with_the_worker_is_written_by_the_next_one(
    desk: RequestTracker, tracker: Tracker
) -> None:
    number = tracker.ask(
        ENGINE, "POST", "/ticket", {"Queue": QUEUE, "Subject": "x", "RefersTo": ["escalation:a2/case"]}
    )["id"]
    link = await desk.open_ticket(opening("a2/case"))
    assert link.ticket == number
    assert [text for kind, text in tracker.notes(number) if kind == "Comment"] == ["[P2] Refund twice\n\nWhat happened"]


async def test_of_two_creates_at_the_same_moment_one_ticket_remains(desk: RequestTracker, tracker: Tracker) -> None:
    created = [
        tracker.ask(ENGINE, "POST", "/ticket", {"Queue": QUEUE, "Subject": "x", "RefersTo": ["escalation:a3/case"]})[
            "id"
        ]
        for _ in range(2)
    ]
    link = await desk.open_ticket(opening("a3/case"))
    assert link.ticket == created[0]
    assert tracker.tickets("a3/case") == [created[0]]
    assert str(tracker.ticket(created[1])["id"]) == created[0]  # RT shows what it was merged into


async def test_a_ticket_of_somebody_else_that_refers_to_the_escalation_is_left_alone(
    desk: RequestTracker, tracker: Tracker
) -> None:
    theirs = tracker.ask(ROOT, "POST", "/ticket", {"Queue": QUEUE, "Subject": "x", "RefersTo": ["escalation:a4/case"]})
    ours = tracker.ask(ENGINE, "POST", "/ticket", {"Queue": QUEUE, "Subject": "x", "RefersTo": ["escalation:a4/case"]})
    assert (await desk.open_ticket(opening("a4/case"))).ticket == ours["id"]
    assert str(tracker.ticket(theirs["id"])["id"]) == theirs["id"]


async def test_a_case_that_is_a_ticket_of_this_connection_is_linked_and_open_afterwards(
    desk: RequestTracker, tracker: Tracker
) -> None:
    number = tracker.ask(ROOT, "POST", "/ticket", {"Queue": QUEUE, "Subject": "mine"})["id"]
    tracker.ask(ROOT, "PUT", f"/ticket/{number}", {"Status": "stalled"})
    for _ in range(2):
        link = await desk.open_ticket(opening("a5/case", system=NAME, case_id=number))
        assert link.ticket == number
    assert (await desk.open_ticket(opening("a5b/case", system=NAME, case_id=number))).ticket == number
    shown = tracker.ticket(number)
    assert (shown["Subject"], shown["Status"]) == ("mine", "open")
    assert [kind for kind, _ in tracker.notes(number)] == ["Create", "Comment", "Comment"]
    with pytest.raises(RemoteRefused, match="no ticket has the case's id"):
        await desk.open_ticket(opening("a6/case", system=NAME, case_id="99999"))


async def test_what_may_not_be_done_is_refused_with_what_is_missing(connected: Open, tracker: Tracker) -> None:
    with pytest.raises(RemoteRefused, match="no queue Nope") as refused:
        await connected(queue="Nope").open_ticket(opening("a7/case"))
    assert refused.value.status == 403
    with pytest.raises(RemoteRefused, match="ShowTicketComments"):
        await connected(user=WEAK).open_ticket(opening("a8/case"))
    number = tracker.ask(ROOT, "POST", "/ticket", {"Queue": QUEUE, "Subject": "x"})["id"]
    with pytest.raises(RemoteRefused, match="ModifyTicket"):
        await connected(user=WEAK).open_ticket(opening("a9/case", system=NAME, case_id=number))


async def test_a_customer_is_the_requestor_by_address_or_login_and_nobody_where_rt_knows_none(
    desk: RequestTracker, connected: Open, tracker: Tracker
) -> None:
    async def requestors(key: str, customer: str) -> list[str]:
        link = await connected(priorities={"P2": 40}).open_ticket(opening(key, customer=Customer(id=customer)))
        shown = tracker.ticket(link.ticket)
        assert shown["Priority"] == "40"
        return [each["id"] for each in shown["Requestor"]]

    assert await requestors("b1/case", "new.one@example.org") == ["new.one@example.org"]
    assert await requestors("b2/case", "o'hara") == ["o'hara"]
    assert await requestors("b3/case", "c-unknown") == []
    assert await requestors("b4/case", "14") == []  # RT would take digits for the id of some user


# --- updates --------------------------------------------------------------------------------------------------------


async def opened(desk: RequestTracker, key: str, **changes: Any) -> CaseLink:
    return await desk.open_ticket(opening(key, **changes))


@pytest.mark.req("WLF-17")
async def test_notes_status_and_owner_are_mirrored_once(desk: RequestTracker, tracker: Tracker) -> None:
    link = await opened(desk, "c1/case")
    taken = update("c1/1", "c1/case", note="Eva took it", owner=PERSON, status="pending")
    for _ in range(2):
        await desk.update_ticket(taken)
    await desk.update_ticket(update("c1/2", "c1/case", ticket=link.ticket, note="We look into it", public=True))
    await desk.update_ticket(update("c1/3", "c1/case", ticket=link.ticket, status="solved"))
    await desk.update_ticket(taken)  # late, and again: what came after stays
    shown = tracker.ticket(link.ticket)
    assert (shown["Status"], shown["Owner"]["id"]) == ("resolved", EVA)
    assert tracker.notes(link.ticket)[2:] == [
        ("Comment", "Eva took it"),
        ("Correspond", "We look into it"),
        ("Comment", "Status: solved"),
    ]


async def test_an_owner_that_rt_does_not_know_or_accept_is_said_to_staff_and_changes_nothing(
    connected: Open, tracker: Tracker
) -> None:
    desk = connected(owners={PERSON: EVA, "person:cust": CUSTOMER})
    link = await opened(desk, "c2/case")
    await desk.update_ticket(update("c2/1", "c2/case", note="taken", owner=PERSON))
    await desk.update_ticket(update("c2/2", "c2/case", note="moved", owner="person:who"))
    await desk.update_ticket(update("c2/3", "c2/case", note="moved", owner="person:cust"))
    await desk.update_ticket(update("c2/4", "c2/case", note="for you", public=True, owner="person:who"))
    assert tracker.ticket(link.ticket)["Owner"]["id"] == EVA
    assert [text for _, text in tracker.notes(link.ticket)[3:]] == [
        "moved\n\nOwner: person:who, for whom no user of Request Tracker is named.",
        f"moved\n\nOwner: person:cust; {CUSTOMER} may not own this ticket here.",
        "for you",
    ]


async def test_a_status_that_the_lifecycle_does_not_have_is_refused_though_rt_says_201(connected: Open) -> None:
    desk = connected(statuses={"pending": "waiting"})
    await opened(desk, "c3/case")
    with pytest.raises(RemoteRefused, match="did not take the status waiting"):
        await desk.update_ticket(update("c3/1", "c3/case", note="x", status="pending"))


async def test_a_reply_to_a_ticket_that_has_ended_does_not_open_it_again(
    desk: RequestTracker, tracker: Tracker
) -> None:
    link = await opened(desk, "c4/case")
    await desk.update_ticket(update("c4/1", "c4/case", status="closed"))
    for number, status in (("2", None), ("3", "closed")):
        await desk.update_ticket(update(f"c4/{number}", "c4/case", note="one more word", public=True, status=status))
        assert tracker.ticket(link.ticket)["Status"] == "resolved"
    tracker.ask(ROOT, "PUT", f"/ticket/{link.ticket}", {"Status": "rejected"})
    await desk.update_ticket(update("c4/4", "c4/case", note="it is over", status="closed"))
    assert tracker.ticket(link.ticket)["Status"] == "rejected"  # a person ended it, in their own way


async def test_a_linked_ticket_has_the_priority_of_the_severity_also_when_that_changes(
    connected: Open, tracker: Tracker
) -> None:
    desk = connected(priorities={"P2": 40, "P0": 90})
    number = tracker.ask(ROOT, "POST", "/ticket", {"Queue": QUEUE, "Subject": "mine"})["id"]
    await desk.open_ticket(opening("c7/case", system=NAME, case_id=number))
    assert str(tracker.ticket(number)["Priority"]) == "40"
    await desk.update_ticket(update("c7/1", "c7/case", ticket=number, note="Worse", severity="P0"))
    assert str(tracker.ticket(number)["Priority"]) == "90"
    assert tracker.notes(number)[-1] == ("Comment", "Worse")


@pytest.mark.req("WLF-17")
async def test_a_strangers_ticket_of_the_same_number_is_not_written_on(desk: RequestTracker, tracker: Tracker) -> None:
    number = tracker.ask(ROOT, "POST", "/ticket", {"Queue": QUEUE, "Subject": "a stranger's"})["id"]
    note = update("c6/1", "c6/case", ticket=number, note="Dear Jana", public=True, status="solved", owner=PERSON)
    with pytest.raises(RemoteRefused, match="the ticket that is named does not carry c6/case"):
        await desk.update_ticket(note)
    shown = tracker.ticket(number)
    assert (shown["Status"], shown["Owner"]["id"], len(tracker.notes(number))) == ("new", "Nobody", 1)


async def test_an_update_of_what_was_never_opened_is_refused(desk: RequestTracker) -> None:
    with pytest.raises(RemoteRefused, match="no ticket was opened for never/case"):
        await desk.update_ticket(update("never/1", "never/case", note="x"))


async def test_a_long_text_is_cut_at_a_word_with_where_the_whole_is(desk: RequestTracker, tracker: Tracker) -> None:
    link = await opened(desk, "c5/case", subject="word " * 100, body="word " * 20_000)
    assert len(tracker.ticket(link.ticket)["Subject"]) <= 200
    note = tracker.notes(link.ticket)[-1][1]
    assert note.endswith("word … (the whole is in the escalation)")


# --- the customer ---------------------------------------------------------------------------------------------------


async def test_the_customer_is_a_dated_snapshot_of_their_tickets_without_this_one(desk: RequestTracker) -> None:
    who = Customer(id="many@example.org")
    links = [await opened(desk, f"d{n}/case", customer=who, subject=f"Matter {n}") for n in range(1, 4)]
    await desk.update_ticket(update("d1/1", "d1/case", status="solved"))
    snapshot = await desk.customer(who.id, besides=links[2].ticket)
    assert snapshot is not None
    assert (snapshot.system, snapshot.open_tickets) == (NAME, 1)
    day = f"{snapshot.fetched_at:%Y-%m-%d}"
    assert snapshot.history == (
        f"{day} #{links[1].ticket} new: Matter 2",
        f"{day} #{links[0].ticket} resolved: Matter 1",
    )
    assert await desk.customer("nobody' OR id > 0 OR Subject = '", besides="") is None
    assert await desk.customer("back\\", besides="x") is None


async def test_a_company_is_told_where_the_user_may_see_it(desk: RequestTracker, connected: Open) -> None:
    assert (await desk.customer(CUSTOMER, besides="")) is not None
    seen = await connected(user=ROOT).customer(CUSTOMER, besides="")
    assert seen is not None
    assert seen.company == "Lumina"


# --- what people did there ------------------------------------------------------------------------------------------


async def since(desk: RequestTracker, cursor: str, case_key: str) -> list[CaseChange]:
    return [change for change in (await desk.changes(cursor)).changes if change.case_key == case_key]


@pytest.mark.req("WLF-17")
async def test_what_people_did_is_told_in_order_and_what_the_engine_did_is_not(
    desk: RequestTracker, tracker: Tracker
) -> None:
    link = await opened(desk, "f1/case")
    cursor = (await desk.changes("")).cursor
    path = f"/ticket/{link.ticket}"
    tracker.ask(EVA, "POST", f"{path}/comment", {"Content": "<p>Looked <b>twice</b></p>", "ContentType": "text/html"})
    tracker.ask(EVA, "POST", f"{path}/correspond", {"Content": "We are on it", "ContentType": "text/plain"})
    await desk.update_ticket(update("f1/1", "f1/case", note="ours", owner=PERSON, status="pending"))
    tracker.ask(MAX, "PUT", path, {"Status": "open"})
    tracker.ask(ROOT, "PUT", path, {"Owner": MAX})
    tracker.ask(ROOT, "PUT", path, {"Owner": "Nobody"})
    tracker.ask(MAX, "PUT", path, {"Status": "rejected"})
    told = [
        change.model_dump(exclude_defaults=True, exclude={"key", "at"})
        for change in await since(desk, cursor, "f1/case")
    ]
    assert told == [
        {"case_key": "f1/case", "by": PERSON, "note": "Looked twice"},
        {"case_key": "f1/case", "by": PERSON, "note": "We are on it", "public": True},
        {"case_key": "f1/case", "by": "automation", "status": "open"},  # a reply opens what was new
        {"case_key": "f1/case", "by": MAX, "status": "open"},
        {"case_key": "f1/case", "by": ROOT, "owner": MAX},
        {"case_key": "f1/case", "by": ROOT, "owner": ""},
        {"case_key": "f1/case", "by": MAX, "status": "closed"},
    ]


async def test_what_rt_does_because_of_the_engine_is_not_told_but_what_it_does_because_of_people_is(
    desk: RequestTracker, tracker: Tracker
) -> None:
    link = await opened(desk, "f2/case")
    path = f"/ticket/{link.ticket}"
    tracker.ask(ROOT, "PUT", path, {"Status": "resolved"})
    cursor = (await desk.changes("")).cursor
    tracker.ask(ENGINE, "POST", f"{path}/correspond", {"Content": "hello", "ContentType": "text/plain"})
    assert tracker.ticket(link.ticket)["Status"] == "open"  # RT's own scrip did it
    # A cursor has whole seconds, so what was done in its own may be told.
    assert [change for change in await since(desk, cursor, "f2/case") if change.by != ROOT] == []
    tracker.ask(ROOT, "PUT", path, {"Status": "resolved"})
    cursor = (await desk.changes("")).cursor
    tracker.ask(EVA, "POST", f"{path}/correspond", {"Content": "hello", "ContentType": "text/plain"})
    assert [(change.by, change.status) for change in await since(desk, cursor, "f2/case") if change.by != ROOT] == [
        (PERSON, None),
        ("automation", "open"),
    ]


async def test_a_customer_who_wrote_is_told_as_the_customer_and_without_a_name(
    desk: RequestTracker, tracker: Tracker
) -> None:
    link = await opened(desk, "f3/case", customer=Customer(id=f"{MAX}@rt.local"))
    cursor = (await desk.changes("")).cursor
    tracker.ask(MAX, "POST", f"/ticket/{link.ticket}/correspond", {"Content": "And now?", "ContentType": "text/plain"})
    change = (await since(desk, cursor, "f3/case"))[0]
    assert (change.by, change.by_customer, change.note, change.public) == ("", True, "And now?", True)


async def test_what_is_young_is_told_again_under_the_same_key_and_tickets_of_others_never(
    desk: RequestTracker, tracker: Tracker
) -> None:
    link = await opened(desk, "f4/case")
    other = tracker.ask(ROOT, "POST", "/ticket", {"Queue": QUEUE, "Subject": "not ours"})["id"]
    cursor = (await desk.changes("")).cursor
    tracker.ask(EVA, "PUT", f"/ticket/{other}", {"Status": "open"})
    tracker.ask(EVA, "PUT", f"/ticket/{link.ticket}", {"Status": "open"})
    first = await desk.changes(cursor)
    again = await desk.changes(first.cursor)
    assert {change.case_key for change in first.changes} == {"f4/case"}
    assert first.changes == again.changes


async def test_much_is_told_in_parts_each_once(
    desk: RequestTracker, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST_MESSAGES", 1)
    monkeypatch.setattr(following, "MOST_TICKETS", 1)
    links = [await opened(desk, f"f5{letter}/case") for letter in "ab"]
    cursor = (await desk.changes("")).cursor
    for text in ("one", "two"):
        for link in links:
            said = {"Content": f"{text} of {link.ticket}", "ContentType": "text/plain"}
            tracker.ask(EVA, "POST", f"/ticket/{link.ticket}/comment", said)
    told: list[str] = []
    for _ in range(40):
        part = await desk.changes(cursor)
        told += [change.note for change in part.changes if change.case_key.startswith("f5")]
        cursor = part.cursor
        at = following.Cursor.model_validate_json(cursor)
        if not (at.ticket or at.transaction):
            break
    assert told == [f"{text} of {link.ticket}" for link in links for text in ("one", "two")]


# --- trying it ------------------------------------------------------------------------------------------------------


async def test_check_says_who_one_is_and_what_is_missing(connected: Open) -> None:
    assert (await connected().check()).endswith(
        f"is {ENGINE}, may open tickets in {QUEUE} (default); owners without a user there: nobody-such"
    )
    for changes, says in (
        ({"queue": "Hidden"}, "SeeQueue and CreateTicket"),
        ({"user": "ghost"}, "does not take the secret of ghost"),
        ({"user": EVA, "token": {"env": "RT_TOKEN"}, "password": None}, "another user than eva"),
        ({"user": ENGINE, "token": None, "password": {"env": "RT_SECRET"}}, "does not take the secret"),
    ):
        with pytest.raises(RemoteRefused, match=says):
            await connected(**changes).check()


def test_a_connection_has_one_secret() -> None:
    for secrets in ({}, {"token": {"env": "A"}, "password": {"env": "B"}}):
        with pytest.raises(ValueError, match="exactly one of token and password"):
            RequestTrackerConfig.model_validate(
                {"kind": "request_tracker", "url": "https://rt.example", "queue": "q", "user": "u", **secrets}
            )


async def test_workers_that_ask_at_the_same_moment_end_with_one_ticket(desk: RequestTracker, tracker: Tracker) -> None:
    await asyncio.gather(*(desk.open_ticket(opening("g1/case")) for _ in range(4)))
    link = await desk.open_ticket(opening("g1/case"))
    assert tracker.tickets("g1/case") == [link.ticket]


# --- answers that RT should not give ----------------------------------------------------------------------------------


def behind(answer: httpx.Response, monkeypatch: pytest.MonkeyPatch) -> RequestTracker:
    monkeypatch.setenv("RT_SECRET", "1-27-x")
    config = RequestTrackerConfig.model_validate(
        {
            "kind": "request_tracker",
            "url": "https://rt.example",
            "queue": "q",
            "user": "u",
            "token": {"env": "RT_SECRET"},
        }
    )
    return RequestTracker(config, Tools(NAME, Vendor(lambda _: answer).client()))


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (
            httpx.Response(200, json={"items": [{"Subject": "Jana"}]}),
            RemoteRefused,
            "not in the form that RT documents",
        ),
        (httpx.Response(200, text="<html>login of Jana"), RemoteRefused, "is not JSON"),
        (httpx.Response(400, json={"message": "Jana may not"}), RemoteRefused, "answered 400"),
        (httpx.Response(429, headers={"Retry-After": "7"}), RemoteUnavailable, "asks to wait 7 s"),
        (httpx.Response(500, text="Jana"), RemoteUnavailable, "answered 500"),
    ],
)
async def test_what_rt_answers_is_told_without_a_word_of_what_stands_in_it(
    answer: httpx.Response, error: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(error, match=says) as raised:
        await behind(answer, monkeypatch).open_ticket(opening("h1/case"))
    assert "Jana" not in str(raised.value)


async def test_without_rts_own_time_nothing_can_be_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RemoteRefused, match="no Date"):
        await behind(httpx.Response(200, json={"Version": "5"}), monkeypatch).changes("")
