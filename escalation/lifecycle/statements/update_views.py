"""Communication as people read it: who speaks, when an update is due, where each stakeholder stands, summaries."""

from datetime import datetime

from pydantic import AwareDatetime

from escalation.lifecycle.communication import instant
from escalation.lifecycle.statements.missing import missing
from escalation.lifecycle.statements.plan import PlanRow, plan
from escalation.lifecycle.statements.stakeholders import communicator
from escalation.lifecycle.statements.statement_words import says_follow_up_of
from escalation.model.communication import Communication, Standing
from escalation.model.state import Escalation
from escalation.playbook.audiences import MilestonePolicy
from escalation.values import Actor, Record, counted


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
    receipt_due: AwareDatetime | None = None
    """Until when they are to confirm that they have read it; None: nothing is awaited."""
    read_by: tuple[Actor, ...] = ()


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
    version: int = 0


class DraftView(Record):
    """A draft that waits to be released."""

    id: str
    by: Actor
    audiences: tuple[str, ...]
    digest: str
    text: str
    customer_text: str


class MilestoneView(Record):
    """A milestone of the playbook's."""

    id: str
    about: str
    reached_at: AwareDatetime | None = None
    update: str
    """``not reached``, ``due``, ``late`` or ``given``."""
    due: AwareDatetime | None = None


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
    released_by: tuple[str, ...] = ()
    """Who alone releases what is said; empty: whoever speaks."""
    version: int = 0
    """How many statements were released."""
    drafts: tuple[DraftView, ...] = ()
    milestones: tuple[MilestoneView, ...] = ()
    follow_up: str = ""
    """What the customer is sent or asked next after the solution."""
    plan: tuple[PlanRow, ...] = ()


def communication_view(state: Escalation) -> CommunicationView | None:
    """Return how stakeholders are kept informed; None where the playbook says nothing of it."""
    talk, policy = state.communication, state.playbook.communication
    if talk is None:
        return None
    due = talk.due if not state.ended else None
    return CommunicationView(
        communicator=communicator(state),
        due=due,
        state="" if due is None else _rhythm(state, talk, due),
        postponed=talk.postponed,
        updates=tuple(
            UpdateView(audience=audience, seq=each.seq, at=each.at, by=each.by, text=each.text, version=each.version)
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
                receipt_due=each.receipt_due,
                read_by=each.read_by,
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
        released_by=talk.releasers or (policy.release_by if policy is not None else ()),
        version=talk.version,
        drafts=tuple(
            DraftView(
                id=each.id,
                by=each.by,
                audiences=each.audiences,
                digest=each.digest,
                text=each.text,
                customer_text=each.customer_text,
            )
            for each in talk.open_drafts
        ),
        milestones=tuple(_milestone(talk, each) for each in policy.milestones) if policy is not None else (),
        follow_up=_follow_up(talk),
        plan=plan(policy) if policy is not None else (),
    )


def _milestone(talk: Communication, policy: MilestonePolicy) -> MilestoneView:
    known = talk.milestones.get(policy.id)
    if known is None:
        return MilestoneView(id=policy.id, about=policy.about, update="not reached")
    awaited = "late" if known.chased else "due"
    return MilestoneView(
        id=policy.id,
        about=policy.about,
        reached_at=known.reached_at,
        update="given" if known.updated_at is not None else awaited,
        due=known.next_due,
    )


def _follow_up(talk: Communication) -> str:
    waits = [(each.next_due, each) for each in talk.follow_ups.values() if each.next_due is not None]
    if not waits:
        return ""
    at, first = min(waits, key=lambda each: each[0])
    return f"{instant(at)}: {says_follow_up_of(first)}"


def _rhythm(state: Escalation, talk: Communication, due: datetime) -> str:
    if not talk.chased:
        return "on time"
    asked = f"silent, asked {counted(talk.chased, 'time')}"
    lacking = missing(state, due)
    some_have_it = any(each.audience not in lacking for each in talk.stakeholders.values())
    return f"{asked}; missing for {', '.join(lacking)}" if some_have_it and lacking else asked


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
