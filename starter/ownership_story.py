"""Who has it and which part in it, in words: owner, hand-offs, roles, shifts, work that is documented."""

from collections.abc import Callable
from typing import Any

from escalation.model import events as e
from starter.line import Line, Weight, joined, name, names
from starter.when import show

OWNERSHIP: dict[type, Callable[[Any], Line]] = {
    e.StageTold: lambda v: Line(
        f"stage {v.stage}: "
        + "; ".join(f"{part} {names(who)}" for part, who in (("consult", v.consulted), ("inform", v.informed)) if who),
    ),
    e.ConsultedAnswered: lambda v: Line(f"advice: {v.text}"),
    e.CommunicatorNamed: lambda v: Line(f"communicator: {name(v.who)}", v.because, Weight.TURN),
    e.CommanderNamed: lambda v: Line(f"commander: {name(v.who)}", v.because, Weight.TURN),
    e.ResponsibilityAssigned: lambda v: Line(f"{name(v.who)} looks after: {v.what}"),
    e.GroupJoined: lambda v: Line(f"{name(v.who)} is in the working group", v.because),
    e.GroupLeft: lambda v: Line(f"{name(v.who)} left the working group", v.because),
    e.WorkDrafted: lambda v: Line(
        f"draft {v.draft} of {v.activity}{' by an AI' if v.by.startswith(('agent:', 'service:')) else ''}: {v.text}",
        f"{name(v.oversight)} looks at it",
    ),
    e.ActivityDone: lambda v: Line(
        f"{v.activity} done{f': {v.result}' if v.result else ''}",
        joined(f"takes over draft {v.draft} of {name(v.drafted_by)}" if v.draft else "", v.delegated),
    ),
    e.WorkDocumented: lambda v: Line(
        f"documented: {name(v.executes) or 'nobody yet'} executes, {name(v.approves) or 'nobody yet'} approves",
        v.because,
    ),
    e.TeamAccepted: lambda v: Line(f"accepted for {name(v.team)}; to be claimed until {show(v.due)}"),
    e.ShiftKnown: lambda v: Line(f"the owner's shift ends {show(v.ends)}; handed over from {show(v.offer_due)} on"),
    e.HandoverEdited: lambda v: Line(f"hand-over written anew: {v.text}"),
    e.ShiftHandedOver: lambda v: Line(
        f"shift handed over from {name(v.giver)} to {name(v.receiver)}", f"{v.done} / remains: {v.remains}", Weight.TURN
    ),
    e.CallTransferred: lambda v: Line(
        f"call {v.call} transferred ({v.transfer}) from {v.giver} to {v.receiver} at {show(v.transferred_at)}",
        v.recording,
    ),
    e.OwnerChanged: lambda v: Line(
        f"owner: {name(v.owner)} (before: {name(v.previous)})",
        joined(
            f"{v.because}, {v.although}" if v.although else v.because,
            f"expected: {v.expectation}" if v.expectation else "",
        ),
        Weight.TURN,
    ),
    e.HandoffOffered: lambda v: Line(
        f"{'shift' if v.shift else 'hand-off'} offered to {name(v.to)}; answer until {show(v.due)}",
        f"{v.because}; expected: {v.expectation}" + (f"; task: {v.task}" if v.task else ""),
    ),
    e.HandoffDeclined: lambda v: Line(
        f"hand-off to {name(v.to)} declined; {f'still asked: {names(v.left)}' if v.left else 'nobody is left'}",
        v.because,
    ),
    e.HandoffEnded: lambda v: Line(f"hand-off {v.how.replace('_', ' ')}", v.because),
}
