"""Ownership as part of a procedure to read: what each step needs and how it is handed over, what an AI may do."""

from rich.console import Group, RenderableType
from rich.text import Text

from escalation.playbook.ownership import Activity
from escalation.playbook.schema import Playbook
from escalation.values import format_duration
from starter import layout
from starter.line import name


def handing_over(book: Playbook) -> RenderableType:
    """Write for each level which information it needs, and by which protocol it is handed over."""
    table = layout.columns("step", "information needed", "a hand-over is accepted within", "otherwise")
    needed = [str(part) for part in book.context.required]
    needed += [field for field, policy in book.fields.items() if policy.required]
    needed += [
        f"{field} (when {policy.required_when})" for field, policy in book.fields.items() if policy.required_when
    ]
    for level in book.levels:
        ack = format_duration(level.ack) + (f" of {level.calendar} hours" if level.calendar else "")
        layout.add(table, level.id, ", ".join(needed), ack, "it stays with whoever had it, who is told")
    said = [
        Text(
            "A hand-over carries reason, expectation and the packet with its version; responsibility passes on accept."
        )
    ]
    shift = book.shift_handover
    if shift is not None:
        before = format_duration(shift.before)
        said.append(
            Text(f"{before} before the owner's shift ends it is offered to {name(shift.to)}; not accepted it goes up.")
        )
    policy = book.before_work
    if policy is not None:
        when = f" when {policy.when}" if policy.when != "true" else ""
        executes, approves = policy.executes or "to be stated", policy.approves or "to be stated"
        said.append(Text(f"Before work starts{when}: who executes ({executes}), who approves in the end ({approves})."))
    return Group(table, *said)


def activities(book: Playbook) -> RenderableType:
    """Write what an AI may do of each activity, and the responsibility map."""
    table = layout.columns("activity", "what", "an AI", "who looks at drafts", "delegated to")
    for activity, policy in book.activities.items():
        lines = [
            f"{each.agent}, {name(each.accountable)} answers for it, "
            + (
                f"approved by {name(each.approved_by)} on {each.approved_on}"
                if each.approved_by
                else "not approved yet"
            )
            for each in book.delegations
            if each.activity == activity
        ]
        layout.add(table, activity, policy.about, _may(policy), name(policy.oversight), "\n".join(lines))
    return table


def _may(policy: Activity) -> str:
    said = str(policy.ai).replace("_", " ")
    only = "; a person completes it" if policy.human_required else ""
    return said + only + ("; only by approved delegation" if policy.recurring else "")
