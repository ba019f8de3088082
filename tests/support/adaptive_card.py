"""Adaptive Cards as a page of HTML, near enough to how Teams shows them: to look at."""

from html import escape
from typing import Any

_STYLE = """
body { font: 14px/1.43 "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; color: #242424; margin: 0; padding: 16px;
  background: #f5f5f5 }
.message { max-width: 620px; margin: 0 0 18px } .who { font-size: 12px; color: #616161; margin: 0 0 4px }
.card { background: #fff; border: 1px solid #e0e0e0; border-radius: 6px; padding: 14px 16px; overflow-wrap: anywhere }
.line { white-space: pre-wrap; margin-top: 8px } .None { margin-top: 0 }
.Medium { margin-top: 12px } .Large { font-size: 18px } .Small { font-size: 12px }
.Bolder { font-weight: 600 } .Attention { color: #c4314b } .Monospace { font-family: "DejaVu Sans Mono", monospace;
  font-size: 12px }
.actions { margin-top: 14px } .actions a { display: inline-block; padding: 5px 12px; margin: 0 8px 6px 0;
  border: 1px solid #d1d1d1; border-radius: 4px; color: #242424; font-weight: 600; text-decoration: none }
"""


def page(*parts: str) -> str:
    """Return a page of cards."""
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{''.join(parts)}"


def message(card: dict[str, Any], where: str) -> str:
    """Return a posted card, and where it is."""
    lines = "".join(map(_block, card["body"]))
    actions = "".join(map(_action, card.get("actions", ())))
    below = f'<div class="actions">{actions}</div>' if actions else ""
    return f'<div class="message"><div class="who">Workflows, {where}</div><div class="card">{lines}{below}</div></div>'


def _block(block: dict[str, Any]) -> str:
    assert block["type"] == "RichTextBlock"
    [run] = block["inlines"]
    looks = [value for name, value in run.items() if name not in {"type", "text"}]
    classes = " ".join(["line", block.get("spacing", ""), *looks])
    return f'<div class="{classes}">{escape(run["text"])}</div>'


def _action(action: dict[str, Any]) -> str:
    assert action["type"] == "Action.OpenUrl"
    return f'<a href="{escape(action["url"])}">{escape(action["title"])}</a>'
