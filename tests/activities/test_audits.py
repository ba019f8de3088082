"""The audit of a period over a real ledger: who belongs to it, and that it is the same when it is made again."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.audits import Audits, LedgerBook
from activities.ledger import Ledger
from escalation.errors import RemoteUnavailable
from escalation.lifecycle.hindsight.audits import examine
from escalation.lifecycle.situation import ledger_row
from escalation.model import commands as c
from escalation.model.actions import RecordEvents
from escalation.model.audit import AuditReport, Period, RunAudit, Standards
from tests.domain.builders import ANN, OFFICE, Life, small

WEEK = Period(start=datetime(2026, 11, 16, tzinfo=UTC), end=datetime(2026, 11, 23, tzinfo=UTC))
DAY = timedelta(days=1)


def life_from(at: datetime) -> Life:
    life = Life(small(), now=at)
    life.open(requested_by=ANN, initiation="manual", facts={"ai_confidence": None})
    return life


async def kept(ledger: Ledger, instance: str, life: Life) -> None:
    events = tuple(event.model_dump(mode="json") for event in life.events)
    row = ledger_row(life.state)
    identifier = f"escalation-{instance}"
    await ledger.record(RecordEvents(escalation_id=identifier, instance=instance, events=events, row=row))


async def made(ledger: Ledger, size: int = 20) -> AuditReport:
    audits = Audits(ledger.engine, lambda: OFFICE, examine)
    ask = RunAudit(period=WEEK, sample=size, standards=Standards())
    return await ActivityEnvironment().run(audits.run, ask)


@pytest.mark.req("EP-5", "EP-M4")
async def test_what_was_open_in_the_period_is_audited_and_what_was_opened_in_it_makes_the_patterns(
    ledger: Ledger,
) -> None:
    before = life_from(WEEK.start - 3 * DAY)
    await kept(ledger, "before", before)
    ended = life_from(WEEK.start - 3 * DAY)
    ended.send(c.Cancel(by=ANN, because="by mistake"))
    await kept(ledger, "ended", ended)
    await kept(ledger, "within", life_from(WEEK.start + DAY).taken_by(ANN))
    await kept(ledger, "after", life_from(WEEK.end + DAY))
    report = await made(ledger)
    assert report.of == 2
    assert {each.instance: [str(one.check) for one in each.findings] for each in report.audited} == {
        "before": ["acknowledged"],
        "within": [],
    }
    assert report.review.escalations == 1
    teams = [each for each in report.review.patterns if each.by == "team"]
    assert [(each.of, each.escalations) for each in teams] == [("team:desk", 1)]

    before.pass_time("30d")
    before.taken_by(ANN)
    await kept(ledger, "before", before)
    assert await made(ledger) == report, "what happened later changes nothing of it"


@pytest.mark.req("EP-5")
async def test_a_sample_is_of_the_size_that_was_asked_for_and_drawn_again_the_same(ledger: Ledger) -> None:
    for number in range(8):
        await kept(ledger, f"run-{number}", life_from(WEEK.start + DAY))
    report = await made(ledger, 3)
    assert (report.of, len(report.audited), report.review.escalations) == (8, 3, 8)
    assert await made(ledger, 3) == report


async def test_of_many_only_the_events_that_are_asked_for_are_read(ledger: Ledger) -> None:
    await kept(ledger, "one", life_from(WEEK.start))
    await kept(ledger, "two", life_from(WEEK.start))
    read = LedgerBook(ledger.engine).events_of(["one"], ("opened",))
    assert [[event["type"] for event in events] for events in read.values()] == [["opened"]]


async def test_a_ledger_that_cannot_be_read_is_tried_again(ledger: Ledger) -> None:
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("drop table escalations")
    with pytest.raises(RemoteUnavailable, match="ledger: cannot be read"):
        await made(ledger)
