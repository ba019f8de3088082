"""Requests and playbooks that benchmarks use."""

from datetime import UTC, datetime
from pathlib import Path

from escalation.model.request import Request, parse_request

DIRECTORY = """
people:
  - {id: solo, name: Solo Responder, locale: en, time_zone: Europe/London, contacts: [{channel: inbox, address: solo}]}
  - {id: fin, name: Finance, locale: en, time_zone: Europe/London, contacts: [{channel: inbox, address: fin}]}
  - {id: eng, name: Engineer, locale: en, time_zone: Europe/London, contacts: [{channel: inbox, address: eng}]}
  - {id: spec, name: Specialist, locale: en, time_zone: Europe/London, contacts: [{channel: inbox, address: spec}]}
teams:
  - {id: desk, name: Desk, members: [solo]}
  - {id: support-frontline, name: First line, members: [solo]}
  - {id: support-specialists, name: Specialists, members: [spec]}
  - {id: support-managers, name: Managers, members: [spec]}
  - {id: engineering-support, name: Engineers, members: [eng]}
  - {id: finance, name: Finance, members: [fin]}
  - {id: legal, name: Legal, members: [spec]}
roles:
  lead: {holders: [solo]}
  shift-lead: {holders: [spec]}
  duty-manager: {holders: [spec]}
  head-of-support: {holders: [spec]}
rotations:
  support: {people: [spec], time_zone: Europe/London, starts_on: 2026-01-05, hand_over: {weekday: monday, at: 08:00}}
"""

PLAYBOOK = """
playbook: NAME
version: 1
title: Bench
owner: role:lead
severity:
  scale: [{name: P0}, {name: P1}, {name: P2}]
  default: P1
triggers:
  - {id: low_confidence, when: ai_confidence < confidence.threshold, initiation: ai_limit}
context: {required: [summary, help_needed], complete_within: 10m}
levels:
  - {id: L1, targets: ["team:desk"], ack: 15m, dwell: 2h}
  - {id: L2, targets: ["team:desk"], ack: 15m, dwell: 4h}
  - {id: L3, targets: ["role:lead"], ack: 30m, repeat: 1, dwell: 1d, axis: hierarchical, last_resort: "role:lead"}
clocks:
  acknowledge: {within: {default: 30m}}
  first_human_response: {within: {default: 2h}}
  resolution: {within: {default: 8h}}
raci:
  triage: {responsible: ["team:desk"], accountable: "role:lead"}
  assignment: {responsible: ["team:desk"], accountable: "role:lead"}
  approval: {responsible: [owner], accountable: "role:lead"}
  resolution: {responsible: [owner], accountable: "role:lead"}
  review: {responsible: [owner], accountable: "role:lead"}
resolution: {confirmed_by: CONFIRMED_BY, confirm_within: 1d}
review: {requires: [cause, resolution, lessons], due: 2d, remind: 1d}
hold_at_most: 7d
"""


def write_files(folder: Path) -> dict[str, str]:
    """Write the benchmark's directory and playbooks; return the worker's environment."""
    (folder / "playbooks").mkdir(parents=True, exist_ok=True)
    (folder / "directory.yaml").write_text(DIRECTORY)
    for name, confirmed_by in (("bench", "nobody"), ("bench-customer", "customer")):
        text = PLAYBOOK.replace("NAME", name).replace("CONFIRMED_BY", confirmed_by)
        (folder / "playbooks" / f"{name}.yaml").write_text(text)
    return {
        "ESCALATION_DIRECTORY": str(folder / "directory.yaml"),
        "ESCALATION_PLAYBOOKS": f'["{folder / "playbooks"}"]',
        "ESCALATION_LOG_LEVEL": "warning",
    }


def request(key: str, playbook: str = "bench") -> Request:
    """Make a request as a chatbot would send it."""
    return parse_request(
        {
            "playbook": playbook,
            "source": "bench",
            "dedup_key": key,
            "request_id": f"request-{key}",
            "case": {"system": "helpdesk", "id": key, "opened_at": datetime.now(UTC).isoformat()},
            "initiation": "ai_limit",
            "requested_by": "agent:bench",
            "customer": {"id": "c-1", "name": "A Customer", "tier": "standard", "locale": "en"},
            "facts": {"ai_confidence": 0.62, "task_risk": "standard"},
            "context": {
                "summary": "The refund has not arrived",
                "conversation": [{"author": "customer", "text": "Where is my money? I have waited for two weeks."}],
                "attempted_solutions": [{"what": "sent the status page", "result": "it says paid"}],
                "impact": "one customer waits",
                "constraints": "none",
                "help_needed": "find out what happened to the payment",
            },
        }
    )
