"""Checks of what a playbook says of the organisation: the decision makers it promises.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

from collections.abc import Iterator

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import did_you_mean
from escalation.playbook.check_words import one_of, severity_names


def check_organisation(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with the decision makers."""
    severities = severity_names(document)
    for path, name in document.each("decision_makers.*.severity.*"):
        if isinstance(name, str) and severities and name not in severities:
            hint = did_you_mean(name, severities) or f"; expected {one_of(severities)} (not an alias)"
            yield document.finding(path, f"there is no severity '{name}'{hint}")


def authorities(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the kinds of authority that are promised, as targets, with their places."""
    for path, kind in document.each("decision_makers.*.authority"):
        if isinstance(kind, str):
            yield path, f"authority:{kind}"
