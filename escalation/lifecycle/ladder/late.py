"""What whoever answers an offer that is not theirs to answer hears: how and when their own
ended, and how it stands now.
"""

from typing import Final

from escalation.errors import DomainError, NotAllowed, NotNow
from escalation.lifecycle.message_values import instant
from escalation.model.ownership import PastOffer
from escalation.model.state import Escalation
from escalation.values import Actor

_HOW: Final = {
    "declined": "was declined",
    "expired": "expired",
    "withdrawn": "was withdrawn",
    "taken_outside": "was taken there",
    "accepted": "was accepted",
}


def refusal(state: Escalation, actor: Actor) -> DomainError:
    """Return why this person cannot answer: late for an offer of their own, no offer to them, or none at all."""
    past = state.ownership.past_offers
    mine = next((each for each in reversed(past) if actor in each.people or actor == each.to), None)
    if mine is not None:
        ended = f"hand-off {mine.id}, which was offered to you{_as(mine, actor)}, {_ended(mine)}"
        return NotNow(f"{ended}; {now(state)}")
    if state.handoff is not None:
        return NotAllowed(f"the hand-off was offered to {state.handoff.to}, not to {actor}; {now(state)}")
    was = f"; the one to {past[-1].to} {_ended(past[-1])}" if past else ""
    return NotNow(f"no hand-off of {state.id} is open{was}; {state.accountable} is responsible")


def now(state: Escalation) -> str:
    """Say who is asked to take it, until when, and who is responsible meanwhile."""
    offer = state.handoff
    asked = f"{offer.to} is asked now, until {instant(offer.due)}" if offer is not None else "nobody is asked now"
    return f"{asked}; {state.accountable} is responsible"


def _as(offer: PastOffer, actor: Actor) -> str:
    return f" as {offer.to}" if offer.to != actor else ""


def _ended(offer: PastOffer) -> str:
    if offer.how == "overtaken":
        return f"ended at {instant(offer.at)}, because {offer.by} took it"
    by = f" by {offer.by}" if offer.how in ("accepted", "declined") else ""
    why = f" ({offer.because})" if offer.because else ""
    return f"{_HOW.get(offer.how, offer.how)}{by} at {instant(offer.at)}{why}"
