"""The directory as the command line sees it: with the calendars of its rotations read, or their last good copies."""

from pathlib import Path

from escalation.people.directory import Directory, load_directory
from starter.session import load, run


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
    return run(_hearing(directory, file)) if directory.feeds else directory


async def _hearing(directory: Directory, file: Path) -> Directory:
    from activities.feeds import Feeds
    from activities.http import open_client

    async with open_client() as client:
        feeds = Feeds(load().places.feeds, file.parent, client)
        await feeds.open(directory)
        return feeds.applied(directory)
