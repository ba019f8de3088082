"""Action lines: a line of a note or an update becomes a work item, or is answered with a hint; none is ever lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from escalation.lifecycle.work.action_lines import ActionLine, Unread, parse
from escalation.model import commands as c
from escalation.model import events as e
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, CYD, START, opened, small

NAMES = st.from_regex(r"[a-z][a-z0-9._-]{0,10}[a-z0-9]", fullmatch=True)
STEPS = st.from_regex(r"[A-Za-z][A-Za-z0-9 ,.]{0,60}[a-z]", fullmatch=True)


@pytest.mark.req("TAG-5")
def test_a_line_with_a_next_step_and_a_time_becomes_an_item_of_whoever_it_names() -> None:
    life = opened(small()).taken_by(ANN)
    lines = (
        "The sync is down.",
        "-> @bob restart it -> 2h",
        "  → @team:experts look → 2026-11-21 09:00",
        "-> tell -> 1d",
    )
    text = "\n".join(lines)
    life.send(c.Note(by=ANN, text=text))
    said = [(item.owner, item.title, item.due) for item in life.state.items.values()]
    assert said == [
        (BOB, "restart it", START + timedelta(hours=2)),
        ("team:experts", "look", datetime(2026, 11, 21, 9, tzinfo=UTC)),
        (ANN, "tell", START + timedelta(days=1)),
    ]
    assert {BOB, CYD} <= set(life.told())
    assert life.last(e.NoteAdded).text == text


@pytest.mark.req("TAG-5")
@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("-> restart it", "has no second arrow and no time"),
        ("-> restart it -> soon", "says no time that can be read"),
        ("-> -> 2h", "does not say what is to be done"),
        ("-> @ restart it -> 2h", "is not followed by a name"),
        ("-> a -> b -> 2h", "more than two arrows"),
        ("-> restart it -> 2020-01-01", "has passed"),
        ("-> @agent:bot restart it -> 2h", "is not followed by a name"),
    ],
)
def test_a_line_that_cannot_be_read_is_kept_and_answered_with_a_hint(line: str, hint: str) -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Note(by=ANN, text=f"first\n{line}"))
    unread = life.last(e.ActionLineUnread)
    assert (unread.line, hint in unread.hint) == (2, True)
    assert line in life.last(e.NoteAdded).text
    assert life.state.items == {}


def test_of_an_ai_the_owner_has_it_and_what_a_customer_writes_makes_none() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Note(by=BOT, text="-> look at the ledger -> 2h"))
    life.send(c.Note(by=CUSTOMER, text="-> pay me -> 2h"))
    assert [(item.owner, item.by) for item in life.state.items.values()] == [(ANN, BOT)]


def test_an_update_to_stakeholders_has_action_lines_too() -> None:
    talk = {"stakeholders": [{"name": "board", "audience": "staff", "target": "role:boss"}]}
    life = opened(small(communication=talk)).taken_by(ANN)
    life.send(c.PostUpdate(by=ANN, text="half mended\n-> @bob mend the rest -> 4h"))
    assert life.state.items["i1"].owner == BOB


@given(NAMES, STEPS, st.integers(1, 900), st.sampled_from("mhd"), st.sampled_from(("->", "→")))
def test_what_is_written_as_documented_is_read_as_it_was_meant(
    who: str, step: str, number: int, unit: str, arrow: str
) -> None:
    (found,) = parse(f"words\n {arrow} @{who} {step} {arrow} {number}{unit}\nwords", START)
    assert isinstance(found, ActionLine)
    assert (found.line, found.who, found.step) == (2, f"person:{who}", step.strip())
    assert found.due - START == timedelta(seconds=number * {"m": 60, "h": 3600, "d": 86400}[unit])


@given(st.text(alphabet="->→@: abc12hd.\n", max_size=120))
@example("->")
@example("-> @a.b -> x -> 1h")
def test_every_line_that_begins_with_an_arrow_is_an_item_or_has_a_hint_and_no_other_line_is_either(text: str) -> None:
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.lstrip().startswith(("->", "→"))]
    found = list(parse(text, START))
    assert [each.line for each in found] == lines[:21]
    for each in found:
        assert each.hint if isinstance(each, Unread) else each.step and each.due > START
