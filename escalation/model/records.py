"""What an escalation keeps of the legal holds on its records."""

from pydantic import AwareDatetime

from escalation.values import Actor, Record

MOST_HOLDS = 20
"""How many matters may hold the records of one escalation at once."""


class LegalHold(Record):
    """The records are not deleted while the matter lasts, whatever their period."""

    reference: str
    """Of the matter: a case number, a request of an authority."""
    by: Actor
    at: AwareDatetime

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.reference}, placed by {self.by} on {self.at:%Y-%m-%d}"
