"""Recovery scripts: executable files of one folder, bounded in time and output, not run again once a key has ended.

A script gets JSON on its standard input (``key``, ``escalation_id``, ``facts``), ``IDEMPOTENCY_KEY`` in its environment
and nothing else of the worker's own: no addresses, no secrets. It ends with 0 when it has mended what it is for. A run
that was stopped with its worker leaves no end, so that it is begun again: a script must bear that.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from temporalio import activity

from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import RecoveryResult, RunRecovery
from escalation.model.said import Said
from escalation.values import digest_of, format_duration

OUTPUT_BYTES: Final = 2_000
"""So much of the end of what a script writes is kept."""
PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "TZ", "HOME")
"""What a script sees of the worker's environment."""


class Recoveries:
    """Runs scripts and keeps how each run ended, so that a run whose answer was lost is not repeated.

    Args:
        scripts: the folder of executables; None: none is run here.
        kept: where the outcomes are kept; made when needed.
    """

    def __init__(self, scripts: Path | None, kept: Path) -> None:
        self._scripts = scripts
        self._kept = kept

    @activity.defn(name="recovery.run")
    async def run(self, action: RunRecovery) -> RecoveryResult:
        """Run a script to its end, or until its time is over.

        Raises:
            RemoteRefused: there is no such script here, or it cannot be executed.
            RemoteUnavailable: a run under the same key, begun by a worker that died, goes on still.
        """
        script = self._script(action.script)
        self._kept.mkdir(parents=True, exist_ok=True)
        outcome = self._kept / f"{digest_of(action.key)}.json"
        with _alone(outcome.with_suffix(".lock")) as lock:
            if outcome.exists():
                return RecoveryResult.model_validate_json(outcome.read_bytes())
            result = await _run(script, action, lock)
            beside = outcome.with_suffix(".new")
            beside.write_text(result.model_dump_json())
            beside.replace(outcome)
        return result

    def _script(self, name: str) -> Path:
        if self._scripts is None:
            raise RemoteRefused("no folder of recovery scripts is named where the worker runs (ESCALATION_SCRIPTS)")
        path = self._scripts / name
        if not path.is_file() or not os.access(path, os.X_OK):
            raise RemoteRefused(f"there is no recovery script `{name}` that can be executed where the worker runs")
        return path.absolute()


@contextmanager
def _alone(path: Path) -> Iterator[int]:
    """Hold a lock that the script holds as well: a worker that dies leaves it to the script."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RemoteUnavailable("a run of this script that was begun before still goes on") from None
        yield lock.fileno()


async def _run(script: Path, action: RunRecovery, lock: int) -> RecoveryResult:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            str(script),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**environment, "IDEMPOTENCY_KEY": action.key},
            cwd=script.parent,
            pass_fds=(lock,),
            start_new_session=True,
        )
    except OSError as error:
        raise RemoteRefused(f"recovery script `{action.script}` cannot be executed: {error.strerror}") from error
    told = json.dumps({"key": action.key, "escalation_id": action.escalation_id, "facts": action.facts}, default=list)
    kept = bytearray()
    try:
        async with asyncio.timeout(action.within.total_seconds()):
            await asyncio.gather(_tell(process, told.encode()), _listen(process, kept))
            code = await process.wait()
    except TimeoutError:
        took = format_duration(action.within)
        said = Said(template="script_stopped", values={"after": int(action.within.total_seconds())})
        return RecoveryResult(ok=False, because=f"it was stopped after {took}", output=_text(kept), grounds=said)
    finally:
        # Whatever it started goes with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    said = Said(template="script_ended", values={"code": code})
    return RecoveryResult(ok=code == 0, because=f"it ended with {code}", output=_text(kept), grounds=said)


async def _tell(process: asyncio.subprocess.Process, told: bytes) -> None:
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it need not read what it is told
            process.stdin.write(told)
            await process.stdin.drain()
            process.stdin.close()
            await process.stdin.wait_closed()


async def _listen(process: asyncio.subprocess.Process, kept: bytearray) -> None:
    while process.stdout is not None and (piece := await process.stdout.read(65_536)):
        kept += piece
        del kept[:-OUTPUT_BYTES]


def _text(kept: bytearray) -> str:
    return kept.decode(errors="replace").strip()
