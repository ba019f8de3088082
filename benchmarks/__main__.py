"""Run every benchmark, or those that are named; exit 1 when a bar was not met."""

import argparse
import asyncio
import sys
from collections.abc import Callable

from benchmarks import demo, domain, engine, linter, notify, people
from benchmarks.figures import held

ALL: dict[str, Callable[[], None]] = {
    "domain": domain.main,
    "people": people.main,
    "linter": linter.main,
    "demo": demo.main,
    "engine": lambda: asyncio.run(engine.main()),
    "notify": lambda: asyncio.run(notify.main()),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("which", nargs="*", metavar="WHICH", help=f"one of {', '.join(ALL)}; without any, all of them")
    wanted = parser.parse_args().which
    unknown = [name for name in wanted if name not in ALL]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; expected {', '.join(ALL)}")
    for name, run in ALL.items():
        if not wanted or name in wanted:
            run()
    sys.exit(0 if all(held) else 1)
