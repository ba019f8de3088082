"""What choosing people asks of the ledger: how much everybody has, how often they were paged, whose turn it is.

Only the few searches that need it ask, and none waits for long: when the database does not answer within ``PATIENCE``,
people are found without it and the notes say so. A page never waits for the ledger.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from activities.ledger_tables import escalations, events, turns, turns_taken
from escalation.people.search import Known, Pages, Since, Wanted
from escalation.values import Actor, Target

log = structlog.get_logger(__name__)

PATIENCE = timedelta(seconds=0.5)
KEPT = 10_000
"""Turns of a target that are remembered: the same call asked so much later gets another one."""


class Workload:
    """Reads from the ledger's database; takes turns in it."""

    def __init__(self, engine: Engine, patience: timedelta = PATIENCE) -> None:
        self._reads = engine
        self._writes = engine.execution_options(escalation_writes=True)
        self._patience = patience.total_seconds()
        # Of its own: while the database hangs, nothing else waits behind these calls, and they fail at once.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="workload")

    async def known(self, wanted: Wanted, key: str) -> Known:
        """Return what is wanted; the same key always gets the same turns."""
        return await self._within_patience(lambda: self._ask(wanted, lambda target: self.take_turn(target, key)))

    async def foreseen(self, wanted: Wanted) -> Known:
        """Return the same without taking a turn: the one that would be next."""
        return await self._within_patience(lambda: self._ask(wanted, self.next_turn))

    def close(self) -> None:
        """Let go of the threads; what hangs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _within_patience(self, ask: Callable[[], Known]) -> Known:
        try:
            running = asyncio.get_running_loop().run_in_executor(self._threads, ask)
            return await asyncio.wait_for(running, self._patience)
        except TimeoutError:
            log.warning("chosen_without_ledger", because="it did not answer in time")
            return Known(without="not known, because the ledger did not answer in time")
        except SQLAlchemyError as error:
            log.warning("chosen_without_ledger", because=type(error).__name__)
            return Known(without="not known, because the ledger could not be read")

    def _ask(self, wanted: Wanted, turn: Callable[[Target], int]) -> Known:
        with self._reads.connect() as connection:
            owned = open_of(connection, wanted.owned) if wanted.owned else None
            pages = pages_of(connection, wanted.pages) if wanted.pages else None
            previous = owner_of(connection, wanted.previous) if wanted.previous else None
        return Known(
            owned=owned,
            pages=pages,
            turns={target: turn(target) for target in wanted.turns},
            previous=previous,
            without="not recorded",
        )

    # --- turns -------------------------------------------------------------------------------------------------------

    def take_turn(self, target: Target, key: str) -> int:
        """Return the number of this call's turn, counted from 0; no two calls of a target get the same one."""
        upsert = postgresql.insert if self._writes.dialect.name == "postgresql" else sqlite.insert
        begun = upsert(turns).values(target=target, next=0)
        with self._writes.begin() as connection:
            # Locks the target's row until the end of the transaction, also when it changes nothing.
            number = connection.execute(
                begun.on_conflict_do_update(index_elements=["target"], set_={"next": turns.c.next}).returning(
                    turns.c.next
                )
            ).scalar_one()
            mine = (turns_taken.c.target == target) & (turns_taken.c.key == key)
            known = connection.execute(select(turns_taken.c.number).where(mine)).scalar()
            if known is not None:
                return int(known)
            connection.execute(insert(turns_taken).values(target=target, key=key, number=number))
            connection.execute(update(turns).where(turns.c.target == target).values(next=number + 1))
            old = (turns_taken.c.target == target) & (turns_taken.c.number <= number - KEPT)
            connection.execute(delete(turns_taken).where(old))
            return int(number)

    def next_turn(self, target: Target) -> int:
        """Return the number of the turn that the next call of a target gets."""
        with self._reads.connect() as connection:
            return int(connection.execute(select(turns.c.next).where(turns.c.target == target)).scalar() or 0)


def open_of(connection: Connection, owners: Collection[Actor]) -> dict[Actor, int]:
    """Return how many open escalations each of these owns."""
    query = (
        select(escalations.c.owner, func.count())
        .where(escalations.c.owner.in_(owners), escalations.c.outcome == "open")
        .group_by(escalations.c.owner)
    )
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def pages_of(connection: Connection, counted: Mapping[Actor, Since]) -> dict[Actor, Pages]:
    """Return how many pages reached each of these since their night began, and in seven days."""
    in_week = _delivered(connection, counted, min(each.week for each in counted.values()))
    at_night: dict[Actor, int] = {}
    for begun in {each.night for each in counted.values() if each.night is not None}:
        at_night |= _delivered(connection, [actor for actor, each in counted.items() if each.night == begun], begun)
    return {actor: Pages(at_night.get(actor, 0), number) for actor, number in in_week.items()}


def _delivered(connection: Connection, people: Collection[Actor], since: datetime) -> dict[Actor, int]:
    query = (
        select(events.c.paged, func.count())
        .where(events.c.paged.in_(people), events.c.at >= since)
        .group_by(events.c.paged)
    )
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def owner_of(connection: Connection, instance: str) -> Actor | None:
    """Return who owned an escalation last; None when it is not recorded, or nobody did."""
    return connection.execute(select(escalations.c.owner).where(escalations.c.instance == instance)).scalar() or None
