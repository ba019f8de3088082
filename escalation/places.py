"""Where in data something is, and texts that are filled with what is there: the one small language of every mapping.

A place is names and numbers with dots between, such as ``items.0.id``. A text in braces, ``"{items.0.id}"``, is
replaced by what is there; a text that is nothing else keeps the type of it, and is left out where nothing is there.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

NAME: Final = re.compile(r"\{([^{}]+)\}")
Place = Annotated[
    str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200), Field(examples=["items.0.id"])
]
"""Where in JSON data something is: names and numbers with dots between, such as ``items.0.id``."""


def at(data: Any, place: str) -> Any:
    """Return what is at a place of JSON data; None when nothing is. A key that has dots itself is found as a whole."""
    if isinstance(data, Mapping) and place in data:
        return data[place]
    for part in place.split("."):
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, list) and part.isdecimal() and int(part) < len(data):
            data = data[int(part)]
        else:
            return None
    return data


def filled(template: Any, find: Callable[[str], Any], name: re.Pattern[str] = NAME) -> Any:
    """Fill the names in, each by what ``find`` returns; a key whose whole value is a name of nothing is left out.

    Args:
        template: JSON data in whose texts names may stand.
        find: returns what a name means, None for nothing.
        name: what counts as a name.
    """
    if isinstance(template, Mapping):
        found = {key: filled(value, find, name) for key, value in template.items()}
        return {key: value for key, value in found.items() if value is not None}
    if isinstance(template, list | tuple):
        return [filled(each, find, name) for each in template]
    if not isinstance(template, str):
        return template
    whole = name.fullmatch(template)
    if whole is not None:
        return find(whole[1])
    return name.sub(lambda match: str(find(match[1]) or ""), template)
