"""Which commands say how it stands: each sets a clock that waits for updates anew.

What counts puts news of the case before those who read along: in words, as a changed fact, or as a decision on how it
goes on. What does not: who has it (taking, handing over, naming), what is decided on another's wish (approvals), steps
inside the work (items), talk about what was said (comments, reactions), drafts that nobody reads yet, and what is said
by those who wait for an answer. Items and approvals have times of their own.
"""

from escalation.model import commands as c
from escalation.model.state import Escalation

_FROM_THE_FIRST = (
    c.Note,
    c.PostEntry,
    c.PostUpdate,
    c.ReleaseUpdate,
    c.ReachMilestone,
    c.Attach,
    c.ChangeFacts,
    c.ChangeSeverity,
    c.ChangeDue,
    c.ProvideInput,
    c.PutOnHold,
    c.Resume,
    c.Resolve,
)
"""Those that count with rules before 2 too: what was recorded replays so."""

UPDATES = (
    *_FROM_THE_FIRST,
    c.ReportBaseline,
    c.FileInPlan,
    c.SetPriorities,
    c.DeclareIncident,
    c.StandDown,
    c.ReleaseEntry,
    c.AcceptEntry,
    c.AnswerEntry,
    c.ResolveEntry,
    c.CloseSession,
    c.FileSummary,
    c.SendFollowUp,
)
"""Commands that say how it stands."""


def says_how_it_stands(state: Escalation, command: c.Command) -> bool:
    """Tell whether this is such a command; a draft is none before it is released."""
    if state.rules < 2:
        return isinstance(command, _FROM_THE_FIRST)
    return isinstance(command, UPDATES) and not (isinstance(command, c.PostEntry) and command.draft)
