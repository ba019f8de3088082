"""What stands in the way of another version of a playbook, and where an open escalation would stand under it."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from escalation.errors import ConditionError
from escalation.lifecycle.facts import basis_of, condition, derive, problems
from escalation.lifecycle.hindsight import lessons
from escalation.lifecycle.incident import plan_checkpoints
from escalation.lifecycle.ladder import paths
from escalation.model.migration import MigrationAsk
from escalation.model.state import Escalation
from escalation.playbook.schema import LoadedPlaybook, Playbook


class Plan(NamedTuple):
    """Where it would stand, or why it cannot."""

    obstacles: tuple[str, ...]
    effects: tuple[str, ...] = ()
    level: str = ""
    path: str = ""
    dwell_due: datetime | None = None
    review_due: datetime | None = None
    unchecked: tuple[str, ...] = ()


def plan(state: Escalation, found: LoadedPlaybook, asked: MigrationAsk) -> Plan:
    """Look at everything that the escalation holds of its playbook, and at what the other version says of it."""
    refused = list(_not_this_one(state, found, asked.to))
    if refused:
        return Plan(tuple(refused))
    new = found.playbook
    obstacles = [*_named_wrongly(new, asked), *_gone(state, new, asked), *_severity(state, new)]
    level = _level(state, new, asked)
    if state.level is not None and level is None:
        obstacles.append(
            f"level {state.level.id}, where it is, is not in v{new.version}, which has "
            f"{', '.join(each.id for each in new.levels)}: say which stands for it (levels, {state.level.id}=...)"
        )
    path = "" if obstacles else _path(state, new, asked, level)
    if path is None:
        known = ", ".join(each.id for each in new.paths)
        obstacles.append(
            f"path {state.path or 'of all levels'}, which it climbs, is not in v{new.version}, or none of its paths "
            f"({known}) is for this case at level {level}: say which stands for it (paths, {state.path or 'NAME'}=...)"
        )
    if obstacles:
        return Plan(tuple(obstacles))
    name, way = level or "", path or ""
    dwell_due, review_due = _dwell_due(state, found, name), _review_due(state, new)
    effects = list(_effects(state, new, asked, name, way))
    if dwell_due is not None and state.level is not None and dwell_due != state.level.dwell_due:
        effects.append(f"it may stay at {name} until {dwell_due:%Y-%m-%d %H:%M %Z}")
    unchecked = tuple(_unchecked(state, new))
    effects += [f"work item {item} is checked by people from now on (report_check)" for item in unchecked]
    return Plan((), tuple(effects), name, way, dwell_due, review_due, unchecked)


def _not_this_one(state: Escalation, found: LoadedPlaybook, to: str) -> Iterator[str]:
    new, has = found.playbook, f"what is in use is v{found.playbook.version} ({found.digest})"
    if new.playbook != state.playbook.playbook:
        yield f"{new.playbook} is another playbook; {state.id} only goes on by versions of {state.playbook.playbook}"
    elif to != "latest" and not lessons.is_named(found, to):
        yield f"there is no {to} of playbook {new.playbook}; {has}"
    elif found.digest == state.playbook_digest:
        yield f"{has}, the very one that is pinned already"
    elif new.status != "active":
        yield f"v{new.version} of {new.playbook} is a {new.status}: only an active one can be followed"


def _named_wrongly(new: Playbook, asked: MigrationAsk) -> Iterator[str]:
    """Yield what a mapping leads to that is not there; what it begins with was looked at when it was asked for."""
    for what, mapping, wanted in (("level", asked.levels, new.levels), ("path", asked.paths, new.paths)):
        known = [each.id for each in wanted]
        for old, fresh in mapping.items():
            if fresh not in known:
                yield f"{what} {old} is to be {fresh}, and v{new.version} has {', '.join(known) or 'none'}"


def _gone(state: Escalation, new: Playbook, asked: MigrationAsk) -> Iterator[str]:
    """Yield what is under way and would fall away, unless that was said to be meant."""
    hint = "let it fall away (drop)"
    for gate in state.pending_gates:
        if new.gate(gate.id) is not None:
            continue
        if state.lowering is not None and gate not in state.blocking_gates:
            yield f"a milder severity waits for approval {gate.id}, which v{new.version} does not have: decide it first"
        elif gate.id not in asked.drop:
            yield f"approval {gate.id} is waited for and is not in v{new.version}: decide it first, or {hint}"
    if state.lowering is not None and new.severity.lowering is None:
        yield f"a milder severity waits for its approval, and v{new.version} asks none: decide it first"
    for name, clock in state.clocks.items():
        if clock.stopped_at is None and name not in new.clocks and name not in asked.drop:
            yield f"clock {name} runs and is not in v{new.version}: {hint}"
    recovery = state.recovery
    if recovery is not None and recovery.state == "waiting" and new.recovery(recovery.id) is None:
        yield f"recovery script {recovery.id} waits for its approval and is not in v{new.version}: decide that first"
    yield from _of_the_incident(state, new)
    # Recorded escalations were moved over it, and have to replay so.
    for each in plan_checkpoints.gone(state, new) if state.rules >= 2 else ():
        asks = state.gates.get(each.line.gate)
        pending = asks is not None and asks.state == "pending"  # named above
        if each.steps and not each.passed and not pending and each.line.gate not in asked.drop:
            yield (
                f"checkpoint {each.line.id} of the action plan stands for approval {each.line.gate}, which is not in "
                f"v{new.version}, and action items {', '.join(each.steps)} wait behind it: decide it first, or {hint}"
            )
    facts = {name: value for name, value in state.facts.items() if name not in asked.drop}
    for place, problem in problems(new, facts):
        yield f"{place} does not fit v{new.version}: {problem}; change it first, or {hint}"


def _of_the_incident(state: Escalation, new: Playbook) -> Iterator[str]:
    """Yield what keeps an incident from being stood down under the new version, and with that from ever ending."""
    incident, old = state.incident, state.playbook.incident
    if incident is None or not incident.declared or old is None:
        return
    if new.incident is None:
        yield f"it is run as an incident, and v{new.version} has no incident mode: stand it down first"
        return
    gate = old.stand_down.gate
    if incident.standing_down is not None and (new.incident.stand_down.gate != gate or new.gate(gate or "") is None):
        yield f"standing down waits for approval {gate}, and v{new.version} asks another or none: decide it first"


def _unchecked(state: Escalation, new: Playbook) -> Iterator[str]:
    """Yield the work items that the engine checks by a condition, and under the new version cannot."""
    for item in state.items.values():
        if not item.check or item.dropped:
            continue
        try:
            condition(new, item.check)
        except ConditionError:
            yield item.id
        else:
            if not new.work:
                yield item.id


def _severity(state: Escalation, new: Playbook) -> Iterator[str]:
    wanted = (state.severity, *((state.lowering.severity,) if state.lowering is not None else ()))
    for severity in wanted:
        if new.severity.find(severity) is None:
            names = ", ".join(level.name for level in new.severity.scale)
            yield f"severity {severity} is not on the scale of v{new.version} ({names}): change the severity first"


def _level(state: Escalation, new: Playbook, asked: MigrationAsk) -> str | None:
    if state.level is None:
        return None
    name = asked.levels.get(state.level.id, state.level.id)
    return name if new.level_index(name) is not None else None


def _path(state: Escalation, new: Playbook, asked: MigrationAsk, level: str | None) -> str | None:
    """Return the path that it goes on along; None: there is none for where it is."""
    if not new.paths:
        return ""
    wanted = asked.paths.get(state.path, state.path)
    if not wanted:
        if level is None:
            return ""  # it is chosen before anybody is told
        facts = derive(basis_of(state)._replace(playbook=new, severity="", level=level))
        chosen = paths.choose(new, facts)
        wanted = chosen.id if chosen is not None else ""
    path = new.path(wanted)
    if path is None or (level is not None and level not in path.levels):
        return None
    return path.id


def _dwell_due(state: Escalation, found: LoadedPlaybook, level: str) -> datetime | None:
    """Return until when it may stay at its level, by the new time from when it came; what it waited is not counted."""
    known, policy, index = state.level, state.level_policy, found.playbook.level_index(level)
    if known is None or policy is None or index is None:
        return None
    moved = _under(state, found, level)
    waited = known.dwell_due - paths.step(state, policy, known.entered_at).dwell_due(known.entered_at)
    step = paths.step(moved, found.playbook.levels[index], known.entered_at)
    return step.dwell_due(known.entered_at) + waited


def _under(state: Escalation, found: LoadedPlaybook, level: str) -> Escalation:
    new = found.playbook
    severity = new.severity.find(state.severity)
    index = new.level_index(level) or 0
    here = state.level.changed({"id": level, "index": index}) if state.level is not None else None
    return state.changed(
        {"playbook": new, "level": here, "severity": severity.name if severity is not None else state.severity}
    )


def _review_due(state: Escalation, new: Playbook) -> datetime | None:
    review, same = state.review, new.review.due == state.playbook.review.due
    if same or review is None or review.submitted_at is not None or review.chased:
        return None
    return review.started_at + new.review.due


def _effects(state: Escalation, new: Playbook, asked: MigrationAsk, level: str, path: str) -> Iterator[str]:
    if state.level is not None and level != state.level.id:
        yield f"level {state.level.id} is {level} from now on"
    if path != state.path:
        yield f"it climbs path {path}" if path else "it climbs every level"
    for name in asked.drop:
        yield f"{name} falls away"
    for gate in state.gates.values():
        policy = new.gate(gate.id)
        if policy is not None and gate.state in ("pending", "passed") and policy != state.playbook.gate(gate.id):
            yield f"what was decided on approval {gate.id} is void where it is still needed: its policy has changed"
    for name, clock in state.clocks.items():
        if clock.stopped_at is None and name in new.clocks and new.clocks[name] != state.playbook.clocks[name]:
            yield f"clock {name} is set anew, from when it began"
    for each in plan_checkpoints.gone(state, new):
        how = "counts as passed" if each.passed else "falls away"
        free = f": action items {', '.join(each.steps)} do not wait for it" if each.steps else ""
        yield f"checkpoint {each.line.id} of the action plan {how}, since approval {each.line.gate} is gone{free}"
    if state.ownership.shift is not None and new.shift_handover is None:
        yield "the end of the owner's shift is not waited for any longer"
    yield from _effects_on_statements(state, new)


def _effects_on_statements(state: Escalation, new: Playbook) -> Iterator[str]:
    talk, said = state.communication, new.communication
    if talk is not None and said is not None:
        for reached in talk.milestones.values():
            if reached.next_due is not None and said.milestone(reached.id) is None:
                yield f"the update of milestone {reached.id} is not waited for any longer"
        for each in talk.follow_ups.values():
            if each.next_due is not None and said.step(each.id) is None:
                yield f"the customer is not sent follow-up {each.id}"
    if talk is not None and said is None:
        yield "stakeholders are not told any more: the new version names none"
