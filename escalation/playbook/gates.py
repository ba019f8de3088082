"""Approvals as a playbook says them: who decides, how many, until when, what silence means; actions that need one."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from escalation.choice import Choose
from escalation.playbook.facts import FactType
from escalation.playbook.parts import Condition
from escalation.values import Actor, Duration, Record, Slug, Target

Percent = Annotated[str, StringConstraints(pattern=r"^(100|[1-9][0-9]?)%$")]
"""A part of those who are asked, such as ``60%``, rounded up."""


class Expiry(StrEnum):
    """What a gate does when nobody decided in time."""

    DENY = "deny"
    HALT = "halt"
    """Stay blocked; the accountable person is told."""
    ESCALATE = "escalate"
    """Stay blocked; the escalation goes up a level."""
    NEXT_DEPUTY = "next_deputy"
    APPROVE = "approve"
    """Only where the playbook says why in ``because``."""
    KEEP = "keep"
    """Stay open without being asked again; the accountable person is told once."""


class Share(Record):
    """How many of one target's people must approve; a person counts for one share only."""

    of: Target
    """One of the gate's ``approvers``."""
    need: Annotated[int, Field(ge=1)] | Literal["all"] = 1


class Choice(Record):
    """One of the ways in which a gate can be approved."""

    id: Slug
    about: str = ""


class EmergencyPolicy(Record):
    """Who may approve alone in an emergency, and who looks at it afterwards."""

    who: Annotated[tuple[Target, ...], Field(min_length=1)]
    review_by: Target
    """Never who approved; somebody else of the working group where nobody is found."""
    review_within: Duration


class DelegationPolicy(Record):
    """Whether approvers may pass their seat on."""

    depth: Annotated[int, Field(ge=0, le=5)] = 0
    """How often one seat may be passed on; 0: not at all."""


class GatePolicy(Record):
    """An approval: who decides, how many, until when, and what silence means."""

    id: Slug
    title: str = ""
    before: Literal["assignment", "resolution", "review", "lowering", "stand_down", "action"] = "resolution"
    """What stays blocked until it is passed: telling people at all, resolving, or accepting the resolution as final.

    ``lowering`` blocks nothing: it is asked when somebody wants the severity milder (``severity.lowering``). Nor does
    ``stand_down``: it is asked when somebody wants an incident stood down (``incident.stand_down``). ``action`` is
    asked anew for every action that somebody wants to do (``ask_approval``), and blocks that action alone.
    """
    when: Condition = "true"
    approvers: Annotated[tuple[Target, ...], Field(min_length=1)]
    need: Annotated[int, Field(ge=1)] | Literal["all"] | Percent = 1
    quorum: tuple[Share, ...] = ()
    """How many of each of the ``approvers``, in place of ``need``."""
    reject_needs: Annotated[int, Field(ge=1)] = 1
    """How many rejections end the round; it ends as well once too few are left who could approve."""
    exclude: tuple[Literal["requester", "owner"] | Target, ...] = ()
    """Separation of duties: these may not approve."""
    subject: tuple[str, ...] = ()
    """Facts whose values are what is approved; a change of one voids the approval."""
    choices: tuple[Choice, ...] = ()
    """Whoever approves chooses one of them, and ``need`` must agree on the same one."""
    deadline: Duration
    on_expiry: Expiry = Expiry.HALT
    because: str = ""
    deputies: tuple[Target, ...] = ()
    delegation: DelegationPolicy = DelegationPolicy()
    emergency: EmergencyPolicy | None = None
    review_after: bool = False
    """True: somebody who did not approve looks at it afterwards, however it was passed."""
    valid_for: Duration | None = None
    """Of an approval before an action: how long after it was given the action may be done."""
    choose: Choose | None = None
    """How some of a team are chosen, or of those with an authority: never fewer than ``need``."""

    @property
    def on_request(self) -> bool:
        """True where it is asked because somebody wants something, and holds up nothing else."""
        return self.before in ("lowering", "stand_down")

    @property
    def at_least(self) -> int:
        """How many have to be asked at least, as far as that does not depend on who is."""
        needs = tuple(share.need for share in self.quorum) if self.quorum else (self.need,)
        return max((need for need in needs if isinstance(need, int)), default=1)


class ArgumentPolicy(Record):
    """An argument of an action; conditions read it as ``action.NAME``."""

    type: FactType = FactType.TEXT
    about: str = ""
    optional: bool = False
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


class ActionPolicy(Record):
    """Something that services and AI agents do, and ask for before they do it."""

    about: str = ""
    arguments: dict[Slug, ArgumentPolicy] = {}
    asked_by: tuple[Actor, ...] = ()
    """Who may ask for it, beside whoever asked for the escalation and its working group."""
