"""Linked escalations: two that belong together on separate paths, such as an internal fault and the customer's case.

Each tells the other what changes in its status. What is heard changes no status here, so nothing is echoed. One that
has ended, or is not there, is told nothing more. A case that is about somebody keeps how it stands to itself: the other
one's people may be whom it is about.

A parent waits for those below it, so none may be below itself. Each knows what is above it: a parent says so to those
below it, and again when that changes. What two sides do at the same moment is noticed when that comes round: then the
message is refused, and the one above loses that link and is told why.
"""

from escalation.errors import NotAllowed, NotNow, TooLarge
from escalation.lifecycle import permissions
from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.parts import Relation
from escalation.model.state import Escalation
from escalation.values import ENGINE, ActorKind, kind_of

MOST_LINKS = 20
"""How many others one may be linked with: each is told of every change of status."""

_SEEN_FROM_THERE: dict[Relation, Relation] = {
    "internal": "external",
    "external": "internal",
    "related": "related",
    "parent": "child",
    "child": "parent",
}


def mirrored(relation: Relation) -> Relation:
    """Return what this one is to the other, where the other is this to it."""
    return _SEEN_FROM_THERE[relation]


def link(draft: Draft, command: c.Link) -> None:
    """Link another escalation; linked already in the same way, nothing changes, but one that was lost is told again."""
    state = draft.state
    permissions.require_member_or_requester(state, command.by)
    if kind_of(command.by) is ActorKind.CUSTOMER:
        raise NotAllowed(f"linking is for those who work on it: {command.by} would hear how another case stands")
    if command.other == state.id:
        raise NotAllowed(f"{state.id} cannot be linked with itself")
    known = state.links.get(command.other)
    if known is not None and known.relation == command.relation and not known.lost:
        return
    if state.rules >= 2:
        _refuse_circle(state, command.other, command.relation, ())
    _require_linkable(state, command.other)
    draft.record(e.LinkAdded, other=command.other, relation=command.relation, because=command.because)


MOST_ABOVE = 50
"""How many are known to be above one, the nearest."""


def above(state: Escalation) -> tuple[str, ...]:
    """Name the escalations above this one, the nearest first, as far as was heard of them: one may still refuse."""
    links = state.links.items()
    parents = {other: link for other, link in links if link.relation == "parent" and link.heard and not link.lost}
    higher = (each for link in parents.values() for each in link.above)
    return tuple(dict.fromkeys((*parents, *higher)))[:MOST_ABOVE]


def _refuse_circle(state: Escalation, other: str, relation: Relation, over: tuple[str, ...]) -> None:
    """Refuse that something is below itself; ``over`` is what is above the other one.

    Raises:
        NotAllowed: naming both, and what to do.
    """
    if other == state.id:
        raise NotAllowed(f"{state.id} cannot be linked with itself")
    known = state.links.get(other)
    if known is not None and not known.lost and {known.relation, relation} == {"parent", "child"}:
        raise NotAllowed(
            f"{other} is the {known.relation} of {state.id}, and cannot be its {relation} too: unlink them first, or "
            "link them as related"
        )
    if (relation == "child" and other in above(state)) or (relation == "parent" and state.id in over):
        upper, lower = (other, state.id) if relation == "child" else (state.id, other)
        raise NotAllowed(
            f"{upper} is above {lower} already, and cannot be below it too: each would wait for the other to end; link "
            f"them as related, or unlink what is between them ({upper} ... {lower}) first"
        )


def _require_linkable(state: Escalation, other: str) -> None:
    if concerned(state):
        raise NotAllowed(
            f"{state.id} is about somebody and is not linked: what becomes of it stays with its own people"
        )
    if other not in state.links and len(state.links) >= MOST_LINKS:
        raise TooLarge(f"{state.id} is linked with {MOST_LINKS} others already; unlink one first")


def unlink(draft: Draft, command: c.Unlink) -> None:
    """Take a link away, on both sides."""
    state = draft.state
    permissions.require_member_or_requester(state, command.by)
    if command.other not in state.links:
        linked = ", ".join(state.links) or "nothing"
        raise NotNow(f"{state.id} is not linked with {command.other}; it is linked with {linked}")
    draft.record(e.LinkRemoved, other=command.other, because=command.because)


def heard(draft: Draft, command: c.LinkHeard) -> None:
    """Take what a linked escalation says; the same message again, or one of a link that is gone, changes nothing.

    Raises:
        NotAllowed: this one is about somebody.
        NotAllowed: it would be below itself; the other one then loses its link.
        TooLarge: it would be one link too many; the other one then loses its own.
    """
    known = draft.state.links.get(command.other)
    if known is not None and known.heard == command.key:
        return
    circles = draft.state.rules >= 2
    if circles and (command.what == "linked" or (known is not None and command.what == "status")):
        _refuse_circle(draft.state, command.other, command.relation, command.above)
    if command.what == "linked":
        _require_linkable(draft.state, command.other)
        draft.record(
            e.LinkAdded,
            by=command.on_behalf_of,
            other=command.other,
            relation=command.relation,
            because=command.because,
            status=command.status,
            key=command.key,
            above=command.above if circles else (),
        )
    elif known is not None and command.what == "unlinked":
        draft.record(
            e.LinkRemoved, by=command.on_behalf_of, other=command.other, because=command.because, key=command.key
        )
    elif known is not None and (known.status != command.status or known.ended != command.ended):
        draft.record(
            e.StatusHeard, by=ENGINE, other=command.other, status=command.status, key=command.key, ended=command.ended
        )
    known = draft.state.links.get(command.other)
    if circles and command.what == "status" and known is not None and known.above != command.above:
        draft.record(e.AncestryHeard, by=ENGINE, other=command.other, above=command.above, key=command.key)


def not_told(draft: Draft, command: c.LinkNotTold) -> None:
    """The other one could not be told: that is recorded once."""
    known = draft.state.links.get(command.other)
    if known is not None and not known.lost:
        draft.record(e.LinkLost, by=ENGINE, other=command.other, because=command.error)


def follow(draft: Draft) -> None:
    """Tell those that are linked when the status is another one now."""
    if all(link.lost for link in draft.state.links.values()) or concerned(draft.state):
        return
    previous, status = draft.before.status, draft.state.status
    if status != previous:
        draft.record(e.StatusTold, by=ENGINE, status=status, previous=previous)
    elif draft.state.rules >= 2 and open_children(draft.state) and above(draft.before) != above(draft.state):
        draft.record(e.AncestryTold, by=ENGINE, above=above(draft.state))


# --- those below it ---------------------------------------------------------------------------------------------------


def open_children(state: Escalation) -> tuple[str, ...]:
    """Name the escalations below this one that have not ended, as far as was heard of them."""
    return tuple(
        other for other, link in state.links.items() if link.relation == "child" and not link.ended and not link.lost
    )


def wait_for_children(draft: Draft) -> bool:
    """Tell whether the end waits for those below it; the owner is reminded until they have ended, or are unlinked."""
    children = open_children(draft.state)
    if children and draft.state.children_due is None:
        _await(draft, children)
    return bool(children)


def children_late(draft: Draft) -> None:
    """They are still open: remind whoever is accountable."""
    _await(draft, open_children(draft.state))


def _await(draft: Draft, children: tuple[str, ...]) -> None:
    due = draft.now + draft.state.playbook.review.remind
    draft.record(e.ChildrenAwaited, by=ENGINE, children=children, next_due=due)
