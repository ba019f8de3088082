"""Says in plain words what pydantic found wrong: what is there, what was expected, which word was probably meant.

What was expected is read from the model's own JSON schema, so that no message has to be kept in step with a model.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, NamedTuple, get_args

from pydantic import BaseModel, StringConstraints
from pydantic_core import ErrorDetails

from escalation.values import Actor, Holder, ItemOwner, Party, Reader, Shifts, Slug, Target

Location = tuple[str | int, ...]
"""Keys and list positions from the top of the data down to a value."""

Schema = Mapping[str, Any]


class Problem(NamedTuple):
    """One thing wrong in plain data."""

    path: Location
    message: str


def explain(data: Any, model: type[BaseModel], errors: Sequence[ErrorDetails]) -> list[Problem]:
    """Turn pydantic's errors about ``data`` into problems; ``errors`` must come with their context.

    No value is repeated, except a word where only certain words are allowed.
    """
    known = _Expectations(model)
    located = [(_locate(data, error), error) for error in errors]
    deeper = {path[:length] for path, _ in located for length in range(len(path))}
    problems = {
        Problem(path, _message(data, path, error, known)): None
        for path, error in located
        # What is wrong inside one alternative of a union says more than that the others did not fit either.
        if path not in deeper or error["loc"][-1:] == ("[key]",)
    }
    return list(problems)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return ``; did you mean `x`?`` for the closest known word, or nothing when none is close.

    A kind such as ``person:`` is no likeness: what stands behind it is compared, and the same kind goes before others.
    Of a name with a dot a whole part is close, where no other has it: ``eva`` is ``eva.novak``.
    """
    kind, colon, bare = word.rpartition(":")
    ends: dict[str, str] = {}
    for each in sorted(known, key=lambda each: not each.startswith(kind + colon)):
        ends.setdefault(each.rpartition(":")[2], each)
    parted = [end for end in ends if bare in end.split(".")]
    close = parted if len(parted) == 1 else get_close_matches(bare, ends, n=1)
    return f"; did you mean `{ends[close[0]]}`?" if close else ""


def _pattern(kind: Any) -> str:
    return next(str(part.pattern) for part in get_args(kind) if isinstance(part, StringConstraints))


_PATTERNS: Final = {
    _pattern(Slug): "a short name of letters, digits, `_`, `-` and `.`",
    _pattern(Target): "a target such as `team:support` or `oncall:platform` (person, team, role, oncall, authority or "
    "raci)",
    _pattern(
        Holder
    ): "a person such as `person:eva`, or a target such as `team:support` (team, role, oncall, authority or raci)",
    _pattern(Party): "a target such as `team:legal` or `person:eva` (person, team, role, oncall or authority)",
    _pattern(Reader): "`owner`, `requester`, a target such as `team:support`, or a team's chat group, `group:TEAM`",
    _pattern(ItemOwner): "`owner`, or a target such as `role:finance`",
    _pattern(Shifts): "a rotation such as `oncall:support`, or a team or role that has one",
    _pattern(Actor): "an actor such as `person:eva` or `agent:support-bot`",
}
_NO_SPACES: Final = r"^[^\s"
_LINKS: Final = ("^https?", "^(https?")
_FORMATS: Final = {
    "duration": "a duration such as 90s, 15m, 1h30m, 2d or 1w",
    "date-time": "a moment with its offset such as 2026-11-20T09:41:00+01:00",
    "date": "a date such as 2026-11-20",
    "time": "a time of day such as 09:00",
}
_KINDS: Final[dict[type, tuple[str, set[str]]]] = {
    bool: ("true or false", {"boolean"}),
    int: ("a whole number", {"integer", "number"}),
    float: ("a number", {"number"}),
    str: ("text", {"string"}),
    list: ("a list", {"array"}),
    dict: ("a mapping", {"object"}),
}


def _locate(data: Any, error: ErrorDetails) -> Location:
    """Pydantic's location without what the data does not have: names of a union's alternatives, ``[key]``."""
    path: list[str | int] = []
    for part in error["loc"]:
        if (isinstance(data, dict) and part in data) or (isinstance(data, list) and part in range(len(data))):
            path.append(part)
            data = data[part]  # type: ignore[index]  # a list is only asked for a position it has
    if error["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return (*path, error["ctx"]["discriminator"].strip("'"))  # pydantic names only the mapping that has it
    return (*path, error["loc"][-1]) if error["type"] == "missing" else tuple(path)


def _message(data: Any, path: Location, error: ErrorDetails, known: "_Expectations") -> str:
    match error["type"]:
        case "missing" | "union_tag_not_found":
            return f"`{path[-1]}` is missing; expected {known.described(path, data)}"
        case "extra_forbidden":
            word, keys = str(path[-1]), known.keys(path, data)
            return f"unknown key `{word}`{did_you_mean(word, keys) or '; expected ' + _one_of(keys)}"
        case "value_error" | "assertion_error":
            return str(error["ctx"]["error"])
        case _ if error["loc"][-1:] == ("[key]",):
            return f"this key is not allowed; expected {known.described_key(path[:-1], data)}"
        case _:
            found = data
            for part in path:
                found = found[part]
            return _mismatch(found, known.at(path, data), known.described(path, data))


def _mismatch(value: Any, schemas: Sequence[Schema], expected: str) -> str:
    words = [word for schema in schemas for word in _words(schema)]
    if value is None:
        return f"is empty; expected {expected}"
    if isinstance(value, str) and words:
        return f"`{value[:64]}` is not allowed{did_you_mean(value, words) or ';'} expected {expected}"
    if isinstance(value, str) and not value.strip() and any(schema.get("minLength") for schema in schemas):
        return f"is empty; expected {expected}"
    kind, types = _KINDS[type(value)]
    wanted = {schema.get("type") for schema in schemas}
    if value == [] and wanted & types:
        return f"this list is empty; expected {expected}"
    if wanted & types:
        return f"{kind} that does not fit; expected {expected}"
    quotes = " (in quotes, if it is meant as text)" if wanted == {"string"} and isinstance(value, int | float) else ""
    return f"found {kind}; expected {expected}{quotes}"


class _Expectations:
    """What a model expects at each path, from its JSON schema."""

    def __init__(self, model: type[BaseModel]) -> None:
        schema = model.model_json_schema()
        self._definitions: dict[str, Schema] = schema.get("$defs", {})
        self._top = self._alternatives(schema)

    def at(self, path: Location, data: Any) -> list[Schema]:
        """Every alternative that the model allows at a path of the data, as far as the mappings on the way tell."""
        schemas = self._top
        for part in path:
            schemas = [
                one
                for schema in _meant(schemas, data)
                for child in _children(schema, part)
                for one in self._alternatives(child)
            ]
            data = _child(data, part)
        return schemas

    def keys(self, path: Location, data: Any) -> list[str]:
        """The keys that could stand in place of the unknown one at a path."""
        mapping = data
        for part in path[:-1]:
            mapping = _child(mapping, part)
        schemas = _meant(self.at(path[:-1], data), mapping)
        return sorted({key for schema in schemas for key in schema.get("properties", ())} - {path[-1]})

    def described(self, path: Location, data: Any) -> str:
        """What is expected at a path of the data, in words."""
        return self._describe_all(self.at(path, data))

    def described_key(self, path: Location, data: Any) -> str:
        """What is expected of a key in the mapping at a path, in words."""
        names: list[Schema] = []
        for schema in self.at(path, data):
            names += self._alternatives(schema.get("propertyNames", {}))
            names += [{"type": "string", "pattern": pattern} for pattern in schema.get("patternProperties", ())]
        return self._describe_all([name for name in names if name])

    def _alternatives(self, schema: Schema) -> list[Schema]:
        if "$ref" in schema:
            return self._alternatives(self._definitions[schema["$ref"].rpartition("/")[2]])
        several = [part for word in ("anyOf", "oneOf", "allOf") for part in schema.get(word, ())]
        if several:
            return [one for part in several for one in self._alternatives(part)]
        return [] if schema.get("type") == "null" else [schema]

    def _describe_all(self, schemas: Sequence[Schema]) -> str:
        if schemas and all(map(_words, schemas)):
            return _one_of(list(dict.fromkeys(word for schema in schemas for word in _words(schema))))
        return " or ".join(dict.fromkeys(map(self._describe, schemas))) or "something else"

    def _describe(self, schema: Schema) -> str:
        if words := _words(schema):
            return _one_of(words)
        match schema.get("type"):
            case "string":
                return _describe_text(schema)
            case "integer":
                return "a whole number" + _bounds(schema.get("minimum"), schema.get("maximum"))
            case "number":
                over, under = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
                strictly = [
                    f" {word} {limit:g}" for word, limit in (("over", over), ("under", under)) if limit is not None
                ]
                return "a number" + _bounds(schema.get("minimum"), schema.get("maximum")) + " and".join(strictly)
            case "boolean":
                return "true or false"
            case "array":
                items = self._describe_all(self._alternatives(schema.get("items", {})))
                return f"a list{_bounds(schema.get('minItems'), schema.get('maxItems'))}, each {items}"
            case "object":
                required = ", ".join(f"`{key}`" for key in schema.get("required", ()))
                return f"a mapping with {required}" if required else "a mapping"
            case _:
                return "something else"


def _child(data: Any, part: str | int) -> Any:
    """Return what stands in the data there; None where nothing does."""
    if isinstance(data, dict):
        return data.get(part)
    return data[part] if isinstance(data, list) and isinstance(part, int) and part < len(data) else None


def _meant(schemas: Sequence[Schema], value: Any) -> Sequence[Schema]:
    """The alternatives that a mapping is meant as by its own words, such as its ``kind``; all where none fits."""
    if not isinstance(value, dict):
        return schemas
    for tag in ("const", "enum"):  # the one word of a kind tells more than a setting that may be wrong itself
        fitting = [
            schema
            for schema in schemas
            if all(
                str(value[key]) in _words(of)
                for key, of in schema.get("properties", {}).items()
                if tag in of and key in value
            )
        ]
        schemas = fitting or schemas
    return schemas


def _children(schema: Schema, part: str | int) -> list[Schema]:
    if isinstance(part, int):
        return [schema["items"]] if "items" in schema else []
    if part in schema.get("properties", {}):
        return [schema["properties"][part]]
    rest = schema.get("additionalProperties")
    return [*schema.get("patternProperties", {}).values(), *([rest] if isinstance(rest, dict) else [])]


def _describe_text(schema: Schema) -> str:
    if schema.get("pattern") in _PATTERNS:
        return _PATTERNS[schema["pattern"]]
    if schema.get("pattern", "").startswith(_LINKS):
        return "a link such as `https://meet.example/77`"
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    if "examples" in schema:
        return "text such as " + " or ".join(f"`{example}`" for example in schema["examples"])
    if schema.get("pattern", "").startswith(_NO_SPACES):
        return "text without spaces"
    bounds = _bounds(schema.get("minLength"), schema.get("maxLength"))
    return f"text{bounds} characters" if bounds else "text"


def _bounds(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low:,} to {high:,}"
    if low is not None:
        return f" of at least {low:,}"
    return f" of at most {high:,}" if high is not None else ""


def _words(schema: Schema) -> list[str]:
    """The words a schema allows, when it allows only certain ones."""
    words = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return [str(word).lower() if isinstance(word, bool) else str(word) for word in words]


def _one_of(words: Sequence[str]) -> str:
    written = ", ".join(f"`{word}`" for word in words)
    return f"one of {written}" if len(words) > 1 else written
