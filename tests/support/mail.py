"""A real SMTP server (aiosmtpd) on 127.0.0.1 that answers as told and keeps what it accepted."""

import asyncio
import base64
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD, TOKEN = "escalations", "correct horse", "t-2"
_OPENSSL = (
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
)
HANG, DROP = "hang", "drop"
"""Instead of an answer: none as long as the server lives; the connection ends."""


@dataclass
class Kept:
    """A message that the server has, whatever its client was told."""

    sender: str
    to: list[str]
    mail: EmailMessage
    raw: bytes
    tls: bool
    at: float

    @property
    def text(self) -> str:
        part = self.mail.get_body(("plain",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")

    @property
    def page(self) -> str:
        part = self.mail.get_body(("html",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """``recipient`` and ``data`` are scripts, one answer for each try: a status line, ``HANG`` or ``DROP``; then 250.

    What is dropped or hangs in ``data`` was kept before: the server has it, and its client cannot know.
    """

    port: int = 0
    recipient: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    connections: int = 0
    sign_ins: list[str] = field(default_factory=list)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    """Set as soon as somebody waits for an answer that does not come."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.recipient.pop(0) if self.recipient else "250 2.1.5 Ok"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return await self._said(server, answer)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        answer = self.data.pop(0) if self.data else "250 2.0.0 Ok"
        if answer in {HANG, DROP} or answer.startswith("250"):
            raw = envelope.content
            assert isinstance(raw, bytes)
            mail = message_from_bytes(raw, policy=default)
            assert isinstance(mail, EmailMessage)
            tls, now = session.ssl is not None, asyncio.get_running_loop().time()
            self.kept.append(Kept(envelope.mail_from or "", list(envelope.rcpt_tos), mail, raw, tls, now))
        return await self._said(server, answer)

    async def _said(self, server: SMTP, answer: str) -> str:
        if answer == DROP:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        elif answer == HANG:
            self.waiting.set()
            await asyncio.sleep(3600)
        return answer

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - the same
        self.sign_ins.append(base64.b64decode(args[1]).decode())
        right = self.sign_ins[-1] == f"user={USER}\x01auth=Bearer {TOKEN}\x01\x01"
        return AuthResult(success=right, handled=False)

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any
    ) -> AuthResult:
        assert isinstance(login, LoginPassword)
        self.sign_ins.append(login.login.decode())
        right = login == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)


@asynccontextmanager
async def open_mail_server(
    *,
    start_tls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    sign_in: bool = False,
    utf8: bool = True,
) -> AsyncIterator[MailServer]:
    """Serve on a free port until the block ends."""
    loop, mail = asyncio.get_running_loop(), MailServer()

    def session() -> SMTP:
        mail.connections += 1
        return SMTP(
            mail,
            enable_SMTPUTF8=utf8,
            hostname="mx.lumina.example",
            tls_context=start_tls,
            require_starttls=start_tls is not None,
            auth_required=sign_in,
            authenticator=mail.authenticate if sign_in else None,
            loop=loop,
        )

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls)
    mail.port = server.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        server.close()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1; return the file that trusts it, and what a server shows."""
    pem, key = folder / "cert.pem", folder / "key.pem"
    named = ["-subj", "/CN=mx.lumina.example", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = [*_OPENSSL, *named, "-keyout", str(key), "-out", str(pem)]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key)
    return pem, context
