"""The world: one class for each remote system, holding its client, behind a port. ``build`` wires them for a worker.

Every activity's name is a contract with the workflow, which calls it by name and never imports it:

    playbooks.load     str -> LoadedPlaybook           ledger.record      RecordEvents -> int
    directory.find     FindPeople -> People            crm.open_case      OpenCase -> CaseLink
    notify.send        Notify -> DeliveryReceipt       crm.update_case    UpdateCase -> str
    notify.join_digest Notify -> DeliveryReceipt       recovery.run       RunRecovery -> RecoveryResult
    links.tell         TellLinked -> None              playbooks.load_sound  str -> LoadedPlaybook
    notify.amend       AmendMessage -> str             crm.watch          Watch -> str

A worker also needs ``activities.retry.RetryClass`` as an interceptor: it decides which failures are tried again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the command line reads ``Places`` from here, and must not wait for SQLAlchemy and httpx
    import httpx

    from activities.connections import Connections
    from activities.crm import Crm
    from activities.crm.local import LocalHelpDesk
    from activities.crm.port import HelpDesk
    from activities.crm.watch import Watching
    from activities.directory import DirectoryFile
    from activities.feeds import Feeds
    from activities.ledger import Ledger
    from activities.links import Links
    from activities.notify import Notifications
    from activities.notify.digest import Digests
    from activities.notify.inbox import Inbox
    from activities.notify.port import Notifier
    from activities.playbooks import Playbooks
    from activities.recovery import Recoveries
    from activities.workload import Workload


@dataclass(frozen=True)
class Places:
    """Where everything is."""

    data: Path
    """Folder of the embedded adapters' SQLite files: ``inbox.db``, ``helpdesk.db``, ``ledger.db``; made when absent."""
    directory: Path
    """The YAML file of people, teams and rotations."""
    playbooks: tuple[Path, ...] = ()
    """Folders, a team's own first; the shipped one is always searched last."""
    ledger_url: str | None = None
    """``sqlite:///…`` or ``postgresql://…``; None is ``ledger.db`` in ``data``."""
    scripts: Path | None = None
    """Folder of the recovery scripts that playbooks may name; None: none is run here."""
    connections: Path | None = None
    """The connections file; None: only the embedded help desk, the inbox and plain webhooks."""

    @property
    def inbox(self) -> Path:
        """The embedded inbox's file."""
        return self.data / "inbox.db"

    @property
    def help_desk(self) -> Path:
        """The embedded help desk's file."""
        return self.data / "helpdesk.db"

    @property
    def kept_directory(self) -> Path:
        """The last good state of the directory's file."""
        return self.data / "directory.last-good.yaml"

    @property
    def feeds(self) -> Path:
        """The folder of the last good copies of calendar feeds."""
        return self.data / "feeds"

    @property
    def recoveries(self) -> Path:
        """The folder of what recovery scripts left: how each run ended."""
        return self.data / "recoveries"

    @property
    def ledger(self) -> str:
        """The ledger's URL."""
        return self.ledger_url or f"sqlite:///{self.data / 'ledger.db'}"


@dataclass(frozen=True)
class Activities:
    """Everything a worker registers, and what to close at its end."""

    playbooks: Playbooks
    directory: DirectoryFile
    feeds: Feeds
    """Calendars of the directory's rotations: to be opened, and watched as long as the worker runs."""
    notifications: Notifications
    digests: Digests
    links: Links
    crm: Crm
    watching: Watching
    ledger: Ledger
    recoveries: Recoveries
    workload: Workload
    inbox: Inbox
    local_help_desk: LocalHelpDesk | None
    """None when another help desk was given."""
    connections: Connections
    client: httpx.AsyncClient

    def all(self) -> list[Callable[..., Awaitable[Any]]]:
        """Return the bound activity methods, for ``Worker(activities=...)``."""
        return [
            self.playbooks.load,
            self.playbooks.load_sound,
            self.directory.find,
            self.notifications.send,
            self.notifications.amend,
            self.digests.join,
            self.links.tell,
            self.crm.open_case,
            self.crm.update_case,
            self.watching.watch,
            self.ledger.record,
            self.recoveries.run,
        ]

    async def close(self) -> None:
        """Write what is waiting and close files and connections; call it after the worker has stopped."""
        await self.connections.close()
        await self.client.aclose()
        self.workload.close()
        await self.ledger.close()
        self.inbox.close()
        if self.local_help_desk is not None:
            self.local_help_desk.close()


def build(places: Places, *, help_desk: HelpDesk | None = None) -> Activities:
    """Open everything and bring the ledger's tables up to date. ``help_desk`` replaces the embedded one.

    Raises:
        DocumentError: the directory file or the connections file cannot be used.
        SettingsError: the ledger's URL is not one.
        Unreachable: the ledger's database cannot be opened.
    """
    from activities.connections import Connections, open_connections, read_connections
    from activities.crm import Crm
    from activities.crm.local import LocalHelpDesk
    from activities.crm.watch import Watching
    from activities.directory import DirectoryFile
    from activities.feeds import Feeds
    from activities.http import open_client
    from activities.ledger import Ledger
    from activities.links import Links
    from activities.notify import Notifications, inbox, webhook
    from activities.notify.digest import Digests
    from activities.playbooks import Playbooks
    from activities.recovery import Recoveries
    from activities.workload import Workload
    from escalation.playbook.load import Shelf, shipped_folder

    connected = read_connections(places.connections) if places.connections is not None else None
    client = open_client()
    connections = open_connections(connected, client) if connected is not None else Connections()
    feeds = Feeds(places.feeds, places.directory.parent, client)
    ledger = Ledger(places.ledger)
    workload = Workload(ledger.engine)
    directory = DirectoryFile(places.directory, workload, feeds, keep=places.kept_directory)
    ledger.migrate()
    received = inbox.Inbox(places.inbox)
    local = None
    if help_desk is None:
        help_desk = local = LocalHelpDesk(places.help_desk)
    channels: dict[str, Notifier] = {
        inbox.CHANNEL: received,
        webhook.CHANNEL: webhook.Webhook(client),
        **connections.notifiers,
    }
    return Activities(
        playbooks=Playbooks(Shelf(*places.playbooks, shipped_folder())),
        directory=directory,
        feeds=feeds,
        notifications=Notifications(directory, channels),
        digests=Digests(),
        links=Links(),
        crm=Crm(help_desk, connections.help_desks, connections.default_help_desk),
        watching=Watching(connections.help_desks, ledger.escalation_of),
        ledger=ledger,
        recoveries=Recoveries(places.scripts, places.recoveries),
        workload=workload,
        inbox=received,
        local_help_desk=local,
        connections=connections,
        client=client,
    )
