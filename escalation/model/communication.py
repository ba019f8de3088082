"""The part of an escalation's state that is about telling stakeholders: rhythm, latest updates, replies, summaries."""

from pydantic import AwareDatetime

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


class Standing(Record):
    """Where a stakeholder stands: since when they are told, what they were told last, whether they answered."""

    audience: Slug
    target: Target
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

    @property
    def unfiled(self) -> tuple[Summary, ...]:
        """Summaries that are required and not filed."""
        return tuple(summary for summary in self.summaries.values() if summary.filed_at is None)

    def is_latest(self, reference: str) -> bool:
        """Tell whether an update (``seq/name``) is still the latest that this stakeholder is to have."""
        seq, _, name = reference.partition("/")
        standing = self.stakeholders.get(name)
        return standing is not None and str(standing.version) == seq
