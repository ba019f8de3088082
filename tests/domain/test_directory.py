"""The directory: who a target means at an instant, and what a wrong file is answered with."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.documents import parse_document, read_document
from escalation.errors import DocumentError, Finding
from escalation.people.directory import Contact, Directory, check_directory, load_directory
from escalation.people.found import FoundPerson, People
from escalation.people.search import Search

EXAMPLE = Path(__file__).parents[2] / "examples" / "directory.yaml"

SMALL = """\
    people:
      - {id: ann, name: Ann, time_zone: UTC, contacts: [{channel: inbox, address: ann}], manager: cleo}
      - {id: bob, name: Bob, time_zone: UTC, contacts: [{channel: inbox, address: bob}], manager: cleo}
      - {id: cleo, name: Cleo, time_zone: UTC, contacts: [{channel: inbox, address: cleo}]}
      - {id: dora, name: Dora, time_zone: UTC, contacts: [{channel: inbox, address: dora}]}
    teams:
      - {id: desk, name: Desk, members: [ann, bob], lead: cleo}
      - {id: ops, name: Operations, members: [ann, bob], oncall: nights}
    roles:
      lead: {holders: [cleo, bob]}
      watch: {oncall: nights}
      owner: {holders: [cleo]}
    rotations:
      nights:
        people: [ann, bob]
        time_zone: UTC
        hand_over: {weekday: monday, at: 09:00}
        starts_on: 2026-01-05
        overrides:
          - {start: 2026-01-07T00:00:00Z, end: 2026-01-08T00:00:00Z, person: dora, why: ann is ill}
    """

TARGET = r"(person|team|role|oncall):\S+"
KINDS = ("person", "team", "role", "oncall", "raci")
NAMES = ("ann", "bob", "desk", "ops", "lead", "watch", "nights", "nobody")

ANN_HAS_THE_SHIFT = datetime(2026, 1, 5, 9, tzinfo=UTC)
BOB_HAS_THE_SHIFT = datetime(2026, 1, 12, 9, tzinfo=UTC)
DORA_STANDS_IN = datetime(2026, 1, 7, 12, tzinfo=UTC)


def made(text: str) -> Directory:
    return check_directory(parse_document(dedent(text), "people.yaml"))


def wrong(text: str) -> list[str]:
    """Every finding about a file that must not be accepted: line, path, and what is wrong; what was expected apart."""
    findings: list[Finding] = []
    try:
        made(text)
    except DocumentError as error:
        findings = error.findings
    assert findings, "was accepted"
    assert all(finding.file == "people.yaml" for finding in findings)
    assert all(re.search("expected|did you mean|keep one", finding.message) for finding in findings)
    return [f"{line} {path}: {re.split('[;?] expected', message)[0]}" for _, line, path, message in findings]


@pytest.fixture(scope="module")
def small() -> Directory:
    return made(SMALL)


@pytest.fixture(scope="module")
def example() -> Directory:
    return load_directory(EXAMPLE)


def words(data: Any) -> Iterator[str]:
    """Every text in plain data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from words(value)


def who(people: People) -> list[str]:
    return [found.person for found in people.people]


def ask(
    directory: Directory,
    *targets: str,
    at: datetime = ANN_HAS_THE_SHIFT,
    fallback: str = "role:owner",
    exclude: tuple[str, ...] = (),
) -> People:
    return directory.find(Search(targets=targets, fallback=fallback, exclude=exclude), at)


class TestFinding:
    def test_a_person_is_that_person(self, small: Directory) -> None:
        found = ask(small, "person:dora")
        assert found == People(people=(FoundPerson(person="person:dora", via="person:dora"),))

    def test_a_team_without_a_rotation_is_every_member(self, small: Directory) -> None:
        assert who(ask(small, "team:desk")) == ["person:ann", "person:bob"]

    def test_a_team_with_a_rotation_is_whoever_it_has_on_call(self, small: Directory) -> None:
        assert who(ask(small, "team:ops", at=ANN_HAS_THE_SHIFT)) == ["person:ann"]
        assert who(ask(small, "team:ops", at=BOB_HAS_THE_SHIFT)) == ["person:bob"]

    @pytest.mark.req("TAG-4")
    def test_a_role_is_its_first_holder(self, small: Directory) -> None:
        assert who(ask(small, "role:lead")) == ["person:cleo"]

    def test_a_role_may_be_whoever_a_rotation_has_on_call(self, small: Directory) -> None:
        assert who(ask(small, "role:watch", at=BOB_HAS_THE_SHIFT)) == ["person:bob"]

    def test_a_person_on_call_comes_with_why_and_until_when(self, small: Directory) -> None:
        (found,) = ask(small, "oncall:nights").people
        assert found.person == "person:ann"
        assert found.via == "oncall:nights"
        assert found.note == "has the shift until 2026-01-12 09:00 UTC (rotation nights)"

    @pytest.mark.req("EP-O5")
    def test_somebody_unavailable_is_covered_by_the_override_and_the_reason_is_kept(self, small: Directory) -> None:
        (found,) = ask(small, "oncall:nights", at=DORA_STANDS_IN).people
        assert found.person == "person:dora"
        assert found.note == "stands in for ann until 2026-01-08 00:00 UTC: ann is ill (rotation nights)"
        assert [each.what for each in found.why] == ["in_place"]

    def test_each_person_is_found_once_by_the_first_target_that_means_them(self, small: Directory) -> None:
        found = ask(small, "role:lead", "team:desk", "oncall:nights", "person:cleo")
        assert [(each.person, each.via) for each in found.people] == [
            ("person:cleo", "role:lead"),
            ("person:ann", "team:desk"),
            ("person:bob", "team:desk"),
        ]

    def test_an_excluded_member_is_passed_over_with_a_note(self, small: Directory) -> None:
        found = ask(small, "team:desk", exclude=("person:ann",))
        assert who(found) == ["person:bob"]
        assert found.notes == ("team:desk: person:ann may not be asked here and is passed over.",)
        assert not found.fell_back

    def test_the_deputy_is_asked_when_the_holder_of_a_role_is_excluded(self, small: Directory) -> None:
        found = ask(small, "role:lead", exclude=("person:cleo",))
        assert found.people == (FoundPerson(person="person:bob", via="role:lead", note="deputy 1 of lead"),)
        assert found.notes == ("role:lead: person:cleo may not be asked here and is passed over.",)

    def test_who_else_may_act_is_everybody_of_the_targets_who_is_neither_found_nor_excluded(
        self, small: Directory
    ) -> None:
        assert ask(small, "person:ann").also == ()
        assert ask(small, "role:lead").also == ("person:bob",)
        search = Search(
            targets=("team:ops",), fallback="role:owner", exclude=("person:dora",), also=("role:lead", "team:desk")
        )
        found = small.find(search, ANN_HAS_THE_SHIFT)
        assert who(found) == ["person:ann"]
        assert set(found.also) == {"person:bob", "person:cleo"}


class TestNobodyFound:
    @pytest.mark.parametrize(
        ("target", "note"),
        [
            ("person:zoe", "person:zoe: no such person in the directory."),
            ("team:zoe", "team:zoe: no such team in the directory."),
            ("role:zoe", "role:zoe: no such role in the directory."),
            ("oncall:zoe", "oncall:zoe: no such rotation in the directory."),
            (
                "raci:accountable",
                "raci:accountable: a RACI part must be replaced by its targets before people are found.",
            ),
        ],
    )
    def test_the_fallback_is_asked_and_every_reason_is_said(self, small: Directory, target: str, note: str) -> None:
        found = ask(small, target)
        assert found.fell_back
        assert found.people == (FoundPerson(person="person:cleo", via="role:owner"),)
        assert found.notes == (note, "Nobody could be found for what was asked, so role:owner is asked instead.")

    def test_one_target_that_resolves_is_enough(self, small: Directory) -> None:
        found = ask(small, "person:zoe", "person:dora")
        assert who(found) == ["person:dora"]
        assert not found.fell_back
        assert found.notes == ("person:zoe: no such person in the directory.",)

    def test_no_targets_at_all_means_the_fallback(self, small: Directory) -> None:
        found = ask(small)
        assert (who(found), found.fell_back) == (["person:cleo"], True)

    def test_when_the_fallback_fails_too_nobody_is_returned_and_that_is_said(self, small: Directory) -> None:
        found = ask(small, "person:zoe", fallback="team:nobody")
        assert found.people == ()
        assert found.notes == (
            "person:zoe: no such person in the directory.",
            "Nobody could be found for what was asked, so team:nobody is asked instead.",
            "team:nobody: no such team in the directory.",
            "Nobody could be found for team:nobody either, so nobody is told.",
        )

    def test_exclusions_hold_for_the_fallback_too(self, small: Directory) -> None:
        found = ask(small, "person:zoe", exclude=("person:cleo",))
        assert found.people == ()
        assert "role:owner: person:cleo may not be asked here and is passed over." in found.notes

    @given(
        st.lists(
            st.from_regex(r"(person|team|role|oncall|raci):(ann|bob|desk|ops|lead|watch|nights|x)", fullmatch=True)
        ),
        st.sets(st.sampled_from(["person:ann", "person:bob", "person:cleo", "person:dora"])),
        st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    )
    def test_finding_never_fails_nor_repeats_nor_returns_the_excluded(
        self, small: Directory, targets: list[str], exclude: set[str], at: datetime
    ) -> None:
        found = ask(small, *targets, at=at, exclude=tuple(exclude))
        names = who(found)
        assert len(names) == len(set(names))
        assert not exclude.intersection(names)
        assert all(small.person(name) for name in names)
        assert names or found.notes
        assert all(name in small.members(each.via) for name, each in zip(names, found.people, strict=True))


class TestLookingUp:
    def test_a_person_is_looked_up_by_actor(self, small: Directory) -> None:
        person = small.person("person:ann")
        assert person is not None
        assert (person.name, person.contacts) == ("Ann", (Contact(channel="inbox", address="ann"),))
        assert small.person("person:zoe") is None
        assert small.person("agent:ann") is None

    @pytest.mark.parametrize(
        ("target", "members"),
        [
            ("person:ann", ["ann"]),
            ("person:zoe", []),
            ("team:desk", ["ann", "bob", "cleo"]),
            ("team:ops", ["ann", "bob", "dora"]),
            ("team:zoe", []),
            ("role:lead", ["cleo", "bob"]),
            ("role:watch", ["ann", "bob", "dora"]),
            ("role:zoe", []),
            ("oncall:nights", ["ann", "bob", "dora"]),
            ("oncall:zoe", []),
            ("raci:accountable", []),
        ],
    )
    def test_members_are_all_who_may_act_for_a_target(self, small: Directory, target: str, members: list[str]) -> None:
        assert small.members(target) == tuple(f"person:{member}" for member in members)

    def test_the_digest_follows_what_is_said_not_how_it_is_laid_out(self, small: Directory) -> None:
        assert made("# a note\n" + dedent(SMALL)).digest == small.digest
        assert made(SMALL.replace("name: Dora", "name: Dora B.")).digest != small.digest

    def test_a_directory_cannot_be_changed(self, small: Directory) -> None:
        with pytest.raises(ValueError, match="frozen"):
            small.teams = ()  # type: ignore[misc]


class TestWrongFiles:
    def test_every_name_that_nobody_bears_is_found_at_its_line(self) -> None:
        assert wrong("""\
            people:
              - {id: ann, name: Ann, time_zone: UTC, contacts: [{channel: inbox, address: ann}], manager: cloe}
              - {id: cleo, name: Cleo, time_zone: UTC, contacts: [{channel: inbox, address: cleo}]}
            teams:
              - id: desk
                name: Desk
                members: [ann, boris]
                lead: an
                oncall: night
            roles:
              lead:
                holders:
                  - cleo
                  - xavier
              watch: {oncall: nigths}
            rotations:
              nights:
                people: [ann, cleoo]
                time_zone: UTC
                hand_over: {weekday: monday, at: 09:00}
                starts_on: 2026-01-05
                overrides:
                  - {start: 2026-01-07T00:00:00Z, end: 2026-01-08T00:00:00Z, person: zzz}
            """) == [
            "2 people.0.manager: no person `cloe`; did you mean `cleo`?",
            "7 teams.0.members.1: no person `boris`",
            "8 teams.0.lead: no person `an`; did you mean `ann`?",
            "9 teams.0.oncall: no rotation `night`; did you mean `nights`?",
            "14 roles.lead.holders.1: no person `xavier`",
            "15 roles.watch.oncall: no rotation `nigths`; did you mean `nights`?",
            "18 rotations.nights.people.1: no person `cleoo`; did you mean `cleo`?",
            "23 rotations.nights.overrides.0.person: no person `zzz`",
        ]

    def test_names_and_shapes_that_are_wrong_are_found_together(self) -> None:
        assert wrong("""\
            people:
              - {id: ann, name: Ann, time_zone: Europe/Pragu, contacts: []}
              - {id: bob, name: Bob, time_zone: UTC}
              - id: ann
                name: Ann again
                time_zone: UTC
                contacts: [{channel: inbox, adress: ann}]
                authority: {credit: lots}
            teams:
              - {id: desk, name: Desk, members: []}
              - {id: desk, name: Desk, members: [ann, ann, zoe]}
            roles:
              lead: {}
              boss: {holders: [ann], oncall: nights}
            rotations:
              nights:
                people: []
                time_zone: UTC
                hand_over: {weekday: monday, at: 25:00}
                starts_on: 2026-01-05
              days:
                people: [bob]
                time_zone: UTC
                hand_over: {weekday: mondy, at: 09:00}
                starts_on: 5 January
            """) == [
            "2 people.0.contacts: this list is empty",
            "2 people.0.time_zone: is not a known time zone",
            "3 people.1.contacts: `contacts` is missing",
            "4 people.2.id: `ann` is listed twice, first on line 2; keep one",
            "7 people.2.contacts.0.address: `address` is missing",
            "7 people.2.contacts.0.adress: unknown key `adress`; did you mean `address`?",
            "8 people.2.authority.credit: found text",
            "10 teams.0.members: this list is empty",
            "11 teams.1.id: `desk` is listed twice, first on line 10; keep one",
            "11 teams.1.members.1: `ann` is listed twice, first on line 11; keep one",
            "11 teams.1.members.2: no person `zoe`",
            "13 roles.lead: is a role without holder",
            "14 roles.boss: has both `holders` and `oncall`",
            "17 rotations.nights.people: this list is empty",
            "19 rotations.nights.hand_over.at: text that does not fit",
            "24 rotations.days.hand_over.weekday: `mondy` is not allowed; did you mean `monday`",
            "25 rotations.days.starts_on: text that does not fit",
        ]

    def test_overrides_of_one_rotation_that_overlap_are_found_in_any_order(self) -> None:
        more = [
            "{start: 2026-01-20T00:00:00Z, end: 2026-01-21T00:00:00Z, person: dora}",
            "{start: 2026-01-06T00:00:00Z, end: 2026-01-10T00:00:00Z, person: dora}",
            "{start: 2026-01-10T00:00:00Z, end: 2026-01-11T00:00:00Z, person: dora}",
            "{start: 2026-01-09T00:00:00+01:00, end: 2026-01-09T09:00:00+01:00, person: dora}",
            "{start: 2026-02-02T00:00:00Z, end: 2026-02-01T00:00:00Z, person: dora}",
        ]
        text = dedent(SMALL) + "".join(f"      - {override}\n" for override in more)
        assert wrong(text) == [
            "20 rotations.nights.overrides.0: overlaps the override on line 22",
            "24 rotations.nights.overrides.4: overlaps the override on line 22",
            "25 rotations.nights.overrides.5: ends before it starts",
        ]

    def test_a_circle_of_managers_is_found_once(self) -> None:
        person = "  - {{id: {0}, name: N, time_zone: UTC, contacts: [{{channel: inbox, address: a}}], manager: {1}}}\n"
        circle = "people:\n" + "".join(
            person.format(*pair) for pair in [("b", "c"), ("c", "a"), ("a", "b"), ("d", "a")]
        )
        assert wrong(circle) == ["4 people.2.manager: `a` is their own manager by way of b, c"]
        assert wrong("people:\n" + person.format("e", "e")) == ["2 people.0.manager: `e` is their own manager"]

    @pytest.mark.parametrize(
        "text",
        ["people: 5\n", "people: [5]\nteams: {a: b}\nroles: [x]\nrotations: [1]\n", "- a\n", "people: []\n", "x"],
    )
    def test_a_file_of_another_shape_is_refused_without_a_crash(self, text: str) -> None:
        assert wrong(text)

    def test_a_first_day_on_the_wrong_weekday_is_found(self) -> None:
        assert wrong(SMALL.replace("2026-01-05", "2026-01-06")) == ["14 rotations.nights: `starts_on` is a Tuesday"]

    def test_what_may_be_decided_is_an_amount_or_everything(self) -> None:
        person = (
            "people: [{{id: a, name: A, time_zone: UTC, contacts: [{{channel: inbox, address: a}}], authority: {0}}}]"
        )
        assert made(person.format("{credit: 1, refund: true}")).people[0].authority == {"credit": 1.0, "refund": True}
        assert made(person.format("{credit: 1}")).people[0].authority["credit"] is not True
        for limit in ("-1", "no", "'5'", ".inf", "[]", ""):
            assert wrong(person.format(f"{{credit: {limit}}}"))[0].startswith("1 people.0.authority.credit: ")


class TestTheExample:
    @pytest.mark.req("EP-O1")
    def test_front_line_specialists_and_management_are_all_registered(self, example: Directory) -> None:
        groups = [example.members(f"team:{team}") for team in ("frontline", "specialists", "managers", "executives")]
        assert all(len(group) >= 3 for group in groups)

    @pytest.mark.parametrize(
        "playbook", sorted(EXAMPLE.parents[1].glob("playbooks/*.yaml")), ids=lambda path: path.stem
    )
    def test_everybody_whom_the_shipped_playbooks_name_can_be_found(self, example: Directory, playbook: Path) -> None:
        named = {target for target in words(read_document(playbook).data) if re.fullmatch(TARGET, target)}
        assert named
        assert [target for target in sorted(named) if not example.members(target)] == []

    def test_every_team_role_and_rotation_means_somebody_in_every_month(self, example: Directory) -> None:
        targets = [f"team:{team.id}" for team in example.teams]
        targets += [f"role:{role}" for role in example.roles] + [f"oncall:{turns}" for turns in example.rotations]
        for month in range(1, 13):
            for target in targets:
                found = ask(example, target, at=datetime(2026, month, 24, 3, tzinfo=UTC), fallback="role:nobody")
                assert found.people, target
                assert not found.notes, target

    def test_everybody_has_an_inbox_a_language_and_a_time_zone(self, example: Directory) -> None:
        assert len({person.time_zone for person in example.people}) == 5
        for person in example.people:
            assert person.contacts[0] == Contact(channel="inbox", address=person.id)
        assert {"cs", "hu", "sv", "en-GB"} <= {person.locale for person in example.people}

    def test_every_chain_of_managers_ends_at_the_top(self, example: Directory) -> None:
        assert [person.id for person in example.people if person.manager is None] == ["helena.brandt"]

    def test_singapore_stands_in_while_stockholm_celebrates(self, example: Directory) -> None:
        (found,) = ask(example, "team:platform-ops", at=datetime(2026, 12, 24, 12, tzinfo=UTC)).people
        assert found.person == "person:mei.tan"
        assert "Christmas in Stockholm" in found.note


def test_a_changed_copy_derives_anew_what_was_derived_from_what_changed() -> None:
    directory = Directory.model_validate(parse_document(dedent(SMALL), "people.yaml").data)
    assert (directory.team("desk"), directory.digest) != (None, "")
    renamed = tuple(team.changed({"id": f"{team.id}-2"}) for team in directory.teams)
    changed = directory.changed({"teams": renamed})
    assert (changed.team("desk"), changed.team("desk-2")) == (None, renamed[0])
    assert changed.digest != directory.digest
