"""The outside ticket: opening or linking it, and keeping it in step. The help desk stands behind a port."""

import structlog
from temporalio import activity

from activities.crm.port import HelpDesk
from activities.notify.words import note_in_words
from escalation.model.actions import CaseLink, OpenCase, UpdateCase

log = structlog.get_logger(__name__)


class Crm:
    """The activities on one help desk."""

    def __init__(self, help_desk: HelpDesk) -> None:
        self._help_desk = help_desk

    @activity.defn(name="crm.open_case")
    async def open_case(self, action: OpenCase) -> CaseLink:
        """Open or link the ticket and take a dated snapshot of the customer; a repeat finds the same ticket."""
        link = await self._help_desk.open_ticket(action)
        if action.customer is None:
            return link
        snapshot = await self._help_desk.customer(action.customer.id, besides=link.ticket)
        return link.model_copy(update={"snapshot": snapshot})

    @activity.defn(name="crm.update_case")
    async def update_case(self, action: UpdateCase) -> str:
        """Mirror a note, a status or an owner to the ticket; a repeat changes nothing.

        Returns which template failed, when the note says plain words because of that; empty otherwise.
        """
        worded = note_in_words(action)
        if worded.error:
            log.warning("template_failed", template=worded.error, key=action.key)
        await self._help_desk.update_ticket(action.changed({"note": worded.body}))
        return worded.error
