"""The ledger as in production: a worker that writes to a real PostgreSQL."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from activities.ledger import Ledger
from escalation.model.events import Event, hash_of
from tests.support import requests
from tests.support.people import see_through
from tests.support.postgres import new_database
from tests.support.rig import open_rig

pytestmark = pytest.mark.e2e

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


async def test_every_event_of_an_escalation_is_in_postgresql_in_an_unbroken_chain(
    postgres_url: str, tmp_path: Path
) -> None:
    url = new_database(postgres_url)
    async with open_rig(tmp_path, environment={"ESCALATION_LEDGER_URL": url}) as rig:
        receipt = await rig.client.open(requests.support("pg-1"))
        state = await see_through(rig.client, receipt.escalation_id)
        await rig.result(state.id)
    ledger = Ledger(url)
    try:
        timeline = ledger.timeline(state.id, state.instance)
        assert [event["seq"] for event in timeline] == list(range(1, state.seq + 1))
        assert ledger.verify_chain(state.instance, lambda event: hash_of(_EVENT.validate_python(event))) is None
    finally:
        await ledger.close()
