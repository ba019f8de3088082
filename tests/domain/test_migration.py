"""An open escalation keeps its playbook until its owner moves it to another; what stands in the way is named."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.foresight import forecast
from escalation.lifecycle.explanation import explanation
from escalation.lifecycle.incident.views import action_plan
from escalation.lifecycle.migration import Preview, preview
from escalation.lifecycle.situation import ledger_row, situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.model.state import Escalation
from escalation.playbook.differences import differences
from escalation.playbook.schema import LoadedPlaybook, Playbook, fingerprint
from tests.domain.builders import _SMALL, ANN, BOB, CYD, HAL, IDA, OFFICE, START, Life, gated, opened, small
from tests.domain.invariants import check_history, check_views

LEVELS = _SMALL["levels"]
CLOCKS = {"resolution": {"within": {"default": "8h"}, "on_breach": "tell"}}


def loaded(playbook: Playbook) -> LoadedPlaybook:
    return LoadedPlaybook(playbook=playbook, digest=fingerprint(playbook))


def second(**changes: Any) -> LoadedPlaybook:
    return loaded(small(**{"version": 2, **changes}))


def move(life: Life, found: LoadedPlaybook | None, by: str = ANN, **changes: Any) -> list[e.Event]:
    """Ask for another version, with this one on the shelf."""
    life.shelf = found
    return life.send(c.Migrate(by=by, because="the new hours hold", **changes))


def refused(life: Life, found: LoadedPlaybook | None, **changes: Any) -> str:
    """Ask for one that cannot be followed; return why not."""
    before = life.state
    move(life, found, **changes)
    assert (life.state.playbook, life.state.playbook_digest, life.state.migration) == (
        before.playbook,
        before.playbook_digest,
        None,
    )
    assert (life.sent[-1].to, life.sent[-1].kind) == (ANN, MessageKind.WARNING)
    return life.last(e.MigrationRefused).because


def test_the_owner_moves_it_and_from_then_on_the_other_version_counts() -> None:
    life = opened(small()).taken_by(ANN)
    pinned = life.state.playbook_digest
    found = second(levels=[LEVELS[0], {**LEVELS[1], "ack": "5m"}, LEVELS[2]])
    move(life, found)
    done = life.last(e.Migrated)
    assert (done.by, done.digest, done.to_digest, done.version, done.to_version) == (ANN, pinned, found.digest, 1, 2)
    assert "level L2: ack 5m, before 15m" in done.differences
    assert (ledger_row(life.state).playbook_digest, life.state.playbook_digest) == (found.digest, found.digest)
    assert explanation(life.state).migrations == situation(life.state, life.now).migrations
    assert (
        f"from v1 ({pinned}) to v2 ({found.digest}) by {ANN}: the new hours hold" in explanation(life.state).migrations
    )
    life.pass_time("2h")
    assert life.rung.due - life.rung.opened_at == timedelta(minutes=5)
    check_views(life.state)
    check_history(Life(small()).state, life.state, life.events)
    assert Escalation.model_validate_json(life.state.model_dump_json()).playbook == found.playbook


def test_without_it_the_pinned_version_stays_whatever_stands_in_the_file() -> None:
    life = opened(small()).taken_by(ANN)
    life.shelf = second(levels=[{**LEVELS[0], "ack": "1m"}, *LEVELS[1:]])
    before = life.state.playbook
    life.pass_time("3h")
    life.send(c.Acknowledge(by=CYD))
    life.resolved(CYD)
    assert (life.state.playbook, life.state.migrations) == (before, ())


@pytest.mark.parametrize(
    ("found", "to", "why"),
    [
        (None, "latest", "there is no such playbook"),
        (second(status="draft"), "latest", "v2 of small is a draft: only an active one can be followed"),
        (second(status="retired"), "v2", "v2 of small is a retired"),
        (second(playbook="other"), "latest", "other is another playbook"),
        (second(), "v3", "there is no v3 of playbook small; what is in use is v2"),
        (
            second(severity={**_SMALL["severity"], "scale": [{"name": "S1"}], "default": "S1"}),
            "latest",
            "change the severity",
        ),
        (second(levels=[{**LEVELS[2], "id": "top"}]), "latest", "level L1, where it is, is not in v2, which has top"),
        (
            second(fields={"amount": {"type": "text"}}, defaults={}),
            "latest",
            "facts.amount does not fit v2: must be a text",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused_with_why_and_told_to_who_asked(
    found: LoadedPlaybook | None, to: str, why: str
) -> None:
    life = opened(small(), facts={"amount": 5.0}).taken_by(ANN)
    assert why in refused(life, found, to=to)


def test_the_version_that_is_pinned_already_is_refused_at_once_or_when_it_is_seen() -> None:
    life = opened(small()).taken_by(ANN)
    digest = life.state.playbook_digest
    assert "pinned to" in life.refused(AlreadyDone, c.Migrate(by=ANN, because="?", to=digest))
    assert "the very one that is pinned already" in refused(life, LoadedPlaybook(playbook=small(), digest=digest))


def test_only_who_answers_for_it_moves_it_once_at_a_time_and_nothing_that_has_ended() -> None:
    life = opened(small()).taken_by(ANN)
    told = life.refused(NotAllowed, c.Migrate(by=BOB, because="?"))
    assert told == f"{BOB} is not accountable for {life.state.id}; by which version it goes on is decided by {ANN}"
    life.refused(NotAllowed, c.Migrate(by="agent:bot", because="?"))
    life.answers = False
    life.send(c.Migrate(by=ANN, because="the first"))
    assert "it is being loaded" in life.refused(AlreadyDone, c.Migrate(by=ANN, because="the second"))
    nobody = opened(small())
    move(nobody, second(), by=BOB)  # who is called, while nobody owns it
    assert len(nobody.all(e.Migrated)) == 1
    done = opened(small()).resolved()
    done.send(c.SubmitReview(by=ANN, lessons=("watch it",)))
    done.refused(NotNow, c.Migrate(by=ANN, because="?"))


def test_a_level_that_is_gone_is_mapped_and_pages_under_way_go_on() -> None:
    life = opened(small())
    rung = life.rung
    tiers = [{**level, "id": name} for level, name in zip(LEVELS, ("tier1", "tier2", "tier3"), strict=True)]
    legal = {"id": "legal", "when": "flags.legal", "level": "tier2"}
    found = second(levels=[{**tiers[0], "dwell": "3h"}, *tiers[1:]], triggers=[*_SMALL["triggers"][:2], legal])
    move(life, found, by=ANN, levels={"L1": "tier1"})
    assert life.last(e.Migrated).effects[0] == "level L1 is tier1 from now on"
    assert (life.level, life.rung.id, life.rung.due) == ("tier1", rung.id, rung.due)
    assert life.state.level is not None
    assert life.state.level.dwell_due == START + timedelta(hours=3), "counted from when it came to the level"
    life.send(c.Acknowledge(by=ANN))
    assert life.owner == ANN
    life.pass_time("3h")
    assert life.level == "tier2"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"levels": {"L9": "tier1"}}, "levels names L9, and v1 of small has L1, L2, L3"),
        ({"paths": {"short": "long"}}, "paths names short, and v1 of small has none"),
        ({"drop": ("ghost",)}, "drop names ghost, and escalation-chatbot-conv-1 (approvals, clocks, facts) has "),
    ],
)
def test_a_mapping_of_what_is_not_there_is_refused_at_once(wrong: dict[str, Any], why: str) -> None:
    life = opened(small()).taken_by(ANN)
    assert why in life.refused(Unknown, c.Migrate(by=ANN, because="?", **wrong))


def test_a_mapping_to_what_is_not_there_is_refused_when_that_is_seen() -> None:
    told = refused(opened(small()).taken_by(ANN), second(), levels={"L1": "tier9"})
    assert "level L1 is to be tier9, and v2 has L1, L2, L3" in told


def test_clocks_are_set_anew_from_when_they_began_and_one_that_is_gone_is_named() -> None:
    life = opened(small(clocks=CLOCKS)).taken_by(ANN)
    life.pass_time("1h")
    assert "clock resolution runs and is not in v2" in refused(life, second())
    move(life, second(clocks={"resolution": {"within": {"default": "3h"}, "on_breach": "tell"}}))
    clock = life.state.clocks["resolution"]
    assert (clock.started_at, clock.due) == (START, START + timedelta(hours=3))
    assert (life.last(e.ClockStarted).was_due, life.last(e.ClockStarted).because) == (
        START + timedelta(hours=8),
        "another version of the playbook",
    )
    move(life, loaded(small(version=3)), drop=("resolution",))
    assert life.state.clocks == {}
    move(life, loaded(small(version=4, clocks={"resolution": {"within": {"default": "2h"}}})))
    assert life.state.clocks["resolution"].due == START + timedelta(hours=2)


def test_a_pause_stays_lost_and_a_clock_that_is_new_stands_still_while_it_is_on_hold() -> None:
    life = opened(small(clocks=CLOCKS)).taken_by(ANN)
    life.send(c.PutOnHold(by=ANN, because="the bank is closed"))
    move(life, second(clocks={"resolution": {"within": {"default": "6h"}}, "promise": {"within": {"default": "9h"}}}))
    assert {name: clock.paused for name, clock in life.state.clocks.items()} == {"resolution": True, "promise": True}
    life.pass_time("1h")
    life.send(c.Resume(by=ANN))
    assert life.state.clocks["resolution"].due == START + timedelta(hours=7)


def test_a_vote_under_another_policy_is_void_and_the_approval_asked_anew() -> None:
    gate = {"when": "true", "subject": ["amount"], "approvers": ["role:security", "role:finance"], "need": 2}
    life = opened(gated(gate)).taken_by(ANN)
    life.send(c.Approve(by=HAL, gate="gate1"))
    same = gated(gate, version=2)
    move(life, loaded(same))
    assert [vote.by for vote in life.gate().votes] == [HAL], "the same policy: what was decided stands"
    move(life, loaded(gated({**gate, "need": 1, "deadline": "5h"}, version=3)))
    assert (life.gate().round, life.gate().votes, life.gate().state) == (2, (), "pending")
    assert "the playbook says something else of it now" in life.last(e.GateClosed).because
    life.send(c.Approve(by=IDA, gate="gate1"))
    assert life.gate().state == "passed"


def test_an_approval_that_is_waited_for_and_would_be_gone_is_decided_first_or_dropped() -> None:
    life = opened(gated({"when": "true", "subject": ["amount"]})).taken_by(ANN)
    assert "approval gate1 is waited for and is not in v2: decide it first" in refused(life, second())
    move(life, second(), drop=("gate1",))
    assert life.state.gates == {}
    life.resolved()
    assert life.state.review is not None


def test_a_path_that_is_gone_is_mapped_and_paths_that_are_new_are_chosen_from() -> None:
    usual = {"id": "usual", "levels": ["L1", "L3"]}
    life = opened(small(paths=[usual])).taken_by(ANN)
    other = second(paths=[{"id": "short", "levels": ["L1", "L2"]}])
    assert "path usual, which it climbs, is not in v2" in refused(life, other)
    move(life, other, paths={"usual": "short"})
    assert life.state.path == "short"
    plain = opened(small()).taken_by(ANN)
    move(plain, other)
    assert plain.state.path == "short"
    away = second(paths=[{"id": "far", "levels": ["L3"]}])
    assert "none of its paths (far) is for this case at level L1" in refused(opened(small()).taken_by(ANN), away)


def test_its_triggers_and_severity_rules_speak_at_once() -> None:
    life = opened(small(), facts={"topic": "safety"}).taken_by(ANN)
    unsafe = {"id": "unsafe", "when": 'topic == "safety"', "level": "L2", "severity": "P0"}
    move(life, second(triggers=[*_SMALL["triggers"], unsafe]))
    assert (life.reasons, life.state.severity, life.level) == (["unsure", "unsafe"], "P0", "L2")
    check_views(life.state)


def test_what_nobody_is_told_of_any_more_falls_due_no_more() -> None:
    talk = {
        "stakeholders": [{"name": "board", "audience": "management", "target": "role:boss"}],
        "cadence": {"default": {"every": "1h", "chase": "20m"}},
        "summaries": {"when": "true", "within": "1h"},
    }
    life = opened(small(communication=talk)).taken_by(ANN)
    assert life.state.communication is not None
    move(life, second())
    assert situation(life.state, life.now).communication is None
    life.pass_time("90m")
    assert not life.all(e.UpdateOverdue)
    back = loaded(small(version=3, communication={**talk, "summaries": None}))
    move(life, back)
    assert life.state.communication is not None


# --- looking before ---------------------------------------------------------------------------------------------------


def test_a_preview_says_what_would_change_and_come_next_and_changes_nothing() -> None:
    life = opened(small(clocks=CLOCKS)).taken_by(ANN)
    found = second(
        clocks={"resolution": {"within": {"default": "1h"}}}, levels=[{**LEVELS[0], "dwell": "30m"}, *LEVELS[1:]]
    )
    before = life.state
    seen = preview(before, found, c.Migrate(by=ANN, because="?"), life.now)
    assert life.state is before
    assert (seen.obstacles, seen.to_digest) == ((), found.digest)
    assert seen.differences == (
        "version 2, before 1",
        "level L1: dwell 30m, before 2h",
        "clock resolution: within: default 1h, before 8h",
        "clock resolution: on_breach is gone, before tell",
    )
    assert "it may stay at L1 until 2026-11-20 10:30 UTC" in seen.effects
    assert seen.after is not None
    coming = [forecast(state, OFFICE, START + timedelta(hours=1)) for state in (before, seen.after)]
    assert [any(isinstance(event, e.LevelEntered) for event in events) for events in coming] == [False, True]
    move(life, found)
    assert life.state.level == seen.after.level
    assert life.state.clocks == seen.after.clocks


def test_a_preview_names_every_obstacle_also_that_somebody_may_not() -> None:
    life = opened(small(clocks=CLOCKS)).taken_by(ANN)
    found = second(levels=[{**LEVELS[2], "id": "top"}])
    seen: Preview = preview(life.state, found, c.Migrate(by=ANN, because="?"), life.now)
    assert len(seen.obstacles) == 2
    assert seen.after is None
    (told,) = preview(life.state, found, c.Migrate(by=BOB, because="?"), life.now).obstacles
    assert "is not accountable" in told


def test_differences_name_what_is_added_gone_and_said_otherwise_and_nothing_else() -> None:
    before = gated({"when": "true"}, clocks=CLOCKS)
    after = small(
        version=2,
        triggers=[_SMALL["triggers"][0], {**_SMALL["triggers"][2], "level": "L3"}],
        levels=[LEVELS[0], {**LEVELS[1], "id": "L1b"}, *LEVELS[1:]],
        raci={**_SMALL["raci"], "review": {"responsible": ["owner"], "accountable": "role:boss"}},
    )
    assert differences(before, before) == ()
    assert differences(before, after) == (
        "version 2, before 1",
        "trigger by_hand is gone",
        "trigger legal: level L3, before L2",
        "level L1b is new",
        "approval gate1 is gone",
        "clock resolution is gone",
        "responsible in stage review: accountable role:boss, before role:lead",
    )


# --- an action plan whose approval the other version does not have ----------------------------------------------------

STOP = {"id": "failover", "when": 'topic == "one"', "approvers": ["role:security"], "subject": ["topic"]}


def planned(*, asked: bool) -> tuple[Life, LoadedPlaybook]:
    """An incident with a step behind an approval, which the other version does not have."""
    life = opened(gated(STOP, incident={})).taken_by(ANN)
    life.send(c.DeclareIncident(by=ANN, because="nobody can pay"))
    filed: dict[str, Any] = {"by": ANN, "text": "switch over"}
    checkpoint = c.FileInPlan(**filed, section="approval_checkpoints", typed="approval", gate="failover")
    due = life.now + timedelta(hours=2)
    life.send(checkpoint)
    life.send(c.FileInPlan(**filed, section="execution_plan", typed="execution", owner=ANN, due=due, behind="p1"))
    if asked:
        life.send(c.ChangeFacts(by=ANN, facts={"topic": "one"}))
    return life, second(incident={}, levels=life.state.playbook.model_dump(mode="json")["levels"])


DONE = c.CompleteItem(by=ANN, item="i1")


def test_a_step_behind_an_approval_that_is_gone_is_named_and_waits_no_longer_once_that_was_said_to_be_meant() -> None:
    life, found = planned(asked=False)
    life.refused(NotNow, DONE)
    why = "checkpoint p1 of the action plan stands for approval failover, which is not in v2, and action items i1 wait"
    assert why in refused(life, found)
    shown = preview(life.state, found, c.Migrate(by=ANN, because="?"), life.now)
    assert why in shown.obstacles[0]
    dropping = preview(life.state, found, c.Migrate(by=ANN, because="?", drop=("failover",)), life.now)
    assert dropping.obstacles == ()
    assert any("checkpoint p1 of the action plan falls away" in effect for effect in dropping.effects)
    move(life, found, drop=("failover",))
    assert life.last(e.Migrated).to_version == 2
    life.send(DONE)
    assert life.state.items["i1"].done_at is not None
    assert action_plan(life.state).approval_checkpoints[0].state == "fell away"


def test_an_approval_that_was_given_counts_for_its_step_under_a_version_without_it() -> None:
    life, found = planned(asked=True)
    assert "approval failover is waited for" in refused(life, found)
    life.send(c.Approve(by=HAL, gate="failover"))
    shown = preview(life.state, found, c.Migrate(by=ANN, because="?"), life.now)
    assert any("checkpoint p1 of the action plan counts as passed" in effect for effect in shown.effects)
    move(life, found)
    assert action_plan(life.state).approval_checkpoints[0].state == "passed"
    life.send(DONE)
    assert life.state.items["i1"].done_at is not None


def test_a_pending_approval_that_may_fall_away_takes_its_checkpoint_with_it() -> None:
    life, found = planned(asked=True)
    move(life, found, drop=("failover",))
    life.send(DONE)
    assert life.state.items["i1"].done_at is not None
    check_history(Life(gated(STOP, incident={})).state, life.state, life.events)


def test_what_was_recorded_under_older_rules_was_moved_over_it_and_its_step_is_free_too() -> None:
    life, found = planned(asked=False)
    life.state = life.state.changed({"rules": 1})
    move(life, found)
    life.send(DONE)
    assert life.state.items["i1"].done_at is not None


def test_what_was_asked_is_answered_however_full_the_state_is(monkeypatch: pytest.MonkeyPatch) -> None:
    life = opened(small()).taken_by(ANN)
    life.answers = False
    move(life, second())
    monkeypatch.setattr(sys.modules["escalation.lifecycle.decide"], "MOST_BYTES", 1)
    life.answer()
    assert (life.state.playbook.version, life.state.migration) == (2, None)
