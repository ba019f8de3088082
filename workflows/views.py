"""What people see of an escalation: its queries, its search attributes, and the current details in Temporal's UI.

All of it is made from the one state, so that no view can disagree with another or with what will happen.
"""

from temporalio import workflow

from escalation.errors import NotNow
from escalation.lifecycle.agenda import Due
from escalation.lifecycle.case.packet_views import Packet, packet
from escalation.lifecycle.details import markdown
from escalation.lifecycle.explanation import Explanation, explanation
from escalation.lifecycle.incident.views import ActionPlan, action_plan
from escalation.lifecycle.ownership.rights import Right, rights
from escalation.lifecycle.situation import Situation, situation
from escalation.lifecycle.timeline.overview import Overview, overview
from escalation.model import events as e
from escalation.model.state import Escalation
from workflows.search_attributes import attributes_of, changes


class Views:
    """Base of the workflow class."""

    state: Escalation | None
    due: Due | None

    @property
    def now(self) -> Escalation:
        """Return the state.

        Raises:
            NotNow: the playbook is still being loaded, or could not be.
        """
        if self.state is None:
            raise NotNow("there is no escalation here: its playbook is just being loaded, or was refused")
        return self.state

    @workflow.query(name="situation", description="Who acts next, why, and which clocks run")
    def situation(self) -> Situation:
        """Say who acts next."""
        return situation(self.now, workflow.now())

    @workflow.query(name="timeline", description="The latest events; the ledger has all of them")
    def timeline(self) -> list[e.Event]:
        """Return the latest events."""
        return list(self.now.tail)

    @workflow.query(name="explain", description="All reasons, and the pinned playbook")
    def explain(self) -> Explanation:
        """Say why."""
        return explanation(self.now)

    @workflow.query(name="packet", description="The context packet as it stands")
    def packet(self) -> Packet:
        """Return the packet."""
        return packet(self.now)

    @workflow.query(name="overview", description="Discussion, blockers, unanswered questions, recordings")
    def overview(self) -> Overview:
        """Return what people wrote."""
        return overview(self.now)

    @workflow.query(name="action_plan", description="The incident's action plan, in its three sections")
    def action_plan(self) -> ActionPlan:
        """Return the action plan."""
        return action_plan(self.now)

    @workflow.query(name="rights", description="Who may decide what")
    def rights(self) -> list[Right]:
        """Say who may decide what."""
        return rights(self.now)

    @workflow.query(name="state", description="Everything: what forecasts start from")
    def everything(self) -> Escalation:
        """Return the whole state."""
        return self.now

    def details(self) -> str:
        """Write the situation for Temporal's UI; nothing before the first event."""
        return markdown(self.state, workflow.now()) if self.state is not None and self.state.seq > 0 else ""

    async def publish(self) -> None:
        """Keep the search attributes in step for ever: at most one upsert for each workflow task."""
        shown: Escalation | None = None
        said = {pair.key.name: pair.value for pair in workflow.info().typed_search_attributes}
        while True:
            await workflow.wait_condition(lambda: self._has_changed_since(shown))  # noqa: B023 - just this one
            shown = self.now
            before, said = said, attributes_of(shown, self.due)
            updates = changes(before, said)
            if updates:
                workflow.upsert_search_attributes(updates)

    def _has_changed_since(self, shown: Escalation | None) -> bool:
        return self.state is not None and self.state.seq > 0 and self.state is not shown
