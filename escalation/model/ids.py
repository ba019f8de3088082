"""The id of an escalation: what its workflow is called, and how people and systems may name it."""

import re
from typing import Final

from escalation.values import digest_of

_LONGEST_KEY: Final = 400
"""Temporal allows ids of 1000 characters; nobody reads more than this."""
_NOT_IN_AN_ID: Final = re.compile(r"[^A-Za-z0-9_.:\-]")


def escalation_id(source: str, dedup_key: str) -> str:
    """Return the workflow id for a source and key.

    Characters that ids should not hold are written as ``%XX``, and so is a ``-`` in the source, so that two sources
    never share an id. The end of a very long key is replaced by its digest.
    """
    key = _escaped(dedup_key)
    if len(key) > _LONGEST_KEY:
        key = f"{key[:_LONGEST_KEY]}-{digest_of(dedup_key)}"
    return f"escalation-{_escaped(source).replace('-', '%2D')}-{key}"


def _escaped(text: str) -> str:
    return _NOT_IN_AN_ID.sub(lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), text)


QUEUE: Final = "team:"
"""What stands before the name of a team whose open escalations are meant, all of them."""
_IN_TEXT: Final = re.compile(r"\[([^\[\]\s]{3,400})\]|(?<![\w.:\-])((?:escalation-|team:)[\w.:%\-]*\w)")


def named(word: str) -> str:
    """Return the escalation that one word names, or the queue, as ``team:NAME``.

    ``web/7`` is source and key; ``escalation-web-7`` is an id, and ``web-7`` the same id, as the command line reads it.
    """
    source, slash, key = word.partition("/")
    if word.startswith((QUEUE, "escalation-")):
        return word
    return escalation_id(source, key) if slash else f"escalation-{word}"


def named_in(text: str) -> str | None:
    """Return what a title or subject names: the first word in brackets, else an id or ``team:NAME``; None: nothing."""
    found = [match[1] or match[2] for match in _IN_TEXT.finditer(text)]
    in_brackets = [match[1] for match in _IN_TEXT.finditer(text) if match[1]]
    return named((in_brackets or found)[0]) if found else None
