"""Whoever a message is for, as far as its words are concerned."""

from collections.abc import Callable
from typing import Final, NamedTuple

RECEIVER: Final = "_receiver"
"""Name under which filters find the receiver; no template can say it."""


def as_it_is(actor: str) -> str:
    """Name somebody by their id."""
    return actor


class Receiver(NamedTuple):
    """How somebody is written to."""

    locale: str = "en"
    """Language and country that dates are written for."""
    zone: str = ""
    """Time zone; empty: UTC."""
    names: Callable[[str], str] = as_it_is
    """The name of an actor, as people know them."""
    words: str = "en"
    """The language of the template in use: its plural forms and lists."""
