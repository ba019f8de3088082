"""The answer to `escalate open`, as a terminal shows it."""

from datetime import UTC, datetime, timedelta
from io import StringIO

from rich.console import Console, RenderableType

from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model.request import Outcome, Receipt
from starter.opening import was_answered_before
from starter.render import receipt
from starter.render import situation as rendered
from tests.domain.builders import ANN, opened, request, small


def shown(body: RenderableType) -> str:
    out = Console(file=StringIO(), width=160)
    with out.capture() as captured:
        out.print(body)
    return captured.get()


def test_the_same_request_again_is_answered_with_how_it_stands_and_not_as_a_new_page() -> None:
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    answer = Receipt(outcome=Outcome.OPENED, escalation_id="e-1", request_id="r-1", called=("oncall:platform",), at=at)
    assert not was_answered_before(answer, at)
    assert was_answered_before(answer, at + timedelta(minutes=19))
    assert not was_answered_before(answer.changed({"outcome": Outcome.DECLINED}), at + timedelta(minutes=19))
    life = opened(small()).resolved()
    life.send(c.SubmitReview(by=ANN, lessons=("check the batch",)))
    said = shown(receipt(answer, situation(life.state, life.now), below="escalation-web-2"))
    assert "the same request as at 2026-11-20 10:00 UTC: nobody is told anew" in said
    assert "closed" in said
    assert "escalation-web-2" in said
    assert "oncall:platform" not in said
    assert "opened: people are being told" in shown(receipt(answer))


def test_a_request_id_that_comes_again_with_other_content_is_said_first_to_be_not_used() -> None:
    life = opened(small())
    first = life.state.answers["r-1"]
    other = request(life.state.playbook, severity="P0")
    said = shown(receipt(first.again(other)))
    assert said.startswith("not used: request id r-1 was answered at 2026-11-20 10:00 UTC, for other content;")
    assert "people are being told" not in said
    later = shown(receipt(first.again(other), situation(life.state, life.now)))
    assert "the same request" not in later
    assert "not used" not in shown(receipt(first.again(request(life.state.playbook))))


def test_what_has_ended_says_when_and_how_long_it_took_and_asks_for_nothing_any_more() -> None:
    life = opened(small()).resolved()
    open_still = situation(life.state, life.now).changed({"missing": ("context.summary",), "gaps": ("the order",)})
    assert "not yet known" in shown(rendered(open_still, None, life.now))
    life.send(c.SubmitReview(by=ANN, lessons=("check the batch",)))
    ended = situation(life.state, life.now).changed({"missing": ("context.summary",), "gaps": ("the order",)})
    assert ended.closed_at == life.now
    later = ended.changed({"opened_at": life.now - timedelta(hours=2, minutes=5)})
    said = shown(rendered(later, None, life.now + timedelta(minutes=3)))
    assert "(3m ago), after 2h 5m" in said
    assert "missing" not in said
    assert "not yet known" not in said
