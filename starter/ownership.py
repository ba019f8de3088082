"""Ownership in ``escalate show``: who speaks to the customer, who has which part, the open hand-off."""

from collections.abc import Iterator
from datetime import datetime

from escalation.lifecycle.ownership.ownership_views import OwnershipView
from starter.line import name, names
from starter.when import away, show


def ownership_rows(view: OwnershipView, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield labels and values; those without a value are left out by whoever shows them."""
    speaks = {"ai": "the AI that asked", "human": "a person; the bot is silent", "none": ""}
    yield "speaks", speaks.get(view.holder, view.holder)
    yield "communicator", name(view.communicator or "")
    yield "commander", name(view.commander or "")
    yield "looks after", "\n".join(view.responsibilities)
    offer = view.handoff
    if offer is not None:
        what = "hand-over of the shift" if offer.shift else "hand-off"
        whom = f"{name(offer.to)} ({names(offer.people)})" if offer.people else name(offer.to)
        claim = ", accepted for the team: somebody of it has to claim it" if offer.claimed_by else ""
        until = f"until {show(offer.due, now)} ({away(offer.due, now)})"
        yield "offered", f"{what} {offer.id} to {whom} {until}{claim}: {offer.because}"
        refusals = (f"{name(each.by)} at {show(each.at, now)}: {each.because}" for each in offer.declined)
        yield "declined so far", "\n".join(refusals)
        yield "remains" if offer.shift else "expected", offer.expectation
        yield "remains", offer.remains
        yield "task", offer.task
    yield "passed on", ("once" if view.hops == 1 else f"{view.hops} times") if view.hops else ""
    yield "packet", f"version {view.packet_version}" if view.packet_version else ""
    yield "consulted", names(view.consulted)
    yield "audience", names(view.audience)
    yield "drafts", "\n".join(view.drafts)
    yield "not started", f"to be documented: {', '.join(view.undocumented)}" if view.undocumented else ""
    yield "executes", name(view.executes)
    yield "approves", name(view.approves)
    yield "shift ends", f"{show(view.shift_ends, now)} ({away(view.shift_ends, now)})" if view.shift_ends else ""
