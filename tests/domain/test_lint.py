"""The proof that somebody is told: what it finds, when it begins, and that it says nothing where nothing is wrong."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from textwrap import dedent
from typing import Any

import pytest

from escalation.documents import Document, parse_document
from escalation.foresight.lint import Foreseen, Weight, prove
from escalation.people.directory import Directory, check_directory
from escalation.people.feeds import FeedShift, Heard
from escalation.people.search import Search
from escalation.playbook.load import load
from escalation.playbook.schema import Playbook
from tests.domain.builders import COMPANY, START, small

DAYS = 30
STAGES = ("triage", "assignment", "approval", "resolution", "review")
INBOX = [{"channel": "inbox", "address": "x"}]
OFFICE_HOURS = {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


def directory(**changes: Any) -> Directory:
    """A desk with a rotation, experts, a boss and a deputy; ``changes`` replace sections, or one person's fields."""
    people = {
        name: {"id": name, "name": name, "time_zone": "UTC", "contacts": INBOX} | changes.get(name, {})
        for name in ("ann", "bob", "cyd", "eve", "dan")
    }
    turns = {"people": ["ann", "bob"], "time_zone": "UTC", "starts_on": "2026-11-16"}
    content = {
        "people": list(people.values()),
        "teams": [
            {"id": "desk", "name": "Desk", "members": ["ann", "bob"], "oncall": "days"},
            {"id": "experts", "name": "Experts", "members": ["cyd"]},
        ],
        "roles": {"boss": {"holders": ["eve", "dan"]}, "security": {"holders": ["dan"]}},
        "rotations": {
            "days": {**turns, "hand_over": {"weekday": "monday", "at": "09:00"}, **changes.get("days", {})},
        },
    }
    return Directory.model_validate(content)


def playbook(**changes: Any) -> Playbook:
    levels = [
        {"id": "L1", "targets": ["team:desk"], "ack": "15m", "dwell": "2h"},
        {"id": "L2", "targets": ["team:experts"], "ack": "15m", "dwell": "2h", "last_resort": "role:boss"},
    ]
    raci: dict[str, Any] = {stage: {"responsible": ["owner"], "accountable": "role:boss"} for stage in STAGES}
    return small(**{"levels": levels, "owner": "role:boss", "raci": raci, **changes})


def proof(directory: Directory, channels: set[str] | None = None, **changes: Any) -> list[Foreseen]:
    return list(prove(playbook(**changes), directory, START, DAYS, channels=channels).findings)


def away(start: str, end: str) -> dict[str, Any]:
    return {"away": [{"start": f"2026-{start}T00:00:00Z", "end": f"2026-{end}T00:00:00Z", "why": "on holiday"}]}


def test_nothing_is_found_where_somebody_always_is_told() -> None:
    assert proof(directory()) == []


@pytest.mark.parametrize("name", ["customer-service-escalation", "it-service-management", "escalation-procedure"])
def test_the_shipped_playbooks_hold_for_the_shipped_company(name: str) -> None:
    loaded = load(name)
    found = prove(loaded.playbook, COMPANY, START, 365, document=loaded.document, channels={"inbox", "webhook"})
    assert [str(each) for each in found.findings] == []


def test_hours_without_a_shift_are_named_with_their_first_instant_and_how_long_they_last() -> None:
    (rotation, gap) = proof(directory(days={"only": OFFICE_HOURS}))
    assert (rotation.weight, rotation.at, rotation.lasts) == (gap.weight, gap.at, gap.lasts)
    assert (rotation.finding.path, rotation.finding.file) == ("rotations.days", "directory")
    assert "nobody has the shift for 2d 16h, the first of 21 times" in rotation.finding.message
    assert (gap.weight, gap.at) == (Weight.WARNING, START.replace(hour=17))  # START is a Friday
    assert gap.finding.path == "levels.0.targets"
    assert "the playbook's owner role:boss is told instead" in gap.finding.message
    assert "nobody has the shift of rotation `days` until 2026-11-23 09:00 UTC" in gap.finding.message
    assert timedelta(days=20) < gap.lasts < timedelta(days=25)


def test_a_silence_is_an_error_from_the_instant_at_which_the_last_one_is_away() -> None:
    people = {name: away("12-01", "12-02") for name in ("cyd", "eve", "dan")}
    found = {each.finding.path: each for each in proof(directory(**people))}
    silent = found["levels.1.targets"]
    assert (silent.weight, silent.at, silent.lasts) == (
        Weight.ERROR,
        datetime(2026, 12, 1, tzinfo=UTC),
        timedelta(days=1),
    )
    assert "nobody is told, not even role:boss" in silent.finding.message
    assert found["levels.1.last_resort"].weight is Weight.ERROR
    assert "levels.0.targets" not in found, "the desk is there"


@pytest.mark.req("PROC-6")
def test_people_without_a_contact_point_that_works_are_found_before_it_happens() -> None:
    pager = {"contacts": [{"channel": "pager", "address": "x"}]}
    silent, person = proof(directory(cyd=pager), channels={"inbox"})
    assert (silent.weight, silent.finding.path) == (Weight.ERROR, "levels.1.targets")
    assert "nobody can be reached: no contact point on a connected channel for person:cyd" in silent.finding.message
    assert (person.weight, person.finding.file, person.finding.path) == (
        Weight.WARNING,
        "directory",
        "people.2.contacts",
    )
    assert "cyd has no contact point on a connected channel (pager), and team:experts can mean them" in str(person)


@pytest.mark.parametrize(
    ("gate", "weight", "says"),
    [
        ({"approvers": ["role:security"]}, None, ""),
        (
            {"approvers": ["team:experts"], "exclude": ["owner"]},
            Weight.ERROR,
            "only 0 can give it when person:cyd",
        ),
        (
            {
                "approvers": ["team:experts"],
                "exclude": ["owner"],
                "deputies": ["role:boss"],
                "on_expiry": "next_deputy",
            },
            None,
            "",
        ),
        ({"approvers": ["role:security", "role:boss"], "need": "all"}, None, ""),
        ({"approvers": ["person:eve", "person:dan", "role:boss"], "need": 3}, Weight.ERROR, "needs 3 and only 2"),
    ],
)
def test_a_gate_that_nobody_could_pass_is_found(gate: dict[str, Any], weight: Weight | None, says: str) -> None:
    found = proof(directory(), gates=[{"id": "money", "deadline": "1h", **gate}])
    assert [each.weight for each in found] == ([weight] if weight else [])
    assert all(says in each.finding.message for each in found)


@pytest.mark.parametrize(
    ("when", "finds"),
    [
        ("ai_confidence < confidence.threshold", False),
        ("ai_confidence > 2.0 && ai_confidence < 1.0", True),
        ('severity == "P0" && severity == "P1"', True),
        ('"legal" in keywords || repeat', False),
        ("occurrences > 3.0", False),
        ("false", False),
    ],
)
def test_a_trigger_that_is_never_true_is_found(when: str, finds: bool) -> None:
    triggers = [{"id": "t1", "when": "ai_limit"}, {"id": "t2", "when": when}]
    fields = {"ai_limit": {"type": "flag"}}
    keywords = {"legal": {"en": ["lawyer"]}}
    found = proof(directory(), triggers=triggers, fields=fields, keywords=keywords)
    assert [each.finding.path for each in found] == (["triggers.1.when"] if finds else [])


# --- by hand: what a reader of the playbook would have to find -------------------------------------------------------


def written(text: str, file: str) -> Document:
    return parse_document(dedent(text), file)


def test_christmas_eve_with_everybody_away_is_an_error_that_begins_when_it_does() -> None:
    eve = {"away": [{"start": "2026-12-24T12:00:00+01:00", "end": "2026-12-25T09:00:00+01:00", "why": "Christmas"}]}
    company = directory(**dict.fromkeys(("ann", "bob", "cyd", "eve", "dan"), eve))
    proved = prove(playbook(), company, datetime(2026, 12, 1, tzinfo=UTC), DAYS)
    assert {each.at for each in proved.errors} == {datetime(2026, 12, 24, 11, tzinfo=UTC)}
    assert {each.lasts for each in proved.errors} == {timedelta(hours=21)}
    assert "levels.1.last_resort" in {each.finding.path for each in proved.errors}
    assert str(proved).endswith("until 2026-12-31 00:00 UTC: not at every one is somebody told in time")


def test_who_is_away_is_covered_by_a_deputy_and_then_nothing_is_found() -> None:
    covered = {"cyd": {**away("12-01", "12-02"), "deputy": "ann"}}
    assert proof(directory(**covered)) == []


def test_the_only_approver_may_have_taken_it_on_another_day() -> None:
    # bob has the next week's shift: from then on he may be the owner, also while ann is on call again.
    gate = {"id": "money", "deadline": "1h", "approvers": ["person:bob"], "exclude": ["owner"]}
    (found,) = proof(directory(), gates=[gate])
    assert (found.weight, found.at) == (Weight.ERROR, datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert found.lasts == START + timedelta(days=DAYS) - datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert "needs 1 and only 0 can give it when person:bob owns it" in found.finding.message


def test_an_approval_by_authority_is_tried_for_every_amount_that_makes_a_difference() -> None:
    people = {"cyd": {"authority": {"refund": 100}}, "eve": {"authority": {"refund": 1000}}}
    rules: dict[str, Any] = {
        "needs": {"authority": {"refund": "amount"}},
        "gates": [{"id": "money", "deadline": "1h", "approvers": ["authority:refund"], "subject": ["amount"]}],
    }
    (found,) = proof(directory(**people), **rules)
    assert (found.weight, found.finding.path) == (Weight.ERROR, "gates.0.approvers")
    assert "needs 1 and only 0 can give it when amount is not known" in found.finding.message
    bounded = {"amount": {"type": "number", "required": True, "minimum": 0, "maximum": 1000}}
    assert proof(directory(**people), fields=bounded, **rules) == []
    more = {"amount": {"type": "number", "required": True, "minimum": 0, "maximum": 1500}}
    assert "when amount is 1500" in str(proof(directory(**people), fields=more, **rules))


def test_a_gate_that_needs_all_counts_those_whom_nobody_stands_in_for() -> None:
    gate = {"id": "both", "deadline": "1h", "approvers": ["team:experts", "person:dan"], "need": "all"}
    found, _ = proof(directory(cyd=away("12-01", "12-03")), gates=[gate])
    assert (found.weight, found.at, found.lasts) == (
        Weight.WARNING,
        datetime(2026, 12, 1, tzinfo=UTC),
        timedelta(days=2),
    )
    assert "needs 2 and only 1 can give it" in found.finding.message


def test_an_approval_before_a_milder_severity_is_proved_like_any_other() -> None:
    severity = {**small().severity.model_dump(mode="json"), "lowering": {"gate": "milder"}}
    gate = {"id": "milder", "before": "lowering", "deadline": "1h", "approvers": ["person:dan"]}
    assert proof(directory(), severity=severity, gates=[gate]) == []
    found = proof(directory(dan=away("11-25", "11-26")), severity=severity, gates=[gate])
    assert [(each.weight, each.finding.path, each.at) for each in found] == [
        (Weight.ERROR, "gates.0.approvers", datetime(2026, 11, 25, tzinfo=UTC))
    ]


def test_deputies_who_are_never_asked_are_told_apart_from_those_who_are() -> None:
    gate = {"id": "money", "deadline": "1h", "approvers": ["person:dan"], "deputies": ["person:eve"]}
    (found,) = proof(directory(), gates=[gate])
    assert "are never asked: silence at approval 'money' means halt, not next_deputy" in found.finding.message


def test_deputies_who_are_nobody_else_than_the_approver_are_found() -> None:
    gate = {"id": "money", "deadline": "1h", "approvers": ["person:dan"], "on_expiry": "next_deputy"}
    (found,) = proof(directory(), gates=[{**gate, "deputies": ["person:dan"]}])
    assert (found.weight, found.finding.path) == (Weight.WARNING, "gates.0.deputies")
    assert "are person:dan alone" in found.finding.message
    assert proof(directory(), gates=[{**gate, "deputies": ["person:dan", "person:eve"]}]) == []


def test_the_exception_procedure_must_be_looked_at_by_somebody_else() -> None:
    alone = {"allowed": ["role:security"], "review_by": "role:security", "review_within": "1d"}
    (found,) = proof(directory(), bypass=alone)
    assert (found.weight, found.finding.path) == (Weight.WARNING, "bypass.review_by")
    assert "nobody is found for role:security but person:dan, who may use it" in found.finding.message
    assert proof(directory(), bypass={**alone, "review_by": "role:boss"}) == []


def test_whoever_is_accountable_for_a_stage_must_be_found_as_well() -> None:
    raci: dict[str, Any] = {stage: {"responsible": ["owner"], "accountable": "role:boss"} for stage in STAGES}
    raci["review"]["accountable"] = "person:ann"
    (found,) = proof(directory(ann=away("12-05", "12-06")), raci=raci)
    assert (found.weight, found.finding.path) == (Weight.WARNING, "raci.review.accountable")


# --- what comes first -------------------------------------------------------------------------------------------------


def test_a_route_behind_another_that_always_matches_is_named_with_it() -> None:
    routing = [
        {"id": "large", "when": "amount > 100.0", "targets": ["team:experts"]},
        {"id": "larger", "when": "amount > 1000.0", "targets": ["role:boss"]},
        {"id": "other", "when": 'topic == "two"', "targets": ["role:boss"]},
    ]
    (found,) = proof(directory(), routing=routing)
    assert (found.weight, found.finding.path) == (Weight.WARNING, "routing.1")
    assert "route 'larger' never speaks: whenever it could, route 'large' (line 0) comes before it" in str(found)


def test_two_routes_in_and_out_of_the_same_hours_leave_nothing_to_a_third() -> None:
    office = {"office": {"time_zone": "UTC", "week": OFFICE_HOURS}}
    routing = [
        {"when": "true", "during": "office", "targets": ["team:desk"]},
        {"when": "true", "outside": "office", "targets": ["role:boss"]},
        {"when": 'topic == "two"', "targets": ["team:experts"]},
    ]
    (found,) = proof(directory(), routing=routing, calendars=office)
    assert "route 3 never speaks: whenever it could, route 1 (line 0) or route 2 (line 0) comes before" in str(found)
    assert proof(directory(), routing=routing[1:], calendars=office) == []


def test_a_path_a_severity_rule_and_a_cell_behind_others_are_named() -> None:
    severity = small().severity.model_dump(mode="json")
    rules = [
        {"id": "worse", "when": "amount > 10.0", "severity": "P0"},
        {"id": "vain", "when": "amount > 20.0", "severity": "P1"},
        {"id": "free", "when": "amount > 20.0 && flags.legal", "severity": "P2", "override": True},
    ]
    paths = [
        {"id": "legal", "when": "flags.legal || flags.security", "levels": ["L2"]},
        {"id": "secure", "when": "flags.security", "levels": ["L2"]},
        {"id": "usual", "levels": ["L1", "L2"]},
    ]
    matrix = [
        {"id": "late", "severity": ["P0", "P1"], "after": "2h", "level": "L2"},
        {"id": "soon", "severity": ["P0", "P1"], "after": "1h", "level": "L2"},
    ]
    found = proof(directory(), severity={**severity, "rules": rules}, paths=paths, matrix=matrix)
    assert {each.finding.path: each.weight for each in found} == {
        "severity.rules.1": Weight.WARNING,
        "paths.1": Weight.WARNING,
        "matrix.0": Weight.WARNING,
    }
    said = " ".join(each.finding.message for each in found)
    assert (
        "severity rule 'vain' never counts: whenever it is true, rule 'worse' (line 0) or rule 'free' (line 0) decides"
        in said
    )
    assert "path 'secure' is never taken: whenever it could be, path 'legal' (line 0) comes before it" in said
    assert "cell late never speaks: by then cell soon (line 0) has gone there, or further" in said


def test_a_level_that_routes_never_leave_to_its_own_targets_is_no_silence() -> None:
    levels = [
        {"id": "L1", "targets": ["person:cyd"], "ack": "15m", "dwell": "2h"},
        {"id": "L2", "targets": ["role:boss"], "ack": "15m", "dwell": "2h", "last_resort": "role:boss"},
    ]
    pager = {"cyd": {"contacts": [{"channel": "pager", "address": "x"}]}}
    assert [each.weight for each in proof(directory(**pager), {"inbox"}, levels=levels)] == [
        Weight.ERROR,
        Weight.WARNING,
    ]
    always = [{"when": "true", "level": "L1", "targets": ["team:desk"]}]
    assert [each.weight for each in proof(directory(**pager), {"inbox"}, levels=levels, routing=always)] == [
        Weight.WARNING  # cyd is still named by the playbook
    ]


def test_a_case_that_only_one_severity_and_one_hour_have_is_looked_at() -> None:
    office = {"office": {"time_zone": "UTC", "week": OFFICE_HOURS}}
    routing = [{"when": 'severity == "P0"', "outside": "office", "level": "L2", "targets": ["person:dan"]}]
    pager = {"contacts": [{"channel": "pager", "address": "x"}]}
    (found, _) = proof(directory(dan=pager), {"inbox"}, routing=routing, calendars=office)
    assert (found.weight, found.finding.path) == (Weight.ERROR, "routing.0.targets")
    assert found.at == START.replace(hour=17), "until then the office is open"


# --- in time ----------------------------------------------------------------------------------------------------------


def waiting(**changes: Any) -> dict[str, Any]:
    scale = [{"name": "P0"}, {"name": "P1"}, {"name": "P2", "waits_for_hours": True}]
    return {"severity": {"scale": scale, "default": "P1"}, **changes}


def office_of(zone: str = "UTC", **changes: Any) -> dict[str, Any]:
    return {"hours": {"time_zone": zone, "week": OFFICE_HOURS, **changes}}


def test_a_wait_for_hours_longer_than_the_acknowledgement_allows_is_a_warning_with_the_wait() -> None:
    people = {name: office_of() for name in ("ann", "bob")}
    clocks = {"acknowledge": {"within": {"P0": "15m", "default": "1d"}}}
    (found,) = proof(directory(**people), **waiting(clocks=clocks))
    assert (found.weight, found.finding.path) == (Weight.WARNING, "levels.0.targets")
    assert found.at == START.replace(hour=17)  # a Friday
    assert "a page at P2 waits 2d 16h for somebody's working hours, and clock acknowledge allows 1d" in str(found)
    business: dict[str, Any] = {
        "clocks": {"acknowledge": {"within": {"default": "1d"}, "calendar": "office"}},
        "calendars": {"office": {"time_zone": "UTC", "week": OFFICE_HOURS}},
    }
    assert proof(directory(**people), **waiting(**business)) == []
    assert proof(directory(**people), clocks=clocks) == [], "at no severity pages wait"


def test_hours_that_begin_and_end_are_among_the_instants_at_which_the_directory_changes() -> None:
    company = directory(cyd=office_of("America/New_York"))
    assert company.changes(START, START + timedelta(days=1)) == (
        datetime(2026, 11, 20, 14, tzinfo=UTC),
        datetime(2026, 11, 20, 22, tzinfo=UTC),
    )


def test_hours_that_do_not_begin_are_an_error() -> None:
    shut = {str(date(2026, 11, 1) + timedelta(days=day)): "shut" for day in range(90)}
    (found,) = proof(directory(cyd=office_of(closed=shut)), **waiting())
    assert (found.weight, found.finding.path, found.at) == (Weight.ERROR, "levels.1.targets", START)
    assert "waits for working hours that do not begin within 30d: nobody is told" in found.finding.message


def test_two_who_work_when_the_other_has_the_shift_are_told_all_the_same_because_a_page_is_held_once() -> None:
    days = [*OFFICE_HOURS, "saturday", "sunday"]
    people = {
        "ann": {"hours": {"week": {day: ["22:00-06:00"] for day in days}}},
        "bob": {"hours": {"week": {day: ["10:00-16:00"] for day in days}}},
    }
    turns = {"every": "12h", "hand_over": {"at": "08:00"}}
    found = proof(directory(days=turns, **people), **waiting())
    assert found == []


@pytest.mark.parametrize(
    ("cell", "weight", "says"),
    [
        ({"level": "L1", "ack": "3h"}, Weight.ERROR, "3h to answer is longer than the 2h that it may stay at L1"),
        ({"level": "L1", "dwell": "10m"}, Weight.ERROR, "15m to answer is longer than the 10m"),
        ({"level": "L1", "ack": "1h", "repeat": 3}, Weight.WARNING, "round 4 never begins"),
        ({"level": "L2", "after": "5h"}, Weight.WARNING, "the limit of clock resolution is over already: 4h at P0"),
        ({"level": "L2", "after": "1h"}, None, ""),
    ],
)
def test_durations_that_contradict_each_other_by_the_matrix(
    cell: dict[str, Any], weight: Weight | None, says: str
) -> None:
    clocks = {"resolution": {"within": {"P0": "4h"}}}
    found = proof(directory(), matrix=[{"severity": ["P0"], **cell}], clocks=clocks)
    assert [each.weight for each in found] == ([weight] if weight else [])
    assert all(says in each.finding.message for each in found)


# --- where it is said -------------------------------------------------------------------------------------------------


def test_a_gap_is_said_at_its_line_of_the_directory_with_its_first_instant_and_length() -> None:
    people = written(
        """\
        people:
          - {id: ann, name: Ann, time_zone: Europe/Prague, contacts: [{channel: inbox, address: a}]}
          - {id: eve, name: Eve, time_zone: Europe/Prague, contacts: [{channel: pager, address: e}]}
        rotations:
          all-but-sundays:
            people: [ann]
            time_zone: Europe/Prague
            starts_on: 2026-11-16
            every: 1d
            hand_over: {at: "00:00"}
            only:
              {monday: [00:00-24:00], tuesday: [00:00-24:00], wednesday: [00:00-24:00], thursday: [00:00-24:00],
               friday: [00:00-24:00], saturday: [00:00-24:00]}
        """,
        "people.yaml",
    )
    levels = [
        {
            "id": "L1",
            "targets": ["oncall:all-but-sundays", "person:ann"],
            "ack": "15m",
            "dwell": "2h",
            "last_resort": "person:ann",
        }
    ]
    raci = {stage: {"responsible": ["person:eve"], "accountable": "person:ann"} for stage in STAGES}
    triggers = [{"id": "limit", "when": "ai_limit"}]
    rules = playbook(levels=levels, raci=raci, owner="person:ann", triggers=triggers)
    proved = prove(rules, check_directory(people), START, 7, people=people, channels={"inbox"})
    assert proved.errors == ()
    contact, gap = proved.findings
    assert contact.where == "people.yaml:3: people.1.contacts"
    assert gap.where == "people.yaml:5: rotations.all-but-sundays"
    assert (gap.at, gap.lasts) == (datetime(2026, 11, 21, 23, tzinfo=UTC), timedelta(days=1))  # midnight in Prague
    assert gap.what.startswith("nobody has the shift for 1d; close the gap")
    assert str(proved).startswith("3 severities × 1 case × ")


def test_what_closes_a_gap_of_a_calendar_is_said_of_calendars() -> None:
    feed = "feed: {file: gone.ics, people: {Ann: ann}, time_zone: Europe/Prague}"
    people = parse_document(
        f"""
        people: [{{id: ann, name: Ann, time_zone: Europe/Prague, contacts: [{{channel: inbox, address: a}}]}}]
        rotations: {{nights: {{{feed}}}}}
        """,
        "people.yaml",
    )
    level = {"id": "L1", "targets": ["oncall:nights"], "ack": "15m", "dwell": "2h", "last_resort": "person:ann"}
    raci = {stage: {"responsible": ["person:ann"], "accountable": "person:ann"} for stage in STAGES}
    rules = playbook(levels=[level], raci=raci, owner="person:ann", triggers=[{"id": "limit", "when": "ai_limit"}])

    def advice(heard: Heard) -> str:
        known = check_directory(people).hearing({"nights": heard})
        proved = prove(rules, known, START, 7, people=people, channels={"inbox"})
        (found,) = (each for each in proved.findings if "rotations.nights" in each.where)
        return found.what

    assert "its feed could not be read yet: it answered 404; mend that" in advice(Heard(failing="it answered 404"))
    shift = FeedShift("ann", START, START + timedelta(days=1))
    assert "close the gap in its calendar, or with an override" in advice(Heard(shifts=(shift,), read_at=START))


def test_the_same_files_always_give_the_same_findings_in_the_same_order() -> None:
    people = {"cyd": away("12-01", "12-02"), "eve": away("12-01", "12-02"), "dan": away("12-01", "12-03")}
    gate = {"id": "money", "deadline": "1h", "approvers": ["person:dan"]}
    once, again = (proof(directory(**people, days={"only": OFFICE_HOURS}), gates=[gate]) for _ in range(2))
    assert once == again
    assert [each.weight for each in once] == sorted(each.weight for each in once)


def test_too_many_cases_are_said_and_still_nothing_is_missed() -> None:
    fields = {f"n{number}": {"type": "number"} for number in range(5)}
    when = " && ".join(f"n{number} > 1.0" for number in range(5))
    routing = [
        {"when": f"{when} && n0 < n1", "targets": ["person:cyd"]},
        {"when": f"{when} && n1 < n2", "targets": ["person:dan"]},
    ]
    pager = {"contacts": [{"channel": "pager", "address": "x"}]}
    proved = prove(playbook(fields=fields, routing=routing), directory(dan=pager), START, 3, channels={"inbox"})
    assert [each.finding.path for each in proved.errors] == ["routing.1.targets"]
    assert not proved.complete
    assert "too many cases to tell all of them apart" in str(proved)


@pytest.mark.parametrize("tries", [12, pytest.param(1_000, marks=pytest.mark.chaos)])
def test_of_random_absences_each_that_leads_to_a_silence_is_found_and_no_other(tries: int) -> None:
    chance = random.Random(20261122)
    rules = playbook()
    called = [("levels", ("team:desk",)), ("levels", ("team:experts",)), ("last_resort", ("role:boss",))]
    for _ in range(tries):
        people: dict[str, Any] = {}
        for name in ("ann", "bob", "cyd", "eve", "dan"):
            if chance.random() < 0.6:
                first = START + timedelta(hours=chance.randrange(24 * DAYS))
                until = first + timedelta(hours=1 + chance.randrange(24 * 10))
                people[name] = {"away": [{"start": first.isoformat(), "end": until.isoformat()}]}
        company = directory(**people)
        found = [each for each in prove(rules, company, START, DAYS).errors if each.finding.path.startswith("levels")]
        # What would happen, asked hour by hour: absences and hand-overs begin and end on the hour.
        silent = sum(
            not company.find(Search(targets=targets, fallback="role:boss"), START + timedelta(hours=hour)).people
            for hour in range(24 * DAYS)
            for _, targets in called
        )
        assert sum((each.lasts for each in found), timedelta(0)) == timedelta(hours=silent)


def test_thirty_days_of_a_company_of_forty_are_proved_in_a_moment() -> None:
    crowd = [{"id": f"p{n}", "name": f"P {n}", "time_zone": "UTC", "contacts": INBOX} for n in range(40)]
    layer = {"people": ["p1", "p2", "p3"], "every": "12h", "hand_over": {"at": "08:00"}, "starts_on": "2026-11-16"}
    rotations = {f"r{n}": {**layer, "time_zone": "UTC", "above": [{**layer, "only": OFFICE_HOURS}]} for n in range(8)}
    teams = [{"id": f"t{n}", "name": "T", "members": ["p1"], "oncall": f"r{n}"} for n in range(8)]
    company = Directory.model_validate({"people": crowd, "teams": teams, "rotations": rotations})
    assert len(company.changes(START, START + timedelta(days=DAYS))) > 100
    raci = {stage: {"responsible": ["owner"], "accountable": "person:p4"} for stage in STAGES}
    levels = [
        {"id": f"L{n}", "targets": [f"team:t{n}"], "ack": "1h", "dwell": "2h", "last_resort": "person:p4"}
        for n in range(8)
    ]
    assert prove(playbook(levels=levels, owner="person:p5", raci=raci), company, START, DAYS).findings == ()


def test_the_worst_owner_counts_and_too_few_for_ever_are_an_error() -> None:
    gate = {"id": "money", "deadline": "1h", "approvers": ["person:bob", "person:cyd"], "need": 2, "exclude": ["owner"]}
    people = {"cyd": away("11-24", "11-25")}  # in the week in which bob has the shift
    found = [each for each in proof(directory(**people), gates=[gate]) if "money" in each.finding.message]
    assert [each.weight for each in found] == [Weight.ERROR] * 2, "one of the two always owns it, or may"
    said = {each.at: each.finding.message for each in found}
    assert "only 0 can give it when person:bob owns it" in said[datetime(2026, 11, 24, tzinfo=UTC)]
    assert "only 1 can give it when person:cyd owns it" in said[START]


def automated(*then: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"automations": [{"id": "auto", "on": ["opened"], "then": list(then), **more}]}


@pytest.mark.parametrize(
    "action",
    [
        {"do": "send", "to": ["person:cyd"], "text": "x"},
        {"do": "add_action_item", "owner": "person:cyd", "title": "x", "due": "1h"},
        {"do": "assign", "to": ["person:cyd"]},
    ],
)
def test_whom_an_automation_is_for_must_be_found_as_well(action: dict[str, Any]) -> None:
    level = {"id": "L1", "targets": ["team:desk"], "ack": "15m", "dwell": "2h", "last_resort": "role:boss"}
    changes = {"levels": [level], "triggers": [{"id": "always", "when": "true"}], **automated(action)}
    assert proof(directory(), **changes) == []
    found = proof(directory(cyd=away("11-24", "11-26")), **changes)
    assert [(each.weight, each.finding.path) for each in found] == [(Weight.WARNING, "automations.0.then.0")]
    assert "person:cyd" in found[0].what


def test_a_chat_group_that_nothing_can_be_written_to_is_an_error() -> None:
    changes = automated({"do": "send", "to": ["group:desk"], "text": "x"})
    company = directory()
    teams = [team.model_dump(mode="json") | {"group": [{"channel": "chat", "address": "x"}]} for team in company.teams]
    chatting = Directory.model_validate({**company.model_dump(mode="json"), "teams": teams})
    assert proof(chatting, {"inbox", "chat"}, **changes) == []
    (found,) = proof(chatting, {"inbox"}, **changes)
    assert (found.weight, found.finding.path) == (Weight.ERROR, "teams.0.group")
    assert "no contact point on a connected channel (chat)" in found.what


def test_an_automation_and_a_critical_incident_that_never_are_true_are_found() -> None:
    never = "flags.legal && !flags.legal"
    changes = automated({"do": "comment", "text": "x"}, when=never)
    found = proof(directory(), critical_incident={"when": never, "because": "x"}, **changes)
    assert [each.finding.path for each in found] == ["automations.0.when", "critical_incident.when"]
