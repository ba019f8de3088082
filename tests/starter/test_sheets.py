"""The matrix and the open escalations as spreadsheets: nothing is computed, and everything comes back as it was."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from escalation.errors import DocumentError, NotAllowed, RequestRefused
from escalation.playbook.ladder import Cell
from escalation.playbook.load import load
from starter import matrix, sheets
from starter.listing import Listed, sheet
from tests.starter.conftest import Escalate

COPY = Path(__file__).parents[2] / "playbooks" / "customer-service-escalation.yaml"
MATRIX = """
matrix: # agreed in May
  # P0 wakes the manager
  - {id: worst, severity: [P0], level: L1, targets: ['role:duty-manager'], ack: 5m, repeat: 0} # at once
  - id: late
    severity: [P0, P1]
    after: 30m
    # management
    level: L3

  # the calm ones
  - {severity: [P3], level: L1, ack: 30m, dwell: 2h}

# closing words
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / COPY.name
    text = COPY.read_text()
    at = text.index("gates:")
    path.write_text(text[:at] + MATRIX.lstrip() + text[at:])
    return path


@pytest.mark.req("SMX-4")
def test_the_matrix_comes_back_exactly_and_importing_it_changes_nothing(file: Path, escalate: Escalate) -> None:
    before, cells = file.read_text(), load(file).playbook.matrix
    exported = escalate("playbook", "matrix", str(file), "--csv").out
    assert exported.splitlines()[0] == "id,severity,level,after,when,targets,ack,dwell,repeat,channels,about"
    assert exported.splitlines()[1] == "worst,P0,L1,,,role:duty-manager,5m,,0,,"
    assert matrix.imported(exported) == cells
    (file.parent / "m.csv").write_text(exported)
    said = escalate("playbook", "matrix", str(file), "--import", str(file.parent / "m.csv"), "--json").json
    assert (said["written"], file.read_text()) == (False, before)


@pytest.mark.req("SMX-4")
def test_a_changed_cell_a_new_and_a_removed_one_are_written_and_all_comments_stay(file: Path) -> None:
    before = load(file).playbook
    worst, late, _ = before.matrix
    fresh = Cell.model_validate(
        {"severity": ["P2"], "after": "4h", "targets": ["team:finance"], "about": "a: b, 'c' #d"}
    )
    cells = (worst, late.changed({"level": "L2"}), fresh)
    assert matrix.write_back(file, matrix.imported(matrix.exported(cells)))
    after = load(file).playbook
    assert after.matrix == cells
    assert after == before.changed({"matrix": cells}), "nothing else changed"
    text = file.read_text()
    for kept in ("matrix: # agreed in May", "# P0 wakes the manager", "# at once", "# management", "# closing words"):
        assert kept in text
    assert "ack: 5m, repeat: 0} # at once" in text, "its line is as it was"
    assert matrix.write_back(file, before.matrix)
    assert load(file).playbook == before


@pytest.mark.req("SMX-4")
def test_a_cell_that_is_written_anew_keeps_the_comments_above_and_behind_it(file: Path) -> None:
    worst, late, calm = load(file).playbook.matrix
    assert matrix.write_back(file, (worst.changed({"repeat": 2}), late, calm.changed({"repeat": 3})))
    text = file.read_text()
    assert "  # P0 wakes the manager\n  # at once\n  - {id: worst" in text
    assert "  # the calm ones\n  - {severity: [P3]" in text


def test_cells_that_fail_a_check_leave_the_file_as_it_was(file: Path) -> None:
    text = file.read_text()
    with pytest.raises(DocumentError) as refused:
        matrix.write_back(file, matrix.imported("severity,level,ack\nP9,L1,5m\n"))
    assert "there is no severity 'P9'" in str(refused.value)
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("severity,levle\nP0,L1\n", "column levle: expected id, severity"),
        ("severity,severity\nP0,P1\n", "is there twice"),
        ("severity,level\nP0,L1,5m\n", "line 2: has 3 cells"),
        ("severity,level,ack\nP0,L1,soon\n", "cell 1, ack"),
        ("severity,level,repeat\nP0,L1,many\n", "cell 1, repeat"),
    ],
)
def test_what_is_wrong_with_a_sheet_is_said_with_its_place(text: str, says: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        matrix.imported(text)
    assert says in "; ".join(f"{path}: {problem}" for path, problem in refused.value.problems)


def test_a_playbook_that_extends_another_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / COPY.name
    path.write_text("extends: customer-service-escalation\nplaybook: customer-service-escalation\n")
    with pytest.raises(NotAllowed, match="extends customer-service-escalation"):
        matrix.write_back(path, matrix.imported("severity,level,ack\nP0,L1,5m\n"))


def test_a_playbook_that_extends_another_and_has_the_matrix_itself_is_written(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(
        "extends: customer-service-escalation\nplaybook: ours\nmatrix:\n  - {severity: [P1], after: 3h, level: L3}\n"
    )
    assert matrix.write_back(path, matrix.imported("severity,level,after\nP1,L3,2h\n"))
    assert path.read_text().endswith("matrix:\n  - {severity: [P1], level: L3, after: 2h}\n")


def test_a_playbook_without_a_matrix_gets_one(tmp_path: Path) -> None:
    path = tmp_path / COPY.name
    path.write_text(COPY.read_text())
    assert matrix.write_back(path, matrix.imported("severity,level,ack\nP0 P1,L1,5m\n"))
    assert load(path).playbook.matrix[0].severity == ("P0", "P1")
    assert path.read_text().startswith(COPY.read_text())


@pytest.mark.req("SMX-4")
@pytest.mark.parametrize(
    "text", ["=1+1", "+44 20", "-5", "@SUM(A1)", "'quoted", "\tx", "a,b", 'say "no"', "two\nlines", ""]
)
def test_no_cell_is_a_formula_and_every_text_comes_back(text: str) -> None:
    written = sheets.write(("what", "more"), [(text, "x")])
    assert sheets.read(written, ("what", "more")) == [{"what": text, "more": "x"}]
    cell = written.splitlines()[1].lstrip('"')
    assert not cell.startswith(("=", "+", "-", "@"))


@pytest.mark.req("SMX-4")
def test_open_escalations_come_back_as_they_were_listed() -> None:
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    row = Listed(
        "escalation-web-1",
        "run",
        "resolution",
        "=In progress",
        "P1",
        "L2",
        "person:eva",
        "owner",
        "small",
        "web",
        ("legal", "vip"),
        True,
        at,
        at,
        None,
    )
    (back,) = sheets.read(sheet([row]), Listed._fields)
    assert back["status"] == "=In progress"
    assert tuple(back["reasons"].split()) == row.reasons
    assert (datetime.fromisoformat(back["next_due_at"]), back["closed_at"]) == (at, "")
    assert back["breached"] == "true"
