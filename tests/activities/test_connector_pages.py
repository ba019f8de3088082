"""The pages on connectors: their examples are valid, and every connection that can be made has one."""

import re
from pathlib import Path
from typing import get_args

import pytest

from activities.connections import ConnectionsFile
from activities.kinds import CHANNELS, HELP_DESKS, SHEETS
from escalation.documents import read_document, validate

PAGES = Path(__file__).parents[2] / "docs" / "connectors"


def examples(page: Path) -> list[str]:
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    return [block for block in blocks if re.search(r"^connections:", block, re.MULTILINE)]


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_the_examples_of_a_page_are_valid_and_the_page_is_linked(page: Path, tmp_path: Path) -> None:
    for example in examples(page):
        written = tmp_path / "connections.yaml"
        written.write_text(example)
        assert validate(read_document(written), ConnectionsFile).connections
    assert f"(connectors/{page.name})" in (PAGES.parent / "connections.md").read_text()


@pytest.mark.req("INT-5")
def test_every_kind_of_connection_has_a_page_with_an_example() -> None:
    shown = {
        kind for page in PAGES.glob("*.md") for each in examples(page) for kind in re.findall(r"kind: (\w+)", each)
    }
    kinds = {get_args(config.model_fields["kind"].annotation)[0] for config in (*CHANNELS, *HELP_DESKS, *SHEETS)}
    assert kinds <= shown
