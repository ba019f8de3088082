"""Spans of time that lie in a directory: absences, and overrides, which stand above every shift."""

from typing import Self

from pydantic import AwareDatetime, model_validator

from escalation.values import Record, Slug


class Span(Record):
    """From ``start`` until just before ``end``."""

    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("ends before it starts; expected `start` before `end`")
        return self


class Override(Span):
    """One person instead of whoever would have the shift."""

    person: Slug
    why: str = ""
