"""``escalate audit``: audits now, from the ledger, or by a schedule on the server."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from escalation.documents import read_document, validate
from escalation.errors import RequestRefused, Unreachable
from escalation.explain import did_you_mean
from escalation.lifecycle.hindsight import audits
from escalation.lifecycle.hindsight.audit_words import text
from escalation.model.audit import AUDIT_WORKFLOW, MOST, AuditPlan, AuditReport, Every, Period, RunAudit, Standards
from escalation.model.audit import schedule_id as id_of
from escalation.people.directory import load_directory
from escalation.values import Party
from starter import ledgers, panels, session, when
from starter.people import as_target, best_known, names_of
from starter.session import AsJson, say

if TYPE_CHECKING:
    from temporalio.client import Client, ScheduleUpdate, ScheduleUpdateInput

app = typer.Typer(
    name="audit",
    help="Audit a sample of escalations against service standards, and see what a period says together.",
    no_args_is_help=True,
)
_PARTY: TypeAdapter[str] = TypeAdapter(Party)

Sample = Annotated[int, typer.Option(min=1, max=MOST, metavar="NUMBER", help="How many escalations are drawn.")]
StandardsFile = Annotated[
    Path | None, typer.Option("--standards", metavar="FILE", help="YAML of the standards; without it the usual ones.")
]


def add_commands(parent: typer.Typer) -> None:
    """Register ``audit`` with its words."""
    parent.add_typer(app, rich_help_panel=panels.LOOK_BACK)


@app.command("run")
def run(
    *,
    start: Annotated[str, typer.Option("--from", metavar="WHEN", help="Beginning of the period: 2026-11-01 ...")],
    end: Annotated[str, typer.Option("--to", metavar="WHEN", help="Its end, no part of it; `now` is one.")] = "now",
    sample: Sample = 20,
    standards: StandardsFile = None,
    as_json: AsJson = False,
) -> None:
    """Audit a period now, and print what is found. Needs no server; findings are an answer: exit 0."""
    now = datetime.now(UTC)
    period = Period(
        start=when.instant_of("--from", start, now, first=True).astimezone(UTC),
        end=when.instant_of("--to", end, now, first=True).astimezone(UTC),
    )
    if period.start >= period.end:
        raise RequestRefused([("--to", f"the period ends before it begins; expected an instant after {period.start}")])
    report = _examined(RunAudit(period=period, sample=sample, standards=_standards(standards)))
    say(report, text(report), as_json=as_json)


@app.command("schedule")
def schedule(
    *,
    to: Annotated[str, typer.Option(metavar="TARGET", help="Who has the report: role:head, team:quality, person:eva.")],
    every: Annotated[Every, typer.Option(help="How often, and how long the period is that has then ended.")],
    sample: Sample = 20,
    standards: StandardsFile = None,
    as_json: AsJson = False,
) -> None:
    """Have the week or month that ended audited, always at 6:00 UTC of its Monday or first day.

    Said again it changes the schedule that is there: its receiver, sample and standards.
    """
    settings = session.load()
    directory = load_directory(settings.directory)
    try:
        target = _PARTY.validate_python(as_target(to, names_of(directory)))
    except ValidationError:
        expected = "expected person:ID, team:ID, role:NAME, oncall:ROTATION or authority:KIND"
        raise RequestRefused([("--to", f"`{to[:64]}` is no target; {expected}")]) from None
    if not directory.members(target):
        hint = did_you_mean(target, names_of(directory)) or "; expected somebody it knows"
        raise RequestRefused([("--to", f"`{target}` means nobody in {settings.directory}{hint}")])
    plan = AuditPlan(every=every, to=target, sample=sample, standards=_standards(standards))
    made = session.run(_put(settings.task_queue, plan))
    identifier = id_of(settings.task_queue, every)
    said = "is scheduled" if made else "was scheduled already, and is as you say now"
    what = f"{identifier} {said}: every {every} {sample} escalations are audited, and {target} has the report."
    say({"schedule": identifier, "made": made, "plan": plan}, what, as_json=as_json)


async def _put(task_queue: str, plan: AuditPlan) -> bool:
    from temporalio.service import RPCError

    client = (await session.connect()).temporal
    try:
        return await put_schedule(client, task_queue, plan)
    except RPCError as error:
        raise Unreachable(f"the Temporal server did not take the schedule ({error.status.name})") from None


async def put_schedule(client: "Client", task_queue: str, plan: AuditPlan) -> bool:
    """Make the schedule, or change the one that is there; return whether it is new."""
    from temporalio.client import (
        Schedule,
        ScheduleActionStartWorkflow,
        ScheduleAlreadyRunningError,
        ScheduleCalendarSpec,
        ScheduleRange,
        ScheduleSpec,
        ScheduleUpdate,
    )

    identifier = id_of(task_queue, plan.every)
    six = (ScheduleRange(6),)
    at = (
        ScheduleCalendarSpec(hour=six, day_of_week=(ScheduleRange(1),))
        if plan.every is Every.WEEK
        else ScheduleCalendarSpec(hour=six, day_of_month=(ScheduleRange(1),))
    )
    action = ScheduleActionStartWorkflow(
        AUDIT_WORKFLOW,
        plan,
        id=identifier,
        task_queue=task_queue,
        static_summary=f"audit of the last {plan.every}, for {plan.to}",
    )
    wanted = Schedule(action=action, spec=ScheduleSpec(calendars=[at]))
    try:
        await client.create_schedule(identifier, wanted)
    except ScheduleAlreadyRunningError:

        def changed(found: "ScheduleUpdateInput") -> "ScheduleUpdate":
            # Whoever paused it goes on doing so.
            there = found.description.schedule
            return ScheduleUpdate(Schedule(action=action, spec=wanted.spec, policy=there.policy, state=there.state))

        await client.get_schedule_handle(identifier).update(changed)
        return False
    return True


def _standards(file: Path | None) -> Standards:
    """Read a file of standards. Raises DocumentError, with the line of everything that is wrong."""
    return validate(read_document(file), Standards) if file is not None else Standards()


def _examined(ask: RunAudit) -> AuditReport:
    from activities.audits import LedgerBook

    with ledgers.opened() as ledger:
        return audits.examine(ask, LedgerBook(ledger.engine), best_known(None).teams_of)
