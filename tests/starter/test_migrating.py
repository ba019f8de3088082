"""`escalate migrate` against a real server: a preview that changes nothing, a refusal with why, and the move."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.playbook.load import shipped_folder
from starter.embedded import EmbeddedStack
from tests.starter.conftest import Escalate

pytestmark = pytest.mark.e2e

NAME = "customer-service-escalation"


@pytest.fixture
def playbooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the command line's own, where the next version stands; the worker does not know it."""
    folder = tmp_path / "playbooks"
    folder.mkdir()
    shutil.copy(shipped_folder() / f"{NAME}.yaml", folder)
    file = folder / f"{NAME}.yaml"
    file.write_text(file.read_text().replace("version: 1\n", "version: 77\n", 1))
    monkeypatch.setenv("ESCALATION_PLAYBOOKS", f'["{folder}"]')
    return folder


def test_a_preview_says_what_differs_and_comes_next_and_a_version_that_the_worker_lacks_is_refused(
    escalate: Escalate, on_stack: EmbeddedStack, playbooks: Path, request_file: Callable[..., str]
) -> None:
    escalation = str(escalate("open", request_file(), "--json").json["escalation_id"])
    for _ in range(20):  # whoever is told is looked up beside the answer
        if escalate("show", escalation, "--json").json["who_acts_next"][0].startswith("person:"):
            break
        time.sleep(1)
    assert "version 77, before" in escalate("migrate", escalation, "--preview").out
    escalate("acknowledge", escalation, "--by", "jana.kralova")
    said = escalate("migrate", escalation, "--preview").out
    assert "version 77, before" in said
    assert "Next, by the other version" in said
    assert "Nothing was changed." in said
    seen = escalate("migrate", escalation, "--preview", "--json").json
    assert (seen["to_version"], seen["obstacles"]) == (77, [])
    assert "there is no v78" in escalate("migrate", escalation, "--preview", "--to", "v78", code=1).out
    assert "because" in escalate("migrate", escalation, "--by", "jana.kralova", code=2).err
    refused = escalate("migrate", escalation, "--by", "jana.kralova", "--because", "agreed", "--to", "v77", code=1).err
    assert "it stays as it is: there is no v77" in refused
    assert escalate("show", escalation, "--json").json["migrations"] == []
