"""Proves of a playbook and a directory that at every instant of the next days somebody is told, and can decide.

Who is found depends on time only through the directory: shifts, layers, overrides, absences. So it is enough to look
at the instants at which one of those changes; between two of them every answer is the same. The directory's own
``find`` is asked, the same that is asked when it happens.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple

from escalation.choice import Choose
from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import Location
from escalation.foresight.reach import never_true
from escalation.lifecycle.targets import of_raci
from escalation.people.directory import Directory
from escalation.people.found import People
from escalation.people.search import Search
from escalation.playbook.schema import GatePolicy, Playbook, Stage
from escalation.values import Actor, Target, format_duration


class Weight(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """Somebody will not be told, or something can never be decided."""
    WARNING = "warning"
    """It goes on, but not as the playbook says."""


class Foreseen(NamedTuple):
    """Something that will go wrong in the days looked at."""

    weight: Weight
    finding: Finding
    at: datetime | None = None
    """The first instant at which it is so (UTC); None when it does not depend on time."""
    lasts: timedelta = timedelta(0)
    """For how long, altogether."""

    def __str__(self) -> str:
        when = f" (first at {self.at:%Y-%m-%d %H:%M} UTC, {format_duration(self.lasts)} in all)" if self.at else ""
        return f"{'warning: ' if self.weight is Weight.WARNING else ''}{self.finding}{when}"


def prove(
    playbook: Playbook,
    directory: Directory,
    start: datetime,
    days: int,
    *,
    document: Document | None = None,
    channels: Collection[str] | None = None,
) -> list[Foreseen]:
    """Return everything that would go wrong between an aware instant and so many days later; nothing is the proof.

    Args:
        playbook: it passed its own checks, and names only whom the directory has (``checks.check_against``).
        directory: the people.
        start: from when.
        days: for how many days of 24 hours.
        document: what the playbook was made of; with it the findings carry lines.
        channels: names of the channels that are connected; None: every channel counts as one.
    """
    source = document or Document(f"playbook {playbook.playbook}", playbook.model_dump(mode="json"))
    return [
        *_unreachable(playbook, source),
        *_Walk(playbook, directory, source, channels).findings(start, start + timedelta(days=days)),
    ]


def _unreachable(playbook: Playbook, source: Document) -> Iterator[Foreseen]:
    for index, trigger in enumerate(playbook.triggers):
        if trigger.when.strip() != "false" and never_true(playbook, trigger.when):
            message = (
                f"trigger '{trigger.id}' is never true, whatever its facts say; mend it, or switch it off with false"
            )
            yield Foreseen(Weight.WARNING, source.finding(("triggers", index, "when"), message))


_STAGE_OF = {"assignment": Stage.TRIAGE, "resolution": Stage.APPROVAL, "review": Stage.RESOLUTION}
"""The stage an escalation is in while it waits for an approval, by what the approval stands before."""


class _Walk:
    """One walk over the instants at which anything changes."""

    def __init__(
        self, playbook: Playbook, directory: Directory, source: Document, channels: Collection[str] | None
    ) -> None:
        self.playbook = playbook
        self.directory = directory
        self.source = source
        self.channels = channels
        self.found: dict[tuple[Location, str, Weight], Foreseen] = {}
        self.at = self.until = datetime.min.replace(tzinfo=UTC)

    def findings(self, start: datetime, end: datetime) -> list[Foreseen]:
        """Walk, and return what was found, the worst first."""
        for at, until in pairwise((start, *self.directory.changes(start, end), end)):
            self.at, self.until = at, until
            called: set[Actor] = set()
            for path, targets, choose in self._calls():
                people = self._find(targets, Stage.ASSIGNMENT, choose=choose)
                self._told(path, people)
                if path[-1] == "targets":
                    called |= {each.person for each in people.people}
            for index, gate in enumerate(self.playbook.gates):
                self._decidable(index, gate, called)
        return sorted(self.found.values(), key=lambda each: (each.weight, each.finding.file, each.finding.line))

    def _calls(self) -> Iterator[tuple[Location, tuple[Target, ...], Choose | None]]:
        """Yield everything that calls people, with the place where the playbook says it, and how some are chosen."""
        for index, level in enumerate(self.playbook.levels):
            yield ("levels", index, "targets"), level.targets, level.choose
            if level.last_resort is not None:
                yield ("levels", index, "last_resort"), (level.last_resort,), None
        for index, route in enumerate(self.playbook.routing):
            yield ("routing", index, "targets"), route.targets, route.choose
        for index, cell in enumerate(self.playbook.matrix):
            if cell.targets:
                yield ("matrix", index, "targets"), cell.targets, None

    def _find(self, targets: Sequence[Target], stage: Stage, exclude: Collection[Actor] = (), **more: Any) -> People:
        asked = of_raci(self.playbook.raci[stage], targets)
        return self.directory.find(
            Search(targets=asked, fallback=self.playbook.owner, exclude=tuple(exclude), **more), self.at
        )

    def _told(self, path: Location, people: People) -> None:
        reachable = [each for each in people.people if self._reachable(each.person)]
        notes = " ".join(note for note in people.notes if "is asked instead" not in note)
        if not people.people:
            self._say(Weight.ERROR, path, "silence", f"nobody is told, not even {self.playbook.owner}. {notes}")
        elif not reachable:
            names = ", ".join(each.person for each in people.people)
            message = f"nobody can be reached: {names} have no contact point on a connected channel"
            self._say(Weight.ERROR, path, "unreachable", message)
        elif people.fell_back:
            message = f"nobody is there, so the playbook's owner {self.playbook.owner} is told instead. {notes}"
            self._say(Weight.WARNING, path, "gap", message)

    def _decidable(self, index: int, gate: GatePolicy, owners: set[Actor]) -> None:
        """Tell whether enough may approve, whoever of those who are called has taken it."""
        asked = (*gate.approvers, *gate.deputies)
        need = len(gate.approvers) if gate.need == "all" else gate.need
        nobody: tuple[Actor | None, ...] = (None,)
        fewest, why = need, ""
        for owner in sorted(owners) if "owner" in gate.exclude else nobody:
            excluded = (owner,) if owner is not None else ()
            people = self._find(asked, _STAGE_OF[gate.before], excluded, choose=gate.choose, at_least=need)
            able = 0 if people.fell_back else sum(self._reachable(each.person) for each in people.people)
            if able < fewest:
                fewest, why = able, f" when {owner} owns it" if owner is not None else ""
        if fewest < need:
            message = f"approval '{gate.id}' needs {need} and only {fewest} can give it{why}"
            weight = Weight.WARNING if fewest else Weight.ERROR
            self._say(weight, ("gates", index, "approvers"), "gate", message)

    def _reachable(self, actor: Actor) -> bool:
        person = self.directory.person(actor)
        if person is None:
            return False
        return self.channels is None or any(contact.channel in self.channels for contact in person.contacts)

    def _say(self, weight: Weight, path: Location, kind: str, message: str) -> None:
        known = self.found.get((path, kind, weight))
        if known is None:
            known = Foreseen(weight, self.source.finding(path, message.strip()), self.at.astimezone(UTC))
        self.found[path, kind, weight] = known._replace(lasts=known.lasts + (self.until - self.at))
