"""What is true now because of a command, and what comes next, for whoever gave it.

"Did my click count?" is answered with what was given, not only with where the escalation stands: how many approvals are
there, who is still asked and until when, which id something has that was added.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from escalation.lifecycle.approvals import quorum
from escalation.lifecycle.incident import baseline
from escalation.lifecycle.message_values import instant, short_line
from escalation.lifecycle.statements.missing import missing, texts
from escalation.model import events as e
from escalation.model.approval import HOW, Gate
from escalation.model.state import Escalation
from escalation.playbook.gates import GatePolicy
from escalation.values import counted

_MOST: Final = 5
"""So many things of one command are named."""


def outcome(state: Escalation, events: Sequence[e.Event]) -> str:
    """Say what came of a command; ``state`` is after it. Empty where the situation says it all."""
    said = (_OUTCOMES[type(event)](state, event) for event in events if type(event) in _OUTCOMES)
    lines = list(dict.fromkeys(filter(None, said)))
    more = f"{len(lines) - _MOST} more: escalate show {state.id}. " if len(lines) > _MOST else ""
    return "".join(f"{_begun(line)}. " for line in lines[:_MOST]) + more


def _begun(line: str) -> str:
    """Begin a sentence with a capital, unless it begins with an id: that is written as it is typed."""
    first = line.partition(" ")[0]
    return line if ":" in first or not first.isalpha() else f"{line[:1].upper()}{line[1:]}"


def although(events: Iterable[e.Event]) -> str:
    """Say with the answer that somebody else was called, or owns it."""
    said = (event.although for event in events if isinstance(event, e.OwnerChanged | e.ResolutionProposed))
    return "".join(f", {although}" for although in said if although)


def asked(events: Iterable[e.Event]) -> str:
    """Say with the answer what is needed next: an action's id and digest, and what it waits for; those of a draft."""
    said = []
    for event in events:
        if isinstance(event, e.ActionAsked):
            stands = f"waits for {', '.join(event.gates)}" if event.gates else "is allowed"
            said.append(f": {event.approval} {stands}; use_approval takes its digest {event.digest}")
        elif isinstance(event, e.ActionUsed):
            said.append(f": {event.approval} is used up, do it now")
        elif isinstance(event, e.DraftMade):
            said.append(f": draft {event.draft}; release_update takes its digest {event.digest}")
    return "".join(said)


def hints(state: Escalation, events: Iterable[e.Event]) -> str:
    """Say which lines look like action lines and could not be read, and what a milestone as an entry does not do."""
    unread = (event for event in events if isinstance(event, e.ActionLineUnread))
    policy = state.playbook.communication
    declared = ", ".join(each.id for each in policy.milestones) if policy is not None else ""
    posted = any(isinstance(event, e.EntryPosted) and event.kind == "milestone" for event in events)
    said = [f"Line {event.line} is no action item: it {event.hint}. " for event in unread]
    if posted and declared:
        said.append(f"It is an entry only; the command milestone reaches one of the playbook's ({declared}). ")
    return "".join(said)


def made(events: Iterable[e.Event]) -> tuple[str, str]:
    """Return the id and digest of the draft or action that was made."""
    for event in events:
        if isinstance(event, e.DraftMade):
            return event.draft, event.digest
        if isinstance(event, e.ActionAsked):
            return event.approval, event.digest
    return "", ""


def _decided(state: Escalation, event: e.GateDecided) -> str:
    gate, policy = state.gates.get(event.gate), state.playbook.gate(event.gate)
    if gate is None or policy is None or gate.round != event.round or gate.state != "pending":
        return ""  # how it ended is said
    left = ", ".join(gate.undecided) or "nobody"
    asked = f"still asked until {instant(gate.due)}: {left}"
    if event.decision == "changes_requested":
        return f"approval {gate.id} stays open until what is asked changes, and is asked anew then; {asked}"
    if event.decision == "rejected":
        against = sum(vote.decision == "rejected" for vote in gate.votes)
        return f"your rejection counts: {against} of {policy.reject_needs} that end {gate.id}; {asked}"
    return f"your approval counts: {_there(gate, policy)} of {quorum.needed(gate, policy)} for {gate.id}; {asked}"


def _there(gate: Gate, policy: GatePolicy) -> int:
    choices = [choice.id for choice in policy.choices] or [""]
    return max(quorum.covered(gate, policy, quorum.approvers(gate, choice)) for choice in choices)


def _closed(state: Escalation, event: e.GateClosed) -> str:
    return f"approval {event.gate} is {HOW[event.state]} now"


def _opened(state: Escalation, event: e.GateOpened) -> str:
    return f"approval {event.gate} is asked of {', '.join(event.targets)} until {instant(event.due)}"


def _delegated(state: Escalation, event: e.SeatDelegated) -> str:
    gate = state.gates.get(event.gate)
    until = f" until {instant(gate.due)}" if gate is not None else ""
    return f"{event.to} decides {event.gate} in your place{until}; you decide it no more"


def _owned(state: Escalation, event: e.OwnerChanged) -> str:
    return "you own it now" if event.owner == event.by else f"{event.owner} owns it now"


def _period(state: Escalation, event: e.PeriodBegun) -> str:
    return f"period {event.number} begins, until {instant(event.ends_at)}; {event.led_by} leads it"


def _declined(state: Escalation, event: e.PageDeclined) -> str:
    return "you are not waited for any more; you may still take it (acknowledge)"


def _offered(state: Escalation, event: e.HandoffOffered) -> str:
    return (
        f"{event.to} is asked until {instant(event.due)}; until it is accepted, {state.accountable} stays responsible"
    )


def _offer_declined(state: Escalation, event: e.HandoffDeclined) -> str:
    if state.handoff is None:
        return ""  # how it ended is said
    return f"you are not asked any more; still asked until {instant(state.handoff.due)}: {', '.join(event.left)}"


def _offer_ended(state: Escalation, event: e.HandoffEnded) -> str:
    return f"{state.accountable} is responsible" if event.how in {"declined", "withdrawn"} else ""


def _team_accepted(state: Escalation, event: e.TeamAccepted) -> str:
    command = f"escalate claim {state.id} --by person:..."
    return (
        f"somebody of {event.team} has to claim it until {instant(event.due)} ({command}), or it stays with "
        f"{state.accountable}, who is responsible until then"
    )


def _filed(state: Escalation, event: e.PlanFiled) -> str:
    if event.replaces:
        return f"line {event.line} of {event.section} says so now"
    then = {
        "assessment": f"; rewrite it with --replaces {event.line}",
        "approval": f"; steps wait for it with --behind {event.line}",
    }.get(event.typed, "")
    return f"it is line {event.line} of {event.section}{then}"


def _item_added(state: Escalation, event: e.ItemAdded) -> str:
    return f"{event.item} ({event.title[:80]}) is with {event.owner}, due {instant(event.due)}"


def _item_over(state: Escalation, event: e.ItemCompleted | e.ItemDropped) -> str:
    left = len(state.open_items)
    how = "done" if isinstance(event, e.ItemCompleted) else "dropped"
    had = state.items[event.item].owner
    although = f", although it was {had}'s" if had != event.by and isinstance(event, e.ItemCompleted) else ""
    return f"{event.item} is {how}{although}; " + (
        f"{counted(left, 'work item')} still open" if left else "no work item is open"
    )


def _submitted(state: Escalation, event: e.CheckSubmitted) -> str:
    check = state.items[event.item].approval
    of = ", ".join(check.approvers) if check is not None else "nobody"
    return f"{event.item} waits for the approval of {of}"


def _check_decided(state: Escalation, event: e.CheckDecided) -> str:
    if event.approved:
        return f"{event.item} is approved"
    return f"{event.item} is rejected; whoever submitted it is told why"


def _drafted(state: Escalation, event: e.DraftMade) -> str:
    return f"draft {event.draft} is sent to nobody before a person releases it (release_update)"


def _posted(state: Escalation, event: e.UpdatePosted) -> str:
    goes = f"it goes to {', '.join(event.audiences)}" if event.audiences else ""
    lacking = missing(state, event.at)
    if not lacking:
        return goes
    talk = state.communication
    due = f", due {instant(talk.due)}" if talk is not None and talk.due is not None else ""
    return f"{goes}; {', '.join(lacking)} still without an update{due}: post_update {texts(state, lacking)}"


def _milestone(state: Escalation, event: e.MilestoneReached) -> str:
    if any(isinstance(each, e.MilestoneUpdated) and each.seq > event.seq for each in state.tail):
        return ""
    name = event.milestone
    return f"the short update of {name} is due {instant(event.due)}: milestone --name {name} --text '...'"


def _reviewed(state: Escalation, event: e.ReviewSubmitted) -> str:
    """Say what the review holds: what was left out was taken from what was known before."""
    parts = {"impact": event.impact, "cause": event.cause, "resolution": event.resolution}
    said = "; ".join(f"{part}: {short_line(text)}" for part, text in parts.items() if text)
    return f"the review says {said}" if said else ""


def _incident(state: Escalation, event: e.IncidentDeclared) -> str:
    if event.first_update_due is None:
        return ""
    whom = ", ".join(baseline.asked(state, 1))
    return f"the first update is demanded of {whom} before {instant(event.first_update_due)} (report_baseline)"


def _session(state: Escalation, event: e.SessionOpened) -> str:
    return f"live session {event.session} is open; end it with close_session --session {event.session}"


def _proposed(state: Escalation, event: e.ResolutionProposed) -> str:
    asked = f"it is asked whether that solves it, until {instant(event.confirm_due)}" if event.confirm_due else ""
    left = [item.id for item in state.open_items]
    more = ", ..." if len(left) > _MOST else ""
    still = f"still open: {counted(len(left), 'work item')} ({', '.join(left[:_MOST])}{more})" if left else ""
    return "; ".join(filter(None, (asked, still)))


def _held(state: Escalation, event: e.HoldStarted) -> str:
    stops = f"; paused: {', '.join(event.clocks)}" if event.clocks else "; no clock is paused by it"
    return f"on hold until {instant(event.until)}, then it goes on by itself (earlier: resume){stops}"


def _goes_on(state: Escalation, event: e.HoldEnded) -> str:
    return "it is no longer on hold"


_OUTCOMES: Final[dict[type[e.EventBase], Callable[[Escalation, Any], str]]] = {
    e.GateDecided: _decided,
    e.GateClosed: _closed,
    e.GateOpened: _opened,
    e.SeatDelegated: _delegated,
    e.OwnerChanged: _owned,
    e.PeriodBegun: _period,
    e.HoldStarted: _held,
    e.HoldEnded: _goes_on,
    e.PageDeclined: _declined,
    e.HandoffOffered: _offered,
    e.HandoffDeclined: _offer_declined,
    e.HandoffEnded: _offer_ended,
    e.TeamAccepted: _team_accepted,
    e.PlanFiled: _filed,
    e.ItemAdded: _item_added,
    e.ItemCompleted: _item_over,
    e.ItemDropped: _item_over,
    e.CheckSubmitted: _submitted,
    e.CheckDecided: _check_decided,
    e.DraftMade: _drafted,
    e.UpdatePosted: _posted,
    e.MilestoneReached: _milestone,
    e.ReviewSubmitted: _reviewed,
    e.IncidentDeclared: _incident,
    e.SessionOpened: _session,
    e.ResolutionProposed: _proposed,
}
