"""What people change in a help desk that is only described comes back: once each, without the engine's own."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from activities.connections import open_connections, read_connections
from activities.crm import rest_changes
from activities.crm.port import Watched
from escalation.errors import DocumentError, RemoteRefused
from tests.activities.test_rest_help_desk import DESCRIBED, connect, opening
from tests.support.vendor import Vendor

CHANGES = """
    link: {path: "/tickets/{ticket}", method: PATCH, body: {external_id: "{key}"}}
    changes:
      path: /updates
      query: {since: "{since}"}
      items: items
      id: id
      at: at
      case: ticket.external_id
      own: {at: author.login, values: [escalations]}
      customer: {at: author.role, values: [customer]}
      status: state
      means: {parked: pending}
      owner: assignee
      note: text
      public: {at: public, values: ["true"]}
      by: author.login
      next: next
"""
WATCHED = DESCRIBED + CHANGES
BY_TICKET = WATCHED.replace(
    "      case: ticket.external_id\n",
    '      ticket: ticket.id\n      read: {path: "/tickets/{ticket}", key: external_id}\n',
)
BEGIN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EVA = {"login": "eva", "role": "agent"}
JANA = {"login": "jana", "role": "customer"}
ENGINE = {"login": "escalations", "role": "agent"}


class Updates:
    """The described system's list of updates, two on a page."""

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []
        self.asked: list[datetime] = []
        self.page = 2
        self.external = "run-1/case"
        self.linked: list[Any] = []

    def does(self, seconds: float, author: dict[str, str] = EVA, **what: Any) -> None:
        at = BEGIN + timedelta(seconds=seconds)
        ticket = {"id": 1, "external_id": self.external}
        self.made.append({"id": len(self.made), "at": at.isoformat(), "author": author, "ticket": ticket, **what})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, asked = request.url.path.removeprefix("/api"), request.url.params
        if path == "/me":
            return httpx.Response(200, json={}, headers={"Date": "Sun, 22 Nov 2026 09:00:00 GMT"})
        if path == "/tickets/1" and request.method == "GET":
            return httpx.Response(200, json={"external_id": self.external})
        if path == "/updates":
            since, start = datetime.fromisoformat(asked["since"]), int(asked.get("from", "0"))
            self.asked.append(since)
            found = [each for each in self.made if datetime.fromisoformat(each["at"]) >= since]
            more = (
                f"/updates?since={asked['since']}&from={start + self.page}" if len(found) > start + self.page else None
            )
            return httpx.Response(200, json={"items": found[start : start + self.page], "next": more})
        self.linked.append((request.method, path, json.loads(request.content or b"{}")))
        return httpx.Response(200, json={"id": 1, "notes": []})


@pytest.fixture
def updates() -> Updates:
    return Updates()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DESK_TOKEN", "t0ken")
    return tmp_path


def watched(updates: Updates, folder: Path, described: str = WATCHED) -> Watched:
    desk = connect(updates, folder, described)
    assert isinstance(desk, Watched)
    return desk


async def begun(desk: Watched) -> str:
    found = await desk.changes("")
    assert found.changes == ()
    return found.cursor


@pytest.mark.req("WLF-17")
@pytest.mark.parametrize("described", [WATCHED, BY_TICKET], ids=["external id", "ticket"])
async def test_what_people_change_there_is_heard_once_and_what_the_engine_did_is_not(
    updates: Updates, folder: Path, described: str
) -> None:
    desk = watched(updates, folder, described)
    cursor = await begun(desk)
    updates.does(-120, text="before")
    updates.does(1, ENGINE, state="solved", text="Is it solved?")
    updates.does(2, JANA, text="No", public=True)
    updates.does(3, state="parked", assignee="u-7")
    updates.does(4, text="asked the bank", public=False)
    updates.does(5, colour="red")
    heard = await desk.changes(cursor)
    customer, parked, note = heard.changes
    assert {each.case_key for each in heard.changes} == {"run-1/case"}
    assert (customer.by, customer.by_customer, customer.note, customer.public) == ("", True, "No", True)
    assert (parked.by, parked.status, parked.owner, parked.note) == ("eva", "pending", "person:eva.novak", "")
    assert (note.note, note.public, note.status, note.owner) == ("asked the bank", False, None, None)
    assert len(heard.cursor) <= 500
    assert (await desk.changes(heard.cursor)).changes == ()


async def test_what_was_lost_on_its_way_is_told_again_under_the_same_key_also_by_another_worker(
    updates: Updates, folder: Path
) -> None:
    desk = watched(updates, folder)
    cursor = await begun(desk)
    updates.does(1, state="closed")
    told = (await desk.changes(cursor)).changes
    assert [each.status for each in told] == ["closed"]
    assert (await desk.changes(cursor)).changes == told
    assert (await watched(updates, folder).changes(cursor)).changes == told


async def test_what_appears_late_is_heard_all_the_same(updates: Updates, folder: Path) -> None:
    desk = watched(updates, folder)
    cursor = await begun(desk)
    updates.does(30, state="pending")
    cursor = (await desk.changes(cursor)).cursor
    updates.does(10, state="open")
    updates.made.sort(key=lambda each: str(each["at"]))
    late = await desk.changes(cursor)
    assert [each.status for each in late.changes] == ["open"]
    assert late.cursor != cursor
    assert (await desk.changes(cursor)).changes == late.changes
    assert (await desk.changes(late.cursor)).changes == ()


async def test_of_many_changes_a_look_reads_some_pages_and_the_next_goes_on_behind_them(
    updates: Updates, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_changes, "MOST_PAGES", 3)
    desk = watched(updates, folder)
    cursor, keys = await begun(desk), list[str]()
    for number in range(20):
        updates.does(number, text=f"note {number}")
    for _ in range(5):
        heard = await desk.changes(cursor)
        assert len(heard.changes) <= 6
        cursor, keys = heard.cursor, keys + [each.key for each in heard.changes]
    assert len(keys) == len(set(keys)) == 20
    for _ in range(9):  # more of one instant than a look can read: it goes on
        updates.does(100, text="at once")
    updates.does(300, text="after")
    found = list[str]()
    for _ in range(5):
        heard = await desk.changes(cursor)
        cursor, found = heard.cursor, found + [each.note for each in heard.changes]
    assert found[-1] == "after"


async def test_what_is_in_no_known_form_or_of_nobody_here_holds_up_no_other(updates: Updates, folder: Path) -> None:
    desk = watched(updates, folder)
    cursor = await begun(desk)
    updates.made += [{"id": "x", "at": f"{BEGIN:%Y-%m-%dT%H:%M:%SZ}"}]  # of no ticket
    updates.external = "another program's"
    updates.does(1, state="solved")
    updates.external = "run-1/case"
    updates.does(2, state="solved")
    assert [each.case_key for each in (await desk.changes(cursor)).changes] == ["run-1/case"]


async def test_a_date_in_the_future_does_not_keep_what_happens_until_then(updates: Updates, folder: Path) -> None:
    desk = watched(updates, folder)
    cursor = await begun(desk)
    updates.does(10**9, text="from another age")
    heard = await desk.changes(cursor)
    assert [each.note for each in heard.changes] == ["from another age"]
    updates.does(max((datetime.now(UTC) - BEGIN).total_seconds(), 0), text="now")
    assert [each.note for each in (await desk.changes(heard.cursor)).changes] == ["now"]


async def test_a_ticket_that_may_not_be_read_holds_up_no_other(updates: Updates, folder: Path) -> None:
    def guarded(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403) if request.url.path == "/api/tickets/2" else updates(request)

    desk = connect(guarded, folder, BY_TICKET)
    assert isinstance(desk, Watched)
    cursor = await begun(desk)
    updates.does(1, state="solved")
    updates.does(2, state="solved")
    updates.made[0]["ticket"] = {"id": 2}
    assert [each.case_key for each in (await desk.changes(cursor)).changes] == ["run-1/case"]


async def test_a_cursor_of_another_help_desk_begins_at_its_instant(updates: Updates, folder: Path) -> None:
    desk = watched(updates, folder)
    updates.does(5, state="solved")
    other = json.dumps({"since": BEGIN.isoformat(), "after": "b2Zmc2V0"})
    assert [each.status for each in (await desk.changes(other)).changes] == ["solved"]


async def test_a_list_with_the_newest_first_is_said_before_it_could_lose_anything(
    updates: Updates, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_changes, "MOST_PAGES", 1)
    desk = watched(updates, folder)
    cursor = await begun(desk)
    for number in (3, 2, 1):
        updates.does(number, state="open")
    with pytest.raises(RemoteRefused, match="desk: changes come with the newest first; expected the oldest first"):
        await desk.changes(cursor)


async def test_a_ticket_that_is_linked_gets_the_key_by_which_its_changes_are_known(
    updates: Updates, folder: Path
) -> None:
    await watched(updates, folder).open_ticket(opening(system="desk", case_id="1"))
    assert updates.linked[0] == ("PATCH", "/tickets/1", {"external_id": "e/1/case"})


def test_without_a_description_of_changes_it_is_not_watched(updates: Updates, folder: Path) -> None:
    assert not isinstance(connect(updates, folder, DESCRIBED), Watched)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("      case: ticket.external_id\n", "", "changes: expected case, or ticket with read"),
        ('{since: "{since}"}', "{}", "changes: expected {since} or {since_unix}"),
        ('{since: "{since}"}', '{since: "{since}", x: "{key}"}', "changes: {key} is not known there; expected since"),
    ],
)
def test_a_wrong_description_is_refused_when_it_is_read(folder: Path, right: str, wrong: str, said: str) -> None:
    file = folder / "connections.yaml"
    file.write_text(WATCHED.replace(right, wrong, 1))
    with pytest.raises(DocumentError) as refused:
        read_connections(file)
    assert said in str(refused.value)


def test_the_example_of_the_page_is_read(folder: Path) -> None:
    page = Path(__file__).parents[2].joinpath("docs/connectors/rest.md").read_text(encoding="utf-8")
    file = folder / "connections.yaml"
    file.write_text(page.split("```yaml\n")[1].split("```")[0])
    desks = open_connections(read_connections(file), Vendor(lambda _: httpx.Response(200)).client()).help_desks
    assert isinstance(desks["desk"], Watched)
