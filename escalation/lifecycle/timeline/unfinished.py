"""What was begun on the timeline and holds up the close: blockers that nobody resolved, live sessions that still run.

Whoever named a blocker said that something cannot go on; closing over it would answer them by silence. What counts is
the playbook's word (``timeline.holds_close``). A draft was told to nobody and holds up nothing.
"""

from collections.abc import Iterator

from escalation.lifecycle.draft import Draft
from escalation.lifecycle.timeline.readers import of
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.timeline import Holding
from escalation.values import ENGINE


def unfinished(state: Escalation) -> tuple[str, ...]:
    """Name what holds up the close, each with whose it is."""
    # Recorded escalations were closed over it, and have to replay so.
    if state.timeline is None or state.rules < 2:
        return ()
    return tuple(_named(state))


def _named(state: Escalation) -> Iterator[str]:
    timeline, holds = of(state), state.playbook.timeline.holds_close
    for seq, entry in timeline.open.items():
        known = timeline.refs.get(seq)
        if Holding(entry.kind) in holds and (known is None or not known.draft):
            yield f"{entry.kind} #{seq} of {entry.by}"
    if Holding.SESSION in holds:
        yield from (f"live session {session.id} of {session.by}" for session in timeline.sessions.values())


def wait_for_it(draft: Draft) -> bool:
    """Tell whether the end waits for something; the owner is reminded until it is over."""
    waits = unfinished(draft.state)
    if waits and draft.state.unfinished_due is None:
        _await(draft, waits)
    return bool(waits)


def late(draft: Draft) -> None:
    """It is still there: remind whoever is accountable."""
    _await(draft, unfinished(draft.state))


def _await(draft: Draft, waits: tuple[str, ...]) -> None:
    again = draft.now + draft.state.playbook.review.remind
    draft.record(e.UnfinishedAwaited, by=ENGINE, waits=waits, next_due=again)
