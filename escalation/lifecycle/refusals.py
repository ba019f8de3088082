"""What a rule refused, as a reason: in English its own words, in every other language of what kind it was."""

from escalation.errors import AlreadyDone, DomainError, Incomplete, NotAllowed, NotNow, TooLarge, Unknown
from escalation.lifecycle import grounds


def refused(error: DomainError) -> str:
    """Give a refusal as a reason; in plain English where its kind is none of the known."""
    said = str(error)
    if isinstance(error, AlreadyDone):
        return grounds.of("refused_already_done", said, detail=said)
    if isinstance(error, Incomplete):
        return grounds.of("refused_incomplete", said, detail=said)
    if isinstance(error, NotAllowed):
        return grounds.of("refused_not_allowed", said, detail=said)
    if isinstance(error, NotNow):
        return grounds.of("refused_not_now", said, detail=said)
    if isinstance(error, TooLarge):
        return grounds.of("refused_too_large", said, detail=said)
    if isinstance(error, Unknown):
        return grounds.of("refused_unknown", said, detail=said)
    return said
