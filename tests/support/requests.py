"""Requests as services send them, complete unless a test leaves something out."""

from typing import Any

from escalation.model.request import Request, parse_request

CUSTOMER = {"id": "c-17", "name": "Jana Nováková", "tier": "standard", "locale": "cs", "company": "Lumina"}


def support(key: str, **changes: Any) -> Request:
    """A chatbot that is not sure enough: P2, first line."""
    return parse_request(
        {
            "playbook": "customer-service-escalation",
            "source": "chatbot",
            "dedup_key": key,
            "request_id": f"r-{key}",
            "case": {"system": "helpdesk", "id": key},
            "initiation": "ai_limit",
            "requested_by": "agent:support-bot",
            "customer": CUSTOMER,
            "facts": {"ai_confidence": 0.62, "task_risk": "standard", "request_type": "other"},
            "context": {
                "summary": f"The invoice of {key} is wrong",
                "conversation": [{"author": "customer", "text": "The amount is not what we agreed."}],
                "attempted_solutions": [{"what": "explained the invoice", "result": "not what was asked"}],
                "impact": "one customer",
                "constraints": "before the month ends",
                "help_needed": "decide which amount is right",
            },
        }
        | changes
    )


def change(key: str, **changes: Any) -> Request:
    """A change of an AI model that three departments have to approve."""
    return parse_request(
        {
            "playbook": "it-service-management",
            "source": "deploy-pipeline",
            "dedup_key": key,
            "request_id": f"r-{key}",
            "case": {"system": "changes", "id": key},
            "initiation": "rule",
            "requested_by": "agent:release-bot",
            "facts": {
                "record_type": "change",
                "escalation_type": "model_change",
                "impact": "team",
                "urgency": "this_week",
                "affected_systems": ["support-bot"],
                "ai_triggered": True,
                "model.name": "triage",
                "model.from_version": "3",
                "model.to_version": "4",
                "model.evaluation": "better on 812 past tickets",
                "change.plan": "switch a tenth of the traffic, then all of it",
                "change.rollback": "switch back",
            },
            "context": {
                "summary": f"Model change {key}",
                "attempted_solutions": [{"what": "shadow run", "result": "no regressions"}],
                "help_needed": "approve the switch",
            },
        }
        | changes
    )
