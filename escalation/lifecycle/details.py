"""The situation as Markdown, for the current details of a run in Temporal's UI."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from escalation.lifecycle.approvals.approval_views import GateView
from escalation.lifecycle.communication import explain_reason
from escalation.lifecycle.hindsight.review_views import ReviewView
from escalation.lifecycle.incident.rows import incident_rows
from escalation.lifecycle.situation import Situation, situation
from escalation.lifecycle.statements.update_views import CommunicationView
from escalation.lifecycle.timeline.overview import OpenView
from escalation.lifecycle.timing.clock_views import ClockView
from escalation.lifecycle.work.work_views import ItemView
from escalation.model.approval import HOW
from escalation.model.state import Escalation
from escalation.values import format_duration


def markdown(state: Escalation, now: datetime) -> str:
    """Write the situation as Markdown for the current details in Temporal's UI.

    Lists only: the UI draws tables without any space between their columns.
    """
    here = situation(state, now)
    lines = [
        f"### {_said(f'{here.severity} · {here.status}')}" + (f" · {here.level}" if here.level else ""),
        "",
        f"- **Who acts next:** {_said(', '.join(here.who_acts_next)) or 'nobody'} - {_said(here.why)}",
        f"- **Accountable:** {_said(here.accountable)}",
    ]
    if here.also_asked:
        asked = "; ".join(f"{', '.join(whom)} ({what})" for what, whom in here.also_asked.items())
        lines.append(f"- **Also asked:** {_said(asked)}")
    if here.called:
        lines.append(f"- **Being called:** {_said(', '.join(here.called))}")
    lines += [f"- **Why {person}:** {_said(why)}" for person, why in here.why_they.items()]
    lines += [f"- {_said(note)}" for note in here.notes]
    if here.next is not None:
        lines.append(f"- **If nobody acts:** {_instant(here.next.at)}, {_said(here.next.what)}")
    if here.due_at is not None:
        lines.append(f"- **Due:** {_instant(here.due_at)}")
    if here.recovery:
        lines.append(f"- **Recovery:** {_said(here.recovery)}")
    if here.critical:
        lines.append(f"- **Critical incident:** {_said(here.critical)}")
    lines += _incident_lines(here)
    if here.lowering:
        lines.append(f"- **To become milder:** {_said(here.lowering)}")
    lines += _case_lines(here)
    if here.resolution:
        lines.append(f"- **Resolution:** {_said(here.resolution)}")
    lines += _section("Clocks", [_clock_line(clock) for clock in here.clocks])
    lines += _section("Approvals", [_gate_line(gate) for gate in here.gates])
    lines += _section("Work items", [_item_line(item) for item in here.items])
    if here.work is not None:
        lines += _section("Stuck", [_said(each) for each in here.work.stuck])
    lines += _section("Blockers", [_open_line(each) for each in here.blockers])
    lines += _section("Unanswered questions", [_open_line(each) for each in here.questions])
    if here.communication is not None:
        lines += _section("Communication", list(_communication_lines(here.communication)))
    if here.review is not None:
        lines += _section("Review", list(_review_lines(here.review)))
    lines += _section("Linked", [_said(link) for link in here.links])
    lines += _section("Why it was escalated", [_said(explain_reason(reason)) for reason in state.reasons])
    lines += ["", f"Playbook {here.playbook}"]
    lines += [f"- moved {_said(each)}" for each in here.migrations]
    return "\n".join(lines)


def _case_lines(here: Situation) -> Iterator[str]:
    if here.missing:
        yield f"- **Missing from the packet:** {_said(', '.join(here.missing))}"
    for gap in here.gaps:
        yield f"- **Not yet known:** {_said(gap)}"
    if here.case_changed:
        yield f"- **Ticket:** {_said(here.case_changed)}"


def _incident_lines(here: Situation) -> list[str]:
    rows = incident_rows(here.incident) if here.incident is not None else ()
    return [f"- **{label}:** {_said(text)}" for label, text in rows]


def _section(title: str, rows: list[str]) -> list[str]:
    """Put a title over a list; the empty lines are what makes it one."""
    return ["", f"**{title}**", "", *(f"- {row}" for row in rows)] if rows else []


def _clock_line(clock: ClockView) -> str:
    because = f" by {_said(clock.paused_by)} ({_said(clock.paused_because)})" if clock.paused_by else ""
    hours = f" of {clock.calendar} hours" if clock.calendar else ""
    closed = f", stands still until {_instant(clock.closed_until)}" if clock.closed_until else ""
    waits = f", waits for {clock.waits_for}" if clock.state not in ("met", "breached", "stopped") else ""
    paused = f", paused for {format_duration(timedelta(seconds=clock.paused_for))} in all" if clock.paused_for else ""
    return f"**{clock.name}**{hours}: {clock.state}{because}, limit {_instant(clock.due)}{waits}{closed}{paused}"


def _gate_line(gate: GateView) -> str:
    said = (*gate.decided, *(f"chosen: {choice}" for choice in (gate.choice,) if choice), *gate.passed_on)
    decided = f", {'; '.join(said)}" if said else ""
    until = f", decide until {_instant(gate.due)}" if gate.state == "pending" else ""
    asks = f" - {_said(gate.asks)}" if gate.asks else ""
    return f"**{gate.id}** (round {gate.round}): {HOW.get(gate.state, gate.state)}{_said(decided)}{until}{asks}"


def _item_line(item: ItemView) -> str:
    states = [item.state, item.approval, f"{item.defect} defect" if item.defect else "", item.why]
    state = _said(", ".join(filter(None, states)).replace("_", " "))
    done = state if item.done else f"{state}, due {_instant(item.due)}"
    return f"**{item.id}** {_said(item.title)} ({_said(item.owner)}): {done}"


def _open_line(entry: OpenView) -> str:
    ai = "AI output of " if entry.ai else ""
    return f"**#{entry.ref.rpartition('#')[2]}** {ai}{_said(entry.by)}: {_said(entry.text)}"


def _communication_lines(talk: CommunicationView) -> Iterator[str]:
    if talk.due is not None:
        postponed = f", put off: {_said(talk.postponed)}" if talk.postponed else ""
        yield f"**Next update** by {_said(talk.communicator)}: due {_instant(talk.due)}, {talk.state}{postponed}"
    for update in talk.updates:
        yield f"**{update.audience}** at {_instant(update.at)} by {_said(update.by)}: {_said(update.text[:300])}"
    for each in talk.stakeholders:
        until = f" until {_instant(each.reply_due)}" if each.reply_due else ""
        yield f"**{each.name}** ({each.audience}): {each.state}{until}"
    for summary in talk.summaries:
        due = f"due {_instant(summary.due)}" if summary.due else "filed"
        yield f"**Summary {summary.id}** ({summary.point}): {due}"


def _review_lines(review: ReviewView) -> Iterator[str]:
    for part in review.draft:
        yield f"**{part.part}** drafted by {_said(part.by)}{' (an AI)' if part.by_ai else ''}: {_said(part.text[:300])}"
    for lesson in review.lessons:
        whose = f" ({_said(lesson.owner)})" if lesson.owner else ""
        yield f"**{lesson.id}** {_said(lesson.what[:300])}{whose}: {lesson.kind}, {_said(lesson.state)}"
    if review.labels:
        yield f"**Looking back:** {_said(review.labels)}"
    if review.late:
        yield f"**Late:** {_said(review.late)}"
    if review.awaited:
        yield f"**Asked how it went:** {_said(', '.join(review.awaited))}"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


_MARKUP = re.compile(r"[\\`*\[\]<>|#~]|(?<!\w)_|_(?!\w)")
"""What Markdown would read as its own; a ``_`` within a word is none."""


def _said(text: str) -> str:
    """Show words of people as they were written, on one line."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))
