"""What Slack posts back when somebody presses a button or sends a window: checked, and read as an answer.

Pure: whoever has the HTTP route passes body and headers in. The order is ``verify``, ``read``, then ``person_of`` for
an ``Answered``; ``Answered.command`` is sent like any other command, and the rules decide. Slack wants its 200 within
three seconds, and for an ``Opens`` the window within the same time (``channel.Slack.show``).

Sources: docs.slack.dev/authentication/verifying-requests-from-slack,
docs.slack.dev/reference/interaction-payloads (``block_actions``, ``view_submission``).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import parse_qs

from pydantic import Field, StringConstraints, ValidationError

from activities.notify.slack import views
from activities.notify.slack.reference import Reference, References
from escalation.errors import NotAllowed, RequestRefused
from escalation.explain import explain
from escalation.model.commands import Act, parse_command
from escalation.people.directory import Directory
from escalation.values import Actor, Record, digest_of

FRESH: Final = timedelta(minutes=5)
"""A request that is older may be somebody's recording of it."""
LONGEST_BODY: Final = 512 * 1024
TIMESTAMP: Final = "X-Slack-Request-Timestamp"
SIGNATURE: Final = "X-Slack-Signature"

T = TypeVar("T", bound=Record)
Id = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,40}$")]


class Answered(Record):
    """Somebody answered: a command, and who of Slack sends it."""

    escalation: str
    name: str
    """Of the command."""
    arguments: dict[str, str]
    """What was asked, and what was filled in."""
    user: str
    """The Slack user who pressed."""
    reference: Reference
    command_id: str
    """The same press always has the same: what Slack posts twice is answered once."""

    def command(self, by: Actor) -> Act:
        """Return the command. Raises RequestRefused naming every field that does not fit."""
        return parse_command(self.name, {**self.arguments, "by": by, "command_id": self.command_id})


class Opens(Record):
    """Somebody pressed a button that needs a window."""

    trigger: str
    view: dict[str, Any]


class _User(Record):
    id: Id


class _Action(Record):
    action_id: Annotated[str, StringConstraints(max_length=255)]
    action_ts: Annotated[str, StringConstraints(pattern=r"^\d{1,12}\.\d{1,9}$")]
    type: str
    value: str = ""


class _Pressed(Record):
    type: Literal["block_actions"]
    user: _User
    trigger_id: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    actions: Annotated[tuple[_Action, ...], Field(min_length=1)]
    message: dict[str, Any] = {}


class _Input(Record):
    value: str | None = None


class _State(Record):
    values: dict[str, dict[str, _Input]] = {}


class _View(Record):
    id: Id
    callback_id: str
    private_metadata: str
    state: _State = _State()


class _Sent(Record):
    type: Literal["view_submission"]
    user: _User
    view: _View


def verify(body: bytes, headers: Mapping[str, str], keys: Sequence[str], now: datetime) -> None:
    """Make sure that Slack posted this, just now.

    Args:
        body: as it came, byte by byte.
        headers: names in any case.
        keys: signing secrets that are accepted.
        now: an aware instant.

    Raises:
        RequestRefused: naming the header; it has to be answered with 401.
    """
    found = {name.lower(): value for name, value in headers.items()}
    sent, signature = found.get(TIMESTAMP.lower(), ""), found.get(SIGNATURE.lower(), "")
    if not (sent.isascii() and sent.isdecimal() and len(sent) <= 12):
        raise RequestRefused([(TIMESTAMP, "is missing or no number; expected the seconds at which Slack sent it")])
    if abs(now.timestamp() - int(sent)) > FRESH.total_seconds():
        raise RequestRefused([(TIMESTAMP, "is more than 5 minutes away; is the clock of this machine right?")])
    signed = b"v0:" + sent.encode() + b":" + body
    expected = ["v0=" + hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in keys]
    if not any(hmac.compare_digest(each.encode(), signature.encode()) for each in expected):
        raise RequestRefused([(SIGNATURE, "does not fit; expected Slack's, with the app's signing secret")])


def read(body: bytes, references: References, labels: Mapping[str, str] | None = None) -> Answered | Opens | None:
    """Read what Slack posted, after ``verify``; None where nothing is to be done, as for a button that is a link.

    Raises:
        RequestRefused: it is malformed, of a kind that no message here causes, or no answer that was offered here.
    """
    payload = _payload(body)
    kind = payload.get("type")
    if kind == "block_actions":
        return _pressed(_validated(_Pressed, payload), references, labels or {})
    if kind == "view_submission":
        return _sent(_validated(_Sent, payload), references)
    raise RequestRefused([("type", "expected block_actions or view_submission; nothing else is asked for")])


def person_of(answered: Answered, directory: Directory) -> Actor:
    """Return the person who answered: whoever has this Slack user as a contact point of this connection.

    Where contact points are e-mail addresses, it is the person to whom Slack delivered the message that was answered.

    Raises:
        NotAllowed: nobody has, or several have.
    """
    connection = answered.reference.connection
    found = [
        person.actor
        for person in directory.people
        if any((each.channel, each.address) == (connection, answered.user) for each in person.contacts)
    ]
    if not found and answered.user == answered.reference.user:
        asked = directory.person(answered.reference.to)
        if asked is not None and any(each.channel == connection for each in asked.contacts):
            found = [asked.actor]
    if len(found) == 1:
        return found[0]
    who = "several people have" if found else "nobody has"
    raise NotAllowed(
        f"{who} your Slack user as a contact point; expected one person in the directory with "
        f"`{{channel: {connection}, address: YOUR MEMBER ID}}` (in Slack: your profile, Copy member ID)"
    )


def field_errors(refused: RequestRefused, answered: Answered) -> dict[str, Any] | None:
    """Return what to answer a window with, so that each field says what is wrong; None where it is none of them."""
    offer = answered.reference.offer
    needs = offer.needs if offer is not None else ()
    wrong = {path: problem for path, problem in refused.problems if path in needs}
    return {"response_action": "errors", "errors": wrong} if wrong else None


def _pressed(pressed: _Pressed, references: References, labels: Mapping[str, str]) -> Answered | Opens | None:
    action = pressed.actions[0]
    if action.type != "button":
        raise RequestRefused([("actions.0.type", "expected a button; there is nothing else in messages from here")])
    if not action.value:
        return None
    reference = references.read(action.value, "actions.0.value")
    offer = reference.offer
    if offer is None:
        return Opens(trigger=pressed.trigger_id, view=views.details(reference, _about(pressed.message), labels))
    if offer.needs:
        view = views.form(offer, action.value, reference, _about(pressed.message), labels)
        return Opens(trigger=pressed.trigger_id, view=view)
    return Answered(
        escalation=reference.escalation,
        name=offer.command,
        arguments=offer.arguments,
        user=pressed.user.id,
        reference=reference,
        command_id=_command_id(pressed.user.id, action.action_ts, action.value),
    )


def _sent(sent: _Sent, references: References) -> Answered:
    if sent.view.callback_id != views.CALLBACK:
        raise RequestRefused([("view.callback_id", f"expected {views.CALLBACK}; no other window is opened from here")])
    reference = references.read(sent.view.private_metadata, "view.private_metadata")
    offer = reference.offer
    if offer is None or not offer.needs:
        raise RequestRefused([("view.private_metadata", "is of an answer that needs no window")])
    values = sent.view.state.values
    filled = {field: (values.get(field, {}).get(field, _Input()).value or "").strip() for field in offer.needs}
    empty = [field for field, text in filled.items() if not text]
    if empty:
        raise RequestRefused(
            [(f"view.state.values.{field}", "is missing; expected what was filled in") for field in empty]
        )
    return Answered(
        escalation=reference.escalation,
        name=offer.command,
        arguments={**offer.arguments, **filled},
        user=sent.user.id,
        reference=reference,
        command_id=_command_id(sent.user.id, sent.view.id, sent.view.private_metadata),
    )


def _payload(body: bytes) -> dict[str, Any]:
    if len(body) > LONGEST_BODY:
        raise RequestRefused([("", f"has {len(body):,} bytes; expected at most {LONGEST_BODY:,}")])
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=10)
        read = json.loads(fields["payload"][0])
    except (ValueError, KeyError, RecursionError):
        raise RequestRefused([("payload", "expected a form with the field payload, which is JSON")]) from None
    if not isinstance(read, dict):
        raise RequestRefused([("payload", "expected a JSON object")])
    return read


def _validated(kind: type[T], payload: dict[str, Any]) -> T:
    try:
        return kind.model_validate(payload)
    except ValidationError as error:
        found = explain(payload, kind, error.errors())
        raise RequestRefused([(".".join(map(str, each.path)), each.message) for each in found]) from None


def _about(message: dict[str, Any]) -> str:
    """Return the headline of the message that was answered, as its window repeats it."""
    for block in message.get("blocks") or ():
        if isinstance(block, dict) and block.get("type") == "header" and isinstance(block.get("text"), dict):
            return _unescaped(str(block["text"].get("text", "")))
    return ""


def _unescaped(text: str) -> str:
    """Take back what Slack and this connector escaped: it is escaped again where it is shown."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _command_id(*parts: str) -> str:
    return f"slack-{digest_of(' '.join(parts))}"
