"""The playbooks' activity: the file as it is now, or as it last could be used."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs
from temporalio.testing import ActivityEnvironment

from activities.playbooks import Playbooks
from escalation.errors import DocumentError
from escalation.playbook.load import Shelf, shipped_folder

NAME = "customer-service-escalation"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "extends: customer-service-escalation\ntitle: Ours\n")
    return tmp_path


def write(folder: Path, content: str) -> None:
    (folder / f"{NAME}.yaml").write_text(content)


async def test_a_playbook_comes_with_the_digest_that_an_escalation_pins(folder: Path) -> None:
    playbooks = Playbooks(Shelf(folder, shipped_folder()))
    first = await ActivityEnvironment().run(playbooks.load, NAME)
    assert (first.playbook.playbook, first.playbook.title) == (NAME, "Ours")
    write(folder, "extends: customer-service-escalation\ntitle: Ours, changed\n")
    second = await playbooks.load(NAME)
    assert second.playbook.title == "Ours, changed"
    assert first.digest != second.digest


async def test_a_playbook_that_breaks_stays_in_use_as_it_was_and_the_log_says_so_once(folder: Path) -> None:
    playbooks = Playbooks(Shelf(folder, shipped_folder()))
    good = await playbooks.load(NAME)
    write(folder, "extends: customer-service-escalation\ntitel: Ours\n")
    with capture_logs() as logs:
        for _ in range(3):
            assert await playbooks.load(NAME) == good
    assert [(line["event"], line["playbook"], line["in_use"]) for line in logs] == [
        ("playbook_broken", NAME, good.digest)
    ]
    assert any(f"{NAME}.yaml:2" in finding and "titel" in finding for finding in logs[0]["findings"])

    write(folder, "extends: customer-service-escalation\ntitle: Mended\n")
    with capture_logs() as logs:
        assert (await playbooks.load(NAME)).playbook.title == "Mended"
    assert [line["event"] for line in logs] == ["playbook_mended"]


async def test_an_unknown_playbook_is_refused_with_those_there_are(folder: Path) -> None:
    with pytest.raises(DocumentError, match=r"there is no playbook 'customer-escalation'.*customer-service-escalation"):
        await Playbooks(Shelf(folder, shipped_folder())).load("customer-escalation")
