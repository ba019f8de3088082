"""Automations: if this happens and that is true, then do these things, and say so."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from escalation.errors import DocumentError
from escalation.foresight import forecast
from escalation.lifecycle import evolve
from escalation.lifecycle.details import markdown
from escalation.lifecycle.explanation import explanation
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.people.search import Search
from escalation.playbook.load import load
from escalation.playbook.schema import Playbook, compact
from starter.story import tell
from tests.domain.builders import ANN, BOB, BOT, COMPANY, CYD, EVE, GUS, IDA, OFFICE, START, Life, opened, small

STATUSES = [
    {"status": "Calling", "stage": "assignment"},
    {"status": "In progress", "stage": "resolution"},
    {"status": "On hold", "stage": "resolution", "waiting_on": "hold"},
]


def automation(on: str | list[str], *then: dict[str, Any], **more: Any) -> dict[str, Any]:
    listened = [on] if isinstance(on, str) else on
    return {"id": "auto", "on": listened, "then": list(then), **more}


def automated(*automations: dict[str, Any], **changes: Any) -> Playbook:
    return small(automations=list(automations), statuses=STATUSES, **changes)


def note(text: str = "noted") -> dict[str, Any]:
    return {"do": "comment", "text": text}


def send(*to: str, text: str = "{happened}") -> dict[str, Any]:
    return {"do": "send", "to": list(to), "text": text}


def item(title: str = "look again", due: str = "1h", **more: Any) -> dict[str, Any]:
    return {"do": "add_action_item", "title": title, "due": due, **more}


def comments(life: Life) -> list[str]:
    return [event.text for event in life.all(e.NoteAdded) if event.automation]


def read(life: Life, to: str) -> list[str]:
    """What somebody was told by automations, without where it stands."""
    return [m.body.splitlines()[0] for m in life.sent if m.to == to and m.summary.startswith("automation")]


# --- the sample rule, whole -------------------------------------------------------------------------------------------

SAMPLE = """\
extends: it-service-management
playbook: sample
statuses:
  - {status: New, stage: triage}
  - {status: Paging, stage: assignment}
  - {status: In progress, stage: resolution}
  - {status: Review, stage: review}
automations:
  - use: critical-opened
    then:
      - {id: engineer, to: [oncall:platform], otherwise: role:it-lead}
      - {id: chat, to: [group:platform-ops]}
"""
_ITSM: dict[str, Any] = {
    "record_type": "incident",
    "escalation_type": "alert",
    "impact": "team",
    "urgency": "today",
    "affected_systems": ["shop"],
    "ai_triggered": True,
    "alert.severity": "high",
}


def written(folder: Path, text: str) -> Playbook:
    path = folder / "sample.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path).playbook


@pytest.mark.req("AUT-1", "AUT-4", "AUT-5", "AUT-6", "AUT-7", "AUT-8")
@pytest.mark.parametrize("severity", ["P0", "Critical"])
def test_the_sample_rule_calls_the_engineer_sets_the_status_comments_and_writes_to_the_chat_group(
    tmp_path: Path, severity: str
) -> None:
    life = Life(written(tmp_path, SAMPLE), directory=COMPANY)
    life.open(severity=severity, facts=_ITSM)
    (ran,) = life.all(e.AutomationRan)
    assert (ran.automation, ran.happening, ran.cause) == ("critical-opened", "opened", life.events[0].seq)
    assert ran.facts == {"severity": "P0", "severity.rank": 0.0}
    assert life.rung.targets == ("oncall:platform",)
    on_call = COMPANY.find(Search(targets=("oncall:platform",)), life.now).people
    assert life.told(MessageKind.PAGE) == [each.person for each in on_call]
    assert life.state.status == "In progress"
    assert comments(life) == [
        "New critical escalation recorded. Record a SyncUp update and tag the relevant stakeholders."
    ]
    assert read(life, "group:platform-ops") == [f"New critical escalation {life.state.id}: The refund has not arrived"]


@pytest.mark.req("AUT-5")
def test_the_lead_is_called_when_nobody_is_on_call() -> None:
    assign = {"do": "assign", "to": ["oncall:nobody"], "otherwise": "role:lead"}
    life = opened(automated(automation("opened", assign)))
    assert life.told(MessageKind.PAGE) == [EVE]
    life.pass_time("10m")
    assert life.told(MessageKind.PAGE) == [EVE, EVE]  # the second round too, and not the level's own people
    life.taken_by(EVE)
    assert life.owner == EVE


@pytest.mark.req("AUT-4")
def test_the_sample_rule_leaves_a_milder_escalation_alone(tmp_path: Path) -> None:
    life = Life(written(tmp_path, SAMPLE), directory=COMPANY)
    life.open(severity="P1", facts=_ITSM)
    assert life.all(e.AutomationRan) == []
    assert life.state.status == "Paging"


# --- when it runs -----------------------------------------------------------------------------------------------------


@pytest.mark.req("AUT-1")
def test_a_run_says_because_of_what_and_by_which_facts() -> None:
    life = opened(automated(automation("opened", note(), when="ai_confidence < 0.9", about="the AI is unsure")))
    ran = life.last(e.AutomationRan)
    assert (ran.because, ran.facts, ran.happened) == ("the AI is unsure", {"ai_confidence": 0.62}, "opened as P1")
    (line,) = [line for line in tell(life.events) if isinstance(line.event, e.AutomationRan)]
    assert (line.what, line.why) == (
        "automation auto: opened as P1",
        "the AI is unsure (ai_confidence=0.62)",
    )
    assert explanation(life.state).automations == ("auto: 1 time",)


def test_what_is_not_true_does_nothing_and_leaves_no_trace() -> None:
    plain = opened(small(statuses=STATUSES))
    quiet = opened(automated(automation("opened", note(), when="ai_confidence > 0.9")))
    assert [event.type for event in quiet.events] == [event.type for event in plain.events]


def test_it_runs_once_for_each_event_also_when_it_listens_to_two_names_of_it() -> None:
    life = opened(automated(automation(["severity_changed", "status_changed", "opened"], note("{happened}"))))
    assert comments(life) == ["opened as P1"]
    life.send(c.ChangeSeverity(by=ANN, severity="critical", because="worse"))
    assert comments(life)[1:] == ["the severity is P0 now, it was P1"]
    assert life.state.automation_runs == {"auto": 2}


@pytest.mark.req("AUT-1")
def test_the_same_life_gives_the_same_events_and_they_rebuild_the_state() -> None:
    def lived() -> Life:
        then = (note(), send("team:desk", "owner"), item(owner="role:finance"))
        life = opened(automated(automation(["opened", "owner_changed", "closed"], *then)))
        return life.taken_by(ANN)

    one, other = lived(), lived()
    assert one.events == other.events
    start = Life(one.state.playbook).state
    assert reduce(evolve, one.events, start) == one.state


@pytest.mark.parametrize(
    ("which", "told"), [(["resolution"], ["clock resolution passed its limit"]), (["acknowledge"], []), ([], None)]
)
def test_which_clock_it_is_about_can_be_said(which: list[str], told: list[str] | None) -> None:
    clocks = {
        "resolution": {"within": {"default": "1h"}, "on_breach": "tell"},
        "acknowledge": {"within": {"default": "2h"}, "on_breach": "tell"},
    }
    life = opened(automated(automation("clock_breached", note("{happened}"), which=which), clocks=clocks))
    life.taken_by(ANN)
    life.pass_time("90m")
    assert comments(life) == (told if told is not None else ["clock resolution passed its limit"])


@pytest.mark.parametrize(
    ("happening", "command"),
    [
        ("facts_changed", c.ChangeFacts(by=ANN, facts={"amount": 3.0})),
        ("hold_started", c.PutOnHold(by=ANN, because="waiting", until=START + timedelta(hours=1))),
        ("due_changed", c.ChangeDue(by=ANN, due_at=START + timedelta(hours=9), because="moved")),
        ("status_changed", c.PutOnHold(by=ANN, because="waiting", until=START + timedelta(hours=1))),
        ("handoff_offered", c.OfferHandoff(by=ANN, to=BOB, because="shift", expectation="finish")),
        ("item_added", c.AddItem(by=ANN, title="ask", owner=BOB, due=START + timedelta(hours=5))),
        ("resolution_proposed", c.Resolve(by=ANN, resolution="paid", cause="lost")),
        ("cancelled", c.Cancel(by=ANN, because="opened twice")),
    ],
)
def test_what_people_do_is_heard(happening: str, command: c.Act) -> None:
    life = opened(automated(automation(happening, note("{happened}"))))
    life.taken_by(ANN)
    before = len(comments(life))
    life.send(command)
    assert len(comments(life)) == before + 1


def test_the_end_is_heard_and_what_comes_too_late_is_left_out_and_named() -> None:
    life = opened(
        automated(automation(["closed", "opened"], send("team:experts"), {"do": "set_status", "status": "Calling"}))
    )
    life.resolved()
    sent = len(life.sent)
    life.send(c.SubmitReview(by=ANN, impact="none", cause="c", resolution="r", lessons=("l",)))
    assert life.state.outcome == "closed"
    assert life.last(e.AutomationRan).left_out == ("set_status: it has ended",)
    assert [message.to for message in life.sent[sent:] if message.summary.startswith("automation")] == [
        CYD,
        "person:dan",
    ]


def test_what_is_pinned_of_a_playbook_can_be_read_again(tmp_path: Path) -> None:
    playbook = written(tmp_path, SAMPLE)
    assert Playbook.model_validate_json(json.dumps(compact(playbook))) == playbook


# --- what it does -----------------------------------------------------------------------------------------------------


@pytest.mark.req("AUT-7")
def test_a_comment_is_the_engine_s_and_names_the_automation() -> None:
    life = opened(automated(automation("opened", note("{severity} {status} {owner} {due} {level} {unknown}"))))
    (written_by,) = life.all(e.NoteAdded)
    assert (written_by.by, written_by.automation) == ("system:engine", "auto")
    assert written_by.text == "P1 Calling role:lead no due date L1 {unknown}"
    (line,) = [line.what for line in tell(life.events) if isinstance(line.event, e.NoteAdded)]
    assert line.startswith("automation auto: P1")


def test_what_a_customer_wrote_is_never_read_as_a_placeholder() -> None:
    life = opened(automated(automation("opened", note("{summary}"))), context={"summary": "{owner} {id}"})
    assert comments(life) == ["{owner} {id}"]


@pytest.mark.req("AUT-6")
def test_a_status_that_was_set_lasts_until_the_stage_changes_and_does_not_come_back() -> None:
    life = opened(automated(automation("opened", {"do": "set_status", "status": "In progress"})))
    assert (life.state.stage, life.state.status) == ("assignment", "In progress")
    assert situation(life.state, life.now).status == "In progress"
    life.taken_by(ANN)
    life.send(c.PutOnHold(by=ANN, because="waiting", until=life.now + timedelta(hours=1)))
    assert life.state.status == "On hold"
    assert life.state.shown_status is None


def test_a_status_that_was_set_is_not_ended_by_itself_after_the_escalation_has() -> None:
    life = opened(
        automated(
            automation("reported_again", {"do": "set_status", "status": "Calling"}),
            automation("closed", note("over")),
        )
    )
    life.taken_by(ANN)
    life.open(request_id="r-2")
    assert life.state.shown_status is not None
    happened = life.send(c.Cancel(by=ANN, because="by mistake"))
    assert life.state.ended
    last = [event.type for event in happened]
    assert "status_set" not in last[last.index("cancelled") :], last


@pytest.mark.req("AUT-8")
def test_a_message_goes_to_people_teams_roles_a_chat_group_owner_and_requester() -> None:
    targets = ("person:ann", "team:experts", "role:boss", "group:experts", "owner", "requester")
    life = opened(automated(automation("owner_changed", send(*targets, text="taken"))))
    before = len(life.sent)
    life.taken_by(BOB)
    to = {m.to for m in life.sent[before:] if m.summary.startswith("automation")}
    assert to == {ANN, CYD, "person:dan", "person:fay", "group:experts", BOB, BOT}


def test_while_nobody_owns_it_whoever_is_accountable_reads_what_is_for_the_owner() -> None:
    life = opened(automated(automation("opened", send("owner"))))
    assert read(life, EVE) == ["opened as P1"]


def test_a_customer_who_asked_reads_the_text_and_nothing_of_how_it_is_worked_on() -> None:
    life = opened(automated(automation("opened", send("requester", text="We are on it."))), requested_by="customer:c-1")
    (message,) = [m for m in life.sent if m.kind is MessageKind.CUSTOMER]
    assert message.body == "We are on it."


def test_a_chat_group_hears_nothing_of_a_case_that_is_about_somebody() -> None:
    life = opened(automated(automation("opened", send("group:experts"))), facts={"concerns": ["cyd"]})
    assert read(life, "group:experts") == []
    assert read(life, EVE) == ["opened as P1"]


def test_a_chat_group_that_cannot_be_reached_is_told_to_whoever_answers_for_it() -> None:
    life = Life(automated(automation("opened", send("group:experts"))), unreachable=("group:experts",))
    life.open()
    assert [m.to for m in life.sent if "chat group group:experts could not be told" in m.body] == [EVE]


@pytest.mark.req("AUT-9")
def test_an_action_item_is_given_to_the_first_of_a_role_and_keeps_it_open() -> None:
    life = opened(automated(automation("review_started", item("tell finance", owner="role:finance"))))
    life.resolved()
    added = life.state.items["i1"]
    assert (added.owner, added.title, added.due, added.automation) == (
        IDA,
        "tell finance",
        life.now + timedelta(hours=1),
        "auto",
    )
    life.send(c.SubmitReview(by=ANN, impact="none", cause="c", resolution="r", lessons=("l",)))
    assert not life.state.ended
    life.send(c.CompleteItem(by=IDA, item="i1"))
    assert life.state.outcome == "closed"


def test_it_does_not_close_while_the_owner_of_an_action_item_is_being_looked_up() -> None:
    life = opened(automated(automation("resolution_confirmed", item(owner="role:finance"))))
    life.taken_by(ANN)
    life.answers = False
    life.resolved()
    life.send(c.SubmitReview(by=ANN, impact="none", cause="c", resolution="r", lessons=("l",)))
    assert not life.state.ended
    life.answer()
    assert [each.owner for each in life.state.open_items] == [IDA]


def test_an_action_item_that_nobody_can_be_found_for_goes_to_the_playbook_s_owner() -> None:
    life = opened(automated(automation("opened", item(owner="role:nobody"))))
    assert life.state.items["i1"].owner == GUS


def test_nobody_is_called_in_place_of_who_owns_it() -> None:
    assign = {"do": "assign", "to": ["team:experts"]}
    life = opened(automated(automation("severity_changed", assign, note())))
    life.taken_by(ANN)
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="worse"))
    assert life.last(e.AutomationRan).left_out == (f"assign: {ANN} owns it",)
    assert comments(life) == ["noted"]
    assert (life.owner, life.state.rung) == (ANN, None)


def test_nobody_is_called_in_place_of_the_last_resort() -> None:
    clocks = {"resolution": {"within": {"default": "1d"}, "on_breach": "tell"}}
    assign = {"do": "assign", "to": ["team:experts"]}
    unreachable = (ANN, BOB, CYD, "person:dan", EVE)
    life = Life(automated(automation("clock_breached", assign), clocks=clocks), unreachable=unreachable)
    life.open()
    life.pass_time("1d")
    assert life.last(e.AutomationRan).left_out == ("assign: the last resort is being called",)
    assert life.rung.last_resort


def test_an_action_item_is_never_given_to_an_owner_whom_the_case_is_about() -> None:
    life = opened(automated(automation("facts_changed", item(owner="owner"))))
    life.taken_by(ANN)
    life.send(c.ChangeFacts(by=BOB, facts={"concerns": ("ann",)}))
    assert life.state.items["i1"].owner == EVE


def test_a_raised_severity_has_its_own_reasons_and_never_falls() -> None:
    triggers = [
        {"id": "unsure", "when": "ai_confidence < confidence.threshold"},
        {"id": "worst", "when": 'severity == "P0"', "level": "L3"},
    ]
    worst = {"do": "raise_severity", "severity": "critical"}
    life = opened(automated(automation("owner_changed", worst), triggers=triggers))
    life.taken_by(ANN)
    assert (life.state.severity, life.level, life.reasons) == ("P0", "L3", ["unsure", "worst"])


def test_what_a_raised_severity_lets_through_and_starts_happens_at_once() -> None:
    playbook = automated(
        automation("opened", {"do": "raise_severity", "severity": "P0"}),
        context={
            "required": ["summary", "impact"],
            "complete_within": "10m",
            "incomplete_allowed": "severity.rank == 0.0",
        },
        clocks={"worst": {"stops": "resolved", "when": 'severity == "P0"', "within": {"default": "2h"}}},
    )
    life = opened(playbook, context={"impact": None})
    assert (life.state.severity, life.level, life.state.input_request) == ("P0", "L1", None)
    assert life.state.clocks["worst"].due == START + timedelta(hours=2)
    assert set(life.told(MessageKind.PAGE)) == {ANN, BOB}


def test_a_raised_severity_that_needs_a_script_or_no_approval_any_more_has_it_at_once() -> None:
    script = {"id": "stop", "when": 'severity == "P0"', "script": "stop-sales", "within": "5m"}
    gate = {"id": "final", "before": "review", "when": 'severity != "P0"', "approvers": ["role:boss"], "deadline": "1d"}
    worst = automation("item_added", {"do": "raise_severity", "severity": "P0"})
    added = c.AddItem(by=ANN, owner=ANN, title="count them", due=START + timedelta(days=1))
    life = opened(automated(worst, recoveries=[script]))
    life.answers = False
    life.send(added)
    assert life.last(e.RecoveryDecided).recovery == "stop"
    solved = opened(automated(worst, gates=[gate])).resolved()
    assert solved.gate("final").state == "pending"
    solved.answers = False
    solved.send(added)
    assert (solved.gate("final").state, solved.state.review is not None) == ("withdrawn", True)


# --- no chains --------------------------------------------------------------------------------------------------------


@pytest.mark.req("AUT-1")
def test_what_an_automation_does_never_starts_another_one() -> None:
    first = automation(
        "opened",
        {"do": "raise_severity", "severity": "P0"},
        {"do": "set_status", "status": "In progress"},
        item(owner="role:finance"),
        id="first",
    )
    second = automation(["severity_changed", "status_changed", "item_added"], note(), id="second")
    life = opened(automated(first, second))
    assert (life.state.severity, life.state.status, len(life.state.items)) == ("P0", "In progress", 1)
    assert life.state.automation_runs == {"first": 1}


def test_an_automation_that_is_switched_off_does_nothing() -> None:
    assert opened(automated(automation("opened", note(), enabled=False))).all(e.AutomationRan) == []


def test_a_forecast_runs_them_too() -> None:
    clocks = {"resolution": {"within": {"default": "1h"}, "on_breach": "tell"}}
    life = opened(automated(automation("clock_breached", send("team:experts")), clocks=clocks))
    coming = forecast(life.state, OFFICE, life.now + timedelta(hours=2))
    told = [event.to for event in coming if isinstance(event, e.AutomationMessage)]
    assert told == [(CYD, "person:dan")]


# --- critical incidents -----------------------------------------------------------------------------------------------

CRITICAL = {"when": 'severity == "P0" && flags.safety', "because": "people may be hurt"}


@pytest.mark.req("ICP-2")
def test_a_critical_incident_is_what_the_playbook_says_and_shows_why() -> None:
    life = opened(automated(critical_incident=CRITICAL), severity="P0", facts={"flags.safety": True})
    became = life.last(e.BecameCritical)
    assert (became.because, became.facts) == ("people may be hurt", {"flags.safety": True, "severity": "P0"})
    says = "people may be hurt (flags.safety=True, severity=P0)"
    assert situation(life.state, life.now).critical == says
    assert explanation(life.state).critical == says
    assert f"**Critical incident:** {says}" in markdown(life.state, life.now).replace("\\_", "_")


@pytest.mark.req("ICP-2")
def test_it_becomes_critical_when_facts_change_and_is_none_any_more_when_they_change_back() -> None:
    told = automation(["became_critical", "no_longer_critical"], send("owner"))
    life = opened(automated(told, critical_incident=CRITICAL), severity="P0")
    life.taken_by(ANN)
    shown = [situation(life.state, life.now).critical]
    for safety in (True, False):
        life.send(c.ChangeFacts(by=ANN, facts={"flags.safety": safety}))
        shown.append(situation(life.state, life.now).critical)
    assert shown == ["", "people may be hurt (flags.safety=True, severity=P0)", ""]
    assert read(life, ANN) == [
        "it is a critical incident: people may be hurt",
        "it is no critical incident any more",
    ]


def test_a_playbook_without_a_definition_has_no_critical_incidents() -> None:
    life = opened(small(), severity="P0", facts={"flags.safety": True})
    assert life.all(e.BecameCritical) == []
    assert situation(life.state, life.now).critical == ""


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("{id: a, on: [opend], then: [{do: comment, text: x}]}", "did you mean `opened`?"),
        ("{id: a, on: [opened], then: []}", "this list is empty"),
        ("{id: a, on: [opened], then: [{do: dance}]}", "dance"),
        ("{id: a, on: [opened], when: no_such, then: [{do: comment, text: x}]}", "there is no fact 'no_such'"),
        ("{id: a, on: [opened], severity: [P9], then: [{do: comment, text: x}]}", "there is no severity 'P9'"),
        (
            "{id: a, on: [opened], then: [{do: comment, text: '{ownr}'}]}",
            "nothing stands in for {ownr}; did you mean `owner`",
        ),
        ("{id: a, on: [opened], then: [{do: set_status, status: Gone}]}", "there is no status 'Gone'"),
        ("{id: a, on: [opened], then: [{do: send, to: [chat], text: x}]}", "group:TEAM"),
        ("{id: a, on: [opened], then: [{do: send, to: ['queue:x'], text: x}]}", "in a queue nobody is responsible"),
        ("{id: a, on: [became_critical], then: [{do: comment, text: x}]}", "this playbook has no critical_incident"),
        ("{id: a, on: [opened], which: [resolution], then: [{do: comment, text: x}]}", "none of those is listened to"),
        ("{id: a, on: [clock_breached], which: [nope], then: [{do: comment, text: x}]}", "there is no 'nope'"),
        (
            "{id: a, on: [item_overdue], then: [{do: add_action_item, title: x, due: 1h}]}",
            "the escalation would never close",
        ),
        (
            "{id: a, on: [status_changed], then: [{do: set_status, status: Review}]}",
            "it would change what it listens to",
        ),
        ("{id: a, on: [severity_changed], then: [{do: raise_severity, severity: P0}]}", "undo what a person"),
        ("{id: a, on: [owner_changed], then: [{do: assign, to: [role:it-lead]}]}", "whoever owns it is not replaced"),
        ("{id: a, on: [level_entered], then: [{do: assign, to: [role:it-lead]}]}", "the same people at every level"),
        ("{id: a, on: [[opened]], then: [{do: comment, text: x}]}", "found a list"),
        ("{id: a, on: [opened], then: [{text: x}]}", "`do` says what is done"),
        ("{id: a, on: [closed], then: [{do: add_action_item, title: x, due: 1h}]}", "comes too late"),
        (
            "{id: a, use: critical-opend}",
            "there is no shipped automation 'critical-opend'; did you mean `critical-opened`?",
        ),
        ("{id: a, use: became-critical}", "this playbook has no critical_incident"),
    ],
)
def test_what_is_wrong_is_refused_at_its_line(tmp_path: Path, lines: str, says: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"extends: it-service-management\nplaybook: mine\nautomations:\n  - {lines}\n", encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load(path)
    assert [finding.line for finding in caught.value.findings] == [4] * len(caught.value.findings)
    assert says in str(caught.value)


def test_of_an_automation_that_uses_none_that_is_shipped_nothing_else_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: it-service-management\nplaybook: mine\nautomations:\n  - {id: a, use: overdue-tell}\n")
    with pytest.raises(DocumentError) as caught:
        load(path)
    assert [finding.path for finding in caught.value.findings] == ["automations.0.use"]


def test_two_automations_of_one_name_are_refused(tmp_path: Path) -> None:
    one = "  - {id: a, on: [opened], then: [{do: comment, text: x}]}\n"
    path = tmp_path / "mine.yaml"
    path.write_text(f"extends: it-service-management\nplaybook: mine\nautomations:\n{one}{one}", encoding="utf-8")
    with pytest.raises(DocumentError, match="id 'a' is used twice under automations"):
        load(path)
