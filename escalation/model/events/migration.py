"""What happens when an open escalation is moved to another version of its playbook."""

from typing import Any, Literal

from pydantic import AwareDatetime, field_serializer

from escalation.model.events.base import EventBase
from escalation.playbook.schema import Playbook, compact
from escalation.values import Actor


class MigrationAsked(EventBase):
    """Somebody asked for another version; it is being loaded."""

    type: Literal["migration_asked"] = "migration_asked"
    to: str
    because: str
    levels: dict[str, str] = {}
    paths: dict[str, str] = {}
    drop: tuple[str, ...] = ()


class MigrationRefused(EventBase):
    """It stays with the version that it has."""

    type: Literal["migration_refused"] = "migration_refused"
    to: str
    asked_by: Actor
    because: str


class Migrated(EventBase):
    """Another version of the playbook is pinned from now on."""

    type: Literal["migrated"] = "migrated"
    because: str
    digest: str
    """Of the version of before."""
    to_digest: str
    version: int
    to_version: int
    differences: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    """What this changes of how the escalation stands."""
    playbook: Playbook
    level: str = ""
    """Its present level, as the new version calls it; empty: it has none yet."""
    path: str = ""
    dwell_due: AwareDatetime | None = None
    """Until when it may stay at its level, by the new version."""
    review_due: AwareDatetime | None = None
    """When the review is due by the new version; None: as before."""
    levels: dict[str, str] = {}
    drop: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    """Work items whose condition the new version cannot read: people report whether they hold."""

    @field_serializer("playbook", when_used="json")
    def _playbook_without_defaults(self, playbook: Playbook) -> dict[str, Any]:
        return compact(playbook)
