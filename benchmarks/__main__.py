"""Run every benchmark; exit 1 when a bar was not met."""

import asyncio
import sys

from benchmarks import demo, domain, engine, linter, notify, people
from benchmarks.figures import held

if __name__ == "__main__":
    domain.main()
    people.main()
    linter.main()
    demo.main()
    asyncio.run(engine.main())
    asyncio.run(notify.main())
    sys.stdout.flush()
    sys.exit(0 if all(held) else 1)
