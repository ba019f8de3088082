"""The program ``escalate``: loads the command line and runs it."""

import gc
from typing import NoReturn


def main() -> NoReturn:
    """Run one command and end the process with its exit code."""
    # Looking for garbage takes a sixth of the time in which the modules load, and nothing of what they make is any.
    gc.disable()
    from starter import cli

    gc.freeze()
    gc.enable()
    cli.main()
