"""Who is kept informed, how often and by whom, as a playbook says it: stakeholders, rhythm, communicator, summaries.

From when on somebody is told is said apart from what makes an escalation go up: reaching the one does not imply the
other.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from escalation.playbook.audiences import Announcement, Audience, FollowUpPolicy, MilestonePolicy, PostTo, Reads
from escalation.playbook.parts import Condition
from escalation.values import Duration, Record, Slug, Target


class Stakeholder(Record):
    """Somebody who is told how it stands: where to find them, from when on, and what is expected of them."""

    name: Slug
    audience: Slug
    """Whoever has the same audience is told the same updates."""
    target: Target | Literal["customer"]
    """Who that is, looked up when there is something to tell; ``customer``: that of the case."""
    channels: tuple[Slug, ...] = ()
    """Channels that are tried first, before the person's own order goes on."""
    from_severity: str | None = None
    """Told from this severity on (its name), and at every worse one; None: at every severity."""
    from_level: Slug | None = None
    """Told from this level on; None: from the opening."""
    replies_within: Duration | None = None
    """How soon an answer to an update is expected; None: none is."""
    calendar: Slug | None = None
    """Name of the calendar in whose business time ``replies_within`` runs; None: wall time."""


class KeyPeople(Record):
    """Who is concerned by one kind of escalation: its communicator, and stakeholders that differ or come beside."""

    id: Slug
    when: Condition
    communicator: Target | None = None
    """None: the general one."""
    stakeholders: tuple[Stakeholder, ...] = ()
    """One with the name of a general stakeholder takes that one's place."""
    about: str = ""


class Rhythm(Record):
    """How often an update is due at a severity, and what silence leads to."""

    every: Duration
    chase: Duration
    """After the communicator was reminded: how long until it moves up, and then up again."""
    calendar: Slug | None = None
    """Name of the calendar in whose business time both run; None: wall time."""


class KeyPoint(StrEnum):
    """A point of the life at which a summary may be required."""

    ASSIGNED = "assigned"
    """Somebody owns it for the first time."""
    SEVERITY_CHANGED = "severity_changed"
    APPROVAL_DECIDED = "approval_decided"
    RESOLVED = "resolved"
    """The resolution stands and the review begins."""


class SummaryPolicy(Record):
    """Which escalations need summaries, when, and how soon. It is not closed without them."""

    when: Condition
    """Asked at each of the points: a summary is required where it is true then."""
    at: Annotated[tuple[KeyPoint, ...], Field(min_length=1)] = tuple(KeyPoint)
    within: Duration
    """How soon it is to be filed; after that its writer is reminded, again after each such time."""


class CommunicationPolicy(Record):
    """Communication inside an escalation, in one place."""

    communicator: Target | None = None
    """Who speaks to the stakeholders; None: the owner, and whoever is accountable while nobody owns it."""
    stakeholders: tuple[Stakeholder, ...] = ()
    key_people: tuple[KeyPeople, ...] = ()
    """By kind of escalation; the first whose condition is true counts."""
    cadence: dict[str, Rhythm] = {}
    """Severity name to rhythm; ``default`` serves the severities that are not named."""
    summaries: SummaryPolicy | None = None
    audiences: tuple[Audience, ...] = ()
    """What is particular about some audiences; one that is not named reads the internal text."""
    release_by: tuple[Target, ...] = ()
    """Who alone releases what is said; empty: whoever speaks to the stakeholders."""
    announcements: tuple[Announcement, ...] = ()
    post_to: tuple[PostTo, ...] = ()
    """Chat groups in which every internal update is posted too."""
    milestones: tuple[MilestonePolicy, ...] = ()
    """In the order in which they are usually reached."""
    follow_up: tuple[FollowUpPolicy, ...] = ()
    read_in: bool = False
    """True: whoever joins or is concerned later reads in one message where it stands."""

    def audience(self, identifier: str) -> Audience:
        """Return what is said of an audience; one that is not named is an internal one."""
        return next((each for each in self.audiences if each.id == identifier), Audience(id=identifier))

    def for_customers(self, audience: str) -> bool:
        """Tell whether an audience reads the text for customers."""
        return self.audience(audience).reads is Reads.CUSTOMER

    def milestone(self, identifier: str) -> MilestonePolicy | None:
        """Return a milestone by its id; None when the playbook has no such one."""
        return next((each for each in self.milestones if each.id == identifier), None)

    def step(self, identifier: str) -> FollowUpPolicy | None:
        """Return what the customer is sent as ``f1``, ``f2`` ...; None when the playbook has no so many steps."""
        number = int(identifier[1:]) - 1
        return self.follow_up[number] if number < len(self.follow_up) else None

    def rhythm(self, severity: str) -> Rhythm | None:
        """Return the rhythm of a severity; None where none is kept."""
        return self.cadence.get(severity, self.cadence.get("default"))

    def kind(self, identifier: str) -> KeyPeople | None:
        """Return the key people of a kind of escalation; None for the general ones."""
        return next((kind for kind in self.key_people if kind.id == identifier), None)

    def concerned(self, kind: KeyPeople | None) -> tuple[Stakeholder, ...]:
        """Return the stakeholders of a kind of escalation: the general ones as it changes them, and its own."""
        own = {each.name: each for each in kind.stakeholders} if kind is not None else {}
        general = {each.name: each for each in self.stakeholders}
        return tuple((general | own).values())
