"""The directory as the command line sees it: with the calendars of its rotations read, or their last good copies."""

from pathlib import Path

from rich.text import Text

from escalation.people.directory import Directory, load_directory
from starter.session import err, load, run


def people(path: Path | None) -> Directory:
    """Load a directory, without a path that of the settings, and what can be known of its feeds.

    Raises:
        DocumentError: with everything wrong in the file.
        SettingsError: naming every wrong key.
    """
    file = path or load().directory
    return hearing(load_directory(file), file)


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
