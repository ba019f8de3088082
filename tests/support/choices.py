"""Bytes as choices: Hypothesis draws a string of bytes, each chooses among what could be, and shrinks with it."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Turns bytes into choices; ``over`` when they are used up, and then every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def over(self) -> bool:
        """True when every further choice is the first."""
        return self._at >= len(self._data)

    def spread(self) -> "Choices":
        """Take the next two bytes, and make of them as many choices as anybody wants."""
        taken = self._data[self._at : self._at + 2]
        self._at += 2
        return Choices(hashlib.shake_128(taken).digest(1024) if taken else b"")

    def number(self, below: int) -> int:
        """Choose a number from 0."""
        if self.over:
            return 0
        self._at += 1
        return self._data[self._at - 1] % below

    def of(self, options: Sequence[T]) -> T:
        """Choose one of several."""
        return options[self.number(len(options))]

    def some(self, options: Sequence[T], least: int = 1) -> list[T]:
        """Choose at least so many, in their order."""
        chosen = [option for option in options if self.chance(50)]
        left = [option for option in options if option not in chosen]
        return chosen + left[: max(0, least - len(chosen))]

    def chance(self, percent: int) -> bool:
        """Choose yes, in so many of a hundred."""
        return self.number(100) >= 100 - percent
