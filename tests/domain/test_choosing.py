"""Choosing some of many: who, why they, and what the directory answers when it is asked to choose."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from textwrap import dedent
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.choice import Choose, Criterion
from escalation.documents import parse_document
from escalation.errors import DocumentError
from escalation.people.choosing import Matter, choose, plain
from escalation.people.directory import Directory, Person, check_directory
from escalation.people.found import People
from escalation.people.search import Known, Pages, Search, Since
from escalation.people.wanted import wanted

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
WEEK_BEFORE = datetime(2026, 11, 14, 0, 30, tzinfo=UTC)

PEOPLE = """\
    people:
      - {id: ann, name: Ann, time_zone: UTC, contacts: [{channel: inbox, address: ann}], rank: 3, experience: 2,
         skills: [postgres, kafka], authority: {refund: 100}, ANN}
      - {id: bob, name: Bob, time_zone: UTC, contacts: [{channel: inbox, address: bob}], rank: 5, experience: 9,
         skills: [kafka], authority: {refund: 1000}, BOB}
      - {id: cyd, name: Cyd, time_zone: UTC, contacts: [{channel: inbox, address: cyd}], rank: 5, experience: 4,
         authority: {refund: true}, CYD}
      - {id: dan, name: Dan, time_zone: UTC, contacts: [{channel: inbox, address: dan}], rank: 1, DAN}
    teams:
      - {id: desk, name: Desk, members: [ann, bob, cyd, dan]}
      - {id: pair, name: Pair, members: [ann, dan], oncall: nights}
      - {id: senior, name: Seniors, members: [ann, bob, cyd, dan], choose: {by: [senior]}}
    roles:
      owner: {holders: [dan, cyd]}
    rotations:
      nights: {people: [ann, bob, cyd], every: 1d, time_zone: UTC, hand_over: {at: 09:00}, starts_on: 2026-11-20}
    MORE
    """
AWAY = "away: [{start: 2026-11-01T00:00:00Z, end: 2026-12-01T00:00:00Z}]"


def company(more: str = "", **people: str) -> Directory:
    text = PEOPLE
    for each in ("ann", "bob", "cyd", "dan"):
        text = text.replace(f"{each.upper()}}}", f"{people.get(each, 'locale: en')}}}")
    return check_directory(parse_document(dedent(text).replace("MORE", more), "people.yaml"))


COMPANY = company()


def with_people(*people: Person) -> Directory:
    return Directory.model_validate({**dict(COMPANY), "people": people})


def ask(
    *targets: str, directory: Directory = COMPANY, at: datetime = NOON, known: Known | None = None, **more: Any
) -> People:
    search = Search.model_validate({"targets": targets, "fallback": "role:owner", **more})
    return directory.find(search, at, known or Known())


def who(people: People) -> list[str]:
    return [each.person.partition(":")[2] for each in people.people]


def why(people: People) -> list[str]:
    return [each.note for each in people.people]


def circumstances(found: People) -> list[tuple[str, str | None]]:
    return [(each.what, each.who) for person in found.people for each in person.why]


def by(*criteria: str, take: int | None = None) -> dict[str, Any]:
    return {"choose": {"by": criteria, "take": take}}


# --- one of a team --------------------------------------------------------------------------------------------------


def test_without_a_choice_a_team_is_what_it_was() -> None:
    assert who(ask("team:desk")) == ["ann", "bob", "cyd", "dan"]
    assert why(ask("team:desk")) == ["", "", "", ""]
    assert who(ask("team:pair")) == ["ann"]


@pytest.mark.req("IMP-8")
def test_the_most_senior_is_asked_and_among_equals_the_most_experienced() -> None:
    found = ask("team:desk", **by("senior", "experienced"))
    assert who(found) == ["bob"]
    assert why(found) == ["most senior of 4, most experienced of 2 (9 years)"]


def test_what_the_criteria_leave_equal_keeps_the_order_in_which_it_is_written() -> None:
    found = ask("team:desk", **by("senior"))
    assert (who(found), why(found)) == (["bob"], ["most senior of 4; first of 2 equals as written"])


@pytest.mark.req("SAG-6")
def test_who_knows_the_technology_is_found_however_it_is_spelt() -> None:
    found = ask("team:desk", skills=("Kafka", "POSTGRES"), **by("skill"))
    assert (who(found), why(found)) == (["ann"], ["knows postgres, kafka"])
    assert plain("  Node JS ") == "node-js"
    nobody = ask("team:desk", skills=("cobol",), **by("skill", "senior"))
    assert who(nobody) == ["bob"], "where nobody knows it the next criterion decides"


def test_several_are_taken_in_the_order_of_the_criteria() -> None:
    assert who(ask("team:desk", **by("experienced", take=3))) == ["bob", "cyd", "ann"]


def test_who_owns_the_fewest_open_escalations_is_asked() -> None:
    known = Known(owned={"person:ann": 4, "person:bob": 3, "person:cyd": 3, "person:dan": 5})
    found = ask("team:desk", known=known, **by("least_loaded"))
    assert why(found) == ["3 open escalations, the fewest; first of 2 equals as written"]
    assert who(found) == ["bob"]


def test_what_is_not_known_is_said_and_somebody_is_asked_all_the_same() -> None:
    found = ask("team:desk", **by("least_loaded", "round_robin", "sticky"), repeat_of="earlier")
    assert who(found) == ["ann"]
    assert found.notes == (
        "How many escalations everybody has open is not known here: chosen without it.",
        "Whose turn it is is not known here: chosen without it.",
        "Who owned the case before is not known here: chosen without it.",
    )


def test_on_a_repeat_the_owner_before_is_asked_while_they_are_there() -> None:
    known = Known(previous="person:dan")
    found = ask("team:desk", known=known, **by("sticky", "senior"))
    assert (who(found), why(found)) == (["dan"], ["owned the case before"])
    assert who(ask("team:desk", directory=company(dan=AWAY), known=known, **by("sticky", "senior"))) == ["bob"]


def test_whoever_is_on_call_comes_first_and_everybody_takes_all_in_spite_of_a_rotation() -> None:
    assert who(ask("team:pair", **by("on_call"))) == ["ann"]
    assert who(ask("team:pair", **by("everybody"))) == ["ann", "dan"]
    two = ask("team:pair", at=datetime(2026, 11, 21, 12, tzinfo=UTC), **by("on_call", "senior", take=2))
    assert who(two) == ["bob", "ann"]
    assert why(two)[0].startswith("on call")


def test_only_those_who_are_there_are_chosen_from_and_a_deputy_stands_in() -> None:
    away = company(bob=AWAY, cyd=f"{AWAY}, deputy: dan")
    found = ask("team:desk", directory=away, **by("senior"))
    assert who(found) == ["ann"]
    assert "team:desk: bob is away until 2026-12-01 00:00 UTC and has no deputy who is there." in found.notes


def test_the_team_says_how_unless_the_search_does() -> None:
    assert who(ask("team:senior")) == ["bob"]
    assert who(ask("team:senior", **by("experienced"))) == ["bob"]
    assert who(ask("team:senior", **by("everybody"))) == ["ann", "bob", "cyd", "dan"]


def test_who_declined_is_left_out_of_the_choice() -> None:
    found = ask("team:desk", declined=("person:bob",), **by("senior"))
    assert (who(found), found.left_out) == (["cyd"], ("person:bob",))


def test_an_approval_that_needs_two_is_asked_of_two() -> None:
    assert who(ask("team:senior", at_least=2)) == ["bob", "cyd"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{by: [senior, senior]}", "names a criterion twice"),
        ("{by: [everybody, senior]}", "`everybody` alone"),
        ("{by: [everybody], take: 2}", "`everybody` alone"),
        ("{by: [loudest]}", "loudest"),
        ("{by: []}", "by"),
        ("{by: [senior], take: 0}", "take"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_with_its_line(written: str, said: str) -> None:
    text = PEOPLE.replace("{by: [senior]}", written)
    for each in ("ANN", "BOB", "CYD", "DAN"):
        text = text.replace(f"{each}}}", "locale: en}")
    with pytest.raises(DocumentError) as refused:
        check_directory(parse_document(dedent(text).replace("MORE", ""), "people.yaml"))
    (finding,) = refused.value.findings
    assert finding.line == 12
    assert said in str(finding) or said in finding.path


# --- authority ------------------------------------------------------------------------------------------------------


@pytest.mark.req("EP-O2")
def test_the_lowest_sufficient_authority_is_asked_so_that_seniors_are_kept_free() -> None:
    found = ask("authority:refund", authority={"refund": 500.0})
    assert (who(found), why(found)) == (["bob"], ["the lowest of 2 that suffice; may decide refund up to 1000"])
    assert who(ask("authority:refund", authority={"refund": 100.0})) == ["ann"], "up to means including"
    assert found.also == ("person:cyd",), "and who may decide less may not act for it"


def test_all_who_may_decide_are_asked_where_everybody_is_wanted_or_several_are_needed() -> None:
    asked = {"refund": 500.0}
    assert who(ask("authority:refund", authority=asked, **by("everybody"))) == ["bob", "cyd"]
    assert who(ask("authority:refund", authority=asked, at_least=2)) == ["bob", "cyd"]
    assert who(ask("authority:refund", authority=asked, **by("senior", take=1))) == ["bob"]


def test_where_nobody_may_decide_so_much_the_fallback_is_asked_without_the_amount_being_told() -> None:
    found = ask("authority:refund", directory=company(cyd=AWAY), authority={"refund": 5000.0})
    assert (who(found), found.fell_back) == (["dan"], True)
    assert found.notes[0] == "authority:refund: nobody who is there may decide so much refund."
    assert who(ask("authority:refund", authority={"refund": None})) == ["cyd"], "an unknown amount: who may decide any"
    unknown = ask("authority:refund", directory=company(cyd=AWAY), authority={"refund": None})
    assert "the amount is not known" in unknown.notes[0]
    assert ask("authority:launch").notes[0] == "authority:launch: nobody in the directory has an authority for launch."


def test_a_deputy_inherits_no_authority() -> None:
    found = ask("authority:refund", directory=company(ann=f"{AWAY}, deputy: dan"))
    assert who(found) == ["bob"]


# --- whom it is about -----------------------------------------------------------------------------------------------


def test_the_person_concerned_is_passed_over_everywhere_and_it_is_said() -> None:
    found = ask("team:desk", concerned=("person:bob",), **by("senior"))
    assert who(found) == ["cyd"]
    assert found.notes == ("team:desk: person:bob is concerned by this and is passed over.",)
    on_call = ask("oncall:nights", concerned=("person:ann",))
    assert (who(on_call), on_call.also) == (["bob"], ("person:cyd",))
    assert why(on_call) == ["has a later turn, ann is concerned (rotation nights)"]
    assert circumstances(on_call) == [("later_turn", "person:ann")]
    deputy = ask("person:ann", directory=company(ann=f"{AWAY}, deputy: bob"), concerned=("person:bob",))
    assert (who(deputy), deputy.fell_back) == (["dan"], True)
    owner = ask("person:zoe", concerned=("person:dan",))
    assert who(owner) == ["cyd"], "the next holder of the owner's role"


# --- the fatigue budget ---------------------------------------------------------------------------------------------

TIRED = Known(pages={"person:ann": Pages(2, 3)})
LIMITED = company(ann="at_most: {night: 2, week: 10}")


def test_who_had_too_many_pages_tonight_is_spared_while_others_of_the_target_are_there() -> None:
    found = ask("team:desk", directory=LIMITED, at=MIDNIGHT, known=TIRED, page=True)
    assert (who(found), found.spared) == (["bob", "cyd", "dan"], ("person:ann",))
    assert found.notes == ("person:ann is spared: 2 pages tonight, at most 2.",)
    on_call = ask("oncall:nights", directory=LIMITED, at=MIDNIGHT, known=TIRED, page=True)
    assert (who(on_call), on_call.spared) == (["bob"], ("person:ann",))
    assert why(on_call) == ["has a later turn, ann is spared (rotation nights)"]
    chosen = ask("team:desk", directory=LIMITED, at=MIDNIGHT, known=TIRED, page=True, skills=("kafka",), **by("skill"))
    assert (who(chosen), chosen.spared) == (["bob"], ("person:ann",))


def test_a_deputy_is_asked_for_who_had_too_many_pages_and_without_one_they_are_asked_all_the_same() -> None:
    deputy = company(ann="at_most: {night: 2}, deputy: cyd")
    found = ask("person:ann", directory=deputy, at=MIDNIGHT, known=TIRED, page=True)
    assert (who(found), found.spared) == (["cyd"], ("person:ann",))
    assert why(found) == ["deputy: ann is spared (2 pages tonight, at most 2)"]
    assert circumstances(found) == [("deputy_of_spared", "person:ann")]
    alone = ask("person:ann", directory=LIMITED, at=MIDNIGHT, known=TIRED, page=True)
    assert (who(alone), alone.spared, alone.fell_back) == (["ann"], (), False)
    assert why(alone) == ["has had 2 pages tonight, at most 2, but nobody else was found"]
    assert circumstances(alone) == [("though_spent", None)]


def test_the_limit_of_the_night_does_not_hold_by_day_and_that_of_the_week_does() -> None:
    assert who(ask("person:ann", "team:desk", directory=LIMITED, known=TIRED, page=True))[0] == "ann"
    weary = Known(pages={"person:ann": Pages(0, 10)})
    found = ask("team:desk", directory=LIMITED, known=weary, page=True)
    assert found.notes == ("person:ann is spared: 10 pages in seven days, at most 10.",)


@pytest.mark.parametrize(
    ("zone", "at", "night"),
    [
        ("Europe/Prague", "2026-11-21T05:59Z", "2026-11-20T21:00Z"),
        ("Europe/Prague", "2026-11-21T06:00Z", None),
        ("Asia/Singapore", "2026-11-20T14:00Z", "2026-11-20T14:00Z"),
        ("Asia/Singapore", "2026-11-20T13:59Z", None),
        ("Europe/Prague", "2026-10-25T05:30Z", "2026-10-24T20:00Z"),  # an hour longer: clocks went back
    ],
)
def test_a_night_is_in_the_person_s_own_time_zone(zone: str, at: str, night: str | None) -> None:
    ann = LIMITED.get("ann").changed({"time_zone": zone})
    there = with_people(ann, *LIMITED.people[1:])
    begun = wanted(there, Search(targets=("person:ann",), page=True), datetime.fromisoformat(at)).pages["person:ann"]
    assert begun.night == (datetime.fromisoformat(night) if night else None)


def test_the_directory_says_when_night_is_and_whether_the_worst_is_exempt() -> None:
    exempt = company(more='fatigue: {night: "01:00-05:00", worst_is_exempt: true}', ann="at_most: {night: 2, week: 3}")
    search = Search(targets=("person:ann",), page=True)
    assert wanted(exempt, search, MIDNIGHT).pages == {"person:ann": Since(None, WEEK_BEFORE)}
    assert not wanted(exempt, search.changed({"worst": True}), MIDNIGHT)
    assert wanted(LIMITED, search.changed({"worst": True}), MIDNIGHT)
    assert not wanted(LIMITED, search.changed({"page": False}), MIDNIGHT), "only pages wear people out"
    assert not wanted(COMPANY, search, MIDNIGHT)


def test_a_limit_of_nothing_is_refused_with_its_line() -> None:
    with pytest.raises(DocumentError, match=r"people\.yaml:3: people\.0\.at_most.*limits nothing"):
        company(ann="at_most: {}")


# --- working windows ------------------------------------------------------------------------------------------------

OFFICE = 'hours: {week: {monday: ["09:00-17:00"], friday: ["09:00-17:00"]}, MORE}'


def opens(hours: str, at: str) -> str | None:
    directory = company(ann=hours)
    (found,) = ask("person:ann", directory=directory, at=datetime.fromisoformat(at)).people
    return found.opens_at.isoformat() if found.opens_at else None


def test_who_is_found_outside_their_hours_comes_with_when_the_next_window_opens() -> None:
    office = OFFICE.replace("MORE", "closed: {2026-11-23: moving}")
    assert opens(office, "2026-11-20T10:00Z") is None
    assert opens(office, "2026-11-20T17:00Z") == "2026-11-27T09:00:00+00:00"
    assert opens("locale: en", "2026-11-21T03:00Z") is None, "without hours: always"


def test_hours_are_in_the_person_s_time_zone_and_holidays_are_written_out_at_loading() -> None:
    year = datetime.now(UTC).year
    christmas = OFFICE.replace("MORE", "holidays: [{country: CZ}]")
    directory = company(ann=christmas)
    hours = directory.get("ann").hours
    assert hours is not None
    assert hours.time_zone == "UTC"
    assert datetime(year, 12, 25, tzinfo=UTC).date() in hours.holidays_on
    assert (
        opens(OFFICE.replace("MORE", "time_zone: Asia/Singapore"), "2026-11-20T00:00Z") == "2026-11-20T01:00:00+00:00"
    )


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (OFFICE.replace("MORE", "holidays: [{country: XX}]"), "no public holidays are known for country 'XX'"),
        (OFFICE.replace("MORE", "holidays_on: {2026-11-23: x}"), "is written by the loader"),
        ("hours: {week: {}}", "never opens"),
    ],
)
def test_hours_that_cannot_be_are_refused_with_their_line(hours: str, said: str) -> None:
    with pytest.raises(DocumentError, match=r"people\.yaml:3: people\.0\.hours.*" + said):
        company(ann=hours)


# --- laws -----------------------------------------------------------------------------------------------------------

ACTORS = [f"person:{each}" for each in ("ann", "bob", "cyd", "dan")]
TARGETS = ["person:ann", "person:dan", "team:desk", "team:pair", "team:senior", "role:owner", "oncall:nights"]
some = st.sets(st.sampled_from(ACTORS)).map(lambda found: tuple(sorted(found)))
choices = st.none() | st.builds(
    Choose,
    by=st.lists(st.sampled_from([each for each in Criterion if each != "everybody"]), min_size=1, unique=True),
    take=st.none() | st.integers(1, 5),
)


LIMIT = LIMITED.get("ann").at_most
AWAY_THEN = company(ann=AWAY).get("ann").away


@given(
    targets=st.lists(st.sampled_from([*TARGETS, "authority:refund"]), min_size=1, max_size=3),
    exclude=some,
    concerned=some,
    declined=some,
    away=some,
    choice=choices,
    amount=st.none() | st.integers(0, 2000).map(float),
    worn=st.dictionaries(st.sampled_from(ACTORS), st.builds(Pages, st.integers(0, 3), st.integers(0, 12))),
)
def test_nobody_excluded_concerned_or_absent_is_found_and_everybody_found_belongs_to_what_was_asked(
    targets: list[str],
    exclude: tuple[str, ...],
    concerned: tuple[str, ...],
    declined: tuple[str, ...],
    away: tuple[str, ...],
    choice: Choose | None,
    amount: float | None,
    worn: dict[str, Pages],
) -> None:
    chain = {"ann": "bob", "bob": "cyd", "cyd": "dan"}
    people = []
    for person in COMPANY.people:
        absences = AWAY_THEN if person.actor in away else ()
        people.append(person.changed({"away": absences, "deputy": chain.get(person.id), "at_most": LIMIT}))
    directory = with_people(*people)
    search = Search(
        targets=tuple(targets),
        fallback="role:owner",
        exclude=exclude,
        concerned=concerned,
        declined=declined,
        choose=choice,
        authority={"refund": amount},
        page=True,
    )
    known = Known(pages=worn, owned={"person:ann": 1}, turns=dict.fromkeys(targets, 3))
    found = directory.find(search, MIDNIGHT, known)
    names = [each.person for each in found.people]
    assert not {*names, *found.also} & {*exclude, *concerned}
    assert not {*names} & {*away}
    assert len(set(names)) == len(names)
    for each in found.people:
        assert each.person in directory.members(each.via)
        assert each.via in (("role:owner",) if found.fell_back else targets)
    assert names or found.notes
    assert not {*found.spared} & {*names}
    assert directory.find(search, MIDNIGHT, known) == found


class Somebody(NamedTuple):
    """A candidate."""

    actor: str
    rank: int = 0
    experience: float = 0
    skills: tuple[str, ...] = ()


crowd = st.lists(
    st.builds(
        Somebody,
        actor=st.integers(0, 30).map(lambda number: f"person:p{number}"),
        rank=st.integers(0, 2),
        experience=st.integers(0, 2).map(float),
        skills=st.sampled_from([(), ("a",), ("a", "b")]),
    ),
    unique_by=lambda each: each.actor,
    max_size=8,
)


@given(crowd, choices, st.integers(0, 50), st.sets(st.integers(0, 30)))
def test_choosing_takes_as_many_as_it_may_each_once_and_always_the_same(
    people: list[Somebody], choice: Choose | None, turn: int, tired: set[int]
) -> None:
    by_what = choice.by if choice else ()
    take = choice.take if choice else None
    matter = Matter(skills=frozenset({"a"}), owned={"person:p1": 2}, turn=turn, previous="person:p2")
    last = {f"person:p{number}" for number in tired}
    chosen = [each.actor for each in choose(people, by_what, take, matter, last)]
    assert len(chosen) == len(set(chosen)) == min(take or len(people), len(people))
    assert {*chosen} <= {each.actor for each in people}
    assert chosen == [each.actor for each in choose(people, by_what, take, matter, last)]
    fresh = {each.actor for each in people} - last
    assert not {*chosen} & last or fresh <= {*chosen}, "the tired come last"


@given(st.integers(1, 7), st.integers(1, 7), st.integers(1, 60))
def test_over_many_turns_everybody_who_is_there_has_as_many_as_the_others_or_one_less(
    members: int, take: int, turns: int
) -> None:
    people = [Somebody(f"person:p{number}") for number in range(members)]
    taken = Counter(
        each.actor
        for turn in range(turns)
        for each in choose(people, (Criterion.ROUND_ROBIN,), take, Matter(turn=turn))
    )
    shares = [taken[each.actor] for each in people]
    assert sum(shares) == turns * min(take, members)
    assert max(shares) - min(shares) <= 1
