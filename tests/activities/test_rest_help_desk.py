"""A help desk that is only described: what is called, what is done once, what a wrong one says."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest

from activities.connections import open_connections, read_connections
from activities.crm.port import HelpDesk
from escalation.errors import DocumentError, RemoteRefused
from escalation.model.actions import OpenCase, UpdateCase
from escalation.model.request import Case, Customer
from tests.support.vendor import Answering, Vendor

DESCRIBED = """
connections:
  desk:
    kind: rest_help_desk
    url: https://desk.example/api
    auth: {bearer: {env: DESK_TOKEN}}
    find: {path: /tickets, query: {external_id: "{key}"}, ticket: items.0.id}
    open:
      path: /tickets
      body: {external_id: "{key}", title: "[{severity}] {subject}", text: "{description}", customer: "{customer_id}"}
      ticket: id
      url: links.html
    note:
      path: /tickets/{ticket}/notes
      body: {key: "{key}", text: "{note}", internal: "{staff_only}"}
      once: list
      list: {path: "/tickets/{ticket}/notes"}
      items: notes
      keys: key
    update:
      path: /tickets/{ticket}
      method: PATCH
      body: {state: "{status}", assignee: "{owner}", prio: "{severity}"}
    statuses: {pending: waiting}
    owners: {"person:eva.novak": u-7}
    customer: {path: "/customers/{customer_id}", tier: tier, company: company.name}
    tickets:
      path: /tickets
      query: {customer: "{customer_id}"}
      items: items
      id: id
      status: state
      subject: title
      opened: created
      open_statuses: [open]
    alive: /me
    reason: error.code
"""


class Desk:
    """The described system: keeps tickets and notes."""

    def __init__(self) -> None:
        self.tickets: list[dict[str, Any]] = []
        self.notes: dict[str, list[dict[str, Any]]] = {}
        self.kept: dict[str, tuple[tuple[str, str, bytes], httpx.Response]] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Honour keys as the IETF's draft says: a repeat is answered as before, a key with other content refused."""
        if request.method not in ("POST", "PATCH"):
            return self.do(request)
        key, what = request.headers["Idempotency-Key"], (request.method, request.url.path, request.content)
        if key not in self.kept:
            self.kept[key] = (what, self.do(request))
        before, answer = self.kept[key]
        return answer if before == what else httpx.Response(422, json={"error": {"code": "key_reused"}})

    def do(self, request: httpx.Request) -> httpx.Response:
        path, body = (
            request.url.raw_path.decode().partition("?")[0].removeprefix("/api"),
            json.loads(request.content or b"{}"),
        )
        parts = path.strip("/").split("/")
        if path == "/tickets" and request.method == "POST":
            ticket = {"id": len(self.tickets) + 1, "state": "open", "created": "2026-11-01T10:00:00Z", **body}
            self.tickets.append(ticket)
            return httpx.Response(201, json={**ticket, "links": {"html": f"https://desk.example/{ticket['id']}"}})
        if path == "/tickets":
            asked = request.url.params
            name = "external_id" if "external_id" in asked else "customer"
            return httpx.Response(200, json={"items": [each for each in self.tickets if each[name] == asked[name]]})
        if parts[0] == "customers":
            known = {"tier": "vip", "company": {"name": "Acme"}}
            return httpx.Response(200, json=known) if parts[1] == "c-1" else httpx.Response(404)
        if request.method == "PUT":
            self.notes.setdefault(parts[1], []).append({**body, "key": unquote(parts[-1])})
            return httpx.Response(201)
        if parts[-2] == "notes":
            there = any(quote(note["key"], safe="") == parts[-1] for note in self.notes.get(parts[1], []))
            return httpx.Response(200 if there else 404, json={})
        if parts[-1] == "notes" and request.method == "POST":
            self.notes.setdefault(parts[1], []).append(body)
            return httpx.Response(201)
        if parts[-1] == "notes":
            return httpx.Response(200, json={"notes": self.notes.get(parts[1], [])})
        self.tickets[int(parts[1]) - 1].update(body)
        return httpx.Response(204)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DESK_TOKEN", "t0ken")
    return tmp_path


def connect(desk: Answering, folder: Path, described: str = DESCRIBED) -> HelpDesk:
    file = folder / "connections.yaml"
    file.write_text(described)
    return open_connections(read_connections(file), Vendor(desk).client()).help_desks["desk"]


@pytest.fixture
def connected(desk: Desk, folder: Path) -> HelpDesk:
    return connect(desk, folder)


def opening(key: str = "e/1/case", system: str = "chatbot", case_id: str = "conv-1") -> OpenCase:
    return OpenCase(
        key=key,
        case=Case(system=system, id=case_id, opened_at=datetime(2026, 11, 1, tzinfo=UTC)),
        customer=Customer(id="c-1", name="Jana"),
        subject="Refund",
        description="The refund is late",
        body="Why it was escalated",
        severity="S1",
    )


@pytest.mark.req("WLF-16", "INT-5")
async def test_a_ticket_is_opened_once_and_has_the_packet_as_a_note_for_staff(connected: HelpDesk, desk: Desk) -> None:
    first = await connected.open_ticket(opening())
    again = await connected.open_ticket(opening())
    assert first.ticket == again.ticket == "1"
    assert first.url == "https://desk.example/1"
    assert [each["title"] for each in desk.tickets] == ["[S1] Refund"]
    assert desk.notes["1"] == [{"key": "e/1/case", "text": "Refund\n\nWhy it was escalated", "internal": True}]


async def test_a_case_that_is_a_ticket_there_is_linked(connected: HelpDesk, desk: Desk) -> None:
    await connected.open_ticket(opening())
    link = await connected.open_ticket(opening(key="e/2/case", system="desk", case_id="1"))
    assert link.ticket == "1"
    assert len(desk.tickets) == 1


async def test_a_note_a_status_and_an_owner_are_written_once_in_the_systems_own_words(
    connected: HelpDesk, desk: Desk
) -> None:
    await connected.open_ticket(opening())
    update = UpdateCase(
        key="e/5/case",
        case_key="e/1/case",
        note="Is it solved?",
        public=True,
        status="pending",
        owner="person:eva.novak",
    )
    await connected.update_ticket(update)
    desk.tickets[0]["state"] = "closed"
    await connected.update_ticket(update)
    assert desk.notes["1"][-1] == {"key": "e/5/case", "text": "Is it solved?", "internal": False}
    assert len(desk.notes["1"]) == 2
    assert (desk.tickets[0]["state"], desk.tickets[0]["assignee"]) == ("closed", "u-7")


BY_LIST = '      once: list\n      list: {path: "/tickets/{ticket}/notes"}\n      items: notes\n      keys: key\n'
BY_HEADER = DESCRIBED.replace(BY_LIST, "      once: header\n")
BY_PATH = DESCRIBED.replace(BY_LIST, "      once: path\n").replace(
    "path: /tickets/{ticket}/notes\n", 'path: "/tickets/{ticket}/notes/{key}"\n      method: PUT\n'
)


@pytest.mark.parametrize("described", [DESCRIBED, BY_HEADER, BY_PATH], ids=["list", "header", "path"])
async def test_each_request_has_a_key_of_its_own_and_a_late_repeat_sets_no_old_status(
    desk: Desk, folder: Path, described: str
) -> None:
    connected = connect(desk, folder, described)
    for _ in range(2):
        assert (await connected.open_ticket(opening())).ticket == "1"
    update = UpdateCase(key="e/5/case", case_key="e/1/case", ticket="1", note="Solved?", status="solved")
    await connected.update_ticket(update)
    desk.tickets[0]["state"] = "open"  # somebody opened it again
    await connected.update_ticket(update)
    assert len(desk.tickets) == 1
    assert [note["text"] for note in desk.notes["1"]] == ["Refund\n\nWhy it was escalated", "Solved?"]
    assert desk.tickets[0]["state"] == "open"


async def test_an_owner_whom_the_system_does_not_know_is_not_sent(connected: HelpDesk, desk: Desk) -> None:
    await connected.open_ticket(opening())
    await connected.update_ticket(UpdateCase(key="e/6/case", case_key="e/1/case", status="open", owner="person:nobody"))
    assert "assignee" not in desk.tickets[0]


async def test_an_update_of_a_ticket_that_was_never_opened_is_refused(connected: HelpDesk) -> None:
    with pytest.raises(RemoteRefused, match="desk: no ticket was opened for e/9/case"):
        await connected.update_ticket(UpdateCase(key="e/9/x", case_key="e/9/case", note="hello"))


async def test_a_linked_ticket_is_open_and_has_the_severity_which_is_followed_when_it_changes(
    connected: HelpDesk, desk: Desk
) -> None:
    await connected.open_ticket(opening("e/0/case"))
    desk.tickets[0]["state"] = "closed"
    await connected.open_ticket(opening(system="desk", case_id="1"))
    assert (desk.tickets[0]["state"], desk.tickets[0]["prio"]) == ("open", "S1")
    worse = UpdateCase(key="e/8/case", case_key="e/1/case", system="desk", ticket="1", note="Worse", severity="S0")
    await connected.update_ticket(worse)
    assert (desk.tickets[0]["state"], desk.tickets[0]["prio"]) == ("open", "S0")


async def test_a_ticket_is_taken_by_its_external_id_and_a_number_alone_is_not_enough(
    connected: HelpDesk, desk: Desk
) -> None:
    await connected.open_ticket(opening("e/0/case"))
    await connected.open_ticket(opening())
    note = UpdateCase(key="e/7/case", case_key="e/1/case", system="desk", ticket="1", note="Dear Jana")
    await connected.update_ticket(note)
    assert [each["key"] for each in desk.notes["1"]] == ["e/0/case"]
    assert desk.notes["2"][-1]["text"] == "Dear Jana"
    with pytest.raises(RemoteRefused, match="desk: the ticket that is named does not carry e/9/case"):
        await connected.update_ticket(note.changed({"case_key": "e/9/case"}))
    with pytest.raises(RemoteRefused, match="no ticket was opened for e/9/case"):
        await connected.update_ticket(note.changed({"case_key": "e/9/case", "system": ""}))
    await connected.open_ticket(opening("e/2/case", system="desk", case_id="1"))
    await connected.update_ticket(note.changed({"key": "e/8/case", "case_key": "e/2/case"}))
    assert desk.notes["1"][-1]["text"] == "Dear Jana", "one that was linked has the note of the linking"


async def test_what_was_stated_of_the_case_keeps_its_type(desk: Desk, folder: Path) -> None:
    stated = opening().changed({"facts": {"amount": 12.5, "tags": ("a", "b")}})
    body = DESCRIBED.replace('"{customer_id}"', '"{customer_id}", sum: "{facts.amount}", of: "{facts.tags}"', 1)
    assert body != DESCRIBED
    await connect(desk, folder, body).open_ticket(stated)
    assert (desk.tickets[0]["sum"], desk.tickets[0]["of"]) == (12.5, ["a", "b"])


async def test_a_customer_is_read_with_their_other_tickets(connected: HelpDesk) -> None:
    link = await connected.open_ticket(opening())
    await connected.open_ticket(opening(key="e/2/case"))
    found = await connected.customer("c-1", besides=link.ticket)
    assert found is not None
    assert (found.system, found.tier, found.company, found.open_tickets) == ("desk", "vip", "Acme", 1)
    assert found.history == ("2026-11-01 2 open: [S1] Refund",)
    assert await connected.customer("c-2", besides="") is None


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("{severity}", "{prio}", "open: {prio} is not known there; expected body, case_id"),
        ('"{note}"', '"{facts.amount}"', "note: {facts.amount} is not known there; expected key"),
        ("keys: key", "", "once: list needs list, items and keys"),
        ("once: list", "once: path", "once: path needs {key} in its path"),
        ("{bearer: {env: DESK_TOKEN}}", "{}", "expected exactly one of bearer, basic, oauth and header"),
    ],
)
def test_a_wrong_description_is_refused_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, right: str, said: str
) -> None:
    monkeypatch.setenv("DESK_TOKEN", "t0ken")
    file = tmp_path / "connections.yaml"
    file.write_text(DESCRIBED.replace(wrong, right, 1))
    with pytest.raises(DocumentError) as refused:
        read_connections(file)
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["..", "."])
async def test_an_id_that_would_lead_elsewhere_is_refused(connected: HelpDesk, desk: Desk, name: str) -> None:
    with pytest.raises(RemoteRefused, match="leads elsewhere"):
        await connected.open_ticket(opening(system="desk", case_id=name))
    with pytest.raises(RemoteRefused, match="leads elsewhere"):
        await connected.customer(name, besides="")
    assert desk.notes == {}


async def test_a_path_is_not_called_without_what_it_names(connected: HelpDesk, desk: Desk) -> None:
    with pytest.raises(RemoteRefused, match="cannot be called without customer_id"):
        await connected.customer("", besides="")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"items": [{"id": {"number": 7}}]}, "desk: the answer has no id of 200 characters at most at items.0.id"),
        ({"items": [{"id": "7" * 201}]}, "desk: the answer has no id of 200 characters at most at items.0.id"),
        ({"items": [{"id": True}]}, "desk: the answer has no id of 200 characters at most at items.0.id"),
        ({"items": [{"id": 7}], "notes": 3}, "desk: the answer has no list at notes"),
    ],
)
async def test_an_answer_of_another_form_than_described_is_said_and_not_tried_for_ever(
    folder: Path, answer: dict[str, Any], said: str
) -> None:
    connected = connect(lambda _: httpx.Response(200, json=answer), folder)
    with pytest.raises(RemoteRefused) as refused:
        await connected.open_ticket(opening())
    assert str(refused.value) == said


async def test_a_page_that_is_too_long_for_the_state_is_left_out(folder: Path, desk: Desk) -> None:
    def long(request: httpx.Request) -> httpx.Response:
        answer = desk(request)
        there = answer.json() if answer.content else {}
        return httpx.Response(answer.status_code, json=there | {"links": {"html": "x" * 2_001}})

    assert (await connect(long, folder).open_ticket(opening())).url == ""
