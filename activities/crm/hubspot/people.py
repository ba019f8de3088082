"""Who is who: owners of records in HubSpot, and the people here."""

from typing import Final, Literal

from activities.crm.hearing import Staff
from activities.crm.hubspot.api import Api
from activities.crm.hubspot.config import HubSpotConfig
from escalation.values import Actor

MOST_KEPT: Final = 1_000


class People:
    """Owners of one account. What was found is kept: an id stays that of the same user."""

    def __init__(self, api: Api, config: HubSpotConfig) -> None:
        self._api, self._owners = api, config.owners
        self._staff = Staff({actor: _plain(written) for actor, written in config.owners.items()})
        self._ids: dict[str, str] = {}
        self._named: dict[tuple[str, str], str] = {}

    async def owner_id(self, actor: Actor) -> str | None:
        """Return the owner id of somebody; None where none is configured, or HubSpot has no such user."""
        written = self._owners.get(actor)
        if written is None or "@" not in written:
            return written
        if written not in self._ids:
            found = await self._api.owner_of(written)
            if found is None:
                return None
            self._ids[written] = found
        return self._ids[written]

    async def named(self, owner_id: str) -> str:
        """Return who an owner is: somebody here where that is configured, else their name there; empty: nobody."""
        return await self._who(owner_id, "id") if owner_id else ""

    async def user(self, user_id: int | None) -> str:
        """Return who a user is, in the same way; empty where HubSpot does not say."""
        return await self._who(str(user_id), "userId") if user_id is not None else ""

    async def missing(self) -> list[Actor]:
        """Return whose owner HubSpot does not have."""
        if not self._owners:
            return []
        owners = await self._api.owners()
        there = {owner.id for owner in owners} | {_plain(owner.email or "") for owner in owners}
        return sorted(actor for actor, written in self._owners.items() if _plain(written) not in there)

    async def _who(self, number: str, by: Literal["id", "userId"]) -> str:
        if (by, number) not in self._named:
            owner = await self._api.owner(number, by)
            told = (owner.id, _plain(owner.email or "")) if owner is not None else (number,) if by == "id" else ()
            name = owner.name if owner is not None else ""
            if len(self._named) >= MOST_KEPT:
                self._named.clear()
            self._named[by, number] = self._staff.named(name or number, *told)
        return self._named[by, number]


def _plain(written: str) -> str:
    return written.casefold()
