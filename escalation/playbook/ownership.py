"""Who may do what, and whether an AI may: activities, delegations, what is documented before work, shift hand-over."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from escalation.playbook.parts import Condition
from escalation.values import FINDABLE, Duration, Record, Shifts, Slug, Target

_WHO = "|".join((*FINDABLE, "agent"))
Executor = Annotated[str, StringConstraints(pattern=rf"^({_WHO}):[A-Za-z0-9][A-Za-z0-9_.\-]{{0,63}}$")]
"""Who carries something out: a target, or an AI (``agent:NAME``)."""


class AiPart(StrEnum):
    """What an AI may do of an activity."""

    NEVER = "never"
    MAY_ASSIST = "may_assist"
    """It may draft; a person does it."""
    MAY_DO = "may_do"


class Activity(Record):
    """What an AI may do of one activity: a command by its name, or something of the playbook's own.

    It only takes away: what the engine keeps for people stays with them.
    """

    ai: AiPart = AiPart.NEVER
    human_required: bool = False
    """Only a person completes it, whatever ``ai`` says."""
    recurring: bool = False
    """Work that comes again and again: an AI may do it only where a delegation to it was approved."""
    oversight: Target = "raci:accountable"
    """Who looks at what an AI drafted, and completes it."""
    about: str = ""

    @property
    def ai_completes(self) -> bool:
        """True when an AI may do it, and not only draft it."""
        return self.ai is AiPart.MAY_DO and not self.human_required


class Delegation(Record):
    """A line of the responsibility map: recurring work that an AI does, who answers for that and who approved it."""

    activity: Slug
    agent: Annotated[str, StringConstraints(pattern=r"^agent:[^\s]{1,128}$")]
    accountable: Target
    """Who answers for what the AI does; never an AI."""
    approved_by: Target | None = None
    """None: it was not approved yet, and the AI may not."""
    approved_on: date | None = None

    def holds(self, on: date) -> bool:
        """Tell whether it is approved on a day."""
        return self.approved_by is not None and self.approved_on is not None and self.approved_on <= on


class BeforeWork(Record):
    """What must be documented before work may start: who carries it out, and who gives the final approval."""

    when: Condition = "true"
    executes: Executor | None = None
    """None: to be stated with ``document_work``."""
    approves: Target | None = None


class ShiftHandover(Record):
    """The hand-over to the next shift, which is opened by itself before the owner's shift ends."""

    before: Duration
    to: Shifts
