"""The ledger on SQLite and on PostgreSQL: what is recorded once, in order, and read back as it was."""

import asyncio
import sqlite3
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, text, update
from structlog.testing import capture_logs
from temporalio.testing import ActivityEnvironment

from activities.ledger import Decision, Ledger
from activities.ledger_tables import case_values, escalations, events, metadata
from escalation.errors import RemoteUnavailable, SettingsError, Unreachable
from escalation.model.actions import EscalationRow, RecordEvents

ROOT = Path(__file__).parents[2]
OPENED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def row(**changes: Any) -> EscalationRow:
    plain: dict[str, Any] = {
        "playbook": "customer-service-escalation",
        "playbook_digest": "d1",
        "source": "chatbot",
        "case_system": "helpdesk",
        "case_id": "4711",
        "requested_by": "agent:support-bot",
        "initiation": "ai_limit",
        "outcome": "open",
        "stage": "triage",
        "status": "New",
        "severity": "P2",
        "opened_at": OPENED,
    }
    return EscalationRow.model_validate(plain | changes)


def happened(seq: int, **more: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "at": "2026-11-20T09:00:00Z",
        "by": "person:eva",
        "type": "noted",
        "prev": f"h{seq - 1}",
        **more,
    }


def hash_of(event: dict[str, Any]) -> str:
    return f"h{event['seq']}{event.get('text', '')}"


def recording(instance: str, *seqs: int, of: str = "escalation-chatbot-4711", **changes: Any) -> RecordEvents:
    return RecordEvents(
        escalation_id=of, instance=instance, events=tuple(happened(seq) for seq in seqs), row=row(**changes)
    )


# --- recording ------------------------------------------------------------------------------------------------------


async def test_events_are_recorded_in_order_and_read_back_as_they_were(ledger: Ledger) -> None:
    odd = happened(2, text="Jana Nováková \u0000 🙂", number=1.0, big=10**20, nested={"b": [None, True], "a": 0.1})
    action = recording("i1", 1).model_copy(update={"events": (happened(1), odd)})
    assert await ActivityEnvironment().run(ledger.record, action) == 2
    read = ledger.timeline("escalation-chatbot-4711")
    assert read == [happened(1), odd]
    assert list(read[1]["nested"]) == ["b", "a"]
    assert isinstance(read[1]["number"], float)


async def test_the_same_events_sent_again_are_recorded_once(ledger: Ledger) -> None:
    for _ in range(3):
        assert await ledger.record(recording("i1", 1, 2)) == 2
    assert [event["seq"] for event in ledger.timeline("escalation-chatbot-4711")] == [1, 2]


async def test_what_overlaps_with_recorded_events_adds_only_what_is_new(ledger: Ledger) -> None:
    await ledger.record(recording("i1", 1, 2, 3))
    assert await ledger.record(recording("i1", 2, 3, 4, 5)) == 5
    assert [event["seq"] for event in ledger.timeline("escalation-chatbot-4711")] == [1, 2, 3, 4, 5]


def tried(instance: str, first: int, *texts: str, second: int, **changes: Any) -> RecordEvents:
    """What one try of a workflow task records; its second of the minute tells it from the tries before."""
    made = [
        happened(seq, at=f"2026-11-20T09:00:{second:02}Z", text=text) for seq, text in enumerate(texts, start=first)
    ]
    return recording(instance, 1, **changes).model_copy(update={"events": tuple(made)})


async def test_events_of_a_try_that_never_came_to_be_give_way_to_those_of_the_next(ledger: Ledger) -> None:
    await ledger.record(tried("i1", 1, "opened", second=1, stage="triage"))
    await ledger.record(tried("i1", 2, "lost", "lost too", second=2, stage="review", outcome="closed"))
    assert await ledger.record(tried("i1", 2, "true", second=3, stage="assignment")) == 2
    assert [event["text"] for event in ledger.timeline("escalation-chatbot-4711")] == ["opened", "true"]
    assert ledger.list_escalations()[0].row.stage == "assignment"
    assert await ledger.record(tried("i1", 2, "true", second=3)) == 2


async def test_a_worker_that_takes_over_corrects_when_something_happened_and_all_that_follows_from_it(
    ledger: Ledger,
) -> None:
    """By its replay the second event happened earlier or later, so that the hashes behind it differ."""
    for name, second in (("earlier", 2), ("later", 4)):
        of = f"escalation-chatbot-{name}"
        recorded = [happened(1), happened(2, at="2026-11-20T09:00:03Z"), happened(3, at="2026-11-20T09:00:05Z")]
        action = recording(name, 1, of=of).model_copy(update={"events": tuple(recorded)})
        await ledger.record(action)
        replayed = [
            happened(1),
            happened(2, at=f"2026-11-20T09:00:{second:02}Z"),
            happened(3, prev="other", at="2026-11-20T09:00:05Z"),
            happened(4, prev="another", at="2026-11-20T09:00:09Z"),
        ]
        changed = {"events": tuple(replayed), "row": row(stage="review")}
        assert await ledger.record(action.model_copy(update=changed)) == 4
        assert ledger.timeline(of) == replayed
        assert {entry.instance: entry.row.stage for entry in ledger.list_escalations()}[name] == "review"


async def test_a_dead_try_that_comes_late_changes_nothing(ledger: Ledger) -> None:
    await ledger.record(tried("i1", 1, "opened", second=1, stage="triage"))
    await ledger.record(tried("i1", 2, "true", second=3, stage="assignment"))
    assert await ledger.record(tried("i1", 2, "lost", "lost too", second=2, stage="review")) == 2
    assert [event["text"] for event in ledger.timeline("escalation-chatbot-4711")] == ["opened", "true"]
    assert ledger.list_escalations()[0].row.stage == "assignment"


@pytest.mark.parametrize(
    ("seqs", "gap"), [((4, 5), (2, 3)), ((1, 2, 3, 5), (4, 4)), ((3,), (2, 2))], ids=["before", "inside", "one"]
)
async def test_events_after_a_gap_are_recorded_and_the_gap_is_logged_and_found(
    ledger: Ledger, seqs: tuple[int, ...], gap: tuple[int, int]
) -> None:
    await ledger.record(recording("i1", 1))
    with capture_logs() as logs:
        assert await ledger.record(recording("i1", *seqs, stage="review")) == seqs[-1]
    assert [(line["event"], line["missing_from"], line["missing_to"]) for line in logs] == [("ledger_gap", *gap)]
    assert [event["seq"] for event in ledger.timeline("escalation-chatbot-4711")] == sorted({1, *seqs})
    assert ledger.list_escalations()[0].row.stage == "review"
    assert ledger.verify_chain("i1", hash_of) == gap[0]


async def test_an_escalation_goes_on_in_a_ledger_that_was_emptied_under_it(ledger: Ledger) -> None:
    await ledger.record(recording("i1", 1, 2, 3, 4, 5))
    with ledger._writes.begin() as connection:
        for table in (events, escalations):
            connection.execute(delete(table))
    assert await ledger.record(recording("i1", 6)) == 6
    assert await ledger.record(recording("i1", 7, 8, stage="closed")) == 8
    assert [event["seq"] for event in ledger.timeline("escalation-chatbot-4711")] == [6, 7, 8]
    assert (ledger.list_escalations()[0].last_seq, ledger.list_escalations()[0].row.stage) == (8, "closed")
    assert ledger.verify_chain("i1", hash_of) == 1


async def test_what_belongs_into_a_gap_fills_it_when_it_comes(ledger: Ledger) -> None:
    await ledger.record(recording("i1", 1))
    await ledger.record(recording("i1", 4, stage="review"))
    assert await ledger.record(recording("i1", 2, 3, stage="triage")) == 4
    assert ledger.verify_chain("i1", hash_of) is None
    assert ledger.list_escalations()[0].row.stage == "review"


async def test_two_tries_that_are_written_together_leave_the_later_one(ledger: Ledger) -> None:
    await asyncio.gather(
        ledger.record(recording("other", 1, of="other")),  # the first is written alone, the others wait for it
        ledger.record(tried("i1", 1, "lost", second=1, stage="review")),
        ledger.record(tried("i1", 1, "true", second=2, stage="triage")),
    )
    assert [event["text"] for event in ledger.timeline("escalation-chatbot-4711")] == ["true"]


async def test_one_bad_record_does_not_spoil_those_written_with_it(ledger: Ledger) -> None:
    unusable = recording("i3", 1).model_copy(update={"events": ({"seq": 1, "type": "noted"},)})
    results = await asyncio.gather(
        ledger.record(recording("i1", 1)),
        ledger.record(recording("i2", 7)),
        ledger.record(unusable),
        ledger.record(recording("i4", 1, 2)),
        return_exceptions=True,
    )
    assert [results[0], results[1], results[3]] == [1, 7, 2]
    assert isinstance(results[2], KeyError)
    assert {entry.instance for entry in ledger.list_escalations()} == {"i1", "i2", "i4"}


async def test_the_row_follows_the_newest_events_and_a_late_repeat_does_not_turn_it_back(ledger: Ledger) -> None:
    await ledger.record(recording("i1", 1, stage="triage"))
    closed_at = datetime(2026, 11, 20, 18, 30, tzinfo=timezone(timedelta(hours=1)))
    await ledger.record(
        recording("i1", 1, 2, 3, stage="closed", outcome="closed", closed_at=closed_at, reasons=("vip",))
    )
    await ledger.record(recording("i1", 1, stage="triage"))
    [entry] = ledger.list_escalations()
    assert (entry.last_seq, entry.row.stage, entry.row.outcome, entry.row.reasons) == (3, "closed", "closed", ("vip",))
    assert entry.row.closed_at == closed_at
    assert entry.row.opened_at == OPENED


async def test_a_row_that_another_worker_has_brought_further_is_not_turned_back(ledger: Ledger) -> None:
    await ledger.record(recording("i1", 1, 2, stage="resolution"))
    with ledger._writes.begin() as connection:  # as when the other one committed after this one had looked
        behind = case_values("i1", "escalation-chatbot-4711", 1, row(stage="triage"))
        connection.execute(ledger._put[escalations], [behind])
    assert ledger.list_escalations()[0].row.stage == "resolution"


async def test_records_of_one_escalation_that_pile_up_are_written_in_order(ledger: Ledger) -> None:
    results = await asyncio.gather(*(ledger.record(recording("i1", seq, level=f"L{seq}")) for seq in range(1, 301)))
    assert all(last >= seq for seq, last in enumerate(results, 1))
    assert [event["seq"] for event in ledger.timeline("escalation-chatbot-4711")] == list(range(1, 301))
    assert ledger.list_escalations()[0].row.level == "L300"


async def test_a_caller_that_is_cancelled_leaves_the_others_served(ledger: Ledger) -> None:
    first = asyncio.create_task(ledger.record(recording("i1", 1)))
    second = asyncio.create_task(ledger.record(recording("i2", 1)))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 1


async def test_what_is_waiting_at_the_end_is_written(url: str) -> None:
    ledger = Ledger(url)
    ledger.migrate()
    waiting = [asyncio.create_task(ledger.record(recording(f"i{number}", 1))) for number in range(50)]
    await asyncio.sleep(0)
    await ledger.close()
    assert await asyncio.gather(*waiting) == [1] * 50


async def test_what_comes_after_the_end_is_worth_another_try_elsewhere(url: str) -> None:
    ledger = Ledger(url)
    await ledger.close()
    with pytest.raises(RemoteUnavailable, match="this worker is stopping"):
        await ledger.record(recording("i1", 1))


# --- two kinds ------------------------------------------------------------------------------------------------------


async def test_a_decision_not_to_escalate_is_listed_apart_with_its_events(ledger: Ledger) -> None:
    await ledger.record(recording("i1", 1, 2, outcome="declined"))
    assert ledger.list_escalations() == []
    [entry] = ledger.list_decisions(case=("helpdesk", "4711"))
    assert (entry.escalation_id, entry.row.outcome) == ("escalation-chatbot-4711", "declined")
    assert len(ledger.timeline("escalation-chatbot-4711")) == 2


async def test_what_was_declined_first_and_escalated_then_is_counted_once(ledger: Ledger) -> None:
    await ledger.record(recording("i1", 1, outcome="declined"))
    await ledger.record(recording("i1", 2, outcome="open"))
    assert ledger.list_decisions() == []
    assert [entry.instance for entry in ledger.list_escalations()] == ["i1"]


async def test_decisions_taken_without_a_workflow_are_written_in_batches_and_once(ledger: Ledger) -> None:
    considered = [
        Decision(key=f"r{number}", escalation_id=f"escalation-chatbot-{number}", row=row(outcome="declined"))
        for number in range(500)
    ]
    await ledger.record_decisions(considered)
    await ledger.record_decisions(considered)
    await ledger.record_decisions([])
    assert len(ledger.list_decisions(limit=1000)) == 500
    assert ledger.list_decisions(playbook="another") == []


# --- reading --------------------------------------------------------------------------------------------------------


async def test_escalations_are_found_by_what_is_known_of_them_the_newest_first(ledger: Ledger) -> None:
    for number in range(6):
        await ledger.record(
            recording(
                f"i{number}",
                1,
                of=f"e{number}",
                stage="review" if number % 2 else "triage",
                owner=f"person:p{number}",
                outcome="closed" if number == 5 else "open",
                case_id=str(number),
                opened_at=OPENED + timedelta(hours=number),
            )
        )
    assert [entry.escalation_id for entry in ledger.list_escalations(stage="review")] == ["e5", "e3", "e1"]
    assert [entry.escalation_id for entry in ledger.list_escalations(stage="review", outcome="open")] == ["e3", "e1"]
    assert [entry.escalation_id for entry in ledger.list_escalations(owner="person:p2")] == ["e2"]
    assert [entry.escalation_id for entry in ledger.list_escalations(case=("helpdesk", "4"))] == ["e4"]
    assert [entry.escalation_id for entry in ledger.list_escalations(limit=2, offset=1)] == ["e4", "e3"]
    assert ledger.list_escalations(playbook="another") == []


async def test_the_timeline_is_that_of_the_latest_escalation_with_the_id(ledger: Ledger) -> None:
    await ledger.record(recording("first", 1, 2, 3))
    await ledger.record(recording("repeat", 1, opened_at=OPENED + timedelta(days=1)))
    assert len(ledger.timeline("escalation-chatbot-4711")) == 1
    assert len(ledger.timeline("escalation-chatbot-4711", instance="first")) == 3
    assert ledger.timeline("escalation-nobody-0") == []


async def test_a_whole_chain_is_verified_and_an_alteration_or_a_hole_is_found(ledger: Ledger) -> None:
    await ledger.record(recording("i1", 1, 2, 3, 4))
    assert ledger.verify_chain("i1", hash_of) is None
    altered = happened(2, text="something else")
    with ledger._writes.begin() as connection:
        connection.execute(update(events).where(events.c.seq == 2).values(body=altered))
    assert ledger.verify_chain("i1", hash_of) == 3
    with ledger._writes.begin() as connection:
        connection.execute(text("delete from events where seq = 2"))
    assert ledger.verify_chain("i1", hash_of) == 2


# --- the database ---------------------------------------------------------------------------------------------------


MIGRATE = """
import sys, alembic.command
from activities.ledger import Ledger
ledger = Ledger(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
ledger.migrate()
"""


async def test_workers_that_start_together_all_find_their_tables(url: str) -> None:
    workers = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", MIGRATE, url),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"ready\n"
    await asyncio.gather(*(worker.communicate(b"\n") for worker in workers))
    assert [worker.returncode for worker in workers] == [0] * 4
    ledger = Ledger(url)
    assert await ledger.record(recording("i1", 1)) == 1
    await ledger.close()


async def test_workers_that_record_the_same_events_at_once_record_them_once(ledger: Ledger, url: str) -> None:
    other = Ledger(url)
    for turn in range(20):
        actions = [recording(f"i{turn}-{number}", 1, 2, 3) for number in range(10)]
        results = await asyncio.gather(
            *(ledger.record(action) for action in actions), *(other.record(action) for action in reversed(actions))
        )
        assert results == [3] * 20
    assert len(ledger.list_escalations(limit=1000)) == 200
    await other.close()


async def test_migrations_lead_to_exactly_the_tables_that_the_code_uses(ledger: Ledger) -> None:
    with ledger._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


async def test_migrating_again_keeps_what_was_recorded(ledger: Ledger) -> None:
    await ledger.record(recording("i1", 1))
    ledger.migrate()
    assert len(ledger.list_escalations()) == 1


async def test_a_database_that_fails_is_worth_another_try_and_its_values_stay_out_of_the_message(
    ledger: Ledger,
) -> None:
    with ledger._writes.begin() as connection:
        connection.execute(text("drop table events"))
    with pytest.raises(RemoteUnavailable, match="the database did not take the records") as failure:
        await ledger.record(recording("i1", 1, customer_id="c-17"))
    assert "c-17" not in str(failure.value)
    assert failure.value.__cause__ is None


async def test_a_locked_sqlite_file_is_waited_for(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    ledger.migrate()
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("begin immediate")
    writing = asyncio.create_task(ledger.record(recording("i1", 1)))
    done, _ = await asyncio.wait([writing], timeout=0.2)
    assert not done
    assert ledger.list_escalations() == []
    other.execute("commit")
    other.close()
    assert await writing == 1
    await ledger.close()


def test_a_database_that_cannot_be_opened_stops_the_start_and_says_so_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"Start the database or correct its URL") as failure:
        Ledger(f"postgresql://ledger:s3cret@/none?host={tmp_path}").migrate()
    assert "s3cret" not in str(failure.value)


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/name", ""])
def test_a_url_of_another_kind_is_refused_with_what_is_expected(url: str) -> None:
    with pytest.raises(SettingsError, match=r"ledger_url: .*expected sqlite"):
        Ledger(url)
