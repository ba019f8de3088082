"""X, formerly Twitter: what the Account Activity API says (``tweet_create_events``, ``direct_message_events``).

By "Account Activity data objects" of X's developer documentation. Posts carry no id of their conversation there, so a
reply to an answer is a request of its own; what one person writes privately is one conversation.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from escalation.errors import RequestRefused
from escalation.intake import social
from escalation.intake.payloads import Part, read
from escalation.intake.taken import Finding, Found

PLATFORM: Final = "x"
_HOME: Final = "https://x.com/"


class _User(Part):
    id_str: str = ""
    id: str = ""
    name: str = ""
    screen_name: str = ""


class _Extended(Part):
    full_text: str = ""


class _Post(Part):
    id_str: str
    user: _User
    text: str = ""
    full_text: str = ""
    extended_tweet: _Extended = _Extended()
    created_at: str = ""
    retweeted_status: dict[str, Any] | None = None


class _Words(Part):
    text: str = ""


class _Sent(Part):
    sender_id: str
    message_data: _Words = _Words()


class _Direct(Part):
    type: str = ""
    id: str
    created_timestamp: str = ""
    message_create: _Sent | None = None


class _Payload(Part):
    for_user_id: str
    tweet_create_events: list[dict[str, Any]] = []
    direct_message_events: list[dict[str, Any]] = []
    users: dict[str, _User] = {}


def found(payload: Any) -> Found:
    """Return what people wrote to the account, of everything that a webhook says.

    Raises:
        RequestRefused: it is no payload of account activity.
    """
    whole = read(_Payload, payload, "account activity of X")
    gathered = Finding()
    for at, data in enumerate(whole.tweet_create_events):
        gathered.add(f"tweet_create_events.{at}", partial(_post, whole, data))
    for at, data in enumerate(whole.direct_message_events):
        gathered.add(f"direct_message_events.{at}", partial(_message, whole, data))
    for kind in payload:
        if kind.endswith("_events") and kind not in _Payload.model_fields:
            gathered.pass_over(kind, "nothing that somebody wrote")
    return gathered.found


def _post(whole: _Payload, data: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    post = read(_Post, data, "a post")
    author = post.user.id_str or post.user.id
    if author == whole.for_user_id:
        return None, "the account's own"
    if post.retweeted_status is not None:
        return None, "a repost: nothing that somebody wrote"
    if not author:
        raise RequestRefused([("user.id_str", "is missing; expected who wrote it")])
    return social.item(
        PLATFORM,
        id=post.id_str,
        thread=post.id_str,
        author_id=author,
        author=_called(post.user),
        text=post.extended_tweet.full_text or post.full_text or post.text or "(a post without words)",
        link=f"{_HOME}{post.user.screen_name or 'i'}/status/{post.id_str}",
        at=_instant(post.created_at),
    ), ""


def _message(whole: _Payload, data: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    direct = read(_Direct, data, "a direct message")
    if direct.message_create is None:
        return None, "no message"
    sender = direct.message_create.sender_id
    if sender == whole.for_user_id:
        return None, "the account's own"
    at = int(direct.created_timestamp) / 1000 if direct.created_timestamp.isdecimal() else None
    return social.item(
        PLATFORM,
        id=f"message-{direct.id}",
        thread=f"messages:{whole.for_user_id}:{sender}",
        author_id=sender,
        author=_called(whole.users.get(sender, _User())),
        text=direct.message_create.message_data.text or "(a message without words)",
        link=f"{_HOME}messages/compose?recipient_id={sender}",
        at=datetime.fromtimestamp(at, UTC).isoformat() if at else None,
    ), ""


def _called(user: _User) -> str:
    handle = f"@{user.screen_name}" if user.screen_name else ""
    return f"{user.name} ({handle})" if user.name and handle else user.name or handle


def _instant(written: str) -> str | None:
    try:
        return datetime.strptime(written, "%a %b %d %H:%M:%S %z %Y").isoformat()
    except ValueError:
        return None
