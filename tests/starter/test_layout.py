"""Tables on terminals of any width: what people copy stays whole, and nothing is lost."""

from io import StringIO

import pytest
from rich.console import Console, RenderableType

from starter import layout

DIGEST = "ba1245cac8451597"
ASKS = "May this refund be paid?: agent:refund-bot asks for refund (money goes back to the customer) with amount=250"


def printed(shown: RenderableType, width: int) -> list[str]:
    console = Console(file=StringIO(), width=width, highlight=False, color_system=None)
    console.print(shown)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def approvals() -> layout.Columns:
    table = layout.columns("approval", "state", "approvers", "digest", "asks")
    layout.add(table, "big_refund.a2", "pending; 1 of 1 must approve", "petr.svoboda", DIGEST, ASKS)
    layout.add(table, "tiny.a4", "rejected", "", "ebcd4f2b105a3b0c", "")
    return table


def test_where_there_is_room_each_row_is_one_line() -> None:
    assert [line.split()[0] for line in printed(approvals(), 300)] == ["approval", "big_refund.a2", "tiny.a4"]


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_terminal_breaks_no_id_or_digest_and_says_the_rest_beneath_its_row(width: int) -> None:
    lines = printed(approvals(), width)
    text = "\n".join(lines)
    assert all(len(line) <= width for line in lines)
    assert all(whole in text for whole in ("big_refund.a2", "petr.svoboda", DIGEST, "ebcd4f2b105a3b0c"))
    assert any(line.split()[:2] == ["asks", "May"] for line in lines)
    assert " ".join(ASKS.split()[-3:]) in " ".join(text.split())


def test_a_table_without_rows_is_its_headings() -> None:
    assert printed(layout.columns("who", "when"), 40) == ["who  when"]
