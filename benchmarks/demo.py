"""The demo as a newcomer meets it: the first page seen, all of it over, and how late a due level came."""

import re
import subprocess
import sys
import time

from benchmarks.figures import figure

FIRST_PAGE = 5.0
WHOLE = 60.0
LATE = 1.0
"""Seconds, like the two above: between a level's deadline and its event, with a worker killed beside it."""


def main() -> None:
    """Play it once."""
    begun = time.monotonic()
    played = subprocess.run([sys.executable, "-m", "starter.demo"], capture_output=True, text=True, check=True)
    whole = time.monotonic() - begun
    page = _found(r"first page shown: ([\d.]+) s", played.stdout)
    came = _found(r"\+5\.0s\s+level L2 \(functional\)\s+came at \+([\d.]+)s", played.stdout)
    figure("demo, first page shown", page, "s", bar=f"< {FIRST_PAGE:g}", holds=page < FIRST_PAGE)
    figure("demo, all of it", whole, "s", bar=f"< {WHOLE:g}", holds=whole < WHOLE)
    figure("demo, level after its deadline", came - 5, "s", bar=f"< {LATE:g}", holds=came - 5 < LATE)


def _found(pattern: str, text: str) -> float:
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"the demo did not say what {pattern} looks for:\n{text[-2000:]}")
    return float(match[1])
