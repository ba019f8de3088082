"""What changes with another version of the playbook: what names something of it is carried over to the new one."""

from datetime import datetime

from escalation.lifecycle.changes.common import Change, Changes, with_
from escalation.lifecycle.incident import plan_checkpoints
from escalation.model import events as e
from escalation.model.migration import MOST_MIGRATIONS, Migration, MigrationAsk
from escalation.model.state import Escalation
from escalation.model.timing import StatusStay
from escalation.playbook.schema import Playbook


def _asked(state: Escalation, event: e.MigrationAsked) -> Changes:
    asked = MigrationAsk(
        id=str(event.seq),
        by=event.by,
        at=event.at,
        to=event.to,
        because=event.because,
        levels=event.levels,
        paths=event.paths,
        drop=event.drop,
    )
    return {"migration": asked}


def _refused(state: Escalation, event: e.MigrationRefused) -> Changes:
    return {"migration": None}


def _migrated(state: Escalation, event: e.Migrated) -> Changes:
    new = event.playbook
    done = Migration(
        at=event.at,
        by=event.by,
        because=event.because,
        version=event.version,
        digest=event.digest,
        to_version=event.to_version,
        to_digest=event.to_digest,
    )
    severity = new.severity.find(state.severity)
    changes: Changes = {
        "playbook": new,
        "playbook_digest": event.to_digest,
        "migration": None,
        "migrations": (*state.migrations, done)[-MOST_MIGRATIONS:],
        "severity": severity.name if severity is not None else state.severity,
        "path": event.path,
        "first_level": event.levels.get(state.first_level, state.first_level),
        "facts": {name: value for name, value in state.facts.items() if name not in event.drop},
        "gates": {name: gate for name, gate in state.gates.items() if new.gate(name) is not None},
        "clocks": {name: clock for name, clock in state.clocks.items() if name in new.clocks},
        "stay": _stay(state.stay, new),
        "communication": _communication(state, new),
        "items": {
            name: with_(item, check="") if name in event.unchecked else item for name, item in state.items.items()
        },
    }
    if state.incident is not None:
        changes["incident"] = with_(state.incident, plan=plan_checkpoints.settled(state, new))
    if new.shift_handover is None and state.ownership.shift is not None:
        changes["ownership"] = with_(state.ownership, shift=None)
    return {**changes, **_on_the_ladder(state, event), **_review(state, event.review_due)}


def _on_the_ladder(state: Escalation, event: e.Migrated) -> Changes:
    new, level = event.playbook, state.level
    index = new.level_index(event.level)
    if level is None or index is None:
        return {}
    here = with_(level, id=event.level, index=index, dwell_due=event.dwell_due or level.dwell_due)
    changes: Changes = {"level": here}
    if state.rung is not None:
        changes["rung"] = with_(state.rung, level=event.level)
    lasts = new.levels[index].ack_lasts
    if state.silent_due is not None or (lasts is not None and state.level_policy and not state.level_policy.ack_lasts):
        heard = state.owner is not None and not state.owner.lapsed
        changes["silent_due"] = event.at + lasts if lasts is not None and heard else None
    return changes


def _stay(stay: StatusStay | None, new: Playbook) -> StatusStay | None:
    """Return how long a status may last from now on; None where the new version sets no limit."""
    policy = new.timed_statuses.get(stay.status) if stay is not None else None
    if stay is None or policy is None or policy.within is None:
        return None
    return stay if stay.times else with_(stay, due=stay.since + policy.within)


def _communication(state: Escalation, new: Playbook) -> object:
    talk, policy = state.communication, new.communication
    if talk is None or policy is None:
        return None
    if policy.summaries is None:  # nobody is reminded of what is not required any more
        talk = with_(talk, summaries={name: each for name, each in talk.summaries.items() if each.filed_at is not None})
    return with_(
        talk,
        milestones={
            name: each if policy.milestone(name) is not None else with_(each, next_due=None)
            for name, each in talk.milestones.items()
        },
        follow_ups={
            name: each if policy.step(name) is not None else with_(each, next_due=None)
            for name, each in talk.follow_ups.items()
        },
    )


def _review(state: Escalation, due: datetime | None) -> Changes:
    return {"review": with_(state.review, next_due=due)} if state.review is not None and due is not None else {}


CHANGES: dict[type[e.EventBase], Change] = {
    e.MigrationAsked: _asked,
    e.MigrationRefused: _refused,
    e.Migrated: _migrated,
}
