"""The end of the demo: what happened and why, what had been foreseen, whether everything is as it should be."""

from rich.console import Console, Group, RenderableType
from rich.text import Text

from escalation.model import events as e
from starter import layout, render
from starter.demo.scene import Scene
from starter.demo.stories import Check
from starter.line import name, names
from starter.steps import Step
from starter.story import tell
from starter.when import offset


def show_scene(console: Console, scene: Scene, checks: list[Check], ui_url: str) -> None:
    """Print one escalation: timeline with reasons, forecast against what happened, checks, where to look."""
    console.print()
    console.print(Text(f"── {scene.title}", style="bold magenta"))
    console.print(_timeline(scene))
    console.print()
    console.print(Text("Foreseen at opening, if nobody had answered, and what came of it", style="bold"))
    console.print(_compared(scene))
    console.print()
    for check in checks:
        mark = ("ok    ", "green") if check.holds else ("WRONG ", "bold red")
        console.print(Text.assemble(mark, check.what))
    console.print(Text(f"{ui_url}/namespaces/default/workflows/{scene.id}/{scene.run_id}/history"), soft_wrap=True)


def _timeline(scene: Scene) -> RenderableType:
    lines = [line for line in tell(scene.timeline) if not isinstance(line.event, e.PeopleResolved)]
    return render.story(lines, scene.opened_at, since=scene.opened_at)


def _compared(scene: Scene) -> layout.Columns:
    table = layout.columns("foreseen", "what", "who", "what came of it")
    for step in scene.forecast:
        came = scene.happened(step)
        if came is not None:
            truth = Text(f"came at {offset(came.at - scene.opened_at)}", style="green")
        else:
            truth = Text(f"not needed: {_why_not(scene, step)}", style="dim")
        layout.add(table, offset(step.at - scene.opened_at), step.what.partition(";")[0], names(step.who), truth)
    return table


def _why_not(scene: Scene, step: Step) -> str:
    """Say what made a step pointless."""
    kind, _, about = step.key.partition(" ")
    for event in scene.timeline:
        if kind.startswith("clock_"):
            if isinstance(event, e.ClockStopped) and event.clock == about:
                return f"{about} was met at {offset(event.at - scene.opened_at)}"
        elif isinstance(event, e.OwnerChanged):
            return f"{name(event.owner)} took it at {offset(event.at - scene.opened_at)}"
    return "it was closed before"


def summary(board_seconds: float, first_page: float | None, failed: list[str]) -> Group:
    """Say in two lines how it went."""
    page = f"{first_page:.1f} s" if first_page is not None else "never"
    parts: list[RenderableType] = [
        "",
        Text(f"From start to the first page shown: {page}. All of it: {board_seconds:.1f} s."),
    ]
    if failed:
        parts += [Text(f"Not as it should be: {problem}", style="bold red") for problem in failed]
    else:
        parts.append(Text("All three ended as they should.", style="bold green"))
    return Group(*parts)
