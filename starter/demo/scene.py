"""One escalation of the demo: opens it, lets people act on it after they were told, and keeps what is shown of it."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from escalation.client import EscalationClient
from escalation.errors import DomainError, Unreachable
from escalation.foresight import forecast
from escalation.lifecycle.situation import Situation
from escalation.model.commands import Act, Answer, command_name
from escalation.model.events import Event, Opened
from escalation.model.ids import escalation_id
from escalation.model.request import Receipt, Request
from escalation.people.directory import Directory
from escalation.values import Actor
from starter.demo.post import Delivery, Post
from starter.line import name
from starter.steps import Step, step_key, steps

_LOOK = 0.4
_HORIZON = timedelta(seconds=60)


class Entry(NamedTuple):
    """One line of the feed: what somebody received, did, or was answered."""

    seconds: float
    """Since the demo began."""
    scene: str
    who: str
    what: str
    style: str = ""


class Board:
    """Everything the views show."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.scenes: list[Scene] = []
        self.feed: list[Entry] = []
        self.worker = "starting"
        self.ui_url = ""
        self.first_page: float | None = None
        self.tasks: list[asyncio.Task[None]] = []
        """What goes on beside the stories."""
        self.on_entry: Callable[[Entry], None] = lambda _entry: None

    @property
    def seconds(self) -> float:
        """Since the demo began."""
        return time.monotonic() - self.started

    def say(self, scene: str, who: str, what: str, style: str = "") -> None:
        """Add a line to the feed."""
        entry = Entry(self.seconds, scene, who, what, style)
        self.feed.append(entry)
        self.on_entry(entry)


class Scene:
    """One escalation and its people. ``label`` is its short name, ``title`` what it is about."""

    def __init__(
        self, label: str, title: str, *, request: Request, client: EscalationClient, post: Post, board: Board
    ) -> None:
        self.label = label
        self.title = title
        self.request = request
        self.client = client
        self.post = post
        self.board = board
        self.id = escalation_id(request.source, request.dedup_key)
        self.run_id = ""
        self.opened_at = datetime.now(UTC)
        self.forecast: list[Step] = []
        self.situation: Situation | None = None
        self.timeline: list[Event] = []
        self.refusals: list[str] = []
        self._acts = 0

    async def open(self, directory: Directory) -> Receipt:
        """Send the request, and look ahead at what would happen if nobody answered."""
        receipt = await self.client.open(self.request)
        because = ", ".join(reason.trigger for reason in receipt.reasons)
        what = f"{receipt.outcome} as {receipt.severity} at {receipt.level}, because: {because}"
        self.board.say(self.label, name(self.request.requested_by), what, "bold")
        state = await self.client.state(self.id)
        self.run_id = state.instance
        self.opened_at = state.opened_at or self.opened_at
        known = steps(event for event in state.tail if not isinstance(event, Opened))
        future = steps(forecast(state, directory, self.opened_at + _HORIZON))
        self.forecast = _merged(known, future)
        return receipt

    async def gets(self, kind: str, to: Actor | None = None, but: frozenset[Actor] = frozenset()) -> Delivery:
        """Wait until somebody has received a message of this kind."""
        return await self.post.take(self.run_id, kind, to, but)

    async def act(self, command: Act, after: float = 0) -> Answer:
        """Let somebody act, some seconds after they could; waits for a worker, since sending twice is safe."""
        await asyncio.sleep(after)
        self._acts += 1
        command = command.model_copy(update={"command_id": f"demo-{self._acts}"})
        self._say_does(command)
        while True:
            try:
                return await self.client.send(self.id, command)
            except Unreachable:
                self.board.say(self.label, name(command.by), "no answer yet; sends it again", "yellow")

    async def is_refused(self, command: Act, after: float = 0) -> str:
        """Let somebody try what must be refused; return why it was."""
        await asyncio.sleep(after)
        self._say_does(command)
        try:
            await self.client.send(self.id, command)
        except DomainError as error:
            self.refusals.append(str(error))
            self.board.say(self.label, name(command.by), f"is told: {error}", "yellow")
            return str(error)
        return ""

    async def follow(self) -> None:
        """Look at it again and again until it has ended."""
        while self.situation is None or not self.situation.outcome:
            await asyncio.sleep(_LOOK)
            try:
                before, self.situation = self.situation, await self.client.situation(self.id)
                self.timeline = await self.client.timeline(self.id)
            except Unreachable:
                continue
            self._say_stage(before, self.situation)

    def concerns(self, delivery: Delivery) -> bool:
        """Whether a message is about this escalation; it names it, also before its receipt is here."""
        return delivery.instance == self.run_id or self.id in delivery.body

    def happened(self, step: Step) -> Event | None:
        """Return the event by which a step of the forecast came true."""
        return next((event for event in self.timeline if step_key(event) == step.key), None)

    def _say_does(self, command: Act) -> None:
        fields = command.model_dump(exclude={"by", "command_id", "gate", "digest"}, exclude_defaults=True)
        said = next((str(fields[key]) for key in ("text", "resolution", "because", "comment") if key in fields), "")
        act = command_name(type(command)).replace("_", " ")
        self.board.say(self.label, name(command.by), act + (f": {said}" if said else ""), "cyan")

    def _say_stage(self, before: Situation | None, now: Situation) -> None:
        was = (before.stage, before.level, before.owner) if before else ("", "", None)
        if was == (now.stage, now.level, now.owner):
            return
        owner = f", owner {name(now.owner)}" if now.owner else ""
        level = f" at {now.level}" if now.level else ""
        self.board.say(self.label, "", f"→ {now.outcome or now.stage}{level}{owner} ({now.status})", "bold")


def _merged(known: list[Step], future: list[Step]) -> list[Step]:
    """Join what had happened when the forecast was made with what it says will: each step once."""
    found: dict[str, Step] = {}
    for step in (*known, *future):
        before = found.get(step.key)
        found[step.key] = before._replace(who=step.who) if before and not before.who else before or step
    return list(found.values())
