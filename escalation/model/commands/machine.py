"""What the machine itself says: time, and what the world answered; never accepted from outside."""

from typing import Literal

from escalation.model.actions import CaseChange, CaseLink, DeliveryReceipt, RecoveryResult
from escalation.model.commands.base import Internal
from escalation.model.parts import Relation
from escalation.model.request import Request
from escalation.model.said import Said
from escalation.people.found import People
from escalation.playbook.schema import LoadedPlaybook
from escalation.values import Actor, Addressee


class Open(Internal):
    """Open the escalation, or join it when it is open already."""

    request: Request
    repeat_of: str | None = None
    """Instance of the closed escalation with the same key, if there was one."""


class TimePassed(Internal):
    """The next due instant has come."""


class PeopleFound(Internal):
    """Answer to ``FindPeople``."""

    purpose: str
    found: People
    tells: Said | None = None
    """What they are to be told."""


class Delivered(Internal):
    """A channel took a message."""

    key: str
    to: Addressee
    receipt: DeliveryReceipt
    rung: str | None = None
    matter: str = ""
    """What it asks for."""


class Amended(Internal):
    """Answer to ``AmendMessage``, whether it could be or not."""

    key: str
    to: Addressee
    channel: str
    error: str = ""
    """Why it could not; empty: the message says it now."""
    template_error: str = ""
    """Why it says plain words: which template failed and how, with no value of it."""


class NotDelivered(Internal):
    """A message could not be delivered and will not be tried again."""

    key: str
    to: Addressee
    error: str
    rung: str | None = None
    unknown: bool = False
    """Because the directory does not know whom it was for."""


class CaseOpened(Internal):
    """Answer to ``OpenCase``."""

    link: CaseLink


class CaseNotOpened(Internal):
    """The outside system refused for good to open the case."""

    error: str


class CaseUpdated(Internal):
    """Answer to ``UpdateCase``: the ticket says it now."""

    key: str
    public: bool = False
    """The customer may read it."""
    template_error: str = ""
    """Why it says plain words: which template failed and how, with no value of it."""


class CaseNotUpdated(Internal):
    """The outside system refused for good to update the ticket."""

    key: str
    error: str


class CaseChanged(Internal):
    """People changed the ticket in the help desk itself."""

    system: str
    """Name of the connection."""
    change: CaseChange


class PlaybookLoaded(Internal):
    """Answer to ``LoadPlaybook``."""

    purpose: str
    loaded: LoadedPlaybook | None = None
    """None: it cannot be used."""
    error: str = ""


class RecoveryRan(Internal):
    """What became of a recovery script."""

    result: RecoveryResult


class SignalRefused(Internal):
    """A signal was malformed or not allowed; recorded so that it is never silent."""

    name: str
    error: str
    sender: Actor | None = None
    """Who sent it, when that could be read: a signal has no answer, so they are told."""
    grounds: Said | None = None
    """What the refusal says, where a rule refused."""


class LinkHeard(Internal):
    """A linked escalation says that it is linked, that it is not any more, or what its status is."""

    key: str
    other: str
    """Which one says so."""
    what: Literal["linked", "unlinked", "status"]
    relation: Relation
    """What that one is to this one."""
    status: str
    because: str = ""
    on_behalf_of: Actor
    """Who linked them, or took the link away."""
    ended: bool = False
    """That one has ended."""
    above: tuple[str, ...] = ()
    """Where that one is the parent: what is above it, the nearest first."""


class LinkTold(Internal):
    """Answer to ``TellLinked``."""

    key: str


class LinkNotTold(Internal):
    """The linked escalation cannot be told, and will not be tried again."""

    other: str
    error: str
