"""docs/capabilities.md tells the truth about the tests, and a claim that cannot be traced fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import capabilities
from tools.capabilities import BadMark, Mark, Requirement, proofs, read_marks, read_requirements

ROOT = Path(__file__).resolve().parents[2]
WANTED = {
    "A-1": Requirement("A-1", "CORE", "G1", ("RULE", "PB"), "given a | b, x < y"),
    "A-2": Requirement("A-2", "ADAPT", "G1", ("RULE",), "another"),
}


def marks_of(folder: Path, source: str) -> list[tuple[str, str]]:
    (folder / "test_sample.py").write_text(source, encoding="utf-8")
    return [(mark.test, mark.requirement) for mark in read_marks(folder)]


def test_the_page_matches_the_marks_on_the_tests(capsys: pytest.CaptureFixture[str]) -> None:
    assert capabilities.main(["--check"]) == 0, capsys.readouterr().err


def test_the_list_is_read_whole() -> None:
    requirements = read_requirements(ROOT / "docs" / "requirements.tsv")
    assert len(requirements) == 403
    assert requirements["DEF-1"].weight == "CORE"
    assert requirements["DEF-1"].concepts == ("RULE", "PB")
    assert all(each.capability and each.weight in capabilities.WEIGHTS for each in requirements.values())


def test_marks_are_found_on_functions_parameters_classes_modules_and_state_machines(tmp_path: Path) -> None:
    source = """
import pytest
pytestmark = pytest.mark.req("M-1")

@pytest.mark.req("F-1", "F-2")
async def test_a(): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.req("P-1"))])
def test_b(x): ...

@pytest.mark.req("C-1")
class TestC:
    def test_d(self): ...

TestMachine = pytest.mark.req("S-1")(Machine.TestCase)

@pytest.mark.req("H-1")
def helper(): ...
"""
    assert marks_of(tmp_path, source) == [
        ("test_a", "M-1"),
        ("test_a", "F-1"),
        ("test_a", "F-2"),
        ("test_b", "M-1"),
        ("test_b", "P-1"),
        ("TestC::test_d", "M-1"),
        ("TestC::test_d", "C-1"),
        ("TestMachine", "M-1"),
        ("TestMachine", "S-1"),
    ]


@pytest.mark.parametrize("arguments", ["ID", "*IDS", "", "1", 'id="A-1"'])
def test_an_id_that_is_not_written_out_is_refused_with_its_place(tmp_path: Path, arguments: str) -> None:
    with pytest.raises(BadMark, match=r"test_sample\.py:3: write the ids"):
        marks_of(tmp_path, f"import pytest\n\n@pytest.mark.req({arguments})\ndef test_a(): ...\n")


def test_an_unknown_id_is_refused_with_the_test_that_claims_it() -> None:
    with pytest.raises(BadMark, match=r"test_x\.py::test_a: no requirement 'A-9'"):
        proofs(WANTED, [Mark("A-9", Path("test_x.py"), "test_a")])


def test_the_page_counts_by_weight_and_concept_and_keeps_its_tables_whole() -> None:
    proof = Mark("A-1", capabilities.TESTS / "domain" / "test_x.py", "test_a")
    lines = capabilities.page(WANTED, proofs(WANTED, [proof, proof])).splitlines()
    assert "| CORE | 1 | 1 |" in lines
    assert "| ADAPT | 0 | 1 |" in lines
    assert "| RULE | 1 | 2 |" in lines
    assert "| **all** | **1** | **2** |" in lines
    assert "## G1: 1 of 2 proven" in lines
    assert r"| A-1 | CORE | given a \| b, x &lt; y | [domain/test_x.py::test_a](../tests/domain/test_x.py) |" in lines


def test_collection_stops_at_an_unknown_id_and_names_it(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_collection_modifyitems\n")
    (tmp_path / "test_claim.py").write_text(
        'import pytest\n\n@pytest.mark.req("WLF-4", "NOPE-1")\ndef test_a(): ...\n', encoding="utf-8"
    )
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "unknown requirement ids" in done.stderr
    assert "'NOPE-1'" in done.stderr
    assert "'WLF-4'" not in done.stderr
