"""The sections of an escalation as `escalate show` has them, each only where there is something to show."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from rich.console import RenderableType
from rich.text import Text

from escalation.lifecycle.situation import Situation
from escalation.lifecycle.statements.plan import PlanRow
from escalation.lifecycle.timeline.overview import OpenView
from escalation.model.approval import HOW
from escalation.values import format_duration
from starter.layout import Columns, add, columns, grid, headed
from starter.line import name, names
from starter.when import away, show

_CLOCKS = {"breached": "bold red", "warned": "yellow", "paused": "cyan", "met": "dim", "stopped": "dim"}


def _clocks(here: Situation, now: datetime) -> Iterator[RenderableType]:
    if not here.clocks:
        return
    table = columns("clock", "limit", "", "left", "", "waits for")
    for clock in here.clocks:
        met = clock.state in ("met", "stopped")
        because = f" by {name(clock.paused_by)}: {clock.paused_because}" if clock.paused_by else ""
        closed = f", stands still until {show(clock.closed_until, now)}" if clock.closed_until else ""
        paused = f", paused for {_long(clock.paused_for)} in all" if clock.paused_for else ""
        state = Text(f"{clock.state}{because}{closed}{paused}", style=_CLOCKS.get(clock.state, ""))
        hours = f" of {clock.calendar} hours" if clock.calendar else ""
        # The view is as old as the last thing that happened; what runs in wall time has gone on since.
        goes_on = not clock.calendar and clock.state != "paused"
        remaining = (clock.due - now).total_seconds() if goes_on else clock.left
        waits_for = "" if clock.state == "stopped" else clock.waits_for
        left = "" if met else f"{_long(remaining)}{hours}"
        add(table, clock.name, show(clock.due, now), "" if met else away(clock.due, now), left, state, waits_for)
    yield headed("Clocks", table)


def _gates(here: Situation, now: datetime) -> Iterator[RenderableType]:
    if not here.gates:
        return
    table = columns("approval", "round", "state", "decide until", "approvers", "digest", "asks")
    for gate in here.gates:
        must = f"{gate.must} must approve" if gate.must else ""
        passed_on = (f"passed on: {each}" for each in gate.passed_on)
        late = [must, *gate.decided, *passed_on] if gate.state == "pending" else [gate.choice]
        state = "; ".join(filter(None, [HOW.get(gate.state, gate.state), *late]))
        until = show(gate.due, now) if gate.state == "pending" else ""
        add(table, gate.id, str(gate.round), state, until, names(gate.approvers), gate.digest, gate.asks)
    yield headed("Approvals", table)


def _actions(here: Situation, now: datetime) -> Iterator[RenderableType]:
    if not here.actions:
        return
    table = columns("action", "asked by", "state", "until", "", "digest")
    for each in here.actions:
        given = ", ".join(f"{key}={value}" for key, value in each.arguments.items())
        until = show(each.valid_until, now) if each.valid_until else ""
        what = f"{each.action} {given}".strip() + (f": {each.because}" if each.because else "")
        add(table, each.id, name(each.by), each.state, until, what, each.digest)
    yield headed("Actions asked for", table)


def _items(here: Situation, now: datetime) -> Iterator[RenderableType]:
    if not here.items:
        return
    table = columns("item", "owner", "due", "", "", "")
    for item in here.items:
        state = ", ".join(filter(None, (item.state, item.approval, item.defect))).replace("_", " ")
        what = _with(item.title, item.entries)
        add(table, item.id, name(item.owner), show(item.due, now), state, what, item.why)
    yield headed("Work items", table)


def _with(title: str, entries: Sequence[str]) -> str:
    return f"{title} ({', '.join(entries)})" if entries else title


def _review(here: Situation, now: datetime) -> Iterator[RenderableType]:
    review = here.review
    if review is None:
        return
    if review.submitted_by is not None:
        at = f", {show(review.submitted_at, now)}" if review.submitted_at is not None else ""
        rows = [("handed in", f"by {name(review.submitted_by)}{at}")]
        rows += [("impact", review.impact), ("cause", review.cause), ("resolution", review.resolution)]
    else:
        rows = [(each.part, f"{each.text} ({name(each.by)}{', an AI' if each.by_ai else ''})") for each in review.draft]
    until = f" until {show(review.awaited_until, now)}" if review.awaited_until else ""
    rows += [
        ("looking back", review.labels),
        ("late", review.late),
        ("rated", "\n".join(review.ratings)),
        ("asked how it went", f"{names(review.awaited)}{until}" if review.awaited else ""),
    ]
    if any(text for _, text in rows):
        yield headed("Review", grid(rows))
    if review.lessons:
        table = columns("lesson", "changes", "owner", "due", "", "")
        for each in review.lessons:
            due = show(each.due, now) if each.due else ""
            add(table, each.id, each.kind, name(each.owner) if each.owner else "", due, each.state, each.what)
        yield headed("Lessons", table)


def _waiting(here: Situation, now: datetime) -> Iterator[RenderableType]:
    for heading, waiting in (("Blockers", here.blockers), ("Unanswered questions", here.questions)):
        if waiting:
            yield headed(heading, open_entries(waiting, now))


def open_entries(waiting: Iterable[OpenView], now: datetime) -> Columns:
    """Show blockers or questions that wait."""
    table = columns("#", "since", "by", "")
    for each in waiting:
        ai = "AI output: " if each.ai else ""
        add(table, each.ref.rpartition("#")[2], show(each.at, now), name(each.by), f"{ai}{each.text}")
    return table


def _communication(here: Situation, now: datetime) -> Iterator[RenderableType]:
    talk = here.communication
    if talk is None:
        return
    due = (
        f"{show(talk.due, now)} ({away(talk.due, now)}) by {name(talk.communicator)}, {talk.state}" if talk.due else ""
    )
    rows = [("next update", due + (f"; put off: {talk.postponed}" if talk.postponed else ""))]
    rows += [(f"to {each.audience}", f"{show(each.at, now)} by {name(each.by)}: {each.text}") for each in talk.updates]
    rows += [
        (f"summary {each.id}", f"{each.point}: {f'due {show(each.due, now)}' if each.due else 'filed'}")
        for each in talk.summaries
    ]
    rows += [("released by", names(talk.released_by)), ("afterwards", talk.follow_up)]
    rows += [
        (f"milestone {each.id}", f"{each.update}{f', until {show(each.due, now)}' if each.due else ''}: {each.about}")
        for each in talk.milestones
    ]
    yield headed("Communication", grid(rows))
    if talk.drafts:
        table = columns("draft", "by", "for", "digest", "for colleagues", "for customers")
        for draft in talk.drafts:
            audiences = ", ".join(draft.audiences)
            add(table, draft.id, name(draft.by), audiences, draft.digest, draft.text, draft.customer_text)
        yield headed("Drafts to be released", table)
    if talk.stakeholders:
        table = columns("stakeholder", "audience", "told from", "who", "", "answer until", "read")
        for each in talk.stakeholders:
            until = show(each.reply_due, now) if each.reply_due else ""
            read = f"confirm until {show(each.receipt_due, now)}" if each.receipt_due else names(each.read_by)
            add(table, each.name, each.audience, each.because, names(each.people), each.state, until, read)
        yield headed("Stakeholders", table)
    if talk.plan:
        yield headed("Communication plan", plan_table(talk.plan))


def plan_table(rows: Iterable[PlanRow]) -> Columns:
    """Show a communication plan."""
    table = columns("audience", "reads", "who", "when", "text", "channels", "cadence", "expected")
    for row in rows:
        add(table, row.audience, row.reads, row.who, row.when, row.text, row.channels, row.cadence, row.answer)
    return table


def _long(seconds: float) -> str:
    return format_duration(timedelta(seconds=seconds))


SECTIONS: tuple[Callable[[Situation, datetime], Iterator[RenderableType]], ...] = (
    _clocks,
    _gates,
    _actions,
    _items,
    _review,
    _waiting,
    _communication,
)
