"""Loading playbooks: what is refused and where, what a team overrides, and what stays in use when a file breaks."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from escalation.documents import parse_document, read_document
from escalation.errors import DocumentError, Finding
from escalation.playbook.checks import check, check_against
from escalation.playbook.conditions import compile_condition, fact_types
from escalation.playbook.facts import FactValue
from escalation.playbook.load import Entry, Loaded, Shelf, Status, load, load_playbook, shipped_folder
from escalation.playbook.schema import Playbook, Stage, fingerprint

SMALL = """\
playbook: small
version: 1
title: A small playbook
owner: role:head-of-support
fields:
  topic: {type: text, values: [sales, repair]}
severity:
  scale:
    - {name: P0, aliases: [critical]}
    - {name: P1}
  default: P1
confidence: {standard: {below: 0.8}}
keywords:
  cancel: {en: [cancel]}
triggers:
  - {id: unsure, when: ai_confidence < confidence.threshold, level: L1}
  - {id: cancel, when: '"cancel" in keywords'}
context:
  required: [summary]
  complete_within: 15m
levels:
  - {id: L1, targets: [team:support-frontline], ack: 15m, dwell: 1h}
  - {id: L2, targets: [role:duty-manager], ack: 30m, dwell: 1d, last_resort: role:head-of-support}
routing:
  - {id: repair, when: topic == "repair", targets: [team:engineering-support]}
gates:
  - {id: release, approvers: [role:shift-lead], deadline: 1h, subject: [topic]}
clocks:
  resolution: {within: {P0: 4h, default: 2d}}
statuses:
  - {status: New, stage: triage}
  - {status: Waiting, stage: triage, waiting_on: requester}
raci:
  triage: {responsible: [agent:bot], accountable: role:shift-lead}
  assignment: {responsible: [owner], accountable: role:shift-lead}
  approval: {responsible: [owner], accountable: role:shift-lead}
  resolution: {responsible: [owner], accountable: role:shift-lead, informed: [customer]}
  review: {responsible: [owner], accountable: role:head-of-support}
resolution: {confirm_within: 1d}
review: {due: 2d, remind: 1d}
hold_at_most: 3d
defaults: {topic: sales}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "own"
    place.mkdir()
    (place / "small.yaml").write_text(SMALL, encoding="utf-8")
    return place


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, old: str, new: str) -> list[Finding]:
    """Return what is wrong with the small playbook after one replacement."""
    assert old in SMALL
    path = write(folder, "small", SMALL.replace(old, new))
    with pytest.raises(DocumentError) as caught:
        load(path)
    return caught.value.findings


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(SMALL.splitlines(), start=1) if text in line)


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, "\n".join(map(str, findings))
    return findings[0]


# --- what is loaded ---------------------------------------------------------------------------------------------------


def test_a_playbook_is_found_by_its_name_and_by_its_path(folder: Path) -> None:
    by_name = load("small", folder)
    by_path = load(folder / "small.yaml")
    assert by_name.playbook == by_path.playbook == load_playbook(str(folder / "small.yaml"))
    assert by_name.playbook.title == "A small playbook"
    assert by_name.file == folder / "small.yaml"


def test_the_digest_is_of_the_content_and_not_of_how_it_was_written(folder: Path) -> None:
    before = load("small", folder)
    write(folder, "small", "# a comment\n" + SMALL.replace("1h", "60m"))
    after = load("small", folder)
    assert after.digest == before.digest == fingerprint(before.playbook)
    write(folder, "small", SMALL.replace("below: 0.8", "below: 0.81"))
    assert load("small", folder).digest != before.digest


def test_the_small_playbook_survives_being_persisted(folder: Path) -> None:
    playbook = load_playbook("small", folder)
    assert Playbook.model_validate_json(playbook.model_dump_json()) == playbook


# --- what is refused --------------------------------------------------------------------------------------------------


def test_everything_wrong_with_a_playbook_is_told_at_once_with_file_and_line(folder: Path) -> None:
    broken = SMALL
    for old, new in [
        ("title: A small playbook", "titel: A small playbook"),
        ("ai_confidence < confidence.threshold", "ai_confidence < 1"),
        ("role:shift-lead}\n  approval", "[role:a, role:b]}\n  approval"),
        ("targets: [team:support-frontline], ", ""),
        (", last_resort: role:head-of-support", ""),
        ("context:\n  required: [summary]\n  complete_within: 15m\n", ""),
    ]:
        assert old in broken
        broken = broken.replace(old, new)
    path = write(folder, "small", broken)
    with pytest.raises(DocumentError) as caught:
        load(path)
    found = {finding.path: finding for finding in caught.value.findings}
    lines = broken.splitlines()
    for where, text, says in [
        ("titel", "titel:", "unknown key `titel`; did you mean `title`?"),
        ("triggers.0.when", "id: unsure", "write 1.0"),
        ("raci.assignment.accountable", "assignment:", "exactly one Accountable, got 2"),
        ("levels.0.targets", "id: L1", "a level without contact"),
        ("levels.1.last_resort", "id: L2", "a path that ends nowhere"),
    ]:
        assert says in found[where].message, found[where]
        assert found[where].file == str(path)
        assert text in lines[found[where].line - 1], found[where]
    assert "the section context is missing" in found["context"].message
    assert "`title` is missing" in found["title"].message
    assert len(found) == len(caught.value.findings) == 7


@pytest.mark.req("WLF-2")
def test_a_playbook_that_routes_but_says_not_what_travels_along_is_refused(folder: Path) -> None:
    finding = only(refused(folder, "context:\n  required: [summary]\n  complete_within: 15m\n", ""))
    assert finding.path == "context"
    assert "a playbook that says where an escalation goes must also say what travels with it" in finding.message
    assert "names no part" in only(refused(folder, "required: [summary]", "required: []")).message


@pytest.mark.req("RACI-9")
def test_each_stage_has_exactly_one_accountable_who_is_no_ai_and_somebody_responsible(folder: Path) -> None:
    row = "review: {responsible: [owner], accountable: role:head-of-support}"
    for wrong, says in [
        ("review: {responsible: [owner], accountable: [role:a, role:b]}", "exactly one Accountable, got 2"),
        ("review: {responsible: [owner], accountable: []}", "exactly one Accountable, got 0"),
        ("review: {responsible: [owner]}", "exactly one Accountable, got 0"),
        (
            "review: {responsible: [owner], accountable: agent:bot}",
            "an AI may be responsible, but a person answers for it",
        ),
        ("review: {responsible: [owner], accountable: raci:accountable}", "points back at this table"),
        ("review: {responsible: [], accountable: role:a}", "at least one Responsible, got 0"),
        ("review: {accountable: role:a}", "at least one Responsible, got 0"),
        ("review: {responsible: [somebody], accountable: role:a}", "'somebody' is nobody"),
    ]:
        finding = only(refused(folder, row, wrong))
        assert says in finding.message
        assert finding.line == line_of(row)


@pytest.mark.req("WLF-10")
def test_a_stage_without_a_raci_row_is_refused(folder: Path) -> None:
    finding = only(refused(folder, "  approval: {responsible: [owner], accountable: role:shift-lead}\n", ""))
    assert finding.path == "raci"
    assert "no row for approval: every stage needs one" in finding.message


@pytest.mark.req("WLF-9")
@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("targets: [team:support-frontline]", "targets: [queue:frontline]", "levels.0.targets.0"),
        ("last_resort: role:head-of-support", "last_resort: queue:all", "levels.1.last_resort"),
        ("targets: [team:engineering-support]", "targets: [queue:repair]", "routing.0.targets.0"),
        ("owner: role:head-of-support", "owner: queue:all", "owner"),
    ],
)
def test_assigning_to_a_queue_is_refused_with_the_reason(folder: Path, old: str, new: str, path: str) -> None:
    finding = only(refused(folder, old, new))
    assert finding.path == path
    assert "is a queue, and in a queue nobody is responsible" in finding.message
    assert "person: team: role: oncall:" in finding.message


CIRCULAR = '{when: severity == "P0", severity: P1}'


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ("level: L1}", "level: L9}", "triggers.0.level", "there is no level 'L9'; the ladder has L1, L2"),
        ("level: L1}", "level: L1, severity: P7}", "triggers.0.severity", "there is no severity 'P7'"),
        ("default: P1", "default: P9", "severity.default", "the scale has P0, P1"),
        ("- {name: P1}", "- {name: P1, aliases: [Critical]}", "severity.scale.1", "'Critical' already names"),
        ("P0: 4h", "critical: 4h", "clocks.resolution.within.critical", "not an alias"),
        ("id: cancel", "id: unsure", "triggers.1", "id 'unsure' is used twice"),
        ("id: L2", "id: L1", "levels.1", "id 'L1' is used twice"),
        ("ack: 15m", "ack: 2h", "levels.0.ack", "is longer than dwell"),
        ("subject: [topic]", "subject: [topick]", "gates.0.subject.0", "there is no fact 'topick'"),
        (
            "subject: [topic]",
            "subject: [topic], on_expiry: approve",
            "gates.0.on_expiry",
            "silence must not read as approval",
        ),
        (
            "subject: [topic]",
            "subject: [topic], on_expiry: next_deputy",
            "gates.0.on_expiry",
            "name at least one under deputies",
        ),
        ("approvers: [role:shift-lead]", "approvers: [person:a], need: 2", "gates.0.need", "only 1 can"),
        ("{status: Waiting,", "{status: New,", "statuses.1", "status 'New' is used twice"),
        (", waiting_on: requester", "", "statuses.1", "'New' already names this stage"),
        ("standard: {below", "strange: {below", "confidence.strange", "there is no task risk 'strange'"),
        ("{en: [cancel]}", "{en: [cancel], tlh: [qIl]}", "keywords.cancel.tlh", "there is no stemmer for 'tlh'"),
        ("{en: [cancel]}", '{en: [cancel, "*"]}', "keywords.cancel.en.1", "fewer than two letters"),
        ("defaults: {topic: sales}", "defaults: {topic: buying}", "defaults.topic", "it is one of sales, repair"),
        ("defaults: {topic: sales}", "defaults: {topic: 1}", "defaults.topic", "must be a text"),
        ("defaults: {topic: sales}", "defaults: {overload: 1}", "defaults.overload", "must be a flag"),
        ("defaults: {topic: sales}", "defaults: {sentiment: true}", "defaults.sentiment", "must be a number"),
        ("defaults: {topic: sales}", "defaults: {nothing: 1}", "defaults.nothing", "there is no fact 'nothing'"),
        ("defaults: {topic: sales}", "defaults: {severity: P0}", "defaults.severity", "is computed by the engine"),
        ("  topic:", "  severity: {}\n  topic:", "fields.severity", "is computed by the engine"),
        ("  topic:", "  Topic: {}\n  topic:", "fields.Topic", "is not a name conditions can read"),
        ("  topic:", "  credit.amount: {}\n  topic:", "fields.credit.amount", "is a number everywhere"),
        ("  topic:", "  n: {minimum: 1}\n  topic:", "fields.n", "only a number has a minimum"),
        ("  topic:", "  n: {type: flag, values: [a]}\n  topic:", "fields.n.values", "only a text or a list"),
        ("  topic:", "  n: {type: number, minimum: 2, maximum: 1}\n  topic:", "fields.n", "its minimum is above"),
        ("  topic:", "  n: {required_when: x}\n  topic:", "fields.n.required_when", "there is no fact 'x'"),
        ('topic == "repair"', 'topic == "repairs"', "routing.0.when", "'topic' is never 'repairs' here"),
        ('topic == "repair"', 'severity == "critical"', "routing.0.when", "it is one of P0, P1"),
        ('topic == "repair"', 'level != "L8"', "routing.0.when", "'level' is never 'L8' here"),
        ('topic == "repair"', '\'level in ["L1", "L8"]\'', "routing.0.when", "'level' is never 'L8' here"),
        ('"cancel" in', '"cancle" in', "triggers.1.when", "'keywords' is never 'cancle' here"),
        ("  default: P1", f"  default: P1\n  rules: [{CIRCULAR}]", "severity.rules.0.when", "reads severity, which"),
        ("confirm_within: 1d", "confirm_within: 1d, rejected_level: L4", "resolution.rejected_level", "no level 'L4'"),
        ("informed: [customer]", "informed: [all]", "raci.resolution.informed.0", "'all' is nobody"),
        ("approvers: [role:shift-lead]", "approvers: [raci:boss]", "gates.0.approvers.0", "names no part of RACI"),
        ("playbook: small", "playbook: other", "playbook", "give both one name"),
        ("below: 0.8}", "below: 80}", "confidence.standard.below", "from 0 to 1"),
        ("ack: 15m", "ack: soon", "levels.0.ack", "a duration such as 90s"),
    ],
)  # fmt: skip
def test_what_would_go_wrong_later_is_refused_at_once(folder: Path, old: str, new: str, path: str, says: str) -> None:
    finding = only(refused(folder, old, new))
    assert finding.path == path
    assert says in finding.message
    assert finding.line > 0


def test_any_shape_of_document_gives_findings_and_never_another_error(folder: Path) -> None:
    shapes = ("null", "text", "[1, text, [], {}]", "{a: 1, b: [], c: {d: {e: 1}}}")
    for section in YAML(typ="safe").load(SMALL):
        for shape in shapes:
            text = _with(section, shape)
            check(parse_document(text, "x.yaml"))
            if shape == shapes[2]:
                with contextlib.suppress(DocumentError):
                    load(write(folder, "small", text))
    for text in ("[]", "text", "[1, 2]", "extends: [a]", "{}", "extends: small", "extends: nothing"):
        with pytest.raises(DocumentError):
            load(write(folder, "small", text))


def _with(section: str, shape: str) -> str:
    """Return the small playbook with another shape in one section."""
    kept, skipping = [], False
    for line in SMALL.splitlines():
        if line and not line.startswith(" "):
            skipping = line.startswith(f"{section}:")
        if not skipping:
            kept.append(line)
    return "\n".join([*kept, f"{section}: {shape}", ""])


@pytest.mark.req("CSP-10")
def test_a_playbook_declares_more_than_twenty_statuses_each_mapped_to_one_stage(folder: Path) -> None:
    waits = ["requester", "responder", "approver", "owner", "customer", "hold"]
    names = ["In progress", "On hold", "Unassigned", *(f"Status {number}" for number in range(4, 25))]
    places = [(stage, wait) for stage in ("triage", "assignment", "approval", "resolution") for wait in waits]
    declared = [
        f"  - {{status: {name}, stage: {stage}, waiting_on: {wait}}}"
        for name, (stage, wait) in zip(names, places, strict=True)
    ]
    at = SMALL.index("statuses:")
    end = SMALL.index("raci:")
    path = write(folder, "small", SMALL[:at] + "statuses:\n" + "\n".join(declared) + "\n" + SMALL[end:])
    statuses = load(path).playbook.statuses
    assert len({status.status for status in statuses}) == len(names) >= 20
    assert {status.stage for status in statuses} == {Stage.TRIAGE, Stage.ASSIGNMENT, Stage.APPROVAL, Stage.RESOLUTION}


# --- whom the directory knows -----------------------------------------------------------------------------------------


def test_a_target_that_the_directory_does_not_know_is_a_finding_with_its_line(folder: Path) -> None:
    loaded = load("small", folder)
    assert check_against(loaded.playbook, lambda _: True) == []
    findings = check_against(loaded.playbook, lambda target: target != "team:support-frontline", loaded.document)
    finding = only(findings)
    assert finding.path == "levels.0.targets.0"
    assert finding.line == line_of("id: L1")
    assert finding.message == "a level without contact: the directory has no team 'support-frontline'"


def test_every_place_that_names_people_is_checked_against_the_directory(folder: Path) -> None:
    playbook = load_playbook("small", folder)
    paths = {finding.path for finding in check_against(playbook, lambda _: False)}
    assert {"owner", "levels.0.targets.0", "levels.1.last_resort", "routing.0.targets.0"} <= paths
    assert {"gates.0.approvers.0", "raci.triage.accountable"} <= paths
    assert not any("responsible" in path for path in paths), "agent: and owner are no targets"


# --- extends ----------------------------------------------------------------------------------------------------------

OVERRIDE = """\
extends: small
playbook: ours
fields:
  topic: {values: [sales, repair, spares]}
triggers:
  - {id: unsure, when: ai_confidence < 0.5}
  - {id: spares, when: topic == "spares", level: L2}
levels:
  - {id: L1, ack: 5m}
gates: []
"""


def evaluated(playbook: Playbook, **facts: FactValue) -> list[str]:
    types = fact_types(playbook)
    return [trigger.id for trigger in playbook.triggers if compile_condition(trigger.when, types).true(facts)]


@pytest.mark.req("IMP-1", "WLF-3")
def test_a_team_overrides_fields_levels_and_triggers_without_copying_the_rest(folder: Path) -> None:
    write(folder, "ours", OVERRIDE)
    base, ours = load_playbook("small", folder), load_playbook("ours", folder)
    assert ours.playbook == "ours"
    assert ours.fields["topic"].values == ("sales", "repair", "spares")
    assert [level.id for level in ours.levels] == ["L1", "L2"]
    assert ours.levels[0].ack.total_seconds() == 300
    assert ours.levels[0].targets == base.levels[0].targets
    assert ours.levels[1] == base.levels[1]
    assert ours.gates == ()
    assert (ours.severity, ours.raci, ours.context) == (base.severity, base.raci, base.context)
    assert evaluated(base, ai_confidence=0.62, **{"confidence.threshold": 0.8}) == ["unsure"]
    assert evaluated(ours, ai_confidence=0.62, **{"confidence.threshold": 0.8}) == []
    assert evaluated(ours, topic="spares") == ["spares"]


@pytest.mark.req("IMP-1")
def test_what_an_override_breaks_is_told_where_it_was_written(folder: Path) -> None:
    path = write(folder, "ours", OVERRIDE.replace("level: L2", "level: L7") + "confidance: {}\n")
    with pytest.raises(DocumentError) as caught:
        load("ours", folder)
    found = {finding.path: finding for finding in caught.value.findings}
    assert "there is no level 'L7'" in found["triggers.2.level"].message
    assert "did you mean `confidence`?" in found["confidance"].message
    for finding in found.values():
        assert finding.file == str(path)
    assert OVERRIDE.splitlines()[found["triggers.2.level"].line - 1].startswith("  - {id: spares")


def test_what_is_broken_in_the_extended_playbook_is_told_in_its_own_file(folder: Path) -> None:
    base = write(folder, "small", SMALL.replace("level: L1}", "level: L9}"))
    write(folder, "ours", "extends: small\nplaybook: ours\n")
    with pytest.raises(DocumentError) as caught:
        load("ours", folder)
    finding = only(caught.value.findings)
    assert (finding.file, finding.line) == (str(base), line_of("id: unsure"))


def test_a_playbook_may_extend_the_one_of_its_own_name_in_a_later_folder(tmp_path: Path, folder: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()
    write(first, "small", "extends: small\nplaybook: small\ntitle: Ours\n")
    assert load_playbook("small", first, folder).title == "Ours"
    assert load_playbook("small", folder).title == "A small playbook"
    assert len(load_playbook("small", first, folder).levels) == 2


def test_extending_goes_through_several_playbooks(folder: Path) -> None:
    write(folder, "ours", OVERRIDE)
    write(folder, "mine", "extends: ours\nplaybook: mine\nlevels: [{id: L1, dwell: 2h}]\n")
    level = load_playbook("mine", folder).levels[0]
    assert (level.ack.total_seconds(), level.dwell.total_seconds()) == (300, 7200)


def test_a_shipped_playbook_can_be_extended_from_any_folder(folder: Path) -> None:
    path = write(folder, "desk", "extends: it-service-management\nplaybook: desk\ntitle: Our desk\n")
    assert load(path).playbook.gate("change_approval") is not None


def test_a_circle_is_refused(folder: Path) -> None:
    write(folder, "a", "extends: b\nplaybook: a\n")
    write(folder, "b", "extends: a\nplaybook: b\n")
    with pytest.raises(DocumentError, match="goes round in a circle: a → b → a") as caught:
        load("a", folder)
    assert only(caught.value.findings).line == 1


def test_what_is_extended_must_exist(folder: Path) -> None:
    write(folder, "a", "playbook: a\nextends: smal\n")
    with pytest.raises(DocumentError, match="there is no playbook 'smal'; did you mean `small`") as caught:
        load("a", folder)
    finding = only(caught.value.findings)
    assert (finding.line, finding.path) == (2, "extends")


def test_a_playbook_that_does_not_exist_is_told_with_those_that_do(folder: Path) -> None:
    with pytest.raises(DocumentError, match=r"there is no playbook 'qqq'.*small"):
        load("qqq", folder)
    with pytest.raises(DocumentError, match="cannot be read"):
        load(folder / "qqq.yaml")


def test_an_unknown_playbook_names_no_folder_and_close_names_of_every_shelf(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "team"
    own.mkdir()
    for name, meant in (("smal", "small"), ("customer-service-escalatio", "customer-service-escalation")):
        with pytest.raises(DocumentError) as caught:
            Shelf(own, folder, shipped_folder()).get(name)
        assert str(caught.value) == f"there is no playbook '{name}'; did you mean `{meant}`?"


# --- the shelf --------------------------------------------------------------------------------------------------------


def later(path: Path, text: str, seconds: int) -> None:
    """Write a file so that it is newer, whatever the clock of the file system resolves."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1_700_000_000 + seconds, 1_700_000_000 + seconds))


def test_a_change_of_a_file_is_seen_without_a_restart(folder: Path) -> None:
    shelf = Shelf(folder)
    path = folder / "small.yaml"
    before = shelf.get("small")
    later(path, SMALL.replace("A small", "Another"), 10)
    after = shelf.get("small")
    assert (before.playbook.title, after.playbook.title) == ("A small playbook", "Another playbook")
    assert before.digest != after.digest
    assert after.findings == ()


def test_a_file_that_did_not_change_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []

    def counted(path: Path) -> object:
        reads.append(path)
        return read_document(path)

    monkeypatch.setattr("escalation.playbook.load.read_document", counted)
    shelf = Shelf(folder)
    for _ in range(5):
        shelf.get("small")
    assert reads == [folder / "small.yaml"]


def test_a_file_that_breaks_leaves_the_last_good_one_in_use_and_says_so(folder: Path) -> None:
    shelf = Shelf(folder)
    good = shelf.get("small")
    path = folder / "small.yaml"
    for seconds, broken in ((10, SMALL.replace("levels:", "lewels:")), (20, "a: [b"), (30, ""), (40, "\x00")):
        later(path, broken, seconds)
        used = shelf.get("small")
        assert used.playbook == good.playbook
        assert used.digest == good.digest
        assert used.findings
        assert used.findings[0].file == str(path)
        entry = next(entry for entry in shelf.list() if entry.name == "small")
        assert entry.status is Status.LAST_GOOD
        assert entry.loaded == used
        assert entry.since is not None
        assert int(entry.since.timestamp()) == 1_700_000_000 + seconds
        assert "broken since 2023-11-14 22:1" in entry.says
        assert f"using the last good one, {good.digest}" in entry.says
    later(path, SMALL.replace("A small", "A mended"), 50)
    assert shelf.get("small").playbook.title == "A mended playbook"
    assert shelf.get("small").findings == ()
    assert [(entry.status, entry.says, entry.since) for entry in shelf.list()] == [(Status.OK, "ok", None)]


def test_a_file_that_vanishes_leaves_the_last_good_one_in_use(folder: Path) -> None:
    shelf = Shelf(folder)
    good = shelf.get("small")
    (folder / "small.yaml").unlink()
    used = shelf.get("small")
    assert used.playbook == good.playbook
    assert "there is no playbook 'small'" in used.findings[0].message
    entry = only_entry(shelf)
    assert (entry.status, entry.since, entry.file) == (Status.LAST_GOOD, None, folder / "small.yaml")
    write(folder, "small", SMALL)
    assert shelf.get("small").findings == ()


def only_entry(shelf: Shelf) -> Entry:
    entries = shelf.list()
    assert len(entries) == 1
    return entries[0]


def test_a_playbook_that_never_was_good_is_refused_and_listed_as_broken(folder: Path) -> None:
    write(folder, "bad", "playbook: bad\n")
    shelf = Shelf(folder)
    with pytest.raises(DocumentError, match="`levels` is missing"):
        shelf.get("bad")
    entries = {entry.name: entry for entry in shelf.list()}
    assert (entries["bad"].status, entries["small"].status) == (Status.BROKEN, Status.OK)
    assert entries["bad"].loaded is None
    assert "broken since" in entries["bad"].says
    assert len(entries["bad"].findings) > 5


def test_a_change_of_the_extended_playbook_reaches_those_that_extend_it(folder: Path) -> None:
    write(folder, "ours", OVERRIDE)
    shelf = Shelf(folder)
    assert shelf.get("ours").playbook.hold_at_most.days == 3
    later(folder / "small.yaml", SMALL.replace("hold_at_most: 3d", "hold_at_most: 4d"), 10)
    assert shelf.get("ours").playbook.hold_at_most.days == 4
    later(folder / "small.yaml", SMALL.replace("hold_at_most: 3d", "hold_at_most: soon"), 20)
    used = shelf.get("ours")
    assert used.playbook.hold_at_most.days == 4
    assert used.findings[0].file == str(folder / "small.yaml")


def test_an_override_that_appears_in_an_earlier_folder_is_taken_at_once(tmp_path: Path, folder: Path) -> None:
    own = tmp_path / "first"
    own.mkdir()
    shelf = Shelf(own, folder)
    assert shelf.get("small").playbook.title == "A small playbook"
    write(own, "small", "extends: small\nplaybook: small\ntitle: Ours\n")
    assert shelf.get("small").playbook.title == "Ours"
    assert len(shelf.list()) == 1
    (own / "small.yaml").unlink()
    assert shelf.get("small").playbook.title == "A small playbook"
    assert shelf.get("small").findings == ()


def test_an_extended_playbook_that_appears_later_mends_the_one_that_waits_for_it(tmp_path: Path, folder: Path) -> None:
    own = tmp_path / "first"
    own.mkdir()
    write(own, "ours", OVERRIDE)
    shelf = Shelf(own)
    with pytest.raises(DocumentError, match="there is no playbook 'small'"):
        shelf.get("ours")
    write(own, "small", SMALL)
    assert shelf.get("ours").playbook.playbook == "ours"


def test_names_that_never_were_playbooks_are_not_remembered(folder: Path) -> None:
    shelf = Shelf(folder)
    for name in ("nothing", "small2"):
        with pytest.raises(DocumentError):
            shelf.get(name)
    assert [entry.name for entry in shelf.list()] == ["small"]
    assert set(shelf._slots) == {"small"}


def test_a_folder_that_is_missing_holds_no_playbook(tmp_path: Path) -> None:
    assert Shelf(tmp_path / "nowhere").list() == []


def test_a_shelf_is_shared_between_threads(folder: Path) -> None:
    shelf = Shelf(folder)
    got: list[Loaded] = []
    threads = [threading.Thread(target=lambda: got.extend(shelf.get("small") for _ in range(20))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 80
    assert {loaded.digest for loaded in got} == {load("small", folder).digest}


def test_the_shipped_folder_is_found_in_a_checkout() -> None:
    assert (shipped_folder() / "customer-service-escalation.yaml").is_file()
