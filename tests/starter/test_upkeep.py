"""Whoever edits a file beside `escalate dev` is told there what is wrong with it, and what is in use instead."""

import shutil
from pathlib import Path

import pytest

from escalation.errors import DocumentError
from starter.dev import exported, not_shown
from starter.upkeep import Files
from tests.starter.conftest import EXAMPLES, Escalate
from tests.starter.test_dev import dev, until

SHIPPED = "extends: customer-service-escalation\nplaybook: customer-service-escalation\n"
NAME = "customer-service-escalation"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return Path(shutil.copy(EXAMPLES / "directory.yaml", tmp_path / "people.yaml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


def test_what_is_in_order_is_no_news(people: Path, folder: Path) -> None:
    (folder / f"{NAME}.yaml").write_text(SHIPPED + "version: 2\n")
    files = Files(people, (folder,))
    assert files.news() == []
    (folder / f"{NAME}.yaml").write_text(SHIPPED + "version: 30\n")
    assert files.news() == []


def test_a_directory_that_breaks_is_told_once_with_lines_and_again_when_it_is_mended(
    people: Path, folder: Path
) -> None:
    files = Files(people, (folder,))
    good = people.read_text()
    people.write_text(good.replace("time_zone: ", "timezone: ", 1))
    broken = files.news()
    assert len(broken) == 1
    assert "people.yaml cannot be used as it is now: the last good version stays in use." in broken[0].says
    assert all(finding.file == str(people) and finding.line > 0 for finding in broken[0].findings)
    assert any("time_zone" in str(finding) for finding in broken[0].findings)
    assert files.news() == []
    people.write_text(good + "\n# mended\n")
    assert [(news.says, news.findings) for news in files.news()] == [("people.yaml is mended and in use.", ())]


def test_a_playbook_that_breaks_later_stays_in_use_as_it_was_and_one_broken_from_the_start_is_refused(
    people: Path, folder: Path
) -> None:
    file = folder / f"{NAME}.yaml"
    file.write_text(SHIPPED)
    (folder / "own.yaml").write_text("playbook: own\nextends: nosuch\n")
    files = Files(people, (folder,))
    first = files.news()
    assert [news.says.partition(":")[0] for news in first] == ["Playbook own cannot be used"]
    assert str(first[0].findings[0]).startswith(f"{folder}/own.yaml:2: extends: there is no playbook 'nosuch'")
    file.write_text(SHIPPED + "levels: 7\n")
    later = files.news()
    assert ["the worker goes on with the last good version" in news.says for news in later] == [True]
    file.write_text(SHIPPED + "version: 9\n")
    assert [news.says for news in files.news()] == [
        f"Playbook {NAME} is mended: what is opened from now on follows it."
    ]


def test_nothing_is_watched_where_no_worker_can_start(folder: Path, people: Path) -> None:
    people.write_text("people: []\n")
    with pytest.raises(DocumentError, match="people"):
        Files(people, (folder,))


def test_dev_does_not_start_a_worker_with_a_broken_directory_and_says_where_it_is_broken(
    escalate: Escalate, people: Path
) -> None:
    people.write_text(people.read_text().replace("time_zone: ", "timezone: ", 1))
    said = escalate("dev", "--directory", str(people), code=1)
    assert said.err.startswith("The worker cannot start")
    assert f"{people}:" in said.err
    assert said.out == ""


@pytest.mark.e2e
def test_dev_shows_what_is_wrong_with_a_file_at_its_start_and_while_it_runs(
    people: Path, folder: Path, tmp_path: Path
) -> None:
    (folder / "own.yaml").write_text("playbook: own\nextends: nosuch\n")
    options = ("--directory", str(people), "--playbooks", str(folder), "--quiet")
    with dev(tmp_path / "data", *options) as running:
        try:
            until(running, "Playbook own cannot be used: requests that name it are refused")
            assert f"{folder}/own.yaml:2: extends: there is no playbook 'nosuch'" in until(running, "nosuch")
            good = people.read_text()
            people.write_text(good.replace("time_zone: ", "timezone: ", 1))
            until(running, "people.yaml cannot be used as it is now: the last good version stays in use")
            assert f"{people}:" in until(running, "time_zone")
            people.write_text(good)
            until(running, "people.yaml is mended and in use")
        finally:
            running.terminate()
            running.communicate(timeout=60)
    assert running.returncode == 0


def test_other_terminals_are_told_all_that_dev_was_given_as_a_shell_reads_it() -> None:
    given = {"ESCALATION_DIRECTORY": "/my people.yaml", "ESCALATION_PLAYBOOKS": '["/books"]'}
    assert exported(given) == [
        "export ESCALATION_DIRECTORY='/my people.yaml'",
        """export ESCALATION_PLAYBOOKS='["/books"]'""",
    ]


def test_dev_says_once_which_messages_it_does_not_show() -> None:
    assert not_shown(["inbox"]) == ""
    assert Files(EXAMPLES / "directory.yaml", ()).channels == ["email", "inbox"]
    assert not_shown(["email", "inbox", "webhook"]).startswith("Messages by email, webhook go to people's own contacts")
