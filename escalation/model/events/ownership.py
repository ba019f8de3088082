"""Who got which part in it: stages told, roles, the working group, drafts of AIs, shifts, calls."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.model.ownership import Warmth
from escalation.playbook.schema import Stage
from escalation.values import Actor


class StageTold(EventBase):
    """A stage began: whoever is consulted is asked for input, whoever is informed is told."""

    type: Literal["stage_told"] = "stage_told"
    stage: Stage
    consulted: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()


class ConsultedAnswered(EventBase):
    """Somebody who was consulted gave their input."""

    type: Literal["consulted_answered"] = "consulted_answered"
    text: str


class CommunicatorNamed(EventBase):
    """One person manages updates and internal communication from now on."""

    type: Literal["communicator_named"] = "communicator_named"
    who: Actor
    because: str
    relieves: tuple[Actor, ...] = ()
    """Who was asked to do so until now."""


class CommanderNamed(EventBase):
    """One person coordinates from now on."""

    type: Literal["commander_named"] = "commander_named"
    who: Actor
    because: str
    relieves: tuple[Actor, ...] = ()
    """Who did so until now."""


class ResponsibilityAssigned(EventBase):
    """Somebody looks after something."""

    type: Literal["responsibility_assigned"] = "responsibility_assigned"
    who: str
    what: str


class GroupJoined(EventBase):
    """Somebody is in the working group from now on."""

    type: Literal["group_joined"] = "group_joined"
    who: Actor
    because: str


class GroupLeft(EventBase):
    """Somebody left the working group."""

    type: Literal["group_left"] = "group_left"
    who: Actor
    because: str


class WorkDrafted(EventBase):
    """Something was drafted, for a person to look at."""

    type: Literal["work_drafted"] = "work_drafted"
    draft: str
    activity: str
    text: str
    oversight: str


class ActivityDone(EventBase):
    """An activity of the playbook is done."""

    type: Literal["activity_done"] = "activity_done"
    activity: str
    result: str
    draft: str = ""
    drafted_by: str = ""
    """Whose draft was taken over."""
    delegated: str = ""
    """Who approved that an AI does it, and when; empty where no approval was needed."""


class WorkDocumented(EventBase):
    """Who carries the work out and who gives the final approval was stated."""

    type: Literal["work_documented"] = "work_documented"
    executes: str
    approves: str
    because: str


class TeamAccepted(EventBase):
    """A hand-off was accepted for a team: one of its people has to claim it, or it stays where it is."""

    type: Literal["team_accepted"] = "team_accepted"
    handoff: str
    team: str
    due: AwareDatetime


class ShiftKnown(EventBase):
    """It is known when the owner's shift ends, and so when it is offered to the next one."""

    type: Literal["shift_known"] = "shift_known"
    ends: AwareDatetime
    offer_due: AwareDatetime


class HandoverEdited(EventBase):
    """What the next shift has to know was written anew."""

    type: Literal["handover_edited"] = "handover_edited"
    handoff: str
    text: str


class ShiftHandedOver(EventBase):
    """The next shift has it: what was done, and what remains."""

    type: Literal["shift_handed_over"] = "shift_handed_over"
    handoff: str
    giver: str
    receiver: Actor
    done: str
    remains: str


class CallTransferred(EventBase):
    """A call passed from one call-centre agent to another."""

    type: Literal["call_transferred"] = "call_transferred"
    call: str
    giver: str
    receiver: str
    transfer: Warmth
    transferred_at: AwareDatetime
    recording: str = ""
