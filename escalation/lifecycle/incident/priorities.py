"""The commander's priorities: what comes first now, told to everybody who responds."""

from collections import Counter

from escalation.errors import NotAllowed
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.incident.mode import require_commander, running
from escalation.model import commands as c
from escalation.model import events as e


def set_them(draft: Draft, command: c.SetPriorities) -> None:
    """Replace them; the same again changes nothing."""
    incident = running(draft.state)
    require_commander(draft.state, command.by, "set_priorities")
    if draft.state.rules >= 2 and (twice := [each for each, n in Counter(command.priorities).items() if n > 1]):
        raise NotAllowed(f"what comes first is said once each; these stand there twice: {', '.join(twice)}")
    known = incident.priorities
    if known is not None and known.items == command.priorities:
        return
    draft.record(
        e.PrioritiesSet,
        priorities=command.priorities,
        version=known.version + 1 if known is not None else 1,
        period=incident.period.number if incident.period is not None else 0,
    )
