"""The parts that answers on a terminal are laid out with: rows, tables, headings."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


def grid(rows: Iterable[tuple[str, RenderableType | str]]) -> Table:
    """Lay out labels and values; rows with an empty value are left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        if value != "":
            add(table, label, value)
    return table


def columns(*headings: str) -> Table:
    """Return an empty table with headings and no lines."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def add(table: Table, *cells: RenderableType | str) -> None:
    """Add a row; text of others is never read as markup."""
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))


def headed(title: str, body: RenderableType) -> Group:
    """Put a heading above something, which is set in."""
    return Group("", Text(title, style="bold"), Padding(body, (0, 0, 0, 2), expand=False))
