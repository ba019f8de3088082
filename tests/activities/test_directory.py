"""The directory's activity: who is found now, and a file that changes or breaks while the worker runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from temporalio.testing import ActivityEnvironment

from activities.directory import DirectoryFile
from escalation.errors import DocumentError
from escalation.foresight import forecast
from escalation.model.actions import FindPeople
from escalation.model.events import PeopleResolved
from tests.domain.builders import COMPANY, SERVICE, Life

EXAMPLE = Path(__file__).parents[2] / "examples" / "directory.yaml"

PEOPLE = """
people:
  - {id: eva, name: Eva, time_zone: Europe/Prague, contacts: [{channel: inbox, address: eva}]}
  - {id: jan, name: Jan, time_zone: Europe/Prague, contacts: [{channel: inbox, address: jan}]}
  - {id: olga, name: Olga, time_zone: Europe/Prague, contacts: [{channel: inbox, address: olga}]}
teams:
  - {id: support, name: Support, members: [%s]}
roles:
  head: {holders: [olga, jan]}
"""


def write(path: Path, support: str, address: str = "eva") -> Path:
    path.write_text((PEOPLE % support).replace("address: eva", f"address: {address}"))
    return path


def spoil(path: Path, content: bytes | None) -> None:
    path.unlink()
    if content is not None:
        path.write_bytes(content)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "directory.yaml", "eva")


def asking(*targets: str, exclude: tuple[str, ...] = (), also: tuple[str, ...] = ()) -> FindPeople:
    return FindPeople(
        key="e1/find/1", purpose="rung:L1/1", targets=targets, fallback="role:head", exclude=exclude, also=also
    )


async def found(directory: DirectoryFile, action: FindPeople) -> list[str]:
    people = await ActivityEnvironment().run(directory.find, action)
    return [person.person for person in people.people]


async def test_who_declined_is_found_only_when_the_targets_lead_to_nobody_else(path: Path) -> None:
    directory = DirectoryFile(write(path, "eva, jan"))
    team = asking("team:support")
    assert await found(directory, team.changed({"declined": ("person:eva",)})) == ["person:jan"]
    both = team.changed({"declined": ("person:eva", "person:jan")})
    assert await found(directory, both) == ["person:eva", "person:jan"]


async def test_people_are_found_for_targets_and_the_fallback_when_there_is_nobody(path: Path) -> None:
    directory = DirectoryFile(path)
    assert await found(directory, asking("team:support")) == ["person:eva"]
    nobody = await ActivityEnvironment().run(directory.find, asking("team:gone"))
    assert (nobody.fell_back, [person.person for person in nobody.people]) == (True, ["person:olga"])
    assert any("team:gone" in note for note in nobody.notes)


async def test_who_else_may_act_is_named_but_nobody_who_is_excluded(path: Path) -> None:
    directory = DirectoryFile(path)
    action = asking("person:eva", also=("role:head", "team:support"), exclude=("person:jan",))
    people = await ActivityEnvironment().run(directory.find, action)
    assert [person.person for person in people.people] == ["person:eva"]
    assert people.also == ("person:olga",)


async def test_a_forecast_knows_the_same_people_as_the_activity_finds() -> None:
    life = Life(SERVICE, answers=False)
    life.open()
    [asked] = [action for action in life.pending if isinstance(action, FindPeople)]
    people = await ActivityEnvironment().run(DirectoryFile(EXAMPLE).find, asked)
    foreseen = forecast(life.state, COMPANY, life.now)
    assert [event.found for event in foreseen if isinstance(event, PeopleResolved)] == [people]
    assert people.also


async def test_a_changed_file_counts_from_the_next_question_on(path: Path) -> None:
    directory = DirectoryFile(path)
    write(path, "eva, jan")
    assert await found(directory, asking("team:support")) == ["person:eva", "person:jan"]


async def test_a_file_that_breaks_leaves_the_last_good_one_in_use_and_says_so_once_with_file_and_line(
    path: Path,
) -> None:
    directory = DirectoryFile(path)
    good = directory.status()
    write(path, "eva, nobody")
    with capture_logs() as logs:
        for _ in range(3):
            assert await found(directory, asking("team:support")) == ["person:eva"]
    assert [line["event"] for line in logs] == ["directory_broken"]
    assert any("directory.yaml:7" in finding and "nobody" in finding for finding in logs[0]["findings"])
    status = directory.status()
    assert status.loaded_at == good.loaded_at
    assert [finding.line for finding in status.findings] == [7]

    write(path, "jan")
    assert await found(directory, asking("team:support")) == ["person:jan"]
    assert directory.status().findings == ()
    assert good.loaded_at < directory.status().loaded_at <= datetime.now(UTC)


@pytest.mark.parametrize("content", [None, b"", b"people: [", b"\xff\xfe\x00"], ids=["gone", "empty", "cut", "binary"])
async def test_a_file_that_is_gone_or_no_yaml_leaves_the_last_good_one_in_use(
    path: Path, content: bytes | None
) -> None:
    directory = DirectoryFile(path)
    spoil(path, content)
    assert await found(directory, asking("team:support")) == ["person:eva"]
    assert directory.status().findings


def test_a_worker_does_not_start_with_a_directory_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"directory\.yaml"):
        DirectoryFile(tmp_path / "directory.yaml")


async def test_contact_points_are_those_of_the_file_as_it_is_now(path: Path) -> None:
    directory = DirectoryFile(path)
    write(path, "eva", address="eva-2")
    person = directory.current().person("person:eva")
    assert person is not None
    assert person.contacts[0].address == "eva-2"
    assert directory.current().person("person:nobody") is None


def with_an_override(path: Path, start: datetime, end: datetime) -> Path:
    shift = f"""
rotations:
  desk:
    people: [eva]
    every: 1w
    hand_over: {{weekday: monday, at: "08:00"}}
    starts_on: 2020-01-06
    time_zone: Europe/Prague
    overrides: [{{start: "{start.isoformat()}", end: "{end.isoformat()}", person: jan}}]
"""
    path.write_text(path.read_text() + shift)
    return path


async def test_nobody_is_found_as_of_before_it_was_asked_though_this_workers_clock_is_behind(path: Path) -> None:
    later, hour = datetime.now(UTC) + timedelta(hours=3), timedelta(hours=1)
    directory = DirectoryFile(with_an_override(path, later - hour, later + hour))
    asked = asking("oncall:desk")
    assert await found(directory, asked) == ["person:eva"]
    assert await found(directory, asked.changed({"at": later})) == ["person:jan"]
    # Answered late, it is as of now.
    assert await found(directory, asked.changed({"at": later - timedelta(days=1)})) == ["person:eva"]
