"""Writes a swap into a directory's file: only the lines of the swap are added, everything else stays as it was written.

The file is checked with the swap in it before it is replaced, in one step, so that no reader ever sees half of it.
"""

import io
import os
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from escalation.documents import Document, parse_document, read_document, stamp
from escalation.errors import DocumentError, Finding, NotAllowed, NotNow
from escalation.people.directory import Directory, check_directory
from escalation.people.swaps import Swap

_WIDE: Final = 1_000_000
"""Lines are as long as they are."""


def write_swap(path: Path, rotation: str, swap: Swap, check: Callable[[Directory], None]) -> tuple[int, str]:
    """Add a swap to a rotation of a directory's file; return the line at which it stands, and the line.

    Args:
        path: the file; where it is a link, what it leads to is written.
        rotation: it has to be in the file.
        swap: what to write.
        check: raises what must keep the directory, as it would be, from being written.

    Raises:
        DocumentError: the file is wrong.
        NotAllowed: the swap cannot be, or the layout of the file leaves no place for it; then the message has the line
            to write by hand.
        NotNow: somebody else changed the file meanwhile.
    """
    path = path.resolve()
    before = stamp(path)
    document = read_document(path)
    old = path.read_text(encoding="utf-8")
    rotations = document.data.get("rotations") if isinstance(document.data, dict) else None
    if not isinstance(rotations, dict) or not isinstance(rotations.get(rotation), dict):
        raise DocumentError([Finding(str(path), 0, "rotations", f"there is no rotation `{rotation}` in it")])
    entry = _entry(swap)
    try:
        new = _with(old, rotation, entry)
    except (YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _by_hand(path, rotation, entry) from error
    written = parse_document(new, str(path))
    check(_checked(written, rotation))
    if not _is_only_more(document, written, rotation):
        raise _by_hand(path, rotation, entry)
    if stamp(path) != before:
        raise NotNow(f"{path} was changed by somebody else at the same moment; nothing was written. Try again")
    replace(path, new)
    line = written.line(("rotations", rotation, "swaps", len(written.data["rotations"][rotation]["swaps"]) - 1))
    return line, new.splitlines()[line - 1].strip()


def _checked(written: Document, rotation: str) -> Directory:
    """Check the directory as it would be; what is wrong with the swap is said in the words it was asked for in."""
    try:
        return check_directory(written)
    except DocumentError as error:
        place = f"rotations.{rotation}.swaps.{len(written.data['rotations'][rotation]['swaps']) - 1}"
        wrong = {finding.message: _option(finding.path, place) for finding in error.findings}
        if not all(finding.path.startswith(place) for finding in error.findings):
            raise
        problems = "; ".join(f"{option}{message}" for message, option in wrong.items())
        raise NotAllowed(f"{problems}. Nothing was written") from error


def _option(path: str, place: str) -> str:
    asked = {"a": "--give: ", "b": "--take: "}
    return asked.get(path.removeprefix(f"{place}.")[:1], "") if path != place else ""


def _entry(swap: Swap) -> CommentedMap:
    entry = CommentedMap({key: value for key, value in swap.model_dump().items() if value not in ("", None)})
    entry.fa.set_flow_style()
    return entry


def _with(old: str, rotation: str, entry: CommentedMap) -> str:
    """Return the text with the swap's lines added where the round trip of ruamel puts them."""

    def add(data: Any) -> None:
        mapping = data["rotations"][rotation]
        if mapping.get("swaps") is None:
            mapping["swaps"] = CommentedSeq()
        mapping["swaps"].append(entry)

    # What the round trip itself changes (quotes, line breaks) is in both, so what differs is the swap.
    plain, more = _round_trip(old).splitlines(keepends=True), _round_trip(old, add).splitlines(keepends=True)
    written = old.splitlines(keepends=True)
    [(kind, begin, end, first, last)] = [
        each for each in SequenceMatcher(None, plain, more, autojunk=False).get_opcodes() if each[0] != "equal"
    ]
    added = more[first:last]
    if kind == "insert":
        # A comment that stands further out speaks of what follows it.
        margin = _margin(added[0])
        while begin and (not plain[begin - 1].strip() or _is_comment(plain[begin - 1], margin)):
            begin -= 1
        end = begin
    same = {
        block.b + offset: block.a + offset
        for block in SequenceMatcher(None, written, plain, autojunk=False).get_matching_blocks()
        for offset in range(block.size)
    }
    at = same[begin - 1] + 1
    if [same.get(line) for line in range(begin, end)] != list(range(at, at + end - begin)):
        raise ValueError("the lines that change are written in another way than the round trip writes them")
    if not written[at - 1].endswith("\n"):
        written[at - 1] += "\n"
    return "".join((*written[:at], *added, *written[at + end - begin :]))


def _round_trip(text: str, change: Callable[[Any], None] | None = None) -> str:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml.load(text)
    if change is not None:
        change(data)
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_comment(line: str, margin: int) -> bool:
    return line.lstrip().startswith("#") and _margin(line) < margin


def _is_only_more(document: Document, written: Document, rotation: str) -> bool:
    swaps = written.data["rotations"][rotation].get("swaps")
    had = document.data["rotations"][rotation].get("swaps") or []
    without = {**written.data["rotations"][rotation], "swaps": swaps[:-1]}
    was = {**document.data["rotations"][rotation], "swaps": had}
    rest = {**written.data["rotations"], rotation: None} == {**document.data["rotations"], rotation: None}
    return without == was and rest and {**written.data, "rotations": 0} == {**document.data, "rotations": 0}


def _by_hand(path: Path, rotation: str, entry: CommentedMap) -> NotAllowed:
    parts = ", ".join(f"{key}: {value if key in 'ab' else repr(str(value))}" for key, value in entry.items())
    return NotAllowed(
        f"{path} is laid out in a way that a swap cannot be added to without changing other lines. "
        f"Add to rotations.{rotation}.swaps by hand: {{{parts}}}"
    )


def replace(path: Path, text: str) -> None:
    """Write a file anew in one step."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
