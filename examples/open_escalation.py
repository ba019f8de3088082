"""How a service asks for human judgement. Run it while `escalate dev` runs: `python examples/open_escalation.py`."""

import asyncio
import os
import sys

from escalation.client import EscalationClient
from escalation.model.request import Outcome, parse_request

REQUEST = {
    "playbook": "customer-service-escalation",
    "source": "chatbot",
    "dedup_key": "conv-5001",  # the same conversation joins what is open
    "request_id": "conv-5001-turn-4",  # the same request gets its first answer
    "case": {"system": "helpdesk", "id": "5001"},
    "initiation": "ai_limit",
    "requested_by": "agent:support-bot",
    "customer": {"id": "c-31", "tier": "standard", "locale": "en"},
    "facts": {"ai_confidence": 0.55, "task_risk": "standard", "request_type": "billing"},
    "context": {
        "summary": "Charged twice for one order",
        "conversation": [{"author": "customer", "text": "You charged me twice. Which one will you pay back?"}],
        "attempted_solutions": [{"what": "Looked for a duplicate order", "result": "there is only one"}],
        "impact": "49 EUR",
        "constraints": "The bot may not pay back",
        "help_needed": "Pay one charge back",
    },
}


async def main() -> None:
    """Open an escalation, unless the AI may go on."""
    client = await EscalationClient.connect()  # TEMPORAL_ADDRESS, or localhost:7233
    request = parse_request(REQUEST)
    if client.consider(request).outcome is Outcome.DECLINED:  # the same rules, asked without a server
        print("the AI may go on")
        return
    receipt = await client.open(request)
    print(f"{receipt.outcome}: {receipt.escalation_id}, {receipt.severity} at {receipt.level}")
    for reason in receipt.reasons:
        print(f"  {reason.trigger}: {reason.because}")


if __name__ == "__main__":
    asyncio.run(main())
    # A script as short as this may crash in the Temporal SDK's threads while Python shuts down; a service does not.
    sys.stdout.flush()
    os._exit(0)
