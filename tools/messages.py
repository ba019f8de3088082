"""Write the second half of docs/messages.md: every message in every shipped language, with one example's values.

Whoever speaks a language sees there what its readers get. `--check` writes nothing and fails if the page is stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from activities.notify.receiver import Receiver
from activities.notify.words import in_words, shipped_locales
from escalation.model.actions import MessageKind, Notify
from escalation.playbook.messages import MESSAGES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "messages.md"
MARK: Final = "<!-- From here on written by `python -m tools.messages`; not edited by hand. -->\n"
ZONES: Final = {"en": "Europe/London", "hu": "Europe/Budapest", "sv": "Europe/Stockholm", "cs": "Europe/Prague"}
NAMES: Final = {
    "person:eva.dvorak": "Eva Dvořáková",
    "person:nils.berg": "Nils Berg",
    "person:zsofia.nagy": "Nagy Zsófia",
}

_SAMPLES: Final[dict[str, Any]] = {
    "action": "refund",
    "action_about": "",
    "action_because": "refund 250 EUR",
    "action_by": "agent:support-bot",
    "activity": "reply",
    "affected": "1 VIP",
    "ai": True,
    "approval": "a1",
    "approved": False,
    "arguments": [{"name": "amount", "value": "250"}],
    "assignee": "person:nils.berg",
    "at_most": 280,
    "audiences": ["sales", "press"],
    "automation": "",
    "before": ["m1"],
    "choice": "",
    "choices": [{"id": "full", "meaning": "250 EUR"}, {"id": "half", "meaning": "125 EUR"}],
    "content": "Refund 4711: 250 EUR.",
    "customer_text": "250 EUR.",
    "defect": "serious",
    "delegated_because": "",
    "delegated_by": "",
    "differences": [],
    "draft": "d1",
    "drafted_by": "agent:support-bot",
    "duty": "refund 250 EUR",
    "effects": [],
    "entry": 41,
    "first": ["refund 250 EUR"],
    "gates": [{"gate": "credit", "state": "passed", "because": "250 EUR"}],
    "guidance": "refund 250 EUR",
    "happened": "Refund 4711: paid twice",
    "hold_because": "refund 250 EUR",
    "hold_until": "2026-11-23T09:30:00+00:00",
    "joined": True,
    "kind": "action",
    "leader": "person:eva.dvorak",
    "lesson": "l1",
    "link": "escalation-shop-4711#42",
    "live_as": "v4",
    "may_delegate": True,
    "meaning": "",
    "milestone": "m2",
    "milestones": [{"name": "m1", "at": "2026-11-21T14:05:00+00:00"}],
    "missing": ["crm_snapshot"],
    "moved": 2,
    "need": 2,
    "number": 2,
    "offered": False,
    "others": ["person:nils.berg"],
    "pending": [{"gate": "legal", "due": "2026-11-23T09:30:00+00:00", "people": ["person:nils.berg"]}],
    "ready": "",
    "reason": "no_authority",
    "receipt_due": "2026-11-23T12:00:00+00:00",
    "recording": "",
    "resolution": "Refund 4711: 250 EUR.",
    "resolution_by": "person:eva.dvorak",
    "resolution_state": "proposed",
    "role": "communicator",
    "said": [
        {
            "audience": "sales",
            "version": 1,
            "at": "2026-11-21T14:05:00+00:00",
            "by": "person:nils.berg",
            "drafted_by": "",
            "text": "Refund 4711: 250 EUR.",
        }
    ],
    "seats": 3,
    "session": "s1",
    "shares": [],
    "skipped": [{"what": "credit", "by": "person:nils.berg", "because": "250 EUR"}],
    "speakers": ["person:nils.berg"],
    "state": "open",
    "steps": [
        {
            "item": "i1",
            "owner": "person:eva.dvorak",
            "due": "2026-11-23T09:30:00+00:00",
            "title": "Refund 250 EUR",
            "yours": False,
        }
    ],
    "targets": ["team:night"],
    "task": "refund 250 EUR",
    "task_due": "2026-11-23T09:30:00+00:00",
    "team": "team:billing",
    "urgent": "VIP",
    "url": "https://meet.example/4711",
    "version": 3,
    "waits": [{"item": "i2", "kind": "input", "owner": "person:nils.berg", "state": "open"}],
    "who": "person:nils.berg",
    "about": "Refund 4711: paid twice",
    "again": True,
    "asked": "P3",
    "at": "2026-11-21T14:05:00+00:00",
    "because": "refund 250 EUR",
    "behaviour": "escalate",
    "by": "person:nils.berg",
    "chased": 2,
    "clock": "resolution",
    "command": "approve",
    "count": 5,
    "digest": "5487adfc52cf",
    "due": "2026-11-23T09:30:00+00:00",
    "error": "webhook: 410",
    "expectation": "refund 250 EUR",
    "failed": "page",
    "fell_back": False,
    "gate": "credit",
    "given_by": "person:nils.berg",
    "group": "group:billing",
    "how": "declined",
    "id": "escalation-shop-4711",
    "item": "i1",
    "level": "L2",
    "lowering_because": "refund 250 EUR",
    "lowering_by": "person:nils.berg",
    "lowering_to": "P3",
    "may_postpone": True,
    "more": 3,
    "name": "sales",
    "next_due": "2026-11-23T11:00:00+00:00",
    "note": "",
    "notes": [],
    "occurrences": 5,
    "ok": True,
    "on_expiry": "escalate",
    "other": "escalation-shop-4712",
    "owner": "person:eva.dvorak",
    "accountable": "person:eva.dvorak",
    "packet": {
        "help_needed": "refund 250 EUR",
        "reasons": [
            {
                "trigger": "vague",
                "because": "ai_confidence < 0.8",
                "facts": ["ai_confidence=0.62"],
                "words": ["???"],
            }
        ],
        "summary": "Refund 4711: paid twice",
        "impact": "1 VIP",
        "constraints": "GDPR",
        "brought": [{"name": "order", "value": "4711"}],
        "tried": [{"what": "chatbot", "result": "?"}],
        "turns": 7,
        "last_by": "customer",
        "last_text": "???",
        "due": "2026-11-24T09:30:00+00:00",
        "missing": ["crm_snapshot"],
        "exception": "P1",
        "incident": {
            "since": "2026-11-21T14:05:00+00:00",
            "because": "P1",
            "period": 1,
            "period_ends": "2026-11-21T22:00:00+00:00",
            "number": 2,
            "at": "2026-11-21T14:35:00+00:00",
            "by": "person:nils.berg",
            "happened": "Refund 4711: paid twice",
            "affected": "1 VIP",
            "urgent": "VIP",
            "recording": "",
            "first": ["refund 250 EUR"],
            "first_by": "person:eva.dvorak",
        },
        "repeat": True,
    },
    "pages": [{"subject": "[P1] Refund 4711: paid twice", "commands": ["  escalate acknowledge escalation-shop-4711"]}],
    "parts": ["impact", "cause", "resolution", "lessons"],
    "people": ["person:bem"],
    "person": "person:zsofia.nagy",
    "playbook": "customer-service-escalation",
    "point": "resolved",
    "powers": ["owner to L3"],
    "previous": "P2",
    "reasons": [{"trigger": "vip", "because": 'customer.tier == "vip"'}],
    "relation": "internal",
    "reply_due": "2026-11-23T12:00:00+00:00",
    "requested_by": "agent:support-bot",
    "responsible_for": ["billing"],
    "rotation": "billing",
    "round": 2,
    "round_ends": "2026-11-21T14:45:00+00:00",
    "script": "restart.sh",
    "severity": "P1",
    "silent": "person:nils.berg",
    "since": "2026-11-21T14:05:00+00:00",
    "stage": "resolution",
    "stakeholder": "sales",
    "stakeholders": ["sales", "press"],
    "status": "waiting",
    "subject": [{"name": "amount", "value": "250"}],
    "summary": "s1",
    "text": "Refund 4711: 250 EUR.",
    "then": "up",
    "times": 2,
    "title": "Refund 250 EUR",
    "until": "2026-11-21T14:35:00+00:00",
    "via": "team:billing",
    "waited_since": "2026-11-20T20:00:00+00:00",
    "was": "person:bem",
    "where": {
        "status": "in_progress",
        "level": "L2",
        "accountable": "person:eva.dvorak",
        "called": ["person:zsofia.nagy"],
        "lowering": "P3",
        "incident": "2026-11-21T14:05:00+00:00",
        "ended": False,
        "outcome": "",
        "because": "",
        "stage": "resolution",
        "waiting_on": "owner",
    },
}
"""What stands for each value; texts that people write are short and of no language."""
_OF: Final[dict[str, dict[str, Any]]] = {
    "consulted": {"stage": "triage"},
    "first_update": {"times": 0},
    "item": {"command": "escalate complete_item escalation-shop-4711 --item i1"},
    "next_steps": {"more": 0},
    "next_steps_customer": {"steps": [{"title": "Refund 250 EUR", "due": "2026-11-23T09:30:00+00:00", "yours": False}]},
    "read_in": {"more": 0},
    "satisfaction_customer": {"text": "", "again": False},
    "news.action_refused": {"how": "rejected"},
    "news.draft_ended": {"how": "dropped"},
    "news.entry_closed": {"kind": "question"},
    "news.gate_over": {"how": "decided", "because": ""},
    "news.mention_unknown": {"notes": []},
    "news.milestone_late": {"times": 2},
    "gate_closed": {"how": "passed"},
    "input_request": {"parts": ["impact", "order.id"]},
    "input_request_customer": {"parts": ["help_needed", "order.id"]},
    "news.lowering_ended": {"how": "refused"},
    "news.gate_nobody": {"notes": "team:finance is empty."},
    "news.gate_vacant": {"notes": "team:finance is empty."},
}
"""Where a message's value is another than the same name's elsewhere."""


def example(identifier: str, **other: Any) -> Notify:
    """Return a message with example values for everything that it says."""
    names = [name for name in MESSAGES[identifier].values if "." not in name]
    values = {name: _SAMPLES[name] for name in names} | _OF.get(identifier, {}) | other
    return Notify(
        key="e/1/m",
        to="person:zsofia.nagy",
        kind=MessageKind.NEWS,
        subject="plain",
        body="plain",
        template=identifier,
        values=values,
    )


def receiver(locale: str) -> Receiver:
    """Return somebody who reads this language, where it is spoken."""
    return Receiver("en-GB" if locale == "en" else locale, ZONES[locale], lambda actor: NAMES.get(actor, actor))


def page(text: str) -> str:
    """Return the page with its second half written anew."""
    lines = [text.partition(MARK)[0] + MARK]
    for identifier, message in MESSAGES.items():
        lines.append(f"\n## {identifier}\n\n{message.about[:1].upper()}{message.about[1:]}.\n")
        lines += [f"- `{name}`: {about}" for name, about in message.values.items() if "." not in name]
        for locale in shipped_locales():
            words = in_words(example(identifier), receiver(locale))
            lines.append(f"\n**{locale}**: {words.subject}{words.error}\n\n```text\n{words.body}\n```")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or check it; return the exit code."""
    parser = argparse.ArgumentParser(description="Write every message in every language into docs/messages.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")
    check: bool = parser.parse_args(arguments).check
    text = PAGE.read_text(encoding="utf-8")
    fresh = page(text)
    if check and text != fresh:
        print("docs/messages.md is stale: run `python -m tools.messages`", file=sys.stderr)
        return 1
    if not check:
        PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
