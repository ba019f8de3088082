"""What the events of ownership change: roles, working group, stages told, drafts, hand-offs."""

from typing import Any

from escalation.lifecycle.changes.common import Change, Changes, with_
from escalation.model import events as e
from escalation.model.ladder import Handoff
from escalation.model.ownership import (
    KEPT_HEARD,
    KEPT_OFFERS,
    KEPT_OWNERS,
    MOST_PASSED,
    Documented,
    EndedHandoff,
    Passed,
    PastOffer,
    Responsibility,
    Shift,
    WorkDraft,
)
from escalation.model.state import Escalation
from escalation.people.found import People


def _with(state: Escalation, **changes: Any) -> Changes:
    return {"ownership": with_(state.ownership, **changes)}


# --- hand-offs, as part of what the ladder's events change ------------------------------------------------------------


def offered(state: Escalation, event: e.HandoffOffered) -> Changes:
    """Count why it was offered; the shift's hand-over is opened once."""
    if event.shift:
        return _with(state, shift=None)
    reasons = state.ownership.reasons
    return _with(state, reasons={**reasons, event.reason: reasons.get(event.reason, 0) + 1})


def ended(state: Escalation, event: e.HandoffEnded) -> Changes:
    """Keep how it ended, for whoever answers too late."""
    if state.handoff is None:
        return {}
    latest = EndedHandoff(to=state.handoff.to, how=event.how, at=event.at, because=event.because)
    return _with(state, ended=latest, past_offers=_past(state, state.handoff, event, event.how, event.because))


def _past(state: Escalation, offer: Handoff, event: e.Event, how: str, because: str = "") -> tuple[PastOffer, ...]:
    over = PastOffer(id=offer.id, to=offer.to, people=offer.people, how=how, by=event.by, at=event.at, because=because)
    return (*state.ownership.past_offers, over)[-KEPT_OFFERS:]


def owner_changed(state: Escalation, event: e.OwnerChanged) -> Changes:
    """Keep from whom to whom it passed; the end of the new owner's shift is not known yet."""
    known, offer = state.ownership, state.handoff
    owners = (*(actor for actor in known.owners if actor != event.owner), event.owner)[-KEPT_OWNERS:]
    roles = with_(known, shift=None, owners=owners)
    if offer is not None:
        how = "accepted" if offer.id == event.handoff else "overtaken"
        roles = with_(roles, past_offers=_past(state, offer, event, how))
    if offer is None or not event.handoff or offer.id != event.handoff:
        return {"ownership": roles}
    passed = Passed(id=offer.id, giver=offer.giver or event.previous, receiver=event.owner)
    shift = int(offer.shift or offer.period > 0)
    kept = (*roles.passed[-(MOST_PASSED - 1) :], passed)
    changes: Changes = {"ownership": with_(roles, passed=kept, shift_changes=roles.shift_changes + shift, ended=None)}
    if offer.axis is not None and state.level is not None:
        changes["level"] = with_(state.level, axis=offer.axis)
    return changes


def people_found(state: Escalation, event: e.PeopleResolved) -> Changes:
    """Whoever is told of a stage takes no part in it; whoever was consulted may advise. A shift says only its end."""
    kind, _, reference = event.purpose.partition(":")
    if kind == "shift":
        return {}
    part, _, stage = reference.partition("/")
    found = tuple(person.person for person in event.found.people)
    return told(state, event.seq, stage, found, consulted=part == "consulted")


def told(state: Escalation, seq: int, stage: str, people: tuple[str, ...], *, consulted: bool) -> Changes:
    """Note who is told of a stage, and by which event first."""
    roles = state.ownership
    fresh = tuple(person for person in people if person not in state.people)
    known = roles.stage_told.get(stage, ())
    stage_told = {**roles.stage_told, stage: tuple(dict.fromkeys((*known, *fresh)))}
    asked = tuple(dict.fromkeys((*roles.consulted, *fresh))) if consulted else roles.consulted
    heard = {**dict.fromkeys(people, seq), **roles.stage_heard.get(stage, {})}
    kept = dict(sorted(heard.items(), key=lambda one: one[1])[-KEPT_HEARD:])
    return _with(state, stage_told=stage_told, consulted=asked, stage_heard={**roles.stage_heard, stage: kept})


# --- what is new ------------------------------------------------------------------------------------------------------


def _stage_told(state: Escalation, event: e.StageTold) -> Changes:
    at_once = {"requester": state.requested_by}
    if state.customer is not None:
        at_once["customer"] = f"customer:{state.customer.id}"
    agents = tuple(who for who in event.consulted if who.startswith("agent:"))
    asked = (*(at_once[who] for who in event.consulted if who in at_once), *agents)
    informed = (at_once.get(who, who) for who in event.informed if who in at_once or who.startswith("agent:"))
    changes = told(state, event.seq, event.stage, asked, consulted=True)
    return told(state.changed(changes), event.seq, event.stage, tuple(informed), consulted=False)


def _consulted_answered(state: Escalation, event: e.ConsultedAnswered) -> Changes:
    return _with(state, advice=state.ownership.advice + 1)


def _communicator_named(state: Escalation, event: e.CommunicatorNamed) -> Changes:
    return {**_member(state, event.who, "communicator"), **_with(state, communicator=event.who)}


def _commander_named(state: Escalation, event: e.CommanderNamed) -> Changes:
    return {**_member(state, event.who, "commander"), **_with(state, commander=event.who)}


def _member(state: Escalation, who: str, part: str) -> Changes:
    return {} if who in state.people else {"people": {**state.people, who: part}}


def _responsibility_assigned(state: Escalation, event: e.ResponsibilityAssigned) -> Changes:
    others = tuple(each for each in state.ownership.responsibilities if each.who != event.who)
    fresh = Responsibility(who=event.who, what=event.what, by=event.by)
    return _with(state, responsibilities=(*others, fresh))


def _group_joined(state: Escalation, event: e.GroupJoined) -> Changes:
    return _member(state, event.who, f"joined:{event.by}")


def _group_left(state: Escalation, event: e.GroupLeft) -> Changes:
    return {"people": {person: why for person, why in state.people.items() if person != event.who}}


def _work_drafted(state: Escalation, event: e.WorkDrafted) -> Changes:
    work = WorkDraft(id=event.draft, activity=event.activity, by=event.by, seq=event.seq)
    roles = state.ownership
    return _with(state, drafts={**roles.drafts, work.id: work}, drafted=roles.drafted + 1)


def oversight_found(state: Escalation, draft: str, found: People) -> Changes:
    """Note who looks at a draft."""
    work = state.ownership.drafts.get(draft)
    if work is None:
        return {}
    return _with(
        state, drafts={**state.ownership.drafts, draft: with_(work, people=tuple(each.person for each in found.people))}
    )


def _activity_done(state: Escalation, event: e.ActivityDone) -> Changes:
    roles = state.ownership
    left = {key: draft for key, draft in roles.drafts.items() if key != event.draft}
    return _with(state, drafts=left, done={**roles.done, event.activity: roles.done.get(event.activity, 0) + 1})


def _work_documented(state: Escalation, event: e.WorkDocumented) -> Changes:
    return _with(state, documented=Documented(executes=event.executes, approves=event.approves, by=event.by))


def _team_accepted(state: Escalation, event: e.TeamAccepted) -> Changes:
    return {"handoff": with_(state.handoff, team_by=event.by, due=event.due)} if state.handoff is not None else {}


def _shift_known(state: Escalation, event: e.ShiftKnown) -> Changes:
    return _with(state, shift=Shift(ends=event.ends, offer_due=event.offer_due))


def _handover_edited(state: Escalation, event: e.HandoverEdited) -> Changes:
    if state.handoff is None:
        return {}
    return {"handoff": with_(state.handoff, expectation=event.text, edited=True)}


CHANGES: dict[type[e.EventBase], Change] = {
    e.StageTold: _stage_told,
    e.ConsultedAnswered: _consulted_answered,
    e.CommunicatorNamed: _communicator_named,
    e.CommanderNamed: _commander_named,
    e.ResponsibilityAssigned: _responsibility_assigned,
    e.GroupJoined: _group_joined,
    e.GroupLeft: _group_left,
    e.WorkDrafted: _work_drafted,
    e.ActivityDone: _activity_done,
    e.WorkDocumented: _work_documented,
    e.TeamAccepted: _team_accepted,
    e.ShiftKnown: _shift_known,
    e.HandoverEdited: _handover_edited,
}
