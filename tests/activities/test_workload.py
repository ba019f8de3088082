"""What the ledger says of people when they are chosen: on SQLite and on PostgreSQL, and when it says nothing."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, select, text
from temporalio.testing import ActivityEnvironment

from activities.directory import DirectoryFile
from activities.ledger import MIGRATIONS, Ledger
from activities.ledger_tables import turns_taken
from activities.workload import Workload
from escalation.model.actions import EscalationRow, FindPeople, RecordEvents
from escalation.people.search import Known, Pages, Since, Wanted

NOW = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
ANN, BOB = "person:ann", "person:bob"

PEOPLE = """
    people:
      - {id: ann, name: Ann, time_zone: UTC, contacts: [{channel: inbox, address: ann}], MORE}
      - {id: bob, name: Bob, time_zone: UTC, contacts: [{channel: inbox, address: bob}]}
      - {id: cyd, name: Cyd, time_zone: UTC, contacts: [{channel: inbox, address: cyd}]}
    teams:
      - {id: desk, name: Desk, members: [ann, bob], choose: {by: [least_loaded]}}
      - {id: turns, name: Turns, members: [ann, bob, cyd], choose: {by: [round_robin]}}
      - {id: known, name: Known, members: [ann, bob], choose: {by: [sticky]}}
      - {id: plain, name: Plain, members: [ann, bob]}
    roles:
      owner: {holders: [cyd]}
    """


def row(**changes: Any) -> EscalationRow:
    plain: dict[str, Any] = {
        "playbook": "p",
        "playbook_digest": "d",
        "source": "chatbot",
        "case_system": "helpdesk",
        "case_id": "1",
        "requested_by": "agent:bot",
        "initiation": "ai_limit",
        "outcome": "open",
        "stage": "resolution",
        "status": "Open",
        "severity": "P2",
        "opened_at": NOW,
    }
    return EscalationRow.model_validate(plain | changes)


def page(seq: int, to: str, at: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "at": at.isoformat(),
        "by": "system:engine",
        "type": "message_delivered",
        "prev": "",
        "to": to,
        "rung": "L1/1",
        **changes,
    }


async def recorded(ledger: Ledger, instance: str, *happened: dict[str, Any], **changes: Any) -> None:
    events = happened or ({"seq": 1, "at": NOW.isoformat(), "by": ANN, "type": "noted", "prev": ""},)
    action = RecordEvents(escalation_id=f"e-{instance}", instance=instance, events=events, row=row(**changes))
    await ActivityEnvironment().run(ledger.record, action)


@pytest.fixture
async def workload(ledger: Ledger) -> AsyncIterator[Workload]:
    opened = Workload(ledger.engine, timedelta(seconds=10))
    yield opened
    opened.close()


@pytest.fixture
def directory(tmp_path: Path, workload: Workload) -> DirectoryFile:
    path = tmp_path / "directory.yaml"
    path.write_text(dedent(PEOPLE).replace("MORE", "at_most: {week: 2}"))
    return DirectoryFile(path, workload)


def asking(target: str, key: str = "e/1/rung", **more: Any) -> FindPeople:
    return FindPeople(key=key, purpose="rung:L1/1", targets=(target,), fallback="role:owner", **more)


async def asked(directory: DirectoryFile, action: FindPeople) -> list[tuple[str, str]]:
    people = await ActivityEnvironment().run(directory.find, action)
    return [(each.person, each.note) for each in people.people]


async def test_open_escalations_count_for_their_owner_and_closed_ones_do_not(
    ledger: Ledger, workload: Workload
) -> None:
    for instance, owner, outcome in (("1", ANN, "open"), ("2", ANN, "open"), ("3", BOB, "closed"), ("4", "", "open")):
        await recorded(ledger, instance, owner=owner, outcome=outcome)
    known = await workload.known(Wanted(owned=(ANN, BOB)), "k")
    assert known.owned == {ANN: 2}


async def test_who_owns_the_fewest_open_escalations_is_asked_and_told_so(
    ledger: Ledger, directory: DirectoryFile
) -> None:
    await recorded(ledger, "1", owner=ANN)
    assert await asked(directory, asking("team:desk")) == [(BOB, "0 open escalations, the fewest")]
    for instance in ("2", "3"):
        await recorded(ledger, instance, owner=BOB)
    assert await asked(directory, asking("team:desk")) == [(ANN, "1 open escalation, the fewest")]


async def test_only_delivered_pages_count_and_each_since_its_own_night(ledger: Ledger, workload: Workload) -> None:
    hour = timedelta(hours=1)
    await recorded(
        ledger,
        "1",
        page(1, ANN, NOW - 200 * hour),
        page(2, ANN, NOW - 30 * hour),
        page(3, ANN, NOW - hour / 2),
        page(4, ANN, NOW - hour / 2, rung=None),
        page(5, ANN, NOW - hour / 2, type="message_failed"),
        page(6, BOB, NOW - 2 * hour),
    )
    week = NOW - timedelta(days=7)
    wanted = {ANN: Since(NOW - hour, week), BOB: Since(NOW - 3 * hour, week), "person:cyd": Since(None, week)}
    assert (await workload.known(Wanted(pages=wanted), "k")).pages == {ANN: Pages(1, 2), BOB: Pages(1, 1)}


async def test_who_had_as_many_pages_as_they_may_is_spared_and_the_answer_says_so(
    ledger: Ledger, directory: DirectoryFile
) -> None:
    now = datetime.now(UTC)
    await recorded(ledger, "1", page(1, ANN, now - timedelta(days=1)), page(2, ANN, now - timedelta(days=2)))
    action = asking("team:plain", page=True)
    people = await ActivityEnvironment().run(directory.find, action)
    assert ([each.person for each in people.people], people.spared) == ([BOB], (ANN,))
    assert people.notes == (f"{ANN} is spared: 2 pages in seven days, at most 2.",)
    untold = await ActivityEnvironment().run(directory.find, asking("team:plain"))
    assert [each.person for each in untold.people] == [ANN, BOB], "nobody is paged, so nobody is spared"


async def test_a_dead_try_s_pages_are_not_counted(ledger: Ledger, workload: Workload) -> None:
    later = NOW + timedelta(minutes=1)
    await recorded(ledger, "1", page(1, ANN, NOW, prev="dead"))
    await recorded(ledger, "1", page(1, BOB, later, prev="alive"))
    week = NOW - timedelta(days=7)
    known = await workload.known(Wanted(pages={ANN: Since(None, week), BOB: Since(None, week)}), "k")
    assert known.pages == {BOB: Pages(0, 1)}


async def test_on_a_repeat_the_owner_before_is_found_first(ledger: Ledger, directory: DirectoryFile) -> None:
    await recorded(ledger, "earlier", owner=BOB, outcome="closed")
    assert await asked(directory, asking("team:known", repeat_of="earlier")) == [(BOB, "owned the case before")]
    people = await ActivityEnvironment().run(directory.find, asking("team:known", repeat_of="never-recorded"))
    assert people.people[0].person == ANN
    assert people.notes == ("Who owned the case before is not recorded: chosen without it.",)


# --- turns ----------------------------------------------------------------------------------------------------------


async def test_everybody_of_a_team_has_their_turn_and_the_same_call_gets_the_same_one(directory: DirectoryFile) -> None:
    first = [await asked(directory, asking("team:turns", key=f"k{number}")) for number in range(7)]
    again = [await asked(directory, asking("team:turns", key=f"k{number}")) for number in range(7)]
    assert first == again
    assert Counter(person for [(person, _)] in first) == {ANN: 3, BOB: 2, "person:cyd": 2}
    assert first[0] == [(ANN, "in turn (number 1)")]


def test_workers_that_take_turns_at_once_never_get_the_same_one(url: str) -> None:
    workers = [Ledger(url) for _ in range(4)]
    workers[0].migrate()
    takers = [Workload(worker.engine) for worker in workers]
    keys = [f"k{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as threads:  # each key is asked for twice, by two workers
        taken = list(
            threads.map(
                lambda place: (keys[place % 40], takers[place % 4].take_turn("team:desk", keys[place % 40])), range(80)
            )
        )
    by_key = dict(taken)
    assert all(by_key[key] == number for key, number in taken)
    assert sorted(by_key.values()) == list(range(40))
    assert takers[0].next_turn("team:desk") == 40
    for worker, taker in zip(workers, takers, strict=True):
        taker.close()
        asyncio.run(worker.close())


async def test_looking_ahead_takes_no_turn(workload: Workload) -> None:
    wanted = Wanted(turns=("team:desk",))
    assert (await workload.foreseen(wanted)).turns == {"team:desk": 0}
    assert (await workload.known(wanted, "k")).turns == {"team:desk": 0}
    assert (await workload.foreseen(wanted)).turns == {"team:desk": 1}


async def test_turns_of_long_ago_are_forgotten(
    ledger: Ledger, workload: Workload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.workload.KEPT", 3)
    assert [workload.take_turn("team:desk", f"k{number}") for number in range(6)] == list(range(6))
    with ledger.engine.connect() as connection:
        assert sorted(connection.scalars(select(turns_taken.c.number))) == [3, 4, 5]


# --- without the ledger ---------------------------------------------------------------------------------------------


async def test_a_page_does_not_wait_for_a_database_that_does_not_answer(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = Ledger(url)
    ledger.migrate()
    locked = create_engine(url)
    path = tmp_path / "directory.yaml"
    path.write_text(dedent(PEOPLE).replace("MORE", "rank: 1"))
    workload = Workload(ledger.engine, timedelta(seconds=0.2))
    with locked.connect() as connection:
        connection.exec_driver_sql("begin exclusive")
        begun = time.monotonic()
        people = await ActivityEnvironment().run(DirectoryFile(path, workload).find, asking("team:turns"))
        assert time.monotonic() - begun < 5, "it waited as long as SQLite does"
    assert [each.person for each in people.people] == [ANN]
    why = "not known, because the ledger did not answer in time"
    assert people.notes == (f"Whose turn it is is {why}: chosen without it.",)
    workload.close()
    locked.dispose()
    await ledger.close()


async def test_a_ledger_that_is_broken_leaves_people_to_be_found(ledger: Ledger, directory: DirectoryFile) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(text("drop table escalations"))
    people = await ActivityEnvironment().run(directory.find, asking("team:desk"))
    assert [each.person for each in people.people] == [ANN]
    assert "chosen without it" in people.notes[0]


async def test_a_search_that_needs_nothing_from_outside_asks_nobody(tmp_path: Path) -> None:
    class Never(Workload):
        async def known(self, wanted: Wanted, key: str) -> Known:
            raise AssertionError("was asked")

    path = tmp_path / "directory.yaml"
    path.write_text(dedent(PEOPLE).replace("MORE", "at_most: {night: 1}"))
    directory = DirectoryFile(path, Never(create_engine("sqlite://")))
    assert [person for person, _ in await asked(directory, asking("team:plain"))] == [ANN, BOB]


# --- an older ledger ------------------------------------------------------------------------------------------------


async def test_a_ledger_of_the_first_version_is_brought_up_to_date(url: str) -> None:
    ledger = Ledger(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with ledger.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "1")
        connection.execute(
            text(
                "insert into events (instance, seq, type, by, at, prev, body) "
                "values ('old', 1, 'message_delivered', 'system:engine', '2026-11-20 22:00:00+00:00', '', '{}')"
            )
        )
    ledger.migrate()
    await recorded(ledger, "new", page(1, ANN, NOW))
    workload = Workload(ledger.engine)
    known = await workload.known(Wanted(pages={ANN: Since(None, NOW - timedelta(days=7))}), "k")
    assert known.pages == {ANN: Pages(0, 1)}
    workload.close()
    await ledger.close()
