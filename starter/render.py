"""How answers look on a terminal: calm, few colours, one fact a line. Builds renderables, prints nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from escalation.lifecycle.communication import explain_reason
from escalation.lifecycle.explanation import Explanation
from escalation.lifecycle.incident.rows import incident_rows
from escalation.lifecycle.situation import Situation
from escalation.model.request import NOT_USED, Outcome, Reason, Receipt
from escalation.model.trying import Trying
from escalation.values import format_duration
from starter.layout import Columns, add, columns, grid, headed
from starter.line import Weight, name, names
from starter.ownership import ownership_rows
from starter.sections import SECTIONS
from starter.story import Told
from starter.when import away, offset, show

OUTCOMES = {
    Outcome.OPENED: ("bold green", "opened: people are being told"),
    Outcome.JOINED: ("bold green", "joined one that is open"),
    Outcome.DECLINED: ("bold", "not escalated: the AI may go on"),
    Outcome.NEEDS_INPUT: ("bold yellow", "needs input before people are told"),
}


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


def receipt(answer: Receipt, stands: Situation | None = None, *, below: str = "") -> Group:
    """Show the answer to a request to open; ``stands``: it was given before, and how it stands now."""
    verdict_words = OUTCOMES[answer.outcome]
    stood = ""
    if answer.not_used and answer.at is not None:
        answered = f"request id {answer.request_id} was answered at {answer.at:%Y-%m-%d %H:%M} UTC, for other content"
        verdict_words = ("bold yellow", f"not used: {answered}; what is new needs a request id of its own")
    elif stands is not None and answer.at is not None:
        verdict_words = ("bold", f"the same request as at {answer.at:%Y-%m-%d %H:%M} UTC: nobody is told anew")
    if stands is not None and answer.at is not None:
        stood = f"{stands.outcome}: {stands.why}" if stands.outcome else f"{stands.status}; {stands.accountable}"
    facts = grid(
        [
            ("id", answer.escalation_id),
            ("below", below),
            ("stands", stood),
            ("severity", answer.severity),
            ("level", answer.level),
            ("accountable", name(answer.owner)),
            ("being called", names(answer.called) if not stood else ""),
            ("missing", ", ".join(answer.missing)),
            ("occurrences", str(answer.occurrences) if answer.occurrences > 1 else ""),
            ("playbook", f"{answer.playbook} ({answer.playbook_digest})"),
        ]
    )
    because = answer.because.removesuffix(NOT_USED).removesuffix("; ")
    parts: list[RenderableType] = [verdict(*verdict_words, "" if answer.reasons else because), facts]
    if answer.reasons:
        parts.append(headed("Why", reasons(answer.reasons)))
    if answer.outcome is not Outcome.DECLINED:
        parts += ["", Text(f"Next: escalate watch {answer.escalation_id}", style="dim")]
    return Group(*parts)


def situation(here: Situation, why: Explanation | None, now: datetime, tried: Sequence[Trying] = ()) -> Group:
    """Show where an escalation stands, and what an outside system has not taken yet."""
    state = here.outcome or here.status
    title = Text.assemble((f"[{here.severity}] ", "bold"), (here.headline, "bold"), ("  " + state, "cyan"))
    who = Text(here.why.removeprefix("it has ended: "))
    if not here.outcome:
        who = Text.assemble((names(here.who_acts_next) or "nobody", "bold"), f": {here.why}")
    rows: list[tuple[str, RenderableType | str]] = [
        ("id", here.id),
        ("ended" if here.outcome else "acts next", who),
        ("also asked", "; ".join(f"{names(whom)} ({what})" for what, whom in here.also_asked.items())),
        ("otherwise", f"{show(here.next.at, now)} ({away(here.next.at, now)}): {here.next.what}" if here.next else ""),
        ("stage", f"{here.stage}" + (f", waiting on {here.waiting_on}" if not here.outcome else "")),
        ("level", f"{here.level} ({here.axis})" + (f", path {here.path}" if here.path else "") if here.level else ""),
        ("accountable", name(here.accountable) + ("" if here.owner or here.outcome else " (nobody has taken it yet)")),
        ("being called", names(here.called)),
        *(_roles(here, now)),
        *((f"why {name(person)}", why) for person, why in here.why_they.items()),
        ("not called", "\n".join(here.notes)),
        ("opened", f"{show(here.opened_at, now)} ({away(here.opened_at, now)})" if here.opened_at else ""),
        ("closed", _closed(here, now)),
        ("due", f"{show(here.due_at, now)} ({away(here.due_at, now)})" if here.due_at else ""),
        ("recovery", here.recovery),
        ("critical", Text(here.critical, style="bold red") if here.critical else ""),
        *(incident_rows(here.incident) if here.incident is not None else ()),
        ("milder", here.lowering),
        ("skipped", "\n".join(here.bypassed)),
        ("occurrences", str(here.occurrences) if here.occurrences > 1 else ""),
        ("missing", ", ".join(here.missing) if not here.outcome else ""),
        ("work", here.work.progress if here.work is not None else ""),
        ("needs input", "\n".join(here.work.needs_input) if here.work is not None else ""),
        ("stuck", Text("\n".join(here.work.stuck), style="bold red") if here.work and here.work.stuck else ""),
        ("defects", here.work.defects if here.work is not None else ""),
        ("ticket", " ".join(filter(None, [here.case.ticket, here.case.url])) if here.case else ""),
        ("changed there", here.case_changed),
        ("not yet known", Text("\n".join(here.gaps), style="yellow") if here.gaps and not here.outcome else ""),
        ("being tried", Text("\n".join(_trying(e, now) for e in tried[:_MOST_TRIED]), style="yellow") if tried else ""),
        ("with the ticket", ", ".join(here.case_entries)),
        ("linked", "\n".join(here.links)),
        ("resolution", here.resolution),
        ("playbook", here.playbook),
        ("moved", "\n".join(here.migrations)),
        ("records", here.records),
        ("legal hold", Text("\n".join(here.legal_holds), style="bold") if here.legal_holds else ""),
    ]
    parts: list[RenderableType] = [title, grid(rows)]
    for section in SECTIONS:
        parts += section(here, now)
    if why is not None:
        parts.append(headed("Why", Group(reasons(why.reasons), *map(Text, map(str, why.thresholds)))))
        if why.automations:
            parts.append(headed("Automations that ran", Text("\n".join(why.automations))))
    return Group(*parts)


def _closed(here: Situation, now: datetime) -> str:
    if here.closed_at is None:
        return ""
    took = f", after {format_duration(here.closed_at - here.opened_at)}" if here.opened_at is not None else ""
    return f"{show(here.closed_at, now)} ({away(here.closed_at, now)}){took}"


def _roles(here: Situation, now: datetime) -> Iterable[tuple[str, str]]:
    """Show who has which part; whoever commands an incident stands with the incident."""
    rows = ownership_rows(here.ownership, now) if here.ownership else ()
    twice = {"commander"} if here.incident is not None and not here.incident.stood_down else set()
    return (row for row in rows if row[0] not in twice)


_MOST_TRIED = 10


def _trying(each: Trying, now: datetime) -> str:
    return f"{each}; again {show(each.next_at, now)}" if each.next_at else str(each)


def story(lines: Iterable[Told], now: datetime, since: datetime | None = None) -> Columns:
    """Show a timeline. ``since`` adds how long after that instant each event came."""
    table = columns("#", "when", "by", "what, and why", right=True)
    for line in lines:
        when = offset(line.at - since) if since else show(line.at, now)
        add(table, Text(str(line.seq), style="dim"), when, line.who, told(line))
    return table


def told(line: Told) -> Text:
    """Show what happened, and why in a quieter voice."""
    style = "bold" if line.weight is Weight.TURN else ""
    return Text.assemble((line.what, style), *([(f" - {line.why}", "dim")] if line.why else []))
