"""Approvals and what is asked for before it is done, in words; decisions that came early, signals that were refused."""

from collections.abc import Callable
from typing import Any

from escalation.model import events as e
from starter.line import Line, Weight, name, names, written
from starter.when import show


def _held(event: e.HeldReleased) -> Line:
    return Line(f"kept {event.command} {'refused' if event.refused else 'applied'}", event.refused)


APPROVALS: dict[type, Callable[[Any], Line]] = {
    e.GateOpened: lambda v: Line(
        f"approval {v.gate} asked of {names(v.targets)} (round {v.round}); decide until {show(v.due)}", v.because
    ),
    e.GateDecided: lambda v: Line(
        f"{v.gate}: {v.decision.replace('_', ' ')}"
        + (f" as {v.choice}" if v.choice else "")
        + (" alone in an emergency" if v.emergency else ""),
        v.because,
    ),
    e.SeatDelegated: lambda v: Line(f"approval {v.gate}: the decision is passed on to {name(v.to)}", v.because),
    e.SeatGivenBack: lambda v: Line(
        f"approval {v.gate}: {name(v.owner)} decides again, {name(v.was)} is not known", v.because, Weight.TURN
    ),
    e.ApprovalToReview: lambda v: Line(f"approval {v.gate} is to be looked at afterwards", v.because),
    e.ActionAsked: lambda v: Line(
        f"{v.approval}: asks to do {v.action}"
        + (f" ({', '.join(f'{key}={written(value)}' for key, value in v.arguments.items())})" if v.arguments else "")
        + (f"; needs {', '.join(v.gates)}" if v.gates else ""),
        v.because,
    ),
    e.ActionSettled: lambda v: Line(
        f"{v.approval} {v.state}"
        + (f", {v.choice}" if v.choice else "")
        + (f"; to be used until {show(v.valid_until)}" if v.valid_until else ""),
        v.because,
        Weight.TURN,
    ),
    e.ActionUsed: lambda v: Line(f"{v.approval} used: it is done now", "", Weight.TURN),
    e.GateClosed: lambda v: Line(f"approval {v.gate} {v.state} (round {v.round})", v.because, Weight.TURN),
    e.GateExpired: lambda v: Line(f"approval {v.gate} late: {v.behaviour.replace('_', ' ')}", v.because),
    e.CommandHeld: lambda v: Line(f"{v.command} came early and is kept"),
    e.HeldReleased: _held,
    e.CommandRefused: lambda v: Line(f"signal {v.command} refused", v.because),
}
