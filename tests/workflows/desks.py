"""Stand-ins for a help desk behind the port: they hang, fail or work, as a test says."""

import asyncio
from datetime import UTC, datetime

from escalation.errors import RemoteUnavailable
from escalation.model.actions import CaseLink, CustomerSnapshot, OpenCase, UpdateCase


class BreakableDesk:
    """A ``HelpDesk`` that takes everything, hangs between ``hang`` and ``resume``, and fails while ``down``."""

    def __init__(self) -> None:
        self.opened: list[OpenCase] = []
        self.updates: list[UpdateCase] = []
        self.tries = 0
        self.down = False
        self._works = asyncio.Event()
        self._works.set()

    def hang(self) -> None:
        """Answer nobody from now on."""
        self._works.clear()

    def resume(self) -> None:
        """Answer all who wait."""
        self._works.set()

    async def open_ticket(self, action: OpenCase) -> CaseLink:
        await self._answer()
        if action.key not in {before.key for before in self.opened}:
            self.opened.append(action)
        return CaseLink(ticket=f"T-{action.case.id}")

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        return CustomerSnapshot(fetched_at=datetime.now(UTC), system="helpdesk", tier="standard")

    async def update_ticket(self, action: UpdateCase) -> None:
        await self._answer()
        if action.key not in {before.key for before in self.updates}:
            self.updates.append(action)

    async def _answer(self) -> None:
        self.tries += 1
        await self._works.wait()
        if self.down:
            raise RemoteUnavailable("help desk: down for the test")
