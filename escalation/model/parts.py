"""The parts of an escalation's state: where it is on the ladder, who has it, approvals, clocks, the work."""

from datetime import timedelta
from typing import Literal

from pydantic import AwareDatetime

from escalation.choice import Choose
from escalation.playbook.facts import FactValue
from escalation.playbook.ladder import Axis
from escalation.playbook.schema import Stage
from escalation.values import Actor, Record, Slug, Target

Relation = Literal["internal", "external", "related", "parent", "child"]
"""What a linked escalation is: inside the organisation, towards customers and partners, neither; above or below it."""


class Link(Record):
    """Another escalation that belongs to this one."""

    relation: Relation
    by: Actor
    because: str = ""
    status: str = ""
    """As it was last heard of."""
    heard: str = ""
    """Key of the latest message of the other one."""
    lost: str = ""
    """Why it is not told any more; empty while it is."""
    ended: bool = False
    """It has ended, as was heard of it."""


class PacketPart(Record):
    """Who supplied a part of the context packet last."""

    version: int
    """Of the packet, in which it came."""
    by: Actor
    at: AwareDatetime
    source: str = ""
    """The tool it comes from; empty where nobody said."""


class InputRequest(Record):
    """Required parts of the packet that the requester was asked for."""

    parts: tuple[str, ...]
    of: Actor
    due: AwareDatetime


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


class Handoff(Record):
    """An open offer of responsibility."""

    id: str
    to: str
    offered_by: Actor
    because: str
    expectation: str
    due: AwareDatetime
    people: tuple[Actor, ...] = ()
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
    team_by: Actor | None = None
    """Who accepted it for the team; one of its people has to claim it until it is due."""


class Vote(Record):
    """What one approver decided, on what."""

    by: Actor
    at: AwareDatetime
    decision: Literal["approved", "rejected", "changes_requested"]
    digest: str
    because: str = ""
    choice: str = ""


class Delegation(Record):
    """A seat that was passed on."""

    by: Actor
    to: Actor
    at: AwareDatetime


class Gate(Record):
    """An approval in its present round."""

    id: str
    round: int
    digest: str
    opened_at: AwareDatetime
    opened_seq: int = 0
    """Sequence number of the event that opened this round."""
    due: AwareDatetime
    state: Literal["pending", "passed", "rejected", "voided", "withdrawn"] = "pending"
    resolved: bool = False
    people: tuple[Actor, ...] = ()
    """Who may decide: those asked first, and every deputy asked since."""
    targets: tuple[Target, ...] = ()
    """Of whom it is asked."""
    seats: int = 0
    """How many were asked first, and how many targets had nobody to ask."""
    vacant: int = 0
    """Targets that had nobody to ask: their seats wait for a deputy."""
    votes: tuple[Vote, ...] = ()
    deputies_asked: int = 0
    closed_at: AwareDatetime | None = None
    closed_by: Actor | None = None
    because: str = ""
    skipped: bool = False
    """Passed without its approvers, by the exception procedure."""
    roles: dict[Actor, tuple[Target, ...]] = {}
    """Where each of several targets has its share: for which of them a person counts."""
    places: dict[Target, int] = {}
    """How many seats each of those targets has, as ``seats`` counts them."""
    excluded: tuple[Actor, ...] = ()
    """Whom the playbook bars by name, role or team."""
    delegations: tuple[Delegation, ...] = ()
    emergency: tuple[Actor, ...] | None = None
    """Who may approve alone in an emergency; None while that is not known."""
    choice: str = ""
    """What was chosen, once it is passed."""
    kept: bool = False
    """It is late and stays open, and nobody is reminded of it."""
    questions: tuple[int, ...] = ()
    """Sequence numbers of the events that had the question sent, in this round and the latest before."""
    told: tuple[Actor, ...] = ()
    """To whom the question of this round is known to have been delivered."""


class ApprovalReview(Record):
    """An approval that somebody who did not give it has to look at."""

    id: str
    gate: str
    approved_by: tuple[Actor, ...]
    emergency: bool


class ActionApproval(Record):
    """An action that somebody asked for before doing it."""

    id: str
    action: str
    arguments: dict[str, FactValue]
    digest: str
    by: Actor
    at: AwareDatetime
    gates: tuple[str, ...]
    state: Literal["pending", "passed", "rejected", "voided", "withdrawn", "used"] = "pending"
    because: str = ""
    choice: str = ""
    valid_until: AwareDatetime | None = None
    """Until when it may be used; None: as long as the escalation is open."""


class Pause(Record):
    """One entry of a clock's pause ledger."""

    by: Actor
    because: str
    since: AwareDatetime
    until: AwareDatetime | None = None


class Clock(Record):
    """A running, paused or stopped clock; instants are absolute and already include past pauses."""

    name: Slug
    started_at: AwareDatetime
    warn_due: AwareDatetime
    due: AwareDatetime
    warned: bool = False
    breached: bool = False
    stopped_at: AwareDatetime | None = None
    pauses: tuple[Pause, ...] = ()
    """The latest entries of its pause ledger."""
    lost: timedelta = timedelta(0)
    """What the entries took that are not kept any more, in the clock's own time."""
    paused_for: timedelta = timedelta(0)
    """The same in wall time."""
    reminders: tuple[AwareDatetime, ...] = ()
    """When the owner is still to be reminded of it, the earliest first."""
    applies: bool = True
    """False: it was stopped because there is no limit at this severity, or no due date any more; it may run again."""

    @property
    def paused(self) -> bool:
        """True while the last entry of the pause ledger is open."""
        return bool(self.pauses) and self.pauses[-1].until is None


class StatusStay(Record):
    """A stay in a status that may last only so long."""

    status: str
    since: AwareDatetime
    due: AwareDatetime
    """When that is said (again)."""
    times: int = 0


class Lowering(Record):
    """Somebody asked for a milder severity, and its gate has not decided yet."""

    by: Actor
    severity: str
    because: str
    at: AwareDatetime


class Hold(Record):
    """Work is paused."""

    by: Actor
    because: str
    since: AwareDatetime
    until: AwareDatetime


class Resolution(Record):
    """What was proposed as the solution, and what became of it."""

    text: str
    cause: str
    by: Actor
    at: AwareDatetime
    confirm_due: AwareDatetime | None = None
    state: Literal["proposed", "confirmed", "rejected"] = "proposed"
    how: str = ""
    questions: tuple[int, ...] = ()
    """Sequence numbers of the events that had the question sent whether it is accepted."""
    asked_at: AwareDatetime | None = None
    """When that question is known to have arrived; until then silence says nothing."""


class Review(Record):
    """The post-incident review."""

    started_at: AwareDatetime
    next_due: AwareDatetime
    chased: int = 0
    submitted_by: Actor | None = None
    submitted_at: AwareDatetime | None = None
    impact: str = ""
    cause: str = ""
    resolution: str = ""
    lessons: tuple[str, ...] = ()
    warranted: bool | None = None


class AutomationTask(Record):
    """Something that an automation does for people who are being looked up: tell them, or give one an action item."""

    id: str
    """Sequence number of the run, and which of its actions: ``17/2``."""
    automation: str
    targets: tuple[Target, ...]
    text: str
    """What they are told; of an action item its title."""
    due: AwareDatetime | None = None
    """Of an action item; None: it is a message."""


class ShownStatus(Record):
    """A status that an automation set, for as long as the stage lasts."""

    status: str
    stage: Stage


class Critical(Record):
    """Why it is a critical incident."""

    since: AwareDatetime
    because: str
    condition: str
    facts: dict[str, FactValue]
    words: tuple[str, ...] = ()


class Recovery(Record):
    """What was decided about recovery scripts, and what became of it."""

    id: str
    """Empty while no script applies."""
    script: str
    state: Literal["manual", "waiting", "running", "recovered", "failed"]
    because: str
    since: AwareDatetime


class Held(Record):
    """A decision that arrived before what it is about."""

    command: str
    content: str


class Remembered(Record):
    """A command that was accepted."""

    command: str
    """Name, actor and command id."""
    at: AwareDatetime
    seq: int


class Score(Record):
    """A rating (of the hand-over) or the customer's satisfaction, 1..5."""

    by: Actor
    score: int
    comment: str = ""
    preparation: int | None = None
    documentation: int | None = None
    handoff: str = ""
    giver: str = ""
