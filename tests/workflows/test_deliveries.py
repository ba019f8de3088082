"""The lanes by themselves: what is withdrawn before it began must not stop what comes after it.

In a workflow this takes two things in one instant, which no test could bring about for certain.
"""

import asyncio
import logging

import pytest

from escalation.model import commands as c
from escalation.model.actions import Action, DeliveryReceipt, MessageKind, Notify, UnknownAction
from escalation.model.state import Escalation
from tests.domain.builders import blank, small
from tests.support.waiting import eventually
from tests.workflows.world import ANN, BEN
from workflows.background import Background
from workflows.deliveries import Deliveries
from workflows.local import Local


class World:
    """Takes the place of activities: each call waits until ``answer`` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[str] = []
        self.results: list[tuple[str, str]] = []
        self.answer = asyncio.Event()
        self.answer.set()
        monkeypatch.setattr("workflows.deliveries.call", self._call)
        self.deliveries = Deliveries(self._report, Background(), Local())

    async def _call(self, _dispatch: object, action: Notify, _result: object, _summary: str) -> DeliveryReceipt:
        self.begun.append(action.key)
        await self.answer.wait()
        return DeliveryReceipt.model_validate({"channel": "test", "receipt_id": action.key, "at": "2026-11-22T00:00Z"})

    def _report(self, action: Action, result: c.Internal) -> None:
        self.results.append((action.key, type(result).__name__))

    async def idle(self) -> None:
        await eventually(
            lambda: not self.deliveries.pending and self.deliveries.quiet, "nothing is under way", within=5
        )


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def page(key: str, to: str = ANN) -> Notify:
    return Notify(key=key, to=to, kind=MessageKind.PAGE, subject="", body="", rung="L1/1", asks="rung:L1/1")


def news(key: str, to: str = ANN) -> Notify:
    return Notify(key=key, to=to, kind=MessageKind.NEWS, subject="", body="")


def answered(_question: str) -> bool:
    return False


async def test_a_page_withdrawn_before_it_began_is_never_sent_and_what_follows_is(world: World) -> None:
    world.deliveries.perform(page("p1"))
    world.deliveries.withdraw(answered)
    world.deliveries.perform(news("n1"))
    await world.idle()
    assert world.begun == ["n1"]
    assert world.results == [("n1", "Delivered")]


async def test_a_page_withdrawn_while_it_is_under_way_ends_and_what_follows_is_sent(world: World) -> None:
    world.answer.clear()
    world.deliveries.perform(page("p1"))
    await eventually(lambda: world.begun, "the page is under way")
    world.deliveries.withdraw(answered)
    quiet = [world.deliveries.quiet]
    world.deliveries.perform(news("n1"))
    world.answer.set()
    await world.idle()
    assert [*quiet, world.deliveries.quiet] == [False, True]
    assert world.begun == ["p1", "n1"]
    assert world.results == [("n1", "Delivered")]


async def test_a_page_that_waits_behind_other_messages_is_taken_out_of_its_lane(world: World) -> None:
    world.answer.clear()
    for action in (news("n1"), page("p1"), news("n2"), page("p2", BEN)):
        world.deliveries.perform(action)
    world.deliveries.withdraw(answered)
    assert list(world.deliveries.pending) == ["n1", "n2"]
    world.answer.set()
    await world.idle()
    assert world.begun == ["n1", "n2"]


async def test_a_page_overtakes_news_that_wait_for_the_same_person_and_lives_from_before_keep_their_order(
    world: World,
) -> None:
    world.answer.clear()
    for rules, key in ((2, "new"), (1, "old")):
        standing = small_state(rules)
        deliveries = Deliveries(world._report, Background(), Local(), (), lambda standing=standing: standing)  # type: ignore[misc]
        for action in (news(f"n-{key}"), page(f"p-{key}"), page(f"p2-{key}")):
            deliveries.perform(action)
        await eventually(lambda key=key: f"n-{key}" in world.begun, "the news are under way")  # type: ignore[misc]
    await eventually(lambda: len(world.begun) == 3, "one page has overtaken")
    assert world.begun == ["n-new", "p-new", "n-old"]
    world.answer.set()
    await eventually(lambda: len(world.results) == 6, "all are sent")


def small_state(rules: int) -> Escalation:
    return blank(small()).changed({"rules": rules})


async def test_what_still_asks_stays(world: World) -> None:
    world.deliveries.perform(page("p1"))
    world.deliveries.withdraw(lambda question: question == "rung:L1/1")
    await world.idle()
    assert world.results == [("p1", "Delivered")]


async def test_what_only_a_newer_worker_knows_is_passed_on_and_holds_up_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("workflows.deliveries.workflow.logger", logging.getLogger("deliveries"))
    unknown = UnknownAction.model_validate({"type": "play_music", "key": "m1"})
    deliveries = Deliveries(world._report, Background(), Local(), (unknown, news("n1")))
    deliveries.take_up()
    assert deliveries.left_over == (*deliveries.pending.values(), unknown)
    await eventually(lambda: not deliveries.pending, "nothing is under way", within=5)
    assert world.begun == ["n1"]
    assert deliveries.left_over == (unknown,)
    assert "an action is kept for a newer worker" in caplog.text


async def test_an_action_that_is_under_way_is_not_done_twice(world: World) -> None:
    world.deliveries.perform(news("n1"))
    world.deliveries.perform(news("n1"))
    await world.idle()
    assert world.begun == ["n1"]
