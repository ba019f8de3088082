"""Puts messages into words: the playbook's template in the receiver's language, else the shipped one, else English.

Each template is compiled once in a worker's life, or as long as it is among the latest few hundred in use.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import jinja2

from activities.notify.languages import FILTERS, SUBJECT, chain, shorten
from activities.notify.receiver import RECEIVER, Receiver
from escalation.documents import read_document
from escalation.model.actions import AmendMessage, Notify, Templated, UpdateCase
from escalation.playbook.messages import PARTS, WHERE
from escalation.playbook.parts import MessageTemplate
from escalation.playbook.templates import Templates, render

FOLDER: Final = Path(__file__).parent / "templates"


_REASON: Final = frozenset({"reason", "values", "english"})
"""What a reason of the engine's own consists of, among the values of a message."""


class Worded(NamedTuple):
    """A message in words."""

    subject: str
    body: str
    error: str = ""
    """Which template failed and how, with no value of it; other words stand in its place then."""
    locale: str = ""
    """Language of the words; empty: it went out as it stands, and nobody knows."""


class _Language(NamedTuple):
    """The shipped words of one language."""

    templates: dict[str, MessageTemplate]
    parts: dict[str, str]
    reasons: dict[str, str]


@cache
def shipped_locales() -> tuple[str, ...]:
    """Return the languages that come along."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def shipped(locale: str) -> _Language:
    """Return the shipped words of a language; a sentence of news is a subject, and followed by where it stands."""
    said = read_document(FOLDER / f"{locale}.yaml").data
    subject = str(said["news_subject"])
    templates = {
        # The line end after a tag is the tag's: what stands behind it begins a line of its own all the same.
        identifier: MessageTemplate(
            subject=f"{subject}{words}", body=f"{_begun(words)}{{{{ '\\n' }}}}{{% include '{WHERE}' %}}"
        )
        if isinstance(words, str)
        else MessageTemplate.model_validate(words)
        for identifier, words in said["messages"].items()
    }
    reasons = {identifier: str(words) for identifier, words in said["reasons"].items()}
    return _Language(templates, {part: str(said["parts"][part]) for part in PARTS}, reasons)


def _begun(words: str) -> str:
    """Begin a sentence as one, where it begins with words of its own: an id stays as it is."""
    return f"{words[:1].upper()}{words[1:]}"


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
    """Put a message into words; never fails: where a template does, others go out and that is said.

    They are the shipped words where the playbook's own fail, and the plain ones where those fail too.
    """
    return _worded(message, receiver, Worded(message.subject, message.body), message.to)


def note_in_words(action: UpdateCase) -> Worded:
    """Put what a customer reads on their ticket into words, as ``in_words`` does; the subject says nothing there."""
    return _worded(action, Receiver(action.locale or "en", action.time_zone), Worded("", action.note), "customer:")


def change_in_words(change: AmendMessage, receiver: Receiver) -> Worded:
    """Put what is said on a message that arrived into words, as ``in_words`` does; it has no subject."""
    return _worded(change, receiver, Worded("", change.body), change.to)


def _worded(said: Templated, receiver: Receiver, plain: Worded, to: str) -> Worded:
    found = chosen(said, receiver) if said.template else None
    if found is None:
        return plain
    words = _made(said, receiver, found, plain, to)
    if words.error and said.templates.get(found[0]) is not None:
        # The playbook's own words fail: the shipped ones are in the same language, the plain ones need not be.
        theirs = chosen(said.changed({"templates": {}}), receiver)
        instead = _made(said, receiver, theirs, plain, to) if theirs is not None else plain
        return plain._replace(error=words.error) if instead.error else instead._replace(error=words.error)
    return words


def _made(said: Templated, receiver: Receiver, found: tuple[str, MessageTemplate], plain: Worded, to: str) -> Worded:
    locale, template = found
    if receiver.locale.replace("_", "-").partition("-")[0] != locale.partition("-")[0]:
        receiver = receiver._replace(locale=locale)  # a sentence has the dates of its own language
    receiver = receiver._replace(words=locale)
    part = "reasons"
    try:
        values = {**_with_reasons(said.values, receiver), "to": to, RECEIVER: receiver}
        part = "subject"
        subject = shorten(render(_compiled(locale, template.subject), values), SUBJECT) if template.subject else ""
        part = "body"
        body = _tidy(render(_compiled(locale, template.body), values))
    except Exception as error:  # noqa: BLE001 - a template may run into anything, and the message must go out
        line = _line(error)
        where = f"{part}{f', line {line}' if line else ''}"
        return plain._replace(error=f"{said.template} ({locale}, {where}): {type(error).__name__}", locale="en")
    return Worded(subject or plain.subject, body or plain.body, locale=locale)


def _with_reasons(value: Any, receiver: Receiver) -> Any:
    """Put the engine's own reasons into the receiver's words, wherever they stand among the values."""
    if isinstance(value, list | tuple):
        return [_with_reasons(each, receiver) for each in value]
    if not isinstance(value, Mapping):
        return value
    inner = {name: _with_reasons(each, receiver) for name, each in value.items()}
    return _reason(inner, receiver) if inner.keys() == _REASON else inner


def _reason(said: Mapping[str, Any], receiver: Receiver) -> str:
    """Put one reason into words: the shipped ones of the receiver's language, else English, else the plain ones."""
    for locale in chain(receiver.words):
        source = shipped(locale).reasons.get(said["reason"]) if locale in shipped_locales() else None
        if source is not None:
            words = receiver._replace(words=locale)
            return render(_compiled(locale, source), {**said["values"], RECEIVER: words}).strip()
    return str(said["english"])


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
