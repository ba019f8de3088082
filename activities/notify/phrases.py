"""The few words that channels add to a message, in every language that comes along."""

from functools import cache
from pathlib import Path
from typing import Final

from activities.notify.languages import chain
from escalation.documents import read_document
from escalation.values import Incoming

_FILE: Final = Path(__file__).parent / "phrases.yaml"


class Phrases(Incoming):
    """One language."""

    answer: str
    """Heading of the buttons."""
    confirm: str
    """What makes an answer count, for whom the buttons are, and until when."""
    shortened: str
    """After what is left of a long message: how to see the whole."""
    automatic: str
    """At the end of what nobody reads the answers to."""
    cancel: str
    """The button that closes a form."""
    for_whom: str
    """For whom a message is, where others read it too."""
    together: str
    """Subject of a message that takes others along."""
    until: str
    """Until when an answer is wanted, in a text message."""
    silence: dict[str, str]
    """What follows without an answer, in a text message: again, others, deny, approve, waits."""
    answer_at: str
    """Where it can be answered."""
    elsewhere: str
    """The command to begin with, where there is no link."""
    fields: dict[str, str]
    """What the fields of forms are called, by the arguments of commands that people write themselves."""


def phrases(locale: str) -> Phrases:
    """Return the phrases of a language, of the next best one, or English ones."""
    known = _known()
    return next(known[tag] for tag in (*chain(locale), "en") if tag in known)


@cache
def _known() -> dict[str, Phrases]:
    return {tag: Phrases.model_validate(said) for tag, said in read_document(_FILE).data.items()}
