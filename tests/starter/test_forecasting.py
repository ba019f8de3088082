"""The forecast as people read it: in their zone, not wider than their screen, with what would stop each step."""

from pathlib import Path

import pytest
from rich.console import Console

from activities.directory import DirectoryFile
from starter import session
from tests.starter.conftest import EXAMPLES, Escalate

CHRISTMAS_EVE = (
    *("forecast", "--request", str(EXAMPLES / "vip-refund.json")),
    *("--at", "2026-12-24T22:00+01:00", "--until", "2h", "--zone", "Europe/Prague"),
)


def test_who_would_be_called_on_christmas_eve_when_why_and_what_would_stop_it(escalate: Escalate) -> None:
    """The example of the README, with the shipped playbook and people."""
    text = " ".join(escalate(*CHRISTMAS_EVE).out.split())
    assert "Thursday 24 December 2026 22:00:00 CET now opened as P1" in text
    assert "22:20:00 CET in 20m level L3 (hierarchical) nobody acknowledged at L2 within 10m unless: " in text
    assert "unless: an acknowledgement by jana.kralova, zsofia.nagy or tomas.dvorak" in text
    assert "→ petr.svoboda nobody acknowledged at L2 within 10m" in text
    assert "→ priya.shah nobody acknowledged at L3 within 30m unless: an acknowledgement by priya.shah" in text


def test_the_json_says_the_same(escalate: Escalate) -> None:
    steps = escalate(*CHRISTMAS_EVE, "--json").json
    last = [step for step in steps if step["who"] == ["person:priya.shah"]][-1]
    assert last["why"] == "nobody acknowledged at L3 within 30m"
    assert last["unless"] == "an acknowledgement by priya.shah"
    assert steps[0]["unless"] == ""


@pytest.mark.parametrize("width", [80, 100, 140, 1000])
def test_it_is_never_wider_than_a_hundred_columns_nor_than_the_screen(
    escalate: Escalate, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "out", Console(highlight=False, width=width))
    lines = escalate(*CHRISTMAS_EVE).out.splitlines()
    assert max(len(line.rstrip()) for line in lines) <= min(width, 100)
    assert not any("…" in line for line in lines)


def test_the_same_instant_is_another_time_in_another_zone(escalate: Escalate) -> None:
    there = escalate(*CHRISTMAS_EVE[:-1], "Asia/Tokyo").out
    assert "Friday 25 December 2026" in there
    assert "06:00:00 JST" in there
    asked = (*CHRISTMAS_EVE[:3], "--until", "1h", "--at")
    meant = [escalate(*asked, "2026-12-24T22:00", "--zone", zone, "--json").json for zone in ("Asia/Tokyo", "UTC")]
    assert [steps[0]["at"] for steps in meant] == ["2026-12-24T13:00:00+00:00", "2026-12-24T22:00:00+00:00"]
    wrong = escalate(*CHRISTMAS_EVE[:-1], "Prague", code=2).err
    assert "--zone: `Prague` is no time zone; expected one such as Europe/Prague" in wrong


def test_while_the_directory_is_broken_it_goes_by_what_a_worker_kept_and_says_so(
    escalate: Escalate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "people.yaml"
    file.write_text((EXAMPLES / "directory.yaml").read_text())
    monkeypatch.setenv("ESCALATION_DIRECTORY", str(file))
    monkeypatch.setenv("ESCALATION_DATA", str(tmp_path / "data"))
    whole = escalate(*CHRISTMAS_EVE, "--json").json
    file.write_text(file.read_text().replace("manager: petr.svoboda", "manager: nobody.here", 1))
    assert "people.yaml:" in escalate(*CHRISTMAS_EVE, code=1).err
    file.write_text((EXAMPLES / "directory.yaml").read_text())
    worker = DirectoryFile(file, keep=tmp_path / "data" / "directory.last-good.yaml")
    file.write_text(file.read_text().replace("manager: petr.svoboda", "manager: nobody.here", 1))
    worker.current()
    said = escalate(*CHRISTMAS_EVE, "--json")
    assert said.json == whole
    assert "nobody.here" in said.err
    assert "its last good state" in said.err
    assert "people.yaml:" in escalate(*CHRISTMAS_EVE, "--directory", str(file), code=1).err
