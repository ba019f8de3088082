"""What HubSpot answers, as far as it is looked at."""

from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field

from escalation.values import Record

Identifier = Annotated[str, BeforeValidator(str)]


class Value(Record):
    """A value that a property has or had, and where it came from."""

    value: str | None = None
    at: AwareDatetime = Field(alias="timestamp")
    source: str | None = Field(default=None, alias="sourceType")
    source_id: str | None = Field(default=None, alias="sourceId")
    user: int | None = Field(default=None, alias="updatedByUserId")

    @property
    def by(self) -> int | None:
        """The user who set it; None: it was no user, or HubSpot does not say."""
        _, named, number = (self.source_id or "").partition("userId:")
        return self.user or (int(number) if named and number.isdecimal() else None)


class Found(Record):
    """A record."""

    id: Identifier
    properties: dict[str, str | None] = {}
    history: dict[str, tuple[Value, ...]] = Field(default={}, alias="propertiesWithHistory")
    """Newest first."""
    created: AwareDatetime = Field(alias="createdAt")
    url: str | None = None

    def says(self, name: str) -> str:
        """Return a property; empty where it has no value."""
        return self.properties.get(name) or ""


class Failed(Record):
    """What a batch could not do."""

    category: str = ""


class Batch(Record):
    """Answer of a batch read, or of a search."""

    results: tuple[Found, ...]
    errors: tuple[Failed, ...] = ()


class Next(Record):
    """Where a list goes on."""

    after: str


class Paging(Record):
    """How a list goes on."""

    next: Next | None = None


class Kind(Record):
    """Type of an association."""

    id: int = Field(alias="typeId")


class Associated(Record):
    """A record that another is associated with."""

    id: Identifier = Field(alias="toObjectId")
    kinds: tuple[Kind, ...] = Field(default=(), alias="associationTypes")


class AssociatedPage(Record):
    """Some of the records that one is associated with."""

    results: tuple[Associated, ...]
    paging: Paging | None = None


class Reference(Record):
    """A record that is only named."""

    id: Identifier


class Pair(Record):
    """What one record of a batch is associated with."""

    of: Reference = Field(alias="from")
    to: tuple[Associated, ...] = ()


class Pairs(Record):
    """What each record of a batch is associated with."""

    results: tuple[Pair, ...] = ()


class Owner(Record):
    """A user as owner of records."""

    id: Identifier
    email: str | None = None
    first: str | None = Field(default=None, alias="firstName")
    last: str | None = Field(default=None, alias="lastName")

    @property
    def name(self) -> str:
        """What people call them; else the address."""
        return f"{self.first or ''} {self.last or ''}".strip() or self.email or ""


class OwnerPage(Record):
    """Some of the owners."""

    results: tuple[Owner, ...]
    paging: Paging | None = None


class PropertyFound(Record):
    """How a property is defined."""

    name: str
    unique: bool = Field(default=False, alias="hasUniqueValue")


class Stage(Record):
    """A stage of a pipeline."""

    id: Identifier
    label: str = ""


class PipelineFound(Record):
    """A pipeline."""

    label: str = ""
    stages: tuple[Stage, ...] = ()
