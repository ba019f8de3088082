"""Texts that have to be shorter than they are."""

from typing import Final

_KEPT: Final = 0.5
"""A cut at a word keeps at least this part; a text without spaces is cut anywhere."""


def cut(text: str, most: int, rest: str = "", *, dots: str = "…") -> str:
    """Return at most so many characters, cut at a word; ``rest`` says where the whole is."""
    if len(text) <= most:
        return text
    hint = f" {dots} {rest}".rstrip()
    room = most - len(hint)
    word = max(text.rfind(mark, 0, room + 1) for mark in " \n")
    return f"{text[: word if word > room * _KEPT else room].rstrip()}{hint}"
