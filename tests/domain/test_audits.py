"""Audits: a sample that can be drawn again, every standard can fail, and who escalates what too often is named."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from escalation.lifecycle.hindsight.audit_words import headline, text
from escalation.lifecycle.hindsight.audits import audit, period_before, sample
from escalation.lifecycle.hindsight.lookback import Lookback
from escalation.lifecycle.hindsight.patterns import Case, patterns
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.audit import Audited, AuditReport, Check, Every, Leads, Period, Standards, Usual
from tests.domain.builders import ANN, BOT, START, Life, gated, opened, small

WEEK = Period(start=datetime(2026, 11, 16, tzinfo=UTC), end=datetime(2026, 11, 23, tzinfo=UTC))
LATER = START + timedelta(days=60)
SOME = [f"run-{number}" for number in range(200)]
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
_EVENT: TypeAdapter[e.Event] = TypeAdapter(e.Event)


def found(life: Life | Sequence[e.Event], until: datetime = LATER, **standards: Any) -> dict[str, str]:
    """What an audit says of it, by check."""
    events = life.events if isinstance(life, Life) else list(life)
    return {each.check: each.says for each in audit(events, Standards.model_validate(standards), until)}


def event(after: timedelta, kind: str, **content: Any) -> e.Event:
    return _EVENT.validate_python({"type": kind, "seq": 1, "at": START + after, "by": ANN, **content})


# --- the sample -----------------------------------------------------------------------------------------------------


@pytest.mark.req("EP-5")
def test_a_sample_is_the_same_whoever_draws_it_and_in_whichever_order_they_stand() -> None:
    drawn = sample(SOME, 20, WEEK)
    assert len(set(drawn)) == 20
    assert drawn == sample(list(reversed(SOME)), 20, WEEK)
    assert drawn == sample([*SOME, *SOME], 20, WEEK)
    assert set(drawn) != set(SOME[:20]), "not the first ones"
    assert set(sample(SOME[:3], 20, WEEK)) == set(SOME[:3]), "of few, all"


@pytest.mark.req("EP-5")
def test_another_period_draws_others_and_everybodys_turn_comes() -> None:
    weeks = [Period(start=WEEK.start + timedelta(days=7 * n), end=WEEK.end + timedelta(days=7 * n)) for n in range(80)]
    times = dict.fromkeys(SOME, 0)
    for week in weeks:
        for one in sample(SOME, 20, week):
            times[one] += 1
    assert sum((count - 8) ** 2 for count in times.values()) / 8 < 260, "as by chance: about as many as there are"
    halves = sum(times[one] for one in SOME[:100]), sum(times[one] for one in SOME[100:])
    assert abs(halves[0] - halves[1]) < 160, "one half is not preferred"


@pytest.mark.parametrize(
    ("every", "at", "start", "end"),
    [
        (Every.WEEK, datetime(2026, 11, 23, 6, tzinfo=UTC), WEEK.start, WEEK.end),
        (Every.WEEK, datetime(2026, 11, 29, 23, tzinfo=UTC), WEEK.start, WEEK.end),
        (Every.MONTH, datetime(2027, 1, 2, 6, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), NEW_YEAR),
    ],
)
def test_the_period_is_the_last_whole_week_or_month(every: Every, at: datetime, start: datetime, end: datetime) -> None:
    assert period_before(every, at) == Period(start=start, end=end)


# --- the standards --------------------------------------------------------------------------------------------------


@pytest.mark.req("EP-5")
def test_one_that_was_led_as_it_should_be_has_no_findings() -> None:
    life = opened(small()).resolved()
    life.send(c.SubmitReview(by=ANN, lessons=("watch the batch",)))
    assert found(life) == {}


@pytest.mark.req("EP-5")
def test_an_acknowledgement_that_came_late_or_never_is_found_by_the_limit_of_its_severity() -> None:
    life = opened(small())
    life.pass_time("8m")
    life.taken_by(ANN)
    assert "acknowledged" not in found(life, severities={"P0": "5m"})
    late = found(life, severities={"P1": "5m"})
    assert late["acknowledged"] == "acknowledged after 8m; P1 is to be acknowledged within 5m"
    never = opened(small())
    assert "nobody acknowledged it within 60d" in found(never)["acknowledged"]
    assert found(never, START + timedelta(minutes=30)) == {}, "its time was not over then"


@pytest.mark.req("EP-5")
def test_a_lapse_of_the_owner_that_lasted_and_a_resolution_without_an_owner_are_found() -> None:
    lapsed = [
        event(timedelta(0), "owner_changed", owner=ANN, previous="", because="taken"),
        event(timedelta(hours=2), "acknowledgement_lapsed", owner=ANN, because="silent"),
    ]
    heard = event(timedelta(hours=4), "note_added", text="back again")
    assert "for 2h more; a lapse may last 1h" in found([*lapsed, heard])["owned"]
    assert "owned" not in found([*lapsed, heard], lapse_at_most="3h")
    assert "owned" in found(lapsed), "nothing was ever heard again"
    alone = [event(timedelta(hours=1), "resolution_proposed", resolution="paid")]
    assert "nobody had owned it" in found(alone)["owned"]


@pytest.mark.req("EP-5")
def test_people_called_over_an_incomplete_packet_are_found_unless_an_exception_says_why() -> None:
    life = Life(small(context={"required": ["summary", "impact"], "complete_within": "10m"}))
    life.open(context={"impact": None})
    life.pass_time("11m")
    assert life.all(e.ExceptionUsed), "the engine itself makes an exception"
    assert "packet" not in found(life)
    without = [each for each in life.events if not isinstance(each, e.ExceptionUsed)]
    assert "although impact was missing" in found(without)["packet"]


@pytest.mark.req("EP-5")
def test_a_decision_without_a_reason_is_found() -> None:
    life = opened(gated({})).taken_by(ANN)
    approve = {"by": "person:hal", "gate": "gate1", "digest": life.gate().digest}
    life.send(c.Approve.model_validate(approve))
    assert found(life)["decisions"] == "approval gate1, round 1: approved by person:hal without a reason"
    other = opened(gated({})).taken_by(ANN)
    other.send(c.Approve.model_validate({**approve, "digest": other.gate().digest, "because": "within the budget"}))
    assert "decisions" not in found(other)


@pytest.mark.req("EP-5")
def test_a_review_that_came_late_or_is_not_there_yet_is_found() -> None:
    life = opened(small()).resolved()
    began = life.last(e.ReviewStarted).at
    assert "reviewed" not in found(life, began + timedelta(days=3), reviewed_within="3d")
    assert "is not handed in after 4d" in found(life, began + timedelta(days=4), reviewed_within="3d")["reviewed"]
    life.pass_time("5d")
    life.send(c.SubmitReview(by=ANN, lessons=("watch the batch",)))
    assert "handed in after 5d; it is due within 3d" in found(life, reviewed_within="3d")["reviewed"]


@pytest.mark.req("EP-5")
def test_an_action_item_that_nobody_has_is_found_until_somebody_claims_it() -> None:
    added = event(timedelta(0), "item_added", item="i1", title="x", owner="team:desk", due=LATER)
    assert "action item i1 is not done and has no owner" in found([added])["items"]
    claimed = event(timedelta(hours=1), "item_claimed", item="i1", was="team:desk")
    dropped = event(timedelta(hours=1), "item_dropped", item="i1", because="not needed")
    assert found([added, claimed]) == found([added, dropped]) == {}


@pytest.mark.req("EP-5")
def test_only_what_the_standards_name_is_checked() -> None:
    assert found(opened(small()), checks=[Check.REVIEWED]) == {}


# --- patterns -------------------------------------------------------------------------------------------------------


def case(number: int, by: str = BOT, trigger: str = "unsure", *, teams: tuple[str, ...] = (), **said: Any) -> Case:
    one = Lookback(escalation_id=f"e-{number}", playbook="small", source="chatbot", requested_by=by, **said)
    return Case(one, (trigger,), teams)


@pytest.mark.req("EP-M4")
def test_who_escalates_what_too_often_is_named_with_what_to_do() -> None:
    eva = [case(n, "person:eva", "by_hand", could_have_stayed=n < 6) for n in range(12)]
    ian = [case(n, "person:ian", "by_hand") for n in range(10)]
    bot = [case(n, BOT, "unsure", could_have_stayed=True) for n in range(11)]
    review = patterns([*eva, *ian, *bot], Usual())
    often = [each for each in review.suggestions if "times because of" in each.says]
    assert [(each.leads, each.of) for each in often] == [
        (Leads.TRAINING, "person:eva"),
        (Leads.IMPROVEMENT, "small: unsure"),
    ]
    assert (
        "person:eva escalated 12 times because of small: by_hand; more than 10 is unusual, and 6 of them"
        in often[0].says
    )
    assert "Raise the trigger's threshold" in often[1].says
    raised = patterns([*eva, *ian, *bot], Usual(times=12)).suggestions
    assert not [each for each in raised if "times because of" in each.says], "it is the declared number that counts"


@pytest.mark.req("EP-M4")
def test_escalations_are_counted_by_source_trigger_kind_of_requester_and_team() -> None:
    some = [
        *(case(n, could_have_stayed=True) for n in range(3)),
        case(3, late=True),
        case(4, "person:eva", "by_hand", teams=("desk",), ai_would_have_been_right=True),
        case(5, "customer:c-17", "by_hand"),
    ]
    counts = {
        (each.by, each.of): (each.escalations, each.unwarranted, each.late, each.ai_right)
        for each in patterns(some, Usual()).patterns
    }
    assert counts["source", "chatbot"] == (6, 3, 1, 1)
    assert counts["trigger", "small: unsure"] == (4, 3, 1, 0)
    assert counts["requester kind", "agent"] == (4, 3, 1, 0)
    assert counts["team", "team:desk"] == (1, 0, 0, 1)
    assert counts["requester", "customers"] == (1, 0, 0, 0), "no customer is named"


@pytest.mark.req("EP-M4")
def test_shares_beyond_the_usual_become_improvements_of_triggers_and_training_of_teams() -> None:
    some = [case(n, "person:eva", "by_hand", teams=("desk",), late=n < 3, could_have_stayed=n > 3) for n in range(6)]
    said = {(each.leads, each.of): each.says for each in patterns(some, Usual(unwarranted=0.5)).suggestions}
    assert said[Leads.IMPROVEMENT, "small: by_hand"].endswith(
        "Lower its threshold, or have its facts reported earlier."
    )
    assert (
        "3 of 6 escalations of team team:desk came late; more than 30% is unusual." in said[Leads.TRAINING, "team:desk"]
    )
    assert patterns(some[:4], Usual()).suggestions == (), "so few say nothing"
    right = [case(n, ai_would_have_been_right=True) for n in range(5)]
    assert any("Let the AI go on in such cases" in each.says for each in patterns(right, Usual()).suggestions)


def test_the_report_in_words_names_findings_and_suggestions() -> None:
    findings = audit(opened(small()).events, Standards(), LATER)
    review = patterns([case(n, "person:eva", could_have_stayed=True) for n in range(11)], Usual())
    report = AuditReport(
        period=WEEK, of=9, audited=(Audited(escalation_id="e-1", instance="r", findings=findings),), review=review
    )
    assert headline(report).startswith(
        "Audit of 2026-11-16 00:00 to 2026-11-23 00:00 UTC: 1 finding in 1 of 9 escalations"
    )
    assert "- e-1: nobody acknowledged it within 60d" in text(report)
    assert "Training needs:\n- person:eva escalated 11 times" in text(report)
