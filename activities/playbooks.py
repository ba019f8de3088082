"""Playbooks for workflows: loaded once at opening, pinned there by digest."""

import asyncio

import structlog
from temporalio import activity

from escalation.errors import DocumentError, Finding
from escalation.playbook.load import Shelf
from escalation.playbook.schema import LoadedPlaybook

log = structlog.get_logger(__name__)


class Playbooks:
    """The playbooks of a shelf, which keeps the last good one in use when a file breaks."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._reported: dict[str, tuple[Finding, ...]] = {}

    @activity.defn(name="playbooks.load")
    async def load(self, name: str) -> LoadedPlaybook:
        """Return a playbook as its files say now, or as they last said while they could be used.

        Raises:
            DocumentError: there is no such playbook, or it is broken and never was good.
        """
        loaded = await asyncio.to_thread(self.shelf.get, name)
        self._report(name, loaded.findings, loaded.digest)
        return loaded.pinned

    @activity.defn(name="playbooks.load_sound")
    async def load_sound(self, name: str) -> LoadedPlaybook:
        """Return a playbook as its files say now: nothing that is open is moved to one that is broken.

        Raises:
            DocumentError: there is no such playbook, or it is broken.
        """
        loaded = await asyncio.to_thread(self.shelf.get, name)
        self._report(name, loaded.findings, loaded.digest)
        if loaded.findings:
            raise DocumentError(list(loaded.findings))
        return loaded.pinned

    def _report(self, name: str, findings: tuple[Finding, ...], digest: str) -> None:
        """Log what is wrong once, not at every opening."""
        if findings == self._reported.get(name, ()):
            return
        self._reported[name] = findings
        if findings:
            log.warning("playbook_broken", playbook=name, in_use=digest, findings=[str(found) for found in findings])
        else:
            log.info("playbook_mended", playbook=name, in_use=digest)
