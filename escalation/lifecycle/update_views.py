"""Communication as people read it: who speaks, when an update is due, where each stakeholder stands, summaries."""

from pydantic import AwareDatetime

from escalation.lifecycle.stakeholders import communicator
from escalation.model.communication import Communication, Standing
from escalation.model.state import Escalation
from escalation.values import Actor, Record


class StakeholderView(Record):
    """A stakeholder who is concerned."""

    name: str
    audience: str
    because: str
    """From which severity and level on they are told."""
    people: tuple[Actor, ...]
    """Who was told last; empty while nothing was."""
    state: str
    """``not told yet``, ``not reached`` (no delivery known), ``told``, ``answer awaited``, ``late`` or ``answered``."""
    reply_due: AwareDatetime | None = None


class SummaryView(Record):
    """A summary that is required."""

    id: str
    point: str
    due: AwareDatetime | None = None
    """None: it is filed."""


class UpdateView(Record):
    """The latest update of an audience."""

    audience: str
    seq: int
    at: AwareDatetime
    by: Actor
    text: str


class CommunicationView(Record):
    """How stakeholders are kept informed."""

    communicator: str
    """Who speaks to them: a target, or the owner."""
    due: AwareDatetime | None = None
    """When the next update is due; None: none is."""
    state: str = ""
    """``on time``, ``silent`` (with how often it was asked for) or empty where no update is due."""
    postponed: str = ""
    updates: tuple[UpdateView, ...] = ()
    stakeholders: tuple[StakeholderView, ...] = ()
    summaries: tuple[SummaryView, ...] = ()


def communication_view(state: Escalation) -> CommunicationView | None:
    """Return how stakeholders are kept informed; None where the playbook says nothing of it."""
    talk = state.communication
    if talk is None:
        return None
    due = talk.due if not state.ended else None
    return CommunicationView(
        communicator=communicator(state),
        due=due,
        state="" if due is None else _rhythm(talk),
        postponed=talk.postponed,
        updates=tuple(
            UpdateView(audience=audience, seq=each.seq, at=each.at, by=each.by, text=each.text)
            for audience, each in talk.updates.items()
        ),
        stakeholders=tuple(
            StakeholderView(
                name=name,
                audience=each.audience,
                because=each.because,
                people=each.people,
                state=_stands(each),
                reply_due=each.reply_due,
            )
            for name, each in talk.stakeholders.items()
        ),
        summaries=tuple(
            SummaryView(
                id=each.id,
                point=str(each.point).replace("_", " "),
                due=each.next_due if each.filed_at is None else None,
            )
            for each in talk.summaries.values()
        ),
    )


def _rhythm(talk: Communication) -> str:
    return f"silent, asked {talk.chased} time{'s' if talk.chased > 1 else ''}" if talk.chased else "on time"


def _stands(standing: Standing) -> str:
    if not standing.version:
        return "not told yet"
    if not standing.reached:
        return "not reached"
    if standing.reply_due is not None:
        return "late" if standing.chased else "answer awaited"
    if standing.chased:
        return "late"
    return "answered" if standing.replied_at is not None else "told"
