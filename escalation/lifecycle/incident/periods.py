"""Operational periods: each is handed over before its end, and ends only when somebody has taken the next one.

The next period is offered as a hand-off of the escalation, so that responsibility passes only by a person's own act.
There is one open hand-off at a time: one that is open when the hand-over begins counts as it, and when it ends without
being accepted, or any other way, the next period is offered to whoever comes next. Not accepted, it moves up: to who is
accountable, then level by level. Until somebody accepts, the owner stays responsible and the period goes on.
"""

from datetime import datetime

from escalation.lifecycle import grounds
from escalation.lifecycle.case import packet
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.ladder import paths, remaining
from escalation.model import events as e
from escalation.model.incident import Incident, Period
from escalation.model.state import Escalation
from escalation.playbook.incident import PeriodPolicy
from escalation.values import ENGINE, Actor


def follow(draft: Draft) -> None:
    """Begin the first period, end one whose next was taken, and offer the next one anew where nobody took it."""
    state, policy = draft.state, _policy(draft.state)
    incident = state.incident
    if incident is None or state.ended:
        return
    if policy is None or not incident.declared:
        if incident.period is not None:
            _end(draft, incident, incident.period, None)
        return
    if incident.period is None:
        _begin(draft, policy, number=1, ends_at=draft.now + policy.length)
    elif incident.period.handing_over:
        taken_by = _taken_by(draft)
        if taken_by is not None:
            _end(draft, incident, incident.period, taken_by)
            _begin(draft, policy, incident.period.number + 1, _next_end(incident.period, policy, draft.now))
        elif state.handoff is None and state.owner is not None:
            _offer(draft, policy, incident.period)


def _policy(state: Escalation) -> PeriodPolicy | None:
    return state.playbook.incident.periods if state.playbook.incident is not None else None


def _taken_by(draft: Draft) -> Actor | None:
    """Return who took the next period with this command: a new owner, or the present one who stays."""
    before, owner = draft.before.owner, draft.state.owner
    for event in draft.events:
        if isinstance(event, e.OwnerChanged) and before is not None and owner is not None:
            return owner.actor
        if isinstance(event, e.HandoffEnded) and event.how == "accepted":
            return event.by
    return None


def _begin(draft: Draft, policy: PeriodPolicy, number: int, ends_at: datetime) -> None:
    draft.record(
        e.PeriodBegun,
        by=ENGINE,
        number=number,
        led_by=draft.state.accountable,
        ends_at=ends_at,
        hand_over_at=ends_at - policy.hand_over_before,
    )


def _next_end(period: Period, policy: PeriodPolicy, now: datetime) -> datetime:
    """Keep to the same hours of the day, however late a hand-over was."""
    ends_at = period.ends_at + policy.length
    while ends_at - policy.hand_over_before <= now:
        ends_at += policy.length
    return ends_at


def _end(draft: Draft, incident: Incident, period: Period, accepted_by: Actor | None) -> None:
    state = draft.state
    owner = draft.before.accountable
    done = [item.id for item in state.items.values() if item.done_at is not None and item.done_at >= period.began_at]
    draft.record(
        e.PeriodEnded,
        by=accepted_by or ENGINE,
        number=period.number,
        began_at=period.began_at,
        led_by=owner,
        accepted_by=accepted_by,
        late=draft.now > period.ends_at,
        done=tuple(done),
        remains=tuple(item.id for item in state.open_items),
    )


# --- handing over -----------------------------------------------------------------------------------------------------


def hand_over(draft: Draft) -> None:
    """The end of the period comes: offer the next one, unless a hand-off is open already."""
    state, policy, incident = draft.state, _policy(draft.state), draft.state.incident
    if policy is None or incident is None or incident.period is None:
        return
    period, open_one = incident.period, state.handoff
    because = f"period {period.number} ends at {period.ends_at:%Y-%m-%d %H:%M %Z}"
    if open_one is not None:
        because += f"; the hand-off to {open_one.to} that is open already counts for it"
    elif state.owner is None:
        because += "; nobody owns it, and whoever takes it is offered the next period"
    draft.record(e.HandOverBegun, by=ENGINE, number=period.number, because=because)


def _offer(draft: Draft, policy: PeriodPolicy, period: Period) -> None:
    state = draft.state
    packet.let_go(draft)
    to = offered_to(state, policy, period.asked)
    ends = f"period {period.number} ends at {period.ends_at:%Y-%m-%d %H:%M %Z}"
    draft.record(
        e.HandoffOffered,
        by=ENGINE,
        handoff=f"h{state.handoffs + 1}",
        to=to,
        because=grounds.of("period_ends", ends, number=period.number, at=period.ends_at),
        expectation=remaining.remains(state, period.number + 1),
        due=max(period.ends_at, draft.now + policy.hand_over_before),
        period=period.number,
        giver=state.accountable,
        packet_version=state.packet_version,
    )


def offered_to(state: Escalation, policy: PeriodPolicy, asked: int) -> str:
    """Return to whom the next period is offered, after it was offered so often."""
    above = state.level.index if state.level is not None else -1
    ladder = paths.ladder(state.playbook, state.path)
    levels = [state.playbook.levels[index] for index in ladder if index > above]
    last = state.playbook.levels[ladder[-1]].last_resort or state.playbook.owner
    way = (policy.to, state.raci.accountable, *(level.targets[0] for level in levels), last)
    return way[min(asked, len(way) - 1)]
