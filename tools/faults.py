"""Write the second half of docs/connectors/faults.md: every call of every connector under every fault, as measured.

The same cells are measured and held against the page by tests/activities/test_fault_matrix.py.
"""

import asyncio

import structlog

from tests.support.fault_connectors import CONNECTORS
from tests.support.fault_matrix import PAGE, measured, page, row, wrong
from tests.support.faulty import Fault


async def main() -> None:
    """Measure, print what breaks a rule, write."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    rows = []
    for connected in CONNECTORS:
        cells = {fault: await measured(connected, fault) for fault in Fault}
        for fault, found in cells.items():
            for call, cell in found.items():
                for each in wrong(connected, fault, call, cell):
                    print(f"{connected.name}, {call}, {fault}: {each}")
        rows += [
            row(connected, call, {fault: found[call] for fault, found in cells.items()}) for call in cells[Fault.RESET]
        ]
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), rows, CONNECTORS), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
