"""Checks of what a playbook says of its records. Like all of ``checks`` these read the document as written."""

from collections.abc import Iterator
from datetime import timedelta

from escalation.documents import Document
from escalation.errors import Finding
from escalation.values import parse_duration

SHORTEST = timedelta(days=1)


def check_records(document: Document) -> Iterator[Finding]:
    """Yield what is said of retention and cannot be meant."""
    section = document.data.get("retention") if isinstance(document.data, dict) else None
    if not isinstance(section, dict):
        return
    if not section:
        yield document.finding(
            ("retention",), "says nothing: expected keep (such as 2555d) or hold_by, or leave it out to keep for ever"
        )
    keep = parse_duration(section.get("keep"))
    if isinstance(keep, timedelta) and timedelta(0) < keep < SHORTEST:
        yield document.finding(
            ("retention", "keep"),
            "records would be gone before anybody could look at them: expected a day (1d) at least, such as 2555d",
        )
