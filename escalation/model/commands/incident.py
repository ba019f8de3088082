"""Incident mode: declare and stand down, report how it stands, the action plan, the commander's priorities."""

from typing import Annotated

from pydantic import Field, StringConstraints

from escalation.model.commands.base import Act
from escalation.model.incident import Section, Typed
from escalation.values import Actor, Duration, Instant, Slug, Text

_Line = Annotated[str, StringConstraints(min_length=1, max_length=600, strip_whitespace=True)]
_Priority = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
_Url = Annotated[str, StringConstraints(pattern=r"^(https?|file|s3|gs)://\S{1,2000}$")]


class DeclareIncident(Act):
    """Declare an incident: from here on it is run as one."""

    because: Text


class StandDown(Act):
    """Stand the incident down; where the playbook wants an approval for that, it is asked."""

    because: Text


class ReportBaseline(Act):
    """Say how the incident stands in three short answers; everybody relies on it until the next one."""

    what_happened: Text
    """What happened, in brief."""
    who_is_affected: Text
    """Users, systems and customers who are affected."""
    why_urgent: Text
    """Why it is urgent: what it means for the business, and deadlines."""
    recording: _Url | None = None
    """Where a short recording is that says more."""
    length: Duration | None = None
    """How long the recording is: 90s, 2m."""


class FileInPlan(Act):
    """File a line in the action plan: assessments, steps and approvals each in their own section."""

    section: Section
    typed: Typed
    """What it is; each kind has its own section."""
    text: _Line
    owner: Actor | None = None
    """Of a step of the execution plan: who does it."""
    due: Instant | None = None
    """Of a step of the execution plan."""
    gate: Slug | None = None
    """Of an approval checkpoint: which approval it stands for."""
    behind: Slug | None = None
    """Of a step: the checkpoint (its line, such as p2) that must be passed first."""
    replaces: Slug | None = None
    """Of an assessment: the line that it takes the place of."""


class SetPriorities(Act):
    """Say what comes first now, the first being the most important; takes the place of what was said before."""

    priorities: Annotated[tuple[_Priority, ...], Field(min_length=1, max_length=10)]


COMMANDS: dict[str, type[Act]] = {
    "declare_incident": DeclareIncident,
    "stand_down": StandDown,
    "report_baseline": ReportBaseline,
    "file_in_plan": FileInPlan,
    "set_priorities": SetPriorities,
}
