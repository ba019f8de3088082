"""Whom a playbook keeps informed, for the proof that somebody stands for each; updates that nobody is told."""

from collections.abc import Iterator

from escalation.documents import Document
from escalation.explain import Location
from escalation.foresight.foreseen import Foreseen, Weight
from escalation.playbook.communication import CommunicationPolicy
from escalation.playbook.schema import Playbook
from escalation.values import Target

_ROOT = "communication"


def spoken_to(policy: CommunicationPolicy) -> Iterator[tuple[Location, Target]]:
    """Yield who speaks to stakeholders, and the stakeholders, each with its place."""
    if policy.communicator is not None:
        yield (_ROOT, "communicator"), policy.communicator
    for at, each in enumerate(policy.stakeholders):
        yield (_ROOT, "stakeholders", at, "target"), each.target
    for index, kind in enumerate(policy.key_people):
        if kind.communicator is not None:
            yield (_ROOT, "key_people", index, "communicator"), kind.communicator
        for at, each in enumerate(kind.stakeholders):
            yield (_ROOT, "key_people", index, "stakeholders", at, "target"), each.target


def unheard(playbook: Playbook, source: Document) -> Iterator[Foreseen]:
    """Yield the rhythms of severities at which no stakeholder is told anything."""
    policy = playbook.communication
    if policy is None:
        return
    everybody = (*policy.stakeholders, *(each for kind in policy.key_people for each in kind.stakeholders))
    from_ranks = [playbook.severity.rank(each.from_severity) for each in everybody if each.from_severity is not None]
    if len(from_ranks) < len(everybody):
        return  # somebody is told at every severity
    mildest = max(from_ranks, default=-1)
    for level in playbook.severity.scale[mildest + 1 :]:
        if policy.rhythm(level.name) is not None:
            key = level.name if level.name in policy.cadence else "default"
            message = f"updates are due at {level.name}, and no stakeholder is told that: all begin at a worse severity"
            yield Foreseen(Weight.WARNING, source.finding((_ROOT, "cadence", key), message))
