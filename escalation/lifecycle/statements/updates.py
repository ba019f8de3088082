"""Updates to stakeholders: posted, put off once, and missed when they do not come.

A rhythm runs from the opening until a resolution is proposed, and anew when that is rejected. It stands still for
nothing: stakeholders wait through a hold as well. When an update is due and does not come, the communicator is
reminded; when it still does not come it moves up, to whoever is accountable and then level by level. Nobody is paged
by that, and the escalation does not go up: what moves is only who is asked to speak.
"""

from escalation.calendars import Calendar, later
from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.ladder import paths
from escalation.lifecycle.statements import announcements, follow_up, read_in, release, stakeholders, summaries
from escalation.lifecycle.work import action_lines, update_parts
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.communication import Rhythm
from escalation.values import ENGINE, format_duration


def follow(draft: Draft) -> None:
    """See after each command who is concerned now, when the next update is due, and whether a summary is."""
    policy = draft.state.playbook.communication
    if policy is None or not draft.state.opened or draft.state.ended:
        return
    if draft.state.review is None:
        stakeholders.follow(draft, policy)
    if policy.announcements:
        announcements.follow(draft, policy)
    release.follow(draft)
    _schedule(draft)
    if policy.read_in:
        read_in.follow(draft)
    follow_up.follow(draft, policy)
    if policy.summaries is not None:
        summaries.follow(draft, policy.summaries)


def calendar_of(state: Escalation, kept: Rhythm) -> Calendar | None:
    """Return the calendar by which a rhythm runs; None: wall time."""
    return state.playbook.calendar(kept.calendar)


def _schedule(draft: Draft) -> None:
    """Begin or end the rhythm; a change of severity brings an update forward, and never puts it off."""
    state, kept, talk = draft.state, stakeholders.rhythm(draft.state), draft.state.communication
    if talk is None:
        return
    due, next_due = talk.due, talk.next_due
    if kept is None:
        because = f"no updates are due at {state.severity}"
        if state.review is not None or state.waits_for_confirmation:
            because = "a resolution is proposed"
        due = next_due = None
    elif due is None or next_due is None:
        due = next_due = later(calendar_of(state, kept), draft.now, kept.every)
        because = _says(state, kept)
    elif draft.before.severity != state.severity:
        calendar, because = calendar_of(state, kept), _says(state, kept)
        due = min(due, later(calendar, draft.now, kept.every))
        next_due = min(next_due, later(calendar, draft.now, kept.chase)) if talk.chased else due
    if (due, next_due) != (talk.due, talk.next_due):
        draft.record(e.UpdateScheduled, by=ENGINE, due=due, next_due=next_due, was_due=talk.due, because=because)


def _says(state: Escalation, kept: Rhythm) -> str:
    of = f" of {kept.calendar} hours" if kept.calendar else ""
    return f"at {state.severity} an update is due every {format_duration(kept.every)}{of}"


# --- what people say --------------------------------------------------------------------------------------------------


def post(draft: Draft, command: c.PostUpdate) -> None:
    """Tell the stakeholders of some audiences how it stands, or all of them."""
    state = draft.state
    release.require_releaser(state, command.by, "post_update")
    audiences = release.choose(state, command)
    update_parts.require(state, command)
    statement = release.Statement(
        text=command.text,
        customer_text=command.customer_text,
        audiences=audiences,
        stage=command.stage or state.stage,
    )
    release.tell(draft, statement, stakeholders.rhythm(state))
    action_lines.follow(draft, command.text)


def postpone(draft: Draft, command: c.PostponeUpdate) -> None:
    """Put off the update that is due: once, and for no longer than until the next one would have been due."""
    state, talk = draft.state, stakeholders.of(draft.state)
    stakeholders.require_speaker(state, command.by, "postpone_update")
    kept = stakeholders.rhythm(state)
    if talk.due is None or kept is None:
        raise NotNow(f"no update of {state.id} is due; it is waiting on {state.waiting_on}")
    if talk.postponed:
        raise AlreadyDone(f"the update was put off already, until {talk.due:%Y-%m-%d %H:%M %Z}: {talk.postponed}")
    if command.until <= max(talk.due, draft.now):
        raise NotAllowed(
            f"the update is due at {talk.due:%Y-%m-%d %H:%M %Z}; expected a later time that has not passed"
        )
    latest = later(calendar_of(state, kept), max(talk.due, draft.now), kept.every)
    if command.until > latest:
        raise NotAllowed(
            f"an update is put off until the next one would be due, {latest:%Y-%m-%d %H:%M %Z} at the latest"
        )
    draft.record(e.UpdatePostponed, due=command.until, was_due=talk.due, because=command.because)


# --- when none came ---------------------------------------------------------------------------------------------------


def overdue(draft: Draft) -> None:
    """No update came: the communicator is reminded, and each further time somebody higher is asked too."""
    state, talk, kept = draft.state, stakeholders.of(draft.state), stakeholders.rhythm(draft.state)
    if talk.due is None or kept is None:
        return
    times = talk.chased + 1
    draft.record(
        e.UpdateOverdue,
        by=ENGINE,
        times=times,
        due=talk.due,
        asked=asked(state, times),
        next_due=later(calendar_of(state, kept), draft.now, kept.chase),
    )


def asked(state: Escalation, times: int) -> tuple[str, ...]:
    """Return who is asked for an update that was missed so often: targets, and the owner where nobody else speaks."""
    return tuple(dict.fromkeys((stakeholders.communicator(state), *above(state, times))))


def above(state: Escalation, times: int) -> tuple[str, ...]:
    """Return to whom what was missed so often moves up: whoever is accountable, then level by level."""
    whom: list[str] = []
    if times > 1:
        whom.append(state.raci.accountable)
    if times > 2:
        above = state.level.index if state.level is not None else -1
        levels = [index for index in paths.ladder(state.playbook, state.path) if index > above]
        at = times - 3
        last = state.playbook.levels[paths.ladder(state.playbook, state.path)[-1]]
        whom += (
            state.playbook.levels[levels[at]].targets
            if at < len(levels)
            else (last.last_resort or state.playbook.owner,)
        )
    return tuple(whom)
