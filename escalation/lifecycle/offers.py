"""What a message asks for, and how its receiver may answer: commands with their arguments, the likeliest first.

An offer names what was asked (the approval and its digest, the work item), so that a button that is pressed late
answers that and nothing else. Only what the receiver may send is offered: the rules still decide when it is sent.
"""

from typing import Final, NamedTuple

from escalation.lifecycle import permissions
from escalation.lifecycle.work import item_powers
from escalation.model.actions import Offer
from escalation.model.approval import Gate
from escalation.model.items import Item
from escalation.model.ladder import Handoff, Rung
from escalation.model.state import Escalation
from escalation.playbook.gates import GatePolicy
from escalation.playbook.work import ItemKind
from escalation.values import ActorKind, Addressee, kind_of, split_target

BECAUSE: Final = ("because",)
_SUPPLIED: Final = ("summary", "impact", "constraints", "help_needed")
"""Parts of the packet that are one text, which somebody can write into a field."""
_CONTENT: Final = {"submit_check": ("content",)}


class Matter(NamedTuple):
    """What a message asks for: its name, as long as which is open it can be answered, and the ways to answer."""

    name: str = ""
    offers: tuple[Offer, ...] = ()


NOTHING: Final = Matter()
"""Of a message that only tells something."""


def page(rung: Rung, to: Addressee) -> Matter:
    """Take it, or say that one cannot."""
    return Matter(f"rung:{rung.id}", _TAKE_IT if _is_person(to) else ())


_TAKE_IT: Final = (Offer(command="acknowledge"), Offer(command="decline", needs=BECAUSE))


def gate(state: Escalation, asked: Gate, policy: GatePolicy, to: Addressee) -> Matter:
    """Decide on an approval as it stands now; where it has choices, approving means choosing one."""
    name = f"gate:{asked.id}/{asked.round}"
    barred = to in asked.excluded or to not in asked.people
    if barred or not _is_person(to):
        return Matter(name)
    seen = {"gate": asked.id, "digest": asked.digest}
    choices = [{**seen, "choice": choice.id} for choice in policy.choices] or [seen]
    return Matter(
        name,
        (
            *(Offer(command="approve", arguments=each) for each in choices),
            Offer(command="reject", arguments=seen, needs=BECAUSE),
            Offer(command="request_changes", arguments={"gate": asked.id}, needs=BECAUSE),
        ),
    )


def handoff(offer: Handoff, to: Addressee) -> Matter:
    """Take over responsibility, or leave it where it is."""
    answers = (Offer(command="accept_handoff"), Offer(command="decline_handoff", needs=BECAUSE))
    return Matter(f"handoff:{offer.id}", answers if _is_person(to) and split_target(offer.to)[0] != "system" else ())


def claim(offer: Handoff, to: Addressee) -> Matter:
    """Claim what somebody accepted for the own team."""
    return Matter(f"handoff:{offer.id}", (Offer(command="claim"),) if _is_person(to) else ())


def packet(state: Escalation, parts: tuple[str, ...], to: Addressee) -> Matter:
    """Supply what is missing from the packet, as far as it is one text each."""
    needs = tuple(part for part in parts if part in _SUPPLIED)
    offered = (Offer(command="provide_input", needs=needs),) if needs and to == state.requested_by else ()
    return Matter("input:packet", offered)


def item(each: Item, to: Addressee) -> Matter:
    """Claim a work item that is offered to several, or bring one's own to its end."""
    name, seen = f"item:{each.id}", {"item": each.id}
    if each.kind is ItemKind.INPUT:
        return Matter(name, (Offer(command="answer_input", arguments=seen, needs=("text",)),))
    if not _is_person(to) or each.waits:
        return Matter(name)
    if item_powers.is_target(each.owner):
        return Matter(f"{name}/offer", (Offer(command="claim_item", arguments=seen),))
    if each.lesson or each.pending:
        return Matter(name)  # it ends with something else: a change that is live, or an approver's word
    command = item_powers.command_of(each)
    if command == "report_check":
        return Matter(name, tuple(Offer(command=command, arguments={**seen, "ok": ok}) for ok in ("true", "false")))
    return Matter(name, (Offer(command=command, arguments=seen, needs=_CONTENT.get(command, ())),))


def check(each: Item) -> Matter:
    """Decide on what was submitted of a work item."""
    digest = each.approval.digest if each.approval is not None else ""
    return Matter(
        f"check:{each.round}",
        (
            Offer(command="approve_check", arguments={"item": each.id, "digest": digest}),
            Offer(command="reject_check", arguments={"item": each.id}, needs=BECAUSE),
        ),
    )


def resolution(state: Escalation, to: Addressee) -> Matter:
    """Say whether it is solved."""
    answers = permissions.is_customer(state, to) or to == state.requested_by
    offered = (Offer(command="confirm_resolution"), Offer(command="reject_resolution", needs=BECAUSE))
    return Matter("resolution", offered if answers else ())


def _is_person(to: Addressee) -> bool:
    return kind_of(to) is ActorKind.PERSON
