"""What every connector shares: how it is configured, where its secrets are, what it is opened with, how it is tried."""

import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Protocol, Self, runtime_checkable
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from activities.answer_links import AnswerLinks
from activities.auth import Auth
from activities.http import Reason
from activities.remote import Remote
from escalation.errors import RemoteRefused, SettingsError
from escalation.values import Incoming, Record

LONGEST_SECRET: Final = 16 * 1024
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Secret(Incoming):
    """Where a secret is: ``{env: NAME}`` or ``{file: PATH}``. It is never written into a connections file itself."""

    env: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"), Field(examples=["SLACK_TOKEN"])] | None
    ) = None
    file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_plain_text(cls, written: Any) -> Any:
        if isinstance(written, str):
            raise ValueError("expected where the secret is, {env: NAME} or {file: PATH}, not the secret itself")  # noqa: TRY004 - pydantic's
        return written

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("expected exactly one of env and file")
        return self

    @cached_property
    def value(self) -> str:
        """Read it, once.

        Raises:
            SettingsError: it is not there, empty, or no text; names the place, never the value.
        """
        if self.env is not None:
            found, where = os.environ.get(self.env, ""), f"the environment variable {self.env}"
        else:
            where = f"the file {self.file}"
            try:
                with Path(self.file or "").open(encoding="utf-8") as stream:
                    found = stream.read(LONGEST_SECRET)
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"{where} cannot be read ({type(error).__name__})") from None
        if not found.strip():
            raise SettingsError(f"{where} is not set, or empty")
        return found.strip()


def _usable(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is no usable address; expected https://HOST[:PORT][/PATH]") from None
    if parts.scheme not in {"https", "http"} or not host:
        raise ValueError("expected an address such as https://HOST[:PORT][/PATH]")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("carries a name, a password or a query; secrets have keys of their own")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ValueError("is http, which everybody on the way can read; expected https (http only for this machine)")
    return url.rstrip("/")


BaseUrl = Annotated[str, StringConstraints(max_length=500), AfterValidator(_usable)]
"""Where a system is: https, or http on this machine; no secrets in it."""


class Config(Record):
    """What every connection says besides its ``kind``. Unknown keys are refused where the file is read."""

    title: str = ""
    """What people call it, such as "support workspace, EMEA"."""
    proxy: Secret | None = None
    """Address of a proxy for this connection alone (it may carry a password); else that of the environment."""
    trusted: Path | None = None
    """File of certificate authorities (PEM) that are trusted instead of the usual ones."""

    def secrets(self) -> Iterator[tuple[tuple[str | int, ...], Secret]]:
        """Yield where each secret stands in here, and the secret."""
        yield from _secrets(self, ())

    def unusable(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield where in here something cannot be used, and what was expected; asked once every secret was read."""
        if self.trusted is not None:
            try:
                trust(self.trusted)
            except SettingsError as error:
                yield ("trusted",), str(error)


def _secrets(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Secret]]:
    if isinstance(value, Secret):
        yield path, value
    elif isinstance(value, Record):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _secrets(each, (*path, key))
    elif isinstance(value, tuple):
        for place, each in enumerate(value):
            yield from _secrets(each, (*path, place))


@dataclass(frozen=True)
class Tools:
    """What a connector is opened with."""

    name: str
    """The connection's name, which errors, receipts and contact points carry."""
    client: httpx.AsyncClient
    links: AnswerLinks | None = None
    """Makes links that answer; None: there are none, and messages say commands."""

    def remote(self, base: str, auth: Auth | None = None, *, reason: Reason | None = None, **more: Any) -> Remote:
        """Return the system at an address; ``more`` goes to ``Remote`` as it is."""
        return Remote(self.client, self.name, base, auth, reason=reason, **more)


class Unsure(RemoteRefused):
    """What can be tried without harm was refused, which what is really sent need not be."""


class Connector(Protocol):
    """One opened connection. It is a ``HelpDesk``, a ``Notifier``, or both."""

    async def check(self) -> str:
        """Try it without changing anything there; return in a few words what was found, such as who one is there.

        Raises:
            RemoteError: why it cannot be used; Unsure: why that is likely.
        """
        ...


@runtime_checkable
class Addressed(Connector, Protocol):
    """A channel that knows without asking which addresses a contact point may have."""

    def misaddressed(self, address: str) -> str:
        """Say what was expected instead of an address that leads nowhere; empty where it can be used.

        The address is not repeated: what is said goes into errors.
        """
        ...


@runtime_checkable
class Preparing(Connector, Protocol):
    """A connection that needs something to be there in its system. It is made only when somebody asks for it."""

    async def prepare(self) -> str:
        """Make what is missing; return in a few words what was made, or that all was there. The same twice is once.

        Raises:
            RemoteError: why it cannot be made.
        """
        ...


def trust(file: Path) -> ssl.SSLContext:
    """Read certificate authorities. Raises SettingsError where the file is none of them."""
    try:
        return ssl.create_default_context(cafile=str(file))
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"{file} holds no certificate authorities ({type(error).__name__})") from None
