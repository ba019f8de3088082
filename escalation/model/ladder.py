"""What an escalation keeps of its ladder and of who has it: levels, rounds of pages, the owner, open offers."""

from pydantic import AwareDatetime

from escalation.choice import Choose
from escalation.model.said import Said
from escalation.playbook.ladder import Axis
from escalation.values import Actor, Record, Target


class LevelState(Record):
    """Where on the ladder it is."""

    id: str
    index: int
    axis: Axis
    entered_at: AwareDatetime
    dwell_due: AwareDatetime


class Rung(Record):
    """A round of pages that waits for an acknowledgement: an open offer with a running clock."""

    id: str
    level: str
    round: int
    targets: tuple[Target, ...]
    opened_at: AwareDatetime
    due: AwareDatetime
    last_resort: bool = False
    resolved: bool = False
    people: tuple[Actor, ...] = ()
    declined: tuple[Actor, ...] = ()
    failed: tuple[Actor, ...] = ()
    told: tuple[Actor, ...] = ()
    """To whom a page is known to have been delivered."""
    held: dict[Actor, AwareDatetime] = {}
    """Whose page waits for their working hours, and when those begin."""
    channels: tuple[str, ...] = ()
    """Which channels are tried first."""
    choose: Choose | None = None
    """How some of the targets' people are chosen; None: as the directory says."""
    instead: tuple[Target, ...] = ()
    """Whom it calls in place of the level's own targets: a cell of the matrix named them."""
    beside: tuple[Target, ...] = ()
    """Whom it calls beside them."""
    otherwise: Target | None = None
    """Who is called when the targets lead to nobody; None: the playbook's owner."""
    why: dict[Actor, str] = {}
    """Why it is they and not others, where there is something to say."""
    notes: tuple[str, ...] = ()
    """Who was passed over, left out or spared, and what could not be resolved."""


class Bypass(Record):
    """One use of the exception procedure."""

    id: str
    by: Actor
    skipped: str
    because: str


class Taken(Record):
    """Who took it, from where: answers a second acknowledgement."""

    by: Actor
    at: AwareDatetime
    rung: str


class Owner(Record):
    """The one accountable person."""

    actor: Actor
    since: AwareDatetime
    because: str = ""
    lapsed: bool = False
    """True: nothing was heard of them for as long as an acknowledgement lasts, and others are called."""


class Refusal(Record):
    """One of several who said no to an offer, which stays open for the others."""

    by: Actor
    at: AwareDatetime
    because: str
    """As much of it as is kept; the whole is in the event."""


class Handoff(Record):
    """An open offer of responsibility."""

    id: str
    to: str
    offered_by: Actor
    because: str
    expectation: str
    due: AwareDatetime
    people: tuple[Actor, ...] = ()
    """Whom it was offered to: who they were when they were looked up, whatever becomes of their team."""
    declined: tuple[Refusal, ...] = ()
    """Who of them said no."""
    period: int = 0
    """The operational period that comes to its end with it; 0: somebody hands over by themselves."""
    shift: bool = False
    """Opened by itself, because the owner's shift ends."""
    giver: str = ""
    reason: str = "other"
    axis: Axis | None = None
    packet_version: int = 0
    task: str = ""
    assignee: Actor | None = None
    task_due: AwareDatetime | None = None
    shift_ends: dict[Actor, AwareDatetime] = {}
    """Of a change of shift: when the shift of those it is offered to ends."""
    edited: bool = False
    """True: somebody wrote anew what remains, which the engine had written as it was then."""
    team_by: Actor | None = None
    """Who accepted it for the team; one of its people has to claim it until it is due."""
    grounds: Said | None = None
    """What its reason says, where it is the engine's own."""

    @property
    def asked(self) -> tuple[Actor, ...]:
        """Those it was offered to who have not said no."""
        return tuple(person for person in self.people if self.refusal_of(person) is None)

    def refusal_of(self, person: Actor) -> Refusal | None:
        """Return the no of somebody who said it while others were still asked."""
        return next((each for each in self.declined if each.by == person), None)
