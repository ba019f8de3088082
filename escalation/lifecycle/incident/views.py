"""The incident and its action plan as people read them."""

from pydantic import AwareDatetime

from escalation.lifecycle.incident import baseline, plan_checkpoints
from escalation.lifecycle.incident.mode import commander, stand_down_gate
from escalation.model.incident import Incident, PlanLine, Section
from escalation.model.state import Escalation
from escalation.values import Actor, Holder, Record


class BaselineView(Record):
    """The update that everybody relies on now."""

    number: int
    at: AwareDatetime
    by: Actor
    what_happened: str
    who_is_affected: str
    why_urgent: str
    recording: str = ""


class PeriodView(Record):
    """An operational period."""

    number: int
    began_at: AwareDatetime
    until: AwareDatetime
    led_by: str
    state: str
    """``running``, ``handing over`` or ``over``."""
    accepted_by: Actor | None = None
    done: tuple[str, ...] = ()
    remains: tuple[str, ...] = ()


class StandingDownView(Record):
    """Somebody asked to stand it down, and that is not decided yet."""

    by: Actor
    at: AwareDatetime
    because: str
    gate: str
    """The approval that decides it."""
    people: tuple[Actor, ...] = ()
    """Who may decide; empty while they are looked up."""
    until: AwareDatetime | None = None


class IncidentView(Record):
    """Where an incident stands: what whoever responds has to know."""

    number: int
    state: str
    """``declared``, ``critical`` (declared, and a critical incident), ``standing down`` or ``stood down``."""
    active: bool
    """It is declared and no update is overdue: a silent one does not count as active."""
    quiet_since: AwareDatetime | None = None
    """Of one that is not active while it is declared: when it was last heard how it stands."""
    declared_at: AwareDatetime
    declared_by: Actor
    because: str
    commander: str
    first_update_due: AwareDatetime | None = None
    """When the first update is asked for, or asked for again; None: it is there, or none is demanded."""
    first_update_limit: AwareDatetime | None = None
    """Until when it was demanded at first."""
    first_update_chased: int = 0
    first_update_of: tuple[str, ...] = ()
    """Of whom it is demanded; once it is late, of whom it is asked next."""
    baseline: BaselineView | None = None
    priorities: tuple[str, ...] = ()
    priorities_by: Actor | None = None
    period: PeriodView | None = None
    periods: tuple[PeriodView, ...] = ()
    """The latest ones that are over."""
    plan_version: int = 0
    standing_down: StandingDownView | None = None
    stood_down: str = ""
    """Why; empty: it is not."""
    stood_down_at: AwareDatetime | None = None
    stood_down_by: Actor | None = None
    """Who asked for that."""


class StepView(Record):
    """A step of the execution plan."""

    id: str
    text: str
    item: str
    owner: Holder
    due: AwareDatetime
    state: str
    """``open``, ``done``, or why it is blocked."""


class CheckpointView(Record):
    """An approval that stands in the way of steps."""

    id: str
    text: str
    gate: str
    state: str


class NoteView(Record):
    """A line of the situation summary."""

    id: str
    text: str
    by: Actor
    at: AwareDatetime


class ActionPlan(Record):
    """The action plan of an incident: one document, three sections that are never mixed."""

    id: str
    incident: int
    version: int
    situation_summary: tuple[NoteView, ...]
    execution_plan: tuple[StepView, ...]
    approval_checkpoints: tuple[CheckpointView, ...]


def incident_view(state: Escalation) -> IncidentView | None:
    """Return where the latest incident stands; None where there was none."""
    incident = state.incident
    if incident is None:
        return None
    active = incident.declared and not state.ended and not _silent(state, incident)
    known, first = incident.baseline, incident.priorities
    return IncidentView(
        number=incident.number,
        state=_state(state, incident),
        active=active,
        quiet_since=_heard_at(state, incident) if incident.declared and not active else None,
        declared_at=incident.declared_at,
        declared_by=incident.declared_by,
        because=incident.because,
        commander=commander(state) or state.accountable,
        first_update_due=incident.first_update_due,
        first_update_limit=incident.first_update_limit or incident.first_update_due,
        first_update_chased=incident.chased,
        first_update_of=baseline.asked(state, incident.chased + 1) if incident.first_update_due is not None else (),
        baseline=BaselineView.model_validate(known.model_dump()) if known is not None else None,
        priorities=first.items if first is not None else (),
        priorities_by=first.by if first is not None else None,
        period=_period(state, incident),
        periods=tuple(
            PeriodView(
                number=each.number,
                began_at=each.began_at,
                until=each.ended_at,
                led_by=each.led_by,
                state="over",
                accepted_by=each.accepted_by,
                done=each.done,
                remains=each.remains,
            )
            for each in incident.periods
        ),
        plan_version=incident.plan_version,
        standing_down=_standing_down(state, incident),
        stood_down=incident.stood_down_because,
        stood_down_at=incident.stood_down_at,
        stood_down_by=incident.stood_down_by,
    )


def _standing_down(state: Escalation, incident: Incident) -> StandingDownView | None:
    asked, gate = incident.standing_down, stand_down_gate(state)
    if asked is None:
        return None
    return StandingDownView(
        by=asked.by,
        at=asked.at,
        because=asked.because,
        gate=gate.id if gate is not None else "",
        people=gate.people if gate is not None else (),
        until=gate.due if gate is not None else None,
    )


def _state(state: Escalation, incident: Incident) -> str:
    if not incident.declared:
        return "stood down"
    if incident.standing_down is not None:
        return "standing down"
    return "critical" if state.critical is not None else "declared"


def _silent(state: Escalation, incident: Incident) -> bool:
    """Tell whether it was asked in vain how it stands."""
    talk = state.communication
    return incident.chased > 0 or (talk is not None and talk.chased > 0)


def _heard_at(state: Escalation, incident: Incident) -> AwareDatetime:
    updates = state.communication.updates.values() if state.communication is not None else ()
    return max((incident.heard_at, *(update.at for update in updates if update.at > incident.declared_at)))


def _period(state: Escalation, incident: Incident) -> PeriodView | None:
    period = incident.period
    if period is None:
        return None
    done = [item.id for item in state.items.values() if item.done_at is not None and item.done_at >= period.began_at]
    return PeriodView(
        number=period.number,
        began_at=period.began_at,
        until=period.ends_at,
        led_by=state.accountable,
        state="handing over" if period.handing_over else "running",
        done=tuple(done),
        remains=tuple(item.id for item in state.open_items),
    )


# --- the action plan --------------------------------------------------------------------------------------------------


def action_plan(state: Escalation) -> ActionPlan:
    """Return the action plan of the latest incident; an empty one where there was none."""
    incident = state.incident
    lines = incident.plan if incident is not None else ()
    return ActionPlan(
        id=state.id,
        incident=incident.number if incident is not None else 0,
        version=incident.plan_version if incident is not None else 0,
        situation_summary=tuple(
            NoteView(id=line.id, text=line.text, by=line.by, at=line.at) for line in _of(lines, "situation_summary")
        ),
        execution_plan=tuple(_step(state, line) for line in _of(lines, "execution_plan")),
        approval_checkpoints=tuple(
            CheckpointView(id=line.id, text=line.text, gate=line.gate, state=_gate_state(state, line))
            for line in _of(lines, "approval_checkpoints")
        ),
    )


def _of(lines: tuple[PlanLine, ...], section: Section) -> tuple[PlanLine, ...]:
    return tuple(line for line in lines if line.section == section)


def _step(state: Escalation, line: PlanLine) -> StepView:
    item = state.items[line.item]
    checkpoint = plan_checkpoints.behind(state, item.id)
    blocked = plan_checkpoints.held_by(state, checkpoint) if checkpoint is not None else ""
    says = "done" if item.done_at is not None else f"blocked: {blocked}" if blocked else "open"
    return StepView(id=line.id, text=line.text, item=item.id, owner=item.owner, due=item.due, state=says)


def _gate_state(state: Escalation, line: PlanLine) -> str:
    if line.settled:
        return line.settled
    gate = state.gates.get(line.gate)
    return gate.state if gate is not None else "not asked yet"


def plan_markdown(plan: ActionPlan) -> str:
    """Write the action plan as Markdown: each section under its own heading, also an empty one."""
    parts = [f"# Action plan of {plan.id}", "", f"Incident {plan.incident}, version {plan.version}", ""]
    parts += _section("Situation summary", [f"**{n.id}** {_flat(n.text)} ({n.by})" for n in plan.situation_summary])
    parts += _section(
        "Execution plan",
        [
            f"**{s.id}** {_flat(s.text)} ({s.item}, {s.owner}, due {s.due:%Y-%m-%d %H:%M %Z}): {s.state}"
            for s in plan.execution_plan
        ],
    )
    parts += _section(
        "Approval checkpoints", [f"**{p.id}** {_flat(p.text)} ({p.gate}): {p.state}" for p in plan.approval_checkpoints]
    )
    return "\n".join(parts).rstrip()


def _section(title: str, rows: list[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {row}" for row in rows or ["nothing yet"]), ""]


def _flat(text: str) -> str:
    return " ".join(text.split())
