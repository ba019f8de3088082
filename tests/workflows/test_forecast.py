"""The forecast is what happens: made-up companies and policies at made-up instants, on a server whose clock jumps.

Each combination is opened on a real worker, forecast from the same request at the same instant, and left alone. What
then happens is compared event by event: its kind, when, to whom, why, and until when somebody is to answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from escalation.foresight import forecast, foresee_request
from escalation.model import events as e
from escalation.model.request import Request
from escalation.people.directory import load_directory
from escalation.playbook.load import load
from escalation.values import format_duration, parse_duration
from tests.support.choices import Choices
from tests.support.generated import Data, company, facts, full_policy, written
from tests.workflows.world import World, open_world

EVENTS, DAYS = 90, 3
"""How far each combination is followed: the query answers with the last 200 events."""
LATE = timedelta(seconds=6)
"""Timers fire, and people are found, a moment after they are due; from round to round it adds up on a busy machine."""
GATHERED = timedelta(seconds=20)
"""How fast the world answers is not foreseen. A digest of what waited for hours gathers for three seconds, and tries
again."""
ANSWERS = (e.MessageDelivered, e.CaseLinked, e.QuestionPublished)
"""What the world says: of these only whom they concern is foreseen."""
_ANSWERED = {"message_delivered", "case_linked", "question_published"}


@pytest.fixture
async def timeless(skipping: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(skipping.client, tmp_path, cached=2000, jumps=True) as opened:
        yield opened


async def test_what_is_foreseen_happens_when_nobody_answers(timeless: World, skipping: WorkflowEnvironment) -> None:
    events, wrong = await compare(timeless, skipping, range(10))
    assert not wrong, "\n".join(wrong)
    assert events > 500


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", range(0, 200, 20))
async def test_what_is_foreseen_happens_for_two_hundred_companies_policies_and_instants(
    timeless: World, skipping: WorkflowEnvironment, first: int
) -> None:
    events, wrong = await compare(timeless, skipping, range(first, first + 20))
    assert not wrong, "\n".join(wrong)
    assert events > 1000


async def compare(world: World, skipping: WorkflowEnvironment, numbers: Iterable[int]) -> tuple[int, list[str]]:
    """Follow one combination after the other; return how many events were foreseen, and what was otherwise."""
    events, wrong = 0, []
    for number in numbers:
        foreseen, differences = await _follow(world, skipping, number)
        events += foreseen
        wrong += [f"combination {number}: {difference}" for difference in differences]
    return events, wrong


async def _follow(world: World, skipping: WorkflowEnvironment, number: int) -> tuple[int, list[str]]:
    choose = Choices(random.Random(number).randbytes(400))
    # Any hour of any day of the week; over two hundred of them the clock passes a year with all its changes.
    await skipping.sleep(timedelta(hours=choose.number(7 * 24), minutes=choose.number(60)))
    name = f"generated-{number}"
    made_up = _inbox_only(company(choose, (await skipping.get_current_time()).replace(microsecond=0)))
    world.directory.write_text(written(made_up))
    policy = _odd({**full_policy(choose), "playbook": name})
    policy.pop("recoveries", None)  # nobody can foresee whether a script helps
    (world.playbooks / f"{name}.yaml").write_text(written(policy))
    changes = _request(choose, world.request(name), await skipping.get_current_time())
    request = world.request(name, playbook=name, **changes)
    identifier = (await world.open(name, playbook=name, **changes)).escalation_id
    opened_at = (await world.timeline(identifier))[0].at
    foreseen = _foresee(world, request, opened_at)
    until = foreseen[-1].at + timedelta(seconds=20)
    await _rest(skipping, opened_at + (until - opened_at) / 2)
    halfway = await world.client.state(identifier)
    await _rest(skipping, until)
    happened = await _happened(world, identifier, until, len(foreseen))
    if not (await world.client.state(identifier)).ended:  # an approval that nobody gave may end it
        await world.handle(identifier).terminate("seen enough")
    later = [event for event in happened if event.seq > halfway.seq]
    rest = forecast(halfway, load_directory(world.directory), until)
    return len(foreseen), [*_differences(foreseen, happened, opened_at), *_differences(rest, later, opened_at)]


def _together(one: e.Event, other: e.Event) -> bool:
    return other.at - one.at < LATE


def _request(choose: Choices, usual: Request, now: datetime) -> Data:
    """Make up what is asked: sometimes incomplete, sometimes about a case that is older."""
    changes: Data = {"facts": facts(choose)}
    if choose.chance(20):
        changes["context"] = {}
    if choose.chance(30):
        opened = now - timedelta(minutes=1 + choose.number(40))
        changes["case"] = {**usual.case.model_dump(exclude_none=True), "opened_at": opened.isoformat()}
    return changes


def _foresee(world: World, request: Request, at: datetime) -> list[e.Event]:
    """Forecast the request, up to a moment after which nothing happens for a while."""
    loaded = load(world.playbooks / f"{request.playbook}.yaml").pinned
    future = foresee_request(loaded, request, load_directory(world.directory), at, at + timedelta(days=DAYS))
    found = [each.event for each in future]
    # What falls due for two reasons at the same instant happens in either order, and then other things follow.
    pairs = enumerate(pairwise(future), start=1)
    ties = (place for place, (one, two) in pairs if one.unless is not two.unless and _together(one.event, two.event))
    last = next(ties, len(found))
    while last > 1 and (last > EVENTS or (last < len(found) and found[last].at - found[last - 1].at < 2 * GATHERED)):
        last -= 1
    return found[:last]


async def _rest(skipping: WorkflowEnvironment, until: datetime) -> None:
    """Let time pass in small parts: one call to the server may take half a minute at most."""
    while (left := until - await skipping.get_current_time()) > timedelta(0):
        await skipping.sleep(min(left, timedelta(hours=4)))


async def _happened(world: World, identifier: str, until: datetime, wanted: int) -> list[e.Event]:
    """Return what happened until an instant; wait a moment for what is still being delivered."""
    limit = time.monotonic() + 5
    while True:
        happened = [event for event in await world.timeline(identifier) if event.at <= until]
        if len(happened) >= wanted or time.monotonic() > limit:
            return happened
        await world.settled(identifier)


# --- comparing --------------------------------------------------------------------------------------------------------


def _differences(foreseen: list[e.Event], happened: list[e.Event], begun: datetime) -> Iterator[str]:
    """Compare by what is said, then by when."""
    left = [_Said.of(event, begun) for event in happened]
    for event in foreseen:
        wanted = _Said.of(event, begun)
        same = next((each for each in left if each.words == wanted.words and _close(each, wanted)), None)
        if same is None:
            yield f"foreseen, but not seen: +{format_duration(wanted.at)} {wanted}"
        else:
            left.remove(same)
    yield from (f"seen, but not foreseen: +{format_duration(each.at)} {each}" for each in left)


def _close(one: _Said, other: _Said) -> bool:
    late = GATHERED if one.words[0] in _ANSWERED else LATE
    instants = ((one.at, other.at), *zip(one.instants, other.instants, strict=True))
    return all(abs(first - second) < late for first, second in instants)


@dataclass(frozen=True)
class _Said:
    """What an event says, without what tells one run from another; instants since the opening."""

    at: timedelta
    words: tuple[str, str]
    instants: tuple[timedelta, ...]

    @classmethod
    def of(cls, event: e.Event, begun: datetime) -> _Said:
        content = event.model_dump(exclude={"seq", "prev", "at", "type", "tells"})
        if isinstance(event, ANSWERS):
            content = {name: content[name] for name in ("to", "rung") if name in content}
        instants: list[timedelta] = []
        said = _timeless(content, begun, instants)
        return cls(event.at - begun, (event.type, repr(said)), tuple(instants))


def _timeless(content: Any, begun: datetime, instants: list[timedelta]) -> Any:
    if isinstance(content, datetime):
        instants.append(content - begun)
        return "an instant"
    if isinstance(content, dict):
        return {key: _timeless(value, begun, instants) for key, value in content.items() if key != "instance"}
    if isinstance(content, list | tuple):
        return [_timeless(value, begun, instants) for value in content]
    return content


# --- making it comparable ---------------------------------------------------------------------------------------------


def _inbox_only(data: Data) -> Data:
    """In the forecast every message arrives."""
    for person in data["people"]:
        person["contacts"] = [{"channel": "inbox", "address": person["id"]}]
    return data


LASTING = {
    *("ack", "dwell", "ack_lasts", "complete_within", "confirm_within", "within", "after", "deadline", "due"),
    *("remind", "hold_at_most", "review_within"),
}


def _odd(data: Data) -> Data:
    """Make every duration a few seconds longer, each by another number.

    What falls due at the same instant in the forecast is a few milliseconds apart when it happens, in either order.
    """
    count = iter(range(7, 10_000, 7))

    def longer(value: Any, lasts: bool) -> Any:
        if isinstance(value, dict):
            return {key: longer(each, lasts or key in LASTING) for key, each in value.items()}
        if isinstance(value, list):
            return [longer(each, lasts) for each in value]
        duration = parse_duration(value) if lasts and isinstance(value, str) else None
        if not isinstance(duration, timedelta):
            return value
        return f"{round(duration.total_seconds()) + next(count)}s"

    odd: Data = longer(data, False)
    return odd
