"""Runs the demo: ``python -m starter.demo [--keep]``. Exit 0 when all three escalations ended as they should, else 1.

What takes long to load is loaded while the server and the worker start.
"""

import time

STARTED = time.monotonic()

# ruff: noqa: E402 - the clock starts before anything is loaded
import argparse
import asyncio
import gc
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from escalation.errors import EscalationError
from starter.embedded import EmbeddedStack
from starter.exits import leave, stop_like_ctrl_c

if TYPE_CHECKING:
    from starter.demo.play import Cast

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def main() -> int:
    """Run it; return the exit code."""
    options = argparse.ArgumentParser(prog="python -m starter.demo", description=__doc__)
    options.add_argument("--keep", action="store_true", help="leave server and Web UI open at the end, until Ctrl-C")
    keep = options.parse_args().keep
    if not EXAMPLES.is_dir():
        sys.stderr.write("The demo needs the folder `examples` of the project: run it from a checkout.\n")
        return 1
    stop_like_ctrl_c()
    folder = Path(tempfile.mkdtemp(prefix="escalations-"))
    try:
        return asyncio.run(_run(folder, keep=keep))
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130
    except EscalationError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(folder: Path, *, keep: bool) -> int:
    environment = {
        "ESCALATION_PLAYBOOKS": json.dumps([str(EXAMPLES / "demo-playbooks")]),
        "ESCALATION_DIRECTORY": str(EXAMPLES / "directory.yaml"),
    }
    print("Starting Temporal with its Web UI, and a worker ...", flush=True)
    loading = asyncio.create_task(_cast(folder))
    async with EmbeddedStack.run(folder, environment=environment) as stack:
        cast = await loading
        from starter.demo.play import play

        return await play(stack, cast, STARTED, keep=keep)


async def _cast(folder: Path) -> "Cast":
    """Load what the stories need while the worker does the same in its process."""
    # Not in a thread: the stack loads temporalio too, and two threads that load it at once deadlock. Not before the
    # worker was started, which this would hold up.
    while not (folder / "logs" / "worker-1.log").exists():  # noqa: ASYNC110 - no event tells of another process
        await asyncio.sleep(0.02)
    gc.disable()  # as in starter/entry.py
    from starter.demo.play import Cast

    cast = Cast()
    gc.freeze()
    gc.enable()
    return cast


if __name__ == "__main__":
    leave(main())
