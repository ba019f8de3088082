"""The conversation with a mail server: one message in one connection.

Up to the message itself everything may be tried again without harm. From then on only the server's answer says
whether it has the message, and SMTP knows no key by which a second one would be recognised. So ``begin`` and
``hand_over`` are two calls: the first may be broken off at any moment, the second is brought to its end.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import aiosmtplib

from activities import silence
from activities.connector import Tools, trust
from activities.notify.email.config import NAME, PORTS, EmailConfig
from escalation.errors import RemoteError, RemoteRefused, RemoteUnavailable

OPENING: Final = 10.0
"""Seconds for a connection that is signed in, with the wait until one is free."""
ONE_STEP: Final = 10.0
"""Seconds for one answer, and for naming sender and receiver."""
AFTER: Final = 30.0
"""Seconds for the message and its answer. All together fits into the minute that one try of a message has."""
GOODBYE: Final = 2.0
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
"""Enhanced status codes (RFC 3463): the only part of an answer's text that is repeated."""
_SHOWN: Final = ("AUTH", "SMTPUTF8", "8BITMIME", "SIZE", "DSN")


@dataclass(frozen=True)
class Envelope:
    """Who hands what to whom."""

    sender: str
    to: str
    content: bytes
    utf8: bool = False
    """The receiver's address goes beyond ASCII: the server has to offer SMTPUTF8 (RFC 6531)."""


class Server:
    """A mail server. All methods raise RemoteRefused with the server's codes, or RemoteUnavailable."""

    def __init__(self, config: EmailConfig, tools: Tools) -> None:
        self._config, self._name = config, tools.name
        self._port = config.port or PORTS[config.security]
        self._oauth = config.oauth.opened(tools) if config.oauth is not None else None
        self._tls: ssl.SSLContext | None = None
        if config.security != "none":
            self._tls = trust(config.trusted) if config.trusted is not None else ssl.create_default_context()
        self._free = asyncio.Semaphore(config.at_once)

    async def begin(self, envelope: Envelope) -> aiosmtplib.SMTP:
        """Connect, sign in, and name sender and receiver. What is returned belongs to ``hand_over``."""
        client = await self._opened()
        try:
            async with asyncio.timeout(ONE_STEP):
                await self._named(client, envelope)
        except TimeoutError:
            self.leave(client)
            raise RemoteUnavailable(f"{self._name}: no answer in time") from None
        except BaseException:
            self.leave(client)
            raise
        return client

    async def hand_over(self, client: aiosmtplib.SMTP, envelope: Envelope) -> None:
        """Send the message itself and wait for the answer."""
        try:
            with self._told("the message"):
                async with asyncio.timeout(AFTER):
                    await client.data(envelope.content, timeout=AFTER)
            with suppress(aiosmtplib.SMTPException, OSError):  # it has the message, whatever comes now
                await client.quit(timeout=GOODBYE)
        finally:
            self.leave(client)

    async def check(self, sender: str) -> str:
        """Sign in and name the sender, and send nothing; return who answered, and what it offers."""
        client = await self._opened()
        try:
            with self._told("the sender"):
                await client.mail(sender)
                await client.rset()
            found = self._found(client)
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=GOODBYE)
        finally:
            self.leave(client)
        return found

    def _found(self, client: aiosmtplib.SMTP) -> str:
        hello = client.last_ehlo_response.message.split() if client.last_ehlo_response else []
        server = hello[0] if hello and NAME.fullmatch(hello[0]) else "a server without a name"
        offered = {name.upper(): value for name, value in client.esmtp_extensions.items()}
        size = offered.get("SIZE", "")
        most = f" {int(size) // 1024:,} KiB" if size.isdecimal() and int(size) else ""
        names = [f"{each}{most if each == 'SIZE' else ''}" for each in _SHOWN if each in offered]
        how = {"tls": "TLS", "starttls": "STARTTLS", "none": "no encryption"}[self._config.security]
        signed_in = ", signed in" if self._config.user is not None else ""
        return f"{server}: {how}{signed_in}; takes the sender; offers {', '.join(names) or 'no extensions'}"

    async def _opened(self) -> aiosmtplib.SMTP:
        """Connect and sign in, as soon as a connection is free."""
        config = self._config
        client = aiosmtplib.SMTP(
            hostname=config.host,
            port=self._port,
            use_tls=config.security == "tls",
            start_tls=False,
            tls_context=self._tls,
            local_hostname=config.hello or _own_name(),
            timeout=ONE_STEP,
        )
        taken = False
        try:
            async with asyncio.timeout(OPENING):
                taken = await self._free.acquire()
                await self._signed_in(client)
        except BaseException as error:
            if taken:
                self.leave(client)
            if isinstance(error, TimeoutError):
                where = silence.place(config.host, self._port)
                said = f"no connection to {where}" if taken else "no connection was free"
                raise RemoteUnavailable(f"{self._name}: {said} within {OPENING:g} s") from None
            raise
        return client

    async def _signed_in(self, client: aiosmtplib.SMTP) -> None:
        config = self._config
        with self._told("the connection"):
            await client.connect()
        with self._told("EHLO"):
            await client.ehlo()
        if config.security == "starttls":
            # Never without: whoever is in between can hide that the server offers it.
            if not client.supports_extension("starttls"):
                raise RemoteRefused(f"{self._name}: the server does not offer STARTTLS; is it security: tls?")
            with self._told("STARTTLS"):
                await client.starttls()
                await client.ehlo()
        if config.user is not None:
            known = ["xoauth2"] if self._oauth is not None else client.AUTH_METHODS
            if not set(known) & set(client.server_auth_methods):
                raise RemoteRefused(f"{self._name}: the server offers no way to sign in that is known here")
            await self._login(client, config.user)

    async def _login(self, client: aiosmtplib.SMTP, user: str) -> None:
        if self._oauth is None:
            with self._told("signing in"):
                await client.login(user, self._config.password.value if self._config.password else "")
            return
        signed = await self._oauth.headers()
        try:
            await self._xoauth2(client, user, signed)
        except RemoteRefused:
            # A token may be taken back before its end: another one is tried, once, as ``Remote`` does upon a 401. The
            # same connection may ask again (RFC 4954, 4); a server that has ended it is tried again as any silent one.
            if not self._oauth.renew(signed):
                raise
            await self._xoauth2(client, user, await self._oauth.headers())

    async def _xoauth2(self, client: aiosmtplib.SMTP, user: str, signed: Mapping[str, str]) -> None:
        with self._told("signing in"):
            await client.auth_xoauth2(user, signed["Authorization"].removeprefix("Bearer "))

    async def _named(self, client: aiosmtplib.SMTP, envelope: Envelope) -> None:
        if envelope.utf8 and not client.supports_extension("smtputf8"):
            raise RemoteRefused(f"{self._name}: the server takes no address beyond ASCII (SMTPUTF8)")
        encoding = "utf-8" if envelope.utf8 else "ascii"
        with self._told("the sender"):
            await client.mail(envelope.sender, options=["SMTPUTF8"] if envelope.utf8 else [], encoding=encoding)
        with self._told("the recipient"):
            await client.rcpt(envelope.to, encoding=encoding)

    def leave(self, client: aiosmtplib.SMTP) -> None:
        """Give up what was begun."""
        client.close()
        self._free.release()

    @contextmanager
    def _told(self, step: str) -> Iterator[None]:
        """Tell failures of one step apart; their sentences, which repeat what was sent, are left behind."""
        try:
            yield
        except aiosmtplib.SMTPResponseException as error:
            raise self._answered(error, step) from None
        except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, TimeoutError, OSError) as error:
            raise RemoteUnavailable(f"{self._name}: no answer to {step} ({self._silence(error)})") from None

    def _silence(self, error: Exception) -> str:
        where = silence.place(self._config.host, self._port)
        if found := silence.why(error, self._config.host, self._port):
            return found
        if isinstance(error, TimeoutError):
            return f"nothing from {where} within {ONE_STEP:g} s"
        return f"{where} broke off" if isinstance(error, aiosmtplib.SMTPServerDisconnected) else f"none from {where}"

    def _answered(self, error: aiosmtplib.SMTPResponseException, step: str) -> RemoteError:
        status = _STATUS.match(error.message)
        code = f"{error.code} {status[0]}" if status else str(error.code)
        if 500 <= error.code < 600:
            return RemoteRefused(f"{self._name}: {step} was refused with {code}", reason=code)
        return RemoteUnavailable(
            f"{self._name}: {step} was answered with {code}"
            if error.code > 0
            else f"{self._name}: the answer to {step} is no SMTP"
        )


def _own_name() -> str:
    name = socket.gethostname()
    return name if NAME.fullmatch(name) else "localhost"
