"""How headers with words are written on the wire (RFC 2047).

A reader drops the white space between two encoded words. Python's own folding leaves the spaces there, and words of a
subject run together. So what is not plain ASCII is encoded as a whole, with its spaces inside.
"""

from email.header import Header
from email.headerregistry import (
    HeaderRegistry,
    MessageIDHeader,
    UniqueAddressHeader,
    UniqueUnstructuredHeader,
)
from email.policy import SMTP, EmailPolicy
from typing import Any, Final

_LINE: Final = 76
"""Longest line that has encoded words."""


class _Words(UniqueUnstructuredHeader):
    """A line of words."""

    def fold(self, *, policy: Any) -> str:
        """Write the header."""
        text = str(self)
        if policy.utf8 or _plain(text):
            return str(super().fold(policy=policy))  # type: ignore[misc] # BaseHeader, which is added, has it
        return f"{self.name}: {_encoded(text, self.name, policy)}{policy.linesep}"  # type: ignore[attr-defined]


class _Mailboxes(UniqueAddressHeader):
    """Addresses with names."""

    def fold(self, *, policy: Any) -> str:
        """Write the header; each mailbox that has a name beyond ASCII ends on a line of its own."""
        if policy.utf8 or all(_plain(each.display_name) for each in self.addresses):
            return str(super().fold(policy=policy))  # type: ignore[misc] # the same
        name: str = self.name  # type: ignore[attr-defined] # the same
        written = (
            str(each)
            if _plain(each.display_name)
            else f"{_encoded(each.display_name, name, policy)}{policy.linesep} <{each.addr_spec}>"
            for each in self.addresses
        )
        return f"{name}: {f',{policy.linesep} '.join(written)}{policy.linesep}"


def policy() -> "EmailPolicy[Any]":
    """Return how messages are written."""
    known = HeaderRegistry()
    known.map_to_type("subject", _Words)  # type: ignore[arg-type] # typeshed does not see that it is one
    for name in ("from", "reply-to"):
        known.map_to_type(name, _Mailboxes)  # type: ignore[arg-type] # the same
    # Else an id that is longer than a line would be encoded like words, and no reader would find it.
    for name in ("in-reply-to", "references"):
        known.map_to_type(name, MessageIDHeader)  # type: ignore[arg-type] # the same
    return SMTP.clone(header_factory=known)


def _plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


def _encoded(text: str, name: str, policy: Any) -> str:
    header = Header(text, "utf-8", maxlinelen=_LINE, header_name=name)
    return header.encode(linesep=policy.linesep)
