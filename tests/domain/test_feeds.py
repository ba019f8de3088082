"""Rotations by feed, as pure answers: who counts where shifts overlap, and that every answer is one of the events."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.documents import parse_document
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.people.directory import Directory, check_directory
from escalation.people.feeds import Feed, FeedRotation, FeedShift, Heard
from escalation.people.schedules import By, coming, next_on, nobody, on_call
from escalation.people.search import Search
from tests.domain.builders import START as LIFE
from tests.domain.builders import Life, small

START = datetime(2026, 11, 2, tzinfo=UTC)
FEED = {"file": "x.ics", "people": {"Ann": "ann", "Bob": "bob", "Cyd": "cyd"}, "time_zone": "Europe/Prague"}


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def heard(*shifts: tuple[str, float, float], **more: Any) -> FeedRotation:
    listed = tuple(FeedShift(person, hour(start), hour(end)) for person, start, end in shifts)
    rotation = FeedRotation.model_validate({"feed": FEED, **{k: v for k, v in more.items() if k != "heard"}})
    return rotation.hearing(Heard(shifts=listed, read_at=START, **more.get("heard", {})))


def who(rotation: FeedRotation, at: float) -> str:
    found = on_call(rotation, hour(at))
    return found.person if found else ""


def test_the_shift_that_started_last_counts_then_the_one_that_ends_first_then_the_one_written_last() -> None:
    rotation = heard(("ann", 0, 10), ("bob", 4, 6), ("cyd", 8, 12))
    assert [who(rotation, at) for at in (0, 3.9, 4, 5.9, 6, 7.9, 8, 11.9, 12)] == [
        "ann", "ann", "bob", "bob", "ann", "ann", "cyd", "cyd", "",
    ]  # fmt: skip
    assert who(heard(("ann", 0, 2), ("bob", 0, 10)), 1) == "ann"
    assert who(heard(("ann", 0, 2), ("bob", 0, 2)), 1) == "bob"


def test_whoever_has_a_shift_at_the_same_time_is_asked_before_those_who_come_next() -> None:
    found = on_call(heard(("ann", 0, 10), ("cyd", 12, 14), ("bob", 4, 6)), hour(5))
    assert found is not None
    assert (found.person, found.others, found.by) == ("bob", ("ann", "cyd"), By.FEED)


def test_a_gap_is_a_gap_and_says_until_when() -> None:
    rotation = heard(("ann", 0, 1), ("bob", 3, 4))
    assert nobody("support", rotation, hour(1)) == (
        "nobody has the shift of rotation `support` until 2026-11-02 04:00 Europe/Prague"
    )
    assert nobody("support", rotation, hour(4)) == "nobody has the shift of rotation `support`"
    assert next_on(rotation, hour(4)) is None


def test_the_age_is_told_only_while_it_fails_and_once_it_is_old() -> None:
    fails = {"failing": "the calendar: answered 404"}
    good, failing = heard(("ann", 0, 100)), heard(("ann", 0, 100), heard=fails)
    said = [found.why for rotation in (good, failing) for at in (2, 3) if (found := on_call(rotation, hour(at)))]
    assert [words.partition("; ")[2] for words in said] == ["", "", "", "the feed was last read 3h ago"]


def test_an_override_and_a_swap_lie_above_a_feed() -> None:
    rotation = heard(
        ("ann", 0, 10),
        ("bob", 10, 20),
        overrides=[{"start": hour(2), "end": hour(3), "person": "cyd"}],
        swaps=[{"a": "ann", "a_start": hour(0), "b": "bob", "b_start": hour(10), "why": "a wedding"}],
    )
    assert [who(rotation, at) for at in (0, 2, 3, 10, 19)] == ["bob", "cyd", "bob", "ann", "ann"]
    parts = [(part.found.person, part.found.by) for part in coming(rotation, hour(0), hour(20)) if part.found]
    assert parts == [("bob", By.SWAP), ("cyd", By.OVERRIDE), ("bob", By.SWAP), ("ann", By.SWAP)]
    assert "swapped with ann: a wedding" in (on_call(rotation, hour(0)) or on_call(rotation, hour(1))).why  # type: ignore[union-attr]


def test_a_swap_of_a_shift_that_the_calendar_does_not_have_is_said_and_changes_nothing() -> None:
    rotation = heard(("ann", 0, 10), swaps=[{"a": "ann", "a_start": hour(1), "b": "bob"}])
    assert who(rotation, 1) == "ann"
    [remark] = rotation.remarks
    assert remark.startswith("a swap cannot count: ann has no shift that starts at 2026-11-02T01:00")


@given(
    st.lists(
        st.tuples(st.sampled_from(["ann", "bob", "cyd"]), st.integers(0, 40), st.integers(1, 15)),
        min_size=1,
        max_size=12,
    ),
    st.lists(st.integers(-2, 60), min_size=1, max_size=8),
)
@settings(max_examples=300, derandomize=True, deadline=None)
def test_the_answer_is_that_of_a_naive_look_at_every_event(
    events: list[tuple[str, int, int]], instants: list[int]
) -> None:
    shifts = [(person, start, start + length) for person, start, length in events]
    rotation = heard(*shifts)
    for at in instants:
        running = [(start, -end, n, person) for n, (person, start, end) in enumerate(shifts) if start <= at < end]
        assert who(rotation, at) == (max(running)[3] if running else "")
        if running:
            found = on_call(rotation, hour(at))
            assert found is not None
            beside = {person for *_, person in running} - {found.person}
            assert beside == set(found.others[: len(beside)]), "who has a shift at the same time is asked first"
            until = next(h for h in range(at + 1, 100) if who(rotation, h) != found.person or not _same(shifts, at, h))
            assert f"until {_prague(until)}" in found.why
    parts = list(coming(rotation, hour(-2), hour(60)))
    assert [part.start for part in parts[1:]] == [part.end for part in parts[:-1]]


def _same(shifts: list[tuple[str, int, int]], one: int, other: int) -> bool:
    """Whether the same event counts at both hours."""
    best = [
        max(((start, -end, n) for n, (_, start, end) in enumerate(shifts) if start <= at < end), default=None)
        for at in (one, other)
    ]
    return best[0] == best[1]


def _prague(number: int) -> str:
    return f"{hour(number + 1):%Y-%m-%d %H:%M}"  # an hour ahead of UTC in November


PEOPLE = """
people:
  - {id: ann, name: Ann, time_zone: UTC, contacts: [{channel: inbox, address: ann}]}
  - {id: bob, name: Bob, time_zone: UTC, contacts: [{channel: inbox, address: bob}], away: [
      {start: 2026-11-02T04:00:00Z, end: 2026-11-02T06:00:00Z}]}
  - {id: cyd, name: Cyd, time_zone: UTC, contacts: [{channel: inbox, address: cyd}]}
teams: [{id: desk, name: Desk, members: [ann], oncall: calendar}]
rotations:
  calendar: {feed: {file: x.ics, people: {Ann: ann, Bob: bob}, time_zone: Europe/Prague}}
"""


@pytest.fixture
def directory() -> Directory:
    return check_directory(parse_document(PEOPLE, "people.yaml"))


def asked(target: str) -> Search:
    return Search(targets=(target,), fallback="person:cyd")


def test_a_team_is_found_by_the_calendar_and_who_is_away_is_stood_in_for(directory: Directory) -> None:
    shifts = tuple(FeedShift(person, hour(start), hour(end)) for person, start, end in (("ann", 0, 9), ("bob", 4, 8)))
    known = directory.hearing({"calendar": Heard(shifts=shifts, read_at=START)})
    found = [[each.person for each in known.find(asked("team:desk"), hour(at)).people] for at in (1, 5, 7, 20)]
    assert found == [["person:ann"], ["person:ann"], ["person:bob"], ["person:cyd"]]
    assert known.digest == directory.digest, "what was read is no part of what the file says"
    assert hour(4) in known.changes(START, hour(30))


def test_a_feed_that_was_never_read_has_nobody_and_says_why(directory: Directory) -> None:
    silent = directory.hearing({"calendar": Heard(failing="the calendar: answered 404")})
    found = silent.find(asked("oncall:calendar"), START)
    assert [each.person for each in found.people] == ["person:cyd"]
    assert found.notes[0] == (
        "oncall:calendar: nobody has the shift of rotation `calendar`; its feed could not be read yet: "
        "the calendar: answered 404."
    )


def test_while_a_calendar_fails_the_playbooks_owner_is_told_once_and_its_last_good_copy_is_used() -> None:
    calendar = "feed: {file: x.ics, people: {Ann: ann, Cyd: cyd}, time_zone: UTC}"
    people = "\n".join(
        f"  - {{id: {name}, name: {name}, time_zone: UTC, contacts: [{{channel: inbox, address: a}}]}}"
        for name in ("ann", "cyd", "gus")
    )
    roles = "lead: {holders: [cyd]}, boss: {holders: [cyd]}, playbook-owner: {holders: [gus]}"
    text = f"people:\n{people}\nroles: {{{roles}}}\nrotations: {{calendar: {{{calendar}}}}}\n"
    shifts = (FeedShift("ann", LIFE - timedelta(days=1), LIFE + timedelta(days=9)),)
    read = Heard(shifts=shifts, read_at=LIFE - timedelta(hours=3), failing="it answered 404")
    known = check_directory(parse_document(text, "people.yaml")).hearing({"calendar": read})
    levels = [{**level.model_dump(), "targets": ["oncall:calendar"]} for level in small().levels]
    life = Life(small(levels=levels), directory=known)
    life.open()
    life.pass_time("30m")  # a second round, and the next level
    assert {message.to for message in life.sent if message.kind is MessageKind.PAGE} == {"person:ann"}
    (failing,) = life.all(e.FeedFailing)
    assert (failing.rotation, failing.because) == ("calendar", "the feed was last read 3h ago")
    told = [message.body for message in life.sent if message.to == "person:gus"]
    assert len(told) == 1
    assert "the calendar of rotation calendar fails: the feed was last read 3h ago. Please mend it" in told[0]


@pytest.mark.parametrize("url", ["http://calendar.example/x.ics", "ftp://calendar.example/x.ics", "https://", "x.ics"])
def test_a_feed_is_asked_over_tls_only_unless_it_is_on_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="over TLS"):
        Feed.model_validate({"url": url, "people": {"Ann": "ann"}, "time_zone": "UTC"})
    assert Feed(url="http://127.0.0.1:8000/x.ics", people={"Ann": "ann"}, time_zone="UTC").file is None
