"""What happens to work items."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.playbook.work import Area, Defect, InputCause, ItemKind
from escalation.values import Actor, Duration, Holder, Target


class ItemAdded(EventBase):
    """A work item exists."""

    type: Literal["item_added"] = "item_added"
    item: str
    title: str
    owner: Holder
    due: AwareDatetime
    bypass: str = ""
    """The use of the exception procedure that it is to look at; empty for every other item."""
    approval_review: str = ""
    """The approval that it is to look at; empty for every other item."""
    automation: str = ""
    """The automation that added it; empty for every other item."""
    lesson: str = ""
    """The lesson whose change it follows; empty for every other item."""
    kind: ItemKind = ItemKind.ACTION
    template: str = ""
    """The playbook's work item that it was made of; empty for every other item."""
    label: str = ""
    area: Area | None = None
    blocks: tuple[str, ...] = ()
    """Items that wait for this one."""
    blocked_by: tuple[str, ...] = ()
    before: Literal["", "resolution"] = ""
    defect: Defect | None = None
    approvers: tuple[Target, ...] = ()
    confirmed_by: tuple[Actor, ...] = ()
    check: str = ""
    cause: InputCause | None = None
    remind_at: AwareDatetime | None = None
    claim_due: AwareDatetime | None = None
    within: Duration | None = None


class ItemGivenBack(EventBase):
    """Nobody knows whom a work item was given to: it falls to the owner."""

    type: Literal["item_given_back"] = "item_given_back"
    item: str
    owner: Actor
    """Who has it now."""
    was: Actor
    because: str = ""


class ItemClaimed(EventBase):
    """Somebody took an item that was offered."""

    type: Literal["item_claimed"] = "item_claimed"
    item: str
    was: Holder
    """To whom it was offered."""


class ItemStarted(EventBase):
    """Somebody works on it."""

    type: Literal["item_started"] = "item_started"
    item: str


class ItemBlocked(EventBase):
    """It cannot go on."""

    type: Literal["item_blocked"] = "item_blocked"
    item: str
    because: str
    blocked_by: tuple[str, ...] = ()
    """Items that it waits for; without any, somebody says when it goes on by starting it."""


class ItemReady(EventBase):
    """What it waited for is there."""

    type: Literal["item_ready"] = "item_ready"
    item: str
    because: str
    due: AwareDatetime | None = None
    """When it is due, counted from now; None: as before."""
    remind_at: AwareDatetime | None = None
    claim_due: AwareDatetime | None = None


class ItemReassigned(EventBase):
    """Somebody else is to do it."""

    type: Literal["item_reassigned"] = "item_reassigned"
    item: str
    owner: Holder
    was: Holder
    because: str
    claim_due: AwareDatetime | None = None
    handed_on: bool = False
    """The escalation ends, and they have it beyond that."""


class ItemPostponed(EventBase):
    """It is due later, or earlier."""

    type: Literal["item_postponed"] = "item_postponed"
    item: str
    due: AwareDatetime
    was_due: AwareDatetime
    because: str
    remind_at: AwareDatetime | None = None


class ItemDropped(EventBase):
    """It will not be done."""

    type: Literal["item_dropped"] = "item_dropped"
    item: str
    because: str


class ItemCompleted(EventBase):
    """A work item is done."""

    type: Literal["item_completed"] = "item_completed"
    item: str
    result: str = ""


class ItemReminded(EventBase):
    """It is due soon; whoever has it was reminded."""

    type: Literal["item_reminded"] = "item_reminded"
    item: str


class ItemChased(EventBase):
    """A work item is late, or nobody has claimed it; somebody was reminded."""

    type: Literal["item_chased"] = "item_chased"
    item: str
    times: int
    next_due: AwareDatetime
    asked: tuple[Target, ...] = ()
    """Who hears of it beside whoever has it."""


class CheckSubmitted(EventBase):
    """What was done is there to be approved."""

    type: Literal["check_submitted"] = "check_submitted"
    item: str
    content: str
    digest: str
    round: int
    voids: bool = False
    """True: what had been approved was something else."""
    next_due: AwareDatetime


class CheckDecided(EventBase):
    """What was submitted is approved, or rejected."""

    type: Literal["check_decided"] = "check_decided"
    item: str
    digest: str
    approved: bool
    because: str = ""
    defect: Defect | None = None
    """How bad what was found is; None where it is approved."""


class CheckpointConfirmed(EventBase):
    """A step across systems has been taken."""

    type: Literal["checkpoint_confirmed"] = "checkpoint_confirmed"
    item: str
    detail: str = ""


class DependencyChecked(EventBase):
    """A dependency holds, or does not."""

    type: Literal["dependency_checked"] = "dependency_checked"
    item: str
    ok: bool
    detail: str = ""
    next_due: AwareDatetime | None = None
    """When it is chased, of one that does not hold any more."""


class InputAnswered(EventBase):
    """What was asked for is there."""

    type: Literal["input_answered"] = "input_answered"
    item: str
    text: str


class ActionLineUnread(EventBase):
    """A line that looks like an action line could not be read as one; it stays where it was written."""

    type: Literal["action_line_unread"] = "action_line_unread"
    line: int
    """Which line of the text, counted from 1."""
    hint: str
