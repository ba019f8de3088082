"""What may be asked of an escalation: by people, by services, by time, and by the results of actions.

``COMMANDS`` is the registry: its keys are the names of the updates and of the command line's commands. Each module has
its part of it.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import AwareDatetime, ValidationError

from escalation.errors import RequestRefused
from escalation.explain import did_you_mean, explain
from escalation.model.commands import (
    approval,
    case,
    communication,
    incident,
    items,
    ladder,
    ownership,
    records,
    review,
    statements,
    timeline,
    work,
)
from escalation.model.commands.approval import (
    Approve,
    AskApproval,
    DelegateApproval,
    Reject,
    RequestChanges,
    UseApproval,
    WithdrawApproval,
)
from escalation.model.commands.base import Act, Internal
from escalation.model.commands.case import (
    Attach,
    ChangeDue,
    ChangeFacts,
    ChangeSeverity,
    Link,
    Note,
    OpenTicket,
    ProvideInput,
    PutOnHold,
    Resume,
    Unlink,
)
from escalation.model.commands.communication import FileSummary, PostponeUpdate, PostUpdate, Reply
from escalation.model.commands.incident import DeclareIncident, FileInPlan, ReportBaseline, SetPriorities, StandDown
from escalation.model.commands.items import (
    AddItem,
    AnswerInput,
    ApproveCheck,
    BlockItem,
    ClaimItem,
    CompleteItem,
    ConfirmCheckpoint,
    DropItem,
    PostponeItem,
    ReassignItem,
    RejectCheck,
    ReportCheck,
    RequestInput,
    StartItem,
    SubmitCheck,
)
from escalation.model.commands.ladder import (
    AcceptHandoff,
    Acknowledge,
    Bypass,
    Claim,
    Decline,
    DeclineHandoff,
    Escalate,
    OfferHandoff,
    Reassign,
)
from escalation.model.commands.machine import (
    Amended,
    CaseChanged,
    CaseNotOpened,
    CaseNotUpdated,
    CaseOpened,
    CaseUpdated,
    Delivered,
    LinkHeard,
    LinkNotTold,
    LinkTold,
    NotDelivered,
    Open,
    PeopleFound,
    PlaybookLoaded,
    RecoveryRan,
    SignalRefused,
    TimePassed,
)
from escalation.model.commands.ownership import (
    AddToGroup,
    Advise,
    AssignResponsibility,
    CompleteActivity,
    DocumentWork,
    Draft,
    EditHandover,
    GiveBack,
    Join,
    Leave,
    NameCommander,
    NameCommunicator,
    RecordCallTransfer,
    WithdrawHandoff,
)
from escalation.model.commands.records import PlaceLegalHold, ReleaseLegalHold
from escalation.model.commands.review import (
    AddLesson,
    AdviseRequester,
    Close,
    CompleteChange,
    DraftReview,
    Label,
    LessonDraft,
    Migrate,
    SubmitParticipantFeedback,
)
from escalation.model.commands.statements import (
    ConfirmRead,
    DraftUpdate,
    DropDraft,
    ReachMilestone,
    ReleaseUpdate,
    SendFollowUp,
)
from escalation.model.commands.timeline import (
    AcceptEntry,
    AnswerEntry,
    CloseSession,
    Comment,
    EditEntry,
    LinkEntry,
    MarkSeen,
    OpenSession,
    PostEntry,
    ReactEntry,
    ReleaseEntry,
    ResolveEntry,
)
from escalation.model.commands.work import (
    Cancel,
    ConfirmResolution,
    ItemDraft,
    Rate,
    RejectResolution,
    Resolve,
    SubmitFeedback,
    SubmitReview,
)
from escalation.values import Record

__all__ = [
    "COMMANDS",
    "NAMES",
    "SIGNALS",
    "AcceptEntry",
    "AcceptHandoff",
    "Acknowledge",
    "Act",
    "AddItem",
    "AddLesson",
    "AddToGroup",
    "Advise",
    "AdviseRequester",
    "Amended",
    "Answer",
    "AnswerEntry",
    "AnswerInput",
    "Approve",
    "ApproveCheck",
    "AskApproval",
    "AssignResponsibility",
    "Attach",
    "BlockItem",
    "Bypass",
    "Cancel",
    "CaseChanged",
    "CaseNotOpened",
    "CaseNotUpdated",
    "CaseOpened",
    "CaseUpdated",
    "ChangeDue",
    "ChangeFacts",
    "ChangeSeverity",
    "Claim",
    "ClaimItem",
    "Close",
    "CloseSession",
    "Command",
    "Comment",
    "CompleteActivity",
    "CompleteChange",
    "CompleteItem",
    "ConfirmCheckpoint",
    "ConfirmRead",
    "ConfirmResolution",
    "DeclareIncident",
    "Decline",
    "DeclineHandoff",
    "DelegateApproval",
    "Delivered",
    "DocumentWork",
    "Draft",
    "DraftReview",
    "DraftUpdate",
    "DropDraft",
    "DropItem",
    "EditEntry",
    "EditHandover",
    "Escalate",
    "FileInPlan",
    "FileSummary",
    "GiveBack",
    "Internal",
    "ItemDraft",
    "Join",
    "Label",
    "Leave",
    "LessonDraft",
    "Link",
    "LinkEntry",
    "LinkHeard",
    "LinkNotTold",
    "LinkTold",
    "MarkSeen",
    "Migrate",
    "NameCommander",
    "NameCommunicator",
    "NotDelivered",
    "Note",
    "OfferHandoff",
    "Open",
    "OpenSession",
    "OpenTicket",
    "PeopleFound",
    "PlaceLegalHold",
    "PlaybookLoaded",
    "PostEntry",
    "PostUpdate",
    "PostponeItem",
    "PostponeUpdate",
    "ProvideInput",
    "PutOnHold",
    "Rate",
    "ReachMilestone",
    "ReactEntry",
    "Reassign",
    "ReassignItem",
    "RecordCallTransfer",
    "RecoveryRan",
    "Reject",
    "RejectCheck",
    "RejectResolution",
    "ReleaseEntry",
    "ReleaseLegalHold",
    "ReleaseUpdate",
    "Reply",
    "ReportBaseline",
    "ReportCheck",
    "RequestChanges",
    "RequestInput",
    "Resolve",
    "ResolveEntry",
    "Resume",
    "SendFollowUp",
    "SetPriorities",
    "SignalRefused",
    "StandDown",
    "StartItem",
    "SubmitCheck",
    "SubmitFeedback",
    "SubmitParticipantFeedback",
    "SubmitReview",
    "TimePassed",
    "Unlink",
    "UseApproval",
    "WithdrawApproval",
    "WithdrawHandoff",
    "command_name",
    "parse_command",
]

COMMANDS: dict[str, type[Act]] = {
    **ladder.COMMANDS,
    **case.COMMANDS,
    **approval.COMMANDS,
    **work.COMMANDS,
    **items.COMMANDS,
    **communication.COMMANDS,
    **review.COMMANDS,
    **timeline.COMMANDS,
    **statements.COMMANDS,
    **incident.COMMANDS,
    **ownership.COMMANDS,
    **records.COMMANDS,
}

NAMES: dict[type[Act], str] = {command: name for name, command in COMMANDS.items()}

SIGNALS = ("acknowledge", "approve", "reject", "resolve", "note")
"""Commands that a person may also send as a signal, from Temporal's UI or command line."""


def command_name(command: type[Act]) -> str:
    """Return the registered name of a command's class."""
    return next(name for name, registered in COMMANDS.items() if registered is command)


Command = Act | Internal


def parse_command(name: str, data: str | bytes | Mapping[str, Any]) -> Act:
    """Read a command from JSON text or a plain mapping: ``parse_command("acknowledge", {"by": "person:eva.novak"})``.

    Raises:
        RequestRefused: naming every wrong path and what was expected there; there is no such command.
    """
    kind = COMMANDS.get(name)
    if kind is None:
        hint = did_you_mean(name, list(COMMANDS)) or f"; there are {', '.join(COMMANDS)}"
        raise RequestRefused([("", f"there is no command `{name[:64]}`{hint}")])
    try:
        plain = json.loads(data if isinstance(data, str | bytes) else json.dumps(dict(data), default=str))
        return kind.model_validate_json(json.dumps(plain), extra="forbid")
    except ValidationError as error:
        found = explain(plain, kind, error.errors())
        raise RequestRefused([(".".join(map(str, each.path)), each.message) for each in found]) from None
    except ValueError:
        raise RequestRefused([("", f"is no JSON; expected an object with the fields of {name}")]) from None


class Answer(Record):
    """What a person or service is told when a command was accepted. Refusals are raised as ``DomainError``."""

    accepted: bool = True
    message: str
    """What is true now, in one sentence."""
    at: AwareDatetime
    seq: int
    """Sequence number of the last event the command caused."""
    ref: str = ""
    """Permanent reference of the entry that it put on the timeline; empty when it put none there."""
    id: str = ""
    """Id of the draft, or of the action that was asked for, which the next command names; empty where it made none."""
    digest: str = ""
    """Of what it made: releasing the draft, or using the approval of the action, gives it again."""
