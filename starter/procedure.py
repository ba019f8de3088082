"""A playbook as people read it: the procedure that it stands for, section by section."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from escalation.choice import Choose, Criterion
from escalation.lifecycle.ladder import powers
from escalation.lifecycle.statements.plan import plan
from escalation.lifecycle.timing.clock_views import WAITS_FOR
from escalation.playbook.automation import Automation, Doing
from escalation.playbook.clocks import LEVEL_UP, TELL, ClockPolicy, StatusLimit
from escalation.playbook.communication import CommunicationPolicy, Rhythm, Stakeholder
from escalation.playbook.gates import GatePolicy
from escalation.playbook.ladder import LevelPolicy
from escalation.playbook.load import Loaded
from escalation.playbook.schema import Playbook, Threshold
from escalation.playbook.severity import SeverityLevel
from escalation.values import format_duration
from starter import layout, procedure_ownership, sections
from starter.story import name, names


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


def _chosen(choose: Choose | None) -> str:
    if choose is None or choose.by == (Criterion.EVERYBODY,):
        return ": all of them" if choose is not None else ""
    return f": {choose.take or 1} of them, by {', '.join(choose.by)}".replace("_", " ")


def _levels(book: Playbook) -> Group:
    table = layout.columns("level", "title", "who", "answer within", "rounds", "up after", "up at once when")
    for level in book.levels:
        layout.add(
            table,
            level.id,
            level.title,
            names(level.targets) + _chosen(level.choose),
            format_duration(level.ack),
            str(level.repeat + 1),
            format_duration(level.dwell),
            Text(level.up_when or "", style="dim"),
        )
    last = book.levels[-1]
    said = [f"{level.id}: {also}" for level in book.levels if (also := _also(level))]
    said += [f"If even {last.id} is silent: {name(last.last_resort or book.owner)}, again and again.", _needs(book)]
    return Group(table, *(Text(each) for each in said if each))


def _needs(book: Playbook) -> str:
    """Say which facts say what a case needs of people, where people are chosen by it."""
    chosen = {by for level in book.levels if level.choose is not None for by in level.choose.by}
    skills = f"Skills are read from {', '.join(book.needs.skills)}." if Criterion.SKILL in chosen else ""
    amounts = "; ".join(f"{kind} by {fact}" for kind, fact in book.needs.authority.items())
    return " ".join(filter(None, [skills, f"Amounts to decide on: {amounts}." if amounts else ""]))


def _also(level: LevelPolicy) -> str:
    """Say what few levels have."""
    said = [
        f"times run in {level.calendar} hours" if level.calendar else "",
        f"by {', '.join(level.channels)} first" if level.channels else "",
        f"a sign of life of the owner every {format_duration(level.ack_lasts)}" if level.ack_lasts else "",
        f"{name(level.last_resort)} when nobody answers" if level.last_resort else "",
    ]
    return "; ".join(filter(None, said))


def _has_powers(book: Playbook) -> bool:
    return any(level.responsible_for or level.may_escalate for level in book.levels)


def _powers(book: Playbook) -> RenderableType:
    table = layout.columns("level", "answers for", "may escalate")
    for level in book.levels:
        may = (
            "; ".join(powers.said(power) for power in level.may_escalate) or "whoever works on it, and who asked for it"
        )
        layout.add(table, level.id, ", ".join(level.responsible_for), may)
    return table


def _routing(book: Playbook) -> RenderableType:
    table = layout.columns("when", "hours", "level", "instead of the level's targets")
    for route in book.routing:
        hours = f"in {route.during}" if route.during else f"out of {route.outside}" if route.outside else ""
        layout.add(table, route.when, hours, route.level or "the first", names(route.targets) + _chosen(route.choose))
    return table


def _paths(book: Playbook) -> RenderableType:
    table = layout.columns("path", "what", "when", "levels", "after the last")
    for path in book.paths:
        end = next(level for level in reversed(book.levels) if level.id in path.levels)
        after = f"path {path.then}" if path.then else name(end.last_resort or book.owner)
        when = Text("otherwise" if path.when == "true" else path.when, style="dim")
        layout.add(table, path.id, path.about, when, " → ".join(path.levels), after)
    return table


def matrix_of(book: Playbook) -> RenderableType:
    """Show the cells of a playbook's matrix."""
    table = layout.columns("severity", "at", "who", "answer within", "rounds", "up after", "only when")
    for cell in book.matrix:
        go = f", at least at {cell.level}" if cell.after and cell.level else ""
        layout.add(
            table,
            ", ".join(cell.severity),
            f"after {format_duration(cell.after)}{go}" if cell.after else cell.level or "",
            names(cell.targets),
            format_duration(cell.ack) if cell.ack else "",
            "" if cell.repeat is None else str(cell.repeat + 1),
            format_duration(cell.dwell) if cell.dwell else "",
            Text(cell.when or "", style="dim"),
        )
    return table


def _decision_makers(book: Playbook) -> RenderableType:
    table = layout.columns("severity", "somebody who may decide", "within", "what")
    for each in book.decision_makers:
        kind = each.authority + (f" up to {each.amount:g}" if each.amount else "")
        layout.add(table, ", ".join(each.severity), kind, format_duration(each.within), each.about)
    return table


def _bypass(book: Playbook) -> Text:
    bypass = book.bypass
    if bypass is None:
        return Text()
    who = names(bypass.allowed) or "whoever works on it"
    when = "" if bypass.when == "true" else f" when {bypass.when}"
    after = f"{name(bypass.review_by)} looks at it within {format_duration(bypass.review_within)}"
    return Text(f"{who} may skip {', '.join(bypass.skip)}{when}, with a reason; {after}.")


def _gates(book: Playbook) -> RenderableType:
    table = layout.columns("approval", "before", "when", "who", "how many", "within", "silence means", "bound to")
    for gate in book.gates:
        layout.add(
            table,
            gate.id,
            gate.before,
            Text(gate.when, style="dim"),
            names(gate.approvers) + _chosen(gate.choose),
            f"{_how_many(gate)}{_not_by(gate)}",
            format_duration(gate.deadline),
            " ".join(
                filter(None, [gate.on_expiry.replace("_", " "), f"({names(gate.deputies)})" * bool(gate.deputies)])
            ),
            ", ".join(book.subject_of(gate)),
        )
    return table


def _how_many(gate: GatePolicy) -> str:
    need = ", ".join(f"{name(share.of)} {share.need}" for share in gate.quorum) or str(gate.need)
    said = [f"for one of {', '.join(choice.id for choice in gate.choices)}"] if gate.choices else []
    said += [f"{gate.reject_needs} rejections end it"] if gate.reject_needs > 1 else []
    said += [f"may be passed on {gate.delegation.depth} times"] if gate.delegation.depth else []
    said += [f"{names(gate.emergency.who)} alone in an emergency"] if gate.emergency is not None else []
    return "; ".join([need, *said])


def _not_by(gate: GatePolicy) -> str:
    return f", not the {' or '.join(gate.exclude)}" if gate.exclude else ""


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


def _communication(book: Playbook) -> RenderableType:
    policy = book.communication
    if policy is None:
        return Text()
    table = layout.columns("who", "audience", "target", "from", "answers within", "only when")
    for each in policy.stakeholders:
        layout.add(table, *_stakeholder(each), "")
    for kind in policy.key_people:
        for each in kind.stakeholders:
            layout.add(table, *_stakeholder(each), Text(kind.when, style="dim"))
    speaks = name(policy.communicator) if policy.communicator else "the owner"
    said = [Text(f"{speaks} speaks to them.")]
    said += [
        Text(f"{name(kind.communicator)} does when {kind.when}.") for kind in policy.key_people if kind.communicator
    ]
    said += [Text(f"At {severity} {_rhythm(rhythm)}.") for severity, rhythm in policy.cadence.items()]
    if policy.summaries is not None:
        points = ", ".join(policy.summaries.at).replace("_", " ")
        within = format_duration(policy.summaries.within)
        said.append(Text(f"A summary within {within} of: {points}; when {policy.summaries.when}."))
    said += [Text(each) for each in _statements(policy)]
    return Group(table, *said, sections.plan_table(plan(policy)))


def _statements(policy: CommunicationPolicy) -> Iterator[str]:
    if policy.release_by:
        yield f"Only {names(policy.release_by)} releases what is said; others write drafts."
    if policy.post_to:
        groups = ", ".join("the chat group of the level's team" if to == "team" else to for to in policy.post_to)
        yield f"Internal updates are posted in {groups} too."
    for each in policy.announcements:
        yield f"Text {each.id}: {each.text}"
    for milestone in policy.milestones:
        within, about = format_duration(milestone.update_within), f" ({milestone.about})" if milestone.about else ""
        yield f"Milestone {milestone.id}{about}: an update of at most {milestone.at_most} characters within {within}."
    for step in policy.follow_up:
        what = "the customer is asked how satisfied they are, twice at most" if step.ask else "the customer is told"
        yield f"{format_duration(step.after)} after the solution stands {what}."
    if policy.read_in:
        yield "Whoever joins later reads in one message where it stands."


def _stakeholder(each: Stakeholder) -> tuple[str, ...]:
    begins = " and ".join(filter(None, (each.from_severity, each.from_level))) or "the beginning"
    within = format_duration(each.replies_within) if each.replies_within else ""
    return (each.name, each.audience, name(each.target), begins, within)


def _rhythm(rhythm: Rhythm) -> str:
    of = f" of {rhythm.calendar} hours" if rhythm.calendar else ""
    every, chase = format_duration(rhythm.every), format_duration(rhythm.chase)
    return f"an update every {every}{of}; silence moves up every {chase}"


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
    ("Who is told", lambda book: book.levels, _levels),
    ("Who answers for what, and may hand it up", _has_powers, _powers),
    ("Sent elsewhere", lambda book: book.routing, _routing),
    ("Which way it goes", lambda book: book.paths, _paths),
    ("What differs by severity and time", lambda book: book.matrix, matrix_of),
    ("Who must have heard of it by when", lambda book: book.decision_makers, _decision_makers),
    ("In an emergency", lambda book: book.bypass, _bypass),
    ("What needs an approval", lambda book: book.gates, _gates),
    ("What is a critical incident", lambda book: book.critical_incident, _critical),
    ("What happens by itself", lambda book: book.automations, lambda book: automations_table(book.automations)),
    ("What has to be done", lambda book: book.work, _work),
    ("What a script may mend", lambda book: book.recoveries, _recoveries),
    ("How long it may take", lambda book: book.clocks, _clocks),
    ("How long a status may last", lambda book: book.timed_statuses, _statuses),
    ("Who is kept informed", lambda book: book.communication, _communication),
    ("Who answers for it", lambda book: book.raci, _raci),
    ("What each step needs, and how it is handed over", lambda book: book.levels, procedure_ownership.handing_over),
    ("What an AI may do", lambda book: book.activities, procedure_ownership.activities),
    ("When it is over", lambda book: book.resolution, _end),
)
"""Title, whether the playbook has it, and how it is written."""
