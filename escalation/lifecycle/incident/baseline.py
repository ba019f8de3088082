"""The baseline: the first update within its time, short and in three answers, and those that take its place.

While the first is missing it is asked for again, each time of somebody higher, as an update to stakeholders is.
"""

from escalation.errors import Incomplete, NotAllowed
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.incident.mode import commander, policy_of, running
from escalation.lifecycle.statements import updates
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.incident import FirstUpdatePolicy
from escalation.values import ENGINE, Actor, format_duration

_USUAL = FirstUpdatePolicy.model_validate({"within": "1h", "chase": "1h"})
"""Bounds where the playbook demands no first update."""


def report(draft: Draft, command: c.ReportBaseline) -> None:
    """Make it what everybody relies on."""
    state, incident = draft.state, running(draft.state)
    _require_speaker(state, command.by)
    policy = policy_of(state).first_update or _USUAL
    written = len(command.what_happened) + len(command.who_is_affected) + len(command.why_urgent)
    if written > policy.most_characters:
        raise NotAllowed(
            f"the three answers have {written:,} characters together and may have {policy.most_characters:,}: say it "
            "in brief, and attach the rest"
        )
    if (command.recording is None) != (command.length is None):
        lacks = "length, how long it is" if command.length is None else "recording, where it is"
        raise Incomplete(f"a recording is named with its address and its length; it lacks {lacks}")
    if command.length is not None and command.length > policy.longest_recording:
        raise NotAllowed(
            f"the recording takes {format_duration(command.length)} and may take "
            f"{format_duration(policy.longest_recording)}: record a shorter one"
        )
    draft.record(
        e.BaselineReported,
        number=incident.baseline.number + 1 if incident.baseline is not None else 1,
        what_happened=command.what_happened,
        who_is_affected=command.who_is_affected,
        why_urgent=command.why_urgent,
        recording=command.recording or "",
        seconds=command.length.total_seconds() if command.length is not None else None,
        period=incident.period.number if incident.period is not None else 0,
    )


def _require_speaker(state: Escalation, actor: Actor) -> None:
    """Refuse whoever does not speak for the incident: commander, owner, communicator, and whoever was asked for it."""
    permissions.require_person(actor, "report_baseline")
    permissions.require_member(state, actor)
    may = speakers(state)
    if may and actor not in may:
        raise NotAllowed(f"{actor} does not speak for the incident of {state.id}; these do: {', '.join(may)}")


def speakers(state: Escalation) -> tuple[Actor, ...]:
    """Return who may say how it stands; empty while nobody is known who does."""
    incident, talk = state.incident, state.communication
    owner = state.owner.actor if state.owner is not None else None
    told = incident.asked if incident is not None else ()
    known = (commander(state), owner, *(talk.communicators if talk is not None else ()), *told)
    return tuple(dict.fromkeys(each for each in known if each is not None))


def asked(state: Escalation, times: int) -> tuple[str, ...]:
    """Return who is asked for it, the more often the higher: communicator, commander, who is accountable, levels."""
    whom = updates.asked(state, max(times, 1))
    commands = commander(state)
    return tuple(dict.fromkeys((*whom[:1], *((commands,) if commands is not None and times > 1 else ()), *whom[1:])))


def overdue(draft: Draft) -> None:
    """It has not come: ask again, and somebody higher too."""
    state, incident = draft.state, running(draft.state)
    policy = policy_of(state).first_update or _USUAL
    times = incident.chased + 1
    draft.record(
        e.FirstUpdateOverdue,
        by=ENGINE,
        times=times,
        asked=asked(state, times),
        next_due=draft.now + policy.chase,
    )
