"""What every reader of a payload shares: vendors' models, refusals with paths, texts that are cut."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import ConfigDict, ValidationError

from escalation import texts
from escalation.errors import RequestRefused
from escalation.explain import explain
from escalation.places import at
from escalation.values import Record, digest_of

LONGEST: Final = 10_000
"""Characters of a text from outside that go into an escalation; the whole stays where its link leads."""
_LONGEST_SUMMARY: Final = 200
_LONGEST_ID: Final = 150


class Part(Record):
    """Base of what vendors send: keys that are not known are their own matter, null is as good as absent."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, coerce_numbers_to_str=True)


P = TypeVar("P", bound=Part)


def read(model: type[P], data: Any, what: str) -> P:
    """Read a part of a payload.

    Raises:
        RequestRefused: naming every path that is wrong, and what ``what`` is, never a value.
    """
    known = _without_nulls(data)
    try:
        return model.model_validate(known)
    except ValidationError as error:
        if not isinstance(data, Mapping):
            raise RequestRefused([("", f"is not {what}: expected a JSON object")]) from None
        found = explain(known, model, error.errors())
        raise RequestRefused([(".".join(map(str, each.path)), each.message) for each in found]) from None


def read_at(model: type[P], payload: Any, fields: Mapping[str, str], what: str) -> P:
    """Read a model whose fields stand at the places that ``fields`` says, or under their own names.

    Raises as ``read`` does; also where ``fields`` names what is none.
    """
    unknown = [name for name in fields if name not in model.model_fields]
    if unknown:
        expected = f"is no field; expected {', '.join(model.model_fields)}"
        raise RequestRefused([(f"fields.{name}", expected) for name in unknown])
    try:
        return read(model, {name: at(payload, fields.get(name, name)) for name in model.model_fields}, what)
    except RequestRefused as refused:
        raise RequestRefused([(fields.get(path, path), problem) for path, problem in refused.problems]) from None


def require(*parts: tuple[str, object, str]) -> None:
    """Raise RequestRefused with the name and the problem of every part that is not there."""
    problems = [(name, problem) for name, is_there, problem in parts if not is_there]
    if problems:
        raise RequestRefused(problems)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def cut(text: str, most: int = LONGEST) -> str:
    """Return a text of at most so many characters, cut at a word, and saying so."""
    return texts.cut(text, most, "(cut)", dots="...")


def summary(text: str) -> str:
    """Return the beginning of a text as one line."""
    return cut(" ".join(text.split()), _LONGEST_SUMMARY)


def key_of(text: str) -> str:
    """Return an identifier as keys may hold it: no spaces; where it had to be changed or cut, it ends in a digest."""
    key = "".join("_" if each.isspace() or not each.isprintable() else each for each in text)[:_LONGEST_ID]
    return key if key == text else f"{key}-{digest_of(text)}"
