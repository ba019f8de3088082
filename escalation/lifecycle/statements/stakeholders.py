"""Who is kept informed, and who speaks to them: key people by kind of escalation, thresholds apart from the ladder's.

Whoever is concerned once is told to the end, also when it gets milder: nobody is left with the news that it is bad.
"""

from datetime import datetime

from escalation.calendars import later
from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle import grounds, permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.model import events as e
from escalation.model.communication import Communication
from escalation.model.state import Escalation
from escalation.playbook.audiences import CUSTOMER
from escalation.playbook.communication import CommunicationPolicy, KeyPeople, Rhythm, Stakeholder
from escalation.values import ENGINE, Actor


def follow(draft: Draft, policy: CommunicationPolicy) -> None:
    """Name the key people of its kind, and whoever is concerned by its severity and level now."""
    state = draft.state
    kind, talk = _kind(state, policy), of(state)
    customer = state.customer is not None
    met = [each for each in policy.concerned(kind) if _met(state, each) and (customer or each.target != CUSTOMER)]
    if not met and not talk.stakeholders and policy.rhythm(state.severity) is None:
        return  # nobody is told anything yet, so nobody needs to know that they would speak
    named = kind.id if kind is not None else ""
    if not talk.named or talk.kind != named:
        draft.record(
            e.KeyPeopleNamed,
            by=ENGINE,
            key_people=named,
            communicator=(kind.communicator if kind is not None else None) or policy.communicator,
            because=kind.about or kind.when if kind is not None else "no kind of its own",
        )
    for each in met:
        _concern(draft, each)


def _kind(state: Escalation, policy: CommunicationPolicy) -> KeyPeople | None:
    if not policy.key_people:
        return None
    facts = derive(basis_of(state))
    return next((kind for kind in policy.key_people if condition(state.playbook, kind.when).true(facts)), None)


def _met(state: Escalation, stakeholder: Stakeholder) -> bool:
    playbook, level = state.playbook, stakeholder.from_level
    if stakeholder.from_severity is not None and state.severity_rank > playbook.severity.rank(
        stakeholder.from_severity
    ):
        return False
    return level is None or (state.level is not None and state.level.index >= (playbook.level_index(level) or 0))


def _concern(draft: Draft, policy: Stakeholder) -> None:
    """Tell somebody from now on; the latest update at once, which they have not seen."""
    state, talk = draft.state, of(draft.state)
    known = talk.stakeholders.get(policy.name)
    if known is not None and (known.target, known.audience) == (policy.target, policy.audience):
        return
    latest = talk.updates.get(policy.audience)
    level = f", level {state.level.id}" if state.level is not None else ""
    english = f"severity {state.severity}{level}" + (f", {talk.kind}" if talk.kind else "")
    at = state.level.id if state.level is not None else ""
    because = grounds.of("concerned", english, severity=state.severity, level=at, kind=talk.kind)
    draft.record(
        e.StakeholderConcerned,
        by=ENGINE,
        stakeholder=policy.name,
        audience=policy.audience,
        target=policy.target,
        because=because,
        version=latest.seq if latest is not None else 0,
        reply_due=reply_due(state, policy, draft.now) if latest is not None else None,
        customer=f"customer:{state.customer.id}" if policy.target == CUSTOMER and state.customer is not None else None,
        receipt_due=receipt_due(state, policy.audience, draft.now) if latest is not None else None,
    )


def reply_due(state: Escalation, policy: Stakeholder, now: datetime) -> datetime | None:
    """Return until when somebody who is told now is to answer; None: no answer is expected."""
    if policy.replies_within is None:
        return None
    return later(state.playbook.calendar(policy.calendar), now, policy.replies_within)


def rhythm(state: Escalation) -> Rhythm | None:
    """Return the rhythm that is kept now; None while none is."""
    policy = state.playbook.communication
    if policy is None or state.review is not None or state.waits_for_confirmation:
        return None
    return policy.rhythm(state.severity)


def receipt_due(state: Escalation, audience: str, now: datetime) -> datetime | None:
    """Return until when an audience that is told now is to confirm it; None: no receipt is expected."""
    policy = state.playbook.communication
    receipt = policy.audience(audience).receipt if policy is not None else None
    return now + receipt.within if receipt is not None else None


def of(state: Escalation) -> Communication:
    """Return how stakeholders of this escalation are kept informed.

    Raises:
        NotNow: its playbook names nobody.
    """
    if state.playbook.communication is None:
        raise NotNow(
            f"playbook {state.playbook.playbook} names nobody who is kept informed (communication); a note is for "
            "those who work on it"
        )
    return state.communication or Communication()


def policy_of(state: Escalation, name: str) -> Stakeholder | None:
    """Return what the playbook says of a stakeholder, as the present kind of escalation has it."""
    policy, talk = state.playbook.communication, state.communication
    if policy is None or talk is None:
        return None
    kinds = (policy.kind(talk.kind), *policy.key_people)  # who was concerned as another kind still is
    known = (each for kind in kinds for each in policy.concerned(kind) if each.name == name)
    return next(known, None)


def communicator(state: Escalation) -> str:
    """Return who speaks to the stakeholders: the person named, a target, the owner, or the accountable target."""
    if state.ownership.communicator is not None:
        return state.ownership.communicator
    policy, talk = state.playbook.communication, state.communication
    kind = policy.kind(talk.kind) if policy is not None and talk is not None else None
    named = (kind.communicator if kind is not None else None) or (policy.communicator if policy is not None else None)
    return named or state.accountable


def require_speaker(state: Escalation, actor: Actor, act: str) -> None:
    """Refuse whoever does not speak to the stakeholders: the owner does, and whoever was asked for an update.

    Raises:
        NotAllowed: naming who may.
    """
    permissions.require_person(actor, act)
    permissions.require_member(state, actor)
    owner = (state.owner.actor,) if state.owner is not None else ()
    named = (state.ownership.communicator,) if state.ownership.communicator is not None else ()
    speakers = tuple(dict.fromkeys((*owner, *named, *of(state).communicators)))
    if speakers and actor not in speakers:
        raise NotAllowed(f"{actor} does not speak to the stakeholders of {state.id}; these do: {', '.join(speakers)}")
