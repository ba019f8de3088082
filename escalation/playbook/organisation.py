"""The organisation around an escalation, as a playbook says it: who must hear of what in time, and who may do what."""

from typing import Annotated

from pydantic import Field

from escalation.values import Duration, Record, Slug


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
