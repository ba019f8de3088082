"""What is said on a message that arrived once what it asked is over: one sentence, read in its place or under it."""

from typing import Final

from escalation.playbook.messages.common import Message

_BY: Final = "who; empty: nobody in particular"
_AT: Final = "when"

SETTLED: Final[dict[str, Message]] = {
    f"settled.{how}": Message(about, {"by": _BY, "at": _AT})
    for how, about in {
        "taken": "on a message that asked for it: somebody has taken it",
        "approved": "on a message that asked for a decision: it is approved",
        "rejected": "on a message that asked for a decision: it is rejected",
        "done": "on the message of a work item: it is done",
        "answered": "on a message that asked for an answer: it has come",
        "declined": "on a page: its receiver has declined",
        "resolved": "on a message that somebody took: the escalation is resolved",
        "moved_on": "on a page: nobody took it in time",
        "withdrawn": "on a message that asked for something: no answer is needed any more",
        "ended": "on a message that asked for something, or was taken: the escalation has ended",
    }.items()
}
"""By id."""
