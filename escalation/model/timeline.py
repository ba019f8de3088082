"""What people write on the timeline beside what happens by itself, and the part of the state that is about it.

Texts stand in the events, and the ledger has all of those; the state keeps what is open, and short references.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, StringConstraints

from escalation.values import Actor, Record


class EntryKind(StrEnum):
    """What an entry is."""

    NOTE = "note"
    """Anything."""
    ASSESSMENT = "assessment"
    """What is the case, and how that is known: diagnostic."""
    EXECUTION = "execution"
    """What was done, or is to be done."""
    DECISION = "decision"
    BLOCKER = "blocker"
    """Open until somebody says that it is resolved."""
    QUESTION = "question"
    """Open until somebody answers it."""
    RECORDING = "recording"
    LINK = "link"
    REPORT = "report"
    MILESTONE = "milestone"


class Source(StrEnum):
    """Where something was written first."""

    CHAT = "chat"
    EMAIL = "email"
    TICKET = "ticket"
    DOCUMENT = "document"
    PHONE = "phone"
    WEB = "web"
    DICTATION = "dictation"
    """Spoken and written down by a machine: a draft until its author releases it."""


class RecordingKind(StrEnum):
    """What a recording tells."""

    TRIAGE = "triage"
    CAUSE = "cause"
    CUSTOMER_UPDATE = "customer_update"
    FIRST_REPORT = "first_report"


class Recorded(StrEnum):
    """Whether people are heard or seen in a recording, and know it."""

    TOLD = "told"
    """Everybody who is recorded was told so."""
    NOBODY = "nobody"
    """Nobody is recorded, only a screen."""


class Mark(StrEnum):
    """A reaction to an entry."""

    AGREE = "agree"
    DISAGREE = "disagree"
    LOOKING = "looking"
    DONE = "done"
    THANKS = "thanks"


Url = Annotated[str, StringConstraints(pattern=r"^https?://\S{1,2000}$")]
"""A link that people can open."""

Related = Annotated[
    str, StringConstraints(pattern=r"^(case|item:[A-Za-z0-9_.\-]{1,64}|entry:[0-9]{1,9}|escalation:\S{1,400})$")
]
"""What an entry is linked with: ``case``, ``item:i1``, ``entry:12``, ``escalation:escalation-web-7``."""

KEPT_ENTRIES = 200
"""How many of the latest entries can still be edited, accepted, linked and reacted to."""
KEPT_RECORDINGS = 100
"""How many of the latest recordings the register holds; the ledger has all of them."""
KEPT_STEPS = 50
KEPT_READERS = 100
KEPT_THREADS = 1000
"""How many of the latest comments are known with their thread: a comment on an older one begins a thread of its own."""
MOST_OPEN = 100
"""How many blockers and questions may be open at once."""
MOST_SESSIONS = 20
"""How many sessions may be open at once."""
KEPT_MENTIONS = 20
"""How many of those whom the versions of one entry mention are kept, the latest."""
MOST_LINKS = 20
"""How many links one entry may have."""
SHORT = 300
"""How much of a text the state keeps of what is open."""


class EntryRef(Record):
    """What is known of a recent entry without its text."""

    kind: EntryKind
    by: Actor
    """Its author; once a person has accepted what an AI wrote, that person."""
    ai: bool = False
    """Written by an AI or a service, and accepted by nobody."""
    draft: bool = False
    """Its author may still edit it, and nobody was told of it."""
    version: int = 1
    external: str = ""
    """Where it comes from, and its id there: ``chat 1718.22``."""
    digest: str = ""
    """Of its text: tells whether the same id comes again with other words."""
    mentions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    marks: dict[Mark, tuple[Actor, ...]] = {}
    comments: int = 0


class OpenEntry(Record):
    """A blocker that is not resolved, or a question that is not answered."""

    seq: int
    kind: EntryKind
    at: AwareDatetime
    by: Actor
    text: str
    """Its beginning."""
    ai: bool = False


class Recording(Record):
    """A recording in the register; its transcript stands in its event."""

    seq: int
    at: AwareDatetime
    by: Actor
    about: RecordingKind
    url: str
    title: str = ""
    length: timedelta
    summary: str = ""
    """Its beginning."""
    transcript: bool = False
    """Its entry holds one."""
    transcript_url: str = ""
    ai: bool = False


class Session(Record):
    """A live session, such as a call, that was not closed yet."""

    id: str
    join_url: str
    title: str
    by: Actor
    opened_at: AwareDatetime
    participants: tuple[Actor, ...]
    next_due: AwareDatetime
    """When somebody is asked why it is still open (again)."""
    chased: int = 0


class StepTaken(Record):
    """Something that was done, or a file that shows it."""

    seq: int
    at: AwareDatetime
    by: Actor
    text: str
    """Its beginning."""
    url: str = ""
    ai: bool = False


class Timeline(Record):
    """What people write on the timeline, as far as more than its event is kept."""

    kinds: dict[EntryKind, int] = {}
    """How many there were of each kind."""
    comments: int = 0
    refs: dict[int, EntryRef] = {}
    """The latest entries, by sequence number."""
    threads: dict[int, int] = {}
    """The latest comments and answers, and the entry in whose thread each stands."""
    open: dict[int, OpenEntry] = {}
    recordings: dict[int, Recording] = {}
    """The latest recordings."""
    baseline: int = 0
    """The recording that is the present account for everybody who joins; 0: none."""
    sessions: dict[str, Session] = {}
    """Those that are open."""
    sessions_opened: int = 0
    steps: tuple[StepTaken, ...] = ()
    attachments: tuple[StepTaken, ...] = ()
    seen: dict[Actor, int] = {}
    """Up to which entry each has read."""
    readers: dict[Actor, int] = {}
    """Who was mentioned or invited, and where: they may comment, and are no part of the working group by that."""
