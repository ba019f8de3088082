"""The directory as the command line sees it: with the calendars of its rotations read, or their last good copies."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from escalation.errors import DocumentError, Unknown
from escalation.explain import did_you_mean
from escalation.people.directory import Directory, load_directory
from starter.session import err, load, run
from starter.when import show


def people(path: Path | None) -> Directory:
    """Load a directory, without a path that of the settings, and what can be known of its feeds.

    Raises:
        DocumentError: with everything wrong in the file.
        SettingsError: naming every wrong key.
    """
    file = path or load().directory
    return hearing(load_directory(file), file)


def best_known(path: Path | None) -> Directory:
    """Load a directory; where that of the settings is broken, the last good state that a worker kept of it.

    Raises:
        DocumentError: with everything wrong in the file, and nothing was kept.
        SettingsError: naming every wrong key.
    """
    try:
        return people(path)
    except DocumentError as error:
        kept = load().places.kept_directory
        if path is not None or not kept.exists():
            raise
        for each in error.findings:
            err.print(Text(str(each), style="yellow"), soft_wrap=True)
        since = datetime.fromtimestamp(kept.stat().st_mtime, UTC)
        said = f"The directory is broken; as the worker does, this goes by its last good state, of {show(since)}."
        err.print(Text(said, style="yellow"), soft_wrap=True)
        return hearing(load_directory(kept), load().directory)


def in_use() -> Directory | None:
    """Load the directory that the settings name, else the one that a worker here goes by; None: there is neither.

    Raises:
        DocumentError: with everything wrong in the file.
    """
    settings = load()
    named = settings.directory if "directory" in settings.model_fields_set else settings.places.kept_directory
    return load_directory(named) if named.exists() else None


def channels_of(actor: str) -> tuple[str, ...]:
    """Return by which channels a person's messages go, first that which is tried first; none where that is not known.

    Raises:
        Unknown: the directory in use does not know the person; names who was probably meant.
    """
    directory = in_use() if actor.startswith("person:") else None
    if directory is None:
        return ()
    channels = {each.actor: tuple(dict.fromkeys(c.channel for c in each.contacts)) for each in directory.people}
    if actor not in channels:
        raise Unknown(f"{actor} is not in the directory, and has no messages{did_you_mean(actor, list(channels))}")
    return channels[actor]


def as_target(typed: str, known: Sequence[str]) -> str:
    """Complete a person's id that was typed without its kind, where it is known; leave anything else as it is."""
    person = f"person:{typed}"
    return person if person in known else typed


def names_of(directory: Directory) -> list[str]:
    """Return everything in a directory that a target may name."""
    return [
        *(f"person:{person.id}" for person in directory.people),
        *(f"team:{team.id}" for team in directory.teams),
        *(f"role:{role}" for role in directory.roles),
        *(f"oncall:{rotation}" for rotation in directory.rotations),
    ]


def hearing(directory: Directory, file: Path) -> Directory:
    """Read the feeds of a directory, where it has any."""
    if not directory.feeds:
        return directory
    known = run(_hearing(directory, file))
    for name, rotation in known.feeds.items():
        in_use = "the last good copy is used" if rotation.heard.read_at else "nobody is on call by it"
        said = [f"{rotation.heard.failing}; {in_use}"] if rotation.heard.failing else []
        for each in (*said, *rotation.remarks):
            err.print(Text(f"feed of rotation `{name}`: {each}", style="yellow"), soft_wrap=True)
    return known


async def _hearing(directory: Directory, file: Path) -> Directory:
    from activities.feeds import Feeds
    from activities.http import open_client

    async with open_client() as client:
        feeds = Feeds(load().places.feeds, file.parent, client, quiet=True)
        await feeds.open(directory)
        return feeds.applied(directory)
