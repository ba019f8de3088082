"""Turns the command registry into handlers: an update for every command, and a signal for the few that have one.

Each name shows in history and in the workflow's metadata, is decoded to its own type, and is guarded by a validator
that runs the very rule the handler runs, so that a refusal is answered and leaves no trace in history.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import RawValue

from escalation.errors import DomainError
from escalation.lifecycle import decide, grounds, refusals
from escalation.lifecycle.communication import situation
from escalation.lifecycle.decide import accepted_before
from escalation.lifecycle.outcomes import although, asked, hints, made, outcome
from escalation.lifecycle.permissions import refuse_engine
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation

W = TypeVar("W", bound="type[Any]")


class Shell(Protocol):
    """What the handlers need of the workflow."""

    steps: int
    """Of this run: what was said to it counts too when nothing follows."""

    @property
    def now(self) -> Escalation:
        """Return the state; refuses while there is none."""
        ...

    def apply(self, command: c.Command) -> list[e.Event]:
        """Decide a command and let happen what follows."""
        ...

    async def quiet(self) -> None:
        """Wait until nothing happens any more that the command has made pointless."""
        ...

    def signalled(self, name: str, content: bytes) -> None:
        """Take a signal, as soon as it can be."""
        ...


def takes_commands(cls: W) -> W:
    """Add an update handler for each command and a signal handler for each of ``SIGNALS``; goes under ``defn``."""
    for name, command in c.COMMANDS.items():
        setattr(cls, f"update_{name}", _update(name, command))
    for name in c.SIGNALS:
        setattr(cls, f"signal_{name}", _signal(name))
    return cls


def _update(name: str, command_type: type[c.Act]) -> Callable[..., Any]:
    async def handle(self: Shell, command: c.Act) -> c.Answer:
        self.steps += 1
        already = accepted_before(self.now, command)
        if already is not None:
            return c.Answer(message=f"accepted before, at {already.at:%H:%M:%S %Z}", at=already.at, seq=already.seq)
        events = self.apply(command)
        after = self.now
        kept = any(isinstance(event, e.CommandHeld) for event in events)
        message = (
            (
                f"{name} is kept and applied as soon as it can be. "
                if kept
                else f"{name} accepted{although(events)}{asked(events)}. "
            )
            + hints(after, events)
            + outcome(after, events)
        )
        ref = _reference(after.id, events)
        identifier, digest = made(events)
        answer = c.Answer(
            message=message + situation(after), at=workflow.now(), seq=after.seq, ref=ref, id=identifier, digest=digest
        )
        # Everything is decided and recorded; only the answer waits, so that nothing contradicts it.
        await self.quiet()
        return answer

    def check(self: Shell, command: c.Act) -> None:
        refuse_engine(command.by)
        try:
            decide(self.now, command, workflow.now())
        except DomainError as error:
            raise type(error)(error.said) from None

    handle.__name__ = check.__name__ = name
    handle.__doc__ = command_type.__doc__
    handle.__annotations__ = {"command": command_type, "return": c.Answer}
    check.__annotations__ = {"command": command_type, "return": None}
    handler = workflow.update(name=name, description=(command_type.__doc__ or name).splitlines()[0])(handle)
    handler.validator(check)
    return handler


def _reference(escalation: str, events: Iterable[e.Event]) -> str:
    """Return the permanent reference of the first entry among events."""
    entry = next((event.seq for event in events if isinstance(event, _ENTRIES)), 0)
    return f"{escalation}#{entry}" if entry else ""


_ENTRIES = (e.NoteAdded, e.Attached, e.EntryPosted, e.Commented, e.EntryClosed)


def _signal(name: str) -> Callable[..., Any]:
    def handle(self: Shell, content: RawValue | None = None) -> None:
        self.signalled(name, content.payload.data if content is not None else b"")

    handle.__name__ = f"{name}_signal"
    # RawValue: a payload that does not decode would be dropped by the SDK before anybody could answer it.
    handle.__annotations__ = {"content": RawValue, "return": None}
    return workflow.signal(name=name, description=f"{name}: as a JSON object with at least 'by'")(handle)


def take_signal(shell: Shell, name: str, content: bytes) -> None:
    """Apply a signal; a malformed, misnamed or refused one becomes a timeline entry, never silence."""
    if name not in c.SIGNALS:
        error = f"there is no such signal; there are {', '.join(c.SIGNALS)}. Everything else is an update"
        shell.apply(c.SignalRefused(name=name[:100], error=error))
        return
    sender: str | None = None
    try:
        command = c.COMMANDS[name].model_validate_json(content or b"{}")
        sender = command.by
        refuse_engine(command.by)
        shell.apply(command)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        said = "; ".join(f"{'.'.join(str(part) for part in p['loc']) or 'content'}: {p['msg']}" for p in problems)
        shell.apply(c.SignalRefused(name=name, error=f"malformed: {said[:1000]}"))
    except DomainError as error:
        why = refusals.refused(error)
        shell.apply(c.SignalRefused(name=name, error=str(error), sender=sender, grounds=grounds.said_by(why)))
