"""How the e-mail channel is configured."""

import re
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from activities.connector import LOOPBACK, Config, Secret
from activities.grant import ClientGrant

NAME: Final = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_LOCAL: Final = r"[^\s@<>(),;:\"\[\]\\\x00-\x1f\x7f]{1,64}"
_ADDRESS: Final = re.compile(_LOCAL + r"@[^\s@<>(),;:\"\[\]\\\x00-\x1f\x7f]{1,255}")
PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}


def split_address(text: str) -> tuple[str, str] | None:
    """Return local part and domain of an address, the domain as DNS knows it; None when it is no address."""
    if not _ADDRESS.fullmatch(text):
        return None
    local, _, domain = text.partition("@")
    try:
        plain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return (local, plain) if NAME.fullmatch(plain) else None


def mailbox(text: str) -> Address:
    """Read ``eva@example.org``, or ``Eva <eva@example.org>``.

    Raises:
        ValueError: it is neither.
    """
    name, address = parseaddr(text)
    split = split_address(address)
    if split is None or not split[0].isascii() or any(ord(each) < 32 or ord(each) == 127 for each in text):
        raise ValueError("is no e-mail address; expected someone@example.org, or Name <someone@example.org>")
    return Address(name, *split)


def _mailbox(text: str) -> str:
    mailbox(text)
    return text


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("is no name of a machine, nor its address; expected such as smtp.example.org")
    return text


Mailbox = Annotated[str, StringConstraints(max_length=320), AfterValidator(_mailbox)]
Host = Annotated[str, AfterValidator(_name)]


class EmailConfig(Config):
    """A server that mail is handed to."""

    kind: Literal["email"]
    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Usually 587 with STARTTLS, 465 with TLS."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """``none`` only on this machine."""
    user: Annotated[str, StringConstraints(min_length=1, max_length=320)] | None = None
    password: Secret | None = None
    oauth: ClientGrant | None = None
    """Instead of a password, where the server wants a token (XOAUTH2)."""
    sender: Mailbox
    """Who messages are from, and where bounces go: ``Escalations <escalations@example.org>``."""
    reply_to: Mailbox | None = None
    """Where replies go instead."""
    hello: Host | None = None
    """What this machine calls itself; else its own name. Some relays want one that DNS knows."""
    at_once: Annotated[int, Field(ge=1, le=100)] = 10
    """Connections that are open at the same time; servers limit them for each client."""

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.security == "none" and self.host not in LOOPBACK:
            raise ValueError("security: none, which everybody on the way can read, is for this machine only")
        ways = (self.password is not None) + (self.oauth is not None)
        if ways != (self.user is not None):
            raise ValueError("expected user with either password or oauth, or none of them")
        if self.proxy is not None:
            raise ValueError("proxy: mail goes through no proxy; leave it out")
        return self
