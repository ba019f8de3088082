"""The connections file: which outside system under which name, with which secrets; opened, or tried by hand.

    help_desk: desk
    connections:
      desk:       {kind: request_tracker, url: https://rt.example.org, queue: Escalations, token: {env: RT_TOKEN}}
      slack-emea: {kind: slack, token: {file: /run/secrets/slack-emea}}

A channel's name is what contact points in the directory call their ``channel``.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import httpx
from pydantic import Field

from activities.answer_links import SHORTEST_KEY, AnswerLinks
from activities.connector import Addressed, BaseUrl, Config, Connector, Preparing, Secret, Tools, Unsure, trust
from activities.crm.port import HelpDesk
from activities.http import open_client
from activities.kinds import CHANNELS, HELP_DESKS, SHEETS, AnyConfig
from activities.notify import inbox, webhook
from activities.notify.port import Notifier
from activities.smartsheet import Smartsheet
from escalation.documents import Document, read_document, validate
from escalation.errors import DocumentError, Finding, RemoteError, RemoteRefused, SettingsError
from escalation.explain import did_you_mean
from escalation.intake import AnyIntake
from escalation.intake.config import MatrixIntake, RowsIntake
from escalation.model.ticket import EMBEDDED
from escalation.values import Record, Slug

TAKEN: Final = frozenset({inbox.CHANNEL, webhook.CHANNEL, EMBEDDED})
"""Names of what is always there."""

MOST_KEYS: Final = 5
_MEANS: Final = {401: "the token or password is not taken", 404: "nothing is there; is the url right?"}
"""What a bare status most likely means when a connection is tried for the first time."""


class Links(Record):
    """Where links in messages lead, and what signs them."""

    url: BaseUrl
    """The gateway, as people reach it from outside."""
    keys: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=MOST_KEYS)]
    """The newest first: it signs. Links that an older one signed are accepted as long as it stands here."""


class ConnectionsFile(Record):
    """What is connected."""

    help_desk: Slug | None = None
    """Connection that tickets go to whose case names no other; without it the embedded help desk."""
    links: Links | None = None
    """None: messages have no links, and say commands."""
    connections: dict[Slug, AnyConfig] = {}
    intake: dict[Slug, AnyIntake] = {}
    """How what happens in outside systems comes in (docs/intake.md)."""


class Checked(Record):
    """How a connection was found."""

    name: str
    kind: str
    ok: bool
    unsure: bool = False
    """It is not ``ok``, and yet may be usable: only what is really sent can tell."""
    says: str
    """What it answered, or why it cannot be used."""


@dataclass(frozen=True)
class Connections:
    """Everything that is connected, opened."""

    kinds: dict[str, str] = field(default_factory=dict)
    """Name to kind, in the order of the file."""
    help_desks: dict[str, HelpDesk] = field(default_factory=dict)
    notifiers: dict[str, Notifier] = field(default_factory=dict)
    sheets: dict[str, Smartsheet] = field(default_factory=dict)
    default_help_desk: str | None = None
    _all: dict[str, Connector] = field(default_factory=dict)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def check(self) -> list[Checked]:
        """Try every connection, all at once, without changing anything anywhere."""
        return list(await asyncio.gather(*(self._checked(name, each) for name, each in self._all.items())))

    def misaddressed(self, channel: str, address: str) -> str:
        """Say what a contact point's address should have been; empty where it can be used, or only a message can tell.

        ``channel`` is one of ``notifiers``.
        """
        connector = self._all[channel]
        return connector.misaddressed(address) if isinstance(connector, Addressed) else ""

    async def prepare(self, name: str) -> Checked:
        """Make in one system what has to be there before it can be used.

        Raises:
            SettingsError: there is no connection of this name.
        """
        connector = self._all.get(name)
        if connector is None:
            named = ", ".join(self._all) or "none"
            raise SettingsError(f"no connection is called {name}{did_you_mean(name, [*self._all])}; known: {named}")
        try:
            says = await connector.prepare() if isinstance(connector, Preparing) else "needs nothing to be prepared"
        except RemoteError as error:
            return Checked(name=name, kind=self.kinds[name], ok=False, says=str(error))
        return Checked(name=name, kind=self.kinds[name], ok=True, says=says)

    async def _checked(self, name: str, connector: Connector) -> Checked:
        try:
            return Checked(name=name, kind=self.kinds[name], ok=True, says=await connector.check())
        except RemoteError as error:
            unsure = isinstance(error, Unsure)
            return Checked(name=name, kind=self.kinds[name], ok=False, unsure=unsure, says=_meaning(error))

    async def close(self) -> None:
        """Close the clients that were opened for single connections."""
        await self._open.aclose()


def read_connections(path: Path) -> ConnectionsFile:
    """Read a connections file, and every secret that it names.

    Raises:
        DocumentError: everything wrong with it, with lines; never a secret's value.
    """
    document = read_document(path)
    read = validate(document, ConnectionsFile)
    findings = [*_names(document, read), *_sheets(document, read), *_secrets(document, read)]
    findings += [] if findings else _unusable(document, read)
    if findings:
        raise DocumentError(sorted(findings))
    return read


def open_connections(read: ConnectionsFile, client: httpx.AsyncClient) -> Connections:
    """Open what a file says; nobody is called yet.

    ``client`` serves all that have no proxy or authorities of their own.

    Raises:
        SettingsError: a file of certificate authorities is none.
    """
    opened = Connections(default_help_desk=read.help_desk)
    links = AnswerLinks(read.links.url, [key.value for key in read.links.keys]) if read.links is not None else None
    for name, config in read.connections.items():
        tools = Tools(name, _client(config, client, opened._open), links)  # noqa: SLF001 - this is how it is made
        desk, channel, sheets = (kinds.get(type(config)) for kinds in (HELP_DESKS, CHANNELS, SHEETS))
        connector = (desk or channel or sheets or _unknown)(config, tools)
        opened.kinds[name] = config.kind
        opened._all[name] = connector  # noqa: SLF001 - the same
        if desk is not None:
            opened.help_desks[name] = connector  # type: ignore[assignment] # what HELP_DESKS opens is one
        elif isinstance(connector, Smartsheet):
            opened.sheets[name] = connector
        else:
            opened.notifiers[name] = connector  # type: ignore[assignment] # and what CHANNELS opens
    return opened


def _client(config: Config, shared: httpx.AsyncClient, stack: AsyncExitStack) -> httpx.AsyncClient:
    if config.proxy is None and config.trusted is None:
        return shared
    own = open_client(
        proxy=config.proxy.value if config.proxy else None,
        trusted=trust(config.trusted) if config.trusted else None,
    )
    stack.push_async_callback(own.aclose)
    return own


def _meaning(error: RemoteError) -> str:
    status = error.status if isinstance(error, RemoteRefused) and not isinstance(error, Unsure) else None
    bare = status in _MEANS and f"answered {status}" in str(error)
    return f"{error}: {_MEANS[status]}" if bare and status is not None else str(error)


def _unknown(config: Config, tools: Tools) -> Connector:
    raise AssertionError(f"{type(config).__name__} of {tools.name} has no place in HELP_DESKS, CHANNELS or SHEETS")


def _names(document: Document, read: ConnectionsFile) -> list[Finding]:
    found = [
        document.finding(("connections", name), f"{name} is the name of what is always there; choose another")
        for name in read.connections
        if name in TAKEN
    ]
    desks = [name for name, config in read.connections.items() if type(config) in HELP_DESKS]
    if read.help_desk is not None and read.help_desk not in desks:
        meant = did_you_mean(read.help_desk, desks)
        expected = f"expected one of {', '.join(desks)}" if desks else "there is none in this file"
        found.append(document.finding(("help_desk",), f"no connection of a help desk has this name{meant}; {expected}"))
    return found


def _sheets(document: Document, read: ConnectionsFile) -> list[Finding]:
    known = [name for name, config in read.connections.items() if type(config) in SHEETS]
    found = []
    for name, intake in read.intake.items():
        sheet = intake.sheet if isinstance(intake, RowsIntake | MatrixIntake) else None
        if sheet is not None and sheet.connection not in known:
            meant = did_you_mean(sheet.connection, known)
            expected = f"expected one of {', '.join(known)}" if known else "there is none in this file"
            said = f"no connection with sheets has this name{meant}; {expected}"
            found.append(document.finding(("intake", name, "sheet", "connection"), said))
    return found


def _secrets(document: Document, read: ConnectionsFile) -> list[Finding]:
    found = []
    for path, secret in _all_secrets(read):
        try:
            value = secret.value
        except SettingsError as error:
            found.append(document.finding(path, str(error)))
        else:
            odd = _unsendable(value, passes=path[-1] == "password")
            if odd:
                found.append(document.finding(path, odd))
            elif path[0] == "links" and len(value) < SHORTEST_KEY:
                said = f"expected at least {SHORTEST_KEY} characters, such as of: openssl rand -hex 32"
                found.append(document.finding(path, said))
    return found


def _unusable(document: Document, read: ConnectionsFile) -> list[Finding]:
    return [
        document.finding(("connections", name, *path), said)
        for name, config in read.connections.items()
        for path, said in config.unusable()
    ]


def _unsendable(value: str, *, passes: bool) -> str:
    """Say why a secret cannot be sent; it is not repeated. Passwords are encoded, and may have any letters."""
    if not value.isprintable():
        return "has a line break or another character that cannot be printed; expected one line"
    if not (passes or value.isascii()):
        return "has a character that no token has; expected ASCII, such as copied without quotation marks around it"
    return ""


def _all_secrets(read: ConnectionsFile) -> Iterator[tuple[tuple[str | int, ...], Secret]]:
    for place, key in enumerate(read.links.keys if read.links is not None else ()):
        yield ("links", "keys", place), key
    for name, config in read.connections.items():
        for path, secret in config.secrets():
            yield ("connections", name, *path), secret
