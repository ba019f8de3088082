"""The communication plan: who is told what, when, over which channels, how often, and what is expected back."""

from collections.abc import Iterator

from escalation.playbook.communication import CommunicationPolicy, Rhythm, Stakeholder
from escalation.values import Record, format_duration

UPDATE = "update"
"""Name of the text that people write themselves."""


class PlanRow(Record):
    """One line of the plan."""

    audience: str
    reads: str
    """``internal`` or ``customer``: which of the two texts."""
    who: str
    when: str
    """Stages, what happens, or that it is told in every stage."""
    channels: str
    text: str
    """Id of the announcement, or ``update`` for what people write."""
    cadence: str
    answer: str


def plan(policy: CommunicationPolicy) -> tuple[PlanRow, ...]:
    """Return the plan of a playbook: audience by audience, what people write first."""
    return tuple(_rows(policy))


def _rows(policy: CommunicationPolicy) -> Iterator[PlanRow]:
    everybody = (*policy.stakeholders, *(each for kind in policy.key_people for each in kind.stakeholders))
    for audience in dict.fromkeys(each.audience for each in everybody):
        members = [each for each in everybody if each.audience == audience]
        shared = {
            "audience": audience,
            "reads": str(policy.audience(audience).reads),
            "who": ", ".join(dict.fromkeys(each.target for each in members)),
            "channels": ", ".join(dict.fromkeys(_channels(each) for each in members)),
            "answer": _answer(policy, audience, members),
        }
        cadence = "; ".join(f"{severity} {said_rhythm(each)}" for severity, each in policy.cadence.items())
        yield PlanRow(when="every stage", text=UPDATE, cadence=cadence or "when there is news", **shared)
        for each in policy.announcements:
            if each.audience == audience:
                when = ", ".join((*each.stages, *each.on)).replace("_", " ")
                yield PlanRow(when=when, text=each.id, cadence="once each time", **shared)


def _channels(stakeholder: Stakeholder) -> str:
    if stakeholder.target == "customer":
        return "the ticket, or directly"
    return " then ".join((*stakeholder.channels, "their own order"))


def _answer(policy: CommunicationPolicy, audience: str, members: list[Stakeholder]) -> str:
    replies = (each.replies_within for each in members)
    said = [f"answer within {format_duration(each)}" for each in dict.fromkeys(replies) if each is not None]
    receipt = policy.audience(audience).receipt
    if receipt is not None:
        said.append(f"confirm reading within {format_duration(receipt.within)}")
    return "; ".join(said) or "none"


def said_rhythm(rhythm: Rhythm) -> str:
    """Say a rhythm in a few words."""
    of = f" of {rhythm.calendar} hours" if rhythm.calendar else ""
    return f"every {format_duration(rhythm.every)}{of}"
