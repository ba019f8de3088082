"""Puts messages into words: the playbook's template in the receiver's language, else the shipped one, else English.

Each template is compiled once in a worker's life, or as long as it is among the latest few hundred in use.
"""

from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import jinja2

from activities.notify.languages import FILTERS, SUBJECT, chain, shorten
from activities.notify.receiver import RECEIVER, Receiver
from escalation.documents import read_document
from escalation.model.actions import Notify, Templated, UpdateCase
from escalation.playbook.messages import PARTS, WHERE
from escalation.playbook.parts import MessageTemplate
from escalation.playbook.templates import Templates, render

FOLDER: Final = Path(__file__).parent / "templates"


class Worded(NamedTuple):
    """A message in words."""

    subject: str
    body: str
    error: str = ""
    """Which template failed and how, with no value of it; the words are the plain ones then."""


class _Language(NamedTuple):
    """The shipped words of one language."""

    templates: dict[str, MessageTemplate]
    parts: dict[str, str]


@cache
def shipped_locales() -> tuple[str, ...]:
    """Return the languages that come along."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def shipped(locale: str) -> _Language:
    """Return the shipped words of a language; a sentence of news is followed by where it stands."""
    said = read_document(FOLDER / f"{locale}.yaml").data
    subject = str(said["news_subject"])
    templates = {
        identifier: MessageTemplate(subject=f"{subject}{words}", body=f"{words}\n{{% include '{WHERE}' %}}")
        if isinstance(words, str)
        else MessageTemplate.model_validate(words)
        for identifier, words in said["messages"].items()
    }
    return _Language(templates, {part: str(said["parts"][part]) for part in PARTS})


def chosen(message: Templated, receiver: Receiver) -> tuple[str, MessageTemplate] | None:
    """Return the language and the template of a message for its receiver; None when nobody has one."""
    for locale in chain(receiver.locale):
        mine = message.templates.get(locale)
        theirs = shipped(locale).templates.get(message.template) if locale in shipped_locales() else None
        if mine is not None:
            return locale, mine if mine.subject or theirs is None else mine.changed({"subject": theirs.subject})
        if theirs is not None:
            return locale, theirs
    return None


def in_words(message: Notify, receiver: Receiver) -> Worded:
    """Put a message into words; never fails: where a template does, the plain words go out and that is said."""
    return _worded(message, receiver, Worded(message.subject, message.body), message.to)


def note_in_words(action: UpdateCase) -> Worded:
    """Put what a customer reads on their ticket into words, as ``in_words`` does; the subject says nothing there."""
    return _worded(action, Receiver(action.locale or "en", action.time_zone), Worded("", action.note), "customer:")


def _worded(said: Templated, receiver: Receiver, plain: Worded, to: str) -> Worded:
    found = chosen(said, receiver) if said.template else None
    if found is None:
        return plain
    locale, template = found
    if receiver.locale.replace("_", "-").partition("-")[0] != locale.partition("-")[0]:
        receiver = receiver._replace(locale=locale)  # a sentence has the dates of its own language
    values = {**said.values, "to": to, RECEIVER: receiver._replace(words=locale)}
    part = "subject"
    try:
        subject = shorten(render(_compiled(locale, template.subject), values), SUBJECT) if template.subject else ""
        part = "body"
        body = _tidy(render(_compiled(locale, template.body), values))
    except Exception as error:  # noqa: BLE001 - a template may run into anything, and the message must go out
        line = _line(error)
        where = f"{part}{f', line {line}' if line else ''}"
        return plain._replace(error=f"{said.template} ({locale}, {where}): {type(error).__name__}")
    return Worded(subject or plain.subject, body or plain.body)


@lru_cache(maxsize=512)
def _compiled(locale: str, source: str) -> jinja2.Template:
    return _language(locale).compile(source)


@cache
def _language(locale: str) -> Templates:
    known = next((each for each in chain(locale) if each in shipped_locales()), "en")
    return Templates(FILTERS, shipped(known).parts)


def _tidy(text: str) -> str:
    """Leave no spaces at the ends of lines and no more than one empty line."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return "\n".join(line for place, line in enumerate(lines) if line or lines[place - 1])


def _line(error: Exception) -> int | None:
    """Return the line of the template at which it failed."""
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
