"""Recovery scripts as processes: what they are told, how long they may take, and that one run is one run."""

import asyncio
import fcntl
import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.recovery import OUTPUT_BYTES, Recoveries
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import RecoveryResult, RunRecovery
from escalation.model.said import Said
from escalation.values import digest_of
from tests.support.waiting import eventually


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    folder = tmp_path / "scripts"
    folder.mkdir()
    return folder


def write(scripts: Path, body: str, name: str = "restart", *, executable: bool = True) -> None:
    path = scripts / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    if executable:
        path.chmod(path.stat().st_mode | stat.S_IXUSR)


def action(**changes: Any) -> RunRecovery:
    usual = {"key": "i1/7/recovery", "escalation_id": "e1", "script": "restart", "within": timedelta(seconds=20)}
    return RunRecovery.model_validate({**usual, **changes})


async def run(recoveries: Recoveries, **changes: Any) -> RecoveryResult:
    return await ActivityEnvironment().run(recoveries.run, action(**changes))


async def test_it_is_told_the_case_and_its_key_and_nothing_of_the_workers_secrets(
    scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESCALATION_LEDGER_URL", "postgresql://secret")
    write(scripts, f'cat > {tmp_path}/told; env > {tmp_path}/env; echo "job 7 runs"')
    result = await run(Recoveries(scripts, tmp_path / "kept"), facts={"topic": "job"})
    assert result == RecoveryResult(
        ok=True,
        because="it ended with 0",
        output="job 7 runs",
        grounds=Said(template="script_ended", values={"code": 0}),
    )
    told = json.loads((tmp_path / "told").read_text())
    assert told == {"key": "i1/7/recovery", "escalation_id": "e1", "facts": {"topic": "job"}}
    seen = (tmp_path / "env").read_text()
    assert "IDEMPOTENCY_KEY=i1/7/recovery" in seen
    assert "secret" not in seen


@pytest.mark.req("SAG-5")
async def test_a_run_whose_answer_was_lost_is_not_repeated(scripts: Path, tmp_path: Path) -> None:
    write(scripts, f"echo once >> {tmp_path}/runs; exit 3")
    first = await run(Recoveries(scripts, tmp_path / "kept"))
    again = await run(Recoveries(scripts, tmp_path / "kept"))
    assert (
        first
        == again
        == RecoveryResult(
            ok=False, because="it ended with 3", grounds=Said(template="script_ended", values={"code": 3})
        )
    )
    assert (tmp_path / "runs").read_text() == "once\n"
    await run(Recoveries(scripts, tmp_path / "kept"), key="i1/9/recovery")
    assert (tmp_path / "runs").read_text() == "once\nonce\n"


async def test_while_a_run_of_a_dead_worker_goes_on_none_begins_beside_it(scripts: Path, tmp_path: Path) -> None:
    write(scripts, "echo never")
    recoveries = Recoveries(scripts, tmp_path)
    with (tmp_path / f"{digest_of('i1/7/recovery')}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(RemoteUnavailable, match="still goes on"):
            await run(recoveries)
    assert (await run(recoveries)).ok


async def test_it_is_stopped_with_all_that_it_started_when_its_time_is_over(scripts: Path, tmp_path: Path) -> None:
    write(scripts, f"(sleep 30; echo late > {tmp_path}/late) & echo begun; wait")
    result = await run(Recoveries(scripts, tmp_path / "kept"), within=timedelta(seconds=1))
    assert result == RecoveryResult(
        ok=False,
        because="it was stopped after 1s",
        output="begun",
        grounds=Said(template="script_stopped", values={"after": 1}),
    )
    lock = tmp_path / "kept" / f"{digest_of('i1/7/recovery')}.lock"
    with lock.open() as free:
        fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nothing that it started holds it any more


async def test_of_endless_output_the_end_is_kept_and_what_it_is_told_need_not_be_read(
    scripts: Path, tmp_path: Path
) -> None:
    write(scripts, "exec 0<&-; seq 1 300000; exit 0")
    result = await run(Recoveries(scripts, tmp_path / "kept"), facts={"long": "x" * 200_000})
    assert result.ok
    assert len(result.output) <= OUTPUT_BYTES
    assert result.output.endswith("\n300000")


async def test_a_cancelled_try_leaves_no_process(scripts: Path, tmp_path: Path) -> None:
    write(scripts, f"touch {tmp_path}/begun; sleep 30")
    task = asyncio.create_task(run(Recoveries(scripts, tmp_path / "kept")))
    await eventually((tmp_path / "begun").exists, "the script runs")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not list((tmp_path / "kept").glob("*.json")), "nothing is known of how it ended"


async def test_what_is_no_script_here_is_refused_for_good(scripts: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with pytest.raises(RemoteRefused, match="ESCALATION_SCRIPTS"):
        await run(Recoveries(None, kept))
    with pytest.raises(RemoteRefused, match="no recovery script `restart` that can be executed"):
        await run(Recoveries(scripts, kept))
    write(scripts, "exit 0", executable=False)
    with pytest.raises(RemoteRefused, match="no recovery script `restart` that can be executed"):
        await run(Recoveries(scripts, kept))
    (scripts / "broken").write_text("#!/no/such/interpreter\n")
    (scripts / "broken").chmod(0o755)
    with pytest.raises(RemoteRefused, match="cannot be executed: No such file"):
        await run(Recoveries(scripts, kept), script="broken")
