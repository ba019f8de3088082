"""An owner of whom nothing was heard speaks up: that ends the call for others, as their own acknowledgement would."""

from escalation.lifecycle import assignment
from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c


def broken(draft: Draft, command: c.Command) -> None:
    """End the open round when its owner, whose acknowledgement had lapsed, has done anything but decline."""
    state, before = draft.state, draft.before
    owner, rung = state.owner, state.rung
    if owner is None or not owner.lapsed or rung is None or before.rung is None or rung.id != before.rung.id:
        return  # another round than before was begun by this very command
    if not isinstance(command, c.Act) or isinstance(command, c.Decline) or command.by != owner.actor:
        return
    if owner.actor not in concerned(state):
        assignment.take(draft, owner.actor, "heard of again")
