"""What happens around telling stakeholders: who is concerned, updates, silence, replies, summaries."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.playbook.communication import KeyPoint
from escalation.playbook.schema import Stage
from escalation.values import Actor, Addressee, Slug, Target


class KeyPeopleNamed(EventBase):
    """Whose word counts for this kind of escalation: at the opening, and when its kind changes."""

    type: Literal["key_people_named"] = "key_people_named"
    key_people: str = ""
    """Empty: the general ones."""
    communicator: Target | None = None
    because: str


class StakeholderConcerned(EventBase):
    """A stakeholder is told from now on; what the others know already, they are told at once."""

    type: Literal["stakeholder_concerned"] = "stakeholder_concerned"
    stakeholder: Slug
    audience: Slug
    target: Target | Literal["customer"]
    because: str
    version: int = 0
    """Sequence number of the update they are told now; 0: there is none yet."""
    reply_due: AwareDatetime | None = None
    customer: Actor | None = None
    """Who that is, where it is the customer of the case."""
    receipt_due: AwareDatetime | None = None


class UpdateScheduled(EventBase):
    """When the next update is due was set, because something changed; an update itself sets it anew."""

    type: Literal["update_scheduled"] = "update_scheduled"
    due: AwareDatetime | None
    """None: none is due any more."""
    next_due: AwareDatetime | None
    was_due: AwareDatetime | None = None
    because: str


class UpdatePosted(EventBase):
    """The stakeholders of some audiences are told how it stands."""

    type: Literal["update_posted"] = "update_posted"
    text: str
    audiences: tuple[Slug, ...]
    stage: Stage
    told: tuple[Slug, ...] = ()
    """Names of the stakeholders who are concerned now."""
    reply_due: dict[Slug, AwareDatetime] = {}
    """By name: until when those answer of whom it is expected and who owe no answer yet."""
    since: AwareDatetime | None = None
    """From when the audience has waited now that has waited longest; None: as before."""
    due: AwareDatetime | None = None
    """When the next update is due; None: as before."""
    version: int = 0
    """Of the status: the number of the statement; 0: from before statements were numbered."""
    customer_text: str = ""
    """What customers read."""
    customers: tuple[Slug, ...] = ()
    """Those of the audiences that read it, and never ``text``."""
    groups: tuple[Addressee, ...] = ()
    """Chat groups in which ``text`` is posted."""
    receipt_due: dict[Slug, AwareDatetime] = {}
    """By name: until when those confirm to have read it who owe no receipt yet."""
    draft: str = ""
    """Which draft was released; empty: none."""
    drafted_by: Actor | None = None
    announced: tuple[Slug, ...] = ()
    """Announcements of the playbook's that it is made of; empty: a person speaks."""


class UpdatePostponed(EventBase):
    """The next update comes later, once."""

    type: Literal["update_postponed"] = "update_postponed"
    due: AwareDatetime
    was_due: AwareDatetime
    because: str


class UpdateOverdue(EventBase):
    """Silence: no update came until it was due, or until it was asked for again."""

    type: Literal["update_overdue"] = "update_overdue"
    times: int
    due: AwareDatetime
    asked: tuple[str, ...]
    """Targets, or the owner, who are asked for it now."""
    next_due: AwareDatetime


class ReplyRecorded(EventBase):
    """Stakeholders answered."""

    type: Literal["reply_recorded"] = "reply_recorded"
    stakeholders: tuple[Slug, ...]
    text: str
    on_behalf: bool = False
    """True: whoever speaks to them recorded it."""


class ReplyOverdue(EventBase):
    """An answer that was expected of a stakeholder did not come."""

    type: Literal["reply_overdue"] = "reply_overdue"
    stakeholder: Slug
    times: int
    next_due: AwareDatetime | None
    """None: it is not asked for again."""


class SummaryRequired(EventBase):
    """A key point was reached at which a summary is to be filed."""

    type: Literal["summary_required"] = "summary_required"
    summary: str
    point: KeyPoint
    due: AwareDatetime


class SummaryOverdue(EventBase):
    """A required summary was not filed in time."""

    type: Literal["summary_overdue"] = "summary_overdue"
    summary: str
    times: int
    next_due: AwareDatetime


class SummaryFiled(EventBase):
    """A summary is filed with the escalation."""

    type: Literal["summary_filed"] = "summary_filed"
    summaries: tuple[str, ...]
    """Ids of the required ones that it is; empty: none was required."""
    text: str


class SummaryMissed(EventBase):
    """It ends, and a required summary was never filed."""

    type: Literal["summary_missed"] = "summary_missed"
    summary: str
    point: KeyPoint
    because: str
