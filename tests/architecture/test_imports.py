"""The floors of ARCHITECTURE.md hold: import-linter's contracts, and what those cannot express."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_every_room_imports_only_from_the_floors_below_it() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_of_the_domain_stands_on_a_floor() -> None:
    """A new module that no contract names would be free to import anything."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    floors = next(each for each in settings["tool"]["importlinter"]["contracts"] if each["id"] == "floors")
    named = {name.strip(" ()") for layer in floors["layers"] for name in layer.replace(":", "|").split("|")}
    rooms = {
        f"escalation.{path.stem}"
        for path in (ROOT / "escalation").iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
    } - {"escalation.__init__"}
    assert rooms - named == set()


def test_every_module_of_the_rules_is_named_in_the_architecture() -> None:
    """Who looks for the place of a rule finds it in the table, or the table is worth nothing."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rules = ROOT / "escalation" / "lifecycle"
    by_table = {rules / "changes", rules / "reactions"}  # one module for each module of events
    modules = {path.stem for path in rules.rglob("*.py") if path.parent not in by_table} - {"__init__"}
    assert {name for name in modules if f"`{name}`" not in text} == set()


@pytest.mark.parametrize(
    ("module", "above_or_beside"),
    [
        pytest.param("settings.py", {"escalation.client", "starter", "worker"}, id="settings"),
        pytest.param("worker.py", {"escalation.client", "starter"}, id="worker"),
    ],
)
def test_the_programs_at_the_top_import_only_from_the_floors_below_them(module: str, above_or_beside: set[str]) -> None:
    """import-linter reads packages; these two are single modules."""
    forbidden = above_or_beside | {"benchmarks", "tests", "tools"}
    strangers = {
        name
        for name in imports(ROOT / module)
        if any(name == each or name.startswith(f"{each}.") for each in forbidden)
    }
    assert strangers == set()


def printed(program: str) -> list[str]:
    """Run a program in a process of its own; return the words it prints."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_command_of_the_command_line_is_sent_without_the_rules_and_what_only_workers_need() -> None:
    """Loading those took three times as long as all the rest: people wait for it with each command."""
    sends = "import sys, settings, escalation.sending; from starter.cli import build; build('acknowledge')"
    loaded = printed(f"{sends}; print(*sys.modules)")
    heavy = (
        "escalation.lifecycle",
        "escalation.model.events",
        "escalation.foresight",
        "holidays",
        "sqlalchemy",
        "httpx",
    )
    assert "starter.commands" in loaded
    assert [name for name in loaded if name.startswith(heavy)] == []


def test_what_workflows_check_records_with_is_built_when_they_are_loaded() -> None:
    """Otherwise a workflow task would, and it has two seconds."""
    unbuilt = """
import workflows.escalation
from escalation.values import Record

def kinds(of):
    return [each for kind in of.__subclasses__() for each in (kind, *kinds(kind))]

print(len(kinds(Record)), *(kind.__name__ for kind in kinds(Record) if not kind.__pydantic_complete__))
"""
    count, *names = printed(unbuilt)
    assert int(count) > 400
    assert names == []


def imports(path: Path) -> set[str]:
    """Name every module that a file imports, at whatever depth of its code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names
