"""How bad it is, as a playbook says it: the scale, and what chooses from it."""

from functools import cached_property
from typing import Annotated

from pydantic import Field

from escalation.playbook.parts import Condition
from escalation.values import Record, Slug


class SeverityLevel(Record):
    """One step of the severity scale; its rank is its position, 0 is the worst."""

    name: Slug
    aliases: tuple[str, ...] = ()
    about: str = ""
    waits_for_hours: bool = False
    """True: pages at this severity wait for the working hours that a person has in the directory."""


class SeverityRule(Record):
    """Sets the severity when its condition is true; the worst of all true rules wins."""

    id: str = ""
    """Names the rule, so that a playbook that extends this one can change it alone."""
    when: Condition
    severity: str
    """Name or alias."""
    override: bool = False
    """Beats the rules that do not override, and the table, also where it is milder: what holds for one customer."""


class SeverityTable(Record):
    """Two facts whose values meet in a severity: impact and urgency."""

    rows: str
    """Name of the fact whose values are the rows."""
    columns: str
    cells: Annotated[dict[str, dict[str, str]], Field(min_length=1)]
    """Value of the row's fact to value of the column's fact to a severity (name or alias)."""


class SeverityLowering(Record):
    """What a person needs to make it milder."""

    gate: Slug
    """A gate with ``before: lowering``."""


class SeverityScale(Record):
    """The playbook's severity vocabulary and the rules that choose from it."""

    scale: Annotated[tuple[SeverityLevel, ...], Field(min_length=1)]
    default: str
    rules: tuple[SeverityRule, ...] = ()
    table: SeverityTable | None = None
    lowering: SeverityLowering | None = None
    """None: whoever may change the severity may make it milder as well."""

    def find(self, name: str) -> SeverityLevel | None:
        """Find a severity by name or alias, without regard to case; None when the scale has no such word."""
        rank = self._ranks.get(name.strip().casefold())
        return self.scale[rank] if rank is not None else None

    def rank(self, name: str) -> int:
        """Return the position of a severity's name, 0 is the worst."""
        return self._ranks[name.casefold()]

    @cached_property
    def _ranks(self) -> dict[str, int]:
        words = ((word, rank) for rank, level in enumerate(self.scale) for word in (level.name, *level.aliases))
        return {word.casefold(): rank for word, rank in reversed(list(words))}


class CategoryRule(Record):
    """Names the category of what came without one; the first true rule counts."""

    id: str = ""
    when: Condition
    category: str


class CategoryPolicy(Record):
    """How a request that states no ``category`` gets one when it is opened."""

    rules: Annotated[tuple[CategoryRule, ...], Field(min_length=1)]
