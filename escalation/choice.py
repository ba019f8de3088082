"""How some of many are chosen: the words that a team of the directory and a level of a playbook share."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from escalation.values import Record


class Criterion(StrEnum):
    """By what people are put in order; where it tells two of them not apart, the next criterion does."""

    EVERYBODY = "everybody"
    """All of them, also where the team has a rotation. Stands alone."""
    ON_CALL = "on_call"
    """Whoever the team's rotation has on call first. Alone it means that person only."""
    ROUND_ROBIN = "round_robin"
    """In turn: each call of the team goes on where the one before ended."""
    LEAST_LOADED = "least_loaded"
    """Who owns the fewest open escalations."""
    SENIOR = "senior"
    """The highest ``rank``."""
    EXPERIENCED = "experienced"
    """The most years of ``experience``."""
    SKILL = "skill"
    """Who knows most of the skills and technologies that the case needs."""
    STICKY = "sticky"
    """On a repeat, who owned the case before."""


class Choose(Record):
    """How those who are asked are chosen among the people of a team, or among those with an authority."""

    by: Annotated[tuple[Criterion, ...], Field(min_length=1)]
    """Criteria, the most important one first. What they leave equal keeps the order in which it is written."""
    take: Annotated[int, Field(ge=1, le=100)] | None = None
    """How many are asked. None: one; with ``everybody`` alone, all of them."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if len(set(self.by)) != len(self.by):
            raise ValueError("names a criterion twice; expected each of them once")
        if Criterion.EVERYBODY in self.by and (len(self.by) > 1 or self.take is not None):
            raise ValueError("takes everybody and chooses as well; expected `everybody` alone, or other criteria")
        return self
