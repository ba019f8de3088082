"""The organisation around an escalation, as a playbook says it: who must hear of what in time, and who may do what."""

from typing import Annotated, Literal

from pydantic import Field

from escalation.values import Duration, Record, Slug

Why = Literal["no_authority", "no_expertise", "no_resources", "other"]
"""Why somebody hands it up by hand."""


class Power(Record):
    """Who may hand it up from a level, to where, and why."""

    who: Annotated[tuple[str, ...], Field(min_length=1)] = ("owner", "called")
    """``owner``, ``called`` (whoever is being asked to take it), ``requester``, or targets."""
    to: tuple[Slug, ...] = ()
    """Ids of levels; at the end of a path the level itself stands for its last resort. Empty: any."""
    reasons: tuple[Why, ...] = ()
    """Empty: any."""


class DecisionMaker(Record):
    """A promise: at these severities somebody who may decide is told in time, whoever answers before or stays silent.

    It changes nothing that happens; ``escalate playbook lint`` proves it of the ladder and the directory.
    """

    id: str = ""
    """Names the promise, so that a playbook that extends this one can change it alone."""
    severity: Annotated[tuple[str, ...], Field(min_length=1)]
    """Names of the severities for which it is promised."""
    authority: Slug
    """Kind of decision; who may make it stands in the directory."""
    amount: Annotated[float, Field(ge=0)] = 0
    """Whoever is told may decide at least so much."""
    within: Duration
    """So long after the opening at the latest, in wall time."""
    about: str = ""
