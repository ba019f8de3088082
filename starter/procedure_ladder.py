"""The ladder in a playbook's procedure: levels, who may escalate, paths, the matrix, decision makers."""

from rich.console import Group, RenderableType
from rich.text import Text

from escalation.choice import Choose, Criterion
from escalation.lifecycle.ladder import powers
from escalation.playbook.ladder import LevelPolicy
from escalation.playbook.schema import Playbook
from escalation.values import format_duration
from starter import layout
from starter.line import name, names


def chosen(choose: Choose | None) -> str:
    """Say how some of the people that targets mean are chosen."""
    if choose is None or choose.by == (Criterion.EVERYBODY,):
        return ": all of them" if choose is not None else ""
    return f": {choose.take or 1} of them, by {', '.join(choose.by)}".replace("_", " ")


def levels(book: Playbook) -> Group:
    """Show the levels in order, and who is called when even the last is silent."""
    table = layout.columns("level", "title", "who", "answer within", "rounds", "up after", "up at once when")
    for level in book.levels:
        layout.add(
            table,
            level.id,
            level.title,
            names(level.targets) + chosen(level.choose),
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


def has_powers(book: Playbook) -> bool:
    """Tell whether any level says what it answers for or who may escalate."""
    return any(level.responsible_for or level.may_escalate for level in book.levels)


def powers_of(book: Playbook) -> RenderableType:
    """Show what each level answers for, and who of it may hand it up."""
    table = layout.columns("level", "answers for", "may escalate")
    for level in book.levels:
        may = (
            "; ".join(powers.said(power) for power in level.may_escalate) or "whoever works on it, and who asked for it"
        )
        layout.add(table, level.id, ", ".join(level.responsible_for), may)
    return table


def routing(book: Playbook) -> RenderableType:
    """Show what is sent to another level or other people."""
    table = layout.columns("when", "hours", "level", "instead of the level's targets")
    for route in book.routing:
        hours = f"in {route.during}" if route.during else f"out of {route.outside}" if route.outside else ""
        layout.add(table, route.when, hours, route.level or "the first", names(route.targets) + chosen(route.choose))
    return table


def paths(book: Playbook) -> RenderableType:
    """Show the ways through the levels."""
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


def decision_makers(book: Playbook) -> RenderableType:
    """Show who with which authority must have heard of it until when."""
    table = layout.columns("severity", "somebody who may decide", "within", "what")
    for each in book.decision_makers:
        kind = each.authority + (f" up to {each.amount:g}" if each.amount else "")
        layout.add(table, ", ".join(each.severity), kind, format_duration(each.within), each.about)
    return table
