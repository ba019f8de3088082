"""The ladder, as a playbook says it: levels, routes, paths, the matrix, and the exception procedure."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from escalation.choice import Choose
from escalation.playbook.organisation import Power
from escalation.playbook.parts import Condition
from escalation.values import Duration, Record, Slug, Target


class Axis(StrEnum):
    """In which direction it goes: to other expertise, or up the chain."""

    FUNCTIONAL = "functional"
    HIERARCHICAL = "hierarchical"


class LevelPolicy(Record):
    """A rung of the ladder."""

    id: Slug
    title: str = ""
    targets: Annotated[tuple[Target, ...], Field(min_length=1)]
    ack: Duration
    """How long one round of pages waits for an acknowledgement."""
    repeat: Annotated[int, Field(ge=0, le=20)] = 0
    """How many more rounds are paged at this level before going up."""
    dwell: Duration
    """How long an acknowledged escalation may stay at this level unresolved."""
    axis: Axis = Axis.FUNCTIONAL
    up_when: Condition | None = None
    """Handover criterion: when it *becomes* true while at this level, the escalation goes up at once.

    What is true already on entering skips nothing (else a reason that led here would lead past everybody); a trigger's
    ``level`` says where to start.
    """
    last_resort: Target | None = None
    """Who is told when even this level does not answer; required on the last level."""
    calendar: Slug | None = None
    """Name of the calendar in whose business time ``ack`` and ``dwell`` run; None: wall time."""
    channels: tuple[Slug, ...] = ()
    """Channels that are tried first here, before the person's own order goes on."""
    choose: Choose | None = None
    """How some of a team are chosen, or of those with an authority; None: as the team says in the directory."""
    ack_lasts: Duration | None = None
    """Within this a sign of life of the owner is due after each of theirs, else the level is paged again; None: never.

    Any act of theirs counts. It waits while it is on hold, at a gate, or with whoever confirms the resolution.
    """
    responsible_for: tuple[str, ...] = ()
    """What this level answers for, in words."""
    may_escalate: tuple[Power, ...] = ()
    """Who may hand it up from here by hand; empty: whoever works on it, and who asked for it."""

    def at(self, cell: "Cell | None") -> "LevelPolicy":
        """Return the level as a cell of the matrix has it; what the cell leaves out is the level's own."""
        if cell is None:
            return self
        said = {key: value for key in ("targets", "ack", "dwell", "channels") if (value := getattr(cell, key))}
        return self.changed({**said, **({} if cell.repeat is None else {"repeat": cell.repeat})})


class Route(Record):
    """Sends what matches to other targets than the level's own."""

    id: str = ""
    """Names the route, so that a playbook that extends this one can change it alone."""
    when: Condition
    targets: Annotated[tuple[Target, ...], Field(min_length=1)]
    level: Slug | None = None
    """Only when entering this level; None: at whichever level is entered first."""
    during: Slug | None = None
    """Only while this calendar is open, at the instant at which a round begins."""
    outside: Slug | None = None
    """Only while this calendar is closed."""
    about: str = ""
    choose: Choose | None = None
    """How some of a team are chosen, or of those with an authority; None: as the level says."""


class PathPolicy(Record):
    """Which levels an escalation climbs. The first path whose condition is true is taken."""

    id: Slug
    when: Condition = "true"
    levels: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Ids of levels, in the order in which ``levels`` lists them."""
    then: Slug | None = None
    """Path that is taken when nobody at the last level answers, instead of its last resort."""
    about: str = ""


class Cell(Record):
    """A cell of the matrix: what differs at a severity, at a level or after a time."""

    id: str = ""
    """Names the cell, so that a playbook that extends this one can change it alone."""
    severity: Annotated[tuple[str, ...], Field(min_length=1)]
    """Names of the severities whose rows have this cell."""
    level: Slug | None = None
    """Column: this level. With ``after``: the level to be at, at least, by then."""
    after: Duration | None = None
    """Column: so long after the opening, as long as it is not resolved; what it waited on hold is not counted."""
    when: Condition | None = None
    """Of a cell with ``after``: only while this is true. None: always."""
    targets: tuple[Target, ...] = ()
    """Who is told; empty: whom the level names."""
    ack: Duration | None = None
    dwell: Duration | None = None
    repeat: Annotated[int, Field(ge=0, le=20)] | None = None
    channels: tuple[Slug, ...] = ()
    about: str = ""


class BypassPolicy(Record):
    """The exception procedure: who may skip what in an emergency, and who looks at it afterwards."""

    skip: tuple[Literal["levels", "packet", "approvals"], ...] = ("levels", "packet", "approvals")
    when: Condition = "true"
    allowed: tuple[Target, ...] = ()
    """Whose people may; they belong to the working group from the opening on. Empty: everybody in the working group."""
    review_by: Target
    """Who looks at it afterwards, never who used it; somebody else of the working group where nobody is found."""
    review_within: Duration
