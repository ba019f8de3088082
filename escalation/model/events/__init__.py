"""What happened. Events are the timeline people read, the ledger's rows, and the only way state changes.

Each event carries the hash of the one before, so that a history cannot be altered unseen. The hash leaves out fields
that hold their default, so that a field added in a later version does not change the hash of older events.
"""

from typing import Annotated, get_args

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter
from pydantic_core import PydanticCustomError

from escalation.model.events.approval import (
    ActionAsked,
    ActionSettled,
    ActionUsed,
    ApprovalToReview,
    CommandHeld,
    CommandRefused,
    GateClosed,
    GateDecided,
    GateExpired,
    GateOpened,
    HeldReleased,
    SeatDelegated,
    SeatGivenBack,
)
from escalation.model.events.automation import (
    AutomationMessage,
    AutomationRan,
    BecameCritical,
    NoLongerCritical,
    StatusSet,
)
from escalation.model.events.base import (
    EventBase,
    hash_of,
    seal,
)
from escalation.model.events.communication import (
    KeyPeopleNamed,
    ReplyOverdue,
    ReplyRecorded,
    StakeholderConcerned,
    SummaryFiled,
    SummaryMissed,
    SummaryOverdue,
    SummaryRequired,
    UpdateOverdue,
    UpdatePosted,
    UpdatePostponed,
    UpdateScheduled,
)
from escalation.model.events.incident import (
    BaselineReported,
    FirstUpdateOverdue,
    HandOverBegun,
    IncidentDeclared,
    PeriodBegun,
    PeriodEnded,
    PlanFiled,
    PrioritiesSet,
    StandDownAsked,
    StandDownRefused,
    StoodDown,
)
from escalation.model.events.items import (
    ActionLineUnread,
    CheckDecided,
    CheckpointConfirmed,
    CheckSubmitted,
    DependencyChecked,
    InputAnswered,
    ItemAdded,
    ItemBlocked,
    ItemChased,
    ItemClaimed,
    ItemCompleted,
    ItemDropped,
    ItemGivenBack,
    ItemPostponed,
    ItemReady,
    ItemReassigned,
    ItemReminded,
    ItemStarted,
)
from escalation.model.events.ladder import (
    Acknowledged,
    AcknowledgementLapsed,
    Bypassed,
    CellReached,
    FeedFailing,
    HandoffDeclined,
    HandoffEnded,
    HandoffOffered,
    LevelEntered,
    MessageDelivered,
    MessageFailed,
    OwnerChanged,
    PageDeclined,
    PagesHeld,
    PagesReleased,
    PathTaken,
    PeopleResolved,
    RungMoved,
    RungOpened,
    TemplateFailing,
)
from escalation.model.events.links import (
    AncestryHeard,
    AncestryTold,
    ChildrenAwaited,
    LinkAdded,
    LinkLost,
    LinkRemoved,
    StatusHeard,
    StatusTold,
)
from escalation.model.events.messages import MessageNotAmended, MessagesSettled
from escalation.model.events.migration import Migrated, MigrationAsked, MigrationRefused
from escalation.model.events.opening import (
    ConcernedUnknown,
    Declined,
    DueChanged,
    ExceptionUsed,
    FactsChanged,
    InputProvided,
    InputRequested,
    Joined,
    Opened,
    ReasonsAdded,
    Receipted,
    SeverityChanged,
    SeverityLoweringAsked,
    SeverityLoweringEnded,
    Words,
)
from escalation.model.events.ownership import (
    ActivityDone,
    CallTransferred,
    CommanderNamed,
    CommunicatorNamed,
    ConsultedAnswered,
    GroupJoined,
    GroupLeft,
    HandoverEdited,
    ResponsibilityAssigned,
    ShiftHandedOver,
    ShiftKnown,
    StageTold,
    TeamAccepted,
    WorkDocumented,
    WorkDrafted,
)
from escalation.model.events.records import LegalHoldPlaced, LegalHoldReleased
from escalation.model.events.recovery import RecoveryDecided, RecoveryEnded, RecoveryStarted
from escalation.model.events.review import (
    AdviceGiven,
    ChangeClaimed,
    ChangeLive,
    ChangeNotLive,
    FeedbackEnded,
    FeedbackReminded,
    FeedbackRequested,
    Labelled,
    LessonAdded,
    ParticipantFeedbackGiven,
    ReviewDraftOpened,
    ReviewPartDrafted,
)
from escalation.model.events.statements import (
    DraftEnded,
    DraftMade,
    FollowUpEnded,
    FollowUpPlanned,
    FollowUpSent,
    MilestoneOverdue,
    MilestoneReached,
    MilestoneUpdated,
    NextStepsSent,
    ReadConfirmed,
    ReadIn,
    ReceiptOverdue,
    UpdateOnTicket,
)
from escalation.model.events.ticket import TicketAsked, TicketChanged
from escalation.model.events.time import (
    ClockBreached,
    ClockPaused,
    ClockReminded,
    ClockResumed,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    HoldEnded,
    HoldStarted,
    StatusEntered,
    StatusOverdue,
)
from escalation.model.events.timeline import (
    Commented,
    EntryAccepted,
    EntryClosed,
    EntryEdited,
    EntryLinked,
    EntryPosted,
    EntryReleased,
    Marked,
    SeenUpTo,
    SessionChased,
    SessionClosed,
    SessionOpened,
    UnfinishedAwaited,
)
from escalation.model.events.work import (
    Attached,
    Cancelled,
    CaseFailed,
    CaseLinked,
    CaseUpdateFailed,
    Closed,
    FeedbackGiven,
    NoteAdded,
    QuestionPublished,
    Rated,
    ResolutionConfirmed,
    ResolutionProposed,
    ResolutionRejected,
    ResolutionUnanswered,
    ReviewChased,
    ReviewStarted,
    ReviewSubmitted,
)

__all__ = [
    "READER",
    "Acknowledged",
    "AcknowledgementLapsed",
    "ActionAsked",
    "ActionLineUnread",
    "ActionSettled",
    "ActionUsed",
    "ActivityDone",
    "AdviceGiven",
    "AncestryHeard",
    "AncestryTold",
    "ApprovalToReview",
    "Attached",
    "AutomationMessage",
    "AutomationRan",
    "BaselineReported",
    "BecameCritical",
    "Bypassed",
    "CallTransferred",
    "Cancelled",
    "CaseFailed",
    "CaseLinked",
    "CaseUpdateFailed",
    "CellReached",
    "ChangeClaimed",
    "ChangeLive",
    "ChangeNotLive",
    "CheckDecided",
    "CheckSubmitted",
    "CheckpointConfirmed",
    "ChildrenAwaited",
    "ClockBreached",
    "ClockPaused",
    "ClockReminded",
    "ClockResumed",
    "ClockStarted",
    "ClockStopped",
    "ClockWarned",
    "Closed",
    "CommandHeld",
    "CommandRefused",
    "CommanderNamed",
    "Commented",
    "CommunicatorNamed",
    "ConcernedUnknown",
    "ConsultedAnswered",
    "Declined",
    "DependencyChecked",
    "DraftEnded",
    "DraftMade",
    "DueChanged",
    "EntryAccepted",
    "EntryClosed",
    "EntryEdited",
    "EntryLinked",
    "EntryPosted",
    "EntryReleased",
    "Event",
    "EventBase",
    "ExceptionUsed",
    "FactsChanged",
    "FeedFailing",
    "FeedbackEnded",
    "FeedbackGiven",
    "FeedbackReminded",
    "FeedbackRequested",
    "FirstUpdateOverdue",
    "FollowUpEnded",
    "FollowUpPlanned",
    "FollowUpSent",
    "GateClosed",
    "GateDecided",
    "GateExpired",
    "GateOpened",
    "GroupJoined",
    "GroupLeft",
    "HandOverBegun",
    "HandoffDeclined",
    "HandoffEnded",
    "HandoffOffered",
    "HandoverEdited",
    "HeldReleased",
    "HoldEnded",
    "HoldStarted",
    "IncidentDeclared",
    "InputAnswered",
    "InputProvided",
    "InputRequested",
    "ItemAdded",
    "ItemBlocked",
    "ItemChased",
    "ItemClaimed",
    "ItemCompleted",
    "ItemDropped",
    "ItemGivenBack",
    "ItemPostponed",
    "ItemReady",
    "ItemReassigned",
    "ItemReminded",
    "ItemStarted",
    "Joined",
    "KeyPeopleNamed",
    "KnownEvent",
    "Labelled",
    "LegalHoldPlaced",
    "LegalHoldReleased",
    "LessonAdded",
    "LevelEntered",
    "LinkAdded",
    "LinkLost",
    "LinkRemoved",
    "Marked",
    "MessageDelivered",
    "MessageFailed",
    "MessageNotAmended",
    "MessagesSettled",
    "Migrated",
    "MigrationAsked",
    "MigrationRefused",
    "MilestoneOverdue",
    "MilestoneReached",
    "MilestoneUpdated",
    "NextStepsSent",
    "NoLongerCritical",
    "NoteAdded",
    "Opened",
    "OwnerChanged",
    "PageDeclined",
    "PagesHeld",
    "PagesReleased",
    "ParticipantFeedbackGiven",
    "PathTaken",
    "PeopleResolved",
    "PeriodBegun",
    "PeriodEnded",
    "PlanFiled",
    "PrioritiesSet",
    "QuestionPublished",
    "Rated",
    "ReadConfirmed",
    "ReadIn",
    "ReasonsAdded",
    "ReceiptOverdue",
    "Receipted",
    "RecoveryDecided",
    "RecoveryEnded",
    "RecoveryStarted",
    "ReplyOverdue",
    "ReplyRecorded",
    "ResolutionConfirmed",
    "ResolutionProposed",
    "ResolutionRejected",
    "ResolutionUnanswered",
    "ResponsibilityAssigned",
    "ReviewChased",
    "ReviewDraftOpened",
    "ReviewPartDrafted",
    "ReviewStarted",
    "ReviewSubmitted",
    "RungMoved",
    "RungOpened",
    "SeatDelegated",
    "SeatGivenBack",
    "SeenUpTo",
    "SessionChased",
    "SessionClosed",
    "SessionOpened",
    "SeverityChanged",
    "SeverityLoweringAsked",
    "SeverityLoweringEnded",
    "ShiftHandedOver",
    "ShiftKnown",
    "StageTold",
    "StakeholderConcerned",
    "StandDownAsked",
    "StandDownRefused",
    "StatusEntered",
    "StatusHeard",
    "StatusOverdue",
    "StatusSet",
    "StatusTold",
    "StoodDown",
    "SummaryFiled",
    "SummaryMissed",
    "SummaryOverdue",
    "SummaryRequired",
    "TeamAccepted",
    "TemplateFailing",
    "TicketAsked",
    "TicketChanged",
    "UnfinishedAwaited",
    "UnknownEvent",
    "UpdateOnTicket",
    "UpdateOverdue",
    "UpdatePosted",
    "UpdatePostponed",
    "UpdateScheduled",
    "Words",
    "WorkDocumented",
    "WorkDrafted",
    "hash_of",
    "seal",
]


def _refuse_known(kind: str) -> str:
    if kind in _KNOWN:
        raise PydanticCustomError("malformed", "an event of a known kind lacks what it needs")
    return kind


KnownEvent = Annotated[
    Opened
    | Declined
    | Joined
    | Receipted
    | ReasonsAdded
    | InputRequested
    | InputProvided
    | ExceptionUsed
    | FactsChanged
    | SeverityChanged
    | PathTaken
    | CellReached
    | Bypassed
    | SeverityLoweringAsked
    | SeverityLoweringEnded
    | ConcernedUnknown
    | DueChanged
    | LevelEntered
    | FeedFailing
    | TemplateFailing
    | RungOpened
    | RungMoved
    | PagesHeld
    | PagesReleased
    | PeopleResolved
    | MessageDelivered
    | MessageFailed
    | MessagesSettled
    | MessageNotAmended
    | Acknowledged
    | PageDeclined
    | AcknowledgementLapsed
    | OwnerChanged
    | HandoffOffered
    | HandoffDeclined
    | HandoffEnded
    | GateOpened
    | GateDecided
    | GateClosed
    | GateExpired
    | SeatDelegated
    | SeatGivenBack
    | ApprovalToReview
    | ActionAsked
    | ActionSettled
    | ActionUsed
    | CommandHeld
    | HeldReleased
    | CommandRefused
    | ClockStarted
    | ClockReminded
    | ClockPaused
    | ClockResumed
    | ClockWarned
    | ClockBreached
    | ClockStopped
    | AutomationRan
    | AutomationMessage
    | StatusSet
    | BecameCritical
    | NoLongerCritical
    | StatusEntered
    | StatusOverdue
    | HoldStarted
    | HoldEnded
    | NoteAdded
    | Attached
    | CaseLinked
    | CaseFailed
    | QuestionPublished
    | CaseUpdateFailed
    | TicketAsked
    | TicketChanged
    | ResolutionProposed
    | ResolutionConfirmed
    | ResolutionUnanswered
    | ResolutionRejected
    | ReviewStarted
    | ReviewSubmitted
    | ReviewChased
    | ItemAdded
    | ItemGivenBack
    | ItemCompleted
    | ItemChased
    | ActionLineUnread
    | CheckDecided
    | CheckSubmitted
    | CheckpointConfirmed
    | DependencyChecked
    | InputAnswered
    | ItemBlocked
    | ItemClaimed
    | ItemDropped
    | ItemPostponed
    | ItemReady
    | ItemReassigned
    | ItemReminded
    | ItemStarted
    | KeyPeopleNamed
    | StakeholderConcerned
    | UpdateScheduled
    | UpdatePosted
    | UpdatePostponed
    | UpdateOverdue
    | ReplyRecorded
    | ReplyOverdue
    | SummaryRequired
    | SummaryOverdue
    | SummaryFiled
    | SummaryMissed
    | DraftEnded
    | DraftMade
    | ConsultedAnswered
    | WorkDrafted
    | FollowUpEnded
    | FollowUpPlanned
    | FollowUpSent
    | MilestoneOverdue
    | MilestoneReached
    | MilestoneUpdated
    | NextStepsSent
    | ReadConfirmed
    | ReadIn
    | ReceiptOverdue
    | UpdateOnTicket
    | Rated
    | FeedbackGiven
    | RecoveryDecided
    | RecoveryStarted
    | RecoveryEnded
    | Closed
    | Cancelled
    | LinkAdded
    | LinkRemoved
    | LinkLost
    | StatusTold
    | StatusHeard
    | AncestryHeard
    | AncestryTold
    | ReviewDraftOpened
    | ReviewPartDrafted
    | LessonAdded
    | ChangeClaimed
    | ChangeLive
    | ChangeNotLive
    | Labelled
    | FeedbackRequested
    | FeedbackReminded
    | FeedbackEnded
    | ParticipantFeedbackGiven
    | ChildrenAwaited
    | IncidentDeclared
    | FirstUpdateOverdue
    | BaselineReported
    | PlanFiled
    | PrioritiesSet
    | PeriodBegun
    | HandOverBegun
    | PeriodEnded
    | StandDownAsked
    | StandDownRefused
    | StoodDown
    | AdviceGiven
    | MigrationAsked
    | MigrationRefused
    | Migrated
    | EntryPosted
    | EntryEdited
    | EntryReleased
    | EntryAccepted
    | EntryLinked
    | EntryClosed
    | Commented
    | Marked
    | SeenUpTo
    | SessionOpened
    | SessionChased
    | SessionClosed
    | UnfinishedAwaited
    | ActivityDone
    | CallTransferred
    | CommanderNamed
    | CommunicatorNamed
    | GroupJoined
    | GroupLeft
    | HandoverEdited
    | ResponsibilityAssigned
    | ShiftHandedOver
    | ShiftKnown
    | StageTold
    | TeamAccepted
    | WorkDocumented
    | LegalHoldPlaced
    | LegalHoldReleased,
    Field(discriminator="type"),
]
_KNOWN = frozenset(str(get_args(kind.model_fields["type"].annotation)[0]) for kind in get_args(get_args(KnownEvent)[0]))


class UnknownEvent(EventBase):
    """An event of a kind that only a newer worker knows: its place is kept, and it changes nothing here."""

    type: Annotated[str, AfterValidator(_refuse_known)]


Event = Annotated[KnownEvent | UnknownEvent, Field(union_mode="left_to_right")]
"""Anything that a history may hold. A malformed event of a known kind is still an error."""

READER: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(defer_build=True))
"""Reads an event wherever it was kept."""
