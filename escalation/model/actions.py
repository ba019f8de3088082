"""What the outside world should now be told or asked. Each action has a key from the domain: its idempotency key."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from escalation.model.parts import Relation
from escalation.model.request import Case, Customer
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


class Said(Record):
    """What a message says, before anybody puts it into words: its id and its values, as plain JSON."""

    template: str
    values: dict[str, Any] = {}


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


class Notify(Templated):
    """Send one message to a person, customer or service. Answered by ``Delivered`` or ``NotDelivered``."""

    type: Literal["notify"] = "notify"
    key: str
    to: Addressee
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
    summary: str = ""


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
    note: str = ""
    public: bool = False
    """True: the customer may read the note."""
    status: Literal["open", "pending", "solved", "closed"] | None = None
    owner: Actor | None = None
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
    summary: str = ""


Action = Annotated[
    FindPeople | Notify | OpenCase | UpdateCase | RunRecovery | TellLinked | LoadPlaybook, Field(discriminator="type")
]
_KNOWN = frozenset(
    {"find_people", "notify", "open_case", "update_case", "run_recovery", "tell_linked", "load_playbook"}
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
    template_error: str = ""
    """Where and how the message's template failed, with no value of it; the plain words went out instead."""


class DigestEnd(Record):
    """How a digest ended."""

    receipt: DeliveryReceipt | None
    """None: nothing was left to be told."""
    keys: tuple[str, ...]
    """Of the pages that were in it."""


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
    snapshot: CustomerSnapshot | None = None


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


class RecordEvents(Record):
    """Write events to the ledger. One is in flight at most for each escalation; idempotent by (instance, seq)."""

    type: Literal["record_events"] = "record_events"
    escalation_id: str
    instance: str
    """Tells a repeat from the closed escalation that had the same id."""
    events: tuple[dict[str, Any], ...]
    """Events as JSON, in order, each with ``seq``, ``at``, ``by``, ``type``, and ``prev``: the hash before it."""
    row: EscalationRow
