"""Links that answer for one person: signed, for one offer of one message, until its time is over.

A link carries what it answers, so nothing has to be kept until it is opened. It is signed and not encrypted: whoever
has it can read ids in it, and can answer in the name of the person it was made for. Opening one must not answer by
itself: scanners of mail and previews of chats open every link they see. The page behind it shows what is asked, and a
button.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import AwareDatetime, ValidationError

from escalation.errors import LinkRefused
from escalation.model.actions import Notify, Offer
from escalation.values import ActorKind, Addressee, Record, kind_of

LASTS: Final = timedelta(days=7)
"""How long a link can be used whose message names no time by which it wants its answer."""
SHORTEST_KEY: Final = 32
"""Characters of a key; a shorter one could be guessed."""
LONGEST: Final = 1_800
"""Characters of a whole link: some mail clients and proxies cut what is longer than 2,000."""
PATH: Final = "/answer/"
"""Where under the links' address the pages are."""
_PURPOSE: Final = "durable-escalations/answer"
"""Signed along: what the same keys sign for another purpose is no answer."""


class Answer(Record):
    """What a link answers."""

    escalation: str
    offer: Offer
    to: Addressee
    """For whom it was made: who answers."""
    until: AwareDatetime


class AnswerLinks:
    """Makes links, and reads those that come back. ``keys``: the first signs, all of them are accepted."""

    def __init__(self, url: str, keys: Sequence[str]) -> None:
        self._base = url.rstrip("/") + PATH
        # The library wants the newest last.
        self._serializer = URLSafeTimedSerializer(
            list(reversed(keys)), salt=_PURPOSE, signer_kwargs={"digest_method": hashlib.sha256}
        )

    def until(self, message: Notify, now: datetime) -> datetime:
        """Return how long the links of a message can be used."""
        return message.respond_by or now + LASTS

    def links(self, message: Notify, now: datetime) -> list[tuple[Offer, str]]:
        """Return each answer that a message offers, with its link.

        There are none for a chat group, where nobody could say who answered, and none when the time is over. An answer
        that does not fit into a link is left out; the message says its command.
        """
        until = self.until(message, now)
        if not message.escalation or until <= now or kind_of(message.to) is ActorKind.GROUP:
            return []
        made = [(offer, self._link(message, offer, until)) for offer in message.offers]
        return [(offer, link) for offer, link in made if len(link) <= LONGEST]

    def _link(self, message: Notify, offer: Offer, until: datetime) -> str:
        said = [message.escalation, offer.command, offer.arguments, offer.needs, message.to, int(until.timestamp())]
        return self._base + str(self._serializer.dumps(said))

    def verify(self, token: str, now: datetime, *, to: Addressee | None = None) -> Answer:
        """Return what a link's token answers; ``to`` is who opened it, where that is known.

        Raises:
            LinkRefused: it was changed on the way, it is for something or somebody else, or its time is over.
        """
        try:
            said = self._serializer.loads(token) if len(token) <= LONGEST else None
        except BadData:
            said = None
        if said is None:
            raise LinkRefused(
                "tampered",
                "this link is not one of ours, or not whole any more: open it from the message itself, "
                "or answer with the command in it",
            )
        answer = _read(said)
        if answer is None:
            raise LinkRefused("not_for_this", "this link is for something else: it carries no answer")
        if to is not None and to != answer.to:
            raise LinkRefused("not_for_this", f"this link was made for {answer.to}: answer from a message of your own")
        if now >= answer.until:
            raise LinkRefused(
                "expired",
                f"this link could be used until {answer.until:%Y-%m-%d %H:%M} UTC: look for a newer message, or see "
                f"what is asked now with: escalate show {answer.escalation}",
            )
        return answer


def _read(said: Any) -> Answer | None:
    try:
        escalation, command, arguments, needs, to, until = said
        return Answer(
            escalation=escalation,
            offer=Offer(command=command, arguments=arguments, needs=tuple(needs)),
            to=to,
            until=datetime.fromtimestamp(until, UTC),
        )
    except (ValidationError, ValueError, TypeError, OverflowError):
        return None
