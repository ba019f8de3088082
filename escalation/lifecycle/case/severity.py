"""How bad it is: what the playbook's rules and table say of some facts, and the one place where it changes.

What people set and what they asked for stands beside the rules: facts that change make it worse by themselves, never
milder. Only a person makes it milder, with a reason, and where the playbook wants it with an approval (``lowering``).
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from escalation.lifecycle import assignment
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import Facts, condition
from escalation.lifecycle.timing import clocks
from escalation.model import events as e
from escalation.playbook.schema import Playbook
from escalation.values import Actor

FACTS = frozenset({"severity", "severity.rank"})
"""Facts that change with it."""


def chosen(playbook: Playbook, facts: Facts, asked: str | None) -> str:
    """Return the worst of what was asked for and of what the rules and the table say; the default without either."""
    named = said(playbook, facts)
    if asked and playbook.severity.find(asked) is not None:
        named.append(asked)
    return worst_of(playbook, named or [playbook.severity.default])


def said(playbook: Playbook, facts: Facts, changed: AbstractSet[str] | None = None) -> list[str]:
    """Return the severities (names or aliases) that true rules and the table name.

    A rule with ``override`` that is true silences the others and the table. With ``changed``, a rule speaks only when
    it reads one of these facts: otherwise what a person set by hand would not last.
    """
    scale = playbook.severity
    heard = [
        rule
        for rule in scale.rules
        if (rule.override or changed is None or condition(playbook, rule.when).reads & changed)
        and condition(playbook, rule.when).true(facts)
    ]
    beating = [rule for rule in heard if rule.override]
    if beating:
        return [rule.severity for rule in beating if changed is None or condition(playbook, rule.when).reads & changed]
    named = [rule.severity for rule in heard]
    table = scale.table
    if table is not None and (changed is None or {table.rows, table.columns} & changed):
        cell = table.cells.get(str(facts.get(table.rows)), {}).get(str(facts.get(table.columns)))
        named += [cell] if cell is not None else []
    return named


def worst_of(playbook: Playbook, names: Iterable[str]) -> str:
    """Return the worst of some severities (names or aliases) by its name."""
    scale = playbook.severity
    known = (level.name for name in names if (level := scale.find(name)) is not None)
    return min(known, key=scale.rank)


def change(draft: Draft, severity: str, because: str, by: Actor | None = None) -> None:
    """Set the severity (by its name), and set anew at once what runs by it; whoever it is by, it is done here."""
    draft.record(e.SeverityChanged, by=by, previous=draft.state.severity, severity=severity, because=because)
    clocks.recompute(draft)
    assignment.move_round(draft, f"the severity is {severity} now")
