"""How many approvals a gate needs, and whether they are there or can still come.

Each person counts once. Where each of several targets has its share, somebody who belongs to two of them counts for
whichever makes the quorum full, and a deputy for any. Where there are choices, only those who chose the same one count
together.
"""

from collections.abc import Iterable
from typing import NamedTuple

from escalation.model.approval import Gate
from escalation.playbook.gates import Expiry, GatePolicy
from escalation.values import Actor, Target


class Share(NamedTuple):
    """Seats that have to be filled."""

    of: Target | None
    """Whose people may fill them; None: whoever is asked."""
    need: int


def shares(gate: Gate, policy: GatePolicy) -> tuple[Share, ...]:
    """Return the seats that have to be filled.

    ``all`` and a percentage count who was asked first and every target for which nobody could be: a deputy stands in
    for one of them.
    """
    if policy.quorum:
        named = ((share.of, share.need) for share in policy.quorum)
        return tuple(Share(of, max(1, gate.places.get(of, 1)) if need == "all" else need) for of, need in named)
    seats, need = max(1, gate.seats), policy.need
    if need == "all":
        return (Share(None, seats),)
    if isinstance(need, str):
        return (Share(None, -(-seats * int(need.removesuffix("%")) // 100)),)
    return (Share(None, need),)


def needed(gate: Gate, policy: GatePolicy) -> int:
    """Return how many approvals the gate needs in all."""
    return sum(share.need for share in shares(gate, policy))


def covered(gate: Gate, policy: GatePolicy, people: Iterable[Actor], vacant: bool = False) -> int:
    """Return how many of the needed seats these people can fill, each one of them.

    Args:
        gate: in its present round.
        policy: the playbook's words on it.
        people: who would approve.
        vacant: count the seats that had nobody to ask as filled too: a deputy may still take them.
    """
    wanted = shares(gate, policy)
    every = tuple(range(len(wanted)))
    able = [
        tuple(at for at in every if wanted[at].of in (None, *gate.roles.get(person, ())))
        for person in dict.fromkeys(people)
    ]
    if vacant:
        empty = [target for target, places in gate.places.items() if not _anybody(gate, target) for _ in range(places)]
        able += [tuple(at for at in every if wanted[at].of == target) for target in empty]
        able += [every] * (gate.vacant if not policy.quorum else 0)
    return _most([share.need for share in wanted], able)


def _anybody(gate: Gate, target: Target) -> bool:
    return any(target in roles for roles in gate.roles.values())


def _most(room: list[int], able: list[tuple[int, ...]]) -> int:
    """Return how many can sit down, each on one of the shares that he is able to fill (augmenting paths)."""
    seated: list[list[int]] = [[] for _ in room]

    def sits(who: int, tried: set[int]) -> bool:
        for at in able[who]:
            if at in tried:
                continue
            tried.add(at)
            if len(seated[at]) < room[at]:
                seated[at].append(who)
                return True
            for place, other in enumerate(seated[at]):
                if sits(other, tried):
                    seated[at][place] = who
                    return True
        return False

    return sum(sits(who, set()) for who in range(len(able)))


def approvers(gate: Gate, choice: str = "") -> list[Actor]:
    """Return who has approved, with this choice where there are choices."""
    return [vote.by for vote in gate.votes if vote.decision == "approved" and vote.choice == choice]


def is_reached(gate: Gate, policy: GatePolicy, choice: str = "") -> bool:
    """Tell whether enough have approved."""
    return covered(gate, policy, approvers(gate, choice)) >= needed(gate, policy)


def is_out_of_reach(gate: Gate, policy: GatePolicy) -> bool:
    """Tell whether those who have decided leave too few who still could approve (the same choice).

    Never as long as a deputy may still be asked, nor where too few were found from the start: silence is asked then.
    """
    if policy.on_expiry is Expiry.NEXT_DEPUTY and gate.deputies_asked < len(policy.deputies):
        return False
    need = needed(gate, policy)
    if covered(gate, policy, gate.people, vacant=True) < need:
        return False
    decided = {vote.by for vote in gate.votes if vote.decision != "changes_requested"}
    left = [person for person in gate.people if person not in decided]
    choices = [choice.id for choice in policy.choices] or [""]
    return all(covered(gate, policy, [*approvers(gate, choice), *left], vacant=True) < need for choice in choices)


def said(gate: Gate, policy: GatePolicy) -> str:
    """Say how many must approve: ``2 of 3``, ``role:legal 1, role:finance 2``."""
    if policy.quorum:
        return ", ".join(f"{share.of} {share.need}" for share in shares(gate, policy))
    return f"{needed(gate, policy)} of {gate.seats}"
