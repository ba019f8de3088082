"""``escalate items``: what is open, over all escalations or of one, and whose it is."""

from datetime import timedelta

import pytest

from escalation.lifecycle.work.work_views import ItemView
from starter.embedded import EmbeddedStack
from starter.items import recent
from tests.domain.builders import ANN, START
from tests.starter.conftest import Escalate, eventually
from tests.starter.test_cli import RequestFile, opened


def item(**changes: object) -> ItemView:
    content = {"id": "i1", "title": "mend it", "owner": ANN, "due": START + timedelta(days=9), "done": False}
    return ItemView.model_validate({**content, "added_at": START - timedelta(days=9), **changes})


def test_recent_is_what_was_added_or_is_due_within_that_time() -> None:
    day = timedelta(hours=24)
    assert not recent(item(), START, day)
    assert recent(item(added_at=START - timedelta(hours=23)), START, day)
    assert recent(item(due=START + timedelta(hours=23)), START, day)
    assert recent(item(due=START - timedelta(hours=23)), START, day)
    assert not recent(item(due=START - timedelta(hours=25), added_at=None), START, day)


def test_a_time_that_cannot_be_read_is_wrong_usage(escalate: Escalate) -> None:
    assert "expected a duration such as 24h" in escalate("items", "--last", "yesterday", code=2).err


@pytest.mark.e2e
@pytest.mark.req("BRN-2")
def test_the_open_items_of_the_last_day_are_listed_over_all_escalations_an_ai_s_too_and_assigned_from_there(
    escalate: Escalate, on_stack: EmbeddedStack, request_file: RequestFile
) -> None:
    first, second = opened(escalate, request_file()), opened(escalate, request_file())
    for escalation in (first, second):
        eventually(escalate, "show", escalation, holds=lambda here: len(here["who_acts_next"]) == 3)
        escalate("acknowledge", escalation, "--by", "jana.kralova")
    requester = next(
        event["requested_by"] for event in escalate("timeline", first, "--json").json if event["type"] == "opened"
    )
    escalate("note", first, "--by", requester, "--text", "-> compare the ledger -> 6h")
    due = ("--due", "40d", "--label", "crm")
    escalate("add_item", second, "--by", "jana.kralova", "--title", "x", "--owner", "jana.kralova", *due)
    escalate("complete_item", second, "--by", "jana.kralova", "--item", "i1")
    found = eventually(
        escalate, "items", "--last", "24h", holds=lambda rows: first in {row["escalation"] for row in rows}
    )
    (mine,) = [row for row in found if row["escalation"] == first]
    assert (mine["owner"], mine["added_by"], mine["state"]) == ("person:jana.kralova", requester, "open")
    assert second not in {row["escalation"] for row in found}
    escalate(
        "reassign_item", first, "--by", "jana.kralova", "--item", "i1", "--to", "petr.svoboda", "--because", "away"
    )
    assert escalate("items", first, "--owner", "petr.svoboda", "--json").json[0]["id"] == "i1"
    assert escalate("items", second, "--all", "--label", "crm", "--json").json[0]["state"] == "done"
    assert "compare the ledger" in escalate("items", first).out
