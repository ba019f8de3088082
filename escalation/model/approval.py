"""What an escalation keeps of its approvals: votes, seats that were passed on, rounds, actions asked for."""

from typing import Final, Literal

from pydantic import AwareDatetime

from escalation.model.said import Said
from escalation.playbook.facts import FactValue
from escalation.values import Actor, Record, Target

HOW: Final = {
    "pending": "pending",
    "passed": "approved",
    "rejected": "rejected",
    "voided": "void",
    "withdrawn": "no longer needed",
}
"""The states of an approval as people say them."""


class Vote(Record):
    """What one approver decided, on what."""

    by: Actor
    at: AwareDatetime
    decision: Literal["approved", "rejected", "changes_requested"]
    digest: str
    because: str = ""
    choice: str = ""


class Delegation(Record):
    """A seat that was passed on."""

    by: Actor
    to: Actor
    at: AwareDatetime


class Gate(Record):
    """An approval in its present round."""

    id: str
    round: int
    digest: str
    opened_at: AwareDatetime
    opened_seq: int = 0
    """Sequence number of the event that opened this round."""
    due: AwareDatetime
    state: Literal["pending", "passed", "rejected", "voided", "withdrawn"] = "pending"
    resolved: bool = False
    people: tuple[Actor, ...] = ()
    """Who may decide: those asked first, and every deputy asked since."""
    targets: tuple[Target, ...] = ()
    """Of whom it is asked."""
    seats: int = 0
    """How many were asked first, and how many targets had nobody to ask."""
    vacant: int = 0
    """Targets that had nobody to ask: their seats wait for a deputy."""
    votes: tuple[Vote, ...] = ()
    deputies_asked: int = 0
    closed_at: AwareDatetime | None = None
    closed_by: Actor | None = None
    because: str = ""
    grounds: Said | None = None
    """What its reason says, where it is the engine's own."""
    skipped: bool = False
    """Passed without its approvers, by the exception procedure."""
    roles: dict[Actor, tuple[Target, ...]] = {}
    """Where each of several targets has its share: for which of them a person counts."""
    places: dict[Target, int] = {}
    """How many seats each of those targets has, as ``seats`` counts them."""
    excluded: tuple[Actor, ...] = ()
    """Whom the playbook bars by name, role or team."""
    delegations: tuple[Delegation, ...] = ()
    emergency: tuple[Actor, ...] | None = None
    """Who may approve alone in an emergency; None while that is not known."""
    choice: str = ""
    """What was chosen, once it is passed."""
    kept: bool = False
    """It is late and stays open, and nobody is reminded of it."""
    questions: tuple[int, ...] = ()
    """Sequence numbers of the events that had the question sent, in this round and the latest before."""
    told: tuple[Actor, ...] = ()
    """To whom the question of this round is known to have been delivered."""

    @property
    def undecided(self) -> tuple[Actor, ...]:
        """Those who may decide and have neither done so nor passed their seat on."""
        gone = {vote.by for vote in self.votes if vote.decision != "changes_requested"}
        gone |= {each.by for each in self.delegations}
        return tuple(person for person in self.people if person not in gone)


class ApprovalReview(Record):
    """An approval that somebody who did not give it has to look at."""

    id: str
    gate: str
    approved_by: tuple[Actor, ...]
    emergency: bool


class ActionApproval(Record):
    """An action that somebody asked for before doing it."""

    id: str
    action: str
    arguments: dict[str, FactValue]
    digest: str
    by: Actor
    at: AwareDatetime
    gates: tuple[str, ...]
    state: Literal["pending", "passed", "rejected", "voided", "withdrawn", "used"] = "pending"
    because: str = ""
    choice: str = ""
    valid_until: AwareDatetime | None = None
    """Until when it may be used; None: as long as the escalation is open."""
    grounds: Said | None = None
    """What its reason says, where it is the engine's own."""
