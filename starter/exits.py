"""How every command of this project ends.

A process that has used a Temporal client crashes in about 7 % of runs when the interpreter shuts down (SIGSEGV or
SIGABRT while native threads still run; seen with temporalio 1.35 on Python 3.11 to 3.13), so its exit code would lie to
scripts and CI. `leave` skips the shutdown; what a shutdown would have written is flushed first.
"""

import contextlib
import logging
import os
import signal
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End the process now with this exit code, after flushing what was printed and logged.

    No `finally` block, `atexit` function or other thread runs after this: call it last, outside of `asyncio.run`.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # The reader may be gone (`| head`) or the stream closed; the code is what matters now.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def stop_like_ctrl_c() -> None:
    """Let SIGTERM and SIGHUP interrupt this program the way Ctrl-C does: cleanly, as KeyboardInterrupt.

    Call it before `asyncio.run`, in the main thread. A SIGHUP that is ignored (nohup) stays ignored.
    """
    # A shell without job control starts `program &` with SIGINT ignored; the interrupt would then come to nothing.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
