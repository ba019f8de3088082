"""Opening: every request gets its answer, whenever it comes and however many come at once."""

import asyncio
from collections import Counter

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError

from escalation.client import EscalationClient
from escalation.errors import NotNow, RequestRefused, Unknown
from escalation.model import commands as c
from escalation.model.request import NOT_USED, Outcome, Receipt
from tests.workflows.desks import BreakableDesk
from tests.workflows.world import ANN, BOT, World

DECLINED = {"facts": {"ai_limit": False}}
INCOMPLETE = {"context": {"help_needed": "look at it"}}


# --- the four answers -------------------------------------------------------------------------------------------------


async def test_a_request_that_needs_a_person_is_opened_and_its_first_level_is_paged(world: World) -> None:
    receipt = await world.open("door")
    assert receipt.outcome is Outcome.OPENED
    assert [reason.trigger for reason in receipt.reasons] == ["limit"]
    assert (receipt.severity, receipt.level, receipt.owner, receipt.called) == ("P2", "L1", "role:head", (ANN,))
    await world.until(receipt.escalation_id, lambda state: ANN in state.told)
    assert [(page.to, page.rung) for page in world.received(kind="page")] == [(ANN, "L1/1")]
    assert (await world.close(receipt.escalation_id)).outcome == "closed"


async def test_another_request_with_the_key_of_an_open_escalation_joins_it_without_another_page(world: World) -> None:
    identifier = await world.opened_id("door")
    receipt = await world.open("door", request_id="r-again")
    assert (receipt.outcome, receipt.occurrences) == (Outcome.JOINED, 2)
    assert receipt.escalation_id == identifier
    await world.close(identifier)
    assert len(world.received(kind="page")) == 1


async def test_other_content_under_a_request_id_that_was_answered_is_not_used_and_the_receipt_says_so(
    world: World,
) -> None:
    first = await world.open("door")
    other = {"context": {"summary": "the window does not close"}}
    again = await world.open("door", **other)
    assert again == first.changed({"because": f"{first.because}; {NOT_USED}", "not_used": True})
    await world.close(first.escalation_id)
    assert await world.open("door", **other) == again
    assert await world.open("door") == first


async def test_a_request_without_a_true_trigger_is_declined_and_the_run_ends_with_its_receipt(world: World) -> None:
    receipt = await world.open("door", **DECLINED)
    assert receipt.outcome is Outcome.DECLINED
    summary = await world.result(receipt.escalation_id)
    assert (summary.outcome, summary.answers) == ("declined", {"r-door": receipt})
    assert world.received() == []


async def test_a_request_that_lacks_something_asks_its_sender_and_goes_on_when_it_comes(world: World) -> None:
    receipt = await world.open("door", **INCOMPLETE)
    assert (receipt.outcome, receipt.missing) == (Outcome.NEEDS_INPUT, ("summary", "crm_snapshot"))
    await world.until(receipt.escalation_id, lambda state: BOT in state.told)
    assert world.received(kind="page") == []
    await world.send(receipt.escalation_id, c.ProvideInput(by=BOT, summary="it is stuck"))
    await world.until(receipt.escalation_id, lambda state: ANN in state.told)
    await world.close(receipt.escalation_id)


# --- the same request, and new ones after the end ---------------------------------------------------------------------


async def test_the_same_request_gets_its_first_answer_while_open_and_after_the_end(world: World) -> None:
    first = await world.open("door")
    assert await world.open("door") == first
    await world.close(first.escalation_id)
    assert await world.open("door") == first
    assert await world.open("door") == first
    assert len(world.received(kind="page")) == 1


async def test_a_new_request_after_the_end_opens_a_repeat_that_is_linked_to_the_closed_one(world: World) -> None:
    first = await world.open("door")
    closed = await world.close(first.escalation_id)
    receipt = await world.open("door", request_id="r-later")
    assert receipt.outcome is Outcome.OPENED
    state = await world.client.state(receipt.escalation_id)
    assert state.repeat_of == closed.instance != state.instance
    # What the closed one answered is known here too.
    assert await world.open("door") == first
    again = await world.close(receipt.escalation_id)
    assert again.answers == {"r-door": first, "r-later": receipt}
    assert len(world.received(kind="page")) == 2


async def test_what_was_declined_before_is_no_repeat_when_it_is_escalated_later(world: World) -> None:
    declined = await world.open("door", **DECLINED)
    await world.result(declined.escalation_id)
    receipt = await world.open("door", request_id="r-later")
    assert receipt.outcome is Outcome.OPENED
    assert (await world.client.state(receipt.escalation_id)).repeat_of is None
    assert await world.open("door", **DECLINED) == declined
    await world.close(receipt.escalation_id)


async def test_a_request_while_the_closed_one_still_has_something_to_say_begins_a_repeat_and_nothing_is_lost(
    breakable: World, desk: BreakableDesk
) -> None:
    world = breakable
    first = await world.opened_id("door")
    desk.hang()
    await world.send(first, c.Acknowledge(by=ANN), c.Resolve(by=ANN, resolution="mended"))
    await world.send(first, c.ConfirmResolution(by="customer:c-1"), c.SubmitReview(by=ANN, lessons=("oil it",)))
    closed = await world.until(first, lambda state: state.ended)
    run = (await world.handle(first).describe()).run_id
    refused = world.request("door", request_id="r-bad", facts={"nonsense": 1})
    with pytest.raises(RequestRefused):
        await world.client.open(refused)
    assert (await world.client.state(first)).outcome == "closed"
    receipts = await asyncio.gather(*(world.open("door", request_id=f"r-{n}") for n in range(5)))
    assert Counter(receipt.outcome for receipt in receipts) == {Outcome.OPENED: 1, Outcome.JOINED: 4}
    state = await world.until(first, lambda state: ANN in state.told)
    assert (state.repeat_of, state.instance) == (closed.instance, f"{closed.instance}.1")
    assert (await world.handle(first).describe()).run_id == run
    assert len(world.received(kind="page")) == 2
    desk.resume()
    summary = await world.close(first)
    assert summary.instance == state.instance
    assert len(summary.answers) == 6
    # Both were breakable to the ticket to the end, and both are in the ledger from first to last event.
    assert [action.status for action in desk.updates] == ["open", "pending", "closed"] * 2
    for instance in (closed.instance, state.instance):
        recorded = world.activities.ledger.timeline(first, instance)
        assert [event["seq"] for event in recorded] == list(range(1, len(recorded) + 1))
        assert "closed" in [event["type"] for event in recorded]


async def test_declined_requests_that_come_while_the_run_before_ends_are_all_answered(world: World) -> None:
    async def ask(number: int) -> Receipt:
        return await world.open("door", request_id=f"r-{number}", **DECLINED)

    receipts = []
    for turn in range(6):
        receipts += await asyncio.gather(*(ask(turn * 5 + number) for number in range(5)))
    assert {receipt.outcome for receipt in receipts} == {Outcome.DECLINED}
    assert len({receipt.request_id for receipt in receipts}) == 30
    rows = world.activities.ledger.list_decisions(limit=100)
    assert len(rows) == 30 == len({row.instance for row in rows})


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.fixture
def unknowing(world: World) -> EscalationClient:
    """A client that does not know the team's playbooks, and so cannot refuse beforehand."""
    return EscalationClient(world.temporal, task_queue=world.settings.task_queue)


async def test_a_wrong_request_is_refused_before_anything_is_started(world: World) -> None:
    with pytest.raises(RequestRefused, match=r"facts\.nonsense: unknown fact"):
        await world.open("door", facts={"nonsense": 1})
    with pytest.raises(Unknown):
        await world.client.situation(world.identifier("door"))


async def test_a_request_that_the_worker_refuses_leaves_a_failed_run_and_nobody_is_told(
    world: World, unknowing: EscalationClient
) -> None:
    wrong = [world.request("door", request_id=f"r-{n}", facts={"nonsense": 1, "amount": "much"}) for n in range(4)]
    refusals = await asyncio.gather(*(unknowing.open(request) for request in wrong), return_exceptions=True)
    assert [type(refusal) for refusal in refusals] == [RequestRefused] * 4
    assert "facts.nonsense: unknown fact" in str(refusals[0])
    assert "facts.amount: must be a number" in str(refusals[0])
    with pytest.raises(WorkflowFailureError) as failure:
        await world.result(world.identifier("door"))
    assert "facts.nonsense" in str(failure.value.cause)
    assert world.received() == []
    assert world.activities.ledger.list_escalations() == world.activities.ledger.list_decisions() == []


async def test_after_a_refusal_a_corrected_request_opens_and_is_no_repeat_of_what_never_was(
    world: World, unknowing: EscalationClient
) -> None:
    with pytest.raises(RequestRefused):
        await unknowing.open(world.request("door", request_id="r-wrong", facts={"nonsense": 1}))
    receipt = await world.open("door")
    assert receipt.outcome is Outcome.OPENED
    assert (await world.client.state(receipt.escalation_id)).repeat_of is None
    await world.close(receipt.escalation_id)


async def test_a_good_request_that_races_refused_ones_is_opened(world: World, unknowing: EscalationClient) -> None:
    for turn in range(5):
        wrong = [world.request(f"door{turn}", request_id=f"r-{n}", facts={"nonsense": 1}) for n in range(2)]
        outcomes = await asyncio.gather(
            unknowing.open(wrong[0]), world.open(f"door{turn}"), unknowing.open(wrong[1]), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [RequestRefused, Receipt, RequestRefused]
        await world.close(world.identifier(f"door{turn}"))


async def test_an_unknown_playbook_is_refused_with_the_names_of_those_there_are_and_taken_once_it_is_there(
    world: World,
) -> None:
    with pytest.raises(RequestRefused, match=r"there is no playbook 'later'.*tested"):
        await world.open("door", playbook="later")
    described = await world.handle(world.identifier("door")).describe()
    assert described.status is WorkflowExecutionStatus.FAILED
    with pytest.raises(NotNow, match="was refused"):
        await world.client.situation(world.identifier("door"))
    (world.playbooks / "later.yaml").write_text("{extends: tested, playbook: later, title: Came later}")
    receipt = await world.open("door", playbook="later")
    assert (receipt.outcome, receipt.playbook) == (Outcome.OPENED, "later")
    await world.close(receipt.escalation_id)


# --- the playbook is pinned -------------------------------------------------------------------------------------------


@pytest.mark.req("IMP-14")
async def test_an_edited_playbook_holds_for_what_is_opened_after_the_edit_and_for_nothing_before(world: World) -> None:
    before = await world.open("first", playbook="hasty")
    hasty = world.playbooks / "hasty.yaml"
    hasty.write_text(hasty.read_text().replace("ack: 0.3s", "ack: 20m, targets: [person:ben]"))
    after = await world.open("second", playbook="hasty")
    assert before.playbook_digest != after.playbook_digest
    first, second = [await world.client.state(receipt.escalation_id) for receipt in (before, after)]
    assert [state.playbook.levels[0].targets for state in (first, second)] == [("person:ann",), ("person:ben",)]
    # A broken edit changes nothing for either, and nothing for what is opened next.
    hasty.write_text("levels: {")
    third = await world.open("third", playbook="hasty")
    assert third.playbook_digest == after.playbook_digest
    for receipt in (before, after, third):
        identifier = receipt.escalation_id
        await world.until(identifier, lambda state: state.people)
        await world.send(identifier, c.Cancel(by=BOT, because="for the test"))
        await world.result(identifier)


# --- ended by hand in Temporal ----------------------------------------------------------------------------------------


async def test_a_terminated_run_keeps_its_answers_and_leaves_its_key_to_a_repeat(world: World) -> None:
    first = await world.open("door")
    before = await world.until(first.escalation_id, lambda state: ANN in state.told)
    await world.handle(first.escalation_id).terminate("for the test")
    assert await world.open("door") == first
    with pytest.raises(NotNow, match="has ended"):
        await world.send(first.escalation_id, c.Acknowledge(by=ANN))
    receipt = await world.open("door", request_id="r-later")
    state = await world.until(receipt.escalation_id, lambda state: ANN in state.told)
    assert (receipt.outcome, state.repeat_of) == (Outcome.OPENED, before.instance)
    assert await world.open("door") == first
    await world.close(receipt.escalation_id)


# --- many at once -----------------------------------------------------------------------------------------------------


@pytest.mark.req("CSE-3")
async def test_eight_callers_racing_on_each_of_twenty_keys_open_twenty_escalations_with_one_first_page_each(
    crowded: World,
) -> None:
    calls = [crowded.open(f"key{key}", request_id=f"r-{key}-{caller}") for key in range(20) for caller in range(8)]
    receipts = await asyncio.gather(*calls)
    assert Counter(receipt.outcome for receipt in receipts) == {Outcome.OPENED: 20, Outcome.JOINED: 140}
    identifiers = {receipt.escalation_id for receipt in receipts}
    assert len(identifiers) == 20
    for identifier in identifiers:
        state = await crowded.until(identifier, lambda state: state.occurrences == 8 and ANN in state.told)
        assert len(state.answers) == 8
    assert len(crowded.received(kind="page")) == 20
    assert crowded.activities.local_help_desk is not None
    assert len(crowded.activities.local_help_desk.tickets()) == 20
