"""Work items: one model for action items, checklists, checkpoints, dependencies and input requests."""

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime

from escalation.playbook.work import Area, Defect, InputCause, ItemKind
from escalation.values import Actor, Duration, Holder, Record, Target


class ItemState(StrEnum):
    """How it stands with a work item."""

    OPEN = "open"
    READY = "ready"
    """It waited for others, and they are done."""
    BLOCKED = "blocked"
    IN_PROGRESS = "in_progress"
    NEEDS_INPUT = "needs_input"
    DONE = "done"
    DROPPED = "dropped"


class Approval(StrEnum):
    """How it stands with the approval of what was submitted."""

    PENDING = "pending_approval"
    APPROVED = "approved"
    NEW = "new_approval"
    """What had been approved was changed: that approval is void and a new one is asked for."""


class Check(Record):
    """What was submitted of an item that needs an approval, and who decides on it."""

    approvers: tuple[Target, ...]
    round: int = 0
    digest: str = ""
    """Of what was submitted last."""
    submitted_by: Actor | None = None
    deciders: tuple[Actor, ...] = ()
    """Who was asked in this round."""
    state: Approval | None = None
    """None: nothing is submitted, or what was submitted was rejected."""


class Item(Record):
    """A work item, followed until it is done."""

    id: str
    title: str
    owner: Holder
    """Who has it; a team or another target as long as none of its people has claimed it."""
    due: AwareDatetime
    next_due: AwareDatetime
    chased: int = 0
    done_at: AwareDatetime | None = None
    """When it was done or dropped."""
    done_by: Actor | None = None
    """Who did or dropped it; None for what was over before this was kept."""
    result: str = ""
    """What came of it, or why it was dropped; once it is over only its beginning, the event has all of it."""
    by: Actor | None = None
    """Who added it; None for what was added before this was kept."""
    bypass: str = ""
    """The use of the exception procedure that it is to look at."""
    approval_review: str = ""
    """The approval that it is to look at."""
    automation: str = ""
    """The automation that added it."""
    lesson: str = ""
    """The lesson whose change it follows."""
    kind: ItemKind = ItemKind.ACTION
    template: str = ""
    """The playbook's work item that it was made of."""
    added_at: AwareDatetime | None = None
    """None for what was added before this was kept."""
    label: str = ""
    area: Area | None = None
    blocks: tuple[str, ...] = ()
    """Items that wait for this one."""
    blocked_by: tuple[str, ...] = ()
    """Items that it waits for and that are still open."""
    awaits: tuple[str, ...] = ()
    """Input requests that it waits for and that are still open."""
    blocked_because: str = ""
    """Why somebody said that it cannot go on."""
    before: Literal["", "resolution"] = ""
    """What it keeps from happening while it is open; empty: only the close."""
    ready: bool = False
    """It waited for others, and does not any more."""
    started_at: AwareDatetime | None = None
    dropped: bool = False
    handed_on: bool = False
    """The escalation ended before it was done, and its owner has it beyond that."""
    people: tuple[Actor, ...] = ()
    """To whom it was offered, or moved up: they may act on it as its owner may."""
    remind_at: AwareDatetime | None = None
    claim_due: AwareDatetime | None = None
    """Until when somebody is to claim it."""
    within: Duration | None = None
    """How long it may take from when it can be begun; None: its due time is as stated."""
    defect: Defect | None = None
    """How bad a defect it is, or shows."""
    approval: Check | None = None
    """None: nobody has to approve it."""
    confirmed_by: tuple[Actor, ...] = ()
    """Services that may confirm or report it."""
    check: str = ""
    """The condition under which it holds."""
    failed: str = ""
    """How its latest check failed."""
    cause: InputCause | None = None
    """Of an input request: why it is needed."""

    @property
    def looks_back(self) -> bool:
        """True where it looks at a use of the exception procedure, or at an approval: then it is never dropped."""
        return bool(self.bypass or self.approval_review)

    @property
    def open(self) -> bool:
        """True until it is done or dropped."""
        return self.done_at is None

    @property
    def waits(self) -> bool:
        """True while it waits for other items."""
        return bool(self.blocked_by or self.awaits)

    @property
    def claimed(self) -> bool:
        """True when somebody by name has it, or has to supply it."""
        return self.owner.partition(":")[0] in ("person", "agent", "service", "customer")

    @property
    def holders(self) -> tuple[Actor, ...]:
        """Who has it by name; while nobody has claimed it, whoever it is offered to."""
        return (self.owner,) if self.claimed else self.people

    @property
    def pending(self) -> bool:
        """True while what was submitted waits for an approval."""
        return self.open and self.approval is not None and self.approval.state in (Approval.PENDING, Approval.NEW)

    @property
    def round(self) -> str:
        """Name the round of its approval, as in the purpose of whoever is asked: ``i3/2``."""
        return f"{self.id}/{self.approval.round if self.approval is not None else 0}"

    @property
    def state(self) -> ItemState:
        """How it stands."""
        if not self.open:
            return ItemState.DROPPED if self.dropped else ItemState.DONE
        if self.awaits or self.kind is ItemKind.INPUT:
            return ItemState.NEEDS_INPUT
        if self.blocked_by or self.blocked_because or self.failed:
            return ItemState.BLOCKED
        if self.started_at is not None or self.pending:
            return ItemState.IN_PROGRESS
        return ItemState.READY if self.ready else ItemState.OPEN


def first_due(due: AwareDatetime, *others: AwareDatetime | None) -> AwareDatetime:
    """Return the first instant at which something happens by itself."""
    return min((due, *(other for other in others if other is not None)))
