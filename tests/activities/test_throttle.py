"""Not too much at once at one contact point: what is not urgent waits, in order, and nothing is lost."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.directory import DirectoryFile
from activities.notify import Notifications
from activities.notify.throttle import Held, Throttle
from escalation.errors import RemoteUnavailable
from escalation.model.actions import DeliveryReceipt, MessageKind, Notify
from escalation.people.reach import Limit
from tests.domain.builders import START

LIMIT = Limit(messages=2, within=timedelta(minutes=10))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("activities.notify.throttle.monotonic", clock)
    return clock


def news(key: str, **more: Any) -> Notify:
    plain = {"key": key, "to": "person:eva", "kind": MessageKind.NEWS, "subject": "", "body": "", "escalation": "e1"}
    return Notify.model_validate(plain | more)


def asked(key: str) -> Notify:
    """Something to answer: it is never a part of another message."""
    return news(key, kind=MessageKind.ITEM)


def held(throttle: Throttle, message: Notify) -> float:
    """Try to send; return how many seconds it has to wait, 0 when it went."""
    try:
        throttle.require_room(message, "sms", "+420", LIMIT)
    except Held as error:
        return error.retry_after.total_seconds() if error.retry_after is not None else -1
    return 0


def test_beyond_the_limit_news_wait_until_there_is_room_and_go_in_the_order_in_which_they_came(clock: Clock) -> None:
    throttle = Throttle()
    assert held(throttle, news("n1")) == 0
    clock.now += 60
    assert held(throttle, news("n2")) == 0
    assert held(throttle, asked("n3")) == 540
    assert held(throttle, asked("n4")) == 600, "the second place, not the same"
    clock.now += 541
    assert held(throttle, asked("n4")) > 0, "n3 came first"
    assert held(throttle, asked("n3")) == 0
    clock.now += 60
    assert held(throttle, asked("n4")) == 0


@pytest.mark.parametrize("what", [{"urgent": True}, {"kind": "approval"}, {"kind": "page", "escalation": "e2"}])
def test_what_is_urgent_and_the_first_page_of_an_escalation_always_go(clock: Clock, what: dict[str, Any]) -> None:
    throttle = Throttle()
    for number in range(2):
        held(throttle, news(f"n{number}"))
    assert held(throttle, news("p", **what)) == 0
    assert clock.now == 1000


def test_the_second_page_of_an_escalation_waits_as_news_do(clock: Clock) -> None:
    throttle = Throttle()
    for number in range(2):
        assert held(throttle, news(f"p{number}", kind="page", escalation=f"e{number}")) == 0
    assert held(throttle, news("p9", kind="page", escalation="e1")) == 600
    assert clock.now == 1000


def test_another_contact_point_has_its_own_room(clock: Clock) -> None:
    throttle = Throttle()
    for number in range(2):
        held(throttle, news(f"n{number}"))
    throttle.require_room(news("n3"), "sms", "+421", LIMIT)
    assert clock.now == 1000


def test_many_that_wait_are_all_sent_in_the_end(clock: Clock) -> None:
    throttle, due, sent = Throttle(), {f"n{number}": 0.0 for number in range(25)}, 0
    while due:
        key = min(due, key=lambda each: due[each])
        clock.now = max(clock.now, due.pop(key))
        wait = held(throttle, asked(key))
        if wait:
            due[key] = clock.now + wait
        else:
            sent += 1
    assert sent == 25
    assert clock.now - 1000 >= 12 * 600 - 1, "two in ten minutes"
    assert clock.now - 1000 <= 14 * 600


class Channel:
    """Takes down what it is sent, or is down."""

    def __init__(self) -> None:
        self.sent: list[Notify] = []
        self.down = False

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        if self.down:
            raise RemoteUnavailable("sms: answered 503")
        self.sent.append(message)
        return DeliveryReceipt(channel="sms", receipt_id=f"SM{len(self.sent)}", at=START, thread="t", amendable=True)


@pytest.fixture
def deliver(tmp_path: Path, channel: Channel) -> Callable[[Notify], Awaitable[str]]:
    path = tmp_path / "directory.yaml"
    path.write_text(
        "people:\n  - {id: eva, name: Eva, time_zone: Europe/Prague, contacts: "
        "[{channel: sms, address: '+420', limit: {messages: 1, within: 10m}}]}\n"
    )
    activities = Notifications(DirectoryFile(path), {"sms": channel})

    async def sent(message: Notify) -> str:
        try:
            receipt: DeliveryReceipt = await ActivityEnvironment().run(activities.send, message)
        except RemoteUnavailable as error:
            return type(error).__name__
        return f"{receipt.receipt_id} {receipt.thread}".strip()

    return sent


@pytest.fixture
def channel() -> Channel:
    return Channel()


async def test_news_that_wait_at_one_contact_point_are_told_together_once_there_is_room(
    clock: Clock, channel: Channel, deliver: Callable[[Notify], Awaitable[str]]
) -> None:
    assert await deliver(news("n1", subject="one")) == "SM1 t"
    for key in ("n2", "n3", "n4"):
        assert await deliver(news(key, subject=key, body=f"of {key}", escalation=key)) == "Held"
    assert await deliver(news("i1", kind=MessageKind.ITEM, subject="yours")) == "Held"
    clock.now += 601
    assert await deliver(news("n2", subject="n2", body="of n2", escalation="n2")) == "SM2"
    whole = channel.sent[-1]
    assert (whole.subject, whole.escalation) == ("n2 (and 2 more)", "")
    assert whole.body == "n2\nof n2\n\nn3\nof n3\n\nn4\nof n4"
    assert [await deliver(news(key, escalation=key)) for key in ("n3", "n4")] == ["SM2", "SM2"], "told, and said so"
    assert len(channel.sent) == 2
    assert await deliver(news("i1", kind=MessageKind.ITEM, subject="yours")) == "Held", "what is asked goes alone"


async def test_news_that_went_along_with_what_did_not_arrive_wait_anew_and_none_is_lost(
    clock: Clock, channel: Channel, deliver: Callable[[Notify], Awaitable[str]]
) -> None:
    await deliver(news("n1"))
    for key in ("n2", "n3"):
        assert await deliver(news(key, subject=key)) == "Held"
    clock.now += 601
    channel.down = True
    assert await deliver(news("n2", subject="n2")) == "RemoteUnavailable"
    channel.down = False
    clock.now += 601
    assert await deliver(news("n2", subject="n2")) == "Held", "n3 waits for longer by now"
    assert await deliver(news("n3", subject="n3")) == "SM2"
    assert await deliver(news("n2", subject="n2")) == "SM2"
    assert channel.sent[-1].subject == "n3 (and 1 more)"


async def test_a_message_alone_keeps_its_thread_and_is_not_worded_anew(
    channel: Channel, deliver: Callable[[Notify], Awaitable[str]]
) -> None:
    assert await deliver(news("n1", subject="one")) == "SM1 t"
    assert (channel.sent[0].key, channel.sent[0].subject) == ("n1", "one")
