"""What people write to a page or an account becomes a request: one for each conversation, whatever comes twice.

The same item again is the same request. A conversation is what one person writes privately, or below one post: further
items of it join the escalation that is open, each with its words.
"""

from collections.abc import Mapping
from typing import Any, Final

from escalation.intake.payloads import cut, key_of, summary

MAPPING: Final[Mapping[str, Any]] = {
    "source": "{platform}",
    "dedup_key": "{thread}",
    "request_id": "{id}",
    "case": {"system": "{platform}", "id": "{id}", "url": "{link}", "opened_at": "{at}"},
    "initiation": "customer_request",
    "requested_by": "customer:{customer}",
    "customer": {"id": "{customer}", "name": "{author}"},
    "context": {
        "summary": "{summary}",
        "conversation": [{"at": "{at}", "author": "customer", "text": "{text}"}],
        "attachments": "{attachments}",
    },
}
"""The built-in mapping, over which that of an intake is laid."""


def item(  # noqa: PLR0913 - each is one thing that is known of what somebody wrote
    platform: str,
    *,
    id: str,  # noqa: A002 - what templates call it
    thread: str,
    author_id: str,
    author: str,
    text: str,
    link: str,
    at: str | None,
    attachments: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Return what somebody wrote as the record that templates read."""
    return {
        "platform": platform,
        "id": key_of(id),
        "thread": key_of(thread),
        "customer": f"{platform}-{key_of(author_id)}"[:120],
        "author": cut(author, 200) if author else None,
        "author_id": author_id,
        "text": cut(text),
        "summary": summary(text),
        "link": link or None,
        "at": at,
        "attachments": attachments or None,
    }
