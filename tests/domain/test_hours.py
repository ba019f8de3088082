"""Hold and release: a page that can wait does so until somebody works, and is then decided anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.foresight import forecast
from escalation.lifecycle import next_due
from escalation.lifecycle.ladder.digest import digest
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind, Notify
from escalation.people.directory import Directory
from escalation.people.found import FoundPerson, People
from escalation.people.search import Known, Search
from tests.domain.builders import ANN, BOB, CYD, DAN, FAY, GUS, OFFICE, Life, request, small

NIGHT = datetime(2026, 11, 20, 22, tzinfo=UTC)
MORNING = datetime(2026, 11, 23, 8, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

SEVERITY = {
    "scale": [{"name": "P0"}, {"name": "P1", "waits_for_hours": True}],
    "default": "P1",
    "rules": [{"when": "flags.security", "severity": "P0"}],
}
CALM = small(severity=SEVERITY)


class Shifts:
    """The office, with when the working hours of some begin; ``instead`` puts one person in place of another."""

    def __init__(self, opens: dict[str, datetime], office: Directory = OFFICE) -> None:
        self.opens = opens
        self.office = office
        self.instead: dict[str, str] = {}

    def find(self, search: Search, at: datetime, known: Known | None = None) -> People:
        """Find as the office does, and say who does not work now."""
        found = self.office.find(search, at, known or Known())
        return found.changed({"people": tuple(self._with_hours(each, at) for each in found.people)})

    def _with_hours(self, each: FoundPerson, at: datetime) -> FoundPerson:
        person = self.instead.get(each.person, each.person)
        begins = self.opens.get(person)
        return each.changed({"person": person, "opens_at": begins if begins is not None and begins > at else None})


def at_night(opens: dict[str, datetime], **changes: Any) -> Life:
    life = Life(CALM, directory=Shifts(opens), now=NIGHT)  # type: ignore[arg-type]
    life.open(**changes)
    return life


@pytest.mark.req("SUP-11", "CHN-9")
def test_a_page_that_can_wait_is_sent_when_the_working_hours_of_its_person_begin() -> None:
    life = at_night({ANN: MORNING, BOB: NOON})
    assert life.told(MessageKind.PAGE) == []
    assert life.last(e.PagesHeld).until == {ANN: MORNING, BOB: NOON}
    assert (life.due.at, life.due.summary) == (
        MORNING,
        f"working hours of {ANN} begin: look up again who is there, and page them",
    )
    life.next()
    assert life.told(MessageKind.PAGE) == [ANN]
    assert "it has waited for your working hours since 2026-11-20 22:00 UTC" in life.sent[-1].body
    assert life.rung.held == {BOB: NOON}


def test_time_to_answer_begins_with_the_first_one_s_hours_and_the_time_at_the_level_with_it() -> None:
    life = at_night({ANN: MORNING, BOB: NOON})
    assert life.rung.due == MORNING + timedelta(minutes=10)
    assert life.state.level is not None
    assert life.state.level.dwell_due == MORNING + timedelta(hours=2)
    assert life.last(e.RungMoved).was_due == NIGHT + timedelta(minutes=10)


def test_the_worst_severities_wait_for_nobody_s_hours() -> None:
    life = at_night({ANN: MORNING, BOB: NOON}, facts={"flags.security": True})
    assert life.told(MessageKind.PAGE) == [ANN, BOB]


def test_who_works_now_is_called_now_and_the_others_only_if_nobody_has_taken_it_by_then() -> None:
    life = at_night({BOB: MORNING})
    assert life.told(MessageKind.PAGE) == [ANN]
    assert life.rung.due == NIGHT + timedelta(minutes=10)
    life.send(c.Acknowledge(by=ANN))
    life.now = MORNING
    life.pass_time("0s")
    assert BOB not in life.told(MessageKind.PAGE)


def test_at_the_release_it_is_looked_up_again_who_has_the_shift() -> None:
    life = at_night({ANN: MORNING, BOB: NOON})
    assert isinstance(life.directory, Shifts)
    life.directory.instead = {ANN: CYD}
    life.now = MORNING
    life.send(c.TimePassed())
    assert life.told(MessageKind.PAGE) == [CYD]
    assert life.rung.people == (BOB, CYD)


def test_a_page_is_never_sent_twice_by_a_release() -> None:
    life = at_night({BOB: NIGHT + timedelta(minutes=5)})
    life.pass_time("6m")
    assert life.told(MessageKind.PAGE) == [ANN, BOB]


def test_an_answer_may_come_before_the_page() -> None:
    life = at_night({ANN: MORNING, BOB: NOON})
    life.send(c.Acknowledge(by=BOB))
    assert life.owner == BOB
    assert life.state.rung is None


def test_worse_overnight_is_told_at_once_where_others_are_named() -> None:
    life = at_night({ANN: MORNING, BOB: NOON})
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="it spreads"))
    assert life.told(MessageKind.PAGE) == [ANN, BOB]


def test_the_forecast_says_who_is_told_in_the_morning() -> None:
    life = Life(CALM, directory=Shifts({ANN: MORNING, BOB: NOON}), now=NIGHT)  # type: ignore[arg-type]
    life.send(c.Open(request=request(CALM)))
    future = forecast(life.state, life.directory, MORNING + timedelta(minutes=1))
    told = [event for event in future if isinstance(event, e.MessageDelivered)]
    assert [(event.at, event.to) for event in told if event.rung] == [(MORNING, ANN)]


def test_a_page_is_held_once_however_the_shifts_and_the_hours_lie() -> None:
    life = at_night({ANN: MORNING, BOB: MORNING})
    assert isinstance(life.directory, Shifts)
    life.directory.instead = {ANN: CYD, BOB: DAN}
    life.directory.opens |= {CYD: MORNING + timedelta(hours=9), DAN: MORNING + timedelta(hours=9)}
    life.next()
    assert life.told(MessageKind.PAGE) == [CYD, DAN]


def test_a_last_resort_stays_one_when_it_gets_worse() -> None:
    life = at_night({ANN: MORNING, BOB: MORNING})
    assert isinstance(life.directory, Shifts)
    life.directory.opens = {FAY: MORNING}
    life.pass_time("72h")
    while not life.rung.last_resort:
        life.next()
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="it spreads"))
    assert life.rung.last_resort


def released(about: str, severity: str = "P1") -> Notify:
    """Return the page of another escalation that waited for ann as well."""
    life = at_night({ANN: MORNING, BOB: NOON}, context={"summary": about}, dedup_key=about.replace(" ", "-"))
    life.next()
    page = life.sent[-1]
    assert page.bundled
    return page.changed({"key": f"{about}/1", "subject": page.subject.replace("P1", severity)})


def test_what_waited_comes_as_one_message_the_worst_first_with_how_to_answer_each() -> None:
    message = digest((released("a late refund"), released("a wrong invoice", "P0")), "run-1")
    assert (message.subject, message.to, message.bundled) == ("2 escalations waited for your working hours", ANN, False)
    assert message.body.index("[P0] a wrong invoice") < message.body.index("[P1] a late refund")
    assert message.body.count("escalate acknowledge") == 2
    assert message.key == "digest/run-1"


def test_a_single_page_stays_what_it_is() -> None:
    page = released("a late refund")
    assert digest((page,), "run-1") == page.changed({"bundled": False})


def test_of_very_many_pages_the_rest_is_counted() -> None:
    page = released("a late refund")
    message = digest(tuple(page.changed({"key": f"{n}"}) for n in range(60)), "run-1")
    assert message.body.endswith("... and 10 more: escalate list")


def test_somebody_is_always_about_to_be_told() -> None:
    life = at_night({ANN: MORNING, BOB: MORNING, CYD: MORNING, DAN: MORNING, GUS: MORNING})
    for _ in range(20):
        due = next_due(life.state)
        assert due is not None
        assert due.at >= life.now
        life.next()
    assert ANN in life.told(MessageKind.PAGE)
