"""Audits the week or month that has just ended, and has somebody read what was found: a Temporal Schedule starts it."""

from datetime import UTC, datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError

from escalation.lifecycle.hindsight.audit_words import headline, text
from escalation.lifecycle.hindsight.audits import period_before
from escalation.model.actions import DeliveryReceipt, FindPeople, MessageKind, Notify
from escalation.model.audit import AUDIT_WORKFLOW, RUN_AUDIT, AuditPlan, AuditReport, RunAudit
from escalation.people.found import People
from workflows.deliveries import FIND, NOTIFY, Dispatch, call

_RUN = Dispatch(RUN_AUDIT, timedelta(minutes=10), None, RetryPolicy(maximum_interval=timedelta(minutes=1)))
_FIND = FIND._replace(retry=RetryPolicy(maximum_interval=timedelta(minutes=1)))
# The instant that the schedule meant, also where the server or the worker was away then.
_MEANT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


@workflow.defn(name=AUDIT_WORKFLOW)
class AuditWorkflow:
    """One period: its result is the report, and stays in Temporal's UI for as long as the namespace keeps it."""

    @workflow.run
    async def run(self, plan: AuditPlan) -> AuditReport:
        """Audit, find who has the report, and send it.

        Raises:
            ApplicationError: nobody could be given it; the report is the result of its activity all the same.
        """
        meant: datetime = workflow.info().typed_search_attributes.get(_MEANT) or workflow.now()
        period = period_before(plan.every, meant.astimezone(UTC))
        ask = RunAudit(period=period, sample=plan.sample, standards=plan.standards)
        report = await call(_RUN, ask, AuditReport, f"audit {period}")
        workflow.set_current_details(text(report))
        key = f"audit/{plan.every}/{period.key}"
        found = await call(
            _FIND, FindPeople(key=key, purpose="audit", targets=(plan.to,)), People, f"find {plan.to} for the report"
        )
        told, refused = [], list(found.notes)
        for each in found.people:
            message = Notify(
                key=f"{key}/{each.person}",
                to=each.person,
                kind=MessageKind.REVIEW,
                subject=headline(report),
                body=text(report),
            )
            try:
                await call(NOTIFY, message, DeliveryReceipt, f"send the report to {each.person}")
                told.append(each.person)
            except ActivityError as error:
                refused.append(str(error.cause))
        if not told:
            raise ApplicationError(
                f"{headline(report)}, but {plan.to} could not be told: {'; '.join(refused) or 'nobody was found'}. "
                "Correct the directory, or name somebody else (escalate audit schedule --to), and trigger it again",
                type="NobodyTold",
                non_retryable=True,
            )
        return report.changed({"told": tuple(told)})
