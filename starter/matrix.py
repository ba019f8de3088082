"""The matrix of a playbook as a spreadsheet, and back into its file: a line for each cell.

Written back, what did not change stays as it stands in the file, with its comments; so does everything beside it.
"""

import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from escalation.documents import Document, read_document, stamp
from escalation.errors import DocumentError, Finding, NotAllowed, NotNow, RequestRefused
from escalation.explain import did_you_mean, explain
from escalation.intake.config import MatrixIntake
from escalation.intake.rows import Table
from escalation.intake.rows import text as cell_text
from escalation.playbook.ladder import Cell
from escalation.playbook.load import Loaded, load
from escalation.values import format_duration
from starter import sheets
from starter.swapping import replace

COLUMNS = ("id", "severity", "level", "after", "when", "targets", "ack", "dwell", "repeat", "channels", "about")
_LISTS = ("severity", "targets", "channels")
_DURATIONS = ("after", "ack", "dwell")


def exported(cells: tuple[Cell, ...]) -> str:
    """Write cells as CSV; a list is separated by spaces, and what a cell leaves out is empty."""
    return sheets.write(COLUMNS, ([_written(cell, column) for column in COLUMNS] for cell in cells))


def imported(text: str) -> tuple[Cell, ...]:
    """Read cells of CSV.

    Raises:
        RequestRefused: naming every line and column that is wrong.
    """
    return cells_of((f"cell {number}", row) for number, row in enumerate(sheets.read(text, COLUMNS), start=1))


def of_table(table: Table, intake: MatrixIntake) -> tuple[Cell, ...]:
    """Read cells of a sheet: its columns are those that the intake names, others are left alone.

    Raises:
        RequestRefused: naming every column that is not there, and every row and part that is wrong.
    """
    titles = {part: intake.columns.get(part, part) for part in COLUMNS}
    missing = [
        (f"column {title}", f"is not in the sheet{did_you_mean(title, table.columns)}")
        for part, title in titles.items()
        if title not in table.columns and (part in intake.columns or Cell.model_fields[part].is_required())
    ]
    if missing:
        raise RequestRefused(missing)
    rows = (
        (f"row {row.number}", {part: cell_text(row.cells.get(title, "")) for part, title in titles.items()})
        for row in table.rows
    )
    return cells_of(((where, row) for where, row in rows if any(row.values())), titles)


def cells_of(rows: Iterable[tuple[str, dict[str, str]]], titles: Mapping[str, str] | None = None) -> tuple[Cell, ...]:
    """Read cells of rows, each with the words for its place: texts by part of a cell, ``titles`` of which people know.

    Raises:
        RequestRefused: naming every row and column that is wrong.
    """
    found, wrong = [], []
    for where, row in rows:
        said = _said(row)
        try:
            found.append(Cell.model_validate(said, extra="forbid"))
        except ValidationError as error:
            wrong += [
                (", ".join(filter(None, (where, (titles or {}).get(part, part)))), message)
                for path, message in explain(said, Cell, error.errors())
                for part in ("".join(str(each) for each in path[:1]),)
            ]
    if wrong:
        raise RequestRefused(wrong)
    return tuple(found)


def write_back(path: Path, cells: tuple[Cell, ...]) -> bool:
    """Make these the cells of a playbook's file, when it passes every check with them; False: they are already.

    Raises:
        DocumentError: the file is wrong, or would be with these cells.
        NotAllowed: the matrix is not, or not only, in this file, or is laid out so that nothing can be put into it.
        NotNow: somebody else changed the file meanwhile.
    """
    path = path.resolve()
    before, present = stamp(path), load(path)
    if present.playbook.matrix == cells:
        return False
    document = read_document(path)
    own = document.data.get("matrix")
    # Cells that come from what it extends are not in this file.
    if "extends" in document.data and (own is None or len(own) != len(present.playbook.matrix)):
        raise NotAllowed(f"{path.name} extends {document.data['extends']}: import into the file that has the matrix")
    text = _with(path.read_text(encoding="utf-8"), document, present.playbook.matrix, cells)
    after = _checked(path, text)
    if after.playbook != present.playbook.changed({"matrix": cells}):
        raise NotAllowed(f"the matrix of {path.name} is laid out so that cells cannot be put into it; write it by hand")
    if stamp(path) != before:
        raise NotNow(f"{path} was changed by somebody else at the same moment; nothing was written. Try again")
    replace(path, text)
    return True


def _written(cell: Cell, column: str) -> str:
    value = getattr(cell, column)
    if value is None:
        return ""
    if column in _LISTS:
        return " ".join(value)
    return format_duration(value) if column in _DURATIONS else str(value)


def _said(row: dict[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {name: text.strip() for name, text in row.items() if text.strip()}
    return {name: text.split() if name in _LISTS else text for name, text in said.items()} | (
        {"repeat": int(said["repeat"])} if str(said.get("repeat", "")).isdecimal() else {}
    )


def _checked(path: Path, text: str) -> Loaded:
    """Load the playbook as it would be; findings speak of the file itself."""
    with TemporaryDirectory() as folder:
        trial = Path(folder) / path.name
        trial.write_text(text, encoding="utf-8")
        try:
            return load(trial, path.parent)
        except DocumentError as error:
            found = [each._replace(file=str(path)) if each.file == str(trial) else each for each in error.findings]
            raise DocumentError([Finding(*each) for each in found]) from None


# --- into the file ----------------------------------------------------------------------------------------------------


def _with(text: str, document: Document, present: tuple[Cell, ...], cells: tuple[Cell, ...]) -> str:
    """Return the text with these cells: those that are there already keep their lines, and the comments above them."""
    lines = text.splitlines(keepends=True)
    if not present:
        block = ["\n", "matrix:\n", *map(_line, cells)]
        if "matrix" in document.data:
            raise NotAllowed("the matrix is there and empty: take the word `matrix` out first")
        return text if not cells else "".join((*_ended(lines), *block))
    top = document.line(("matrix",)) - 1
    starts = [document.line(("matrix", index)) - 1 for index in range(len(present))]
    if not lines[top].startswith("matrix:") or not all(lines[each].lstrip().startswith("- ") for each in starts):
        raise NotAllowed("the matrix is not written as one cell after the other, each after a dash")
    end = next((at for at in range(starts[-1] + 1, len(lines)) if lines[at][:1] not in " \t\r\n#-"), len(lines))
    while end > starts[-1] + 1 and lines[end - 1][:1] not in " \t-":
        end -= 1  # what stands at the margin speaks of the next section
    begins = [_with_comments(lines, start, low) for start, low in zip(starts, (top, *starts), strict=False)]
    kept = [lines[begin:until] for begin, until in zip(begins, (*begins[1:], end), strict=True)]
    left = list(zip(present, kept, strict=True))
    body: list[str] = []
    for cell in cells:
        same = next((each for each in left if each[0] == cell), None)
        named = next((each for each in left if _place(each[0]) == _place(cell)), None)
        if same is not None:
            left.remove(same)
            body += _ended(same[1])
        elif named is not None:
            left.remove(named)
            body += [*_comments(named[1]), _line(cell)]
        else:
            body.append(_line(cell))
    head = [] if not cells else [lines[top]]
    return "".join((*lines[:top], *head, *lines[top + 1 : begins[0]], *body, *lines[end:]))


def _with_comments(lines: list[str], start: int, low: int) -> int:
    """Return where what belongs to a cell begins: the comments right above it are its own."""
    while start - 1 > low and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start


def _place(cell: Cell) -> object:
    """Return what makes it the same cell, though it says something else."""
    return cell.id or (cell.severity, cell.level, cell.after)


_BEHIND = re.compile(r"""^(?:[^'"#]*|.*\})\s(#.*)$""", re.DOTALL)
"""A comment behind something, where it cannot be part of a text."""


def _comments(lines: list[str]) -> list[str]:
    """Return the comments of a cell whose own lines are written anew."""
    found = []
    for line in lines:
        if line.lstrip().startswith("#"):
            found.append(line)
        elif match := _BEHIND.match(line):
            found.append(f"  {match.group(1)}")
    return found


def _ended(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1] if lines[-1].endswith("\n") else f"{lines[-1]}\n"] if lines else []


def _line(cell: Cell) -> str:
    said = {column: _written(cell, column) for column in COLUMNS if _written(cell, column)}
    plain = {name: text.split() if name in _LISTS else text for name, text in said.items()}
    if cell.repeat is not None:
        plain["repeat"] = cell.repeat  # type: ignore[assignment]
    return f"  - {_flow(plain)}\n"


def _flow(plain: dict[str, Any]) -> str:
    yaml, out = YAML(typ="safe", pure=True), io.StringIO()
    yaml.default_flow_style, yaml.width = True, 1_000_000
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # declared as None, and a flag
    yaml.dump(plain, out)
    return out.getvalue().strip()
