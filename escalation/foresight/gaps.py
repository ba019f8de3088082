"""What is missing in the directory of those whom a playbook names: contact points that work, and shifts.

Found at the place in the directory where it can be mended. Whether somebody else is told instead is the walk's concern.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from escalation.documents import Document
from escalation.foresight.asking import Asking
from escalation.foresight.foreseen import Foreseen, Weight
from escalation.foresight.informed import posted_to, spoken_to
from escalation.people.feeds import FeedRotation
from escalation.people.schedules import coming
from escalation.playbook.schema import Playbook
from escalation.values import FINDABLE, Target, format_duration, split_target


def gaps(asking: Asking, directory: Document, start: datetime, end: datetime) -> Iterator[Foreseen]:
    """Yield what is missing for the targets of a playbook between two aware instants."""
    targets = tuple(dict.fromkeys(_named(asking.playbook)))
    yield from _without_contact(asking, directory, targets)
    yield from _groups(asking, directory)
    for rotation in asking.rotations(targets):
        yield from _without_shift(asking, directory, rotation, start, end)


def _named(playbook: Playbook) -> Iterator[Target]:
    """Yield every target that is called, asked or told."""
    yield playbook.owner
    named: list[Iterable[str | None]] = []
    for level in playbook.levels:
        named += [level.targets, [level.last_resort]]
    named += [route.targets for route in playbook.routing]
    named += [cell.targets for cell in playbook.matrix]
    named += [(*gate.approvers, *gate.deputies) for gate in playbook.gates]
    named += [(*gate.emergency.who, gate.emergency.review_by) for gate in playbook.gates if gate.emergency is not None]
    named += [clock.tell for clock in playbook.clocks.values()]
    for row in playbook.raci.values():
        named += [row.responsible, [row.accountable], row.consulted, row.informed]
    if playbook.communication is not None:
        named.append([target for _, target in spoken_to(playbook.communication)])
    named += [(item.owner, *item.approvers) for item in playbook.work]
    named += [targets for automation in playbook.automations for _, targets in automation.targets()]
    if playbook.bypass is not None:
        named += [playbook.bypass.allowed, [playbook.bypass.review_by]]
    for target in (each for several in named for each in several if each is not None):
        if ":" in target and split_target(target)[0] in FINDABLE:
            yield target


def _without_contact(asking: Asking, directory: Document, targets: tuple[Target, ...]) -> Iterator[Foreseen]:
    by = {actor: target for target in reversed(targets) for actor in asking.directory.members(target)}
    for index, person in enumerate(asking.directory.people):
        if person.actor in by and person.actor not in asking.reachable:
            channels = ", ".join(dict.fromkeys(contact.channel for contact in person.contacts))
            message = (
                f"{person.id} has no contact point on a connected channel ({channels}), and {by[person.actor]} can "
                "mean them; add one, or connect the channel"
            )
            yield Foreseen(Weight.WARNING, directory.finding(("people", index, "contacts"), message))


def _groups(asking: Asking, directory: Document) -> Iterator[Foreseen]:
    """Yield the chat groups that nothing can be written to: nobody reads then what is said there."""
    automated = (name for each in asking.playbook.automations if each.enabled for name in each.groups)
    groups = dict.fromkeys(automated, "an automation writes to it")
    groups = dict.fromkeys(posted_to(asking.playbook), "updates are posted there") | groups
    for index, team in enumerate(asking.directory.teams):
        connected = (each for each in team.group if asking.channels is None or each.channel in asking.channels)
        if team.id in groups and next(connected, None) is None:
            channels = ", ".join(dict.fromkeys(each.channel for each in team.group)) or "it has none"
            message = (
                f"the chat group of {team.id} has no contact point on a connected channel ({channels}), and "
                f"{groups[team.id]}; add one, or connect the channel"
            )
            yield Foreseen(Weight.ERROR, directory.finding(("teams", index, "group"), message))


def _without_shift(
    asking: Asking, directory: Document, name: str, start: datetime, end: datetime
) -> Iterator[Foreseen]:
    """Yield the first gap of a rotation, and how long all of them are together."""
    rotation = asking.directory.rotations[name]
    holes = [part for part in coming(rotation, start, end) if part.found is None]
    if not holes:
        return
    first = holes[0]
    whole = first.start == start and first.end == end
    lasts = "all the time" if whole else f"for {format_duration(first.end - first.start)}"
    if not whole and first.end == end:
        lasts = f"from {first.start.astimezone(UTC):%Y-%m-%d %H:%M} UTC on"
    several = "" if len(holes) == 1 else f", the first of {len(holes)} times"
    close = "close the gap with a layer, an override or hours that meet"
    if isinstance(rotation, FeedRotation):
        unread = rotation.nobody()
        close = f"{unread}; mend that" if unread else "close the gap in its calendar, or with an override"
    message = f"nobody has the shift {lasts}{several}; {close}"
    together = sum((part.end - part.start for part in holes), timedelta(0))
    finding = directory.finding(("rotations", name), message)
    yield Foreseen(Weight.WARNING, finding, first.start.astimezone(UTC), together)
