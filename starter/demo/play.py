"""Plays the three stories at once, kills the worker in the middle of them, and shows what became of each."""

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from escalation.client import EscalationClient
from escalation.model.request import Customer, Request, parse_request
from escalation.people.directory import Directory, load_directory
from escalation.playbook.load import Shelf, shipped_folder
from starter.demo import epilogue, stories
from starter.demo.post import Post
from starter.demo.scene import Board, Scene
from starter.demo.view import View, choose
from starter.embedded import EmbeddedStack
from starter.line import name

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PLAYBOOKS = EXAMPLES / "demo-playbooks"
DIRECTORY = EXAMPLES / "directory.yaml"

out = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
PATIENCE = 100.0
"""Seconds after which a story that has not come to its end is given up."""
_ANSWER_WITHIN = timedelta(seconds=15)


class Cast:
    """What can be read before the server is there: requests, directory, playbooks."""

    def __init__(self) -> None:
        self.requests = [_request(file) for file in ("vip-refund", "p0-alert", "asks-for-a-person")]
        self.directory = load_directory(DIRECTORY)
        self.shelf = Shelf(PLAYBOOKS, shipped_folder())
        for request in self.requests:
            self.shelf.get(request.playbook)

    @property
    def customers(self) -> list[Customer]:
        """Whom the help desk knows."""
        return [request.customer for request in self.requests if request.customer is not None]


def _request(file: str) -> Request:
    return parse_request((EXAMPLES / f"{file}.json").read_bytes())


async def play(stack: EmbeddedStack, cast: Cast, started: float, *, keep: bool) -> int:
    """Play everything on a running stack; return the exit code."""
    board = Board(started)
    board.ui_url, board.worker = stack.ui_url, "running"
    connection = await Client.connect(stack.address, data_converter=pydantic_data_converter)
    client = EscalationClient(connection, playbooks=cast.shelf, answer_within=_ANSWER_WITHIN)
    post = Post(stack.folder, cast.customers)
    titles = ("VIP whose chatbot is 62 % sure", "P0 alert, first on-call asleep", "asks for a person, names the law")
    board.scenes = [
        Scene(label, title, request=request, client=client, post=post, board=board)
        for label, title, request in zip(("vip", "alert", "person"), titles, cast.requests, strict=True)
    ]
    view = choose(out, board, lambda: _note_first_page(board))
    try:
        async with _background(post.collect(), _announce(board, post), view):
            failed = await _stories(stack, board, cast.directory)
    finally:
        view.stop()
    problems = _end(board, failed)
    if keep:
        out.print(f"\nServer and Web UI stay open at {stack.ui_url} until Ctrl-C.", markup=False)
        with suppress(asyncio.CancelledError):  # Ctrl-C: the stories have their result already
            await asyncio.Event().wait()
    post.close()
    return 1 if problems else 0


async def _stories(stack: EmbeddedStack, board: Board, directory: Directory) -> list[str]:
    """Play the stories at once; return what went wrong in them."""
    vip, alert, person = board.scenes
    scripts = (
        (vip, stories.vip(vip)),
        (alert, stories.alert(alert, lambda: _crash(stack, board))),
        (person, stories.person(person)),
    )
    results = await asyncio.gather(
        *(_story(scene, script, directory) for scene, script in scripts), return_exceptions=True
    )
    return [
        f"{scene.label}: {type(result).__name__}: {result}"
        for (scene, _), result in zip(scripts, results, strict=True)
        if isinstance(result, Exception)
    ]


async def _story(scene: Scene, script: Coroutine[Any, Any, None], directory: Directory) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await scene.open(directory)
            following = asyncio.create_task(scene.follow())
            try:
                await script
                await following
            finally:
                following.cancel()
    except TimeoutError:
        last = scene.board.feed[-1].what if scene.board.feed else "nothing happened"
        raise TimeoutError(f"it did not end within {PATIENCE:g} s; the last that happened: {last}") from None
    finally:
        script.close()


async def _crash(stack: EmbeddedStack, board: Board) -> None:
    """Kill the worker as a crash would, and let another one start while people go on."""
    worker = stack.workers[0]
    board.say("", "kill -9", f"the worker (pid {worker.pid}) is gone, in the middle of all three", "bold red")
    board.worker = "killed; a new one starts"
    worker.kill()

    async def restart() -> None:
        await worker.restart()
        board.worker = f"running again (pid {worker.pid})"
        text = f"a new one (pid {worker.pid}) is ready; Temporal gives up the old one within 10 s and all goes on"
        board.say("", "worker", text, "bold green")

    board.tasks.append(asyncio.create_task(restart()))


async def _announce(board: Board, post: Post) -> None:
    """Put what people receive into the feed."""
    seen = 0
    while True:
        for delivery in post.received[seen:]:
            scene = next((scene for scene in board.scenes if scene.concerns(delivery)), None)
            # Every subject begins with what it is about, which the label says already.
            news = delivery.subject.rpartition(" - ")[2]
            board.say(scene.label if scene else "", name(delivery.to), f"receives {delivery.kind}: {news}")
        seen = len(post.received)
        await post.changed()


def _note_first_page(board: Board) -> None:
    if board.first_page is None and any("receives page" in entry.what for entry in board.feed):
        board.first_page = board.seconds


@asynccontextmanager
async def _background(collect: Any, announce: Any, view: View) -> AsyncIterator[None]:
    view.start()
    tasks = [asyncio.create_task(work) for work in (collect, announce, view.keep_up())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _end(board: Board, failed: list[str]) -> list[str]:
    """Print each escalation with its checks; return all that is not as it should be."""
    problems = list(failed)
    checks = (stories.check_vip, stories.check_alert, stories.check_person)
    for scene, check in zip(board.scenes, checks, strict=True):
        found = [*check(scene), *stories.check_all(scene)]
        problems += [f"{scene.label}: {each.what}" for each in found if not each.holds]
        epilogue.show_scene(out, scene, found, board.ui_url)
    out.print(epilogue.summary(board.seconds, board.first_page, problems))
    return problems
