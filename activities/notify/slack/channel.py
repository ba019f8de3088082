"""Slack as a channel: posts, keeps an escalation's messages in a thread, says what became of them.

``chat.postMessage`` has no idempotency key (github.com/slackapi/slack-api-specs/issues/10). So each message carries the
digest of its key as metadata, and before one is posted it is looked for: in the thread it would go to, else among the
latest messages of the conversation. What remains, honestly:

- Slack documents no order between posting and reading. A post whose answer was lost and that is still under way when
  the next try looks is posted again; so it is when two workers ask at the same moment.
- Only messages of the last two days are looked at (an action is given up after one), and at most ``MOST_PAGES`` pages:
  in a channel where more than that was said since, a repeat is not found.
- A message that somebody deleted is not found either, and a repeat posts it again.

What concerns one escalation is one thread in each conversation, whoever its receivers are there: a channel may be the
contact point of a team, of an audience and of a person. Two workers that post the first two messages at the same moment
begin two threads; the rest of each receiver's messages stay where they began.

What becomes of a message is said with ``chat.update``, which may be repeated; the metadata says which changes it had.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final
from weakref import WeakValueDictionary

from activities.connector import Tools
from activities.http import Answer
from activities.notify.slack.api import Api, Field
from activities.notify.slack.blocks import FALLBACK, SAID, Buttons, amended, escaped, fallback, message_blocks
from activities.notify.slack.config import SlackConfig
from activities.notify.slack.reference import References
from activities.notify.texts import for_whom
from escalation.errors import RemoteRefused, Unreadable
from escalation.model.actions import AmendMessage, DeliveryReceipt, Notify
from escalation.values import digest_of

EVENT: Final = "escalation_message"
"""Type of our metadata; the field ``key`` of its payload is a digest, since any app of the workspace can read it."""
PAGE: Final = 100
MOST_PAGES: Final = 5
LOOK_BACK: Final = timedelta(days=2)
KNOWN_FOR: Final = 3600.0
"""Seconds for which an e-mail address is taken for the same user, and a user for the same conversation."""
MOST_KNOWN: Final = 10_000
MOST_MARKS: Final = 20
"""So many of the changes that a message had are remembered."""
NO_THREAD: Final = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message", "invalid_thread_ts"})
"""Codes of a thread whose first message somebody deleted."""
SCOPES: Final = {
    "chat:write": "any conversation",
    "im:write": "direct messages",
    "im:history": "direct messages",
    "channels:history": "public channels",
    "groups:history": "private channels",
}
"""What nothing is posted to without each: a message is looked for before it is posted, which needs the history."""
EMAIL_SCOPE: Final = "users:read.email"
"""Needed only where contact points are e-mail addresses."""
_CONVERSATION: Final = re.compile(r"[CGD][A-Z0-9]{2,30}")
_USER: Final = re.compile(r"[UW][A-Z0-9]{2,30}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_EXPECTED: Final = "expected the id of a user (U...), the id of a channel (C...), or an e-mail address"
_TS: Final = re.compile(r"\d{1,11}\.\d{1,9}")


class Slack:
    """A ``Notifier`` that can amend. A contact point is a user (``U...``), a conversation (``C...``), or an e-mail."""

    def __init__(self, config: SlackConfig, tools: Tools) -> None:
        self._name = tools.name
        self._api = Api(tools, config.url, config.token.value)
        keys = [each.value for each in config.signing_secrets]
        self._buttons = Buttons(References(tools.name, keys) if keys else None, config.details, config.labels)
        self._known: dict[str, tuple[float, str]] = {}
        self._beginning: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        """By conversation and escalation: held while the first message of a thread is posted."""

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        """Post the message, unless it is there already. Raises as ``activities.http.call`` does."""
        user, conversation = await self._where(address)
        if not user and not address.startswith("D"):
            message = for_whom(message)
        thread = _own_thread(message, conversation)
        if thread:
            try:
                return await self._once(message, conversation, thread, user)
            except RemoteRefused as error:
                if error.reason not in NO_THREAD:
                    raise
        # Of two receivers who are reached at the same place, the second finds the thread that the first began.
        async with self._beginning.setdefault((conversation, message.escalation), asyncio.Lock()):
            return await self._once(message, conversation, "", user)

    async def found(self, message: Notify, address: str) -> DeliveryReceipt | None:
        """Look for the message where ``send`` posts it."""
        _, conversation = await self._where(address)
        ts, thread = await self._posted(message, conversation, _own_thread(message, conversation))
        return self._receipt(conversation, ts, thread) if ts else None

    async def amend(self, change: AmendMessage) -> None:
        """Take the buttons off a message and say what became of it. Raises as ``send`` does."""
        conversation, _, ts = change.receipt_id.rpartition(":")
        if not _CONVERSATION.fullmatch(conversation) or not _TS.fullmatch(ts):
            raise RemoteRefused(f"{self._name}: the receipt names no message of Slack; expected CONVERSATION:TS")
        found = await self._message(conversation, ts)
        payload = _payload(found)
        marks, mark = str(payload.get("became", "")).split(), digest_of(change.key)
        if mark in marks:
            return
        marks = [*marks, mark][-MOST_MARKS:]
        await self._api.write(
            "chat.update",
            channel=conversation,
            ts=ts,
            text=f"{escaped(change.body, SAID)}\n{found.get('text') or ''}"[:FALLBACK],
            parse="none",
            blocks=amended(_objects(found, "blocks"), change.body),
            metadata={"event_type": EVENT, "event_payload": {**payload, "became": " ".join(marks)}},
        )

    def misaddressed(self, address: str) -> str:
        """Say what a contact point's address should be instead; see ``Addressed``."""
        known = (_CONVERSATION, _EMAIL, _USER)
        return "" if any(pattern.fullmatch(address) for pattern in known) else _EXPECTED

    async def check(self) -> str:
        """Ask who one is there, and refuse a token that lacks a scope without which some messages are lost."""
        said, answer = await self._api.answer("GET", "auth.test", {})
        granted = _granted(answer)
        lacking = [scope for scope in SCOPES if granted and scope not in granted]
        if lacking:
            lost = ", ".join(dict.fromkeys(SCOPES[scope] for scope in lacking))
            raise RemoteRefused(
                f"{self._name}: the token lacks {', '.join(lacking)}, so that nothing reaches {lost}; add "
                f"{'it' if len(lacking) == 1 else 'them'} and install the app again"
            )
        no_email = granted and EMAIL_SCOPE not in granted
        lacks = f"; lacks {EMAIL_SCOPE} for contact points that are e-mail addresses" if no_email else ""
        return f"{said.get('user')} in {said.get('team')}{lacks}"

    async def show(self, trigger: str, view: dict[str, Any]) -> None:
        """Open a window for whoever pressed a button, within the three seconds that its trigger is good for."""
        await self._api.write("views.open", trigger_id=trigger, view=view)

    def _receipt(self, conversation: str, ts: str, thread: str) -> DeliveryReceipt:
        return DeliveryReceipt(
            channel=self._name,
            receipt_id=f"{conversation}:{ts}",
            at=datetime.fromtimestamp(float(ts), UTC),
            thread=f"{conversation}:{thread or ts}",
            amendable=True,
        )

    async def _where(self, address: str) -> tuple[str, str]:
        """Return the user behind a contact point, nobody for a channel, and the conversation."""
        if _CONVERSATION.fullmatch(address):
            return "", address
        if _EMAIL.fullmatch(address):
            user = self._recall(address)
            if not user:
                said = await self._api.read("users.lookupByEmail", email=address)
                user = self._keep(address, self._id(said, "user"))
        elif _USER.fullmatch(address):
            user = address
        else:
            raise RemoteRefused(f"{self._name}: the contact point is none of Slack's; {_EXPECTED}")
        conversation = self._recall(user)
        if not conversation:
            said = await self._api.write("conversations.open", users=user)
            conversation = self._keep(user, self._id(said, "channel"))
        return user, conversation

    async def _once(self, message: Notify, conversation: str, thread: str, user: str) -> DeliveryReceipt:
        """Return the receipt of the message: of the one that is there, else of the one that is posted now."""
        is_first = not thread
        ts, thread = await self._posted(message, conversation, thread)
        if ts:
            return self._receipt(conversation, ts, thread)
        fields: dict[str, Field] = {
            "channel": conversation,
            "text": fallback(message),
            "blocks": message_blocks(message, self._buttons.of(message, user)),
            "metadata": {"event_type": EVENT, "event_payload": _marks(message)},
            "parse": "none",
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if thread:
            fields["thread_ts"] = thread
            # Within a thread alone it would reach only who follows it.
            fields["reply_broadcast"] = is_first or message.urgent or bool(message.offers)
        posted = await self._api.write("chat.postMessage", **fields)
        return self._receipt(conversation, self._ts(posted), thread)

    async def _posted(self, message: Notify, conversation: str, thread: str) -> tuple[str, str]:
        """Look for a message; return its ``ts``, nothing where it is not there, and the thread it is in or belongs to.

        Where its receiver has none, that is one of the escalation's with others in this conversation, such as a team
        and an audience in one channel: a known one, else that of the oldest message of the escalation there.
        """
        marks, begun = _marks(message), ""
        if thread:
            return await self._reply(marks["key"], conversation, thread), thread
        async for each in self._latest("conversations.history", channel=conversation):
            payload, ts, within = _payload(each), self._ts(each), each.get("thread_ts")
            if payload.get("key") == marks["key"]:
                return ts, str(within) if within not in {None, ts} else ""
            if message.escalation and payload.get("escalation") == marks["escalation"] and within in {None, ts}:
                begun = ts
        for known in dict.fromkeys((*_threads(message, conversation), begun)):
            try:
                if known:
                    return await self._reply(marks["key"], conversation, known), known
            except RemoteRefused as error:
                if error.reason not in NO_THREAD:
                    raise
        return "", ""

    async def _reply(self, key: str, conversation: str, thread: str) -> str:
        oldest = f"{_oldest():.6f}"
        async for each in self._latest("conversations.replies", channel=conversation, ts=thread, oldest=oldest):
            if _payload(each).get("key") == key:
                return self._ts(each)
        return ""

    async def _latest(self, method: str, **where: Field) -> AsyncIterator[dict[str, Any]]:
        """Yield the messages of the last days: of a conversation the newest first, of a thread the oldest."""
        cursor = ""
        for _ in range(MOST_PAGES):
            more = {"cursor": cursor} if cursor else {}
            page = await self._api.read(method, limit=PAGE, include_all_metadata=True, **where, **more)
            messages = _objects(page, "messages")
            for each in messages:
                yield each
            cursor = str(_within(page, "response_metadata", "next_cursor") or "")
            if not cursor or ("oldest" not in where and any(float(self._ts(each)) < _oldest() for each in messages)):
                return

    async def _message(self, conversation: str, ts: str) -> dict[str, Any]:
        """Return a message as it is now: of the conversation, or of a thread in it."""
        wanted: dict[str, Field] = {
            "channel": conversation,
            "latest": ts,
            "inclusive": True,
            "include_all_metadata": True,
        }
        for method, more in (
            ("conversations.history", {"limit": 1}),
            ("conversations.replies", {"limit": 10, "ts": ts, "oldest": ts}),  # a thread's first message comes along
        ):
            try:
                said = await self._api.read(method, **wanted, **more)
            except RemoteRefused as error:
                if error.reason not in NO_THREAD:
                    raise
                continue
            for each in _objects(said, "messages"):
                if each.get("ts") == ts:
                    return each
        raise RemoteRefused(
            f"{self._name}: the message is not there any more (message_not_found)", 200, "message_not_found"
        )

    def _ts(self, said: dict[str, Any]) -> str:
        ts = said.get("ts")
        if isinstance(ts, str) and _TS.fullmatch(ts):
            return ts
        raise Unreadable(f"{self._name}: the answer names no message (ts)")

    def _id(self, said: dict[str, Any], name: str) -> str:
        found = _within(said, name, "id")
        if isinstance(found, str) and (_USER.fullmatch(found) or _CONVERSATION.fullmatch(found)):
            return found
        raise Unreadable(f"{self._name}: the answer names no {name}")

    def _recall(self, name: str) -> str:
        until, value = self._known.get(name, (0.0, ""))
        return value if monotonic() < until else ""

    def _keep(self, name: str, value: str) -> str:
        while len(self._known) >= MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[name] = (monotonic() + KNOWN_FOR, value)
        return value


def _objects(said: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = said.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _threads(message: Notify, conversation: str) -> tuple[str, ...]:
    """Return the threads of the escalation in a conversation, its receiver's own first."""
    known = (each.rpartition(":") for each in message.known_threads)
    return tuple(thread for place, _, thread in known if place == conversation and _TS.fullmatch(thread))


def _own_thread(message: Notify, conversation: str) -> str:
    """Return its receiver's own; none where the contact point is another one by now."""
    return next(iter(_threads(message.changed({"other_threads": {}}), conversation)), "")


def _oldest() -> float:
    return (datetime.now(UTC) - LOOK_BACK).timestamp()


def _marks(message: Notify) -> dict[str, str]:
    """Return what is kept with a message, so that it is found again, and its escalation's thread with it."""
    return {"key": digest_of(message.key), "escalation": digest_of(message.escalation)}


def _payload(message: dict[str, Any]) -> dict[str, Any]:
    """Return what this connector kept with a message; nothing for anybody else's."""
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT:
        return {}
    payload = metadata.get("event_payload")
    return payload if isinstance(payload, dict) else {}


def _within(said: dict[str, Any], *path: str) -> Any:
    found: Any = said
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _granted(answer: Answer) -> set[str]:
    """Return the scopes that the token has; none where Slack does not say which."""
    return {each.strip() for each in str(answer.headers.get("X-OAuth-Scopes", "")).split(",")} - {""}
