"""Taking it, handing it over, handing it up."""

from typing import Annotated

from pydantic import Field

from escalation.model.commands.base import Act
from escalation.playbook.organisation import Why
from escalation.values import Party, Recipient, Slug, Text, Words


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
    """Offer it to a person, a team, a role or whoever is on call, with what is expected."""

    to: Annotated[Party, Field(examples=["team:legal", "person:eva", "role:cio"])]
    because: Text
    expectation: Text


class AcceptHandoff(Act):
    """Accept an offered hand-off; responsibility passes now."""


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
