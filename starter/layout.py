"""The parts that answers on a terminal are laid out with: rows, tables, headings."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_GAP = 2
_WHOLE = 24
"""What is so short is not broken; a longer text is read in columns of at least this width."""
_UNBOUNDED = 10_000


def grid(rows: Iterable[tuple[str, RenderableType | str]]) -> Table:
    """Lay out labels and values; rows with an empty value are left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        if value != "":
            add(table, label, value)
    return table


class Columns:
    """Rows under headings, without lines.

    What is copied (a name, an id, a digest, a time) is never broken: where a terminal is too narrow for all columns,
    the widest ones are written beneath their row instead. The first column always stays.
    """

    def __init__(self, headings: Iterable[str], *, right: bool = False) -> None:
        self._headings = tuple(headings)
        self._right = right
        self._rows: list[tuple[RenderableType, ...]] = []

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def add_row(self, *cells: RenderableType) -> None:
        """Add a row; cells that are left out are empty."""
        self._rows.append((*cells, *("",) * (len(self._headings) - len(cells))))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the rows out for this width."""
        natural, least = self._measured(console, options)
        beside = list(range(len(natural)))
        while len(beside) > 1 and sum(least[each] + _GAP for each in beside) > options.max_width:
            beside.remove(max(beside[1:], key=lambda each: (natural[each], each)))
        beneath = [each for each in range(len(natural)) if each not in beside]
        widths = _shared_out(
            [natural[each] for each in beside], [least[each] for each in beside], options.max_width - _GAP * len(beside)
        )
        table = self._table(beside, widths, headings=True)
        for row in self._rows:
            table.add_row(*(row[each] for each in beside))
            said = [(self._headings[each], row[each]) for each in beneath if str(row[each])]
            if said:
                yield table
                yield Padding(_beneath(said, options.max_width - 2), (0, 0, 0, 2), expand=False)
                table = self._table(beside, widths, headings=False)
        if table.row_count or not self._rows:
            yield table

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return between which widths it can be laid out."""
        natural, least = self._measured(console, options)
        return Measurement(min(least[0], options.max_width), min(sum(natural) + _GAP * len(natural), options.max_width))

    def _measured(self, console: Console, options: ConsoleOptions) -> tuple[list[int], list[int]]:
        """Return how wide each column would like to be, and how wide it has to be for people to read it."""
        natural, least = [], []
        free = options.update(width=_UNBOUNDED)
        for column, heading in zip(zip(*self._rows, strict=True) if self._rows else (), self._headings, strict=False):
            each = [Measurement.get(console, free, cell) for cell in (heading, *column)]
            natural.append(max(one.maximum for one in each))
            least.append(max(one.maximum if one.maximum <= _WHOLE else max(one.minimum, _WHOLE) for one in each))
        bare = [len(heading) for heading in self._headings]
        return natural or bare, least or bare

    def _table(self, beside: list[int], widths: list[int], *, headings: bool) -> Table:
        table = Table(box=None, padding=(0, _GAP, 0, 0), header_style="dim", pad_edge=False, show_header=headings)
        for each, width in zip(beside, widths, strict=True):
            right = self._right and each == 0
            table.add_column(self._headings[each], overflow="fold", width=width, justify="right" if right else "left")
        return table


def _beneath(said: list[tuple[str, RenderableType]], width: int) -> RenderableType:
    """Put what stands beneath a row into one line, where that is wide enough."""
    line = Text("   ").join(Text.assemble((label, "dim"), " " * bool(label), _text(cell)) for label, cell in said)
    return line if len(line.plain) <= width and "\n" not in line.plain else grid(said)


def _text(cell: RenderableType) -> Text:
    return cell if isinstance(cell, Text) else Text(str(cell))


def _shared_out(natural: list[int], least: list[int], width: int) -> list[int]:
    """Narrow the widest first, and none below what it has to have unless it is the only one."""
    widths = list(natural)
    while sum(widths) > width:
        room = [each for each in range(len(widths)) if widths[each] > least[each]]
        if not room:
            return [max(1, width)] if len(widths) == 1 else widths
        widths[max(room, key=widths.__getitem__)] -= 1
    return widths


def columns(*headings: str, right: bool = False) -> Columns:
    """Return an empty table with headings; ``right`` sets the first column flush right."""
    return Columns(headings, right=right)


def add(table: Columns | Table, *cells: RenderableType | str) -> None:
    """Add a row; text of others is never read as markup."""
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))


def headed(title: str, body: RenderableType) -> Group:
    """Put a heading above something, which is set in."""
    return Group("", Text(title, style="bold"), Padding(body, (0, 0, 0, 2), expand=False))
