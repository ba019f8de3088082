"""One program in a process of its own: started, waited for, watched, and never left behind.

How it is not left behind:

* It leads a session of its own, so Ctrl-C in a terminal reaches only this process, which then decides who stops first.
* `stop` asks with SIGTERM and, when the grace period is over or the wait is itself interrupted, kills.
* On Linux the kernel kills it when this process dies without a word (SIGKILL, a crash, a terminal that closes). That is
  PR_SET_PDEATHSIG, and it is tied to the thread that started the child: start children from the main thread. Elsewhere
  the child survives such a death; its lock file then tells the next start who is still there.

What it prints goes straight to its log file, not through a pipe: nothing stalls when this process is slow, and the last
words of a crash are kept.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from escalation.errors import Unreachable

# Set in a small interpreter that then becomes the program (same pid; the setting survives exec). subprocess's
# preexec_fn would do it 15 ms faster, but runs Python between fork and exec, which can deadlock beside the threads that
# a Temporal client has. The parent may die before prctl is called, hence the second look.
_TIED_TO_PARENT = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the process that started this one is gone")
os.execvp(sys.argv[2], sys.argv[2:])
"""
_TIE = [sys.executable, "-I", "-S", "-c", _TIED_TO_PARENT] if sys.platform == "linux" else []
_POLL = 0.02
_READ_BYTES = 65_536
_MOST_LOG_BYTES = 10_000_000
_SHOWN_LINES = 15
_SHOWN_WIDTH = 400


class ChildProcess:
    """A program that runs in the background until `stop`; subclasses say when it `is_ready`.

    `name` is what people read in messages. `startup` and `grace` are seconds: how long it may take to be ready, and to
    leave after SIGTERM before it is killed. `log` is added to; one over 10 MB is put aside as
    `NAME.1` at the first start. `lock` names a file that the program itself holds locked for as long as it lives, so
    that no second one uses the same data.
    `on_death` is called, with a message for people, when a program that was ready ends without `stop` or `kill`.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        startup: float,
        grace: float,
        lock: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self.on_death: Callable[[str], None] = lambda _message: None
        self._command = list(command)
        self._environment = dict(environment)
        self._startup = startup
        self._grace = grace
        self._lock = lock
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._expected_up = False
        self._log_start = 0

    @property
    def pid(self) -> int:
        """The process id, also after the end; 0 before the first start."""
        return self._process.pid if self._process else 0

    @property
    def is_running(self) -> bool:
        """Whether the process exists now."""
        return self._process is not None and self._process.returncode is None

    async def is_ready(self) -> bool:
        """Whether the program does its work now; asked again and again during the start."""
        raise NotImplementedError

    async def launch(self) -> None:
        """Start the program and return when it is ready.

        Raises Unreachable, with the last log lines, when it ends or is not ready in time; nothing is left running.
        """
        if self.is_running:
            raise Unreachable(f"{self.name} runs already (pid {self.pid}).")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self._process is None and self.log.exists() and self.log.stat().st_size > _MOST_LOG_BYTES:
            self.log.replace(self.log.with_name(f"{self.log.name}.1"))
        with self._locked() as descriptors, self.log.open("ab") as output:
            self._log_start = output.tell()
            self._process = await asyncio.create_subprocess_exec(
                *([*_TIE, str(os.getpid())] if _TIE else []),
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
                pass_fds=descriptors,
            )
            for descriptor in descriptors:
                os.write(descriptor, f"{self.pid}\n".encode())
        self._watch = asyncio.create_task(self._report_death(self._process), name=f"watch {self.name}")
        try:
            await self._until_ready(self._watch)
        except BaseException:
            await self.stop()
            raise
        self._expected_up = True

    async def stop(self) -> None:
        """Ask the program to leave (SIGTERM), kill it after the grace period; return when it is gone. Idempotent."""
        self._expected_up = False
        if self._process is None or self._watch is None:
            return
        try:
            if self.is_running:
                with contextlib.suppress(ProcessLookupError):
                    self._process.terminate()
                async with asyncio.timeout(self._grace):
                    await self._process.wait()
        except TimeoutError:
            pass
        finally:
            self.kill()
            await self._process.wait()
            await self._watch

    def kill(self) -> None:
        """Send SIGKILL, as a crash would; does not wait, and `on_death` is not called."""
        self._expected_up = False
        if self._process is not None and self.is_running:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def restart(self) -> None:
        """Stop the program if it runs, and start it again with the same command and log."""
        await self.stop()
        await self.launch()

    def lines(self) -> list[str]:
        """What the program has printed since its last start, without empty lines; of much, only the last 64 KiB."""
        if not self.log.exists():
            return []
        with self.log.open("rb") as text:
            text.seek(max(self._log_start, text.seek(0, os.SEEK_END) - _READ_BYTES))
            return [line for line in text.read().decode(errors="replace").split("\n") if line.strip()]

    def account(self, what: str) -> str:
        """Tell people what became of this program, with its last log lines."""
        last = [line[:_SHOWN_WIDTH] for line in self.lines()[-_SHOWN_LINES:]]
        printed = "\n  ".join([f"Its last log lines ({self.log}):", *last]) if last else "It printed nothing."
        return f"{self.name} (pid {self.pid}) {what}. {printed}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    async def _until_ready(self, ended: asyncio.Task[None]) -> None:
        ready = asyncio.create_task(self._poll_ready(), name=f"start {self.name}")
        try:
            # A question may stay open for ever when the program that should answer it is gone.
            await asyncio.wait({ready, ended}, timeout=self._startup, return_when=asyncio.FIRST_COMPLETED)
            if not self.is_running:
                raise Unreachable(self.account(f"{self._ending()} before it was ready"))
            if not ready.done():
                raise Unreachable(self.account(f"was not ready within {self._startup:g} s"))
            ready.result()
        finally:
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)

    async def _poll_ready(self) -> None:
        while not await self.is_ready():  # noqa: ASYNC110 - what happens in another process raises no event here
            await asyncio.sleep(_POLL)

    async def _report_death(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        if self._expected_up:
            self._expected_up = False
            self.on_death(self.account(self._ending()))

    def _ending(self) -> str:
        code = self._process.returncode if self._process else None
        if code is not None and code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[tuple[int, ...]]:
        """Descriptors to pass to the program: with them it inherits the lock, and holds it until it ends."""
        if self._lock is None:
            yield ()
            return
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise Unreachable(
                    f"{self.name} cannot start: another one (pid {file.read().decode().strip() or 'unknown'}) uses the "
                    f"same data in {self._lock.parent}. Use that one, stop it, or name another folder."
                ) from None
            file.truncate(0)
            yield (file.fileno(),)
