"""YAML documents that know their lines: read, merge, and validate with findings that name file and line.

YAML 1.2 with its core schema, so ``on:`` and ``no`` are text, and a date or a time stays text until a model reads it.
Keys are names and always text. What is wrong is collected, so that one look at the findings is enough to mend a file.
Size, depth and the number of values that aliases make are bounded.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.resolver import BaseResolver
from ruamel.yaml.tag import Tag

from escalation.errors import DocumentError, Finding
from escalation.explain import Location, explain

MAX_BYTES: Final = 1 << 20
"""Largest file that is read."""
MAX_VALUES: Final = 100_000
"""Most values in a document after aliases are written out."""
MAX_DEPTH: Final = 50
"""Deepest nesting."""

M = TypeVar("M", bound=BaseModel)


class Place(NamedTuple):
    """Where something was written; lines count from 1, 0 is the file as a whole."""

    file: str
    line: int


class Document(NamedTuple):
    """Plain data (mappings, lists, text, numbers, flags, None) and where each part of it was written."""

    file: str
    data: Any
    places: Mapping[Location, Place] = MappingProxyType({})
    """Place of each mapping's key and each list's item; after ``merge`` they lie in several files."""

    def place(self, path: Sequence[str | int]) -> Place:
        """Return where a value was written; for one that is absent, where the nearest mapping or list around it was."""
        for length in range(len(path), -1, -1):
            if found := self.places.get(tuple(path[:length])):
                return found
        return Place(self.file, 0)

    def line(self, path: Sequence[str | int]) -> int:
        """Return the line of ``place``."""
        return self.place(path).line

    def finding(self, path: Sequence[str | int], message: str) -> Finding:
        """Return a finding about the value at a path."""
        return Finding(*self.place(path), ".".join(str(part) for part in path), message)

    def each(self, pattern: str) -> Iterator[tuple[Location, Any]]:
        """Yield path and value of all that match, as in ``teams.*.members.*``; data of another shape match nothing."""
        found: list[tuple[Location, Any]] = [((), self.data)]
        for part in pattern.split("."):
            found = [
                ((*path, key), value)
                for path, container in found
                for key, value in _children(container)
                if part in ("*", key)
            ]
        yield from found


Stamp = tuple[int, int, int] | None
"""Modification time in nanoseconds, size and inode of a file; None when it is not there."""


def stamp(path: Path) -> Stamp:
    """Return what tells that a file was edited or replaced."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def read_document(path: Path) -> Document:
    """Read a YAML file; raise ``DocumentError`` when it is unreadable, too large, not UTF-8 or not YAML."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError(
            [Finding(file, 0, "", f"cannot be read: {error.strerror or type(error).__name__}")]
        ) from None
    try:
        return parse_document(content.decode("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentError([Finding(file, line, "", "is not UTF-8; save the file with that encoding")]) from None


def parse_document(text: str, file: str) -> Document:
    """Parse YAML text; ``file`` is the name that findings carry. Raise ``DocumentError`` with all that is wrong."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise DocumentError([Finding(file, 0, "", f"is larger than {MAX_BYTES // 1024} KiB; split it")])
    root = _compose(text, file)
    builder = _Builder(file)
    data = builder.child(root, root, ()) if root else None
    if builder.findings:
        raise DocumentError(sorted(builder.findings))
    if data is None:
        raise DocumentError([Finding(file, 0, "", "is empty; expected keys and values")])
    return Document(file, data, builder.places)


def merge(base: Document, override: Document) -> Document:
    """Lay one document over another; every part keeps the file and line it was written at.

    Mappings merge deeply; anything else replaces. A list of mappings that all have an ``id`` (or all a ``name``) merges
    with a list of the same kind by it: the base's order first, what is new after. ``key: null`` removes a key that the
    base has.
    """
    places: dict[Location, Place] = {}
    data = _merge(_Part(base, (), base.data), _Part(override, (), override.data), (), places)
    return Document(override.file, data, places)


def validate(document: Document, model: type[M]) -> M:
    """Make a model of a document; a key the model does not know is an error at every depth.

    Raises ``DocumentError`` with everything that is wrong, in the order of the lines.
    """
    try:
        return model.model_validate(document.data, extra="forbid")
    except ValidationError as error:
        problems = explain(document.data, model, error.errors(include_url=False, include_input=False))
    found = [document.finding(path, message) for path, message in problems]
    raise DocumentError(sorted(found, key=lambda finding: (finding.file, finding.line)))


_STR: Final = "tag:yaml.org,2002:str"
_CORE_SCHEMA: Final = {
    "tag:yaml.org,2002:null": re.compile(r"~|null|Null|NULL|"),
    "tag:yaml.org,2002:bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "tag:yaml.org,2002:int": re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    "tag:yaml.org,2002:float": re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"),
}


class _CoreResolver(BaseResolver):
    """What a plain scalar means in YAML 1.2, whatever a ``%YAML`` line says. Infinity and not-a-number stay text."""

    processing_version = (1, 2)

    def __init__(self, version: Any = None, loader: Any = None) -> None:
        super().__init__(loader)
        self._loader_version = version

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode and implicit[0]:
            return Tag(suffix=next((tag for tag, form in _CORE_SCHEMA.items() if form.fullmatch(value)), _STR))
        return super().resolve(kind, value, (False, False))


def _compose(text: str, file: str) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.Resolver = _CoreResolver
    yaml.max_depth = MAX_DEPTH
    yaml.composer.warn_double_anchors = False
    try:
        return yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        message = " ".join(str(error.problem or error.context).split())
        if "'\\t'" in message:
            message = "a tab stands where only spaces may; indent with spaces"
        elif "maximum depth" in message:
            message = f"is nested deeper than {MAX_DEPTH} levels"
        elif error.problem and error.context:
            message = f"{message} ({error.context})"
    except ReaderError as error:
        line, message = text.count("\n", 0, error.position) + 1, "holds a character that YAML does not allow"
    except (YAMLError, ValueError, OverflowError, LookupError, AssertionError) as error:
        line, message = 0, f"is not YAML ({type(error).__name__})"  # what the parser lets slip through on broken input
    raise DocumentError([Finding(file, line, "", f"not valid YAML: {message}")])


class _Builder:
    """Turns composed nodes into plain data, remembers places, collects what is wrong."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[Location, Place] = {}
        self.findings: list[Finding] = []
        self.values = 0

    def _build(self, node: Any, path: Location) -> Any:
        self.values += 1
        if self.values > MAX_VALUES or len(path) > MAX_DEPTH:
            limit = f"{MAX_VALUES:,} values" if self.values > MAX_VALUES else f"{MAX_DEPTH} levels"
            raise DocumentError(
                [Finding(self.file, 0, "", f"holds more than {limit} once its aliases are written out")]
            )
        tag = str(node.tag)
        if isinstance(node, MappingNode) and tag.endswith(",2002:map"):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode) and tag.endswith(",2002:seq"):
            return [self.child(item, item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode) and (tag == _STR or tag in _CORE_SCHEMA):
            return self._scalar(node, tag, path)
        return self._wrong(node, path, "has a YAML tag that is not supported here; write a plain value")

    def _mapping(self, node: MappingNode, path: Location) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._wrong(key, path, "a key must be text, not a list or a mapping")
            elif key.value == "<<" and key.style is None:
                self._wrong(key, path, "merge keys (`<<`) are not part of YAML 1.2; write the keys out")
            elif key.value in data:
                first = self.places[*path, key.value].line
                self._wrong(
                    key, (*path, key.value), f"key `{key.value}` is written twice, first on line {first}; keep one"
                )
            else:
                data[key.value] = self.child(key, value, (*path, key.value))
        return data

    def child(self, at: Any, node: Any, path: Location) -> Any:
        """Build the value at a path, which is written where ``at`` starts."""
        self.places[path] = Place(self.file, at.start_mark.line + 1)
        return self._build(node, path)

    def _scalar(self, node: ScalarNode, tag: str, path: Location) -> Any:
        text: str = node.value
        kind = tag.rpartition(":")[2]
        if kind != "str" and not _CORE_SCHEMA[tag].fullmatch(text):
            return self._wrong(node, path, f"is tagged as {kind} but not written as one")
        match kind:
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "float":
                return float(text)
            case "int" if len(text) > 40:
                return self._wrong(node, path, "is a number of more than 40 digits; put it in quotes if it is text")
            case "int":
                return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
            case _:
                return text

    def _wrong(self, node: Any, path: Location, message: str) -> None:
        line = node.start_mark.line + 1
        self.findings.append(Finding(self.file, line, ".".join(str(part) for part in path), message))


class _Part(NamedTuple):
    """A value inside a document."""

    document: Document
    path: Location
    value: Any

    def at(self, key: str | int) -> "_Part":
        return _Part(self.document, (*self.path, key), self.value[key])


def _merge(base: _Part, override: _Part, path: Location, places: dict[Location, Place]) -> Any:
    old, new = base.value, override.value
    if isinstance(old, dict) and isinstance(new, dict):
        places[path] = override.document.place(override.path)
        merged: dict[str, Any] = {}
        for key in {**old, **new}:
            if key not in new:
                merged[key] = _copy(base.at(key), (*path, key), places)
            elif key not in old:
                merged[key] = _copy(override.at(key), (*path, key), places)
            elif new[key] is not None:
                merged[key] = _merge(base.at(key), override.at(key), (*path, key), places)
        return merged
    if label := _label(old, new):
        places[path] = override.document.place(override.path)
        return _merge_items(base, override, label, path, places)
    return _copy(override, path, places)


def _merge_items(base: _Part, override: _Part, label: str, path: Location, places: dict[Location, Place]) -> list[Any]:
    wanted: dict[str, int] = {}
    for index, item in enumerate(override.value):
        wanted.setdefault(item[label], index)
    items: list[Any] = []
    used: set[int] = set()
    for index, item in enumerate(base.value):
        match = wanted.pop(item[label], None)
        if match is None:
            items.append(_copy(base.at(index), (*path, len(items)), places))
        else:
            used.add(match)
            items.append(_merge(base.at(index), override.at(match), (*path, len(items)), places))
    # A second item of one name stays apart, so that whoever checks for duplicates finds it at its own line.
    for index in sorted(set(range(len(override.value))) - used):
        items.append(_copy(override.at(index), (*path, len(items)), places))
    return items


def _label(old: Any, new: Any) -> str | None:
    """Return the key that names the items of both lists; None when they are not lists of named mappings."""
    if not (isinstance(old, list) and isinstance(new, list) and old and new):
        return None
    for key in ("id", "name"):
        if all(isinstance(item, dict) and isinstance(item.get(key), str) for item in (*old, *new)):
            return key
    return None


def _copy(part: _Part, path: Location, places: dict[Location, Place]) -> Any:
    places[path] = part.document.place(part.path)
    if isinstance(part.value, dict):
        return {key: _copy(part.at(key), (*path, key), places) for key in part.value}
    if isinstance(part.value, list):
        return [_copy(part.at(index), (*path, index), places) for index in range(len(part.value))]
    return part.value


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
