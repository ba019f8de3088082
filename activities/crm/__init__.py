"""The outside ticket: opening or linking it, and keeping it in step. Each help desk stands behind a port."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import structlog
from temporalio import activity

from activities.bulkhead import place_at
from activities.crm.port import HelpDesk
from activities.notify.words import note_in_words
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import CaseLink, OpenCase, UpdateCase
from escalation.model.ticket import EMBEDDED

CREDENTIALS: Final = frozenset({401, 403})
SLOWLY: Final = timedelta(minutes=5)
"""A token is mended by people, which takes longer than a system takes to come back."""
MOST_TRIES_OF_UPDATE: Final = 12
"""An hour of them: what waits behind a change, such as word to the customer, then goes another way."""

log = structlog.get_logger(__name__)


class Crm:
    """The activities on help desks: the one that a case's system names, else the default one, else the embedded one."""

    def __init__(
        self, embedded: HelpDesk, connected: Mapping[str, HelpDesk] | None = None, default: str | None = None
    ) -> None:
        self._embedded = embedded
        self._connected = connected or {}
        self._else_named = default or EMBEDDED

    def _name(self, case_system: str) -> str:
        """Return which help desk a case's ticket is opened in."""
        return case_system if case_system in self._connected else self._else_named

    def _desk(self, name: str) -> HelpDesk:
        """Return the help desk that has the ticket: which one new tickets go to may have changed since it was opened.

        Raises:
            RemoteUnavailable: this worker does not have that connection. Another one may, or the file is mended.
        """
        if name == EMBEDDED:
            return self._embedded
        desk = self._connected.get(name)
        if desk is None:
            raise RemoteUnavailable(
                f"{name}: the ticket is there, and this worker has no help desk of that name; "
                "expected it among its connections for as long as such tickets are open"
            )
        return desk

    @activity.defn(name="crm.open_case")
    async def open_case(self, action: OpenCase) -> CaseLink:
        """Open or link the ticket and take a dated snapshot of the customer; a repeat finds the same ticket.

        Where the customer cannot be had now, the ticket is told of all the same, and they are asked for once more.
        """
        name = (action.linked.system or EMBEDDED) if action.linked else self._name(action.case.system)
        if action.ticket:  # people opened it there: it is linked like a case that is a ticket of that system already
            action = action.changed({"case": action.case.changed({"system": name, "id": action.ticket})})
        with place_at(name):
            return await self._open_case(action, self._desk(name))

    async def _open_case(self, action: OpenCase, desk: HelpDesk) -> CaseLink:
        with _mended_by_an_operator():
            link = action.linked or await desk.open_ticket(action)
        if action.customer is None:
            return link
        try:
            snapshot = await desk.customer(action.customer.id, besides=link.ticket)
        except RemoteUnavailable as error:
            if action.linked is not None:
                raise
            log.warning("customer_not_known", error=str(error), key=action.key)
            return link.changed({"later": True})
        except RemoteRefused as error:
            # The ticket is there, and goes on without what this system does not tell.
            log.warning("customer_not_known", error=str(error), key=action.key)
            return link.changed({"gap": f"{error}"[:500], "later": False})
        return link.changed({"snapshot": snapshot, "later": False})

    @activity.defn(name="crm.update_case")
    async def update_case(self, action: UpdateCase) -> str:
        """Mirror a note, a status or an owner to the ticket; a repeat changes nothing.

        Returns which template failed, when the note says plain words because of that; empty otherwise.

        Raises:
            RemoteUnavailable: also when the ticket is in a system that is not connected to this worker.
        """
        name = action.system or self._name(action.case_system)
        with place_at(name):
            return await self._update_case(action, self._desk(name))

    async def _update_case(self, action: UpdateCase, desk: HelpDesk) -> str:
        worded = note_in_words(action)
        if worded.error:
            log.warning("template_failed", template=worded.error, key=action.key)
        with _mended_by_an_operator(most=MOST_TRIES_OF_UPDATE):
            await desk.update_ticket(action.changed({"note": worded.body}))
        return worded.error


@contextmanager
def _mended_by_an_operator(most: int | None = None) -> Iterator[None]:
    """Have credentials that a help desk does not take tried again, slowly: an operator mends them.

    ``most`` is after how many tries it is final all the same: what depends on a change is then done in another way.
    """
    try:
        yield
    except RemoteRefused as error:
        if error.status not in CREDENTIALS or (most is not None and activity.info().attempt >= most):
            raise
        raise RemoteUnavailable(str(error), retry_after=SLOWLY) from None
