"""Stakeholders: who is told from when on, updates, their rhythm, silence that moves up, answers, summaries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.foresight import forecast
from escalation.lifecycle import react
from escalation.lifecycle.details import markdown
from escalation.lifecycle.situation import situation
from escalation.lifecycle.stops import stop
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import FindPeople, MessageKind, Notify
from escalation.model.communication import Communication
from escalation.model.state import Escalation
from escalation.people.found import FoundPerson, People
from escalation.playbook.schema import Playbook, Stage
from tests.domain.builders import (
    ANN,
    BOB,
    BOT,
    COMPANY,
    CUSTOMER,
    CYD,
    DAN,
    EVE,
    FAY,
    GUS,
    HAL,
    IDA,
    JOY,
    KIM,
    OFFICE,
    PROCEDURE,
    START,
    STILL_LEVELS,
    Life,
    gated,
    minutes,
    opened,
    small,
)

BOARD = {"name": "board", "audience": "management", "target": "role:finance"}
LEGAL = {"name": "legal", "audience": "staff", "target": "role:security"}
HOURLY = {"default": {"every": "1h", "chase": "15m"}}


def talking(**communication: Any) -> Playbook:
    said = {"communicator": "role:deputy", "stakeholders": [BOARD], "cadence": HOURLY, **communication}
    return small(communication=said, levels=STILL_LEVELS)


def talk(life: Life) -> Communication:
    assert life.state.communication is not None
    return life.state.communication


def at(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def update(life: Life, text: str = "we look into it", *audiences: str, by: str = JOY) -> list[e.Event]:
    return life.send(c.PostUpdate(by=by, text=text, audiences=audiences))


def updates_sent(life: Life) -> list[tuple[str, str]]:
    return [(each.to, each.body.splitlines()[0]) for each in life.sent if "/update:" in each.key]


# --- who is told, from when on ----------------------------------------------------------------------------------------


@pytest.mark.req("ICP-3")
def test_who_is_told_follows_from_severity_and_level_apart_from_what_makes_it_go_up() -> None:
    playbook = talking(
        stakeholders=[
            {**BOARD, "from_severity": "P0"},
            {**LEGAL, "from_level": "L2"},
            {"name": "desk", "audience": "staff", "target": "role:second-deputy"},
        ]
    )
    life = opened(playbook).taken_by(ANN)
    assert list(talk(life).stakeholders) == ["desk"]
    update(life)
    assert updates_sent(life) == [(KIM, "we look into it")]
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    assert (life.level, life.last(e.StakeholderConcerned).stakeholder) == ("L1", "board")
    assert life.last(e.StakeholderConcerned).because == "severity P0, level L1"
    life.send(c.Escalate(by=ANN, reason="no_expertise", because="over my head"))
    assert (life.level, life.last(e.StakeholderConcerned).stakeholder) == ("L2", "legal")
    assert life.last(e.StakeholderConcerned).because == "severity P0, level L2"


@pytest.mark.req("ICP-3")
def test_whoever_becomes_concerned_later_reads_the_latest_update_of_their_audience_and_why() -> None:
    early = opened(talking(stakeholders=[LEGAL, {**BOARD, "from_severity": "P0"}])).taken_by(ANN)
    early.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    assert updates_sent(early) == []
    late = opened(talking(stakeholders=[LEGAL, {**BOARD, "from_severity": "P0"}])).taken_by(ANN)
    update(late, "first")
    late.pass_time("10m")
    update(late, "second")
    late.pass_time("10m")
    late.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    message = late.sent[-1]
    assert (message.to, late.last(e.StakeholderConcerned).version) == (IDA, late.last(e.UpdatePosted).seq)
    assert "You are told from now on (severity P0, level L1). This is the latest update:\nsecond" in message.body
    assert "As of 2026-11-20 10:10 UTC" in message.body


def test_whoever_is_concerned_once_hears_also_that_it_became_milder() -> None:
    life = opened(talking(stakeholders=[{**BOARD, "from_severity": "P1"}])).taken_by(ANN)
    life.send(c.ChangeSeverity(by=ANN, severity="P2", because="a false alarm"))
    update(life, "a false alarm")
    assert updates_sent(life) == [(IDA, "a false alarm")]


@pytest.mark.req("ICP-4")
def test_key_people_of_a_kind_come_beside_the_general_ones_or_take_their_place_and_are_found_in_the_directory() -> None:
    playbook = talking(
        stakeholders=[BOARD],
        key_people=[
            {
                "id": "security",
                "when": "flags.security",
                "communicator": "role:security",
                "stakeholders": [{**BOARD, "target": "role:boss"}, {**LEGAL, "target": "role:second-deputy"}],
            }
        ],
    )
    usual = opened(playbook).taken_by(ANN)
    assert (list(talk(usual).stakeholders), talk(usual).communicators) == (["board"], (JOY,))
    life = opened(playbook, facts={"flags.security": True}).taken_by(ANN)
    assert talk(life).communicators == (HAL,)
    assert (
        "joy does not speak" in life.refused(NotAllowed, c.PostUpdate(by=JOY, text="?")) or JOY not in life.state.people
    )
    update(life, "we look", by=HAL)
    assert updates_sent(life) == [(FAY, "we look"), (KIM, "we look")]
    # What kind it is may become known later: then the others are told as well.
    update(usual, "we look")
    usual.send(c.ChangeFacts(by=ANN, facts={"flags.security": True}, because="a leak"))
    assert usual.last(e.KeyPeopleNamed).key_people == "security"
    assert [to for to, _ in updates_sent(usual)] == [IDA, FAY]
    assert talk(usual).communicators == (JOY, HAL)


# --- updates ----------------------------------------------------------------------------------------------------------


def test_stakeholders_are_told_and_do_not_join_the_working_group() -> None:
    life = opened(talking()).taken_by(ANN)
    update(life)
    assert talk(life).stakeholders["board"].reached == (IDA,)
    assert IDA not in life.state.people
    assert IDA not in life.state.told
    life.refused(NotAllowed, c.Note(by=IDA, text="what is going on?"))


@pytest.mark.req("ICP-11")
def test_an_update_goes_out_on_the_channels_of_its_stakeholder_and_has_a_receipt() -> None:
    life = opened(talking(stakeholders=[{**BOARD, "channels": ["sms"]}])).taken_by(ANN)
    update(life)
    message = life.sent[-1]
    assert (message.to, message.channels, message.kind) == (IDA, ("sms",), MessageKind.NEWS)
    assert life.state.receipts[message.key].channel == "inbox"
    assert "The next update is due 2026-11-20 11:00 UTC." in message.body


@pytest.mark.req("ICP-11")
def test_a_stakeholder_whom_no_channel_reaches_is_named_to_whoever_speaks() -> None:
    life = Life(talking(communicator=None), unreachable=(IDA,))
    life.open()
    life.taken_by(ANN)
    update(life, by=ANN)
    assert life.sent[-1].to == ANN
    assert f"the update for board did not reach {IDA} (no such address)" in life.sent[-1].body
    here = situation(life.state, life.now).communication
    assert here is not None
    assert [each.state for each in here.stakeholders] == ["not reached"]


def test_an_update_may_be_for_some_audiences_and_speak_of_a_stage() -> None:
    life = opened(talking(stakeholders=[BOARD, LEGAL])).taken_by(ANN)
    life.send(c.PostUpdate(by=JOY, text="details", audiences=("staff",), stage=Stage.REVIEW))
    assert updates_sent(life) == [(HAL, "details")]
    assert "stage review" in life.sent[-1].body
    assert life.last(e.UpdatePosted).audiences == ("staff",)
    said = life.refused(Unknown, c.PostUpdate(by=JOY, text="?", audiences=("press",)))
    assert "has no audience press; it has management, staff" in said


def test_only_whoever_speaks_to_the_stakeholders_posts_an_update() -> None:
    life = opened(talking()).taken_by(ANN)
    said = life.refused(NotAllowed, c.PostUpdate(by=BOB, text="?"))
    assert f"these do: {ANN}, {JOY}" in said
    life.refused(NotAllowed, c.PostUpdate(by=BOT, text="?"))
    life.refused(NotAllowed, c.PostUpdate(by=IDA, text="?"))
    update(life, by=ANN)
    update(life, by=JOY)


def test_where_the_playbook_names_nobody_to_inform_there_is_no_update() -> None:
    life = opened(small()).taken_by(ANN)
    assert life.state.communication is None
    assert "names nobody who is kept informed" in life.refused(NotNow, c.PostUpdate(by=ANN, text="?"))


@pytest.mark.req("ICP-3")
def test_an_update_that_was_overtaken_is_not_sent_any_more() -> None:
    life = opened(talking()).taken_by(ANN)
    life.answers = False
    update(life, "old")
    first = life.pending.pop()
    assert isinstance(first, FindPeople)
    update(life, "new")
    second = life.pending.pop()
    assert isinstance(second, FindPeople)
    found = People(people=(FoundPerson(person=IDA, via="role:finance"),))
    life.send(c.PeopleFound(purpose=second.purpose, found=found))
    (message,) = life.pending
    assert isinstance(message, Notify)
    assert message.body.startswith("new")
    life.send(c.PeopleFound(purpose=first.purpose, found=found))
    assert list(life.pending) == [message]
    # One that is still on its way when the next is posted is withdrawn.
    assert message.asks is not None
    assert life.state.still_asks(message.asks)
    update(life, "newest")
    assert not life.state.still_asks(message.asks)


# --- the rhythm -------------------------------------------------------------------------------------------------------


@pytest.mark.req("ICP-10")
def test_the_next_update_is_due_so_long_after_the_last_and_everybody_can_see_when() -> None:
    life = opened(talking()).taken_by(ANN)
    assert talk(life).due == at(11)
    assert (life.due.at, life.due.kind) == (at(11), "update")
    life.pass_time("20m")
    update(life)
    assert talk(life).due == at(11, 20)
    here = situation(life.state, life.now)
    assert here.communication is not None
    assert (here.communication.due, here.communication.state) == (at(11, 20), "on time")
    assert "**Next update** by role:deputy: due 2026-11-20 11:20:00 UTC, on time" in markdown(life.state, life.now)
    assert stop(life.state, life.due).what == "an update to the stakeholders"
    foreseen = [each for each in forecast(life.state, OFFICE, at(12)) if isinstance(each, e.UpdateOverdue)]
    assert [each.at for each in foreseen] == [at(11, 20), at(11, 35), at(11, 50)]


@pytest.mark.req("ICP-10")
def test_a_rhythm_by_a_business_calendar_leaves_out_the_weekend_and_the_change_of_clocks() -> None:
    week = {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    playbook = small(
        communication={
            "stakeholders": [BOARD],
            "cadence": {"default": {"every": "4h", "chase": "30m", "calendar": "office"}},
        },
        calendars={"office": {"time_zone": "Europe/Prague", "week": week}},
        levels=STILL_LEVELS,
    )
    # Friday 20 November, 14:30 in Prague: two and a half hours are left of the day, the rest is Monday's.
    life = Life(playbook, now=at(13, 30))
    life.open()
    assert talk(life).due == at(9, 30, day=23)
    life.taken_by(ANN)
    life.pass_time(timedelta(days=2, hours=20))
    assert [event.at for event in life.all(e.UpdateOverdue)] == [at(9, 30, day=23)]
    # Friday 23 October 2026, 15:00 in Prague (13:00 UTC): the clocks go back on Sunday, and Monday begins at 8:00 UTC.
    autumn = Life(playbook, now=datetime(2026, 10, 23, 13, tzinfo=UTC))
    autumn.open()
    assert talk(autumn).due == datetime(2026, 10, 26, 10, tzinfo=UTC)


@pytest.mark.req("ICP-10")
def test_the_rhythm_goes_on_through_a_hold_a_new_owner_and_a_restart() -> None:
    life = opened(talking(communicator=None)).taken_by(ANN)
    life.pass_time("30m")
    life.send(c.PutOnHold(by=ANN, because="the bank is closed"))
    assert talk(life).due == at(11)
    life.send(c.Reassign(by=ANN, to=BOB, because="my shift ends"))
    life.send(c.AcceptHandoff(by=BOB))
    life.state = Escalation.model_validate_json(life.state.model_dump_json())
    assert talk(life).due == at(11)
    life.pass_time("30m")
    assert life.last(e.UpdateOverdue).at == at(11)
    assert [each.to for each in life.sent if "an update is overdue" in each.subject] == [BOB]
    life.send(c.Resume(by=BOB))
    update(life, by=BOB)
    assert talk(life).due == at(12)


@pytest.mark.req("ICP-10")
def test_whoever_has_the_shift_when_an_update_is_missing_is_asked_for_it() -> None:
    # A week each since Monday 5 January: eva until Monday 23 November, 8:00 in Prague, then zsofia.
    cadence = {"default": {"every": "12h", "chase": "12h"}}
    life = Life(talking(communicator="oncall:support", cadence=cadence), directory=COMPANY, now=at(12, day=22))
    life.open()
    life.pass_time("1d")
    asked = [(each.to, event.at) for event in life.all(e.UpdateOverdue) for each in life.sent if _asks(each, event)]
    assert asked[0] == ("person:eva.novak", at(0, day=23))
    assert asked[1] == ("person:zsofia.nagy", at(12, day=23))
    assert talk(life).due == at(0, day=23)


def _asks(message: Notify, event: e.UpdateOverdue) -> bool:
    times = f"has been asked for {event.times} times" in message.body
    return "an update is overdue" in message.subject and (
        times or (event.times == 1 and "asked for" not in message.body)
    )


@pytest.mark.req("ICP-10")
def test_another_severity_brings_an_update_forward_and_never_puts_it_off() -> None:
    cadence = {"P0": {"every": "30m", "chase": "10m"}, "P1": {"every": "4h", "chase": "1h"}}
    life = opened(talking(cadence=cadence)).taken_by(ANN)
    assert talk(life).due == at(14)
    life.pass_time("1h")
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="the press called"))
    assert talk(life).due == at(11, 30)
    scheduled = life.last(e.UpdateScheduled)
    assert (scheduled.was_due, scheduled.because) == (at(14), "at P0 an update is due every 30m")
    life.send(c.ChangeSeverity(by=ANN, severity="P1", because="they hung up"))
    assert talk(life).due == at(11, 30)
    life.send(c.ChangeSeverity(by=ANN, severity="P2", because="nobody cares"))
    assert talk(life).due is None
    assert life.last(e.UpdateScheduled).because == "no updates are due at P2"


@pytest.mark.req("ICP-10")
def test_an_audience_that_is_left_out_keeps_the_next_update_due() -> None:
    life = opened(talking(stakeholders=[BOARD, LEGAL])).taken_by(ANN)
    life.pass_time("30m")
    update(life, "for some", "staff")
    assert talk(life).due == at(11)
    life.pass_time("10m")
    update(life, "for the others", "management")
    assert talk(life).due == at(11, 30)


@pytest.mark.req("ICP-10")
def test_an_update_is_put_off_once_with_a_reason_and_not_for_long() -> None:
    life = opened(talking()).taken_by(ANN)

    def until(when: datetime) -> c.PostponeUpdate:
        return c.PostponeUpdate(by=JOY, until=when, because="the test runs until then")

    assert "put off until the next one would be due, 2026-11-20 12:00" in life.refused(NotAllowed, until(at(12, 1)))
    life.refused(NotAllowed, until(at(11)))
    life.send(until(at(11, 40)))
    assert (talk(life).due, life.last(e.UpdatePostponed).was_due) == (at(11, 40), at(11))
    assert "put off already" in life.refused(AlreadyDone, until(at(11, 50)))
    life.pass_time("2h")
    assert [event.at for event in life.all(e.UpdateOverdue)] == [at(11, 40), at(11, 55)]
    update(life)
    life.send(until(at(13, 20)))


@pytest.mark.req("ICP-9", "ICP-10")
def test_the_rhythm_ends_with_a_resolution_and_begins_anew_when_it_is_rejected() -> None:
    life = opened(talking()).taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    assert talk(life).due is None
    life.pass_time("5h")
    assert life.all(e.UpdateOverdue) == []
    assert "no update of" in life.refused(NotNow, c.PostponeUpdate(by=JOY, until=at(16), because="?"))
    life.send(c.RejectResolution(by=CUSTOMER, because="nothing came"))
    assert talk(life).due == at(16)
    life.resolved(ANN)
    life.pass_time("3h")
    assert life.all(e.UpdateOverdue) == []
    update(life, "solved, and here is why", by=ANN)
    assert updates_sent(life)[-1] == (IDA, "solved, and here is why")
    assert talk(life).due is None


# --- silence ----------------------------------------------------------------------------------------------------------


@pytest.mark.req("ICP-9")
def test_silence_reminds_the_communicator_then_moves_up_step_by_step_until_an_update_comes() -> None:
    life = opened(talking()).taken_by(ANN)
    life.pass_time("2h")
    silent = [(event.at, event.asked) for event in life.all(e.UpdateOverdue)]
    assert silent == [
        (at(11), ("role:deputy",)),
        (at(11, 15), ("role:deputy", "role:lead")),
        (at(11, 30), ("role:deputy", "role:lead", "team:experts")),
        (at(11, 45), ("role:deputy", "role:lead")),
        (at(12), ("role:deputy", "role:lead", "role:boss")),
    ]
    asked = [each.to for each in life.sent if "an update is overdue" in each.subject]
    assert asked == [JOY, JOY, EVE, JOY, EVE, CYD, DAN, JOY, EVE, JOY, EVE, FAY]
    assert (life.level, life.owner) == ("L1", ANN)
    here = situation(life.state, life.now).communication
    assert here is not None
    assert here.state == "silent, asked 5 times"
    # Whoever it moved up to may speak as well, and then it is quiet again.
    update(life, by=FAY)
    assert talk(life).due == at(13)
    before = len(life.all(e.UpdateOverdue))
    life.pass_time("59m")
    assert len(life.all(e.UpdateOverdue)) == before


@pytest.mark.req("ICP-9")
def test_where_nobody_is_named_to_speak_the_owner_is_reminded_and_before_that_who_is_accountable() -> None:
    life = opened(talking(communicator=None))
    life.pass_time("1h")
    assert life.sent[-1].to == EVE
    assert "an update is overdue" in life.sent[-1].subject
    life.taken_by(ANN)
    update(life, by=ANN)
    life.pass_time("1h")
    assert life.sent[-1].to == ANN
    assert f"escalate post_update {life.state.id} --by {ANN}" in life.sent[-1].body


@pytest.mark.req("ICP-9")
def test_a_reminder_that_was_overtaken_by_an_update_is_not_sent() -> None:
    life = opened(talking()).taken_by(ANN)
    life.answers = False
    life.pass_time("1h")
    search = life.pending.pop()
    assert isinstance(search, FindPeople)
    update(life)
    life.pending.clear()
    life.send(c.PeopleFound(purpose=search.purpose, found=People(people=(FoundPerson(person=JOY, via="role:deputy"),))))
    assert list(life.pending) == []


_ACTS = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=300),
        st.sampled_from(["update", "postpone", "P0", "P1", "P2", "hold", "resume", "note"]),
    ),
    max_size=12,
)


@pytest.mark.req("ICP-9")
@settings(max_examples=60, deadline=None)
@given(acts=_ACTS)
def test_silence_is_always_noticed_within_a_rhythm_and_moves_up_within_the_declared_time(
    acts: list[tuple[int, str]],
) -> None:
    every = {"P0": minutes("30m"), "P1": minutes("2h"), "P2": minutes("4h")}
    cadence = {name: {"every": f"{value.seconds}s", "chase": "15m"} for name, value in every.items()}
    life = opened(talking(cadence=cadence)).taken_by(ANN)
    limit = START + every["P1"]
    """By when there has to be an update, reckoned apart from the rules."""
    for wait, act in [*acts, (300, "note")]:
        life.pass_time(timedelta(minutes=wait))
        if life.now >= limit:
            assert talk(life).chased >= 1, "nobody was reminded"
        if life.now >= limit + minutes("15m"):
            assert talk(life).chased >= 2, "it did not move up"
        until = max(life.now, limit) + minutes("20m")
        try:
            life.send(_act(act, until))
        except (AlreadyDone, NotNow):
            continue
        if act == "update":
            limit = life.now + every[life.state.severity]
        elif act == "postpone":
            limit = until
        elif act in every:
            limit = min(limit, life.now + every[act])


def _act(act: str, until: datetime) -> c.Act:
    if act in ("P0", "P1", "P2"):
        return c.ChangeSeverity(by=ANN, severity=act, because="it changed")
    commands: dict[str, c.Act] = {
        "update": c.PostUpdate(by=ANN, text="as before"),
        "postpone": c.PostponeUpdate(by=ANN, until=until, because="later"),
        "hold": c.PutOnHold(by=ANN, because="wait"),
        "resume": c.Resume(by=ANN),
        "note": c.Note(by=ANN, text="looking"),
    }
    return commands[act]


# --- answers ----------------------------------------------------------------------------------------------------------

ANSWERING = {**BOARD, "replies_within": "30m"}


@pytest.mark.req("ICP-11")
def test_an_answer_that_is_expected_and_late_is_asked_for_and_then_whoever_speaks_is_told() -> None:
    life = opened(talking(stakeholders=[ANSWERING, LEGAL], cadence={})).taken_by(ANN)
    update(life)
    assert "Please answer before 2026-11-20 10:30 UTC." in life.sent[-2].body
    assert "Please answer" not in life.sent[-1].body
    assert (life.due.at, life.due.kind, life.due.about) == (at(10, 30), "reply", "board")
    life.pass_time("30m")
    assert (life.sent[-1].to, life.sent[-1].kind) == (IDA, MessageKind.WARNING)
    assert f"escalate reply {life.state.id} --by {IDA}" in life.sent[-1].body
    life.pass_time("30m")
    assert life.sent[-1].to == JOY
    assert "stakeholder board has not answered, although reminded" in life.sent[-1].body
    assert [(event.at, event.times) for event in life.all(e.ReplyOverdue)] == [(at(10, 30), 1), (at(11), 2)]
    life.pass_time("5h")
    assert len(life.all(e.ReplyOverdue)) == 2
    here = situation(life.state, life.now).communication
    assert here is not None
    assert [(each.name, each.state) for each in here.stakeholders] == [("board", "late"), ("legal", "told")]


@pytest.mark.req("ICP-11")
def test_stakeholders_answer_for_themselves_and_whoever_speaks_may_record_it_for_them() -> None:
    life = opened(talking(stakeholders=[ANSWERING, {**LEGAL, "replies_within": "30m"}])).taken_by(ANN)
    assert "was sent no update" in life.refused(NotAllowed, c.Reply(by=IDA, text="?"))
    assert "was sent no update yet" in life.refused(NotNow, c.Reply(by=JOY, text="?", stakeholder="board"))
    update(life)
    life.send(c.Reply(by=IDA, text="understood"))
    board, legal = talk(life).stakeholders.values()
    assert (board.reply_due, board.replied_by, legal.reply_due) == (None, IDA, at(10, 30))
    assert life.sent[-1].to == ANN
    assert "answer of board: understood" in life.sent[-1].body
    life.refused(NotAllowed, c.Reply(by=IDA, text="they agree", stakeholder="legal"))
    life.refused(NotAllowed, c.Reply(by=BOB, text="they agree", stakeholder="legal"))
    life.refused(Unknown, c.Reply(by=JOY, text="?", stakeholder="press"))
    life.send(c.Reply(by=JOY, text="they called me", stakeholder="legal"))
    assert (life.last(e.ReplyRecorded).on_behalf, talk(life).stakeholders["legal"].replied_by) == (True, JOY)
    life.pass_time("40m")
    assert life.all(e.ReplyOverdue) == []


@pytest.mark.req("ICP-11")
def test_a_further_update_does_not_give_more_time_for_an_answer_that_is_owed() -> None:
    life = opened(talking(stakeholders=[ANSWERING])).taken_by(ANN)
    update(life, "one")
    life.pass_time("20m")
    update(life, "two")
    assert talk(life).stakeholders["board"].reply_due == at(10, 30)
    life.send(c.Reply(by=IDA, text="read both"))
    update(life, "three")
    assert talk(life).stakeholders["board"].reply_due == at(10, 50)


# --- summaries --------------------------------------------------------------------------------------------------------

SUMMARIES = {"when": "severity.rank == 0.0", "within": "1h"}


@pytest.mark.req("USE-4")
def test_a_complex_escalation_needs_a_summary_at_each_key_point_and_a_simple_one_needs_none() -> None:
    playbook = small(
        communication={"summaries": SUMMARIES},
        levels=STILL_LEVELS,
        gates=[{"id": "refund", "approvers": ["role:security"], "deadline": "8h", "subject": ["amount"]}],
    )
    simple = opened(playbook).taken_by(ANN)
    assert simple.all(e.SummaryRequired) == []
    life = opened(playbook, severity="P0").taken_by(ANN)
    life.send(c.Approve(by=HAL))
    life.send(c.ChangeSeverity(by=ANN, severity="P1", because="better"))
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="worse"))
    life.resolved(ANN)
    points = [event.point for event in life.all(e.SummaryRequired)]
    assert points == ["assigned", "approval_decided", "severity_changed", "resolved"]


@pytest.mark.req("USE-4")
def test_a_summary_that_is_not_filed_is_asked_for_and_keeps_the_escalation_from_being_closed() -> None:
    life = opened(small(communication={"summaries": SUMMARIES}, levels=STILL_LEVELS), severity="P0").taken_by(ANN)
    assert (life.due.at, life.due.kind) == (at(11), "summary")
    life.pass_time("2h")
    assert [event.times for event in life.all(e.SummaryOverdue)] == [1, 2]
    asked = [each.to for each in life.sent if "summary due" in each.subject]
    assert asked == [ANN, ANN, ANN]
    assert life.sent[-1].to == EVE
    assert "summary s1 is late" in life.sent[-1].body
    life.resolved(ANN)
    life.send(c.SubmitReview(by=ANN, lessons=("check the batch",)))
    assert not life.state.ended
    assert [(each.id, each.due is None) for each in situation(life.state, life.now).communication.summaries] == [  # type: ignore[union-attr]
        ("s1", False),
        ("s2", False),
    ]
    assert situation(life.state, life.now).who_acts_next == (ANN,)
    assert situation(life.state, life.now).why == "required summaries are to be filed"
    life.send(c.FileSummary(by=ANN, text="ann took it at ten", which="s1"))
    assert "was filed by person:ann" in life.refused(AlreadyDone, c.FileSummary(by=ANN, text="?", which="s1"))
    assert "no summary s9" in life.refused(Unknown, c.FileSummary(by=ANN, text="?", which="s9"))
    life.send(c.FileSummary(by=ANN, text="paid again, the batch is checked"))
    assert life.last(e.SummaryFiled).summaries == ("s2",)
    assert (life.state.outcome, life.tickets[-2].note) == (  # type: ignore[union-attr]
        "closed",
        "Summary by person:ann: paid again, the batch is checked",
    )


@pytest.mark.req("USE-4")
def test_where_it_is_cancelled_the_summaries_that_were_never_filed_are_named() -> None:
    playbook = small(communication={"summaries": SUMMARIES, "stakeholders": [BOARD]}, levels=STILL_LEVELS)
    life = opened(playbook, severity="P0").taken_by(ANN)
    update(life, by=ANN)
    life.send(c.Cancel(by=ANN, because="opened by mistake"))
    missed = life.last(e.SummaryMissed)
    assert (missed.summary, missed.point) == ("s1", "assigned")
    assert (life.sent[-1].to, "No further updates come" in life.sent[-1].body) == (IDA, True)
    assert "by mistake" not in life.sent[-1].body
    assert react(life.state, [missed]) == []


def test_where_it_is_returned_the_summaries_that_were_never_filed_are_named() -> None:
    said = {"summaries": {**SUMMARIES, "when": "true", "at": ["severity_changed"]}, "stakeholders": [BOARD]}
    life = opened(gated({"before": "assignment"}, communication=said))
    life.send(c.ChangeSeverity(by=HAL, severity="P0", because="it spreads"))
    life.send(c.Reject(by=HAL, because="ask the desk first"))
    assert [(each.summary, each.because) for each in life.all(e.SummaryMissed)] == [("s1", "it was returned")]


def test_whom_the_case_is_about_is_told_nothing_and_does_not_speak() -> None:
    life = opened(talking(), facts={"concerns": ["ida", "joy"]}).taken_by(ANN)
    update(life, by=ANN)
    assert IDA not in life.told()
    assert JOY not in life.told()
    assert (GUS, "we look into it") in updates_sent(life)
    life.refused(NotAllowed, c.PostUpdate(by=JOY, text="?"))


# --- as shipped -------------------------------------------------------------------------------------------------------


@pytest.mark.req("ICP-3", "ICP-4", "USE-4")
def test_the_procedure_informs_by_severity_and_level_names_who_speaks_by_kind_and_needs_summaries() -> None:
    basis: dict[str, Any] = {"category": "technical", "scope": "internal"}
    usual = opened(PROCEDURE, facts=basis, initiation="manual", requested_by="person:bence.toth")
    assert usual.state.communication is None
    outside = opened(PROCEDURE, facts={**basis, "scope": "external"}, initiation="manual")
    assert outside.state.communication is not None
    assert list(outside.state.communication.stakeholders) == ["support"]
    assert outside.state.communication.communicators == ("person:eva.novak", "person:jana.kralova")
    legal = opened(PROCEDURE, facts={**basis, "category": "compliance", "flags.safety": True}, initiation="manual")
    assert legal.state.communication is not None
    assert set(legal.state.communication.stakeholders) == {"department", "executives", "support", "legal"}
    assert "person:priya.shah" in legal.state.communication.communicators
    legal.taken_by("person:helena.brandt")
    assert [each.point for each in legal.state.communication.unfiled] == ["assigned"]
    teams = opened(PROCEDURE, facts={**basis, "scope": "external", "teams": ["a", "b"]}, initiation="manual")
    teams.taken_by("person:bence.toth")
    assert teams.state.communication is not None
    assert [each.point for each in teams.state.communication.unfiled] == ["assigned"]
