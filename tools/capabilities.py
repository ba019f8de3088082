"""Write docs/capabilities.md: each required capability, and the tests that say they prove it.

The requirements are docs/requirements.tsv; a test names the ones it asserts by `@pytest.mark.req("ID", ...)`. The marks
are read from the source, without running or importing a test. `--check` writes nothing and fails if the page is stale.
"""

from __future__ import annotations

import argparse
import ast
import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "docs" / "requirements.tsv"
PAGE = ROOT / "docs" / "capabilities.md"
TESTS = ROOT / "tests"
WEIGHTS = ("CORE", "SUPPORT", "ADAPT")


@dataclass(frozen=True)
class Requirement:
    """One line of the requirement list."""

    id: str
    weight: str
    group: str
    concepts: tuple[str, ...]
    capability: str


@dataclass(frozen=True)
class Mark:
    """One requirement id that one test claims."""

    requirement: str
    path: Path
    test: str


class BadMark(Exception):
    """A mark that cannot be traced: an unknown id, or an id that is not written out as text."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or check it; return the exit code."""
    parser = argparse.ArgumentParser(description="Write docs/capabilities.md from the requirement list and the tests.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")
    check: bool = parser.parse_args(arguments).check
    try:
        requirements = read_requirements(REQUIREMENTS)
        text = page(requirements, proofs(requirements, read_marks(TESTS)))
    except BadMark as error:
        print(error, file=sys.stderr)
        return 1
    name = PAGE.relative_to(ROOT)
    if not check:
        PAGE.write_text(text, encoding="utf-8")
        print(f"{name} written")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print(f"{name} does not match the tests' marks; run `make capabilities` and commit it", file=sys.stderr)
        return 1
    return 0


def read_requirements(path: Path) -> dict[str, Requirement]:
    """Read the list, by id, in its own order."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {
            row["id"]: Requirement(
                row["id"], row["weight"], row["group"], tuple(row["concepts"].split()), row["capability"]
            )
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        }


def read_marks(tests: Path) -> list[Mark]:
    """Find every `req` mark under the folder; raise BadMark for one whose ids are not string literals."""
    return [
        Mark(requirement, path, test)
        for path in sorted(tests.rglob("test_*.py"))
        for test, call in marked(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)).body)
        for requirement in ids(call, path)
    ]


def marked(
    body: Sequence[ast.stmt], prefix: str = "", inherited: Sequence[ast.Call] = ()
) -> Iterator[tuple[str, ast.Call]]:
    """Yield each test of a module or class body with each mark on it, its class or its module.

    A test is a function or class by pytest's naming, or a module-level name that is assigned a marked value, as a
    Hypothesis state machine is (`TestLadder = pytest.mark.req("EP-1")(Ladder.TestCase)`).
    """
    inherited = [*inherited, *(call for node in body if assigned(node) == "pytestmark" for call in req_calls(node))]
    for node in body:
        name = assigned(node) if isinstance(node, ast.Assign) else getattr(node, "name", "")
        if isinstance(node, ast.ClassDef) and name.startswith("Test"):
            decorated = [call for decorator in node.decorator_list for call in req_calls(decorator)]
            yield from marked(node.body, f"{prefix}{name}::", [*inherited, *decorated])
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and name.startswith("test"):
            decorated = [call for decorator in node.decorator_list for call in req_calls(decorator)]
            yield from ((prefix + name, call) for call in [*inherited, *decorated])
        elif isinstance(node, ast.Assign) and name.startswith("Test"):
            yield from ((prefix + name, call) for call in [*inherited, *req_calls(node)])


def assigned(node: ast.stmt) -> str:
    """Name the one variable that a statement assigns, or nothing."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return ""


def req_calls(node: ast.AST) -> list[ast.Call]:
    """Find the `pytest.mark.req(...)` calls in a piece of source."""
    return [
        call
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("pytest.mark.req", "mark.req")
    ]


def ids(call: ast.Call, path: Path) -> list[str]:
    """Return the ids of one mark."""
    texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    if len(texts) != len(call.args) or call.keywords or not texts or not all(isinstance(text, str) for text in texts):
        where = f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{call.lineno}"
        raise BadMark(f'{where}: write the ids of a req mark out as text, as in req("WLF-4", "EP-2")')
    return [str(text) for text in texts]


def proofs(requirements: Mapping[str, Requirement], marks: Sequence[Mark]) -> dict[str, list[Mark]]:
    """Group the marks by requirement; raise BadMark for an id that is not on the list."""
    grouped: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        if mark.requirement not in requirements:
            raise BadMark(f"{mark.path}::{mark.test}: no requirement {mark.requirement!r} in {REQUIREMENTS.name}")
        if mark not in grouped[mark.requirement]:
            grouped[mark.requirement].append(mark)
    return grouped


def page(requirements: Mapping[str, Requirement], proven: Mapping[str, Sequence[Mark]]) -> str:
    """Compose the page: totals, then one table for each group."""
    groups: dict[str, list[Requirement]] = defaultdict(list)
    by_concept: dict[str, list[Requirement]] = defaultdict(list)
    for requirement in requirements.values():
        groups[requirement.group].append(requirement)
        for concept in requirement.concepts:
            by_concept[concept].append(requirement)
    by_weight = {weight: [each for each in requirements.values() if each.weight == weight] for weight in WEIGHTS}
    lines = [
        "# Capabilities",
        "",
        "Written by `make capabilities` from `requirements.tsv` and the marks on the tests; not edited by hand.",
        "A capability counts as proven when a test that asserts it names its id.",
        "",
        *totals("Weight", by_weight, proven),
        f"| **all** | **{count(requirements.values(), proven)}** | **{len(requirements)}** |",
        "",
        "A capability counts once under each of its concepts.",
        "",
        *totals("Concept", dict(sorted(by_concept.items())), proven),
    ]
    for group, members in groups.items():
        lines += [
            "",
            f"## {group}: {count(members, proven)} of {len(members)} proven",
            "",
            "| Id | Weight | Capability | Proven by |",
            "|---|---|---|---|",
            *(row(requirement, proven.get(requirement.id, ())) for requirement in members),
        ]
    return "\n".join(lines) + "\n"


def totals(title: str, parts: Mapping[str, Sequence[Requirement]], proven: Mapping[str, Sequence[Mark]]) -> list[str]:
    """Compose a table of how many are proven in each part."""
    rows = [f"| {name} | {count(members, proven)} | {len(members)} |" for name, members in parts.items()]
    return [f"| {title} | Proven | Listed |", "|---|---:|---:|", *rows]


def count(members: Iterable[Requirement], proven: Mapping[str, Sequence[Mark]]) -> int:
    """Count the requirements that have a proof."""
    return sum(1 for requirement in members if requirement.id in proven)


def row(requirement: Requirement, marks: Sequence[Mark]) -> str:
    """Compose one requirement's line."""
    tests = "<br>".join(
        f"[{mark.path.relative_to(TESTS)}::{mark.test}](../{mark.path.relative_to(ROOT)})" for mark in marks
    )
    capability = requirement.capability.replace("|", "\\|").replace("<", "&lt;")
    return f"| {requirement.id} | {requirement.weight} | {capability} | {tests} |"


if __name__ == "__main__":
    sys.exit(main())
