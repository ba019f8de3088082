"""The parts of an escalation's state that say who has which part in it, beside the owner."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.values import Actor, Record, Slug

MOST_RESPONSIBILITIES = 50
MOST_DRAFTS = 20
MOST_PASSED = 20
"""How many assigned responsibilities, drafts that wait, and hand-offs (the latest) are kept in the state."""
KEPT_OFFERS = 20
"""How many offers that have ended are kept, the latest, for whoever answers one too late."""
KEPT_OWNERS = 50
"""How many of those who owned it are kept, each once, the latest."""
KEPT_HEARD = 200
"""How many of those who heard of a stage are kept with when, the latest of each stage."""


class Responsibility(Record):
    """What one person or team looks after."""

    who: str
    what: str
    by: Actor


class Documented(Record):
    """Who carries the work out and who gives the final approval, as somebody stated it."""

    executes: str = ""
    approves: str = ""
    by: Actor


class WorkDraft(Record):
    """What an AI drafted and a person has to look at. The text is in its event."""

    id: str
    activity: Slug
    by: Actor
    seq: int
    people: tuple[Actor, ...] = ()
    """Who may complete it; empty until they are found."""


class EndedHandoff(Record):
    """How the latest offer that was not accepted ended."""

    to: str
    how: str
    at: AwareDatetime
    because: str


class PastOffer(Record):
    """An offer that has ended, however it did, and whom it was made to."""

    id: str
    to: str
    people: tuple[Actor, ...] = ()
    how: str
    """``declined``, ``expired``, ``withdrawn``, ``taken_outside``, ``accepted``, or ``overtaken`` by a claim."""
    by: Actor
    at: AwareDatetime
    because: str = ""


class Passed(Record):
    """An accepted hand-off: from whom to whom."""

    id: str
    giver: str
    receiver: Actor


class Shift(Record):
    """The end of the owner's shift, and when the hand-over to the next one is opened."""

    ends: AwareDatetime
    offer_due: AwareDatetime


class Ownership(Record):
    """Roles beside the owner, who was asked and told by stage, what AIs did, and how it passed from hand to hand."""

    communicator: Actor | None = None
    commander: Actor | None = None
    responsibilities: tuple[Responsibility, ...] = ()
    consulted: tuple[Actor, ...] = ()
    """Who was asked for input: they may advise, and not act."""
    stage_told: dict[str, tuple[Actor, ...]] = {}
    """Stage to whom it was told to, as consulted or informed."""
    stage_heard: dict[str, dict[Actor, int]] = {}
    """Stage to the number of the event by which somebody first heard of it."""
    owners: tuple[Actor, ...] = ()
    """Everybody who has owned it, each once."""
    advice: int = 0
    documented: Documented | None = None
    drafts: dict[str, WorkDraft] = {}
    drafted: int = 0
    done: dict[Slug, int] = {}
    """Activities of the playbook's own, and how often each was completed."""
    ended: EndedHandoff | None = None
    past_offers: tuple[PastOffer, ...] = ()
    """The latest offers that have ended, the last one last."""
    passed: tuple[Passed, ...] = ()
    shift: Shift | None = None
    shift_changes: int = 0
    """How often it passed to the next shift: planned, so not counted among the hand-offs."""
    reasons: dict[str, int] = {}
    """Why it was offered to somebody else (``no_authority`` ...), and how often."""

    @property
    def audience(self) -> tuple[Actor, ...]:
        """Everybody who was told of a stage, in which they have no part."""
        return tuple(dict.fromkeys(person for told in self.stage_told.values() for person in told))


Warmth = Literal["warm", "cold"]
"""How a call is transferred: warm, one agent tells the next what it is about; cold, they do not speak."""
