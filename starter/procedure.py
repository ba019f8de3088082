"""A playbook as people read it: the procedure that it stands for, section by section."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from escalation.lifecycle.timing.clock_views import WAITS_FOR
from escalation.playbook.automation import Automation, Doing
from escalation.playbook.clocks import LEVEL_UP, TELL, ClockPolicy, StatusLimit
from escalation.playbook.load import Loaded
from escalation.playbook.schema import Playbook, Threshold
from escalation.playbook.severity import SeverityLevel
from escalation.values import format_duration
from starter import layout, procedure_ownership
from starter import procedure_ladder as ladder
from starter.line import name, names
from starter.procedure_approvals import gates
from starter.procedure_communication import communication


def procedure(loaded: Loaded) -> Group:
    """Write a playbook as a procedure to read; sections that it does not have are left out."""
    book = loaded.playbook
    head = layout.grid(
        [
            ("playbook", f"{book.playbook} version {book.version}, {book.status} ({loaded.digest})"),
            ("file", str(loaded.file)),
            ("for", f"{book.department or 'any department'}, {book.audience}"),
            ("owner", name(book.owner)),
        ]
    )
    description = [Text(book.description)] if book.description else []
    sections = (layout.headed(title, part(book)) for title, there, part in _SECTIONS if there(book))
    return Group(Text(f"{book.title}", style="bold"), *description, head, *sections)


def _triggers(book: Playbook) -> Group:
    table = layout.columns("trigger", "what", "when", "first level")
    for trigger in book.triggers:
        layout.add(table, trigger.id, trigger.about, Text(trigger.when.strip(), style="dim"), trigger.level or "")
    parts: list[RenderableType] = [table]
    for source, thresholds in (("", book.confidence), *book.confidence_by_source.items()):
        if thresholds:
            limits = ", ".join(f"{risk} {_agreed(threshold)}" for risk, threshold in thresholds.items())
            of = f" of {source}" if source else ""
            parts.append(Text(f"The AI{of} may go on from this confidence up, by risk: {limits}."))
    if book.keywords:
        languages = sorted({language for words in book.keywords.values() for language in words})
        parts.append(Text(f"Words that count: {', '.join(book.keywords)}; in {', '.join(languages)}."))
    return Group(*parts)


def _agreed(threshold: Threshold) -> str:
    agreed = ", ".join(filter(None, (threshold.agreed_by, threshold.agreed_on)))
    return f"{threshold.below:g}" + (f" ({agreed})" if agreed else "")


def _severity(book: Playbook) -> Group:
    table = layout.columns("severity", "also called", "what", "when")
    for level in book.severity.scale:
        chosen = [rule for rule in book.severity.rules if book.severity.find(rule.severity) == level]
        said = [rule.when.strip() + " (beats the others)" * rule.override for rule in chosen]
        rules = " or ".join([*said, *_cells(book, level)])
        waits = " (its pages wait for working hours)" * level.waits_for_hours
        layout.add(table, level.name, ", ".join(level.aliases), level.about + waits, Text(rules, style="dim"))
    lowering = book.severity.lowering
    milder = f" Milder only with approval {lowering.gate}." if lowering else ""
    return Group(table, Text(f"Otherwise {book.severity.default}.{milder}"))


def _cells(book: Playbook, level: SeverityLevel) -> Iterator[str]:
    """Say which cells of the severity's table name a level."""
    table = book.severity.table
    for row, line in table.cells.items() if table is not None else ():
        columns = [column for column, word in line.items() if book.severity.find(word) == level]
        if columns and table is not None:
            yield f"{table.rows} {row} and {table.columns} {', '.join(columns)}"


def _context(book: Playbook) -> RenderableType:
    within = format_duration(book.context.complete_within)
    text = f"{', '.join(book.context.required)}. The requester has {within} to complete it."
    if book.context.incomplete_allowed:
        text += f" Told at once although incomplete when {book.context.incomplete_allowed}."
    table = layout.columns("field", "what", "required")
    for field, policy in book.fields.items():
        if policy.required or policy.required_when:
            when = f"when {policy.required_when}" if policy.required_when else "always"
            layout.add(table, field, policy.about or ", ".join(policy.values), Text(when, style="dim"))
    return Group(Text(text), *([table] if table.row_count else []))


def _bypass(book: Playbook) -> Text:
    bypass = book.bypass
    if bypass is None:
        return Text()
    who = names(bypass.allowed) or "whoever works on it"
    when = "" if bypass.when == "true" else f" when {bypass.when}"
    after = f"{name(bypass.review_by)} looks at it within {format_duration(bypass.review_within)}"
    return Text(f"{who} may skip {', '.join(bypass.skip)}{when}, with a reason; {after}.")


def _critical(book: Playbook) -> Text:
    critical = book.critical_incident
    return Text(f"{critical.because}: {critical.when}" if critical is not None else "")


def _recoveries(book: Playbook) -> RenderableType:
    table = layout.columns("recovery", "what", "when", "script", "within", "approval")
    for each in book.recoveries:
        within, when = format_duration(each.within), Text(each.when, style="dim")
        layout.add(table, each.id, each.about, when, each.script, within, each.approval or "none")
    return table


def _work(book: Playbook) -> RenderableType:
    table = layout.columns("item", "what", "kind", "comes", "only when", "whose", "within", "after", "counts when")
    for each in book.work:
        comes = f"in {each.at}" if each.at is not None else ", ".join(each.on).replace("_", " ")
        counts = [f"{names(each.approvers)} approves"] if each.approvers else []
        counts += [f"{names(each.confirmed_by)} says so"] if each.confirmed_by else []
        counts += [each.check] if each.check is not None else []
        layout.add(
            table,
            each.id,
            each.title + (f" (before the {each.before})" if each.before else ""),
            " ".join(filter(None, (each.kind, each.area, each.label))),
            comes,
            Text("" if each.when == "true" else each.when, style="dim"),
            name(each.owner),
            format_duration(each.due),
            ", ".join(each.after),
            "; ".join(counts),
        )
    return table


def _statuses(book: Playbook) -> RenderableType:
    then = {StatusLimit.REMIND: "the owner is reminded", StatusLimit.LEVEL_UP: "it goes up a level"}
    table = layout.columns("status", "at most", "then")
    for status, policy in book.timed_statuses.items():
        layout.add(table, status, format_duration(policy.within) if policy.within else "", then[policy.then])
    return table


def _clocks(book: Playbook) -> RenderableType:
    severities = [level.name for level in book.severity.scale]
    table = layout.columns("clock", "counts from", *severities, "waits for", "at the limit")
    for clock, policy in book.clocks.items():
        limits = [policy.allowed(severity) for severity in severities]
        of = f" of {policy.calendar}" if policy.calendar else ""
        layout.add(
            table,
            clock,
            policy.starts.replace("_", " "),
            *(f"{format_duration(limit)}{of}" if limit else _no_limit(policy) for limit in limits),
            WAITS_FOR[policy.ends(clock)] + (f", while {policy.when}" if policy.when else ""),
            _at_the_limit(policy),
        )
    return table


def _no_limit(policy: ClockPolicy) -> str:
    return "due date" if policy.limit == "due_at" else "-"


def _at_the_limit(policy: ClockPolicy) -> str:
    then = {LEVEL_UP: "it goes up a level", TELL: "the accountable is told"}
    said = [
        then.get(policy.on_breach, f"it goes to {policy.on_breach} at least"),
        f"{names(policy.tell)} told" if policy.tell else "",
        f"reminded {' and '.join(map(format_duration, policy.remind))} before" if policy.remind else "",
        f"paused by {', '.join(policy.paused_by)}" if policy.paused_by else "",
    ]
    return "; ".join(filter(None, said))


def automations_table(automations: Iterable[Automation]) -> RenderableType:
    """Show automations: what they listen to, when they run, and what they do."""
    table = layout.columns("automation", "what", "on", "when", "does")
    for each in automations:
        at = f"at {', '.join(each.severity)}" if each.severity else ""
        only = f"of {', '.join(each.which)}" if each.which else ""
        when = each.when if each.when != "true" else ""
        layout.add(
            table,
            each.id + ("" if each.enabled else " (off)"),
            each.about,
            ", ".join(each.on),
            Text("\n".join(filter(None, [at, only, when])), style="dim"),
            "\n".join(map(_does, each.then)),
        )
    return table


def _does(action: Doing) -> str:
    said = action.model_dump(exclude_defaults=True, exclude={"id", "do"})
    return f"{action.do.replace('_', ' ')}: {'; '.join(map(_value, said.values()))}"


def _value(value: object) -> str:
    if isinstance(value, timedelta):
        return f"within {format_duration(value)}"
    return names(value) if isinstance(value, tuple) else str(value)


def _raci(book: Playbook) -> RenderableType:
    table = layout.columns("stage", "responsible", "accountable", "consulted", "informed")
    for stage, row in book.raci.items():
        layout.add(
            table, stage, names(row.responsible), name(row.accountable), names(row.consulted), names(row.informed)
        )
    return table


def _end(book: Playbook) -> Text:
    asked = {
        "customer": "The customer says whether it is solved",
        "requester": "Whoever asked says whether it is solved",
        "nobody": "Nobody is asked whether it is solved",
    }[book.resolution.confirmed_by]
    within = format_duration(book.resolution.confirm_within)
    silence = {"confirmed": "silence means yes", "owner_told": "silence means that the owner asks again"}
    review = f"review ({', '.join(book.review.requires)}) within {format_duration(book.review.due)}"
    if book.review.starts == "stable":
        review += ", begun while the resolution waits to be confirmed"
    if (feedback := book.review.feedback) is not None:
        review += f"; {', '.join(feedback.of)} are asked how it went, for {format_duration(feedback.within)} at most"
    hold = f"On hold it may be for {format_duration(book.hold_at_most)} at most."
    return Text(f"{asked}, within {within}; {silence[book.resolution.on_silence]}. Then a {review}. {hold}")


_SECTIONS: tuple[tuple[str, Callable[[Playbook], object], Callable[[Playbook], RenderableType]], ...] = (
    ("When a person must see it", lambda book: book.triggers, _triggers),
    ("How bad it is", lambda book: book.severity, _severity),
    ("What must travel along", lambda book: book.context, _context),
    ("Who is told", lambda book: book.levels, ladder.levels),
    ("Who answers for what, and may hand it up", ladder.has_powers, ladder.powers_of),
    ("Sent elsewhere", lambda book: book.routing, ladder.routing),
    ("Which way it goes", lambda book: book.paths, ladder.paths),
    ("What differs by severity and time", lambda book: book.matrix, ladder.matrix_of),
    ("Who must have heard of it by when", lambda book: book.decision_makers, ladder.decision_makers),
    ("In an emergency", lambda book: book.bypass, _bypass),
    ("What needs an approval", lambda book: book.gates, gates),
    ("What is a critical incident", lambda book: book.critical_incident, _critical),
    ("What happens by itself", lambda book: book.automations, lambda book: automations_table(book.automations)),
    ("What has to be done", lambda book: book.work, _work),
    ("What a script may mend", lambda book: book.recoveries, _recoveries),
    ("How long it may take", lambda book: book.clocks, _clocks),
    ("How long a status may last", lambda book: book.timed_statuses, _statuses),
    ("Who is kept informed", lambda book: book.communication, communication),
    ("Who answers for it", lambda book: book.raci, _raci),
    ("What each step needs, and how it is handed over", lambda book: book.levels, procedure_ownership.handing_over),
    ("What an AI may do", lambda book: book.activities, procedure_ownership.activities),
    ("When it is over", lambda book: book.resolution, _end),
)
"""Title, whether the playbook has it, and how it is written."""
