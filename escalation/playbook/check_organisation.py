"""Checks of what a playbook says of the organisation: the decision makers it promises, powers to escalate.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

import re
from collections.abc import Iterator

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import did_you_mean
from escalation.playbook.check_words import ids, one_of, severity_names

WHO = ("owner", "called", "requester")
"""Who may have a power without being a target."""
_TARGET = re.compile(r"(person|team|role|oncall|authority):[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


def check_organisation(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with the decision makers and the powers of levels."""
    yield from _powers(document)
    severities = severity_names(document)
    for path, name in document.each("decision_makers.*.severity.*"):
        if isinstance(name, str) and severities and name not in severities:
            hint = did_you_mean(name, severities) or f"; expected {one_of(severities)} (not an alias)"
            yield document.finding(path, f"there is no severity '{name}'{hint}")


def _powers(document: Document) -> Iterator[Finding]:
    levels = ids(document, "levels")
    for path, who in document.each("levels.*.may_escalate.*.who.*"):
        if isinstance(who, str) and who not in WHO and not _TARGET.fullmatch(who):
            message = f"'{who}' is nobody: expected a target (person: team: role: oncall: authority:), or {one_of(WHO)}"
            yield document.finding(path, message)
    for path, to in document.each("levels.*.may_escalate.*.to.*"):
        place = path[1]
        if not isinstance(to, str) or not isinstance(place, int) or place >= len(levels):
            continue
        if to not in levels:
            hint = did_you_mean(to, levels) or f"; the ladder has {one_of(levels)}"
            yield document.finding(path, f"there is no level '{to}'{hint}")
        elif levels.index(to) < place:
            yield document.finding(path, f"'{to}' is below {levels[place]}: this only goes up")


def authorities(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the kinds of authority that are promised, as targets, with their places."""
    for path, kind in document.each("decision_makers.*.authority"):
        if isinstance(kind, str):
            yield path, f"authority:{kind}"
