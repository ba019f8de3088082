"""Finds playbooks in folders, reads them with what they extend, and keeps the last good one in use when a file breaks.

``NAME.yaml`` holds the playbook ``NAME``. Folders are searched in order: a team's own first, the shipped one last. A
playbook that says ``extends: NAME`` is laid over that one (``escalation.documents.merge``); extending the own name
means the one of that name in a later folder, so that a team overrides a shipped playbook under its own name.

Reads files: for activities, the client and the command line, never for a workflow.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from escalation.documents import Document, Stamp, merge, read_document, stamp, validate
from escalation.errors import DocumentError, Finding
from escalation.explain import did_you_mean
from escalation.playbook.automation_library import with_templates
from escalation.playbook.checks import check
from escalation.playbook.holidays import with_holidays
from escalation.playbook.schema import RULES, LoadedPlaybook, Playbook, fingerprint
from escalation.playbook.template_files import named_files, with_files

SUFFIX = ".yaml"


class Loaded(NamedTuple):
    """A playbook that passed every check."""

    playbook: Playbook
    digest: str
    """Fingerprint of the content, holidays written out: the same files, read in the same year with the same list of
    holidays, have the same digest wherever they were loaded."""
    file: Path
    document: Document
    """What it was made of, for findings with lines (``checks.check_against``)."""
    findings: tuple[Finding, ...] = ()
    """Not empty when the file has changed since and is broken now: this is the last good one, and why."""

    @property
    def pinned(self) -> LoadedPlaybook:
        """What an escalation pins of it."""
        return LoadedPlaybook(playbook=self.playbook, digest=self.digest, rules=RULES)


class Status(StrEnum):
    """Whether a playbook can be used."""

    OK = "ok"
    LAST_GOOD = "last_good"
    """The file is broken; the last good version stays in use."""
    BROKEN = "broken"


class Entry(NamedTuple):
    """One line of a list of playbooks."""

    name: str
    status: Status
    file: Path
    loaded: Loaded | None
    """What is in use; None when broken."""
    since: datetime | None
    """When the broken file was last written (UTC); None when nothing is broken, or the file is gone."""
    findings: tuple[Finding, ...]

    @property
    def says(self) -> str:
        """The state in words: ``ok``, or what is wrong and what is in use instead."""
        if self.status is Status.OK:
            return "ok"
        since = f" since {self.since:%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        count = f"{len(self.findings)} finding{'' if len(self.findings) == 1 else 's'}"
        if self.loaded is None:
            return f"broken{since} ({count})"
        return f"broken{since} ({count}): using the last good one, {self.loaded.digest}"


def shipped_folder() -> Path:
    """Return the folder of the playbooks that come along: inside an installed package, or beside it in a checkout."""
    inside = Path(__file__).parent / "shipped"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "playbooks"


def load(path_or_name: str | Path, *folders: Path) -> Loaded:
    """Load one playbook, by path or by name in the folders; what it extends may also be a shipped one.

    Raises:
        DocumentError: with everything that is wrong, each with file and line.
    """
    files = _Files((*folders, shipped_folder()))
    text = str(path_or_name)
    if isinstance(path_or_name, str) and not text.endswith((SUFFIX, ".yml")):
        return files.load(files.named(text), text)
    path = Path(path_or_name)
    return _Files((path.parent, *folders, shipped_folder())).load(path, path.stem)


def load_playbook(path_or_name: str | Path, *folders: Path) -> Playbook:
    """Load one playbook, as ``load`` does, when nothing else about it is of interest."""
    return load(path_or_name, *folders).playbook


class _Files:
    """One reading of a playbook and what it extends; remembers every file it looked at."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self.stamps: dict[Path, Stamp] = {}

    def named(self, name: str, folders: Sequence[Path] | None = None) -> Path | None:
        """Find a playbook's file by its name."""
        for folder in self._folders if folders is None else folders:
            path = folder / f"{name}{SUFFIX}"
            self.stamps[path] = stamp(path)
            if self.stamps[path] is not None:
                return path
        return None

    def load(self, path: Path | None, name: str) -> Loaded:
        """Read, merge, check and validate."""
        if path is None:
            raise DocumentError([self._no_such(name, Finding("", 0, "", ""))])
        document, found = with_templates(self._read(path, ()))
        # Without what it uses, whatever else is missing of an automation is only noise.
        unwritten = tuple(finding.path.removesuffix("use") for finding in found)
        found += check(document)
        stated = document.data.get("playbook") if isinstance(document.data, dict) else None
        if isinstance(stated, str) and stated != path.stem:
            found.append(
                document.finding(("playbook",), f"is '{stated}' in a file called {path.name}; give both one name")
            )
        said = {finding.path for finding in found}  # in better words than the schema has
        try:
            playbook = validate(document, Playbook)
        except DocumentError as error:
            found += [
                finding
                for finding in error.findings
                if finding.path not in said and not finding.path.startswith(unwritten)
            ]
        if found:
            raise DocumentError(sorted(set(found), key=lambda finding: (finding.file, finding.line)))
        playbook = with_holidays(playbook, datetime.now(UTC).year)  # noqa: TID251 - reads files, for no workflow
        return Loaded(playbook, fingerprint(playbook), path, document)

    def _read(self, path: Path, over: tuple[Path, ...]) -> Document:
        """Read a file and lay it over what it extends; ``over`` is the chain of files that led here."""
        self.stamps.setdefault(path, stamp(path))
        document = read_document(path)
        self.stamps |= {file: stamp(file) for _, name in named_files(document) for file in (path.parent / name,)}
        document = with_files(document, path.parent)
        if not isinstance(document.data, dict) or "extends" not in document.data:
            return document
        name = document.data["extends"]
        if not isinstance(name, str):
            raise DocumentError([document.finding(("extends",), "must be the name of another playbook")])
        base = self.named(name, self._after(path) if name == path.stem else None)
        if base is None:
            raise DocumentError([self._no_such(name, document.finding(("extends",), ""))])
        chain = (*over, path)
        if base in chain:
            circle = " → ".join(file.stem for file in (*chain[chain.index(base) :], base))
            raise DocumentError([document.finding(("extends",), f"goes round in a circle: {circle}")])
        content = {key: value for key, value in document.data.items() if key != "extends"}
        return merge(self._read(base, chain), document._replace(data=content))

    def _after(self, path: Path) -> Sequence[Path]:
        """Return the folders behind the one this file is in."""
        place = next((index for index, folder in enumerate(self._folders) if folder == path.parent), -1)
        return self._folders[place + 1 :]

    def _no_such(self, name: str, where: Finding) -> Finding:
        known = sorted(_names(self._folders))
        hint = did_you_mean(name, known) or f"; there are {', '.join(known) or 'none'}"
        return where._replace(message=f"there is no playbook '{name[:64]}'{hint}")


class _Slot(NamedTuple):
    """What the shelf knows of one name."""

    stamps: dict[Path, Stamp]
    good: Loaded | None
    findings: tuple[Finding, ...]
    file: Path
    since: datetime | None


class Shelf:
    """The playbooks of some folders, always as the files are now, or as they last were when they could be used.

    Every call looks at the files' times and sizes and reads again what changed. Safe to share between threads.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._slots: dict[str, _Slot] = {}
        self._lock = Lock()

    def get(self, name: str) -> Loaded:
        """Return a playbook; its ``findings`` are not empty when the file broke and this is the last good one.

        Raises:
            DocumentError: when there is no such playbook, or it is broken and never was good.
        """
        with self._lock:
            slot = self._refresh(name)
        if slot.good is None:
            raise DocumentError(list(slot.findings))
        return slot.good._replace(findings=slot.findings)

    def list(self) -> list[Entry]:
        """Return every playbook there is, or was while this shelf is in use, by name; never raises for a broken one."""
        with self._lock:
            kept = [name for name, slot in self._slots.items() if slot.good]
            return [self._entry(name) for name in sorted({*_names(self._folders), *kept})]

    def _entry(self, name: str) -> Entry:
        slot = self._refresh(name)
        loaded = slot.good._replace(findings=slot.findings) if slot.good else None
        status = Status.OK if not slot.findings else Status.LAST_GOOD if loaded else Status.BROKEN
        return Entry(name, status, slot.file, loaded, slot.since, slot.findings)

    def _refresh(self, name: str) -> _Slot:
        before = self._slots.get(name)
        if before is not None and all(stamp(path) == known for path, known in before.stamps.items()):
            return before
        files = _Files(self._folders)
        path = files.named(name)
        try:
            loaded = files.load(path, name)
            slot = _Slot(files.stamps, loaded, (), loaded.file, None)
        except DocumentError as error:
            good = before.good if before else None
            file = path or (good.file if good else self._folders[0] / f"{name}{SUFFIX}")
            slot = _Slot(files.stamps, good, tuple(error.findings), file, _written(files.stamps.values()))
        # A name that never was a playbook is not remembered: names come from requests.
        if path is not None or slot.good is not None:
            self._slots[name] = slot
        return slot


def _names(folders: Iterable[Path]) -> set[str]:
    return {path.stem for folder in folders for path in folder.glob(f"*{SUFFIX}")}


def _written(stamps: Iterable[Stamp]) -> datetime | None:
    """Return when the latest of these files was written."""
    latest = max((stamp[0] for stamp in stamps if stamp), default=None)
    return datetime.fromtimestamp(latest / 1e9, UTC) if latest is not None else None
