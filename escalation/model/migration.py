"""What an escalation keeps of moving to another version of its playbook."""

from pydantic import AwareDatetime

from escalation.values import Actor, Record


class MigrationAsk(Record):
    """Somebody asked to move it; the playbook is being loaded."""

    id: str
    """Sequence number of the event: tells the answer from that of an earlier request."""
    by: Actor
    at: AwareDatetime
    to: str
    """``latest``, ``v4``, or a digest."""
    because: str
    levels: dict[str, str] = {}
    paths: dict[str, str] = {}
    drop: tuple[str, ...] = ()


class Migration(Record):
    """A move that was done."""

    at: AwareDatetime
    by: Actor
    because: str
    version: int
    """What it was pinned to before."""
    digest: str
    to_version: int
    to_digest: str

    def __str__(self) -> str:
        """Say it in words."""
        return (
            f"from v{self.version} ({self.digest}) to v{self.to_version} ({self.to_digest}) by {self.by}: "
            f"{self.because}"
        )


MOST_MIGRATIONS = 20
"""How many the state keeps, the latest; the timeline has all of them."""
