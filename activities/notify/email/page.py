"""The words of a message as a page: paragraphs, lists, commands. Nothing in it is loaded from anywhere."""

import re
from functools import cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final, Literal, NamedTuple

import jinja2

from activities.notify.answer_buttons import Buttons
from activities.notify.phrases import phrases

_TEMPLATE: Final = Path(__file__).parent / "page.html"
_POINT: Final = re.compile(r"\s*[-*] (.*)")
_COMMAND: Final = re.compile(r"\s+(escalate .*)")
_LABEL: Final = re.compile(r"([^:;.,]{2,40}:) (.+)")
_WHOLE: Final = 24
"""Characters of a word in a command that is not broken: an option is none any more when its dashes are apart."""


Kind = Literal["words", "heading", "list", "commands", "nothing"]


class Line(NamedTuple):
    """A line, and what it begins with where that says what the rest is."""

    label: str
    rest: str


class Block(NamedTuple):
    """Lines that belong together."""

    kind: Kind
    lines: tuple[str, ...]


def page_of(subject: str, text: str, locale: str, answers: Buttons) -> str:
    """Write the page; everything that the message says is escaped. ``locale`` is empty where nobody knows it."""
    said = phrases(locale)
    return _template().render(
        lang=locale.replace("_", "-"),
        subject=subject,
        blocks=blocks(text),
        buttons=answers.buttons,
        answer=said.answer,
        confirm=answers.confirm,
        automatic=said.automatic,
        whole=_WHOLE,
    )


def blocks(text: str) -> list[Block]:
    """Read what the lines of a message are: those that follow each other and are of one kind are one block."""
    read = [_read(line) for line in text.split("\n")]
    following = [kind for kind, _ in read[1:]] + ["nothing"]
    kinds = [_heads(kind, said, then) for (kind, said), then in zip(read, following, strict=True)]
    grouped = groupby(zip(kinds, (said for _, said in read), strict=True), key=itemgetter(0))
    return [Block(kind, tuple(said for _, said in lines)) for kind, lines in grouped if kind != "nothing"]


def _read(line: str) -> tuple[Kind, str]:
    if not line.strip():
        return "nothing", ""
    if point := _POINT.fullmatch(line):
        return "list", point[1]
    if command := _COMMAND.fullmatch(line):
        return "commands", command[1]
    return "words", line.strip()


def _heads(kind: Kind, said: str, then: str) -> Kind:
    return "heading" if kind == "words" and said.endswith(":") and then == "list" else kind


def _labelled(line: str) -> Line:
    found = _LABEL.fullmatch(line)
    return Line(found[1], found[2]) if found else Line("", line)


@cache
def _template() -> jinja2.Template:
    env = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters["labelled"] = _labelled
    return env.from_string(_TEMPLATE.read_text(encoding="utf-8"))
