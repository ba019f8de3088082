"""What a playbook says of the ticket: what it means when people change it in the help desk itself."""

from enum import StrEnum

from escalation.values import Record


class SolvedThere(StrEnum):
    """What follows when somebody of the help desk solves or closes the ticket."""

    TELL = "tell"
    """The owner is told, and says how it was solved."""
    PROPOSE = "propose"
    """It is proposed as the resolution, where nothing stands in front of that; else the owner is told."""


class HelpDeskPolicy(Record):
    """What changes of the ticket mean."""

    solved_there: SolvedThere = SolvedThere.TELL
