"""Checks of a playbook's own templates: known messages, languages and values, and nothing that could hang."""

import re
from collections.abc import Iterator
from typing import Final

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import Location, did_you_mean
from escalation.playbook.messages import MESSAGES
from escalation.playbook.templates import checker

_LOCALE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")


def check_templates(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with the templates; what has no right shape at all is the schema's concern."""
    check = checker()
    for path, languages in document.each("templates.*"):
        identifier = str(path[-1])
        message = MESSAGES.get(identifier)
        if message is None:
            hint = did_you_mean(identifier, list(MESSAGES)) or "; docs/messages.md lists them"
            yield document.finding(path, f"there is no message '{identifier[:64]}'{hint}")
            continue
        if not message.of_playbook:
            yield document.finding(path, "is about escalations of several playbooks; none has own words for it")
            continue
        for locale, template in languages.items() if isinstance(languages, dict) else ():
            if not _LOCALE.fullmatch(locale):
                text = f"'{locale[:32]}' is no language tag; expected one such as cs or en-GB"
                yield document.finding((*path, locale), text)
            for part in ("subject", "body"):
                source = template.get(part) if isinstance(template, dict) else None
                if isinstance(source, str):
                    for wrong, line in check.problems(source, message):
                        yield _finding(document, (*path, locale, part), wrong, line)


def _finding(document: Document, path: Location, wrong: str, line: int) -> Finding:
    """Name the line: in a file of its own exactly, within the playbook beside the line of its key."""
    place = document.place(path)
    if place.file != document.place(path[:-1]).file:
        return Finding(place.file, place.line + line - 1, ".".join(map(str, path)), wrong)
    return document.finding(path, f"line {line} of it: {wrong}" if line > 1 else wrong)
