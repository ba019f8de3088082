"""What is being tried again and again: calls of outside systems, as Temporal knows them while they are under way."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any, Final

from pydantic import AwareDatetime

from escalation.values import Record

_WHAT: Final = {
    "notify.send": "a message",
    "notify.join_digest": "a message that waits for working hours",
    "notify.amend": "what became of a message",
    "crm.open_case": "the ticket",
    "crm.update_case": "a change of the ticket",
    "links.tell": "news for a linked escalation",
    "ledger.record": "records for the ledger",
    "directory.find": "the directory",
}


class Trying(Record):
    """One call that has failed and is tried again."""

    what: str
    tries: int
    """So many have failed."""
    because: str
    """Why the latest did, as the channel or system is named in the connections, with its code."""
    next_at: AwareDatetime | None = None
    """When it is tried again; None: just now."""

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.what}: {self.because} (tried {'once' if self.tries == 1 else f'{self.tries} times'})"


def trying(pending: Iterable[Any]) -> tuple[Trying, ...]:
    """Return those of Temporal's pending activities under way that have failed before, the longest tried first."""
    found = [_of(each) for each in pending if each.HasField("last_failure")]
    return tuple(sorted(found, key=lambda each: -each.tries))


def _of(each: Any) -> Trying:
    kind = each.activity_type.name
    at = each.next_attempt_schedule_time.ToDatetime(UTC) if each.HasField("next_attempt_schedule_time") else None
    return Trying(
        what=_WHAT.get(kind, kind),
        tries=max(1, each.attempt - 1),
        because=" ".join(each.last_failure.message.split())[:300],
        next_at=at,
    )
