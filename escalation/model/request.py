"""The request that opens an escalation, and the receipt that answers it."""

import json
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, ValidationError

from escalation.errors import RequestRefused
from escalation.explain import explain
from escalation.playbook.facts import FactValue
from escalation.playbook.ladder import Axis
from escalation.playbook.schema import Initiation, Timing
from escalation.values import Actor, Incoming, Instant, Record, Slug, Text, Words, digest_of

MAX_REQUEST_BYTES = 1_000_000
"""Temporal refuses payloads over 2 MiB, and a request travels together with state and events: half of that."""

Key = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f]{1,200}$")]
"""An identifier of the sender's own: no spaces, at most 200 characters."""


class Case(Record):
    """The request in the outside system: a ticket, a conversation, an alert."""

    system: Slug
    id: Key
    url: str = ""
    opened_at: Instant | None = None
    """First contact; clocks that start there count from it."""


class Customer(Record):
    """Whom it is about. Only the id may appear in logs."""

    id: Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f]{1,120}$")]
    """The sender's own, no spaces; at most 120 characters, since the customer is addressed as ``customer:ID``."""
    name: str = ""
    tier: str = ""
    locale: str = ""
    """BCP 47 language, e.g. ``cs``; empty: nobody said, and keyword lists of every language are tried alike."""
    company: str = ""


class Turn(Record):
    """One thing said in the conversation."""

    at: Instant | None = None
    author: Annotated[str, Field(min_length=1, max_length=100)]
    """``customer``, ``agent``, ``ai``, or a system's name."""
    text: Annotated[str, Field(max_length=20_000)]


class Attempt(Record):
    """Something that was tried, and what came of it."""

    what: Text
    result: Text


class Attachment(Record):
    """A reference to something stored elsewhere; contents never travel inside an escalation."""

    title: Text
    url: Annotated[str, StringConstraints(pattern=r"^(https?|file|s3|gs)://\S{1,2000}$")]


class Context(Record):
    """What the next person needs: the part of the packet that the requester supplies."""

    summary: Words = ""
    conversation: tuple[Turn, ...] = ()
    attempted_solutions: tuple[Attempt, ...] = ()
    impact: Words = ""
    constraints: Words = ""
    help_needed: Words = ""
    attachments: tuple[Attachment, ...] = ()


class Request(Incoming):
    """Asks for human judgement. See design.md §5 for the JSON."""

    playbook: Slug
    source: Slug
    dedup_key: Key
    """Requests with the same source and dedup_key join one open escalation."""
    request_id: Key
    """The same request sent again gets its first answer."""
    case: Case
    initiation: Initiation
    timing: Timing = Timing.AFTER_COMPLAINT
    requested_by: Actor
    customer: Customer | None = None
    severity: str | None = None
    """Name or alias on the playbook's scale; None: the playbook decides."""
    reason: Words = ""
    """Free words of a person who escalates by hand."""
    facts: dict[str, FactValue] = {}
    facts_since: dict[str, Instant] = {}
    """Since when facts have been so, where the source knows: a hand-over that came late is seen by it."""
    context: Context = Context()
    due_at: Instant | None = None
    """When it is due, if it has a date of its own, within ten years; clocks with ``limit: due_at`` run to it."""


class Outcome(StrEnum):
    """What became of a request to open."""

    OPENED = "opened"
    JOINED = "joined"
    DECLINED = "declined"
    NEEDS_INPUT = "needs_input"


class Reason(Record):
    """One trigger that was true, with the facts it read: never a single number."""

    trigger: Slug
    initiation: Initiation
    axis: Axis | None = None
    because: str
    facts: dict[str, FactValue] = {}
    """The facts the condition read, with their values at that moment; thresholds included."""
    words: tuple[str, ...] = ()
    """The words that matched, for a trigger over ``keywords``."""


NOT_USED = "this request id was answered before; the new content was not used"
"""Said in a receipt when another request came under an id that has its answer."""


class Receipt(Record):
    """The answer to a request to open."""

    outcome: Outcome
    escalation_id: str
    request_id: str
    reasons: tuple[Reason, ...] = ()
    severity: str = ""
    severity_rank: int | None = None
    level: str = ""
    owner: str = ""
    """Who is accountable: the owner, and until somebody took it the target that the playbook names."""
    called: tuple[str, ...] = ()
    """Targets whose people are being called to take it; empty while nobody is."""
    missing: tuple[str, ...] = ()
    """Parts of the context packet that are still required."""
    because: str = ""
    """Why, in one sentence."""
    occurrences: int = 1
    playbook: str = ""
    playbook_digest: str = ""
    at: AwareDatetime | None = None
    holder: str = ""
    """Who speaks to the customer: ``ai``, ``human`` (the bot is silent) or ``none``; empty in older receipts."""
    request_digest: str = ""
    """Fingerprint of the request that was answered; empty in receipts of versions that did not keep it."""
    not_used: bool = False
    """True: the request id has its answer already, and this request said something else, which was not used."""

    def again(self, request: Request) -> "Receipt":
        """Return the receipt for a request with the same id: the first answer, and a remark if the content differs."""
        if self.request_digest in ("", fingerprint(request)):
            return self
        return self.changed({"because": "; ".join(filter(None, (self.because, NOT_USED))), "not_used": True})


def fingerprint(request: Request) -> str:
    """Return what tells two requests apart that carry the same id.

    Fields that hold their default do not count, so that a field added in a later version changes no fingerprint.
    """
    in_order = request.changed({"facts": dict(sorted(request.facts.items()))})
    return digest_of(in_order.model_dump_json(exclude_defaults=True))


def parse_request(data: str | bytes | dict[str, Any]) -> Request:
    """Read a request from JSON text or a plain mapping, as strict as the contract is.

    Raises:
        RequestRefused: naming every wrong path at once, what was expected there and which key was probably meant; no
            value is repeated, except a word where only certain words are allowed. Also when it is over
            ``MAX_REQUEST_BYTES``.
    """
    text = data if isinstance(data, str | bytes) else json.dumps(data, default=str)
    try:
        request = Request.model_validate_json(text, extra="forbid")
    except ValidationError as error:
        raise RequestRefused(_problems(text, error)) from None
    check_size(request)
    return request


def _problems(text: str | bytes, error: ValidationError) -> list[tuple[str, str]]:
    wrong = error.errors()
    if wrong[0]["type"] == "json_invalid":
        return [("", wrong[0]["msg"])]
    found = explain(json.loads(text), Request, wrong)
    return [(".".join(map(str, each.path)), each.message) for each in found]


def check_size(request: Request) -> int:
    """Return the request's size in bytes of JSON.

    Raises:
        RequestRefused: when it is over ``MAX_REQUEST_BYTES``; says the size and the limit.
    """
    size = _bytes(request)
    if size > MAX_REQUEST_BYTES:
        largest = max(
            ((name, _bytes(request.context, include={name})) for name in Context.model_fields),
            key=lambda part: part[1],
        )
        problem = (
            f"the request is {size:,} bytes and the limit is {MAX_REQUEST_BYTES:,}; this part alone is {largest[1]:,}. "
            "Store large material elsewhere and send it under context.attachments as a URL"
        )
        raise RequestRefused([(f"context.{largest[0]}", problem)])
    return size


def _bytes(model: BaseModel, **options: Any) -> int:
    # Bytes, not characters: a letter outside English takes two to four of them.
    return len(model.model_dump_json(**options).encode())
