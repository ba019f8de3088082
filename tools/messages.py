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
from escalation.playbook.messages.reasons import REASONS, ReasonId
from escalation.playbook.parts import MessageTemplate

PAGE = Path(__file__).resolve().parent.parent / "docs" / "messages.md"
MARK: Final = "<!-- From here on written by `python -m tools.messages`; not edited by hand. -->\n"
ZONES: Final = {"en": "Europe/London", "hu": "Europe/Budapest", "sv": "Europe/Stockholm", "cs": "Europe/Prague"}
NAMES: Final = {
    "person:eva.dvorak": "Eva Dvořáková",
    "person:nils.berg": "Nils Berg",
    "person:zsofia.nagy": "Nagy Zsófia",
    "team:billing": "Billing",
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
    "declined": ["person:nils.berg"],
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
    "left": ["person:eva.dvorak"],
    "lesson": "l1",
    "link": "escalation-shop-4711#42",
    "live_as": "v4",
    "may_delegate": True,
    "meaning": "",
    "milestone": "m2",
    "milestones": [{"name": "m1", "at": "2026-11-21T14:05:00+00:00"}],
    "missing": ["crm_snapshot"],
    "mine": False,
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
    "editor": "agent 12",
    "clock": "resolution",
    "command": "approve",
    "count": 5,
    "digest": "5487adfc52cf",
    "due": "2026-11-23T09:30:00+00:00",
    "error": "webhook: 410",
    "expectation": "refund 250 EUR",
    "line": "p3",
    "behind": "p2",
    "held": True,
    "looks_at": "",
    "looks_at_by": ["person:nils.berg"],
    "looks_at_subject": [{"name": "amount", "value": "250"}],
    "remains": "",
    "silence": "confirmed",
    "result": "250 EUR",
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
    "next_to": "role:duty",
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
        "customer": {"name": "Markéta Horáková", "tier": "vip"},
        "case": {"system": "chatbot", "id": "conv-4711", "url": "https://chat.example/4711"},
        "ticket": {"number": "T-4711", "url": "https://desk.example/4711"},
        "reasons": [
            {
                "trigger": "vague",
                "because": "ai_confidence < 0.8",
                "in_words": "250 EUR",
                "facts": ["ai_confidence=0.62"],
                "words": ["???"],
            }
        ],
        "summary": "Refund 4711: paid twice",
        "impact": "1 VIP",
        "constraints": "GDPR",
        "brought": [{"name": "order.id", "about": "", "value": "4711"}],
        "crm": {"tier": "vip", "company": "", "open_tickets": 2, "at": "2026-11-21T14:05:00+00:00"},
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
    "deputy": True,
    "since": "2026-11-21T14:05:00+00:00",
    "stage": "resolution",
    "stakeholder": "sales",
    "stakeholders": ["sales", "press"],
    "status": "waiting",
    "subject": [{"name": "amount", "value": "250"}],
    "summary": "s1",
    "stays": "commander",
    "stand_down_because": "",
    "stand_down_by": "",
    "first_update": "2026-11-23T09:15:00+00:00",
    "first_update_late": False,
    "leads": True,
    "update_due": "2026-11-23T09:30:00+00:00",
    "update_late": False,
    "plan_done": 2,
    "plan_steps": 2,
    "refused": "",
    "system": "desk",
    "texts": "--customer-text '...'",
    "text": "Refund 4711: 250 EUR.",
    "then": "up",
    "goes_on": "level",
    "goes_to": "L3",
    "via_kind": "team",
    "shift_ends": "2026-11-21T22:00:00+00:00",
    "times": 2,
    "title": "Refund 250 EUR",
    "to_whom": "person:eva.dvorak",
    "until": "2026-11-21T14:35:00+00:00",
    "via": "team:billing",
    "waited_since": "2026-11-20T20:00:00+00:00",
    "was": "person:bem",
    "why": [],
    "words": "250 EUR",
    "where": {
        "status": "resolution",
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
WITHIN: Final = {
    "reason": "nobody_decided",
    "values": {"within": 900},
    "english": "nobody decided within 15m",
}
"""A reason of the engine's own, as a message carries it."""
_OF: Final[dict[str, dict[str, Any]]] = {
    "consulted": {"stage": "triage"},
    "first_update": {"times": 0},
    "update_overdue": {"missing": ["sales"]},
    "news.children_awaited": {"others": ["escalation-shop-4712"]},
    "news.unfinished_awaited": {"waits": ["work item i2", "approval credit"]},
    "item": {
        "failed": {"reason": "condition_false", "values": {"condition": 'order.id != ""'}, "english": "it is not true"},
        "command": "escalate complete_item escalation-shop-4711 --item i1",
    },
    "item_approval": {"again": 2},
    "item_input": {"again": 0},
    "item_input_customer": {"again": 0},
    "page": {
        "why": [
            {
                "reason": "called_as_deputy",
                "values": {"who": "person:nils.berg", "at": "2026-11-23T09:30:00+00:00"},
                "english": "plain",
            }
        ]
    },
    "next_steps": {"more": 0},
    "next_steps_customer": {"steps": [{"title": "Refund 250 EUR", "due": "2026-11-23T09:30:00+00:00", "yours": False}]},
    "read_in": {
        "more": 0,
        "gates": [
            {
                "gate": "credit",
                "state": "rejected",
                "because": {
                    "reason": "rejected_by",
                    "values": {"people": ["person:nils.berg"], "because": "250 EUR"},
                    "english": "rejected by person:nils.berg: 250 EUR",
                },
            }
        ],
    },
    "satisfaction_customer": {"text": "", "again": False},
    "news.action_refused": {
        "how": "rejected",
        "because": {"reason": "denied_by_silence", "values": {"waited": WITHIN}, "english": "the playbook denies then"},
    },
    "news.gate_late": {"because": WITHIN},
    "news.handoff_declined": {"to_whom": "team:billing"},
    "news.handoff_ended": {
        "how": "expired",
        "words": "",
        "because": {"reason": "not_accepted", "values": {"within": 5400}, "english": "nobody accepted within 1h 30m"},
    },
    "news.hold_ended": {
        "because": {"reason": "hold_over", "values": {}, "english": "its declared end has come"},
    },
    "news.severity_changed": {
        "because": {"reason": "rule_asks", "values": {}, "english": "a rule of the playbook asks for it"},
    },
    "news.status_overdue": {
        "because": {
            "reason": "status_lasts",
            "values": {"status": "resolution", "lasted": 93600},
            "english": "resolution for 1d 2h",
        },
    },
    "news.no_feedback": {
        "because": {"reason": "asked_twice", "values": {}, "english": "asked twice, and no answer came"},
    },
    "news.returned": {
        "because": {
            "reason": "returned_guided",
            "values": {"because": "refund 250 EUR"},
            "english": "returned with guidance: refund 250 EUR",
        },
    },
    "news.draft_ended": {"how": "dropped"},
    "news.entry_closed": {"kind": "question"},
    "news.gate_over": {
        "how": "voided",
        "because": {
            "reason": "subject_changed",
            "values": {},
            "english": "what was to be approved has changed",
        },
    },
    "news.mention_unknown": {"notes": []},
    "news.milestone_late": {"times": 2},
    "gate_closed": {
        "how": "passed",
        "because": {
            "reason": "approved_by",
            "values": {"people": ["person:eva.dvorak", "person:nils.berg"], "choice": ""},
            "english": "approved by person:eva.dvorak, person:nils.berg",
        },
    },
    "handoff": {
        "because": {
            "reason": "shift_ends",
            "values": {"who": "person:eva.dvorak", "at": "2026-11-23T09:30:00+00:00"},
            "english": "the shift of person:eva.dvorak ends at 2026-11-23 09:30 UTC",
        },
    },
    "review_draft": {
        "because": {"reason": "resolution_proposed", "values": {}, "english": "a resolution is proposed"},
    },
    "update": {
        "because": {
            "reason": "concerned",
            "values": {"severity": "P1", "level": "L2", "kind": ""},
            "english": "severity P1, level L2",
        },
    },
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


_REASON_SAMPLES: Final[dict[str, Any]] = {
    "after": 60,
    "allowed": WITHIN,
    "at": "2026-11-23T09:30:00+00:00",
    "audience": "sales",
    "automation": "vip-alert",
    "because": "refund 250 EUR",
    "by": "person:nils.berg",
    "choice": "",
    "clocks": [{"clock": "resolution", "due": "2026-11-24T09:30:00+00:00"}],
    "code": 2,
    "condition": "ai_confidence < 0.8",
    "detail": "250 EUR",
    "digest": "5487adfc52cf",
    "first": ["refund 250 EUR"],
    "gate": "credit",
    "gates": [{"gate": "credit", "who": ["person:nils.berg"], "due": "2026-11-23T09:30:00+00:00"}],
    "hold_because": "refund 250 EUR",
    "hold_until": "2026-11-23T09:30:00+00:00",
    "item": "i1",
    "items": [
        {"item": "i1", "title": "Refund", "owner": "person:nils.berg", "due": "2026-11-23T09:30:00+00:00"},
    ],
    "kind": "",
    "lasted": 93600,
    "level": "L2",
    "missing": ["crm_snapshot"],
    "now": "resolution",
    "number": 2,
    "parts": ["impact", "order.id"],
    "people": ["person:eva.dvorak", "person:nils.berg"],
    "period": 3,
    "rejected": ["legal"],
    "reasons": [WITHIN, "250 EUR"],
    "reference": "T-4711",
    "refusals": [
        {"by": "person:eva.dvorak", "words": "250 EUR"},
        {"by": "person:nils.berg", "words": "Refund"},
    ],
    "severity": "P1",
    "stage": "triage",
    "status": "resolution",
    "team": "team:billing",
    "to_whom": "person:zsofia.nagy",
    "used": 3,
    "version": 4,
    "votes": ["full (1)", "half (1)"],
    "waited": WITHIN,
    "who": "person:eva.dvorak",
    "within": 900,
}


def reason(identifier: ReasonId, **other: Any) -> dict[str, Any]:
    """Return a reason with example values, as a message carries it."""
    values = {name: _REASON_SAMPLES[name] for name in REASONS[identifier].values}
    if identifier == "version_not_active":
        values["status"] = "draft"
    if identifier == "severity_since":
        values["now"] = "P2"
    return {"reason": identifier, "values": values | other, "english": "plain"}


def reason_in_words(said: dict[str, Any], locale: str) -> str:
    """Return a reason as somebody reads it who reads this language."""
    message = example("news.returned", because=said)
    alone = MessageTemplate(subject="-", body="{{ because }}")
    return in_words(message.changed({"templates": {locale: alone}}), receiver(locale)).body


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
    lines.append("\n## Reasons of the engine's own\n")
    lines.append("They stand inside messages, where `because` and its kin do; what people wrote stays as it is.")
    for name, known in REASONS.items():
        lines.append(f"\n### {name}\n\n{known.about[:1].upper()}{known.about[1:]}.\n")
        lines += [f"- `{value}`: {about}" for value, about in known.values.items()]
        lines.append("")
        for locale in shipped_locales():
            lines.append(f"- **{locale}**: " + reason_in_words(reason(name), locale).replace("\n", "\n  "))
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
