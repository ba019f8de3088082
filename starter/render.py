"""How answers look on a terminal: calm, few colours, one fact a line. Builds renderables, prints nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from escalation.lifecycle.communication import explain_reason
from escalation.lifecycle.incident.rows import incident_rows
from escalation.lifecycle.situation import Explanation, Situation
from escalation.lifecycle.update_views import CommunicationView
from escalation.model.request import NOT_USED, Outcome, Reason, Receipt
from escalation.values import format_duration
from starter.ownership import ownership_rows
from starter.story import Told, Weight, name, names
from starter.when import away, offset, show

OUTCOMES = {
    Outcome.OPENED: ("bold green", "opened: people are being told"),
    Outcome.JOINED: ("bold green", "joined one that is open"),
    Outcome.DECLINED: ("bold", "not escalated: the AI may go on"),
    Outcome.NEEDS_INPUT: ("bold yellow", "needs input before people are told"),
}
_CLOCKS = {"breached": "bold red", "warned": "yellow", "paused": "cyan", "met": "dim"}


def grid(rows: Iterable[tuple[str, RenderableType | str]]) -> Table:
    """Lay out labels and values; rows with an empty value are left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        if value != "":
            add(table, label, value)
    return table


def columns(*headings: str) -> Table:
    """Return an empty table with headings and no lines."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def add(table: Table, *cells: RenderableType | str) -> None:
    """Add a row; text of others is never read as markup."""
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))


def headed(title: str, body: RenderableType) -> Group:
    """Put a heading above something, which is set in."""
    return Group("", Text(title, style="bold"), Padding(body, (0, 0, 0, 2), expand=False))


def reasons(found: Sequence[Reason]) -> Group:
    """List reasons, one a line."""
    return Group(*(Text(explain_reason(reason)) for reason in found))


CONSIDERED = {
    Outcome.OPENED: ("bold", "a person must see this: it would be escalated"),
    Outcome.NEEDS_INPUT: ("bold yellow", "it would be escalated, but needs input before people are told"),
    Outcome.DECLINED: OUTCOMES[Outcome.DECLINED],
}


def verdict(style: str, words: str, because: str) -> Text:
    """Say what became of a request."""
    return Text.assemble((words, style), *([] if not because else ["\n", because]))


def receipt(answer: Receipt) -> Group:
    """Show the answer to a request to open."""
    facts = grid(
        [
            ("id", answer.escalation_id),
            ("severity", answer.severity),
            ("level", answer.level),
            ("accountable", name(answer.owner)),
            ("being called", names(answer.called)),
            ("missing", ", ".join(answer.missing)),
            ("occurrences", str(answer.occurrences) if answer.occurrences > 1 else ""),
            ("playbook", f"{answer.playbook} ({answer.playbook_digest})"),
            ("note", NOT_USED if answer.reasons and answer.because.endswith(NOT_USED) else ""),
        ]
    )
    parts: list[RenderableType] = [verdict(*OUTCOMES[answer.outcome], "" if answer.reasons else answer.because), facts]
    if answer.reasons:
        parts.append(headed("Why", reasons(answer.reasons)))
    if answer.outcome is not Outcome.DECLINED:
        parts += ["", Text(f"Next: escalate watch {answer.escalation_id}", style="dim")]
    return Group(*parts)


def situation(here: Situation, why: Explanation | None, now: datetime) -> Group:
    """Show where an escalation stands."""
    state = here.outcome or here.status
    title = Text.assemble((f"[{here.severity}] ", "bold"), (here.headline, "bold"), ("  " + state, "cyan"))
    who = Text(here.why.removeprefix("it has ended: "))
    if not here.outcome:
        who = Text.assemble((names(here.who_acts_next) or "nobody", "bold"), f": {here.why}")
    rows: list[tuple[str, RenderableType | str]] = [
        ("id", here.id),
        ("ended" if here.outcome else "acts next", who),
        ("otherwise", f"{show(here.next.at, now)} ({away(here.next.at, now)}): {here.next.what}" if here.next else ""),
        ("stage", f"{here.stage}" + (f", waiting on {here.waiting_on}" if not here.outcome else "")),
        ("level", f"{here.level} ({here.axis})" + (f", path {here.path}" if here.path else "") if here.level else ""),
        ("accountable", name(here.accountable) + ("" if here.owner else " (nobody has taken it yet)")),
        ("being called", names(here.called)),
        *(ownership_rows(here.ownership, now) if here.ownership else ()),
        *((f"why {name(person)}", why) for person, why in here.why_they.items()),
        ("not called", "\n".join(here.notes)),
        ("opened", f"{show(here.opened_at, now)} ({away(here.opened_at, now)})" if here.opened_at else ""),
        ("due", f"{show(here.due_at, now)} ({away(here.due_at, now)})" if here.due_at else ""),
        ("recovery", here.recovery),
        ("critical", Text(here.critical, style="bold red") if here.critical else ""),
        *(incident_rows(here.incident) if here.incident is not None else ()),
        ("milder", here.lowering),
        ("skipped", "\n".join(here.bypassed)),
        ("occurrences", str(here.occurrences) if here.occurrences > 1 else ""),
        ("missing", ", ".join(here.missing)),
        ("ticket", " ".join(filter(None, [here.case.ticket, here.case.url])) if here.case else ""),
        ("linked", "\n".join(here.links)),
        ("resolution", here.resolution),
        ("playbook", here.playbook),
    ]
    parts: list[RenderableType] = [title, grid(rows)]
    if here.clocks:
        parts.append(headed("Clocks", _clocks(here, now)))
    if here.gates:
        parts.append(headed("Approvals", _gates(here, now)))
    if here.items:
        table = columns("item", "owner", "due", "", "")
        for item in here.items:
            add(table, item.id, name(item.owner), show(item.due, now), "done" if item.done else "open", item.title)
        parts.append(headed("Action items", table))
    if here.communication is not None:
        parts += _communication(here.communication, now)
    if why is not None:
        parts.append(headed("Why", Group(reasons(why.reasons), *map(Text, map(str, why.thresholds)))))
        if why.automations:
            parts.append(headed("Automations that ran", Text("\n".join(why.automations))))
    return Group(*parts)


def _clocks(here: Situation, now: datetime) -> Table:
    table = columns("clock", "limit", "", "left", "", "waits for")
    for clock in here.clocks:
        met = clock.state == "met"
        because = f" by {name(clock.paused_by)}: {clock.paused_because}" if clock.paused_by else ""
        closed = f", stands still until {show(clock.closed_until, now)}" if clock.closed_until else ""
        paused = f", paused for {_long(clock.paused_for)} in all" if clock.paused_for else ""
        state = Text(f"{clock.state}{because}{closed}{paused}", style=_CLOCKS.get(clock.state, ""))
        hours = f" of {clock.calendar} hours" if clock.calendar else ""
        # The view is as old as the last thing that happened; what runs in wall time has gone on since.
        goes_on = not clock.calendar and clock.state != "paused"
        remaining = (clock.due - now).total_seconds() if goes_on else clock.left
        left = "" if met else f"{_long(remaining)}{hours}"
        add(table, clock.name, show(clock.due, now), "" if met else away(clock.due, now), left, state, clock.waits_for)
    return table


def _communication(talk: CommunicationView, now: datetime) -> Iterable[RenderableType]:
    due = (
        f"{show(talk.due, now)} ({away(talk.due, now)}) by {name(talk.communicator)}, {talk.state}" if talk.due else ""
    )
    rows = [("next update", due + (f"; put off: {talk.postponed}" if talk.postponed else ""))]
    rows += [(f"to {each.audience}", f"{show(each.at, now)} by {name(each.by)}: {each.text}") for each in talk.updates]
    rows += [
        (f"summary {each.id}", f"{each.point}: {f'due {show(each.due, now)}' if each.due else 'filed'}")
        for each in talk.summaries
    ]
    yield headed("Communication", grid(rows))
    if talk.stakeholders:
        table = columns("stakeholder", "audience", "told from", "who", "", "answer until")
        for each in talk.stakeholders:
            until = show(each.reply_due, now) if each.reply_due else ""
            add(table, each.name, each.audience, each.because, names(each.people), each.state, until)
        yield headed("Stakeholders", table)


def _long(seconds: float) -> str:
    return format_duration(timedelta(seconds=seconds))


def _gates(here: Situation, now: datetime) -> Table:
    table = columns("approval", "round", "state", "decide until", "approvers", "digest", "asks")
    for gate in here.gates:
        state = "; ".join(filter(None, [gate.state, *gate.decided])) if gate.state == "pending" else gate.state
        until = show(gate.due, now) if gate.state == "pending" else ""
        add(table, gate.id, str(gate.round), state, until, names(gate.approvers), gate.digest, gate.asks)
    return table


def story(lines: Iterable[Told], now: datetime, since: datetime | None = None) -> Table:
    """Show a timeline. ``since`` adds how long after that instant each event came."""
    table = columns("#", "when", "by", "what, and why")
    table.columns[0].justify = "right"
    for line in lines:
        when = offset(line.at - since) if since else show(line.at, now)
        add(table, Text(str(line.seq), style="dim"), when, line.who, told(line))
    table.columns[1].no_wrap = table.columns[2].no_wrap = True
    return table


def told(line: Told) -> Text:
    """Show what happened, and why in a quieter voice."""
    style = "bold" if line.weight is Weight.TURN else ""
    return Text.assemble((line.what, style), *([(f" — {line.why}", "dim")] if line.why else []))
