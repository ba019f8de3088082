"""Assignment: rounds, levels and last resort; who takes it, who cannot, who is too late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.people.directory import Directory, Role
from escalation.people.found import People
from escalation.people.search import Search
from escalation.playbook.ladder import Axis
from escalation.playbook.schema import Stage
from starter.line import Weight
from starter.story import say
from tests.domain.builders import (
    ANN,
    BOB,
    BOT,
    CUSTOMER,
    CYD,
    DAN,
    EVE,
    FAY,
    GUS,
    ITSM,
    JOY,
    OFFICE,
    PROCEDURE,
    SERVICE,
    START,
    Life,
    opened,
    small,
)


def with_deputy_of_the_lead() -> Directory:
    return OFFICE.model_copy(update={"roles": {**OFFICE.roles, "lead": Role(holders=("eve", "joy"))}})


def at(minutes: float) -> object:
    return START + timedelta(minutes=minutes)


# --- the ladder -----------------------------------------------------------------------------------------------------


@pytest.mark.req("EP-1", "LA-CH5", "CSP-15", "EP-F4")
def test_silence_climbs_round_by_round_level_by_level_to_the_last_resort_and_asks_it_for_ever() -> None:
    life = opened(small())
    life.pass_time("24h")
    rounds = [
        ((event.at - START) / timedelta(minutes=1), event.rung, event.round, event.targets, event.last_resort)
        for event in life.all(e.RungOpened)
    ]
    assert rounds[:7] == [
        (0, "L1/1", 1, ("team:desk",), False),
        (10, "L1/2", 2, ("team:desk",), False),
        (20, "L2/3", 1, ("team:experts",), False),
        (35, "L3/4", 1, ("role:lead",), False),
        (55, "L3/5", 1, ("role:boss",), True),
        (75, "L3/6", 2, ("role:boss",), True),
        (95, "L3/7", 3, ("role:boss",), True),
    ]
    assert [event.because for event in life.all(e.RungOpened)][1:5] == [
        "nobody acknowledged at L1 within 10m",
        "nobody acknowledged at L1 within 10m",
        "nobody acknowledged at L2 within 15m",
        "nobody acknowledged at L3 within 20m",
    ]
    assert len(rounds) > 60
    assert life.told(MessageKind.PAGE)[-1] == FAY
    assert life.state.stage is Stage.ASSIGNMENT


def test_a_round_ends_at_its_instant_and_not_a_moment_before() -> None:
    life = opened(small())
    assert (life.due.at, life.due.kind) == (at(10), "acknowledgement")
    assert life.pass_time(timedelta(minutes=10) - timedelta(microseconds=1)) == []
    assert life.pass_time(timedelta(microseconds=1))[0].type == "rung_opened"


@pytest.mark.req("EP-2")
def test_a_path_leads_to_a_specialised_team_then_management_then_senior_management() -> None:
    life = opened(PROCEDURE)
    life.pass_time("7.5h")
    assert [(event.level, event.axis) for event in life.all(e.LevelEntered)] == [
        ("first_contact", Axis.FUNCTIONAL),
        ("specialist", Axis.FUNCTIONAL),
        ("management", Axis.HIERARCHICAL),
        ("senior_management", Axis.HIERARCHICAL),
    ]
    assert [event.targets for event in life.all(e.RungOpened)][::2][:2] == [
        ("team:service-desk",),
        ("team:engineering-support",),
    ]


@pytest.mark.req("EP-F4", "DSH-8", "AGT-4")
def test_an_acknowledged_escalation_that_is_not_resolved_goes_up_and_keeps_its_owner_meanwhile() -> None:
    life = opened(small()).taken_by(ANN)
    assert (life.due.at, life.due.kind) == (at(120), "dwell")
    life.pass_time("2h")
    assert life.last(e.LevelEntered).because == "not resolved at L1 within 2h"
    assert (life.level, life.owner) == ("L2", ANN)
    assert life.told(MessageKind.PAGE)[-2:] == [CYD, DAN]
    life.taken_by(DAN)
    assert life.owner == DAN
    life.pass_time("4h")
    assert life.level == "L3"
    life.pass_time("9h")
    assert life.all(e.LevelEntered)[-1].level == "L3"  # the end of the path: its last resort is asked
    assert life.told(MessageKind.PAGE)[-1] == FAY


def test_the_routed_people_are_asked_in_every_round_of_the_first_level_and_only_there() -> None:
    routing = [{"when": 'topic == "two"', "targets": ["role:finance"]}]
    life = opened(small(routing=routing), facts={"topic": "two"})
    life.pass_time("25m")
    assert [event.targets for event in life.all(e.RungOpened)] == [
        ("role:finance",),
        ("role:finance",),
        ("team:experts",),
    ]


@pytest.mark.req("ITSM-11")
def test_the_affected_system_chooses_who_is_asked() -> None:
    routing = [{"when": '"shop" in affected_systems', "targets": ["role:security"], "level": "L2"}]
    life = opened(small(routing=routing), facts={"affected_systems": ["shop", "erp"]})
    assert life.rung.targets == ("team:desk",)
    life.send(c.Escalate(by=BOT, reason="other", because="the shop is down"))
    assert life.rung.targets == ("role:security",)


@pytest.mark.req("LA-9", "LA-10")
@pytest.mark.parametrize(
    ("category", "paths"),
    [
        ("technical", ("team:service-desk", "team:engineering-support", "role:it-lead")),
        ("hr", ("role:shift-lead", "role:department-head", "role:executive-on-duty")),
    ],
)
def test_each_kind_of_problem_has_a_path_of_its_own(category: str, paths: tuple[str, ...]) -> None:
    life = opened(PROCEDURE, facts={"category": category})
    for _ in paths[1:]:
        life.send(c.Escalate(by=BOT, reason="no_expertise", because="beyond us"))
    assert tuple(event.targets[0] for event in life.all(e.RungOpened)) == paths


# --- taking it ------------------------------------------------------------------------------------------------------


@pytest.mark.req("CSP-5", "WHY-1", "EP-8")
def test_whoever_acknowledges_owns_it_and_the_others_hear_that_it_is_taken() -> None:
    life = opened(small())
    life.now += timedelta(minutes=3)
    life.taken_by(BOB)
    assert life.state.owner is not None
    assert (life.owner, life.state.owner.since, life.state.rung) == (BOB, at(3), None)
    changed = life.last(e.OwnerChanged)
    assert (changed.previous, changed.owner, changed.by, changed.because) == (
        "role:lead",
        BOB,
        BOB,
        "acknowledged at L1",
    )
    assert life.told(MessageKind.NEWS) == [ANN]
    assert "taken by person:bob" in life.sent[-1].subject
    assert (life.state.owner_changes, life.state.stage) == (1, Stage.RESOLUTION)


def test_a_second_acknowledgement_is_told_by_whom_and_when_it_was_taken() -> None:
    life = opened(small()).taken_by(ANN)
    life.now += timedelta(minutes=1)
    refusal = life.refused(AlreadyDone, c.Acknowledge(by=BOB))
    assert refusal == "already taken by person:ann at 2026-11-20 10:00:00 UTC; use claim with a reason to take it over"
    assert "you own escalation-chatbot-conv-1 already" in life.refused(AlreadyDone, c.Acknowledge(by=ANN))
    assert "already taken by person:ann" in life.refused(AlreadyDone, c.Decline(by=BOB, because="busy"))


@pytest.mark.req("CON-3")
@pytest.mark.parametrize("actor", [BOT, "service:alerts", CUSTOMER])
@pytest.mark.parametrize("command", [c.Acknowledge, c.Claim])
def test_an_ai_a_service_or_a_customer_cannot_take_it(actor: str, command: type[c.Acknowledge]) -> None:
    life = opened(small())
    assert f"{actor} is not a person (expected person:ID)" in life.refused(NotAllowed, command(by=actor))


def test_nobody_speaks_for_the_engine() -> None:
    life = opened(small())
    assert "speaks for the engine" in life.refused(NotAllowed, c.Acknowledge(by="system:timer"))


def test_a_stranger_is_told_who_may_take_it() -> None:
    life = opened(small())
    refusal = life.refused(NotAllowed, c.Acknowledge(by="person:stranger"))
    assert "is not in the working group" in refusal
    assert "these may act: person:ann, person:bob, person:eve" in refusal


def test_a_member_of_the_group_who_was_not_told_may_take_it() -> None:
    life = opened(small())
    assert EVE not in life.told()  # the lead answers for this stage
    assert life.taken_by(EVE).owner == EVE


def test_there_is_nothing_to_acknowledge_in_triage() -> None:
    life = Life(small())
    life.open(context={"summary": None})
    assert "nobody is being asked to acknowledge" in life.refused(NotNow, c.Acknowledge(by=ANN))


@pytest.mark.req("SYN-10", "SFQ-1")
def test_somebody_takes_it_over_with_a_reason() -> None:
    life = opened(small()).taken_by(ANN)
    assert "say why you take it over (because)" in life.refused(NotAllowed, c.Claim(by=EVE))
    life.send(c.Claim(by=EVE, because="I know this bank"))
    assert (life.owner, life.last(e.OwnerChanged).previous) == (EVE, ANN)
    assert ANN in life.told(MessageKind.NEWS)
    assert "you own" in life.refused(AlreadyDone, c.Claim(by=EVE, because="again"))


def test_a_claim_takes_an_open_round_without_giving_reasons() -> None:
    life = opened(small())
    life.send(c.Claim(by=BOB))
    assert (life.owner, life.last(e.OwnerChanged).because) == (BOB, "claimed at L1")


def test_the_owner_cannot_silence_the_level_above_that_is_asked_to_take_over() -> None:
    life = opened(small()).taken_by(ANN)
    life.pass_time("2h")
    refusal = life.refused(AlreadyDone, c.Acknowledge(by=ANN))
    assert "round L2/2 asks person:cyd, person:dan to take it over from you" in refusal
    both = opened(small(levels=[{**level, "targets": ["team:desk"]} for level in ladder()])).taken_by(ANN)
    both.pass_time("2h")
    assert both.taken_by(ANN).state.rung is None  # asked once more, she says that she is still at it


def ladder() -> list[dict[str, object]]:
    return [level.model_dump() for level in small().levels]


def test_resolving_without_acknowledging_takes_it() -> None:
    life = opened(small())
    life.send(c.Resolve(by=BOB, resolution="paid again"))
    assert (life.owner, life.state.resolution_state, life.state.rung) == (BOB, "proposed", None)


# --- not taking it --------------------------------------------------------------------------------------------------


def test_when_everybody_declines_it_goes_on_at_once_and_up_where_nobody_else_can_be_asked() -> None:
    life = opened(small())
    life.send(c.Decline(by=ANN, because="on a train"))
    assert life.rung.id == "L1/1"
    assert situation(life.state, life.now).who_acts_next == (BOB,)
    assert "you declined round L1/1 already" in life.refused(AlreadyDone, c.Decline(by=ANN, because="still"))
    life.send(c.Decline(by=BOB, because="asleep"))
    assert [(event.rung, event.because) for event in life.all(e.RungOpened)][1:] == [
        ("L1/2", "everybody in round L1/1 declined"),
        ("L2/3", "everybody who can be asked at L1 declined before"),
    ]
    assert (life.now, life.told(MessageKind.PAGE)) == (START, [ANN, BOB, CYD, DAN])


def test_who_declined_is_not_called_again_while_somebody_else_is_found() -> None:
    life = opened(small())
    life.send(c.Decline(by=ANN, because="on leave"))
    life.next()
    assert (life.rung.id, life.rung.people) == ("L1/2", (BOB,))
    assert life.told(MessageKind.PAGE) == [ANN, BOB, BOB]
    found = life.last(e.PeopleResolved)
    assert found.found.left_out == (ANN,)
    told = say(found)
    assert (told.weight, told.why) == (Weight.STEP, f"{ANN} declined before and is left out.")
    assert life.taken_by(ANN).owner == ANN  # left out of the pages, not of the working group


def test_who_declined_at_one_level_is_not_called_at_the_next_and_the_deputy_is() -> None:
    life = Life(small(), directory=with_deputy_of_the_lead())
    life.open()
    life.send(c.Escalate(by=ANN, reason="other", because="for the lead", level="L3"))
    assert life.rung.people == (EVE,)
    life.send(c.Decline(by=EVE, because="concerned myself"))
    assert (life.rung.targets, life.rung.people) == (("role:boss",), (FAY,))
    life.send(c.Acknowledge(by=FAY))
    life.send(c.Resolve(by=FAY, resolution="paid"))
    life.send(c.RejectResolution(by=CUSTOMER, because="it was not"))
    assert life.rung.people == (FAY,)
    search = Search(targets=("role:lead",), fallback="role:playbook-owner", declined=life.state.declined)
    again = life.directory.find(search, life.now)
    assert [(each.person, each.note) for each in again.people] == [(JOY, "deputy 1 of lead")]


def test_who_declined_everywhere_is_called_again_as_the_last_resort_and_is_told_why() -> None:
    life = opened(small(levels=[{**level, "last_resort": "team:desk"} for level in ladder()]))
    for person in (ANN, BOB, CYD, DAN, EVE):
        life.send(c.Decline(by=person, because="busy"))
    assert (life.rung.last_resort, life.rung.people) == (True, (ANN, BOB))
    assert not life.last(e.PeopleResolved).found.fell_back
    assert life.told(MessageKind.PAGE) == [ANN, BOB, CYD, DAN, EVE, ANN, BOB]
    assert "team:desk (declined before, but nobody else was found)" in life.sent[-1].body
    for person in (ANN, BOB):
        life.send(c.Decline(by=person, because="busy"))
    assert situation(life.state, life.now).who_acts_next == ("team:desk",), "nobody who said no is named"


def test_a_last_resort_that_declined_is_asked_again_because_nobody_else_is_there() -> None:
    life = opened(small())
    life.send(c.Escalate(by=ANN, reason="other", because="for the lead", level="L3"))
    life.next()
    life.send(c.Decline(by=FAY, because="in a meeting"))
    life.next()
    assert (life.rung.last_resort, life.rung.round, life.rung.people) == (True, 2, (FAY,))


def test_a_last_resort_that_declined_is_asked_again_when_the_others_there_cannot_be_reached() -> None:
    levels = [{"id": "L1", "targets": ["team:desk"], "ack": "10m", "dwell": "2h", "last_resort": "team:experts"}]
    triggers = [{"id": "by_hand", "when": "true", "initiation": "manual"}]
    life = Life(small(levels=levels, triggers=triggers), unreachable=(DAN,))
    life.open()
    life.next()
    called = [life.rung.people]
    life.send(c.Decline(by=CYD, because="in a meeting"))
    for _ in range(2):
        life.next()
        called.append(life.rung.people)
    assert called == [(CYD, DAN), (DAN,), (CYD, DAN)]


def test_who_declined_and_took_it_later_is_called_like_everybody_else() -> None:
    life = opened(small())
    life.send(c.Decline(by=ANN, because="busy"))
    life.send(c.Claim(by=ANN, because="free now"))
    assert life.state.declined == ()


def test_who_takes_it_although_others_were_called_is_let_and_the_timeline_says_so() -> None:
    life = opened(small())
    life.pass_time("20m")
    assert life.rung.people == (CYD, DAN)
    life.send(c.Acknowledge(by=ANN))
    changed = life.last(e.OwnerChanged)
    assert (changed.owner, changed.although) == (ANN, f"although {CYD}, {DAN} were called")
    assert say(changed).why == f"acknowledged at L2, although {CYD}, {DAN} were called"


def test_who_was_called_and_takes_it_hears_no_although() -> None:
    assert opened(small()).taken_by(ANN).last(e.OwnerChanged).although == ""


def test_who_is_no_member_cannot_take_it_and_is_told_who_may() -> None:
    life = opened(small())
    said = life.refused(NotAllowed, c.Acknowledge(by="person:stranger"))
    assert f"person:stranger is not in the working group of {life.state.id}; these may act: {ANN}, {BOB}" in said


def test_only_who_was_paged_can_decline() -> None:
    life = opened(small())
    assert (
        "was not called, so there is nothing to decline; being called now, in round L1/1: person:ann, person:bob"
        in life.refused(NotAllowed, c.Decline(by=EVE, because="no"))
    )


def test_when_nobody_can_be_reached_the_ladder_is_climbed_at_once() -> None:
    life = Life(small(), unreachable=(ANN, BOB, CYD, DAN))
    life.open()
    assert [event.rung for event in life.all(e.RungOpened)] == ["L1/1", "L2/2", "L3/3"]
    assert life.told(MessageKind.PAGE) == [EVE]
    assert life.all(e.RungOpened)[1].because == "nobody in round L1/1 could be reached"
    one_left = Life(small(), unreachable=(ANN,))
    one_left.open()
    assert one_left.rung.id == "L1/1"


def test_one_declines_and_the_other_is_not_reachable() -> None:
    life = Life(small(), unreachable=(ANN,))
    life.open()
    life.send(c.Decline(by=BOB, because="asleep"))
    first, second = [event.because for event in life.all(e.RungOpened)][1:3]
    assert first == "nobody in round L1/1 could be reached or would take it"
    assert second == "nobody in round L1/2 could be reached"  # where only the other one was called


def test_a_last_resort_that_cannot_be_reached_is_asked_again_when_its_time_is_over_and_not_in_a_circle() -> None:
    life = Life(small(), unreachable=(ANN, BOB, CYD, DAN, EVE, FAY))
    life.open()
    assert life.rung.last_resort
    assert (len(life.all(e.RungOpened)), life.due.at) == (4, at(20))
    life.next()
    assert len(life.all(e.RungOpened)) == 5


@pytest.mark.req("AUT-5")
def test_when_nobody_can_be_found_the_playbook_s_owner_is_told_and_the_page_says_so() -> None:
    levels = [{**level, "targets": ["team:ghosts"]} for level in ladder()]
    life = opened(small(levels=levels))
    assert life.told(MessageKind.PAGE) == [GUS]
    assert "nobody else could be found: team:ghosts: no such team in the directory." in life.sent[0].body
    on_call = opened(ITSM, facts={"impact": "org_wide", "urgency": "now"})
    assert on_call.rung.targets == ("oncall:platform",)
    assert on_call.told(MessageKind.PAGE) == ["person:erik.lindqvist"]


def test_when_even_the_owner_of_the_playbook_cannot_be_found_the_ladder_goes_on_to_whoever_can() -> None:
    life = Life(small(), answers=False)
    life.open()
    for _ in range(2):
        life.pending.clear()
        life.send(c.PeopleFound(purpose=f"rung:{life.rung.id}", found=People(people=(), fell_back=True)))
    assert (life.level, life.last(e.RungOpened).because) == ("L2", "nobody was found for round L1/2")


# --- early and late answers -----------------------------------------------------------------------------------------


def test_an_acknowledgement_before_anybody_was_found_is_kept_and_nobody_is_paged() -> None:
    life = Life(small(), answers=False)
    life.open()
    events = life.send(c.Acknowledge(by=ANN))
    assert [event.type for event in events] == ["command_held"]
    life.answer()
    assert life.owner == ANN
    assert life.told(MessageKind.PAGE) == []


def test_an_early_acknowledgement_is_kept_once() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.send(c.Acknowledge(by=ANN))
    assert "came early and is kept already" in life.refused(AlreadyDone, c.Acknowledge(by=ANN))


def test_an_early_acknowledgement_of_somebody_who_may_not_is_answered_when_that_is_known() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.send(c.Acknowledge(by="person:stranger"))
    life.answer()
    released = life.last(e.HeldReleased)
    assert "person:stranger is not in the working group" in released.refused
    assert life.told(MessageKind.NEWS) == ["person:stranger"]
    assert life.told(MessageKind.PAGE) == [ANN, BOB]
    assert life.state.held == ()


def test_no_page_of_a_round_leaves_after_somebody_took_it() -> None:
    life = opened(small())
    life.answers = False
    life.pass_time("10m")  # a second round, of which nobody was found yet
    life.send(c.Claim(by=ANN))
    life.answer()
    assert life.told(MessageKind.PAGE) == [ANN, BOB]


def test_the_answer_to_an_old_round_pages_nobody() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.pending.popleft()
    old = life.pending.popleft()
    life.pass_time("10m")
    life.pending.clear()
    life.pending.append(old)
    life.answer()
    assert life.sent == []
    assert not life.rung.resolved


# --- going up by hand -----------------------------------------------------------------------------------------------


@pytest.mark.req("LA-11", "LA-5")
@pytest.mark.parametrize(
    ("reason", "axis"),
    [
        ("no_authority", Axis.HIERARCHICAL),
        ("no_expertise", Axis.FUNCTIONAL),
        ("no_resources", Axis.FUNCTIONAL),
        ("other", Axis.FUNCTIONAL),
    ],
)
def test_whoever_cannot_decide_sends_it_up_and_says_why(reason: str, axis: Axis) -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Escalate.model_validate({"by": ANN, "reason": reason, "because": "beyond me"}))
    entered = life.last(e.LevelEntered)
    assert (entered.level, entered.axis) == ("L2", axis)
    assert entered.because == f"person:ann escalated ({reason}): beyond me"
    assert life.state.facts["reason"] == reason
    assert life.owner == ANN  # until somebody there takes it


@pytest.mark.parametrize(("reason", "called"), [("no_expertise", (CYD,)), ("other", (ANN, CYD))])
def test_whoever_lacks_something_is_not_called_for_it_at_the_next_level(reason: str, called: tuple[str, ...]) -> None:
    level = {"id": "L2", "targets": [ANN, CYD], "ack": "15m", "dwell": "4h"}
    life = opened(small(levels=[ladder()[0], level, ladder()[2]])).taken_by(ANN)
    life.send(c.Escalate.model_validate({"by": ANN, "reason": reason, "because": "beyond me"}))
    assert life.rung.people == called


def test_whoever_lacks_something_and_is_alone_at_the_next_level_is_passed_by() -> None:
    level = {"id": "L2", "targets": [ANN], "ack": "15m", "dwell": "4h"}
    life = opened(small(levels=[ladder()[0], level, ladder()[2]])).taken_by(ANN)
    life.send(c.Escalate(by=ANN, reason="no_authority", because="a matter for the lead"))
    assert (life.level, life.rung.people, life.now) == ("L3", (EVE,), START)
    assert life.last(e.LevelEntered).because == "everybody who can be asked at L2 declined before"


def test_a_level_can_be_named_and_only_one_above() -> None:
    life = opened(small())
    life.send(c.Escalate(by=BOT, reason="other", because="urgent", level="L3"))
    assert life.level == "L3"
    for level in ("L1", "L3"):
        command = c.Escalate(by=BOT, reason="other", because="urgent", level=level)
        assert "is at L3 already" in life.refused(NotNow, command)
    unknown = c.Escalate(by=BOT, reason="other", because="urgent", level="L9")
    assert "has no level L9; it has L1, L2, L3" in life.refused(Unknown, unknown)
    life.send(c.Escalate(by=BOT, reason="other", because="urgent"))
    assert life.rung.targets == ("role:boss",)


def test_neither_strangers_nor_triage_nor_a_review_can_be_sent_up() -> None:
    up = c.Escalate(by=BOT, reason="other", because="urgent")
    triage = Life(small())
    triage.open(context={"summary": None})
    assert "is still in triage; it goes to L1 as soon as it may" in triage.refused(NotNow, up)
    assert "is in review" in opened(small()).resolved().refused(NotNow, up)
    stranger = c.Escalate(by="person:stranger", reason="other", because="urgent")
    assert "neither in the working group" in opened(small()).refused(NotAllowed, stranger)


@pytest.mark.req("WLF-9")
def test_it_is_offered_to_people_and_teams_and_never_to_a_queue() -> None:
    for life in (opened(small()), opened(SERVICE)):
        assert all(target.partition(":")[0] in ("person", "team", "role", "oncall") for target in life.rung.targets)
    with pytest.raises(ValidationError):
        c.OfferHandoff(by=ANN, to="queue:billing", because="theirs", expectation="an answer")
    with pytest.raises(ValidationError):
        small(owner="queue:billing")


@pytest.mark.req("SUP-8")
def test_what_nobody_confirmed_to_own_is_chased() -> None:
    life = opened(small())
    before = len(life.told(MessageKind.PAGE))
    life.pass_time("30m")
    assert life.state.owner is None
    assert len(life.told(MessageKind.PAGE)) > before
