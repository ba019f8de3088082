"""The action plan: one document of three sections, each for its own kind of line.

What is assessed, what is done and what has to be approved first are kept apart, so that a guess is never carried out
as a step. A step of the execution plan is an action item, and stays open while its checkpoint is not passed.
"""

from typing import Final

from escalation.errors import Incomplete, NotAllowed, TooLarge, Unknown
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.incident.mode import running
from escalation.lifecycle.work import work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.incident import Incident, PlanLine, Section, Typed
from escalation.model.state import Escalation

MOST_LINES = 80
"""How many lines a plan may hold at once."""

BELONGS: Final[dict[Typed, Section]] = {
    "assessment": "situation_summary",
    "execution": "execution_plan",
    "approval": "approval_checkpoints",
}
"""Which section each kind of line belongs into."""


def file(draft: Draft, command: c.FileInPlan) -> None:
    """File a line in its section.

    Raises:
        NotAllowed: it is of another kind than the section holds.
        Incomplete: a step lacks its owner or due time, a checkpoint its approval.
    """
    state, incident = draft.state, running(draft.state)
    permissions.require_person(command.by, "file_in_plan")
    permissions.require_member(state, command.by)
    if BELONGS[command.typed] != command.section:
        raise NotAllowed(
            f"{command.typed} is not filed under {command.section}: it belongs into {BELONGS[command.typed]}"
        )
    _require_fitting(state, incident, command)
    rewrites = command.replaces is not None
    if not rewrites and len(incident.plan) >= MOST_LINES:
        raise TooLarge(
            f"the action plan has {MOST_LINES} lines already: rewrite one of its assessments (replaces), or attach the "
            "rest"
        )
    item = ""
    if command.owner is not None and command.due is not None:
        work_items.add(draft, command.text, command.owner, command.due)
        item = next(reversed(draft.state.items))
    draft.record(
        e.PlanFiled,
        line=command.replaces or f"p{incident.plan_lines + 1}",
        section=command.section,
        typed=command.typed,
        text=command.text,
        version=incident.plan_version + 1,
        item=item,
        gate=command.gate or "",
        behind=command.behind or "",
        replaces=command.replaces or "",
        period=incident.period.number if incident.period is not None else 0,
    )


def _require_fitting(state: Escalation, incident: Incident, command: c.FileInPlan) -> None:
    """Refuse what a line of this kind lacks, or has that belongs to another kind."""
    given = {name for name in ("owner", "due", "gate", "behind", "replaces") if getattr(command, name) is not None}
    needed, may = _FIELDS[command.typed]
    if lacking := [name for name in needed if name not in given]:
        raise Incomplete(f"a line of {command.section} lacks {', '.join(lacking)}")
    if beyond := sorted(given - {*needed, *may}):
        raise NotAllowed(f"a line of {command.section} has no {', '.join(beyond)}")
    if command.gate is not None and state.playbook.gate(command.gate) is None:
        known = ", ".join(gate.id for gate in state.playbook.gates) or "none"
        raise Unknown(f"playbook {state.playbook.playbook} has no approval {command.gate}; it has {known}")
    if command.behind is not None:
        _named(incident, command.behind, "approval_checkpoints")
    if command.replaces is not None:
        _named(incident, command.replaces, command.section)


_FIELDS: Final[dict[Typed, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "assessment": ((), ("replaces",)),
    "execution": (("owner", "due"), ("behind",)),
    "approval": (("gate",), ()),
}
"""What a line of each kind needs, and what it may have besides."""


def _named(incident: Incident, line: str, section: Section) -> PlanLine:
    found = next((each for each in incident.plan if each.id == line and each.section == section), None)
    if found is None:
        known = ", ".join(each.id for each in incident.plan if each.section == section) or "none yet"
        raise Unknown(f"{section} of the action plan has no line {line}; it has {known}")
    return found
