"""Each connector under each fault: what is tried again, what is final, and that nothing is made twice."""

import pytest

from tests.support.fault_connectors import CONNECTORS
from tests.support.fault_matrix import Connected, measured, written, wrong
from tests.support.faulty import Fault


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("connected", CONNECTORS, ids=lambda connected: connected.name.replace(" ", "_"))
async def test_whatever_call_is_struck_temporal_hears_the_right_class_and_nothing_is_doubled(
    connected: Connected, fault: Fault
) -> None:
    cells = await measured(connected, fault)
    assert cells, "it calls somebody"
    assert {call: found for call, cell in cells.items() if (found := wrong(connected, fault, call, cell))} == {}
    on_page = {call: row[fault] for (name, call), row in written().items() if name == connected.name}
    assert on_page == {call: str(cell) for call, cell in cells.items()}, (
        "docs/connectors/faults.md is stale: run `python -m tools.faults`"
    )


def test_the_page_knows_no_connector_that_is_not_there() -> None:
    assert {name for name, _ in written()} == {connected.name for connected in CONNECTORS}
