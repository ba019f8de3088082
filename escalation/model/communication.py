"""The part of an escalation's state that is about telling stakeholders: rhythm, latest updates, replies, summaries."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.said import Said
from escalation.model.statements import FollowUp, Milestone, UpdateDraft
from escalation.playbook.communication import KeyPoint
from escalation.playbook.schema import Stage
from escalation.values import Actor, Record, Slug, Target


class Update(Record):
    """What was said to an audience."""

    seq: int
    """Of its event: its place among all updates. A lower one is never sent after a higher."""
    at: AwareDatetime
    by: Actor
    text: str
    stage: Stage
    version: int = 0
    """Of the status: how many statements were released until then, to whatever audience."""
    drafted_by: Actor | None = None
    """Who wrote it, where somebody else released it."""
    automatic: bool = False
    """True: an announcement of the playbook's."""
    spoken_at: AwareDatetime | None = None
    """Of an announcement: when a person last spoke to this audience; None: nobody has."""

    @property
    def heard_at(self) -> AwareDatetime | None:
        """When a person last spoke to this audience."""
        return self.spoken_at if self.automatic else self.at


class Standing(Record):
    """Where a stakeholder stands: since when they are told, what they were told last, whether they answered."""

    audience: Slug
    target: Target | Literal["customer"]
    since: AwareDatetime
    because: str
    version: int = 0
    """``Update.seq`` of the latest that was sent to them; 0: none yet."""
    people: tuple[Actor, ...] = ()
    """Who that was."""
    reached: tuple[Actor, ...] = ()
    """To whom of them it is known to be delivered."""
    reply_due: AwareDatetime | None = None
    """When their answer is late (again); None: none is awaited."""
    chased: int = 0
    replied_at: AwareDatetime | None = None
    replied_by: Actor | None = None
    found_for: int = 0
    """``version`` for which ``people`` were looked up; lower while they still are those of an earlier one."""
    receipt_due: AwareDatetime | None = None
    """When it is noticed (again) that not all of them confirmed to have read it; None: no receipt is awaited."""
    receipt_chased: int = 0
    read_by: tuple[Actor, ...] = ()
    """Who confirmed to have read the latest."""
    grounds: Said | None = None
    """What its reason says, where it is the engine's own."""


KEPT_SUMMARIES = 20
"""How many summaries the state keeps that were filed, the latest; the timeline has all of them."""


class Summary(Record):
    """A summary that is required at a key point."""

    id: str
    point: KeyPoint
    next_due: AwareDatetime
    chased: int = 0
    filed_at: AwareDatetime | None = None
    filed_by: Actor | None = None
    filed_as: int = 0
    """Sequence number of the event that holds its text."""


class Communication(Record):
    """How the stakeholders of one escalation are kept informed."""

    kind: str = ""
    """Which key people count; empty: the general ones."""
    named: bool = False
    """True once somebody is to be told: until then it is nobody's concern who speaks."""
    communicators: tuple[Actor, ...] = ()
    """Who was asked to speak, and everybody they may be replaced by: these may post updates."""
    since: AwareDatetime | None = None
    """From when the audience has waited that has waited longest."""
    due: AwareDatetime | None = None
    """When the next update is due; None: no rhythm runs."""
    next_due: AwareDatetime | None = None
    """When that is noticed (again): ``due``, then each time it is chased."""
    chased: int = 0
    """How often silence was noticed since ``due``."""
    postponed: str = ""
    """Why the update that is due was put off; empty: it was not."""
    updates: dict[Slug, Update] = {}
    """The latest of each audience."""
    stakeholders: dict[Slug, Standing] = {}
    """Everybody who is concerned, by name; from then on to the end."""
    summaries: dict[str, Summary] = {}
    """Those that are to be filed, and the latest that were."""
    required: int = 0
    """How many were required until now."""
    version: int = 0
    """How many statements were released."""
    drafted: int = 0
    drafts: dict[str, UpdateDraft] = {}
    """Those that are open, and why the latest others are not."""
    releasers: tuple[Actor, ...] = ()
    """Who was found to release what is said."""
    milestones: dict[Slug, Milestone] = {}
    """Those that were reached."""
    follow_ups: dict[str, FollowUp] = {}

    @property
    def open_drafts(self) -> tuple[UpdateDraft, ...]:
        """Drafts that may still be released."""
        return tuple(each for each in self.drafts.values() if not each.ended)

    @property
    def unfiled(self) -> tuple[Summary, ...]:
        """Summaries that are required and not filed."""
        return tuple(summary for summary in self.summaries.values() if summary.filed_at is None)

    def is_over(self, draft: str) -> bool:
        """Tell whether a draft can no longer be released."""
        known = self.drafts.get(draft)
        return known is None or known.ended != ""

    def is_latest(self, reference: str) -> bool:
        """Tell whether an update (``seq/name``) is still the latest that this stakeholder is to have."""
        seq, _, name = reference.partition("/")
        standing = self.stakeholders.get(name)
        return standing is not None and str(standing.version) == seq
