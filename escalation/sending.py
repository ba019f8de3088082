"""Sending commands to escalations: what a program needs that asks nothing and opens nothing.

With ``escalation.client``, which builds on it, the only modules of this package that import temporalio. They name the
workflow and never import it. Of the rules nothing is loaded here: a command is decided where the escalation runs.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Self, TypeVar
from uuid import uuid4

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from escalation import errors
from escalation.errors import DomainError, NotNow, RequestRefused, Unknown, Unreachable
from escalation.model.commands import Act, Answer, command_name
from escalation.model.names import TASK_QUEUE
from escalation.model.request import Request

T = TypeVar("T")

ANSWER_WITHIN = timedelta(seconds=30)
"""How long a caller waits for an answer; a worker has to be there to give one."""
NO_ANSWER = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.ABORTED)
_ENDED_BEFORE = "AcceptedUpdateCompletedWorkflow"
"""Temporal's name for an update that a run took and did not live to answer."""
WORKER_FAILED = "[TMPRL"
"""How the SDK begins the name of a worker's own failure, also where it comes as a question's answer: a deadlock's,
where a starved machine left a workflow task no processor for two seconds, or a run that could not be replayed."""
_PATHS = re.compile(rf"(?:^|; )((?:{'|'.join(Request.model_fields)})(?:\.[\w.\-]+)?): ")


async def connected(address: str = "", namespace: str = "") -> Client:
    """Connect to the server at ``HOST:PORT``, else to the one that the environment or a Temporal profile names, else to
    ``localhost:7233``.

    TLS and API keys come from the environment or the profile (``TEMPORAL_TLS``, ``TEMPORAL_API_KEY``); whoever needs
    more connects for themselves and hands the client over.

    Raises:
        Unreachable: no server answers there.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    if address:
        config["target_host"] = address
    if namespace:
        config["namespace"] = namespace
    try:
        return await Client.connect(**config, data_converter=pydantic_data_converter)
    except ValueError as error:
        raise Unreachable(
            f"{config['target_host']} is not the address of a Temporal server ({error}); expected HOST:PORT"
        ) from error
    except RuntimeError as error:
        raise Unreachable(
            f"no Temporal server answers at {config['target_host']}; start one with 'escalate dev', or name "
            "another in TEMPORAL_ADDRESS"
        ) from error


class Sender:
    """Sends commands. Every method that waits raises ``Unreachable`` in the end.

    Args:
        client: connected, with ``temporalio.contrib.pydantic.pydantic_data_converter``.
        task_queue: the workers' task queue.
        answer_within: how long to wait for an answer before ``Unreachable``.
    """

    def __init__(
        self, client: Client, *, task_queue: str = TASK_QUEUE, answer_within: timedelta = ANSWER_WITHIN
    ) -> None:
        self.temporal = client
        self._task_queue = task_queue
        self._answer_within = answer_within

    @classmethod
    async def connect(
        cls,
        address: str = "",
        *,
        namespace: str = "",
        task_queue: str = TASK_QUEUE,
        answer_within: timedelta = ANSWER_WITHIN,
    ) -> Self:
        """Connect to a server; see ``connected``."""
        return cls(await connected(address, namespace), task_queue=task_queue, answer_within=answer_within)

    async def send(self, escalation: str, command: Act) -> Answer:
        """Send the command of a person or service; the answer says what is true now.

        A command is checked when it is made: ``Acknowledge(by="eva")`` raises pydantic's ``ValidationError`` in the
        caller's own code. What comes from outside (a button, a form) goes through ``commands.parse_command``, which
        refuses it with our errors.

        Raises:
            DomainError: refused, with why and what would be possible.
            Unreachable: no server, or no worker, answered in time. With a ``command_id`` sending again is safe.
        """
        handle = self.temporal.get_workflow_handle(escalation)
        name = command_name(type(command))
        update = f"{name}/{command.by}/{command.command_id}" if command.command_id else str(uuid4())

        async def execute() -> Answer:
            answer: Answer = await handle.execute_update(
                name, command, id=update, result_type=Answer, rpc_timeout=self._answer_within
            )
            return answer

        try:
            return await between_runs(execute)
        except WorkflowUpdateFailedError as error:
            raise self._refusal(error) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise self._unreachable(error) from error
        except RPCError as error:
            raise await self._lost(error, escalation) from error

    # --- what goes wrong ----------------------------------------------------------------------------------------------

    def _unreachable(self, error: Exception) -> Unreachable:
        config = self.temporal.service_client.config
        if isinstance(error, RPCError) and error.status is RPCStatusCode.UNAVAILABLE:
            return Unreachable(
                f"no Temporal server answers at {config.target_host}; start one with 'escalate dev', or name another "
                "in TEMPORAL_ADDRESS"
            )
        if isinstance(error, RPCError) and error.status is RPCStatusCode.FAILED_PRECONDITION:
            return Unreachable(
                f"a worker on task queue {self._task_queue} took it and failed on it ({error.message}); it is tried "
                "again by itself: the worker's log and the run in Temporal's UI say why"
            )
        if isinstance(error, RPCError) and error.status not in NO_ANSWER:
            return Unreachable(f"Temporal at {config.target_host} refused the call: {error.message}")
        return Unreachable(
            f"no worker answered on task queue {self._task_queue} at {config.target_host} within "
            f"{self._answer_within.total_seconds():g} s; start one with 'python -m worker' (or 'escalate dev')"
        )

    def _refusal(self, error: WorkflowUpdateFailedError) -> errors.EscalationError:
        """Turn a refused update back into the error that the domain raised."""
        cause = error.cause
        if not isinstance(cause, ApplicationError) or cause.type == _ENDED_BEFORE:
            return NotNow("the escalation was ended in Temporal before it could answer; send it again")
        if cause.type == RequestRefused.__name__:
            return RequestRefused(_problems(cause.message))
        kinds: Sequence[type[DomainError]] = DomainError.__subclasses__()
        kind = next((kind for kind in kinds if kind.__name__ == cause.type), None)
        if kind is not None:
            return kind(cause.message)
        if "decoding" in cause.message:
            return RequestRefused([("", f"the message could not be read: {cause.cause or cause.message}")])
        return self._worker_failed(f"{cause.type}: {cause.message}")

    def _worker_failed(self, how: str) -> Unreachable:
        return Unreachable(f"a worker on task queue {self._task_queue} failed on it ({how}); its log says why")

    async def _lost(self, error: RPCError, escalation: str) -> errors.EscalationError:
        if error.status is RPCStatusCode.NOT_FOUND:
            return await self._ended_or_unknown(escalation)
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            return Unknown(f"{escalation} cannot answer that: {error.message}")
        return self._unreachable(error)

    async def _ended_or_unknown(self, escalation: str) -> DomainError:
        try:
            described = await self.temporal.get_workflow_handle(escalation).describe()
        except RPCError:
            meant = f"escalation-{escalation}"
            if not escalation.startswith("escalation-") and await self._exists(meant):
                return Unknown(f"no escalation has the id {escalation}; did you mean {meant}?")
            return Unknown(f"no escalation has the id {escalation}; 'escalate list' names the open ones")
        when: datetime | None = described.close_time
        at = f" at {when:%Y-%m-%d %H:%M:%S %Z}" if when else ""
        return NotNow(f"{escalation} has ended{at}; nothing is awaited of you here. escalate show says how it ended")

    async def _exists(self, escalation: str) -> bool:
        try:
            await self.temporal.get_workflow_handle(escalation).describe()
        except RPCError:
            return False
        return True


async def between_runs(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again for a moment when the run was just going on in a new one: what was asked then has not been done."""
    for pause in (0.05, 0.2, 0.5, 1.0):
        try:
            return await ask()
        except RPCError as error:
            if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                raise
        await asyncio.sleep(pause)
    return await ask()


def _problems(message: str) -> list[tuple[str, str]]:
    """Find in a refusal, which came as text, again which paths are wrong."""
    _, *found = _PATHS.split(message)
    return list(zip(found[::2], found[1::2], strict=True)) or [("", message)]
