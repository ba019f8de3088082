"""What the outside world should now be told or asked. Each action has a key from the domain: its idempotency key."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from escalation.model.parts import Relation
from escalation.model.request import Case, Customer
from escalation.model.said import Said
from escalation.model.ticket import EMBEDDED, TicketStatus
from escalation.people.search import Search
from escalation.playbook.facts import FactValue
from escalation.playbook.parts import MessageTemplate
from escalation.values import Actor, Addressee, Duration, Record, Slug


class MessageKind(StrEnum):
    """What a message is for."""

    PAGE = "page"
    """Somebody must take it; cancelled when somebody did."""
    APPROVAL = "approval"
    INPUT = "input"
    WARNING = "warning"
    NEWS = "news"
    REVIEW = "review"
    ITEM = "item"
    CUSTOMER = "customer"


class FindPeople(Search):
    """Resolve targets to people, now. Answered by ``PeopleFound``."""

    type: Literal["find_people"] = "find_people"
    key: str
    purpose: str
    """What the people are for: ``rung:L1/2``, ``gate:credit/1``, ``tell:...``; comes back with the answer."""
    at: AwareDatetime | None = None
    """When it was asked, by the server's clock: nobody is looked up as of an earlier instant. None: not known."""
    tells: Said | None = None
    """What they are to be told; comes back with the answer."""
    summary: str = ""

    @property
    def calls(self) -> bool:
        """True unless they are only told something: then nothing is waited for, and nothing else has to hurry."""
        return self.purpose.partition(":")[0] not in _ONLY_TOLD


_ONLY_TOLD = frozenset({"tell", "raci", "mention"})


class Templated(Record):
    """Something said in the language of whoever reads it; its plain English goes along, where a template fails."""

    template: str = ""
    """What message it is; empty: it goes out as it stands."""
    values: dict[str, Any] = {}
    """What the template makes its words of, as plain JSON."""
    templates: dict[str, MessageTemplate] = {}
    """The playbook's own words of this message, by language tag."""
    locale: str = ""
    """Language tag of a customer; that of a person is the directory's."""
    time_zone: str = ""
    """For a customer, whose own nobody knows: that of the playbook's first calendar; empty: UTC."""


class Offer(Record):
    """An answer that a message asks for, as a button or a link: a command, and what it is sent with."""

    command: Slug
    """Its name, such as ``acknowledge`` or ``approve``."""
    arguments: dict[str, str] = {}
    """Fields of the command, such as ``gate`` and ``digest``: what was asked is what is answered."""
    needs: tuple[Slug, ...] = ()
    """Fields that whoever answers has to fill in, such as ``because``."""


class Notify(Templated):
    """Send one message to a person, customer or service. Answered by ``Delivered`` or ``NotDelivered``."""

    type: Literal["notify"] = "notify"
    key: str
    to: Addressee
    to_name: str = ""
    """Name of the person it is for, given when it is delivered; for places that others read too."""
    kind: MessageKind
    subject: str
    body: str
    """In plain English, as the subject: for messages without a template, and where a template fails."""
    urgent: bool = False
    rung: str | None = None
    """The round of pages this belongs to; an accepted acknowledgement cancels all of it."""
    asks: str | None = None
    """The purpose it serves: ``rung:L1/2``, ``gate:credit/1``, ``handoff:h1``; withdrawn when that is answered."""
    respond_by: AwareDatetime | None = None
    """Of a page: when its round ends, or the limit to acknowledge where that is earlier."""
    channels: tuple[str, ...] = ()
    """Channels that are tried before the receiver's own order goes on."""
    bundled: bool = False
    """True: it waited for the receiver's working hours and goes out with whatever else did."""
    escalation: str = ""
    """Id of the escalation, where a channel keeps its messages together or offers answers to them."""
    seq: int = 0
    """Number of the event that caused it, in the order in which the escalation decided; 0: not known."""
    decided_at: AwareDatetime | None = None
    """When that was."""
    offers: tuple[Offer, ...] = ()
    """What the receiver may answer, the likeliest first."""
    threads: dict[str, str] = {}
    """Thread of this escalation's earlier messages to the same receiver, by channel."""
    other_threads: dict[str, tuple[str, ...]] = {}
    """Threads of those to other receivers, by channel: two may be reached at the same place."""
    matter: str = ""
    """What has to be answered: ``rung:L1/2``, ``gate:credit/1``, ``item:i3``; while it is open the offers are good."""
    summary: str = ""

    @property
    def thread(self) -> str:
        """The one thread that is left once a channel was chosen; empty without one."""
        return next(iter(self.threads.values()), "")

    @property
    def known_threads(self) -> tuple[str, ...]:
        """Every thread of the escalation on the channel that was chosen, the receiver's own first."""
        others = (thread for threads in self.other_threads.values() for thread in threads)
        return tuple(dict.fromkeys((*self.threads.values(), *others)))

    def within(self, threads: Mapping[Addressee, Mapping[str, str]]) -> Self:
        """Return the message with the escalation's threads: for each receiver that of each channel."""
        others: dict[str, tuple[str, ...]] = {}
        for to, theirs in threads.items():
            for channel, thread in theirs.items():
                if to != self.to and thread not in others.get(channel, ()):
                    others[channel] = (*others.get(channel, ()), thread)
        return self.changed({"threads": dict(threads.get(self.to, {})), "other_threads": others})


class Fate(StrEnum):
    """What became of a message that asked for something."""

    TAKEN = "taken"
    """Somebody took what was paged."""
    DECIDED = "decided"
    """What was to be approved is decided; what was asked is answered, or done."""
    WITHDRAWN = "withdrawn"
    """Nobody has to answer any more: asked anew, moved up, cancelled or merged."""
    ENDED = "ended"
    """The escalation is resolved, or has ended otherwise: also of what somebody took."""


class AmendMessage(Templated):
    """Say on a message that arrived what became of it. Answered by ``Amended``, whether it could be or not.

    Its plain English (``body``), template and values are one sentence, such as "Taken by Eva at 10:41".
    """

    type: Literal["amend_message"] = "amend_message"
    key: str
    to: Addressee
    channel: str
    """Connection that carried it."""
    receipt_id: str
    """The provider's own id of it."""
    fate: Fate
    by: Actor | None = None
    """Who took or decided it; None: nobody."""
    body: str
    escalation: str
    summary: str = ""


class CustomerSnapshot(Record):
    """What the CRM knew of the customer, and when it was asked."""

    fetched_at: AwareDatetime
    system: str
    tier: str = ""
    company: str = ""
    open_tickets: int = 0
    history: tuple[str, ...] = ()
    """The latest tickets, newest first, one line each, at most ten."""


class CaseLink(Record):
    """The ticket in the outside system, and the customer as it knows them."""

    ticket: str
    url: str = ""
    system: str = ""
    """Name of the connection it is in; empty: the embedded help desk."""
    snapshot: CustomerSnapshot | None = None
    gap: str = ""
    """Why there is no snapshot, where the system refused it."""
    later: bool = False
    """True: the ticket is there, and the system did not answer when it was asked for the customer."""

    @property
    def where(self) -> dict[str, str]:
        """Where the ticket is found, as fields of ``UpdateCase``."""
        return {"system": self.system or EMBEDDED, "ticket": self.ticket}


class OpenCase(Record):
    """Fetch the customer and open (or link) the ticket. Answered by ``CaseOpened``."""

    type: Literal["open_case"] = "open_case"
    key: str
    case: Case
    customer: Customer | None
    subject: str
    description: str = ""
    """What a new ticket is about, as the customer may read it too."""
    body: str
    """Why it was escalated and what is needed to decide: a note that only staff may read."""
    severity: str
    facts: dict[str, FactValue] = {}
    """What was stated of the case, for fields of its ticket."""
    linked: CaseLink | None = None
    """The ticket is there already, and only the customer is still to be fetched."""
    ticket: str = ""
    """Number of one that people opened in the help desk: that one is linked, none is opened."""
    summary: str = ""


class UpdateCase(Templated):
    """Mirror what happened to the ticket: a note, and the status it should have.

    Answered by ``CaseUpdated`` or ``CaseNotUpdated``. What customers read there
    has a template; staff read plain English.
    """

    type: Literal["update_case"] = "update_case"
    key: str
    case_key: str
    """``OpenCase.key``: the external id under which the ticket is found again."""
    case_system: str = ""
    """Of the case: says which help desk it is, where there are several, as long as ``system`` does not."""
    system: str = ""
    """The help desk that the ticket was opened or linked in, as ``CaseLink`` says: no other one knows what ``ticket``
    means. Empty: not known yet, or written before this was kept."""
    ticket: str = ""
    """The ticket's own id in ``system`` where it is known already; saves looking for it."""
    note: str = ""
    public: bool = False
    """True: the customer may read the note."""
    status: TicketStatus | None = None
    owner: Actor | None = None
    severity: str | None = None
    """What it is now, for the ticket's priority; None: as before."""
    summary: str = ""


class RunRecovery(Record):
    """Run a recovery script. Answered by ``RecoveryRan``."""

    type: Literal["run_recovery"] = "run_recovery"
    key: str
    escalation_id: str
    script: str
    within: Duration
    facts: dict[str, FactValue] = {}
    summary: str = ""


class LoadPlaybook(Record):
    """Load the playbook of this name as it is now, whole and unbroken. Answered by ``PlaybookLoaded``."""

    type: Literal["load_playbook"] = "load_playbook"
    key: str
    purpose: str
    """What for: ``migration:17``, ``lesson:l1``; comes back with the answer."""
    name: Slug
    summary: str = ""


class RecoveryResult(Record):
    """How a recovery script ended."""

    ok: bool
    because: str
    output: str = ""
    """The end of what it wrote."""
    grounds: Said | None = None
    """What that reason says."""


class TellLinked(Record):
    """Tell a linked escalation that it is linked, that it is not any more, or what the status of this one is.

    Answered by ``LinkTold`` or ``LinkNotTold``.
    """

    type: Literal["tell_linked"] = "tell_linked"
    key: str
    to: str
    """The linked one."""
    other: str
    """This one, as the linked one sees it."""
    what: Literal["linked", "unlinked", "status"]
    relation: Relation
    """What this one is to the linked one."""
    status: str
    because: str = ""
    on_behalf_of: Actor
    ended: bool = False
    """This one has ended."""
    above: tuple[str, ...] = ()
    """Told to one below this one: what is above this one, the nearest first."""
    summary: str = ""


Action = Annotated[
    FindPeople | Notify | AmendMessage | OpenCase | UpdateCase | RunRecovery | TellLinked | LoadPlaybook,
    Field(discriminator="type"),
]
_KNOWN = frozenset(
    {
        "find_people",
        "notify",
        "amend_message",
        "open_case",
        "update_case",
        "run_recovery",
        "tell_linked",
        "load_playbook",
    }
)


def _refuse_known(kind: str) -> str:
    if kind in _KNOWN:
        raise PydanticCustomError("malformed", "an action of a known kind lacks what it needs")
    return kind


class UnknownAction(Record):
    """An action of a kind that only a newer worker knows: kept and passed on as it came, never performed here."""

    type: Annotated[str, AfterValidator(_refuse_known)]
    content: dict[str, Any]
    """The whole action, its type and key included."""

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, data: Any) -> Any:
        return {"type": data.get("type"), "content": data} if isinstance(data, dict) else data

    @model_serializer
    def _as_it_came(self) -> dict[str, Any]:
        return self.content


CarriedAction = Annotated[Action | UnknownAction, Field(union_mode="left_to_right")]
"""An action in flight that another worker may have written. A malformed one of a known kind is still an error."""


class DeliveryReceipt(Record):
    """What a channel said of a message it took."""

    channel: str
    receipt_id: str
    """The provider's own id."""
    at: AwareDatetime
    bundled: bool = False
    """True: it came with others in a digest, in working hours; it counts for nobody's limit of pages."""
    thread: str = ""
    """What the channel calls the thread it began or went on in, such as Slack's ``ts``; empty: it has none."""
    amendable: bool = False
    """True: what becomes of it can be said on the message itself, under ``receipt_id``."""
    template_error: str = ""
    """Where and how the message's template failed, with no value of it; the plain words went out instead."""
    passed_over: tuple[str, ...] = ()
    """Contact points that were asked before and did not take it: the channel and why, never an address; at most 5."""


class DigestEnd(Record):
    """How a digest ended."""

    receipt: DeliveryReceipt | None
    """None: nothing was left to be told."""
    keys: tuple[str, ...]
    """Of the pages that were in it."""


class CaseChange(Record):
    """Something that somebody did to the ticket in the help desk itself."""

    key: str
    """The help desk's own id of the change: the same change heard twice is one."""
    case_key: str
    """The ticket's external id, ``OpenCase.key``."""
    at: AwareDatetime
    by: str = ""
    """Who did it: somebody here (``person:eva``) where the connection's ``owners`` name them, else their name there;
    ``automation``: no person; empty: the customer, or the help desk does not say."""
    by_customer: bool = False
    status: TicketStatus | None = None
    """What the status is now; None: as before."""
    owner: str | None = None
    """Whose ticket it is now, named in the same way; empty: nobody's; None: as before."""
    note: str = ""
    """What was written, as plain text, at most 4,000 characters."""
    public: bool = False
    """True: the customer can read the note."""


class EscalationRow(Record):
    """What the ledger keeps of an escalation as a whole: the live read side of board, search and reports."""

    playbook: str
    playbook_digest: str
    source: str
    case_system: str
    case_id: str
    customer_id: str = ""
    requested_by: str
    initiation: str
    outcome: str
    """``open``, ``closed``, ``cancelled`` or ``declined`` (decided not to escalate: the AI may continue)."""
    stage: str
    status: str
    severity: str
    severity_rank: int | None = None
    level: str = ""
    owner: str = ""
    waiting_on: str = ""
    reasons: tuple[str, ...] = ()
    breached: bool = False
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None
    next_due_at: AwareDatetime | None = None
    keep_until: AwareDatetime | None = None
    """Until when the records are kept; None while it is open, and for ever."""
    legal_holds: tuple[str, ...] = ()
    """References of the matters for which they are kept beyond that."""


class RecordEvents(Record):
    """Write events to the ledger. One is in flight at most for each escalation; idempotent by (instance, seq)."""

    type: Literal["record_events"] = "record_events"
    escalation_id: str
    instance: str
    """Tells a repeat from the closed escalation that had the same id."""
    events: tuple[dict[str, Any], ...]
    """Events as JSON, in order, each with ``seq``, ``at``, ``by``, ``type``, and ``prev``: the hash before it."""
    row: EscalationRow
