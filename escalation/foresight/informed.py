"""Whom a playbook keeps informed, for the proof that somebody stands for each; updates that nobody is told."""

from collections.abc import Iterator

from escalation.documents import Document
from escalation.explain import Location
from escalation.foresight.foreseen import Foreseen, Weight
from escalation.playbook.audiences import CUSTOMER
from escalation.playbook.communication import CommunicationPolicy
from escalation.playbook.schema import Playbook
from escalation.values import Target, split_target

_ROOT = "communication"


def spoken_to(policy: CommunicationPolicy) -> Iterator[tuple[Location, Target]]:
    """Yield who speaks to stakeholders, and the stakeholders, each with its place."""
    if policy.communicator is not None:
        yield (_ROOT, "communicator"), policy.communicator
    for at, target in enumerate(policy.release_by):
        yield (_ROOT, "release_by", at), target
    for at, each in enumerate(policy.stakeholders):
        if each.target != CUSTOMER:
            yield (_ROOT, "stakeholders", at, "target"), each.target
    for index, kind in enumerate(policy.key_people):
        if kind.communicator is not None:
            yield (_ROOT, "key_people", index, "communicator"), kind.communicator
        for at, each in enumerate(kind.stakeholders):
            if each.target != CUSTOMER:
                yield (_ROOT, "key_people", index, "stakeholders", at, "target"), each.target


def posted_to(playbook: Playbook) -> Iterator[str]:
    """Yield the teams in whose chat groups updates are posted."""
    for each in playbook.communication.post_to if playbook.communication is not None else ():
        if each != "team":
            yield split_target(each)[1]
            continue
        for level in playbook.levels:
            yield from (name for kind, name in map(split_target, level.targets) if kind == "team")


def silent(playbook: Playbook, source: Document) -> Iterator[Foreseen]:
    """Yield what would be silent: audiences that nobody is in, customers told while there may be none."""
    policy = playbook.communication
    if policy is None:
        return
    everybody = (*policy.stakeholders, *(each for kind in policy.key_people for each in kind.stakeholders))
    heard = {each.audience for each in everybody}
    for at, audience in enumerate(policy.audiences):
        if audience.id not in heard:
            lost = "its receipts are never asked for" if audience.receipt is not None else "nobody is told anything"
            message = f"no stakeholder is in audience {audience.id}: {lost}"
            yield Foreseen(Weight.WARNING, source.finding((_ROOT, "audiences", at), message))
    for name in dict.fromkeys(each.audience for each in everybody if policy.for_customers(each.audience)):
        if all(each.audience != name for each in policy.announcements) and not policy.cadence:
            at = next((at for at, each in enumerate(policy.audiences) if each.id == name), 0)
            message = f"no announcement and no cadence is for {name}: customers hear only what somebody thinks of"
            yield Foreseen(Weight.WARNING, source.finding((_ROOT, "audiences", at), message))


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
