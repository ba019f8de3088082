"""What follows from ownership: who is consulted and informed, asked to look at a draft, told of a part or a shift."""

from collections.abc import Iterable, Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds, offers
from escalation.lifecycle.ladder import ladder_words
from escalation.lifecycle.ownership import ownership_words
from escalation.lifecycle.reactions.common import Reaction, find, notify, owner_of, tells, update
from escalation.lifecycle.sentences import sentence, told
from escalation.model import events as e
from escalation.model.actions import Action, FindPeople, MessageKind
from escalation.model.state import Escalation
from escalation.values import FINDABLE, Actor, ActorKind, kind_of, split_target

RACI = "raci"
"""Purpose of the look-up of those who are told of a stage, and part of the keys of their messages."""


def _stage_told(state: Escalation, event: e.StageTold) -> Iterator[Action]:
    told = _told_at_once(state, event)
    for part, named in (("consulted", event.consulted), ("informed", event.informed)):
        at_once = dict.fromkeys(told[who] for who in named if who in told)
        yield from _tell(state, event, at_once, part, event.stage)
        targets = [who for who in named if split_target(who)[0] in FINDABLE]
        if targets:
            summary = f"find who is {part} in stage {event.stage}: {', '.join(targets)}"
            yield find(state, event, f"{RACI}:{part}/{event.stage}", targets, summary, fallback=None)


def _told_at_once(state: Escalation, event: e.StageTold) -> dict[str, Actor]:
    told = {"requester": state.requested_by}
    if state.customer is not None:
        told["customer"] = f"customer:{state.customer.id}"
    return told | {who: who for who in (*event.consulted, *event.informed) if who.startswith("agent:")}


def stage_people_found(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    """Tell those who were found for a stage, but nobody who heard of it before."""
    part, _, stage = reference.partition("/")
    yield from _tell(state, event, (found.person for found in event.found.people), part, stage)


def _tell(state: Escalation, event: e.Event, people: Iterable[Actor], part: str, stage: str) -> Iterator[Action]:
    before = _told_before(state, event.seq, stage)
    for person in people:
        if person in state.people or person in before or (person == event.by and part == "informed"):
            continue
        if kind_of(person) is ActorKind.CUSTOMER:
            kind, text = MessageKind.CUSTOMER, ownership_words.stage_for_customer(stage)
        elif part == "consulted":
            kind, text = MessageKind.INPUT, ownership_words.consulted(state, person, stage)
        else:
            kind, text = MessageKind.NEWS, ownership_words.informed(state, stage)
        yield notify(
            state, event, person, kind, text, summary=f"{part} in {stage}: {person}", what=f"{RACI}/{part}/{person}"
        )


def _told_before(state: Escalation, seq: int, stage: str) -> set[Actor]:
    """Return who heard of this stage by an earlier event."""
    if state.rules >= 2:
        return {who for who, since in state.ownership.stage_heard.get(stage, {}).items() if since < seq}
    told: set[Actor] = set()
    for event in state.tail:
        if event.seq >= seq:
            break
        if isinstance(event, e.StageTold) and event.stage == stage:
            told.update(_told_at_once(state, event).get(who, "") for who in (*event.consulted, *event.informed))
        elif isinstance(event, e.PeopleResolved) and event.purpose in (
            f"{RACI}:consulted/{stage}",
            f"{RACI}:informed/{stage}",
        ):
            told.update(found.person for found in event.found.people)
    return told


def _consulted_answered(state: Escalation, event: e.ConsultedAnswered) -> Iterator[Action]:
    for owner in owner_of(state):
        if owner != event.by:
            text = words.news(state, sentence("advised", by=event.by, text=event.text))
            yield notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: advice of {event.by}")


def _named(state: Escalation, event: e.CommunicatorNamed | e.CommanderNamed) -> Iterator[Action]:
    role = "communicator" if isinstance(event, e.CommunicatorNamed) else "commander"
    if event.who != event.by:
        text = ownership_words.role_given(state, event)
        yield notify(state, event, event.who, MessageKind.NEWS, text, summary=f"tell {event.who}: {role}")
    for person in event.relieves:
        if person != event.by:
            text = ownership_words.role_passed(state, event)
            summary = f"tell {person}: {event.who} is {role}"
            yield notify(state, event, person, MessageKind.NEWS, text, summary=summary)


def _responsibility_assigned(state: Escalation, event: e.ResponsibilityAssigned) -> Iterator[Action]:
    if event.who != event.by:
        what = sentence("responsibility_given", who=event.who, duty=event.what)
        yield tells(state, event, what, (event.who,), f"find {event.who}, who has a responsibility")


def _group_joined(state: Escalation, event: e.GroupJoined) -> Iterator[Action]:
    if event.who != event.by:
        english = f"{event.by} added you to the working group of {state.id}: {event.because}"
        text = words.news(state, told("group_joined", english, by=event.by, because=event.because))
        yield notify(state, event, event.who, MessageKind.NEWS, text, summary=f"tell {event.who}: in the group")


def _work_drafted(state: Escalation, event: e.WorkDrafted) -> Iterator[Action]:
    summary = f"find who looks at draft {event.draft} of {event.activity}"
    yield find(state, event, f"oversight:{event.draft}", (event.oversight,), summary)


def oversight_found(state: Escalation, event: e.PeopleResolved, draft: str) -> Iterator[Action]:
    """Ask those who have oversight to look at what was drafted."""
    work = state.ownership.drafts.get(draft)
    if work is None:
        return
    made = next((each for each in state.tail if isinstance(each, e.WorkDrafted) and each.seq == work.seq), None)
    for found in event.found.people:
        text = ownership_words.draft(state, work, made.text if made is not None else "", found.person)
        yield notify(state, event, found.person, MessageKind.INPUT, text, summary=f"ask {found.person}: draft {draft}")


def _team_accepted(state: Escalation, event: e.TeamAccepted) -> Iterator[Action]:
    offer = state.handoff
    if offer is None:
        return
    for person in offer.asked:
        text = words.news(state, ladder_words.to_be_claimed(state, event, person))
        summary, matter = f"tell {person}: claim it", offers.claim(offer, person)
        yield notify(state, event, person, MessageKind.NEWS, text, summary=summary, matter=matter)


def _handover_edited(state: Escalation, event: e.HandoverEdited) -> Iterator[Action]:
    for person in state.handoff.asked if state.handoff is not None else ():
        text = words.news(state, sentence("handover_edited", text=event.text))
        yield notify(state, event, person, MessageKind.NEWS, text, summary=f"tell {person}: hand-over edited")


# --- as part of what follows from the ladder's events -----------------------------------------------------------------


def whom_it_is_offered(state: Escalation, event: e.HandoffOffered) -> Iterator[Action]:
    """Look up whom a hand-off is for: a level's targets, whoever has the next shift; a system is only noted."""
    kind, name = split_target(event.to)
    summary, purpose = f"find {event.to} for a hand-off", f"handoff:{event.handoff}"
    if kind == "system":
        yield update(state, event, note=f"Handed to {name}: {event.because}. {event.expectation}", status="open")
        return
    index = state.playbook.level_index(name) if kind == "level" else None
    targets = state.playbook.levels[index].targets if index is not None else (event.to,)
    shift = event.shift or event.period > 0
    exclude = () if shift else tuple(owner_of(state))
    search: FindPeople = find(state, event, purpose, targets, summary, exclude=exclude, shift_ends=shift)
    yield search.changed({"at": event.due}) if shift else search


def declined_by_one(state: Escalation, event: e.HandoffDeclined) -> Iterator[Action]:
    """Tell whoever made the offer, the owner where no person did; of the last no the owner hears that it has ended."""
    offer, owner = state.handoff, tuple(owner_of(state))
    for person in (event.offered_by,) if kind_of(event.offered_by) is ActorKind.PERSON else owner:
        if person != event.by and (offer is not None or person not in owner):
            text = words.news(state, ladder_words.handoff_declined(state, event))
            yield notify(
                state, event, person, MessageKind.NEWS, text, summary=f"tell {person}: {event.by} declined the hand-off"
            )


def withdrawn(state: Escalation, event: e.HandoffEnded) -> Iterator[Action]:
    """Tell those who were asked that they need not answer any more."""
    because = grounds.given(event)
    if event.how == "declined":
        declined = f"{event.by} declined it: {event.because}"
        because = grounds.of("declined_by", declined, by=event.by, because=event.because)
    for person in event.people:
        if person != event.by:
            text = words.news(state, sentence("handoff_withdrawn", because=because))
            yield notify(
                state, event, person, MessageKind.NEWS, text, summary=f"tell {person}: withdrawn", what=f"back/{person}"
            )


def taken_by_a_person(state: Escalation, event: e.OwnerChanged) -> Iterator[Action]:
    """Ask when the owner's shift ends, where it is handed over; say on the ticket that the bot is silent now."""
    policy = state.playbook.shift_handover
    if policy is not None:
        summary = f"find whether {event.owner} has a shift of {policy.to}"
        yield find(state, event, f"shift:{event.seq}", (policy.to,), summary, fallback=None, shift_ends=True)
    bot = kind_of(state.requested_by) in (ActorKind.AGENT, ActorKind.SERVICE) and state.customer is not None
    if state.rules >= 1 and bot and state.owner_changes == 1 and state.holder == "human":
        note = f"{event.owner} speaks to the customer from now on; {state.requested_by} is silent."
        yield update(state, event, note=note, status="open")


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.StageTold: _stage_told,
    e.ConsultedAnswered: _consulted_answered,
    e.CommunicatorNamed: _named,
    e.CommanderNamed: _named,
    e.ResponsibilityAssigned: _responsibility_assigned,
    e.GroupJoined: _group_joined,
    e.WorkDrafted: _work_drafted,
    e.TeamAccepted: _team_accepted,
    e.HandoverEdited: _handover_edited,
}
