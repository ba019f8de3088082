"""Moving an open escalation to another version of its playbook; without that, it keeps the one that it was opened with.

The owner asks, the shell loads the playbook as it is now, and the answer is decided here: what stands in the way is
named, or the other version is pinned. From then on it counts in everything: clocks are set anew from when they began,
approvals whose policy has changed are void and asked anew, its triggers and severity rules speak. Pages that are under
way go on.
"""

from datetime import datetime

from escalation.errors import AlreadyDone, DomainError, NotAllowed, Unknown
from escalation.lifecycle import approval, migration_plan, permissions, triggers
from escalation.lifecycle.approvals import actions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import reads
from escalation.lifecycle.hindsight import lessons
from escalation.lifecycle.migration_plan import Plan
from escalation.lifecycle.timing import clocks
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.differences import differences
from escalation.playbook.schema import LoadedPlaybook
from escalation.values import ENGINE, Record

PURPOSE = "migration"
"""Kind of the purpose under which a playbook is loaded."""

MOST = 100
"""How many differences are recorded; the two digests say the rest."""


def ask(draft: Draft, command: c.Migrate) -> None:
    """Ask for another version; whether it can be done is decided when it is loaded."""
    permissions.require_person(command.by, "migrate")
    state = draft.state
    permissions.refuse_concerned(state, command.by)
    accountable = (state.owner.actor,) if state.owner is not None else (state.raci.accountable, *state.people)
    if command.by not in accountable:
        raise NotAllowed(
            f"{command.by} is not accountable for {state.id}; by which version it goes on is decided by "
            + (state.accountable if state.owner is not None else f"{state.accountable}, or whoever works on it")
        )
    if command.to == state.playbook_digest:
        raise AlreadyDone(f"{state.id} is pinned to {command.to} already")
    if state.migration is not None:
        asked = state.migration
        raise AlreadyDone(f"{asked.by} asked at {asked.at:%H:%M:%S %Z} for {asked.to}; it is being loaded")
    _require_held(state, command)
    draft.record(
        e.MigrationAsked,
        to=command.to,
        because=command.because,
        levels=command.levels,
        paths=command.paths,
        drop=command.drop,
    )


def _require_held(state: Escalation, command: c.Migrate) -> None:
    """Refuse a mapping of what the escalation and its playbook do not have."""
    mine = f"v{state.playbook.version} of {state.playbook.playbook}"
    plan = state.incident.plan if state.incident is not None else ()
    checkpoints = (line.gate for line in plan if line.gate)
    held = tuple(dict.fromkeys((*state.gates, *checkpoints, *state.clocks, *state.facts)))
    for what, names, known, whose in (
        ("levels", command.levels, tuple(level.id for level in state.playbook.levels), mine),
        ("paths", command.paths, tuple(path.id for path in state.playbook.paths), mine),
        ("drop", command.drop, held, f"{state.id} (approvals, clocks, facts)"),
    ):
        unknown = next((name for name in names if name not in known), None)
        if unknown is not None:
            raise Unknown(f"{what} names {unknown[:64]}, and {whose} has {', '.join(known) or 'none'}")


def loaded(draft: Draft, command: c.PlaybookLoaded) -> None:
    """A playbook was loaded, for a migration or to see whether a change is live."""
    kind, _, reference = command.purpose.partition(":")
    if kind == lessons.PURPOSE:
        lessons.looked_up(draft, reference, command.loaded, command.error)
        return
    asked = draft.state.migration
    if asked is None or asked.id != reference:
        return
    found = command.loaded
    obstacles = [command.error]
    if found is not None:
        plan = migration_plan.plan(draft.state, found, asked)
        obstacles = list(plan.obstacles)
        if not obstacles:
            _move(draft, found, plan)
            return
    draft.record(
        e.MigrationRefused, by=ENGINE, to=asked.to, asked_by=asked.by, because="; ".join(obstacles) or "it is not there"
    )


def _move(draft: Draft, found: LoadedPlaybook, plan: Plan) -> None:
    before = draft.state
    asked = before.migration
    if asked is None:
        return
    told = differences(before.playbook, found.playbook)
    more = (f"and {len(told) - MOST} more",) if len(told) > MOST else ()
    actions.void_changed(draft, found.playbook)  # while their approvals are there, whose people hear of it
    draft.record(
        e.Migrated,
        by=asked.by,
        because=asked.because,
        digest=before.playbook_digest,
        to_digest=found.digest,
        version=before.playbook.version,
        to_version=found.playbook.version,
        differences=(*told[:MOST], *more),
        effects=plan.effects,
        playbook=found.playbook,
        level=plan.level,
        path=plan.path,
        dwell_due=plan.dwell_due,
        review_due=plan.review_due,
        levels=asked.levels,
        drop=asked.drop,
        unchecked=plan.unchecked,
    )
    approval.void_changed(draft, before.playbook)
    clocks.migrated(draft, before.playbook)
    triggers.settle(draft, reads(draft.state.playbook))


class Preview(Record):
    """What a migration would do."""

    version: int
    digest: str
    to_version: int
    to_digest: str
    differences: tuple[str, ...]
    obstacles: tuple[str, ...]
    """Why it cannot be done, each with what to do; empty: it can."""
    effects: tuple[str, ...] = ()
    """What it would change of how the escalation stands."""
    events: tuple[e.Event, ...] = ()
    """What would happen at once."""
    after: Escalation | None = None
    """How it would stand then: what a forecast starts from; None where it cannot be done."""


def preview(state: Escalation, found: LoadedPlaybook, command: c.Migrate, now: datetime) -> Preview:
    """Say what a migration would do, by the very rules that do it, without doing it. Pure."""
    draft = Draft(state, command.by, now)
    changed = differences(state.playbook, found.playbook)
    obstacles: tuple[str, ...]
    effects: tuple[str, ...] = ()
    moved = False
    try:
        permissions.require_open(state)
        ask(draft, command)
        asked = draft.state.migration
        plan = migration_plan.plan(draft.state, found, asked) if asked is not None else None
        obstacles = plan.obstacles if plan is not None else ()
        if plan is not None and not obstacles:
            effects, moved = plan.effects, True
            loaded(draft, c.PlaybookLoaded(purpose=f"{PURPOSE}:{asked.id if asked else ''}", loaded=found))
    except DomainError as error:
        obstacles = (str(error),)
    return Preview(
        version=state.playbook.version,
        digest=state.playbook_digest,
        to_version=found.playbook.version,
        to_digest=found.digest,
        differences=changed,
        obstacles=obstacles,
        effects=effects,
        events=tuple(draft.events) if moved else (),
        after=draft.state if moved else None,
    )
