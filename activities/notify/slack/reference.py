"""What a button carries: which answer to which escalation it is, signed, so that only buttons from here are taken.

Slack signs what it posts, but says with it only that a button of this app was pressed. Whoever has the app's token
could post a button of their own with a friendly label; without the signing secret it is worth nothing here.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from itsdangerous import BadData, URLSafeSerializer
from pydantic import ValidationError

from escalation.errors import RequestRefused
from escalation.model.actions import Offer
from escalation.values import Addressee, Record

LONGEST: Final = 2_000
"""Characters of a button's value, by Slack's limit."""
_PURPOSE: Final = "durable-escalations: an answer offered in Slack"
_FOREIGN: Final = (
    "is no answer that was offered here, or its signing secret was replaced since; answer a newer message, or use the "
    "command line"
)
_FIELDS: Final = ("connection", "escalation", "offer", "to", "user", "locale")


class Reference(Record):
    """An answer that was offered."""

    connection: str
    """Name of the connection that offered it."""
    escalation: str
    offer: Offer | None
    """None: to see how to look at the escalation."""
    to: Addressee
    """Whom the message was for."""
    user: str = ""
    """The Slack user whom it was sent to; empty: to a channel."""
    locale: str = ""
    """Language of the message, which a window that the button opens goes on with; empty: English."""


class References:
    """Signs and reads references; the first key signs, all of them are accepted."""

    def __init__(self, connection: str, keys: Sequence[str]) -> None:
        self.connection = connection
        self._signer = URLSafeSerializer(
            list(reversed(keys)), salt=_PURPOSE, signer_kwargs={"digest_method": hashlib.sha256}
        )

    def write(self, reference: Reference) -> str | None:
        """Return a button's value; None where it would be longer than Slack takes."""
        offer = reference.offer
        plain = None if offer is None else [offer.command, offer.arguments, list(offer.needs)]
        sent = [reference.connection, reference.escalation, plain, reference.to, reference.user, reference.locale]
        written = self._signer.dumps(sent)
        return written if len(written) <= LONGEST else None

    def read(self, value: str, path: str) -> Reference:
        """Read a button's value that came back.

        Raises:
            RequestRefused: it is none of this connection's, or was signed with a key that is not in use any more.
        """
        if len(value) > LONGEST:
            raise RequestRefused([(path, f"is longer than {LONGEST:,} characters; no button here is")])
        try:
            read = _reference(self._signer.loads(value))
        except (BadData, ValidationError, ValueError, TypeError):
            raise RequestRefused([(path, _FOREIGN)]) from None
        if read.connection != self.connection:
            raise RequestRefused([(path, f"was offered by another connection than {self.connection}")])
        return read


def _reference(parts: Any) -> Reference:
    # Buttons of messages from before they said their language are still in use.
    said = dict(zip(_FIELDS, [*parts, ""][: len(_FIELDS)], strict=True))
    if said["offer"] is not None:
        command, arguments, needs = said["offer"]
        said["offer"] = {"command": command, "arguments": arguments, "needs": needs}
    return Reference.model_validate(said)
