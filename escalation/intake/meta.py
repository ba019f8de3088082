"""Facebook pages: what webhooks of the object ``page`` say (fields ``feed``, ``mention`` and ``messages``).

By Meta's "Webhooks reference: Page" and "Messenger Platform: messages, message_echoes webhook events". Links: a
payload's own ``permalink_url`` where it has one, else the address of the item by its id, to which Facebook forwards.
A private message has no address that its payload would tell.
"""

from functools import partial
from typing import Any, Final

from pydantic import AwareDatetime, Field

from escalation.errors import RequestRefused
from escalation.intake import social
from escalation.intake.payloads import Part, read, require
from escalation.intake.taken import Finding, Found

PLATFORM: Final = "facebook"
_WRITTEN: Final = frozenset({"comment", "post", "status", "photo", "video", "link", "share"})
_HOME: Final = "https://www.facebook.com/"
_WHO: Final = "is missing; expected who wrote it (the app needs a token of the page to be told)"
_FIELDS: Final = ("feed", "mention")


class _Author(Part):
    id: str
    name: str = ""


class _Post(Part):
    permalink_url: str = ""


class _Value(Part):
    item: str = ""
    verb: str = ""
    author: _Author | None = Field(default=None, alias="from")
    sender_id: str = ""
    """Of a mention, in place of ``from``."""
    sender_name: str = ""
    post_id: str = ""
    comment_id: str = ""
    message: str = ""
    permalink_url: str = ""
    post: _Post = _Post()
    created_time: AwareDatetime | None = None


class _Change(Part):
    field: str
    value: dict[str, Any] = {}


class _File(Part):
    url: str = ""


class _Attached(Part):
    type: str = "file"
    payload: _File = _File()


class _Message(Part):
    mid: str
    text: str = ""
    is_echo: bool = False
    is_deleted: bool = False
    attachments: list[_Attached] = []


class _Party(Part):
    id: str


class _Messaging(Part):
    sender: _Party
    timestamp: AwareDatetime | None = None
    message: _Message | None = None


class _Entry(Part):
    id: str
    changes: list[dict[str, Any]] = []
    messaging: list[dict[str, Any]] = []


class _Payload(Part):
    object: str
    entry: list[_Entry]


def found(payload: Any) -> Found:
    """Return what people wrote, of everything that a webhook says.

    Raises:
        RequestRefused: it is no payload of a page.
    """
    whole = read(_Payload, payload, "a webhook of Meta")
    if whole.object != "page":
        raise RequestRefused([("object", "expected `page`: only webhooks of Facebook pages are read")])
    gathered = Finding()
    for number, entry in enumerate(whole.entry):
        for place, change in enumerate(entry.changes):
            gathered.add(f"entry.{number}.changes.{place}", partial(_change, entry.id, change))
        for place, message in enumerate(entry.messaging):
            gathered.add(f"entry.{number}.messaging.{place}", partial(_message, entry.id, message))
    return gathered.found


def _change(page: str, data: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    change = read(_Change, data, "a change")
    if change.field not in _FIELDS:
        return None, f"a change of another field; read are {', '.join(_FIELDS)}"
    value = read(_Value, change.value, "what a change says")
    if value.item not in _WRITTEN:
        return None, "nothing that somebody wrote"
    if value.verb != "add":
        return None, "changed, hidden or deleted: only what is new opens"
    author_id = value.author.id if value.author is not None else value.sender_id
    if author_id == page:
        return None, "the page's own"
    require(
        (
            "value.from.id",
            author_id,
            _WHO,
        ),
        (
            "value.comment_id",
            value.comment_id or value.post_id,
            "is missing; expected the id of the comment, or post_id",
        ),
    )
    id_ = value.comment_id or value.post_id
    link = value.permalink_url or ("" if value.comment_id else value.post.permalink_url)
    if link.startswith("/"):
        link = _HOME + link.removeprefix("/")
    return social.item(
        PLATFORM,
        id=id_,
        thread=f"{value.post_id or id_}:{author_id}",
        author_id=author_id,
        author=value.author.name if value.author is not None else value.sender_name,
        text=value.message or f"({value.item} without words)",
        link=link or _HOME + id_,
        at=value.created_time.isoformat() if value.created_time else None,
    ), ""


def _message(page: str, data: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    said = read(_Messaging, data, "an event of messaging")
    message = said.message
    if message is None:
        return None, "no message: a receipt, a reaction or a button"
    if message.is_echo or said.sender.id == page:
        return None, "the page's own"
    if message.is_deleted:
        return None, "deleted: only what is new opens"
    files = [
        {"title": each.type, "url": each.payload.url}
        for each in message.attachments
        if each.payload.url.startswith("https://") and len(each.payload.url) <= 2_000
    ]
    kinds = ", ".join(each.type for each in message.attachments)
    return social.item(
        PLATFORM,
        id=message.mid,
        thread=f"messages:{page}:{said.sender.id}",
        author_id=said.sender.id,
        author="",
        text=message.text or f"({kinds or 'a message'} without words)",
        link="",
        at=said.timestamp.isoformat() if said.timestamp else None,
        attachments=files,
    ), ""
