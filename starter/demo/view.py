"""How the demo is shown while it runs: a live board on a terminal, plain lines everywhere else."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from escalation.lifecycle.situation import Situation
from escalation.lifecycle.timing.clock_views import ClockView
from starter.demo.scene import Board, Entry, Scene
from starter.line import name, names
from starter.steps import Step
from starter.when import offset

_EVERY = 0.2
_SIDE_BY_SIDE = 114
"""Columns of a terminal that are wide enough for three panels."""
_STATES = {"breached": "bold red", "warned": "yellow", "paused": "cyan"}


class View(Protocol):
    """Shows the board until it is stopped."""

    def start(self) -> None:
        """Begin to show it."""

    async def keep_up(self) -> None:
        """Keep what is shown up to date, for ever."""

    def stop(self) -> None:
        """End, and leave the last state visible."""


def choose(console: Console, board: Board, shown: Callable[[], None]) -> View:
    """Return the view that fits the terminal; ``shown`` is called whenever a line has become visible."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveView(console, board, shown)
    return PlainView(board, shown)


class PlainView:
    """One line for each thing that happens; no control codes."""

    def __init__(self, board: Board, shown: Callable[[], None]) -> None:
        self._board = board
        self._shown = shown

    def start(self) -> None:
        """Begin to print."""
        self._board.on_entry = self._print
        for entry in self._board.feed:
            self._print(entry)

    async def keep_up(self) -> None:
        """Nothing to do: every line is printed as it comes."""
        await asyncio.Event().wait()

    def stop(self) -> None:
        """End."""
        self._board.on_entry = lambda _entry: None

    def _print(self, entry: Entry) -> None:
        print(
            f"{entry.seconds:6.1f}s  {entry.scene:<6}  {entry.who + '  ' if entry.who else ''}{entry.what}", flush=True
        )
        self._shown()


class LiveView:
    """A board that is drawn anew several times a second."""

    def __init__(self, console: Console, board: Board, shown: Callable[[], None]) -> None:
        self._board = board
        self._shown = shown
        self._console = console
        self._live = Live(console=console, auto_refresh=False, screen=False)

    def start(self) -> None:
        """Show the board."""
        self._live.start()
        self._draw()

    async def keep_up(self) -> None:
        """Draw it again and again."""
        while True:
            await asyncio.sleep(_EVERY)
            self._draw()

    def stop(self) -> None:
        """Leave the last picture standing."""
        self._draw()
        self._live.stop()

    def _draw(self) -> None:
        self._live.update(_board(self._board, self._console), refresh=True)
        self._shown()


def _board(board: Board, console: Console) -> RenderableType:
    width, height = console.size
    side_by_side = width >= _SIDE_BY_SIDE
    now = datetime.now(UTC)
    if side_by_side:
        panels = Table.grid(expand=True)
        for _ in board.scenes:
            panels.add_column(ratio=1)
        panels.add_row(*(_panel(scene, now, full=True) for scene in board.scenes))
        scenes: RenderableType = panels
    else:
        scenes = Group(*(_panel(scene, now, full=False) for scene in board.scenes))
    top = Group(_header(board), scenes)
    room = height - len(console.render_lines(top)) - 2
    return Group(top, _feed(board.feed[-room:] if room > 0 else [], width))


def _header(board: Board) -> Text:
    worker = ("bold red" if "kill" in board.worker else "green", board.worker)
    return Text.assemble(
        (f"{board.seconds:5.1f}s", "bold"),
        "  three escalations on the embedded stack   worker: ",
        (worker[1], worker[0]),
        ("   " + board.ui_url if board.ui_url else "", "dim"),
        no_wrap=True,
        overflow="ellipsis",
    )


def _panel(scene: Scene, now: datetime, *, full: bool) -> Panel:
    here = scene.situation
    if here is None:
        return Panel(Text("waiting for the receipt ..." if scene.board.ui_url else "", style="dim"), title=scene.title)
    lines: list[RenderableType] = [
        Text.assemble(
            (f"{here.severity} ", "bold"),
            (here.outcome or here.stage, "bold green" if here.outcome else "bold"),
            f" {here.level}  ",
            (here.status, "cyan"),
        ),
        Text.assemble(("owner  ", "dim"), name(here.owner) if here.owner else "none yet", no_wrap=True),
        Text.assemble(("next   ", "dim"), _next(here), no_wrap=True, overflow="ellipsis"),
        Text.assemble(("or     ", "dim"), _otherwise(here, now), no_wrap=True, overflow="ellipsis"),
    ]
    if full:
        lines += [Text("clocks", style="dim"), *(_clock(clock, now) for clock in here.clocks)]
        lines += [
            Text("foreseen at opening: who is called", style="dim"),
            *(_foreseen(scene, step) for step in _first(scene.forecast)),
        ]
    return Panel(Group(*lines), title=scene.title, border_style="green" if here.outcome else "none")


def _next(here: Situation) -> str:
    return "nobody: it has ended" if here.outcome else f"{names(here.who_acts_next) or 'nobody'}"


def _otherwise(here: Situation, now: datetime) -> str:
    if here.next is None:
        return "-"
    return f"in {max(0.0, (here.next.at - now).total_seconds()):.0f}s {here.next.what}"


def _clock(clock: ClockView, now: datetime) -> Text:
    left = clock.state if clock.state == "met" else f"{(clock.due - now).total_seconds():.0f}s left, {clock.state}"
    style = "dim" if clock.state == "met" else _STATES.get(clock.state, "")
    return Text(f"  {clock.name}: {left}", style=style, no_wrap=True, overflow="ellipsis")


def _first(forecast: list[Step]) -> list[Step]:
    """What matters most of a forecast: who is called when, and at which level."""
    return [step for step in forecast if step.key.startswith("rung_opened")][:5]


def _foreseen(scene: Scene, step: Step) -> Text:
    came = scene.happened(step)
    mark = ("✓ ", "green") if came else ("· ", "dim")
    level = step.key.partition(" ")[2].partition("/")[0]
    return Text.assemble(
        mark,
        (f"{offset(step.at - scene.opened_at):>6}  ", "dim"),
        f"{level} {names(step.who) or step.what}",
        no_wrap=True,
        overflow="ellipsis",
    )


def _feed(entries: list[Entry], width: int) -> Panel:
    table = Table.grid(padding=(0, 1), expand=True)
    for style, columns in (("dim", 6), ("magenta", 6), ("bold", 17)):
        table.add_column(style=style, width=columns, no_wrap=True, overflow="ellipsis")
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for entry in entries:
        table.add_row(f"{entry.seconds:5.1f}s", entry.scene, Text(entry.who), Text(entry.what, style=entry.style))
    return Panel(table, title="what people receive and do", width=width)
