"""The digest: pages that waited for one person's working hours, of whichever escalations, as one message."""

from escalation.model.actions import Notify
from escalation.values import counted

MOST_LISTED = 50
"""So many pages a digest lists; of more it says how many there are."""


def digest(pages: tuple[Notify, ...], key: str) -> Notify:
    """Make one message of pages to the same person; a single one stays as it is.

    Args:
        pages: at least one; listed as their subjects have it, the worst severities first.
        key: the idempotency key of the message.
    """
    if len(pages) == 1:
        return pages[0].changed({"bundled": False})
    in_order = sorted(pages, key=lambda page: page.subject)
    listed = [f"- {page.subject}\n{_how_to_answer(page)}" for page in in_order[:MOST_LISTED]]
    left = len(pages) - len(listed)
    more = [f"... and {left} more: escalate list"] if left else []
    what = f"{counted(len(pages), 'escalation')} waited for your working hours"
    values = {
        "count": len(pages),
        "pages": [{"subject": _subject(page), "commands": _commands(page)} for page in in_order[:MOST_LISTED]],
        "more": left,
    }
    return pages[0].changed(
        {
            "key": f"digest/{key}",
            "subject": what,
            "body": "\n".join([f"{what}:", *listed, *more]),
            "template": "digest" if all(page.template for page in pages) else "",
            "values": values,
            "templates": {},
            "rung": None,
            "asks": None,
            "respond_by": min((page.respond_by for page in pages if page.respond_by), default=None),
            "bundled": False,
            "escalation": "",
            "offers": (),
            "matter": "",
            "urgent": any(page.urgent for page in pages),
            "summary": f"tell {pages[0].to} of {what}",
        }
    )


def _how_to_answer(page: Notify) -> str:
    """Return the last lines of a page: the commands that answer it."""
    return "\n".join(_commands(page))


def _commands(page: Notify) -> list[str]:
    return [line for line in page.body.splitlines() if line.startswith("  escalate ")]


def _subject(page: Notify) -> str:
    return f"[{page.values['severity']}] {page.values['about']}" if page.values else page.subject
