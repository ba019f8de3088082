"""Real conversations become escalations and run to their end: the real server, a worker in its own process.

The dialogues are whole customer-service conversations with what the agent did; they are not part of the project.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from escalation.lifecycle.triage import judge_request
from escalation.model.request import Request, parse_request
from escalation.playbook.load import load_playbook
from tests.support.evidence import assert_recorded
from tests.support.people import see_through
from tests.support.rig import Rig, open_rig

DIALOGUES = Path(__file__).parents[3] / "shared" / "data" / "dialogues" / "abcd_sample.json"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not DIALOGUES.exists(), reason="the dialogues (../shared/data/dialogues) are not on this machine"
    ),
]

KINDS = {"billing": ("refund", "promo", "payment", "price"), "technical": ("troubleshoot", "account", "shipping")}


def dialogues() -> list[dict[str, Any]]:
    return list(json.loads(DIALOGUES.read_text())) if DIALOGUES.exists() else []


def request_from(dialogue: dict[str, Any]) -> Request:
    """Turn a dialogue into what a chatbot would hand over at its end: who said what, and what was done about it."""
    scenario = dialogue["scenario"]
    about = f"{scenario['flow']} {scenario['subflow']}".replace("_", " ")
    turns = [(speaker, text) for speaker, text in dialogue["original"] if text.strip()]
    said = " ".join(text.lower() for _, text in turns)
    kind = next((kind for kind, words in KINDS.items() if any(word in about for word in words)), "other")
    return parse_request(
        {
            "playbook": "customer-service-escalation",
            "source": "auto_triage" if scenario["flow"] == "storewide_query" else "chatbot",
            "dedup_key": f"dialogue-{dialogue['convo_id']}",
            "request_id": f"request-{dialogue['convo_id']}",
            "case": {"system": "chat", "id": str(dialogue["convo_id"])},
            "initiation": "ai_limit",
            "requested_by": "agent:support-bot",
            "customer": {
                "id": scenario["personal"].get("username", f"c-{dialogue['convo_id']}"),
                "name": scenario["personal"].get("customer_name", ""),
                "tier": "vip" if scenario["personal"].get("member_level") in ("gold", "silver") else "standard",
                "locale": "en",
            },
            "facts": {
                "ai_limit": True,
                "ai_confidence": 0.5,
                "task_risk": "standard",
                "request_type": kind,
                "customer.requested_human": "manager" in said,
            },
            "context": {
                "summary": f"The chatbot could not finish: {about}",
                "conversation": [
                    {"author": "customer" if speaker == "customer" else "ai", "text": text}
                    for speaker, text in turns
                    if speaker != "action"
                ],
                "attempted_solutions": [
                    {"what": text, "result": "done by the chatbot"} for speaker, text in turns if speaker == "action"
                ],
                "impact": "one customer waits for an answer",
                "constraints": "the customer is still in the conversation",
                "help_needed": "decide what the customer gets",
            },
        }
    )


@pytest.fixture(scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with open_rig(tmp_path_factory.mktemp("dialogues")) as rig:
        yield rig


each_dialogue = pytest.mark.parametrize("dialogue", dialogues(), ids=lambda dialogue: dialogue["scenario"]["subflow"])


@each_dialogue
@pytest.mark.req("CSE-1", "CSE-2", "CSE-8", "WLF-11", "WLF-12", "WLF-13", "WLF-18", "LA-CH2")
async def test_a_real_conversation_is_handed_over_whole_and_runs_to_its_end(rig: Rig, dialogue: dict[str, Any]) -> None:
    request = request_from(dialogue)
    assert request.customer is not None
    rig.desk.seed([request.customer])
    receipt = await rig.client.open(request)
    assert receipt.outcome == "opened"
    assert "ai_limit" in {reason.trigger for reason in receipt.reasons}

    state = await see_through(rig.client, receipt.escalation_id)
    assert state.outcome == "closed"
    assert state.source in {"chatbot", "auto_triage"}
    assert state.facts["ai_confidence"] == 0.5
    assert state.context.conversation == request.context.conversation
    assert state.context.attempted_solutions == request.context.attempted_solutions

    # A person was told, took it and solved it.
    assert state.owner is not None
    assert state.owner.actor in state.told
    assert state.resolution is not None
    assert (state.resolution.by, state.resolution.cause) == (state.owner.actor, "a wrong rate")
    assert state.review is not None
    assert state.review.warranted is True
    assert state.opened_at is not None
    assert state.closed_at is not None
    assert state.closed_at > state.opened_at

    # The help desk has one ticket for the conversation, and said what it knew of the customer.
    [ticket] = [ticket for ticket in rig.desk.tickets() if ticket.case_id == str(dialogue["convo_id"])]
    assert ticket.status == "closed"
    assert state.case_link is not None
    assert state.case_link.snapshot is not None
    assert state.case_link.snapshot.tier == request.customer.tier
    assert state.case_link.snapshot.fetched_at >= state.opened_at

    # Nothing was said twice, and everything is on record.
    summary = await rig.result(receipt.escalation_id)
    keys = [message.key for message in rig.received(summary.instance)]
    assert keys
    assert len(keys) == len(set(keys))
    assert_recorded(rig, state)


@each_dialogue
@pytest.mark.req("DEF-5")
async def test_an_ai_that_is_sure_goes_on_unless_the_customer_wants_a_person(dialogue: dict[str, Any]) -> None:
    request = request_from(dialogue)
    sure = request.model_copy(update={"facts": request.facts | {"ai_confidence": 0.99, "ai_limit": False}})
    found = judge_request(load_playbook(sure.playbook), sure)
    by_tier = {"vip"} if sure.customer is not None and sure.customer.tier == "vip" else set()
    asked = {"asked_for_human"} if sure.facts["customer.requested_human"] else set()
    assert {reason.trigger for reason in found.reasons} == by_tier | asked
    assert found.outcome == ("opened" if by_tier | asked else "declined")
    assert all(reason.initiation == "customer_request" for reason in found.reasons if reason.trigger in asked)


def test_the_conversations_are_of_every_kind() -> None:
    """One customer asks for the manager, one is important, and one only wants to know something."""
    kinds = [
        (request.facts["customer.requested_human"], request.customer and request.customer.tier)
        for request in map(request_from, dialogues())
    ]
    assert sorted(kinds) == [(False, "standard"), (False, "vip"), (True, "standard")]
