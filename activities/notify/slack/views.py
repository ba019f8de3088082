"""Windows that a pressed button opens: to fill in what an answer needs, or to see how to look at the escalation.

Limits are those of docs.slack.dev/reference/views/modal-views.
"""

from collections.abc import Mapping
from typing import Any, Final

from activities.notify.answer_labels import DETAILS, label
from activities.notify.phrases import phrases
from activities.notify.slack.blocks import TEXT, plain
from activities.notify.slack.reference import Reference
from escalation.model.actions import Offer

CALLBACK: Final = "escalation_answer"
TITLE: Final = 24
LONGEST_ANSWER: Final = 3_000
"""Characters that one field takes."""


def form(offer: Offer, value: str, reference: Reference, about: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the window in which somebody fills in what an answer needs; ``value`` is the button's, and comes back."""
    words, said = label(offer, reference.locale, labels), phrases(reference.locale)
    asked = [
        {
            "type": "input",
            "block_id": field,
            "label": plain(said.fields.get(field) or field.replace("_", " ").capitalize(), TEXT),
            "element": {
                "type": "plain_text_input",
                "action_id": field,
                "multiline": True,
                "min_length": 1,
                "max_length": LONGEST_ANSWER,
            },
        }
        for field in offer.needs
    ]
    return {
        **_window(words, reference.escalation, [*_about(about), *asked]),
        "callback_id": CALLBACK,
        "private_metadata": value,
        "submit": plain(words, TITLE),
        "close": plain(said.cancel, TITLE),
    }


def details(reference: Reference, about: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the window that says how to look at an escalation."""
    commands = "\n".join(f"escalate {name} {reference.escalation}" for name in ("show", "forecast"))
    shown = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": commands}]}
    blocks = [*_about(about), {"type": "rich_text", "elements": [shown]}]
    return _window(label(DETAILS, reference.locale, labels), reference.escalation, blocks)


def _window(title: str, escalation: str, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    below = {"type": "context", "elements": [plain(escalation, TEXT)]}
    return {"type": "modal", "title": plain(title, TITLE), "blocks": [*blocks, below]}


def _about(about: str) -> list[dict[str, Any]]:
    return [{"type": "section", "text": plain(about, TEXT)}] if about else []
