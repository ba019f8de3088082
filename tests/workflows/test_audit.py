"""A scheduled audit: a real schedule, triggered at once; the report is the workflow's result and is sent once."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import ScheduleBackfill, ScheduleHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from escalation.lifecycle.hindsight.audits import period_before
from escalation.lifecycle.situation import ledger_row
from escalation.model.actions import RecordEvents
from escalation.model.audit import AuditPlan, AuditReport, Every, Standards, schedule_id
from starter.auditing import put_schedule
from tests.domain.builders import Life, small
from tests.support.waiting import eventually
from tests.workflows.world import CLEO, World
from workflows.audit import AuditWorkflow
from workflows.runner import Runner


async def triggered(world: World, schedule: ScheduleHandle, times: int) -> AuditReport:
    """Trigger it now, and return the report of the run that this starts."""
    await schedule.trigger()
    return await reported(world, schedule, times)


async def reported(world: World, schedule: ScheduleHandle, times: int) -> AuditReport:
    async def ran() -> bool:
        return len((await schedule.describe()).info.recent_actions) == times

    await eventually(ran, "the schedule has started the audit")
    action = (await schedule.describe()).info.recent_actions[-1].action
    handle = world.temporal.get_workflow_handle(
        action.workflow_id,  # type: ignore[attr-defined] # the only kind of action there is
        result_type=AuditReport,
    )
    report: AuditReport = await handle.result()
    replayer = Replayer(workflows=[AuditWorkflow], data_converter=pydantic_data_converter, workflow_runner=Runner())
    await replayer.replay_workflow(await handle.fetch_history())
    return report


@pytest.mark.req("EP-5", "EP-M4")
async def test_a_schedule_audits_the_last_week_and_tells_somebody_once(world: World) -> None:
    week = period_before(Every.WEEK, datetime.now(UTC))
    ledger = world.activities.ledger
    for number in range(3):
        life = Life(small(), now=week.start + timedelta(days=1))
        life.open()
        events = tuple(event.model_dump(mode="json") for event in life.events)
        row, instance = ledger_row(life.state), f"run-{number}"
        await ledger.record(RecordEvents(escalation_id=f"e-{number}", instance=instance, events=events, row=row))

    standards = Standards.model_validate({"usual": {"times": 2}})
    plan = AuditPlan(every=Every.WEEK, to="person:ann", sample=2, standards=standards)
    queue = world.settings.task_queue
    assert await put_schedule(world.temporal, queue, plan)
    assert not await put_schedule(world.temporal, queue, plan.changed({"to": "role:head"})), "said again: changed"
    schedule = world.temporal.get_schedule_handle(schedule_id(queue, Every.WEEK))
    try:
        report = await triggered(world, schedule, 1)
        assert (report.period, report.of, len(report.audited), report.told) == (week, 3, 2, (CLEO,))
        assert [str(finding.check) for _, finding in report.findings] == ["acknowledged", "acknowledged"]
        assert "agent:bot escalated 3 times because of small: unsure" in report.review.suggestions[0].says
        again = await triggered(world, schedule, 2)
        assert again == report
        [message] = world.received()
        assert (message.to, message.subject.partition(":")[0]) == (CLEO, f"Audit of {week}".partition(":")[0])
        assert "What does not meet the standards:\n- e-" in message.body
        monday = week.start + timedelta(hours=6)
        await schedule.backfill(ScheduleBackfill(start_at=monday - timedelta(hours=1), end_at=monday))
        late = await reported(world, schedule, 3)
        assert late.period == period_before(Every.WEEK, week.start), (
            "the period is that of the instant it was meant for"
        )
        assert len(world.received()) == 2
    finally:
        await schedule.delete()
