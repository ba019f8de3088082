"""Any help desk with a REST interface, as its configuration describes it (``activities.crm.rest_config``)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from activities.connector import Tools
from activities.crm.belonging import anothers
from activities.crm.own_fields import values_of
from activities.crm.port import Changes
from activities.crm.rest_changes import Following
from activities.crm.rest_config import Asked, CustomerTickets, RestHelpDeskConfig, TheirChanges, Told
from activities.crm.rest_values import filled, listed, path, words
from activities.http import code_of
from escalation.errors import RemoteRefused, Unreadable
from escalation.model.actions import CaseLink, CustomerSnapshot, OpenCase, UpdateCase
from escalation.places import at
from escalation.values import digest_of

HISTORY: Final = 10
LONGEST_ID: Final = 200
LONGEST_URL: Final = 2_000
"""Both go into the escalation's state."""
_NOT_THERE: Final = frozenset({404, 405})
"""Of a note's own path: there is none, or it can only be written."""


class RestHelpDesk:
    """A ``HelpDesk`` as its configuration describes it."""

    def __init__(self, config: RestHelpDeskConfig, tools: Tools) -> None:
        place = config.reason
        self._config = config
        self._name = tools.name
        self._api = tools.remote(
            config.url, config.auth.opened(tools), reason=(lambda said: at(said, place)) if place else None
        )

    async def open_ticket(self, action: OpenCase) -> CaseLink:
        """Link the case's own ticket, or find it by external id, or open it; the packet becomes a note for staff."""
        case, customer = action.case, action.customer
        ticket = case.id if case.system == self._name else await self._found(action.key)
        url = ""
        if ticket is None:
            values = {
                **values_of(action),
                "subject": action.subject,
                "description": action.description,
                "body": action.body,
                "customer_name": customer and customer.name,
            }
            answer = await self._tell(self._config.open, values, f"{action.key}#open")
            ticket = self._text(answer, self._config.open.ticket)
            page = at(answer, self._config.open.url) if self._config.open.url else None
            url = page if isinstance(page, str) and len(page) <= LONGEST_URL else ""
        elif case.system == self._name and self._config.link is not None:
            await self._tell(self._config.link, {**values_of(action), "ticket": ticket}, f"{action.key}#link")
        note = UpdateCase(key=action.key, case_key=action.key, ticket=ticket, note=f"{action.subject}\n\n{action.body}")
        if not await self._has(action.key, ticket):
            if case.system == self._name:
                await self._set(note.changed({"status": "open", "severity": action.severity}), ticket, "#linked")
            await self._tell(self._config.note, _values(note, ticket), f"{action.key}#note")
        return CaseLink(ticket=ticket, url=url, system=self._name)

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        """Return what is described of a customer; None where nothing is, or nobody has that id."""
        config, values = self._config, {"customer_id": customer_id}
        if config.customer is None:
            return None
        known = await self._ask(config.customer, values)
        if known is None:
            return None
        others: list[tuple[bool, str]] = []
        if config.tickets is not None:
            found = await self._ask(config.tickets, values)
            others = _others(config.tickets, listed(found, config.tickets.items, self._name), besides)
        return CustomerSnapshot(
            fetched_at=datetime.now(UTC),
            system=self._name,
            tier=words(known, config.customer.tier),
            company=words(known, config.customer.company),
            open_tickets=sum(is_open for is_open, _ in others),
            history=tuple(line for _, line in others[:HISTORY]),
        )

    async def update_ticket(self, action: UpdateCase) -> None:
        """Set what is to be set, then add the note, once."""
        ticket = await self._known(action)
        if action.note and await self._has(action.key, ticket):
            return  # a late repeat must not undo what came after
        await self._set(action, ticket)
        if action.note:  # last: it is what says that all of it was done
            await self._tell(self._config.note, _values(action, ticket), f"{action.key}#note")

    async def check(self) -> str:
        """Read what is always there."""
        answer = await self._api.ask("GET", self._config.alive)
        if "html" in answer.headers.get("content-type", ""):
            raise RemoteRefused(f"{self._name}: {self._config.alive} answers with a page for people; is `url` right?")
        return "answers"

    async def _found(self, key: str) -> str | None:
        answer = await self._ask(self._config.find, {"key": key})
        place = self._config.find.ticket
        return None if at(answer, place) in (None, "") else self._text(answer, place)

    async def _set(self, action: UpdateCase, ticket: str, step: str = "#update") -> None:
        """Set status, owner and what the severity means, as far as they change and the description has a place."""
        config, status = self._config, action.status
        severe = action.severity is not None and config.update is not None and "{severity}" in str(config.update.body)
        if config.update is None or not (status or action.owner or severe):
            return
        values = {
            **_values(action, ticket),
            "status": config.statuses.get(status, status) if status else None,
            "owner": config.owners.get(action.owner or ""),
            "severity": action.severity,
        }
        await self._tell(config.update, values, action.key + step)

    async def _known(self, action: UpdateCase) -> str:
        """Return the ticket that has the case's external id, before the one that is named by its number.

        A ticket that was linked has no such id. Its number is taken only together with the name of this connection,
        and where notes can be read, the note of the linking has to be there: a number may be a stranger's ticket.
        """
        ticket = await self._found(action.case_key)
        if ticket is not None:
            return ticket
        if not action.ticket or not action.system:
            raise RemoteRefused(f"{self._name}: no ticket was opened for {action.case_key}")
        if self._config.note.list is not None and not await self._has(action.case_key, action.ticket):
            raise anothers(self._name, action)
        return action.ticket

    async def _has(self, key: str, ticket: str) -> bool:
        """Tell whether a note is there already, as far as that can be read."""
        note, values = self._config.note, {"ticket": ticket, "key": key}
        if note.list is not None and note.items is not None and note.keys is not None:
            there = listed(await self._ask(note.list, values), note.items, self._name)
            return any(at(each, note.keys) == key for each in there)
        if note.once == "path":
            answer = await self._api.ask("GET", path(note.path, values, self._name), accept=_NOT_THERE)
            return answer.status not in _NOT_THERE
        return False  # each request has a key of its own, by which the system itself knows a repeat

    async def _ask(self, asked: Asked, values: Mapping[str, object]) -> Any:
        query = {name: str(filled(value, values)) for name, value in asked.query.items()}
        return self._sound(await self._api.get(path(asked.path, values, self._name), query or None))

    async def _tell(self, told: Told, values: Mapping[str, object], once: str) -> Any:
        """Send one request; ``once`` is its own: a server that honours keys refuses one that comes with another."""
        headers = {"Idempotency-Key": digest_of(once)}
        return self._sound(
            await self._api.send(
                told.method, path(told.path, values, self._name), filled(told.body, values), headers=headers
            )
        )

    def _sound(self, answer: Any) -> Any:
        """Return the answer, unless the system says in it that it failed."""
        if self._config.failed is not None and at(answer, self._config.failed):
            code = code_of(at(answer, self._config.reason)) if self._config.reason else ""
            raise RemoteRefused(f"{self._name}: answered 2xx, and in it an error{f' ({code})' if code else ''}")
        return answer

    def _text(self, answer: Any, place: str) -> str:
        found = at(answer, place)
        if isinstance(found, bool) or not isinstance(found, str | int) or not 0 < len(str(found)) <= LONGEST_ID:
            said = "nothing" if found in (None, "") else f"no id of {LONGEST_ID} characters at most"
            raise Unreadable(f"{self._name}: the answer has {said} at {place}")
        return str(found)


class WatchedRestHelpDesk(RestHelpDesk):
    """One whose configuration says how it tells what people changed there."""

    def __init__(self, config: RestHelpDeskConfig, tools: Tools, described: TheirChanges) -> None:
        super().__init__(config, tools)
        self._following = Following(self._api, config, described, self._sound)

    async def changes(self, cursor: str) -> Changes:
        """Return what others did to tickets that carry a key of ours."""
        return await self._following.since(cursor)


def opened(config: RestHelpDeskConfig, tools: Tools) -> RestHelpDesk:
    """Open one; it is watched only where its changes are described."""
    described = config.changes
    return RestHelpDesk(config, tools) if described is None else WatchedRestHelpDesk(config, tools, described)


def _others(config: CustomerTickets, tickets: list[Any], besides: str) -> list[tuple[bool, str]]:
    """Return the other tickets: whether each is open, and its line."""
    found = []
    for each in tickets:
        identifier, status = words(each, config.id), words(each, config.status)
        if identifier != besides:
            line = f"{words(each, config.opened)[:10]} {identifier} {status}: {words(each, config.subject)}"
            found.append((status in config.open_statuses, line))
    return found


def _values(action: UpdateCase, ticket: str) -> dict[str, object]:
    return {"key": action.key, "ticket": ticket, "note": action.note, "staff_only": not action.public}
