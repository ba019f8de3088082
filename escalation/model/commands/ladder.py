"""Taking it, handing it over, handing it up."""

from typing import Annotated

from pydantic import Field

from escalation.model.commands.base import Act
from escalation.playbook.organisation import Why
from escalation.values import Instant, Receiver, Recipient, Slug, Text, Words


class Acknowledge(Act):
    """Say "I take it": stops the pages of this round and makes the person the owner."""


class Claim(Act):
    """Take over ownership from a team, or from whoever holds it."""

    because: Words = ""


class Decline(Act):
    """Say "I cannot take it": when everybody told has declined, the next round starts at once."""

    because: Text


class Reassign(Act):
    """Give it to another person, who must accept; the present owner stays responsible until then."""

    to: Recipient
    because: Text


class OfferHandoff(Act):
    """Offer it to a person, team, role, whoever is on call, a level or an outside system, with what is expected."""

    to: Annotated[Receiver, Field(examples=["team:legal", "person:eva", "role:cio", "level:L2", "system:jira"])]
    because: Text
    expectation: Text
    reason: Why = "other"
    """Chooses the axis: for want of authority it goes up the chain, for anything else to other expertise."""
    task: Annotated[Words, Field(max_length=2000)] = ""
    """Becomes an action item when it is accepted."""
    assignee: Recipient | None = None
    """Who is to do that; without it, whoever accepts."""
    due: Instant | None = None
    """Until when that is to be done."""


class AcceptHandoff(Act):
    """Accept an offered hand-off; responsibility passes now."""

    packet_version: Annotated[int, Field(ge=1)] | None = None
    """The version of the packet that was read; refused when it has changed since."""
    for_team: bool = False
    """Take it for the team: one of its people has to claim it in time, and until then it stays where it is."""
    reference: Annotated[Words, Field(max_length=200)] = ""
    """Of an offer to an outside system: under which id it took it."""


class DeclineHandoff(Act):
    """Decline an offered hand-off; the old owner stays responsible and is told why."""

    because: Text


class Escalate(Act):
    """Go up: to the next level, or to the one named."""

    reason: Why
    because: Text
    level: Slug | None = None
    path: Slug | None = None
    """Go on along another of the playbook's paths."""


class Bypass(Act):
    """Use the playbook's exception procedure: skip levels, an incomplete packet, or an approval. It is reviewed."""

    because: Text
    level: Slug | None = None
    """Go to this level at once, past those between."""
    gate: Slug | None = None
    """Go on without this approval. Neither level nor gate: without what is missing from the packet."""


COMMANDS: dict[str, type[Act]] = {
    "acknowledge": Acknowledge,
    "claim": Claim,
    "decline": Decline,
    "reassign": Reassign,
    "offer_handoff": OfferHandoff,
    "accept_handoff": AcceptHandoff,
    "decline_handoff": DeclineHandoff,
    "escalate": Escalate,
    "bypass": Bypass,
}
