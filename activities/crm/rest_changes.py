"""What people did in a help desk that is only described: read from its list of changes, the oldest first.

The cursor is an instant. Each look asks again for the last ``OVERLAP`` before it, since what was done first may appear
later; what was told of that is known for as long as this worker runs, and told again by another one under the same key.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from activities.crm.hearing import LONGEST_NOTE, Staff, passed_over, read_cursor, sound
from activities.crm.port import Changes
from activities.crm.rest_config import RestHelpDeskConfig, TheirChanges, Whoever
from activities.crm.rest_values import filled, listed, path, words
from activities.crm.statuses import meanings
from activities.remote import Remote
from escalation.errors import RemoteRefused
from escalation.model.actions import CaseChange
from escalation.model.ticket import TicketStatus
from escalation.places import at
from escalation.texts import cut
from escalation.values import Incoming

OVERLAP: Final = timedelta(minutes=1)
MOST_PAGES: Final = 10
MOST: Final = 200
"""Changes that are told before more pages are read."""
OUT_OF_REACH: Final = frozenset({403, 410})
"""Of a single ticket: its changes are not told, and those of others are."""
KEY_ENDS: Final = "/case"
"""Of every external id of ours: other programs may write into the same field."""
_INSTANT: Final[TypeAdapter[datetime]] = TypeAdapter(AwareDatetime)


class Cursor(Incoming):
    """How far it was read."""

    since: AwareDatetime
    look: int = 0
    """Counts looks that had something to tell: another place each time, though the instant is the same."""


class Following:
    """Reads the changes of one help desk; ``checked`` refuses an answer that says it failed."""

    def __init__(
        self, api: Remote, config: RestHelpDeskConfig, described: TheirChanges, checked: Callable[[Any], Any]
    ) -> None:
        self._api, self._alive, self._described, self._checked = api, config.alive, described, checked
        self._staff = Staff(config.owners)
        ours: dict[TicketStatus, str] = {"open": "open", "pending": "pending", "solved": "solved", "closed": "closed"}
        self._means = meanings({**ours, **config.statuses}, described.means, said=True)
        self._lately: dict[str, dict[str, datetime]] = {}
        """What was told of the overlap, by cursor: the one before may be asked for again."""

    async def since(self, cursor: str) -> Changes:
        """Return what changed; raises as ``Remote`` does."""
        at_ = read_cursor(Cursor, cursor, self._api.system, lambda since: Cursor(since=since)) if cursor else None
        if at_ is None:
            return Changes(cursor=Cursor(since=await self._now()).model_dump_json())
        begins = at_.since - OVERLAP
        found: list[tuple[datetime, CaseChange | None]] = []
        here: str | None = ""
        for _ in range(MOST_PAGES):
            page = await self._page(here or "", begins)
            items = listed(page, self._described.items, self._api.system)
            found += [each for each in sound(self._dated, items, self._api.system) if each[0] >= begins]
            here = self._following(page) if items else None
            if here is None or sum(change is not None for _, change in found) >= MOST:
                break
        known = self._lately.get(cursor, {})
        new = {change.key: change for _, change in found if change is not None and change.key not in known}
        keys = await self._keys({change.case_key for change in new.values()})
        ours = [
            change.changed({"case_key": keys[change.case_key]})
            for change in new.values()
            if keys[change.case_key].endswith(KEY_ENDS)
        ]
        reached = self._reached(at_.since, [when for when, _ in found], more=here is not None)
        text = Cursor(since=reached, look=at_.look + bool(new)).model_dump_json()
        told = known | {each.key: each.at for each in new.values()}
        self._lately = {cursor: known, text: {key: when for key, when in told.items() if when >= reached - OVERLAP}}
        return Changes(cursor=text, changes=tuple(sorted(ours, key=lambda each: (each.at, each.key))))

    def _reached(self, before: datetime, instants: list[datetime], *, more: bool) -> datetime:
        """Return where the next look begins, so that a look that did not see all goes on behind what it saw."""
        if not instants:
            return before
        if more and instants[0] > instants[-1]:
            raise RemoteRefused(f"{self._api.system}: changes come with the newest first; expected the oldest first")
        if more:
            # The next look asks for the overlap again, and must see more than that.
            reached = max(instants) + OVERLAP
            if reached <= before:
                passed_over(self._api.system, "too_many")
                return before + timedelta(seconds=1)
            return reached
        # A date in the future must not keep what happens until then.
        return max(before, min(max(instants), datetime.now(UTC)))

    async def _page(self, here: str, since: datetime) -> Any:
        if here:
            return self._checked((await self._api.ask("GET", here)).json())
        utc = since.astimezone(UTC)
        values = {"since": f"{utc:%Y-%m-%dT%H:%M:%SZ}", "since_unix": int(utc.timestamp())}
        query = {name: str(filled(value, values)) for name, value in self._described.query.items()}
        asked = path(self._described.path, values, self._api.system)
        return self._checked((await self._api.ask("GET", asked, query=query or None)).json())

    def _following(self, page: Any) -> str | None:
        found = at(page, self._described.next) if self._described.next else None
        return found if isinstance(found, str) and found else None

    def _dated(self, item: Any) -> tuple[datetime, CaseChange | None]:
        """Return when it was, and what it says with its ticket for its key; None where that means nothing here."""
        described = self._described
        try:
            when = _INSTANT.validate_python(at(item, described.at)).astimezone(UTC)
        except ValidationError:
            raise RemoteRefused(f"{self._api.system}: a change has no instant at {described.at}") from None
        key, whose = words(item, described.id), words(item, described.case or described.ticket)
        if not key or not whose:
            raise RemoteRefused(f"{self._api.system}: a change has no id, or no ticket")
        what = self._what(item)
        if not what or _is(described.own, item):
            return when, None
        by_customer = described.customer is not None and _is(described.customer, item)
        return when, CaseChange(
            key=f"{key}/{int(when.timestamp() * 1000)}",
            case_key=whose,
            at=when,
            by="" if by_customer else self._named(words(item, described.by)),
            by_customer=by_customer,
            **what,
        )

    def _what(self, item: Any) -> dict[str, Any]:
        described, what = self._described, dict[str, Any]()
        status = self._means.get(words(item, described.status))
        if status is not None:
            what["status"] = status
        owner = at(item, described.owner) if described.owner else None
        if isinstance(owner, str | int):
            what["owner"] = self._named(words(item, described.owner))
        note = at(item, described.note) if described.note else None
        if isinstance(note, str) and note.strip():
            public = described.public is not None and _is(described.public, item)
            what |= {"note": cut(note.strip(), LONGEST_NOTE), "public": public}
        return what

    def _named(self, said: str) -> str:
        return self._staff.named(said, said)

    async def _keys(self, whose: set[str]) -> dict[str, str]:
        """Return the external ids of tickets, which changes name or which are read; empty where one has none."""
        read = self._described.read
        if self._described.case is not None or read is None:
            return {each: each for each in whose}
        keys = {}
        for ticket in whose:
            values = {"ticket": ticket}
            query = {name: str(filled(value, values)) for name, value in read.query.items()}
            try:
                found = self._checked(await self._api.get(path(read.path, values, self._api.system), query or None))
            except RemoteRefused as error:
                if error.status not in OUT_OF_REACH:
                    raise
                passed_over(self._api.system, "unreadable")
                found = None
            keys[ticket] = words(found, read.key)
        return keys

    async def _now(self) -> datetime:
        answer = await self._api.ask("GET", self._alive)
        try:
            return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
        except ValueError:
            return datetime.now(UTC).replace(microsecond=0)


def _is(whoever: Whoever, item: Any) -> bool:
    found = at(item, whoever.at)
    said = str(found).lower() if isinstance(found, bool) else str(found) if isinstance(found, str | int) else ""
    return said in whoever.values
