"""What the events of approvals change in who decides: who is asked, seats passed on, who has the question."""

from escalation.lifecycle.changes.common import Change, Changes, new, with_
from escalation.model import events as e
from escalation.model.approval import Delegation, Gate
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.values import Actor, Target

_QUESTIONS = 20
"""Of so many of the latest look-ups and delegations it is known which messages asked the question."""


def approvers_found(state: Escalation, gate: Gate, event: e.PeopleResolved) -> Gate:
    """Whoever is told because nobody else was found fills no seat and may not decide."""
    answer, policy = event.found, state.playbook.gate(gate.id)
    found = () if answer.fell_back else answer.people
    people = tuple(dict.fromkeys((*gate.people, *(each.person for each in found))))
    shares = tuple(share.of for share in policy.quorum) if policy is not None else ()
    via = {each.person: (each.via, *each.also_via) for each in found}
    roles: dict[Actor, tuple[Target, ...]] = {}
    if shares and gate.resolved:
        roles = dict.fromkeys((actor for actor in via if actor not in gate.roles), shares)  # a deputy, for any of them
    elif shares:
        roles = {actor: tuple(of for of in shares if of in targets) for actor, targets in via.items()}
    more = {
        "people": people,
        "roles": {**gate.roles, **roles},
        "excluded": tuple(dict.fromkeys((*gate.excluded, *answer.excluded))),
        "questions": _latest(gate.questions, event.seq),
    }
    if gate.resolved:
        return with_(gate, **more)
    filled = {target for targets in via.values() for target in targets}
    vacant = sum(target not in filled for target in gate.targets)
    places = {of: max(1, sum(of in targets for targets in via.values())) for of in shares}
    return with_(gate, **more, places=places, seats=len(people) + vacant, vacant=vacant, resolved=True)


def emergency_found(state: Escalation, reference: str, found: People) -> Changes:
    """Whoever is found may approve alone; who is told in their place because nobody is there may not."""
    gate = state.gate_asked(reference)
    if gate is None:
        return {}
    who = () if found.fell_back else tuple(each.person for each in found.people)
    everybody = tuple(dict.fromkeys((*who, *found.also)))
    return {
        "gates": {
            **state.gates,
            gate.id: with_(gate, emergency=everybody, excluded=tuple(dict.fromkeys((*gate.excluded, *found.excluded)))),
        }
    }


def question_delivered(state: Escalation, event: e.MessageDelivered) -> Changes:
    """Somebody has the question of the present round."""
    gate = state.question_of(event.key, event.to)
    if gate is None or event.to not in gate.people or event.to in gate.told or not _is_of_this_round(gate, event.key):
        return {}
    return {"gates": {**state.gates, gate.id: with_(gate, told=(*gate.told, event.to))}}


def _is_of_this_round(gate: Gate, key: str) -> bool:
    return int(key.split("/")[-2]) > gate.opened_seq


def _latest(questions: tuple[int, ...], seq: int) -> tuple[int, ...]:
    return (*questions, seq)[-_QUESTIONS:]


def _seat_delegated(state: Escalation, event: e.SeatDelegated) -> Changes:
    gate = _passed(state.gates[event.gate], event.by, event.to)
    passed_on = new(Delegation, by=event.by, to=event.to, at=event.at)
    changed = with_(gate, delegations=(*gate.delegations, passed_on), questions=_latest(gate.questions, event.seq))
    people = state.people if event.to in state.people else {**state.people, event.to: f"gate:{gate.id}/{gate.round}"}
    return {"gates": {**state.gates, gate.id: changed}, "people": people}


def _seat_given_back(state: Escalation, event: e.SeatGivenBack) -> Changes:
    gate = _passed(state.gates[event.gate], event.was, event.owner)
    left = tuple(each for each in gate.delegations if (each.by, each.to) != (event.owner, event.was))
    return {"gates": {**state.gates, gate.id: with_(gate, delegations=left)}}


def _passed(gate: Gate, was: Actor, now: Actor) -> Gate:
    """Put somebody on the seat of another, for the same targets."""
    roles = {now if actor == was else actor: of for actor, of in gate.roles.items()}
    people = tuple(now if actor == was else actor for actor in gate.people)
    return with_(gate, people=people, roles=roles, told=tuple(actor for actor in gate.told if actor != was))


CHANGES: dict[type[e.EventBase], Change] = {
    e.SeatDelegated: _seat_delegated,
    e.SeatGivenBack: _seat_given_back,
}
