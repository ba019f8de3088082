"""For services and AI agents: ask before an action is done, wait for people to decide, and do it once.

    approvals = ActionApprovals(client, by="agent:refund-bot")
    asked = await approvals.ask(escalation_id, "refund", {"amount": 250.0}, because="charged twice")
    if (await approvals.outcome(asked, within=timedelta(hours=4))).may_be_done:
        await approvals.use(asked)  # raises unless exactly this was approved, is still valid, and was not done before
        pay_back(250.0)

Whoever asked is also told the outcome over their own channel, so a service that has one (a webhook) need not wait here.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

from escalation.errors import AlreadyDone, NotNow, Unknown
from escalation.lifecycle.approvals.actions import action_digest
from escalation.lifecycle.approvals.approval_views import ActionView
from escalation.lifecycle.situation import Situation
from escalation.model.commands import Act, Answer, UseApproval, WithdrawApproval, parse_command
from escalation.playbook.facts import FactValue
from escalation.values import Actor, Record

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0
"""Seconds between two questions how it stands: people take minutes, and each question wakes a worker."""


class Client(Protocol):
    """What is needed of ``EscalationClient``."""

    async def send(self, escalation: str, command: Act) -> Answer:
        """Send a command."""
        ...

    async def situation(self, escalation: str) -> Situation:
        """Ask where an escalation stands."""
        ...


class Asked(Record):
    """An action that was asked for."""

    escalation: str
    approval: str
    digest: str


class Decision(Record):
    """What became of an action that was asked for."""

    state: str
    """``pending``, ``passed``, ``rejected``, ``voided``, ``withdrawn`` or ``used``."""
    because: str
    choice: str = ""

    @property
    def may_be_done(self) -> bool:
        """True when people, or the playbook, allow it; whether it still holds is found out as it is used."""
        return self.state == "passed"


class ActionApprovals:
    """Asks for actions in the name of one service or AI agent."""

    def __init__(self, client: Client, by: Actor) -> None:
        self._client = client
        self._by = by

    async def ask(
        self, escalation: str, action: str, arguments: Mapping[str, FactValue] | None = None, *, because: str
    ) -> Asked:
        """Ask whether an action may be done. Asked again while it is undecided or unused, it is the same one.

        Raises:
            RequestRefused: who asks, the action or the reason is malformed; which, and what was expected.
            DomainError: the playbook declares no such action, an argument is wrong, or this actor may not ask.
            Unreachable: no server, or no worker, answered in time.
        """
        given = dict(arguments or {})
        wanted = parse_command(
            "ask_approval", {"by": self._by, "action": action, "arguments": given, "because": because}
        )
        digest = action_digest(action, given)
        with suppress(AlreadyDone):  # it stands already
            await self._client.send(escalation, wanted)
        known = await self._standing(escalation, digest)
        if known is None:
            raise NotNow(f"{escalation} settled {action} before it could be looked up; ask again")
        return Asked(escalation=escalation, approval=known.id, digest=digest)

    async def outcome(self, asked: Asked, within: timedelta) -> Decision:
        """Wait until it is decided, and at most so long: then it is still ``pending``.

        Raises:
            DomainError: the escalation is not known, or so much was asked since that it does not know this any more.
            Unreachable: no server, or no worker, answered in time.
        """
        ends = asyncio.get_running_loop().time() + within.total_seconds()
        pause = _FIRST_PAUSE
        while True:
            here = await self._client.situation(asked.escalation)
            view = next((each for each in here.actions if each.id == asked.approval), None)
            if view is None:
                raise Unknown(f"{asked.escalation} does not know {asked.approval} any more; its timeline does")
            if here.outcome and view.state == "pending":
                return Decision(state="withdrawn", because=f"{asked.escalation} has ended: {here.outcome}")
            left = ends - asyncio.get_running_loop().time()
            if view.state != "pending" or left <= 0:
                return Decision(state=view.state, because=view.because, choice=view.choice)
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def use(self, asked: Asked) -> None:
        """Use the approval up, right before the action is done: at most one call ever succeeds.

        Raises:
            DomainError: not decided, refused, used before, too late, or for something else. Do not do it then.
            Unreachable: no server, or no worker, answered in time. Whether it was used is not known then; used again
                it is refused if it was, and the action is better looked up than done twice.
        """
        command = UseApproval(by=self._by, approval=asked.approval, digest=asked.digest)
        await self._client.send(asked.escalation, command)

    async def withdraw(self, asked: Asked, because: str = "") -> None:
        """Say that it is not wanted any more.

        Raises:
            DomainError: it is settled already.
            Unreachable: no server, or no worker, answered in time.
        """
        command = WithdrawApproval(by=self._by, approval=asked.approval, because=because)
        await self._client.send(asked.escalation, command)

    async def _standing(self, escalation: str, digest: str) -> ActionView | None:
        """Return what this actor asked for in exactly these words, and may still be decided or used."""
        here = await self._client.situation(escalation)
        mine = (each for each in here.actions if (each.by, each.digest) == (self._by, digest))
        return next((each for each in reversed(list(mine)) if each.state in ("pending", "passed")), None)
