"""Tables as CSV, for people who think in spreadsheets: written so that no cell is a formula, and read back exactly.

A spreadsheet computes what begins with ``=``, ``+``, ``-`` or ``@``. Such text gets an apostrophe before it, and so
does text that begins with one; reading takes one away. So what is read is always what was written.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from escalation.errors import RequestRefused

_COMPUTED = ("=", "+", "-", "@", "\t", "\r", "'")


def write(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table, its columns named in the first line."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([columns, *([_guarded(cell) for cell in row] for row in rows)])
    return out.getvalue()


def read(text: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a table with these columns, in any order; some may be left out, lines without any text are passed over.

    Raises:
        RequestRefused: a column that is not known, or twice, or a line with more cells than columns; each by its place.
    """
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    named = [name.strip() for name in lines[0]] if lines else []
    known = f"expected {', '.join(columns)}"
    wrong = [(f"column {name or '(no name)'}", known) for name in named if name not in columns]
    wrong += [(f"column {name}", "is there twice") for name in dict.fromkeys(named) if named.count(name) > 1]
    wrong += [
        (f"line {number}", f"has {len(line)} cells, and there are {len(named)} columns")
        for number, line in enumerate(lines[1:], start=2)
        if len(line) > len(named)
    ]
    if wrong or not named:
        raise RequestRefused(wrong or [("", "is empty; expected a first line with the names of the columns")])
    return [dict(zip(named, map(_plain, line), strict=False)) for line in lines[1:] if any(map(str.strip, line))]


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_COMPUTED) else cell


def _plain(cell: str) -> str:
    return cell.removeprefix("'")
