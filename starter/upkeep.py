"""What is wrong with the files that a worker reads, told when it changes: to whoever edits them beside `escalate dev`.

A worker says the same in its log; here it reaches the person who has just saved the file.
"""

from pathlib import Path
from typing import NamedTuple

from escalation.documents import stamp
from escalation.errors import DocumentError, Finding
from escalation.people.directory import load_directory
from escalation.playbook.load import Entry, Shelf, Status, shipped_folder

_Findings = tuple[Finding, ...]


class News(NamedTuple):
    """A file that broke, broke in another way, or was mended (then without findings)."""

    says: str
    findings: _Findings


class Files:
    """The directory and the folders of playbooks that a worker was started with.

    Raises ``DocumentError`` at construction when the directory cannot be used: then no worker can start either.
    """

    def __init__(self, directory: Path, playbooks: tuple[Path, ...]) -> None:
        self._directory = directory
        self._stamp = stamp(directory)
        people = load_directory(directory).people
        self.channels = sorted({contact.channel for person in people for contact in person.contacts})
        """By which people could be reached when it started."""
        self._shelf = Shelf(*playbooks, shipped_folder())
        self._told: dict[str, _Findings] = {}

    def news(self) -> list[News]:
        """Return what has changed since the last call; the first call returns what is broken already."""
        found = [self._news(entry.name, _about(entry), entry.findings) for entry in self._shelf.list()]
        looked = stamp(self._directory)
        if looked != self._stamp:
            self._stamp = looked
            found.append(self._news_of_directory())
        return [news for news in found if news is not None]

    def _news_of_directory(self) -> News | None:
        name = self._directory.name
        try:
            load_directory(self._directory)
        except DocumentError as error:
            says = (
                f"{name} cannot be used as it is now: the last good version stays in use. No worker could start anew."
            )
            return self._news("", says, tuple(error.findings))
        return self._news("", f"{name} is mended and in use.", ())

    def _news(self, key: str, says: str, findings: _Findings) -> News | None:
        if findings == self._told.get(key, ()):
            return None
        self._told[key] = findings
        return News(says, findings)


def _about(entry: Entry) -> str:
    if entry.status is Status.BROKEN:
        return f"Playbook {entry.name} cannot be used: requests that name it are refused until it is mended."
    if entry.status is Status.LAST_GOOD:
        return (
            f"Playbook {entry.name} cannot be used as it is now: the worker goes on with the last good version it has "
            "read. What is open keeps the version it began with."
        )
    return f"Playbook {entry.name} is mended: what is opened from now on follows it."
