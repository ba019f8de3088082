"""What is wrong with the work items of a playbook is refused when it is loaded, with its line and what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from escalation.errors import DocumentError
from escalation.lifecycle.work.action_lines import ActionLine, parse
from escalation.playbook.load import load, load_playbook
from tests.domain.builders import START
from tests.support.generated import written

AT = {"at": "resolution"}
BASE = {"playbook": "ours", "version": 1, "title": "Ours", "extends": "escalation-procedure"}


def findings(tmp_path: Path, *work: dict[str, Any], **changes: Any) -> str:
    path = tmp_path / "ours.yaml"
    listed = [{"title": "x", "due": "1h", **({} if "on" in each and "at" not in each else AT), **each} for each in work]
    path.write_text(written({**BASE, "work": listed, **changes}), encoding="utf-8")
    try:
        load(path)
    except DocumentError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"at": None}, "either by a stage (`at`) or by what happens (`on`)"),
        ({"at": "resolution", "on": ["opened"]}, "expected one of them"),
        ({"at": None, "on": ["closed"]}, "comes too late"),
        ({"at": None, "on": ["item_added"]}, "say the order with `after`"),
        ({"at": "review", "before": "resolution"}, "in review it is resolved already"),
        ({"after": ["firts"]}, "there is no work item 'firts'; did you mean `first`?"),
        ({"after": ["last"]}, "stands below this item"),
        ({"after": ["it"]}, "waits for itself"),
        ({"approvers": ["role:it-lead"]}, "is for a checklist or checkpoint, and this is of kind action"),
        ({"check": "flags.legal"}, "is for a dependency, and this is of kind action"),
        ({"kind": "checkpoint"}, "is a checkpoint without an owner"),
        ({"kind": "dependency", "check": "no_such_fact"}, "no_such_fact"),
        ({"when": "flags.legal &&"}, "cannot be read where the expression ends"),
        ({"kind": "checkpoint", "owner": "owner", "confirmed_by": ["person:eva"]}, "names no service"),
    ],
)
def test_what_is_wrong_with_an_item_is_named_with_its_line(tmp_path: Path, item: dict[str, Any], expected: str) -> None:
    said = findings(tmp_path, {"id": "first"}, {"id": "it", **item}, {"id": "last"})
    assert expected in said
    assert "ours.yaml:" in said


def test_what_is_right_is_taken_and_a_playbook_without_it_has_the_digest_of_before(tmp_path: Path) -> None:
    assert findings(tmp_path, {"id": "first"}, {"id": "second", "after": ["first"]}) == ""
    plain = load_playbook("escalation-procedure")
    assert "work" not in plain.model_dump(exclude_defaults=True)
    assert "items" not in plain.model_dump(exclude_defaults=True)


def test_the_examples_of_the_page_about_work_items_can_be_used_as_they_stand(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "work-items.md").read_text(encoding="utf-8")
    blocks = [YAML(typ="safe").load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    assert len(blocks) == 4
    talk = {"stakeholders": [{"name": "board", "audience": "staff", "target": "role:it-lead"}]}
    for block in blocks:
        items, work = block.get("items", {}), block.get("work", [])
        assert findings(tmp_path, *work, items=items, fields={"erp_ok": {"type": "flag"}}, communication=talk) == ""
    lines = re.search(r"becomes a work item:\n\n```\n(.*?)```", page, re.DOTALL)
    assert lines is not None
    assert [type(each) for each in parse(lines[1], START)] == [ActionLine] * 3


def test_parts_of_updates_are_for_stages_there_are(tmp_path: Path) -> None:
    assert "did you mean `resolution`?" in findings(tmp_path, items={"update_parts": {"resolutoin": ["Status"]}})
