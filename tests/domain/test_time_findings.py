"""What is wrong with clocks, acknowledgements, statuses and severities of a playbook, found with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalation.errors import DocumentError
from escalation.playbook.load import load
from escalation.playbook.schema import Playbook, compact, fingerprint
from tests.domain.builders import gated

HEAD = "extends: customer-service-escalation\nplaybook: mine\nversion: 1\n\n"


def findings(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    (tmp_path / "mine.yaml").write_text(HEAD + text + "\n")
    with pytest.raises(DocumentError) as refused:
        load("mine", tmp_path)
    return [(finding.line, finding.message) for finding in refused.value.findings if "mine" in finding.file]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clocks: {first_respons: {within: {P0: 1h}}}", "does not say what it waits for: write stops with one of"),
        ("clocks: {acknowlege: {within: {P0: 1h}}}", "did you mean `acknowledge`?"),
        ("clocks: {news: {stops: update}}", "says no time; expected within: {default: 4h}, or limit: due_at"),
        ("clocks: {news: {stops: update, within: {P0: 10m}, remind: [10m]}}", "at P0 there is no more than 10m"),
        ("clocks: {resolution: {remind: [5d]}}", "at P0, P1, P2, P3 there is no more than 4h"),
        ("clocks: {resolution: {on_breach: L9}}", "there is no way out or level 'L9'"),
        ("clocks: {resolution: {on_breach: level_upp}}", "did you mean `level_up`?"),
        ("clocks: {acknowledge: {starts: acknowledged}}", "it would be met as it begins"),
        ("clocks: {due: {stops: resolved, limit: due_at, within: {P0: 1h}}}", "nothing moves a due date"),
        ("clocks: {due: {stops: resolved, limit: due_at, paused_by: [hold]}}", "nothing moves a due date"),
        ("clocks: {resolution: {paused_by: [hold], pause_on_hold: true}}", "is said by paused_by already"),
        ("clocks: {resolution: {when: 'audiance == \"external\"'}}", "audiance"),
        ("clocks: {resolution: {when: 'audience == \"extern\"'}}", "'audience' is never 'extern' here"),
        ("clocks: {resolution: {tell: ['queue:second-line']}}", "in a queue nobody is responsible"),
        ("clocks: {resolution: {paused_by: [lunch]}}", "`lunch` is not allowed; expected one of `hold`"),
        ("statuses: [{status: Done, stage: closed, within: 1h}]", "nothing follows when it is closed"),
        ("statuses: [{status: New, stage: triage, then: level_up}]", "says what happens after a time, and no time"),
        ("levels: [{id: L1, dwell: 1h, ack_lasts: 2h}]", "it would have gone up before it lapses"),
        (
            "severity: {table: {rows: impcat, columns: urgency, cells: {a: {b: P0}}}}",
            "there is no fact 'impcat'; did you mean `impact`?",
        ),
        ("severity: {table: {rows: overload, columns: urgency, cells: {a: {b: P0}}}}", "a table is made of two texts"),
        ("severity: {table: {rows: level, columns: urgency, cells: {a: {b: P0}}}}", "while the severity is chosen"),
        ("severity: {table: {rows: impact, columns: urgency, cells: {a: {b: P9}}}}", "there is no severity 'P9'"),
        (
            "severity: {table: {rows: impact, columns: urgency, cells: {a: {b: P0, c: P1}, d: {b: P2}}}}",
            "has no cell for urgency c",
        ),
        ("severity: {lowering: {gate: nobody}}", "there is no gate 'nobody'"),
        (
            "gates: [{id: milder, before: lowering, approvers: ['role:head-of-support'], deadline: 1h}]",
            "it would never be asked; name it in severity",
        ),
        (
            "gates: [{id: milder, before: lowering, approvers: ['role:a'], deadline: 1h, on_expiry: escalate}]",
            "would have it go up a level",
        ),
        ("category: {rules: [{when: 'category == \"x\"', category: legal}]}", "while the category is chosen"),
    ],
)
def test_each_mistake_is_found_with_its_line_and_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    found = findings(tmp_path, text)
    assert any(line == 5 and message in said for line, said in found), found


def test_a_table_covers_every_declared_value_of_both_facts(tmp_path: Path) -> None:
    text = (
        "fields: {impact: {values: [team, all]}, urgency: {values: [now, later]}}\n"
        "severity: {table: {rows: impact, columns: urgency, cells: {team: {now: P1}, moon: {now: P0, later: P1}}}}"
    )
    said = [message for line, message in findings(tmp_path, text) if line == 6]
    assert "has no row for impact 'all'" in said
    assert "has no cell for urgency later" in said
    assert any("there is no impact 'moon'" in message for message in said)


def test_a_gate_that_lowers_must_say_so(tmp_path: Path) -> None:
    text = (
        "severity: {lowering: {gate: milder}}\n"
        "gates: [{id: milder, before: review, approvers: ['role:head-of-support'], deadline: 1h}]"
    )
    assert (5, "'milder' is asked otherwise; give it before: lowering") in findings(tmp_path, text)


def test_the_category_of_a_rule_is_one_that_is_declared(tmp_path: Path) -> None:
    text = "fields: {category: {values: [legal, hr]}}\ncategory: {rules: [{when: flags.legal, category: leagal}]}"
    assert (6, "there is no category 'leagal'; did you mean `legal`?") in findings(tmp_path, text)


def test_all_the_new_keys_load_and_show(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        HEAD
        + """\
severity:
  table: {rows: impact, columns: urgency, cells: {wide: {now: critical, later: P2}, narrow: {now: P1, later: P3}}}
  rules: [{id: business, when: 'customer.tier == "business"', severity: P3, override: true}]
  lowering: {gate: milder}
gates: [{id: milder, before: lowering, approvers: ['role:head-of-support'], deadline: 1h, on_expiry: deny}]
levels: [{id: L1, ack_lasts: 30m}]
clocks:
  news: {stops: update, starts: acknowledged, within: {default: 2h}, remind: [15m], tell: [role:head-of-support]}
  promised: {stops: resolved, limit: due_at, on_breach: tell}
  resolution: {paused_by: [hold, customer, input], when: 'audience == "external"'}
"""
    )
    playbook = load("mine", tmp_path).playbook
    assert playbook.clocks["news"].remind
    assert Playbook.model_validate_json(playbook.model_dump_json()) == playbook


def test_a_key_that_is_left_out_is_not_written_so_that_one_of_a_later_version_changes_no_digest() -> None:
    statuses = [{"status": "x", "stage": "review"}]
    plain = gated({}, clocks={"resolution": {"within": {"default": "1h"}}}, statuses=statuses)
    written = compact(plain)
    assert not {"category", "paths", "matrix", "bypass", "needs"} & written.keys()
    assert not any(set(level) - {"id", "targets", "ack", "repeat", "dwell"} for level in written["levels"][:2])
    assert written["clocks"] == {"resolution": {"within": {"default": "3600s"}}}
    said = gated(
        {}, clocks={"resolution": {"within": {"default": "1h"}, "remind": []}}, statuses=statuses, category=None
    )
    assert fingerprint(said) == fingerprint(plain)
