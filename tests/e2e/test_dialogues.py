"""Real conversations become escalations and run to their end: the real server, a worker in its own process.

The dialogues are whole customer-service conversations with what the agent did; they are not part of the project.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from escalation.model.request import Request, parse_request
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
            "source": "chatbot",
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


@pytest.mark.parametrize("dialogue", dialogues(), ids=lambda dialogue: dialogue["scenario"]["subflow"])
@pytest.mark.req("CSE-1", "WLF-11")
async def test_a_real_conversation_is_handed_over_whole_and_runs_to_its_end(rig: Rig, dialogue: dict[str, Any]) -> None:
    request = request_from(dialogue)
    receipt = await rig.client.open(request)
    assert receipt.outcome == "opened"
    assert "ai_limit" in {reason.trigger for reason in receipt.reasons}

    state = await see_through(rig.client, receipt.escalation_id)
    assert state.outcome == "closed"
    assert state.owner is not None
    assert state.owner.actor in state.told
    assert state.context.conversation == request.context.conversation
    assert state.context.attempted_solutions == request.context.attempted_solutions
    assert set(state.missing) <= {"crm_snapshot"}  # the help desk has never seen this customer

    summary = await rig.result(receipt.escalation_id)
    keys = [message.key for message in rig.received(summary.instance)]
    assert keys
    assert len(keys) == len(set(keys))
    recorded = rig.ledger.timeline(receipt.escalation_id)
    assert [event["seq"] for event in recorded] == list(range(1, summary.events + 1))
